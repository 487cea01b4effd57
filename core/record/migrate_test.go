package record

import (
	"context"
	"strings"
	"testing"

	"chengshu/kernel/db"
	"chengshu/kernel/db/dbtest"
	"chengshu/kernel/fault"
)

const before = `
record: tree
title: T
owner: a
basis: b
fields:
  name: {title: N, type: text}
  girth: {title: G, type: decimal, scale: 1}
  at: {title: A, type: point}
  kinds: {title: K, type: choice, many: true, choices: {oak: {title: O}, elm: {title: E}}}
  gone: {title: X, type: text}
filters: [name]
`

// TestMigrate starts a second program with other declarations over the rows of
// a first.
func TestMigrate(t *testing.T) {
	const row = `{"name":"old oak","girth":"3.5","at":{"lon":1,"lat":2},"kinds":["oak"],"gone":"still here"}`
	edit := func(pairs ...string) string { return strings.NewReplacer(pairs...).Replace(before) }
	for name, c := range map[string]struct {
		after string
		typ   string
		want  string // the row as the new declarations show it
		code  string
		says  string
	}{
		"the same":                {after: before, want: row},
		"field added":             {after: edit("gone:", "age: {title: A, type: integer}\n  gone:"), want: row},
		"field removed":           {after: edit("  gone: {title: X, type: text}\n", ""), want: strings.Replace(row, `,"gone":"still here"`, "", 1)},
		"field renamed":           {after: edit("girth: {", "width: {was: girth, "), want: strings.Replace(row, "girth", "width", 1)},
		"point renamed":           {after: edit("at: {", "spot: {was: at, "), want: strings.Replace(row, `"at"`, `"spot"`, 1)},
		"type renamed":            {after: edit("record: tree", "record: big-tree\nwas: tree"), typ: "big-tree", want: row},
		"text to choice":          {after: edit("name: {title: N, type: text}", "name: {title: N, type: choice, choices: {ash: {title: A}}}"), want: row},
		"text to number":          {after: edit("name: {title: N, type: text}", "name: {title: N, type: integer}"), code: "would-lose-data", says: `field "name" is stored as text and cannot become integer`},
		"number to date":          {after: edit("girth: {title: G, type: decimal, scale: 1}", "girth: {title: G, type: date}"), code: "would-lose-data", says: `"girth" is stored as decimal of scale 1 and cannot become date`},
		"another scale":           {after: edit("scale: 1", "scale: 2"), code: "would-lose-data", says: `"girth" is stored as decimal of scale 1 and cannot become decimal of scale 2`},
		"time from decimal":       {after: edit("type: decimal, scale: 1", "type: time"), code: "would-lose-data", says: "cannot become time"},
		"one from many":           {after: edit("many: true, ", ""), code: "would-lose-data", says: `"kinds" is stored as choice many and cannot become choice;`},
		"renamed to another form": {after: edit("girth: {title: G, type: decimal, scale: 1}", "width: {title: G, type: text, was: girth}"), code: "would-lose-data", says: `"girth" is stored as decimal`},
	} {
		t.Run(name, func(t *testing.T) {
			dbtest.Each(t, func(t *testing.T, d *db.DB) {
				w := newWorld(t, d, before)
				old := w.create("tree", row)
				next, err := open(t, d, c.after)
				if c.code != "" {
					if fault.Code(err) != c.code || !strings.Contains(err.Error(), c.says) || !strings.Contains(err.Error(), "declare a new field under another name") {
						t.Fatalf("got %v, want %s", err, c.says)
					}
					// Nothing was changed: the first declarations still load.
					again := newWorld(t, d, before)
					if got := again.get("tree", old.ID).json(); got != row {
						t.Errorf("after the refusal the row is %s", got)
					}
					return
				}
				must(t, err)
				typ := c.typ
				if typ == "" {
					typ = "tree"
				}
				if got := next.get(typ, old.ID).json(); got != c.want {
					t.Errorf("the row is\n%s, want\n%s", got, c.want)
				}
				h, err := next.e.History(d.Read(context.Background()), next.typ(typ), old.ID, 0, 5)
				must(t, err)
				if len(h) != 1 {
					t.Fatalf("%d revisions", len(h))
				}
				for _, f := range next.typ(typ).Fields {
					v := next.get(typ, old.ID).Get(f.Name)
					if v != nil && string(h[0].Fields[f.Name]) != string(AppendField(nil, f, v)) {
						t.Errorf("history has %s for %s", h[0].Fields[f.Name], f.Name)
					}
				}
				next.create(typ, `{"kinds":["elm"]}`)
			})
		})
	}
}

// TestIndexes adds and takes away filters: the indexes follow, and ours only.
func TestIndexes(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := context.Background()
		count := func() int {
			have, err := d.Indexes(ctx, "r_tree")
			must(t, err)
			return len(have)
		}
		newWorld(t, d, before)
		first := count()
		must(t, d.DDL(ctx, "create index by_hand on r_tree (gone)"))
		newWorld(t, d, before+"sorts: [girth, gone]\n")
		if got := count(); got != first+3 {
			t.Errorf("%d indexes, want %d", got, first+3)
		}
		newWorld(t, d, before)
		if got := count(); got != first+1 {
			t.Errorf("%d indexes after taking back, want %d", got, first+1)
		}
	})
}

// TestUniqueOverDuplicates refuses to make two equal rows unique.
func TestUniqueOverDuplicates(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, before)
		w.create("tree", `{"name":"twin"}`)
		w.create("tree", `{"name":"twin"}`)
		if _, err := open(t, d, before+"unique: [name]\n"); err == nil || !db.IsUnique(err) {
			t.Errorf("got %v", err)
		}
	})
}

// TestSearchDeclaredLater finds rows that were there before search was
// declared, widened, or the type renamed.
func TestSearchDeclaredLater(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, before)
		w.create("tree", `{"name":"梧桐树","gone":"旧址"}`)
		find := func(w *world, typ, text string) int64 {
			t.Helper()
			n, err := w.e.Count(context.Background(), w.typ(typ), Query{Text: text})
			must(t, err)
			return n
		}
		named := newWorld(t, d, before+"search: [name]\n")
		if got := find(named, "tree", "梧桐"); got != 1 {
			t.Errorf("found %d by name", got)
		}
		wide := newWorld(t, d, before+"search: [name, gone]\n")
		if got := find(wide, "tree", "旧址"); got != 1 {
			t.Errorf("found %d by the field added", got)
		}
		renamed := newWorld(t, d, strings.Replace(before, "record: tree", "record: big-tree\nwas: tree", 1)+"search: [name, gone]\n")
		if got := find(renamed, "big-tree", "梧桐"); got != 1 {
			t.Errorf("found %d after renaming", got)
		}
	})
}
