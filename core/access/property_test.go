package access

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"chengshu/core/decl"
	"chengshu/core/identity"
	"chengshu/core/rule"
	"chengshu/kernel/db"
	"chengshu/kernel/db/dbtest"
)

// TestCedarIsSQL: for random grants, actors and rows, the decision about each
// row is what the predicate finds, on both databases; and where no value is
// missing, both are what the declaration says when read naively.
func TestCedarIsSQL(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		g := gen{rand.New(rand.NewPCG(1, uint64(time.Now().Unix())))}
		t.Logf("seed is the time; rerun on failure with the grants printed")
		rows := g.rows(150)
		store(t, d, rows)
		allowed := 0
		for range 60 {
			allowed += g.round(t, d, newWorld(t), rows)
		}
		if allowed < 1000 {
			t.Errorf("only %d rows were ever allowed: the test proves little", allowed)
		}
	})
}

// round compares everything for one set of grants.
func (g gen) round(t *testing.T, d *db.DB, w world, rows []Row) (allowed int) {
	t.Helper()
	r := &decl.Report{}
	var grants []*Grant
	for i := range 1 + g.IntN(5) {
		grants = append(grants, g.grant(i))
	}
	e := w.engine(r, grants...)
	if err := r.Err(); err != nil {
		t.Fatal(err)
	}
	for range 6 {
		a := g.actor()
		// The naive reading has no word for a person who is missing.
		naive := a.Person != "" || !strings.Contains(texts(grants), "me.person")
		found := query(t, d, e.Filter(a, Read, "thing"))
		for _, row := range rows {
			got := e.Decide(a, Read, "thing", row)
			if got.Allow != found[row.ID] {
				t.Fatalf("Cedar says %v, SQL %v, of %+v\nactor %+v\n%s", got.Allow, found[row.ID], row, a, texts(grants))
			}
			full := row.ID[0] == 'f'
			if want := naive && full && w.naive(grants, a, row); naive && full && got.Allow != want {
				t.Fatalf("both say %v, the declaration %v, of %+v\nactor %+v\n%s", got.Allow, want, row, a, texts(grants))
			}
			if got.Allow {
				allowed++
			}
		}
	}
	return allowed
}

func texts(grants []*Grant) string {
	var b strings.Builder
	for _, g := range grants {
		fmt.Fprintf(&b, "%v %s when %s\n", g.Role, g.Scope, g.When.Text)
	}
	return b.String()
}

// naive reads the grants as a person would, with CEL's own evaluation. It is
// right for rows in which every field has a value.
func (w world) naive(grants []*Grant, a *identity.Actor, row Row) bool {
	for _, g := range grants {
		var posts []identity.Post
		held := false
		for _, role := range g.Role {
			held = held || a.Has(role)
			for _, p := range a.Posts {
				if slices.Contains(p.Roles, role) {
					posts = append(posts, p)
				}
			}
		}
		if !held || !naiveScope(g.Scope, a, posts, row) {
			continue
		}
		if !g.When.Given() {
			return true
		}
		x := w.rules.Compile(g.When, rule.Vars{"row": rule.ObjectOf("record.thing"), "me": rule.ObjectOf("actor")}, rule.Bool, &decl.Report{})
		if x.True(map[string]any{"row": asRule{row}, "me": rule.Map{"person": a.Person}}) {
			return true
		}
	}
	return false
}

func naiveScope(s Scope, a *identity.Actor, posts []identity.Post, row Row) bool {
	in := func(of func(identity.Post) bool) bool { return slices.ContainsFunc(posts, of) }
	switch s {
	case All:
		return true
	case Own:
		return a.Person != "" && row.CreatedBy == a.Person
	case Assigned:
		return a.Person != "" && row.Assignee == a.Person
	case Subject:
		return a.Person != "" && (row.Subject == a.Person || a.Subject != "" && row.Subject == a.Subject)
	case Unit:
		return in(func(p identity.Post) bool { return strings.HasPrefix(row.Org, p.Path) })
	case Place:
		return in(func(p identity.Post) bool { return strings.HasPrefix(row.Place, p.Division) })
	case TaskOf:
		return slices.ContainsFunc(row.Tasks, func(t Task) bool {
			return a.Person != "" && t.Assignee == a.Person || in(func(p identity.Post) bool { return p.Path == t.Org })
		})
	}
	return false
}

// asRule shows a row to expressions.
type asRule struct{ Row }

