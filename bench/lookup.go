package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	_ "modernc.org/sqlite" // the peer reads a SQLite file as anyone would
)

const (
	lookupRows        = 200_000
	lookupConnections = 64
	bareEnv           = "CHENGSHU_BENCH_BARE" // the peer's file
)

// lookup measures rows looked up one by one through a grant: authentication,
// grant, masks, the act on disk, JSON. The peer is a bare handler of net/http
// with database/sql that reads the same row by the same key and writes the same
// fields, without any of these; both are driven by the same connections.
func lookup(ctx context.Context, o options) (result, error) {
	bin, err := o.binary(ctx)
	if err != nil {
		return result{}, err
	}
	dir, err := os.MkdirTemp(filepath.Join("out", "bench"), "lookup-")
	if err != nil {
		return result{}, err
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "cards.csv")
	if err := writeCards(file); err != nil {
		return result{}, err
	}
	s, err := start(ctx, bin, filepath.Join(dir, "data"))
	if err != nil {
		return result{}, err
	}
	defer s.stop()
	path, cookie, err := s.grantCards(ctx, file)
	if err != nil {
		return result{}, err
	}
	served, err := filepath.Glob(filepath.Join(dir, "data", "lookup", "card-*.db"))
	if err != nil || len(served) != 1 {
		return result{}, fmt.Errorf("served files: %v %v", served, err)
	}
	bare, err := startBare(ctx, served[0])
	if err != nil {
		return result{}, err
	}
	defer bare.Process.Kill()

	r := result{Unit: "look-ups/s", PeerName: "bare net/http handler that reads the same row", Detail: map[string]any{"rows": lookupRows, "connections": lookupConnections, "load_before": load()}}
	peer, err := driveLookups(ctx, bare.addr, "/", "", o.length)
	if err != nil {
		return r, err
	}
	ours, err := driveLookups(ctx, s.addr, path, cookie, o.length)
	if err != nil {
		return r, err
	}
	again, err := driveLookups(ctx, bare.addr, "/", "", o.length)
	if err != nil {
		return r, err
	}
	now, _, err := s.rss()
	if err != nil {
		return r, err
	}
	both := (peer.rate + again.rate) / 2
	r.Ours, r.Peer, r.Ratio, r.P95, r.RSS = round(ours.rate), pointer(round(both)), pointer(round(ours.rate/both)), pointer(round(ours.at(0.95))), pointer(round(now))
	r.Detail["p50_ms"], r.Detail["p99_ms"], r.Detail["peer_p99_ms"] = round(ours.at(0.50)), round(ours.at(0.99)), round(peer.at(0.99))
	r.Detail["peer_before"], r.Detail["peer_after"] = round(peer.rate), round(again.rate)
	return r, nil
}

func cardCode(n int) string { return fmt.Sprintf("C%09d", n) }

func writeCards(file string) error {
	var b strings.Builder
	b.WriteString("code,name,holder,issued,fee,status\n")
	for n := range lookupRows {
		fmt.Fprintf(&b, "%s,食品经营许可证,张三%d,2026-%02d-%02d,%d.50,%s\n", cardCode(n), n%100, n%12+1, n%28+1, n%1000, []string{"valid", "ended", "revoked"}[n%3])
	}
	return os.WriteFile(file, []byte(b.String()), 0o600)
}

// grantCards releases the cards and takes a grant on them, and returns where
// and as whom they are looked up.
func (s *server) grantCards(ctx context.Context, file string) (path, cookie string, err error) {
	people := map[string]string{}
	for _, name := range []string{"steward", "admin", "data-user"} {
		if people[name], err = signIn(ctx, s.addr, "/api/session", map[string]string{"account": name, "password": name + "-demo"}); err != nil {
			return "", "", err
		}
	}
	ref, err := s.upload(ctx, people["steward"], file)
	if err != nil {
		return "", "", err
	}
	c, err := dial(s.addr)
	if err != nil {
		return "", "", err
	}
	defer c.close()
	load, _, err := checked(c, people["steward"], "card", ref, func() {})
	if err != nil {
		return "", "", err
	}
	for _, step := range []struct{ who, action string }{{"steward", "submit"}, {"admin", "release"}} {
		if _, err := c.call("POST", "/api/cases/data-load/"+load+"/"+step.action, people[step.who], `{"fields":{}}`, http.StatusOK); err != nil {
			return "", "", err
		}
	}
	body, err := c.call("POST", "/api/cases/data-request", people["data-user"], fmt.Sprintf(
		`{"action":"claim","fields":{"resource":"card","wanted":["card.code","card.name","card.holder","card.status"],"purpose":"bench","legal_basis":"bench","until":%q}}`,
		time.Now().AddDate(0, 1, 0).Format(time.DateOnly)), http.StatusCreated)
	if err != nil {
		return "", "", err
	}
	path, cookie = "/api/grants/"+member(body, "issued")+"/lookup", people["data-user"]
	for range 600 { // until the release is ready to be looked up
		if _, err = c.call("POST", path, cookie, `{"keys":["`+cardCode(1)+`"]}`, http.StatusOK); err == nil {
			return path, cookie, nil
		}
		time.Sleep(100 * time.Millisecond)
	}
	return "", "", err
}

