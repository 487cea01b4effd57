package db_test

import (
	"errors"
	"testing"

	"chengshu/kernel/db"
	"chengshu/kernel/db/dbtest"
)

func TestDoWritesAndRollsBack(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := t.Context()
		if err := d.DDL(ctx, `create table note (n serial, body text collate "C", at bigint, ok boolean, raw bytea, w double precision)`); err != nil {
			t.Fatal(err)
		}
		err := d.Do(ctx, func(tx *db.Tx) error {
			_, err := tx.Exec(`insert into note (body, at, ok, raw, w) values ($1, $2, $3, $4, $5)`, "城", 5, true, []byte{0, 1}, 1.5)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		boom := errors.New("boom")
		err = d.Do(ctx, func(tx *db.Tx) error {
			if _, err := tx.Exec(`insert into note (body) values ($1)`, "x"); err != nil {
				return err
			}
			return boom
		})
		if !errors.Is(err, boom) {
			t.Fatalf("got %v, want boom", err)
		}
		var n int64
		if err := d.Read(ctx).QueryRow(`select count(*) from note`).Scan(&n); err != nil || n != 1 {
			t.Fatalf("got %d rows, %v; want 1", n, err)
		}
	})
}