func (r asRule) RuleField(name string) any {
	switch name {
	case "created_by":
		return textOrNil(r.CreatedBy)
	case "org_path":
		return textOrNil(r.Org)
	case "place_path":
		return textOrNil(r.Place)
	case "about":
		return textOrNil(r.Subject)
	}
	v := r.Fields.Get(name)
	switch {
	case v == nil:
		return nil
	case name == "amount":
		return float64(v.(int64)) / 100
	case name == "at":
		return time.UnixMilli(v.(int64))
	}
	return v
}

// gen makes random things, from small pools so that they meet.
type gen struct{ *rand.Rand }

func pick1[T any](g gen, of ...T) T { return of[g.IntN(len(of))] }

var (
	somePaths   = []string{city, county, street, other, bureau, "/1301/1301021/", "/13/", "/1301/130102/130102-urban/"}
	somePersons = []string{"p1", "p2", "p3"}
	someTexts   = []string{"a", "ab", "abc", "b", "*", "a*", "中", "中文", "A", "o'k", "\U0010FFFF", "é"}
	someDays    = []string{"2026-01-01", "2026-02-28", "2026-12-31"}
)

func (g gen) actor() *identity.Actor {
	a := &identity.Actor{}
	switch g.IntN(5) {
	case 0:
		a.Anonymous = true
		return a
	case 1:
		a.Client = "c"
	default:
		a.Person = pick1(g, somePersons...)
		if g.IntN(2) == 0 {
			a.Subject = pick1(g, "p3", "r1", "r2")
		}
	}
	for range g.IntN(4) {
		roles := pick1(g, []string{"handler"}, []string{"head"}, []string{"handler", "head"}, []string{"unheard-of"})
		a.Posts = append(a.Posts, post(pick1(g, somePaths...), pick1(g, city, county, street, other), roles...))
	}
	return a
}

func (g gen) grant(i int) *Grant {
	out := &Grant{On: []string{"thing"}, Actions: []string{Read}, Scope: pick1(g, scopes...), Basis: "b"}
	out.Name = fmt.Sprint("g", i)
	if g.IntN(3) > 0 {
		out.When.Text = g.cond(3)
	}
	switch out.Scope {
	case Unit, Place:
		out.Role = pick1(g, []string{"handler"}, []string{"head", "handler"})
	case All:
		out.Role = pick1(g, []string{"handler"}, []string{"head"}, []string{identity.Citizen}, []string{identity.Anyone})
		if out.Role[0] == identity.Anyone || out.Role[0] == identity.Citizen {
			out.When.Text = g.cond(3)
		}
	default:
		out.Role = pick1(g, []string{"handler"}, []string{identity.Citizen}, []string{"head", identity.Citizen})
	}
	return out
}

// cond writes a random condition of the language.
func (g gen) cond(depth int) string {
	if depth > 0 {
		switch g.IntN(5) {
		case 0:
			return "(" + g.cond(depth-1) + " && " + g.cond(depth-1) + ")"
		case 1:
			return "(" + g.cond(depth-1) + " || " + g.cond(depth-1) + ")"
		case 2:
			return "!(" + g.cond(depth-1) + ")"
		}
	}
	eq := pick1(g, "==", "!=")
	order := pick1(g, "==", "!=", "<", "<=", ">", ">=")
	text := pick1(g, "row.label", "row.note", "row.owner", "row.created_by", "row.about")
	quoted := fmt.Sprintf("%q", pick1(g, someTexts...))
	switch g.IntN(14) {
	case 0:
		return fmt.Sprintf("row.level %s 'core'", eq)
	case 1:
		return pick1(g, "row.level in ['core', 'general']", "row.count in [1, 2]", "row.label in ['a', '中', 'o\\'k']")
	case 2:
		return fmt.Sprintf("row.count %s %d", order, g.IntN(5)-1)
	case 3:
		return fmt.Sprintf("%d %s row.count", g.IntN(5)-1, order)
	case 4:
		return fmt.Sprintf("row.amount %s %s", order, pick1(g, "1.5", "0.0", "2.25", "-1.0"))
	case 5:
		return "row.open"
	case 6:
		return fmt.Sprintf("row.day %s '%s'", order, pick1(g, someDays...))
	case 7:
		return fmt.Sprintf("row.at %s timestamp('2026-03-01T00:00:00Z')", order)
	case 8:
		return text + " " + eq + " " + quoted
	case 9:
		return pick1(g, "row.label", "row.owner", "row.org_path") + ".startsWith(" + pick1(g, quoted, `"/1301/"`) + ")"
	case 10:
		return fmt.Sprintf("%s %s me.person", pick1(g, "row.owner", "row.created_by", "row.about"), eq)
	case 11:
		return fmt.Sprintf("me.person %s row.owner", eq)
	case 12:
		return "has(" + pick1(g, "row.label", "row.count", "row.owner") + ")"
	}
	return fmt.Sprintf("row.owner %s row.label", eq)
}

