package access

import "testing"

// TestColumn holds that an alternative names the column of its scope, and none
// when no single index finds its rows.
func TestColumn(t *testing.T) {
	handler := person("h", post(county, county, "handler"), post(bureau, city, "handler"))
	tests := []struct{ name, grant, want string }{
		{"own", `g: {role: citizen, on: thing, actions: read, scope: own, basis: b}`, "created_by"},
		{"unit", `g: {role: handler, on: thing, actions: read, scope: unit, basis: b}`, "org"},
		{"place", `g: {role: handler, on: thing, actions: read, scope: place, basis: b}`, "place"},
		{"task", `g: {role: handler, on: thing, actions: read, scope: task, basis: b}`, "id"},
		{"unit and condition", `g: {role: handler, on: thing, actions: read, scope: unit, basis: b, when: "row.level != 'core'"}`, "org"},
		{"all", `g: {role: handler, on: thing, actions: read, scope: all, basis: b}`, ""},
		{"condition alone", `g: {role: handler, on: thing, actions: read, scope: all, basis: b, when: "row.level != 'core'"}`, ""},
	}
	for _, c := range tests {
		t.Run(c.name, func(t *testing.T) {
			e := newWorld(t).good(t, c.grant)
			for _, a := range e.Filter(handler, "read", "thing").Alternatives() {
				if got := a.Column(); got != c.want {
					t.Errorf("column %q, want %q", got, c.want)
				}
			}
		})
	}
}
