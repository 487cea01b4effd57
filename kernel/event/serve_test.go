package event

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"chengshu/kernel/clock"

	"github.com/google/go-cmp/cmp"
)

// rig is a bus behind a real server, with a clock that the test turns.
type rig struct {
	t      *testing.T
	clock  *clock.Fake
	bus    *Bus
	server *httptest.Server
}

func newRig(t *testing.T, o Options) *rig {
	t.Helper()
	c := clock.NewFake(start)
	o.Clock = c
	g := &rig{t: t, clock: c, bus: New(o)}
	g.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		g.bus.Serve(w, r, func(topic string) bool { return !strings.HasPrefix(topic, "secret") })
	}))
	t.Cleanup(func() {
		g.bus.Close()
		g.server.Close() // waits for every handler
	})
	return g
}

// turn waits until n timers wait on the clock, and turns it.
func (g *rig) turn(n int, d time.Duration) {
	g.t.Helper()
	if err := g.clock.Await(g.t.Context(), n); err != nil {
		g.t.Fatal(err)
	}
	g.clock.Advance(d)
}

// tick lets the window of what was just published end, and returns when
// every listener has been woken.
func (g *rig) tick() {
	g.t.Helper()
	g.bus.mu.RLock()
	woken := g.bus.wake
	g.bus.mu.RUnlock()
	g.clock.Advance(window)
	<-woken
}

// client is one stream as a browser sees it.
type client struct {
	t      *testing.T
	lines  *bufio.Reader
	cancel context.CancelFunc
	header http.Header
	last   string // the id a browser would come back with
}

func (g *rig) connect(query, last string) *client {
	g.t.Helper()
	ctx, cancel := context.WithCancel(g.t.Context())
	g.t.Cleanup(cancel)
	req, err := http.NewRequestWithContext(ctx, "GET", g.server.URL+"/"+query, nil)
	if err != nil {
		g.t.Fatal(err)
	}
	if last != "" {
		req.Header.Set("Last-Event-ID", last)
	}
	resp, err := g.server.Client().Do(req)
	if err != nil {
		g.t.Fatal(err)
	}
	g.t.Cleanup(func() { resp.Body.Close() })
	if resp.StatusCode != http.StatusOK {
		g.t.Fatalf("status %d", resp.StatusCode)
	}
	return &client{t: g.t, lines: bufio.NewReader(resp.Body), cancel: cancel, header: resp.Header}
}

// next reads one block, keeps its id as browsers do, and returns "hint TOPIC",
// "reset", "pass" for a block without data, or "end".
func (c *client) next() string {
	c.t.Helper()
	event, data := "", ""
	for {
		line, err := c.lines.ReadString('\n')
		if err != nil {
			return "end"
		}
		name, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ":")
		value = strings.TrimPrefix(value, " ")
		switch {
		case line == "\n" && data == "":
			return "pass"
		case line == "\n" && event == "hint":
			return "hint " + data
		case line == "\n":
			return event
		case name == "id":
			c.last = value
		case name == "event":
			event = value
		case name == "data":
			data = value
		case name != "":
			c.t.Errorf("odd line %q", line)
		}
	}
}

func (c *client) expect(want ...string) {
	c.t.Helper()
	got := []string{}
	for range want {
		got = append(got, c.next())
	}
	if d := cmp.Diff(want, got); d != "" {
		c.t.Fatal(d)
	}
}

func told(topic string) string { return `hint {"topic":"` + topic + `"}` }

func TestServe(t *testing.T) {
	g := newRig(t, Options{})
	c := g.connect("", "")
	c.expect("pass")
	want := map[string]string{"Content-Type": "text/event-stream", "Cache-Control": "no-store", "X-Accel-Buffering": "no"}
	for name, value := range want {
		if got := c.header.Get(name); got != value {
			t.Errorf("%s: %q, want %q", name, got, value)
		}
	}
	for range 100 {
		g.bus.Publish("case.incident")
		g.bus.Publish("secret.thing")
		g.bus.Publish("inbox")
	}
	g.tick()
	c.expect(told("case.incident"), told("inbox"))

	g.bus.Publish("a\n\nid: 7\n\"") // A topic cannot leave its line.
	g.tick()
	c.expect(`hint {"topic":"a\n\nid: 7\n\""}`)
	if c.last != strconv.FormatInt(g.bus.seq, 10) {
		t.Errorf("last id is %s, want %d", c.last, g.bus.seq)
	}
}

// Nothing is sent before the window ends, and what is published after it comes
// with the next.
func TestServeWindow(t *testing.T) {
	g := newRig(t, Options{})
	c := g.connect("", "")
	c.expect("pass")
	g.bus.Publish("a")
	g.turn(2, window-time.Millisecond)
	g.bus.Publish("a")
	g.bus.Publish("b")
	g.turn(2, time.Millisecond) // had the first turn sent something, "a" would come alone
	c.expect(told("a"), told("b"))
	g.bus.Publish("a")
	g.tick()
	c.expect(told("a"))
}

