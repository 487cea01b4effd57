package access

import (
	"testing"

	"chengshu/core/identity"
)

// BenchmarkDecide measures one decision by what the grants look at.
func BenchmarkDecide(b *testing.B) {
	w := newWorld(b)
	worker := person("0199-h", post(county, county, "handler"))
	row := Row{ID: "0199-x", Org: street, Place: street, CreatedBy: "0199-c", Assignee: "0199-h", Subject: "0199-s",
		Tasks: []Task{{Org: street, Assignee: "0199-h"}}, Fields: values{"level": "general", "open": true, "count": int64(3)}}
	for _, bb := range []struct {
		name   string
		grants []string
		actor  *identity.Actor
	}{
		{"all", []string{`g: {role: anyone, on: thing, actions: read, scope: all, basis: b}`}, worker},
		{"own", []string{`g: {role: citizen, on: thing, actions: read, scope: own, basis: b}`}, person("0199-c")},
		{"unit", []string{`g: {role: handler, on: thing, actions: read, scope: unit, basis: b}`}, worker},
		{"task", []string{`g: {role: handler, on: thing, actions: read, scope: task, basis: b}`}, worker},
		{"when", []string{`g: {role: handler, on: thing, actions: read, scope: place, basis: b, when: "row.level != 'core' && row.open"}`}, worker},
		{"typical", []string{
			`own: {role: citizen, on: thing, actions: read, scope: own, basis: b}`,
			`unit: {role: handler, on: thing, actions: read, scope: unit, basis: b}`,
			`place: {role: head, on: thing, actions: read, scope: place, basis: b}`,
			`all: {role: auditor, on: thing, actions: read, scope: all, basis: b}`,
		}, worker},
		{"refused", []string{`g: {role: auditor, on: thing, actions: read, scope: all, basis: b}`}, worker},
	} {
		e := w.good(b, bb.grants...)
		b.Run(bb.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				e.Decide(bb.actor, Read, "thing", row)
			}
		})
	}
}

// BenchmarkFilter measures the predicate of a list.
func BenchmarkFilter(b *testing.B) {
	e := newWorld(b).good(b,
		`own: {role: citizen, on: thing, actions: read, scope: own, basis: b}`,
		`unit: {role: handler, on: thing, actions: read, scope: unit, basis: b}`)
	a := person("h", post(county, county, "handler"))
	b.ReportAllocs()
	for b.Loop() {
		e.Filter(a, Read, "thing").SQL(1)
	}
}

// BenchmarkLink measures the making of a plan, once for each set of posts.
func BenchmarkLink(b *testing.B) {
	e := newWorld(b).good(b,
		`own: {role: citizen, on: thing, actions: read, scope: own, basis: b}`,
		`unit: {role: handler, on: thing, actions: read, scope: unit, basis: b, when: "row.level != 'core'"}`)
	t := e.targets[targetKey{Read, "thing"}]
	posts, w, _ := t.signature(person("h", post(county, county, "handler")), nil)
	for b.Loop() {
		t.link(posts, w)
	}
}
