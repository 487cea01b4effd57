package identity

import (
	"context"
	"testing"
	"time"

	"chengshu/core/evidence"
	"chengshu/kernel/clock"
	"chengshu/kernel/db"
	"chengshu/kernel/db/dbtest"
	"chengshu/kernel/fault"
)

var start = time.Date(2026, 3, 2, 9, 0, 0, 0, clock.Shanghai)

// acts is the log, and remembers what was recorded.
type acts struct {
	*evidence.Log
	list []evidence.Act
}

func newActs(t testing.TB, d *db.DB, c Clock) *acts {
	t.Helper()
	if err := d.Migrate(t.Context(), evidence.Migrations()...); err != nil {
		t.Fatal(err)
	}
	log, err := evidence.New(evidence.Deps{DB: d, Clock: c}) // one that does not seal
	if err != nil {
		t.Fatal(err)
	}
	return &acts{Log: log}
}

func (a *acts) Append(tx *db.Tx, act evidence.Act) (evidence.Act, error) {
	act, err := a.Log.Append(tx, act)
	tx.AfterCommit(func() { a.list = append(a.list, act) })
	return act, err
}

func (a *acts) verbs() []string {
	var out []string
	for _, x := range a.list {
		out = append(out, x.Verb)
	}
	return out
}

// city is a Service over a fresh database with a few organisations.
type city struct {
	*Service
	t     *testing.T
	clock *clock.Fake
	acts  *acts
}

func newCity(t *testing.T, d *db.DB) *city {
	t.Helper()
	if err := d.Migrate(t.Context(), Migrations()...); err != nil {
		t.Fatal(err)
	}
	c := &city{t: t, clock: clock.NewFake(start)}
	c.acts = newActs(t, d, c.clock)
	c.Service = c.another(d)
	for _, o := range []Org{
		{ID: "1301", Kind: City, NameZh: "石家庄市人民政府"},
		{ID: "1301-urban", Parent: "1301", Kind: Department, NameZh: "城市管理局", LawNames: "城市管理;行政执法部门"},
		{ID: "130102", Parent: "1301", Kind: County, NameZh: "长安区人民政府"},
		{ID: "130102-urban", Parent: "130102", Kind: Department, NameZh: "长安区城市管理局"},
		{ID: "130102001", Parent: "130102", Kind: Street, NameZh: "建北街道办事处"},
		{ID: "130102001-team", Parent: "130102001", Kind: "team", NameZh: "建北街道执法队"},
	} {
		c.do(func(tx *db.Tx) error {
			_, err := c.AddOrg(tx, NewSystem(), o)
			return err
		})
	}
	return c
}

// another is a second process over the same database.
func (c *city) another(d *db.DB) *Service {
	return New(Deps{DB: d, Clock: c.clock, Evidence: c.acts, Cost: &Cost{Memory: 64, Passes: 1}})
}

func (c *city) do(fn func(*db.Tx) error) {
	c.t.Helper()
	if err := c.db.Do(context.Background(), fn); err != nil {
		c.t.Fatal(err)
	}
}

const goodPassword = "correct horse 7"

func (c *city) register(login string) (person string) {
	c.t.Helper()
	person, err := c.Register(c.t.Context(), NewPerson{Login: login, Password: goodPassword, Name: "测试甲"})
	if err != nil {
		c.t.Fatal(err)
	}
	return person
}

func (c *city) appoint(person, org string, roles ...string) (post string) {
	c.t.Helper()
	c.do(func(tx *db.Tx) (err error) {
		post, err = c.Appoint(tx, NewSystem(), NewPost{Person: person, Org: org, Roles: roles})
		return err
	})
	return post
}

func (c *city) signIn(login string) (string, *Actor) {
	c.t.Helper()
	in, err := c.SignIn(c.t.Context(), Credentials{Login: login, Password: goodPassword, Address: "192.0.2.1:999"})
	if err != nil {
		c.t.Fatal(err)
	}
	return in.Token, in.Actor
}

// wantCode fails unless err is a fault of that kind and code.
func wantCode(t *testing.T, err error, kind fault.Kind, code string) {
	t.Helper()
	if fault.Code(err) != code || !fault.Is(err, kind) {
		t.Fatalf("got %v, want %s %s", err, kind, code)
	}
}

// onBoth runs fn with a fresh city on each database.
func onBoth(t *testing.T, fn func(t *testing.T, c *city)) {
	t.Helper()
	dbtest.Each(t, func(t *testing.T, d *db.DB) { fn(t, newCity(t, d)) })
}
