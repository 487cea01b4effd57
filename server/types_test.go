package server

import (
	"net/url"
	"slices"
	"testing"
)

// TestCatalogueSearch wants the catalogue to find types by what their
// declarations tell people: titles, descriptions, owners and fields.
func TestCatalogueSearch(t *testing.T) {
	w := newTown(t)
	var all []typeSummary
	w.get("", "/api/types", &all)
	for _, tc := range []struct {
		words string
		want  string // is found; empty when nothing may be
	}{
		{"井盖 绝无此词", ""},
		{"Incident", "incident"},
		{"incident", "incident"},
	} {
		var found []typeSummary
		w.get("", "/api/types?q="+url.QueryEscape(tc.words), &found)
		if tc.want == "" && len(found) > 0 {
			t.Errorf("%q finds %d types, want none", tc.words, len(found))
		}
		if tc.want != "" && !slices.ContainsFunc(found, func(one typeSummary) bool { return one.Name == tc.want }) {
			t.Errorf("%q does not find %s", tc.words, tc.want)
		}
		if len(found) >= len(all) {
			t.Errorf("%q narrows nothing: %d of %d", tc.words, len(found), len(all))
		}
	}
}
