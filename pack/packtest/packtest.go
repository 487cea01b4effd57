// Package packtest tests that mistakes in packs are found and well explained.
//
// A case is a folder; adding a case is adding a folder. It is either one pack
// (it holds pack.yaml) or holds packs/ and, optionally, overlay/, each a folder
// of packs. want.txt beside them is what must be printed: nothing when the
// packs are right. Run with UPDATE=1 to write want.txt anew, then read it.
package packtest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"chengshu/core/decl"
	"chengshu/pack"
)

// Loader loads packs and returns what is wrong with them. The server's own does
// more than pack.Load: it compiles expressions and grants too.
type Loader func(sources []pack.Source) *decl.Report

// Load is pack.Load with the given kinds.
func Load(kinds []decl.Kind) Loader {
	return func(sources []pack.Source) *decl.Report {
		_, report := pack.Load(sources, kinds)
		return report
	}
}

// Golden runs every case folder of dir. base holds packs that all cases may
// need; it may be empty.
func Golden(t *testing.T, dir string, load Loader, base ...pack.Source) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(entries) == 0 {
		t.Fatalf("%s holds no case", dir)
	}
	for _, e := range entries {
		if !e.IsDir() {
			continue
		}
		t.Run(e.Name(), func(t *testing.T) {
			folder := filepath.Join(dir, e.Name())
			sources := append(append([]pack.Source(nil), base...), Sources(t, folder)...)
			var got strings.Builder
			pack.PrintProblems(&got, load(sources))
			compare(t, filepath.Join(folder, "want.txt"), got.String())
		})
	}
}

func compare(t *testing.T, file, got string) {
	t.Helper()
	if os.Getenv("UPDATE") != "" {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v; run with UPDATE=1 to write it", err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("problems differ (-want +got):\n%s", diff)
	}
}

// Sources returns the sources of one case folder. File names in messages are
// relative to the case, so that they are the same wherever the test runs.
func Sources(t *testing.T, folder string) []pack.Source {
	t.Helper()
	if _, err := os.Stat(filepath.Join(folder, "pack.yaml")); err == nil {
		return []pack.Source{open(t, folder, ".")}
	}
	out := []pack.Source{open(t, filepath.Join(folder, "packs"), "packs")}
	if _, err := os.Stat(filepath.Join(folder, "overlay")); err == nil {
		over := open(t, filepath.Join(folder, "overlay"), "overlay")
		over.Overlay = true
		out = append(out, over)
	}
	return out
}

func open(t *testing.T, folder, name string) pack.Source {
	t.Helper()
	s, err := pack.Dir(folder)
	if err != nil {
		t.Fatal(err)
	}
	s.Name = name
	return s
}
