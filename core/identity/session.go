package identity

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"time"

	"chengshu/kernel/db"
	"chengshu/kernel/fault"
	"chengshu/kernel/id"
)

// How long a session lives without use, and in all.
const (
	SessionIdle = 8 * time.Hour
	SessionLife = 24 * time.Hour
)

// tokenLength is that of 32 random bytes in unpadded base64url.
const tokenLength = 43

func newToken() string {
	b := make([]byte, 32)
	rand.Read(b) // never fails (crypto/rand)
	return base64.RawURLEncoding.EncodeToString(b)
}

func notSignedIn() error {
	return fault.New(fault.Unauthenticated, "not-signed-in", "未登录或登录已过期，请重新登录", "not signed in, or the session has ended; sign in again")
}

// Authenticate returns the actor of a session. A token that is unknown, was
// idle for SessionIdle or is older than SessionLife is Unauthenticated, code
// not-signed-in. It asks the database at most once a minute per session.
func (s *Service) Authenticate(ctx context.Context, token string) (*Actor, error) {
	if len(token) != tokenLength {
		return nil, notSignedIn()
	}
	key, now := digestOf(token), s.nowMS()
	if e := s.sessions.get(key); e != nil && e.fresh(now) {
		s.sessions.touch(key, e, now)
		return e.actor, nil
	}
	gen, seen := s.sessions.begin(key)
	e, err := s.loadSession(s.db.Read(ctx), key, now, seen)
	if err != nil {
		return nil, err
	}
	s.sessions.put(key, e, gen)
	s.sessions.touch(key, e, now)
	return e.actor, nil
}

// loadSession reads a session and who it belongs to.
func (s *Service) loadSession(q db.Querier, key digest, now, seen int64) (*cached, error) {
	a := &Actor{}
	var created, written int64
	var disabled bool
	err := q.QueryRow(`select s.id, s.person, s.login, s.created_at, s.seen_at, p.name, coalesce(p.subject, ''), a.disabled
		from identity_session s join identity_person p on p.id = s.person join identity_account a on a.login = s.login
		where s.hash = $1`, key[:]).Scan(&a.Session, &a.Person, &a.Account, &created, &written, &a.Name, &a.Subject, &disabled)
	if errors.Is(err, db.ErrNoRows) {
		return nil, notSignedIn()
	}
	if err != nil {
		return nil, fmt.Errorf("identity: session: %w", err)
	}
	e := &cached{actor: a, dies: created + SessionLife.Milliseconds(), idle: SessionIdle.Milliseconds()}
	e.seen.Store(max(written, seen))
	e.written.Store(written)
	e.recheck = now + recheckAfter
	if disabled || !e.fresh(now) {
		return nil, notSignedIn()
	}
	var boundary int64
	if a.Posts, boundary, err = postsAt(q, a.Person, now); err != nil {
		return nil, err
	}
	e.recheck = min(e.recheck, boundary)
	return e, nil
}

// openSession adds a session and returns its token and id.
func (s *Service) openSession(tx *db.Tx, person, login string) (token, session string, err error) {
	token, session = newToken(), id.New()
	key, now := digestOf(token), s.nowMS()
	_, err = tx.Exec(`insert into identity_session (hash, id, person, login, created_at, seen_at) values ($1, $2, $3, $4, $5, $6)`,
		key[:], session, person, login, now, now)
	return token, session, err
}

// SignOut ends the session of token. An unknown token is no error.
func (s *Service) SignOut(ctx context.Context, token string) error {
	key := digestOf(token)
	return s.db.Do(ctx, func(tx *db.Tx) error {
		tx.AfterCommit(func() { s.sessions.dropKey(key) })
		var person, session string
		err := tx.QueryRow(`select person, id from identity_session where hash = $1`, key[:]).Scan(&person, &session)
		if errors.Is(err, db.ErrNoRows) {
			return nil
		}
		if err != nil {
			return err
		}
		if _, err := tx.Exec(`delete from identity_session where hash = $1`, key[:]); err != nil {
			return err
		}
		return s.record(tx, &Actor{Person: person}, "sign-out", "session", session)
	})
}

// endSessions ends all sessions of a person but the one of id keep.
func (s *Service) endSessions(tx *db.Tx, person, keep string) error {
	tx.AfterCommit(s.forgetPerson(person))
	_, err := tx.Exec(`delete from identity_session where person = $1 and id <> $2`, person, keep)
	return err
}

// Run writes the last uses of sessions once a minute and removes what has
// expired once an hour, until ctx ends; then it writes once more.
func (s *Service) Run(ctx context.Context) error {
	for n := 1; ; n++ {
		select {
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
			defer cancel()
			return s.Flush(last)
		case <-s.clock.After(time.Minute):
		}
		if err := s.Flush(ctx); err != nil && ctx.Err() == nil {
			s.log.Error("identity: writing the last uses of sessions", "err", err)
		}
		if err := s.sweepSigned(ctx); err != nil && ctx.Err() == nil {
			s.log.Error("identity: removing old signatures", "err", err)
		}
		if n%60 == 0 {
			if err := s.Sweep(ctx); err != nil {
				s.log.Error("identity: removing what has expired", "err", err)
			}
		}
	}
}

// flushChunk keeps one transaction of Flush well under 20 ms.
const flushChunk = 500

// Flush writes the last uses of sessions that the database does not have yet.
// What cannot be written is lost: its sessions seem a minute or so more idle.
func (s *Service) Flush(ctx context.Context) error {
	type use struct {
		key digest
		at  int64
	}
	var uses []use
	for k, at := range s.sessions.takeSeen() {
		uses = append(uses, use{k, at})
	}
	for len(uses) > 0 {
		n := min(len(uses), flushChunk)
		err := s.db.DoLow(ctx, func(tx *db.Tx) error {
			for _, u := range uses[:n] {
				_, err := tx.Exec(`update identity_session set seen_at = $1 where hash = $2 and seen_at < $1`, u.at, u.key[:])
				if err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("identity: flush: %w", err)
		}
		uses = uses[n:]
	}
	return nil
}

// Sweep removes sessions, counts of wrong passwords and devices that mean
// nothing any more.
func (s *Service) Sweep(ctx context.Context) error {
	now := s.nowMS()
	err := s.db.DoLow(ctx, func(tx *db.Tx) error {
		_, err := tx.Exec(`delete from identity_session where created_at < $1`, now-SessionLife.Milliseconds())
		if err != nil {
			return err
		}
		_, err = tx.Exec(`delete from identity_lock where first_at < $1 and until_at < $2`,
			now-2*wrongWindow.Milliseconds(), now-wrongWindow.Milliseconds())
		if err != nil {
			return err
		}
		_, err = tx.Exec(`delete from identity_device where seen_at < $1`, now-DeviceLife.Milliseconds())
		return err
	})
	if err != nil {
		return fmt.Errorf("identity: sweep: %w", err)
	}
	return nil
}