// driven is what came of a load.
type driven struct {
	rate float64
	took []time.Duration // sorted
}

// at is a quantile in ms.
func (d *driven) at(q float64) float64 {
	return float64(d.took[int(q*float64(len(d.took)-1))].Microseconds()) / 1000
}

// driveLookups asks for random rows over all connections, and checks each
// answer.
func driveLookups(ctx context.Context, addr, path, cookie string, length time.Duration) (driven, error) {
	var mu sync.Mutex
	var out driven
	var first error
	drive := func(length time.Duration, count bool) time.Duration {
		until, cancel := context.WithTimeout(ctx, length)
		defer cancel()
		var wg sync.WaitGroup
		began := time.Now()
		for range lookupConnections {
			wg.Go(func() {
				took, err := lookupsOf(until, addr, path, cookie)
				mu.Lock()
				defer mu.Unlock()
				if count {
					out.took = append(out.took, took...)
				}
				first = errors.Join(first, err)
			})
		}
		wg.Wait()
		return time.Since(began)
	}
	drive(max(length/5, time.Second), false) // warming up
	took := drive(length, true)
	slices.Sort(out.took)
	out.rate = float64(len(out.took)) / took.Seconds()
	return out, first
}

func lookupsOf(ctx context.Context, addr, path, cookie string) ([]time.Duration, error) {
	c, err := dial(addr)
	if err != nil {
		return nil, err
	}
	defer c.close()
	for ctx.Err() == nil {
		code := cardCode(rand.IntN(lookupRows))
		body, err := c.call("POST", path, cookie, `{"keys":["`+code+`"]}`, http.StatusOK)
		if err != nil {
			return nil, err
		}
		if member(body, "code") != code {
			return nil, fmt.Errorf("%s is not in the answer: %.300s", code, body)
		}
	}
	return c.took, nil
}

type bareServer struct {
	*exec.Cmd
	addr string
}

// startBare starts the peer: this program again, as a server of one file.
func startBare(ctx context.Context, file string) (*bareServer, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, err
	}
	addr, err := freeAddress()
	if err != nil {
		return nil, err
	}
	b := &bareServer{exec.Command(program), addr}
	b.Env, b.Stderr = append(os.Environ(), bareEnv+"="+file+"|"+addr), os.Stderr
	if err := b.Start(); err != nil {
		return nil, err
	}
	for range 500 {
		if conn, err := net.Dial("tcp", addr); err == nil {
			return b, conn.Close()
		}
		if ctx.Err() != nil {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	return nil, errors.Join(errors.New("the bare handler does not answer"), b.Process.Kill())
}

// serveBare is the peer's whole program, when this process was started as it.
func serveBare() {
	file, addr, ok := strings.Cut(os.Getenv(bareEnv), "|")
	if !ok {
		return
	}
	d, err := sql.Open("sqlite", "file:"+file+"?mode=ro")
	if err == nil {
		d.SetMaxOpenConns(8)
		d.SetMaxIdleConns(8)
		var byCode *sql.Stmt
		if byCode, err = d.Prepare(`select code, name, holder, status from r_card where code = $1 and deleted_at is null`); err == nil {
			err = http.ListenAndServe(addr, bareHandler(byCode))
		}
	}
	fmt.Fprintln(os.Stderr, "bare:", err)
	os.Exit(1)
}

func bareHandler(byCode *sql.Stmt) http.HandlerFunc {
	type card struct {
		Code   string `json:"code"`
		Name   string `json:"name"`
		Holder string `json:"holder"`
		Status string `json:"status"`
	}
	return func(w http.ResponseWriter, r *http.Request) {
		var in struct{ Keys []string }
		if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		var one card
		if err := byCode.QueryRow(in.Keys[0]).Scan(&one.Code, &one.Name, &one.Holder, &one.Status); err != nil {
			http.Error(w, err.Error(), http.StatusNotFound)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(one)
	}
}
