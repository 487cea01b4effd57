package server

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"chengshu/core/evidence"
)

const aReport = `{"fields":{"category":"E0101","location":{"lon":114.52972,"lat":38.04533},"description":"井盖丢失","reporter_name":"王小明","reporter_phone":"13800001234"}}`

// TestRoutes asks the generic routes as many people do.
func TestRoutes(t *testing.T) {
	w := newTown(t)
	w.do("case", "citizen", "POST /api/cases/incident", aReport)
	w.do("other", "neighbour", "POST /api/cases/incident", aReport)
	w.do("shelter", "operator", "POST /api/records/shelter", `{"fields":{"name":"一号","keeper":"王小明","home":{"lon":114.5,"lat":38},"beds":4,"unlisted":"密"}}`)
	w.do("second", "operator", "POST /api/records/shelter", `{"fields":{"name":"二号","beds":9}}`)
	w.run(t, []call{
		// Who is asked to sign in, who is refused, to whom it does not exist.
		{name: "nobody lists", request: "GET /api/records/shelter", status: 401, holds: []string{`"sign-in"`}},
		{name: "nobody reads", request: "GET /api/records/shelter/{shelter}", status: 404},
		{name: "nobody reports", request: "POST /api/cases/incident", body: aReport, status: 401},
		{name: "a citizen lists registers", actor: "citizen", request: "GET /api/records/natural-person", status: 403},
		{name: "a citizen reads another's case", actor: "citizen", request: "GET /api/cases/incident/{other}", status: 404, lacks: []string{"{other}"}},
		{name: "its history", actor: "citizen", request: "GET /api/cases/incident/{other}/history", status: 404},
		{name: "its time line", actor: "citizen", request: "GET /api/cases/incident/{other}/timeline", status: 404},
		{name: "its evidence", actor: "citizen", request: "GET /api/cases/incident/{other}/evidence", status: 404},
		{name: "what is like it", actor: "citizen", request: "GET /api/cases/incident/{other}/similar", status: 404},
		{name: "a remark on it", actor: "citizen", request: "POST /api/cases/incident/{other}/comments", body: `{"text":"x"}`, status: 404},
		{name: "an action on it", actor: "citizen", request: "POST /api/cases/incident/{other}/supplement", body: `{"note":"x"}`, status: 404},
		{name: "a record that is not there", actor: "operator", request: "GET /api/records/shelter/nowhere", status: 404, holds: []string{`"not-found"`}},
		{name: "a type that is not there", actor: "operator", request: "GET /api/records/nothing", status: 404, holds: []string{`"no-such-type"`}},
		{name: "an address that is not there", actor: "operator", request: "GET /api/nothing", status: 404, holds: []string{`"no-such-route"`}},
		{name: "a record as a case", actor: "operator", request: "GET /api/cases/shelter/{shelter}", status: 404, holds: []string{`"no-such-process"`}},
		{name: "a case as a record", actor: "citizen", request: "PATCH /api/records/incident/{case}", body: `{"rev":1,"fields":{}}`, status: 409, holds: []string{`"use-cases"`}},
		{name: "a case made as a record", actor: "citizen", request: "POST /api/records/incident", body: `{"fields":{}}`, status: 409},
		{name: "a case deleted", actor: "citizen", request: "DELETE /api/records/incident/{case}?rev=1", status: 409},

		// Reading.
		{name: "the operator sees all", actor: "operator", request: "GET /api/records/shelter/{shelter}", status: 200,
			holds: []string{`"title":{"zh":"王小明"`, `"keeper":"王小明"`, `"unlisted":"密"`, `"home":{"lon":114.5`}, lacks: []string{`"masked"`}},
		{name: "the citizen sees masks, and not what is not granted", actor: "citizen", request: "GET /api/records/shelter/{shelter}", status: 200,
			holds: []string{`"keeper":"王**"`, `"home":"****"`, `"masked":["keeper","home"]`, `"beds":4`}, lacks: []string{"王小明", "密", "114.5", `"title"`}},
		{name: "in lists too", actor: "citizen", request: "GET /api/records/shelter?total=true", status: 200,
			holds: []string{`"keeper":"王**"`, `"total":2`}, lacks: []string{"王小明", "密", "114.5"}},
		{name: "and on the map", actor: "citizen", request: "GET /api/records/shelter?format=geojson", status: 200,
			holds: []string{`"features":[]`}, lacks: []string{"王小明", "114.5"}},
		{name: "where the operator sees it", actor: "operator", request: "GET /api/records/shelter?format=geojson", status: 200,
			holds: []string{`"coordinates":[114.5,38]`, `"王小明"`}},
		{name: "history shows what one may see", actor: "citizen", request: "GET /api/records/shelter/{shelter}/history", status: 200,
			holds: []string{`"beds":4`, `"verb":"shelter.create"`}, lacks: []string{"王小明", "密"}},

		// What is masked cannot be found out by asking for it.
		{name: "filter by a masked field", actor: "citizen", request: "GET /api/records/shelter?keeper=王小明&total=true", status: 200, holds: []string{`"items":[]`, `"total":0`}},
		{name: "absence of a masked field", actor: "citizen", request: "GET /api/records/shelter?keeper=null", status: 200, holds: []string{`"items":[]`}},
		{name: "sort by a masked field", actor: "citizen", request: "GET /api/records/shelter?sort=keeper", status: 200, holds: []string{`"items":[]`}},
		{name: "search in a masked field", actor: "citizen", request: "GET /api/records/shelter?q=王小明", status: 200, holds: []string{`"items":[]`}},
		{name: "a box around a masked point", actor: "citizen", request: "GET /api/records/shelter?box=114,37,115,39&total=true", status: 200, holds: []string{`"total":0`}},
		{name: "a circle around a masked point", actor: "citizen", request: "GET /api/records/shelter?near=114.5,38,100&total=true", status: 200, holds: []string{`"total":0`}},
		{name: "the operator may", actor: "operator", request: "GET /api/records/shelter?keeper=王小明&near=114.5,38,100", status: 200, holds: []string{"{shelter}"}},
		{name: "filter by what is shown", actor: "citizen", request: "GET /api/records/shelter?beds=5..", status: 200, holds: []string{"{second}"}, lacks: []string{"{shelter}"}},

		// Lists that are asked for wrongly.
		{name: "an unknown filter", actor: "operator", request: "GET /api/records/shelter?colour=red", status: 400, holds: []string{`"unknown-filter"`, "keeper, beds"}},
		{name: "a field that is no filter", actor: "operator", request: "GET /api/records/shelter?unlisted=x", status: 400, holds: []string{`"unknown-filter"`}},
		{name: "a bad value", actor: "operator", request: "GET /api/records/shelter?beds=many", status: 400, holds: []string{`"bad-filter"`, `"path":"beds"`}},
		{name: "an unknown sort", actor: "operator", request: "GET /api/records/shelter?sort=name", status: 400, holds: []string{`"unknown-sort"`}},
		{name: "no limit", actor: "operator", request: "GET /api/records/shelter?limit=0", status: 400, holds: []string{`"bad-limit"`}},
		{name: "too great a limit", actor: "operator", request: "GET /api/records/shelter?limit=201", status: 400},
		{name: "a made-up cursor", actor: "operator", request: "GET /api/records/shelter?after=abc", status: 400, holds: []string{`"bad-cursor"`}},
		{name: "half a box", actor: "operator", request: "GET /api/records/shelter?box=1,2,3", status: 400, holds: []string{`"bad-filter"`}},
		{name: "a box inside out", actor: "operator", request: "GET /api/records/shelter?box=2,1,1,2", status: 400, holds: []string{"the west, 2, lies east of the east, 1"}},
		{name: "a box upside down", actor: "operator", request: "GET /api/records/shelter?box=1,2,2,1", status: 400, holds: []string{"the south, 2, lies north of the north, 1"}},
		{name: "too wide a circle", actor: "operator", request: "GET /api/records/shelter?near=1,1,50001", status: 400},
		{name: "a total of what", actor: "operator", request: "GET /api/records/shelter?total=yes", status: 400, holds: []string{`"bad-filter"`}},
		{name: "a format of what", actor: "operator", request: "GET /api/records/shelter?format=csv", status: 400},
		{name: "a type without a place", actor: "operator", request: "GET /api/records/legal-entity?near=1,1,10", status: 422, holds: []string{`"no-point"`}},

		// Writing.
		{name: "a body that is none", actor: "operator", request: "POST /api/records/shelter", body: `{"fields":`, status: 400, holds: []string{`"bad-json"`}},
		{name: "a member nobody knows", actor: "operator", request: "POST /api/records/shelter", body: `{"feilds":{}}`, status: 400, holds: []string{"feilds"}},
		{name: "every mistake at once", actor: "operator", request: "POST /api/records/shelter", body: `{"fields":{"beds":-1,"colour":1}}`, status: 422,
			holds: []string{`"path":"fields.beds"`, `"path":"fields.colour"`, `"path":"fields.name"`}},
		{name: "the mistakes of one who may not create are not told", actor: "citizen", request: "POST /api/records/shelter", body: `{"fields":{"beds":-1}}`, status: 403, lacks: []string{"fields.beds"}},
		{name: "a field outside the grant", actor: "dispatcher", request: "POST /api/records/shelter", body: `{"fields":{"name":"三号","beds":1,"keeper":"李四"}}`, status: 403, holds: []string{`"path":"fields.keeper"`}},
		{name: "a row outside the grant", actor: "dispatcher", request: "POST /api/records/shelter", body: `{"fields":{"name":"三号","beds":100}}`, status: 403},
		{name: "revised out of the grant", actor: "dispatcher", request: "PATCH /api/records/shelter/{second}", body: `{"rev":1,"fields":{"beds":100}}`, status: 403},
		{name: "revised by one who only reads", actor: "citizen", request: "PATCH /api/records/shelter/{second}", body: `{"rev":1,"fields":{"beds":1}}`, status: 403},
		{name: "revised", actor: "dispatcher", request: "PATCH /api/records/shelter/{second}", body: `{"rev":1,"fields":{"beds":99}}`, status: 200, holds: []string{`"rev":2`, `"beds":99`}},
		{name: "revised on a revision that has passed", actor: "operator", request: "PATCH /api/records/shelter/{second}", body: `{"rev":1,"fields":{"beds":2}}`, status: 409, holds: []string{`"stale-revision"`}},
		{name: "revised on none", actor: "operator", request: "PATCH /api/records/shelter/{second}", body: `{"fields":{"beds":2}}`, status: 409},
		{name: "deleted by one who may not", actor: "dispatcher", request: "DELETE /api/records/shelter/{second}?rev=2", status: 403},
		{name: "deleted on no revision", actor: "operator", request: "DELETE /api/records/shelter/{second}", status: 422, holds: []string{`"bad-rev"`}},
		{name: "deleted on what is no revision", actor: "operator", request: "DELETE /api/records/shelter/{second}?rev=abc", status: 422, holds: []string{`"bad-rev"`}},
		{name: "deleted on a revision that has passed", actor: "operator", request: "DELETE /api/records/shelter/{second}?rev=1", status: 409},
		{name: "deleted", actor: "operator", request: "DELETE /api/records/shelter/{second}?rev=2", status: 204},
		{name: "and gone", actor: "operator", request: "GET /api/records/shelter/{second}", status: 404},

		// Cases.
		{name: "what a case needs", actor: "citizen", request: "POST /api/cases/incident", body: `{"fields":{}}`, status: 422, holds: []string{"fields.category", "fields.location", "fields.description"}},
		{name: "a guard says why", actor: "citizen", request: "POST /api/cases/incident", body: strings.Replace(aReport, "114.52972", "120.5", 1), status: 422,
			holds: []string{`"guard"`, `"why":[`, "outside the city"}},
		{name: "a start action of another type", actor: "citizen", request: "POST /api/cases/shelter", body: aReport, status: 404},
		{name: "an action in the body", actor: "dispatcher", request: "POST /api/cases/incident/{case}/assign", body: `{"action":"close"}`, status: 422, holds: []string{`"path":"action"`}},
		{name: "an action from another state", actor: "verifier", request: "POST /api/cases/incident/{case}/close", body: `{}`, status: 409, holds: []string{`"wrong-state"`}},
		{name: "an action nobody knows", actor: "dispatcher", request: "POST /api/cases/incident/{case}/fly", body: `{}`, status: 404, holds: []string{`"no-such-action"`}},
		{name: "an old revision", actor: "dispatcher", request: "POST /api/cases/incident/{case}/reject", body: `{"rev":7,"note":"x"}`, status: 409, holds: []string{`"stale-revision"`}},
		{name: "the dispatcher sees a masked phone", actor: "dispatcher", request: "GET /api/cases/incident/{case}", status: 200,
			holds: []string{`"reporter_phone":"138****1234"`, `"reporter_name":"王**"`, `"name":"assign"`}, lacks: []string{"13800001234", "王小明"}},
		{name: "the inbox names nobody", actor: "dispatcher", request: "GET /api/inbox", status: 200, holds: []string{"{case}"}, lacks: []string{"王小明", "王**", "13800001234"}},
		{name: "the reporter sees their own", actor: "citizen", request: "GET /api/cases/incident/{case}", status: 200, holds: []string{"13800001234"}},
	})
}

