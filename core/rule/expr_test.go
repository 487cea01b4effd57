package rule

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"chengshu/core/decl"
)

var shop = Map{"name": "lamp", "count": int64(3), "price": 2.5, "open": true, "tags": []string{"a", "b"},
	"at":    time.Date(2026, 3, 1, 17, 0, 0, 0, time.UTC),
	"items": []any{Map{"name": "x", "n": int64(1)}, Map{"name": "y", "n": int64(2)}}}

func shopEnv() (*Env, Vars) {
	return NewEnv([]Shape{
		{Name: "shop", Fields: map[string]Type{"name": String, "count": Int, "price": Double, "open": Bool, "tags": ListOf(String), "at": Time,
			"items": ListOf(ObjectOf("item")), "none": String, "nothing": Int}},
		{Name: "item", Fields: map[string]Type{"name": String, "n": Int, "lack": String}},
	}, []Function{{Name: "half", Params: []Type{Int}, Result: Int, Call: func(a []any) (any, error) {
		n, ok := a[0].(int64)
		if !ok || n%2 != 0 {
			return nil, fmt.Errorf("%v has no half", a[0])
		}
		return n / 2, nil
	}}}), Vars{"row": ObjectOf("shop"), "now": Time}
}

func compile(t testing.TB, text string, want Type) *Expr {
	t.Helper()
	env, vars := shopEnv()
	r := &decl.Report{}
	x := env.Compile(Source{Text: text}, vars, want, r)
	if err := r.Err(); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return x
}

func shopVars() map[string]any {
	return map[string]any{"row": shop, "now": time.Date(2026, 3, 2, 1, 0, 0, 0, time.UTC)}
}

// undecided is the result of an expression that lacks what it needs.
type undecided struct{}

func TestEval(t *testing.T) {
	for text, want := range map[string]any{
		`row.name`:                                        "lamp",
		`row.count + 1`:                                   int64(4),
		`row.price * 2.0`:                                 5.0,
		`row.open && row.count > 2`:                       true,
		`row.tags`:                                        []string{"a", "b"},
		`row.items.map(i, i.n)`:                           []any{int64(1), int64(2)},
		`row.items[1].name`:                               "y",
		`row.items.exists(i, i.n==2)`:                     true,
		`row.items[0] == row.items[1]`:                    false,
		`row.items[0] in row.items`:                       true,
		`row.items.exists(i, has(i.n) && i.n == 2)`:       true,
		`row.items.all(i, !has(i.lack))`:                  true,
		`row.items.map(i, has(i.lack) ? i.lack : 'none')`: []any{"none", "none"},
		`date(row.at)`:                                    "2026-03-02", // one in the morning in Shanghai
		`date(now)`:                                       "2026-03-02",
		`days_between('2024-02-28', '2024-03-01')`:        int64(2),
		`days_between('2024-03-01', '2024-02-28')`:        int64(-2),
		`days_between('x', '2024-02-28')`:                 undecided{},
		`half(4)`:                                         int64(2),
		`half(3)`:                                         undecided{},
		`half(row.nothing)`:                               undecided{},
		`row.none`:                                        nil,
		`has(row.none)`:                                   false,
		`has(row.name)`:                                   true,
		`row.none == ''`:                                  false, // no value is not the empty text
		`row.nothing > 1`:                                 undecided{},
		`row.nothing > 1 || row.open`:                     true,
		`row.nothing > 1 && !row.open`:                    false,
		`row.nothing > 1 && row.open`:                     undecided{},
		`has(row.none) ? row.none : 'none'`:               "none",
		`1 / (row.count - 3)`:                             undecided{},
		`row.tags[5]`:                                     undecided{},
		`row.name.split('a')[1]`:                          "mp",
		`math.greatest(row.count, 10)`:                    int64(10),
		`now - row.at`:                                    8 * time.Hour,
	} {
		got, err := compile(t, text, Dyn).Eval(shopVars())
		if _, no := want.(undecided); no {
			if err == nil {
				t.Errorf("%s: %v, want it undecided", text, got)
			}
			continue
		}
		if err != nil || !cmp.Equal(got, want) {
			t.Errorf("%s: %#v, %v; want %#v", text, got, err, want)
		}
	}
}

// TestTrue holds that whatever is not decided does not permit.
func TestTrue(t *testing.T) {
	for text, want := range map[string]bool{`row.open`: true, `!row.open`: false, `row.nothing > 1`: false, `!(row.nothing > 1)`: false, `row.none != 'x'`: true} {
		if got := compile(t, text, Bool).True(shopVars()); got != want {
			t.Errorf("%s: %v", text, got)
		}
	}
}

