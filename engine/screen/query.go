package screen

import (
	"fmt"
	"slices"
	"time"

	"chengshu/core/access"
	"chengshu/core/decl"
	"chengshu/core/record"
	"chengshu/kernel/clock"
)

// scoped returns a query of the rows of t that the viewer may read and that
// meet the conditions; false when no row can. Fields are those whose
// values tell something: rows that mask one of them from the viewer do not count.
func (v viewer) scoped(t *record.Type, conds []record.Cond, fields ...string) (record.Query, bool) {
	p := v.e.Access.Filter(v.actor, access.Read, t.Name, fields...)
	return record.Query{Where: slices.Clone(conds), Scope: p.SQL}, p.Open()
}

// query is scoped for a widget's own type.
func (v viewer) query(w *Widget) (record.Query, bool) { return v.scoped(w.typ, w.conds, w.using()...) }

// open narrows a query to open cases. It says so in the words of the partial
// indexes, which leave closed cases out.
func open(q record.Query) record.Query {
	q.Where = append(slices.Clip(q.Where), record.Cond{Field: "closed_at", Null: true})
	return q
}

// since narrows a query to rows whose time column lies at or after a time.
func since(q record.Query, column string, from time.Time) record.Query {
	q.Where = append(slices.Clip(q.Where), record.Cond{Field: column, From: from.UnixMilli()})
	return q
}

// span is a stretch of whole days in Shanghai that ends with today.
type span struct {
	from time.Time // the first midnight
	days int
}

// lastDays returns the last n days, today included.
func lastDays(now time.Time, n int) span {
	y, m, d := now.In(clock.Shanghai).Date()
	return span{time.Date(y, m, d-n+1, 0, 0, 0, 0, clock.Shanghai), n}
}

// daysOf is how many days a declared period has.
func daysOf(period string) int {
	switch period {
	case "day":
		return 1
	case "month":
		return 30
	}
	return 7
}

// spread puts counts by day in their places; days without any are zero.
func (s span) spread(tallies []record.Tally) []int64 {
	const daySeconds = 24 * 60 * 60
	_, east := s.from.Zone()
	first := (s.from.Unix() + int64(east)) / daySeconds
	out := make([]int64, s.days)
	for _, t := range tallies {
		var day int64
		if _, err := fmt.Sscan(t.Key, &day); err == nil && day >= first && day < first+int64(s.days) {
			out[day-first] = t.Count
		}
	}
	return out
}

// names returns the days as month and day.
func (s span) names() []string {
	out := make([]string, s.days)
	for i := range out {
		out[i] = s.from.AddDate(0, 0, i).Format("01-02")
	}
	return out
}

func sum(counts []int64) int64 {
	var total int64
	for _, n := range counts {
		total += n
	}
	return total
}

func text(zh, en string) decl.Text { return decl.Text{Zh: zh, En: en} }
