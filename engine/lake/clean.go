package lake

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"chengshu/core/access"
	"chengshu/core/record"
	"chengshu/engine/lake/duck"
)

// Cleaned says how many cells of a field a cleaning step changed, and some of
// them. Personal values are masked.
type Cleaned struct {
	Field    string      `json:"field"`
	Step     string      `json:"step"`
	Cells    int64       `json:"cells"`
	Examples [][2]string `json:"examples,omitempty"` // before and after
}

const (
	maxExamples = 5    // of a step are shown
	lookedAt    = 1000 // changed cells, to find examples that differ
)

// cleaning is one step on one field: the columns before and after it.
type cleaning struct {
	field         *record.Field
	step          record.Step
	before, after string // SQL of the text
}

// cleanings plans the steps of the cells, those of one turn at a time, and
// returns the query in which they are done, around the one given.
func (p *plan) cleanings(from string) string {
	cell := map[string]string{}
	for turn := 0; ; turn++ {
		var done []string
		for _, f := range p.t.Fields {
			if turn >= len(f.Clean) || f.Clean[turn].Name == record.CleanDatum || p.cell(f) == noCell {
				continue
			}
			before := p.cell(f)
			if c := cell[f.Name]; c != "" {
				before = c
			}
			after := duck.Name(fmt.Sprintf("_clean_%s_%d", f.Name, turn))
			done = append(done, "nullif("+cleanSQL(f, f.Clean[turn], before)+", '') as "+after)
			cell[f.Name] = after
			p.cleaned = append(p.cleaned, cleaning{f, f.Clean[turn], before, after})
		}
		if len(done) == 0 {
			p.clean = cell
			return from
		}
		from = "select *, " + strings.Join(done, ", ") + " from (" + from + ")"
	}
}

// fullWidth and halfWidth are the signs that differ in width only.
var fullWidth, halfWidth = func() (full, half string) {
	for r := '！'; r <= '～'; r++ {
		full, half = full+string(r), half+string(r-'！'+'!')
	}
	return full + "\u3000", half + " "
}()

func widthSQL(x string) string {
	return fmt.Sprintf("case when strlen(%[1]s) > length(%[1]s) then translate(%[1]s, %[2]s, %[3]s) else %[1]s end", x, duck.Quote(fullWidth), duck.Quote(halfWidth))
}

// replaced replaces every match in turn.
func replaced(x string, pairs ...string) string {
	for i := 0; i < len(pairs); i += 2 {
		x = fmt.Sprintf("regexp_replace(%s, %s, %s, 'g')", x, duck.Quote(pairs[i]), duck.Quote(pairs[i+1]))
	}
	return x
}

// cleanSQL is a step on a text.
func cleanSQL(f *record.Field, s record.Step, x string) string {
	switch s.Name {
	case record.CleanTrim:
		return "trim(" + replaced(x, `[\x{200B}-\x{200F}\x{2060}\x{FEFF}\x{00AD}\x00-\x08]`, "", `[\s\x{3000}\x{00A0}]+`, " ") + ")"
	case record.CleanWidth:
		return widthSQL(x)
	case record.CleanDate:
		return dateSQL(x)
	case record.CleanAddress:
		return replaced(widthSQL(x), `[\s\x{00A0}]+`, "", `[—–－‐~]+`, "-", `^(中华人民共和国|中国)`, "")
	case record.CleanCompany:
		return companySQL(x)
	case record.CleanUnit:
		return unitSQL(f, s.Factors, x)
	}
	return x
}

// dateSQL writes a date as 2026-03-02: from 2026年3月2日, 2026.3.2, 20260302,
// 二〇二六年三月二日, with a time after it, or as a spreadsheet's day number.
// What is none of these stays.
func dateSQL(x string) string {
	digits := "translate(" + replaced(x, `([二三])十([一二三四五六七八九])`, `\1\2`, `([二三])十`, `\10`, `十([一二三四五六七八九])`, `一\1`, `十`, "一〇") + ", '〇○零一二三四五六七八九', '000123456789')"
	return fmt.Sprintf("list_transform([case when contains(%[1]s, '年') then %[2]s else %[1]s end], lambda t: coalesce("+
		`case when regexp_full_match(t, '\d{4}[-/.年]\d{1,2}[-/.月]\d{1,2}日?([ T].*)?') then try_cast(regexp_replace(t, '^(\d{4})\D(\d{1,2})\D(\d{1,2}).*$', '\1-\2-\3') as date)`+
		` when regexp_full_match(t, '\d{8}') then try_strptime(t, '%%Y%%m%%d')::date`+
		` when regexp_full_match(t, '[2-6]\d{4}') then date '1899-12-30' + t::integer end::varchar, %[1]s))[1]`, x, digits)
}

