package db

import (
	"context"
	"fmt"
	"regexp"
)

var databaseName = regexp.MustCompile(`^[a-z][a-z0-9_]{0,62}$`)

// CreateDatabase makes a database beside this one on a PostgreSQL server, as a
// copy of template when that is not empty. Nobody may be connected to the
// template. On SQLite, where a database is a file to copy, it fails.
func (d *DB) CreateDatabase(ctx context.Context, name, template string) error {
	if template == "" {
		return d.database(ctx, "create database %s", name)
	}
	if !databaseName.MatchString(template) {
		return fmt.Errorf("db: %q is no name for a database", template)
	}
	return d.database(ctx, "create database %s template "+template, name)
}

// DropDatabase removes a database from a PostgreSQL server.
func (d *DB) DropDatabase(ctx context.Context, name string) error {
	return d.database(ctx, "drop database if exists %s with (force)", name)
}

// database runs a statement that must stand outside any transaction.
func (d *DB) database(ctx context.Context, text, name string) error {
	if d.dialect != PostgreSQL {
		return fmt.Errorf("db: %s holds one database in one file", d.dialect)
	}
	if !databaseName.MatchString(name) {
		return fmt.Errorf("db: %q is no name for a database", name)
	}
	rows, err := d.back.query(ctx, fmt.Sprintf(text, name), nil)
	if err != nil {
		return err
	}
	return rows.Close()
}
