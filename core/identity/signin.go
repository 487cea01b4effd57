package identity

import (
	"context"
	"errors"
	"fmt"
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
	if err := s.countAttempt(ctx, keys, login); err != nil {
		return "", nil, err
	}
	acc, err := s.account(s.db.Read(ctx), login)
	if err != nil && !errors.Is(err, db.ErrNoRows) {
		return "", nil, fmt.Errorf("identity: account: %w", err)
	}
	ok, weak, err := s.hasher.verify(ctx, acc.hash, clip(password))
	if err != nil {
		return "", nil, err
	}
	if !ok {
		return "", nil, wrongCredentials()
	}
	if acc.disabled {
		return "", nil, accountDisabled()
	}
	better := ""
	if weak && !acc.demo {
		if better, err = s.hasher.hash(ctx, clip(password)); err != nil {
			return "", nil, err
		}
	}
	return s.admit(ctx, acc, keys, better)
}

type lockKeys struct{ account, address string }

// countAttempt counts an attempt before it is made, and refuses it when the
// account or the address is locked.
func (s *Service) countAttempt(ctx context.Context, k lockKeys, login string) error {
	now := s.nowMS()
	var until int64
	err := s.db.Do(ctx, func(tx *db.Tx) error {
		var err error
		var locks bool
		if until, _, err = attempt(tx, k.address, wrongPerAddress, now); err != nil || until > 0 {
			return err
		}
		if until, locks, err = attempt(tx, k.account, wrongPerAccount, now); err != nil || !locks {
			return err
		}
		acc, err := s.account(tx, login)
		if errors.Is(err, db.ErrNoRows) {
			return nil
		}
		if err != nil {
			return err
		}
		return s.record(tx, NewSystem(), "lock-out", "account", acc.person)
	})
	if err != nil {
		return fmt.Errorf("identity: sign in: %w", err)
	}
	if until > 0 {
		return lockedOut(time.Duration(until-now) * time.Millisecond)
	}
	return nil
}

// admit opens the session, unless the account was changed since its password
// was checked.
func (s *Service) admit(ctx context.Context, acc account, k lockKeys, better string) (token string, a *Actor, err error) {
	gen, _ := s.sessions.begin(digest{})
	var e *cached
	err = s.db.Do(ctx, func(tx *db.Tx) error {
		now, err := s.account(tx, acc.login)
		if err != nil || now.hash != acc.hash || now.disabled {
			return errors.Join(err, wrongCredentials())
		}
		if better != "" {
			if _, err := tx.Exec(`update identity_account set hash = $1 where login = $2`, better, acc.login); err != nil {
				return err
			}
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
		if f, ok := errors.AsType[*fault.Fault](err); ok {
			return "", nil, f
		}
		return "", nil, fmt.Errorf("identity: sign in: %w", err)
	}
	s.sessions.put(digestOf(token), e, gen)
	return token, e.actor, nil
}
