package search

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"chengshu/kernel/clock"
	"chengshu/kernel/db"
	"chengshu/kernel/db/dbtest"

	"github.com/google/go-cmp/cmp"
)

// fixture is a table of rows with its index.
type fixture struct {
	*Engine
	x  *Index
	db *db.DB
}

func setUp(t testing.TB, d *db.DB) *fixture {
	t.Helper()
	ctx := context.Background()
	e := New(Deps{DB: d, Clock: clock.NewFake(time.Unix(1_800_000_000, 0)), Log: slog.New(slog.DiscardHandler)})
	x := e.Index("item_text")
	must(t, d.Migrate(ctx, e.Migrations()...))
	must(t, d.DDL(ctx, append(x.DDL(), `create table item (n bigint primary key, title text)`)...))
	must(t, d.DDL(ctx, x.DDL()...)) // A second time does nothing.
	return &fixture{e, x, d}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// put stores one row, or only indexes it anew when it is there.
func (f *fixture) put(t testing.TB, n int64, scope []string, text string) {
	t.Helper()
	must(t, f.db.Do(context.Background(), func(tx *db.Tx) error {
		if _, err := tx.Exec(`insert into item (n, title) values ($1, '') on conflict do nothing`, n); err != nil {
			return err
		}
		return f.x.Put(tx, n, scope, text)
	}))
}

// find returns the keys of at most 20 rows below the key before.
func (f *fixture) find(t testing.TB, q Query, before int64) []int64 {
	t.Helper()
	must(t, f.Settle(context.Background()))
	m := f.x.Match(q, 1)
	last := fmt.Sprintf("$%d", len(m.Args)+1)
	return f.keys(t, "select c.n from "+m.From+" cross join item c where c.n = "+m.Key+" and "+m.Where+
		" and "+m.Key+" < "+last+" order by "+m.Key+" desc limit 20", append(m.Args, before)...)
}

func (f *fixture) keys(t testing.TB, text string, args ...any) []int64 {
	t.Helper()
	rows, err := f.db.Read(context.Background()).Query(text, args...)
	must(t, err)
	defer rows.Close()
	var out []int64
	for rows.Next() {
		var n int64
		must(t, rows.Scan(&n))
		out = append(out, n)
	}
	must(t, rows.Err())
	return out
}

func TestSearch(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		f := setUp(t, d)
		f.put(t, 1, []string{"13", "1301", "130102"}, "道路破损 建设大街12号 电话13800138000")
		f.put(t, 2, []string{"13", "1301", "130104"}, "大数,数据交易;统一社会信用代码91130100MA07XXXX0A")
		f.put(t, 3, []string{"13", "1301", "130102"}, "Street light OUT 路灯不亮 _130104")
		f.put(t, 4, nil, "'quote\" \\ 𠮷野家 損\x00坏\xff")
		for _, tc := range []struct {
			text  string
			scope []string
			want  []int64
		}{
			{"道路", nil, []int64{1}},
			{"路破损", nil, []int64{1}},
			{"路", nil, []int64{3, 1}},
			{"损", nil, []int64{1}},
			{"路 灯", nil, []int64{3}},
			{"破损 道路", nil, []int64{1}},
			{"道损", nil, nil},
			{"大数据", nil, nil}, // not across the comma
			{"数据", nil, []int64{2}},
			{"138001", nil, []int64{1}},
			{"１３８", nil, []int64{1}},
			{"12", nil, []int64{1}},
			{"1", nil, nil}, // too short for a beginning
			{"911301", nil, []int64{2}},
			{"91130100ma07xxxx0a", nil, []int64{2}},
			{"LIGHT out", nil, []int64{3}},
			{"lig", nil, []int64{3}},
			{"ight", nil, nil},
			{"路", []string{"130102"}, []int64{3, 1}},
			{"路", []string{"130104"}, nil}, // a text cannot pretend to a scope
			{"路", []string{"130104", "1301"}, []int64{3, 1}},
			{"", []string{"1301"}, []int64{3, 2, 1}},
			{"", []string{"130104"}, []int64{2}},
			{"", nil, nil},
			{"?!", []string{"1301"}, nil},
			{"𠮷野", nil, []int64{4}},
			{"损坏", nil, nil},
			{"坏", nil, []int64{4}},
			{`" OR "道路`, nil, nil},
			{`道路" OR "数据`, nil, nil},
			{`道路*' | '数据`, nil, nil},
			{"quote", nil, []int64{4}},
		} {
			if d := cmp.Diff(tc.want, f.find(t, Query{tc.text, tc.scope}, 100)); d != "" {
				t.Errorf("%q in %v: %s", tc.text, tc.scope, d)
			}
		}
		if d := cmp.Diff([]int64{1}, f.find(t, Query{Text: "路"}, 3)); d != "" {
			t.Errorf("the page before 3: %s", d)
		}
		m := f.x.Match(Query{Text: "路"}, 2)
		if d := cmp.Diff([]int64{3}, f.keys(t, `select n from item where n > $1 and `+m.In("n"), append([]any{2}, m.Args...)...)); d != "" {
			t.Errorf("as a condition: %s", d)
		}
	})
}

