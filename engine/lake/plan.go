package lake

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"chengshu/core/decl"
	"chengshu/core/record"
	"chengshu/engine/lake/duck"
	"chengshu/engine/lake/intake"
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
	ruleFailed   = "error"   // of a spreadsheet: the cell shows an error, not a value
	ruleColumns  = "columns" // of the row as a whole: too few or too many, or a quote left open
	ruleCheck    = "check"   // and a number from 1: a rule under validate
	ruleIn       = "in"
	ruleInside   = "inside"
)

// maxLine bounds a line of a file, in bytes.
const maxLine = 16 << 20

// plan is the SQL of one check: the file is read once, each row typed and judged,
// and the good and the bad rows written to a file each.
type plan struct {
	t       *record.Type
	columns []intake.Column
	sheet   bool // the file is a spreadsheet
	now     time.Time
	out     *outside
	clean   map[string]string // by field: the column of its cleaned cell
	cleaned []cleaning
	demands []demand
	steps   []duck.Step
	at      map[answer]int // the steps that return rows, and the one that reads the file
}

// Names of the files of a check.
const (
	rawFile  = "in.csv"
	goodFile = "rows.parquet"
	badFile  = "failures.parquet"
)

// answer is what a step of a check gives.
type answer string

const (
	theFile    answer = "file" // it is read, and may be no table
	theCounts  answer = "counts"
	theRejects answer = "rejects"
	theRules   answer = "rules"
	theCleaned answer = "cleaned"
	theAge     answer = "age"
	theDatums  answer = "datums"
	thisTime   answer = "this" // figures of the file, and of the last release
	lastTime   answer = "last"
)

// Columns of the judged table beside the fields: the row's number among those
// that could be read, from 1, whether it kept every rule, and for unique fields whether the value is
// there more than once. The cells of the file are c0, c1, …, as text without
// blanks around, null when nothing is left.
const (
	rowName   = "_row"
	okName    = "_ok"
	twiceName = "_twice_"
	keysName  = "_keys_" // tables of the values that a field may have
)

// newPlan plans a check. What costs is done once for each row: the reasons are
// made out for the bad rows only.
func newPlan(t *record.Type, tab *intake.Table, dir string, now time.Time, out *outside) (*plan, error) {
	p := &plan{t: t, columns: tab.Columns, sheet: tab.Format == intake.XLSX, now: now, out: out, at: map[answer]int{}}
	p.adopt()
	for _, f := range t.Fields {
		if f.In != "" {
			p.add("create table %s as select distinct key from (%s) where key is not null", duck.Name(keysName+f.Name), out.keys[f.Name])
		}
	}
	from := fmt.Sprintf("select row_number() over () as %s, %s from read_csv(%s, columns = {%s}, header = true, auto_detect = false, delim = %s, quote = '\"', escape = '\"',"+
		" strict_mode = true, store_rejects = true, rejects_limit = 0, max_line_size = %d)",
		rowName, strings.Join(p.cells(), ", "), duck.Quote(dir+"/"+rawFile), p.rawColumns(), duck.Quote(string(tab.Delimiter)), maxLine)
	from = p.points(p.cleanings(from))
	from = "select *, " + strings.Join(append(p.typed(), p.twice()...), ", ") + " from (" + from + ")"
	from = p.anchored(from)
	if err := p.rules(); err != nil {
		return nil, err
	}
	from = p.inside(from)
	p.reads("create table judged as select *, %s as %s from (%s)", p.keeps(), okName, from)
	p.add("copy (select %s, %s from judged where %s order by %s) to %s (format parquet, compression zstd)",
		rowName, strings.Join(p.fields(), ", "), okName, rowName, duck.Quote(dir+"/"+goodFile))
	p.ask(theCounts, "select count(*), count(*) filter (%[1]s), %[2]s from judged", okName, strings.Join(p.filled(), ", "))
	// How many could not be read as a row, and the first that goes on over the
	// lines after it: a quote was left open, and those are lost.
	p.ask(theRejects, "select count(distinct line), coalesce(min(line) filter (error_type = 'UNQUOTED VALUE' and contains(csv_line, chr(10))), 0) from reject_errors")
	// The first rejected row had `before` good ones before it, and so on: with them
	// the rows are counted as they stand in the file.
	p.add("create table rejected as select line, row_number() over (order by line) as nth, line - 1 - nth as before from (select distinct line from reject_errors)")
	p.add("create table bad as select %[1]s + coalesce(nth, 0) as row, null::bigint as line, list_filter([%[2]s], why -> why is not null) as why, list_transform([%[3]s], cell -> case when strlen(cell) > %[5]d then left(cell, %[5]d) || '…' else cell end) as cells"+
		" from (select * from judged where not %[4]s) as j asof left join (select before, max(nth) as nth from rejected group by before) as shift on j.%[1]s > shift.before", rowName, p.reasons(), strings.Join(p.raw(), ", "), okName, maxShown)
	p.ask(theRules, "select why, count(*) from (select unnest(why) as why from bad) group by why order by why")
	p.add("copy (select * from bad union all select null, line, [':%s'], [] from rejected order by row nulls last, line) to %s (format parquet, compression zstd)",
		ruleColumns, duck.Quote(dir+"/"+badFile))
	p.tellCleaned()
	p.tellQuality()
	return p, nil
}

