package scenario_test

import (
	"context"
	"errors"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"chengshu/core/decl"
	"chengshu/kernel/clock"
	"chengshu/pack/scenario"
)

// eachText runs f on every text of a folder; adding a case is adding a file.
func eachText(t *testing.T, dir string, f func(t *testing.T, file, text string)) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("testdata", dir, "*.txt"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no texts in testdata/%s (%v)", dir, err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			f(t, file, string(text))
		})
	}
}

// golden compares got with the .want file beside a text; UPDATE=1 writes it.
func golden(t *testing.T, file, got string) {
	t.Helper()
	file = strings.TrimSuffix(file, ".txt") + ".want"
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
		t.Errorf("differs (-want +got):\n%s", diff)
	}
}

func problems(r *decl.Report) string {
	var b strings.Builder
	for _, p := range r.Problems() {
		b.WriteString(p.Pos.String() + "\n  " + p.Zh + "\n  " + p.En + "\n")
	}
	return b.String()
}

// TestMistakes checks what is said about every mistake that a writer can make.
func TestMistakes(t *testing.T) {
	eachText(t, "bad", func(t *testing.T, file, text string) {
		var r decl.Report
		scenario.Parse([]byte(text), filepath.Base(file), &r)
		if len(r.Problems()) == 0 {
			t.Error("no mistake was found")
		}
		golden(t, file, problems(&r))
	})
}

func parse(t *testing.T, file, text string) *scenario.Scenario {
	t.Helper()
	var r decl.Report
	s := scenario.Parse([]byte(text), filepath.Base(file), &r)
	if got := problems(&r); got != "" {
		t.Fatal(got)
	}
	if s.Follows != "" {
		before := filepath.Join(filepath.Dir(file), s.Follows+".txt")
		b, err := os.ReadFile(before)
		if err != nil {
			t.Fatal(err)
		}
		s.Before = parse(t, before, string(b))
	}
	return s
}

func tell(t *testing.T, s *scenario.Scenario) *scenario.Difference {
	t.Helper()
	r := scenario.Runner{
		Target: func(context.Context) (scenario.Target, error) { return scenario.Served(newCity(t).URL, nil), nil },
		Password: func(account string) (string, bool) {
			return account + "-demo", account != "rival" && account != "nobody"
		},
		IsCase: func(typ string) bool { return typ == "incident" },
		Verify: func(_ context.Context, _ scenario.Target, b []byte) error {
			if string(b) != "bundle of i1" {
				return errors.New("the bundle was changed")
			}
			return nil
		},
		Calendar: clock.National(),
	}
	data := func(name string) ([]byte, error) {
		if name != "data/photo.jpg" {
			return nil, fs.ErrNotExist
		}
		return []byte("\xff\xd8photo"), nil
	}
	return r.Run(t.Context(), s, data)
}

// TestRun tells scenarios that must hold.
func TestRun(t *testing.T) {
	eachText(t, "run", func(t *testing.T, file, text string) {
		if d := tell(t, parse(t, file, text)); d != nil {
			t.Error(d)
		}
	})
}

// TestDiffer tells scenarios that must not hold, and checks what is said.
func TestDiffer(t *testing.T) {
	eachText(t, "differ", func(t *testing.T, file, text string) {
		d := tell(t, parse(t, file, text))
		if d == nil {
			t.Fatal("no difference was found")
		}
		d.Exchange, _, _ = strings.Cut(d.Exchange, "\n")
		if strings.Contains(text, "at once") {
			d.Exchange = "" // Who wins is chance.
		}
		golden(t, file, d.Error()+"\n")
	})
}

func TestServerThatDoesNotStart(t *testing.T) {
	r := scenario.Runner{Target: func(context.Context) (scenario.Target, error) { return nil, errors.New("no room") }}
	d := r.Run(t.Context(), &scenario.Scenario{File: "x.txt"}, nil)
	if d == nil || !strings.Contains(d.En, "no room") || d.File != "x.txt" {
		t.Errorf("got %+v", d)
	}
}

func TestServedClockRefusal(t *testing.T) {
	s := newCity(t)
	if err := scenario.Served(s.URL+"/nowhere", nil).SetClock(t.Context(), clock.System().Now()); err == nil || !strings.Contains(err.Error(), http.StatusText(http.StatusNotFound)) {
		t.Errorf("got %v", err)
	}
}

// FuzzParse checks that no text makes the parser panic, and that every problem
// has both languages and a line of the text.
func FuzzParse(f *testing.F) {
	for _, dir := range []string{"bad", "run", "differ"} {
		files, _ := filepath.Glob(filepath.Join("testdata", dir, "*.txt"))
		for _, file := range files {
			if b, err := os.ReadFile(file); err == nil {
				f.Add(string(b))
			}
		}
	}
	f.Fuzz(func(t *testing.T, text string) {
		var r decl.Report
		s := scenario.Parse([]byte(text), "x.txt", &r)
		lines := strings.Count(text, "\n") + 1
		for _, p := range r.Problems() {
			if p.Zh == "" || p.En == "" || p.Line < 1 || p.Line > lines+1 {
				t.Errorf("line %d of %d: %q %q", p.Line, lines, p.Zh, p.En)
			}
		}
		for _, step := range s.Steps {
			if step.Do == nil || step.Line < 1 || step.Line > lines {
				t.Errorf("step %+v in %d lines", step, lines)
			}
		}
	})
}
