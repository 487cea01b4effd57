package record

import (
	"context"
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"chengshu/kernel/db"
	"chengshu/kernel/db/dbtest"
	"chengshu/kernel/fault"
)

func (w *world) query(q Query) Page {
	w.t.Helper()
	page, err := w.e.Query(context.Background(), w.typ("lamp"), q)
	must(w.t, err)
	return page
}

// codes are the codes of rows, in order.
func codes(rows []*Row) string {
	var out []string
	for _, r := range rows {
		out = append(out, r.Text("code"))
	}
	return strings.Join(out, " ")
}

func TestFilters(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, cityYAML)
		w.placed("p1", "/1/")
		for _, in := range []string{
			`"code":"A","watts":5,"lit":true,"built":"2020-01-31","seen":"2026-03-01T16:00:00Z","stands":"p1","height":"1.50"`,
			`"code":"B","watts":60,"lit":false,"built":"2020-02-01","seen":"2026-03-02T15:59:59.999Z","colour":"cold","height":"10.00"`,
			`"code":"C","watts":100,"built":"2021-01-01","seen":"2026-03-02T16:00:00Z","height":"-2.00"`,
			`"code":"D"`,
		} {
			w.create("lamp", "{"+in+"}")
		}
		for _, c := range []struct{ name, value, want string }{
			{"watts", "60", "B"},
			{"watts", "5,100,7", "C A"},
			{"watts", "6..100", "C B"},
			{"watts", "..60", "B A"},
			{"watts", "61..", "C"},
			{"watts", "..", "D C B A"},
			{"watts", "null", "D"},
			{"lit", "true", "A"},
			{"lit", "false", "B"},
			{"built", "2020-02-01", "B"},
			{"built", "2020-01-31..2020-12-31", "B A"},
			{"seen", "2026-03-02", "B A"}, // a day in Shanghai
			{"seen", "2026-03-02..2026-03-02", "B A"},
			{"seen", "2026-03-02T16:00:00Z..", "C"},
			{"seen", "2026-03-03", "C"},
			{"height", "1.5", "A"},
			{"height", "-2..1.50", "C A"}, // as numbers, not as texts
			{"colour", "warm,cold", "D C B A"},
			{"stands", "null", "D C B"},
			{"stands", "p1", "A"},
			{"created_by", "ann", "D C B A"},
			{"created_by", "bob", ""},
			{"created_at", "2026-03-02", "D C B A"},
			{"created_at", "2026-03-03..", ""},
		} {
			cond, err := w.typ("lamp").ParseCond(c.name, c.value)
			must(t, err)
			page := w.query(Query{Where: []Cond{cond}, Total: true})
			if got := codes(page.Rows); got != c.want || page.Total != int64(len(page.Rows)) {
				t.Errorf("%s=%s: %q of %d, want %q", c.name, c.value, got, page.Total, c.want)
			}
			n, err := w.e.Count(context.Background(), w.typ("lamp"), Query{Where: []Cond{cond}})
			if must(t, err); n != page.Total {
				t.Errorf("%s=%s: counted %d", c.name, c.value, n)
			}
		}
		for _, c := range []struct{ name, value, code string }{
			{"watts", "many", "bad-filter"}, {"watts", "1..x", "bad-filter"}, {"watts", "", "bad-filter"}, {"watts", "1,,2", "bad-filter"},
			{"lit", "maybe", "bad-filter"}, {"built", "2020", "bad-filter"}, {"seen", "today", "bad-filter"}, {"height", "1.234", "bad-filter"},
			{"watts", strings.Repeat("1,", 100) + "1", "bad-filter"}, {"unheard", "1", "unknown-filter"}, {"rev", "1", "unknown-filter"},
		} {
			if _, err := w.typ("lamp").ParseCond(c.name, c.value); fault.Code(err) != c.code {
				t.Errorf("%s=%s: %v, want %s", c.name, c.value, err, c.code)
			}
		}
		// A field that no filter is declared for is refused, not searched through.
		if _, err := w.e.Query(context.Background(), w.typ("lamp"), Query{Where: []Cond{{Field: "label", In: []any{"x"}}}}); fault.Code(err) != "unknown-filter" {
			t.Errorf("filtered by label: %v", err)
		}
	})
}

