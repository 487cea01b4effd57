package server

import (
	"context"
	"encoding/json"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"time"

	"chengshu/core/identity"
	"chengshu/kernel/fault"
	"chengshu/web"
)

func errForeign() error {
	return fault.New(fault.Denied, "cross-origin", "不接受来自其他网站的写请求", "writes from other sites are refused")
}

func noSuchRoute(http.ResponseWriter, *http.Request) error {
	return fault.New(fault.NotFound, "no-such-route", "没有这个地址", "there is no such address")
}

// readyz answers 200 once the seeds are in and the database answers.
func (s *Server) readyz(w http.ResponseWriter, r *http.Request) {
	var one int64
	seeded := false
	select {
	case <-s.seeded:
		seeded = true
	default:
	}
	if err := s.db.Read(r.Context()).QueryRow("select 1").Scan(&one); err != nil || !seeded {
		w.WriteHeader(http.StatusServiceUnavailable)
		w.Write([]byte("starting\n"))
		return
	}
	w.Write([]byte("ready\n"))
}

// turnClock sets the test clock and returns when every timer that is due by
// then has run, and every job.
func (s *Server) turnClock(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Now time.Time `json:"now"`
	}
	if err := decode(w, r, &in); err != nil {
		writeProblem(w, r, s.log, err)
		return
	}
	if in.Now.Before(s.fake.Now()) {
		writeProblem(w, r, s.log, fault.New(fault.Invalid, "clock-backwards", "时钟不能倒拨", "the clock cannot be turned back"))
		return
	}
	s.fake.Set(in.Now)
	for _, settle := range []func(context.Context) error{s.processes.Sweep, s.jobs.Settle, s.processes.Sweep, s.scores.Tick} {
		if err := settle(r.Context()); err != nil {
			writeProblem(w, r, s.log, err)
			return
		}
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]time.Time{"now": s.fake.Now()}) // the client may have gone
}

// eventStream keeps a browser up to date with hints of what has changed. Hints
// hold no content: what may be read is decided when it is read. Before each one
// it is asked anew who listens, so that a session that has ended ends the
// stream, and a post that was taken away narrows it.
func (s *Server) eventStream(w http.ResponseWriter, r *http.Request) {
	actor, err := s.authenticate(r)
	if err == nil {
		err = s.identity.Limit(actor, s.addressOf(r))
	}
	var leave func()
	if err == nil {
		leave, err = s.joinStreams(actor, s.addressOf(r))
	}
	if err != nil {
		writeProblem(w, r, s.log, err)
		return
	}
	defer leave()
	ctx, end := context.WithCancel(r.Context())
	defer end()
	s.events.Serve(w, r.WithContext(ctx), func(topic string) bool {
		if !s.hears(actor, topic) || ctx.Err() != nil {
			return false
		}
		now, err := s.authenticate(r)
		if err != nil || now.Anonymous != actor.Anonymous {
			end()
			return false
		}
		actor = now
		return s.hears(actor, topic)
	})
}

// hears reports whether hints of the topic are for the actor.
func (s *Server) hears(actor *identity.Actor, topic string) bool {
	kind, name, _ := strings.Cut(topic, ".")
	switch kind {
	case "case", "record":
		return s.access.May(actor, "read", name)
	case "inbox":
		return len(actor.Posts) > 0
	case "notice":
		return name != "" && name == actor.Self()
	}
	return false
}

// spa serves the web application: its files, and the page for every other
// address, which the browser routes.
func spa() http.Handler {
	dist, err := fs.Sub(web.Dist, "dist")
	if err != nil {
		panic("server: " + err.Error()) // the folder is embedded
	}
	files := http.FileServerFS(dist)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.WriteHeader(http.StatusMethodNotAllowed)
			return
		}
		name := strings.TrimPrefix(path.Clean(r.URL.Path), "/")
		if info, err := fs.Stat(dist, name); err == nil && !info.IsDir() && name != "index.html" {
			if strings.HasPrefix(name, "assets/") {
				w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
			}
			files.ServeHTTP(w, r)
			return
		}
		page, err := fs.ReadFile(dist, "index.html")
		if err != nil {
			http.Error(w, "this build holds no web application: run make build", http.StatusNotFound)
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Cache-Control", "no-cache")
		w.Write(page)
	})
}
