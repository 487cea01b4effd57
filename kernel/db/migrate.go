package db

import (
	"context"
	"crypto/sha256"
	"database/sql/driver"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
)

// Migration is one step of an owner's tables. Owner is the engine's name, and
// its versions are applied in the order given. An applied one never changes
// again: what is to be different comes as a further version.
type Migration struct {
	Owner   string
	Version int
	SQL     []string
}

func (m Migration) hash() string {
	sum := sha256.Sum256([]byte(strings.Join(m.SQL, ";\n")))
	return hex.EncodeToString(sum[:])
}

// ownTables are those of this package. db_lock is used on PostgreSQL only.
var ownTables = []string{
	`create table if not exists db_migration (
		owner text collate "C", version bigint, hash text, primary key (owner, version))`,
	`create table if not exists db_lock (name text collate "C" primary key, touched bigint)`,
}

// Migrate applies, each in a transaction of its own and once for ever, the
// migrations that this database has not seen. It refuses when the text of an
// applied one has changed. Several programs may call it at once.
func (d *DB) Migrate(ctx context.Context, ms ...Migration) error {
	err := d.do(ctx, func(tx *Tx) error {
		if err := d.lockSchema(tx); err != nil {
			return err
		}
		return d.ddl(tx, ownTables)
	}, schema)
	if err != nil {
		return fmt.Errorf("db: migrate: %w", err)
	}
	for _, m := range ms {
		if err := d.migrate(ctx, m); err != nil {
			return fmt.Errorf("db: migration %s/%d: %w", m.Owner, m.Version, err)
		}
	}
	return nil
}

func (d *DB) migrate(ctx context.Context, m Migration) error {
	return d.do(ctx, func(tx *Tx) error {
		if err := d.lockSchema(tx); err != nil {
			return err
		}
		var applied string
		err := tx.QueryRow(`select hash from db_migration where owner = $1 and version = $2`, m.Owner, m.Version).Scan(&applied)
		switch {
		case err == nil && applied == m.hash():
			return nil
		case err == nil:
			return errors.New("its text was changed after it had been applied; restore it and add a further version")
		case !errors.Is(err, ErrNoRows):
			return err
		}
		if err := d.ddl(tx, m.SQL); err != nil {
			return err
		}
		_, err = tx.Exec(`insert into db_migration (owner, version, hash) values ($1, $2, $3)`, m.Owner, m.Version, m.hash())
		return err
	}, schema)
}

// Alone returns once no other program over the same PostgreSQL is between Alone
// and its release: for what a start does in many transactions. SQLite has one
// program. The lock goes with the connection, should the program end.
func (d *DB) Alone(ctx context.Context) (release func(), err error) {
	p, ok := d.back.(*postgresDB)
	if !ok {
		return func() {}, nil
	}
	conn, err := p.write.Conn(ctx)
	if err != nil {
		return nil, explain(err, "connect")
	}
	if _, err := conn.ExecContext(ctx, `select pg_advisory_lock(7310579219)`); err != nil {
		conn.Close()
		return nil, explain(err, "lock")
	}
	return func() {
		_, err := conn.ExecContext(context.WithoutCancel(ctx), `select pg_advisory_unlock(7310579219)`)
		if err != nil {
			_ = conn.Raw(func(any) error { return driver.ErrBadConn }) // ends the connection, and so the lock
		}
		conn.Close()
	}, nil
}

// lockSchema keeps two programs from migrating one PostgreSQL at once. SQLite
// has one writer anyway.
func (d *DB) lockSchema(tx *Tx) error {
	if d.dialect == SQLite {
		return nil
	}
	rows, err := tx.Query(`select pg_advisory_xact_lock(7310579218)`)
	if err != nil {
		return err
	}
	return rows.Close()
}
