package server

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"sync/atomic"

	"chengshu/core/decl"
	"chengshu/core/evidence"
	"chengshu/core/identity"
	"chengshu/kernel/clock"
	"chengshu/kernel/db"
	"chengshu/pack"
	"chengshu/pack/scenario"
)

// packCommand runs the commands about packs: packs, pack, scenario.
func packCommand(args []string, version string, stdout, stderr io.Writer) int {
	sources, err := Sources("", "")
	if err != nil {
		return report(err)
	}
	return pack.Main(context.Background(), args, stdout, stderr, pack.Env{
		Kinds: Kinds(), Sources: sources, Clock: clock.System(), Calendar: clock.National(),
		Compile:   compile,
		Passwords: passwords,
		Servers: func(ctx context.Context, s pack.Setup) (*pack.Servers, error) {
			return newServers(ctx, s, version)
		},
		Verify: verifyAgainst,
	})
}

// compile checks expressions and grants of loaded packs.
func compile(l *pack.Loaded, r *decl.Report) {
	d := compileLoaded(l, (&world{}).functions(), r)
	if r.Err() == nil {
		d.Access(r, slog.New(slog.DiscardHandler))
	}
}

func passwords(set *decl.Set) map[string]string {
	out := map[string]string{}
	for _, a := range decl.All[*identity.Account](set, "account") {
		out[a.Name] = a.Password
	}
	return out
}

// verifyAgainst checks a bundle with the key that the server itself publishes.
func verifyAgainst(ctx context.Context, t scenario.Target, bundle []byte) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, t.BaseURL()+"/api/evidence", nil)
	if err != nil {
		return err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	var status evidence.Status
	if err := json.NewDecoder(res.Body).Decode(&status); err != nil {
		return err
	}
	if len(status.Keys) == 0 {
		return errors.New("the server publishes no key")
	}
	_, err = evidence.Verify(bytes.NewReader(bundle), evidence.VerifyOptions{Key: status.Keys[:1]})
	return err
}

// scenarioStart is the moment at which every scenario begins unless it says
// otherwise: a Monday morning before office hours.
const scenarioStart = "2026-01-05T08:00:00+08:00"

// template is a seeded demo city of which each scenario gets a copy.
type template struct {
	dir     string
	setup   pack.Setup
	version string
	copies  atomic.Int64
	admin   *db.DB // server of databases; nil with embedded ones
	name    string // database that is the template
}

func newServers(ctx context.Context, setup pack.Setup, version string) (*pack.Servers, error) {
	dir, err := os.MkdirTemp("", "chengshu-scenario-")
	if err != nil {
		return nil, err
	}
	t := &template{dir: dir, setup: setup, version: version}
	if err := t.fill(ctx); err != nil {
		return nil, errors.Join(err, t.remove())
	}
	return &pack.Servers{Open: t.open, Close: t.remove}, nil
}

func (t *template) config(data, database string) Config {
	return Config{Listen: "127.0.0.1:0", Data: data, DB: database, Demo: true, TestClock: scenarioStart, Origin: "scenario.example/log",
		BlobLimit: 20 << 20, LogLevel: "warn", LogFormat: "text", Shutdown: 5e9}
}

// fill starts a server once, so that it brings in its seeds, and stops it.
func (t *template) fill(ctx context.Context) error {
	database := ""
	if t.setup.DB != "" {
		t.name = fmt.Sprintf("chengshu_scenario_%d", os.Getpid())
		var err error
		if t.admin, err = db.Open(ctx, t.setup.DB, db.Options{}); err != nil {
			return err
		}
		if err := t.admin.CreateDatabase(ctx, t.name, ""); err != nil {
			return err
		}
		database = t.databaseURL(t.name)
	}
	target, err := t.start(ctx, filepath.Join(t.dir, "template"), database)
	if err != nil {
		return err
	}
	return target.Close()
}

func (t *template) databaseURL(name string) string {
	u, err := url.Parse(t.setup.DB)
	if err != nil {
		return t.setup.DB // db.Open has said why
	}
	u.Path = "/" + name
	return u.String()
}

func (t *template) open(ctx context.Context) (scenario.Target, error) {
	n := t.copies.Add(1)
	data := filepath.Join(t.dir, fmt.Sprint(n))
	if err := os.CopyFS(data, os.DirFS(filepath.Join(t.dir, "template"))); err != nil {
		return nil, err
	}
	database := ""
	if t.admin != nil {
		name := fmt.Sprintf("%s_%d", t.name, n)
		if err := t.admin.CreateDatabase(ctx, name, t.name); err != nil {
			return nil, err
		}
		database = t.databaseURL(name)
	}
	return t.start(ctx, data, database)
}

// start runs a server until its Close, and returns once it is ready.
func (t *template) start(ctx context.Context, data, database string) (scenario.Target, error) {
	ctx = context.WithoutCancel(ctx)
	logger := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError}))
	s, err := newServer(ctx, t.config(data, database), t.version, logger, t.setup.Sources)
	if err != nil {
		return nil, err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan error, 1)
	go func() { done <- s.serve(ctx, listener) }()
	select {
	case <-s.seeded:
	case err := <-done:
		cancel()
		return nil, err
	}
	return scenario.Served("http://"+listener.Addr().String(), func() error {
		cancel()
		return <-done
	}), nil
}

func (t *template) remove() error {
	err := os.RemoveAll(t.dir)
	if t.admin == nil {
		return err
	}
	names := []string{t.name}
	for n := range t.copies.Load() {
		names = append(names, fmt.Sprintf("%s_%d", t.name, n+1))
	}
	for _, name := range names {
		err = errors.Join(err, t.admin.DropDatabase(context.Background(), name))
	}
	return errors.Join(err, t.admin.Close())
}
