package bad

import (
	"context"
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"chengshu/test/program"
)

// where is a state, the way there, and who may do what from it.
type where struct {
	state string
	way   []step
	may   map[string]string // by action: the accounts that may take it
}

type step struct{ who, action, body string }

var note = `{"note":"说明"}`

// actions are all that an incident has, with the body that each needs.
var actions = map[string]string{"assign": `{}`, "accept": `{}`, "decline": note, "reassign": `{"fields":{"unit":"130102-municipal"},"note":"x"}`,
	"call-partners": `{"fields":{"partners":["130102-municipal"]},"note":"x"}`, "opine": note, "joined": `{}`, "ask": note, "supplement": note, "expire": `{}`,
	"resolve": `{"fields":{"result":"好了"}}`, "return": note, "close": `{}`, "reject": note, "merge": `{"fields":{"merged_into":"none"}}`, "reopen": note, "urge": note,
	"rate": `{"fields":{"rating":5}}`}

// The way through an incident; {photo} stands for a stored photo.
var (
	toHandling  = []step{{"dispatcher", "assign", `{}`}, {"handler", "accept", `{}`}}
	toVerifying = append(toHandling[:2:2], step{"handler", "resolve", `{"fields":{"result":"好了","result_photos":[{photo}]}}`})
	toClosed    = append(toVerifying[:3:3], step{"verifier", "close", `{}`})
)

// states lists, for some states, which accounts may take which action. All
// others may not; every other action is of another state.
var states = []where{
	{"reported", nil, map[string]string{"assign": "dispatcher", "ask": "dispatcher", "reject": "dispatcher", "merge": "dispatcher", "urge": "supervisor"}},
	{"assigned", []step{{"dispatcher", "assign", `{}`}}, map[string]string{"accept": "handler", "decline": "handler", "reassign": "dispatcher supervisor", "urge": "supervisor"}},
	{"handling", toHandling, map[string]string{"reassign": "dispatcher supervisor", "call-partners": "handler dispatcher", "ask": "handler dispatcher", "resolve": "handler", "urge": "supervisor"}},
	{"verifying", toVerifying, map[string]string{"return": "verifier", "close": "verifier", "urge": "supervisor"}},
	{"closed", toClosed, map[string]string{"reopen": "citizen supervisor", "rate": "citizen"}},
	{"waiting", []step{{"dispatcher", "ask", note}}, map[string]string{"supplement": "citizen"}},
	{"rejected", []step{{"dispatcher", "reject", note}}, map[string]string{}},
}

// TestWhoAndWhen tries every action of an incident, from several states, by
// everybody who may not take it there. Each is told so, and the case stays.
func TestWhoAndWhen(t *testing.T) {
	onBoth(t, func(s *site) {
		photo := s.as("handler").Send(http.MethodPost, "/api/files", strings.NewReader("\x89PNG\r\n\x1a\nphoto"), http.Header{"X-Filename": {"a.png"}})
		if photo.Status != http.StatusCreated {
			s.t.Fatalf("store a photo: %s", photo)
		}
		for _, w := range states {
			address := s.report()
			for _, st := range w.way {
				s.must(st.who, address, st.action, strings.Replace(st.body, "{photo}", string(photo.Body), 1))
			}
			s.under(w.state, func(s *site) { s.unchanged(func() { s.tryAll(address, w) }) })
		}
	})
}

func (s *site) tryAll(address string, w where) {
	tried := map[int]int{}
	for action, body := range actions {
		for _, who := range accounts {
			if who != "" && strings.Contains(" "+w.may[action]+" ", " "+who+" ") {
				continue
			}
			a := s.act(who, address, action, body)
			tried[a.Status]++
			switch a.Status {
			case http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound:
				refused(s.t, a, a.Status, "")
			case http.StatusConflict:
				refused(s.t, a, a.Status, "wrong-state")
			default:
				s.t.Errorf("%s %s from %s: %s", who, action, w.state, a)
			}
			if who == "" && a.Status != http.StatusUnauthorized && a.Status != http.StatusNotFound {
				s.t.Errorf("a visitor, %s from %s: %s", action, w.state, a)
			}
		}
	}
	s.t.Logf("refusals by status: %v", tried)
}

