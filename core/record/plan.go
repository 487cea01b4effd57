package record

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"chengshu/kernel/fault"
	"chengshu/kernel/id"

	"chengshu/core/rule"
)

// Author is for whom a write is planned, and when.
type Author struct {
	Actor rule.Object // `me` in expressions
	Now   time.Time
	// Sets tells which system fields the input may set; nil is none.
	Sets func(field string) bool
	// Files finds a file that the author has stored; nil when they have stored
	// no such file. Without it files are not checked.
	Files func(ctx context.Context, id string) (*FileRef, error)
	// Coming holds ids of rows of the same type that are about to be written
	// too, so that they may be referred to.
	Coming map[string]bool
}

// PlanCreate checks input and returns the draft of a new row. Input is a JSON
// object as encoding/json decodes it with UseNumber. Every mistake is in the
// one Invalid fault it returns.
func (e *Engine) PlanCreate(ctx context.Context, t *Type, input map[string]any, a Author) (*Draft, error) {
	return e.planNew(ctx, t, id.New(), input, a)
}

func (e *Engine) planNew(ctx context.Context, t *Type, rowID string, input map[string]any, a Author) (*Draft, error) {
	row := &Row{Type: t, ID: rowID, Values: make([]any, len(t.Fields))}
	return e.plan(ctx, &Draft{Row: row, engine: e}, input, a)
}

// PlanRevise checks input against old and returns the draft of its next
// revision. A field given as null is cleared; a field not given stays.
func (e *Engine) PlanRevise(ctx context.Context, old *Row, input map[string]any, a Author) (*Draft, error) {
	return e.plan(ctx, &Draft{Row: old.clone(), old: old, engine: e}, input, a)
}

func (e *Engine) plan(ctx context.Context, d *Draft, input map[string]any, a Author) (*Draft, error) {
	t := d.Row.Type
	bad := fault.New(fault.Invalid, "invalid-fields", "填写有误", "some fields are wrong")
	p := planner{e: e, ctx: ctx, d: d, bad: bad, sets: a.Sets, files: a.Files, coming: a.Coming, vars: map[string]any{"row": d.Row, "me": a.Actor, "now": a.Now}}
	p.decode(input)
	for _, f := range t.Fields {
		if err := p.complete(f); err != nil {
			return nil, err
		}
		if f.Name == t.PlaceBy || f.Name == t.OrgBy {
			if err := p.locate(); err != nil { // what follows may read row.place_path
				return nil, err
			}
		}
	}
	if len(bad.Fields) > 0 {
		return nil, bad
	}
	p.validate()
	if len(bad.Fields) > 0 {
		return nil, bad
	}
	return d, nil
}

type planner struct {
	e      *Engine
	ctx    context.Context
	d      *Draft
	bad    *fault.Fault
	sets   func(string) bool
	files  func(ctx context.Context, id string) (*FileRef, error)
	coming map[string]bool
	vars   map[string]any
}

func (p *planner) decode(input map[string]any) {
	t := p.d.Row.Type
	for name, v := range input {
		path := "fields." + name
		f := t.byName[name]
		switch {
		case f == nil:
			p.bad.With(path, "没有这个字段", "no such field")
		case f.System && (p.sets == nil || !p.sets(name)) || f.compute != nil || f.from != nil:
			p.bad.With(path, "此字段由系统填写", "this field is filled by the system")
		case v == nil:
			p.d.Row.Values[f.index] = nil
		default:
			p.d.Row.Values[f.index] = p.convert(f.kind.decode(f, v, path, p.bad), path)
		}
	}
	slices.SortFunc(p.bad.Fields, func(a, b fault.Field) int { return strings.Compare(a.Path, b.Path) })
}

// convert brings points given in another datum to WGS84, those in lists too.
func (p *planner) convert(v any, path string) any {
	switch v := v.(type) {
	case datumPoint:
		to := p.e.datums[v.datum]
		if to == nil {
			return notA(p.bad, path+".datum", "可转换的坐标系", "a datum that can be converted")
		}
		lon, lat := to(v.Lon, v.Lat)
		return Point{lon, lat}
	case []map[string]any:
		for i, item := range v {
			for name, sub := range item {
				if given, ok := sub.(datumPoint); ok {
					item[name] = p.convert(given, fmt.Sprintf("%s.%d.%s", path, i, name))
				}
			}
		}
	}
	return v
}

// complete fills what the field still lacks, in the order of declaration, and
// checks that what it refers to exists.
func (p *planner) complete(f *Field) error {
	v := &p.d.Row.Values[f.index]
	path := "fields." + f.Name
	if f.from != nil && p.changed(f.from.ref) {
		if err := p.copyFrom(f, v); err != nil {
			return err
		}
	}
	if f.compute != nil && p.stale(f) || f.compute == nil && *v == nil && f.def != nil && p.d.old == nil {
		p.evaluate(f, v)
	}
	if *v != nil && p.changed(f) {
		if err := p.exists(f, *v, path); err != nil {
			return err
		}
		if err := p.stored(f, *v, path); err != nil {
			return err
		}
	}
	if f.Required && Blank(*v) && !f.System && !p.notedAt(path) {
		p.bad.With(path, "必填", "is required")
	}
	return nil
}

