package exchange

import (
	"context"
	"fmt"
	"strconv"

	"chengshu/core/access"
	"chengshu/core/record"
	"chengshu/kernel/fault"
)

// Delivered is what a grant gives.
type Delivered struct {
	Version int64         // of the dataset's release; 0 for a register
	Rows    []*record.Row // nil for a key that has no row
	Next    string        // cursor of the next page; empty on the last
	Total   int64         // -1 unless asked for

	grant *ready
}

// View is how a row is shown.
func (d *Delivered) View(r *record.Row) access.View { return d.grant.view(r) }

// Resource is the name of the record type.
func (d *Delivered) Resource() string { return d.grant.Resource }

// Lookup returns the rows of these keys, one place for each. Keys of rows that
// the grant is not about are as keys of no row. Only rows count as read.
func (e *Engine) Lookup(ctx context.Context, c Caller, id string, keys []string) (*Delivered, error) {
	g, err := e.open(ctx, c.Actor, id)
	if err != nil {
		return nil, err
	}
	if f := g.typ.KeyField(); f != nil && !g.filter(f.Name).Open() {
		return nil, fault.New(fault.Denied, "key-not-shown", "授权未以明文提供“"+f.Title.Zh+"”，不能按其查询", "the grant does not show "+f.Title.En+" in clear, so rows cannot be looked up by it")
	}
	rows, version, done, err := e.Rows(ctx, g.typ)
	if err != nil {
		return nil, err
	}
	defer done()
	d := &Delivered{Version: version, Total: -1, grant: g}
	if d.Rows, err = rows.ByKey(ctx, g.typ, keys, g.filter().SQL); err != nil {
		return nil, err
	}
	return d, e.deliver(ctx, c, d, "")
}

// Query returns a page of the rows that the grant is about. Conditions and
// sorts on fields that the grant does not show in clear find nothing: they would
// tell what it hides.
func (e *Engine) Query(ctx context.Context, c Caller, id string, q record.Query) (*Delivered, error) {
	g, err := e.open(ctx, c.Actor, id)
	if err != nil {
		return nil, err
	}
	if err := g.shows(fieldsIn(q)); err != nil {
		return nil, err
	}
	rows, version, done, err := e.Rows(ctx, g.typ)
	if err != nil {
		return nil, err
	}
	defer done()
	q.Scope = g.filter(fieldsIn(q)...).SQL
	page, err := rows.Query(ctx, g.typ, q)
	if err != nil {
		return nil, err
	}
	d := &Delivered{Version: version, Rows: page.Rows, Next: page.Next, Total: page.Total, grant: g}
	return d, e.deliver(ctx, c, d, aPage)
}

// aPage stands for the record in an act of reading that is about many.
const aPage = "*"

// about is the id that an act of reading gives: the release's version, or for a
// register that of the one row, or many.
func about(version int64, row string) string {
	if version > 0 {
		return "v" + strconv.FormatInt(version, 10)
	}
	return row
}

// deliver notes what is about to be given; row is what it is about in a
// register, "" for the one row that was found.
func (e *Engine) deliver(ctx context.Context, c Caller, d *Delivered, row string) error {
	var found []*record.Row
	for _, r := range d.Rows {
		if r != nil {
			found = append(found, r)
		}
	}
	if row == "" {
		row = aPage
		if len(found) == 1 {
			row = found[0].ID
		}
	}
	return e.note(ctx, c, d.grant, about(d.Version, row), int64(len(found)), found)
}

// fieldsIn are the fields by which a query chooses and sorts.
func fieldsIn(q record.Query) []string {
	var out []string
	for _, c := range q.Where {
		out = append(out, c.Field)
	}
	if q.Sort != "" {
		out = append(out, q.Sort)
	}
	return out
}

// shows refuses what is no field that the grant shows in clear: also a row's id,
// which may be its key, and when and by whom it was made.
func (r *ready) shows(fields []string) error {
	bad := fault.New(fault.Denied, "field-not-granted", "授权未以明文提供其中的字段", "the grant does not show some of these fields in clear")
	for _, name := range fields {
		f := r.typ.Field(name)
		switch {
		case f == nil:
			bad.With(name, "授权未提供“"+name+"”", "the grant does not show "+name)
		case !r.filter(name).Open():
			bad.With(name, "授权未以明文提供“"+f.Title.Zh+"”", "the grant does not show "+f.Title.En+" in clear")
		}
	}
	if len(bad.Fields) > 0 {
		return bad
	}
	return nil
}

// Figures counts the rows that the grant is about by the values of some fields,
// with measures of others. Each group counts as a record.
func (e *Engine) Figures(ctx context.Context, c Caller, id string, q record.Query, by []string, measures []record.Measure) (*Delivered, []record.Figure, error) {
	g, err := e.open(ctx, c.Actor, id)
	if err != nil {
		return nil, nil, err
	}
	using := append(fieldsIn(q), by...)
	for _, m := range measures {
		using = append(using, m.Field)
	}
	if err := g.shows(using); err != nil {
		return nil, nil, err
	}
	rows, version, done, err := e.Rows(ctx, g.typ)
	if err != nil {
		return nil, nil, err
	}
	defer done()
	q.Scope = g.filter(using...).SQL
	least := int64(1)
	if g.typ.Personal() || g.Records > 0 {
		least = leastRows
	}
	figures, err := rows.Figures(ctx, g.typ, q, by, measures, least)
	if err != nil {
		return nil, nil, err
	}
	d := &Delivered{Version: version, Total: -1, grant: g}
	return d, figures, e.note(ctx, c, g, about(version, aPage), int64(len(figures)), nil)
}

// leastRows is how many rows a group of figures has at least, where they are
// about persons or their number is limited: a group of one is a row.
const leastRows = 5

// String names a grant in logs.
func (g *Grant) String() string { return fmt.Sprintf("%s on %s for %s", g.ID, g.Resource, g.Holder) }
