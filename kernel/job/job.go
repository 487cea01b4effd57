package job

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"chengshu/kernel/db"
	"chengshu/kernel/id"
)

// Clock is what the engine needs of time.
type Clock interface {
	Now() time.Time
	// After returns a channel that receives once d has passed.
	After(d time.Duration) <-chan time.Time
}

// Deps are what New needs.
type Deps struct {
	DB          *db.DB
	Clock       Clock
	Logger      *slog.Logger  // nil is silence
	Workers     int           // jobs at once; 0 means 16
	LongWorkers int           // long jobs at once, beside them; 0 means 2
	Alone       bool          // no other process works on this table: what another left running is taken over at once
	Retention   time.Duration // how long finished jobs are kept; 0 means 7 days. Dead ones stay.
}

// State is where a job stands.
type State string

const (
	Scheduled State = "scheduled" // its time has not come
	Waiting   State = "waiting"   // for a worker
	Running   State = "running"
	Done      State = "done"
	Dead      State = "dead" // its attempts are used up
	Cancelled State = "cancelled"
)

// Priority says which of two due jobs goes first.
type Priority int

const (
	Normal Priority = iota
	High
	Low
)

// rank is the order in which priorities are claimed.
func (p Priority) rank() int { return [...]int{Normal: 1, High: 0, Low: 2}[p] }

// Job is work to be done.
type Job struct {
	Kind    string // must be registered
	Payload any    // becomes JSON; identifiers rather than data
	// UniqueKey, when set, makes the job the only live one of its kind and key.
	// Enqueuing it while another waits adds nothing; while it runs, it runs
	// once more afterwards, so that no change goes unseen. Same key, same payload.
	UniqueKey   string
	Priority    Priority
	RunAt       time.Time // zero means now
	MaxAttempts int       // 0 means 12, which is about an hour and a half
}

// Handler does the work of one kind. It returns soon after ctx ends: that
// happens when the job is cancelled, its lease is lost, or the server stops.
type Handler func(ctx context.Context, r *Run) error

// Causes of a handler's context ending, for context.Cause.
var (
	ErrCancelled = errors.New("job: cancelled")
	ErrStopping  = errors.New("job: the server stops")
	// ErrLost means that the lease ran out and another worker may have begun.
	ErrLost = errors.New("job: the lease was lost")
)

// Permanent marks an error that no further attempt can mend: the job is dead.
func Permanent(err error) error { return &permanent{err} }

// IsPermanent reports whether Permanent marked err.
func IsPermanent(err error) bool {
	var p *permanent
	return errors.As(err, &p)
}

type permanent struct{ error }

func (p *permanent) Unwrap() error { return p.error }

// Postpone is returned by a handler to be run again after d, as if this attempt
// had not been: what it waits for is not there yet.
func Postpone(d time.Duration) error { return postpone(d) }

type postpone time.Duration

func (p postpone) Error() string { return fmt.Sprintf("job: postponed by %v", time.Duration(p)) }

// lane names one set of workers.
type lane string

const (
	quick lane = "quick"
	long  lane = "long"
)

type kind struct {
	handler Handler
	lane    lane
}

// Engine runs jobs. Make it with New, register all kinds, then call Run.
type Engine struct {
	db        *db.DB
	clock     Clock
	log       *slog.Logger
	kinds     map[string]kind
	slots     map[lane]int
	retention time.Duration
	name      string // of this engine, in leases
	alone     bool
	wake      chan struct{}

	mu      sync.Mutex
	running map[string]*Run
	ended   []*Run // whose end is not yet in the table

	// Used by the goroutine of Run only.
	plan  plan
	timer <-chan time.Time
	rings time.Time

	sweeping sync.WaitGroup
}

// New returns an engine without kinds.
func New(d Deps) *Engine {
	e := &Engine{
		db: d.DB, clock: d.Clock, log: d.Logger,
		kinds:     map[string]kind{},
		slots:     map[lane]int{quick: or(d.Workers, 16), long: or(d.LongWorkers, 2)},
		retention: or(d.Retention, 7*24*time.Hour),
		name:      id.New(),
		alone:     d.Alone,
		wake:      make(chan struct{}, 1),
		running:   map[string]*Run{},
	}
	if e.log == nil {
		e.log = slog.New(slog.DiscardHandler)
	}
	return e
}

func or[T int | time.Duration](v, otherwise T) T {
	if v <= 0 {
		return otherwise
	}
	return v
}

// Register names the handler of a kind. All kinds are registered before the
// first Enqueue; a second handler for one kind is a mistake and panics.
func (e *Engine) Register(name string, h Handler) { e.register(name, kind{h, quick}) }

// RegisterLong is Register for work that may take minutes: it has workers of
// its own.
func (e *Engine) RegisterLong(name string, h Handler) { e.register(name, kind{h, long}) }

func (e *Engine) register(name string, k kind) {
	if _, taken := e.kinds[name]; taken || name == "" {
		panic(fmt.Sprintf("job: kind %q is registered twice or has no name", name))
	}
	e.kinds[name] = k
}

// Enqueue adds a job in the transaction tx and returns its id, or the id of the
// live job with the same unique key. Workers are woken after the commit.
func (e *Engine) Enqueue(tx *db.Tx, j Job) (string, error) {
	k, ok := e.kinds[j.Kind]
	if !ok {
		return "", fmt.Errorf("job: nobody registered the kind %q", j.Kind)
	}
	payload, err := json.Marshal(j.Payload)
	if err != nil {
		return "", fmt.Errorf("job: payload of %s: %w", j.Kind, err)
	}
	now := e.clock.Now()
	state := Waiting
	if j.RunAt.IsZero() {
		j.RunAt = now
	} else if j.RunAt.After(now) {
		state = Scheduled
	}
	var unique *string
	if j.UniqueKey != "" {
		unique = &j.UniqueKey
	}
	var got string
	err = tx.QueryRow(`insert into job (id, kind, lane, priority, payload, unique_key, state, run_at, attempts, max_attempts,
			again, cancel, done, total, note, created_at)
		values ($1, $2, $3, $4, $5, $6, $7, $8, 0, $9, false, false, 0, 0, '', $10)
		on conflict (kind, unique_key) where unique_key is not null and state in ('scheduled', 'waiting', 'running')
		do update set
			again = (job.state = 'running'),
			run_at = case when job.state = 'running' and not job.again or excluded.run_at < job.run_at
				then excluded.run_at else job.run_at end,
			state = case when job.state = 'scheduled' then excluded.state else job.state end
		returning id`,
		id.New(), j.Kind, k.lane, j.Priority.rank(), string(payload), unique, state, j.RunAt.UnixMilli(), or(j.MaxAttempts, 12),
		now.UnixMilli()).Scan(&got)
	if err != nil {
		return "", fmt.Errorf("job: enqueue %s: %w", j.Kind, err)
	}
	tx.AfterCommit(e.rouse)
	return got, nil
}

// rouse wakes the engine. It never waits.
func (e *Engine) rouse() {
	select {
	case e.wake <- struct{}{}:
	default:
	}
}
