package evidence

import (
	"context"
	"fmt"
	"testing"
	"time"

	"chengshu/kernel/clock"
	"chengshu/kernel/db"
	"chengshu/kernel/db/dbtest"
	"chengshu/kernel/fault"

	"github.com/google/go-cmp/cmp"
)

func TestReadsOf(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		f := newFixture(t, d)
		for i := range 5 {
			a := smallAct()
			a.ID, a.At = fmt.Sprintf("act-%d", i), int64(1000+i)
			a.Actor, a.Purpose, a.Basis = Actor{Person: "clerk", Org: "bureau"}, "核对户籍", "第十二条"
			subjects := []ReadSubject{{Person: "other", Type: "resident", Record: "r0"}}
			for j := range i + 85 { // crosses the sizes of the groups
				subjects = append(subjects, ReadSubject{Person: fmt.Sprintf("p%d", j), Type: "resident", Record: fmt.Sprintf("r%d", j), Fields: []string{"name", "phone"}})
			}
			done, err := f.Read(t.Context(), a, subjects)
			if err != nil {
				t.Fatal(err)
			}
			if done.Subjects != SubjectsDigest(subjects) {
				t.Error("the act does not bear the digest of its subjects")
			}
			stored, err := subjectsOf(d.Read(t.Context()), a.ID)
			if err != nil || !cmp.Equal(stored, subjects) {
				t.Errorf("%v %s", err, cmp.Diff(subjects, stored))
			}
		}
		q := d.Read(t.Context())
		first, err := ReadsOf(q, "p86", 0, 2)
		if err != nil || len(first) != 2 || first[0].Act != "act-4" || first[1].Act != "act-3" {
			t.Fatalf("%+v, %v", first, err)
		}
		want := Reading{N: first[0].N, Act: "act-4", Type: "resident", Record: "r86", At: 1004, Actor: "clerk", Org: "bureau",
			Purpose: "核对户籍", Basis: "第十二条", Fields: []string{"name", "phone"}}
		if diff := cmp.Diff(want, first[0]); diff != "" {
			t.Error(diff)
		}
		second, err := ReadsOf(q, "p86", first[1].N, 2)
		if err != nil || len(second) != 1 || second[0].Act != "act-2" {
			t.Errorf("%+v, %v", second, err)
		}
		if none, err := ReadsOf(q, "stranger", 0, 10); err != nil || len(none) != 0 {
			t.Errorf("%+v, %v", none, err)
		}
		if _, err := ReadsOf(q, "", 0, 10); !fault.Is(err, fault.Invalid) {
			t.Error(err)
		}
	})
}

