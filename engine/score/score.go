package score

import (
	"fmt"
	"slices"

	"chengshu/core/decl"
	"chengshu/core/record"
	"chengshu/core/rule"
)

// Kind is the declaration kind of scores. Sources are the figures that engines
// bring, by name.
func Kind(sources []Source) decl.Kind {
	return decl.Kind{Name: "score", Order: 40, New: func() decl.Item { return &Score{sources: sources} }}
}

// Score is a declared evaluation: kind `score`.
type Score struct {
	decl.Meta
	Title decl.Text `yaml:"title,required"`
	About decl.Text `yaml:"about"`
	Basis string    `yaml:"basis,required"`
	// Into is the record type of the results. It has the fields unit (a
	// reference to an organisation), month (text), points (decimal of scale 1, of
	// 100) and figures (a list of name, value, weight and of).
	Into    string    `yaml:"into,required"`
	Figures []*Figure `yaml:"figures,required"`

	into    *record.Type
	sources []Source
}

// Figure is one part of a score: either Rows or Source says where it comes from.
// An organisation without anything to count has no value, and the other figures
// weigh the more.
type Figure struct {
	decl.Pos
	Name   string    `yaml:",key"`
	Title  decl.Text `yaml:"title,required"`
	Weight int       `yaml:"weight,required"`
	Rows   *Rows     `yaml:"rows"`
	Source string    `yaml:"source"` // a figure that an engine brings
	// Full is the value that counts as 1, for a figure that is no share.
	Full int `yaml:"full"`
}

// Rows is a figure counted over the rows of a type whose time lies in the month:
// the share of those that meet a condition or, where they are given, the sum of
// one number over that of another in those that do.
type Rows struct {
	decl.Pos
	Of   string      `yaml:"of,required"` // record type
	By   string      `yaml:"by,required"` // its field with the organisation
	At   string      `yaml:"at,required"` // its time field
	When rule.Source `yaml:"when"`
	Sum  string      `yaml:"sum"`
	Over string      `yaml:"over"`

	typ  *record.Type
	when *rule.Expr
}

const (
	unitField, monthField, pointsField, figuresField = "unit", "month", "points", "figures"
)

// Check implements decl.Item.
func (s *Score) Check(set *decl.Set, r *decl.Report) {
	t, ok := decl.Find[*record.Type](set, record.Kind.Name, s.Into)
	if !ok {
		zh, en := decl.Suggest(s.Into, set.Names(record.Kind.Name))
		r.Add(s.At("into"), fmt.Sprintf("没有记录类型 %q；%s", s.Into, zh), fmt.Sprintf("no record type %q; %s", s.Into, en))
		return
	}
	s.into = t
	for name, want := range map[string]record.FieldType{unitField: record.Reference, monthField: record.Text, pointsField: record.Decimal, figuresField: record.List} {
		if f := t.Field(name); f == nil || f.Type != want {
			r.Add(s.At("into"), fmt.Sprintf("%q 须有 %s 字段 %q", s.Into, want, name), fmt.Sprintf("%q needs a field %q of type %s", s.Into, name, want))
		}
	}
	for _, f := range s.Figures {
		s.checkFigure(f, set, r)
	}
}

func (s *Score) checkFigure(f *Figure, set *decl.Set, r *decl.Report) {
	if (f.Rows == nil) == (f.Source == "") {
		r.Add(f.Pos, "指标须写明 rows 或 source 之一", "a figure has either rows or source")
	}
	if f.Weight <= 0 || f.Full < 0 {
		r.Add(f.Pos, "weight 须为正整数，full 不得为负", "weight is a positive number, and full is not negative")
	}
	if f.Rows != nil {
		f.Rows.check(set, r)
	}
	if f.Source != "" && !slices.ContainsFunc(s.sources, func(one Source) bool { return one.Name == f.Source }) {
		var names []string
		for _, one := range s.sources {
			names = append(names, one.Name)
		}
		zh, en := decl.Suggest(f.Source, names)
		r.Add(f.Pos, fmt.Sprintf("没有指标来源 %q；%s", f.Source, zh), fmt.Sprintf("there is no source %q; %s", f.Source, en))
	}
}

func (w *Rows) check(set *decl.Set, r *decl.Report) {
	t, ok := decl.Find[*record.Type](set, record.Kind.Name, w.Of)
	if !ok || t.Resource == record.Dataset {
		zh, en := decl.Suggest(w.Of, set.Names(record.Kind.Name))
		r.Add(w.Pos, fmt.Sprintf("没有登记类记录类型 %q；%s", w.Of, zh), fmt.Sprintf("no register or case type %q; %s", w.Of, en))
		return
	}
	w.typ = t
	w.wants(w.By, r, record.Reference)
	w.wants(w.At, r, record.Time)
	if !w.When.Given() && w.Sum == "" || (w.Sum == "") != (w.Over == "") {
		r.Add(w.Pos, "须写明 when，或 sum 与 over", "when, or sum and over are needed")
	}
	for _, name := range []string{w.Sum, w.Over} {
		if name != "" {
			w.wants(name, r, record.Integer, record.Decimal)
		}
	}
}

// wants checks a field of the rows.
func (w *Rows) wants(name string, r *decl.Report, types ...record.FieldType) {
	if f := w.typ.Field(name); f == nil || !slices.Contains(types, f.Type) {
		r.Add(w.Pos, fmt.Sprintf("%q 没有 %v 字段 %q", w.Of, types, name), fmt.Sprintf("%q has no field %q of type %v", w.Of, name, types))
	}
}

// Compile checks the conditions of all scores against env.
func Compile(scores []*Score, env *rule.Env, r *decl.Report) {
	for _, s := range scores {
		for _, f := range s.Figures {
			if w := f.Rows; w != nil && w.typ != nil && w.When.Given() {
				w.when = env.Compile(w.When, w.typ.Vars(), rule.Bool, r)
			}
		}
	}
}
