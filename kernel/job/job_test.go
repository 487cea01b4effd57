package job

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"chengshu/kernel/clock"
	"chengshu/kernel/db"
	"chengshu/kernel/db/dbtest"
	"chengshu/kernel/fault"

	"github.com/google/go-cmp/cmp"
)

var start = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

// bench is a database, a clock, and engines whose turns the test takes itself.
type bench struct {
	*testing.T
	db    *db.DB
	clock *clock.Fake
}

func each(t *testing.T, fn func(b *bench)) {
	t.Helper()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		if err := d.Migrate(t.Context(), Migrations()...); err != nil {
			t.Fatal(err)
		}
		fn(&bench{t, d, clock.NewFake(start)})
	})
}

func (b *bench) engine() *Engine { return New(Deps{DB: b.db, Clock: b.clock, Workers: 4}) }

func (b *bench) do(fn func(tx *db.Tx) error) {
	b.Helper()
	if err := b.db.Do(b.Context(), fn); err != nil {
		b.Fatal(err)
	}
}

func (b *bench) enqueue(e *Engine, j Job) (id string) {
	b.Helper()
	b.do(func(tx *db.Tx) (err error) { id, err = e.Enqueue(tx, j); return err })
	return id
}

// step lets e claim once, waits for the handlers, and writes how they ended.
func (b *bench) step(e *Engine) {
	b.Helper()
	e.turn(b.Context(), true)
	for !e.allEnded() {
		<-e.wake
	}
	e.turn(b.Context(), false)
}

func (b *bench) get(e *Engine, id string) Status {
	b.Helper()
	s, err := e.Get(b.db.Read(b.Context()), id)
	if err != nil {
		b.Fatal(err)
	}
	return s
}

func (b *bench) wantState(e *Engine, id string, want State) {
	b.Helper()
	if got := b.get(e, id); got.State != want {
		b.Errorf("state %s, want %s (last error %q)", got.State, want, got.LastError)
	}
}

func TestJobLivesWithItsTransaction(t *testing.T) {
	each(t, func(b *bench) {
		e, got := b.engine(), []string{}
		e.Register("greet", func(_ context.Context, r *Run) error {
			var name string
			if err := r.Decode(&name); err != nil {
				return err
			}
			got = append(got, name)
			return nil
		})
		b.db.Do(b.Context(), func(tx *db.Tx) error {
			if _, err := e.Enqueue(tx, Job{Kind: "greet", Payload: "nobody"}); err != nil {
				b.Error(err)
			}
			return errors.New("rolled back")
		})
		id := b.enqueue(e, Job{Kind: "greet", Payload: "城"})
		b.wantState(e, id, Waiting)
		b.step(e)
		b.step(e)
		b.wantState(e, id, Done)
		if diff := cmp.Diff([]string{"城"}, got); diff != "" {
			b.Errorf("runs (-want +got):\n%s", diff)
		}
	})
}

func TestUnknownKindIsRefused(t *testing.T) {
	each(t, func(b *bench) {
		err := b.db.Do(b.Context(), func(tx *db.Tx) error {
			_, err := b.engine().Enqueue(tx, Job{Kind: "absent"})
			return err
		})
		if err == nil {
			b.Error("a kind that nobody registered was enqueued")
		}
	})
}

// A version of the program that lacks a kind leaves its jobs alone.
func TestUnknownKindWaits(t *testing.T) {
	each(t, func(b *bench) {
		newer, older := b.engine(), b.engine()
		newer.Register("new", func(context.Context, *Run) error { return nil })
		id := b.enqueue(newer, Job{Kind: "new"})
		b.step(older)
		if s := b.get(newer, id); s.State != Scheduled || s.Attempts != 0 {
			b.Errorf("%s after %d attempts, want scheduled after none", s.State, s.Attempts)
		}
		b.clock.Advance(time.Minute)
		b.step(newer)
		b.wantState(newer, id, Done)
	})
}

