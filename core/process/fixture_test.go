package process

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"chengshu/core/access"
	"chengshu/core/decl"
	"chengshu/core/decl/decltest"
	"chengshu/core/evidence"
	"chengshu/core/identity"
	"chengshu/core/record"
	"chengshu/core/rule"
	"chengshu/kernel/clock"
	"chengshu/kernel/db"
	"chengshu/kernel/fault"
	"chengshu/kernel/job"
	"chengshu/kernel/search"
)

// monday is 10:00 on a Monday with no holiday in the two weeks around it.
var monday = time.Date(2026, 3, 2, 10, 0, 0, 0, clock.Shanghai)

// city is a program with the declarations of testdata/city.yaml, at a time
// that the test turns.
type city struct {
	t     testing.TB
	ctx   context.Context
	db    *db.DB
	clock *clock.Fake
	types []*record.Type
	e     *Engine
	jobs  *job.Engine
	heard []string

	effects []EffectKind // beside those of this package
}

// Publish notes what listeners would hear.
func (c *city) Publish(topic string) { c.heard = append(c.heard, topic) }

func officer(person, org string, roles ...string) *identity.Actor {
	path := "/city/"
	if org != "city" {
		path += org + "/"
	}
	return &identity.Actor{Person: person, Posts: []identity.Post{{ID: "post-" + person, Org: org, Path: path, Division: "/1/", Roles: roles}}}
}

var (
	citizen  = &identity.Actor{Person: "cai"}
	stranger = &identity.Actor{Person: "su"}
	clerk    = officer("ann", "city", "clerk")
	boss     = officer("bo", "city", "boss")
	west     = officer("wei", "west", "handler")
	west2    = officer("wen", "west", "handler")
	east     = officer("dong", "east", "handler")
)

type orgs struct{}

func (orgs) Refer(_ context.Context, id string) (*record.Referred, error) {
	if !slices.Contains([]string{"city", "west", "east", "north"}, id) {
		return nil, nil
	}
	return &record.Referred{ID: id, Title: decl.Text{Zh: id, En: id}, Org: officer("", id).Posts[0].Path}, nil
}

type people struct{}

func (people) Refer(_ context.Context, id string) (*record.Referred, error) {
	return &record.Referred{ID: id, Title: decl.Text{Zh: id, En: id}}, nil
}

// declarations reads the city's file with some of its text replaced.
func declarations(t testing.TB, replace ...string) string {
	t.Helper()
	raw, err := os.ReadFile("testdata/city.yaml")
	must(t, err)
	for i := 0; i+1 < len(replace); i += 2 {
		if !strings.Contains(string(raw), replace[i]) {
			t.Fatalf("testdata/city.yaml has no %q", replace[i])
		}
	}
	return strings.NewReplacer(replace...).Replace(string(raw))
}

func newCity(t testing.TB, d *db.DB) *city {
	t.Helper()
	c := &city{t: t, db: d, clock: clock.NewFake(monday)}
	must(t, c.start(declarations(t)))
	return c
}

