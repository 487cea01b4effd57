package main

import (
	"context"
	"io"
	"path/filepath"
	"testing"

	"chengshu/bench/synth"
	"chengshu/engine/lake/link"
)

// TestLinkage links small files as the benchmark links large ones: an error in one field of twenty, on both sides.
func TestLinkage(t *testing.T) {
	city, err := linkCity("../packs/public-data/data/divisions.csv")
	if err != nil {
		t.Fatal(err)
	}
	const n = 10_000
	persons := func(rows, truth io.Writer, from int, o synth.Copies) error {
		return city.WritePersonCopies(rows, truth, from, n, o)
	}
	firms := func(rows, truth io.Writer, from int, o synth.Copies) error {
		return city.WriteEntityCopies(rows, truth, from, n, n, o)
	}
	tests := []struct {
		name   string
		write  linkWriter
		fields []link.Field
		least  float64
	}{
		{"persons", persons, linkPersonFields, 0.999},
		{"persons without number and telephone", persons, linkHardFields, 0.99},
		{"firms", firms, linkFirmFields, 0.999},
	}
	for _, test := range tests {
		files, err := linkPair(filepath.Join(t.TempDir(), "file"), n, test.write)
		if err != nil {
			t.Fatal(err)
		}
		r, err := linkRun(context.Background(), test.fields, files)
		if err != nil {
			t.Fatal(err)
		}
		if got := f1(r.right, r.found, r.want); r.want != n*4/5 || got < test.least {
			t.Errorf("%s: F1 %.4f: %d of %d found are right, %d are true", test.name, got, r.right, r.found, r.want)
		}
	}
}
