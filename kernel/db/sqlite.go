package db

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"time"

	_ "modernc.org/sqlite" // registers the driver "sqlite"
)

// sqliteDB is a SQLite file: one connection that writes, several that read.
type sqliteDB struct {
	writer  *writer
	write   *sql.DB
	read    *sql.DB
	answers *stmtCache // prepared on the reading connections
}

// openSQLite opens the file at path. Write-ahead log with synchronous=FULL: a
// commit returns after fdatasync of the log.
func openSQLite(ctx context.Context, path string, o Options) (*sqliteDB, error) {
	if err := private(path); err != nil {
		return nil, fmt.Errorf("db: open: %w", err)
	}
	write, err := sql.Open("sqlite", sqliteURL(path, "journal_mode(wal)", "synchronous(full)", "cache_size(-8000)",
		"temp_store(memory)", "wal_autocheckpoint(4000)", "journal_size_limit(67108864)"))
	if err != nil {
		return nil, fmt.Errorf("db: open %s: %w", path, err)
	}
	write.SetMaxOpenConns(1)
	w, err := newWriter(ctx, write, o.Logger)
	if err != nil {
		write.Close()
		return nil, fmt.Errorf("db: open %s: %w", path, explain(err, ""))
	}
	read, err := sql.Open("sqlite", sqliteURL(path, "query_only(1)", "cache_size(-2000)"))
	if err != nil {
		w.close()
		write.Close()
		return nil, fmt.Errorf("db: open %s: %w", path, err)
	}
	read.SetMaxOpenConns(o.MaxReaders)
	read.SetMaxIdleConns(o.MaxReaders)
	read.SetConnMaxIdleTime(5 * time.Minute)
	return &sqliteDB{writer: w, write: write, read: read, answers: newStmtCache(read)}, nil
}

// private makes the file, if it is not there, for its owner's eyes only. SQLite
// gives the log the same mode.
func private(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	return f.Close()
}

// sqliteURL names a file with the pragmas each connection to it starts with.
// case_sensitive_like makes `like` mean what it means on PostgreSQL.
func sqliteURL(path string, pragmas ...string) string {
	q := url.Values{}
	q.Add("_pragma", "busy_timeout(5000)")
	q.Add("_pragma", "case_sensitive_like(1)")
	for _, p := range pragmas {
		q.Add("_pragma", p)
	}
	abs, err := filepath.Abs(path)
	if err != nil {
		abs = path
	}
	return (&url.URL{Scheme: "file", Path: abs, RawQuery: q.Encode()}).String()
}

func (s *sqliteDB) do(ctx context.Context, fn func(*Tx) error, m mode) error {
	return s.writer.do(ctx, fn, m)
}

func (s *sqliteDB) query(ctx context.Context, text string, args []any) (*Rows, error) {
	if err := bind(args); err != nil {
		return nil, err
	}
	st, err := s.answers.take(ctx, text)
	if err != nil {
		return nil, explain(err, text)
	}
	rows, err := st.QueryContext(ctx, args...)
	if err != nil {
		s.answers.put(st)
		return nil, explain(err, text)
	}
	return sqliteRows(rows, text, func() { s.answers.put(st) }), nil
}

func sqliteRows(rows *sql.Rows, text string, release func()) *Rows {
	return &Rows{rows: rows, explain: func(err error) error { return explain(err, text) }, release: release, loose: true}
}

func (s *sqliteDB) snapshot(ctx context.Context, fn func(Querier) error) error {
	tx, err := s.read.BeginTx(ctx, nil)
	if err != nil {
		return explain(err, "begin")
	}
	defer tx.Rollback()
	return fn(&snapshot{ctx: ctx, tx: tx, text: sqliteText, loose: true})
}

func (s *sqliteDB) queued() int { return s.writer.queued() }

func (s *sqliteDB) close() error {
	s.writer.close()
	s.answers.close()
	err := s.read.Close()
	if e := s.write.Close(); err == nil {
		err = e
	}
	return err
}

// snapshot asks within one reading transaction.
type snapshot struct {
	ctx   context.Context
	tx    *sql.Tx
	text  func(string) string
	loose bool
}

func (s *snapshot) Query(text string, args ...any) (*Rows, error) {
	if err := bind(args); err != nil {
		return nil, err
	}
	rows, err := s.tx.QueryContext(s.ctx, s.text(text), args...)
	if err != nil {
		return nil, explain(err, text)
	}
	return &Rows{rows: rows, explain: func(err error) error { return explain(err, text) }, loose: s.loose}, nil
}

func (s *snapshot) QueryRow(text string, args ...any) *Row { return newRow(s.Query(text, args...)) }
