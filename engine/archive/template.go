package archive

import (
	"fmt"
	"regexp"
	"slices"

	"chengshu/core/decl"
	"chengshu/core/record"

	"go.yaml.in/yaml/v3"
)

// Kind is the declaration kind of templates.
var Kind = decl.Kind{Name: "template", Order: 45, New: func() decl.Item { return &Template{} }}

// Template is where the fields of a record stand on scanned pages: kind `template`.
type Template struct {
	decl.Meta
	Title decl.Text `yaml:"title,required"`
	About decl.Text `yaml:"about"`
	// Record is the type of the records that are made.
	Record string `yaml:"record,required"`
	// Pages names its file field that takes the scans over, Places its list field
	// that says where each value stands: field, page, x, y, width, height and
	// confidence. Text names its text field for all that was read, if it has one.
	Pages  string `yaml:"pages,required"`
	Places string `yaml:"places,required"`
	Text   string `yaml:"text"`
	// Sure is the confidence, of 100, from which on a value need not be confirmed by itself.
	Sure   int      `yaml:"sure"`
	Fields []*Field `yaml:"values,required"`

	record *record.Type
}

// Field is one field of the record, and where it stands.
type Field struct {
	decl.Pos
	Name string `yaml:",key"`
	// Label is what is printed before the value: one or several wordings.
	Label  []string `yaml:"label"`
	At     string   `yaml:"at"`     // of the label: right (default) or below
	Within Share    `yaml:"within"` // how far from it at most, of the page's width or height
	// Box is where the value stands on pages that are all alike: left, top, width
	// and height, each a share of the page.
	Box     []Share `yaml:"box"`
	Page    int     `yaml:"page"`    // the page it stands on; 0 means any
	As      string  `yaml:"as"`      // how it is written, when the field's type does not say: code
	Pattern string  `yaml:"pattern"` // a regular expression; its first group, if any, is the value

	field   *record.Field
	pattern *regexp.Regexp
}

// Share is a part of a page, from 0 to 1.
type Share float64

// DecodeDecl reads a number from 0 to 1.
func (s *Share) DecodeDecl(n *yaml.Node, file string, r *decl.Report) {
	var v float64
	if err := n.Decode(&v); err != nil || !(v >= 0 && v <= 1) {
		r.Add(decl.PosOf(n, file), "应为 0 到 1 之间的数，即页面的一部分", "expected a number from 0 to 1, a share of the page")
		return
	}
	*s = Share(v)
}

const (
	atRight, atBelow = "right", "below"
	asCode           = "code"

	defaultSure   = 90
	defaultWithin = 0.5
)

// placeFields are what a list that says where values stand is made of.
var placeFields = map[string]record.FieldType{"field": record.Text, "page": record.Integer, "x": record.Decimal, "y": record.Decimal, "width": record.Decimal, "height": record.Decimal}

// Check implements decl.Item.
func (t *Template) Check(s *decl.Set, r *decl.Report) {
	rt, ok := decl.Find[*record.Type](s, record.Kind.Name, t.Record)
	if !ok || rt.Case || rt.Resource == record.Dataset {
		zh, en := decl.Suggest(t.Record, s.Names(record.Kind.Name))
		r.Add(t.At("record"), fmt.Sprintf("没有登记类记录类型 %q；%s", t.Record, zh), fmt.Sprintf("there is no register %q; %s", t.Record, en))
		return
	}
	t.record = rt
	if f := rt.Field(t.Pages); f == nil || f.Type != record.File || !f.Many {
		r.Add(t.At("pages"), fmt.Sprintf("%q 没有 many 的 file 字段 %q", t.Record, t.Pages), fmt.Sprintf("%q has no field %q of type file that is many", t.Record, t.Pages))
	}
	checkList(rt, t.Places, t.At("places"), r, placeFields, map[string]record.FieldType{"confidence": record.Integer})
	if f := rt.Field(t.Text); t.Text != "" && (f == nil || f.Type != record.Text) {
		r.Add(t.At("text"), fmt.Sprintf("%q 没有 text 字段 %q", t.Record, t.Text), fmt.Sprintf("%q has no field %q of type text", t.Record, t.Text))
	}
	if t.Sure < 0 || t.Sure > 100 {
		r.Add(t.At("sure"), "sure 应在 0 到 100 之间", "sure lies between 0 and 100")
	}
	if t.Sure == 0 {
		t.Sure = defaultSure
	}
	for _, f := range t.Fields {
		f.check(rt, r)
	}
}

// checkList checks that a type has a list field with the given parts.
func checkList(t *record.Type, name string, at decl.Pos, r *decl.Report, parts ...map[string]record.FieldType) {
	f := t.Field(name)
	if f == nil || f.Type != record.List {
		r.Add(at, fmt.Sprintf("%q 没有 list 字段 %q", t.Name, name), fmt.Sprintf("%q has no field %q of type list", t.Name, name))
		return
	}
	for _, part := range parts {
		for want, typ := range part {
			if !slices.ContainsFunc(f.Fields, func(sub *record.Field) bool {
				return sub.Name == want && sub.Type == typ && (typ != record.Decimal || sub.Scale == placeScale)
			}) {
				r.Add(at, fmt.Sprintf("列表 %q 须有 %s 字段 %q（decimal 须 scale: 4）", name, typ, want), fmt.Sprintf("the list %q needs a field %q of type %s (a decimal of scale 4)", name, want, typ))
			}
		}
	}
}

func (f *Field) check(t *record.Type, r *decl.Report) {
	f.field = t.Field(f.Name)
	if f.field == nil || f.field.Many || !slices.Contains([]record.FieldType{record.Text, record.Integer, record.Decimal, record.Date, record.ChoiceOf}, f.field.Type) {
		r.Add(f.Pos, fmt.Sprintf("%q 没有可从页面读取的字段 %q（text、integer、decimal、date 或单个 choice）", t.Name, f.Name),
			fmt.Sprintf("%q has no field %q that can be read from a page (text, integer, decimal, date or one choice)", t.Name, f.Name))
		f.field = nil
	}
	if (len(f.Label) == 0) == (len(f.Box) == 0) || len(f.Box) != 0 && len(f.Box) != 4 || slices.Contains(f.Label, "") {
		r.Add(f.Pos, "须写明 label，或 box: [左, 上, 宽, 高]，二者之一", "there is either a label, or a box: [left, top, width, height]")
	}
	if f.At == "" {
		f.At = atRight
	}
	if f.At != atRight && f.At != atBelow {
		r.Add(f.Pos, "at 应为 right 或 below", "at is right or below")
	}
	if f.As != "" && f.As != asCode {
		r.Add(f.Pos, "as 只能是 code", "as can only be code")
	}
	if f.Within == 0 {
		f.Within = defaultWithin
	}
	var err error
	if f.pattern, err = regexp.Compile(f.Pattern); err != nil {
		r.Add(f.Pos, "正则表达式有误："+err.Error(), "the regular expression is wrong: "+err.Error())
	}
}