// TestReads: who may not read a case, and what belongs to it, is told that it
// is not there.
func TestReads(t *testing.T) {
	s := open(t, "")
	address := s.report()
	for _, who := range []string{"", "neighbour", "handler", "municipal", "operator", "intake", "admin"} {
		for _, part := range []string{"", "/timeline", "/history", "/similar", "/evidence"} {
			if who == "admin" {
				continue // is an auditor, too
			}
			refused(t, s.as(who).Get(address+part), http.StatusNotFound, "not-found")
		}
		if who != "admin" {
			refused(t, s.act(who, address, "comments", `{"text":"x"}`), http.StatusNotFound, "not-found")
		}
	}
	for _, who := range accounts {
		for _, path := range []string{"/api/admin/health", "/api/admin/packs", "/api/admin/grants", "/api/admin/jobs"} {
			if who == "admin" || who == "auditor" {
				continue
			}
			want := http.StatusForbidden
			if who == "" {
				want = http.StatusUnauthorized
			}
			refused(t, s.as(who).Get(path), want, "")
		}
	}
}

// TestAtOnce lets a hundred assign the same case at once: one wins, whether or
// not they name the revision that they saw. A hundred reports at once get a
// hundred numbers.
func TestAtOnce(t *testing.T) {
	const crowd = 100
	onBoth(t, func(s *site) {
		for _, body := range []string{`{"rev":1}`, `{}`} {
			address := s.report()
			answers := together(crowd, func(int) program.Answer { return s.act("dispatcher", address, "assign", body) })
			won := 0
			for _, a := range answers {
				if a.Status == http.StatusOK {
					won++
					continue
				}
				refused(s.t, a, http.StatusConflict, "")
				if code := a.Code(); code != "stale-revision" && code != "wrong-state" {
					s.t.Errorf("%s", a)
				}
			}
			if won != 1 {
				s.t.Errorf("%d of %d won with %s", won, crowd, body)
			}
			if n := len(s.as("supervisor").Get(address + "/timeline").Items()); n != 2 {
				s.t.Errorf("%d acts in the time line, want the report and one assignment", n)
			}
		}
		numbers := map[string]bool{}
		for _, a := range together(crowd, func(int) program.Answer {
			return s.as("citizen").Send(http.MethodPost, "/api/cases/incident", strings.NewReader(incident("address", `"x"`)), nil)
		}) {
			if a.Status != http.StatusCreated {
				s.t.Errorf("%s", a)
			}
			numbers[a.Text("case.number")] = true
		}
		if len(numbers) != crowd {
			s.t.Errorf("%d numbers for %d reports", len(numbers), crowd)
		}
	})
}

func together(n int, fn func(i int) program.Answer) []program.Answer {
	answers := make([]program.Answer, n)
	start := make(chan struct{})
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() { <-start; answers[i] = fn(i) })
	}
	close(start)
	all.Wait()
	return answers
}

// TestAfterTheDeadline: what comes too late is refused by the state that the
// case has gone to; what is only overdue goes on.
func TestAfterTheDeadline(t *testing.T) {
	onBoth(t, func(s *site) {
		asked, overdue := s.report(), s.report()
		s.must("dispatcher", asked, "ask", note)
		turn := func(now string, status int) {
			s.t.Helper()
			if a := s.as("").Post("/api/test/clock", map[string]string{"now": now}); a.Status != status {
				s.t.Fatalf("turn to %s: %s", now, a)
			}
		}
		turn("2026-03-20T09:00:00+08:00", http.StatusOK)
		turn("2026-03-19T09:00:00+08:00", http.StatusUnprocessableEntity)
		for _, c := range []string{"citizen", "dispatcher"} { // sessions end by the same clock
			s.as(c).SignIn(s.t, c)
		}
		refused(s.t, s.act("citizen", asked, "supplement", note), http.StatusConflict, "wrong-state")
		if a := s.as("citizen").Get(asked); a.Text("case.state") != "rejected" {
			s.t.Errorf("the case that was asked about: %s", a)
		}
		if a := s.as("citizen").Get(overdue); a.Text("case.light") != "red" {
			s.t.Errorf("the case that waits to be assigned: %s", a)
		}
		s.must("dispatcher", overdue, "assign", `{}`)
	}, "--test-clock", "2026-03-02T09:00:00+08:00")
}

