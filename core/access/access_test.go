package access

import (
	"strings"
	"testing"

	"chengshu/core/identity"
	"chengshu/core/record"

	"github.com/google/go-cmp/cmp"
)

const (
	city   = "/1301/"
	county = "/1301/130102/"
	street = "/1301/130102/130102001/"
	other  = "/1301/130104/"
	bureau = "/1301/1301-urban/"
)

func TestDecide(t *testing.T) {
	e := newWorld(t).good(t,
		`anyone-all: {role: anyone, on: plain, actions: read, scope: all, basis: b}`,
		`own: {role: citizen, on: thing, actions: [read, revise], scope: own, basis: b}`,
		`about: {role: citizen, on: thing, actions: read, scope: subject, basis: b}`,
		`mine: {role: handler, on: thing, actions: assign, scope: assigned, basis: b}`,
		`task: {role: handler, on: thing, actions: report, scope: task, basis: b}`,
		`unit: {role: handler, on: thing, actions: read, scope: unit, basis: b}`,
		`place: {role: head, on: thing, actions: read, scope: place, basis: b}`,
		`all: {role: auditor, on: thing, actions: read, scope: all, basis: b, when: "row.level != 'core'"}`,
	)
	handler := person("h", post(county, county, "handler"))
	head := person("x", post(bureau, city, "head"), post(other, other, "handler"))
	tests := []struct {
		name   string
		actor  *identity.Actor
		action string
		typ    string
		row    Row
		grant  string // "" is a refusal
	}{
		{"anyone", identity.NewAnonymous(), Read, "plain", Row{ID: "1"}, "anyone-all"},
		{"anyone, another action", identity.NewAnonymous(), Revise, "plain", Row{ID: "1"}, ""},
		{"anonymous and a row that nobody made", identity.NewAnonymous(), Read, "thing", Row{}, ""},
		{"no actor", nil, Read, "plain", Row{}, ""},
		{"the system as an actor", identity.NewSystem(), Read, "plain", Row{}, ""},
		{"the system with everything", &identity.Actor{System: true, Person: "p", Posts: []identity.Post{post(city, city, "auditor")}}, Read, "thing", Row{}, ""},
		{"unknown type", handler, Read, "nothing", Row{}, ""},
		{"unknown action", handler, "burn", "thing", Row{}, ""},
		{"own", person("p"), Read, "thing", Row{CreatedBy: "p"}, "own"},
		{"another's", person("p"), Read, "thing", Row{CreatedBy: "q"}, ""},
		{"about me", person("p"), Read, "thing", Row{CreatedBy: "q", Subject: "p"}, "about"},
		{"about my record", &identity.Actor{Person: "p", Subject: "r"}, Read, "thing", Row{Subject: "r"}, "about"},
		{"about another's record", &identity.Actor{Person: "p", Subject: "r"}, Read, "thing", Row{Subject: "s"}, ""},
		{"a client that is no person", &identity.Actor{Client: "c", Posts: []identity.Post{post(county, county, "handler")}}, Read, "thing", Row{Org: street}, "unit"},
		{"a client and rows that nobody made", &identity.Actor{Client: "c"}, Read, "thing", Row{}, ""},
		{"my unit", handler, Read, "thing", Row{Org: county}, "unit"},
		{"below my unit", handler, Read, "thing", Row{Org: street}, "unit"},
		{"above my unit", handler, Read, "thing", Row{Org: city}, ""},
		{"another unit", handler, Read, "thing", Row{Org: other}, ""},
		{"a unit that only looks alike", handler, Read, "thing", Row{Org: "/1301/1301021/"}, ""},
		{"no unit", handler, Read, "thing", Row{}, ""},
		{"narrowest of two", handler, Read, "thing", Row{Org: street, CreatedBy: "h"}, "own"},
		{"my area", head, Read, "thing", Row{Place: street}, "place"},
		{"post with the other role", head, Read, "thing", Row{Org: bureau, Place: ""}, ""},
		{"post with the right role", head, Read, "thing", Row{Org: other}, "unit"},
		{"assigned", handler, "assign", "thing", Row{Assignee: "h"}, "mine"},
		{"assigned to another", handler, "assign", "thing", Row{Assignee: "x", CreatedBy: "h"}, ""},
		{"my task", handler, "report", "thing", Row{Tasks: []Task{{Org: other, Assignee: "z"}, {Org: other, Assignee: "h"}}}, "task"},
		{"my unit's task", handler, "report", "thing", Row{Tasks: []Task{{Org: county}}}, "task"},
		{"a task below my unit", handler, "report", "thing", Row{Tasks: []Task{{Org: street}}}, ""},
		{"no task", handler, "report", "thing", Row{Org: county}, ""},
		{"condition holds", person("a", post(city, city, "auditor")), Read, "thing", Row{Fields: values{"level": "general"}}, "all"},
		{"condition fails", person("a", post(city, city, "auditor")), Read, "thing", Row{Fields: values{"level": "core"}}, ""},
		{"condition on a missing value", person("a", post(city, city, "auditor")), Read, "thing", Row{Fields: values{}}, ""},
		{"condition and no fields yet", person("a", post(city, city, "auditor")), Read, "thing", Row{}, ""},
		{"a value that is not of its kind", person("a", post(city, city, "auditor")), Read, "thing", Row{CreatedBy: "a", Fields: values{"level": 7.5}}, ""},
	}
	for _, tt := range tests {
		d := e.Decide(tt.actor, tt.action, tt.typ, tt.row)
		if d.Grant != tt.grant || d.Allow != (tt.grant != "") {
			t.Errorf("%s: %v by %q, want %q", tt.name, d.Allow, d.Grant, tt.grant)
		}
		if !d.Allow && (len(d.Why) == 0 || d.View.See("level") != record.Hidden || d.View.See("name") != record.Hidden) {
			t.Errorf("%s: a refusal that does not say why, or shows a field: %+v", tt.name, d)
		}
	}
}

