package evidence

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"chengshu/kernel/db"
	"chengshu/kernel/db/dbtest"

	"github.com/google/go-cmp/cmp"
)

func monitorOf(f *fixture) *Monitor {
	m := NewMonitor(f.Log)
	m.grace = time.Millisecond
	return m
}

// look checks once and returns the kinds of alarm with the leaf.
func look(t *testing.T, m *Monitor) (Check, []string) {
	t.Helper()
	got, err := m.Check(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var kinds []string
	for _, a := range got.Alarms {
		kinds = append(kinds, a.Kind)
	}
	return got, kinds
}

func TestMonitorFinds(t *testing.T) {
	cases := []struct {
		name, tamper string
		want         []string
	}{
		{"nothing", `update act set n = n + 1000`, nil},
		{"altered body", `update act set body = (select body from act where seq = 8) where seq = 7`, []string{AlarmAltered}},
		{"altered salt", `update act set salt = (select salt from act where seq = 8) where seq = 7`, []string{AlarmAltered}},
		{"hidden from its subject", `update act set subject_id = 'other' where seq = 7`, []string{AlarmAltered}},
		{"another verb", `update act set verb = 'x' where seq = 7`, []string{AlarmAltered}},
		{"another actor", `update act set actor = 'x' where seq = 7`, []string{AlarmAltered}},
		{"another time", `update act set at = at + 1 where seq = 7`, []string{AlarmAltered}},
		{"another id", `update act set id = 'x' where seq = 7`, []string{AlarmAltered}},
		{"deleted", `delete from act where seq = 7`, []string{AlarmMissing}},
		{"deleted at the end", `delete from act where seq = 19`, []string{AlarmMissing}},
		{"unsealed again", `update act set seq = null where seq = 7`, []string{AlarmMissing}},
		{"moved", `update act set seq = 500 where seq = 7`, []string{AlarmMissing, AlarmExtra}},
		{"reader removed", `delete from evidence_reading where person = 'p2'`, []string{AlarmReading}},
		{"reader added", `update evidence_reading set person = 'p9' where person = 'p2'`, []string{AlarmReading}},
		{"fields hidden", `update evidence_reading set fields = 'name' where person = 'p2'`, []string{AlarmReading}},
	}
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		f := newFixture(t, d)
		f.append("a", 19)
		read := smallAct()
		read.ID = ""
		_, err := f.Read(t.Context(), read, []ReadSubject{
			{Person: "p1", Type: "resident", Record: "r1", Fields: []string{"name", "phone"}},
			{Person: "p2", Type: "resident", Record: "r2", Fields: []string{"name", "phone"}},
			{Person: "p3", Type: "resident", Record: "r3"}})
		if err != nil {
			t.Fatal(err)
		}
		f.seal()
		if got, kinds := look(t, monitorOf(f)); kinds != nil || got.Size != 20 || got.Checked != 40 {
			t.Fatalf("untouched: %+v", got)
		}
		keep := []string{`create table act_keep as select * from act`, `create table reading_keep as select * from evidence_reading`}
		if err := d.DDL(t.Context(), keep...); err != nil {
			t.Fatal(err)
		}
		for _, c := range cases {
			f.exec(c.tamper)
			// All is old to this monitor: the sweep must find it.
			if _, kinds := look(t, monitorOf(f)); !cmp.Equal(kinds, c.want) {
				t.Errorf("%s, old: %v, want %v", c.name, kinds, c.want)
			}
			// All is new to this one.
			f.exec(`delete from evidence_monitor`)
			m := monitorOf(f)
			m.sweep.nodes = nil
			if _, kinds := look(t, m); !cmp.Equal(dedup(kinds), c.want) {
				t.Errorf("%s, new: %v, want %v", c.name, kinds, c.want)
			}
			f.exec(`delete from act`)
			f.exec(`insert into act select * from act_keep`)
			f.exec(`delete from evidence_reading`)
			f.exec(`insert into evidence_reading select * from reading_keep`)
		}
		if n := f.count(`select count(*) from evidence_alarm`); n != 5 {
			t.Errorf("%d alarms are kept, want each once", n)
		}
		s, err := f.Status(t.Context())
		if err != nil || len(s.Alarms) != 5 || s.LastCheck == nil {
			t.Errorf("%+v, %v", s, err)
		}
	})
}

