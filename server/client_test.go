package server

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"chengshu/core/identity"
	"chengshu/kernel/db"
)

// key enters an API client and returns its key.
func (w *town) key(org string, roles ...string) string {
	w.t.Helper()
	var key string
	must(w.t, w.s.db.Do(w.t.Context(), func(tx *db.Tx) (err error) {
		_, key, err = w.s.identity.AddClient(tx, identity.NewSystem(), identity.NewClient{Name: "测试系统", Org: org, Roles: roles,
			ExpiresAt: w.s.clock.Now().Add(24 * time.Hour).UnixMilli()})
		return err
	}))
	return key
}

// TestClientFollows: a client that is no person finds what it handed in, and
// nobody else's, and is told apart from somebody who has not signed in.
func TestClientFollows(t *testing.T) {
	eachTown(t, func(t *testing.T, w *town) {
		key := w.key("130102-command", "intake")
		ask := func(key, request, body string) (int, string) {
			code, _, answer := w.askWith("", request, body, http.Header{"Authorization": {"bearer " + key}})
			return code, answer
		}
		code, answer := ask(key, "POST /api/cases/incident", strings.Replace(aReport, `{"fields":{`, `{"action":"register","fields":{"source":"sensor",`, 1))
		if code != http.StatusCreated {
			t.Fatalf("register: %d %s", code, answer)
		}
		var made struct{ ID string }
		must(t, json.Unmarshal([]byte(answer), &made))
		w.ids["case"] = made.ID
		w.do("other", "citizen", "POST /api/cases/incident", aReport)
		for request, want := range map[string]int{
			"GET /api/cases/incident/{case}":          http.StatusOK,
			"GET /api/cases/incident/{case}/timeline": http.StatusOK,
			"GET /api/cases/incident/{other}":         http.StatusNotFound,
			"GET /api/records/natural-person":         http.StatusForbidden, // not 401: the key is good
		} {
			if code, answer := ask(key, request, ""); code != want {
				t.Errorf("%s: %d, want %d: %s", request, code, want, answer)
			}
		}
		for _, list := range []string{"GET /api/cases/incident?total=true", "GET /api/cases/incident?total=true&created_by=me"} {
			if code, answer := ask(key, list, ""); code != http.StatusOK || !strings.Contains(answer, `"total":1`) || !strings.Contains(answer, w.ids["case"]) {
				t.Errorf("%s: %d %s", list, code, answer)
			}
		}
		w.do("", "dispatcher", "POST /api/cases/incident/{case}/assign", `{}`)
		w.do("", "handler", "POST /api/cases/incident/{case}/accept", `{}`)
		if code, answer := ask(key, "GET /api/me/notices", ""); code != http.StatusOK || !strings.Contains(answer, `"unread":1`) || !strings.Contains(answer, w.ids["case"]) {
			t.Errorf("what the client was told: %d %s", code, answer)
		}
		if code, answer := ask(w.key("130102-command", "intake"), "GET /api/cases/incident/{case}", ""); code != http.StatusNotFound {
			t.Errorf("another client: %d %s", code, answer)
		}
		if code, _, answer := w.ask("citizen", "GET /api/cases/incident/{case}", ""); code != http.StatusNotFound {
			t.Errorf("a citizen: %d %s", code, answer)
		}
	})
}

func TestAuthorization(t *testing.T) {
	w := newTown(t)
	key := w.key("130102-command", "intake")
	for name, c := range map[string]struct {
		given string
		want  int
		code  string
	}{
		"as it is written":     {"Bearer " + key, http.StatusOK, ""},
		"in capitals":          {"BEARER  " + key, http.StatusOK, ""},
		"an unknown key":       {"Bearer csk_nonsense", http.StatusUnauthorized, `"unknown-key"`},
		"no key":               {"Bearer", http.StatusUnauthorized, `"unknown-key"`},
		"another scheme":       {"Basic YTpi", http.StatusUnauthorized, `"bad-scheme"`},
		"a key by itself":      {key, http.StatusUnauthorized, `"bad-scheme"`},
		"a scheme run into it": {"Bearer" + key, http.StatusUnauthorized, `"bad-scheme"`},
	} {
		for _, path := range []string{"/api/session", "/api/records/division"} { // an operation and a handler
			code, head, answer := w.askWith("", "GET "+path, "", http.Header{"Authorization": {c.given}})
			if code != c.want || !strings.Contains(answer, c.code) {
				t.Errorf("%s, %s: %d %s", name, path, code, answer)
			}
			if got := head.Get("WWW-Authenticate"); (got != "") != (c.want == http.StatusUnauthorized) {
				t.Errorf("%s, %s: WWW-Authenticate %q", name, path, got)
			}
		}
	}
}
