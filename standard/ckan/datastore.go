package ckan

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// Bounds of datastore_search: rows sent unless asked otherwise, most rows sent
// (both as CKAN has them), and most rows that are read for one answer.
const (
	recordsDefault = 100
	recordsMax     = 32_000
	scanMax        = 100_000
	scanPage       = 2_000
)

// Column is a field of a resource that the caller may see.
type Column struct {
	ID      string
	Type    string // of PostgreSQL
	Label   string
	NotNull bool
	Unique  bool
}

// Row is one row as the caller may see it. ID grows from row to row.
type Row struct {
	ID     int64
	Values map[string]any // as JSON would decode them, numbers as json.Number; without a value: absent
}

// Narrow is what rows are looked for, as far as a source can use it: rows that
// do not fit may come all the same.
type Narrow struct {
	After int64
	Equal map[string][]string // one of these values
}

// Rows are the rows of one resource.
type Rows interface {
	Columns() []Column
	// Count is how many rows there are, -1 when that is not known.
	Count(ctx context.Context) (int64, error)
	// Page returns up to limit rows in the order of their ids.
	Page(ctx context.Context, n Narrow, limit int) ([]Row, error)
	// Sent is told which of the rows and columns the caller will be sent, before
	// they are: what is read on the way to an answer discloses nothing.
	Sent(ctx context.Context, rows []Row, columns []Column) error
}

// inquiry is a datastore_search as it was asked.
type inquiry struct {
	resource      string
	columns       []Column // to be sent, _id among them
	sortBy        []sorting
	filters       map[string]any
	tests         []func(Row) bool
	narrow        Narrow
	limit, offset int
	distinct      bool
	total         bool
	format        string
}

type sorting struct {
	column     string
	desc       bool
	nullsFirst bool
}

var idColumn = Column{ID: "_id", Type: "int"}

// rowsOf finds the rows that resource_id names.
func (c *call) rowsOf() (Rows, string, error) {
	if c.Params["resource_id"] == nil && c.Params["id"] != nil {
		c.Params["resource_id"] = c.Params["id"]
	}
	id, err := c.Params.must("resource_id")
	if err != nil {
		return nil, "", err
	}
	if id == "_table_metadata" {
		return c.tables(), id, nil
	}
	l := c.catalogue.resources[id]
	if l == nil || l.resource.Of == "" {
		return nil, "", notFound(fmt.Sprintf("Resource %q was not found.", head(id)))
	}
	if !c.mayKnow(l.pkg) {
		return nil, "", forbidden("User not authorized to read resource " + id)
	}
	rows, err := c.Reader.Rows(c.ctx, l.resource)
	return rows, id, err
}

func (c *call) datastoreSearch() (any, error) {
	rows, id, err := c.rowsOf()
	if err != nil {
		return nil, err
	}
	q, err := c.inquire(rows.Columns())
	if err != nil {
		return nil, err
	}
	q.resource = id
	found, total, err := q.run(c.ctx, rows)
	if err != nil {
		return nil, err
	}
	if err := rows.Sent(c.ctx, found, q.columns); err != nil {
		return nil, err
	}
	records, err := q.records(found)
	if err != nil {
		return nil, err
	}
	out := map[string]any{"resource_id": id, "fields": fieldsOf(q.columns), "records": records, "records_format": q.format, "limit": q.limit,
		"include_total": q.total, "total_estimation_threshold": nil, "_links": c.links(q)}
	for _, name := range []string{"q", "full_text", "sort", "plain", "language", "distinct"} {
		if v, ok := c.Params[name]; ok {
			out[name] = v
		}
	}
	if q.filters != nil {
		out["filters"] = q.filters
	}
	if q.offset > 0 {
		out["offset"] = q.offset
	}
	if q.total {
		out["total"], out["total_was_estimated"] = total, false
	}
	if c.Params.flag("include_next_page", false) && len(q.sortBy) == 0 && len(found) > 0 {
		out["next_page"] = map[string]any{"_id": map[string]any{"gt": found[len(found)-1].ID}}
	}
	return out, nil
}

// links are the pages before and after, as addresses within the site.
func (c *call) links(q inquiry) map[string]string {
	values := url.Values{}
	for name, v := range c.Params {
		if s, ok := v.(string); ok && name != "offset" {
			values.Set(name, s)
		} else if raw, err := json.Marshal(v); err == nil && name != "offset" {
			values.Set(name, string(raw))
		}
	}
	base := "/api/3/action/datastore_search?"
	start := base + values.Encode()
	values.Set("offset", strconv.Itoa(q.offset+q.limit))
	out := map[string]string{"start": start, "next": base + values.Encode()}
	if q.offset > 0 {
		values.Set("offset", strconv.Itoa(max(0, q.offset-q.limit)))
		out["prev"] = base + values.Encode()
	}
	return out
}