// TestReadingLeavesAnAct: the handler who sees a phone in the clear is named to
// the person whose phone it is, whichever way they read it.
func TestReadingLeavesAnAct(t *testing.T) {
	w := newTown(t)
	w.do("case", "citizen", "POST /api/cases/incident", aReport)
	reads := func() int {
		var v readsView
		w.get("citizen", "/api/me/reads", &v)
		for _, r := range v.Items {
			if r.ID != w.ids["case"] || r.Purpose == "" || r.Basis == "" || r.ActorName == "" || len(r.Fields) == 0 || r.Title == nil || !strings.HasPrefix(r.Title.Zh, "SJ") {
				t.Errorf("a reading that says too little: %+v", r)
			}
		}
		return len(v.Items)
	}
	w.ask("dispatcher", "GET /api/cases/incident/{case}", "")
	w.ask("citizen", "GET /api/cases/incident/{case}", "")
	if got := reads(); got != 0 {
		t.Errorf("%d readings, though nobody else saw the phone", got)
	}
	w.do("", "dispatcher", "POST /api/cases/incident/{case}/assign", `{}`)
	for _, path := range []string{"/api/cases/incident/{case}", "/api/cases/incident/{case}/history", "/api/cases/incident/{case}/timeline", "/api/cases/incident?limit=1", "/api/cases/incident?format=geojson"} {
		handler := ""
		for _, account := range []string{"handler", "municipal"} {
			if code, _, _ := w.ask(account, "GET /api/cases/incident/{case}", ""); code == http.StatusOK {
				handler = account
			}
		}
		if handler == "" {
			t.Fatal("no handler may read the case")
		}
		w.s.fake.Advance(11 * time.Minute) // else it is the reading of a moment ago
		before := reads()
		if code, _, body := w.ask(handler, "GET "+path, ""); code != http.StatusOK {
			t.Fatalf("%s: %d %s", path, code, body)
		}
		if got := reads(); got != before+1 {
			t.Errorf("%s left %d readings, want 1", path, got-before)
		}
		w.ask(handler, "GET "+path, "")
		if got := reads(); got != before+1 {
			t.Errorf("%s, reloaded at once, left %d readings, want 1", path, got-before)
		}
	}
	var body []byte
	must(t, w.s.db.Read(t.Context()).QueryRow(`select body from act where verb = 'incident.read' order by n desc limit 1`).Scan(&body))
	if act, err := evidence.ParseBody(body); err != nil || act.Grant != "handler-reads-incidents" || act.Within != 600_000 {
		t.Errorf("the act of the reading: %v %+v", err, act)
	}
	// What proves the case's history tells nothing of its people.
	code, _, bundle := w.ask("auditor", "GET /api/cases/incident/{case}/evidence", "")
	if code != http.StatusOK || strings.Contains(bundle, "13800001234") || strings.Contains(bundle, "王小明") {
		t.Fatalf("the auditor's bundle: %d", code)
	}
}