// TestPaging walks through every order of many rows with many equal and absent
// values, a page at a time: no row is lost and none comes twice.
func TestPaging(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, cityYAML)
		r := rand.New(rand.NewPCG(5, 6))
		const rows = 57
		var drafts []*Draft
		for i := range rows {
			in := fmt.Sprintf(`"code":"R%02d"`, i)
			if v := r.IntN(6); v > 0 {
				in += fmt.Sprintf(`,"watts":%d`, v)
			}
			if v := r.IntN(4); v > 0 {
				in += fmt.Sprintf(`,"built":"2020-01-0%d"`, v)
			}
			if v := r.IntN(3); v > 0 {
				in += fmt.Sprintf(`,"lit":%t,"height":"%d.00"`, v == 1, v-2)
			}
			dr, err := w.plan("lamp", "{"+strings.Replace(in, `"lit":true`, `"lit":false`, r.IntN(2))+"}")
			if err != nil { // a lit lamp of too few watts
				dr, err = w.plan("lamp", fmt.Sprintf(`{"code":"R%02d"}`, i))
			}
			must(t, err)
			drafts = append(drafts, dr)
		}
		must(t, d.Do(context.Background(), func(tx *db.Tx) error {
			for _, dr := range drafts {
				if _, err := dr.Write(tx, Stamp{Act: "a", Verb: "v", At: now.UnixMilli()}); err != nil {
					return err
				}
			}
			return nil
		}))
		for _, sort := range []string{"", "created_at", "updated_at", "watts", "built", "lit", "height", "code"} {
			for _, desc := range []bool{false, true} {
				whole := w.query(Query{Sort: sort, Desc: desc, Limit: MaxLimit})
				if len(whole.Rows) != rows || whole.Next != "" {
					t.Fatalf("sort %q: %d rows at once", sort, len(whole.Rows))
				}
				ordered(t, whole.Rows, sort, desc)
				for _, limit := range []int{1, 7, rows - 1, rows} {
					var got []*Row
					q := Query{Sort: sort, Desc: desc, Limit: limit}
					for {
						page := w.query(q)
						got = append(got, page.Rows...)
						if page.Next == "" || len(got) > rows {
							break
						}
						q.After = page.Next
					}
					if diff := cmp.Diff(codes(whole.Rows), codes(got)); diff != "" {
						t.Errorf("sort %q desc %v by %d: %s", sort, desc, limit, diff)
					}
				}
			}
		}
	})
}

// ordered fails when the rows are not in the order of the field, those without
// a value last.
func ordered(t *testing.T, rows []*Row, sort string, desc bool) {
	t.Helper()
	f := rows[0].Type.Field(sort)
	if f == nil {
		return
	}
	key := func(r *Row) string {
		switch v := r.Values[f.index].(type) {
		case nil:
			return ""
		case int64:
			return fmt.Sprintf("%020d", v+1_000_000)
		default:
			return fmt.Sprint(v)
		}
	}
	keys := make([]string, len(rows))
	for i, r := range rows {
		keys[i] = key(r)
	}
	absent := slices.Index(keys, "")
	if absent < 0 {
		absent = len(keys)
	}
	for _, k := range keys[absent:] {
		if k != "" {
			t.Errorf("sort %s desc %v: a value follows rows without one", sort, desc)
		}
	}
	have := slices.Clone(keys[:absent])
	if desc {
		slices.Reverse(have)
	}
	if !slices.IsSorted(have) {
		t.Errorf("sort %s desc %v: %v", sort, desc, keys)
	}
}

// TestCursors gives cursors of other orders, cut ones, and made-up ones.
func TestCursors(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, cityYAML)
		for i := range 3 {
			w.create("lamp", fmt.Sprintf(`{"code":"A%d","watts":%d,"lit":false,"built":"2020-01-01"}`, i, i+1))
		}
		made := func(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }
		byWatts := w.query(Query{Sort: "watts", Limit: 1}).Next
		for _, c := range []struct{ sort, after string }{
			{"", "!"}, {"", "AAAA"}, {"", made(`[null]`)}, {"", made(`[null,"1"]`)}, {"", made(`[null,1.5]`)}, {"", made(`[null,1e99]`)},
			{"", made(`{"n":1}`)}, {"", made(`[{},1]`)}, {"", made(`["` + strings.Repeat("x", 5000) + `",1]`)},
			{"watts", byWatts[:len(byWatts)-2]}, {"watts", made(`["a",1]`)}, {"watts", made(`[true,1]`)}, {"watts", made(`[1.5,1]`)},
			{"built", byWatts}, {"lit", byWatts}, {"code", byWatts}, {"updated_at", made(`["x",1]`)}, {"height", made(`["1.5",1]`)},
		} {
			_, err := w.e.Query(context.Background(), w.typ("lamp"), Query{Sort: c.sort, After: c.after})
			if fault.Code(err) != "bad-cursor" {
				t.Errorf("sort %q after %q: %v", c.sort, c.after, err)
			}
		}
		for _, q := range []Query{{Sort: "label"}, {Sort: "tags"}, {Sort: "watts; drop table r_lamp"}, {Sort: "n"}} {
			if _, err := w.e.Query(context.Background(), w.typ("lamp"), q); fault.Code(err) != "unknown-sort" {
				t.Errorf("sort %q: %v", q.Sort, err)
			}
		}
		for _, limit := range []int{-1, MaxLimit + 1} {
			if _, err := w.e.Query(context.Background(), w.typ("lamp"), Query{Limit: limit}); fault.Code(err) != "bad-limit" {
				t.Errorf("limit %d: %v", limit, err)
			}
		}
	})
}

