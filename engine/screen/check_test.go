package screen

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestCheck makes one mistake at a time in the declarations of the test's city,
// and wants it explained.
func TestCheck(t *testing.T) {
	good, err := os.ReadFile("testdata/city.yaml")
	must(t, err)
	for _, tc := range []struct{ what, change, to, want string }{
		{"nothing", "", "", ""},
		{"face", "face: screen", "face: scren", `face has no "scren"; did you mean "screen"?`},
		{"view", "view: board", "view: bord", `view has no "bord"; did you mean "board"?`},
		{"role", "roles: [dispatcher]", "roles: [dispatch]", `no role "dispatch"; did you mean "dispatcher"?`},
		{"type", "of: ticket\nwhere", "of: tiket\nwhere", `no record type "tiket"; did you mean "ticket"?`},
		{"list of nothing", "view: list\nof: ticket\nwhere: {state: new}", "view: list", "the screen must say of which type"},
		{"form of a start action", "view: list\nof: ticket\nwhere: {state: new}", "view: form\nof: ticket\naction: open", ""},
		{"form of the only start action", "view: list\nof: ticket\nwhere: {state: new}", "view: form\nof: ticket", ""},
		{"form of no start action", "view: list\nof: ticket\nwhere: {state: new}", "view: form\nof: ticket\naction: finish", `"ticket" has no start action "finish"`},
		{"form of an action misspelt", "view: list\nof: ticket\nwhere: {state: new}", "view: form\nof: ticket\naction: opne", `did you mean "open"?`},
		{"form of a record with an action", "view: list\nof: ticket\nwhere: {state: new}", "view: form\nof: category\naction: open", "action is for the form of a case only"},
		{"list with an action", "view: list\nof: ticket\nwhere: {state: new}", "view: list\nof: ticket\naction: open", "action is for the form of a case only"},
		{"where of a screen", "where: {state: new}\n", "where: {level: low}\n", `cannot filter by level="low"`},
		{"where of a widget", "where: {category: lamp}", "where: {caller: w}", `cannot filter by caller="w"`},
		{"kind", "kind: series", "kind: serie", `kind has no "serie"; did you mean "series"?`},
		{"measure", "measure: overdue", "measure: late", `measure has no "late"`},
		{"period", "period: month}", "period: moon}", `period has no "moon"`},
		{"measure of records", "of: category}", "of: category, measure: open}", "measure: records only"},
		{"series of records", "kind: series,", "kind: series, of: category,", "series is for cases only"},
		{"by an unknown field", "by: level", "by: levl", `there is no field "levl"`},
		{"by a personal field", "by: level", "by: caller", `"caller" is personal information`},
		{"by a number", "by: level", "by: rating", `"rating" must be one line of text, a choice or a reference`},
		{"where of a ranking", "by: unit}", "by: unit, where: {state: done}}", "a ranking takes no where"},
		{"map without places", "kind: map,", "kind: map, of: category,", `"category" has no field of type point`},
		{"law without its types", "    law: {chap", "    of: article\n    text: {zh: a, en: b}\n    law2: {chap", `unknown key "law2"`},
		{"law with a wrong type", "duties: plan,", "duties: category,", `"category" needs a field "due"`},
		{"law whose dates cannot be filtered", "filters: [due, state]", "filters: [state]", `the filters of "proof" must hold "due"`},
		{"law without a day", `"2023-12-31"`, "soon", "in_force must be a date"},
	} {
		t.Run(tc.what, func(t *testing.T) {
			text := strings.Replace(string(good), tc.change, tc.to, 1)
			if tc.what != "nothing" && text == string(good) {
				t.Fatal("the change does not apply")
			}
			file := filepath.Join(t.TempDir(), "city.yaml")
			must(t, os.WriteFile(file, []byte(text), 0o600))
			_, report := declared(t, file)
			switch err := report.Err(); {
			case tc.want == "" && err != nil:
				t.Error(err)
			case tc.want != "" && (err == nil || !strings.Contains(err.Error(), tc.want)):
				t.Errorf("got %v\nwant %s", err, tc.want)
			}
		})
	}
}
