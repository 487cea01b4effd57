package server

import "testing"

// TestPeople asks for people to choose from, as those in office and others do.
func TestPeople(t *testing.T) {
	w := newTown(t)
	w.do("case", "citizen", "POST /api/cases/incident", aReport)
	w.run(t, []call{
		{name: "nobody", request: "GET /api/people", status: 401},
		{name: "a citizen", actor: "citizen", request: "GET /api/people", status: 403},
		{name: "of one's district", actor: "dispatcher", request: "GET /api/people", status: 200,
			holds: []string{"示例处置员", "示例市政员", `"org":"130102001-team"`}, lacks: []string{"示例督查员", "示例市民"}},
		{name: "of a unit", actor: "dispatcher", request: "GET /api/people?unit=130102001-team", status: 200,
			holds: []string{"示例处置员"}, lacks: []string{"示例市政员"}},
		{name: "of a unit elsewhere", actor: "dispatcher", request: "GET /api/people?unit=1301-supervision", status: 200, holds: []string{`"items":[]`}},
		{name: "of no unit", actor: "dispatcher", request: "GET /api/people?unit=nowhere", status: 200, holds: []string{`"items":[]`}},
		{name: "by name, in the whole city", actor: "supervisor", request: "GET /api/people?q=督查", status: 200,
			holds: []string{"示例督查员"}, lacks: []string{"示例处置员"}},

		// One knows oneself in a time line; others remain without a name.
		{name: "my own step", actor: "citizen", request: "GET /api/cases/incident/{case}/timeline", status: 200, holds: []string{`"mine":true`, "示例市民"}},
		{name: "another's step", actor: "dispatcher", request: "GET /api/cases/incident/{case}/timeline", status: 200,
			holds: []string{`"mine":false`, `"actor_name":""`}, lacks: []string{"示例市民"}},

		// What a process keeps for itself is not shown as a field.
		{name: "the type", actor: "citizen", request: "GET /api/types/incident", status: 200,
			holds: []string{`"name":"due_at"`, `"format":"span"`}, lacks: []string{"entered_at", "stopped_due", `"definition"`}},
	})
}
