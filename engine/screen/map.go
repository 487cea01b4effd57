package screen

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"chengshu/core/access"
	"chengshu/core/decl"
	"chengshu/core/process"
	"chengshu/core/record"
	"chengshu/kernel/db"
)

// mostPoints is how many points a map shows.
const mostPoints = 2000

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
	m := mapper{viewer: v, t: w.typ, point: pointField(w.typ).Name, titled: v.titleBy(w)}
	if w.typ.Case {
		var err error
		if m.p, err = v.e.Processes.Process(w.typ.Name); err != nil {
			return nil, err
		}
		q = open(q)
	}
	rows, err := m.rows(ctx, q)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		p, err := m.scan(rows)
		if err != nil {
			return nil, err
		}
		out.Points = append(out.Points, p)
	}
	return out, rows.Err()
}

// titleBy returns the field that names a row, or "" when it has none that is
// plain text or that the viewer sees in clear on every row of the widget.
func (v viewer) titleBy(w *Widget) string {
	name := w.typ.TitleBy
	if name == "" && w.typ.Case {
		name = "number"
	}
	f := w.typ.Field(name)
	if f == nil || f.Many || f.Type != record.Text && f.Type != record.ChoiceOf {
		return ""
	}
	if v.reach(w.typ.Name, w.using()...) != v.reach(w.typ.Name, append(w.using(), name)...) {
		return ""
	}
	return name
}

// mapper reads only what a point needs: a map has more rows than any list.
type mapper struct {
	viewer
	t      *record.Type
	p      *process.Process // nil when the rows are no cases
	point  string
	titled string
}

// lit are the fields of a case by which its light is known.
var lit = []string{"state", "entered_at", "due_at", "case_due_at"}

func (m mapper) rows(ctx context.Context, q record.Query) (*db.Rows, error) {
	where, args, err := m.e.Records.Where(ctx, m.t, q)
	if err != nil {
		return nil, err
	}
	columns := []string{"id", record.Column(m.point + "_lon"), record.Column(m.point + "_lat")}
	order := m.t.Table() + ".n desc"
	if m.p != nil {
		columns = append(columns, lit...)
		order = "due_at nulls last, " + order
	}
	if m.titled != "" {
		columns = append(columns, record.Column(m.titled))
	}
	return m.e.Processes.DB.Read(ctx).Query(fmt.Sprintf("select %s from %s%s and %s is not null order by %s limit %d",
		strings.Join(columns, ", "), m.t.Table(), where, record.Column(m.point), order, mostPoints), args...)
}

func (m mapper) scan(rows *db.Rows) (point, error) {
	out := point{Type: m.t.Name}
	var state, title *string
	var entered, due, caseDue *int64
	to := []any{&out.ID, &out.Lon, &out.Lat}
	if m.p != nil {
		to = append(to, &state, &entered, &due, &caseDue)
	}
	if m.titled != "" {
		to = append(to, &title)
	}
	if err := rows.Scan(to...); err != nil {
		return out, err
	}
	if m.p != nil {
		out.Light = m.light(state, entered, due, caseDue)
	}
	if title != nil {
		named := decl.Text{Zh: *title, En: *title}
		if t, ok := m.t.Field(m.titled).ChoiceTitle(*title); ok {
			named = t
		}
		out.Title = &named
	}
	return out, nil
}

// light asks the process, which knows lights, with a row of no more than the
// fields that it looks at.
func (m mapper) light(state *string, times ...*int64) process.Light {
	row := &record.Row{Type: m.t, Values: make([]any, len(m.t.Fields))}
	set := func(name string, v any) {
		row.Values[slices.IndexFunc(m.t.Fields, func(f *record.Field) bool { return f.Name == name })] = v
	}
	if state != nil {
		set(lit[0], *state)
	}
	for i, ms := range times {
		if ms != nil {
			set(lit[i+1], *ms)
		}
	}
	return m.e.Processes.LightOf(m.p, row, m.asked.at)
}
