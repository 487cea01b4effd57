package evidence

import (
	"fmt"
	"testing"

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
