package lake

import (
	"bytes"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"chengshu/core/record"
	"chengshu/engine/lake/duck"
	"chengshu/kernel/blob"
	"chengshu/kernel/clock"
	"chengshu/kernel/db"
	"chengshu/kernel/db/dbtest"
	"chengshu/kernel/fault"

	"github.com/google/go-cmp/cmp"

	"golang.org/x/sync/semaphore"
)

// released stores rows, given as SQL that makes them, as a release.
func released(t *testing.T, e *Engine, typ *record.Type, version int64, fields []string, sql string) {
	t.Helper()
	dir := t.TempDir()
	_, err := duck.Run(t.Context(), duck.Task{Dir: dir, Steps: []duck.Step{{SQL: fmt.Sprintf("copy (%s) to %s (format parquet)", sql, duck.Quote(filepath.Join(dir, goodFile)))}}}, nil)
	must(t, err)
	ref, err := e.store(t.Context(), filepath.Join(dir, goodFile))
	must(t, err)
	m := Manifest{Dataset: typ.Name, Version: version, Files: []File{{Name: goodFile, SHA256: ref.Hash}}}
	for _, name := range fields {
		m.Fields = append(m.Fields, Field{Name: name})
	}
	raw := mustJSON(t, m)
	must(t, e.DB.Do(t.Context(), func(tx *db.Tx) error {
		_, err := tx.Exec(`insert into lake_release (dataset, version, at, batch, manifest, digest) values ($1, $2, $3, $4, $5, $6)`, typ.Name, version, 0, fmt.Sprint(typ.Name, version), raw, "")
		return err
	}))
}

// TestDiff: what was added, removed and changed, cell by cell.
func TestDiff(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		must(t, d.Migrate(t.Context(), Migrations()...))
		blobs, err := blob.OpenFolder(filepath.Join(t.TempDir(), "blobs"))
		must(t, err)
		keyed, loose, pair := thing(t), thing(t), thing(t)
		loose.Name, loose.Unique = "loose", nil
		pair.Name, pair.Unique = "pair", []string{"code+count"}
		e := &Engine{Deps: Deps{DB: d, Blobs: blobs, Dir: t.TempDir(), Clock: clock.System()}, asking: make(chan struct{}, 1), room: semaphore.NewWeighted(workerRoom)}
		for _, typ := range []*record.Type{keyed, loose, pair} {
			released(t, e, typ, 1, []string{"code", "count", "price", "kind"}, `select * from (values (1, 'A', 1, 9.5::decimal(18,2), 'big'), (2, 'B', 2, null, 'big'), (3, 'C', 3, 1, 'small'), (4, 'D', 4, 4, 'small')) t(_row, code, "count", price, kind)`)
			released(t, e, typ, 2, []string{"code", "count", "price", "new"}, `select * from (values (1, 'A', 1, 9.5::decimal(18,2), null), (2, 'B', 2, 7, null), (3, 'C', 30, 2, true), (4, 'E', 5, 5, false)) t(_row, code, "count", price, new)`)
		}
		for _, c := range []struct {
			typ  *record.Type
			want DiffReport
			rows []string
		}{
			{keyed, DiffReport{Added: 1, Removed: 1, Changed: 2, Cells: []FieldCells{{"count", 1}, {"kind", 2}, {"new", 1}, {"price", 2}}, Gained: []string{"new"}, Lost: []string{"kind"}},
				[]string{"added 0 4 code:-→E count:-→5 price:-→5.00 new:-→false", "changed 2 2 code:B→B price:-→7.00 kind:big→-", "changed 3 3 code:C→C count:3→30 price:1.00→2.00 new:-→true kind:small→-", "removed 4 0 code:D→- count:4→- price:4.00→- kind:small→-"}},
			{loose, DiffReport{Added: 3, Removed: 3, Gained: []string{"new"}, Lost: []string{"kind"}},
				[]string{"added 0 2 code:-→B count:-→2 price:-→7.00", "added 0 3 code:-→C count:-→30 price:-→2.00", "added 0 4 code:-→E count:-→5 price:-→5.00",
					"removed 2 0 code:B→- count:2→-", "removed 3 0 code:C→- count:3→- price:1.00→-", "removed 4 0 code:D→- count:4→- price:4.00→-"}},
			{pair, DiffReport{Added: 2, Removed: 2, Changed: 1, Cells: []FieldCells{{"kind", 1}, {"price", 1}}, Gained: []string{"new"}, Lost: []string{"kind"}}, nil},
		} {
			d, err := e.Diff(t.Context(), c.typ, 1, 2)
			must(t, err)
			if diff := cmp.Diff(c.want, d.Report); diff != "" {
				t.Errorf("%s: %s", c.typ.Name, diff)
			}
			if c.rows == nil {
				continue
			}
			var got []string
			for after := int64(0); ; after += 2 { // in pages
				page, err := e.Changes(t.Context(), d, after, 2)
				must(t, err)
				if len(page) == 0 {
					break
				}
				for _, one := range page {
					got = append(got, said(one))
				}
			}
			if diff := cmp.Diff(c.rows, got); diff != "" {
				t.Errorf("%s: %s", c.typ.Name, diff)
			}
		}
		for _, pair := range [][2]int64{{2, 2}, {2, 1}} {
			if _, err := e.Diff(t.Context(), keyed, pair[0], pair[1]); !fault.Is(err, fault.Invalid) {
				t.Errorf("%v: %v", pair, err)
			}
		}
		if _, err := e.Diff(t.Context(), keyed, 1, 9); !fault.Is(err, fault.NotFound) {
			t.Errorf("with a release that is not: %v", err)
		}
	})
}

func said(c Change) string {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s %d %d", c.Kind, c.Older, c.Newer)
	or := func(s *string) string {
		if s == nil {
			return "-"
		}
		return *s
	}
	for _, cell := range c.Cells {
		fmt.Fprintf(&b, " %s:%s→%s", cell.Field, or(cell.Before), or(cell.After))
	}
	return strings.TrimSpace(b.String())
}

func mustJSON(t *testing.T, v any) string {
	t.Helper()
	raw, err := json.Marshal(v)
	must(t, err)
	return string(raw)
}
