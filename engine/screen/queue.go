package screen

import (
	"context"
	"encoding/json"
	"slices"

	"chengshu/core/access"
	"chengshu/core/decl"
	"chengshu/core/process"
	"chengshu/core/record"
)

// mostQueued is how many cases a queue shows, mostPoints how many a map does.
const (
	mostQueued = 20
	mostPoints = 2000
)

// queue returns the rows of open cases, the most urgent first. They are shared;
// queueItems makes of them what each viewer sees.
func (v viewer) queue(ctx context.Context, w *Widget) (any, error) {
	rows := []*record.Row{}
	q, ok := v.query(w)
	if !ok {
		return rows, nil
	}
	q.Limit = mostQueued
	page, err := v.e.Records.Query(ctx, w.typ, urgent(w.typ, open(q)))
	if err != nil {
		return nil, err
	}
	return append(rows, page.Rows...), nil
}

// urgent sorts by the deadline where the type can be sorted by one.
func urgent(t *record.Type, q record.Query) record.Query {
	for _, name := range []string{"due_at", "case_due_at"} {
		if slices.Contains(t.Sorts, name) {
			q.Sort = name
			break
		}
	}
	return q
}

func (v viewer) queueItems(ctx context.Context, rows []*record.Row) (any, error) {
	items := make([]json.RawMessage, 0, len(rows))
	for _, row := range rows {
		item, err := v.e.View(ctx, v.actor, row)
		if err != nil {
			return nil, err
		}
		items = append(items, item)
	}
	return map[string]any{"items": items}, nil
}

type points struct {
	Points []point `json:"points"`
	Areas  string  `json:"areas,omitempty"`
}

type point struct {
	ID    string        `json:"id"`
	Type  string        `json:"type"`
	Lon   float64       `json:"lon"`
	Lat   float64       `json:"lat"`
	Light process.Light `json:"light,omitempty"`
	Title *decl.Text    `json:"title,omitempty"`
}

// mapped places open cases, the most urgent first, or all records, the newest
// first; at most mostPoints.
func (v viewer) mapped(ctx context.Context, w *Widget) (any, error) {
	out := points{Points: []point{}}
	if v.e.Areas != "" && v.e.Access.May(v.actor, access.Read, v.e.Areas) {
		out.Areas = "/api/records/" + v.e.Areas + "?format=geojson"
	}
	q, ok := v.query(w)
	if !ok {
		return out, nil
	}
	var p *process.Process
	if w.typ.Case {
		var err error
		if p, err = v.e.Processes.Process(w.typ.Name); err != nil {
			return nil, err
		}
		q = urgent(w.typ, open(q))
	}
	q.Limit = record.MaxLimit
	titled := v.seesAll(w)
	for len(out.Points) < mostPoints {
		page, err := v.e.Records.Query(ctx, w.typ, q)
		if err != nil {
			return nil, err
		}
		for _, row := range page.Rows {
			if pt, ok := v.pointOf(p, row, titled); ok {
				out.Points = append(out.Points, pt)
			}
		}
		if q.After = page.Next; q.After == "" {
			break
		}
	}
	return out, nil
}

// seesAll reports whether the viewer sees in clear what names a row, on every
// row that the widget may show.
func (v viewer) seesAll(w *Widget) bool {
	if w.typ.TitleBy == "" {
		return w.typ.Case // its number
	}
	return v.reach(w.typ.Name, w.using()...) == v.reach(w.typ.Name, append(w.using(), w.typ.TitleBy)...)
}

func (v viewer) pointOf(p *process.Process, row *record.Row, titled bool) (point, bool) {
	_, at, ok := row.FirstPoint()
	if !ok {
		return point{}, false
	}
	out := point{ID: row.ID, Type: row.Type.Name, Lon: at.Lon, Lat: at.Lat}
	if p != nil {
		out.Light = v.e.Processes.LightOf(p, row, v.asked.at)
	}
	if titled {
		title := row.Title()
		out.Title = &title
	}
	return out, true
}