func fieldsOf(columns []Column) []map[string]any {
	out := make([]map[string]any, len(columns))
	for i, col := range columns {
		out[i] = map[string]any{"id": col.ID, "type": col.Type}
		if col.Label != "" {
			out[i]["info"] = map[string]string{"label": col.Label}
		}
	}
	return out
}

// searchKeys are what datastore_search can be told.
var searchKeys = []string{"resource_id", "id", "filters", "q", "full_text", "distinct", "plain", "language", "limit", "offset", "fields", "sort", "include_total", "records_format",
	"include_next_page", "total_estimation_threshold"}

func (c *call) inquire(columns []Column) (q inquiry, err error) {
	for name := range c.Params {
		if !slices.Contains(searchKeys, name) {
			return q, invalid("__junk", "The input field "+head(name)+" was not expected.")
		}
	}
	if q.limit, err = c.Params.number("limit", recordsDefault, 0); err != nil {
		return q, err
	}
	q.limit = min(q.limit, recordsMax)
	if q.offset, err = c.Params.number("offset", 0, 0); err != nil {
		return q, err
	}
	q.distinct, q.total = c.Params.flag("distinct", false), c.Params.flag("include_total", true)
	if q.format, err = c.Params.text("records_format"); err != nil {
		return q, err
	}
	if q.format == "" {
		q.format = "objects"
	}
	if !slices.Contains([]string{"objects", "lists", "csv", "tsv"}, q.format) {
		return q, invalid("records_format", "Value must be one of ['objects', 'lists', 'csv', 'tsv']")
	}
	all := append([]Column{idColumn}, columns...)
	if err := q.choose(c.Params, all); err != nil {
		return q, err
	}
	if err := q.order(c.Params, all); err != nil {
		return q, err
	}
	if err := q.filter(c.Params, all); err != nil {
		return q, err
	}
	return q, q.words(c.Params, all)
}

func byID(columns []Column, id string) (Column, bool) {
	i := slices.IndexFunc(columns, func(c Column) bool { return c.ID == id })
	if i < 0 {
		return Column{}, false
	}
	return columns[i], true
}

// separated reads a list that may be one text with commas.
func separated(p Params, name string) ([]string, error) {
	list, err := p.list(name)
	if err != nil || len(list) != 1 {
		return list, err
	}
	out := strings.Split(list[0], ",")
	for i := range out {
		out[i] = strings.TrimSpace(out[i])
	}
	return slices.DeleteFunc(out, func(s string) bool { return s == "" }), nil
}

func (q *inquiry) choose(p Params, all []Column) error {
	names, err := separated(p, "fields")
	if err != nil {
		return err
	}
	if q.columns = all; len(names) == 0 {
		if q.distinct { // the id tells all rows apart
			q.columns = all[1:]
		}
		return nil
	}
	q.columns = nil
	for _, name := range names {
		col, ok := byID(all, name)
		if !ok {
			return invalid("fields", fmt.Sprintf("field %q not in table", head(name)))
		}
		q.columns = append(q.columns, col)
	}
	return nil
}

// order reads "field [asc|desc] [nulls first|last]", as PostgreSQL has it.
func (q *inquiry) order(p Params, all []Column) error {
	parts, err := separated(p, "sort")
	if err != nil {
		return err
	}
	for _, part := range parts {
		words := strings.Fields(part)
		if len(words) == 0 {
			continue
		}
		s := sorting{column: strings.Trim(words[0], `"`)}
		if _, ok := byID(all, s.column); !ok {
			return invalid("sort", fmt.Sprintf("field %q not in table", head(s.column)))
		}
		rest := strings.ToLower(strings.Join(words[1:], " "))
		rest, s.desc = cutDirection(rest)
		switch rest {
		case "":
			s.nullsFirst = s.desc
		case "nulls first":
			s.nullsFirst = true
		case "nulls last":
		default:
			return invalid("sort", fmt.Sprintf("Invalid sort order %q", head(part)))
		}
		q.sortBy = append(q.sortBy, s)
	}
	if len(q.sortBy) == 1 && q.sortBy[0].column == "_id" && !q.sortBy[0].desc {
		q.sortBy = nil // as rows come
	}
	return nil
}

func cutDirection(s string) (rest string, desc bool) {
	if after, ok := strings.CutPrefix(s, "desc"); ok {
		return strings.TrimSpace(after), true
	}
	return strings.TrimSpace(strings.TrimPrefix(s, "asc")), false
}