// TestPlaces compares boxes and circles with what going through all rows finds.
func TestPlaces(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, cityYAML)
		r := rand.New(rand.NewPCG(7, 8))
		const rows = 150
		at := map[string]Point{}
		for i := range rows {
			p := Point{114.4 + 0.2*r.Float64(), 38 + 0.1*r.Float64()}
			code := fmt.Sprintf("P%d", i)
			at[code] = p
			w.create("lamp", fmt.Sprintf(`{"code":%q,"at":{"lon":%v,"lat":%v}}`, code, p.Lon, p.Lat))
		}
		w.create("lamp", `{"code":"NOWHERE"}`)
		found := func(q Query) []string {
			q.Limit = MaxLimit
			out := strings.Fields(codes(w.query(q).Rows))
			slices.Sort(out)
			return out
		}
		some := 0
		for range 40 {
			c := Point{114.4 + 0.2*r.Float64(), 38 + 0.1*r.Float64()}
			metres := 20 + 5000*r.Float64()
			box := Box{c.Lon, c.Lat, c.Lon + 0.05*r.Float64(), c.Lat + 0.05*r.Float64()}
			near, in := []string{}, []string{}
			for code, p := range at {
				// On the local plane the circle errs by less than 0.1 %.
				if m := Metres(c, p); m < metres*0.999 {
					near = append(near, code)
				}
				if box.Contains(p) {
					in = append(in, code)
				}
			}
			slices.Sort(near)
			slices.Sort(in)
			got := slices.DeleteFunc(found(Query{Near: &Near{c, metres}}), func(code string) bool {
				m := Metres(c, at[code])
				return m >= metres*0.999 && m < metres*1.001
			})
			if diff := cmp.Diff(near, got); diff != "" {
				t.Errorf("within %g m of %v: %s", metres, c, diff)
			}
			if got := found(Query{Box: &box}); !slices.Equal(in, got) {
				t.Errorf("in %+v: %v, want %v", box, got, in)
			}
			some += len(near) + len(in)
		}
		if some < 100 {
			t.Fatalf("only %d rows were looked for: the test shows nothing", some)
		}
		if _, err := w.e.Query(context.Background(), w.typ("place"), Query{Box: &Box{}}); fault.Code(err) != "no-point" {
			t.Errorf("places have no point: %v", err)
		}
	})
}

func TestText(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, cityYAML)
		w.placed("east", "/1/2/")
		w.placed("west", "/1/3/")
		w.create("lamp", `{"code":"A","label":"中山路坏了","stands":"east","watts":10}`)
		w.create("lamp", `{"code":"B","label":"中山路修好","stands":"west","watts":20}`)
		w.create("lamp", `{"code":"C","label":"和平路","stands":"east","watts":10}`)
		east := []string{"/1/2/"}
		for _, c := range []struct {
			q    Query
			want string
		}{
			{Query{Text: "中山"}, "B A"},
			{Query{Text: "中山", TextScope: east}, "A"},
			{Query{Text: "中山", TextScope: []string{"/1/"}}, "B A"},
			{Query{Text: "中山", TextScope: []string{"/1/9/"}}, ""},
			{Query{Text: "路", Where: []Cond{{Field: "watts", In: []any{int64(10)}}}}, "C A"},
			{Query{Text: "c"}, "C"},
			{Query{Text: "没有的词"}, ""},
			{Query{Text: "中山", Sort: "watts"}, "A B"},
			{Query{Text: "中山", Limit: 1}, "B"},
		} {
			page := w.query(c.q)
			if got := codes(page.Rows); got != c.want {
				t.Errorf("%+v: %q, want %q", c.q, got, c.want)
			}
		}
		// A page of a search goes on where it ended.
		page := w.query(Query{Text: "中山", Limit: 1})
		if got := codes(w.query(Query{Text: "中山", Limit: 1, After: page.Next}).Rows); got != "A" {
			t.Errorf("the second page has %q", got)
		}
		// A revision and a deletion are seen; moving the row moves its scope.
		a := w.query(Query{Text: "坏了"}).Rows[0]
		moved, err := w.revise(a, `{"label":"中山路好了","stands":"west"}`)
		must(t, err)
		if got := codes(w.query(Query{Text: "坏了"}).Rows) + "|" + codes(w.query(Query{Text: "中山", TextScope: east}).Rows); got != "|" {
			t.Errorf("found by what it was: %q", got)
		}
		must(t, w.delete(moved))
		if got := codes(w.query(Query{Text: "好了"}).Rows); got != "" {
			t.Errorf("a deleted row is found: %q", got)
		}
		if _, err := w.e.Query(context.Background(), w.typ("place"), Query{Text: "x"}); fault.Code(err) != "no-search" {
			t.Errorf("places have no search: %v", err)
		}
	})
}

