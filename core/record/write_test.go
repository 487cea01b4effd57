package record

import (
	"context"
	"crypto/sha256"
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"chengshu/kernel/db"
	"chengshu/kernel/db/dbtest"
	"chengshu/kernel/fault"
)

func TestLife(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, cityYAML)
		w.placed("p1", "/1/2/")
		w.placed("p2", "/1/3/")
		row := w.create("lamp", `{"code":"A1","watts":60,"stands":"p1"}`)
		if row.Rev != 1 || row.CreatedBy != "ann" || row.CreatedAt != now.UnixMilli() || row.Place != "/1/2/" {
			t.Errorf("a new row is %+v", row)
		}
		if got, want := row.json(), `{"code":"A1","watts":60,"colour":"warm","stands":"p1","wards":3,"doubled":120,"kilo":"0.060"}`; got != want {
			t.Errorf("a new row has\n%s, want\n%s", got, want)
		}

		// A field that is not given stays, null clears it, computed ones follow,
		// a default is not given twice.
		next, err := w.revise(row, `{"watts":40,"colour":null,"stands":"p2"}`)
		must(t, err)
		if got, want := next.json(), `{"code":"A1","watts":40,"stands":"p2","wards":3,"doubled":80,"kilo":"0.040"}`; got != want || next.Rev != 2 || next.Place != "/1/3/" {
			t.Errorf("revision %d has\n%s at %s, want\n%s", next.Rev, got, next.Place, want)
		}

		// The first revision no longer holds.
		_, err = w.revise(row, `{"watts":30}`)
		wants(t, err, "stale-revision")

		// What a computed field needs is gone, so it has no value either.
		cleared, err := w.revise(next, `{"watts":null,"stands":null}`)
		must(t, err)
		if got := cleared.json(); got != `{"code":"A1"}` || cleared.Place != "" {
			t.Errorf("cleared: %s at %q", got, cleared.Place)
		}

		must(t, w.delete(cleared))
		if err := w.delete(cleared); fault.Code(err) != "stale-revision" {
			t.Errorf("deleted twice: %v", err)
		}
		if _, err := w.e.Get(d.Read(context.Background()), row.Type, row.ID); !fault.Is(err, fault.NotFound) {
			t.Errorf("a deleted row is read: %v", err)
		}
		if _, err := w.revise(cleared, `{"watts":1}`); fault.Code(err) != "stale-revision" {
			t.Errorf("a deleted row is revised: %v", err)
		}

		h, err := w.e.History(d.Read(context.Background()), row.Type, row.ID, 0, 10)
		must(t, err)
		var got []string
		for _, r := range h {
			got = append(got, r.Verb+" "+strings.Join(r.Changed, ","))
		}
		want := []string{"lamp.delete ", "revise watts,stands,wards,doubled,kilo", "revise watts,colour,stands,doubled,kilo", "lamp.create code,watts,colour,stands,wards,doubled,kilo"}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("history: %s", diff)
		}
		older, err := w.e.History(d.Read(context.Background()), row.Type, row.ID, 3, 1)
		must(t, err)
		if len(older) != 1 || older[0].Rev != 2 || string(older[0].Fields["watts"]) != "40" {
			t.Errorf("history below 3: %+v", older)
		}
	})
}

func (w *world) delete(row *Row) error {
	return w.db.Do(context.Background(), func(tx *db.Tx) error {
		_, err := w.e.Delete(tx, row, Stamp{Act: "act", Verb: row.Type.Name + ".delete", Person: "ann", At: now.UnixMilli()})
		return err
	})
}

func TestUnique(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, cityYAML)
		first := w.create("lamp", `{"code":"A"}`)
		dr, err := w.plan("lamp", `{"code":"A"}`)
		must(t, err)
		_, err = w.write(dr, "create")
		wants(t, err, "not-unique", "fields.code")
		other := w.create("lamp", `{"code":"B"}`)
		if _, err := w.revise(other, `{"code":"A"}`); fault.Code(err) != "not-unique" {
			t.Errorf("revised to a taken code: %v", err)
		}
		must(t, w.delete(first))
		w.create("lamp", `{"code":"A"}`) // free again
	})
}