// TestDocuments checks the descriptions that integrators read: every reference
// leads somewhere, every path parameter is declared, ids are unique, and every
// described path is served.
func TestDocuments(t *testing.T) {
	w := newTown(t)
	documents := []string{"/openapi.json"}
	var types []typeSummary
	w.get("", "/api/types", &types)
	for _, typ := range types {
		documents = append(documents, "/api/types/"+typ.Name+"/openapi.json")
	}
	if len(documents) < 5 {
		t.Fatalf("only %d documents", len(documents))
	}
	seen := map[string]string{}
	for _, path := range documents {
		var doc openAPI
		w.get("", path, &doc)
		doc.check(t, path, seen)
		for route, item := range doc.Paths {
			for method := range item {
				if method == "parameters" {
					continue
				}
				request := strings.ToUpper(method) + " " + strings.NewReplacer("{", "", "}", "").Replace(route)
				if code, _, body := w.ask("", request, "{}"); strings.Contains(body, "no-such-route") || code == http.StatusMethodNotAllowed {
					t.Errorf("%s describes %s, which is not served: %d", path, request, code)
				}
			}
		}
	}
	for _, typ := range types {
		var schema map[string]any
		w.get("", "/api/types/"+typ.Name+"/schema.json", &schema)
		props, _ := schema["properties"].(map[string]any)
		for _, name := range schema["required"].([]any) {
			if props[name.(string)] == nil {
				t.Errorf("%s requires %s and does not describe it", typ.Name, name)
			}
		}
	}
}

