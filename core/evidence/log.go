package evidence

import (
	"crypto/rand"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"chengshu/kernel/db"
	"chengshu/kernel/id"
)

// Clock tells the time that acts and seals state.
type Clock interface {
	Now() time.Time
	After(time.Duration) <-chan time.Time
}

// Deps is everything a Log needs.
type Deps struct {
	DB     *db.DB
	Clock  Clock
	Logger *slog.Logger
}

// Log appends acts and seals them. It is safe for use by many goroutines.
type Log struct {
	db    *db.DB
	clock Clock
	log   *slog.Logger
	salts salts
	wake  chan struct{} // holds one token when acts may be waiting
	ring  func()        // puts the token there
}

// New makes a Log over d.DB, whose tables must be there (Migrations).
func New(d Deps) (*Log, error) {
	l := &Log{db: d.DB, clock: d.Clock, log: d.Logger, wake: make(chan struct{}, 1)}
	l.ring = func() {
		select {
		case l.wake <- struct{}{}:
		default:
		}
	}
	return l, nil
}

// Append writes a in the transaction of the change it describes and returns it
// with the id and time it was given. After the commit the sealer is woken.
//
// A badly formed act is a fault of kind Invalid, code "bad-act"; the errors of
// the database come as they are.
func (l *Log) Append(tx *db.Tx, a Act) (Act, error) {
	if a.ID == "" {
		a.ID = id.New()
	}
	if a.At == 0 {
		a.At = l.clock.Now().UnixMilli()
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
