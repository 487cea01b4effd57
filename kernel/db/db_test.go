package db_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"testing"

	"chengshu/kernel/db"
	"chengshu/kernel/db/dbtest"
	"chengshu/kernel/fault"

	"github.com/google/go-cmp/cmp"
)

// each runs fn on both databases with a table `note` (n, body unique).
func each(t *testing.T, fn func(t *testing.T, d *db.DB)) {
	t.Helper()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ddl(t, d, `create table note (n serial, body text collate "C" unique, at bigint)`)
		fn(t, d)
	})
}

func ddl(t testing.TB, d *db.DB, stmts ...string) {
	t.Helper()
	if err := d.DDL(context.Background(), stmts...); err != nil {
		t.Fatal(err)
	}
}

// write returns a closure that inserts the bodies.
func write(bodies ...string) func(*db.Tx) error {
	return func(tx *db.Tx) error {
		for _, b := range bodies {
			if _, err := tx.Exec(`insert into note (body) values ($1)`, b); err != nil {
				return err
			}
		}
		return nil
	}
}

// bodies returns what stands in note, in order.
func bodies(t testing.TB, q db.Querier) []string {
	t.Helper()
	rows, err := q.Query(`select body from note order by body collate "C"`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	got := []string{}
	for rows.Next() {
		var b string
		if err := rows.Scan(&b); err != nil {
			t.Fatal(err)
		}
		got = append(got, b)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return got
}

func expect(t testing.TB, d *db.DB, want ...string) {
	t.Helper()
	if want == nil {
		want = []string{}
	}
	if diff := cmp.Diff(want, bodies(t, d.Read(context.Background()))); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
}

func TestDo(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		ctx, boom := t.Context(), errors.New("boom")
		if err := d.Do(ctx, write("a", "b")); err != nil {
			t.Fatal(err)
		}
		err := d.Do(ctx, func(tx *db.Tx) error { return errors.Join(write("c")(tx), boom) })
		if !errors.Is(err, boom) {
			t.Errorf("got %v, want the closure's error", err)
		}
		if err := d.DoLow(ctx, write("d")); err != nil {
			t.Error(err)
		}
		expect(t, d, "a", "b", "d")
	})
}

func TestFailedStatementDoomsTransaction(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		err := d.Do(t.Context(), func(tx *db.Tx) error {
			write("a", "a")(tx) // the closure does not look
			if err := write("b")(tx); !db.IsUnique(err) {
				t.Errorf("a later statement: got %v, want the first failure", err)
			}
			return nil
		})
		if !db.IsUnique(err) {
			t.Errorf("got %v, want a unique violation", err)
		}
		expect(t, d)
	})
}

func TestOneQueryAtATime(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		if err := d.Do(t.Context(), write("a", "b")); err != nil {
			t.Fatal(err)
		}
		err := d.Do(t.Context(), func(tx *db.Tx) error {
			rows, err := tx.Query(`select body from note`)
			if err != nil {
				return err
			}
			rows.Next()
			tx.Exec(`delete from note`)
			return nil
		})
		if err == nil {
			t.Error("a statement beside an open query was accepted")
		}
		expect(t, d, "a", "b")
	})
}

func TestTxEndsWithItsClosure(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		var kept *db.Tx
		if err := d.Do(t.Context(), func(tx *db.Tx) error { kept = tx; return nil }); err != nil {
			t.Fatal(err)
		}
		if err := write("late")(kept); err == nil {
			t.Error("a transaction that has ended took a statement")
		}
	})
}

func TestPanicReachesItsCallerOnly(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		var p any
		func() {
			defer func() { p = recover() }()
			d.Do(t.Context(), func(tx *db.Tx) error { write("a")(tx); panic("boom") })
		}()
		if cp, ok := p.(*db.ClosurePanic); !ok || cp.Value != "boom" {
			t.Errorf("recovered %v, want a ClosurePanic of boom", p)
		}
		if err := d.Do(t.Context(), write("b")); err != nil {
			t.Error(err)
		}
		expect(t, d, "b")
	})
}

// t.FailNow inside a closure ends the goroutine that runs it.
func TestGoexitEndsItsCallerOnly(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		var wg sync.WaitGroup
		for i := range 20 {
			wg.Go(func() {
				if i%4 == 0 {
					d.Do(t.Context(), func(tx *db.Tx) error { write("lost")(tx); runtime.Goexit(); return nil })
					t.Error("Do returned after Goexit")
					return
				}
				if err := d.Do(t.Context(), write(fmt.Sprintf("kept %02d", i))); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if got := bodies(t, d.Read(t.Context())); len(got) != 15 || got[0] != "kept 01" {
			t.Errorf("got %q", got)
		}
	})
}

func TestDoInsideDoPanics(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		var p any
		func() {
			defer func() { p = recover() }()
			d.Do(t.Context(), func(*db.Tx) error { return d.Do(t.Context(), write("inner")) })
		}()
		if p == nil {
			t.Error("Do inside Do did not panic")
		}
		expect(t, d)
	})
}