func TestChange(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		f := setUp(t, d)
		ctx := context.Background()
		f.put(t, 1, nil, "路灯")
		f.put(t, 2, nil, "路灯")
		f.find(t, Query{Text: "路灯"}, 100)
		f.put(t, 1, nil, "井盖")
		f.put(t, 1, nil, "下水道井盖")
		if d := cmp.Diff([]int64{2}, f.find(t, Query{Text: "路灯"}, 100)); d != "" {
			t.Errorf("the old text is found: %s", d)
		}
		if d := cmp.Diff([]int64{1}, f.find(t, Query{Text: "下水道井盖"}, 100)); d != "" {
			t.Errorf("the new text is not found: %s", d)
		}
		must(t, d.Do(ctx, func(tx *db.Tx) error {
			if err := f.x.Delete(tx, 77); err != nil {
				return err
			}
			return f.x.Delete(tx, 1)
		}))
		if got := f.find(t, Query{Text: "井盖"}, 100); got != nil {
			t.Errorf("a deleted row is found: %v", got)
		}
		wrong := fmt.Errorf("no")
		if err := d.Do(ctx, func(tx *db.Tx) error {
			if err := f.x.Put(tx, 2, nil, "井盖"); err != nil {
				return err
			}
			return wrong
		}); err != wrong {
			t.Fatal(err)
		}
		if got := f.find(t, Query{Text: "井盖"}, 100); got != nil {
			t.Errorf("what was rolled back is found: %v", got)
		}
	})
}

// TestAgainstModel compares the index with a plain reading of every text.
func TestAgainstModel(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		f, r := setUp(t, d), rand.New(rand.NewPCG(3, 4))
		alphabet := []rune("数据路数据路据数 ,,。aab1")
		word := func(most int) string {
			b := make([]rune, 1+r.IntN(most))
			for i := range b {
				b[i] = alphabet[r.IntN(len(alphabet))]
			}
			return string(b)
		}
		var texts []string
		for n := range 300 {
			texts = append(texts, word(25))
			f.put(t, int64(n), nil, texts[n])
		}
		found := 0
		for range 400 {
			q := word(7)
			var want []int64
			for n := len(texts) - 1; n >= 0 && len(want) < 20; n-- {
				if model(texts[n], q) {
					want = append(want, int64(n))
				}
			}
			if d := cmp.Diff(want, f.find(t, Query{Text: q}, 1000)); d != "" {
				t.Fatalf("%q: %s", q, d)
			}
			found += len(want)
		}
		if found < 500 {
			t.Errorf("only %d rows were found: the test says little", found)
		}
	})
}

// model says what the index promises, without an index.
func model(text, q string) bool {
	have, want := runs(text), runs(q)
	for _, w := range want {
		if !slices.ContainsFunc(have, func(h run) bool {
			if h.han != w.han {
				return false
			}
			if w.han {
				return strings.Contains(h.text, w.text)
			}
			return h.text == w.text || len(w.text) >= minPrefix && strings.HasPrefix(h.text, w.text)
		}) {
			return false
		}
	}
	return len(want) > 0
}

