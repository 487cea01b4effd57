package identity

import (
	"context"
	"errors"
	"time"

	"chengshu/kernel/db"
	"chengshu/kernel/fault"
)

func wrongCredentials() error {
	return fault.New(fault.Unauthenticated, "wrong-credentials", "账号或密码不正确", "wrong account or password")
}

func accountDisabled() error {
	return fault.New(fault.Unauthenticated, "account-disabled", "账号已停用", "the account is disabled")
}

// Credentials are what somebody signs in with.
type Credentials struct {
	Login    string
	Password string
	Address  string // of the request: "192.0.2.1:4711" or without port
	Device   string // what SignIn gave to this browser before; may be empty
}

// SignedIn is a new session.
type SignedIn struct {
	Token  string // of the session, never used before
	Device string // for the browser to keep: by it the account is known there
	Actor  *Actor
}

// SignIn opens a session for who knows the password.
//
// A wrong login or password is Unauthenticated wrong-credentials, and after
// five of one account or thirty of one address within fifteen minutes
// Exhausted locked-out, for a time that doubles with every further one; too
// many attempts of an address are Exhausted too-many-requests. A device from
// which the account has signed in before has its own five, and no other limit.
// A right password of a disabled account is Unauthenticated account-disabled.
func (s *Service) SignIn(ctx context.Context, c Credentials) (SignedIn, error) {
	login := normalLogin(c.Login)
	d, err := s.device(ctx, c.Device, login)
	if err != nil {
		return SignedIn{}, wrap("device", err)
	}
	address := addressKey(c.Address)
	if !d.knows && !loopback(address) {
		if wait, ok := s.limiter.Take("s "+address, s.rates.SignIn); !ok {
			return SignedIn{}, tooMany(wait)
		}
	}
	keys := keysOf(login, address, d)
	locks, err := s.countAttempt(ctx, keys)
	if err != nil {
		return SignedIn{}, err
	}
	acc, err := s.account(s.db.Read(ctx), login)
	if err != nil && !errors.Is(err, db.ErrNoRows) {
		return SignedIn{}, wrap("account", err)
	}
	ok, weak, err := s.hasher.verify(ctx, acc.hash, clip(c.Password))
	if err != nil {
		return SignedIn{}, err
	}
	if !ok {
		return SignedIn{}, s.refuse(ctx, acc, locks)
	}
	if acc.disabled {
		return SignedIn{}, accountDisabled()
	}
	better := acc.hash
	if weak && !acc.demo {
		if better, err = s.hasher.hash(ctx, clip(c.Password)); err != nil {
			return SignedIn{}, err
		}
	}
	return s.admit(ctx, acc, keys, d, better)
}

// lockKeys are what an attempt is counted by; an empty one is not counted.
type lockKeys struct{ account, address string }

func keysOf(login, address string, d device) lockKeys {
	switch {
	case d.knows:
		return lockKeys{account: lockKey("device", d.token+"\x00"+login)}
	case loopback(address):
		return lockKeys{account: accountKey(login)}
	}
	return lockKeys{account: accountKey(login), address: lockKey("address", address)}
}

// countAttempt counts an attempt before it is made, and refuses it when the
// account or the address is locked. It says whether this attempt, if it fails,
// is the one that locks the account.
func (s *Service) countAttempt(ctx context.Context, k lockKeys) (locks bool, err error) {
	now := s.nowMS()
	var until int64
	err = s.db.Do(ctx, func(tx *db.Tx) error {
		var err error
		if until, _, err = attempt(tx, k.address, wrongPerAddress, now); err != nil || until > 0 {
			return err
		}
		until, locks, err = attempt(tx, k.account, wrongPerAccount, now)
		return err
	})
	if err != nil {
		return false, wrap("sign in", err)
	}
	if until > 0 {
		return false, lockedOut(time.Duration(until-now) * time.Millisecond)
	}
	return locks, nil
}

// refuse is the answer to a wrong password. The one that locks an account
// leaves an act; the others do not, or anyone could fill the log.
func (s *Service) refuse(ctx context.Context, acc account, locks bool) error {
	if locks && acc.person != "" {
		err := s.db.Do(ctx, func(tx *db.Tx) error { return s.record(tx, NewSystem(), "lock-out", "person", acc.person) })
		if err != nil {
			return wrap("lock-out", err)
		}
	}
	return wrongCredentials()
}

// admit opens the session, unless the account was changed since its password
// was checked.
func (s *Service) admit(ctx context.Context, acc account, k lockKeys, d device, better string) (SignedIn, error) {
	gen, _ := s.sessions.begin(digest{})
	var e *cached
	var token string
	err := s.db.Do(ctx, func(tx *db.Tx) error {
		// Written even when nothing changes, so that a change of the password
		// at the same moment is a conflict and does not leave this session behind.
		n, err := tx.Exec(`update identity_account set hash = $1 where login = $2 and hash = $3 and disabled = $4`, better, acc.login, acc.hash, false)
		if err != nil {
			return err
		}
		if n == 0 {
			return wrongCredentials()
		}
		if err := forgive(tx, k.account, k.address); err != nil {
			return err
		}
		if err := d.learn(tx, acc.login, s.nowMS()); err != nil {
			return err
		}
		var session string
		if token, session, err = s.openSession(tx, acc.person, acc.login); err != nil {
			return err
		}
		if e, err = s.loadSession(tx, digestOf(token), s.nowMS(), 0); err != nil {
			return err
		}
		return s.record(tx, e.actor, "sign-in", "session", session)
	})
	if err != nil {
		return SignedIn{}, wrap("sign in", err)
	}
	s.sessions.put(digestOf(token), e, gen)
	return SignedIn{Token: token, Device: d.token, Actor: e.actor}, nil
}
