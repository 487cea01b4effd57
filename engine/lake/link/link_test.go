package link

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"

	"chengshu/kernel/fault"
)

// table is a source as tests write it: each row is its key and its values, with blanks between and "-" for none.
type table struct {
	name   string
	unique bool
	rows   []string
}

func fill(t testing.TB, spec Spec, tables []table) *Linker {
	t.Helper()
	l, err := New(spec, checks)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range tables {
		if err := l.Begin(s.name, s.unique); err != nil {
			t.Fatal(err)
		}
		for i, r := range s.rows {
			values := strings.Split(r, " ")
			for k, v := range values {
				if v == "-" {
					values[k] = ""
				}
			}
			key, entity, _ := strings.Cut(values[0], "=") // 7=E1: row 7, which was of entity E1
			if err := l.Add(Row{Key: key, Entity: entity, At: int64(i), Values: values[1:]}); err != nil {
				t.Fatal(err)
			}
		}
	}
	return l
}

// personSpec is what the made-up people of tests have.
var personSpec = Spec{Fields: []Field{
	{Name: "code", Compare: "code", Check: "sum", Distinct: true},
	{Name: "name", Compare: "name", Terms: true},
	{Name: "birth", Compare: "date"},
	{Name: "phone", Compare: "edit"},
}}

// people makes n persons; the same seed makes the same. wrong is the chance of an error in a value.
func people(from, n int, wrong float64, seed uint64) []string {
	var out []string
	errs := rand.New(rand.NewPCG(seed, 9))
	for i := from; i < from+n; i++ {
		d := rand.New(rand.NewPCG(uint64(i), 7))
		body := fmt.Sprintf("%07d", d.IntN(10_000_000))
		sum := 0
		for _, r := range body {
			sum += int(r - '0')
		}
		values := []string{body + fmt.Sprint(sum%10),
			string([]rune("王李张刘赵杨陈高马郭")[d.IntN(10)]) + string([]rune("建志晓海永文国春学宏")[d.IntN(10)]) + string([]rune("军强峰涛波鹏辉磊斌超")[d.IntN(10)]),
			fmt.Sprintf("%d%02d%02d", 1940+d.IntN(70), 1+d.IntN(12), 1+d.IntN(28)), fmt.Sprintf("15%09d", d.IntN(1_000_000_000))}
		for k := range values {
			if errs.Float64() < wrong {
				values[k] = spoilt(errs, k, values[k])
			}
		}
		out = append(out, fmt.Sprint(i)+" "+strings.Join(values, " "))
	}
	return out
}

func spoilt(d *rand.Rand, field int, v string) string {
	if d.IntN(5) == 0 {
		return "-"
	}
	if field == 1 {
		return string([]rune(v)[:2]) + "刚"
	}
	at := d.IntN(len(v))
	return v[:at] + fmt.Sprint(d.IntN(10)) + v[at+1:]
}

// entities writes each cluster of more than one row as "id: rows".
func entities(res *Result, all bool) []string {
	var out []string
	for e := range res.Entities() {
		var rows []string
		for _, r := range e.Rows {
			rows = append(rows, r.Source+r.Key)
		}
		if all || len(rows) > 1 {
			out = append(out, e.ID+": "+strings.Join(rows, " "))
		}
	}
	return out
}

// TestPeople links two files with an error in one value of ten, and finds duplicates in one.
func TestPeople(t *testing.T) {
	const n = 4000
	tests := map[string][]table{
		"two files": {{"a", true, people(0, n, 0.1, 1)}, {"b", true, people(n/4, n, 0.1, 2)}},
		"one file":  {{"a", false, append(people(0, n, 0.1, 1), people(n/4, n, 0.1, 2)...)}},
	}
	for name, tables := range tests {
		l := fill(t, personSpec, tables)
		res, err := l.Run(context.Background(), Options{NewID: ids()})
		if err != nil {
			t.Fatal(err)
		}
		right, all := 0, 0
		for e := range res.Entities() {
			for i, a := range e.Rows {
				for _, b := range e.Rows[:i] {
					all++
					if a.Key == b.Key {
						right++
					}
				}
			}
		}
		_, _, f := measures(right, all, n*3/4)
		if f < 0.99 {
			t.Errorf("%s: F1 is %.4f: %d of %d right", name, f, right, all)
		}
		if share := res.Report.Prior * l.pairs() / (n * 3 / 4); share < 0.9 || share > 1.1 {
			t.Errorf("%s: the share of pairs of one person is learned as %.2f of what it is", name, share)
		}
		for f, c := range l.columns { // in 0.81 neither value is wrong, in some both are missing
			if got := l.model.m[f][c.top]; got < 0.8 || got > 0.9 {
				t.Errorf("%s: %s is learned to agree in %.3f", name, c.Name, got)
			}
		}
	}
}

