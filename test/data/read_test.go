// Package data holds the tests of the facts that packs are seeded with: that
// tables are whole, that what one names another has, and that they still agree
// with the sources they were made from where those are at hand.
package data

import (
	"encoding/csv"
	"os"
	"path/filepath"
	"testing"
)

const (
	packs    = "../../packs"
	realdata = "../../../shared/realdata"
)

// row is one line of a table by column name.
type row map[string]string

// table reads a CSV file whose first line must be exactly want.
func table(t *testing.T, path string, want ...string) []row {
	t.Helper()
	head, rows := readCSV(t, path)
	if len(head) != len(want) {
		t.Fatalf("%s: columns %q, want %q", path, head, want)
	}
	for i := range want {
		if head[i] != want[i] {
			t.Fatalf("%s: column %d is %q, want %q", path, i, head[i], want[i])
		}
	}
	return rows
}

func readCSV(t *testing.T, path string) ([]string, []row) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	all, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	rows := make([]row, 0, len(all))
	for _, record := range all[1:] {
		r := row{}
		for i, name := range all[0] {
			r[name] = record[i]
		}
		rows = append(rows, r)
	}
	return all[0], rows
}

// source returns the path of a file of real data, or skips the test loudly.
func source(t *testing.T, name string) string {
	t.Helper()
	path := filepath.Join(realdata, name)
	if _, err := os.Stat(path); err != nil {
		t.Skipf("NOT CHECKED against its source: %v", err)
	}
	return path
}

// index maps rows by one column, which must be unique and never empty.
func index(t *testing.T, rows []row, column string) map[string]row {
	t.Helper()
	m := make(map[string]row, len(rows))
	for i, r := range rows {
		k := r[column]
		if k == "" || m[k] != nil {
			t.Errorf("row %d: %s %q is empty or repeated", i+2, column, k)
		}
		m[k] = r
	}
	return m
}
