package server

import "testing"

// TestCatalogueCounts wants the catalogue to tell how many rows a type has only
// to those who may read them all.
func TestCatalogueCounts(t *testing.T) {
	w := newTown(t)
	w.do("hole", "citizen", "POST /api/cases/incident", aReport)
	for _, tc := range []struct {
		account, typ string
		told         bool
	}{
		{"", "event-category", true},
		{"", "incident", false},
		{"citizen", "incident", false}, // may read the one they reported
		{"neighbour", "incident", false},
		{"operator", "incident", false},
		{"dispatcher", "incident", false}, // of one district
		{"auditor", "incident", true},
	} {
		var types []typeSummary
		w.get(tc.account, "/api/types", &types)
		for _, typ := range types {
			if typ.Name == tc.typ && (typ.Count != nil) != tc.told {
				t.Errorf("%q is told a count of %s: %v, want %v", tc.account, tc.typ, typ.Count != nil, tc.told)
			}
		}
	}
}
