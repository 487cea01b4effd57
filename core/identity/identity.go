package identity

import (
	"log/slog"
	"time"

	"chengshu/core/evidence"
	"chengshu/kernel/db"
	"chengshu/kernel/fault"
)

// Clock tells the time; package kernel/clock has two.
type Clock interface {
	Now() time.Time
	After(time.Duration) <-chan time.Time
}

// Recorder writes an act in the transaction of the change: *evidence.Log.
type Recorder interface {
	Append(*db.Tx, evidence.Act) (evidence.Act, error)
}

// Deps is everything a Service needs.
type Deps struct {
	DB       *db.DB
	Clock    Clock
	Evidence Recorder
	Logger   *slog.Logger // nil is silence
	Rates    Rates        // zero: no limits
	Cost     *Cost        // of hashing passwords; nil: measured at first use
}

// Service answers who asks, and changes what it answers from. It is safe for
// use by many goroutines.
type Service struct {
	db       *db.DB
	clock    Clock
	evidence Recorder
	log      *slog.Logger
	rates    Rates
	limiter  *Limiter
	hasher   *hasher
	sessions *actorCache // by digest of the session token
	clients  *actorCache // by digest of the client's key
	tree     treeCache
}

// New makes a Service over d.DB, whose tables must be there (Migrations).
func New(d Deps) *Service {
	if d.Logger == nil {
		d.Logger = slog.New(slog.DiscardHandler)
	}
	return &Service{
		db: d.DB, clock: d.Clock, evidence: d.Evidence, log: d.Logger, rates: d.Rates,
		limiter:  NewLimiter(d.Clock, maxBuckets),
		hasher:   newHasher(d.Cost),
		sessions: newActorCache(maxCached),
		clients:  newActorCache(maxCached),
	}
}

func (s *Service) nowMS() int64 { return s.clock.Now().UnixMilli() }

// record leaves the act of a change.
func (s *Service) record(tx *db.Tx, by *Actor, verb, typ, id string, changed ...string) error {
	_, err := s.evidence.Append(tx, evidence.Act{
		Verb: "identity." + verb, Actor: by.Evidence(),
		Subject: evidence.Subject{Type: "identity." + typ, ID: id},
		Changed: changed,
	})
	return err
}

func invalid(code, zh, en string) *fault.Fault { return fault.New(fault.Invalid, code, zh, en) }

// orNil is f as an error: nil when f names no field.
func orNil(f *fault.Fault) error {
	if len(f.Fields) == 0 {
		return nil
	}
	return f
}
