package server

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"chengshu/core/access"
	"chengshu/core/evidence"
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
	return &registerRows{k: k, t: t}, nil
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

// Page implements ckan.Rows. Showing personal values leaves an act.
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
		views, err := s.viewsOf(g.k.r, g.t, page.Rows)
		if err != nil {
			return nil, err
		}
		for i, row := range page.Rows {
			values, err := shownValues(ctx, s, recordView(views[i]), row)
			if err != nil {
				return nil, err
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
	noted   bool
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

// Page implements ckan.Rows. When personal values are shown in the clear, one
// act for the answer names the release.
func (g *ckanRelease) Page(ctx context.Context, n ckan.Narrow, limit int) ([]ckan.Row, error) {
	s := g.k.c.s
	if len(g.d.View.PersonalFields()) > 0 && !g.noted {
		act := evidence.Act{Verb: g.t.Name + ".read", Actor: g.k.actor.Evidence(), Grant: g.d.Grant, Basis: g.d.Basis, Purpose: g.d.Purpose,
			Request: requestID(g.k.r.Context()), Subject: evidence.Subject{Type: g.t.Name, ID: "v" + strconv.FormatInt(g.m.Version, 10)}}
		if _, err := s.evidence.Read(ctx, act, nil); err != nil {
			return nil, err
		}
		g.noted = true
	}
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