// TestRepeatable: neither the number of processors nor another run changes the answer.
func TestRepeatable(t *testing.T) {
	run := func(processors int) string {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(processors))
		l := fill(t, personSpec, []table{{"a", false, append(people(0, 1500, 0.2, 1), people(200, 1500, 0.2, 2)...)}})
		res, err := l.Run(context.Background(), Options{NewID: ids()})
		if err != nil {
			t.Fatal(err)
		}
		report, err := json.Marshal(res.Report)
		if err != nil {
			t.Fatal(err)
		}
		var b strings.Builder
		for p := range res.Review() {
			fmt.Fprintln(&b, p.A, p.B, p.Probability, p.Reason, p.Fields())
		}
		for p := range res.Links() {
			fmt.Fprintln(&b, p.A, p.B, p.Bits)
		}
		return string(report) + b.String() + strings.Join(entities(res, true), "\n")
	}
	if diff := cmp.Diff(run(1), run(4)); diff != "" {
		t.Errorf("one processor and four differ:\n%s", diff)
	}
}

// TestBlocks holds the counts against counting pair by pair, and what is compared against the rules chosen.
func TestBlocks(t *testing.T) {
	spec := personSpec
	spec.Blocks = []Rule{{{"code", ""}}, {{"name", "pinyin"}}, {{"birth", "year"}, {"name", "first1"}}, {{"phone", "last2"}}, {{"code", ""}, {"name", "pinyin"}}}
	spec.MaxBlock = 60
	tables := []table{{"a", true, people(0, 600, 0.1, 1)}, {"b", false, people(300, 600, 0.1, 2)}}
	l := fill(t, spec, tables)
	res, err := l.Run(context.Background(), Options{NewID: ids()})
	if err != nil {
		t.Fatal(err)
	}
	l = fill(t, spec, tables)
	for _, c := range l.columns {
		c.seal()
	}
	l.cut(spec.Blocks)
	compared := map[[2]int]bool{}
	for i, rule := range spec.Blocks {
		blocks := map[string][]int{}
		for r := range l.rows {
			key := ""
			for _, k := range rule {
				c := l.columns[l.index[k.Field]]
				if c.values[r] == 0 {
					key = ""
					break
				}
				last, n, cut := cutPart(k.Part)
				key += cutValue(k.Part, c.texts.get(c.values[r]), last, n, cut) + "|"
			}
			if key != "" {
				blocks[key] = append(blocks[key], r)
			}
		}
		want := Counted{Rule: rule.String(), Chosen: res.Report.Rules[i].Chosen}
		for _, rows := range blocks {
			var pairs [][2]int
			for k, b := range rows {
				for _, a := range rows[:k] {
					if a >= 600 || b >= 600 {
						pairs = append(pairs, [2]int{a, b})
					}
				}
			}
			if int64(len(pairs)) > spec.MaxBlock {
				want.Skipped, want.Lost, want.Rows = want.Skipped+1, want.Lost+int64(len(pairs)), want.Rows+int64(len(rows))
				continue
			}
			if len(pairs) > 0 {
				want.Blocks++
				want.Pairs += int64(len(pairs))
			}
			for _, p := range pairs {
				if want.Chosen {
					compared[p] = true
				}
			}
		}
		if diff := cmp.Diff(want, res.Report.Rules[i]); diff != "" {
			t.Errorf("%s (-want +got):\n%s", rule, diff)
		}
	}
	if res.Report.Compared != int64(len(compared)) {
		t.Errorf("%d pairs were compared, the rules make %d", res.Report.Compared, len(compared))
	}
	if r := res.Report.Rules; !r[0].Chosen || r[4].Chosen || r[3].Skipped == 0 {
		t.Errorf("the rule that another contains is not dropped, or no block is too large: %+v", r)
	}
}

