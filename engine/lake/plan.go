package lake

import (
	"fmt"
	"strings"

	"chengshu/core/record"
	"chengshu/engine/lake/duck"
)

// Rules of a field, by the names under which they are reported.
const (
	ruleRequired = "required"
	ruleType     = "type"
	rulePattern  = "pattern"
	ruleLength   = "length"
	ruleMin      = "min"
	ruleChoice   = "choice"
	ruleUnique   = "unique"
	ruleCharset  = "charset" // a character that the file's charset does not have
	ruleColumns  = "columns" // of the row as a whole: too few or too many, or a quote left open
)

// maxLine bounds a line of a file, in bytes.
const maxLine = 16 << 20

// plan is the SQL of one check: the file is read once, each row typed and judged,
// and the good and the bad rows written to a file each.
type plan struct {
	t       *record.Type
	columns []Column
	steps   []duck.Step
}

// Names of the files of a check, and what its steps return.
const (
	rawFile  = "in.csv"
	goodFile = "rows.parquet"
	badFile  = "failures.parquet"

	stepCounts  = 3
	stepRules   = 4
	stepRejects = 5
)

// rowName is the column that counts the rows of the file from 1, and whyName the
// list of the rules that a row broke.
const (
	rowName = "_row"
	whyName = "_why"
)

func newPlan(t *record.Type, tab *table, dir string) []duck.Step {
	p := plan{t: t, columns: tab.columns}
	p.add("create table raw as select row_number() over () as %s, * from read_csv(%s, columns = {%s}, header = true, auto_detect = false, delim = %s, quote = '\"', escape = '\"', strict_mode = true, store_rejects = true, rejects_limit = 0, max_line_size = %d)",
		duck.Name(rowName), duck.Quote(dir+"/"+rawFile), p.rawColumns(), duck.Quote(string(tab.delimiter)), maxLine)
	p.add("create table judged as select %s.*, list_filter([%s], why -> why is not null) as %s from (%s) as typed",
		"typed", strings.Join(p.rules(), ", "), duck.Name(whyName), p.typed())
	p.add("copy (select %s, %s from judged where len(%s) = 0 order by %s) to %s (format parquet, compression zstd)",
		duck.Name(rowName), strings.Join(p.fields(), ", "), duck.Name(whyName), duck.Name(rowName), duck.Quote(dir+"/"+goodFile))
	p.ask("select count(*), count(*) filter (len(%s) = 0) from judged", duck.Name(whyName))
	p.ask("select why, count(*) from (select unnest(%s) as why from judged) group by why order by why", duck.Name(whyName))
	p.ask("select count(distinct line) from reject_errors")
	p.add("copy (select %s as row, null::bigint as line, %s as why, [%s] as cells from judged where len(%s) > 0"+
		" union all select null, line, [':%s'], [csv_line] from (select distinct on (line) line, csv_line from reject_errors) order by row nulls last, line)"+
		" to %s (format parquet, compression zstd)",
		duck.Name(rowName), duck.Name(whyName), strings.Join(p.raw(), ", "), duck.Name(whyName), ruleColumns, duck.Quote(dir+"/"+badFile))
	return p.steps
}

func (p *plan) add(sql string, args ...any) {
	p.steps = append(p.steps, duck.Step{SQL: fmt.Sprintf(sql, args...)})
}

func (p *plan) ask(sql string, args ...any) {
	p.steps = append(p.steps, duck.Step{SQL: fmt.Sprintf(sql, args...), Rows: true})
}

// raw names the columns of the file, by place: their own names may be anything.
func (p *plan) raw() []string {
	out := make([]string, len(p.columns))
	for i := range p.columns {
		out[i] = fmt.Sprintf("c%d", i)
	}
	return out
}

func (p *plan) rawColumns() string {
	out := p.raw()
	for i, name := range out {
		out[i] = "'" + name + "': 'VARCHAR'"
	}
	return strings.Join(out, ", ")
}

func (p *plan) fields() []string {
	out := make([]string, len(p.t.Fields))
	for i, f := range p.t.Fields {
		out[i] = duck.Name(f.Name)
	}
	return out
}

