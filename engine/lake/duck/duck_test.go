package duck

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"chengshu/kernel/fault"

	"github.com/google/go-cmp/cmp"
)

func TestMain(m *testing.M) {
	Worker()
	os.Exit(m.Run())
}

func rows(sql string) Step { return Step{SQL: sql, Rows: true} }

// TestRun: steps share one database, and rows come back by step.
func TestRun(t *testing.T) {
	var begun []int
	got, err := Run(t.Context(), Task{Dir: t.TempDir(), Steps: []Step{
		{SQL: "create table t as select range as n from range(3)"},
		rows("select n, n * 0.5 as half, 'x' || n as text, n = 1 as one, null as none, [n] as list, {'a': n} as object, timestamptz '2026-03-02 09:00:00+08' as at from t order by n limit 1"),
		rows("select count(*) as n from t"),
	}}, func(step int) { begun = append(begun, step) })
	if err != nil {
		t.Fatal(err)
	}
	want := map[int]Rows{
		1: {Columns: []string{"n", "half", "text", "one", "none", "list", "object", "at"},
			Rows: [][]any{{json.Number("0"), "0", "x0", false, nil, []any{json.Number("0")}, map[string]any{"a": json.Number("0")}, "2026-03-02T01:00:00Z"}}},
		2: {Columns: []string{"n"}, Rows: [][]any{{json.Number("3")}}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]int{0, 1, 2}, begun); diff != "" {
		t.Error(diff)
	}
}

// TestConfined: a statement can reach nothing but the task's folder, and
// cannot loosen that.
func TestConfined(t *testing.T) {
	outside := filepath.Join(t.TempDir(), "secret.csv")
	if err := os.WriteFile(outside, []byte("a\n1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "in.csv"), []byte("a\n7\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	run := func(sql string) error {
		_, err := Run(t.Context(), Task{Dir: dir, Steps: []Step{{SQL: sql}}}, nil)
		return err
	}
	for _, sql := range []string{
		"from read_csv(" + Quote(outside) + ")",
		"from read_csv(" + Quote(filepath.Join(dir, "..", filepath.Base(filepath.Dir(outside)), "secret.csv")) + ")",
		"from read_text('/etc/passwd')",
		"from glob('/*')",
		"copy (select 1) to " + Quote(outside),
		"attach " + Quote(filepath.Join(filepath.Dir(outside), "x.db")),
		"install httpfs", "load httpfs", "from read_csv('https://example.com/a.csv')",
		"set enable_external_access = true", "set allowed_directories = ['/']", "set lock_configuration = false", "set memory_limit = '100GB'",
	} {
		var refused *StepError
		if err := run(sql); !errors.As(err, &refused) {
			t.Errorf("%s: %v, want it refused", sql, err)
		}
	}
	for _, sql := range []string{
		"create table t as from read_csv(" + Quote(filepath.Join(dir, "in.csv")) + ")",
		"copy (select 1 as a) to " + Quote(filepath.Join(dir, "out.parquet")),
	} {
		if err := run(sql); err != nil {
			t.Errorf("%s: %v", sql, err)
		}
	}
}

// TestCancelled: when the context ends the worker is killed, in whatever it does.
func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	why := errors.New("enough")
	_, err := Run(ctx, Task{Dir: t.TempDir(), Steps: []Step{rows("select count(*) from range(1000000) a, range(1000000) b where (a.range * b.range) % 7 = 3")}},
		func(int) { cancel(why) })
	if !errors.Is(err, why) {
		t.Errorf("got %v, want the cause", err)
	}
}

// TestMemory: what needs more memory than it may have fails, and says so.
func TestMemory(t *testing.T) {
	_, err := Run(t.Context(), Task{Dir: t.TempDir(), Memory: 20 << 20, Steps: []Step{rows("select length(string_agg(repeat(range::varchar, 100), ',')) from range(2000000)")}}, nil)
	if err == nil || !strings.Contains(strings.ToLower(err.Error()), "memory") && !fault.Is(err, fault.Unavailable) {
		t.Errorf("got %v, want it to be out of memory", err)
	}
}

// TestDied: a worker that ends before its time is told apart from a mistake.
func TestDied(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "gone")
	if _, err := Run(t.Context(), Task{Dir: dir}, nil); err == nil {
		t.Error("a worker without its folder has started")
	}
	_, err := listen(strings.NewReader(`{"step":0,"begun":true}`+"\n"), nil)
	if err == nil || !strings.Contains(err.Error(), "unexpected EOF") {
		t.Errorf("got %v", err)
	}
}

// TestQuote: text and names stay what they are, whatever is in them.
func TestQuote(t *testing.T) {
	const odd = `it's "odd"; drop table t; --`
	got, err := Run(t.Context(), Task{Dir: t.TempDir(), Steps: []Step{rows("select " + Quote(odd) + " as " + Name(odd))}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if r := got[0]; r.Columns[0] != odd || r.Rows[0][0] != odd {
		t.Errorf("got %v", r)
	}
}