func TestWhy(t *testing.T) {
	e := newWorld(t).good(t,
		`unit: {role: [handler, head], on: thing, actions: read, scope: unit, basis: b}`,
		`all: {role: handler, on: thing, actions: read, scope: all, basis: b, when: "row.open"}`)
	if why := e.Decide(person("p"), Read, "thing", Row{}).Why; len(why) != 1 || !strings.Contains(why[0].Zh, "角色handler、角色head") {
		t.Errorf("without the role: %v", why)
	}
	why := e.Decide(person("p", post(county, county, "handler")), Read, "thing", Row{}).Why
	if len(why) != 2 || !strings.Contains(why[0].En, "your organisation") || !strings.Contains(why[1].En, "row.open") {
		t.Errorf("outside the scope: %v", why)
	}
}

func TestSystem(t *testing.T) {
	e := newWorld(t).good(t)
	d := e.DecideSystem("thing", "第三十六条")
	if !d.Allow || d.Grant != SystemGrant || d.Basis != "第三十六条" || d.View.See("idno") != record.Clear {
		t.Errorf("got %+v", d)
	}
	if e.DecideSystem("nothing", "x").Allow {
		t.Error("an unknown type was allowed")
	}
}

func TestView(t *testing.T) {
	e := newWorld(t).good(t,
		`all: {role: handler, on: thing, actions: read, scope: place, basis: wide, fields: [level, label, phone], mask: [label]}`,
		`unit: {role: handler, on: thing, actions: read, scope: unit, basis: narrow, fields: [label, phone, idno], unmask: [phone], purpose: 办理}`,
		`own: {role: citizen, on: thing, actions: read, scope: own, basis: self, unmask: all, purpose: 本人}`,
	)
	handler := person("h", post(county, county, "handler"))
	see := func(a *identity.Actor, row Row) map[string]record.See {
		v := e.View(a, "thing", row)
		out := map[string]record.See{}
		for _, f := range []string{"level", "label", "phone", "idno", "note", "state"} {
			out[f] = v.See(f)
		}
		return out
	}
	const c, m, h = record.Clear, record.Masked, record.Hidden
	for _, tt := range []struct {
		name     string
		row      Row
		want     map[string]record.See
		basis    string
		personal []string
	}{
		{"place only", Row{Place: street}, map[string]record.See{"level": c, "label": m, "phone": m, "idno": h, "note": h, "state": c}, "wide", nil},
		{"unit only", Row{Org: street}, map[string]record.See{"level": h, "label": c, "phone": c, "idno": m, "note": h, "state": c}, "narrow", []string{"phone"}},
		{"both", Row{Org: street, Place: street}, map[string]record.See{"level": c, "label": c, "phone": c, "idno": m, "note": h, "state": c}, "narrow", []string{"phone"}},
		{"own", Row{CreatedBy: "h"}, map[string]record.See{"level": c, "label": c, "phone": c, "idno": c, "note": c, "state": c}, "self", []string{"phone", "idno"}},
		{"none", Row{Org: other}, map[string]record.See{"level": h, "label": h, "phone": h, "idno": h, "note": h, "state": h}, "", nil},
	} {
		if diff := cmp.Diff(tt.want, see(handler, tt.row)); diff != "" {
			t.Errorf("%s: %s", tt.name, diff)
		}
		v := e.View(handler, "thing", tt.row)
		if diff := cmp.Diff(tt.personal, v.PersonalFields()); diff != "" || v.Basis != tt.basis {
			t.Errorf("%s: personal %v by %q: %s", tt.name, v.PersonalFields(), v.Basis, diff)
		}
	}
	var zero View
	if zero.See("level") != record.Hidden || zero.PersonalFields() != nil || zero.MayWrite("level") {
		t.Error("the zero view shows something")
	}
}

