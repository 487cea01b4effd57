package screen

import (
	"context"
	"fmt"
	"math"

	"chengshu/core/decl"
	"chengshu/core/record"
)

// Bars beyond mostBars are summed up; mostValues bounds how many values of a
// field are looked at.
const (
	mostBars   = 12
	mostValues = 1000
)

type group struct {
	Rows []bar `json:"rows"`
}

type bar struct {
	Key   string    `json:"key"`
	Title decl.Text `json:"title"`
	Value int64     `json:"value"`
}

// group counts by the values of a field: open cases, or all records; with a
// period, the cases opened in it.
func (v viewer) group(ctx context.Context, w *Widget) (any, error) {
	out := group{Rows: []bar{}}
	q, ok := v.query(w)
	if !ok {
		return out, nil
	}
	switch {
	case w.Period != "":
		q = since(q, "created_at", lastDays(v.asked.at, daysOf(w.Period)).from)
	case w.typ.Case:
		q = open(q)
	}
	tallies, err := v.e.Records.TallyBy(ctx, w.typ, q, w.By, mostValues)
	if err != nil {
		return nil, err
	}
	for i, t := range tallies {
		if i == mostBars-1 && len(tallies) > mostBars {
			out.Rows = append(out.Rows, rest(tallies[i:]))
			break
		}
		title, err := v.e.Records.Label(ctx, w.typ.Field(w.By), t.Key)
		if err != nil {
			return nil, err
		}
		out.Rows = append(out.Rows, bar{t.Key, title, t.Count})
	}
	return out, nil
}

// rest sums up what has no bar of its own.
func rest(tallies []record.Tally) bar {
	out := bar{Title: text(fmt.Sprintf("其他 %d 项", len(tallies)), fmt.Sprintf("%d others", len(tallies)))}
	for _, t := range tallies {
		out.Value += t.Count
	}
	return out
}

type ranking struct {
	Columns []column    `json:"columns"`
	Rows    []standings `json:"rows"`
}

type column struct {
	Name  string    `json:"name"`
	Title decl.Text `json:"title"`
	Kind  string    `json:"kind"`
}

// standings is one line; a nil value is not known.
type standings struct {
	Key     string    `json:"key"`
	Title   decl.Text `json:"title"`
	Closed  int64     `json:"closed"`
	OnTime  float64   `json:"on_time"` // share, 0 to 1
	Hours   float64   `json:"hours"`
	Returns int64     `json:"returns"`
	Rating  *float64  `json:"rating"`
}

// ranking compares the values of a field over the cases closed in the period,
// thirty days unless it says otherwise.
func (v viewer) ranking(ctx context.Context, w *Widget) (any, error) {
	f := w.typ.Field(w.By)
	out := ranking{Rows: []standings{}, Columns: []column{
		{"title", f.Title, "text"},
		{"closed", text("办结", "Closed"), "integer"},
		{"on_time", text("按期率", "On time"), "percent"},
		{"hours", text("平均用时（小时）", "Mean hours"), "decimal"},
		{"returns", text("退回", "Returns"), "integer"},
	}}
	rated := w.typ.Field("rating") != nil
	if rated {
		out.Columns = append(out.Columns, column{"rating", text("评价", "Rating"), "decimal"})
	}
	q, ok := v.query(w)
	if !ok {
		return out, nil
	}
	p, err := v.e.Processes.Process(w.typ.Name)
	if err != nil {
		return nil, err
	}
	period := w.Period
	if period == "" {
		period = "month"
	}
	got, err := v.e.Processes.Standings(ctx, p, w.By, lastDays(v.asked.at, daysOf(period)).from.UnixMilli(), q.Scope)
	if err != nil {
		return nil, err
	}
	for _, s := range got {
		title, err := v.e.Records.Label(ctx, f, s.Key)
		if err != nil {
			return nil, err
		}
		row := standings{Key: s.Key, Title: title, Closed: s.Closed, Returns: s.Returns, Hours: round(s.Hours, 1),
			OnTime: round(float64(s.OnTime)/float64(s.Closed), 3)}
		if rated && s.Rating > 0 {
			mean := round(s.Rating, 1)
			row.Rating = &mean
		}
		out.Rows = append(out.Rows, row)
	}
	return out, nil
}

func round(x float64, digits int) float64 {
	scale := math.Pow10(digits)
	return math.Round(x*scale) / scale
}
