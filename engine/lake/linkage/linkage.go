package linkage

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"

	"chengshu/core/decl"
	"chengshu/core/process"
	"chengshu/core/record"
	"chengshu/engine/lake/link"
	"chengshu/kernel/fault"
)

// Linkage is a declared linkage: kind `linkage`.
type Linkage struct {
	decl.Meta
	Title    decl.Text `yaml:"title,required"`
	About    decl.Text `yaml:"about"`
	Articles []string  `yaml:"articles"`
	Basis    string    `yaml:"basis,required"`
	Process  string    `yaml:"process,required"` // whose cases link; grants on it say who may read and decide
	Sources  []*Source `yaml:"sources,required"`
	Compare  []*Field  `yaml:"compare,required"`
	Survive  []*Golden `yaml:"survive"`
	Link     float64   `yaml:"link"`    // probability from which rows are joined; 0.9
	Review   float64   `yaml:"review"`  // probability from which a person is asked; 0.3
	Largest  int       `yaml:"largest"` // rows of one entity; 50

	checks map[string]link.Check
}

// Source is a dataset or a register whose rows are linked; it bears the name of
// its record type.
type Source struct {
	decl.Pos
	Name   string            `yaml:",key"`
	Unique bool              `yaml:"unique"` // holds each entity once
	Fields map[string]string `yaml:"fields"` // of the linkage, where its own is called otherwise
	At     string            `yaml:"at"`     // field that says how old a row is

	Type *record.Type `yaml:"-"`
}

// Field is a field that is compared.
type Field struct {
	decl.Pos
	Name     string    `yaml:",key"`
	By       string    `yaml:"by,required"` // one of link.Comparisons
	Check    string    `yaml:"check"`
	Steps    []float64 `yaml:"steps"`
	Terms    bool      `yaml:"terms"`
	Shared   bool      `yaml:"shared"`
	Distinct bool      `yaml:"distinct"`
}

// Golden says whose value of a field is believed.
type Golden struct {
	decl.Pos
	Field string   `yaml:",key"`
	From  string   `yaml:"from"`  // the authoritative source
	Rules []string `yaml:"rules"` // of link.Survival, in order
}

// Kind is the declaration kind of linkages, which may name these checks.
func Kind(checks map[string]link.Check) decl.Kind {
	return decl.Kind{Name: KindName, Order: 46, New: func() decl.Item { return &Linkage{checks: checks} }}
}

// KindName is the name of the kind.
const KindName = "linkage"

// Decide is the action, beside those of its process, that grants must name for
// those who decide about pairs.
const Decide = "decide-pair"

// maxSources is far more than anybody has linked at once.
const maxSources = 16

// Check resolves the names of the declaration.
func (l *Linkage) Check(set *decl.Set, r *decl.Report) {
	if _, ok := decl.Find[*process.Process](set, process.KindName, l.Process); !ok {
		zh, en := decl.Suggest(l.Process, set.Names(process.KindName))
		r.Add(l.At("process"), fmt.Sprintf("没有流程 %q；%s", l.Process, zh), fmt.Sprintf("there is no process %q; %s", l.Process, en))
	}
	if len(l.Sources) == 0 || len(l.Sources) > maxSources {
		r.Add(l.At("sources"), fmt.Sprintf("须有 1 至 %d 个来源", maxSources), fmt.Sprintf("there must be 1 to %d sources", maxSources))
	}
	for _, s := range l.Sources {
		l.checkSource(s, set, r)
	}
	for _, f := range l.Compare {
		if !slices.ContainsFunc(l.Sources, func(s *Source) bool { return s.Type == nil || s.Field(f.Name) != nil }) {
			r.Add(f.Pos, fmt.Sprintf("没有一个来源有字段 %q", f.Name), fmt.Sprintf("none of the sources has a field %q", f.Name))
		}
	}
	for _, g := range l.Survive {
		if g.From != "" && l.Source(g.From) == nil {
			r.Add(g.Pos, fmt.Sprintf("from：%q 不是来源", g.From), fmt.Sprintf("from: %q is none of the sources", g.From))
		}
	}
	if _, err := link.New(l.spec(), l.checks); err != nil {
		l.report(err, r)
	}
}

// linkable are the types of fields that can be compared, as text.
var linkable = []record.FieldType{record.Text, record.Integer, record.Decimal, record.Date, record.ChoiceOf, record.Reference}

