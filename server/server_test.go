package server

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"chengshu/kernel/db/dbtest"
	"chengshu/pack"
)

// town is the whole program over the demo city and the packs of testdata, in
// this process, at a time that the test turns.
type town struct {
	t    testing.TB
	s    *Server
	url  string
	ids  map[string]string       // of what was opened, by name
	mu   sync.Mutex              // guards jars
	jars map[string]*http.Client // by account
}

func newTown(t testing.TB) *town { return newTownOn(t, "") }

// newTownOn is newTown over a database; "" is SQLite in its folder.
func newTownOn(t testing.TB, database string) *town {
	return newTownWith(t, nil, func(c *Config) { c.DB = database })
}

// newTownWith is newTown with further packs and other settings.
func newTownWith(t testing.TB, packs []pack.Source, set func(*Config)) *town {
	t.Helper()
	sources, err := Sources("", "")
	must(t, err)
	extra, err := pack.Dir("testdata/packs")
	must(t, err)
	cfg := Config{Data: filepath.Join(t.TempDir(), "data"), Demo: true, TestClock: scenarioStart, Origin: "test.example/log", BlobLimit: 1 << 20, FileGrace: 24 * time.Hour, Shutdown: 5 * time.Second}
	set(&cfg)
	ctx, cancel := context.WithCancel(context.Background())
	s, err := newServer(ctx, cfg, "test", slog.New(slog.DiscardHandler), append(append(sources, extra), packs...))
	must(t, err)
	ran := make(chan error, 1)
	go func() { ran <- s.Run(ctx) }()
	web := httptest.NewServer(s.Handler())
	t.Cleanup(func() {
		web.Close()
		cancel()
		if err := <-ran; err != nil {
			t.Error(err)
		}
		must(t, s.Close())
	})
	select {
	case <-s.seeded:
	case err := <-ran:
		t.Fatal(err)
	}
	return &town{t: t, s: s, url: web.URL, ids: map[string]string{}, jars: map[string]*http.Client{}}
}

// eachTown runs fn over the program on both databases.
func eachTown(t *testing.T, fn func(t *testing.T, w *town)) {
	t.Run("sqlite", func(t *testing.T) { fn(t, newTown(t)) })
	t.Run("postgresql", func(t *testing.T) { fn(t, newTownOn(t, dbtest.URL(t))) })
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// client is a browser that an account has signed in to; "" is nobody's.
func (w *town) client(account string) *http.Client {
	w.t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	if c := w.jars[account]; c != nil {
		return c
	}
	jar, err := cookiejar.New(nil)
	must(w.t, err)
	c := &http.Client{Jar: jar}
	if account != "" {
		res, err := c.Post(w.url+"/api/session", "application/json", strings.NewReader(fmt.Sprintf(`{"account":%q,"password":"%s-demo"}`, account, account)))
		must(w.t, err)
		res.Body.Close()
		if res.StatusCode != http.StatusOK {
			w.t.Fatalf("%s cannot sign in: %s", account, res.Status)
		}
	}
	w.jars[account] = c
	return c
}

// later turns the clock; who was signed in signs in again.
func (w *town) later(d time.Duration) {
	w.s.fake.Advance(d)
	w.mu.Lock()
	defer w.mu.Unlock()
	clear(w.jars)
}

var named = regexp.MustCompile(`\{([a-z]+)\}`)

// fill puts the ids of what was opened in place of their names in braces.
func (w *town) fill(s string) string {
	return named.ReplaceAllStringFunc(s, func(m string) string {
		if id, ok := w.ids[m[1:len(m)-1]]; ok {
			return id
		}
		return m
	})
}

// ask sends "METHOD /path" with a JSON body, "" for none.
func (w *town) ask(account, request, body string) (int, http.Header, string) {
	w.t.Helper()
	return w.askWith(account, request, body, nil)
}

// askWith is ask with further header lines.
func (w *town) askWith(account, request, body string, head http.Header) (int, http.Header, string) {
	w.t.Helper()
	method, path, _ := strings.Cut(w.fill(request), " ")
	req, err := http.NewRequest(method, w.url+path, strings.NewReader(w.fill(body)))
	must(w.t, err)
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	req.Header.Set("Accept-Language", "en")
	maps.Copy(req.Header, head)
	res, err := w.client(account).Do(req)
	must(w.t, err)
	defer res.Body.Close()
	got, err := io.ReadAll(res.Body)
	must(w.t, err)
	return res.StatusCode, res.Header, string(got)
}

// get asks for JSON and decodes it.
func (w *town) get(account, path string, into any) {
	w.t.Helper()
	code, _, body := w.ask(account, "GET "+path, "")
	if code != http.StatusOK {
		w.t.Fatalf("GET %s as %s: %d %s", path, account, code, body)
	}
	dec := json.NewDecoder(bytes.NewReader([]byte(body)))
	must(w.t, dec.Decode(into))
}

// do asks and remembers the id of what comes back under the name.
func (w *town) do(name, account, request, body string) {
	w.t.Helper()
	code, _, got := w.ask(account, request, body)
	if code >= 300 {
		w.t.Fatalf("%s as %s: %d %s", request, account, code, got)
	}
	var v struct{ ID string }
	must(w.t, json.Unmarshal([]byte(got), &v))
	if name != "" {
		w.ids[name] = v.ID
	}
}

// call is one line of a table: who asks for what, and what must come back.
type call struct {
	name, actor, request, body string
	status                     int
	holds                      []string // texts in the answer
	lacks                      []string // texts that must not be there
}

func (w *town) run(t *testing.T, calls []call) {
	t.Helper()
	for _, c := range calls {
		t.Run(c.name, func(t *testing.T) {
			code, head, body := w.ask(c.actor, c.request, c.body)
			if code != c.status {
				t.Fatalf("%s as %q: %d, want %d: %s", c.request, c.actor, code, c.status, body)
			}
			for _, want := range c.holds {
				if !strings.Contains(body, w.fill(want)) {
					t.Errorf("%s as %q lacks %s: %s", c.request, c.actor, w.fill(want), body)
				}
			}
			for _, not := range c.lacks {
				if strings.Contains(body, w.fill(not)) {
					t.Errorf("%s as %q tells %s: %s", c.request, c.actor, w.fill(not), body)
				}
			}
			if code >= 400 {
				isProblem(t, code, head, body)
			}
		})
	}
}

// isProblem holds a refusal to RFC 9457 and to our two languages.
func isProblem(t *testing.T, code int, head http.Header, body string) {
	t.Helper()
	var p struct {
		Type, Title, Detail, Code string
		Status                    int
		Text                      struct{ Zh, En string }
		Errors                    []struct{ Path, Zh, En string }
	}
	if err := json.Unmarshal([]byte(body), &p); err != nil {
		t.Fatalf("a problem that is no JSON: %s", body)
	}
	if head.Get("Content-Type") != "application/problem+json" || p.Status != code || p.Title != http.StatusText(code) || p.Type == "" ||
		p.Code == "" || p.Text.Zh == "" || p.Text.En == "" || p.Detail != p.Text.En {
		t.Errorf("not a problem as it should be: %s %s", head.Get("Content-Type"), body)
	}
	for _, e := range p.Errors {
		if e.Zh == "" || e.En == "" {
			t.Errorf("a mistake without words: %s", body)
		}
	}
}