func TestServeResume(t *testing.T) {
	for _, tc := range []struct {
		name      string
		query     string // %s is the last id
		header    string
		meanwhile []string
		want      []string
	}{
		{"by header", "", "%s", []string{"a", "secret.b", "c", "a"}, []string{told("c"), told("a")}},
		{"by query", "?last=%s", "", []string{"a"}, []string{told("a")}},
		{"the header is newer", "?last=1", "%s", []string{"a"}, []string{told("a")}},
		{"too much happened", "", "%s", []string{"a", "b", "c", "d", "e"}, []string{"reset"}},
		{"too long ago", "", "12", []string{"a"}, []string{"reset"}},
		{"no number", "?last=yesterday", "", []string{"a"}, []string{"reset"}},
		{"too big a number", "?last=99999999999999999999", "", nil, []string{"reset"}},
		{"afresh: nothing is missed", "", "", []string{"a", "b", "c", "d", "e"}, []string{"pass"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			g := newRig(t, Options{Topics: 4})
			c := g.connect("", "")
			c.expect("pass")
			c.cancel()
			fill := strings.NewReplacer("%s", c.last)
			for _, name := range tc.meanwhile {
				g.bus.Publish(name)
			}
			c = g.connect(fill.Replace(tc.query), fill.Replace(tc.header))
			c.expect(tc.want...)
			if c.last != strconv.FormatInt(g.bus.seq, 10) {
				t.Errorf("last id is %s, want %d", c.last, g.bus.seq)
			}
			g.bus.Publish("more") // and the stream goes on
			g.tick()
			c.expect(told("more"))
		})
	}
}

// A listener that may hear nothing of what happens keeps its place by the
// heartbeat, and does not reset when it comes back.
func TestServeHeartbeat(t *testing.T) {
	g := newRig(t, Options{Topics: 4})
	c := g.connect("", "")
	c.expect("pass")
	for i := range 10 {
		g.bus.Publish(fmt.Sprint("secret.", i%3))
		g.tick()
	}
	g.turn(1, heartbeat)
	c.expect("pass")
	if c.last != strconv.FormatInt(g.bus.seq, 10) {
		t.Errorf("last id is %s, want %d", c.last, g.bus.seq)
	}
	g.turn(1, heartbeat)
	c.expect("pass")
	c.cancel()
	g.bus.Publish("a")
	g.connect("", c.last).expect(told("a"))
}

func TestServeFull(t *testing.T) {
	g := newRig(t, Options{MaxSubscribers: 2})
	a, b := g.connect("", ""), g.connect("", "")
	a.expect("pass")
	b.expect("pass")
	refused := func() int {
		resp, err := g.server.Client().Get(g.server.URL)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		body, _ := io.ReadAll(resp.Body)
		if resp.StatusCode == 503 && (!strings.Contains(string(body), "streams-full") || resp.Header.Get("Retry-After") == "") {
			t.Errorf("refused with %q, %v", body, resp.Header)
		}
		return resp.StatusCode
	}
	if got := refused(); got != 503 {
		t.Fatalf("status %d of a full bus", got)
	}
	a.cancel()
	for g.bus.Listeners() == 2 {
		runtime.Gosched() // until the server has seen it go
	}
	g.connect("", "").expect("pass")
	g.bus.Close()
	g.bus.Close()
	b.expect("end")
	if got := refused(); got != 503 {
		t.Errorf("status %d of a closed bus", got)
	}
	g.bus.Publish("a") // harmless
}

// stuck is a connection whose browser reads nothing: a write ends only when
// the deadline passes, which the test decides.
type stuck struct {
	http.ResponseWriter
	writing  chan struct{}
	deadline chan struct{}
	until    time.Time
}

func (s *stuck) SetWriteDeadline(t time.Time) error { s.until = t; return nil }

func (s *stuck) Write(b []byte) (int, error) {
	close(s.writing)
	<-s.deadline
	return 0, net.ErrClosed
}

// Publishing goes on while a listener is stuck, and the listener is let go
// when its deadline passes.
func TestServeStuck(t *testing.T) {
	b := New(Options{Clock: clock.NewFake(start), Topics: 4})
	defer b.Close()
	w := &stuck{ResponseWriter: httptest.NewRecorder(), writing: make(chan struct{}), deadline: make(chan struct{})}
	before := time.Now()
	var wg sync.WaitGroup
	wg.Go(func() { b.Serve(w, httptest.NewRequest("GET", "/", nil), nil) })
	<-w.writing
	for i := range 1000 {
		b.Publish(fmt.Sprint(i))
	}
	if until := w.until.Sub(before); until < patience || until > 2*patience {
		t.Errorf("a write may take %v", until)
	}
	close(w.deadline)
	wg.Wait()
	if b.Listeners() != 0 {
		t.Error("the listener is still counted")
	}
}

// A hundred listeners at once hear of everything, and leave no goroutine.
func TestServeMany(t *testing.T) {
	before := runtime.NumGoroutine()
	b := New(Options{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { b.Serve(w, r, nil) }))
	var ready, heard sync.WaitGroup
	const topics = 50
	for range 100 {
		ready.Add(1)
		heard.Go(func() {
			resp, err := http.Get(server.URL)
			if err != nil {
				t.Error(err)
				ready.Done()
				return
			}
			defer resp.Body.Close()
			c := &client{t: t, lines: bufio.NewReader(resp.Body)}
			c.next()
			ready.Done()
			seen := map[string]bool{}
			for len(seen) < topics {
				s := c.next()
				if s == "end" || s == "reset" {
					t.Errorf("%s after %d topics", s, len(seen))
					return
				}
				seen[s] = true
			}
		})
	}
	ready.Wait()
	for i := range topics {
		b.Publish(fmt.Sprint(i))
	}
	heard.Wait()
	b.Close()
	server.Close()
	http.DefaultClient.CloseIdleConnections()
	for deadline := time.Now().Add(5 * time.Second); runtime.NumGoroutine() > before; runtime.Gosched() {
		if time.Now().After(deadline) {
			buf := make([]byte, 1<<16)
			t.Fatalf("%d goroutines, %d before:\n%s", runtime.NumGoroutine(), before, buf[:runtime.Stack(buf, true)])
		}
	}
}