// TestLists sends lists parameters that must be refused, and random cursors:
// no answer is an error of ours.
func TestLists(t *testing.T) {
	onBoth(t, func(s *site) {
		for range 5 {
			s.report()
		}
		get := func(name, query, code string) request {
			return request{name: name, who: "supervisor", method: http.MethodGet, path: "/api/cases/incident?" + query, status: http.StatusBadRequest, code: code}
		}
		s.under("parameters", func(s *site) {
			s.refuseAll([]request{
				get("an unknown one", "colour=red", "unknown-filter"), get("a hidden one", "reporter_phone=139", ""), get("by description", "description=x", "unknown-filter"),
				get("one twice", "state=reported&state=closed", "bad-query"), get("not to be read", "state=%zz", "bad-query"), get("with a semicolon", "state=a;b=c", "bad-query"),
				get("with NUL", "q=a%00b", "bad-query"), get("not UTF-8", "q=%ff%fe", "bad-query"),
				get("a limit of 0", "limit=0", "bad-limit"), get("a limit below 0", "limit=-1", "bad-limit"), get("a limit of 201", "limit=201", "bad-limit"), get("a limit of 1e9", "limit=1e9", "bad-limit"),
				get("a limit without end", "limit=99999999999999999999", "bad-limit"), get("an unknown sort", "sort=description", "unknown-sort"), get("a sort of SQL's", "sort=n;drop%20table%20act", ""),
				get("a place in words", "near=here", "bad-filter"), get("half a place", "near=114,38", "bad-filter"), get("a place of NaN", "near=NaN,38,100", "bad-filter"),
				get("a circle without end", "near=114,38,Inf", "bad-filter"), get("a circle round the earth", "near=114,38,9e9", "bad-filter"), get("a circle of nothing", "near=114,38,0", "bad-filter"),
				get("a box inside out", "box=115,38,114,39", "bad-filter"), get("a box of three", "box=114,38,115", "bad-filter"), get("a box beyond the pole", "box=0,0,1,91", "bad-filter"),
				get("a range of words", "opened_at=yesterday..today", ""), get("a date that is none", "created_at=2026-02-30", "bad-filter"), get("a time that is none", "created_at=2026-02-30..", "bad-filter"),
				get("a thousand values", "category="+strings.Repeat("a,", 1000)+"a", "bad-filter"), get("thirty thousand values", "category="+strings.Repeat("a,", 29_000)+"a", "bad-filter"),
				get("thousands of filters", strings.Join(names(4000), "&"), ""),
				{name: "a case list of records", who: "supervisor", method: http.MethodGet, path: "/api/cases/duty", status: http.StatusNotFound},
				{name: "points of what has none", who: "supervisor", method: http.MethodGet, path: "/api/records/duty?near=114,38,100", status: http.StatusUnprocessableEntity},
				{name: "an inbox cursor", who: "dispatcher", method: http.MethodGet, path: "/api/inbox?after=xx", status: http.StatusUnprocessableEntity},
				{name: "an inbox of 10000", who: "dispatcher", method: http.MethodGet, path: "/api/inbox?limit=10000", status: http.StatusUnprocessableEntity},
				{name: "an inbox light", who: "dispatcher", method: http.MethodGet, path: "/api/inbox?light=pink", status: http.StatusUnprocessableEntity},
				{name: "an inbox nobody's", method: http.MethodGet, path: "/api/inbox", status: http.StatusUnauthorized},
			})
		})
		s.under("text", func(s *site) { s.texts() })
		s.under("cursors", func(s *site) { s.cursors() })
		refused(s.t, s.as("supervisor").Get("/api/cases/incident?category="+strings.Repeat("a,", 50)+"a&after=x"), http.StatusBadRequest, "bad-cursor")
		long := s.as("supervisor").Get("/api/cases/incident?q=" + strings.Repeat("x", 100_000))
		if long.Status != http.StatusRequestHeaderFieldsTooLarge {
			s.t.Errorf("an address of 100 kB: %s", long)
		}
	})
}

