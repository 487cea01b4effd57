package link

import (
	"context"
	"encoding/csv"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
)

const febrl = "../../../../shared/realdata/linkage/febrl-dataset"

// febrlSpec compares the fields of the Febrl data sets of Christen (2008). Rules are derived.
var febrlSpec = Spec{Fields: []Field{
	{Name: "given_name", Compare: "jaro-winkler", Terms: true},
	{Name: "surname", Compare: "jaro-winkler", Terms: true},
	{Name: "street_number", Compare: "edit", Steps: []float64{1}},
	{Name: "address_1", Compare: "jaro-winkler"},
	{Name: "address_2", Compare: "jaro-winkler"},
	{Name: "suburb", Compare: "jaro-winkler"},
	{Name: "postcode", Compare: "edit", Steps: []float64{1}},
	{Name: "state", Compare: "exact"},
	{Name: "date_of_birth", Compare: "date"},
	{Name: "soc_sec_id", Compare: "edit", Steps: []float64{1, 2}},
}}

// readFebrl adds a file to the linker as a source and returns how many rows it has.
func readFebrl(t *testing.T, l *Linker, name string, unique bool) int {
	t.Helper()
	f, err := os.Open(febrl + name + ".csv")
	if err != nil {
		t.Skip("../shared/realdata/linkage is not there: NOT tested with the Febrl data sets")
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	head := map[string]int{}
	for i, h := range rows[0] {
		head[strings.TrimSpace(h)] = i
	}
	if err := l.Begin(name, unique); err != nil {
		t.Fatal(err)
	}
	for _, r := range rows[1:] {
		values := make([]string, len(febrlSpec.Fields))
		for i, field := range febrlSpec.Fields {
			values[i] = r[head[field.Name]]
		}
		if err := l.Add(Row{Key: r[head["rec_id"]], Values: values}); err != nil {
			t.Fatal(err)
		}
	}
	return len(rows) - 1
}

var febrlNumber = regexp.MustCompile(`^rec-(\d+)-`)

// truth is the person whom a row's key names.
func truth(t *testing.T, id RowID) string {
	m := febrlNumber.FindStringSubmatch(id.Key)
	if m == nil {
		t.Fatalf("row %v", id)
	}
	return m[1]
}

// measures returns precision, recall and F1 of the pairs within entities.
func measures(right, found, true_ int) (p, r, f float64) {
	p, r = float64(right)/float64(max(1, found)), float64(right)/float64(max(1, true_))
	return p, r, 2 * p * r / max(1e-9, p+r)
}

func ids() func() string {
	n := 0
	return func() string { n++; return fmt.Sprintf("E%06d", n) }
}

// scorePairs counts the pairs within entities, and how many are of one person.
func scorePairs(t *testing.T, res *Result) (right, all int) {
	for e := range res.Entities() {
		for i, a := range e.Rows {
			for _, b := range e.Rows[:i] {
				all++
				if truth(t, a) == truth(t, b) {
					right++
				}
			}
		}
	}
	return right, all
}

// TestFebrl4 links two files of 5,000 persons without labels.
func TestFebrl4(t *testing.T) {
	l, err := New(febrlSpec, nil)
	if err != nil {
		t.Fatal(err)
	}
	n := readFebrl(t, l, "4a", true)
	readFebrl(t, l, "4b", true)
	res, err := l.Run(context.Background(), Options{NewID: ids()})
	if err != nil {
		t.Fatal(err)
	}
	right, all := scorePairs(t, res)
	_, _, f := measures(right, all, n)
	t.Logf("%d of %d found are right, F1 %.4f, %d compared, %d for review, refused %v", right, all, f, res.Report.Compared, res.Report.Review, res.Report.Refused)
	if f < 0.995 {
		t.Errorf("F1 is %.4f", f)
	}
}

// TestFebrl3 finds the duplicates among 2,000 persons and 3,000 copies.
func TestFebrl3(t *testing.T) {
	l, err := New(febrlSpec, nil)
	if err != nil {
		t.Fatal(err)
	}
	readFebrl(t, l, "3", false)
	persons := map[string]int{}
	for r := range uint32(l.rows) {
		persons[truth(t, l.id(r))]++
	}
	true_ := 0
	for _, n := range persons {
		true_ += n * (n - 1) / 2
	}
	res, err := l.Run(context.Background(), Options{NewID: ids()})
	if err != nil {
		t.Fatal(err)
	}
	right, all := scorePairs(t, res)
	_, _, f := measures(right, all, true_)
	t.Logf("%d of %d found are right, F1 %.4f, %d compared, %d for review, refused %v", right, all, f, res.Report.Compared, res.Report.Review, res.Report.Refused)
	if f < 0.98 {
		t.Errorf("F1 is %.4f", f)
	}
}