func TestCompileRefuses(t *testing.T) {
	env, vars := shopEnv()
	for _, c := range []struct {
		text, says string
		want       Type
		line, col  int
	}{
		{"", "empty", Dyn, 7, 9},
		{"row.nmae", "undefined field 'nmae'", Dyn, 7, 12},
		{"rwo.name", "undeclared reference to 'rwo'", Dyn, 7, 9},
		{"row.name + 1", "no matching overload", Dyn, 7, 18},
		{"row.name", "gives string, expected bool", Bool, 7, 9},
		{"half('x')", "no matching overload", Dyn, 7, 13},
		{"row.name ==", "Syntax error", Dyn, 7, 20},
		{"row.open &&\n  row.nmae == ''", "undefined field 'nmae'", Bool, 8, 5},
	} {
		r := &decl.Report{}
		if x := env.Compile(Source{Text: c.text, Pos: decl.Pos{File: "f", Line: 7, Col: 9}}, vars, c.want, r); x != nil {
			t.Errorf("%q was accepted", c.text)
			continue
		}
		p := r.Problems()[0]
		if !strings.Contains(p.En, c.says) || p.Line != c.line {
			t.Errorf("%q: line %d column %d: %s; want line %d: %s", c.text, p.Line, p.Col, p.En, c.line, c.says)
		}
		if p.Zh == "" {
			t.Errorf("%q: nothing is said in Chinese", c.text)
		}
	}
}

// TestExplain names the parts of a condition that fail, in their order.
func TestExplain(t *testing.T) {
	for text, want := range map[string][]Finding{
		`row.open && row.count > 2`:                               nil,
		`row.open && row.count > 5`:                               {{Text: "row.count > 5"}},
		`row.count > 5 && row.open && (row.name == 'x' || false)`: {{Text: "row.count > 5"}, {Text: `row.name == "x" || false`}},
		`row.nothing > 1 && row.count > 5`:                        {{Text: "row.nothing > 1", Verdict: Unknown}, {Text: "row.count > 5"}},
		`!(row.open && row.count > 2)`:                            {{Text: "!(row.open && row.count > 2)"}},
		`row.items.exists(i, i.n == 7) && has(row.none)`:          {{Text: "row.items.exists(i, i.n == 7)"}, {Text: "has(row.none)"}},
	} {
		got := compile(t, text, Bool).Explain(shopVars())
		for i := range got {
			if (got[i].Verdict == Unknown) != (got[i].Cause != "") {
				t.Errorf("%s: %+v", text, got[i])
			}
			got[i].Cause = ""
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", text, diff)
		}
	}
}

func TestReads(t *testing.T) {
	for text, want := range map[string]string{
		`row.name`:                             "[name] false",
		`row.count * 2 + row.count`:            "[count] false",
		`has(row.none) ? row.none : 'x'`:       "[none] false",
		`row.tags.size() > 1 && row.open`:      "[open tags] false",
		`row.name + 'x'`:                       "[name] false",
		`now > row.at`:                         "[at] true",
		`row.items.exists(i, i.n > row.count)`: "[] true", // a comprehension: taken as reading anything
		`[row.name, 'x']`:                      "[name] false",
	} {
		fields, others := compile(t, text, Dyn).Reads("row")
		if got := fmt.Sprint(fields, others); got != want && !(others && strings.HasSuffix(want, "true")) {
			t.Errorf("%s: reads %s, want %s", text, got, want)
		}
	}
}

// TestCostIsBounded stops an expression that would run for long.
func TestCostIsBounded(t *testing.T) {
	many := make([]any, 300)
	for i := range many {
		many[i] = Map{"name": "x", "n": int64(i)}
	}
	x := compile(t, `row.items.all(a, row.items.all(b, row.items.all(c, a.n + b.n + c.n < 1000000)))`, Bool)
	start := time.Now()
	if _, err := x.Eval(map[string]any{"row": Map{"items": many}}); err == nil {
		t.Error("twenty-seven million steps were taken")
	}
	if d := time.Since(start); d > 10*time.Second {
		t.Errorf("it took %v to stop", d)
	}
}

// TestConcurrentUse runs one expression from many sides, from its first use on.
func TestConcurrentUse(t *testing.T) {
	x := compile(t, `row.count > 2 && row.name == 'x'`, Bool)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 50 {
				if x.True(shopVars()) || len(x.Explain(shopVars())) != 1 {
					t.Error("a wrong answer")
				}
			}
		})
	}
	wg.Wait()
}

// FuzzCompile gives the compiler any text: it accepts or refuses it with
// words, and what it accepts runs to an end.
func FuzzCompile(f *testing.F) {
	for _, seed := range []string{"row.name", "row.items[0] == row.items[1]", "1/0", "'", "row.items.map(i, i)", "{'a': row}", "half(2)", "optional.of(1)", "dyn(row).x", "[row][0].name"} {
		f.Add(seed)
	}
	env, vars := shopEnv()
	f.Fuzz(func(t *testing.T, text string) {
		r := &decl.Report{}
		x := env.Compile(Source{Text: text}, vars, Dyn, r)
		if (x == nil) != (r.Err() != nil) {
			t.Fatalf("%q: %v, %v", text, x, r.Err())
		}
		if x == nil {
			return
		}
		_, _ = x.Eval(shopVars())
		x.Reads("row")
		_, _ = x.Condition()
	})
}
