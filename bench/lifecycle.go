package main

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

const users = 50

// What DIGIT publishes for its public grievances: create, assign, resolve and
// search with 50 users on 16 cores, on an empty store and at a million cases.
const (
	digit, digitName               = 37.0, "DIGIT as published (16 cores)"
	digitMillion, digitMillionName = 6.3, "DIGIT as published at a million cases (16 cores)"
)

// place is one where complaints arise, in a street whose unit handles them.
type place struct {
	lon, lat float64
	unit     string
}

var street = place{114.52972, 38.04533, "130102001-team"}

var (
	categories   = []string{"P0101", "E0101"}
	descriptions = []string{"路口井盖缺失，行人和电动车有危险", "小区东门垃圾成堆三天无人清运", "夜间施工噪声扰民，影响休息",
		"路灯不亮，老人出行不便", "人行道地砖破损积水", "店铺占道经营，盲道被堵"}
)

func lifecycleEmpty(ctx context.Context, o options) (result, error) {
	bin, err := o.binary(ctx)
	if err != nil {
		return result{}, err
	}
	dir, err := os.MkdirTemp(filepath.Join("out", "bench"), "lifecycle-")
	if err != nil {
		return result{}, err
	}
	defer os.RemoveAll(dir)
	r, err := lifecycles(ctx, bin, filepath.Join(dir, "data"), o)
	if err != nil {
		return r, err
	}
	bare, err := bareCases(ctx, filepath.Join(dir, "bare.db"), o.length)
	if err != nil {
		return r, err
	}
	r.Detail["bare_sql_seven_indexes"] = round(bare)
	r.Detail["ratio_to_bare_sql"] = round(r.Ours / bare)
	return r, nil
}

// lifecycles measures life cycles on the store in a data folder.
func lifecycles(ctx context.Context, bin, data string, o options) (result, error) {
	s, err := start(ctx, bin, data)
	if err != nil {
		return result{}, err
	}
	defer s.stop()
	people, err := signInAll(ctx, s.addr)
	if err != nil {
		return result{}, err
	}
	l := &lifecycleLoad{people: people}
	if err := l.drive(ctx, s.addr, max(o.length/5, 2*time.Second)); err != nil { // warming up
		return result{}, err
	}
	l.reset()
	cpu, own, before := cpuOf(s.cmd.Process.Pid), cpuOf(os.Getpid()), load()
	began := time.Now()
	if err := l.drive(ctx, s.addr, o.length); err != nil {
		return result{}, err
	}
	took := time.Since(began)
	return l.result(s, took, cpuOf(s.cmd.Process.Pid)-cpu, cpuOf(os.Getpid())-own, before)
}

// sessions are the cookies of the persons of one user of the load.
type sessions struct{ citizen, dispatcher, handler string }

func signInAll(ctx context.Context, addr string) ([]sessions, error) {
	people := make([]sessions, users)
	var shared sessions
	var err error
	for name, to := range map[string]*string{"dispatcher": &shared.dispatcher, "handler": &shared.handler} {
		if *to, err = signIn(ctx, addr, "/api/session", map[string]string{"account": name, "password": name + "-demo"}); err != nil {
			return nil, err
		}
	}
	run := fmt.Sprint(time.Now().UnixNano())
	for i := range people {
		people[i] = shared
		account := fmt.Sprintf("bench-%s-%02d", run, i)
		people[i].citizen, err = signIn(ctx, addr, "/api/people", map[string]string{"account": account, "password": "bench-" + run, "name": "基准用户"})
		if err != nil {
			return nil, err
		}
	}
	return people, nil
}

// lifecycleLoad is the load and what came of it.
type lifecycleLoad struct {
	people []sessions
	done   atomic.Int64
	failed atomic.Int64
	mu     sync.Mutex
	first  error
	took   map[string][]time.Duration // by call
}

func (l *lifecycleLoad) reset() {
	l.done.Store(0)
	l.took = map[string][]time.Duration{}
}

// drive lets every user do one life cycle after the other. A life cycle that
// has begun is finished, so that no case is left half done.
func (l *lifecycleLoad) drive(ctx context.Context, addr string, length time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, length)
	defer cancel()
	var wg sync.WaitGroup
	for _, who := range l.people {
		wg.Go(func() {
			if err := l.user(ctx, addr, who); err != nil {
				l.failed.Add(1)
				l.mu.Lock()
				defer l.mu.Unlock()
				if l.first == nil {
					l.first = err
				}
			}
		})
	}
	wg.Wait()
	return l.first
}

