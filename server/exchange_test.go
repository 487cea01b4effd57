package server

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
)

// granted takes a grant on legal entities for the human resources bureau and
// returns its address, and the key of one entity.
func granted(t *testing.T, w *town, more string) (grant, key string) {
	t.Helper()
	_, body := w.send("admin", "GET /api/records/legal-entity?limit=1&category=enterprise", "")
	key = textOf(t, body, `"credit_code":"`)
	w.do("request", "data-user", "POST /api/cases/data-request", `{"action":"apply","fields":{"resource":"legal-entity","wanted":["legal-entity.credit_code","legal-entity.name"],
		"purpose":"p","legal_basis":"b","until":"2027-01-01"`+more+`}}`)
	w.do("", "market-steward", "POST /api/cases/data-request/{request}/agree", `{"fields":{}}`)
	status, body := w.send("admin", "POST /api/cases/data-request/{request}/issue", `{"fields":{}}`)
	if status != http.StatusOK {
		t.Fatalf("%d %s", status, body)
	}
	return "/api/grants/" + textOf(t, body, `"issued":"`), key
}

// send is ask without the head of the answer.
func (w *town) send(account, request, body string) (int, string) {
	status, _, answer := w.ask(account, request, body)
	return status, answer
}

func textOf(t *testing.T, body, before string) string {
	t.Helper()
	_, rest, ok := strings.Cut(body, before)
	if !ok {
		t.Fatalf("%s is not in %s", before, body)
	}
	value, _, _ := strings.Cut(rest, `"`)
	return value
}

// TestQuotaHolds: however many ask at the same moment, no more records are given
// than were granted.
func TestQuotaHolds(t *testing.T) {
	eachTown(t, func(t *testing.T, w *town) {
		grant, key := granted(t, w, `,"quota":7`)
		var mu sync.Mutex
		got := map[int]int{}
		var all sync.WaitGroup
		for range 30 {
			all.Go(func() {
				status, _ := w.send("data-user", "POST "+grant+"/lookup", fmt.Sprintf(`{"keys":[%q]}`, key))
				mu.Lock()
				defer mu.Unlock()
				got[status]++
			})
		}
		all.Wait()
		if got[200] != 7 || got[403] != 23 {
			t.Errorf("answers by status: %v, want 7 times 200 and 23 times 403", got)
		}
		if _, body := w.send("data-user", "GET "+grant, ""); !strings.Contains(body, `"used":7,`) || !strings.Contains(body, `"state":"used-up"`) {
			t.Error(body)
		}
	})
}

// TestNothingWithoutEvidence: what cannot be put on record is not given.
func TestNothingWithoutEvidence(t *testing.T) {
	w := newTown(t)
	grant, key := granted(t, w, "")
	ask := fmt.Sprintf(`{"keys":[%q]}`, key)
	if status, body := w.send("data-user", "POST "+grant+"/lookup", ask); status != 200 || !strings.Contains(body, key) {
		t.Fatal(status, body)
	}
	must(t, w.s.db.DDL(context.Background(), `alter table act rename to act_gone`))
	for _, one := range []struct{ method, path, body string }{{"POST", "/lookup", ask}, {"POST", "/query", `{"limit":1}`}, {"POST", "/query", `{"by":["category"]}`}, {"GET", "/file", ""}} {
		if status, body := w.send("data-user", one.method+" "+grant+one.path, one.body); status < 400 || strings.Contains(body, key) {
			t.Errorf("%s: %d %s", one.path, status, body)
		}
	}
	must(t, w.s.db.DDL(context.Background(), `alter table act_gone rename to act`))
	if _, body := w.send("data-user", "GET "+grant, ""); !strings.Contains(body, `"used":1,`) {
		t.Errorf("what was not given counts: %s", body)
	}
}

// TestGrantRefuses: a grant gives nothing but what it says.
func TestGrantRefuses(t *testing.T) {
	w := newTown(t)
	grant, key := granted(t, w, `,"rate":1000`)
	w.ids["grant"] = strings.TrimPrefix(grant, "/api/grants/")
	w.run(t, []call{
		{name: "nobody", request: "POST /api/grants/{grant}/lookup", body: `{"keys":["` + key + `"]}`, status: 404},
		{name: "the owner", actor: "market-steward", request: "POST /api/grants/{grant}/lookup", body: `{"keys":["` + key + `"]}`, status: 404},
		{name: "the bureau", actor: "admin", request: "GET /api/grants/{grant}/file", status: 404},
		{name: "another grant", actor: "data-user", request: "POST /api/grants/none/lookup", body: `{"keys":["x"]}`, status: 404},
		{name: "no keys", actor: "data-user", request: "POST /api/grants/{grant}/lookup", body: `{"keys":[]}`, status: 422, holds: []string{`"keys"`}},
		{name: "too many keys", actor: "data-user", request: "POST /api/grants/{grant}/lookup", body: `{"keys":["` + strings.Repeat(`x","`, 100) + `x"]}`, status: 422},
		{name: "an unknown member", actor: "data-user", request: "POST /api/grants/{grant}/lookup", body: `{"key":"x"}`, status: 400},
		{name: "a filter that is none", actor: "data-user", request: "POST /api/grants/{grant}/query", body: `{"where":[{"field":"x; drop table r_legal_entity","in":["1"]}]}`, status: 400},
		{name: "the id, which may be the key", actor: "data-user", request: "POST /api/grants/{grant}/query", body: `{"where":[{"field":"id","from":"0"}]}`, status: 403, holds: []string{"field-not-granted"}},
		{name: "who made it", actor: "data-user", request: "POST /api/grants/{grant}/query", body: `{"where":[{"field":"created_by","empty":true}]}`, status: 403},
		{name: "when it was made", actor: "data-user", request: "POST /api/grants/{grant}/query", body: `{"sort":"created_at"}`, status: 403},
		{name: "a hidden field to sort by", actor: "data-user", request: "POST /api/grants/{grant}/query", body: `{"sort":"established"}`, status: 403, holds: []string{"field-not-granted"}},
		{name: "a hidden field to measure", actor: "data-user", request: "POST /api/grants/{grant}/query", body: `{"by":[],"measures":[{"of":"sum","field":"capital_fen"}]}`, status: 403},
		{name: "a hidden field to group by", actor: "data-user", request: "POST /api/grants/{grant}/query", body: `{"by":["status"]}`, status: 403},
		{name: "a measure that is none", actor: "data-user", request: "POST /api/grants/{grant}/query", body: `{"by":["name"],"measures":[{"of":"median","field":"name"}]}`, status: 422},
		{name: "others see nothing of it", actor: "citizen", request: "GET /api/grants/{grant}", status: 404},
		{name: "nor in a list", actor: "citizen", request: "GET /api/grants?of=legal-entity", status: 200, holds: []string{`"items":[]`}},
		{name: "the owner sees its use", actor: "market-steward", request: "GET /api/grants/{grant}", status: 200, holds: []string{`"used":0`, `"usable":false`}},
		{name: "the rows", actor: "data-user", request: "POST /api/grants/{grant}/lookup", body: `{"keys":["` + key + `","none"]}`, status: 200, holds: []string{key, ",null]"}, lacks: []string{"address", "representative"}},
	})
}
