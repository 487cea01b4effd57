package job

import (
	"context"
	"errors"
	"testing"
	"time"

	"chengshu/kernel/db"
	"chengshu/kernel/fault"
)

// held registers on e a kind whose handler says that it began, and returns what
// it is told, or the cause of its context's end.
func held(e *Engine) (began chan *Run, tell chan error) {
	began, tell = make(chan *Run, 10), make(chan error)
	e.Register("k", func(ctx context.Context, r *Run) error {
		began <- r
		select {
		case err := <-tell:
			return err
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	})
	return began, tell
}

// A worker is cut off while it works: another takes over, and what the first
// still tries to write is refused.
func TestLostLease(t *testing.T) {
	each(t, func(b *bench) {
		one, two := b.engine(), b.engine()
		began, tell := held(one)
		two.Register("k", func(context.Context, *Run) error { return nil })
		id := b.enqueue(one, Job{Kind: "k"})
		one.turn(b.Context(), true)
		r := <-began

		b.clock.Advance(leaseFor - time.Second)
		b.step(two)
		b.wantState(two, id, Running) // not yet

		b.clock.Advance(renewEvery)
		b.step(two)
		b.wantState(two, id, Done)
		if s := b.get(two, id); s.Attempts != 2 {
			b.Errorf("%d attempts, want 2", s.Attempts)
		}
		for name, write := range map[string]func(*db.Tx) error{
			"Checkpoint": func(tx *db.Tx) error { return r.Checkpoint(tx, 1) },
			"Finish":     r.Finish,
		} {
			if err := b.db.Do(b.Context(), write); !errors.Is(err, ErrLost) {
				b.Errorf("%s: got %v, want ErrLost", name, err)
			}
		}
		tell <- errors.New("too late")
		for !one.allEnded() {
			<-one.wake
		}
		one.turn(b.Context(), true)
		b.wantState(two, id, Done)
	})
}

// The worker learns at its next renewal that it lost the job.
func TestLossIsNoticed(t *testing.T) {
	each(t, func(b *bench) {
		one, two := b.engine(), b.engine()
		began, _ := held(one)
		two.Register("k", func(context.Context, *Run) error { return nil })
		b.enqueue(one, Job{Kind: "k"})
		one.turn(b.Context(), true)
		<-began
		b.clock.Advance(leaseFor + time.Second)
		b.step(two)
		one.turn(b.Context(), true)
		for !one.allEnded() { // the handler's context has ended
			<-one.wake
		}
		one.turn(b.Context(), true)
		if one.busy() != 0 {
			b.Error("the lost job still takes a worker")
		}
	})
}

func TestLeaseIsRenewed(t *testing.T) {
	each(t, func(b *bench) {
		one, two := b.engine(), b.engine()
		began, tell := held(one)
		two.Register("k", func(context.Context, *Run) error { b.Error("taken over from a living worker"); return nil })
		id := b.enqueue(one, Job{Kind: "k"})
		one.turn(b.Context(), true)
		<-began
		for range 60 {
			b.clock.Advance(5 * time.Second)
			one.turn(b.Context(), true)
			b.step(two)
		}
		tell <- nil
		b.step(one)
		b.wantState(one, id, Done)
	})
}

// A job that kills its workers is dead after its attempts.
func TestPoison(t *testing.T) {
	each(t, func(b *bench) {
		var id string
		for i := range 3 {
			doomed := b.engine()
			began, _ := held(doomed)
			if i == 0 {
				id = b.enqueue(doomed, Job{Kind: "k", MaxAttempts: 3})
			}
			doomed.turn(b.Context(), true)
			<-began // and then it is gone
			b.clock.Advance(leaseFor + time.Second)
		}
		e := b.engine()
		b.step(e)
		b.wantState(e, id, Dead)
	})
}

func TestCancel(t *testing.T) {
	each(t, func(b *bench) {
		e, other := b.engine(), b.engine()
		began, _ := held(e)
		cancel := func(by *Engine, id string) error {
			return b.db.Do(b.Context(), func(tx *db.Tx) error { return by.Cancel(tx, id) })
		}
		ended := func() {
			b.Helper()
			for !e.allEnded() {
				<-e.wake
			}
			e.turn(b.Context(), true)
		}

		waiting := b.enqueue(e, Job{Kind: "k"})
		if err := cancel(e, waiting); err != nil {
			b.Error(err)
		}
		b.wantState(e, waiting, Cancelled)

		here := b.enqueue(e, Job{Kind: "k"})
		e.turn(b.Context(), true)
		<-began
		if err := cancel(e, here); err != nil {
			b.Error(err)
		}
		ended()
		b.wantState(e, here, Cancelled)

		elsewhere := b.enqueue(e, Job{Kind: "k"})
		e.turn(b.Context(), true)
		<-began
		if err := cancel(other, elsewhere); err != nil {
			b.Error(err)
		}
		if s := b.get(e, elsewhere); s.State != Running || !s.Cancelling {
			b.Errorf("running elsewhere: %s, cancelling %v", s.State, s.Cancelling)
		}
		b.clock.Advance(renewEvery)
		e.turn(b.Context(), true)
		ended()
		b.wantState(e, elsewhere, Cancelled)

		if err := cancel(e, here); !fault.Is(err, fault.Conflict) {
			b.Errorf("a second time: got %v, want Conflict", err)
		}
		if err := cancel(e, "absent"); !fault.Is(err, fault.NotFound) {
			b.Errorf("an absent one: got %v, want NotFound", err)
		}
	})
}

func TestRequeue(t *testing.T) {
	each(t, func(b *bench) {
		e, mended := b.engine(), false
		e.Register("k", func(context.Context, *Run) error {
			if mended {
				return nil
			}
			return Permanent(errors.New("broken"))
		})
		requeue := func(id string) error {
			return b.db.Do(b.Context(), func(tx *db.Tx) error { return e.Requeue(tx, id) })
		}
		id := b.enqueue(e, Job{Kind: "k", UniqueKey: "u"})
		b.step(e)
		b.wantState(e, id, Dead)

		successor := b.enqueue(e, Job{Kind: "k", UniqueKey: "u"})
		if err := requeue(id); fault.Code(err) != "job-has-successor" {
			b.Errorf("beside a live one: got %v, want job-has-successor", err)
		}
		b.step(e)
		b.wantState(e, successor, Dead)

		mended = true
		if err := requeue(id); err != nil {
			b.Error(err)
		}
		b.step(e)
		b.wantState(e, id, Done)
		if err := requeue(id); !fault.Is(err, fault.Conflict) {
			b.Errorf("a done one: got %v, want Conflict", err)
		}
	})
}

// The real loop: it wakes for what is enqueued, for its own timers, and stops
// without losing what runs.
func TestRun(t *testing.T) {
	each(t, func(b *bench) {
		e := b.engine()
		began, tell := held(e)
		ctx, stop := context.WithCancel(b.Context())
		over := make(chan struct{})
		go func() { e.Run(ctx); close(over) }()

		b.enqueue(e, Job{Kind: "k"})
		<-began // woken by the commit, without any turn of the clock
		tell <- nil

		b.enqueue(e, Job{Kind: "k", RunAt: start.Add(time.Hour)})
		if err := b.clock.Await(b.Context(), 1); err != nil {
			b.Fatal(err)
		}
		b.clock.Advance(time.Hour)
		<-began
		tell <- nil

		interrupted := b.enqueue(e, Job{Kind: "k"})
		<-began
		stop()
		<-over
		if s := b.get(e, interrupted); s.State != Waiting || s.Attempts != 0 {
			b.Errorf("interrupted: %s after %d attempts, want waiting after none", s.State, s.Attempts)
		}
	})
}

// The database is away for a while: the engine goes on by itself afterwards.
func TestTableUnreachable(t *testing.T) {
	each(t, func(b *bench) {
		e, runs := b.engine(), 0
		e.Register("k", func(context.Context, *Run) error { runs++; return nil })
		id := b.enqueue(e, Job{Kind: "k"})
		if err := b.db.DDL(b.Context(), `alter table job rename to job_away`); err != nil {
			b.Fatal(err)
		}
		if rest := e.turn(b.Context(), true); rest != poll {
			b.Errorf("rest %v, want %v", rest, poll)
		}
		if err := b.db.DDL(b.Context(), `alter table job_away rename to job`); err != nil {
			b.Fatal(err)
		}
		e.turn(b.Context(), true)
		for !e.allEnded() {
			<-e.wake
		}
		if err := b.db.DDL(b.Context(), `alter table job rename to job_away`); err != nil {
			b.Fatal(err)
		}
		e.turn(b.Context(), true) // the end cannot be written
		if err := b.db.DDL(b.Context(), `alter table job_away rename to job`); err != nil {
			b.Fatal(err)
		}
		e.turn(b.Context(), true)
		b.wantState(e, id, Done)
		if runs != 1 {
			b.Errorf("%d runs, want 1", runs)
		}
	})
}

// A process that is alone with its table takes over at once what the one before
// it left running.
func TestAlone(t *testing.T) {
	each(t, func(b *bench) {
		dead, alone := b.engine(), b.engine()
		alone.alone = true
		began, tell := held(dead)
		alone.Register("k", func(context.Context, *Run) error { return nil })
		id := b.enqueue(dead, Job{Kind: "k"})
		dead.turn(b.Context(), true)
		<-began
		b.step(alone)
		b.wantState(alone, id, Done)
		tell <- errors.New("too late")
		for !dead.allEnded() {
			<-dead.wake
		}
	})
}
