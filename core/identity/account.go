package identity

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"chengshu/kernel/db"
	"chengshu/kernel/fault"
	"chengshu/kernel/id"
)

// account is a row of identity_account.
type account struct {
	login, person, hash string
	disabled, demo      bool
}

func (s *Service) account(q db.Querier, login string) (account, error) {
	a := account{login: login}
	err := q.QueryRow(`select person, hash, disabled, demo from identity_account where login = $1`, login).
		Scan(&a.person, &a.hash, &a.disabled, &a.demo)
	return a, err
}

// NewPerson is what is known of a person who is given an account.
type NewPerson struct {
	Login    string
	Password string
	Name     string
	Phone    string // optional, a mainland mobile number
}

// Register opens an account for a citizen who asks for one and returns the
// person's id. Input at fault is Invalid bad-account, with the fields; a login
// that is taken is Conflict account-taken.
func (s *Service) Register(ctx context.Context, p NewPerson) (person string, err error) {
	return s.addAccount(ctx, nil, p, "register")
}

// AddAccount opens an account in the name of by, as Register does, and appoints
// its person to posts, whose Person is filled in: all of it or nothing.
func (s *Service) AddAccount(ctx context.Context, by *Actor, p NewPerson, posts ...NewPost) (person string, err error) {
	return s.addAccount(ctx, by, p, "account-add", posts...)
}

