package server

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"chengshu/core/access"
	"chengshu/core/record"
	"chengshu/engine/lake"
	"chengshu/standard/ckan"
)

// Rows implements ckan.Reader: the rows of a register or of a release, as the
// actor may see them.
func (k *ckanCall) Rows(ctx context.Context, res *ckan.Resource) (ckan.Rows, error) {
	s := k.c.s
	if res.Release > 0 {
		return k.release(ctx, res)
	}
	t, err := s.records.Type(res.Of)
	if err != nil {
		return nil, err
	}
	if !s.access.May(k.actor, access.Read, t.Name) {
		return nil, s.denied(k.actor)
	}
	return &registerRows{k: k, t: t, shown: map[int64]personalRow{}}, nil
}

// postgresType is the type of a field as PostgreSQL names it.
func postgresType(t string) string {
	switch record.FieldType(t) {
	case record.Integer:
		return "int8"
	case record.Decimal:
		return "numeric"
	case record.Boolean:
		return "bool"
	case record.Date:
		return "date"
	case record.Time:
		return "timestamptz"
	case record.PointAt, record.AreaOf, record.List, record.File:
		return "json"
	}
	return "text"
}

// registerRows are the living rows of a register, oldest first.
type registerRows struct {
	k    *ckanCall
	t    *record.Type
	last int64  // the id at which next goes on
	next string // cursor
	// shown are the rows read so far that show personal values, by id.
	shown map[int64]personalRow
}

type personalRow struct {
	row      *record.Row
	decision access.Decision
}

// Columns implements ckan.Rows.
func (g *registerRows) Columns() []ckan.Column {
	var out []ckan.Column
	d := g.k.c.s.access.Decide(g.k.actor, access.Read, g.t.Name, access.Row{})
	for _, f := range g.t.Fields {
		if f.System || d.Allow && d.View.Of(f) == record.Hidden {
			continue
		}
		col := ckan.Column{ID: f.Name, Type: postgresType(string(f.Type)), Label: f.Title.Zh, NotNull: f.Required, Unique: slices.Contains(g.t.Unique, f.Name)}
		if f.Many {
			col.Type = "json"
		}
		out = append(out, col)
	}
	return out
}

func (g *registerRows) query(n ckan.Narrow) record.Query {
	q := record.Query{Sort: "created_at"}
	for name, in := range n.Equal {
		text := strings.Join(in, ",")
		if !slices.Contains(g.t.Filters, name) || strings.Count(text, ",") != len(in)-1 || strings.Contains(text, "..") || slices.Contains(in, "") {
			continue
		}
		if c, err := g.t.ParseCond(name, text); err == nil {
			q.Where = append(q.Where, c)
		}
	}
	scope := g.k.c.s.scope(g.k.actor, access.Read, g.t, q)
	q.Scope, q.Within, q.TextScope = scope.SQL, within(scope), scope.Places()
	return q
}

// Count implements ckan.Rows.
func (g *registerRows) Count(ctx context.Context) (int64, error) {
	return g.k.c.s.records.Count(ctx, g.t, g.query(ckan.Narrow{}))
}

// Sent implements ckan.Rows. Showing personal values leaves an act.
func (g *registerRows) Sent(_ context.Context, sent []ckan.Row, columns []ckan.Column) error {
	var rows []*record.Row
	var decisions []access.Decision
	for _, r := range sent {
		if p, ok := g.shown[r.ID]; ok && anyOf(p.decision.View.PersonalFields(), columns) {
			rows, decisions = append(rows, p.row), append(decisions, p.decision)
		}
	}
	return g.k.c.s.noteReadings(g.k.r, g.t, aPage, rows, decisions)
}

// anyOf reports whether one of the fields is among the columns.
func anyOf(fields []string, columns []ckan.Column) bool {
	return slices.ContainsFunc(columns, func(c ckan.Column) bool { return slices.Contains(fields, c.ID) })
}

