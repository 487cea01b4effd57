package data

import (
	"bytes"
	"os"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"chengshu/bench/synth"
)

// TestSynthetic makes the demo's people and organisations again; the files must
// be what cmd/citygen -persons 500 -firms 200 writes.
func TestSynthetic(t *testing.T) {
	f, err := os.Open(packs + "/public-data/data/divisions.csv")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	city, err := synth.New(f, 1, time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
	if err != nil {
		t.Fatal(err)
	}
	var persons, entities bytes.Buffer
	if err := city.WritePersons(&persons, 500); err != nil {
		t.Fatal(err)
	}
	if err := city.WriteEntities(&entities, 200, 500); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]*bytes.Buffer{"persons.csv": &persons, "entities.csv": &entities} {
		got, err := os.ReadFile(packs + "/public-data/data/" + name)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want.String(), string(got)); diff != "" {
			t.Errorf("%s is not what the generator makes", name)
		}
	}
}
