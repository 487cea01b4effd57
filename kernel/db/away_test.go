package db_test

import (
	"bytes"
	"io"
	"net"
	"net/url"
	"sync"
	"testing"
	"time"

	"chengshu/kernel/db"
	"chengshu/kernel/db/dbtest"
	"chengshu/kernel/fault"
)

// gate stands between the program and PostgreSQL and can be shut.
type gate struct {
	net.Listener
	network, address string // of the server

	mu    sync.Mutex
	shut  bool
	last  string // see forward
	conns map[net.Conn]bool
}

// openGate returns a gate and the address of the database behind it.
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
		go func() { g.forward(out, in); out.Close() }()
		go func() { io.Copy(in, out); in.Close() }()
	}
}

// forward copies what the program says to the server. When it says the word
// that ends the conversation, it still gets there, but no answer comes back.
func (g *gate) forward(out, in net.Conn) {
	buf := make([]byte, 64<<10)
	for {
		n, err := in.Read(buf)
		if err != nil {
			return
		}
		g.mu.Lock()
		last := g.last != "" && bytes.Contains(buf[:n], []byte(g.last))
		g.mu.Unlock()
		if last {
			in.Close()
		}
		if _, err := out.Write(buf[:n]); err != nil || last {
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

// set shuts the gate, breaking all connections, or opens it again.
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

// The database goes away and comes back: callers are told at once, nothing of
// what failed stands, and no restart is needed.
func TestDatabaseAway(t *testing.T) {
	g, address := openGate(t)
	d := dbtest.Open(t, address)
	ddl(t, d, `create table note (body text unique)`)
	if err := d.Do(t.Context(), write("before")); err != nil {
		t.Fatal(err)
	}
	unavailable := func(what string, err error) {
		t.Helper()
		if !fault.Is(err, fault.Unavailable) {
			t.Errorf("%s: got %v, want Unavailable", what, err)
		}
	}
	unavailable("in the midst", d.Do(t.Context(), func(tx *db.Tx) error {
		if err := write("lost")(tx); err != nil {
			return err
		}
		g.set(true)
		return write("never")(tx)
	}))
	for range 5 {
		start := time.Now()
		unavailable("Do", d.Do(t.Context(), write("away")))
		_, err := d.Read(t.Context()).Query(`select 1`)
		unavailable("Read", err)
		if took := time.Since(start); took > 5*time.Second {
			t.Errorf("it took %v to say so", took)
		}
	}
	g.set(false)
	if err := d.Do(t.Context(), write("after")); err != nil {
		t.Errorf("back again: %v", err)
	}
	expect(t, d, "after", "before")
}

// The connection breaks during the commit: nobody can know whether it was made.
func TestCommitUnknown(t *testing.T) {
	g, address := openGate(t)
	d := dbtest.Open(t, address)
	ddl(t, d, `create table note (body text unique)`)
	g.mu.Lock()
	g.last = "commit"
	g.mu.Unlock()
	err := d.Do(t.Context(), write("a"))
	if fault.Code(err) != "commit-unknown" {
		t.Errorf("got %v, want commit-unknown", err)
	}
}