// TestOneWins lets many revise one row at once: one may, and the row has its
// values only.
func TestOneWins(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, cityYAML)
		row := w.create("lamp", `{"code":"A"}`)
		const many = 8
		var wg sync.WaitGroup
		errs := make([]error, many)
		for i := range many {
			wg.Go(func() {
				dr, err := w.e.PlanRevise(context.Background(), row, object(t, `{"watts":`+string(rune('1'+i))+`}`), Author{Now: now})
				if err == nil {
					_, err = w.write(dr, "revise")
				}
				errs[i] = err
			})
		}
		wg.Wait()
		won := -1
		for i, err := range errs {
			switch {
			case err == nil && won < 0:
				won = i
			case fault.Code(err) != "stale-revision":
				t.Errorf("caller %d: %v", i, err)
			}
		}
		if got := w.get("lamp", row.ID); got.Rev != 2 || got.Int("watts") != int64(won+1) {
			t.Errorf("caller %d won and the row is %s at revision %d", won, got.json(), got.Rev)
		}
	})
}

// TestWriteRunsAgain runs a draft's closure twice, as the grouped writer may.
func TestWriteRunsAgain(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, cityYAML)
		dr, err := w.plan("lamp", `{"code":"A","watts":7}`)
		must(t, err)
		stop := errors.New("stop")
		stamp := Stamp{Act: "act", Verb: "create", At: 1}
		err = d.Do(context.Background(), func(tx *db.Tx) error {
			if _, err := dr.Write(tx, stamp); err != nil {
				return err
			}
			return stop
		})
		if !errors.Is(err, stop) || dr.Row.Rev != 0 {
			t.Fatalf("%v; a draft that was rolled back is at revision %d", err, dr.Row.Rev)
		}
		_, err = w.write(dr, "create")
		must(t, err)
		if got := w.get("lamp", dr.Row.ID); got.Rev != 1 || dr.Row.Rev != 1 || dr.Row.N != got.N {
			t.Errorf("written at revision %d, the draft says %d", got.Rev, dr.Row.Rev)
		}
	})
}

// TestDigest holds what an act says of a revision to what the history keeps.
func TestDigest(t *testing.T) {
	w := newWorld(t, dbtest.SQLite(t), cityYAML)
	dr, err := w.plan("lamp", `{"code":"A"}`)
	must(t, err)
	rev, err := w.write(dr, "create")
	must(t, err)
	var body string
	must(t, w.db.Read(context.Background()).QueryRow(`select body from record_history where id = $1`, dr.Row.ID).Scan(&body))
	if sha256.Sum256([]byte(body)) != rev.Digest {
		t.Errorf("the digest is not of %s", body)
	}
	// Two rows of the same values do not have the same digest.
	must(t, w.delete(dr.Row))
	twin, err := w.plan("lamp", `{"code":"A"}`)
	must(t, err)
	other, err := w.write(twin, "create")
	must(t, err)
	if other.Digest == rev.Digest {
		t.Error("a digest can be guessed")
	}
}

// TestReferences checks that what a reference points to is read anew after a
// change, and that a copied field keeps what it was when the reference was set.
func TestReferences(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, cityYAML)
		w.placed("p1", "/1/2/")
		lamp := w.create("lamp", `{"code":"A","stands":"p1"}`)
		_, err := w.revise(w.get("place", "p1"), `{"name":"Renamed","wards":9}`)
		must(t, err)
		label, err := w.e.Label(context.Background(), lamp.Type.Field("stands"), "p1")
		must(t, err)
		if label.En != "Renamed" {
			t.Errorf("the place is still called %s", label.En)
		}
		same, err := w.revise(lamp, `{"watts":50}`)
		must(t, err)
		if same.Int("wards") != 3 {
			t.Errorf("a copy changed to %d with no change of its reference", same.Int("wards"))
		}
		must(t, w.delete(w.get("place", "p1")))
		if _, err := w.plan("lamp", `{"code":"B","stands":"p1"}`); fault.Code(err) != "invalid-fields" {
			t.Errorf("referred to a deleted place: %v", err)
		}
		// What was referred to before may stay.
		_, err = w.revise(same, `{"watts":51}`)
		must(t, err)
	})
}
