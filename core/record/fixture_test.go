package record

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"chengshu/core/decl"
	"chengshu/core/decl/decltest"
	"chengshu/core/evidence"
	"chengshu/core/rule"
	"chengshu/kernel/clock"
	"chengshu/kernel/db"
	"chengshu/kernel/fault"
	"chengshu/kernel/search"
)

// now is the moment at which tests write.
var now = time.Date(2026, 3, 2, 9, 0, 0, 0, shanghai)

// places and lamps are a little city: what lies where, and a type with a field
// of every kind.
const cityYAML = `
record: place
title: Place
owner: a
basis: b
fields:
  name: {title: N, type: text, required: true}
  path: {title: P, type: text, required: true}
  wards: {title: W, type: integer}
title_field: name
place: path
---
record: lamp
title: Lamp
owner: a
basis: b
fields:
  code: {title: C, type: text, required: true, max: 8, pattern: '^[A-Z0-9]*$'}
  label: {title: L, type: text, multiline: true, max: 20}
  watts: {title: W, type: integer, min: 1, max: 500}
  height: {title: H, type: decimal, scale: 2}
  tilt: {title: T, type: decimal, scale: 1, min: -10, max: 45}
  lit: {title: I, type: boolean}
  built: {title: B, type: date}
  seen: {title: S, type: time}
  colour: {title: O, type: choice, default: "'warm'", choices: {warm: {title: Warm}, cold: {title: Cold}}}
  tags: {title: T, type: choice, many: true, max: 2, choices: {a: {title: A}, b: {title: B}, c: {title: C}}}
  at: {title: A, type: point}
  area: {title: R, type: area}
  photos: {title: F, type: file, many: true, accept: [image/png]}
  parts:
    title: P
    type: list
    max: 3
    fields:
      name: {title: N, type: text, required: true}
      count: {title: C, type: integer, min: 0}
      where: {title: W, type: point}
      from: {title: F, type: reference, to: place}
  stands: {title: E, type: reference, to: place}
  close_to: {title: E, type: reference, to: place, many: true}
  wards: {title: W, type: integer, from: stands.wards}
  doubled: {title: D, type: integer, compute: row.watts * 2}
  kilo: {title: K, type: decimal, scale: 3, compute: double(row.watts) / 1000.0}
title_field: code
place: stands
list: [code]
filters: [watts, lit, built, seen, colour, stands, height]
sorts: [watts, code, built, lit, height]
search: [code, label]
unique: [code]
validate:
  - if: '!has(row.watts) || !has(row.lit) || !row.lit || row.watts >= 5'
    else: {zh: 亮着的灯至少五瓦, en: A lit lamp has at least five watts}
    field: watts
`

type world struct {
	t     testing.TB
	db    *db.DB
	e     *Engine
	seeds []*Seed
	acts  *evidence.Log
}

// declare reads types and seeds and compiles their expressions.
func declare(t testing.TB, text string) ([]*Type, []*Seed, error) {
	t.Helper()
	set, report := decltest.Read(t, text, Kind, SeedKind)
	types := decl.All[*Type](set, Kind.Name)
	if report.Err() == nil {
		actor := rule.Shape{Name: "actor", Fields: map[string]rule.Type{"person": rule.String}}
		Compile(types, rule.NewEnv(append(Shapes(types), actor), nil), report)
	}
	return types, decl.All[*Seed](set, SeedKind.Name), report.Err()
}

// open starts an engine for the declarations over a database that may hold
// rows of earlier ones.
func open(t testing.TB, d *db.DB, text string) (*world, error) {
	t.Helper()
	ctx := context.Background()
	types, seeds, err := declare(t, text)
	must(t, err)
	log := slog.New(slog.DiscardHandler)
	index := search.New(search.Deps{DB: d, Clock: clock.System(), Log: log})
	must(t, d.Migrate(ctx, append(index.Migrations(), evidence.Migrations()...)...))
	acts, err := evidence.New(evidence.Deps{DB: d, Clock: clock.NewFake(now), Logger: log})
	must(t, err)
	e, err := New(ctx, Deps{DB: d, Search: index, Types: types, Referents: map[string]Referent{"person": anybody{}},
		Datums: map[string]func(lon, lat float64) (float64, float64){"gcj02": func(lon, lat float64) (float64, float64) { return lon - 1, lat - 1 }}})
	return &world{t, d, e, seeds, acts}, err
}

func newWorld(t testing.TB, d *db.DB, text string) *world {
	t.Helper()
	w, err := open(t, d, text)
	must(t, err)
	return w
}

// anybody knows every person but those whose id begins with "no".
type anybody struct{}

func (anybody) Refer(_ context.Context, id string) (*Referred, error) {
	if strings.HasPrefix(id, "no") {
		return nil, nil
	}
	return &Referred{ID: id, Title: decl.Text{Zh: id, En: id}}, nil
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// object decodes JSON as a request's body is.
func object(t testing.TB, text string) map[string]any {
	t.Helper()
	var out map[string]any
	dec := json.NewDecoder(strings.NewReader(text))
	dec.UseNumber()
	if err := dec.Decode(&out); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return out
}

func (w *world) typ(name string) *Type {
	w.t.Helper()
	t, err := w.e.Type(name)
	must(w.t, err)
	return t
}

func (w *world) plan(typ, fields string) (*Draft, error) {
	w.t.Helper()
	return w.e.PlanCreate(context.Background(), w.typ(typ), object(w.t, fields), Author{Now: now})
}

func (w *world) write(d *Draft, verb string) (Revision, error) {
	var rev Revision
	err := w.db.Do(context.Background(), func(tx *db.Tx) error {
		var err error
		rev, err = d.Write(tx, Stamp{Act: "act", Verb: verb, Person: "ann", At: now.UnixMilli()})
		return err
	})
	return rev, err
}

// create writes one row and returns it as the database has it.
func (w *world) create(typ, fields string) *Row {
	w.t.Helper()
	d, err := w.plan(typ, fields)
	must(w.t, err)
	_, err = w.write(d, typ+".create")
	must(w.t, err)
	return w.get(typ, d.Row.ID)
}

func (w *world) revise(row *Row, fields string) (*Row, error) {
	w.t.Helper()
	d, err := w.e.PlanRevise(context.Background(), row, object(w.t, fields), Author{Now: now})
	if err != nil {
		return nil, err
	}
	if _, err = w.write(d, "revise"); err != nil {
		return nil, err
	}
	return w.get(row.Type.Name, row.ID), nil
}

func (w *world) get(typ, id string) *Row {
	w.t.Helper()
	row, err := w.e.Get(w.db.Read(context.Background()), w.typ(typ), id)
	must(w.t, err)
	return row
}

// json shows the fields of a row as the API does.
func (r *Row) json() string {
	dst := []byte("{")
	first := true
	for i, f := range r.Type.Fields {
		if v := r.Values[i]; v != nil {
			dst = appendMember(dst, f, v, first)
			first = false
		}
	}
	return string(append(dst, '}'))
}

// wants fails unless err is a fault of the code at exactly these paths.
func wants(t testing.TB, err error, code string, paths ...string) {
	t.Helper()
	if fault.Code(err) != code {
		t.Fatalf("got %v, want code %s", err, code)
	}
	var got []string
	for _, p := range err.(*fault.Fault).Fields {
		got = append(got, p.Path)
	}
	if len(paths) > 0 && fmt.Sprint(got) != fmt.Sprint(paths) {
		t.Errorf("paths %v, want %v (%v)", got, paths, err)
	}
}
