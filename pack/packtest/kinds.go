package packtest

import (
	"fmt"

	"chengshu/core/decl"
)

// Thing is a test-only item with the usual parts: texts, keyed fields, lists.
type Thing struct {
	decl.Meta
	Title  decl.Text    `yaml:"title,required"`
	Fields []ThingField `yaml:"fields"`
	Roles  []string     `yaml:"roles"`
	Steps  []ThingStep  `yaml:"steps"`
	Fee    int          `yaml:"fee"`
}

// ThingField is a field written under its name.
type ThingField struct {
	decl.Pos
	Name string `yaml:",key"`
	Type string `yaml:"type,required"`
	Max  int    `yaml:"max"`
}

// ThingStep is an element of a list, with a name.
type ThingStep struct {
	decl.Pos
	Name   string `yaml:"name,required"`
	Within string `yaml:"within"`
}

// Check implements decl.Item.
func (t *Thing) Check(_ *decl.Set, r *decl.Report) {
	for _, f := range t.Fields {
		if f.Type != "text" && f.Type != "integer" {
			zh, en := decl.Suggest(f.Type, []string{"text", "integer"})
			r.Add(f.Pos, fmt.Sprintf("未知的类型 %q；%s", f.Type, zh), fmt.Sprintf("unknown type %q; %s", f.Type, en))
		}
	}
}

// Link is a test-only item that names a Thing.
type Link struct {
	decl.Meta
	To string `yaml:"to,required"`
	// Target is resolved by Check.
	Target *Thing
}

// Check implements decl.Item.
func (l *Link) Check(s *decl.Set, r *decl.Report) {
	t, ok := decl.Find[*Thing](s, "thing", l.To)
	if !ok {
		zh, en := decl.Suggest(l.To, s.Names("thing"))
		r.Add(l.Pos, fmt.Sprintf("没有 thing %q；%s", l.To, zh), fmt.Sprintf("there is no thing %q; %s", l.To, en))
		return
	}
	l.Target = t
}

// Kinds returns the two test-only kinds, thing and link.
func Kinds() []decl.Kind {
	return []decl.Kind{
		{Name: "link", New: func() decl.Item { return &Link{} }, Order: 20},
		{Name: "thing", New: func() decl.Item { return &Thing{} }, Order: 10},
	}
}