// Page implements ckan.Rows.
func (g *registerRows) Page(ctx context.Context, n ckan.Narrow, limit int) ([]ckan.Row, error) {
	s := g.k.c.s
	q := g.query(n)
	if n.After > 0 && n.After == g.last {
		if q.After = g.next; q.After == "" {
			return nil, nil
		}
	}
	var out []ckan.Row
	for len(out) < limit {
		q.Limit = min(limit-len(out), record.MaxLimit)
		page, err := s.records.Query(ctx, g.t, q)
		if err != nil {
			return nil, err
		}
		subjects, err := s.processes.Subjects(ctx, page.Rows)
		if err != nil {
			return nil, err
		}
		for i, row := range page.Rows {
			d := s.access.Decide(g.k.actor, access.Read, g.t.Name, subjects[i])
			values, err := shownValues(ctx, s, recordView(d.View), row)
			if err != nil {
				return nil, err
			}
			if d.View.Shows(row) {
				g.shown[row.N] = personalRow{row, d}
			}
			out = append(out, ckan.Row{ID: row.N, Values: values})
		}
		g.next = page.Next
		if q.After = page.Next; page.Next == "" || len(page.Rows) == 0 {
			break
		}
	}
	if len(out) > 0 {
		g.last = out[len(out)-1].ID
	}
	return out, nil
}

// shownValues are the fields of a row as the API shows them.
func shownValues(ctx context.Context, s *Server, v record.View, row *record.Row) (map[string]any, error) {
	body, err := v.Append(ctx, s.records, nil, row)
	if err != nil {
		return nil, err
	}
	var shown struct {
		Fields map[string]any `json:"fields"`
	}
	dec := json.NewDecoder(strings.NewReader(string(body)))
	dec.UseNumber()
	err = dec.Decode(&shown)
	return shown.Fields, err
}

// ckanRelease is the rows of one release, in the order of its file.
type ckanRelease struct {
	k       *ckanCall
	t       *record.Type
	d       access.Decision
	m       lake.Manifest
	columns []string
	masked  []string
}

// release opens a release: only a grant over all rows counts, and the columns
// are those that it does not hide.
func (k *ckanCall) release(ctx context.Context, res *ckan.Resource) (ckan.Rows, error) {
	s := k.c.s
	t, err := s.lake.Dataset(res.Of)
	if err != nil {
		return nil, err
	}
	d := s.access.Decide(k.actor, access.Read, t.Name, access.Row{})
	if !d.Allow || !s.access.Filter(k.actor, access.Read, t.Name).All() {
		return nil, s.denied(k.actor)
	}
	one, err := s.lake.Release(s.db.Read(ctx), t, res.Release)
	if err != nil {
		return nil, err
	}
	m, err := one.Read()
	if err != nil {
		return nil, err
	}
	out := &ckanRelease{k: k, t: t, d: d, m: m}
	for _, f := range m.Fields {
		switch d.View.See(f.Name) {
		case record.Hidden:
			continue
		case record.Masked:
			out.masked = append(out.masked, f.Name)
		}
		out.columns = append(out.columns, f.Name)
	}
	return out, nil
}

// Columns implements ckan.Rows.
func (g *ckanRelease) Columns() []ckan.Column {
	var out []ckan.Column
	for _, f := range g.m.Fields {
		if slices.Contains(g.columns, f.Name) {
			out = append(out, ckan.Column{ID: f.Name, Type: postgresType(f.Type), Label: f.Title.Zh})
		}
	}
	return out
}

// Count implements ckan.Rows.
func (g *ckanRelease) Count(context.Context) (int64, error) { return g.m.Rows, nil }

// Sent implements ckan.Rows. When personal values are shown in the clear, the act
// names the release.
func (g *ckanRelease) Sent(_ context.Context, sent []ckan.Row, columns []ckan.Column) error {
	if len(sent) == 0 || !anyOf(g.d.View.PersonalFields(), columns) {
		return nil
	}
	return g.k.c.s.noteRelease(g.k.r, g.t, g.d, g.m.Version)
}

// Page implements ckan.Rows.
func (g *ckanRelease) Page(ctx context.Context, n ckan.Narrow, limit int) ([]ckan.Row, error) {
	s := g.k.c.s
	rows, err := s.lake.Rows(ctx, g.m, g.columns, n.After, limit)
	if err != nil {
		return nil, err
	}
	out := make([]ckan.Row, len(rows))
	for i, row := range rows {
		for _, name := range g.masked {
			if v, ok := row.Values[name]; ok {
				row.Values[name] = access.Mask(g.t.Field(name).Mask, fmt.Sprint(v))
			}
		}
		out[i] = ckan.Row{ID: row.Row, Values: row.Values}
	}
	return out, nil
}