// TestBudget: rules that together exceed the budget are not taken, and what is lost by that is said.
func TestBudget(t *testing.T) {
	tables := []table{{"a", true, people(0, 3000, 0.1, 1)}, {"b", true, people(0, 3000, 0.1, 2)}}
	missed := 0.0
	for _, budget := range []int64{1_000_000, 20_000, 3_000, 10} {
		spec := personSpec
		spec.MaxPairs = budget
		res, err := fill(t, spec, tables).Run(context.Background(), Options{NewID: ids()})
		if err != nil {
			t.Fatal(err)
		}
		sum := int64(0)
		for _, r := range res.Report.Rules {
			if r.Chosen {
				sum += r.Pairs
			}
		}
		if sum > budget || res.Report.Compared > sum || res.Report.Missed < missed {
			t.Errorf("budget %d: %d pairs, %d compared, %.4f missed after %.4f", budget, sum, res.Report.Compared, res.Report.Missed, missed)
		}
		missed = res.Report.Missed
	}
	if missed != 1 {
		t.Errorf("without a rule %.2f are missed", missed)
	}
}

// TestTerms: agreement on a rare name weighs more than on a common one.
func TestTerms(t *testing.T) {
	rows := people(0, 2000, 0.1, 1)
	for i := range rows {
		if v := strings.Split(rows[i], " "); i%3 == 0 {
			v[2] = "张伟"
			rows[i] = strings.Join(v, " ")
		}
	}
	l := fill(t, personSpec, []table{{"a", false, append(rows, people(0, 2000, 0.1, 2)...)}})
	if _, err := l.Run(context.Background(), Options{NewID: ids()}); err != nil {
		t.Fatal(err)
	}
	common, rare := l.bits(1, l.columns[1].top, 0), l.bits(1, l.columns[1].top, 1)
	if common > 4 || rare < common+3 {
		t.Errorf("the common name weighs %.1f bits, a rare one %.1f", common, rare)
	}
}

func TestSpec(t *testing.T) {
	name := []Field{{Name: "name", Compare: "name"}}
	tests := []struct {
		spec Spec
		path string
	}{
		{Spec{}, "fields"},
		{Spec{Fields: make([]Field, 17)}, "fields"},
		{Spec{Fields: []Field{{Name: "", Compare: "exact"}}}, "fields.0.name"},
		{Spec{Fields: append(name, name...)}, "fields.1.name"},
		{Spec{Fields: []Field{{Name: "x", Compare: "magic"}}}, "fields.0.compare"},
		{Spec{Fields: []Field{{Name: "x", Compare: "code", Check: "isbn"}}}, "fields.0.check"},
		{Spec{Fields: []Field{{Name: "x", Compare: "name", Check: "sum"}}}, "fields.0.check"},
		{Spec{Fields: []Field{{Name: "x", Compare: "name", Distinct: true}}}, "fields.0.distinct"},
		{Spec{Fields: []Field{{Name: "x", Compare: "name", Steps: []float64{1}}}}, "fields.0.steps"},
		{Spec{Fields: []Field{{Name: "x", Compare: "edit", Steps: []float64{2, 1}}}}, "fields.0.steps"},
		{Spec{Fields: []Field{{Name: "x", Compare: "jaro-winkler", Steps: []float64{0.8, 0.9}}}}, "fields.0.steps"},
		{Spec{Fields: name, Blocks: []Rule{{{"other", ""}}}}, "blocks.0.0"},
		{Spec{Fields: name, Blocks: []Rule{{{"name", "first0"}}}}, "blocks.0.0"},
		{Spec{Fields: name, Blocks: []Rule{{}}}, "blocks.0"},
		{Spec{Fields: name, Golden: []Survivor{{Field: "other"}}}, "golden.0.field"},
		{Spec{Fields: name, Golden: []Survivor{{Field: "name", Rules: []string{"best"}}}}, "golden.0.rules"},
		{Spec{Fields: name, Link: 0.5, Review: 0.6}, "link"},
		{Spec{Fields: name, Against: 1}, "link"},
		{Spec{Fields: name, MaxCluster: 1}, "link"},
	}
	for _, test := range tests {
		_, err := New(test.spec, checks)
		var f *fault.Fault
		if !errors.As(err, &f) || f.Kind != fault.Invalid || !slices.ContainsFunc(f.Fields, func(p fault.Field) bool { return p.Path == test.path }) {
			t.Errorf("%+v: no mistake at %s: %v", test.spec, test.path, err)
		}
	}
}

