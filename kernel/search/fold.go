package search

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"chengshu/kernel/db"
)

const (
	linger    = 100 * time.Millisecond // how long Run lets notes gather
	retry     = 5 * time.Second        // after an error
	maxBatch  = 128                    // notes indexed in one transaction: some 5 ms
	maxBytes  = 48_000                 // or this much text
	maxSettle = 20                     // batches that one Settle waits for
	mergeStep = 64                     // pages merged in one transaction: some 5 ms
)

// noted tells that something was committed to be indexed.
func (e *Engine) noted() {
	if e.dirty.Load() {
		return
	}
	e.dirty.Store(true)
	select {
	case e.wake <- struct{}{}:
	default:
	}
}

// Settle makes findable all that was committed before it is called. It
// indexes at most some 2,500 texts: behind a bulk load the newest stay
// unfindable until Run has caught up. ctx ends the waiting.
func (e *Engine) Settle(ctx context.Context) error {
	if e.dialect != db.SQLite {
		return nil
	}
	// Searches that wait for a turn share the next pass: it began after all of
	// them asked.
	asked := e.begun.Load()
	e.hasty.Add(1)
	defer e.hasty.Add(-1)
	if stop := e.yield.Load(); stop != nil {
		(*stop)()
	}
	if err := e.take(ctx); err != nil {
		return err
	}
	defer e.give()
	if e.settled > asked {
		return nil
	}
	began := e.begun.Add(1)
	err := e.fold(ctx, e.db.Do, maxSettle)
	if err == nil {
		e.settled = began
	}
	return err
}

// Run indexes what is noted, at low priority, until ctx ends. On PostgreSQL
// there is nothing to do.
func (e *Engine) Run(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-e.wake:
		}
		wait := linger
		for wait > 0 && e.dialect == db.SQLite {
			select {
			case <-ctx.Done():
				return nil
			case <-e.clock.After(wait):
			}
			wait = e.pass(ctx)
		}
	}
}

// pass indexes what it can and returns how long to wait before the next pass,
// 0 when nothing is left.
func (e *Engine) pass(ctx context.Context) time.Duration {
	err := e.patiently(ctx)
	if err == nil {
		err = e.merge(ctx)
	}
	if err != nil {
		if ctx.Err() == nil {
			e.log.Error("search: indexing failed, will be tried again", "error", err)
		}
		return retry
	}
	if e.dirty.Load() || len(e.grown()) > 0 {
		return time.Millisecond
	}
	return 0
}

// patiently indexes one batch at low priority. A search that comes meanwhile
// does not wait for that: it takes the turn and does the work itself.
func (e *Engine) patiently(ctx context.Context) error {
	if err := e.take(ctx); err != nil {
		return err
	}
	defer e.give()
	own, stop := context.WithCancel(ctx)
	defer stop()
	e.yield.Store(&stop)
	defer e.yield.Store(nil)
	if e.hasty.Load() > 0 {
		stop()
	}
	err := e.fold(own, e.db.DoLow, 1)
	if err != nil && own.Err() != nil {
		return ctx.Err()
	}
	return err
}

func (e *Engine) take(ctx context.Context) error {
	select {
	case e.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (e *Engine) give() { <-e.turn }

// note is one row of search_pending.
type note struct {
	seq, n int64
	table  string
	tokens string
	gone   bool
}

// fold indexes at most that many batches of notes, each in a transaction made
// by do. The caller holds e.turn. When it returns with notes left, or with an
// error, e.dirty is set.
func (e *Engine) fold(ctx context.Context, do func(context.Context, func(*db.Tx) error) error, batches int) error {
	// Cleared before reading: a commit after the reading sets it again.
	if !e.dirty.Swap(false) {
		return nil
	}
	// From the start each time: SQLite counts anew when the table was empty.
	after := int64(0)
	for done := 0; done < batches; {
		notes, more, err := e.read(ctx, after)
		if err == nil && e.known(notes) {
			err = do(ctx, func(tx *db.Tx) error { return e.write(tx, notes) })
			done++
			e.grew(notes)
		}
		if err != nil {
			e.noted()
			return err
		}
		if !more {
			return nil
		}
		after = notes[len(notes)-1].seq
	}
	e.noted()
	return nil
}

// known reports whether any of the notes is for an index that is here.
func (e *Engine) known(notes []note) bool {
	return slices.ContainsFunc(notes, func(v note) bool { return e.index(v.table) != nil })
}

func (e *Engine) grew(notes []note) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, v := range notes {
		if x := e.tables[v.table]; x != nil {
			e.growing[x] = true
		}
	}
}

// grown returns the indexes that may have segments to merge.
func (e *Engine) grown() []*Index {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Collect(maps.Keys(e.growing))
}

// merge takes one step towards fewer segments in each index that grew, as
// every segment costs each search some 20 µs.
func (e *Engine) merge(ctx context.Context) error {
	for _, x := range e.grown() {
		var before, after int64
		err := e.db.DoLow(ctx, func(tx *db.Tx) error {
			if err := tx.QueryRow(`select total_changes()`).Scan(&before); err != nil {
				return err
			}
			if _, err := tx.Exec(`insert into `+x.table+` (`+x.table+`, rank) values ('merge', $1)`, mergeStep); err != nil {
				return err
			}
			return tx.QueryRow(`select total_changes()`).Scan(&after)
		})
		if err != nil {
			return err
		}
		if after-before < 2 { // FTS5's sign that nothing is left to merge.
			e.mu.Lock()
			delete(e.growing, x)
			e.mu.Unlock()
		}
	}
	return nil
}

// read returns the next notes, made into tokens, and whether there may be more.
func (e *Engine) read(ctx context.Context, after int64) (notes []note, more bool, err error) {
	rows, err := e.db.Read(ctx).Query(`select seq, tbl, n, scope, coalesce(body, ''), body is null
		from search_pending where seq > $1 order by seq limit $2`, after, maxBatch)
	if err != nil {
		return nil, false, err
	}
	defer rows.Close()
	size := 0
	for size < maxBytes && rows.Next() {
		var v note
		var scope, body string
		if err := rows.Scan(&v.seq, &v.table, &v.n, &scope, &body, &v.gone); err != nil {
			return nil, false, err
		}
		v.tokens = scope + " " + strings.Join(Tokens(body), " ")
		size += len(body)
		notes = append(notes, v)
	}
	return notes, size >= maxBytes || len(notes) == maxBatch, rows.Err()
}

// write indexes the notes and strikes them off.
func (e *Engine) write(tx *db.Tx, notes []note) error {
	for _, v := range notes {
		x := e.index(v.table)
		if x == nil {
			continue // Its pack is not loaded; the note waits for it.
		}
		var err error
		if v.gone {
			_, err = tx.Exec(`delete from `+x.table+` where rowid = $1`, v.n)
		} else {
			_, err = tx.Exec(`insert or replace into `+x.table+` (rowid, tokens) values ($1, $2)`, v.n, v.tokens)
		}
		if err != nil {
			return fmt.Errorf("search: index %d of %s: %w", v.n, v.table, err)
		}
		if _, err = tx.Exec(`delete from search_pending where seq = $1`, v.seq); err != nil {
			return err
		}
	}
	return nil
}
