package record

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"

	"chengshu/kernel/db"
	"chengshu/kernel/fault"
	"chengshu/kernel/search"
)

// MaxLimit is the most rows one page holds.
const MaxLimit = 200

// Query asks for a page of living rows.
type Query struct {
	Where []Cond
	Text  string // full-text search over the declared fields
	Near  *Near
	Box   *Box   // on the first point field
	Sort  string // a declared sort; empty is newest first
	Desc  bool
	Limit int    // 1 … MaxLimit; 0 is 50
	After string // cursor from the page before
	Total bool   // count all rows that match
	// Scope narrows to the rows that the asker may see: SQL over the type's
	// columns whose parameters count from first, and their values.
	Scope func(first int) (sql string, args []any)
	// Within are the alternatives of Scope, when it has some that indexes may
	// find: a row is in Scope when it is in one of them, or several.
	Within []Alternative
	// TextScope are path prefixes, one of which every row that Scope lets
	// through lies under; they make a text search within them fast.
	TextScope []string
}

// Cond is one filter on a field. Exactly one of In and the range is used.
type Cond struct {
	Field string
	In    []any // native column values
	From  any   // inclusive; nil is open
	To    any   // inclusive; nil is open
	Null  bool  // the field has no value
}

// Near is a circle.
type Near struct {
	Point
	Metres float64
}

// Page is a page of rows.
type Page struct {
	Rows  []*Row
	Next  string // cursor of the next page; empty on the last
	Total int64  // -1 unless asked for
}

// Query returns one page. Unknown filters and sorts are Invalid faults.
func (e *Engine) Query(ctx context.Context, t *Type, q Query) (Page, error) {
	if q.Limit == 0 {
		q.Limit = 50
	}
	if q.Limit < 0 || q.Limit > MaxLimit {
		return Page{}, fault.New(fault.Invalid, "bad-limit", "limit 应在 1 到 200 之间", "limit must be between 1 and 200")
	}
	b := &builder{t: t, walk: !q.Total && (q.Sort == "" || q.Sort == "created_at")}
	if err := b.build(ctx, e, q); err != nil {
		return Page{}, err
	}
	page := Page{Total: -1}
	r := e.db.Read(ctx)
	if q.Total {
		if err := r.QueryRow("select count(*) from "+b.from()+b.where(), b.args...).Scan(&page.Total); err != nil {
			return Page{}, err
		}
	}
	if err := b.seek(q); err != nil {
		return Page{}, err
	}
	b.args = append(b.args, q.Limit+1)
	sql := fmt.Sprintf("select %s from %s%s%s limit $%d", t.sql.columns, b.from(), b.where(), b.order(q), len(b.args))
	rows, err := collect(r, t, sql, b.args)
	if err != nil {
		return Page{}, err
	}
	if len(rows) > q.Limit {
		rows = rows[:q.Limit]
		page.Next = cursorOf(rows[len(rows)-1], q.Sort)
	}
	page.Rows = rows
	return page, nil
}

