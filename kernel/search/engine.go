package search

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"

	"chengshu/kernel/clock"
	"chengshu/kernel/db"
)

// Deps is what an Engine needs.
type Deps struct {
	DB *db.DB
	// Clock times the background work. It is the machine's, not one that a
	// scenario turns: what is searched does not depend on it.
	Clock clock.Clock
	Log   *slog.Logger
}

// Engine holds the indexes of a program and, on SQLite, indexes what was noted.
type Engine struct {
	db      *db.DB
	dialect db.Dialect
	clock   clock.Clock
	log     *slog.Logger

	mu     sync.Mutex
	tables map[string]*Index

	dirty atomic.Bool   // something may have been noted and not been indexed
	wake  chan struct{} // tells Run so; capacity one
	turn  chan struct{} // held by who indexes; capacity one

	growing map[*Index]bool // may have segments to merge; guarded by mu

	begun   atomic.Int64                       // passes of Settle that have begun
	settled int64                              // the last of them that was done; guarded by turn
	hasty   atomic.Int64                       // searches in Settle
	yield   atomic.Pointer[context.CancelFunc] // takes the turn from Run
}

// New returns an engine. Its Migrations must be applied, and Run be running,
// before it is used.
func New(d Deps) *Engine {
	e := &Engine{
		db: d.DB, dialect: d.DB.Dialect(), clock: d.Clock, log: d.Log,
		tables: map[string]*Index{}, wake: make(chan struct{}, 1), turn: make(chan struct{}, 1),
		growing: map[*Index]bool{},
	}
	e.noted() // A former run may have left some.
	return e
}

// Migrations returns the engine's own table: texts noted but not yet indexed.
// A body that is null stands for a deletion.
func (e *Engine) Migrations() []db.Migration {
	return []db.Migration{{Owner: "search", Version: 1, SQL: []string{
		`create table search_pending (seq serial, tbl text, n bigint, scope text, body text)`,
	}}}
}

// Index returns the index with that table, a lower-case identifier that the
// caller's package owns. It panics on any other name, as that is a mistake in
// the program.
func (e *Engine) Index(table string) *Index {
	if !identifier.MatchString(table) {
		panic(fmt.Sprintf("search: %q is no name for a table", table))
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	x := e.tables[table]
	if x == nil {
		x = &Index{e: e, table: table}
		e.tables[table] = x
		e.noted() // Notes of a former run may have waited for it.
	}
	return x
}

func (e *Engine) index(table string) *Index {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.tables[table]
}
