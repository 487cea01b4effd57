package access

import (
	"strings"
	"testing"

	"chengshu/core/decl"
	"chengshu/core/identity"
	"chengshu/core/record"
	"chengshu/core/rule"

	"go.yaml.in/yaml/v3"
)

const thingYAML = `
title: Thing
owner: 1301
basis: x
subject: about
fields:
  level: {title: L, type: choice, choices: {core: {title: C}, general: {title: G}, important: {title: I}}}
  count: {title: N, type: integer}
  amount: {title: A, type: decimal, scale: 2}
  open: {title: O, type: boolean}
  day: {title: D, type: date}
  at: {title: T, type: time}
  label: {title: B, type: text}
  note: {title: M, type: text, multiline: true}
  owner: {title: W, type: reference, to: person}
  about: {title: S, type: reference, to: person}
  phone: {title: P, type: text, personal: true, mask: phone}
  idno: {title: I, type: text, personal: true, sensitive: true, mask: id}
  tags: {title: G, type: choice, many: true, choices: {a: {title: A}}}
`

const plainYAML = `
title: Plain
owner: 1301
basis: x
fields:
  name: {title: N, type: text}
`

// world is the types, the rules and the roles that grants speak of.
type world struct {
	set   *decl.Set
	types []*record.Type
	rules *rule.Env
	roles []*identity.Role
}

func newWorld(t testing.TB) world {
	t.Helper()
	w := world{set: decl.NewSet()}
	r := &decl.Report{}
	for _, in := range []struct{ name, text string }{{"thing", thingYAML}, {"plain", plainYAML}} {
		typ := &record.Type{}
		decode(t, in.text, typ, r)
		typ.Name = in.name
		w.set.Add("record", typ, r)
		w.types = append(w.types, typ)
	}
	for _, typ := range w.types {
		typ.Check(w.set, r)
	}
	thing := w.types[0]
	thing.Case = true
	thing.AddSystem(r, &record.Field{Name: "assignee", Type: record.Reference, To: "person"}, &record.Field{Name: "state", Type: record.Text})
	for _, name := range []string{"handler", "head", "auditor"} {
		role := &identity.Role{Title: decl.Text{Zh: "角色" + name, En: name}}
		role.Name = name
		w.roles = append(w.roles, role)
	}
	actor := rule.Shape{Name: "actor", Fields: map[string]rule.Type{"person": rule.String, "roles": rule.ListOf(rule.String)}}
	w.rules = rule.NewEnv(append(record.Shapes(w.types), actor), nil)
	if err := r.Err(); err != nil {
		t.Fatal(err)
	}
	return w
}

func decode(t testing.TB, text string, out any, r *decl.Report) {
	t.Helper()
	var doc yaml.Node
	if err := yaml.Unmarshal([]byte(text), &doc); err != nil {
		t.Fatal(err)
	}
	decl.Decode(doc.Content[0], "test.yaml", out, r)
}

// engine makes an engine of grants written in YAML, each under its name.
func (w world) engine(r *decl.Report, grants ...*Grant) *Engine {
	return New(Deps{Types: w.types, Roles: w.roles, Grants: grants, Rules: w.rules, Report: r,
		Actions: map[string][]string{"thing": {"report", "assign"}}})
}

func grantOf(t testing.TB, name, text string, r *decl.Report) *Grant {
	t.Helper()
	g := &Grant{}
	decode(t, text, g, r)
	g.Name, g.Pos = name, decl.Pos{File: "test.yaml", Line: 1, Col: 1}
	return g
}

// good makes an engine of grants that must be right: "name: {…}" a line each.
func (w world) good(t testing.TB, lines ...string) *Engine {
	t.Helper()
	r := &decl.Report{}
	var grants []*Grant
	for _, l := range lines {
		name, text, _ := strings.Cut(l, ": ")
		grants = append(grants, grantOf(t, name, text, r))
	}
	e := w.engine(r, grants...)
	if err := r.Err(); err != nil {
		t.Fatal(err)
	}
	return e
}

// values is a Getter.
type values map[string]any

func (v values) Get(name string) any { return v[name] }

func post(path, division string, roles ...string) identity.Post {
	return identity.Post{ID: "post" + path, Org: "org" + path, Path: path, Division: division, Roles: roles}
}

func person(id string, posts ...identity.Post) *identity.Actor {
	return &identity.Actor{Person: id, Posts: posts}
}