// rows makes rows; the ids of those without a missing value begin with f.
func (g gen) rows(n int) []Row {
	var out []Row
	for i := range n {
		full := i%2 == 0
		may := func(v any) any {
			if !full && g.IntN(3) == 0 {
				return nil
			}
			return v
		}
		text := func(from ...string) string { s, _ := may(pick1(g, from...)).(string); return s }
		v := values{"level": may(pick1(g, "core", "general", "important")), "count": may(int64(g.IntN(4) - 1)),
			"amount": may(pick1(g, int64(150), int64(149), int64(0), int64(225), int64(-100))), "open": may(g.IntN(2) == 0),
			"day": may(pick1(g, someDays...)), "at": may(pick1(g, int64(1772323200000), int64(1772323200001), int64(0))),
			"label": may(pick1(g, someTexts...)), "note": may(pick1(g, someTexts...)), "owner": may(pick1(g, append(somePersons, "a")...))}
		row := Row{ID: fmt.Sprintf("%s%d", map[bool]string{true: "f", false: "m"}[full], i), Org: text(somePaths...), Place: text(city, county, street, other),
			CreatedBy: text(somePersons...), Assignee: text(somePersons...), Subject: text("p1", "p3", "r1", "r2"), Fields: v}
		for range g.IntN(3) {
			row.Tasks = append(row.Tasks, Task{Org: pick1(g, append(somePaths, "")...), Assignee: pick1(g, "", "p1", "p2")})
		}
		out = append(out, row)
	}
	return out
}

func store(t *testing.T, d *db.DB, rows []Row) {
	t.Helper()
	err := d.DDL(t.Context(), `create table r_thing (id text collate "C" primary key, org text collate "C", place text collate "C",
		created_by text collate "C", assignee text collate "C", about text collate "C", level text collate "C", count bigint, amount bigint,
		open boolean, day text collate "C", at bigint, label text collate "C", note text, owner text collate "C")`,
		`create table process_task (case_id text collate "C", org text collate "C", assignee text collate "C", role text collate "C")`)
	if err != nil {
		t.Fatal(err)
	}
	err = d.Do(t.Context(), func(tx *db.Tx) error {
		for _, r := range rows {
			f := r.Fields.Get
			_, err := tx.Exec(`insert into r_thing values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)`,
				r.ID, textOrNil(r.Org), textOrNil(r.Place), textOrNil(r.CreatedBy), textOrNil(r.Assignee), textOrNil(r.Subject),
				f("level"), f("count"), f("amount"), f("open"), f("day"), f("at"), f("label"), f("note"), f("owner"))
			if err != nil {
				return err
			}
			for _, task := range r.Tasks {
				_, err := tx.Exec(`insert into process_task values ($1, $2, $3, $4)`, r.ID, textOrNil(task.Org), textOrNil(task.Assignee), "handler")
				if err != nil {
					return err
				}
			}
			// A timer, which nobody holds.
			if _, err := tx.Exec(`insert into process_task values ($1, $2, $3, $4)`, r.ID, city, "p1", nil); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// query returns the ids of the rows that the predicate finds; its parameters
// come after another one, as in a list.
func query(t *testing.T, d *db.DB, p Predicate) map[string]bool {
	t.Helper()
	out := find(t, d, p)
	either := map[string]bool{}
	for _, part := range p.Alternatives() {
		maps.Copy(either, find(t, d, part))
	}
	if !maps.Equal(out, either) {
		t.Fatalf("the alternatives find %d rows, the predicate %d", len(either), len(out))
	}
	return out
}

func find(t *testing.T, d *db.DB, p Predicate) map[string]bool {
	t.Helper()
	sql, args := p.SQL(2)
	rows, err := d.Read(t.Context()).Query(`select id from r_thing where id <> $1 and `+sql, append([]any{"none"}, args...)...)
	if err != nil {
		t.Fatalf("%v in %s", err, sql)
	}
	defer rows.Close()
	out := map[string]bool{}
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			t.Fatal(err)
		}
		out[id] = true
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	if len(out) > 0 && !p.Open() || p.All() && len(out) != 150 {
		t.Fatalf("open %v, all %v, but %d rows: %s", p.Open(), p.All(), len(out), sql)
	}
	return out
}
