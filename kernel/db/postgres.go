package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"sync"
	"time"

	"chengshu/kernel/fault"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
)

const (
	dialTimeout = 3 * time.Second  // how long a database that is away is waited for
	stuckAfter  = 60 * time.Second // a write transaction that takes longer is given up
	giveUpAfter = 10 * time.Second // of attempts that others got in the way of
)

// postgresDB is PostgreSQL, or what speaks its wire.
type postgresDB struct {
	write, read *sql.DB
	patient     chan struct{} // room for one low transaction at a time
	log         *slog.Logger

	mu      sync.RWMutex // held for reading while a transaction runs
	closing bool
}

func openPostgres(ctx context.Context, url string, o Options) (*postgresDB, error) {
	cfg, err := pgx.ParseConfig(url)
	if err != nil {
		return nil, fmt.Errorf("db: the PostgreSQL address: %w", err)
	}
	dialer := &net.Dialer{Timeout: dialTimeout, Control: giveUpSilentPeers, KeepAliveConfig: net.KeepAliveConfig{
		Enable: true, Idle: 10 * time.Second, Interval: 3 * time.Second, Count: 3}}
	cfg.DialFunc = dialer.DialContext
	cfg.ConnectTimeout = 2 * dialTimeout
	if cfg.RuntimeParams["application_name"] == "" {
		cfg.RuntimeParams["application_name"] = "chengshu"
	}
	p := &postgresDB{
		write:   pool(cfg, o.MaxWriters),
		read:    pool(cfg, o.MaxReaders),
		patient: make(chan struct{}, 1),
		log:     o.Logger,
	}
	if err := p.write.PingContext(ctx); err != nil {
		p.write.Close()
		p.read.Close()
		return nil, fmt.Errorf("db: open: %w", explain(err, "ping"))
	}
	return p, nil
}

func pool(cfg *pgx.ConnConfig, size int) *sql.DB {
	d := stdlib.OpenDB(*cfg)
	d.SetMaxOpenConns(size)
	d.SetMaxIdleConns(size)
	d.SetConnMaxIdleTime(5 * time.Minute)
	return d
}

// do runs fn in the caller's goroutine, again as long as other transactions
// got in its way. Hooks run after the commit.
func (p *postgresDB) do(ctx context.Context, fn func(*Tx) error, m mode) error {
	out, err := p.attempts(ctx, fn, m)
	if err != nil {
		return err
	}
	return out.deliver()
}

// attempts keeps close waiting while it runs. A closure may end this goroutine
// with runtime.Goexit, so whatever is held is given back by defer.
func (p *postgresDB) attempts(ctx context.Context, fn func(*Tx) error, m mode) (outcome, error) {
	p.mu.RLock()
	defer p.mu.RUnlock()
	if p.closing {
		return outcome{}, errClosing()
	}
	if m == low {
		select {
		case p.patient <- struct{}{}:
			defer func() { <-p.patient }()
		case <-ctx.Done():
			return outcome{}, ctx.Err()
		}
	}
	start := time.Now()
	for n := 1; ; n++ {
		conn, err := p.write.Conn(ctx)
		if err != nil {
			return outcome{}, explain(err, "connect")
		}
		out, again := p.attempt(conn, fn, m)
		if !again || (IsUnique(out.err) && n > 1) { // a collision that comes again is no accident of timing
			return out, nil
		}
		if time.Since(start) > giveUpAfter {
			p.log.Warn("a transaction was given up after others got in its way", "attempts", n, "err", out.err)
			return outcome{err: errBusy(out.err)}, nil
		}
		if err := pause(ctx, n); err != nil {
			return outcome{}, err
		}
	}
}

// pause waits before attempt n+1: up to 1 ms, then 2, … at most 64 ms.
func pause(ctx context.Context, n int) error {
	t := time.NewTimer(rand.N(time.Millisecond << min(n-1, 6)))
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// attempt runs fn in one transaction, under a context of its own: a caller who
// goes away does not undo what has begun. again reports that a further attempt
// may succeed.
func (p *postgresDB) attempt(conn *sql.Conn, fn func(*Tx) error, m mode) (out outcome, again bool) {
	defer conn.Close()
	ctx := context.Background()
	if m != schema {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, stuckAfter)
		defer cancel()
	}
	tx, err := conn.BeginTx(ctx, &sql.TxOptions{Isolation: isolation(m)})
	if err != nil {
		return outcome{err: explain(err, "begin")}, false
	}
	defer tx.Rollback()
	t := &Tx{conn: &postgresTx{ctx, tx}}
	out = runClosure(fn, t)
	if out.err != nil && ctx.Err() != nil {
		return outcome{err: errAway(out.err)}, false // it was our patience that ended, not the caller's
	}
	if out.failed() {
		// The closure may have hidden what the database said.
		return out, isRetryable(t.failed) || isRetryable(out.err)
	}
	if err := tx.Commit(); err != nil {
		return outcome{err: explainCommit(err)}, isRetryable(err)
	}
	return out, false
}

