package scenario_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"sync"
	"testing"
	"time"
)

// city is a small server with the shape of the real API: people who sign in,
// one case type with a lock, an inbox in pages, files, a stream of hints.
type city struct {
	mu     sync.Mutex
	now    time.Time
	cases  []*incident
	files  map[string]int
	people map[string]string
	hints  chan string
	notes  []map[string]any
}

type incident struct {
	id, state string
	rev       int
	fields    map[string]any
	opened    time.Time
	line      []map[string]any
}

func newCity(t *testing.T) *httptest.Server {
	t.Helper()
	c := &city{
		files: map[string]int{}, hints: make(chan string, 100),
		people: map[string]string{"citizen": "citizen-demo", "dispatcher": "dispatcher-demo", "rival": "rival-demo", "stranger": "stranger-demo"},
	}
	s := httptest.NewServer(c.routes())
	t.Cleanup(s.Close)
	return s
}

func (c *city) routes() http.Handler {
	m := http.NewServeMux()
	m.HandleFunc("POST /api/test/clock", c.turn)
	m.HandleFunc("GET /api/session", c.demo)
	m.HandleFunc("POST /api/session", c.signIn)
	m.HandleFunc("DELETE /api/session", c.signOut)
	m.HandleFunc("POST /api/people", c.register)
	m.HandleFunc("POST /api/cases/incident", c.open)
	m.HandleFunc("GET /api/cases/incident", c.list)
	m.HandleFunc("GET /api/cases/incident/{id}", c.read)
	m.HandleFunc("GET /api/cases/incident/{id}/timeline", c.timeline)
	m.HandleFunc("GET /api/cases/incident/{id}/evidence", c.evidence)
	m.HandleFunc("POST /api/cases/incident/{id}/comments", c.comment)
	m.HandleFunc("POST /api/cases/incident/{id}/{action}", c.act)
	m.HandleFunc("POST /api/records/note", c.createNote)
	m.HandleFunc("PATCH /api/records/note/{id}", c.reviseNote)
	m.HandleFunc("DELETE /api/records/note/{id}", c.deleteNote)
	m.HandleFunc("GET /api/inbox", c.inbox)
	m.HandleFunc("POST /api/files", c.upload)
	m.HandleFunc("GET /api/events", c.events)
	m.HandleFunc("/api/echo/{rest...}", c.echo)
	return m
}

func reply(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}

func refuse(w http.ResponseWriter, status int, code string) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{
		"status": status, "code": code, "detail": map[string]string{"zh": "不行：" + code, "en": "no: " + code},
		"why": []map[string]string{{"zh": "此事项已派遣", "en": "It is assigned already"}},
	})
}

func decode(r *http.Request) map[string]any {
	var m map[string]any
	_ = json.NewDecoder(r.Body).Decode(&m)
	return m
}

// who returns who has signed in, less than eight hours ago. The caller holds
// the lock.
func (c *city) who(r *http.Request) string {
	k, err := r.Cookie("chengshu")
	if err != nil {
		return ""
	}
	value, _ := url.QueryUnescape(k.Value)
	var account string
	var since int64
	if n, _ := fmt.Sscan(value, &account, &since); n < 2 || c.now.Unix()-since > 8*3600 {
		return ""
	}
	return account
}

func (c *city) person(r *http.Request) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.who(r)
}

