package db_test

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
	"time"

	"chengshu/kernel/db"
	"chengshu/kernel/db/dbtest"
	"chengshu/kernel/fault"

	"github.com/google/go-cmp/cmp"
)

type level int
type name string

const valueTable = `create table v (t text collate "C", i bigint, d double precision, b boolean, r bytea)`

func TestValuesComeBackTheSame(t *testing.T) {
	n, text := int64(7), "街道"
	tests := []struct {
		name string
		args []any // t, i, d, b, r
		want []any // as scanned into *any
	}{
		{"all", []any{"城枢", int64(1), 1.5, true, []byte{0, 255}}, []any{"城枢", int64(1), 1.5, true, []byte{0, 255}}},
		{"zero", []any{"", 0, 0.0, false, []byte{}}, []any{"", int64(0), 0.0, false, []byte{}}},
		{"null", []any{nil, nil, nil, nil, nil}, []any{nil, nil, nil, nil, nil}},
		{"nil of a type", []any{(*string)(nil), (*int64)(nil), nil, (*bool)(nil), []byte(nil)}, []any{nil, nil, nil, nil, nil}},
		{"extremes", []any{strings.Repeat("长", 1_000), int64(math.MinInt64), math.MaxFloat64, true, make([]byte, 5_000)},
			[]any{strings.Repeat("长", 1_000), int64(math.MinInt64), math.MaxFloat64, true, make([]byte, 5_000)}},
		{"whole double", []any{"x", 1, 2.0, true, nil}, []any{"x", int64(1), 2.0, true, nil}},
		{"named kinds", []any{name("n"), level(3), float32(0.5), true, json.RawMessage(nil)}, []any{"n", int64(3), 0.5, true, nil}},
		{"pointers", []any{&text, &n, nil, nil, nil}, []any{"街道", int64(7), nil, nil, nil}},
		{"json is text", []any{json.RawMessage(`{"a":1}`), uint8(9), nil, nil, nil}, []any{`{"a":1}`, int64(9), nil, nil, nil}},
		{"duration", []any{"1.0", time.Second, nil, nil, nil}, []any{"1.0", int64(time.Second), nil, nil, nil}},
	}
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ddl(t, d, valueTable)
		for _, c := range tests {
			t.Run(c.name, func(t *testing.T) {
				got := make([]any, 5)
				err := d.Do(t.Context(), func(tx *db.Tx) error {
					if _, err := tx.Exec(`delete from v`); err != nil {
						return err
					}
					return tx.QueryRow(`insert into v (t, i, d, b, r) values ($1, $2, $3, $4, $5) returning t, i, d, b, r`, c.args...).
						Scan(&got[0], &got[1], &got[2], &got[3], &got[4])
				})
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(c.want, got); diff != "" {
					t.Errorf("in the transaction (-want +got):\n%s", diff)
				}
				clear(got)
				if err := d.Read(t.Context()).QueryRow(`select t, i, d, b, r from v`).Scan(&got[0], &got[1], &got[2], &got[3], &got[4]); err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(c.want, got); diff != "" {
					t.Errorf("read (-want +got):\n%s", diff)
				}
			})
		}
	})
}

func TestValuesRefused(t *testing.T) {
	tests := []struct {
		name  string
		value any
		kind  fault.Kind
	}{
		{"NUL in text", "a\x00b", fault.Invalid},
		{"not UTF-8", "\xb3\xc7", fault.Invalid}, // 城 in GBK
		{"not UTF-8 in a named kind", name("\xff"), fault.Invalid},
		{"not UTF-8 in JSON", json.RawMessage("\"\xff\""), fault.Invalid},
		{"not a number", math.NaN(), fault.Invalid},
		{"infinite", math.Inf(1), fault.Invalid},
		{"beyond 63 bits", uint64(math.MaxUint64), fault.Invalid},
		{"a time", time.Unix(0, 0), fault.Internal},
		{"a struct", struct{}{}, fault.Internal},
		{"a list", []string{"a"}, fault.Internal},
	}
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ddl(t, d, `create table v (t text)`)
		for _, c := range tests {
			t.Run(c.name, func(t *testing.T) {
				err := d.Do(t.Context(), func(tx *db.Tx) error {
					_, err := tx.Exec(`insert into v (t) values ($1)`, c.value)
					return err
				})
				if err == nil || fault.KindOf(err) != c.kind {
					t.Errorf("writing: got %v, want a fault of kind %v", err, c.kind)
				}
				if _, err := d.Read(t.Context()).Query(`select t from v where t = $1`, c.value); err == nil {
					t.Error("reading: accepted")
				}
			})
		}
	})
}