func (s *Service) addAccount(ctx context.Context, by *Actor, p NewPerson, verb string, posts ...NewPost) (string, error) {
	if err := p.check(); err != nil {
		return "", err
	}
	hash, err := s.hasher.hash(ctx, p.Password)
	if err != nil {
		return "", err
	}
	person := id.New()
	err = s.db.Do(ctx, func(tx *db.Tx) error {
		if by == nil {
			by = &Actor{Person: person}
		}
		if err := s.insertAccount(tx, by, person, p, hash, verb, false); err != nil {
			return err
		}
		for _, post := range posts {
			post.Person = person
			if _, err := s.Appoint(tx, by, post); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return "", wrap("register", err)
	}
	return person, nil
}

func (s *Service) insertAccount(tx *db.Tx, by *Actor, person string, p NewPerson, hash, verb string, demo bool) error {
	now := s.nowMS()
	n, err := tx.Exec(`insert into identity_account (login, person, hash, disabled, demo, created_at, changed_at)
		values ($1, $2, $3, $4, $5, $6, $7) on conflict (login) do nothing`, p.Login, person, hash, false, demo, now, now)
	if err != nil {
		return err
	}
	if n == 0 {
		return fault.New(fault.Conflict, "account-taken", "该账号已被使用", "this account name is taken").
			With("account", "已被使用", "is taken")
	}
	_, err = tx.Exec(`insert into identity_person (id, name, phone, created_at) values ($1, $2, $3, $4)`,
		person, p.Name, null(p.Phone), now)
	if err != nil {
		return err
	}
	return s.record(tx, by, verb, "person", person)
}

// ChangePassword gives a's account another password and ends its other
// sessions. Wrong old ones are counted as wrong sign-ins are, and end in the
// same faults; a new one that is not good enough is Invalid bad-password.
func (s *Service) ChangePassword(ctx context.Context, a *Actor, old, new string) error {
	if a.Account == "" {
		return notSignedIn()
	}
	f := invalid("bad-password", "新密码不合要求", "the new password is not good enough")
	checkPassword(f, "new", new, a.Account)
	if err := orNil(f); err != nil {
		return err
	}
	keys := lockKeys{account: lockKey("change", a.Account)} // of its own: who guesses at the sign-in does not reach it
	locks, err := s.countAttempt(ctx, keys)
	if err != nil {
		return err
	}
	acc, err := s.account(s.db.Read(ctx), a.Account)
	if err != nil {
		return wrap("account", err)
	}
	ok, _, err := s.hasher.verify(ctx, acc.hash, clip(old))
	if err != nil {
		return err
	}
	if !ok {
		return s.refuse(ctx, acc, locks)
	}
	hash, err := s.hasher.hash(ctx, new)
	if err != nil {
		return err
	}
	return wrap("change password", s.db.Do(ctx, func(tx *db.Tx) error {
		n, err := tx.Exec(`update identity_account set hash = $1, demo = $2, changed_at = $3 where login = $4 and hash = $5`,
			hash, false, s.nowMS(), a.Account, acc.hash)
		if err != nil {
			return err
		}
		if n == 0 {
			return wrongCredentials()
		}
		if err := forgive(tx, keys.account, keys.address); err != nil {
			return err
		}
		if err := s.endSessions(tx, a.Person, a.Session); err != nil {
			return err
		}
		return s.record(tx, a, "password-change", "person", a.Person, "password")
	}))
}

// SetDisabled disables or enables an account; disabling ends its sessions. An
// unknown login is NotFound no-account.
func (s *Service) SetDisabled(tx *db.Tx, by *Actor, login string, disabled bool) error {
	acc, err := s.account(tx, normalLogin(login))
	if errors.Is(err, db.ErrNoRows) {
		return fault.New(fault.NotFound, "no-account", "没有这个账号", "there is no such account")
	}
	if err != nil {
		return err
	}
	_, err = tx.Exec(`update identity_account set disabled = $1, changed_at = $2 where login = $3`, disabled, s.nowMS(), acc.login)
	if err != nil {
		return err
	}
	if err := s.endSessions(tx, acc.person, ""); err != nil {
		return err
	}
	verb := "account-enable"
	if disabled {
		verb = "account-disable"
	}
	return s.record(tx, by, verb, "person", acc.person, "disabled")
}

var (
	loginForm = regexp.MustCompile(`^[\p{L}\p{Nd}][\p{L}\p{Nd}._@-]{2,63}$`)
	phoneForm = regexp.MustCompile(`^1[3-9][0-9]{9}$`)
)

// normalLogin makes one login of the ways in which it may be typed, and none,
// the empty one, of what cannot be a login at all.
func normalLogin(s string) string {
	s = strings.TrimSpace(s)
	if len(s) > 256 || !printable(s) {
		return ""
	}
	return strings.ToLower(norm.NFKC.String(s))
}

// check puts p into the form that is stored, or says what is wrong with it.
func (p *NewPerson) check() error {
	f := invalid("bad-account", "注册信息有误", "the account cannot be opened like this")
	p.Login = normalLogin(p.Login)
	p.Name = strings.TrimSpace(p.Name)
	if !loginForm.MatchString(p.Login) {
		f.With("account", "3 至 64 个字母、数字或 . _ - @，以字母或数字开头", "3 to 64 letters, digits or . _ - @, beginning with a letter or digit")
	}
	checkPassword(f, "password", p.Password, p.Login)
	if n := utf8.RuneCountInString(p.Name); n < 1 || n > 60 || !printable(p.Name) {
		f.With("name", "姓名为 1 至 60 个字", "a name has 1 to 60 characters")
	}
	if p.Phone != "" && !phoneForm.MatchString(p.Phone) {
		f.With("phone", "不是 11 位手机号码", "not a mobile number of 11 digits")
	}
	return orNil(f)
}

func printable(s string) bool {
	return utf8.ValidString(s) && strings.IndexFunc(s, unicode.IsControl) < 0
}

const maxPassword = 128 // bytes

// checkPassword asks for eight characters of at least two sorts that do not
// repeat the login (GB/T 22239-2019, 8.1.4.1: passwords have some complexity).
func checkPassword(f *fault.Fault, path, password, login string) {
	sorts := map[int]bool{}
	for _, r := range password {
		switch {
		case unicode.IsDigit(r):
			sorts[0] = true
		case unicode.IsLetter(r):
			sorts[1] = true
		default:
			sorts[2] = true
		}
	}
	switch {
	case utf8.RuneCountInString(password) < 8, len(password) > maxPassword, !utf8.ValidString(password):
		f.With(path, "密码为 8 个字符以上，128 字节以内", "a password has 8 characters or more and at most 128 bytes")
	case len(sorts) < 2:
		f.With(path, "密码须含字母、数字、符号中的至少两种", "a password mixes at least two of letters, digits and signs")
	case login != "" && strings.Contains(strings.ToLower(password), login):
		f.With(path, "密码不得包含账号", "a password must not contain the account name")
	}
}

// clip bounds what is hashed; no password that was accepted is as long.
func clip(password string) string { return password[:min(len(password), maxPassword+1)] }

// null makes the empty string null.
func null(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// wrap names the package in errors that are not faults already.
func wrap(what string, err error) error {
	if err == nil {
		return nil
	}
	if f, ok := errors.AsType[*fault.Fault](err); ok {
		return f
	}
	return fmt.Errorf("identity: %s: %w", what, err)
}