func (c *city) turn(w http.ResponseWriter, r *http.Request) {
	now, err := time.Parse(time.RFC3339Nano, fmt.Sprint(decode(r)["now"]))
	if err != nil {
		refuse(w, 422, "bad-time")
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = now
	reply(w, 200, map[string]any{})
}

func (c *city) demo(w http.ResponseWriter, r *http.Request) {
	var person any
	if c.person(r) != "" {
		person = map[string]string{"name": c.person(r)}
	}
	reply(w, 200, map[string]any{"person": person, "demo": []map[string]string{{"account": "rival", "password": "rival-demo"}}})
}

func (c *city) signIn(w http.ResponseWriter, r *http.Request) {
	m := decode(r)
	account := fmt.Sprint(m["account"])
	c.mu.Lock()
	defer c.mu.Unlock()
	if p, ok := c.people[account]; !ok || p != m["password"] {
		refuse(w, 401, "wrong-credentials")
		return
	}
	value := fmt.Sprintf("%s %d", account, c.now.Unix())
	http.SetCookie(w, &http.Cookie{Name: "chengshu", Value: url.QueryEscape(value), Path: "/", HttpOnly: true})
	reply(w, 200, map[string]any{"account": account})
}

func (c *city) signOut(w http.ResponseWriter, _ *http.Request) {
	http.SetCookie(w, &http.Cookie{Name: "chengshu", Path: "/", MaxAge: -1})
	w.WriteHeader(http.StatusNoContent)
}

func (c *city) register(w http.ResponseWriter, r *http.Request) {
	m := decode(r)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.people[fmt.Sprint(m["account"])] = fmt.Sprint(m["password"])
	reply(w, 201, map[string]any{"account": m["account"]})
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

func (c *city) show(i *incident) map[string]any {
	due := i.opened.Add(2 * time.Hour)
	light := "green"
	if c.now.After(due) {
		light = "red"
	}
	return map[string]any{"id": i.id, "type": "incident", "rev": i.rev, "fields": i.fields, "case": map[string]any{
		"number": "SJ2026" + i.id, "state": i.state, "state_title": map[string]string{"zh": "状态" + i.state, "en": "State " + i.state},
		"due_at": stamp(due), "light": light, "opened_at": stamp(i.opened), "closed_at": nil,
	}}
}

func (c *city) open(w http.ResponseWriter, r *http.Request) {
	m := decode(r)
	if c.person(r) == "" {
		refuse(w, 401, "sign-in")
		return
	}
	fields, _ := m["fields"].(map[string]any)
	if m["action"] != "report" || fields["category"] == nil {
		refuse(w, 422, "required")
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	i := &incident{id: fmt.Sprintf("i%d", len(c.cases)+1), state: "reported", rev: 1, fields: fields, opened: c.now}
	i.line = append(i.line, map[string]any{"verb": "report", "at": stamp(c.now), "note": nil})
	c.cases = append(c.cases, i)
	c.hints <- "case.incident"
	reply(w, 201, c.show(i))
}

// find returns the case when the person may see it.
func (c *city) find(w http.ResponseWriter, r *http.Request) *incident {
	for _, i := range c.cases {
		if i.id == r.PathValue("id") && c.who(r) != "stranger" && c.who(r) != "" {
			return i
		}
	}
	refuse(w, 404, "not-found")
	return nil
}

func (c *city) read(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if i := c.find(w, r); i != nil {
		reply(w, 200, c.show(i))
	}
}

func (c *city) timeline(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if i := c.find(w, r); i != nil {
		reply(w, 200, map[string]any{"items": i.line})
	}
}

func (c *city) evidence(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if i := c.find(w, r); i != nil {
		w.Header().Set("Content-Type", "application/octet-stream")
		_, _ = io.WriteString(w, "bundle of "+i.id)
	}
}

func (c *city) comment(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if i := c.find(w, r); i != nil {
		i.line = append(i.line, map[string]any{"verb": "comment", "note": decode(r)["text"]})
		reply(w, 201, map[string]any{})
	}
}

func (c *city) act(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	m := decode(r)
	i := c.find(w, r)
	switch {
	case i == nil:
	case m["rev"] != float64(i.rev):
		refuse(w, 409, "stale-revision")
	case i.state != "reported":
		refuse(w, 409, "wrong-state")
	case r.PathValue("action") != "assign":
		refuse(w, 404, "no-action")
	default:
		i.state, i.rev = "assigned", i.rev+1
		i.line = append(i.line, map[string]any{"verb": "assign", "at": stamp(c.now), "note": nil})
		c.hints <- "case.incident"
		reply(w, 200, c.show(i))
	}
}

func (c *city) list(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	want := r.URL.Query()["state"]
	items := []any{}
	for _, i := range c.cases {
		if len(want) == 0 || slices.Contains(want, i.state) {
			items = append(items, c.show(i))
		}
	}
	reply(w, 200, map[string]any{"items": items})
}

// inbox gives one item a page, so that a search must turn pages.
func (c *city) inbox(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	var open []*incident
	for _, i := range c.cases {
		if i.state == "reported" && c.who(r) == "dispatcher" {
			open = append(open, i)
		}
	}
	at := 0
	_, _ = fmt.Sscan(r.URL.Query().Get("after"), &at)
	page := map[string]any{"items": []any{}, "totals": map[string]int{"mine": len(open)}}
	if at < len(open) {
		page["items"] = []any{map[string]any{"task": "t", "id": open[at].id, "type": "incident", "light": c.show(open[at])["case"].(map[string]any)["light"]}}
	}
	if at+1 < len(open) {
		page["next"] = fmt.Sprint(at + 1)
	}
	reply(w, 200, page)
}

func (c *city) upload(w http.ResponseWriter, r *http.Request) {
	b, _ := io.ReadAll(r.Body)
	c.mu.Lock()
	defer c.mu.Unlock()
	id := base64.RawURLEncoding.EncodeToString(b)
	c.files[id] = len(b)
	reply(w, 201, map[string]any{"id": id, "name": r.Header.Get("X-Filename"), "size": len(b), "media": r.Header.Get("Content-Type")})
}

func (c *city) events(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/event-stream")
	w.WriteHeader(200)
	_, _ = io.WriteString(w, ": hello\n\n")
	w.(http.Flusher).Flush()
	for {
		select {
		case topic := <-c.hints:
			_, _ = fmt.Fprintf(w, "event: hint\ndata: {\"topic\":%q}\n\n", topic)
			w.(http.Flusher).Flush()
		case <-r.Context().Done():
			return
		}
	}
}

func (c *city) createNote(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := map[string]any{"id": fmt.Sprintf("n%d", len(c.notes)+1), "type": "note", "rev": 1, "fields": decode(r)["fields"]}
	c.notes = append(c.notes, n)
	reply(w, 201, n)
}

func (c *city) note(r *http.Request) map[string]any {
	for _, n := range c.notes {
		if n["id"] == r.PathValue("id") {
			return n
		}
	}
	return nil
}

func (c *city) reviseNote(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	m, n := decode(r), c.note(r)
	if m["rev"] != float64(n["rev"].(int)) {
		refuse(w, 409, "stale-revision")
		return
	}
	n["fields"], n["rev"] = m["fields"], n["rev"].(int)+1
	reply(w, 200, n)
}

func (c *city) deleteNote(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if r.URL.Query().Get("rev") != fmt.Sprint(c.note(r)["rev"]) {
		refuse(w, 409, "stale-revision")
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// echo tells what was sent.
func (c *city) echo(w http.ResponseWriter, r *http.Request) {
	b, _ := io.ReadAll(r.Body)
	w.Header().Set("X-Seen", r.Method)
	if r.PathValue("rest") == "moved" {
		w.Header().Set("Location", "/elsewhere")
		w.WriteHeader(http.StatusFound)
		return
	}
	reply(w, 200, map[string]any{
		"method": r.Method, "path": r.URL.Path, "query": r.URL.Query(), "sent": string(b), "accept": r.Header.Get("Accept"),
		"media": r.Header.Get("Content-Type"), "who": c.person(r), "none": nil, "list": []int{1, 2, 3}, "price": "12.50", "done": true,
		"title": map[string]string{"zh": "井盖缺失", "en": "Missing cover"},
	})
}