// start starts the program over the database with these declarations, as after
// an upgrade.
func (c *city) start(text string) error {
	c.t.Helper()
	c.ctx = context.Background()
	kinds := append([]decl.Kind{record.Kind, Kind(append(Effects(), c.effects...)), access.Kind}, identity.Kinds()...)
	set, report := decltest.Read(c.t, text, kinds...)
	must(c.t, report.Err())
	types, processes := decl.All[*record.Type](set, record.Kind.Name), decl.All[*Process](set, KindName)
	env := rule.NewEnv(append(record.Shapes(types), ActorShape), nil)
	record.Compile(types, env, report)
	Compile(processes, env, report)
	grants, actions := decl.All[*access.Grant](set, access.Kind.Name), map[string][]string{}
	for _, p := range processes {
		grants = append(grants, p.Grants()...)
		for _, a := range p.Actions {
			actions[p.Name] = append(actions[p.Name], a.Name)
		}
	}
	may := access.New(access.Deps{Types: types, Roles: decl.All[*identity.Role](set, "role"), Grants: grants, Actions: actions, Rules: env, Report: report})
	must(c.t, report.Err())

	log := slog.New(slog.DiscardHandler)
	index := search.New(search.Deps{DB: c.db, Clock: clock.System(), Log: log})
	must(c.t, c.db.Migrate(c.ctx, slices.Concat(index.Migrations(), job.Migrations(), evidence.Migrations())...))
	acts, err := evidence.New(evidence.Deps{DB: c.db, Clock: c.clock, Logger: log})
	must(c.t, err)
	records, err := record.New(c.ctx, record.Deps{DB: c.db, Search: index, Types: types, Referents: map[string]record.Referent{"org": orgs{}, "person": people{}}})
	must(c.t, err)
	jobs := job.New(job.Deps{DB: c.db, Clock: clock.System(), Logger: log})
	e, err := New(c.ctx, Deps{DB: c.db, Records: records, Access: may, Evidence: acts, Clock: c.clock, Calendar: clock.National(), Events: c, Jobs: jobs, Logger: log, Processes: processes})
	if err == nil {
		c.e, c.jobs, c.types = e, jobs, types
	}
	return err
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// act takes an action on a job; in is JSON of the fields, "" for none. A note
// goes with "note" among them.
func (c *city) act(a *identity.Actor, id, action, in string) (*record.Row, error) {
	c.t.Helper()
	return c.on("job", a, id, action, in)
}

func (c *city) on(typ string, a *identity.Actor, id, action, in string) (*record.Row, error) {
	c.t.Helper()
	cmd := Command{Type: typ, ID: id, Action: action, Actor: a, Input: map[string]any{}}
	if in != "" {
		dec := json.NewDecoder(strings.NewReader(in))
		dec.UseNumber()
		must(c.t, dec.Decode(&cmd.Input))
	}
	cmd.Note, _ = cmd.Input["note"].(string)
	delete(cmd.Input, "note")
	return c.e.Do(c.ctx, cmd)
}

func (c *city) must(a *identity.Actor, id, action, in string) *record.Row {
	c.t.Helper()
	row, err := c.act(a, id, action, in)
	if err != nil {
		c.t.Fatalf("%s: %v", action, err)
	}
	return row
}

// report opens a job and returns its id.
func (c *city) report() string { return c.must(citizen, "", "report", `{"what":"a hole"}`).ID }

// assigned is a job with the handlers of the west, being handled by one.
func (c *city) handled() string {
	id := c.report()
	c.must(clerk, id, "assign", `{"unit":"west"}`)
	c.must(west, id, "accept", "")
	return id
}

func (c *city) job(id string) *record.Row { return c.row("job", id) }

func (c *city) row(typ, id string) *record.Row {
	c.t.Helper()
	t, err := c.e.Records.Type(typ)
	must(c.t, err)
	row, err := c.e.Records.Get(c.db.Read(c.ctx), t, id)
	must(c.t, err)
	return row
}

// after turns the clock and fires what is due.
func (c *city) after(d time.Duration) {
	c.t.Helper()
	c.clock.Advance(d)
	must(c.t, c.e.Sweep(c.ctx))
}

func (c *city) until(t time.Time) { c.after(t.Sub(c.clock.Now())) }

// verbs are what happened to a job, in order.
func (c *city) verbs(id string) string {
	c.t.Helper()
	acts, err := evidence.ActsOn(c.db.Read(c.ctx), "job", id, 0, 100)
	must(c.t, err)
	var out []string
	for _, a := range acts {
		out = append(out, strings.TrimPrefix(a.Verb, "job."))
	}
	return strings.Join(out, " ")
}

// inbox shows the tasks that an actor sees: number of the job's holder, step and light.
func (c *city) inbox(a *identity.Actor, q InboxQuery) (string, Totals) {
	c.t.Helper()
	items, totals, err := c.e.Inbox(c.ctx, a, q)
	must(c.t, err)
	var out []string
	for _, it := range items {
		out = append(out, fmt.Sprintf("%s/%s/%s", it.Unit, it.Step, it.Light))
	}
	return strings.Join(out, " "), totals
}

// wants fails unless err is a fault of that code.
func wants(t testing.TB, err error, code string) *fault.Fault {
	t.Helper()
	f, ok := err.(*fault.Fault)
	if !ok || f.Code != code {
		t.Fatalf("got %v, want %s", err, code)
	}
	return f
}

// at shows a time field as Shanghai has it, "" when it has no value.
func at(row *record.Row, field string) string {
	ms := row.Int(field)
	if ms == 0 {
		return ""
	}
	return time.UnixMilli(ms).In(clock.Shanghai).Format("01-02 15:04")
}
