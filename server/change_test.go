package server

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
)

// TestMaskIsNoValue holds that what is shown in place of a value is not written
// over it.
func TestMaskIsNoValue(t *testing.T) {
	w := newTown(t)
	var list struct {
		Items []struct {
			ID     string
			Rev    int64
			Fields map[string]any
			Masked []string
		}
	}
	w.get("admin", "/api/records/legal-entity?limit=1", &list)
	e := list.Items[0]
	if !strings.Contains(strings.Join(e.Masked, " "), "representative_name") {
		t.Fatalf("%v: the admin sees no mask", e)
	}
	before := w.row("legal-entity", e.ID).Text("representative_name")
	mask, _ := json.Marshal(e.Fields["representative_name"])
	w.run(t, []call{{name: "the mask", actor: "admin", request: "PATCH /api/records/legal-entity/" + e.ID,
		body: `{"rev":1,"fields":{"representative_name":` + string(mask) + `}}`, status: http.StatusUnprocessableEntity, holds: []string{`"fields.representative_name"`}}})
	if after := w.row("legal-entity", e.ID).Text("representative_name"); after != before {
		t.Errorf("%q was written over by %q", before, after)
	}
	w.run(t, []call{{name: "another name", actor: "admin", request: "PATCH /api/records/legal-entity/" + e.ID,
		body: `{"rev":1,"fields":{"representative_name":"新人"}}`, status: http.StatusOK, holds: []string{`"rev":2`}}})
}

// TestSameLeavesNoRevision holds that a revision which changes nothing is none,
// and that a record which others refer to is not deleted.
func TestSameLeavesNoRevision(t *testing.T) {
	w := newTown(t)
	w.do("shelter", "operator", "POST /api/records/shelter", `{"fields":{"name":"一号","beds":4}}`)
	w.do("case", "citizen", "POST /api/cases/incident", aReport)
	acts := w.count("act")
	w.run(t, []call{
		{name: "nothing", actor: "operator", request: "PATCH /api/records/shelter/{shelter}", body: `{"rev":1,"fields":{}}`, status: http.StatusOK, holds: []string{`"rev":1`}},
		{name: "the same", actor: "operator", request: "PATCH /api/records/shelter/{shelter}", body: `{"rev":1,"fields":{"beds":4,"keeper":null}}`, status: http.StatusOK, holds: []string{`"rev":1`}},
	})
	if n := w.count("act"); n != acts {
		t.Errorf("%d acts for nothing", n-acts)
	}
	w.run(t, []call{
		{name: "a change", actor: "operator", request: "PATCH /api/records/shelter/{shelter}", body: `{"rev":1,"fields":{"beds":5}}`, status: http.StatusOK, holds: []string{`"rev":2`}},
		{name: "a stale one", actor: "operator", request: "PATCH /api/records/shelter/{shelter}", body: `{"rev":1,"fields":{}}`, status: http.StatusConflict, holds: []string{`"stale-revision"`}},
		{name: "a division that others lie in", actor: "admin", request: "DELETE /api/records/division/130102?rev=1", status: http.StatusConflict, holds: []string{`"referred-to"`, `"division"`}},
		{name: "a category of open cases", actor: "supervisor", request: "DELETE /api/records/event-category/E0101?rev=1", status: http.StatusConflict, holds: []string{`"referred-to"`, `"path":"incident","zh":"“城市事件”1 条"`}},
		{name: "it is still there", actor: "admin", request: "GET /api/records/division/130102", status: http.StatusOK},
	})
}

// TestSeedsLieSomewhere holds that places are known before what lies in them.
func TestSeedsLieSomewhere(t *testing.T) {
	well := newTown(t).row("well", "east")
	if !strings.HasPrefix(well.Text("division"), "130102") || !strings.HasPrefix(well.Place, "/1301/130102/") {
		t.Errorf("the well lies in %q at %q", well.Text("division"), well.Place)
	}
}