// filled counts the values of each field in the good rows.
func (p *plan) filled() []string {
	out := p.fields()
	for i, name := range out {
		out[i] = fmt.Sprintf("count(%s) filter (%s)", name, okName)
	}
	return out
}

// reads adds the step that reads the file, unless there is one.
func (p *plan) reads(sql string, args ...any) {
	if _, has := p.at[theFile]; !has {
		p.at[theFile] = len(p.steps)
	}
	p.add(sql, args...)
}

func (p *plan) add(sql string, args ...any) {
	p.steps = append(p.steps, duck.Step{SQL: fmt.Sprintf(sql, args...)})
}

func (p *plan) ask(what answer, sql string, args ...any) {
	p.at[what] = len(p.steps)
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

// maxShown bounds a cell of a row that was not taken, in characters: it is kept
// so that a person can see what is wrong, not for its own sake.
const maxShown = 300

// blanks are what is cut off around a cell: also the wide space of Chinese text
// and the one that web pages do not break at.
const blanks = " \t\u3000\u00a0"

// cells cuts the blanks off. Few cells have any, and to look is cheap.
func (p *plan) cells() []string {
	out := p.raw()
	for i, c := range out {
		var has []string
		for _, b := range blanks {
			has = append(has, fmt.Sprintf("prefix(%[1]s, %[2]s) or suffix(%[1]s, %[2]s)", c, duck.Quote(string(b))))
		}
		out[i] = fmt.Sprintf("case when %s then nullif(trim(%[2]s, %s), '') when %[2]s <> '' then %[2]s end as %[2]s", strings.Join(has, " or "), c, duck.Quote(blanks))
	}
	return out
}

func (p *plan) fields() []string {
	out := make([]string, len(p.t.Fields))
	for i, f := range p.t.Fields {
		out[i] = duck.Name(f.Name)
	}
	return out
}

// adopt finds the columns that fields name as theirs.
func (p *plan) adopt() {
	for _, f := range p.t.Fields {
		for _, heading := range f.Columns {
			if i := p.column(heading); i >= 0 && p.columns[i].Field == "" {
				p.columns[i].Field = f.Name
			}
		}
	}
}

// column is the place of a heading, of which the last part is enough.
func (p *plan) column(heading string) int {
	return slices.IndexFunc(p.columns, func(c intake.Column) bool {
		return strings.EqualFold(c.Header, heading) || strings.EqualFold(c.Header[strings.LastIndexByte(c.Header, '.')+1:], heading)
	})
}

// noCell is the text of a field that the file does not have.
const noCell = "null::varchar"

// cellsOf are the cells of a field as they stand in the file: of a point it may
// be two.
func (p *plan) cellsOf(f *record.Field) []string {
	var out []string
	for _, heading := range f.Columns {
		if i := p.column(heading); i >= 0 {
			out = append(out, fmt.Sprintf("c%d", i))
		}
	}
	if len(out) > 0 && len(out) == len(f.Columns) {
		return out
	}
	for i, c := range p.columns {
		if c.Field == f.Name {
			return []string{fmt.Sprintf("c%d", i)}
		}
	}
	return []string{noCell}
}

// cell is the text of a field, after its cleaning.
func (p *plan) cell(f *record.Field) string {
	if c := p.clean[f.Name]; c != "" {
		return c
	}
	if cells := p.cellsOf(f); len(cells) > 1 {
		return "coalesce(" + strings.Join(cells, ", ") + ")"
	} else {
		return cells[0]
	}
}

// typed is each field as a value of its type.
func (p *plan) typed() []string {
	var out []string
	for _, f := range p.t.Fields {
		sql := ""
		switch f.Type {
		case record.PointAt:
			sql = p.toStored(f, f.Datum)
		default:
			sql = value(f, p.cell(f))
		}
		out = append(out, sql+" as "+duck.Name(f.Name))
	}
	return out
}

// twice is, for each set of fields that tell rows apart, whether the values of a
// row are there more than once. It is asked beside the typed values, not above
// them: what is sorted for it is then the text alone.
func (p *plan) twice() []string {
	var out []string
	for _, set := range p.t.Unique {
		var names, given []string
		for name := range strings.SplitSeq(set, "+") {
			f := p.t.Field(name)
			of := value(f, p.cell(f))
			names, given = append(names, of), append(given, of+" is not null")
		}
		out = append(out, fmt.Sprintf("%s and count(*) over (partition by %s) > 1 as %s", strings.Join(given, " and "), strings.Join(names, ", "), duck.Name(twiceName+set)))
	}
	return out
}

// value turns text into the field's type, null when it is none.
func value(f *record.Field, text string) string {
	switch f.Type {
	case record.Integer:
		return fmt.Sprintf("case when regexp_full_match(%[1]s, '[+-]?\\d+') then try_cast(%[1]s as bigint) end", text)
	case record.Decimal:
		return fmt.Sprintf("case when regexp_full_match(%[1]s, '[+-]?(\\d+\\.?|\\d*\\.\\d{1,%[2]d}0*)') then try_cast(%[1]s as decimal(18, %[2]d)) end", text, f.Scale)
	case record.Boolean:
		return fmt.Sprintf("case when lower(%[1]s) in ('true', 'yes', 'y', '1', '是', '有') then true when lower(%[1]s) in ('false', 'no', 'n', '0', '否', '无') then false end", text)
	case record.Date:
		return fmt.Sprintf("case when regexp_full_match(%[1]s, '\\d{4}-\\d{1,2}-\\d{1,2}') then try_cast(%[1]s as date) when regexp_full_match(%[1]s, '[\\d/.年月日]+') then try_strptime(%[1]s, ['%%Y/%%m/%%d', '%%Y.%%m.%%d', '%%Y%%m%%d', '%%Y年%%m月%%d日'])::date end", text)
	case record.Time:
		// Without an offset it is Beijing time. What a cast would take beyond these
		// forms, such as "epoch", is no time. The list of forms is slow and comes last.
		return fmt.Sprintf("case when regexp_full_match(%[1]s, '\\d{4}-\\d{1,2}-\\d{1,2}[ T]\\d{1,2}:\\d{2}(:\\d{2}(\\.\\d{1,6})?)?') then try_cast(%[1]s as timestamp)::timestamptz"+
			" when regexp_full_match(%[1]s, '\\d{4}-\\d{2}-\\d{2}[ T]\\d{2}:\\d{2}:\\d{2}(\\.\\d{1,6})?(Z|[+-]\\d{2}:?\\d{2})') then try_cast(%[1]s as timestamptz)"+
			" when regexp_full_match(%[1]s, '\\d{4}/[\\d/ :]+') then try_strptime(%[1]s, ['%%Y/%%m/%%d %%H:%%M:%%S', '%%Y/%%m/%%d %%H:%%M'])::timestamptz end", text)
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

// demand is a rule: its name, and a condition over a typed row that holds where
// it is broken. It may be undecided where there is no value; then it is kept.
type demand struct {
	field, rule, when string
	text              *decl.Text // what its declaration says when it is broken
}

// rules lists what is asked of a row.
func (p *plan) rules() error {
	add := func(field, rule, when string, args ...any) {
		p.demands = append(p.demands, demand{field: field, rule: rule, when: fmt.Sprintf(when, args...)})
	}
	for _, f := range p.t.Fields {
		name, cell := duck.Name(f.Name), p.cell(f)
		if f.Required {
			add(f.Name, ruleRequired, "%s is null", cell)
		}
		switch f.Type {
		case record.ChoiceOf:
			add(f.Name, ruleChoice, "%s is not null and %s is null", cell, name)
		case record.Text:
			add(f.Name, ruleCharset, "contains(%s, '\ufffd')", cell)
			if p.sheet {
				add(f.Name, ruleFailed, "%s in ('#NULL!', '#DIV/0!', '#VALUE!', '#REF!', '#NAME?', '#NUM!', '#N/A')", cell)
			}
		default:
			add(f.Name, ruleType, "%s is not null and %s is null", cell, name)
		}
		if f.Pattern != "" {
			add(f.Name, rulePattern, "not regexp_matches(%s, %s)", cell, duck.Quote(f.Pattern))
		}
		switch {
		case f.Max > 0 && f.Type == record.Text:
			// Characters are counted only where the bytes could be too many.
			add(f.Name, ruleLength, "strlen(%[1]s) > %[2]d and length(%[1]s) > %[2]d", cell, f.Max)
		case f.Max != 0 && (f.Type == record.Integer || f.Type == record.Decimal):
			add(f.Name, ruleLength, "%s > %d", name, f.Max)
		}
		if f.Min != nil {
			add(f.Name, ruleMin, "%s < %d", name, *f.Min)
		}
		if f.In != "" {
			add(f.Name, ruleIn, "%[1]s is not null and %[1]s not in (select key from %[2]s)", name, duck.Name(keysName+f.Name))
			p.demands[len(p.demands)-1].text = &decl.Text{Zh: "登记中没有这个值", En: "is not among those registered"}
		}
	}
	for _, set := range p.t.Unique {
		if field, _, several := strings.Cut(set, "+"); several {
			add("", ruleUnique+"("+set+")", "%s", duck.Name(twiceName+set))
			p.demands[len(p.demands)-1].text = p.titles(set)
		} else {
			add(field, ruleUnique, "%s", duck.Name(twiceName+set))
		}
	}
	column := p.t.Column("timestamptz " + duck.Quote(p.now.UTC().Format("2006-01-02 15:04:05.999999Z07")))
	for i, c := range p.t.Validate {
		sql, err := c.Expr.SQL(column)
		if err != nil {
			return fmt.Errorf("lake: rule %d of %s: %w", i+1, p.t.Name, err)
		}
		p.demands = append(p.demands, demand{c.Field, fmt.Sprintf("%s%d", ruleCheck, i+1), "not (" + sql + ")", &p.t.Validate[i].Else})
	}
	return nil
}

// titles says that the values of several fields are there more than once.
func (p *plan) titles(set string) *decl.Text {
	var zh, en []string
	for name := range strings.SplitSeq(set, "+") {
		title := fieldTitle(p.t, name)
		zh, en = append(zh, title.Zh), append(en, title.En)
	}
	return &decl.Text{Zh: strings.Join(zh, "、") + "：组合重复", En: strings.Join(en, ", ") + ": together there more than once"}
}

// textOf is what the declaration of a rule says when it is broken, if it does.
func (p *plan) textOf(field, rule string) *decl.Text {
	for _, d := range p.demands {
		if d.field == field && d.rule == rule {
			return d.text
		}
	}
	return nil
}

// keeps is whether a row keeps every rule.
func (p *plan) keeps() string {
	if len(p.demands) == 0 {
		return "true"
	}
	out := make([]string, len(p.demands))
	for i, b := range p.demands {
		out[i] = "(" + b.when + ") is not true"
	}
	return strings.Join(out, " and ")
}

// reasons are the names of the rules that a row breaks, null for those it keeps.
func (p *plan) reasons() string {
	out := make([]string, len(p.demands))
	for i, b := range p.demands {
		out[i] = fmt.Sprintf("case when %s then %s end", b.when, duck.Quote(b.field+":"+b.rule))
	}
	return strings.Join(out, ", ")
}
