package db

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"strings"
)

// ErrNoRows is what [Row.Scan] returns when the query has no row.
var ErrNoRows = sql.ErrNoRows

// Dialect names the database behind a DB. Only kernel/db, kernel/job and
// kernel/search may ask for it: everyone else writes one text.
type Dialect int

const (
	SQLite Dialect = iota
	PostgreSQL
)

func (d Dialect) String() string {
	if d == PostgreSQL {
		return "postgresql"
	}
	return "sqlite"
}

// Options are what Open can be told. The zero value is good.
type Options struct {
	Logger     *slog.Logger // slow closures and lost connections are told here; nil is silence
	MaxReaders int          // connections for reading at once; 0 means 8
	MaxWriters int          // connections for writing at once on PostgreSQL; 0 means 16
}

// Querier asks questions. *Tx and what [DB.Read] returns are the two.
type Querier interface {
	// Query returns rows that the caller must read to the end or close.
	Query(sql string, args ...any) (*Rows, error)
	// QueryRow returns one row; its Scan returns ErrNoRows when there is none.
	QueryRow(sql string, args ...any) *Row
}

// DB is a database. Make it with Open; it is safe for use by many goroutines.
type DB struct {
	back    backend
	dialect Dialect
	log     *slog.Logger
}

// backend is one of the two databases.
type backend interface {
	// do runs fn in a durable write transaction.
	do(ctx context.Context, fn func(*Tx) error, mode mode) error
	// query answers a question outside any transaction.
	query(ctx context.Context, sql string, args []any) (*Rows, error)
	// snapshot runs fn with a Querier whose answers are all of one moment.
	snapshot(ctx context.Context, fn func(Querier) error) error
	queued() int
	close() error
}

// mode says how urgent a transaction is and what it does.
type mode int

const (
	normal mode = iota
	low         // yields to normal
	schema      // changes tables: may take long, and is not told as slow
	claim       // read committed on PostgreSQL, for `skip locked`
)

// Open opens the database at url: "sqlite:PATH" (the file is made when it does
// not exist, its folder is not) or "postgres://user:password@host/name". It
// fails when the database cannot be reached now.
func Open(ctx context.Context, url string, o Options) (*DB, error) {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.MaxReaders <= 0 {
		o.MaxReaders = 8
	}
	if o.MaxWriters <= 0 {
		o.MaxWriters = 16
	}
	scheme, rest, _ := strings.Cut(url, ":")
	d := &DB{log: o.Logger}
	var err error
	switch scheme {
	case "sqlite":
		d.dialect = SQLite
		d.back, err = openSQLite(ctx, rest, o)
	case "postgres", "postgresql":
		d.dialect = PostgreSQL
		d.back, err = openPostgres(ctx, url, o)
	default:
		return nil, fmt.Errorf("db: %q is neither sqlite:PATH nor postgres://…", scheme)
	}
	if err != nil {
		return nil, err
	}
	return d, nil
}

// Close lets the transactions that wait run to their end, refuses new ones
// with Unavailable, and closes all connections.
func (d *DB) Close() error { return d.back.close() }

// Dialect says which database this is.
func (d *DB) Dialect() Dialect { return d.dialect }

// Do runs fn in one write transaction and returns after its commit is on disk.
//
// It returns fn's error after rolling back. When fn panics, the transaction is
// rolled back and Do panics with a *ClosurePanic. ctx ends the waiting for a
// turn; once fn has begun, Do returns with its true outcome. Do panics when it
// is called inside a closure: whatever changes data takes a *Tx.
func (d *DB) Do(ctx context.Context, fn func(*Tx) error) error {
	return d.do(ctx, fn, normal)
}

// DoLow is Do for bulk loads, in chunks of at most 20 ms: it lets every waiting
// Do go first, but gets a turn at least every 100 ms.
func (d *DB) DoLow(ctx context.Context, fn func(*Tx) error) error {
	return d.do(ctx, fn, low)
}

// DoClaim is Do for taking work from a queue table with `for update skip
// locked`, which needs read committed on PostgreSQL. Only kernel/job calls it.
func (d *DB) DoClaim(ctx context.Context, fn func(*Tx) error) error {
	return d.do(ctx, fn, claim)
}

func (d *DB) do(ctx context.Context, fn func(*Tx) error, m mode) error {
	refuseNesting()
	if err := ctx.Err(); err != nil {
		return err
	}
	return d.back.do(ctx, fn, m)
}

// Queued returns how many closures wait for their turn on SQLite, for metrics;
// always 0 on PostgreSQL.
func (d *DB) Queued() int { return d.back.queued() }

// Read returns a Querier for questions outside a transaction, each of which
// sees every commit that Do has returned from. ctx ends them.
func (d *DB) Read(ctx context.Context) Querier { return reader{ctx, d.back} }

// Snapshot calls fn with a Querier whose answers are all of one moment. fn must
// be quick: on SQLite an old snapshot keeps the log from being cut.
func (d *DB) Snapshot(ctx context.Context, fn func(Querier) error) error {
	return d.back.snapshot(ctx, fn)
}

type reader struct {
	ctx  context.Context
	back backend
}

func (r reader) Query(sql string, args ...any) (*Rows, error) {
	return r.back.query(r.ctx, sql, args)
}

func (r reader) QueryRow(sql string, args ...any) *Row {
	return newRow(r.back.query(r.ctx, sql, args))
}