func TestRetries(t *testing.T) {
	each(t, func(b *bench) {
		e := b.engine()
		var at []time.Duration
		e.Register("flaky", func(context.Context, *Run) error {
			if at = append(at, b.clock.Now().Sub(start)); len(at) <= 3 {
				return fmt.Errorf("failure %d", len(at))
			}
			return nil
		})
		id := b.enqueue(e, Job{Kind: "flaky"})
		for range 400 {
			b.step(e)
			b.clock.Advance(100 * time.Millisecond)
		}
		b.wantState(e, id, Done)
		if len(at) != 4 {
			b.Fatalf("%d runs, want 4", len(at))
		}
		for i, pause := range []time.Duration{time.Second, 2 * time.Second, 4 * time.Second} {
			if got := at[i+1] - at[i]; got < pause || got > pause*5/4+300*time.Millisecond {
				b.Errorf("pause %d was %v, want %v and up to a quarter more", i+1, got, pause)
			}
		}
	})
}

func TestEndings(t *testing.T) {
	boom := errors.New("boom")
	tests := []struct {
		name     string
		max      int
		handler  Handler
		state    State
		attempts int
		err      string
	}{
		{"done", 0, func(context.Context, *Run) error { return nil }, Done, 1, ""},
		{"failed", 0, func(context.Context, *Run) error { return boom }, Scheduled, 1, "boom"},
		{"last attempt", 1, func(context.Context, *Run) error { return boom }, Dead, 1, "boom"},
		{"permanent", 0, func(context.Context, *Run) error { return fmt.Errorf("wrapped: %w", Permanent(boom)) }, Dead, 1, "wrapped: boom"},
		{"bad payload", 0, func(_ context.Context, r *Run) error { var n struct{ X int }; return r.Decode(&n) }, Dead, 1,
			"job: payload of k: json: cannot unmarshal string into Go value of type struct { X int }"},
		{"postponed", 1, func(context.Context, *Run) error { return Postpone(time.Hour) }, Scheduled, 0, ""},
		{"panic", 0, func(context.Context, *Run) error { panic("boom") }, Scheduled, 1, "panic: boom"},
		{"goexit", 0, func(context.Context, *Run) error { runtime.Goexit(); return nil }, Scheduled, 1, "the handler ended its goroutine"},
	}
	each(t, func(b *bench) {
		for _, c := range tests {
			b.Run(c.name, func(t *testing.T) {
				b := &bench{t, b.db, b.clock}
				e := b.engine()
				e.Register("k", c.handler)
				id := b.enqueue(e, Job{Kind: "k", Payload: "text", MaxAttempts: c.max})
				b.step(e)
				got := b.get(e, id)
				if got.State != c.state || got.Attempts != c.attempts || got.LastError != c.err {
					t.Errorf("got %s, %d attempts, %q; want %s, %d, %q", got.State, got.Attempts, got.LastError, c.state, c.attempts, c.err)
				}
				if ended := c.state == Done || c.state == Dead; ended == got.FinishedAt.IsZero() {
					t.Errorf("finished at %v", got.FinishedAt)
				}
			})
		}
	})
}

func TestUniqueWhileWaiting(t *testing.T) {
	each(t, func(b *bench) {
		e := b.engine()
		var runs atomic.Int32
		e.Register("index", func(context.Context, *Run) error { runs.Add(1); return nil })
		first := b.enqueue(e, Job{Kind: "index", UniqueKey: "u", RunAt: start.Add(time.Hour)})
		other := b.enqueue(e, Job{Kind: "index", UniqueKey: "v"})
		if second := b.enqueue(e, Job{Kind: "index", UniqueKey: "u"}); second != first || other == first {
			b.Errorf("ids %s, %s, %s: the first two must be one, the third another", first, second, other)
		}
		b.step(e) // the earlier time counts
		b.wantState(e, first, Done)
		if third := b.enqueue(e, Job{Kind: "index", UniqueKey: "u"}); third == first {
			b.Error("a job that is done took a new one in")
		}
		b.step(e)
		if runs.Load() != 3 {
			b.Errorf("%d runs, want 3", runs.Load())
		}
	})
}