// TestReadingGrant: a reading is by the grant that disclosed what was seen; any
// other action is by the narrowest.
func TestReadingGrant(t *testing.T) {
	e := newWorld(t).good(t,
		`task: {role: handler, on: thing, actions: [read, revise], scope: task, basis: none}`,
		`unit: {role: handler, on: thing, actions: [read, revise], scope: unit, basis: some, unmask: phone, purpose: 联系}`,
		`place: {role: handler, on: thing, actions: read, scope: place, basis: most, unmask: [idno], purpose: 核验}`,
	)
	handler := person("h", post(county, county, "handler"))
	mine := []Task{{Org: county}}
	for _, tt := range []struct {
		name, action string
		row          Row
		grant        string
		purpose      string
	}{
		{"nothing disclosed", Read, Row{Tasks: mine}, "task", ""},
		{"one discloses", Read, Row{Tasks: mine, Org: street}, "unit", "联系"},
		{"one discloses what is sensitive", Read, Row{Tasks: mine, Org: street, Place: street}, "place", "核验"},
		{"no reading", Revise, Row{Tasks: mine, Org: street}, "task", ""},
	} {
		d := e.Decide(handler, tt.action, "thing", tt.row)
		if d.Grant != tt.grant || d.Purpose != tt.purpose || tt.action == Read && (d.View.Grant != d.Grant || d.View.Basis != d.Basis) {
			t.Errorf("%s: by %q for %q, want %q for %q", tt.name, d.Grant, d.Purpose, tt.grant, tt.purpose)
		}
	}
}

// TestFilterUsing: a search by a field sees only the rows on which a grant
// shows that field in clear.
func TestFilterUsing(t *testing.T) {
	e := newWorld(t).good(t,
		`place: {role: handler, on: thing, actions: read, scope: place, basis: b}`,
		`unit: {role: handler, on: thing, actions: read, scope: unit, basis: b, unmask: phone, purpose: x}`,
		`own: {role: citizen, on: thing, actions: read, scope: own, basis: b, fields: [level]}`)
	a := person("h", post(county, county, "handler"))
	for _, tt := range []struct {
		using []string
		sql   string
		args  []any
	}{
		{nil, `("created_by" = $3 or ("org" >= $4 and "org" < $5) or ("place" >= $6 and "place" < $7))`,
			[]any{"h", county, "/1301/1301020", county, "/1301/1301020"}},
		{[]string{"phone"}, `("org" >= $3 and "org" < $4)`, []any{county, "/1301/1301020"}},
		{[]string{"label", "created_at"}, `(("org" >= $3 and "org" < $4) or ("place" >= $5 and "place" < $6))`,
			[]any{county, "/1301/1301020", county, "/1301/1301020"}},
		{[]string{"idno"}, "1 = 0", []any{}},
	} {
		p := e.Filter(a, Read, "thing", tt.using...)
		sql, args := p.SQL(3)
		if sql != tt.sql || !cmp.Equal(args, tt.args) || p.Open() == (sql == "1 = 0") || p.All() {
			t.Errorf("using %v: %s %v, open %v", tt.using, sql, args, p.Open())
		}
	}
}

func TestPlaces(t *testing.T) {
	e := newWorld(t).good(t,
		`place: {role: handler, on: thing, actions: read, scope: place, basis: b, when: row.open}`,
		`revise: {role: handler, on: thing, actions: [revise], scope: place, basis: b}`,
		`own: {role: citizen, on: thing, actions: revise, scope: own, basis: b}`,
		`all: {role: head, on: thing, actions: read, scope: all, basis: b}`)
	two := person("h", post(bureau, county, "handler"), post(other, other, "handler"), post(street, street, "handler"))
	if got := e.Filter(two, Read, "thing").Places(); !cmp.Equal(got, []string{county, other}) {
		t.Errorf("got %v", got)
	}
	if got := e.Filter(two, Revise, "thing").Places(); got != nil {
		t.Errorf("rows may lie elsewhere, got %v", got)
	}
	head := e.Filter(person("x", post(city, city, "head")), Read, "thing")
	if !head.All() || head.Places() != nil {
		t.Errorf("everything: %v, %v", head.All(), head.Places())
	}
}

