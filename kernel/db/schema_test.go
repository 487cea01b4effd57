package db_test

import (
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"chengshu/kernel/db"
	"chengshu/kernel/db/dbtest"

	"github.com/google/go-cmp/cmp"
)

func TestColumnsAndIndexes(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ddl(t, d, `create table v (n serial, t text collate "C", i bigint, d double precision, b boolean, r bytea)`,
			`create index v_t on v (t)`, `create unique index v_i on v (i) where b`)
		got, err := d.Columns(t.Context(), "v")
		if err != nil {
			t.Fatal(err)
		}
		want := map[string]string{"n": db.Bigint, "t": db.Text, "i": db.Bigint, "d": db.Double, "b": db.Boolean, "r": db.Bytea}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("columns (-want +got):\n%s", diff)
		}
		indexes, err := d.Indexes(t.Context(), "v")
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]string{"v_i", "v_t"}, slices.Sorted(maps.Keys(indexes))); diff != "" {
			t.Errorf("indexes (-want +got):\n%s", diff)
		}
		if got, err := d.Columns(t.Context(), "absent"); err != nil || len(got) != 0 {
			t.Errorf("an absent table: %v, %v", got, err)
		}
	})
}

func TestSerialCounts(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ddl(t, d, `create table v (n serial, t text)`)
		err := d.Do(t.Context(), func(tx *db.Tx) error {
			for want := 1; want <= 3; want++ {
				var n int
				if err := tx.QueryRow(`insert into v (t) values ('x') returning n`).Scan(&n); err != nil || n != want {
					t.Errorf("got %d, %v; want %d", n, err, want)
				}
			}
			_, err := tx.Exec(`insert into v (n, t) values (100, 'given')`)
			return err
		})
		if err != nil {
			t.Error(err)
		}
	})
}

func TestDDLIsAllOrNothing(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		if err := d.DDL(t.Context(), `create table a (x text)`, `create table b (x no such thing at all (`); err == nil {
			t.Fatal("nonsense was accepted")
		}
		if got, err := d.Columns(t.Context(), "a"); err != nil || len(got) != 0 {
			t.Errorf("the first statement stayed: %v, %v", got, err)
		}
	})
}

// A table changes while statements about it are prepared.
func TestTableChangesUnderStatements(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ddl(t, d, `create table v (a text)`, `insert into v (a) values ('x')`)
		ask := func(columns int) {
			t.Helper()
			for range 3 {
				rows, err := d.Read(t.Context()).Query(`select * from v`)
				if err != nil {
					t.Fatal(err)
				}
				got, err := rows.Columns()
				if rows.Close(); err != nil || len(got) != columns {
					t.Errorf("columns %v, %v; want %d", got, err, columns)
				}
				err = d.Do(t.Context(), func(tx *db.Tx) error {
					rows, err := tx.Query(`select * from v`)
					if err != nil {
						return err
					}
					return rows.Close()
				})
				if err != nil {
					t.Error(err)
				}
			}
		}
		ask(1)
		ddl(t, d, `alter table v add column b bigint`)
		ask(2)
	})
}

func TestMigrate(t *testing.T) {
	one := db.Migration{Owner: "test", Version: 1, SQL: []string{`create table m (n serial, t text)`}}
	two := db.Migration{Owner: "test", Version: 2, SQL: []string{`alter table m add column u bigint`, `create index m_u on m (u)`}}
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		for _, ms := range [][]db.Migration{{one}, {one, two}, {one, two}} {
			if err := d.Migrate(t.Context(), ms...); err != nil {
				t.Fatal(err)
			}
		}
		if got, err := d.Columns(t.Context(), "m"); err != nil || len(got) != 3 {
			t.Errorf("columns %v, %v", got, err)
		}
		changed := one
		changed.SQL = []string{`create table m (n serial, t bigint)`}
		if err := d.Migrate(t.Context(), changed); err == nil || !strings.Contains(err.Error(), "test/1") {
			t.Errorf("a changed migration: got %v", err)
		}
		broken := db.Migration{Owner: "test", Version: 3, SQL: []string{`create table half (x text)`, `nonsense`}}
		if err := d.Migrate(t.Context(), broken); err == nil {
			t.Error("nonsense was applied")
		}
		if got, _ := d.Columns(t.Context(), "half"); len(got) != 0 {
			t.Error("half a migration was applied")
		}
	})
}

// Several programs start at once on one database.
func TestMigrateAtOnce(t *testing.T) {
	m := db.Migration{Owner: "test", Version: 1, SQL: []string{`create table m (n serial)`}}
	run := func(t *testing.T, url string) {
		var wg sync.WaitGroup
		for range 4 {
			d := dbtest.Open(t, url)
			wg.Go(func() {
				if err := d.Migrate(t.Context(), m); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
	}
	t.Run("sqlite", func(t *testing.T) { run(t, "sqlite:"+filepath.Join(t.TempDir(), "x.db")) })
	t.Run("postgresql", func(t *testing.T) { run(t, dbtest.URL(t)) })
}
