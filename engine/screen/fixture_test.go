package screen

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"slices"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"chengshu/core/access"
	"chengshu/core/decl"
	"chengshu/core/evidence"
	"chengshu/core/identity"
	"chengshu/core/process"
	"chengshu/core/record"
	"chengshu/core/rule"
	"chengshu/kernel/clock"
	"chengshu/kernel/db"
	"chengshu/kernel/job"
	"chengshu/kernel/search"
)

// start is a Monday, 10:00 in Shanghai.
var start = time.Date(2026, 3, 2, 10, 0, 0, 0, clock.Shanghai)

// city is a program with the declarations of testdata and nothing else.
type city struct {
	t         testing.TB
	clock     *clock.Fake
	db        *db.DB
	set       *decl.Set
	records   *record.Engine
	processes *process.Engine
	screens   *Engine
	viewed    int // how often a case was rendered
}

var (
	west       = identity.Post{ID: "p1", Org: "west", Path: "/city/west/", Division: "/1/2/", Roles: []string{"dispatcher"}}
	dispatcher = &identity.Actor{Person: "ann", Posts: []identity.Post{west}}
	overall    = &identity.Actor{Person: "bo", Posts: []identity.Post{{ID: "p2", Org: "city", Path: "/city/", Division: "/1/", Roles: []string{"dispatcher"}}}}
	handler    = &identity.Actor{Person: "chi", Posts: []identity.Post{{ID: "p3", Org: "west", Path: "/city/west/", Division: "/1/2/", Roles: []string{"handler"}}}}
	clerk      = &identity.Actor{Person: "di", Posts: []identity.Post{{ID: "p4", Org: "city", Path: "/city/", Division: "/1/", Roles: []string{"clerk"}}}}
)

// orgs are the units that tickets go to.
type orgs map[string]string

func (o orgs) Refer(_ context.Context, id string) (*record.Referred, error) {
	if o[id] == "" {
		return nil, nil
	}
	return &record.Referred{ID: id, Title: decl.Text{Zh: "单位" + id, En: "Unit " + id}, Org: o[id]}, nil
}

type people struct{}

func (people) Refer(_ context.Context, id string) (*record.Referred, error) {
	return &record.Referred{ID: id, Title: decl.Text{Zh: id, En: id}}, nil
}

type silent struct{}

func (silent) Publish(string) {}

func newCity(t testing.TB, d *db.DB) *city {
	t.Helper()
	ctx := context.Background()
	set, report := declared(t, "testdata/city.yaml")
	if err := report.Err(); err != nil {
		t.Fatal(err)
	}
	c := &city{t: t, clock: clock.NewFake(start), db: d, set: set}
	log := slog.New(slog.DiscardHandler)
	text := search.New(search.Deps{DB: d, Clock: c.clock, Log: log})
	must(t, d.Migrate(ctx, slices.Concat(text.Migrations(), evidence.Migrations())...))
	acts, err := evidence.New(evidence.Deps{DB: d, Clock: c.clock, Logger: log})
	must(t, err)
	types := decl.All[*record.Type](set, "record")
	processes := decl.All[*process.Process](set, "process")
	env := rule.NewEnv(append(record.Shapes(types), process.ActorShape), nil)
	record.Compile(types, env, report)
	process.Compile(processes, env, report)
	grants := decl.All[*access.Grant](set, "grant")
	actions := map[string][]string{}
	for _, p := range processes {
		grants = append(grants, p.Grants()...)
		for _, a := range p.Actions {
			actions[p.Name] = append(actions[p.Name], a.Name)
		}
	}
	may := access.New(access.Deps{Types: types, Roles: decl.All[*identity.Role](set, "role"), Grants: grants, Actions: actions, Rules: env, Report: report})
	must(t, report.Err())
	c.records, err = record.New(ctx, record.Deps{DB: d, Search: text, Types: types,
		Referents: map[string]record.Referent{"org": orgs{"west": "/city/west/", "east": "/city/east/"}, "person": people{}}})
	must(t, err)
	c.processes, err = process.New(ctx, process.Deps{DB: d, Records: c.records, Access: may, Evidence: acts, Clock: c.clock,
		Calendar: clock.National(), Events: silent{}, Jobs: job.New(job.Deps{DB: d, Clock: clock.System()}), Logger: log, Processes: processes})
	must(t, err)
	c.screens = New(Deps{Records: c.records, Processes: c.processes, Access: may, Clock: c.clock,
		Screens: decl.All[*Screen](set, "screen"), Packs: []Pack{{Name: "city", Title: decl.Text{Zh: "城", En: "City"}, Articles: []string{"5", "36", "99"}}},
		Areas: "category", View: c.view})
	return c
}

