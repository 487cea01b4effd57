package db

import (
	"context"
	"database/sql"
	"reflect"
	"runtime"
	"time"
)

// careful is how many groups are guarded with savepoints from the first run on
// after one that was not has had to be run again.
const careful = 100

// runGroup runs the requests in one transaction and answers each of them.
//
// Failures are rare and savepoints dear: each makes SQLite copy the pages that
// its closure is the first to change. So a group is run without them, and when
// a closure fails that has written, all are run again, now with savepoints.
// When even so the whole transaction is lost, the closure that lost it fails
// and the others are run again.
func (w *writer) runGroup(g []*request) {
	guard := w.careful > 0
	if guard {
		w.careful--
	}
	for ; len(g) > 0; guard = true {
		g = w.attempt(g, guard)
	}
	w.group, w.culprit = nil, -1
}

// attempt runs g, and what arrives meanwhile, in one transaction. It returns
// the requests to run again; all others have been answered.
func (w *writer) attempt(g []*request, guard bool) (again []*request) {
	if err := w.begin(); err != nil {
		answer(g, outcome{err: explain(err, "begin")})
		return nil
	}
	opened := time.Now()
	c := closures{guard: guard}
	w.group = g
	for i := 0; i < len(w.group); i++ {
		r := w.group[i]
		if w.culprit = i; !c.run(w, r) {
			w.rollback()
			if !guard {
				w.culprit, w.careful = -1, careful
				return w.group
			}
			answer(w.group[i:i+1], r.out)
			return append(w.group[:i:i], w.group[i+1:]...)
		}
		if i == len(w.group)-1 && r.mode == normal && len(w.group) < maxGroup && time.Since(opened) < maxOpen {
			w.group = append(w.group, w.more(maxGroup-len(w.group))...)
		}
	}
	w.culprit = -1
	if err := w.command("commit"); err != nil {
		w.rollback()
		answer(w.group, outcome{err: explain(err, "commit")})
		return nil
	}
	for _, r := range w.group {
		r.done <- r.out
	}
	return nil
}

// answer tells all of g the same.
func answer(g []*request, out outcome) {
	for _, r := range g {
		r.done <- out
	}
}

// closures is what is known of a transaction while its closures run.
type closures struct {
	guard bool // each closure that writes after another has a savepoint
	wrote bool // a closure that stands has written
}

// run runs one closure, and takes back what it wrote if it failed. It returns
// false when that could not be done and the whole transaction is lost.
func (c *closures) run(w *writer, r *request) bool {
	conn := &sqliteTx{w: w, savepoint: c.guard && c.wrote}
	start := time.Now()
	r.out = runClosure(r.fn, &Tx{conn: conn})
	w.tellSlow(r, time.Since(start))
	if !r.out.failed() {
		if conn.saved {
			if err := w.command("release closure"); err != nil {
				r.out = outcome{err: explain(err, "release")}
				return false
			}
		}
		c.wrote = c.wrote || conn.wrote
		return true
	}
	if !conn.wrote {
		return true // nothing to take back
	}
	if !c.wrote {
		// Nothing that stands is lost with the transaction.
		w.rollback()
		return w.begin() == nil
	}
	if !c.guard {
		return false
	}
	return w.command("rollback to closure") == nil && w.command("release closure") == nil
}

// tellSlow logs a closure that kept all others waiting.
func (w *writer) tellSlow(r *request, took time.Duration) {
	limit := 50 * time.Millisecond
	if r.mode == low {
		limit = 100 * time.Millisecond
	}
	if r.mode == schema || took < limit {
		return
	}
	fn := runtime.FuncForPC(reflect.ValueOf(r.fn).Pointer()).Name()
	w.log.Warn("slow closure in a write transaction", "closure", fn, "ms", took.Milliseconds())
}

// begin begins a transaction, on a fresh connection if this one is broken.
func (w *writer) begin() error {
	if w.command("begin immediate") == nil {
		return nil
	}
	w.rollback()
	err := w.command("begin immediate")
	if err == nil || isBusy(err) {
		return err
	}
	w.stmt.close()
	w.conn.Close()
	if err := w.connect(context.Background()); err != nil {
		return err
	}
	return w.command("begin immediate")
}

// rollback ends the transaction. SQLite may have rolled it back by itself, so
// an error means nothing.
func (w *writer) rollback() { w.command("rollback") }

// command runs a statement without arguments under the writer's own context.
func (w *writer) command(text string) error {
	st, err := w.stmt.take(context.Background(), text)
	if err != nil {
		return err
	}
	defer w.stmt.put(st)
	_, err = st.Exec()
	return err
}

// sqliteTx runs the statements of one closure.
type sqliteTx struct {
	w         *writer
	savepoint bool // closures before this one have written: guard them
	saved     bool // the savepoint is set
	wrote     bool
}

// prepare returns the statement, after setting the savepoint before the first
// one that may write.
func (t *sqliteTx) prepare(text string, args []any) (*stmt, error) {
	if err := bind(args); err != nil {
		return nil, err
	}
	st, err := t.w.stmt.take(context.Background(), text)
	if err != nil {
		return nil, explain(err, text)
	}
	if !st.reads && !t.wrote {
		t.wrote = true
		if t.savepoint {
			if err := t.w.command("savepoint closure"); err != nil {
				t.w.stmt.put(st)
				return nil, explain(err, "savepoint")
			}
			t.saved = true
		}
	}
	return st, nil
}

func (t *sqliteTx) exec(text string, args []any) (sql.Result, error) {
	st, err := t.prepare(text, args)
	if err != nil {
		return nil, err
	}
	defer t.w.stmt.put(st)
	res, err := st.Exec(args...)
	if err != nil {
		return nil, explain(err, text)
	}
	return res, nil
}

func (t *sqliteTx) query(text string, args []any) (*Rows, error) {
	st, err := t.prepare(text, args)
	if err != nil {
		return nil, err
	}
	rows, err := st.Query(args...)
	if err != nil {
		t.w.stmt.put(st)
		return nil, explain(err, text)
	}
	return sqliteRows(rows, text, func() { t.w.stmt.put(st) }), nil
}

// lock has nothing to do: only one closure runs at a time.
func (t *sqliteTx) lock(string) error { return nil }