// What one text gives on both databases: one value each.
func TestOneTextOneAnswer(t *testing.T) {
	tests := []struct {
		name string
		sql  string
		args []any
		want any
	}{
		{"like minds case", `select count(*) from v where t like 'a%' escape '\'`, nil, int64(1)},
		{"like escape", `select count(*) from v where t like $1 escape '\'`, []any{`100\%`}, int64(1)},
		{"bytes order", `select t from v where t <> '' order by t collate "C" desc limit 1`, nil, "区"},
		{"bytes order, Latin", `select t from v where t <> '' order by t collate "C" limit 1`, nil, "100%"},
		{"nulls last", `select coalesce(t, 'null') from v order by t collate "C" desc nulls last limit 1`, nil, "区"},
		{"parameters out of order", `select cast($2 as text) || cast($1 as text)`, []any{"a", "b"}, "ba"},
		{"parameter twice", `select count(*) from v where t = $1 or t = $1`, []any{"A"}, int64(1)},
		{"sum of none", `select coalesce(sum(i), 0) from v where t = 'none'`, nil, int64(0)},
		{"integer division", `select cast(7 as bigint) / 2`, nil, int64(3)},
		{"division of negatives", `select cast(-7 as bigint) / 2`, nil, int64(-3)},
		{"length counts characters", `select cast(length('城枢') as bigint)`, nil, int64(2)},
		{"substr counts characters", `select substr('城枢系统', 2, 2)`, nil, "枢系"},
		{"boolean", `select count(*) from v where b`, nil, int64(1)},
		{"filter", `select count(*) filter (where i > 1) from v`, nil, int64(2)},
		{"distinct from", `select count(*) from v where i is distinct from 1`, nil, int64(4)},
		{"row values", `select count(*) from v where (t, i) > ('A', 1)`, nil, int64(2)},
		{"window", `select max(n) from (select row_number() over (order by t collate "C") as n from v) as x`, nil, int64(5)},
	}
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ddl(t, d, valueTable)
		err := d.Do(t.Context(), func(tx *db.Tx) error {
			_, err := tx.Exec(`insert into v (t, i, b) values ('A', 1, true), ('a', 2, false), ('区', 3, null), ('100%', null, null), (null, null, null)`)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range tests {
			t.Run(c.name, func(t *testing.T) {
				var err error
				switch want := c.want.(type) {
				case int64:
					var got int64
					if err = d.Read(t.Context()).QueryRow(c.sql, c.args...).Scan(&got); got != want {
						t.Errorf("got %d, want %d", got, want)
					}
				case string:
					var got string
					if err = d.Read(t.Context()).QueryRow(c.sql, c.args...).Scan(&got); got != want {
						t.Errorf("got %q, want %q", got, want)
					}
				}
				if err != nil {
					t.Error(err)
				}
			})
		}
	})
}

func TestNoRows(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ddl(t, d, valueTable)
		var s string
		if err := d.Read(t.Context()).QueryRow(`select t from v`).Scan(&s); err != db.ErrNoRows {
			t.Errorf("got %v, want ErrNoRows", err)
		}
		err := d.Do(t.Context(), func(tx *db.Tx) error {
			if err := tx.QueryRow(`select t from v`).Scan(&s); err != db.ErrNoRows {
				t.Errorf("got %v, want ErrNoRows", err)
			}
			return nil // an empty answer is no failure
		})
		if err != nil {
			t.Error(err)
		}
	})
}

// More texts than a cache of statements holds, some of them in use meanwhile.
func TestManyTexts(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		held, err := d.Read(t.Context()).Query(`select 1 union all select 2`)
		if err != nil {
			t.Fatal(err)
		}
		defer held.Close()
		held.Next()
		ask := func(q db.Querier, i int) {
			var got int
			if err := q.QueryRow(`select cast(`+strings.Repeat("(", i%50)+`$1`+strings.Repeat(")", i%50)+` as bigint) + `+
				strings.Repeat("0 + ", i/50)+`1`, i).Scan(&got); err != nil || got != i+1 {
				t.Fatalf("text %d: got %d, %v", i, got, err)
			}
		}
		for i := range 1500 {
			ask(d.Read(t.Context()), i)
		}
		if err := d.Do(t.Context(), func(tx *db.Tx) error {
			for i := range 1500 {
				ask(tx, i)
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		if !held.Next() {
			t.Errorf("the statement in use was closed: %v", held.Err())
		}
	})
}