// isolation: repeatable read, so that a closure sees one state of the data and
// is run again when a row it changes was changed meanwhile. Why neither more
// nor less: docs/adr/0002-one-sql-text.md.
func isolation(m mode) sql.IsolationLevel {
	if m == claim || m == schema {
		return sql.LevelReadCommitted
	}
	return sql.LevelRepeatableRead
}

// explainCommit knows that after a lost connection nobody can say whether the
// transaction was committed. pgx 5.12 then reports "conn closed" and calls it
// safe to retry though the commit may have been sent; that is not believed.
func explainCommit(err error) error {
	if isConnectionError(err) || errors.Is(err, context.DeadlineExceeded) {
		return fault.Wrap(err, fault.Unavailable, "commit-unknown", "数据库连接中断,操作可能已完成,请核对后再试",
			"the connection to the database broke during the commit; check whether the change was made before trying again")
	}
	return explain(err, "commit")
}

// isRetryable reports that the same closure may succeed when run again:
// serialization_failure, deadlock_detected, a plan made before a table changed,
// and unique_violation, which can hide a serialization failure (PostgreSQL
// manual, section 13.5).
func isRetryable(err error) bool {
	pe, ok := errors.AsType[*pgconn.PgError](err)
	return ok && (pe.Code == "40001" || pe.Code == "40P01" || pe.Code == "23505") || isStalePlan(err)
}

// isStalePlan reports that a table changed after the statement was prepared.
// The driver forgets the plan on this error (0A000 has other causes, which the
// next attempt reports again).
func isStalePlan(err error) bool {
	pe, ok := errors.AsType[*pgconn.PgError](err)
	return ok && pe.Code == "0A000" && pe.Routine == "RevalidateCachedQuery"
}

func (p *postgresDB) query(ctx context.Context, text string, args []any) (*Rows, error) {
	if err := bind(args); err != nil {
		return nil, err
	}
	rows, err := p.read.QueryContext(ctx, text, args...)
	if isStalePlan(err) {
		rows, err = p.read.QueryContext(ctx, text, args...)
	}
	if err != nil {
		return nil, explain(err, text)
	}
	return &Rows{rows: rows, explain: func(err error) error { return explain(err, text) }}, nil
}

func (p *postgresDB) snapshot(ctx context.Context, fn func(Querier) error) error {
	tx, err := p.read.BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true})
	if err != nil {
		return explain(err, "begin")
	}
	defer tx.Rollback()
	return fn(&snapshot{ctx: ctx, tx: tx, text: func(s string) string { return s }})
}

func (p *postgresDB) queued() int { return 0 }

func (p *postgresDB) close() error {
	p.mu.Lock() // waits for the transactions that run
	defer p.mu.Unlock()
	p.closing = true
	err := p.write.Close()
	if e := p.read.Close(); err == nil {
		err = e
	}
	return err
}

// postgresTx runs the statements of one closure.
type postgresTx struct {
	ctx context.Context
	tx  *sql.Tx
}

func (t *postgresTx) exec(text string, args []any) (sql.Result, error) {
	if err := bind(args); err != nil {
		return nil, err
	}
	res, err := t.tx.ExecContext(t.ctx, text, args...)
	if err != nil {
		return nil, explain(err, text)
	}
	return res, nil
}

// lock touches a row of the lock's name: who began before another has committed
// its touch is run again, and so sees what the other did.
func (t *postgresTx) lock(name string) error {
	_, err := t.exec(`insert into db_lock (name, touched) values ($1, 1)
		on conflict (name) do update set touched = db_lock.touched + 1`, []any{name})
	return err
}

func (t *postgresTx) query(text string, args []any) (*Rows, error) {
	if err := bind(args); err != nil {
		return nil, err
	}
	rows, err := t.tx.QueryContext(t.ctx, text, args...)
	if err != nil {
		return nil, explain(err, text)
	}
	return &Rows{rows: rows, explain: func(err error) error { return explain(err, text) }}, nil
}
