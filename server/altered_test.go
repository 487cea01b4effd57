package server

import (
	"strings"
	"testing"
	"time"

	"chengshu/core/evidence"
	"chengshu/kernel/db"
)

// TestAlteredRow: whoever changes a case or its history in the database, past
// the program, sets off an alarm.
func TestAlteredRow(t *testing.T) {
	eachTown(t, func(t *testing.T, w *town) {
		for name, sql := range map[string]string{
			"row":     `update r_incident set description = 'nothing happened' where id = $1`,
			"history": `update record_history set body = replace(body, 'manhole', 'pothole') where id = $1`,
		} {
			w.do(name, "citizen", "POST /api/cases/incident", `{"fields":{"category":"P0101","location":{"lon":114.52972,"lat":38.04533},"description":"a manhole is open"}}`)
			id := w.ids[name]
			sealed(t, w)
			if got := look(t, w); strings.Contains(got, id) {
				t.Errorf("%s: an alarm before anything was altered: %s", name, got)
			}
			must(t, w.s.db.Do(t.Context(), func(tx *db.Tx) error { _, err := tx.Exec(sql, id); return err }))
			if got := look(t, w); !strings.Contains(got, evidence.AlarmRecord+" incident "+id) {
				t.Errorf("%s altered: alarms %q", name, got)
			}
		}
	})
}

// sealed waits until a checkpoint covers every act.
func sealed(t *testing.T, w *town) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); ; {
		if time.Now().After(deadline) {
			t.Fatal("the acts are not sealed after a minute")
		}
		s, err := w.s.evidence.Status(t.Context())
		must(t, err)
		if s.Size == uint64(w.count("act")) {
			return
		}
		<-time.After(5 * time.Millisecond) // the sealer waits by the machine's clock
	}
}

// look has a monitor check everything and returns its alarms.
func look(t *testing.T, w *town) string {
	t.Helper()
	check, err := evidence.NewMonitor(w.s.evidence).Check(t.Context())
	must(t, err)
	var out []string
	for _, a := range check.Alarms {
		out = append(out, a.Kind+" "+a.Detail)
	}
	return strings.Join(out, "\n")
}