// What is asked for while the job runs may have come too late for it.
func TestUniqueWhileRunning(t *testing.T) {
	each(t, func(b *bench) {
		e, runs := b.engine(), 0
		var id string
		e.Register("index", func(context.Context, *Run) error {
			if runs++; runs == 1 {
				for range 3 {
					if again := b.enqueue(e, Job{Kind: "index", UniqueKey: "u"}); again != id {
						b.Errorf("got job %s, want %s again", again, id)
					}
				}
			}
			return nil
		})
		id = b.enqueue(e, Job{Kind: "index", UniqueKey: "u"})
		b.step(e)
		b.step(e)
		b.step(e)
		b.wantState(e, id, Done)
		if runs != 2 {
			b.Errorf("%d runs, want 2", runs)
		}
	})
}

func TestPriorityThenAge(t *testing.T) {
	each(t, func(b *bench) {
		e := New(Deps{DB: b.db, Clock: b.clock, Workers: 1})
		var order []string
		e.Register("k", func(_ context.Context, r *Run) error {
			var name string
			defer func() { order = append(order, name) }()
			return r.Decode(&name)
		})
		for _, j := range []Job{{Payload: "low", Priority: Low}, {Payload: "normal 2"}, {Payload: "normal 1", RunAt: start.Add(-time.Second)},
			{Payload: "high", Priority: High}, {Payload: "later", RunAt: start.Add(time.Hour), Priority: High}} {
			j.Kind = "k"
			b.enqueue(e, j)
		}
		for range 5 {
			b.step(e)
		}
		if diff := cmp.Diff([]string{"high", "normal 1", "normal 2", "low"}, order); diff != "" {
			b.Errorf("order (-want +got):\n%s", diff)
		}
		b.clock.Advance(time.Hour)
		b.step(e)
		if len(order) != 5 {
			b.Error("the scheduled job did not run in its time")
		}
	})
}

func TestLongWorkDoesNotBlock(t *testing.T) {
	each(t, func(b *bench) {
		e := New(Deps{DB: b.db, Clock: b.clock, Workers: 1, LongWorkers: 1})
		goOn := make(chan struct{})
		quickDone := make(chan struct{}, 1)
		e.RegisterLong("import", func(context.Context, *Run) error { <-goOn; return nil })
		e.Register("notify", func(context.Context, *Run) error { quickDone <- struct{}{}; return nil })
		b.enqueue(e, Job{Kind: "import", Priority: High})
		b.enqueue(e, Job{Kind: "import", Priority: High})
		b.enqueue(e, Job{Kind: "notify"})
		e.turn(b.Context(), true)
		<-quickDone
		if n := e.busy(); n != 2 {
			b.Errorf("%d jobs claimed, want one long and one quick", n)
		}
		close(goOn)
		b.step(e)
	})
}

func TestCheckpointResumes(t *testing.T) {
	each(t, func(b *bench) {
		e := b.engine()
		var began []int
		e.RegisterLong("import", func(ctx context.Context, r *Run) error {
			at := 0
			if _, err := r.Resume(&at); err != nil {
				return err
			}
			began = append(began, at)
			for ; at < 10; at++ {
				if at == 4 && len(began) == 1 {
					return errors.New("interrupted")
				}
				if err := b.db.Do(ctx, func(tx *db.Tx) error { return r.Checkpoint(tx, at+1) }); err != nil {
					return err
				}
			}
			return nil
		})
		id := b.enqueue(e, Job{Kind: "import"})
		b.step(e)
		b.clock.Advance(2 * time.Second)
		b.step(e)
		b.wantState(e, id, Done)
		if diff := cmp.Diff([]int{0, 4}, began); diff != "" {
			b.Errorf("began at (-want +got):\n%s", diff)
		}
	})
}

func TestProgressIsSeen(t *testing.T) {
	each(t, func(b *bench) {
		e := b.engine()
		told, goOn := make(chan struct{}), make(chan struct{})
		e.Register("k", func(_ context.Context, r *Run) error {
			r.Progress(3, 10, fault.Text{Zh: "第三批", En: "third part"})
			close(told)
			<-goOn
			r.Progress(10, 10, fault.Text{})
			return nil
		})
		id := b.enqueue(e, Job{Kind: "k"})
		e.turn(b.Context(), true)
		<-told
		b.clock.Advance(poll)
		e.turn(b.Context(), true)
		if s := b.get(e, id); s.Done != 3 || s.Total != 10 || s.Note.Zh != "第三批" || s.Note.En != "third part" {
			b.Errorf("got %d of %d, %v", s.Done, s.Total, s.Note)
		}
		close(goOn)
		b.step(e)
		if s := b.get(e, id); s.State != Done || s.Done != 10 {
			b.Errorf("at the end: %s, %d of %d", s.State, s.Done, s.Total)
		}
	})
}

