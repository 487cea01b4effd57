package process

import (
	"context"
	"fmt"

	"chengshu/core/record"
)

// Standing is how one unit, person or category did over a period.
type Standing struct {
	Key     string
	Closed  int64
	OnTime  int64   // closed before the case's deadline
	Hours   float64 // mean time from opening to closing
	Returns int64
	Rating  float64 // mean of the field `rating`; 0 when nobody rated
}

// Standings compares the values of a field over the cases closed since a time
// (ms since 1970 UTC), the most cases first.
func (e *Engine) Standings(ctx context.Context, p *Process, by string, since int64, scope func(int) (string, []any)) ([]Standing, error) {
	if p.Record.Field(by) == nil {
		return nil, fmt.Errorf("process: %s has no field %q", p.Name, by)
	}
	rating := "0.0"
	if p.Record.Field("rating") != nil {
		rating = "coalesce(avg(rating), 0)"
	}
	where, args, err := e.Records.Where(ctx, p.Record, record.Query{Scope: scope, Where: []record.Cond{{Field: "closed_at", From: since}}})
	if err != nil {
		return nil, err
	}
	// Closed within the deadline means that some of it was left: the deadline
	// is cleared when the clock stops and set again when it runs.
	rows, err := e.DB.Read(ctx).Query(fmt.Sprintf(`select %s, count(*),
		sum(case when case_due_at is null or closed_at <= case_due_at then 1 else 0 end),
		avg(closed_at - created_at) / 3600000.0, coalesce(sum(returns), 0), %s
		from %[3]s%[4]s and %[1]s is not null group by 1 order by 2 desc, 1 limit 100`, record.Column(by), rating, p.Record.Table(), where), args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []Standing
	for rows.Next() {
		var s Standing
		if err := rows.Scan(&s.Key, &s.Closed, &s.OnTime, &s.Hours, &s.Returns, &s.Rating); err != nil {
			return nil, err
		}
		out = append(out, s)
	}
	return out, rows.Err()
}
