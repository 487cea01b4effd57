package job

import (
	"testing"

	"chengshu/kernel/db/dbtest"
)

// The statements that run all the time, on a table that may be long.
func TestPlans(t *testing.T) {
	each(t, func(b *bench) {
		for _, c := range []struct {
			sql  string
			args []any
		}{
			{`select id from job where state = 'waiting' and lane = $1 order by priority, run_at limit $2`, []any{"quick", 16}},
			{`update job set state = 'waiting' where state = 'scheduled' and run_at <= $1`, []any{1}},
			{`select min(run_at) from job where state = 'scheduled'`, nil},
			{`update job set lease_until = $1 where state = 'running' and lease_by = $2`, []any{1, "x"}},
			{`update job set state = 'waiting' where state = 'running' and lease_until < $1`, []any{1}},
			{`select id from job where finished_at is not null and state <> 'dead' and finished_at < $1 order by finished_at limit $2`, []any{1, 500}},
			{`select id from job where state = $1 and (kind, id) < ($2, $3) order by kind desc, id desc limit $4`, []any{"done", "k", "i", 50}},
			{`select id from job where state = $1 and kind = $2 and (kind, id) < ($3, $4) order by kind desc, id desc limit $5`,
				[]any{"done", "k", "k", "i", 50}},
			{`select count(*) from job where kind = $1 and unique_key = $2 and state in ('scheduled', 'waiting', 'running')`, []any{"k", "u"}},
		} {
			dbtest.NoScan(b.T, b.db, c.sql, c.args...)
		}
	})
}
