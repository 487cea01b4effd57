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

// SignIn opens a session for who knows the password, under a token never used
// before. addr is the address of the request, "192.0.2.1:4711" or without port.
//
// A wrong login or password is Unauthenticated wrong-credentials, and after
// five of one account or thirty of one address within fifteen minutes
// Exhausted locked-out, for a time that doubles with every further one; too
// many attempts of an address are Exhausted too-many-requests. A right
// password of a disabled account is Unauthenticated account-disabled.
func (s *Service) SignIn(ctx context.Context, login, password, addr string) (token string, _ *Actor, err error) {
	address := addressKey(addr)
	if wait, ok := s.limiter.Take("s "+address, s.rates.SignIn); !ok {
		return "", nil, tooMany(wait)
	}
	login = normalLogin(login)
	keys := lockKeys{account: accountKey(login), address: lockKey("address", address)}
	locks, err := s.countAttempt(ctx, keys)
	if err != nil {
		return "", nil, err
	}
	acc, err := s.account(s.db.Read(ctx), login)
	if err != nil && !errors.Is(err, db.ErrNoRows) {
		return "", nil, wrap("account", err)
	}
	ok, weak, err := s.hasher.verify(ctx, acc.hash, clip(password))
	if err != nil {
		return "", nil, err
	}
	if !ok {
		return "", nil, s.refuse(ctx, acc, locks)
	}
	if acc.disabled {
		return "", nil, accountDisabled()
	}
	better := acc.hash
	if weak && !acc.demo {
		if better, err = s.hasher.hash(ctx, clip(password)); err != nil {
			return "", nil, err
		}
	}
	return s.admit(ctx, acc, keys, better)
}

type lockKeys struct{ account, address string }

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
func (s *Service) admit(ctx context.Context, acc account, k lockKeys, better string) (token string, a *Actor, err error) {
	gen, _ := s.sessions.begin(digest{})
	var e *cached
	err = s.db.Do(ctx, func(tx *db.Tx) error {
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
		return "", nil, wrap("sign in", err)
	}
	s.sessions.put(digestOf(token), e, gen)
	return token, e.actor, nil
}