func TestFinishCommitsWithTheEffect(t *testing.T) {
	each(t, func(b *bench) {
		e := b.engine()
		e.Register("k", func(ctx context.Context, r *Run) error {
			err := b.db.Do(ctx, func(tx *db.Tx) error { return r.Finish(tx) })
			b.wantState(e, r.ID, Done) // before the handler returns
			return err
		})
		id := b.enqueue(e, Job{Kind: "k"})
		b.step(e)
		b.wantState(e, id, Done)
	})
}

func TestListPagesByKey(t *testing.T) {
	each(t, func(b *bench) {
		e := b.engine()
		var want []Key
		for _, kind := range []string{"a", "b"} {
			e.Register(kind, func(context.Context, *Run) error { return nil })
			for range 5 {
				want = append([]Key{{kind, b.enqueue(e, Job{Kind: kind})}}, want...)
			}
		}
		for _, c := range []struct {
			kind string
			want []Key
		}{{"", want}, {"a", want[5:]}, {"b", want[:5]}, {"c", nil}} {
			var got []Key
			for f := (Filter{State: Waiting, Kind: c.kind, Limit: 3}); ; {
				page, err := e.List(b.db.Read(b.Context()), f)
				if err != nil {
					b.Fatal(err)
				}
				if len(page) == 0 {
					break
				}
				for _, s := range page {
					got = append(got, s.Key())
				}
				f.After = page[len(page)-1].Key()
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				b.Errorf("kind %q (-want +got):\n%s", c.kind, diff)
			}
		}
		if _, err := e.Get(b.db.Read(b.Context()), "absent"); !fault.Is(err, fault.NotFound) {
			b.Errorf("got %v, want NotFound", err)
		}
	})
}

func TestOldOnesAreSwept(t *testing.T) {
	each(t, func(b *bench) {
		e := b.engine()
		e.Register("k", func(context.Context, *Run) error { return nil })
		e.Register("bad", func(context.Context, *Run) error { return Permanent(errors.New("no")) })
		old, dead := b.enqueue(e, Job{Kind: "k"}), b.enqueue(e, Job{Kind: "bad"})
		b.step(e)
		b.clock.Advance(8 * 24 * time.Hour)
		recent := b.enqueue(e, Job{Kind: "k"})
		b.step(e)
		e.sweeping.Wait()
		if _, err := e.Get(b.db.Read(b.Context()), old); !fault.Is(err, fault.NotFound) {
			b.Errorf("the old job: %v, want NotFound", err)
		}
		b.wantState(e, dead, Dead)
		b.wantState(e, recent, Done)
	})
}

// Several programs on one database: every job runs once, none twice.
func TestManyEngines(t *testing.T) {
	each(t, func(b *bench) {
		const jobs = 300
		var mu sync.Mutex
		runs, all := map[string]int{}, make(chan struct{})
		ctx, stop := context.WithCancel(b.Context())
		var wg sync.WaitGroup
		engines := make([]*Engine, 3)
		for i := range engines {
			engines[i] = New(Deps{DB: b.db, Clock: clock.System(), Workers: 8})
			engines[i].Register("k", func(_ context.Context, r *Run) error {
				mu.Lock()
				defer mu.Unlock()
				if runs[r.ID]++; len(runs) == jobs && runs[r.ID] == 1 {
					close(all)
				}
				return nil
			})
			wg.Go(func() { engines[i].Run(ctx) })
		}
		for i := range jobs {
			b.enqueue(engines[i%3], Job{Kind: "k", Payload: i})
		}
		<-all
		stop()
		wg.Wait()
		for id, n := range runs {
			if n != 1 {
				b.Errorf("job %s ran %d times", id, n)
			}
			b.wantState(engines[0], id, Done)
		}
	})
}
