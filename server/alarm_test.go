package server

import (
	"fmt"
	"net/http"
	"testing"

	"chengshu/kernel/db"
)

// TestAcknowledgedAlarm follows an alarm: it stays until somebody has said what
// came of looking into it and nothing is wrong any more.
func TestAcknowledgedAlarm(t *testing.T) {
	eachTown(t, func(t *testing.T, w *town) {
		w.do("case", "citizen", "POST /api/cases/incident", aReport)
		sealed(t, w)
		change := func(sql string) {
			t.Helper()
			must(t, w.s.db.Do(t.Context(), func(tx *db.Tx) error { _, err := tx.Exec(sql, w.ids["case"]); return err }))
		}
		well := func(when string, want bool) {
			t.Helper()
			var v healthView
			w.get("admin", "/api/admin/health", &v)
			for _, c := range v.Checks {
				if c.Name == "monitor" && c.OK != want {
					t.Fatalf("%s: the monitor's check is %v: %s", when, c.OK, c.Detail)
				}
			}
		}
		alarm := func() alarmView {
			t.Helper()
			var v listOf[alarmView]
			w.get("admin", "/api/admin/evidence/alarms", &v)
			if len(v.Items) != 1 {
				t.Fatalf("alarms: %+v", v.Items)
			}
			return v.Items[0]
		}
		well("at first", true)
		change(`update r_incident set rev = rev + 1000 where id = $1`)
		look(t, w)
		well("after a row was altered", false)
		n := alarm().N
		acknowledge := fmt.Sprintf("POST /api/admin/evidence/alarms/%d/acknowledge", n)
		w.run(t, []call{
			{name: "by nobody", request: acknowledge, body: `{"note":"x"}`, status: 401},
			{name: "by one who does not run the program", actor: "dispatcher", request: acknowledge, body: `{"note":"x"}`, status: 403},
			{name: "seen by one who does not", actor: "dispatcher", request: "GET /api/admin/evidence/alarms", status: 403},
			{name: "without a word", actor: "admin", request: acknowledge, body: `{"note":" "}`, status: 422, holds: []string{`"path":"note"`}},
			{name: "of another alarm", actor: "admin", request: "POST /api/admin/evidence/alarms/987654/acknowledge", body: `{"note":"x"}`, status: 404},
			{name: "acknowledged", actor: "admin", request: acknowledge, body: `{"note":"a trial restore"}`, status: http.StatusNoContent},
			{name: "twice", actor: "admin", request: acknowledge, body: `{"note":"again"}`, status: 409},
			{name: "the public is told that, not by whom", request: "GET /api/evidence", status: 200, holds: []string{`"acknowledged_at":`}, lacks: []string{"a trial restore", "acknowledged_by"}},
		})
		if got := alarm(); got.Note != "a trial restore" || got.AcknowledgedBy == "" || got.AcknowledgedAt == 0 {
			t.Errorf("acknowledged: %+v", got)
		}
		well("acknowledged, and still altered", false)
		look(t, w)
		if got := alarm(); got.N != n || got.AcknowledgedAt != 0 {
			t.Errorf("found again, it is not open again: %+v", got)
		}
		change(`update r_incident set rev = rev - 1000 where id = $1`)
		look(t, w)
		well("put right, and not acknowledged", false)
		w.run(t, []call{{name: "acknowledged when put right", actor: "admin", request: acknowledge, body: `{"note":"put right"}`, status: http.StatusNoContent}})
		well("put right and acknowledged", true)

		var acts int64
		must(t, w.s.db.Read(t.Context()).QueryRow(`select count(*) from act where verb = 'evidence.acknowledge' and subject_type = 'evidence-alarm'`).Scan(&acts))
		if acts != 2 {
			t.Errorf("%d acts of acknowledging, want 2", acts)
		}
	})
}