// TestScope holds that a scope narrows rows, counts and pages alike.
func TestScope(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, cityYAML)
		for i := range 6 {
			w.create("lamp", fmt.Sprintf(`{"code":"A%d","watts":%d}`, i, 1+i%2))
		}
		odd := func(first int) (string, []any) { return fmt.Sprintf("watts = $%d", first), []any{int64(2)} }
		page := w.query(Query{Scope: odd, Where: []Cond{{Field: "watts", From: int64(1)}}, Total: true, Limit: 2})
		if got := codes(page.Rows); got != "A5 A3" || page.Total != 3 || page.Next == "" {
			t.Errorf("%q of %d, next %q", got, page.Total, page.Next)
		}
	})
}

// TestNoScan plans the queries that lists ask and refuses those that would read
// a whole table.
func TestNoScan(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, cityYAML)
		typ := w.typ("lamp")
		for name, q := range map[string]Query{
			"next page":   {After: cursorOf(&Row{Type: typ, N: 9, Values: make([]any, len(typ.Fields))}, "")},
			"one value":   {Where: []Cond{{Field: "watts", In: []any{int64(1)}}}},
			"reference":   {Where: []Cond{{Field: "stands", In: []any{"p1"}}}},
			"range":       {Where: []Cond{{Field: "built", From: "2020-01-01", To: "2020-02-01"}}, Sort: "built"},
			"box":         {Box: &Box{114, 38, 114.01, 38.01}},
			"near":        {Near: &Near{Point{114, 38}, 500}},
			"sorted":      {Sort: "watts"},
			"sorted down": {Sort: "code", Desc: true},
		} {
			b := &builder{t: typ}
			must(t, b.build(context.Background(), w.e, q))
			must(t, b.seek(q))
			b.args = append(b.args, 51)
			t.Run(name, func(t *testing.T) {
				dbtest.NoScan(t, d, fmt.Sprintf("select %s from %s%s%s limit $%d", typ.sql.columns, b.from(), b.where(), b.order(q), len(b.args)), b.args...)
			})
		}
		dbtest.NoScan(t, d, typ.sql.byID+" and deleted_at is null", "x")
		dbtest.NoScan(t, d, `select rev from record_history where id = $1 and rev < $2 and type = $3 order by rev desc limit $4`, "x", 1, "lamp", 1)
	})
}

// TestCrowdedPlace asks for a box that holds more rows than are sorted.
func TestCrowdedPlace(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, cityYAML)
		template, err := w.plan("lamp", `{"code":"X","at":{"lon":114.5,"lat":38}}`)
		must(t, err)
		code := template.Row.Type.Field("code").index
		must(t, d.Do(context.Background(), func(tx *db.Tx) error {
			for i := range fewRows + 1 {
				row := template.Row.clone()
				row.ID, row.Values[code] = fmt.Sprintf("id%d", i), fmt.Sprintf("X%d", i)
				if _, err := (&Draft{Row: row, engine: w.e}).Write(tx, Stamp{Act: "a", Verb: "v", At: 1}); err != nil {
					return err
				}
			}
			return nil
		}))
		w.create("lamp", `{"code":"FAR","at":{"lon":115.5,"lat":38}}`)
		box := &Box{114.4, 37.9, 114.6, 38.1}
		page := w.query(Query{Box: box, Limit: 2, Total: true})
		if got, want := codes(page.Rows), fmt.Sprintf("X%d X%d", fewRows, fewRows-1); got != want || page.Total != fewRows+1 {
			t.Errorf("%s of %d, want %s", got, page.Total, want)
		}
	})
}
