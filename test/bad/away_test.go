package bad

import (
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"chengshu/kernel/db/dbtest"
	"chengshu/test/program"
)

// gate stands between the program and PostgreSQL. Shut, it breaks every
// connection and refuses new ones, as a server does that was stopped; stuck, it
// takes everything and passes nothing on, as a network does that loses packets.
type gate struct {
	net.Listener
	network, address string // of the database

	mu    sync.Mutex
	shut  bool
	stuck chan struct{} // not nil: closed when it passes on again
	conns map[net.Conn]bool
}

func openGate(t *testing.T) (*gate, string) {
	t.Helper()
	u, err := url.Parse(dbtest.URL(t))
	if err != nil {
		t.Fatal(err)
	}
	g := &gate{network: "tcp", address: u.Host, conns: map[net.Conn]bool{}}
	if dir := u.Query().Get("host"); dir != "" {
		g.network, g.address = "unix", dir+"/.s.PGSQL.5432"
	}
	if g.Listener, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { g.Close(); g.set(true) })
	go g.serve()
	u.Host, u.RawQuery = g.Addr().String(), "sslmode=disable"
	return g, u.String()
}

func (g *gate) serve() {
	for {
		in, err := g.Accept()
		if err != nil {
			return
		}
		out, err := net.Dial(g.network, g.address)
		if err != nil || !g.admit(in, out) {
			in.Close()
			continue
		}
		go func() { g.pass(out, in); out.Close() }()
		go func() { g.pass(in, out); in.Close() }()
	}
}

func (g *gate) pass(to io.Writer, from io.Reader) {
	buf := make([]byte, 64<<10)
	for {
		n, err := from.Read(buf)
		if err != nil {
			return
		}
		g.mu.Lock()
		wait := g.stuck
		g.mu.Unlock()
		if wait != nil {
			<-wait
		}
		if _, err := to.Write(buf[:n]); err != nil {
			return
		}
	}
}

func (g *gate) admit(conns ...net.Conn) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, c := range conns {
		if g.shut {
			c.Close()
		}
		g.conns[c] = true
	}
	return !g.shut
}

func (g *gate) set(shut bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.shut = shut
	if shut {
		for c := range g.conns {
			c.Close()
		}
		clear(g.conns)
	}
}

// stick holds everything up until the function it returns is called.
func (g *gate) stick() (release func()) {
	g.mu.Lock()
	defer g.mu.Unlock()
	stuck := make(chan struct{})
	g.stuck = stuck
	return func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		g.stuck = nil
		close(stuck)
	}
}

// TestDatabaseAway takes PostgreSQL away under load and gives it back: requests
// are told at once, what was acknowledged is there, and the program recovers by
// itself.
func TestDatabaseAway(t *testing.T) {
	g, address := openGate(t)
	s := program.Start(t, program.Options{Args: []string{"--db", address}})
	citizen, auditor := s.SignIn(t, "citizen"), s.SignIn(t, "auditor")
	acked := 0
	report := func() program.Answer {
		a := citizen.Send(http.MethodPost, "/api/cases/incident", strings.NewReader(incident("address", `"x"`)), nil)
		if a.Status == http.StatusCreated {
			acked++
		}
		return a
	}
	for range 5 {
		if a := report(); a.Status != http.StatusCreated {
			t.Fatalf("before: %s", a)
		}
	}
	g.set(true)
	slowest := time.Duration(0)
	for away := time.Now(); time.Since(away) < 8*time.Second; {
		for _, ask := range []func() program.Answer{report, func() program.Answer { return citizen.Get("/api/cases/incident") }, func() program.Answer {
			return s.Client().Post("/api/session", map[string]string{"account": "citizen", "password": "citizen-demo"})
		}} {
			begin := time.Now()
			refused(t, ask(), http.StatusServiceUnavailable, "")
			slowest = max(slowest, time.Since(begin))
		}
		if a := citizen.Get("/healthz"); a.Status != http.StatusOK {
			t.Errorf("healthz, which asks no database: %s", a)
		}
		if a := citizen.Get("/readyz"); a.Status != http.StatusServiceUnavailable {
			t.Errorf("readyz: %s", a)
		}
		if t.Failed() {
			break
		}
	}
	if slowest > 5*time.Second {
		t.Errorf("it took %s to say that the database is away", slowest)
	}
	g.set(false)
	back := time.Now()
	for report().Status != http.StatusCreated {
		if time.Since(back) > 20*time.Second {
			t.Fatal("it does not recover")
		}
	}
	if n := listed(t, citizen); n != acked {
		t.Errorf("%d cases are there, %d were acknowledged", n, acked)
	}
	allSealed(t, auditor)
	t.Logf("slowest refusal %s, back after %s", slowest.Round(time.Millisecond), time.Since(back).Round(time.Millisecond))
}

// TestDatabaseStuck: a database that hangs holds up those who need it, and
// nobody for longer than they wait; afterwards all goes on.
func TestDatabaseStuck(t *testing.T) {
	g, address := openGate(t)
	s := program.Start(t, program.Options{Args: []string{"--db", address}})
	citizen, auditor := s.SignIn(t, "citizen"), s.SignIn(t, "auditor")
	release := g.stick()
	waiting := make(chan program.Answer, 1)
	go func() {
		waiting <- citizen.Send(http.MethodPost, "/api/cases/incident", strings.NewReader(incident("address", `"x"`)), nil)
	}()
	select {
	case a := <-waiting:
		refused(t, a, http.StatusServiceUnavailable, "")
	case <-time.After(3 * time.Second):
		if a := auditor.Get("/healthz"); a.Status != http.StatusOK {
			t.Errorf("healthz, which asks no database: %s", a)
		}
	}
	release()
	for back := time.Now(); ; {
		if a := auditor.Get("/readyz"); a.Status == http.StatusOK {
			break
		}
		if time.Since(back) > 30*time.Second {
			t.Fatal("it does not recover")
		}
	}
	if a := citizen.Send(http.MethodPost, "/api/cases/incident", strings.NewReader(incident("address", `"x"`)), nil); a.Status != http.StatusCreated {
		t.Errorf("afterwards: %s", a)
	}
	allSealed(t, auditor)
}