func (c *city) view(_ context.Context, a *identity.Actor, row *record.Row) (json.RawMessage, error) {
	c.viewed++
	return json.Marshal(map[string]any{"id": row.ID, "for": a.Person})
}

// declared reads a file of declarations and checks every item.
func declared(t testing.TB, file string) (*decl.Set, *decl.Report) {
	t.Helper()
	raw, err := os.ReadFile(file)
	must(t, err)
	set, report := decl.NewSet(), &decl.Report{}
	kinds := append([]decl.Kind{record.Kind, process.Kind(process.Effects()), access.Kind, Kind}, identity.Kinds()...)
	dec := yaml.NewDecoder(bytes.NewReader(raw))
	for {
		var doc yaml.Node
		err := dec.Decode(&doc)
		if errors.Is(err, io.EOF) {
			break
		}
		must(t, err)
		body := doc.Content[0]
		head, name := body.Content[0], body.Content[1].Value
		body.Content = body.Content[2:]
		i := slices.IndexFunc(kinds, func(k decl.Kind) bool { return k.Name == head.Value })
		if i < 0 {
			t.Fatalf("%s:%d: no kind %s", file, head.Line, head.Value)
		}
		it := kinds[i].New()
		decl.Decode(body, file, it, report)
		*it.Head() = decl.Meta{Pos: decl.PosOf(head, file), Name: name, Pack: "city", Hash: "sha256:" + name}
		set.Add(head.Value, it, report)
	}
	slices.SortStableFunc(kinds, func(a, b decl.Kind) int { return a.Order - b.Order })
	for _, k := range kinds {
		for _, it := range decl.All[decl.Item](set, k.Name) {
			it.Check(set, report)
		}
	}
	return set, report
}

// add writes one record under the id.
func (c *city) add(typ, id string, fields map[string]any) {
	c.t.Helper()
	typed, err := c.records.Type(typ)
	must(c.t, err)
	d, err := c.records.PlanCreate(context.Background(), typed, fields, record.Author{Now: c.clock.Now()})
	must(c.t, err)
	d.Row.ID = id
	must(c.t, c.db.Do(context.Background(), func(tx *db.Tx) error {
		_, err := d.Write(tx, record.Stamp{Act: id, Verb: typ + ".add", At: c.clock.Now().UnixMilli()})
		return err
	}))
}

// open opens a ticket of a category in an area for a unit, at a place.
func (c *city) open(category, area, unit string, lon float64, more ...string) *record.Row {
	c.t.Helper()
	in := map[string]any{"category": category, "area": area, "unit": unit, "caller": "王小明"}
	if lon != 0 {
		in["location"] = map[string]any{"lon": number64(lon), "lat": number64(38)}
	}
	for i := 0; i+1 < len(more); i += 2 {
		in[more[i]] = more[i+1]
	}
	row, err := c.processes.Do(context.Background(), process.Command{Type: "ticket", Action: "open", Input: in, Actor: overall})
	must(c.t, err)
	return row
}

func (c *city) finish(row *record.Row, rating string) {
	c.t.Helper()
	unit := row.Text("unit")
	actor := &identity.Actor{Person: "h", Posts: []identity.Post{{Org: unit, Path: "/city/" + unit + "/", Roles: []string{"handler"}}}}
	in := map[string]any{}
	if rating != "" {
		in["rating"] = json.Number(rating)
	}
	_, err := c.processes.Do(context.Background(), process.Command{Type: "ticket", ID: row.ID, Action: "finish", Input: in, Actor: actor})
	must(c.t, err)
}

func number64(f float64) json.Number { return json.Number(fmt.Sprint(f)) }

// data returns one widget's data as it reaches a browser.
func (c *city) data(a *identity.Actor, screen, widget string) map[string]any {
	c.t.Helper()
	got, err := c.screens.Data(context.Background(), a, c.screen(screen))
	must(c.t, err)
	raw, err := json.Marshal(got)
	must(c.t, err)
	var out map[string]map[string]any
	must(c.t, json.Unmarshal(raw, &out))
	return out[widget]
}

func (c *city) screen(name string) *Screen {
	c.t.Helper()
	s, ok := decl.Find[*Screen](c.set, "screen", name)
	if !ok {
		c.t.Fatalf("no screen %s", name)
	}
	return s
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (c *city) ticket() *record.Type {
	t, err := c.records.Type("ticket")
	must(c.t, err)
	return t
}