func TestRun(t *testing.T) {
	d := dbtest.SQLite(t)
	f := setUp(t, d)
	fake := f.clock.(*clock.Fake)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- f.Run(ctx) }()
	for n := range int64(2*maxBatch + 3) {
		f.put(t, n, nil, "路灯")
	}
	left := func() (n int) {
		must(t, d.Read(ctx).QueryRow(`select count(*) from search_pending`).Scan(&n))
		return n
	}
	for left() > 0 {
		must(t, fake.Await(ctx, 1))
		before := left()
		fake.Advance(linger)
		must(t, fake.Await(ctx, 1)) // It waits again, as some may be left.
		if got, want := left(), max(0, before-maxBatch); got != want {
			t.Errorf("%d of %d notes are left, want %d", got, before, want)
		}
	}
	fake.Advance(linger)      // Nothing is left: it sleeps.
	f.put(t, 9999, nil, "路灯") // It wakes again after it has slept.
	must(t, fake.Await(ctx, 1))
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// TestMerge checks that many small batches do not leave many segments.
func TestMerge(t *testing.T) {
	f := setUp(t, dbtest.SQLite(t))
	ctx := context.Background()
	for n := range int64(40) {
		f.put(t, n, nil, fmt.Sprint("路灯 ", n))
		must(t, f.Settle(ctx))
	}
	segments := func() (n int) {
		must(t, f.db.Read(ctx).QueryRow(`select count(distinct segid) from item_text_idx`).Scan(&n))
		return n
	}
	if n := segments(); n != 40 {
		t.Errorf("%d segments of 40: FTS5 merges by itself", n)
	}
	for len(f.growing) > 0 {
		must(t, f.merge(ctx))
	}
	if n := segments(); n > 8 {
		t.Errorf("%d segments are left", n)
	}
	if got := f.find(t, Query{Text: "路灯"}, 100); len(got) != 20 {
		t.Errorf("after merging: %v", got)
	}
}

func TestNotesWaitForTheirIndex(t *testing.T) {
	d := dbtest.SQLite(t)
	f := setUp(t, d)
	ctx := context.Background()
	other := f.Index("other_text")
	must(t, d.DDL(ctx, other.DDL()...))
	must(t, d.Do(ctx, func(tx *db.Tx) error {
		for n := range int64(300) {
			if err := other.Put(tx, n, nil, "路灯"); err != nil {
				return err
			}
		}
		return nil
	}))
	f.put(t, 5, nil, "路灯")

	// The program starts again, first without the other index.
	again := New(Deps{DB: d, Clock: f.clock, Log: f.log})
	g := &fixture{again, again.Index("item_text"), d}
	if d := cmp.Diff([]int64{5}, g.find(t, Query{Text: "路灯"}, 100)); d != "" {
		t.Errorf("what another index left stands in the way: %s", d)
	}
	late := again.Index("other_text")
	must(t, again.Settle(ctx))
	m := late.Match(Query{Text: "路灯"}, 1)
	if got := g.keys(t, "select "+m.Key+" from "+m.From+" where "+m.Where, m.Args...); len(got) != 300 {
		t.Errorf("%d of 300 notes were indexed", len(got))
	}
}

func TestBadTable(t *testing.T) {
	f := setUp(t, dbtest.SQLite(t))
	defer func() {
		if recover() == nil {
			t.Error("a statement was taken for a table's name")
		}
	}()
	f.Index("x; drop table item")
}

// TestPlan checks that the query leads with the index and sorts nothing.
func TestPlan(t *testing.T) {
	f := setUp(t, dbtest.SQLite(t))
	m := f.x.Match(Query{Text: "路灯", Scope: []string{"1301"}}, 1)
	rows, err := f.db.Read(context.Background()).Query("explain query plan select c.n from "+m.From+
		" cross join item c where c.n = "+m.Key+" and "+m.Where+" and "+m.Key+" < $2 order by "+m.Key+" desc limit 20",
		append(m.Args, 10)...)
	must(t, err)
	defer rows.Close()
	var plan []string
	for rows.Next() {
		var a, b, c int64
		var s string
		must(t, rows.Scan(&a, &b, &c, &s))
		plan = append(plan, s)
	}
	text := strings.Join(plan, "; ")
	if !strings.HasPrefix(text, "SCAN item_text VIRTUAL TABLE") || strings.Contains(text, "TEMP B-TREE") {
		t.Error(text)
	}
}