func collect(r db.Querier, t *Type, sql string, args []any) ([]*Row, error) {
	rows, err := r.Query(sql, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []*Row
	s := newScanner(t)
	for rows.Next() {
		row, err := s.scan(rows)
		if err != nil {
			return nil, err
		}
		out = append(out, row)
	}
	return out, rows.Err()
}

type builder struct {
	t     *Type
	lead  string // the full-text table, which leads when there is text
	key   string // its column with the rows' keys
	conds []string
	args  []any

	walk   bool // rows are asked for newest first, and some are enough
	narrow bool // the asker may see few rows, whose keys are collected first
}

// from leads with the full-text index, so that it is read newest first and
// only as far as the limit asks; where few rows can be meant, with those.
func (b *builder) from() string {
	switch {
	case b.lead == "":
		return b.t.table
	case b.narrow:
		return b.t.table + " cross join " + b.lead
	}
	return b.lead + " cross join " + b.t.table
}

// n is the row's key, qualified because the full-text table may have one too.
func (b *builder) n() string {
	if b.key != "" {
		return b.key
	}
	return b.t.table + ".n"
}

// arg adds a parameter and returns its name.
func (b *builder) arg(v any) string {
	b.args = append(b.args, v)
	return fmt.Sprintf("$%d", len(b.args))
}

func (b *builder) add(cond string) { b.conds = append(b.conds, cond) }

func (b *builder) where() string { return " where " + strings.Join(b.conds, " and ") }

func (b *builder) build(ctx context.Context, e *Engine, q Query) error {
	b.add("deleted_at is null")
	for _, c := range q.Where {
		if err := b.cond(c); err != nil {
			return err
		}
	}
	if err := b.scoped(ctx, e, q); err != nil {
		return err
	}
	if q.Near != nil || q.Box != nil {
		if err := b.place(ctx, e, q); err != nil {
			return err
		}
	}
	if q.Text != "" {
		return b.text(ctx, e, q)
	}
	return nil
}

// queryColumns are filters and sorts that every type has.
var queryColumns = []string{"created_at", "updated_at", "created_by", "id"}

func (b *builder) cond(c Cond) error {
	f := b.t.byName[c.Field]
	known := slices.Contains(queryColumns, c.Field) || slices.Contains(b.t.Filters, c.Field) || f != nil && f.System
	if !known {
		return fault.New(fault.Invalid, "unknown-filter", "不能按此条件筛选："+c.Field, "cannot filter by "+c.Field).
			With(c.Field, "可用："+strings.Join(b.t.Filters, "、"), "known: "+strings.Join(b.t.Filters, ", "))
	}
	column := Column(c.Field)
	switch {
	case c.Null:
		b.add(column + " is null")
	case len(c.In) == 1:
		b.add(column + " = " + b.arg(c.In[0]))
	case len(c.In) > 1:
		names := make([]string, len(c.In))
		for i, v := range c.In {
			names[i] = b.arg(v)
		}
		b.add(column + " in (" + strings.Join(names, ", ") + ")")
	default:
		if c.From != nil {
			b.add(column + " >= " + b.arg(c.From))
		}
		if c.To != nil {
			b.add(column + " <= " + b.arg(c.To))
		}
	}
	return nil
}

// place narrows to a box, and within it to a circle: cells by the index, then
// degrees exactly. A circle is taken on the local plane, which within 50 km
// errs by less than one in a thousand.
func (b *builder) place(ctx context.Context, e *Engine, q Query) error {
	f := b.t.PointField()
	if f == nil {
		return fault.New(fault.Invalid, "no-point", "此类记录没有位置", "records of this type have no place")
	}
	var box Box
	if q.Near != nil {
		box = Around(q.Near.Point, q.Near.Metres)
	} else {
		box = *q.Box
	}
	few, living, err := e.few(ctx, b.t, q, box)
	switch {
	case err != nil:
		return err
	case few:
		b.add(fmt.Sprintf("%s in (select n from %s where %s and %s)", b.n(), b.t.table, living, b.cells(f, box)))
	default:
		b.add(b.cells(f, box))
	}
	lon, lat := Column(f.Name+"_lon"), Column(f.Name+"_lat")
	if q.Near == nil {
		b.add(fmt.Sprintf("%s between %s and %s", lon, b.arg(box.West), b.arg(box.East)))
		b.add(fmt.Sprintf("%s between %s and %s", lat, b.arg(box.South), b.arg(box.North)))
		return nil
	}
	perDegree := earthRadius * math.Pi / 180
	x := perDegree * math.Cos(q.Near.Lat*math.Pi/180)
	x0, x1 := b.arg(q.Near.Lon), b.arg(x*x)
	y0, y1 := b.arg(q.Near.Lat), b.arg(perDegree*perDegree)
	b.add(fmt.Sprintf("(%[1]s - %[2]s) * (%[1]s - %[2]s) * %[3]s + (%[4]s - %[5]s) * (%[4]s - %[5]s) * %[6]s <= %[7]s",
		lon, x0, x1, lat, y0, y1, b.arg(q.Near.Metres*q.Near.Metres)))
	return nil
}

// cells returns the condition that a point lies in a cell which the box touches.
func (b *builder) cells(f *Field, box Box) string {
	var ranges []string
	for _, r := range box.cover() {
		ranges = append(ranges, fmt.Sprintf("%s between %s and %s", Column(f.Name), b.arg(r.low), b.arg(r.high)))
	}
	return "(" + strings.Join(ranges, " or ") + ")"
}

// fewRows is how many rows of a box are sooner read by its cells and sorted
// than met by reading all rows in the asked order.
const fewRows = 2000

// few reports whether the cells of the box hold at most fewRows, and under
// which condition the index of cells knows them. SQLite cannot tell, and left
// to itself would read all rows newest first. The index of a case type holds
// open cases only: it serves a query that asks for them.
func (e *Engine) few(ctx context.Context, t *Type, q Query, box Box) (few bool, living string, err error) {
	living = t.living()
	open := slices.ContainsFunc(q.Where, func(c Cond) bool { return c.Field == "closed_at" && c.Null })
	if t.Case && !open {
		return false, "", nil
	}
	b := &builder{t: t}
	b.add(living)
	b.add(b.cells(t.PointField(), box))
	b.args = append(b.args, fewRows+1)
	var n int64
	err = e.db.Read(ctx).QueryRow(fmt.Sprintf("select count(*) from (select 1 from %s%s limit $%d) cells", t.table, b.where(), len(b.args)), b.args...).Scan(&n)
	return n <= fewRows, living, err
}

// PointField returns the field by which rows lie on the map, nil when there is
// none.
func (t *Type) PointField() *Field {
	for _, f := range t.Fields {
		if f.Type == PointAt {
			return f
		}
	}
	return nil
}

func (b *builder) text(ctx context.Context, e *Engine, q Query) error {
	if b.t.text == nil {
		return fault.New(fault.Invalid, "no-search", "此类记录不能全文检索", "records of this type have no text search")
	}
	if err := e.search.Settle(ctx); err != nil {
		return err
	}
	m := b.t.text.Match(search.Query{Text: q.Text, Scope: q.TextScope}, len(b.args)+1)
	b.add(b.n() + " = " + m.Key)
	b.lead, b.key = m.From, m.Key
	b.add(m.Where)
	b.args = append(b.args, m.Args...)
	return nil
}

// order returns the order by clause: the sort, then newest first.
func (b *builder) order(q Query) string {
	if q.Sort == "" || q.Sort == "created_at" {
		if q.Sort != "" && !q.Desc {
			return " order by " + b.n()
		}
		return " order by " + b.n() + " desc"
	}
	dir := ""
	if q.Desc {
		dir = " desc"
	}
	return fmt.Sprintf(" order by %s%s nulls last, %s desc", Column(q.Sort), dir, b.n())
}

// seek adds the condition that continues after the cursor.
func (b *builder) seek(q Query) error {
	f := b.t.byName[q.Sort]
	if q.Sort != "" && q.Sort != "created_at" && q.Sort != "updated_at" && (f == nil || !slices.Contains(b.t.Sorts, q.Sort)) {
		return fault.New(fault.Invalid, "unknown-sort", "不能按此排序："+q.Sort, "cannot sort by "+q.Sort).
			With("sort", "可用："+strings.Join(b.t.Sorts, "、"), "known: "+strings.Join(b.t.Sorts, ", "))
	}
	if q.After == "" {
		return nil
	}
	value, n, err := parseCursor(q.After)
	if err != nil {
		return err
	}
	if !sortedBy(f, q.Sort, value) {
		return errCursor()
	}
	if q.Sort == "" || q.Sort == "created_at" {
		op := "<"
		if q.Sort != "" && !q.Desc {
			op = ">"
		}
		b.add(b.n() + " " + op + " " + b.arg(n))
		return nil
	}
	if value == nil {
		b.add(fmt.Sprintf("(%s is null and %s < %s)", Column(q.Sort), b.n(), b.arg(n)))
		return nil
	}
	op := ">"
	if q.Desc {
		op = "<"
	}
	v1, v2, n1 := b.arg(value), b.arg(value), b.arg(n)
	b.add(fmt.Sprintf("(%[1]s %[2]s %[3]s or (%[1]s = %[4]s and %[6]s < %[5]s) or %[1]s is null)", Column(q.Sort), op, v1, v2, n1, b.n()))
	return nil
}

func cursorOf(r *Row, sort string) string {
	var v any
	switch f := r.Type.byName[sort]; {
	case sort == "updated_at":
		v = r.UpdatedAt
	case f != nil:
		v = f.kind.bind(nil, f, r.Values[f.index])[0]
	}
	b, _ := json.Marshal([]any{v, r.N}) // column values always marshal
	return base64.RawURLEncoding.EncodeToString(b)
}

func errCursor() error {
	return fault.New(fault.Invalid, "bad-cursor", "翻页标记无效，请从第一页开始", "the cursor is not valid; start from the first page")
}

// sortedBy reports whether a cursor's value can come from a page in that
// order: one of another order, or made by hand, cannot.
func sortedBy(f *Field, sort string, value any) bool {
	if value == nil {
		return true
	}
	var ok bool
	switch {
	case f == nil:
		_, ok = value.(int64)
		return ok && sort != ""
	case f.kind.columns(f)[0].sql == sqlInt:
		_, ok = value.(int64)
	case f.Type == Boolean:
		_, ok = value.(bool)
	default:
		_, ok = value.(string)
	}
	return ok
}

func parseCursor(s string) (any, int64, error) {
	bad := errCursor()
	raw, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil || len(raw) > 4096 {
		return nil, 0, bad
	}
	dec := json.NewDecoder(strings.NewReader(string(raw)))
	dec.UseNumber()
	var parts []any
	if err := dec.Decode(&parts); err != nil || len(parts) != 2 {
		return nil, 0, bad
	}
	number, ok := parts[1].(json.Number)
	n, err := number.Int64()
	if !ok || err != nil {
		return nil, 0, bad
	}
	switch v := parts[0].(type) {
	case nil, string, bool:
		return v, n, nil
	case json.Number:
		i, err := v.Int64()
		if err != nil {
			return nil, 0, bad
		}
		return i, n, nil
	}
	return nil, 0, bad
}

// Each calls fn for every living row of a type, oldest first, reading a page
// at a time so that memory stays bounded.
func (e *Engine) Each(ctx context.Context, typ string, fn func(*Row) error) error {
	t, err := e.Type(typ)
	if err != nil {
		return err
	}
	return e.pages(ctx, t, func(rows []*Row) error {
		for _, r := range rows {
			if err := fn(r); err != nil {
				return err
			}
		}
		return nil
	})
}

// pages calls fn for every living row of a type, a page at a time.
func (e *Engine) pages(ctx context.Context, t *Type, fn func([]*Row) error) error {
	sql := fmt.Sprintf("select %s from %s where deleted_at is null and %s.n > $1 order by %s.n limit 200", t.sql.columns, t.table, t.table, t.table)
	for after := int64(0); ; {
		rows, err := collect(e.db.Read(ctx), t, sql, []any{after})
		if err != nil || len(rows) == 0 {
			return err
		}
		if err := fn(rows); err != nil {
			return err
		}
		after = rows[len(rows)-1].N
	}
}

// Lookup finds the living rows of a type whose field a is one of as and whose
// field b is one of bs, and returns the field give of the one with the
// greatest order; nil when there is none. The fields hold text.
func (e *Engine) Lookup(ctx context.Context, typ, a string, as []any, b string, bs []any, order, give string) (any, error) {
	t, err := e.Type(typ)
	if err != nil {
		return nil, err
	}
	for _, name := range []string{a, b, order, give} {
		if t.byName[name] == nil {
			return nil, fmt.Errorf("%s has no field %q", typ, name)
		}
	}
	if len(as) == 0 || len(bs) == 0 {
		return nil, nil
	}
	build := &builder{t: t}
	in := func(name string, vs []any) string {
		params := make([]string, len(vs))
		for i, v := range vs {
			params[i] = build.arg(v)
		}
		return Column(name) + " in (" + strings.Join(params, ", ") + ")"
	}
	build.add("deleted_at is null")
	build.add(in(a, as))
	build.add(in(b, bs))
	sql := fmt.Sprintf("select %s from %s%s order by %s desc nulls last, n limit 1", t.sql.columns, t.table, build.where(), Column(order))
	rows, err := collect(e.db.Read(ctx), t, sql, build.args)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	return rows[0].RuleField(give), nil
}
