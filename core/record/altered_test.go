package record

import (
	"fmt"
	"strings"
	"testing"

	"chengshu/core/evidence"
	"chengshu/kernel/db"
	"chengshu/kernel/db/dbtest"
)

// TestAltered: whatever is changed behind the program's back is told apart from
// what its acts sealed.
func TestAltered(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		for i, change := range []struct{ sql, want string }{
			{``, ``},
			{`update r_lamp set label = 'other' where id = $1`, "its row was altered: label"},
			{`update r_lamp set height = null where id = $1`, "its row was altered: height"},
			{`update r_lamp set org = '/x/' where id = $1`, "whose it is"},
			{`update r_lamp set rev = 1 where id = $1`, "its row is at revision 1, its history at 2"},
			{`delete from r_lamp where id = $1`, "its row is gone"},
			{`update record_history set body = replace(body, 'new', 'now') where id = $1 and rev = 2`, "revision 2 in its history is not the one"},
			{`update record_history set body = replace(body, 'old', 'odd') where id = $1 and rev = 1`, "revision 1 in its history is not the one"},
			{`delete from record_history where id = $1 and rev = 1`, "revision 1 is not in its history"},
			{`delete from record_history where id = $1`, "its history is gone"},
			{`update record_history set body = null where id = $1`, ``}, // erased as the law asks
		} {
			t.Run(change.sql, func(t *testing.T) { alteredBy(t, d, fmt.Sprintf("A%d", i), change.sql, change.want) })
		}
	})
}

func alteredBy(t *testing.T, d *db.DB, code, sql, want string) {
	w := newWorld(t, d, cityYAML)
	old := w.create("lamp", `{"code":"`+code+`","label":"old","height":"2.50"}`)
	row, err := w.revise(old, `{"label":"new"}`)
	must(t, err)
	acts := w.revisions(row.ID)
	if sql != "" {
		must(t, d.Do(t.Context(), func(tx *db.Tx) error { _, err := tx.Exec(sql, row.ID); return err }))
	}
	got, err := w.e.Altered(t.Context(), acts)
	must(t, err)
	said := []string{}
	for _, a := range acts {
		if got[a.ID] != "" {
			said = append(said, got[a.ID])
		}
	}
	if all := strings.Join(said, "; "); want == "" && all != "" || !strings.Contains(all, want) {
		t.Errorf("it says %q, want %q", all, want)
	}
}

// revisions are the acts that sealed a record's revisions.
func (w *world) revisions(id string) []evidence.Act {
	w.t.Helper()
	items, err := w.e.History(w.db.Read(w.t.Context()), w.typ("lamp"), id, 0, 9)
	must(w.t, err)
	var out []evidence.Act
	for _, h := range items {
		var body string
		must(w.t, w.db.Read(w.t.Context()).QueryRow(`select body from record_history where id = $1 and rev = $2`, id, h.Rev).Scan(&body))
		out = append(out, evidence.Act{ID: fmt.Sprint(h.Rev), Subject: evidence.Subject{Type: "lamp", ID: id, Rev: h.Rev, Digest: evidence.DigestOf([]byte(body))}})
	}
	return out
}
