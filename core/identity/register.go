package identity

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"chengshu/core/decl"
	"chengshu/core/record"
	"chengshu/kernel/db"
	"chengshu/kernel/fault"
)

// Register is a declared register of natural persons: kind `register`. Whoever
// knows the number and the name of one of its records may link their account
// to it.
type Register struct {
	decl.Meta
	Of     string `yaml:"of,required"`     // record type with one record for each person
	Number string `yaml:"number,required"` // its field for the citizen id number (GB 11643)
	Holder string `yaml:"holder,required"` // its field for the person's name
}

// Check implements decl.Item.
func (g *Register) Check(s *decl.Set, r *decl.Report) {
	t, ok := decl.Find[*record.Type](s, record.Kind.Name, g.Of)
	if !ok {
		zh, en := decl.Suggest(g.Of, s.Names(record.Kind.Name))
		r.Add(g.At("of"), fmt.Sprintf("没有记录类型 %q；%s", g.Of, zh), fmt.Sprintf("there is no record type %q; %s", g.Of, en))
		return
	}
	for _, named := range [][2]string{{"number", g.Number}, {"holder", g.Holder}} {
		key := named[0]
		if f := t.Field(named[1]); f == nil || f.Type != record.Text || f.Many {
			r.Add(g.At(key), fmt.Sprintf("%s 应为 %s 的单值 text 字段", key, g.Of), fmt.Sprintf("%s must be a text field of %s with one value", key, g.Of))
		}
	}
	if !slices.Contains(t.Unique, g.Number) {
		r.Add(g.At("number"), fmt.Sprintf("%s 的 unique 应含 %q", g.Of, g.Number), fmt.Sprintf("unique of %s must name %q", g.Of, g.Number))
	}
	if t.SubjectBy == "" {
		r.Add(g.At("of"), g.Of+" 未声明 subject 字段", g.Of+" declares no subject field")
	}
}

// Proving who one is. Tries are counted before the proof is looked at, and
// taken back when it was right.
const (
	triesPerPerson  = 5  // a day
	triesPerAddress = 50 // a day: accounts are easily had
	triesWindow     = 24 * time.Hour
)

func notProven() error {
	return fault.New(fault.Invalid, "not-proven", "未能核实：姓名与公民身份号码不符，或不能关联到此账号",
		"not proven: name and number do not match, or cannot be linked to this account")
}

// Prove links the account of a with the record that find returns, "" when what
// a says of themselves proves nothing. From then on a's Subject is that record.
//
// An account that is linked already is Conflict already-linked. A proof that
// fails is Invalid not-proven, whether there is no such record or it is linked
// to somebody else; after five a day Exhausted too-many-tries, likewise after fifty
// from one address.
func (s *Service) Prove(ctx context.Context, a *Actor, addr string, find func() (subject string, err error)) error {
	if a.Account == "" {
		return notSignedIn()
	}
	if a.Subject != "" {
		return fault.New(fault.Conflict, "already-linked", "此账号已核实身份", "this account is linked already")
	}
	tries := []try{{lockKey("prove", a.Person), triesPerPerson}}
	if address := addressKey(addr); !loopback(address) {
		tries = append(tries, try{lockKey("prove-address", address), triesPerAddress})
	}
	if err := s.countTries(ctx, tries); err != nil {
		return err
	}
	subject, err := find()
	if err != nil {
		return err
	}
	if subject == "" {
		return notProven()
	}
	return wrap("prove", s.db.Do(ctx, func(tx *db.Tx) error {
		n, err := tx.Exec(`update identity_person set subject = $1 where id = $2 and subject is null
			and not exists (select 1 from identity_person where subject = $1)`, subject, a.Person)
		if err != nil {
			return err
		}
		if n == 0 {
			return notProven()
		}
		for _, t := range tries {
			if err := t.takeBack(tx); err != nil {
				return err
			}
		}
		tx.AfterCommit(s.forgetPerson(a.Person))
		return s.record(tx, a, "person-link", "person", a.Person, "subject")
	}))
}

// try is what tries are counted by, and how many there are a day.
type try struct {
	key  string
	most int64
}

// countTries counts one try under each key, unless one of them has no more left:
// then it counts none.
func (s *Service) countTries(ctx context.Context, tries []try) error {
	now := s.nowMS()
	var until int64
	err := s.db.Do(ctx, func(tx *db.Tx) error {
		until = 0
		for _, t := range tries {
			var full int64
			err := tx.QueryRow(`select until_at from identity_lock where key = $1 and wrong >= $2 and until_at > $3`, t.key, t.most, now).Scan(&full)
			if err != nil && !errors.Is(err, db.ErrNoRows) {
				return err
			}
			until = max(until, full)
		}
		if until > 0 {
			return nil
		}
		for _, t := range tries {
			if err := t.count(tx, now); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return wrap("prove", err)
	}
	if until > 0 {
		return fault.Wrap(&Wait{time.Duration(until-now) * time.Millisecond}, fault.Exhausted, "too-many-tries",
			"核实次数过多，请一天后再试", "too many tries; try again after a day")
	}
	return nil
}

// count counts one, beginning anew when the day of the first is over.
func (t try) count(tx *db.Tx, now int64) error {
	_, err := tx.Exec(`delete from identity_lock where key = $1 and until_at <= $2`, t.key, now)
	if err != nil {
		return err
	}
	_, err = tx.Exec(`insert into identity_lock (key, wrong, first_at, until_at) values ($1, $2, $3, $4)
		on conflict (key) do update set wrong = identity_lock.wrong + 1`, t.key, int64(1), now, now+triesWindow.Milliseconds())
	return err
}

func (t try) takeBack(tx *db.Tx) error {
	_, err := tx.Exec(`update identity_lock set wrong = wrong - 1 where key = $1 and wrong > 0`, t.key)
	return err
}