// companySQL leaves of a company's name what tells it from others: without its
// place, what is in brackets, and its legal form.
func companySQL(x string) string {
	works := "\ue000" // 市政 is a trade, no city
	return "replace(" + replaced("replace("+widthSQL(x)+", '市政', '"+works+"')",
		`[\s·]+`, "", `\([^)]*\)`, "",
		`^(\p{Han}{2,3}省|\p{Han}{2,6}自治区)?(\p{Han}{2,4}?市)?(\p{Han}{1,4}?[区县]|\p{Han}{2,3}?市)?`, "",
		`(股份有限公司|有限责任公司|有限公司|集团公司|总公司|公司|集团|\p{Han}*分公司|厂|个体工商户|合伙企业|普通合伙)+$`, "") + ", '" + works + "', '市政')"
}

// unitSQL turns a number that is written with a unit into one in the field's.
func unitSQL(f *record.Field, factors map[string]float64, x string) string {
	units := maps.Clone(factors)
	units[f.Unit] = 1
	var b strings.Builder
	b.WriteString("case")
	for _, unit := range slices.Sorted(maps.Keys(units)) {
		number := fmt.Sprintf("try_cast(trim(left(%[1]s, length(%[1]s) - %[2]d)) as decimal(18, 6))", x, len([]rune(unit)))
		fmt.Fprintf(&b, " when suffix(%[1]s, %[2]s) and %[3]s is not null then regexp_replace((%[3]s * %[4]s::decimal(18, 6))::varchar, '\\.?0+$', '')",
			x, duck.Quote(unit), number, strconv.FormatFloat(units[unit], 'f', 6, 64))
	}
	fmt.Fprintf(&b, " else %s end", x)
	return b.String()
}

// tellCleaned asks how many cells each step changed.
func (p *plan) tellCleaned() {
	if len(p.cleaned) == 0 {
		return
	}
	var ask []string
	for i, c := range p.cleaned {
		ask = append(ask, fmt.Sprintf("select %[1]d as nth, (select count(*) from judged where %[2]s is distinct from %[3]s) as cells, (select list([b, a]) from (select distinct b, a from (select %[2]s as b, coalesce(%[3]s, '') as a from judged where %[2]s is distinct from %[3]s limit %[5]d) order by 1 limit %[4]d)) as examples",
			i, c.before, c.after, maxExamples, lookedAt))
	}
	p.ask(theCleaned, "select * from (%s) order by nth", strings.Join(ask, " union all "))
}

// readCleaned reads what tellCleaned asked.
func (p *plan) readCleaned(rows [][]any) ([]Cleaned, error) {
	var out []Cleaned
	for i, row := range rows {
		c := p.cleaned[i]
		one := Cleaned{Field: c.field.Name, Step: c.step.Name}
		if err := scan(row[1:2], &one.Cells); err != nil {
			return nil, err
		}
		examples, _ := row[2].([]any)
		for _, e := range examples {
			if pair, ok := e.([]any); ok && len(pair) == 2 {
				one.Examples = append(one.Examples, [2]string{shown(c.field, pair[0]), shown(c.field, pair[1])})
			}
		}
		out = append(out, one)
	}
	return out, nil
}

// shown is a value as everybody may see it, long ones cut.
func shown(f *record.Field, v any) string {
	s, _ := v.(string)
	if f.Personal {
		return access.Mask(f.Mask, s)
	}
	if r := []rune(s); len(r) > maxShown {
		return string(r[:maxShown]) + "…"
	}
	return s
}