type openAPI struct {
	OpenAPI    string
	Info       struct{ Title, Version string }
	Paths      map[string]map[string]json.RawMessage
	Components json.RawMessage
}

type operation struct {
	OperationID string
	Responses   map[string]struct{ Description string }
	Parameters  []parameter
	RequestBody json.RawMessage
}

type parameter struct {
	Name, In string
	Required bool
}

func (d openAPI) check(t *testing.T, path string, seen map[string]string) {
	t.Helper()
	if !strings.HasPrefix(d.OpenAPI, "3.1") || d.Info.Title == "" || d.Info.Version == "" || len(d.Paths) == 0 {
		t.Errorf("%s: version %q, title %q, %d paths", path, d.OpenAPI, d.Info.Title, len(d.Paths))
	}
	for route, item := range d.Paths {
		var shared []parameter
		if raw, ok := item["parameters"]; ok {
			must(t, json.Unmarshal(raw, &shared))
		}
		for method, raw := range item {
			if method == "parameters" {
				continue
			}
			var op operation
			must(t, json.Unmarshal(raw, &op))
			if where, twice := seen[op.OperationID]; twice || op.OperationID == "" {
				t.Errorf("%s: %s %s: the id %q is taken by %s", path, method, route, op.OperationID, where)
			}
			seen[op.OperationID] = path + " " + route
			if len(op.Responses) == 0 {
				t.Errorf("%s: %s %s answers nothing", path, method, route)
			}
			for code, r := range op.Responses {
				if r.Description == "" {
					t.Errorf("%s: %s %s: answer %s is not described", path, method, route, code)
				}
			}
			declared := map[string]bool{}
			for _, p := range append(shared, op.Parameters...) {
				if p.In == "path" {
					declared[p.Name] = p.Required
				}
			}
			for _, m := range named.FindAllStringSubmatch(route, -1) {
				if !declared[m[1]] {
					t.Errorf("%s: %s %s: the parameter %s is not declared", path, method, route, m[1])
				}
				delete(declared, m[1])
			}
			if len(declared) > 0 {
				t.Errorf("%s: %s %s: parameters that are not in the path: %v", path, method, route, declared)
			}
			d.references(t, path, raw)
		}
	}
}

// references follows every $ref within the document.
func (d openAPI) references(t *testing.T, path string, raw json.RawMessage) {
	t.Helper()
	var components map[string]map[string]any
	if d.Components != nil {
		must(t, json.Unmarshal(d.Components, &components))
	}
	var walk func(v any)
	walk = func(v any) {
		switch v := v.(type) {
		case map[string]any:
			if ref, ok := v["$ref"].(string); ok {
				parts := strings.Split(strings.TrimPrefix(ref, "#/components/"), "/")
				if len(parts) != 2 || components[parts[0]][parts[1]] == nil {
					t.Errorf("%s: %s leads nowhere", path, ref)
				}
			}
			for _, sub := range v {
				walk(sub)
			}
		case []any:
			for _, sub := range v {
				walk(sub)
			}
		}
	}
	var v any
	must(t, json.Unmarshal(raw, &v))
	walk(v)
}