func TestUsesTasks(t *testing.T) {
	e := newWorld(t).good(t, `task: {role: handler, on: thing, actions: read, scope: task, basis: b}`)
	if !e.UsesTasks("thing") || e.UsesTasks("plain") {
		t.Error("which types use tasks is wrong")
	}
}

// TestNobodyInParticular: a client that is no person is neither the same as
// nobody nor another than somebody.
func TestNobodyInParticular(t *testing.T) {
	e := newWorld(t).good(t,
		`not-mine: {role: handler, on: thing, actions: read, scope: all, basis: b, when: "row.owner != me.person"}`,
		`own: {role: handler, on: thing, actions: revise, scope: own, basis: b}`)
	client := &identity.Actor{Client: "c", Posts: []identity.Post{post(county, county, "handler")}}
	if e.Decide(client, Read, "thing", Row{Fields: values{"owner": "p"}}).Allow {
		t.Error("nobody was taken for another than the owner")
	}
	if e.Filter(client, Read, "thing").Open() {
		t.Error("nobody is offered what only persons may do")
	}
	if !e.Decide(person("q", client.Posts...), Read, "thing", Row{Fields: values{"owner": "p"}}).Allow {
		t.Error("another person is refused")
	}
}

// TestOwnOfAClient: what a client that is no person has made is its own.
func TestOwnOfAClient(t *testing.T) {
	e := newWorld(t).good(t, `own: {role: handler, on: thing, actions: read, scope: own, basis: b}`)
	posts := []identity.Post{post(county, county, "handler")}
	client := &identity.Actor{Client: "c", Posts: posts}
	for maker, want := range map[string]bool{"c": true, "d": false, "": false} {
		if got := e.Decide(client, Read, "thing", Row{CreatedBy: maker}).Allow; got != want {
			t.Errorf("made by %q: %v, want %v", maker, got, want)
		}
	}
	sql, args := e.Filter(client, Read, "thing").SQL(1)
	if sql != `"created_by" = $1` || len(args) != 1 || args[0] != "c" {
		t.Errorf("got %s %v", sql, args)
	}
	if !e.May(client, Read, "thing") || e.May(&identity.Actor{Posts: posts}, Read, "thing") {
		t.Error("who may is wrong")
	}
	inName := &identity.Actor{Client: "c", Person: "p", Posts: posts}
	if e.Decide(inName, Read, "thing", Row{CreatedBy: "c"}).Allow || !e.Decide(inName, Read, "thing", Row{CreatedBy: "p"}).Allow {
		t.Error("a client in a person's name makes things in that name")
	}
}

// TestCollision: actors whose posts hash alike do not get each other's plan.
func TestCollision(t *testing.T) {
	e := newWorld(t).good(t, `unit: {role: handler, on: thing, actions: read, scope: unit, basis: b}`)
	here, there := person("p", post(county, county, "handler")), person("p", post(other, other, "handler"))
	target := e.targets[targetKey{Read, "thing"}]
	foreign := target.plan(e, there)
	_, _, hash := target.signature(here, nil)
	target.plans[hash] = append(target.plans[hash], foreign)
	if e.Decide(here, Read, "thing", Row{Org: other}).Allow || !e.Decide(here, Read, "thing", Row{Org: county}).Allow {
		t.Error("decided by another actor's posts")
	}
}

func TestPrefixEnd(t *testing.T) {
	for in, want := range map[string]string{"/1301/": "/13010", "a": "b", "中": "丮", "\U0010FFFF": "", "a\U0010FFFF": "b", "\uD7FF": "\uE000", "": ""} {
		if got := prefixEnd(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

// TestPlansAreBounded: many different posts do not fill the memory, and
// decisions stay right when plans are forgotten.
func TestPlansAreBounded(t *testing.T) {
	e := newWorld(t).good(t, `unit: {role: handler, on: thing, actions: read, scope: unit, basis: b}`)
	for i := range maxPlans + 100 {
		path := "/" + strings.Repeat("x", i%7) + string(rune('a'+i%26)) + "/" + strings.Repeat("y", i%1000) + string(rune('0'+i%10)) + "/"
		if !e.Decide(person("p", post(path, path, "handler")), Read, "thing", Row{Org: path}).Allow {
			t.Fatal("refused after", i)
		}
	}
	e.plans.Store(maxPlans)
	fresh := "/new/"
	if !e.Decide(person("p", post(fresh, fresh, "handler")), Read, "thing", Row{Org: fresh}).Allow || e.plans.Load() != 1 {
		t.Errorf("%d plans after the bound", e.plans.Load())
	}
	target := e.targets[targetKey{Read, "thing"}]
	if len(target.plans) != 1 {
		t.Errorf("%d plans kept", len(target.plans))
	}
}