// cell is the text of a field in the file, trimmed, null when it is blank or the
// file has no such column.
func (p *plan) cell(f *record.Field) string {
	for i, c := range p.columns {
		if c.Field == f.Name {
			return fmt.Sprintf("nullif(trim(c%d, %s), '')", i, duck.Quote(" \t\r\n\u3000\u00a0"))
		}
	}
	return "null::varchar"
}

// typed is the rows with each field as a value of its type, and beside it its
// text where a rule has to look at that.
func (p *plan) typed() string {
	out := []string{duck.Name(rowName)}
	out = append(out, p.raw()...)
	for _, f := range p.t.Fields {
		out = append(out, fmt.Sprintf("%s as %s", value(f, p.cell(f)), duck.Name(f.Name)))
	}
	return "select " + strings.Join(out, ", ") + " from raw"
}

// value turns text into the field's type, null when it is none.
func value(f *record.Field, text string) string {
	switch f.Type {
	case record.Integer:
		return fmt.Sprintf("case when regexp_full_match(%[1]s, '[+-]?\\d+') then try_cast(%[1]s as bigint) end", text)
	case record.Decimal:
		return fmt.Sprintf("try_cast(%s as decimal(18, %d))", text, f.Scale)
	case record.Boolean:
		return fmt.Sprintf("case when lower(%[1]s) in ('true', 'yes', 'y', '1', '是', '有') then true when lower(%[1]s) in ('false', 'no', 'n', '0', '否', '无') then false end", text)
	case record.Date:
		return fmt.Sprintf("try_strptime(%s, ['%%Y-%%m-%%d', '%%Y/%%m/%%d', '%%Y.%%m.%%d', '%%Y%%m%%d', '%%Y年%%m月%%d日'])::date", text)
	case record.Time:
		return fmt.Sprintf("coalesce(try_strptime(%[1]s, ['%%Y-%%m-%%d %%H:%%M:%%S', '%%Y-%%m-%%d %%H:%%M', '%%Y/%%m/%%d %%H:%%M:%%S', '%%Y/%%m/%%d %%H:%%M', '%%Y-%%m-%%dT%%H:%%M:%%S'])::timestamptz, try_cast(%[1]s as timestamptz))", text)
	case record.ChoiceOf:
		return choice(f, text)
	}
	return text
}

// choice takes a value of the field's choices by its code or its title.
func choice(f *record.Field, text string) string {
	var b strings.Builder
	b.WriteString("case")
	for _, c := range f.Choices {
		fmt.Fprintf(&b, " when %s in (%s, %s, %s) then %s", text, duck.Quote(c.Value), duck.Quote(c.Title.Zh), duck.Quote(c.Title.En), duck.Quote(c.Value))
	}
	b.WriteString(" end")
	return b.String()
}

// rules are expressions over a typed row: the name of a broken rule, or null.
func (p *plan) rules() []string {
	var out []string
	for _, f := range p.t.Fields {
		name, cell := duck.Name(f.Name), p.cell(f)
		broken := func(rule, when string) {
			out = append(out, fmt.Sprintf("case when %s then %s end", when, duck.Quote(f.Name+":"+rule)))
		}
		if f.Required {
			broken(ruleRequired, cell+" is null")
		}
		if f.Type == record.ChoiceOf {
			broken(ruleChoice, cell+" is not null and "+name+" is null")
		} else if f.Type != record.Text {
			broken(ruleType, cell+" is not null and "+name+" is null")
		}
		if f.Type == record.Text {
			broken(ruleCharset, "contains("+cell+", '\ufffd')")
		}
		if f.Pattern != "" {
			broken(rulePattern, fmt.Sprintf("not regexp_matches(%s, %s)", cell, duck.Quote(f.Pattern)))
		}
		if f.Max > 0 && f.Type == record.Text {
			broken(ruleLength, fmt.Sprintf("length(%s) > %d", cell, f.Max))
		}
		if f.Max > 0 && f.Type == record.Integer {
			broken(ruleLength, fmt.Sprintf("%s > %d", name, f.Max))
		}
		if f.Min != nil {
			broken(ruleMin, fmt.Sprintf("%s < %d", name, *f.Min))
		}
	}
	for _, unique := range p.t.Unique {
		name := duck.Name(unique)
		out = append(out, fmt.Sprintf("case when %s is not null and count(*) over (partition by %s) > 1 then %s end", name, name, duck.Quote(unique+":"+ruleUnique)))
	}
	return out
}
