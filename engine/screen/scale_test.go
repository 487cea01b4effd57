package screen

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"chengshu/core/identity"
	"chengshu/core/record"
	"chengshu/kernel/db"
	"chengshu/kernel/db/dbtest"
)

// crowded is a city with n tickets over the last year, of which one in every is
// open, written past the engines.
func crowded(t testing.TB, d *db.DB, n, every int) *city {
	c := newCity(t, d)
	for i := range 30 {
		c.add("category", fmt.Sprintf("c%d", i), map[string]any{"code": fmt.Sprint(i), "name": fmt.Sprintf("类%d", i)})
	}
	const chunk = 2000
	for from := 0; from < n; from += chunk {
		must(t, d.DoLow(context.Background(), func(tx *db.Tx) error {
			for i := from; i < min(from+chunk, n); i++ {
				if err := crowd(tx, i, n, i%every == 0); err != nil {
					return err
				}
			}
			return nil
		}))
	}
	return c
}

// crowd writes ticket i of n, the last of which is opened just now.
func crowd(tx *db.Tx, i, n int, open bool) error {
	opened := start.Add(-time.Duration(n-i) * (365 * 24 * time.Hour / time.Duration(n))).UnixMilli()
	due, state := opened+86_400_000, "done"
	var closed any = opened + 80_000_000
	if open {
		state, closed = "new", nil
	}
	unit := []string{"west", "east"}[i%2]
	_, err := tx.Exec(`insert into r_ticket (id, rev, created_at, updated_at, created_by, org, place, category, location, location_lon, location_lat,
		area, caller, level, rating, number, state, entered_at, due_at, case_due_at, closed_at, returns, unit)
		values ($1, 1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22)`,
		fmt.Sprintf("t%08d", i), opened, opened, fmt.Sprintf("person-%d", i%5000), "/city/"+unit+"/", fmt.Sprintf("/1/%d/%d/", i%23, i%311),
		fmt.Sprintf("c%d", i%30), i, 114+float64(i%1000)/1000, 38+float64(i%997)/1000, fmt.Sprintf("/1/%d/%d/", i%23, i%311),
		"王小明", "low", i%5+1, fmt.Sprintf("T%08d", i), state, opened, due, due+86_400_000, closed, i%3, unit)
	return err
}

// TestPlans wants every query of a board to find its rows by an index: no
// figure looks at all cases to show some.
func TestPlans(t *testing.T) {
	d := dbtest.SQLite(t)
	c := crowded(t, d, 20_000, 50)
	for _, a := range []*identity.Actor{dispatcher, overall, handler, clerk} {
		v := viewer{c.screens, a, moment{1, start}}
		typ := c.ticket()
		q, ok := v.scoped(typ, nil, "category")
		if a != clerk && !ok {
			t.Fatalf("%s may read nothing", a.Person)
		}
		month, queued := lastDays(start, 30).from, urgent(typ, open(q))
		for _, one := range []struct {
			what, sel, tail string
			q               record.Query
		}{
			{"open", "count(*)", "", open(q)},
			{"overdue", "count(*), sum(case when due_at <= 1 then 1 else 0 end)", "", open(q)},
			{"opened by day", "(created_at + 1) / 2, count(*)", " group by 1", since(q, "created_at", month)},
			{"closed by day", "(closed_at + 1) / 2, count(*)", " group by 1", since(q, "closed_at", month)},
			{"open by category", "category, count(*)", " group by 1 order by 2 desc", open(q)},
			{"ranking", "unit, count(*)", " group by 1 order by 2 desc", since(q, "closed_at", month)},
			{"queue", "id", " order by due_at nulls last limit 20", queued},
		} {
			where, args, err := c.records.Where(context.Background(), typ, one.q)
			must(t, err)
			plan := explain(t, d, "select "+one.sel+" from r_ticket"+where+one.tail, args)
			t.Logf("%s for %s: %s", one.what, a.Person, plan)
			if !strings.Contains(plan, " USING ") {
				t.Errorf("%s for %s: %s\n%s", one.what, a.Person, plan, where)
			}
		}
	}
}

// explain returns how the table is read.
func explain(t *testing.T, d *db.DB, sql string, args []any) string {
	t.Helper()
	rows, err := d.Read(context.Background()).Query("explain query plan "+sql, args...)
	must(t, err)
	defer rows.Close()
	for rows.Next() {
		var id, parent, unused int64
		var detail string
		must(t, rows.Scan(&id, &parent, &unused, &detail))
		if strings.Contains(detail, "r_ticket") {
			return detail
		}
	}
	must(t, rows.Err())
	return "the table is not read"
}

// TestMapIsBounded wants at most mostPoints points, the most urgent among them.
func TestMapIsBounded(t *testing.T) {
	c := crowded(t, dbtest.SQLite(t), mostPoints+200, 1)
	points := c.data(clerk, "board", "map")["points"].([]any)
	if len(points) != mostPoints {
		t.Errorf("%d points, want %d", len(points), mostPoints)
	}
	if first := points[0].(map[string]any); first["light"] != "red" {
		t.Errorf("the first is %v", first)
	}
}

// BenchmarkBoard computes a whole board anew each time, on a database of as
// many cases as CHENGSHU_BENCH_CASES says.
func BenchmarkBoard(b *testing.B) {
	n, err := strconv.Atoi(os.Getenv("CHENGSHU_BENCH_CASES"))
	if err != nil {
		n = 100_000
	}
	for name, d := range map[string]*db.DB{"sqlite": dbtest.SQLite(b), "postgresql": dbtest.PostgreSQL(b)} {
		c := crowded(b, d, n, 50)
		if d.Dialect() == db.PostgreSQL {
			must(b, d.DDL(context.Background(), "analyze")) // as it does by itself within minutes
		}
		s := c.screen("board")
		for _, a := range []*identity.Actor{dispatcher, overall} {
			b.Run(fmt.Sprintf("%s/%s", name, a.Person), func(b *testing.B) {
				for b.Loop() {
					c.clock.Advance(keptFor)
					_, err := c.screens.Data(context.Background(), a, s)
					must(b, err)
				}
			})
			for _, w := range s.Widgets {
				b.Run(fmt.Sprintf("%s/%s/%s", name, a.Person, w.Name), func(b *testing.B) {
					for b.Loop() {
						c.clock.Advance(keptFor)
						one := *s
						one.Widgets = []*Widget{w}
						_, err := c.screens.Data(context.Background(), a, &one)
						must(b, err)
					}
				})
			}
		}
	}
}
