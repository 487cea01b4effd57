package db_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"chengshu/kernel/db"
	"chengshu/kernel/db/dbtest"
	"chengshu/kernel/id"
)

// BenchmarkDo measures durable transactions of three inserts each, which is
// what one act costs: the row, its history and its evidence.
func BenchmarkDo(b *testing.B) {
	for _, callers := range []int{1, 50} {
		b.Run(fmt.Sprintf("sqlite/callers=%d", callers), func(b *testing.B) { benchDo(b, dbtest.SQLite(b), callers) })
		b.Run(fmt.Sprintf("postgresql/callers=%d", callers), func(b *testing.B) { benchDo(b, dbtest.PostgreSQL(b), callers) })
	}
}

var benchTables = []string{
	`create table fact (id text collate "C" primary key, org text collate "C", body text, at bigint)`,
	`create table history (n serial, id text collate "C", body text, at bigint)`,
	`create table act (id text collate "C" primary key, subject text collate "C", at bigint, leaf bytea)`,
}

func benchDo(b *testing.B, d *db.DB, callers int) {
	ctx := context.Background()
	if err := d.DDL(ctx, benchTables...); err != nil {
		b.Fatal(err)
	}
	body := `{"name":"青山路积水","level":2,"where":[114.3,30.6]}`
	leaf := make([]byte, 32)
	var left atomic.Int64
	left.Store(int64(b.N))
	var wg sync.WaitGroup
	b.ResetTimer()
	for range callers {
		wg.Go(func() {
			for left.Add(-1) >= 0 {
				one, two := id.New(), id.New()
				err := d.Do(ctx, func(tx *db.Tx) error {
					if _, err := tx.Exec(`insert into fact (id, org, body, at) values ($1, $2, $3, $4)`, one, "420106", body, 1); err != nil {
						return err
					}
					if _, err := tx.Exec(`insert into history (id, body, at) values ($1, $2, $3)`, one, body, 1); err != nil {
						return err
					}
					_, err := tx.Exec(`insert into act (id, subject, at, leaf) values ($1, $2, $3, $4)`, two, one, 1, leaf)
					return err
				})
				if err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "tx/s")
}

// BenchmarkRead measures look-ups of one row by its key.
func BenchmarkRead(b *testing.B) {
	for _, callers := range []int{1, 50} {
		b.Run(fmt.Sprintf("sqlite/callers=%d", callers), func(b *testing.B) { benchRead(b, dbtest.SQLite(b), callers) })
		b.Run(fmt.Sprintf("postgresql/callers=%d", callers), func(b *testing.B) { benchRead(b, dbtest.PostgreSQL(b), callers) })
	}
}

func benchRead(b *testing.B, d *db.DB, callers int) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	if err := d.DDL(ctx, benchTables...); err != nil {
		b.Fatal(err)
	}
	ids := make([]string, 10_000)
	err := d.Do(ctx, func(tx *db.Tx) error {
		for i := range ids {
			ids[i] = id.New()
			if _, err := tx.Exec(`insert into fact (id, org, body, at) values ($1, '420106', 'x', 1)`, ids[i]); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	var next atomic.Int64
	var wg sync.WaitGroup
	b.ResetTimer()
	for range callers {
		wg.Go(func() {
			for i := next.Add(1); i <= int64(b.N); i = next.Add(1) {
				var org, body string
				if err := d.Read(ctx).QueryRow(`select org, body from fact where id = $1`, ids[i%int64(len(ids))]).Scan(&org, &body); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "reads/s")
}