// TestReadAlike: readings alike are one act, which says for how long it stands
// for them; whatever differs is an act of its own.
func TestReadAlike(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		f := newFixture(t, d)
		now := clock.NewFake(time.UnixMilli(1_000_000))
		f.Clock = now
		subjects := []ReadSubject{{Person: "p", Type: "resident", Record: "r", Fields: []string{"phone"}}}
		base := Act{Verb: "resident.read", Actor: Actor{Person: "clerk", Org: "o", Post: "1"}, Subject: Subject{Type: "resident", ID: "r"},
			Grant: "g", Basis: "b", Purpose: "核对", Request: "req-1"}
		read := func(change func(*Act), subjects []ReadSubject) Act {
			t.Helper()
			a := base
			if change != nil {
				change(&a)
			}
			done, err := f.Read(t.Context(), a, subjects)
			if err != nil {
				t.Fatal(err)
			}
			return done
		}
		first := read(nil, subjects)
		if stored := f.count(`select count(*) from act`); stored != 1 || first.Within != 600_000 {
			t.Fatalf("%d acts; within %d", stored, first.Within)
		}
		now.Advance(10*time.Minute - time.Millisecond)
		if again := read(func(a *Act) { a.Request = "req-2" }, subjects); again.ID != first.ID || again.At != first.At {
			t.Errorf("the same again: %+v", again)
		}
		ids := map[string]bool{first.ID: true}
		for name, differs := range map[string]func(*Act){
			"reader": func(a *Act) { a.Actor.Person = "other" }, "organisation": func(a *Act) { a.Actor.Org = "x" }, "post": func(a *Act) { a.Actor.Post = "2" },
			"client": func(a *Act) { a.Actor.Via = "x" }, "grant": func(a *Act) { a.Grant = "x" }, "basis": func(a *Act) { a.Basis = "x" },
			"purpose": func(a *Act) { a.Purpose = "x" }, "verb": func(a *Act) { a.Verb = "resident.export" }, "record": func(a *Act) { a.Subject.ID = "x" },
			"an id given": func(a *Act) { a.ID = "given" },
		} {
			if got := read(differs, subjects); ids[got.ID] {
				t.Errorf("another %s leaves no act", name)
			} else {
				ids[got.ID] = true
			}
		}
		for name, other := range map[string][]ReadSubject{
			"another person": {{Person: "q", Type: "resident", Record: "r", Fields: []string{"phone"}}},
			"another field":  {{Person: "p", Type: "resident", Record: "r", Fields: []string{"idno"}}},
			"a further one":  {{Person: "p", Type: "resident", Record: "r", Fields: []string{"idno", "phone"}}},
			"nobody":         nil,
		} {
			if got := read(nil, other); ids[got.ID] {
				t.Errorf("%s leaves no act", name)
			} else {
				ids[got.ID] = true
			}
		}
		// Of a page, only those are written who were not read a moment ago.
		page := append([]ReadSubject{{Person: "s", Type: "resident", Record: "r2", Fields: []string{"phone"}}}, subjects...)
		if got := read(nil, page); ids[got.ID] || f.count(`select count(*) from evidence_reading where act = '`+got.ID+`'`) != 1 {
			t.Error("a page writes who was read a moment ago, or not who was not")
		} else {
			ids[got.ID] = true
		}
		if got := read(nil, page); !ids[got.ID] {
			t.Error("the same page leaves another act")
		}
		if got := read(nil, nil); ids[got.ID] {
			t.Error("a delivery that names nobody is taken for another")
		} else {
			ids[got.ID] = true
		}
		now.Advance(time.Millisecond)
		if got := read(nil, subjects); ids[got.ID] {
			t.Error("after ten minutes it is still the same")
		}
		if n := f.count(`select count(*) from act`); n != int64(len(ids))+1 {
			t.Errorf("%d acts, want %d", n, len(ids)+1)
		}
	})
}

// TestReadAlikeFailed: a reading that was not written stands for none.
func TestReadAlikeFailed(t *testing.T) {
	f := newFixture(t, dbtest.SQLite(t))
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	subjects := []ReadSubject{{Person: "p", Type: "resident", Record: "r"}}
	a := Act{Verb: "resident.read", Subject: Subject{Type: "resident", ID: "r"}}
	if _, err := f.Read(ended, a, subjects); err == nil {
		t.Fatal("written after its end")
	}
	if _, err := f.Read(t.Context(), a, subjects); err != nil || f.count(`select count(*) from act`) != 1 {
		t.Errorf("%v; %d acts", err, f.count(`select count(*) from act`))
	}
}

func TestReadRefuses(t *testing.T) {
	f := newFixture(t, dbtest.SQLite(t))
	for name, subjects := range map[string][]ReadSubject{
		"no person":   {{Type: "resident", Record: "r"}},
		"no record":   {{Person: "p", Type: "resident"}},
		"field value": {{Person: "p", Type: "resident", Record: "r", Fields: []string{"张三"}}},
		"comma":       {{Person: "p", Type: "resident", Record: "r", Fields: []string{"a,b"}}},
		"too many":    make([]ReadSubject, maxSubjects+1),
	} {
		if _, err := f.Read(t.Context(), smallAct(), subjects); fault.Code(err) != "bad-act" {
			t.Errorf("%s: %v", name, err)
		}
	}
	if n := f.count(`select count(*) from act`); n != 0 {
		t.Errorf("%d acts were left", n)
	}
}
