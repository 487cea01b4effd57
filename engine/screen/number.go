package screen

import (
	"context"
	"fmt"

	"chengshu/core/decl"
	"chengshu/core/record"
)

// number is one figure. Of is the whole that it is a part of.
type number struct {
	Value int64     `json:"value"`
	Of    *int64    `json:"of,omitempty"`
	Unit  decl.Text `json:"unit"`
	Trend []int64   `json:"trend,omitempty"` // by day, today last
}

var (
	unitCases   = text("件", "cases")
	unitRecords = text("条", "records")
)

// trendDays is how many days the line beside a figure of one day shows.
const trendDays = 7

func (v viewer) number(ctx context.Context, w *Widget) (any, error) {
	out := number{Unit: unitRecords}
	if w.typ.Case {
		out.Unit = unitCases
	}
	q, ok := v.query(w)
	if !ok {
		return out, nil
	}
	records := v.e.Records
	var err error
	switch w.Measure {
	case "records":
		out.Value, err = v.e.counts.of(ctx, v, w.typ, q)
	case "open":
		out.Value, err = records.Count(ctx, w.typ, open(q))
	case "overdue":
		out.Of = new(int64)
		out.Value, *out.Of, err = v.late(ctx, w.typ, open(q))
	default:
		var trend []int64
		days := daysOf(w.Period)
		if trend, err = v.byDay(ctx, w.typ, q, w.Measure, max(days, trendDays)); err == nil {
			out.Value, out.Trend = sum(trend[len(trend)-days:]), trend
		}
	}
	return out, err
}

// late counts, among open cases, those whose step or whole is overdue.
func (v viewer) late(ctx context.Context, t *record.Type, q record.Query) (late, all int64, err error) {
	where, args, err := v.e.Records.Where(ctx, t, q)
	if err != nil {
		return 0, 0, err
	}
	// The time stands behind the condition, since its parameter comes after.
	err = v.e.Processes.DB.Read(ctx).QueryRow(fmt.Sprintf(`select count(*),
		coalesce(sum(case when c.due_at <= t.now or c.case_due_at <= t.now then 1 else 0 end), 0)
		from (select due_at, case_due_at from %s%s) as c cross join (select cast($%d as bigint) as now) as t`, t.Table(), where, len(args)+1),
		append(args, v.asked.at.UnixMilli())...).Scan(&all, &late)
	return late, all, err
}

// byDay counts what was opened or closed on each of the last days.
func (v viewer) byDay(ctx context.Context, t *record.Type, q record.Query, measure string, days int) ([]int64, error) {
	column := "created_at"
	if measure == "closed" {
		column = "closed_at"
	}
	s := lastDays(v.asked.at, days)
	tallies, err := v.e.Records.TallyByDay(ctx, t, since(q, column, s.from), column)
	if err != nil {
		return nil, fmt.Errorf("%s by day: %w", measure, err)
	}
	return s.spread(tallies), nil
}

type series struct {
	X      []string `json:"x"`
	Series []line   `json:"series"`
}

type line struct {
	Title decl.Text `json:"title"`
	Y     []int64   `json:"y"`
}

// lines are what a series shows unless it names one measure.
var lines = []struct {
	measure string
	title   decl.Text
}{{"opened", text("新增", "Opened")}, {"closed", text("办结", "Closed")}}

func (v viewer) series(ctx context.Context, w *Widget) (any, error) {
	days := daysOf(w.Period)
	out := series{X: lastDays(v.asked.at, days).names(), Series: []line{}}
	q, ok := v.query(w)
	for _, l := range lines {
		if w.Measure != "" && w.Measure != l.measure {
			continue
		}
		y := make([]int64, days)
		if ok {
			var err error
			if y, err = v.byDay(ctx, w.typ, q, l.measure, days); err != nil {
				return nil, err
			}
		}
		out.Series = append(out.Series, line{l.title, y})
	}
	return out, nil
}
