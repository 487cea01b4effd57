package record

import (
	"context"
	"strings"
	"testing"

	"chengshu/core/decl/decltest"
	"chengshu/kernel/db"
	"chengshu/kernel/db/dbtest"
)

// words are called as words of SQL are, of either database and of the DDL that
// this program rewrites.
const words = `
record: table
title: T
owner: a
basis: b
fields:
  order: {title: O, type: integer}
  group: {title: G, type: text}
  from: {title: F, type: text}
  select: {title: S, type: choice, choices: {a: {title: A}, b: {title: B}}}
  index: {title: I, type: integer}
  user: {title: U, type: reference, to: person}
  end: {title: E, type: date}
  desc: {title: D, type: text, multiline: true}
  offset: {title: F, type: decimal, scale: 1}
  default: {title: D, type: boolean}
  table: {title: T, type: reference, to: table}
  serial: {title: S, type: text}
  bytea: {title: B, type: text}
  rowid: {title: R, type: integer}
  check: {title: C, type: point}
  values: {title: V, type: time}
  n_th: {title: N, type: integer, compute: row.order * 2}
title_field: from
org: group
place: index_of
filters: [order, group, from, select, user, end, default, table, values]
sorts: [order, index, from, end, offset]
search: [from, desc]
unique: [serial]
`

// TestWords holds that a field may be called as a word of SQL is.
func TestWords(t *testing.T) {
	text := edited(words, "index_of", "bytea")
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := context.Background()
		w := newWorld(t, d, text)
		first := w.create("table", `{"order": 1, "group": "/x/", "from": "here", "select": "a", "index": 7, "user": "ann", "end": "2026-03-02",
			"desc": "long words", "offset": "1.5", "default": true, "serial": "S1", "rowid": 5, "check": {"lon": 115, "lat": 38}, "values": "2026-03-02T09:00:00Z", "bytea": "/p/"}`)
		second := w.create("table", `{"order": 2, "from": "there", "table": "`+first.ID+`", "serial": "S2"}`)
		first, err := w.revise(first, `{"order": 3, "group": null, "desc": "other things", "check": {"lon": 115.1, "lat": 38.1}, "offset": "2.5"}`)
		must(t, err)
		if first.Int("order") != 3 || first.Int("n_th") != 6 || first.Text("desc") != "other things" || first.Get("group") != nil {
			t.Errorf("revised to %s", first.json())
		}
		_, err = w.revise(second, `{"serial": "S1"}`)
		wants(t, err, "not-unique")

		typ := w.typ("table")
		find := func(want string, q Query, params ...string) {
			t.Helper()
			for i := 0; i+1 < len(params); i += 2 {
				c, err := typ.ParseCond(params[i], params[i+1])
				must(t, err)
				q.Where = append(q.Where, c)
			}
			page, err := w.e.Query(ctx, typ, q)
			must(t, err)
			got := ""
			for _, r := range page.Rows {
				got += r.Text("serial") + " "
			}
			if got != want {
				t.Errorf("%v %+v: found %q, want %q", params, q, got, want)
			}
		}
		find("S1 ", Query{}, "order", "2..4", "select", "a,b", "user", "ann", "end", "2026-03-01..", "default", "true", "values", "2026-03-02")
		find("S1 ", Query{}, "group", "null", "table", "null")
		find("S2 ", Query{Text: "there", Sort: "order", Total: true}, "table", first.ID)
		find("S1 ", Query{Box: &Box{115, 38, 116, 39}, Sort: "index"})
		find("S1 ", Query{Near: &Near{Point{115.1, 38.1}, 100}})
		for _, sort := range typ.Sorts {
			one, err := w.e.Query(ctx, typ, Query{Sort: sort, Desc: true, Limit: 1})
			must(t, err)
			if one.Rows[0].Text("serial") == "S1" {
				find("S2 ", Query{Sort: sort, Desc: true, Limit: 1, After: one.Next})
			} else {
				find("S1 ", Query{Sort: sort, Desc: true, Limit: 1, After: one.Next})
			}
		}
		tally, err := w.e.TallyBy(ctx, typ, Query{}, "select", 5)
		must(t, err)
		if len(tally) != 1 || tally[0] != (Tally{"a", 1}) {
			t.Errorf("tally %v", tally)
		}
		if _, err := w.e.TallyByDay(ctx, typ, Query{}, "values"); err != nil {
			t.Error(err)
		}
		got, err := w.e.Lookup(ctx, "table", "from", []any{"here"}, "select", []any{"a"}, "end", "offset")
		must(t, err)
		if got != 2.5 {
			t.Errorf("looked up %v", got)
		}

		// A second start finds nothing to do, and a field may be renamed and added.
		have, err := d.Indexes(ctx, "r_table")
		must(t, err)
		w = newWorld(t, d, text)
		again, err := d.Indexes(ctx, "r_table")
		must(t, err)
		for name, def := range have {
			if again[name] != def {
				t.Errorf("index %s was %s, is %s", name, def, again[name])
			}
		}
		w = newWorld(t, d, edited(text, "  index: {title: I, type: integer}", "  having: {title: I, type: integer, was: index}\n  limits: {title: L, type: text}", "order, index", "order, having"))
		if got := w.get("table", first.ID); got.Int("having") != 7 {
			t.Errorf("renamed to %s", got.json())
		}
	})
}

// TestReserved holds that a name which no quotes can save is refused.
func TestReserved(t *testing.T) {
	for _, name := range []string{"rank", "tokens", "ctid", "xmin", "limit"} {
		_, r := decltest.Read(t, edited(words, "  index:", "  "+name+": {title: X, type: text}\n  index:", "index_of", "bytea"), Kind)
		problems := r.Problems()
		if len(problems) != 1 || problems[0].Line != 11 || problems[0].Col != 3 {
			t.Errorf("%s: %v", name, problems)
		}
	}
}

// TestTakenByPoint holds that a field may not take a column of a point.
func TestTakenByPoint(t *testing.T) {
	_, r := decltest.Read(t, edited(words, "  index:", "  check_lat: {title: X, type: decimal}\n  index:", "index_of", "bytea"), Kind)
	if p := r.Problems(); len(p) != 1 || p[0].Line != 11 {
		t.Errorf("%v", p)
	}
}

// edited returns text with the first of each pair replaced by the second.
func edited(text string, pairs ...string) string { return strings.NewReplacer(pairs...).Replace(text) }
