package db

import (
	"context"
	"database/sql"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"chengshu/kernel/fault"
)

const (
	maxGroup   = 256                    // closures in one commit
	maxOpen    = 5 * time.Millisecond   // how long a group takes newcomers in
	quiet      = 2 * time.Millisecond   // without a normal closure before a low one has its turn
	lowWait    = 100 * time.Millisecond // after which a low closure has its turn all the same
	maxWaiting = 20_000                 // closures that may wait for a turn
)

// writer owns the one connection that writes. Its goroutine takes every
// waiting closure, runs them one after the other in one transaction, commits,
// and answers them all: callers that arrive during a commit share the next.
type writer struct {
	db   *sql.DB
	conn *sql.Conn
	stmt *stmtCache
	log  *slog.Logger

	mu      sync.Mutex
	wake    sync.Cond // a request came, or closing
	urgent  []*request
	patient []*request
	closing bool

	// Of the goroutine that writes, whichever it is at the moment.
	group   []*request // being run
	culprit int        // index in group of the closure that runs, -1 for none
	careful int        // groups to guard with savepoints from the first run on
	stopped chan struct{}
	busy    time.Time // when a group of normal closures last ended
}

// request is one closure and the channel on which its outcome is told.
type request struct {
	fn    func(*Tx) error
	mode  mode
	since time.Time
	state atomic.Int32 // waiting, taken or left
	done  chan outcome // holds one
	out   outcome      // of the last run
}

const (
	waiting int32 = iota
	taken
	left
)

func newWriter(ctx context.Context, db *sql.DB, log *slog.Logger) (*writer, error) {
	w := &writer{db: db, log: log, culprit: -1, stopped: make(chan struct{})}
	w.wake.L = &w.mu
	if err := w.connect(ctx); err != nil {
		return nil, err
	}
	go w.loop()
	return w, nil
}

func (w *writer) connect(ctx context.Context) error {
	conn, err := w.db.Conn(ctx)
	if err != nil {
		return err
	}
	w.conn, w.stmt = conn, newStmtCache(conn)
	return nil
}

// do queues fn and waits for its outcome. Hooks run in the caller's goroutine.
func (w *writer) do(ctx context.Context, fn func(*Tx) error, m mode) error {
	r := &request{fn: fn, mode: m, since: time.Now(), done: make(chan outcome, 1)}
	if err := w.enqueue(r); err != nil {
		return err
	}
	select {
	case out := <-r.done:
		return out.deliver()
	case <-ctx.Done():
	}
	if r.state.CompareAndSwap(waiting, left) {
		return ctx.Err()
	}
	out := <-r.done
	return out.deliver()
}

func (w *writer) enqueue(r *request) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closing {
		return errClosing()
	}
	if len(w.urgent)+len(w.patient) >= maxWaiting {
		return fault.New(fault.Exhausted, "database-queue-full", "系统繁忙,请稍后再试", "too many changes are waiting; try again shortly")
	}
	if r.mode == low {
		w.patient = append(w.patient, r)
	} else {
		w.urgent = append(w.urgent, r)
	}
	w.wake.Signal()
	return nil
}

func (w *writer) queued() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.urgent) + len(w.patient)
}

// next waits for work and returns it; nil when the writer is to stop.
func (w *writer) next() []*request {
	w.mu.Lock()
	defer w.mu.Unlock()
	for {
		early := w.tooEarly()
		switch {
		case len(w.patient) > 0 && early <= 0:
			return pop(&w.patient, 1)
		case len(w.urgent) > 0:
			return pop(&w.urgent, maxGroup)
		case len(w.patient) > 0:
			// The lock keeps a timer that fires at once from waking nobody.
			t := time.AfterFunc(early, func() {
				w.mu.Lock()
				defer w.mu.Unlock()
				w.wake.Broadcast()
			})
			w.wake.Wait()
			t.Stop()
		case w.closing:
			return nil
		default:
			w.wake.Wait()
		}
	}
}

// tooEarly returns how long the first low closure has yet to wait. Callers that
// were just answered often come back at once, so an empty queue is no proof
// that nobody is in a hurry.
func (w *writer) tooEarly() time.Duration {
	if len(w.patient) == 0 || w.closing {
		return 0
	}
	now := time.Now()
	late := lowWait - now.Sub(w.patient[0].since)
	if len(w.urgent) > 0 {
		return late
	}
	return min(late, quiet-now.Sub(w.busy))
}

// more returns what came while the group was run, for the same commit.
func (w *writer) more(room int) []*request {
	w.mu.Lock()
	defer w.mu.Unlock()
	return pop(&w.urgent, room)
}

// pop takes up to n requests whose callers still wait. It never returns nil.
func pop(q *[]*request, n int) []*request {
	got := make([]*request, 0, min(n, len(*q)))
	i := 0
	for ; i < len(*q) && len(got) < n; i++ {
		if r := (*q)[i]; r.state.CompareAndSwap(waiting, taken) {
			got = append(got, r)
		}
	}
	rest := copy(*q, (*q)[i:])
	clear((*q)[rest:])
	*q = (*q)[:rest]
	return got
}

func (w *writer) loop() {
	finished := false
	defer func() {
		if !finished {
			// A closure ended this goroutine with runtime.Goexit, as t.FailNow
			// does. Its caller is told, and another goroutine goes on.
			go w.resume()
		}
	}()
	for {
		g := w.next()
		if g == nil {
			break
		}
		w.runGroup(g)
		if len(g) > 0 && g[0].mode != low {
			w.busy = time.Now()
		}
	}
	finished = true
	close(w.stopped)
}

// resume goes on after a closure has ended the writing goroutine.
func (w *writer) resume() {
	g, at := w.group, w.culprit
	if at < 0 {
		panic("db: the writer ended outside a closure")
	}
	w.rollback()
	g[at].done <- outcome{goexit: true}
	w.pending(append(g[:at:at], g[at+1:]...))
	w.loop()
}

// pending puts requests that were already taken back at the head of the queue.
func (w *writer) pending(g []*request) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, r := range g {
		r.state.Store(waiting)
	}
	w.urgent = append(g, w.urgent...)
}

// close lets what waits run and ends the goroutine.
func (w *writer) close() {
	w.mu.Lock()
	first := !w.closing
	w.closing = true
	w.wake.Broadcast()
	w.mu.Unlock()
	<-w.stopped
	if first {
		w.stmt.close()
		w.conn.Close()
	}
}