func (q *inquiry) filter(p Params, all []Column) (err error) {
	if q.filters, err = p.object("filters"); err != nil {
		return err
	}
	q.narrow.Equal = map[string][]string{}
	for name, given := range q.filters {
		if _, ok := byID(all, name); !ok {
			return invalid("filters", fmt.Sprintf("field %q not in table", head(name)))
		}
		if ops, ok := given.(map[string]any); ok {
			if err := q.compare(name, ops); err != nil {
				return err
			}
			continue
		}
		list, ok := given.([]any)
		if !ok {
			list = []any{given}
		}
		texts := make([]string, len(list))
		for i, v := range list {
			if v != nil && !scalar(v) {
				return invalid("filters", "a value is a text, a number, true or false, or a list of them")
			}
			texts[i] = plain(v)
		}
		if !slices.Contains(list, nil) && name != "_id" {
			q.narrow.Equal[name] = texts
		}
		q.tests = append(q.tests, func(r Row) bool {
			v, has := r.value(name)
			return slices.ContainsFunc(list, func(w any) bool { return w == nil && !has || w != nil && has && same(v, w) })
		})
	}
	return nil
}

// compare reads bounds such as {"gt": 3, "lte": 10}.
func (q *inquiry) compare(name string, ops map[string]any) error {
	for op, bound := range ops {
		var holds func(n int) bool
		switch op {
		case "lt":
			holds = func(n int) bool { return n < 0 }
		case "lte":
			holds = func(n int) bool { return n <= 0 }
		case "gt":
			holds = func(n int) bool { return n > 0 }
		case "gte":
			holds = func(n int) bool { return n >= 0 }
		case "eq":
			holds = func(n int) bool { return n == 0 }
		default:
			return invalid("filters", fmt.Sprintf("unknown operator %q", head(op)))
		}
		if bound == nil || !scalar(bound) {
			return invalid("filters", fmt.Sprintf("%s needs one value", op))
		}
		if n, err := strconv.ParseInt(plain(bound), 10, 64); err == nil && name == "_id" && op == "gt" {
			q.narrow.After = max(n, 0)
		}
		q.tests = append(q.tests, func(r Row) bool {
			v, has := r.value(name)
			return has && holds(order(v, bound))
		})
	}
	return nil
}

// words reads the full-text query: a text for all fields, or one for each.
func (q *inquiry) words(p Params, all []Column) error {
	prefixes := !p.flag("plain", true)
	add := func(field, text string) {
		q.tests = append(q.tests, func(r Row) bool { return r.says(field, text, prefixes, all) })
	}
	if text, err := p.text("full_text"); err != nil {
		return err
	} else if text != "" {
		add("", text)
	}
	given := p["q"]
	if text, ok := given.(string); ok && strings.HasPrefix(strings.TrimSpace(text), "{") {
		byField, err := p.object("q")
		if err != nil {
			return err
		}
		given = byField
	}
	byField, ok := given.(map[string]any)
	if !ok {
		text, err := p.text("q")
		if err == nil && text != "" {
			add("", text)
		}
		return err
	}
	for name, v := range byField {
		if _, ok := byID(all, name); !ok {
			return invalid("q", fmt.Sprintf("field %q not in table", head(name)))
		}
		text, ok := v.(string)
		if !ok {
			return invalid("q", "a query of a field is a text")
		}
		add(name, text)
	}
	return nil
}

// says reports whether a row holds all words, in one field or anywhere.
func (r Row) says(field, text string, prefixes bool, all []Column) bool {
	var b strings.Builder
	for _, col := range all {
		if v, has := r.value(col.ID); has && (field == "" && col.ID != "_id" || field == col.ID) {
			fmt.Fprintln(&b, plain(v))
		}
	}
	body := fold(b.String())
	for _, w := range strings.FieldsFunc(text, func(r rune) bool { return r == ' ' || r == '&' && prefixes }) {
		if start, ok := strings.CutSuffix(w, ":*"); ok && prefixes {
			if !strings.Contains(body, strings.TrimSuffix(fold(start), " ")) {
				return false
			}
		} else if fold(w) != " " && !holds(body, w) {
			return false
		}
	}
	return true
}

func (r Row) value(name string) (any, bool) {
	if name == "_id" {
		return json.Number(strconv.FormatInt(r.ID, 10)), true
	}
	v, ok := r.Values[name]
	return v, ok && v != nil
}

func scalar(v any) bool {
	switch v.(type) {
	case string, bool, json.Number, float64:
		return true
	}
	return false
}

// plain is a value as text.
func plain(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	case json.Number:
		return v.String()
	case bool:
		return strconv.FormatBool(v)
	}
	raw, _ := json.Marshal(v) // what was decoded from JSON always marshals
	return string(raw)
}

func same(a, b any) bool { return order(a, b) == 0 }

// order compares numbers as numbers and all else as text, by bytes.
func order(a, b any) int {
	x, y := plain(a), plain(b)
	if n, err := strconv.ParseFloat(x, 64); err == nil && numeric(a) {
		if m, err := strconv.ParseFloat(y, 64); err == nil {
			switch {
			case n < m:
				return -1
			case n > m:
				return 1
			}
			return 0
		}
	}
	return strings.Compare(x, y)
}

func numeric(v any) bool {
	switch v.(type) {
	case json.Number, float64:
		return true
	}
	return false
}
