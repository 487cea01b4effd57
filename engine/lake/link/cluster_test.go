package link

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// rigged links with weights that are given, so that a test sees what clusters do: a value that is the same is worth 10 bits, a different one -8, what is
// between 3; the prior is -12.
func rigged(t *testing.T, spec Spec, o Options, tables ...table) *Result {
	t.Helper()
	l := fill(t, spec, tables)
	l.model = &model{prior: -12}
	for _, c := range l.columns {
		c.seal()
		bits := make([]float64, c.top+1)
		for i := range bits {
			bits[i] = 3
		}
		bits[0], bits[1], bits[c.top] = 0, -8, 10
		l.model.bits = append(l.model.bits, bits)
	}
	l.entities.seal()
	all := make([]uint32, l.rows)
	for i := range all {
		all[i] = uint32(i)
	}
	w := l.worker()
	var pairs []found
	l.pairsIn(all, func(a, b uint32) {
		if f := w.score(a, b); float64(f.probability) >= l.spec.Review {
			pairs = append(pairs, f)
		}
	})
	slices.SortFunc(pairs, heavier)
	res := &Result{l: l}
	l.cluster(res, pairs, o.Decisions)
	if o.NewID == nil {
		o.NewID = ids()
	}
	res.identify(l, o.NewID)
	res.Report = l.report
	return res
}

// plainSpec compares three plain fields and a code.
var plainSpec = Spec{Fields: []Field{
	{Name: "code", Compare: "code", Check: "sum", Distinct: true},
	{Name: "x", Compare: "exact"}, {Name: "y", Compare: "exact"}, {Name: "z", Compare: "exact"},
}}

func same(a, b string, is bool) Decision {
	return Decision{RowID{a[:1], a[1:]}, RowID{b[:1], b[1:]}, is}
}

