package decl_test

import (
	"testing"

	"chengshu/core/decl"
	"chengshu/core/decl/decltest"
)

type item struct {
	decl.Meta
	Level string            `yaml:"level"`
	Names []string          `yaml:"names"`
	By    map[string]string `yaml:"by"`
}

func (*item) Check(*decl.Set, *decl.Report) {}

// TestAt holds that a mistake is told where the value stands.
func TestAt(t *testing.T) {
	set, _ := decltest.Read(t, "item: one\nlevel: high\nnames:\n  - a\n  - b\nby: {x: y}\n", decl.Kind{Name: "item", New: func() decl.Item { return &item{} }})
	it, _ := decl.Find[*item](set, "item", "one")
	for _, c := range []struct{ got, want decl.Pos }{
		{it.At("level"), decl.Pos{File: "test.yaml", Line: 2, Col: 8}},
		{it.At("names", "b"), decl.Pos{File: "test.yaml", Line: 5, Col: 5}},
		{it.At("names", "c"), decl.Pos{File: "test.yaml", Line: 4, Col: 3}},
		{it.At("by", "x"), decl.Pos{File: "test.yaml", Line: 6, Col: 9}},
		{it.At("size"), it.Pos},
		{(&decl.Meta{Pos: it.Pos}).At("level"), it.Pos},
	} {
		if c.got != c.want {
			t.Errorf("at %s, want %s", c.got, c.want)
		}
	}
}

// TestSuggest holds that no name is listed twice.
func TestSuggest(t *testing.T) {
	if _, en := decl.Suggest("zzzzzzzz", []string{"state", "unit", "state"}); en != "known: state, unit" {
		t.Errorf("suggested %q", en)
	}
}
