// Package bad sends the program what it must refuse, over HTTP, on both
// databases. Each refusal is a problem (RFC 9457) with the right status and
// code, tells nothing of the inside, and leaves nothing half done.
package bad

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"chengshu/kernel/db"
	"chengshu/kernel/db/dbtest"
	"chengshu/test/program"
)

func TestMain(m *testing.M) { os.Exit(program.Main(m)) }

// accounts are all demo accounts, and a visitor who has not signed in.
var accounts = []string{"", "citizen", "neighbour", "dispatcher", "handler", "municipal", "verifier", "supervisor", "auditor", "operator", "intake", "admin"}

// site is a running program and the people who use it.
type site struct {
	*program.Server
	t      *testing.T
	db     string
	people *people
}

// people are those who have come so far.
type people struct {
	mu      sync.Mutex
	clients map[string]*program.Client
}

// as returns the browser of an account, signed in; "" is a visitor.
func (s *site) as(account string) *program.Client {
	s.t.Helper()
	s.people.mu.Lock()
	defer s.people.mu.Unlock()
	c := s.people.clients[account]
	if c == nil {
		c = s.Client()
		if account != "" {
			c.SignIn(s.t, account)
		}
		s.people.clients[account] = c
	}
	return c
}

// onBoth runs fn against a fresh program on each database, started with args.
func onBoth(t *testing.T, fn func(s *site), args ...string) {
	for name, url := range map[string]func(*testing.T) string{"sqlite": func(*testing.T) string { return "" }, "postgresql": func(t *testing.T) string { return dbtest.URL(t) }} {
		t.Run(name, func(t *testing.T) { fn(open(t, url(t), args...)) })
	}
}

func open(t *testing.T, database string, args ...string) *site {
	t.Helper()
	o := program.Options{Data: t.TempDir(), Args: args}
	if database != "" {
		o.Args = append(o.Args, "--db", database)
	} else {
		database = "sqlite:" + filepath.Join(o.Data, "chengshu.db")
	}
	s := &site{Server: program.Start(t, o), t: t, db: database, people: &people{clients: map[string]*program.Client{}}}
	return s
}

// under runs the rest as a subtest.
func (s *site) under(name string, fn func(s *site)) {
	s.t.Run(name, func(t *testing.T) {
		sub := *s
		sub.t = t
		fn(&sub)
	})
}

// place is a street of Chang'an District.
const place = `{"lon":114.52972,"lat":38.04533}`

// report opens a case as citizen and returns its address.
func (s *site) report() string {
	s.t.Helper()
	a := s.as("citizen").Send(http.MethodPost, "/api/cases/incident", strings.NewReader(`{"fields":{"category":"P0101","location":`+place+`,"description":"井盖缺失"}}`), nil)
	if a.Status != http.StatusCreated {
		s.t.Fatalf("report: %s", a)
	}
	return "/api/cases/incident/" + a.Text("id")
}

// act takes an action and returns the answer.
func (s *site) act(who, address, action, body string) program.Answer {
	return s.as(who).Send(http.MethodPost, address+"/"+action, strings.NewReader(body), nil)
}

// must takes an action that the story needs.
func (s *site) must(who, address, action, body string) {
	s.t.Helper()
	if a := s.act(who, address, action, body); a.Status != http.StatusOK {
		s.t.Fatalf("%s %s: %s", who, action, a)
	}
}

// inside matches what only a look into the program could tell.
var inside = regexp.MustCompile(`(?i)sqlite|sqlstate|pgx|panic|goroutine|\.go:\d|insert into|select .* from|/tmp/|chengshu\.db`)

// refused checks that the answer is a whole problem of this status and code;
// an empty code is any.
func refused(t *testing.T, a program.Answer, status int, code string) {
	t.Helper()
	if a.Err != nil {
		t.Errorf("no answer: %v", a.Err)
		return
	}
	whole := a.Header.Get("Content-Type") == "application/problem+json" && a.At("status") == float64(a.Status) && a.Code() != "" &&
		a.Text("detail") != "" && a.Text("title") != "" && a.Text("text.zh") != "" && a.Text("text.en") != ""
	switch {
	case a.Status != status || code != "" && a.Code() != code:
		t.Errorf("want %d %s, got %s", status, code, a)
	case !whole:
		t.Errorf("not a whole problem: %s", a)
	case inside.Match(a.Body):
		t.Errorf("it tells of the inside: %s", a)
	case len(a.Body) > 64<<10:
		t.Errorf("a refusal of %d bytes: %s", len(a.Body), a)
	}
}

// counts returns how many rows the tables hold that a write to a case or a
// record touches.
func (s *site) counts() string {
	s.t.Helper()
	d, err := db.Open(s.t.Context(), s.db, db.Options{})
	if err != nil {
		s.t.Fatal(err)
	}
	defer d.Close()
	var out []string
	for _, sql := range []string{"r_incident", "r_duty", "r_natural_person", "record_history", "process_task", "process_comment", "process_counter", "server_file",
		"act where subject_type in ('incident', 'duty', 'natural-person')"} {
		var n int64
		if err := d.Read(s.t.Context()).QueryRow("select count(*) from " + sql).Scan(&n); err != nil {
			s.t.Fatal(err)
		}
		out = append(out, fmt.Sprintf("%s: %d", sql, n))
	}
	return strings.Join(out, "\n")
}

// unchanged runs fn and checks that nothing was written by it.
func (s *site) unchanged(fn func()) {
	s.t.Helper()
	before := s.counts()
	fn()
	if after := s.counts(); after != before {
		s.t.Errorf("something was written. Before:\n%s\nafter:\n%s", before, after)
	}
}

// request is one line of a table: who sends what, and what they must be told.
type request struct {
	name, who, method, path, body string
	header                        http.Header
	status                        int
	code                          string
	at                            string // a path that must be among the errors
}

// refuseAll sends each request and checks its answer.
func (s *site) refuseAll(list []request) {
	s.unchanged(func() {
		for _, r := range list {
			s.t.Run(r.name, func(t *testing.T) {
				method := r.method
				if method == "" {
					method = http.MethodPost
				}
				a := s.as(r.who).Send(method, r.path, strings.NewReader(r.body), r.header)
				refused(t, a, r.status, r.code)
				if r.at != "" && !strings.Contains(string(a.Body), `"path":"`+r.at) {
					t.Errorf("no error at %s: %s", r.at, a)
				}
			})
		}
	})
}
