package record

import (
	"context"
	"fmt"
	"testing"

	"chengshu/kernel/db"
	"chengshu/kernel/db/dbtest"
)

// only is a scope of the rows with one of these ids, one alternative each.
func only(ids ...string) Query {
	var q Query
	for _, id := range ids {
		q.Within = append(q.Within, Alternative{"id", func(first int) (string, []any) { return fmt.Sprintf("id = $%d", first), []any{id} }})
	}
	q.Scope = func(first int) (string, []any) {
		sql, args := "1 = 0", []any{}
		for _, id := range ids {
			sql, args = fmt.Sprintf("%s or id = $%d", sql, first+len(args)), append(args, id)
		}
		return sql, args
	}
	return q
}

// TestNarrow holds that rows found by their alternatives are those of the scope.
func TestNarrow(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, cityYAML)
		ids := map[string]string{}
		for i := range 6 {
			row := w.create("lamp", fmt.Sprintf(`{"code":"A%d","watts":%d,"label":"east gate %d"}`, i, 1+i%2, i))
			ids[row.Text("code")] = row.ID
		}
		mine := only(ids["A1"], ids["A4"], ids["A3"], ids["A4"])
		tests := map[string]struct {
			change func(*Query)
			want   string
			narrow bool
		}{
			"all":            {func(*Query) {}, "A4 A3 A1", true},
			"filtered":       {func(q *Query) { q.Where = []Cond{{Field: "watts", In: []any{int64(2)}}} }, "A3 A1", true},
			"oldest first":   {func(q *Query) { q.Sort = "created_at" }, "A1 A3 A4", true},
			"sorted":         {func(q *Query) { q.Sort = "code" }, "A1 A3 A4", true},
			"counted":        {func(q *Query) { q.Total = true }, "A4 A3 A1", true},
			"no index":       {func(q *Query) { q.Within[1].Column = "watts" }, "A4 A3 A1", false},
			"not said":       {func(q *Query) { q.Within = nil }, "A4 A3 A1", false},
			"counted, wide":  {func(q *Query) { q.Within, q.Total = nil, true }, "A4 A3 A1", false},
			"text":           {func(q *Query) { q.Text = "gate" }, "A4 A3 A1", true},
			"text of one":    {func(q *Query) { q.Text = "gate 3" }, "A3", true},
			"nobody's scope": {func(q *Query) { *q = only("x") }, "", true},
		}
		for name, c := range tests {
			t.Run(name, func(t *testing.T) {
				q := only(ids["A1"], ids["A4"], ids["A3"], ids["A4"])
				c.change(&q)
				b := &builder{t: w.typ("lamp")}
				must(t, b.build(context.Background(), w.e, q))
				if b.narrow != c.narrow {
					t.Errorf("narrow is %v, want %v", b.narrow, c.narrow)
				}
				page := w.query(q)
				if got := codes(page.Rows); got != c.want {
					t.Errorf("%q, want %q", got, c.want)
				}
				if q.Total && page.Total != 3 {
					t.Errorf("%d in all, want 3", page.Total)
				}
			})
		}
		mine.Limit = 2
		first := w.query(mine)
		mine.After = first.Next
		if got := codes(first.Rows) + " | " + codes(w.query(mine).Rows); got != "A4 A3 | A1" {
			t.Errorf("pages %q", got)
		}
	})
}

// TestWide holds that many rows are not collected first.
func TestWide(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, cityYAML)
		template, err := w.plan("lamp", `{"code":"X"}`)
		must(t, err)
		must(t, d.Do(context.Background(), func(tx *db.Tx) error {
			for i := range fewRows + 1 {
				row := template.Row.clone()
				row.ID = fmt.Sprintf("id%d", i)
				row.Values[row.Type.Field("code").index] = fmt.Sprintf("X%d", i)
				if _, err := (&Draft{Row: row, engine: w.e}).Write(tx, Stamp{Act: "a", Verb: "v", At: 1}); err != nil {
					return err
				}
			}
			return nil
		}))
		for _, c := range []struct {
			from, text string
			narrow     bool
		}{{"id", "", false}, {"id2", "", true}, {"id2", "X", false}, {"id999", "X", true}} {
			q := Query{Limit: 1, Text: c.text, Within: []Alternative{{"id", func(first int) (string, []any) { return fmt.Sprintf("id >= $%d", first), []any{c.from} }}}}
			q.Scope = q.Within[0].SQL
			narrow, err := w.e.narrow(context.Background(), w.typ("lamp"), q)
			must(t, err)
			if narrow != c.narrow {
				t.Errorf("ids from %s, text %q: narrow is %v", c.from, c.text, narrow)
			}
			if page := w.query(q); c.text == "" && (len(page.Rows) != 1 || page.Rows[0].ID != fmt.Sprintf("id%d", fewRows) && !c.narrow) {
				t.Errorf("ids from %s: %v", c.from, codes(page.Rows))
			}
		}
	})
}
