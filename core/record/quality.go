package record

import (
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"chengshu/core/decl"
	"chengshu/kernel/clock"
)

// Quality is what a dataset asks of a file as a whole. What is not kept is told
// with the load; what Stop names stops the release too.
type Quality struct {
	decl.Pos
	Bad    *int     `yaml:"bad"`    // percent of rows not taken, at most
	Rows   int      `yaml:"rows"`   // rows that are good, at least
	Fresh  *Fresh   `yaml:"fresh"`  // how old the newest row may be
	Drift  *Drift   `yaml:"drift"`  // how far it may be from the last release
	Inside string   `yaml:"inside"` // type.field of areas: a point outside all of them is no good
	Anchor *Anchors `yaml:"datum"`  // which coordinate system points are really in
	Stop   []string `yaml:"stop"`   // of bad, rows, fresh, drift, datum
}

// Fresh is how old the newest value of a date or time may be.
type Fresh struct {
	decl.Pos
	Field  string `yaml:"field,required"`
	Within string `yaml:"within,required"` // minutes, hours or days

	Span clock.Span `yaml:"-"`
}

// Drift is how far a file may be from the last release. What is 0 is not asked.
type Drift struct {
	decl.Pos
	Rows   int     `yaml:"rows"`   // percent more or fewer rows
	Empty  int     `yaml:"empty"`  // percentage points by which the share of empty cells of a field may grow
	Shares int     `yaml:"shares"` // percentage points by which the share of one choice may change
	Mean   float64 `yaml:"mean"`   // standard deviations by which the mean of a number may move
}

// Anchors are records whose positions are known: points of the file under the
// same key tell the coordinate system that they are in.
type Anchors struct {
	decl.Pos
	Field  string `yaml:"field,required"` // the point, of the dataset and of the records
	In     string `yaml:"in,required"`    // the record type
	By     string `yaml:"by,required"`    // the key, of both
	Within int    `yaml:"within"`         // metres; 100 when not given
}

// Step is one thing done to a cell before it is read: a name, and what some of
// them need.
type Step struct {
	decl.Pos
	Name    string
	Factors map[string]float64 // unit: by the unit written after a number
}

// The steps.
const (
	CleanTrim    = "trim"    // invisible characters go, and runs of blanks become one
	CleanWidth   = "width"   // full-width letters, digits and signs become ASCII
	CleanDate    = "date"    // a date in any usual form becomes 2026-03-02
	CleanAddress = "address" // an address without blanks, its signs and its city written one way
	CleanCompany = "company" // the core of a company's name
	CleanUnit    = "unit"    // a number with its unit becomes one in the field's
	CleanDatum   = "datum"   // a point that is in another system than declared is moved
)

var cleanSteps = []string{CleanTrim, CleanWidth, CleanDate, CleanAddress, CleanCompany, CleanUnit, CleanDatum}

// DecodeDecl reads `trim` or `unit: {mg/m3: 1000}`.
func (c *Step) DecodeDecl(n *yaml.Node, file string, r *decl.Report) {
	c.Pos = decl.PosOf(n, file)
	if n.Kind == yaml.ScalarNode {
		c.Name = n.Value
		return
	}
	var unit struct {
		Factors map[string]float64 `yaml:"unit,required"`
	}
	decl.Decode(n, file, &unit, r)
	c.Name, c.Factors = CleanUnit, unit.Factors
}

// checkOnlyDatasets refuses what a register cannot have.
func (t *Type) checkOnlyDatasets(r *decl.Report) {
	if t.Quality != nil {
		r.Add(t.At("quality"), "quality 只用于 dataset", "quality is for datasets only")
	}
	for _, f := range t.Fields {
		if f.Columns != nil || f.Datum != "" || f.In != "" || f.Clean != nil {
			r.Add(f.Pos, "columns、datum、in、clean 只用于 dataset 的字段", "columns, datum, in and clean are for fields of datasets only")
		}
	}
}

// checkQuality checks what only datasets have.
func (t *Type) checkQuality(s *decl.Set, r *decl.Report) {
	for _, f := range t.Fields {
		f.checkClean(t, r)
		t.checkShared(f, r)
		if f.In != "" {
			t.checkKeys(f, s, r)
		}
	}
	q := t.Quality
	if q == nil {
		return
	}
	for _, name := range q.Stop {
		asked := map[string]bool{"bad": q.Bad != nil, "rows": q.Rows > 0, "fresh": q.Fresh != nil, "drift": q.Drift != nil, "datum": q.Anchor != nil}
		if !asked[name] {
			r.Add(q.Pos, fmt.Sprintf("stop 中的 %q 没有在 quality 中要求", name), fmt.Sprintf("%q in stop is not asked for under quality", name))
		}
	}
	if q.Bad != nil && (*q.Bad < 0 || *q.Bad > 100) {
		r.Add(q.Pos, "bad 为百分数，应在 0 到 100 之间", "bad is a percentage, from 0 to 100")
	}
	if q.Fresh != nil {
		q.Fresh.check(t, r)
	}
	if q.Inside != "" {
		name, field, _ := strings.Cut(q.Inside, ".")
		if there, ok := decl.Find[*Type](s, Kind.Name, name); !ok || there.declared(field) == nil || there.declared(field).Type != AreaOf {
			r.Add(q.Pos, fmt.Sprintf("inside：%q 应为“记录类型.area 字段”", q.Inside), fmt.Sprintf("inside: %q must be a record type and its field of type area, type.field", q.Inside))
		}
		if !slices.ContainsFunc(t.Fields, func(f *Field) bool { return f.Type == PointAt }) {
			r.Add(q.Pos, "inside：没有 point 字段", "inside: there is no field of type point")
		}
	}
	if q.Anchor != nil {
		t.checkAnchors(q.Anchor, s, r)
	}
}

