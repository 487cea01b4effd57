package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"chengshu/kernel/db"
	"chengshu/kernel/id"
)

// bareCases measures the same life cycles as SQL alone: one table with seven
// indexes, an insert, two updates and a select, each write durable on its own,
// from as many callers, on our own grouped writer. There is no HTTP, no
// permission, no history, no evidence and no search: it is what a system with
// none of these could reach on this machine.
func bareCases(ctx context.Context, file string, length time.Duration) (float64, error) {
	d, err := db.Open(ctx, "sqlite:"+file, db.Options{})
	if err != nil {
		return 0, err
	}
	ddl := []string{`create table bare (id text collate "C" primary key, number text, state text, category text, unit text, created_by text, created_at bigint, due_at bigint, body text)`}
	for _, column := range []string{"number", "state", "category", "unit", "created_by", "created_at", "due_at"} {
		ddl = append(ddl, fmt.Sprintf("create index bare_%s on bare (%s)", column, column))
	}
	if err := d.DDL(ctx, ddl...); err != nil {
		return 0, errors.Join(err, d.Close())
	}
	until, cancel := context.WithTimeout(ctx, length)
	defer cancel()
	var done atomic.Int64
	var wg sync.WaitGroup
	failures := make(chan error, users)
	began := time.Now()
	for range users {
		wg.Go(func() {
			for until.Err() == nil {
				if err := bareCase(ctx, d); err != nil {
					failures <- err
					return
				}
				done.Add(1)
			}
		})
	}
	wg.Wait()
	took := time.Since(began)
	close(failures)
	return float64(done.Load()) / took.Seconds(), errors.Join(<-failures, d.Close())
}

func bareCase(ctx context.Context, d *db.DB) error {
	key, now := id.New(), time.Now().UnixMilli()
	write := func(sql string, args ...any) error {
		return d.Do(ctx, func(tx *db.Tx) error {
			_, err := tx.Exec(sql, args...)
			return err
		})
	}
	err := write(`insert into bare (id, number, state, category, unit, created_by, created_at, due_at, body) values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
		key, "TS"+key, "open", "P0101", "", "citizen", now, now+7_200_000, descriptions[0])
	if err != nil {
		return err
	}
	if err := write(`update bare set state = $1, unit = $2, due_at = $3 where id = $4`, "assigned", street.unit, now+172_800_000, key); err != nil {
		return err
	}
	if err := write(`update bare set state = $1, due_at = null, body = $2 where id = $3`, "resolved", descriptions[1], key); err != nil {
		return err
	}
	var state string
	if err := d.Read(ctx).QueryRow(`select state from bare where number = $1`, "TS"+key).Scan(&state); err != nil {
		return err
	}
	if state != "resolved" {
		return fmt.Errorf("bare SQL reads %q after it wrote resolved", state)
	}
	return nil
}
