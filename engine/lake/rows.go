package lake

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"chengshu/core/record"
	"chengshu/engine/lake/duck"
)

// Row is one row of a release: its number among the rows of the file that could
// be read, and its values by field.
type Row struct {
	Row    int64
	Values map[string]any
}

// Rows returns up to limit rows of a release from after a row number on, with
// the fields of those names only. Decimals and dates are text, as in records.
func (e *Engine) Rows(ctx context.Context, m Manifest, fields []string, after int64, limit int) ([]Row, error) {
	names := []string{duck.Name(rowName)}
	for _, f := range m.Fields {
		if !slices.Contains(fields, f.Name) {
			continue
		}
		name := duck.Name(f.Name)
		if f.Type == string(record.Decimal) || f.Type == string(record.Date) {
			name = "cast(" + name + " as varchar)"
		}
		names = append(names, name)
	}
	got, err := e.ask(ctx, m.Files[0].SHA256, func(file string) string {
		return fmt.Sprintf("select %s from read_parquet(%s) where %s > %d order by %s limit %d", strings.Join(names, ", "), file, duck.Name(rowName), after, duck.Name(rowName), limit)
	})
	if err != nil {
		return nil, err
	}
	out := make([]Row, len(got.Rows))
	for i, row := range got.Rows {
		if err := scan(row[:1], &out[i].Row); err != nil {
			return nil, err
		}
		out[i].Values = map[string]any{}
		for j, f := range fields {
			if row[j+1] != nil {
				out[i].Values[f] = row[j+1]
			}
		}
	}
	return out, nil
}

// Failure is a row of the file that was not taken, and why. Line is given
// instead of Row for one that cannot be read as a row; it has no cells.
type Failure struct {
	Row, Line int64
	Why       []Rule
	Cells     []string // by Report.Columns, long ones cut
}

// Failures returns up to limit failures of a batch, skipping the first after.
func (e *Engine) Failures(ctx context.Context, b *Batch, after int64, limit int) ([]Failure, error) {
	got, err := e.ask(ctx, b.Bad, func(file string) string {
		return fmt.Sprintf("select row, line, why, cells from read_parquet(%s, file_row_number = true) where file_row_number >= %d order by file_row_number limit %d", file, after, limit)
	})
	if err != nil {
		return nil, err
	}
	out := make([]Failure, len(got.Rows))
	for i, row := range got.Rows {
		f := &out[i]
		for j, to := range []*int64{&f.Row, &f.Line} {
			if row[j] != nil {
				if err := scan(row[j:j+1], to); err != nil {
					return nil, err
				}
			}
		}
		why, _ := row[2].([]any)
		for _, w := range why {
			field, rule, _ := strings.Cut(fmt.Sprint(w), ":")
			f.Why = append(f.Why, Rule{Field: field, Rule: rule})
		}
		cells, _ := row[3].([]any)
		for _, c := range cells {
			text, _ := c.(string)
			f.Cells = append(f.Cells, text)
		}
	}
	return out, nil
}

const (
	maxAsking = 4         // pages read at once, each by a worker
	askMemory = 256 << 20 // of one
)

// ask runs one question over a stored Parquet file.
func (e *Engine) ask(ctx context.Context, hash string, sql func(file string) string) (duck.Rows, error) {
	select {
	case e.asking <- struct{}{}:
		defer func() { <-e.asking }()
	case <-ctx.Done():
		return duck.Rows{}, context.Cause(ctx)
	}
	dir, done, err := e.place()
	if err != nil {
		return duck.Rows{}, err
	}
	defer done()
	file := dir + "/rows.parquet"
	if err := e.fetch(ctx, hash, file); err != nil {
		return duck.Rows{}, err
	}
	got, err := e.work(ctx, duck.Task{Dir: dir, Memory: askMemory, Threads: 1, Steps: []duck.Step{{SQL: sql(duck.Quote(file)), Rows: true}}}, nil)
	return got[0], err
}

// Because says in words why a row was not taken.
func Because(t *record.Type, r Rule) (zh, en string) {
	title := fieldTitle(t, r.Field)
	zhs := map[string]string{ruleRequired: "必填", ruleType: "不是" + typeZh(t, r.Field), rulePattern: "格式不符", ruleLength: "过长或过大", ruleMin: "过小",
		ruleChoice: "不在可选值中", ruleUnique: "重复", ruleCharset: "含有无法识别的字符", ruleFailed: "是 Excel 的错误值", ruleColumns: "列数不符或引号没有成对"}
	ens := map[string]string{ruleRequired: "is required", ruleType: "is no " + typeEn(t, r.Field), rulePattern: "has another form", ruleLength: "is too long or too large", ruleMin: "is too small",
		ruleChoice: "is none of the choices", ruleUnique: "is there more than once", ruleCharset: "has characters that cannot be read", ruleFailed: "is an error of Excel", ruleColumns: "too few or too many columns, or a quote left open"}
	if r.Field == "" {
		return zhs[r.Rule], ens[r.Rule]
	}
	return title.Zh + "：" + zhs[r.Rule], title.En + " " + ens[r.Rule]
}

func typeZh(t *record.Type, field string) string {
	return map[record.FieldType]string{record.Integer: "整数", record.Decimal: "数字", record.Boolean: "是或否", record.Date: "日期", record.Time: "时刻"}[typeOf(t, field)]
}

func typeEn(t *record.Type, field string) string {
	return map[record.FieldType]string{record.Integer: "whole number", record.Decimal: "number", record.Boolean: "yes or no", record.Date: "date", record.Time: "time"}[typeOf(t, field)]
}

func typeOf(t *record.Type, field string) record.FieldType {
	if f := t.Field(field); f != nil {
		return f.Type
	}
	return record.Text
}
