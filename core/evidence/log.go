package evidence

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"chengshu/kernel/db"
	"chengshu/kernel/fault"
	"chengshu/kernel/id"
)

// Clock tells the time that acts and seals state.
type Clock interface {
	Now() time.Time
}

// Deps is everything a Log needs. DB, Clock and Logger are required.
type Deps struct {
	DB     *db.DB
	Clock  Clock
	Logger *slog.Logger

	// Also, if given, is called for every act but those of reading, in its
	// transaction and after what the act is about was written. Its error takes
	// the change back.
	Also func(tx *db.Tx, a *Act) error

	// Altered, if given, tells by act id what is no longer as the acts sealed
	// it: a record, or one of its revisions. The monitor asks it.
	Altered func(ctx context.Context, acts []Act) (map[string]string, error)

	// Dir is the folder of the log and its keys, on a local disk. A process
	// without one appends acts and leaves the sealing to the process that has it.
	Dir string
	// Origin names the log in its checkpoints: by c2sp.org/tlog-tiles its URL
	// without scheme and closing slash, "city.example/log". Required with Dir;
	// it never changes afterwards.
	Origin string
	// Witnesses is a witness policy as c2sp.org/tlog-policy has it; checkpoints
	// are then published only with the cosignatures it asks for. Empty means none.
	Witnesses []byte

	Batch      int           // most acts sealed at once; 0 means 4096
	Interval   time.Duration // how long a lone act waits for company; 0 means 200 ms
	Checkpoint time.Duration // shortest time between two checkpoints, at least 100 ms; 0 means 1 s
	Alike      time.Duration // for how long a reading stands for others like it; 0 means 10 minutes, negative not at all
	Recheck    time.Duration // time between two looks of the monitor; 0 means a minute, negative never
}

func (d *Deps) setDefaults() {
	if d.Batch <= 0 {
		d.Batch = 4096
	}
	if d.Interval <= 0 {
		d.Interval = 200 * time.Millisecond
	}
	if d.Checkpoint <= 0 {
		d.Checkpoint = time.Second
	}
	if d.Alike == 0 {
		d.Alike = 10 * time.Minute
	}
	if d.Recheck == 0 {
		d.Recheck = time.Minute
	}
}

// Log appends acts, and seals them where it has a folder. It is safe for use by
// many goroutines.
type Log struct {
	Deps
	salts  salts
	recent recent
	store  *store // nil without a folder

	elsewhere atomic.Bool // another node has the log and seals

	pending atomic.Int64  // appended here since the sealer last looked
	wake    chan struct{} // holds one token when acts may be waiting
	full    chan struct{} // holds one token when a whole batch may be waiting
	ring    func()        // tells the sealer of one act

	mu      sync.Mutex
	stopped error // why sealing has stopped, nil while it has not
	last    Check // what the monitor found last
}

// New makes a Log over d.DB, whose tables must be there (Migrations). With a
// folder it reads the keys of the log, or makes them at the first start. Sealing
// begins with Run.
func New(d Deps) (*Log, error) {
	d.setDefaults()
	l := &Log{Deps: d, wake: make(chan struct{}, 1), full: make(chan struct{}, 1)}
	l.ring = l.notify
	if d.Dir == "" {
		return l, nil
	}
	var err error
	if l.store, err = openStore(d.Dir, d.Origin); err != nil {
		return nil, fault.Wrap(err, fault.Internal, "log-unusable", "存证日志无法打开", "the evidence log cannot be opened")
	}
	return l, nil
}

// own is the log's folder, nil where another node has the log.
func (l *Log) own() *store {
	if l.elsewhere.Load() {
		return nil
	}
	return l.store
}

// notify tells the sealer that an act was committed.
func (l *Log) notify() {
	signal(l.wake)
	if l.pending.Add(1) >= int64(l.Batch) {
		signal(l.full)
	}
}

// signal leaves a token in c unless one is there.
func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// Append writes a in the transaction of the change it describes and returns it
// with the id and time it was given. After the commit the sealer is woken.
//
// A badly formed act is a fault of kind Invalid, code "bad-act"; the errors of
// the database come as they are. An act of reading goes through AppendReading
// or Read, which alone set Subjects.
func (l *Log) Append(tx *db.Tx, a Act) (Act, error) {
	if !a.Subjects.IsZero() {
		c := checker{}
		c.bad("subjects", "查阅行为须连同被查阅人一并记录", "an act of reading is written together with the persons read")
		return Act{}, c.fault
	}
	done, err := l.append(tx, a)
	if err != nil || l.Also == nil {
		return done, err
	}
	return done, l.Also(tx, &done)
}

func (l *Log) append(tx *db.Tx, a Act) (Act, error) {
	if a.ID == "" {
		a.ID = id.New()
	}
	if a.At == 0 {
		a.At = l.Clock.Now().UnixMilli()
	}
	if err := a.check(); err != nil {
		return Act{}, err
	}
	salt, err := l.salts.next()
	if err != nil {
		return Act{}, err
	}
	body := a.AppendBody(make([]byte, 0, 640))
	_, err = tx.Exec(`insert into act (id, at, verb, subject_type, subject_id, actor, salt, body)
		values ($1, $2, $3, $4, $5, $6, $7, $8)`,
		a.ID, a.At, a.Verb, a.Subject.Type, a.Subject.ID, a.Actor.Person, salt, body)
	if err != nil {
		return Act{}, fmt.Errorf("evidence: append %s: %w", a.Verb, err)
	}
	tx.AfterCommit(l.ring)
	return a, nil
}

// saltSize is the length of the salt that hides an act in its leaf.
const saltSize = 16

// salts hands out salts, reading from the system's randomness many at a time.
type salts struct {
	mu   sync.Mutex
	left []byte
}

func (s *salts) next() ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.left) < saltSize {
		// A fresh buffer each time: the salts already given out point into the old one.
		s.left = make([]byte, 256*saltSize)
		if _, err := rand.Read(s.left); err != nil {
			return nil, fmt.Errorf("evidence: salt: %w", err)
		}
	}
	salt := s.left[:saltSize:saltSize]
	s.left = s.left[saltSize:]
	return salt, nil
}
