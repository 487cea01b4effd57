package evidence

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"chengshu/kernel/clock"
	"chengshu/kernel/db"
	"chengshu/kernel/db/dbtest"
	"chengshu/kernel/fault"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
)

// start is the time of every test clock.
var start = time.Date(2026, 3, 2, 1, 0, 0, 0, time.UTC)

// migrated returns d with the tables of this package.
func migrated(t testing.TB, d *db.DB) *db.DB {
	t.Helper()
	if err := d.Migrate(context.Background(), Migrations()...); err != nil {
		t.Fatal(err)
	}
	return d
}

func TestAppend(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		l, err := New(Deps{DB: migrated(t, d), Clock: clock.NewFake(start), Logger: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		a := fullAct()
		a.ID, a.At, a.Subjects = "", 0, Digest{}
		var got Act
		err = d.Do(t.Context(), func(tx *db.Tx) (err error) {
			got, err = l.Append(tx, a)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if uuid.Validate(got.ID) != nil || got.At != start.UnixMilli() {
			t.Errorf("id %q, at %d", got.ID, got.At)
		}
		var salt, body []byte
		var seq *int64
		err = d.Read(t.Context()).QueryRow(`select seq, salt, body from act where subject_id = $1`, a.Subject.ID).Scan(&seq, &salt, &body)
		if err != nil {
			t.Fatal(err)
		}
		stored, err := ParseBody(body)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(got, stored); diff != "" {
			t.Error(diff)
		}
		if seq != nil || len(salt) != saltSize {
			t.Errorf("seq %v, salt of %d bytes", seq, len(salt))
		}
	})
}

// TestAppendIsOfTheTransaction: a change that is rolled back leaves no act.
func TestAppendIsOfTheTransaction(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		l, err := New(Deps{DB: migrated(t, d), Clock: clock.NewFake(start), Logger: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		undone := errors.New("undone")
		err = d.Do(t.Context(), func(tx *db.Tx) error {
			if _, err := l.Append(tx, smallAct()); err != nil {
				return err
			}
			return undone
		})
		if !errors.Is(err, undone) {
			t.Fatal(err)
		}
		err = d.Do(t.Context(), func(tx *db.Tx) error {
			_, err := l.Append(tx, Act{})
			return err
		})
		if !fault.Is(err, fault.Invalid) {
			t.Errorf("an empty act: %v", err)
		}
		err = d.Do(t.Context(), func(tx *db.Tx) error {
			_, err := l.Append(tx, fullAct())
			return err
		})
		if !fault.Is(err, fault.Invalid) {
			t.Errorf("a reading without the persons read: %v", err)
		}
		var n int
		if err := d.Read(t.Context()).QueryRow(`select count(*) from act`).Scan(&n); err != nil || n != 0 {
			t.Errorf("%d acts, %v", n, err)
		}
	})
}

func TestActsOn(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		f := newFixture(t, d)
		want := f.append("a", 3)
		f.append("b", 2)
		f.seal()
		want = append(want, f.append("a", 1)...)
		q := d.Read(t.Context())
		page, err := ActsOn(q, "incident", "a", 0, 3)
		if err != nil || len(page) != 3 {
			t.Fatalf("%+v, %v", page, err)
		}
		rest, err := ActsOn(q, "incident", "a", page[2].N, 3)
		if err != nil || len(rest) != 1 {
			t.Fatalf("%+v, %v", rest, err)
		}
		for i, got := range append(page, rest...) {
			if diff := cmp.Diff(want[i], got.Act); diff != "" || got.Sealed != (i < 3) {
				t.Errorf("%d: sealed %v %s", i, got.Sealed, diff)
			}
		}
		if none, err := ActsOn(q, "other", "a", 0, 3); err != nil || len(none) != 0 {
			t.Errorf("%+v, %v", none, err)
		}
	})
}
