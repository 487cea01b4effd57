package lake

import (
	"cmp"
	"io"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"chengshu/core/decl"
	"chengshu/core/decl/decltest"
	"chengshu/core/process"
	"chengshu/core/record"
	"chengshu/kernel/blob"
	"chengshu/kernel/clock"
	"chengshu/kernel/db"
	"chengshu/kernel/db/dbtest"
	"chengshu/kernel/fault"
)

// stepping does something after each page of a pull.
type stepping func(rows int64)

func (s stepping) Progress(done, _ int64, _ fault.Text) { s(done) }

// TestPullGoesOn: a pull whose database goes away in the middle keeps the pages
// that came, and goes on behind them, also after the program has started anew.
func TestPullGoesOn(t *testing.T) {
	address := dbtest.URL(t)
	table := dbtest.Open(t, address)
	do := func(stmt string) {
		t.Helper()
		must(t, table.Do(t.Context(), func(tx *db.Tx) error { _, err := tx.Exec(stmt); return err }))
	}
	do(`create table thing as select n as id, 'A' || n as code from generate_series(1, 25000) n`)
	d := dbtest.SQLite(t)
	must(t, d.Migrate(t.Context(), Migrations()...))
	blobs, err := blob.OpenFolder(filepath.Join(t.TempDir(), "blobs"))
	must(t, err)
	dir := t.TempDir()
	f := &Feed{Meta: decl.Meta{Name: "things"}, Postgres: &tableSource{Connection: "c", Table: "thing", By: "id"}}
	start := func() *Engine {
		return &Engine{Deps: Deps{DB: d, Uploads: blobs, Clock: clock.System(), Pulling: Pulling{Dir: dir, Limit: 1 << 20, Connections: map[string]string{"c": address}, Log: slog.New(slog.DiscardHandler)}}}
	}
	state := func() SourceState {
		s, err := start().SourceState(d.Read(t.Context()), "things")
		must(t, err)
		return s
	}
	_, err = start().pullTable(t.Context(), f, state(), stepping(func(rows int64) {
		if rows == 20_000 {
			do(`alter table thing rename to gone`)
		}
	}))
	if fault.Code(err) != "source-database" || state().Pending == nil || state().Pending.Rows != 20_000 {
		t.Fatalf("%v, pending %+v", err, state().Pending)
	}
	do(`alter table gone rename to thing`)
	e := start()
	e.Pulling.Limit = 100
	if _, err := e.pullTable(t.Context(), f, state(), silent{}); fault.Code(err) != "feed-too-large" {
		t.Errorf("over the limit: %v", err)
	}
	e.Pulling.Limit = 300_000
	if p, err := e.pullTable(t.Context(), f, SourceState{}, silent{}); err != nil || !p.More || p.Rows != 20_000 {
		t.Errorf("a file that is full: %+v, %v", p, err)
	}
	// Other columns than the pages were begun with: the pull begins anew, and no
	// value comes under another's name.
	pending := state()
	pending.Pending.Columns = []string{"code", "id"}
	first := int64(0)
	p, err := start().pullTable(t.Context(), f, pending, stepping(func(rows int64) { first = cmp.Or(first, rows) }))
	if err != nil || p.Rows != 25_000 || first != 10_000 {
		t.Errorf("begun with other columns: %+v after %d, %v", p, first, err)
	}
	must(t, start().note(t.Context(), "things", func(s *SourceState) { s.Pending = nil }))
	_, err = start().pullTable(t.Context(), f, state(), stepping(func(rows int64) {
		if rows == 20_000 {
			do(`alter table thing rename to gone`)
		}
	}))
	if fault.Code(err) != "source-database" || state().Pending.Rows != 20_000 {
		t.Fatalf("%v, pending %+v", err, state().Pending)
	}
	do(`alter table gone rename to thing`)
	p, err = start().pullTable(t.Context(), f, state(), silent{})
	must(t, err)
	if p.More {
		t.Error("there is no more")
	}
	body, _, err := blobs.Open(t.Context(), p.File.ID)
	must(t, err)
	defer body.Close()
	text, err := io.ReadAll(body)
	must(t, err)
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	if p.Rows != 25_000 || p.Mark.By != "25000" || len(lines) != 25_001 || lines[0] != "id,code" || lines[20_001] != "20001,A20001" {
		t.Errorf("%d rows to %v in %d lines", p.Rows, p.Mark, len(lines))
	}
}

// TestPauses: a source that fails waits longer each time, and never longer than
// it would have waited anyway.
func TestPauses(t *testing.T) {
	every, err := clock.ParseSpan("10 minutes")
	must(t, err)
	f, at, s := &Feed{Every: process.Span{Span: every}}, time.Unix(1_000_000, 0), &SourceState{}
	why := &fault.Text{En: "x"}
	for i, want := range []time.Duration{time.Minute, 2 * time.Minute, 4 * time.Minute, 8 * time.Minute, 10 * time.Minute, 10 * time.Minute} {
		s.end(f, at, why)
		if got := time.UnixMilli(s.Due).Sub(at); got != want || s.Failures != i+1 || s.Succeeded != 0 {
			t.Errorf("failure %d: %v, want %v (%+v)", i+1, got, want, s)
		}
	}
	s.end(f, at, nil)
	if s.Failures != 0 || s.Error != nil || time.UnixMilli(s.Due).Sub(at) != 10*time.Minute {
		t.Errorf("when it is well again: %+v", s)
	}
}

// TestFeedDeclared: what is wrong with the declaration of a source is said.
func TestFeedDeclared(t *testing.T) {
	for want, text := range map[string]string{
		"no dataset":   "dataset: none\nprocess: p\naction: a\nunit: u\nevery: 1 hour\nhttp: {url: \"https://a/b\"}",
		"start action": "dataset: thing\nprocess: p\naction: a\nunit: u\nevery: 1 hour\nhttp: {url: \"https://a/b\"}",
		"exactly one":  "dataset: thing\nprocess: p\naction: a\nunit: u\nevery: 1 hour\nhttp: {url: \"https://a/b\"}\nmysql: {connection: c, table: t, by: b}",
		"password":     "dataset: thing\nprocess: p\naction: a\nunit: u\nevery: 1 hour\nhttp: {url: \"https://me:secret@a/b\"}",
		"at least a":   "dataset: thing\nprocess: p\naction: a\nunit: u\nevery: 3 work-days\nhttp: {url: \"https://a/b\"}",
		"no field":     "dataset: thing\nprocess: p\naction: a\nunit: u\nevery: 1 hour\naliases: {none: [x]}\nhttp: {url: \"https://a/b\"}",
	} {
		_, report := decltest.Read(t, things+"---\nsource: s\ntitle: x\n"+text+"\n", record.Kind, SourceKind)
		if err := report.Err(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
}