func TestAfterCommit(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		var calls []string
		err := d.Do(t.Context(), func(tx *db.Tx) error {
			tx.AfterCommit(func() {
				expect(t, d, "a") // the commit is visible
				if err := d.Do(t.Context(), write("b")); err != nil {
					t.Error(err)
				}
				calls = append(calls, "first")
			})
			tx.AfterCommit(func() { calls = append(calls, "second") })
			return write("a")(tx)
		})
		if err != nil {
			t.Fatal(err)
		}
		d.Do(t.Context(), func(tx *db.Tx) error {
			tx.AfterCommit(func() { t.Error("a hook ran though its transaction was rolled back") })
			return errors.New("no")
		})
		if diff := cmp.Diff([]string{"first", "second"}, calls); diff != "" {
			t.Errorf("hooks (-want +got):\n%s", diff)
		}
	})
}

func TestCallerGoesAway(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		ctx, cancel := context.WithCancel(t.Context())
		err := d.Do(ctx, func(tx *db.Tx) error { cancel(); return write("begun")(tx) })
		if err != nil {
			t.Errorf("got %v: what has begun ends as it ends", err)
		}
		if err := d.Do(ctx, write("not begun")); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v, want context.Canceled", err)
		}
		expect(t, d, "begun")
	})
}

func TestReadContextEndsQuery(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		ctx, cancel := context.WithCancel(t.Context())
		rows, err := d.Read(ctx).Query(`with recursive c (n) as (select 1 union all select n + 1 from c where n < 1000000000) select n from c`)
		if err == nil {
			defer rows.Close()
			rows.Next()
			cancel()
			for rows.Next() {
			}
			err = rows.Err()
		}
		cancel()
		if !errors.Is(err, context.Canceled) {
			t.Errorf("got %v, want context.Canceled", err)
		}
	})
}

func TestSnapshotIsOfOneMoment(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		if err := d.Do(t.Context(), write("a")); err != nil {
			t.Fatal(err)
		}
		err := d.Snapshot(t.Context(), func(q db.Querier) error {
			before := bodies(t, q)
			if err := d.Do(t.Context(), write("b")); err != nil {
				return err
			}
			if diff := cmp.Diff(before, bodies(t, q)); diff != "" {
				t.Errorf("the snapshot moved:\n%s", diff)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		expect(t, d, "a", "b")
	})
}

func TestCloseDrains(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		began, goOn := make(chan struct{}), make(chan struct{})
		var wg sync.WaitGroup
		wg.Go(func() {
			err := d.Do(context.Background(), func(tx *db.Tx) error { close(began); <-goOn; return write("a")(tx) })
			if err != nil {
				t.Error(err)
			}
		})
		<-began
		wg.Go(func() {
			if err := d.Close(); err != nil {
				t.Error(err)
			}
		})
		close(goOn)
		wg.Wait()
		if err := d.Do(context.Background(), write("b")); !fault.Is(err, fault.Unavailable) {
			t.Errorf("after Close got %v, want Unavailable", err)
		}
	})
}

// Two closures read a number and write it back increased: none may be lost.
func TestNoLostUpdate(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		if err := d.Do(t.Context(), write("counter")); err != nil {
			t.Fatal(err)
		}
		ddl(t, d, `update note set at = 0`)
		var wg sync.WaitGroup
		for range 16 {
			wg.Go(func() {
				for range 10 {
					err := d.Do(t.Context(), func(tx *db.Tx) error {
						var n int
						if err := tx.QueryRow(`select at from note where body = 'counter'`).Scan(&n); err != nil {
							return err
						}
						_, err := tx.Exec(`update note set at = $1 where body = 'counter'`, n+1)
						return err
					})
					if err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		var n int
		if err := d.Read(t.Context()).QueryRow(`select at from note where body = 'counter'`).Scan(&n); err != nil || n != 160 {
			t.Errorf("counter is %d, %v; want 160", n, err)
		}
	})
}

// At most three rows: each closure counts before it adds. Only Lock makes that
// hold on PostgreSQL.
func TestLockPreventsWriteSkew(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		if err := d.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		for i := range 24 {
			wg.Go(func() {
				err := d.Do(t.Context(), func(tx *db.Tx) error {
					if err := tx.Lock("at-most-three"); err != nil {
						return err
					}
					var n int
					if err := tx.QueryRow(`select count(*) from note`).Scan(&n); err != nil || n >= 3 {
						return err
					}
					return write(fmt.Sprint(i))(tx)
				})
				if err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if got := bodies(t, d.Read(t.Context())); len(got) != 3 {
			t.Errorf("%d rows, want 3", len(got))
		}
	})
}

func TestOpenRefuses(t *testing.T) {
	for _, url := range []string{"", "mysql://x", "sqlite:" + t.TempDir() + "/no/such/folder/x.db", "postgres://nobody@127.0.0.1:1/x"} {
		d, err := db.Open(t.Context(), url, db.Options{})
		if err == nil {
			d.Close()
			t.Errorf("%q was opened", url)
		}
	}
}

// Whoever may log in to the machine may not read the city's data.
func TestSQLiteFileIsPrivate(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.db")
	d := dbtest.Open(t, "sqlite:"+path)
	ddl(t, d, `create table note (body text)`)
	for _, f := range []string{path, path + "-wal"} {
		info, err := os.Stat(f)
		if err != nil {
			t.Fatal(err)
		}
		if mode := info.Mode().Perm(); mode&0o077 != 0 {
			t.Errorf("%s has mode %o", f, mode)
		}
	}
}
