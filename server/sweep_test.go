package server

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"chengshu/core/evidence"
	"chengshu/core/identity"
	"chengshu/core/record"
	"chengshu/kernel/db"
	"chengshu/kernel/fault"
)

// upload stores a picture whose content is told apart by n.
func (w *town) upload(account string, n int) record.FileRef {
	w.t.Helper()
	req, err := http.NewRequest(http.MethodPost, w.url+"/api/files", strings.NewReader(fmt.Sprintf("\x89PNG\r\n\x1a\npicture %d", n)))
	must(w.t, err)
	req.Header.Set("X-Filename", fmt.Sprintf("%d.png", n))
	res, err := w.client(account).Do(req)
	must(w.t, err)
	defer res.Body.Close()
	var ref record.FileRef
	body, err := io.ReadAll(res.Body)
	must(w.t, err)
	if must(w.t, json.Unmarshal(body, &ref)); ref.ID == "" {
		w.t.Fatalf("upload: %d %s", res.StatusCode, body)
	}
	return ref
}

func (w *town) stored(f record.FileRef) bool {
	w.t.Helper()
	there, err := w.s.blobs.Has(w.t.Context(), f.ID)
	must(w.t, err)
	return there
}

func withPhotos(files ...record.FileRef) string {
	list, err := json.Marshal(files)
	if err != nil {
		panic(err)
	}
	return strings.Replace(aReport, `"category"`, `"photos":`+string(list)+`,"category"`, 1)
}

func TestSweepFiles(t *testing.T) {
	eachTown(t, func(t *testing.T, w *town) {
		loose, refused, held, remarked, dropped, shared := w.upload("citizen", 1), w.upload("citizen", 2), w.upload("citizen", 3), w.upload("citizen", 4), w.upload("citizen", 5), w.upload("citizen", 6)
		w.upload("neighbour", 6) // the same as shared
		w.do("case", "citizen", "POST /api/cases/incident", withPhotos(held, dropped, shared))
		if code, _, body := w.ask("citizen", "POST /api/cases/incident", strings.Replace(withPhotos(refused), "E0101", "none", 1)); code != http.StatusUnprocessableEntity {
			t.Fatalf("a report with mistakes: %d %s", code, body)
		}
		file, err := json.Marshal(remarked)
		must(t, err)
		w.do("", "citizen", "POST /api/cases/incident/{case}/comments", `{"text":"见图","files":[`+string(file)+`]}`)
		// What an older revision alone holds stays, too.
		draft := w.s.records.Amend(w.row("incident", w.ids["case"]))
		draft.Set("photos", []record.FileRef{held})
		must(t, w.s.db.Do(t.Context(), func(tx *db.Tx) error {
			_, err := draft.Write(tx, record.Stamp{Act: "a", Verb: "incident.amend", At: 1})
			return err
		}))

		w.later(23 * time.Hour)
		again := w.upload("citizen", 7)
		must(t, w.s.sweepOnce(t.Context()))
		for _, f := range []record.FileRef{loose, refused, held, remarked, dropped, shared, again} {
			if !w.stored(f) {
				t.Errorf("%s has gone before its time", f.Name)
			}
		}
		w.upload("citizen", 2) // begins its time anew
		w.later(2 * time.Hour)
		must(t, w.s.sweepOnce(t.Context()))
		for f, want := range map[record.FileRef]bool{loose: false, refused: true, held: true, remarked: true, dropped: true, shared: true, again: true} {
			if w.stored(f) != want {
				t.Errorf("after the sweep %s is there: %v, want %v", f.Name, !want, want)
			}
		}
		if code, _, body := w.ask("citizen", "POST /api/cases/incident", withPhotos(loose)); code != http.StatusUnprocessableEntity || !strings.Contains(body, "photos") {
			t.Errorf("a report with a file that was swept: %d %s", code, body)
		}
		var persons int64
		must(t, w.s.db.Read(t.Context()).QueryRow(`select count(*) from server_file where id = $1`, shared.ID).Scan(&persons))
		if persons != 2 {
			t.Errorf("%d hold the shared file, want 2: what one has attached keeps it for both", persons)
		}
	})
}

// TestSweepAtThatMoment: a file is taken in while it is being swept. Either the
// file stays, or the change is taken back whole.
func TestSweepAtThatMoment(t *testing.T) {
	eachTown(t, func(t *testing.T, w *town) {
		first, second := w.upload("citizen", 1), w.upload("citizen", 2)
		w.do("case", "citizen", "POST /api/cases/incident", aReport)
		row := w.row("incident", w.ids["case"])
		fields := map[string]any{"photos": []any{map[string]any{"id": second.ID, "name": second.Name, "size": second.Size, "media": second.Media}}}
		citizen := &identity.Actor{Person: row.CreatedBy}
		planned, err := w.s.records.PlanRevise(t.Context(), row, fields, w.s.author(citizen))
		must(t, err)
		w.later(25 * time.Hour)
		before := w.s.fake.Now().Add(-24 * time.Hour).UnixMilli()
		loose, err := w.s.looseFiles(t.Context(), before)
		must(t, err)

		w.do("", "citizen", "POST /api/cases/incident", withPhotos(first))
		for _, f := range loose {
			must(t, w.s.db.Do(t.Context(), func(tx *db.Tx) error { return w.s.sweepFile(tx, f, before) }))
		}
		if len(loose) != 2 || !w.stored(first) || w.stored(second) {
			t.Errorf("%d were loose; the one taken in is there: %v; the other: %v", len(loose), w.stored(first), w.stored(second))
		}

		err = w.s.db.Do(t.Context(), func(tx *db.Tx) error {
			rev, err := planned.Write(tx, record.Stamp{Act: "late", Verb: "incident.amend", At: 1})
			if err != nil {
				return err
			}
			_, err = w.s.evidence.Append(tx, evidence.Act{ID: "late", Verb: "incident.amend", Changed: rev.Changed,
				Subject: evidence.Subject{Type: "incident", ID: row.ID, Rev: rev.Rev, Digest: rev.Digest}})
			return err
		})
		if now := w.row("incident", row.ID); fault.Code(err) != "file-gone" || now.Rev != row.Rev {
			t.Errorf("taken in too late: %v; the case is at revision %d, was at %d", err, now.Rev, row.Rev)
		}
	})
}

func (w *town) row(typ, id string) *record.Row {
	w.t.Helper()
	kind, err := w.s.records.Type(typ)
	must(w.t, err)
	row, err := w.s.records.Get(w.s.db.Read(w.t.Context()), kind, id)
	must(w.t, err)
	return row
}
