package record

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"chengshu/kernel/fault"
)

// Measure is one figure of a group of rows. Rows without a value do not count;
// the sum and the mean of a decimal are in its own unit.
type Measure struct {
	Of    string `json:"of"`    // sum | mean | min | max
	Field string `json:"field"` // integer or decimal; min and max: date and time, too
}

// Figure is a group of rows.
type Figure struct {
	By       []any // native values of the fields that it is grouped by
	Rows     int64
	Measures []any // int64 as the field keeps it, float64 for a mean, string for a date; nil without a value
}

const (
	maxBy       = 4
	maxMeasures = 8
	maxFigures  = 1000 // groups
)

// Figures counts the rows that match by the values of fields, the largest
// groups first, and gives measures of each. Groups of fewer than least rows are
// left out.
func (e *Engine) Figures(ctx context.Context, t *Type, q Query, by []string, measures []Measure, least int64) ([]Figure, error) {
	columns, err := t.figureColumns(by, measures)
	if err != nil {
		return nil, err
	}
	b := &builder{t: t}
	if err := b.build(ctx, e, q); err != nil {
		return nil, err
	}
	group := ""
	if len(by) > 0 {
		group = " group by " + strings.Join(columns[:len(by)], ", ")
	}
	sql := fmt.Sprintf("select %s from %s%s%s having count(*) >= %s order by count(*) desc, %s limit %d", strings.Join(columns, ", "), b.from(), b.where(), group, b.arg(least), orderOf(columns[:len(by)]), maxFigures)
	rows, err := e.db.Read(ctx).Query(sql, b.args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []Figure
	for rows.Next() {
		values := make([]any, len(columns))
		targets := make([]any, len(columns))
		for i := range values {
			targets[i] = &values[i]
		}
		if err := rows.Scan(targets...); err != nil {
			return nil, err
		}
		one, err := t.figure(by, values)
		if err != nil {
			return nil, err
		}
		out = append(out, one)
	}
	return out, rows.Err()
}

// orderOf makes the order of equal groups the same every time.
func orderOf(columns []string) string {
	if len(columns) == 0 {
		return "1"
	}
	out := make([]string, len(columns))
	for i, c := range columns {
		out[i] = c + " nulls last"
	}
	return strings.Join(out, ", ")
}

// figureColumns are the columns asked for: those grouped by, the count, the
// measures.
func (t *Type) figureColumns(by []string, measures []Measure) ([]string, error) {
	bad := fault.New(fault.Invalid, "bad-figures", "统计要求有误", "the figures asked for are wrong")
	if len(by) > maxBy || len(measures) > maxMeasures {
		bad.With("by", fmt.Sprintf("最多按 %d 个字段分组、%d 个指标", maxBy, maxMeasures), fmt.Sprintf("at most %d fields and %d measures", maxBy, maxMeasures))
	}
	var out []string
	for i, name := range by {
		f := t.byName[name]
		if f == nil || f.Many || !f.comparable() {
			bad.With(fmt.Sprintf("by.%d", i), "不能按此字段分组："+name, "cannot group by "+name)
			continue
		}
		out = append(out, Column(name))
	}
	out = append(out, "count(*)")
	for i, m := range measures {
		f := t.byName[m.Field]
		fn := map[string]string{"sum": "sum(%s)", "mean": "avg(%s)", "min": "min(%s)", "max": "max(%s)"}[m.Of]
		number := f != nil && (f.Type == Integer || f.Type == Decimal)
		ordered := f != nil && (m.Of == "min" || m.Of == "max") && (f.Type == Date || f.Type == Time)
		if fn == "" || !number && !ordered {
			bad.With(fmt.Sprintf("measures.%d", i), "指标须为数字字段的 sum、mean、min、max，或日期、时刻字段的 min、max", "a measure is sum, mean, min or max of a number, or min or max of a date or time")
			continue
		}
		column := Column(m.Field)
		switch m.Of {
		case "sum":
			column = "cast(" + fmt.Sprintf(fn, column) + " as bigint)" // PostgreSQL sums bigint as numeric
		case "mean":
			column = "cast(" + fmt.Sprintf(fn, column) + " as double precision)"
		default:
			column = fmt.Sprintf(fn, column)
		}
		out = append(out, column)
	}
	if len(bad.Fields) > 0 {
		return nil, bad
	}
	return out, nil
}

// figure reads one row of figures.
func (t *Type) figure(by []string, values []any) (Figure, error) {
	out := Figure{By: make([]any, len(by))}
	for i, name := range by {
		f := t.byName[name]
		v, err := f.kind.load(f, values[i:i+1])
		if err != nil {
			return out, err
		}
		out.By[i] = v
	}
	rows, ok := values[len(by)].(int64)
	if !ok {
		return out, fmt.Errorf("record: figures of %s: the count is %T", t.Name, values[len(by)])
	}
	out.Rows, out.Measures = rows, slices.Clone(values[len(by)+1:])
	for i, v := range out.Measures {
		if text, ok := v.([]byte); ok {
			out.Measures[i] = string(text)
		}
	}
	return out, nil
}

// AppendMeasure appends a measure of a figure as JSON, in the unit of its field.
func (t *Type) AppendMeasure(dst []byte, m Measure, v any) []byte {
	f := t.byName[m.Field]
	switch v := v.(type) {
	case nil:
		return append(dst, "null"...)
	case float64:
		return appendAny(dst, v/scaleOf(f))
	case int64:
		return f.kind.appendJSON(dst, f, v)
	}
	return appendAny(dst, v)
}

func scaleOf(f *Field) float64 {
	out := 1.0
	for range f.Scale {
		out *= 10
	}
	return out
}