func FuzzQuery(f *testing.F) {
	for _, s := range []string{"道路 破损", `" OR "`, "a* NOT b", "NEAR(a b, 3)", "tokens:路", "^路", "路'; drop table item; --", "\\", "\x00", "{a b}: c", "-路 +灯", "((", "_1301", "' & !'"} {
		f.Add(s, s)
	}
	fix := setUp(f, dbtest.SQLite(f))
	fix.put(f, 1, []string{"1301"}, "道路破损 abc")
	f.Fuzz(func(t *testing.T, text, scope string) {
		fix.find(t, Query{Text: text}, 100)
		if got := fix.find(t, Query{Text: text, Scope: []string{scope}}, 100); len(got) > 0 && scope != "1301" {
			t.Fatalf("%q in scope %q finds %v", text, scope, got)
		}
		if got := fix.find(t, Query{Text: text}, 100); (len(got) > 0) != model("道路破损 abc", head(text, maxQuery)) && len(terms(text)) < maxTerms {
			t.Fatalf("%q finds %v", text, got)
		}
	})
}

// sample returns made-up complaints in the words of a real text.
func sample(t testing.TB) func(n int64) string {
	b, err := os.ReadFile(filepath.Join("..", "..", "..", "shared", "law", "regulation.zh.txt"))
	if err != nil {
		t.Skip("REAL TEXT MISSING, nothing to measure with: ", err)
	}
	law := []rune(string(b))
	return func(n int64) string {
		r := rand.New(rand.NewPCG(uint64(n), 1))
		part := func(k int) string { i := r.IntN(len(law) - k); return string(law[i : i+k]) }
		return fmt.Sprintf("%s %s 石家庄市长安区%s路%d号 1%010d", part(12), part(70), part(6), r.IntN(900), r.Int64N(1e10))
	}
}

func BenchmarkPut(b *testing.B) {
	text := sample(b)(1)
	for _, with := range []bool{false, true} {
		b.Run(fmt.Sprint("index=", with), func(b *testing.B) {
			f := setUp(b, dbtest.SQLite(b))
			n := int64(0)
			for b.Loop() {
				must(b, f.db.Do(context.Background(), func(tx *db.Tx) error {
					for range 100 {
						n++
						if _, err := tx.Exec(`insert into item (n, title) values ($1, $2)`, n, text); err != nil {
							return err
						}
						if with {
							if err := f.x.Put(tx, n, []string{"13", "1301", "130102"}, text); err != nil {
								return err
							}
						}
					}
					return nil
				}))
			}
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(n), "µs/row")
		})
	}
}

func BenchmarkFind(b *testing.B) {
	text, f := sample(b), setUp(b, dbtest.SQLite(b))
	rows := int64(20_000)
	if os.Getenv("CHENGSHU_BENCH_ROWS") != "" {
		fmt.Sscan(os.Getenv("CHENGSHU_BENCH_ROWS"), &rows)
	}
	ctx := context.Background()
	var folding, longest time.Duration
	for n := int64(0); n < rows; n += 1000 {
		must(b, f.db.Do(ctx, func(tx *db.Tx) error {
			for i := n; i < n+1000; i++ {
				if _, err := tx.Exec(`insert into item (n, title) values ($1, '')`, i); err != nil {
					return err
				}
				if err := f.x.Put(tx, i, []string{"13", "1301", fmt.Sprintf("1301%02d", i%23)}, text(i)); err != nil {
					return err
				}
			}
			return nil
		}))
		for f.dirty.Load() {
			start := time.Now()
			must(b, f.fold(ctx, f.db.Do, 1))
			longest = max(longest, time.Since(start))
			middle := time.Now()
			must(b, f.merge(ctx))
			longest = max(longest, time.Since(middle))
			folding += time.Since(start)
		}
	}
	b.Logf("%d rows: indexing took %.1f µs a row, the longest transaction %v", rows, float64(folding.Microseconds())/float64(rows), longest)
	for _, q := range []Query{
		{"数据交易", []string{"130105"}}, {"数据交易", nil}, {"石家庄市长安区", []string{"130105"}},
		{"长安区 数字经济", []string{"130105", "130107"}}, {"15512", []string{"130105"}}, {"1551234", nil}, {"据", []string{"130105"}}, {"无此词", nil},
	} {
		b.Run(fmt.Sprint(q.Text, q.Scope), func(b *testing.B) {
			for b.Loop() {
				f.find(b, q, rows)
			}
		})
	}
}
