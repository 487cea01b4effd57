package score

import (
	"testing"

	"chengshu/core/decl"
)

// TestTotal: figures weigh by their weights; one without anything to count is
// left out, and the others weigh the more.
func TestTotal(t *testing.T) {
	s := &Score{Figures: []*Figure{{Title: decl.Text{Zh: "甲"}, Weight: 30}, {Title: decl.Text{Zh: "乙"}, Weight: 10}, {Title: decl.Text{Zh: "丙"}, Weight: 60, Full: 200}}}
	for _, c := range []struct {
		name   string
		values []map[string]Value
		want   string
		count  int
	}{
		{"all", []map[string]Value{{"a": {1, 2}}, {"a": {1, 1}}, {"a": {50, 1}}}, "40.0", 3},                        // (.5×30 + 1×10 + .25×60) / 100
		{"one is missing", []map[string]Value{{"a": {1, 2}}, {}, {"a": {50, 1}}}, "33.3", 2},                        // (15 + 15) / 90
		{"nothing to count", []map[string]Value{{"a": {0, 0}}, {"a": {3, 4}}, {}}, "75.0", 1},                       // 7.5 / 10
		{"more than full counts as full", []map[string]Value{{}, {}, {"a": {900, 1}}}, "100.0", 1},                  // 60 / 60
		{"never more than all or less than none", []map[string]Value{{"a": {5, 4}}, {"a": {-1, 4}}, {}}, "75.0", 2}, // 30 / 40
	} {
		got := s.input("a", "2026-03", c.values)
		if got[pointsField] != c.want || len(got[figuresField].([]any)) != c.count {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}