func TestClusters(t *testing.T) {
	// Three rows: 1 is like 2 and 2 like 3 in two fields each, 1 and 3 in none; nothing else is known of them.
	chain := []string{"1 - p q -", "2 - p q r", "3 - - q r"}
	tests := []struct {
		name   string
		spec   func(*Spec)
		tables []table
		o      Options
		want   string // clusters of more than one row
		review string // rows and reasons
		refuse string
	}{
		{name: "joined", tables: []table{{"a", false, chain}}, want: "a1 a2 a3"},
		{name: "source without duplicates", tables: []table{{"a", true, []string{"1 - p q r"}}, {"b", true, []string{"1 - p q r", "2 - p q -"}}},
			want: "a1 b1", refuse: "map[taken:1]"},
		{name: "rival", tables: []table{{"a", true, []string{"1 - p q r"}}, {"b", true, []string{"1 - p q r", "2 - p q r"}}},
			want: "a1 b1", review: "a1 b2 rival", refuse: "map[rival:1]"},
		{name: "two valid codes at the ends of a chain", tables: []table{{"a", false, []string{"1 1236 p q r", "2 - p q r", "3 4509 p q r"}}},
			want: "a1 a2", review: "a2 a3 two valid codes|a1 a3 two valid codes", refuse: "map[two valid codes:2]"},
		{name: "an invalid code does not forbid", tables: []table{{"a", false, []string{"1 1236 p q r", "2 - p q r", "3 1235 p q r"}}}, want: "a1 a2 a3"},
		{name: "too large", spec: func(s *Spec) { s.MaxCluster = 2 }, tables: []table{{"a", false, chain}},
			want: "a1 a2", review: "a2 a3 too large", refuse: "map[too large:1]"},
		{name: "evidence against", spec: func(s *Spec) { s.Link, s.Against = 0.4, -5 }, tables: []table{{"a", false, []string{"1 - p q t", "2 1236 p q r", "3 1236 - - r"}}},
			want: "a2 a3", review: "a1 a2 evidence against", refuse: "map[evidence against:1]"},
		{name: "evidence not enough against", spec: func(s *Spec) { s.Link = 0.4 }, tables: []table{{"a", false, []string{"1 - p q t", "2 1236 p q r", "3 1236 - - r"}}},
			want: "a1 a2 a3"},
		{name: "uncertain", tables: []table{{"a", false, []string{"1 - p - -", "2 - p q -", "3 - - q -"}}}, spec: func(s *Spec) { s.Review = 0.15 },
			review: "a1 a2 uncertain|a2 a3 uncertain"},
		{name: "decided to be different", tables: []table{{"a", false, chain}}, o: Options{Decisions: []Decision{same("a1", "a2", false)}},
			want: "a2 a3", refuse: "map[decided:1]"},
		{name: "decided to be different at the ends of a chain", tables: []table{{"a", false, chain}}, o: Options{Decisions: []Decision{same("a3", "a1", false)}},
			want: "a1 a2", refuse: "map[decided:1]"},
		{name: "decided to be the same against codes, a source without duplicates and the size", spec: func(s *Spec) { s.MaxCluster = 2 },
			tables: []table{{"a", true, []string{"1 1236 p q r", "2 4509 s t u", "3 1326 v w x"}}},
			o:      Options{Decisions: []Decision{same("a1", "a2", true), same("a2", "a3", true)}}, want: "a1 a2 a3"},
		{name: "the later decision holds", tables: []table{{"a", false, chain}},
			o: Options{Decisions: []Decision{same("a1", "a2", false), same("a2", "a1", true)}}, want: "a1 a2 a3"},
		{name: "a decision about a row that is not there", tables: []table{{"a", false, chain}}, o: Options{Decisions: []Decision{same("a1", "a9", false)}}, want: "a1 a2 a3"},
	}
	for _, test := range tests {
		spec := plainSpec
		if test.spec != nil {
			test.spec(&spec)
		}
		res := rigged(t, spec, test.o, test.tables...)
		var clusters, review []string
		for e := range res.Entities() {
			if len(e.Rows) > 1 {
				clusters = append(clusters, rowsOf(e))
			}
		}
		for p := range res.Review() {
			review = append(review, fmt.Sprintf("%s%s %s%s %s", p.A.Source, p.A.Key, p.B.Source, p.B.Key, p.Reason))
		}
		if got := strings.Join(clusters, "|"); got != test.want {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
		if got := strings.Join(review, "|"); got != test.review {
			t.Errorf("%s: for review %q, want %q", test.name, got, test.review)
		}
		if got := fmt.Sprint(res.Report.Refused); test.refuse != "" && got != test.refuse {
			t.Errorf("%s: refused %s, want %s", test.name, got, test.refuse)
		}
		if links, reviewed := len(res.links), len(review); res.Report.Links != links || res.Report.Review != reviewed {
			t.Errorf("%s: %+v", test.name, res.Report)
		}
	}
}

func rowsOf(e Entity) string {
	var rows []string
	for _, r := range e.Rows {
		rows = append(rows, r.Source+r.Key)
	}
	return strings.Join(rows, " ")
}

// TestContradiction: rows decided to be different stay apart even when two other decisions would bring them together, and that is said.
func TestContradiction(t *testing.T) {
	o := Options{Decisions: []Decision{same("a1", "a2", true), same("a2", "a3", true), same("a1", "a3", false), same("a1", "a7", true)}}
	res := rigged(t, plainSpec, o, table{"a", false, []string{"1 - p q r", "2 - p q r", "3 - p q r"}})
	if diff := cmp.Diff([]string{"E000001: a1 a2"}, entities(res, false)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([][2]RowID{{{"a", "2"}, {"a", "3"}}}, res.Report.Contradictions); diff != "" || res.Report.Unknown != 1 {
		t.Error(diff, res.Report.Unknown)
	}
}

// TestBothSides: a pair for review shows both values of each field and what each is worth.
func TestBothSides(t *testing.T) {
	res := rigged(t, plainSpec, Options{}, table{"a", true, []string{"1 1235 p - r"}}, table{"b", true, []string{"7 1236 p q s"}})
	var got []Agreement
	for p := range res.Review() {
		got = p.Fields()
	}
	if got != nil {
		t.Fatalf("a pair of 5 bits is for review: %v", got)
	}
	spec := plainSpec
	spec.Review = 0.001
	res = rigged(t, spec, Options{}, table{"a", true, []string{"1 1235 p - r"}}, table{"b", true, []string{"7 1236 p q s"}})
	for p := range res.Review() {
		if p.A != (RowID{"a", "1"}) || p.B != (RowID{"b", "7"}) || p.Bits != 5 || p.Probability < 0.007 || p.Probability > 0.009 {
			t.Errorf("%+v", p)
		}
		got = p.Fields()
	}
	want := []Agreement{{"code", "1235", "1236", "one slip", 3}, {"x", "p", "p", "same", 10}, {"y", "", "q", "missing", 0}, {"z", "r", "s", "different", -8}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestIdentify: rows carry the ids they had; "1=E1" is row 1, once of entity E1.
func TestIdentify(t *testing.T) {
	tests := []struct {
		name  string
		rows  []string
		want  []string
		moves []Move
	}{
		{"new", []string{"1 - p q r", "2 - p q r", "3 - s t u"}, []string{"N1: a1 a2", "N2: a3"}, nil},
		{"in the order of first rows", []string{"1 - p q r", "2 - s t u", "3 - p q r"}, []string{"N1: a1 a3", "N2: a2"}, nil},
		{"a new row joins", []string{"1 - p q r", "2=E1 - p q r"}, []string{"E1: a1 a2"}, nil},
		{"two merge, the larger stays", []string{"1=E1 - p q r", "2=E2 - p q r", "3=E2 - p q r"}, []string{"E2: a1 a2 a3"}, []Move{{"E1", "E2", 1, false}}},
		{"two equal merge, the first stays", []string{"1=E2 - p q r", "2=E1 - p q r"}, []string{"E2: a1 a2"}, []Move{{"E1", "E2", 1, false}}},
		{"one splits, the larger part keeps it", []string{"1=E1 - p q r", "2=E1 - s t u", "3=E1 - s t u"}, []string{"N1: a1", "E1: a2 a3"}, []Move{{"E1", "N1", 1, true}}},
		{"one splits in equal parts, the first keeps it", []string{"1=E1 - p q r", "2=E1 - s t u"}, []string{"E1: a1", "N1: a2"}, []Move{{"E1", "N1", 1, true}}},
		{"one loses a row to another", []string{"1=E1 - p q r", "2=E1 - p q r", "3=E1 - s t u", "4=E2 - s t u"}, []string{"E1: a1 a2", "E2: a3 a4"}, []Move{{"E1", "E2", 1, true}}},
		{"one is torn apart by two", []string{"1=E1 - p q r", "2=E2 - p q r", "3=E2 - p q r", "4=E1 - s t u", "5=E3 - s t u", "6=E3 - s t u"},
			[]string{"E2: a1 a2 a3", "E3: a4 a5 a6"}, []Move{{"E1", "E2", 1, false}, {"E1", "E3", 1, false}}},
	}
	for _, test := range tests {
		n := 0
		res := rigged(t, plainSpec, Options{NewID: func() string { n++; return fmt.Sprintf("N%d", n) }}, table{"a", false, test.rows})
		if diff := cmp.Diff(test.want, entities(res, true)); diff != "" {
			t.Errorf("%s:\n%s", test.name, diff)
		}
		if diff := cmp.Diff(test.moves, res.Moves); diff != "" {
			t.Errorf("%s:\n%s", test.name, diff)
		}
	}
}

// TestStable: linking the same rows again, with the ids they got and more rows, keeps every id.
func TestStable(t *testing.T) {
	a, b := people(0, 800, 0.1, 1), people(400, 800, 0.1, 2)
	res := linkAll(t, "A", table{"a", true, a})
	bear := func(res *Result, source string, rows []string) []string {
		id := map[string]string{}
		for e := range res.Entities() {
			for _, r := range e.Rows {
				id[r.Source+r.Key] = e.ID
			}
		}
		out := slices.Clone(rows)
		for i, r := range out {
			key, rest, _ := strings.Cut(r, " ")
			out[i] = key + "=" + id[source+key] + " " + rest
		}
		return out
	}
	second := linkAll(t, "B", table{"a", true, bear(res, "a", a)}, table{"b", true, b})
	for e := range second.Entities() {
		if e.Rows[0].Source == "a" && e.ID[0] != 'A' || e.Rows[0].Source == "b" && e.ID[0] != 'B' {
			t.Fatalf("%+v", e)
		}
	}
	third := linkAll(t, "C", table{"a", true, bear(second, "a", a)}, table{"b", true, bear(second, "b", b)})
	if diff := cmp.Diff(entities(second, true), entities(third, true)); diff != "" || len(third.Moves) > 0 {
		t.Errorf("%v\n%s", third.Moves, diff)
	}
}

func linkAll(t *testing.T, prefix string, tables ...table) *Result {
	t.Helper()
	n := 0
	res, err := fill(t, personSpec, tables).Run(t.Context(), Options{NewID: func() string { n++; return fmt.Sprintf("%s%d", prefix, n) }})
	if err != nil {
		t.Fatal(err)
	}
	return res
}

func TestGolden(t *testing.T) {
	// Rows of a come before those of b; within a source a later row is newer.
	tables := []table{{"a", false, []string{"1 1235 p q r", "2 1236 pp q r"}}, {"b", false, []string{"1 1236 p q r", "2 - ppp q -"}}}
	tests := []struct {
		s    Survivor
		want GoldenValue
	}{
		{Survivor{Field: "y", Rules: []string{"newest"}}, GoldenValue{"y", "q", RowID{"a", "1"}, Agreed}},
		{Survivor{Field: "code", Rules: []string{"valid"}}, GoldenValue{"code", "1236", RowID{"a", "2"}, "valid"}},
		{Survivor{Field: "code", Source: "b"}, GoldenValue{"code", "1236", RowID{"b", "1"}, Authoritative}},
		{Survivor{Field: "x", Source: "b", Rules: []string{"newest"}}, GoldenValue{"x", "ppp", RowID{"b", "2"}, "newest"}},
		{Survivor{Field: "x", Source: "c", Rules: []string{"most"}}, GoldenValue{"x", "p", RowID{"a", "1"}, "most"}},
		{Survivor{Field: "x", Rules: []string{"longest", "most"}}, GoldenValue{"x", "ppp", RowID{"b", "2"}, "longest"}},
		{Survivor{Field: "x", Rules: []string{"valid", "newest", "longest"}}, GoldenValue{"x", "ppp", RowID{"b", "2"}, "longest"}},
		{Survivor{Field: "x"}, GoldenValue{"x", "p", RowID{"a", "1"}, FirstRow}},
		{Survivor{Field: "z", Source: "b"}, GoldenValue{"z", "r", RowID{"b", "1"}, Authoritative}},
	}
	for _, test := range tests {
		spec := plainSpec
		spec.Golden = []Survivor{test.s}
		decisions := []Decision{same("a1", "a2", true), same("a1", "b1", true), same("a1", "b2", true)}
		res := rigged(t, spec, Options{Decisions: decisions}, tables...)
		for e := range res.Entities() {
			if diff := cmp.Diff([]GoldenValue{test.want}, e.Golden()); diff != "" {
				t.Errorf("%+v:\n%s", test.s, diff)
			}
		}
	}
	spec := plainSpec
	spec.Golden = []Survivor{{Field: "z"}}
	for e := range rigged(t, spec, Options{}, table{"a", false, []string{"1 1236 p q -"}}).Entities() {
		if diff := cmp.Diff([]GoldenValue{{Field: "z"}}, e.Golden()); diff != "" {
			t.Errorf("no row has a value:\n%s", diff)
		}
	}
}
