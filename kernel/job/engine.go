package job

import (
	"context"
	"math/rand/v2"
	"time"

	"chengshu/kernel/db"
)

const (
	leaseFor   = 30 * time.Second // a claim without renewal
	renewEvery = 10 * time.Second
	poll       = time.Second // for what other processes enqueue, and for progress
	sweepEvery = time.Hour

	settleEvery = 2 * time.Millisecond
)

// backoff is the pause after the nth failure: 1 s doubled each time, at most an
// hour, and up to a quarter more, so that what failed together does not come
// back together.
func backoff(n int) time.Duration {
	d := time.Hour
	if n < 13 {
		d = min(d, time.Second<<(n-1))
	}
	return d + rand.N(d/4)
}

// plan is when the engine's own duties fall due.
type plan struct{ renew, recover, progress, sweep time.Time }

// Run works until ctx ends, then tells the handlers to stop, waits for them,
// puts their jobs back, and returns. While the database is away it keeps
// trying. It is called once.
func (e *Engine) Run(ctx context.Context) {
	handlers, stop := context.WithCancelCause(context.WithoutCancel(ctx))
	defer stop(ErrStopping)
	for {
		select {
		case <-ctx.Done():
			stop(ErrStopping)
			e.drain(handlers)
			e.sweeping.Wait()
			return
		default:
		}
		rest := e.turn(handlers, true)
		select {
		case <-e.wake:
		case <-e.alarm(rest):
		case <-ctx.Done():
		}
	}
}

// Settle returns when no job waits for a worker or runs, for those who turn a
// test's clock. What has failed and is to be tried later is not waited for.
func (e *Engine) Settle(ctx context.Context) error {
	for {
		var live int64
		err := e.db.Read(ctx).QueryRow(`select count(*) from job where state in ('waiting', 'running')`).Scan(&live)
		if err != nil || live == 0 {
			return err
		}
		select {
		case <-e.clock.After(settleEvery):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// drain waits until every handler has returned and its end is in the table. If
// the database is away, the leases run out instead.
func (e *Engine) drain(handlers context.Context) {
	for tries := 0; e.busy() > 0 && tries < 10; {
		if e.allEnded() {
			tries++
		}
		rest := e.turn(handlers, false)
		if e.busy() == 0 {
			return
		}
		select {
		case <-e.wake:
		case <-e.alarm(rest):
		}
	}
}

func (e *Engine) busy() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return len(e.running)
}

func (e *Engine) allEnded() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return len(e.ended) == len(e.running)
}

// alarm returns a channel that receives after d or earlier. One timer stands at
// a time, since an abandoned one would stay with the clock.
func (e *Engine) alarm(d time.Duration) <-chan time.Time {
	now := e.clock.Now()
	if at := now.Add(d); e.timer == nil || at.Before(e.rings) || !e.rings.After(now) {
		e.timer, e.rings = e.clock.After(d), at
	}
	return e.timer
}

// turn writes what has ended, claims what there is room for, and starts it, all
// in one transaction. It returns how long there is nothing to do.
func (e *Engine) turn(handlers context.Context, claim bool) time.Duration {
	t := e.prepare(claim)
	err := e.db.DoClaim(context.Background(), func(tx *db.Tx) error { return t.run(tx) })
	if err != nil {
		e.log.Error("jobs: the table cannot be reached", "err", err)
		e.restore(t)
		return poll
	}
	e.settle(t)
	for _, r := range t.claimed {
		e.start(handlers, r)
	}
	e.sweep(handlers, t.now)
	if t.nextDue.IsZero() {
		return poll
	}
	return max(0, min(poll, t.nextDue.Sub(e.clock.Now())))
}

// prepare collects what the turn has to write.
func (e *Engine) prepare(claim bool) *turn {
	now := e.clock.Now()
	t := &turn{engine: e, now: now, room: map[lane]int{}}
	e.mu.Lock()
	defer e.mu.Unlock()
	t.ended, e.ended = e.ended, nil
	t.renew = len(e.running) > 0 && !now.Before(e.plan.renew)
	t.recover = !now.Before(e.plan.recover)
	for l, n := range e.slots {
		t.room[l] = n + count(t.ended, l)
	}
	tell := !now.Before(e.plan.progress)
	if tell {
		e.plan.progress = now.Add(poll)
	}
	for _, r := range e.running {
		t.room[r.lane]--
		if tell {
			t.news(r)
		}
	}
	if !claim {
		t.room = nil
	}
	return t
}

func count(runs []*Run, l lane) (n int) {
	for _, r := range runs {
		if r.lane == l {
			n++
		}
	}
	return n
}

// restore takes back what prepare collected, after the transaction failed.
func (e *Engine) restore(t *turn) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.ended = append(t.ended, e.ended...)
	for _, p := range t.progress {
		p.run.mu.Lock()
		p.run.news = true
		p.run.mu.Unlock()
	}
	for _, r := range e.running {
		if t.now.Sub(r.held) > leaseFor {
			r.cancel(ErrLost) // nobody could renew it
		}
	}
}

// settle brings memory in line with what the transaction wrote.
func (e *Engine) settle(t *turn) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, r := range t.ended {
		r.cancel(nil)
		delete(e.running, r.ID)
	}
	if t.renew {
		e.plan.renew = t.now.Add(renewEvery)
		for id, r := range e.running {
			switch cancelled, held := t.held[id]; {
			case !held:
				r.cancel(ErrLost)
			case cancelled:
				r.cancel(ErrCancelled)
				fallthrough
			default:
				r.held = t.now
			}
		}
	}
	if t.recover {
		e.plan.recover = t.now.Add(renewEvery)
	}
}

// start gives a claimed job to its handler.
func (e *Engine) start(handlers context.Context, r *Run) {
	ctx, cancel := context.WithCancelCause(handlers)
	r.cancel, r.held = cancel, e.clock.Now()
	e.mu.Lock()
	e.running[r.ID] = r
	e.mu.Unlock()
	h := e.kinds[r.Kind].handler
	if h == nil {
		h = unknown
	}
	go e.work(ctx, r, h)
}

// unknown stands in for a kind that this version of the program lacks: another
// version may be about to take over.
func unknown(context.Context, *Run) error { return Postpone(time.Minute) }
