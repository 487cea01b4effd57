package server

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
)

type ckanAnswer struct {
	Success bool
	Result  json.RawMessage
	Error   map[string]any
}

func (w *town) action(account, name, body string) (int, ckanAnswer) {
	w.t.Helper()
	code, _, raw := w.ask(account, "POST /api/3/action/"+name, body)
	var a ckanAnswer
	must(w.t, json.Unmarshal([]byte(raw), &a))
	return code, a
}

// rowsOfPackage is the id of the resource that holds a register's rows.
func (w *town) rowsOfPackage(name string) string {
	w.t.Helper()
	_, a := w.action("", "package_show", `{"id":"`+name+`"}`)
	var p struct{ Resources []struct{ ID string } }
	must(w.t, json.Unmarshal(a.Result, &p))
	return p.Resources[0].ID
}

// TestCKANReadings: a search over all persons that sends three leaves readings of
// these three, and one that sends nothing personal leaves none.
func TestCKANReadings(t *testing.T) {
	eachTown(t, func(t *testing.T, w *town) {
		w.client("admin")
		persons := w.rowsOfPackage("natural-person")
		for _, c := range []struct {
			ask  string
			read int64
		}{{`"sort":"name desc","limit":3`, 3}, {`"filters":{"synthetic":true},"limit":2,"offset":5`, 2}, {`"fields":"division,synthetic","limit":9`, 0}, {`"limit":0`, 0}} {
			before := w.count("evidence_reading")
			if code, a := w.action("admin", "datastore_search", `{"resource_id":"`+persons+`",`+c.ask+`}`); code != http.StatusOK {
				t.Fatalf("%s: %d %v", c.ask, code, a.Error)
			}
			if read := w.count("evidence_reading") - before; read > c.read || c.read > 0 && read == 0 {
				t.Errorf("%s: %d readings, want %d", c.ask, read, c.read)
			}
		}
		for _, account := range []string{"", "citizen"} {
			if code, a := w.action(account, "datastore_search", `{"resource_id":"`+persons+`"}`); code != http.StatusForbidden || a.Error["__type"] != "Authorization Error" {
				t.Errorf("%q: %d %v", account, code, a)
			}
		}
	})
}

// TestCKANFilters: a filter by a declared field is the database's, any other is
// applied to what is shown; both agree.
func TestCKANFilters(t *testing.T) {
	eachTown(t, func(t *testing.T, w *town) {
		divisions := w.rowsOfPackage("division")
		for filter, want := range map[string]int{`{"level":"county"}`: 24, `{"level":["county","city"]}`: 25, `{"name":"长安区"}`: 1, `{"level":"none such"}`: 0, `{"level":"street","approx":true,"code":"130102001"}`: 1, `{"level":"a..b"}`: 0} {
			code, a := w.action("", "datastore_search", `{"resource_id":"`+divisions+`","filters":`+filter+`}`)
			var got struct{ Total int }
			if code == http.StatusOK {
				must(t, json.Unmarshal(a.Result, &got))
			}
			if got.Total != want || code != http.StatusOK {
				t.Errorf("%s: %d, %d rows, want %d: %v", filter, code, got.Total, want, a.Error)
			}
		}
	})
}

// TestCKANOneName: of several who enter a name at once, one has it.
func TestCKANOneName(t *testing.T) {
	eachTown(t, func(t *testing.T, w *town) {
		w.client("admin")
		var mu sync.Mutex
		var wait sync.WaitGroup
		codes := map[int]int{}
		for i := range 8 {
			wait.Go(func() {
				code, _, _ := w.ask("admin", "POST /api/3/action/package_create", fmt.Sprintf(`{"name":"wanted","title":"%d","owner_org":"1301-ecology"}`, i))
				mu.Lock()
				defer mu.Unlock()
				codes[code]++
			})
		}
		wait.Wait()
		if codes[http.StatusOK] != 1 || codes[http.StatusConflict] != 7 {
			t.Errorf("%v", codes)
		}
		if code, a := w.action("admin", "package_update", `{"id":"wanted","name":"wanted","owner_org":"130102-civil","resources":[{"url":"https://example.org/x"}]}`); code != http.StatusOK || !strings.Contains(string(a.Result), "长安区民政局") {
			t.Errorf("moved to another: %d %s %v", code, a.Result, a.Error)
		}
	})
}

// TestCKANUnits: an editor keeps what is the own department's, and cannot hand it
// to another.
func TestCKANUnits(t *testing.T) {
	w := newTown(t)
	for _, c := range []struct {
		name, body string
		want       int
	}{
		{"package_create", `{"name":"mine"}`, http.StatusOK}, // the only department is meant
		{"package_create", `{"name":"theirs","owner_org":"1301-civil"}`, http.StatusForbidden},
		{"package_patch", `{"id":"mine","owner_org":"1301-civil"}`, http.StatusForbidden},
		{"package_patch", `{"id":"mine","title":"我的"}`, http.StatusOK},
		{"package_patch", `{"id":"mine","title":"` + strings.Repeat("长", 1001) + `"}`, http.StatusConflict},
		{"resource_create", `{"package_id":"division","url":"https://example.org"}`, http.StatusForbidden},
		{"organization_create", `{"name":"new","title":"新"}`, http.StatusForbidden},
		{"package_delete", `{"id":"mine"}`, http.StatusOK},
		{"package_delete", `{"id":"mine"}`, http.StatusNotFound},
	} {
		if code, a := w.action("open-data", c.name, c.body); code != c.want {
			t.Errorf("%s %.60s: %d, want %d: %v", c.name, c.body, code, c.want, a.Error)
		}
	}
}

// TestCKANOtherSites: pages of other sites may read what anybody may, and change
// nothing with a visitor's cookie.
func TestCKANOtherSites(t *testing.T) {
	w := newTown(t)
	foreign := http.Header{"Origin": {"https://elsewhere.example"}, "Sec-Fetch-Site": {"cross-site"}}
	code, head, _ := w.askWith("", "GET /api/3/action/package_list", "", foreign)
	if code != http.StatusOK || head.Get("Access-Control-Allow-Origin") != "*" || head.Get("Access-Control-Allow-Credentials") != "" {
		t.Errorf("reading: %d %v", code, head)
	}
	if code, _, _ := w.askWith("admin", "POST /api/3/action/package_create", `{"name":"forged","owner_org":"1301-data"}`, foreign); code != http.StatusForbidden {
		t.Errorf("writing: %d", code)
	}
	if code, _, body := w.ask("admin", "GET /api/3/action/user_show?callback=f", ""); code != http.StatusForbidden {
		t.Errorf("a script of another site learns who visits: %d %s", code, body)
	}
}
