package db

import (
	"database/sql"
	"errors"
	"fmt"
	"reflect"
	"runtime"
	"runtime/debug"
)

// Tx is one write transaction, valid only inside the closure it was given to,
// and used by that goroutine alone.
type Tx struct {
	conn   txConn
	hooks  []func()
	failed error // the first statement that failed; dooms the transaction
	open   *Rows // a query not yet read to its end
	ended  bool
}

// txConn runs statements of one transaction on one of the two databases. Its
// errors are already those that callers see.
type txConn interface {
	exec(text string, args []any) (sql.Result, error)
	query(text string, args []any) (*Rows, error)
	lock(name string) error
}

var (
	errEnded = errors.New("db: the transaction has ended; a Tx must not outlive its closure")
	errOpen  = errors.New("db: a query of this transaction is still open; read it to its end before the next statement")
)

// Exec runs a statement and returns how many rows it changed.
func (t *Tx) Exec(sql string, args ...any) (int64, error) {
	if err := t.ready(); err != nil {
		return 0, err
	}
	res, err := t.conn.exec(sql, args)
	if err != nil {
		return 0, t.fail(err)
	}
	n, err := res.RowsAffected()
	if err != nil {
		return 0, t.fail(err)
	}
	return n, nil
}

// Query runs a statement that answers with rows, `returning` among them.
func (t *Tx) Query(sql string, args ...any) (*Rows, error) {
	if err := t.ready(); err != nil {
		return nil, err
	}
	rows, err := t.conn.query(sql, args)
	if err != nil {
		return nil, t.fail(err)
	}
	rows.tx = t
	t.open = rows
	return rows, nil
}

// QueryRow runs a statement that answers with at most one row of interest.
func (t *Tx) QueryRow(sql string, args ...any) *Row { return newRow(t.Query(sql, args...)) }

// Lock makes transactions that lock the same name behave as if they had run one
// after the other. It is needed, as the first statement, only where a closure
// decides by rows that it does not change ("at most three open applications a
// person"); a row that is read and then updated needs no lock. SQLite has one
// writer and needs none at all.
func (t *Tx) Lock(name string) error {
	if err := t.ready(); err != nil {
		return err
	}
	if err := t.conn.lock(name); err != nil {
		return t.fail(err)
	}
	return nil
}

// AfterCommit has fn called once by Do, after the commit is on disk and before
// Do returns, in the order of registration. It is not called for an attempt
// that is rolled back. fn may call Do.
func (t *Tx) AfterCommit(fn func()) { t.hooks = append(t.hooks, fn) }

func (t *Tx) ready() error {
	switch {
	case t.ended:
		return errEnded
	case t.failed != nil:
		return t.failed
	case t.open != nil:
		return t.fail(errOpen)
	}
	return nil
}

func (t *Tx) fail(err error) error {
	if t.failed == nil {
		t.failed = err
	}
	return err
}

// outcome is how one run of a closure ended.
type outcome struct {
	err    error
	panic  *ClosurePanic
	goexit bool
	hooks  []func()
}

func (o *outcome) failed() bool { return o.err != nil || o.panic != nil || o.goexit }

// deliver gives the caller of Do what its closure came to.
func (o *outcome) deliver() error {
	switch {
	case o.panic != nil:
		panic(o.panic)
	case o.goexit:
		runtime.Goexit()
	case o.err != nil:
		return o.err
	}
	for _, h := range o.hooks {
		h()
	}
	return nil
}

// ClosurePanic is what Do panics with when its closure did: the value, and the
// stack of the place that panicked, which need not be the caller's goroutine.
type ClosurePanic struct {
	Value any
	Stack []byte
}

func (p *ClosurePanic) Error() string {
	return fmt.Sprintf("db: a closure panicked: %v\n%s", p.Value, p.Stack)
}

// runClosure is the only place that calls closures: refuseNesting knows a
// closure by finding this function on the stack.
//
//go:noinline
func runClosure(fn func(*Tx) error, t *Tx) (out outcome) {
	defer func() {
		if p := recover(); p != nil {
			out = outcome{panic: &ClosurePanic{Value: p, Stack: debug.Stack()}}
		}
		if t.open != nil {
			t.open.Close()
		}
		t.ended = true
	}()
	out.err = fn(t)
	if out.err == nil {
		out.err = t.failed
	}
	out.hooks = t.hooks
	return out
}

var runClosureEntry = reflect.ValueOf(runClosure).Pointer()

// refuseNesting panics when a closure is on the stack of this goroutine: a
// transaction begun inside another would wait for itself on SQLite, and could
// commit without the outer one on PostgreSQL.
func refuseNesting() {
	var pcs [128]uintptr
	for _, pc := range pcs[:runtime.Callers(3, pcs[:])] {
		// The comparison of addresses is a cheap sieve before the exact one.
		if pc > runClosureEntry && pc-runClosureEntry < 4096 && runtime.FuncForPC(pc-1).Entry() == runClosureEntry {
			panic("db: Do inside Do; hand the *Tx down instead")
		}
	}
}