var calls = []string{"create", "assign", "resolve", "search"}

func (l *lifecycleLoad) user(ctx context.Context, addr string, who sessions) error {
	c, err := dial(addr)
	if err != nil {
		return err
	}
	defer c.close()
	for ctx.Err() == nil {
		if err := lifecycle(c, who, street); err != nil {
			return err
		}
		l.done.Add(1)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.took == nil {
		return nil // warming up
	}
	for i, t := range c.took {
		name := calls[i%len(calls)]
		l.took[name] = append(l.took[name], t)
	}
	return nil
}

// lifecycle takes one case from its creation to its end and finds it again:
// a search that does not show what was written just before is an error.
func lifecycle(c *client, who sessions, at place) error {
	id, number, err := create(c, who, at)
	if err != nil {
		return err
	}
	if err := act(c, id, "assign", who.dispatcher, `{"fields":{"unit":"`+at.unit+`"}}`, "assigned"); err != nil {
		return err
	}
	if err := act(c, id, "resolve", who.handler, `{"fields":{"result":"已到现场处置完毕，恢复原状"}}`, "resolved"); err != nil {
		return err
	}
	body, err := c.call("GET", "/api/cases/complaint?q="+number, who.dispatcher, "", http.StatusOK)
	if err != nil {
		return err
	}
	if member(body, "id") != id || member(body, "state") != "resolved" || bytes.Count(body, []byte(`"rev":`)) != 1 {
		return fmt.Errorf("search for %s does not show the case as it was written: %.500s", number, body)
	}
	return nil
}

func create(c *client, who sessions, at place) (id, number string, err error) {
	// Some hundred metres about the place.
	lon, lat := at.lon+(rand.Float64()-0.5)/500, at.lat+(rand.Float64()-0.5)/500
	body, err := c.call("POST", "/api/cases/complaint", who.citizen, fmt.Sprintf(
		`{"action":"create","fields":{"category":%q,"location":{"lon":%.6f,"lat":%.6f},"description":%q,"address":"建北街道","name":"基准用户","phone":"13900000000"}}`,
		categories[rand.IntN(len(categories))], lon, lat, descriptions[rand.IntN(len(descriptions))]), http.StatusCreated)
	if err != nil {
		return "", "", err
	}
	id, number = member(body, "id"), member(body, "number")
	if id == "" || number == "" || member(body, "state") != "open" {
		return "", "", fmt.Errorf("create: %.500s", body)
	}
	return id, number, nil
}

// act takes an action and checks the state that it leads to.
func act(c *client, id, action, cookie, body, state string) error {
	answer, err := c.call("POST", "/api/cases/complaint/"+id+"/"+action, cookie, body, http.StatusOK)
	if err == nil && (member(answer, "id") != id || member(answer, "state") != state) {
		err = fmt.Errorf("%s: %.500s", action, answer)
	}
	return err
}

func (l *lifecycleLoad) result(s *server, took, cpu, own time.Duration, before string) (result, error) {
	now, peak, err := s.rss()
	if err != nil {
		return result{}, err
	}
	n := float64(l.done.Load())
	r := result{Unit: "life cycles/s", Ours: round(n / took.Seconds()), RSS: pointer(round(now))}
	r.against(digitName, digit)
	var all []time.Duration
	p95 := map[string]float64{}
	for _, name := range calls {
		p95[name] = percentile(l.took[name], 0.95)
		all = append(all, l.took[name]...)
	}
	r.P95 = pointer(percentile(all, 0.95))
	r.Detail = map[string]any{"users": users, "calls": "create, assign, resolve, full-text search by number; each over HTTP", "life_cycles": n,
		"seconds": round(took.Seconds()), "errors": l.failed.Load(), "p50_ms": percentile(all, 0.5), "p99_ms": percentile(all, 0.99), "p95_ms_by_call": p95,
		"server_ms_per_cycle": round(float64(cpu.Microseconds()) / n / 1000), "server_cores": round(cpu.Seconds() / took.Seconds()), "generator_cores": round(own.Seconds() / took.Seconds()), "rss_peak_mb": round(peak),
		"load_before": before, "process": "bench/pack/complaint: open, assigned, resolved, as DIGIT's", "durability": "synchronous=FULL"}
	return r, nil
}

// percentile sorts d and returns a percentile in ms.
func percentile(d []time.Duration, p float64) float64 {
	if len(d) == 0 {
		return 0
	}
	slices.Sort(d)
	return round(float64(d[int(p*float64(len(d)-1))].Microseconds()) / 1000)
}
