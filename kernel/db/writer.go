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
	lowWait    = 100 * time.Millisecond // after which a low closure goes first
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
	stopped chan struct{}
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

// next waits for work and returns it; nil when the writer is to stop.
func (w *writer) next() []*request {
	w.mu.Lock()
	defer w.mu.Unlock()
	for len(w.urgent) == 0 && len(w.patient) == 0 {
		if w.closing {
			return nil
		}
		w.wake.Wait()
	}
	if len(w.urgent) == 0 || (len(w.patient) > 0 && time.Since(w.patient[0].since) > lowWait) {
		return pop(&w.patient, 1)
	}
	return pop(&w.urgent, maxGroup)
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
