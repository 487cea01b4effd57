package db_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sort"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"chengshu/kernel/db"
	"chengshu/kernel/db/dbtest"

	"github.com/google/go-cmp/cmp"
)

// together holds the writer with a first closure until fns wait behind it, so
// that they share one transaction, and returns their errors.
func together(t *testing.T, d *db.DB, fns ...func(*db.Tx) error) []error {
	t.Helper()
	held, goOn := make(chan struct{}), make(chan struct{})
	hold := sync.OnceFunc(func() { close(held); <-goOn }) // the closure may run again
	errs := make([]error, len(fns))
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := d.Do(context.Background(), func(*db.Tx) error { hold(); return nil }); err != nil {
			t.Error(err)
		}
	})
	<-held
	for i, fn := range fns {
		queued := d.Queued()
		wg.Go(func() { errs[i] = d.Do(context.Background(), fn) })
		for d.Queued() == queued {
			time.Sleep(100 * time.Microsecond) // until it stands in the queue: no clock to inject here
		}
	}
	close(goOn)
	wg.Wait()
	return errs
}

func TestGroupKeepsTheGood(t *testing.T) {
	d := dbtest.SQLite(t)
	ddl(t, d, `create table note (body text unique)`)
	boom := errors.New("boom")
	failing := func(tx *db.Tx) error { return errors.Join(write("x", "y")(tx), boom) }
	got := together(t, d, failing, write("a"), failing, write("b"), write("a"), failing, write("c"))
	for i, bad := range []bool{true, false, true, false, true, true, false} {
		if (got[i] != nil) != bad {
			t.Errorf("closure %d: %v", i, got[i])
		}
	}
	if !db.IsUnique(got[4]) {
		t.Errorf("the second a: got %v, want a unique violation", got[4])
	}
	expect(t, d, "a", "b", "c")
}

// SQLite rolls a whole transaction back by itself on some errors; here the
// closure does it. It alone fails, the others run again, their hooks once.
func TestGroupSurvivesLosingItsTransaction(t *testing.T) {
	d := dbtest.SQLite(t)
	ddl(t, d, `create table note (body text unique)`)
	var hooks atomic.Int32
	good := func(body string) func(*db.Tx) error {
		return func(tx *db.Tx) error {
			tx.AfterCommit(func() { hooks.Add(1) })
			return write(body)(tx)
		}
	}
	lose := func(tx *db.Tx) error {
		write("lost")(tx)
		_, err := tx.Exec(`rollback`)
		return errors.Join(err, errors.New("lost"))
	}
	errs := together(t, d, good("a"), good("b"), lose, good("c"), lose, good("d"))
	for i, err := range errs {
		if (err != nil) != (i == 2 || i == 4) {
			t.Errorf("closure %d: %v", i, err)
		}
	}
	if hooks.Load() != 4 {
		t.Errorf("%d hooks ran, want 4", hooks.Load())
	}
	expect(t, d, "a", "b", "c", "d")
}

// A panic and a Goexit in the midst of a group touch nobody else.
func TestGroupSurvivesPanic(t *testing.T) {
	d := dbtest.SQLite(t)
	ddl(t, d, `create table note (body text unique)`)
	var panicked atomic.Bool
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer func() { panicked.Store(recover() != nil) }()
		d.Do(context.Background(), func(tx *db.Tx) error { write("p")(tx); panic("boom") })
	}()
	for _, err := range together(t, d, write("a"), write("b")) {
		if err != nil {
			t.Error(err)
		}
	}
	<-done
	if !panicked.Load() {
		t.Error("the panic did not reach its caller")
	}
	expect(t, d, "a", "b")
}

// A caller who leaves the queue takes only its own closure along.
func TestLeavingTheQueue(t *testing.T) {
	d := dbtest.SQLite(t)
	ddl(t, d, `create table note (body text unique)`)
	ctx, cancel := context.WithCancel(t.Context())
	var left error
	var wg sync.WaitGroup
	first := func(tx *db.Tx) error {
		wg.Go(func() { left = d.Do(ctx, write("left")) })
		for d.Queued() == 0 {
			time.Sleep(100 * time.Microsecond)
		}
		cancel()
		wg.Wait() // it returns though its turn has not come
		return write("a")(tx)
	}
	if err := d.Do(t.Context(), first); err != nil {
		t.Fatal(err)
	}
	if !errors.Is(left, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", left)
	}
	if err := d.Do(t.Context(), write("b")); err != nil {
		t.Fatal(err)
	}
	expect(t, d, "a", "b")
}

// Many callers, a third of whose closures fail after they have written: what
// was acknowledged stands, whole, and nothing else does.
func TestManyCallers(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		var mu sync.Mutex
		acked := []string{}
		var wg sync.WaitGroup
		for c := range 30 {
			wg.Go(func() {
				r := rand.New(rand.NewPCG(uint64(c), 1))
				for i := range 40 {
					name, fate := fmt.Sprintf("%02d-%03d", c, i), r.IntN(6)
					err := d.Do(t.Context(), func(tx *db.Tx) error {
						if err := write(name+"/1", name+"/2")(tx); err != nil {
							return err
						}
						switch fate {
						case 0:
							return errors.New("refused")
						case 1:
							return write(name + "/1")(tx) // collides
						}
						return nil
					})
					if (err != nil) != (fate < 2) {
						t.Errorf("%s: %v", name, err)
					}
					if err == nil {
						mu.Lock()
						acked = append(acked, name+"/1", name+"/2")
						mu.Unlock()
					}
				}
			})
		}
		wg.Wait()
		sort.Strings(acked)
		if diff := cmp.Diff(acked, bodies(t, d.Read(t.Context()))); diff != "" {
			t.Errorf("acknowledged against found:\n%s", diff)
		}
	})
}

// While normal closures never cease, low ones still get through, and normal
// ones outnumber them by far.
func TestLowYieldsButDoesNotStarve(t *testing.T) {
	d := dbtest.SQLite(t)
	ddl(t, d, `create table note (body text)`)
	var stop atomic.Bool
	var urgent atomic.Int64
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for !stop.Load() {
				if err := d.Do(t.Context(), write("u")); err != nil {
					t.Error(err)
					return
				}
				urgent.Add(1)
			}
		})
	}
	const chunks = 5
	for range chunks {
		if err := d.DoLow(t.Context(), write("low")); err != nil {
			t.Error(err)
		}
	}
	stop.Store(true)
	wg.Wait()
	if n := urgent.Load(); n < 20*chunks {
		t.Errorf("only %d normal transactions beside %d low ones", n, chunks)
	}
}