// dedup drops repetitions, as when fresh and old checks meet the same act.
func dedup(kinds []string) []string {
	seen := map[string]bool{}
	var out []string
	for _, k := range kinds {
		if !seen[k] {
			seen[k] = true
			out = append(out, k)
		}
	}
	return out
}

// TestMonitorWatchesTheLog: the files of the log are checked too.
func TestMonitorWatchesTheLog(t *testing.T) {
	entries := func(f *fixture) string { return filepath.Join(f.store.tree, "tile", "entries", "000") }
	cases := []struct {
		name   string
		tamper func(t *testing.T, f *fixture)
		want   []string
	}{
		{"nothing", func(*testing.T, *fixture) {}, nil},
		{"an entry altered", func(t *testing.T, f *fixture) { flip(t, entries(f), 5) }, []string{AlarmAltered, AlarmRoot}},
		{"a checkpoint altered", func(t *testing.T, f *fixture) { flip(t, filepath.Join(f.store.tree, "checkpoint"), 20) }, []string{AlarmSignature}},
		{"an older checkpoint", func(t *testing.T, f *fixture) {
			older := newFixture(t, dbtest.SQLite(t))
			older.Dir = f.Dir
			text := testOrigin + "\n200\n" + "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n"
			write(t, filepath.Join(f.store.tree, "checkpoint"), f.signed(text))
		}, []string{AlarmRollback}},
		{"another log of the same length", func(t *testing.T, f *fixture) {
			text := testOrigin + "\n300\n" + "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n"
			write(t, filepath.Join(f.store.tree, "checkpoint"), f.signed(text))
		}, []string{AlarmRollback}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			f := newFixture(t, dbtest.SQLite(t))
			f.append("a", 300)
			f.seal()
			if _, kinds := look(t, monitorOf(f)); kinds != nil {
				t.Fatal(kinds)
			}
			c.tamper(t, f)
			if _, kinds := look(t, monitorOf(f)); !cmp.Equal(dedup(kinds), c.want) {
				t.Errorf("%v, want %v", kinds, c.want)
			}
		})
	}
}

// TestMonitorTellsAFork: a log rewritten by someone who holds its keys does not
// pass for a continuation of what was checked before.
func TestMonitorTellsAFork(t *testing.T) {
	f := newFixture(t, dbtest.SQLite(t))
	f.append("a", 30)
	f.seal()
	if _, kinds := look(t, monitorOf(f)); kinds != nil {
		t.Fatal(kinds)
	}
	// The forger alters an act, throws the tree away and seals all anew.
	f.exec(`update act set seq = null, salt = (select salt from act where seq = 1) where seq = 4`)
	f.exec(`update act set seq = null`)
	f.exec(`delete from evidence_seal`)
	if err := os.RemoveAll(f.store.tree); err != nil {
		t.Fatal(err)
	}
	forged := reopen(t, f.DB, f.Dir)
	forged.append("b", 5)
	forged.seal()
	if _, kinds := look(t, monitorOf(forged)); !cmp.Equal(kinds, []string{AlarmRoot}) {
		t.Errorf("got %v", kinds)
	}
}

// TestMonitorIsIncremental: a second look checks what is new, and the pass over
// the old goes on.
func TestMonitorIsIncremental(t *testing.T) {
	f := newFixture(t, dbtest.SQLite(t))
	f.append("a", 100)
	f.seal()
	m := monitorOf(f)
	if got, _ := look(t, m); got.Checked != 200 { // all is new, and the pass begins
		t.Errorf("%+v", got)
	}
	f.append("b", 10)
	f.seal()
	if got, _ := look(t, m); got.Checked != 10+110 {
		t.Errorf("%+v", got)
	}
}

func flip(t *testing.T, path string, at int) {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	raw[at] ^= 1
	write(t, path, string(raw))
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}
