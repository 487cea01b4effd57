package db

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"syscall"

	"chengshu/kernel/fault"

	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// IsUnique reports whether err comes from a row whose key is already there.
func IsUnique(err error) bool {
	if se, ok := errors.AsType[*sqlite.Error](err); ok {
		return se.Code() == sqlite3.SQLITE_CONSTRAINT_UNIQUE || se.Code() == sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY
	}
	pe, ok := errors.AsType[*pgconn.PgError](err)
	return ok && pe.Code == "23505"
}

// isBusy reports that another process holds the SQLite file's write lock.
func isBusy(err error) bool {
	se, ok := errors.AsType[*sqlite.Error](err)
	return ok && (se.Code()&0xff == sqlite3.SQLITE_BUSY || se.Code()&0xff == sqlite3.SQLITE_LOCKED)
}

// explain makes a driver's error what callers see: a fault when they can act
// on it, otherwise the error with the beginning of the statement for the log.
func explain(err error, text string) error {
	if err == nil || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	if f := faultOf(err); f != nil {
		return f
	}
	return fmt.Errorf("%w in %q", err, head(text))
}

// head is the beginning of a statement on one line, at most 200 bytes.
func head(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	if len(text) > 200 {
		return strings.ToValidUTF8(text[:200], "") + "…"
	}
	return text
}

func faultOf(err error) *fault.Fault {
	if f, ok := errors.AsType[*fault.Fault](err); ok {
		return f
	}
	if se, ok := errors.AsType[*sqlite.Error](err); ok {
		return sqliteFault(se)
	}
	if pe, ok := errors.AsType[*pgconn.PgError](err); ok {
		return postgresFault(pe)
	}
	if isConnectionError(err) {
		return errAway(err)
	}
	return nil
}

func sqliteFault(e *sqlite.Error) *fault.Fault {
	switch e.Code() & 0xff {
	case sqlite3.SQLITE_FULL:
		return errFull(e)
	case sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_NOMEM:
		return errAway(e)
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
		return errBusy(e)
	case sqlite3.SQLITE_TOOBIG:
		return fault.Wrap(e, fault.Invalid, "too-big", "内容过大", "the value is too big")
	}
	return nil
}

// postgresFault knows the SQLSTATE classes of appendix A of PostgreSQL's manual.
func postgresFault(e *pgconn.PgError) *fault.Fault {
	switch {
	case e.Code == "53100" || e.Code == "53200": // disk_full, out_of_memory
		return errFull(e)
	case strings.HasPrefix(e.Code, "53"): // too_many_connections and its kind
		return errBusy(e)
	case strings.HasPrefix(e.Code, "57P"), strings.HasPrefix(e.Code, "08"), strings.HasPrefix(e.Code, "58"):
		return errAway(e) // shutdown, connection failures, system errors
	case e.Code == "25006": // read_only_sql_transaction: a standby before it is promoted
		return errAway(e)
	case e.Code == "54000" || e.Code == "22021":
		return fault.Wrap(e, fault.Invalid, "too-big", "内容过大或含有无效字符", "the value is too big or holds a character that cannot be stored")
	}
	return nil
}

func isConnectionError(err error) bool {
	if _, ok := errors.AsType[*net.OpError](err); ok {
		return true
	}
	if _, ok := errors.AsType[*pgconn.ConnectError](err); ok {
		return true
	}
	return pgconn.SafeToRetry(err) || errors.Is(err, driver.ErrBadConn) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) ||
		errors.Is(err, net.ErrClosed) || errors.Is(err, syscall.EPIPE) || errors.Is(err, syscall.ECONNRESET)
}

func errFull(cause error) *fault.Fault {
	return fault.Wrap(cause, fault.Exhausted, "disk-full", "存储空间已满,未作任何更改", "the disk is full; nothing was changed")
}

func errBusy(cause error) *fault.Fault {
	return fault.Wrap(cause, fault.Unavailable, "database-busy", "数据库正忙,请稍后再试", "the database is busy; try again shortly")
}

func errAway(cause error) *fault.Fault {
	return fault.Wrap(cause, fault.Unavailable, "database-away", "数据库暂时不可用,请稍后再试", "the database is away; try again shortly")
}

func errClosing() *fault.Fault {
	return fault.New(fault.Unavailable, "closing", "系统正在停机", "the server is shutting down")
}
