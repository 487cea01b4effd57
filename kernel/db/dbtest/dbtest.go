// Package dbtest gives tests a database: a SQLite file, and PostgreSQL where it
// can be had.
//
// PostgreSQL comes from the URL in CHENGSHU_TEST_POSTGRES, whose user must be
// allowed to create databases; without it, one throw-away cluster is started
// per test binary when `initdb` and `postgres` are installed. The value "off"
// leaves PostgreSQL out. What is left out is said loudly.
package dbtest

import (
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"chengshu/kernel/db"

	_ "github.com/jackc/pgx/v5/stdlib" // registers the driver "pgx"
)

// Each runs fn once on a fresh SQLite file and once on a fresh PostgreSQL
// database, as subtests named after them.
func Each(t *testing.T, fn func(t *testing.T, d *db.DB)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { fn(t, SQLite(t)) })
	t.Run("postgresql", func(t *testing.T) { fn(t, PostgreSQL(t)) })
}

// SQLite opens a fresh file in the test's own folder.
func SQLite(t testing.TB) *db.DB {
	t.Helper()
	return Open(t, "sqlite:"+filepath.Join(t.TempDir(), "test.db"))
}

// PostgreSQL opens a fresh database, or skips the test when there is no
// PostgreSQL to be had.
func PostgreSQL(t testing.TB) *db.DB {
	t.Helper()
	return Open(t, URL(t))
}

// URL makes a fresh PostgreSQL database for the test and returns its address.
// It skips the test when there is no PostgreSQL to be had.
func URL(t testing.TB) string {
	t.Helper()
	server, err := server()
	if err != nil {
		t.Skipf("PostgreSQL is left out: %v", err)
	}
	u, err := url.Parse(server)
	if err != nil {
		t.Fatalf("CHENGSHU_TEST_POSTGRES: %v", err)
	}
	name := fmt.Sprintf("chengshu_test_%d_%08x", os.Getpid(), rand.Uint32())
	admin(t, server, "create database "+name)
	t.Cleanup(func() { admin(t, server, "drop database if exists "+name+" with (force)") })
	u.Path = "/" + name
	return u.String()
}

// Open opens the database at url and closes it with the test.
func Open(t testing.TB, url string) *db.DB {
	t.Helper()
	d, err := db.Open(context.Background(), url, db.Options{})
	if err != nil {
		t.Fatalf("open the test database: %v", err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Errorf("close the test database: %v", err)
		}
	})
	return d
}

// admin runs one statement outside any transaction.
func admin(t testing.TB, server, stmt string) {
	t.Helper()
	d, err := sql.Open("pgx", server)
	if err != nil {
		t.Fatalf("PostgreSQL for tests: %v", err)
	}
	defer d.Close()
	if _, err := d.Exec(stmt); err != nil {
		t.Fatalf("PostgreSQL for tests: %s: %v", stmt, err)
	}
}

// server returns the address of the PostgreSQL that tests use, starting it the
// first time.
var server = sync.OnceValues(func() (string, error) {
	switch u := os.Getenv("CHENGSHU_TEST_POSTGRES"); u {
	case "":
		u, err := startCluster()
		if err != nil {
			fmt.Fprintf(os.Stderr, "NOT TESTED ON POSTGRESQL: %v\n", err)
		}
		return u, err
	case "off":
		return "", fmt.Errorf("CHENGSHU_TEST_POSTGRES is off")
	default:
		return u, nil
	}
})