// TestSpecWritten: a declaration survives being written as JSON and as YAML.
func TestSpecWritten(t *testing.T) {
	spec := personSpec
	spec.Blocks = []Rule{{{"name", "pinyin"}, {"birth", ""}}}
	spec.Fields = append(slices.Clone(spec.Fields), Field{Name: "x", Compare: "edit", Steps: []float64{1, 3}})
	spec.Golden = []Survivor{{Field: "name", Source: "a", Rules: []string{"valid", "newest"}}}
	spec.Link, spec.Review, spec.Against, spec.MaxPairs, spec.MaxBlock, spec.MaxCluster = 0.95, 0.2, -30, 7, 8, 9
	var fromJSON, fromYAML Spec
	text, err := json.Marshal(spec)
	if err != nil || json.Unmarshal(text, &fromJSON) != nil {
		t.Fatal(err, string(text))
	}
	text, err = yaml.Marshal(spec)
	if err != nil || yaml.Unmarshal(text, &fromYAML) != nil {
		t.Fatal(err, string(text))
	}
	for _, got := range []Spec{fromJSON, fromYAML} {
		if diff := cmp.Diff(spec, got); diff != "" {
			t.Error(diff)
		}
	}
}

func TestAdd(t *testing.T) {
	l := fill(t, personSpec, nil)
	if err := l.Add(Row{Values: make([]string, 4)}); !fault.Is(err, fault.Invalid) {
		t.Errorf("a row without a source: %v", err)
	}
	l = fill(t, personSpec, []table{{"a", true, people(0, 1, 0, 1)}})
	if err := l.Add(Row{Values: make([]string, 3)}); !fault.Is(err, fault.Invalid) {
		t.Errorf("a row too short: %v", err)
	}
	if err := l.Begin("a", false); !fault.Is(err, fault.Invalid) {
		t.Errorf("a source twice: %v", err)
	}
}

// TestWriting: codes are compared in their one writing.
func TestWriting(t *testing.T) {
	dashes := map[string]Check{"sum": {Valid: sumOfDigits, Write: func(s string) string { return strings.ReplaceAll(s, "-", "") }}}
	l, err := New(personSpec, dashes)
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Begin("a", false); err != nil {
		t.Fatal(err)
	}
	for _, code := range []string{"12-36", "1236", "１２３６", ""} {
		if err := l.Add(Row{Values: []string{code, "", "", ""}}); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff([]uint32{1, 1, 1, 0}, l.columns[0].values); diff != "" {
		t.Error(diff)
	}
}

// TestFew: nothing, a row, and two that are alike in all.
func TestFew(t *testing.T) {
	same := people(0, 1, 0, 1)
	for want, tables := range [][]table{nil, {{"a", true, same}}, {{"a", true, same}, {"b", true, nil}}} {
		res, err := fill(t, personSpec, tables).Run(context.Background(), Options{NewID: ids()})
		if err != nil || res.Report.Entities != min(want, 1) {
			t.Errorf("%d: %+v %v", want, res.Report, err)
		}
	}
}

func TestCancel(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := fill(t, personSpec, []table{{"a", false, people(0, 100, 0, 1)}}).Run(ctx, Options{NewID: ids()}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

func TestDictionary(t *testing.T) {
	d := newDictionary()
	const n = 5000
	for round := range 2 {
		for i := range n {
			if got := d.add(fmt.Sprint("值", i)); got != uint32(i+1) {
				t.Fatalf("round %d: value %d is %d", round, i, got)
			}
		}
	}
	if d.add("") != 0 || d.get(0) != "" || d.get(n) != fmt.Sprint("值", n-1) || d.len() != n+1 {
		t.Error(d.get(0), d.get(n), d.len())
	}
}

func TestNormal(t *testing.T) {
	tests := []struct {
		in       string
		capitals bool
		want     string
	}{
		{" 张\u3000 三 ", false, "张 三"}, {"１３０１０２ｘ", true, "130102X"}, {"ACME（中国）", false, "acme(中国)"}, {"\t", false, ""},
	}
	for _, test := range tests {
		if got := normal(test.in, test.capitals); got != test.want {
			t.Errorf("%q is written %q, want %q", test.in, got, test.want)
		}
	}
}