func names(n int) (list []string) {
	for i := range n {
		list = append(list, fmt.Sprintf("f%d=1", i))
	}
	return list
}

// texts searches for what could mean something to a search engine.
func (s *site) texts() {
	for _, q := range []string{`"`, `"a`, `'`, `*`, `a*`, `a OR`, `NOT`, `NEAR(a b)`, `^a`, `a:b`, `{a}`, `-a`, `+`, `&|!`, `()`, `a & !b`, `<->`, `\`, `%`, `_`, "\u200b", "井", "井盖", strings.Repeat("井盖", 2000), "𠮷", "🙂", "\u0301", ";", "--", "/*", `$1`, `{{`} {
		a := s.as("supervisor").Get("/api/cases/incident?q=" + url.QueryEscape(q))
		if a.Status != http.StatusOK && a.Status != http.StatusBadRequest && a.Status != http.StatusUnprocessableEntity {
			s.t.Errorf("searching for %.40q: %s", q, a)
		}
		if a.Status != http.StatusOK {
			refused(s.t, a, a.Status, "")
		}
	}
}

// cursors sends made-up cursors for every order.
func (s *site) cursors() {
	random := rand.New(rand.NewPCG(1, 2))
	values := []string{"null", "1", "-1", "1.5", "1e999", "9223372036854775807", "99999999999999999999", `"x"`, `""`, `"\u0000"`, `"\ud800"`, "true", "[]", "{}", "[1]", `{"a":1}`}
	for _, path := range []string{"/api/cases/incident?", "/api/cases/incident?sort=due_at&", "/api/cases/incident?sort=-due_at&", "/api/cases/incident?sort=updated_at&",
		"/api/cases/incident?sort=-created_at&", "/api/records/event-category?sort=code&", "/api/records/event-category?sort=-code&", "/api/records/duty?"} {
		var cursors []string
		for _, v := range values {
			for _, n := range values {
				cursors = append(cursors, base64.RawURLEncoding.EncodeToString([]byte("["+v+","+n+"]")))
			}
		}
		for range 50 {
			raw := make([]byte, random.IntN(40))
			for i := range raw {
				raw[i] = byte(random.Uint32())
			}
			cursors = append(cursors, base64.RawURLEncoding.EncodeToString(raw), url.QueryEscape(string(raw)))
		}
		for _, c := range append(cursors, "[]", "null", "%5B1,2,3%5D", strings.Repeat("A", 20_000)) {
			a := s.as("supervisor").Get(path + "after=" + c)
			switch a.Status {
			case http.StatusOK:
			case http.StatusBadRequest:
				refused(s.t, a, a.Status, "")
			case http.StatusUnprocessableEntity:
				refused(s.t, a, a.Status, "bad-text")
			default:
				raw, _ := base64.RawURLEncoding.DecodeString(c)
				s.t.Errorf("%safter=%.60s (%.60s): %s", path, c, raw, a)
			}
		}
	}
}

// TestStream opens the stream of events with places that it never gave out.
func TestStream(t *testing.T) {
	s := open(t, "")
	for _, last := range []string{"garbage", "-1", "0", "99999999999999999999", "9223372036854775807", "1.5", strings.Repeat("9", 5000), "\xff\xfe", "1 or 1=1"} {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.URL+"/api/events", nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Last-Event-ID", last)
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Errorf("%.20q: %v", last, err)
			cancel()
			continue
		}
		first := make([]byte, 200)
		n, err := res.Body.Read(first)
		if res.StatusCode != http.StatusOK || err != nil || !strings.Contains(string(first[:n]), "event: reset") {
			t.Errorf("%.20q: %d %q %v", last, res.StatusCode, first[:n], err)
		}
		cancel()
		res.Body.Close()
	}
}