// Blank reports whether v is no value, or a text of nothing but blanks, which
// fills no required field.
func Blank(v any) bool {
	s, ok := v.(string)
	return v == nil || ok && strings.TrimSpace(s) == ""
}

// changed reports whether the draft gives the field another value than the old
// row had.
func (p *planner) changed(f *Field) bool {
	return p.d.old == nil || !sameValue(p.d.old.Values[f.index], p.d.Row.Values[f.index])
}

// stale reports whether a computed field must be computed anew: something it
// reads has changed. What it looks up elsewhere counts as of the last change.
func (p *planner) stale(f *Field) bool {
	if p.d.old == nil || f.reads.others {
		return true
	}
	for _, name := range f.reads.fields {
		switch dep := p.d.Row.Type.byName[name]; {
		case dep != nil && p.changed(dep):
			return true
		case name == "place_path" && p.d.Row.Place != p.d.old.Place, name == "org_path" && p.d.Row.Org != p.d.old.Org:
			return true
		}
	}
	return false
}

// notedAt reports whether something at path, or within it, is wrong already.
func (p *planner) notedAt(path string) bool {
	return slices.ContainsFunc(p.bad.Fields, func(f fault.Field) bool {
		return f.Path == path || strings.HasPrefix(f.Path, path+".")
	})
}

func (p *planner) copyFrom(f *Field, v *any) error {
	*v = nil
	ref, _ := p.d.Row.Values[f.from.ref.index].(string)
	if ref == "" {
		return nil
	}
	got, err := p.e.Refer(p.ctx, f.from.ref.To, ref)
	if err != nil || got == nil || got.Row == nil {
		return err
	}
	*v = got.Row.Get(f.from.name)
	return nil
}

// evaluate runs the default or computed expression. An undecided one leaves
// the field empty: a value that it needs is missing.
func (p *planner) evaluate(f *Field, v *any) {
	x := f.compute
	if x == nil {
		x = f.def
	}
	*v = nil
	if out, err := x.Eval(p.vars); err == nil {
		if native, err := f.kind.fromRule(f, out); err == nil {
			*v = native
		}
	}
}

// exists checks that what a reference, or one in a list, points to is there.
func (p *planner) exists(f *Field, v any, path string) error {
	switch v := v.(type) {
	case string:
		if f.Type == Reference {
			return p.refers(f, v, path)
		}
	case []string:
		for i, ref := range v {
			if err := p.exists(f, ref, fmt.Sprintf("%s.%d", path, i)); err != nil {
				return err
			}
		}
	case []map[string]any:
		for i, item := range v {
			for _, sub := range f.Fields {
				if err := p.exists(sub, item[sub.Name], fmt.Sprintf("%s.%d.%s", path, i, sub.Name)); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func (p *planner) refers(f *Field, ref, path string) error {
	if f.To == p.d.Row.Type.Name && p.coming[ref] {
		return nil
	}
	got, err := p.e.Refer(p.ctx, f.To, ref)
	if err == nil && got == nil {
		p.bad.With(path, "所指的记录不存在", "the record it refers to does not exist")
	}
	return err
}

// locate fills the row's place and organisation from the declared fields.
func (p *planner) locate() error {
	r := p.d.Row
	place, err := p.pathBy(r.Type.PlaceBy, func(ref *Referred) string { return ref.Place })
	if err != nil {
		return err
	}
	org, err := p.pathBy(r.Type.OrgBy, func(ref *Referred) string { return ref.Org })
	if err != nil {
		return err
	}
	if r.Type.PlaceBy != "" {
		r.Place = place
	}
	if r.Type.OrgBy != "" {
		r.Org = org
	}
	return nil
}

func (p *planner) pathBy(name string, of func(*Referred) string) (string, error) {
	f := p.d.Row.Type.byName[name]
	if f == nil {
		return "", nil
	}
	s, _ := p.d.Row.Values[f.index].(string)
	if s == "" || f.Type != Reference {
		return s, nil
	}
	ref, err := p.e.Refer(p.ctx, f.To, s)
	if err != nil || ref == nil {
		return "", err
	}
	return of(ref), nil
}

func (p *planner) validate() {
	for _, c := range p.d.Row.Type.Validate {
		if c.Expr.True(p.vars) {
			continue
		}
		path := "fields"
		if c.Field != "" {
			path += "." + c.Field
		}
		p.bad.With(path, c.Else.Zh, c.Else.En)
	}
}

// Relocate recomputes place and organisation after an engine has set fields of
// the draft.
func (d *Draft) Relocate(ctx context.Context) error {
	p := planner{e: d.engine, ctx: ctx, d: d}
	return p.locate()
}