func (l *Linkage) checkSource(s *Source, set *decl.Set, r *decl.Report) {
	t, ok := decl.Find[*record.Type](set, record.Kind.Name, s.Name)
	if !ok || t.Case {
		zh, en := decl.Suggest(s.Name, set.Names(record.Kind.Name))
		r.Add(s.Pos, fmt.Sprintf("没有数据集或登记库 %q；%s", s.Name, zh), fmt.Sprintf("there is no dataset or register %q; %s", s.Name, en))
		return
	}
	s.Type = t
	if key := t.KeyField(); t.Resource == record.Dataset && (key == nil || key.Personal) {
		r.Add(s.Pos, fmt.Sprintf("数据集 %q 没有不含个人信息的单个唯一字段（unique），下一版本中认不出同一行", s.Name),
			fmt.Sprintf("dataset %q has no unique field of its own that is not personal, by which a row is known in the next release", s.Name))
	}
	for name := range s.Fields {
		if !slices.ContainsFunc(l.Compare, func(f *Field) bool { return f.Name == name }) {
			r.Add(s.Pos, fmt.Sprintf("fields：%q 不在 compare 中", name), fmt.Sprintf("fields: %q is not under compare", name))
		}
	}
	for _, f := range l.Compare {
		own := t.Field(s.column(f.Name))
		switch {
		case own == nil && s.Fields[f.Name] == "":
			// this source does not have it
		case own == nil || own.Many || !slices.Contains(linkable, own.Type):
			r.Add(s.Pos, fmt.Sprintf("%q 没有可比较的字段 %q（单值的 text、integer、decimal、date、choice、reference）", s.Name, s.column(f.Name)),
				fmt.Sprintf("%q has no field %q that can be compared: text, integer, decimal, date, choice or reference, of one value", s.Name, s.column(f.Name)))
		}
	}
	if f := t.Field(s.At); s.At != "" && (f == nil || f.Type != record.Time && f.Type != record.Date) {
		r.Add(s.Pos, fmt.Sprintf("at：%q 没有 time 或 date 字段 %q", s.Name, s.At), fmt.Sprintf("at: %q has no field %q of type time or date", s.Name, s.At))
	}
}

// column is what the source calls a field.
func (s *Source) column(field string) string {
	if own := s.Fields[field]; own != "" {
		return own
	}
	return field
}

// Field returns the source's own field, nil when it has none.
func (s *Source) Field(field string) *record.Field { return s.Type.Field(s.column(field)) }

// Source returns the source of that name, or nil.
func (l *Linkage) Source(name string) *Source {
	if i := slices.IndexFunc(l.Sources, func(s *Source) bool { return s.Name == name }); i >= 0 {
		return l.Sources[i]
	}
	return nil
}

// spec is the linkage as engine/lake/link takes it.
func (l *Linkage) spec() link.Spec {
	out := link.Spec{Link: l.Link, Review: l.Review, MaxCluster: l.Largest}
	for _, f := range l.Compare {
		out.Fields = append(out.Fields, link.Field{Name: f.Name, Compare: f.By, Check: f.Check, Steps: f.Steps, Terms: f.Terms, Shared: f.Shared, Distinct: f.Distinct})
	}
	for _, g := range l.Survive {
		out.Golden = append(out.Golden, link.Survivor{Field: g.Field, Source: g.From, Rules: g.Rules})
	}
	return out
}

var specPath = regexp.MustCompile(`^(fields|golden)\.(\d+)`)

// report tells what engine/lake/link says of the spec where it stands.
func (l *Linkage) report(err error, r *decl.Report) {
	var mistakes *fault.Fault
	if !errors.As(err, &mistakes) {
		r.Add(l.Pos, err.Error(), err.Error())
		return
	}
	for _, f := range mistakes.Fields {
		pos := l.Pos
		if f.Path == "link" { // what else it says is none of a declaration's keys
			r.Add(l.At("link"), "须有 0 ≤ review ≤ link ≤ 1，largest 至少为 2", "need 0 ≤ review ≤ link ≤ 1, and largest of 2 or more")
			continue
		}
		if m := specPath.FindStringSubmatch(f.Path); m != nil {
			if i, _ := strconv.Atoi(m[2]); m[1] == "fields" {
				pos = l.Compare[i].Pos
			} else {
				pos = l.Survive[i].Pos
			}
		}
		r.Add(pos, f.Zh, f.En)
	}
}