func (f *Fresh) check(t *Type, r *decl.Report) {
	if at := t.byName[f.Field]; at == nil || at.Type != Time && at.Type != Date {
		r.Add(f.Pos, fmt.Sprintf("fresh：没有 time 或 date 字段 %q", f.Field), fmt.Sprintf("fresh: there is no field %q of type time or date", f.Field))
	}
	var err error
	if f.Span, err = clock.ParseSpan(f.Within); err != nil || !slices.Contains([]clock.Unit{clock.Minutes, clock.Hours, clock.Days}, f.Span.Unit()) {
		r.Add(f.Pos, fmt.Sprintf("fresh：%q 不是时长，如 24 hours、3 days", f.Within), fmt.Sprintf("fresh: %q is no span such as 24 hours, 3 days", f.Within))
	}
}

// checkShared refuses two fields of one column of which only one is personal.
func (t *Type) checkShared(f *Field, r *decl.Report) {
	for _, heading := range f.Columns {
		for _, other := range t.Fields {
			if slices.Contains(append([]string{other.Name, other.Title.Zh, other.Title.En}, other.Columns...), heading) && other.Personal && !f.Personal {
				r.Add(f.Pos, fmt.Sprintf("字段 %q 与含个人信息的 %q 读同一列，也须标明 personal", f.Name, other.Name), fmt.Sprintf("the field %q reads the column of %q, which is personal; it must be personal too", f.Name, other.Name))
			}
			if slices.Contains([]string{other.Name, other.Title.Zh, other.Title.En}, heading) && f.Personal && !other.Personal {
				r.Add(other.Pos, fmt.Sprintf("字段 %q 与含个人信息的 %q 读同一列，也须标明 personal", other.Name, f.Name), fmt.Sprintf("the field %q reads the column of %q, which is personal; it must be personal too", other.Name, f.Name))
			}
		}
	}
}

func (f *Field) checkClean(t *Type, r *decl.Report) {
	if f.Datum != "" {
		oneOf(r, f.Pos, "datum", f.Datum, "WGS84", "GCJ02", "BD09")
		if f.Type != PointAt {
			r.Add(f.Pos, "datum 只用于 point", "datum is for points only")
		}
	}
	if len(f.Columns) > 1 && (f.Type != PointAt || len(f.Columns) > 2) {
		r.Add(f.Pos, "columns 写一个列名；point 可写经度、纬度两列", "columns names one heading; of a point it may name two, longitude and latitude")
	}
	for _, c := range f.Clean {
		fits := map[string]bool{CleanTrim: true, CleanWidth: true, CleanDate: f.Type == Date || f.Type == Text, CleanAddress: f.Type == Text, CleanCompany: f.Type == Text,
			CleanUnit: (f.Type == Decimal || f.Type == Integer) && f.Unit != "" && len(c.Factors) > 0, CleanDatum: f.Type == PointAt && t.Quality != nil && t.Quality.Anchor != nil && t.Quality.Anchor.Field == f.Name}
		if fit, known := fits[c.Name]; !known {
			zh, en := decl.Suggest(c.Name, cleanSteps)
			r.Add(c.Pos, fmt.Sprintf("没有清洗步骤 %q；%s", c.Name, zh), fmt.Sprintf("no cleaning step %q; %s", c.Name, en))
		} else if !fit {
			r.Add(c.Pos, fmt.Sprintf("清洗步骤 %q 不适用于此字段（date：date、text；address、company：text；unit：有 unit 的数字，须写换算系数；datum：quality.datum 所指的 point）", c.Name),
				fmt.Sprintf("the cleaning step %q does not fit this field (date: date, text; address, company: text; unit: numbers with a unit, and factors; datum: the point of quality.datum)", c.Name))
		}
	}
}

// checkKeys checks where a field's values must be found.
func (t *Type) checkKeys(f *Field, s *decl.Set, r *decl.Report) {
	name, field, _ := strings.Cut(f.In, ".")
	there, ok := decl.Find[*Type](s, Kind.Name, name)
	switch {
	case !ok || there.declared(field) == nil || there.declared(field).Type != Text || there.declared(field).Personal && !f.Personal:
		r.Add(f.Pos, fmt.Sprintf("in：%q 应为“记录类型.text 字段”；若含个人信息，本字段也须标明 personal", f.In),
			fmt.Sprintf("in: %q must be a record type and its text field, type.field; if that is personal this field must be too", f.In))
	case f.Type != Text:
		r.Add(f.Pos, "in 只用于 text", "in is for text only")
	}
}

func (t *Type) checkAnchors(a *Anchors, s *decl.Set, r *decl.Report) {
	if a.Within == 0 {
		a.Within = 100
	}
	there, ok := decl.Find[*Type](s, Kind.Name, a.In)
	for _, of := range []struct {
		t     *Type
		there bool
	}{{t, true}, {there, ok && there.Resource != Dataset}} {
		if !of.there || of.t.declared(a.Field) == nil || of.t.declared(a.Field).Type != PointAt || of.t.declared(a.By) == nil || of.t.declared(a.By).Type != Text {
			r.Add(a.Pos, fmt.Sprintf("datum：数据集与登记库 %q 都须有 point 字段 %q 和 text 字段 %q", a.In, a.Field, a.By),
				fmt.Sprintf("datum: the dataset and the register %q must both have a point %q and a text %q", a.In, a.Field, a.By))
			return
		}
	}
}
