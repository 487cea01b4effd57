package crash

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"testing"

	"chengshu/test/program"
)

// city is the running program and the people who use it. They stay signed in
// through every crash.
type city struct {
	t      *testing.T
	server *program.Server
	people map[string]*program.Client
	photo  map[string]any
	book   *ledger

	replayed int // openings that had been made although nobody was told, found by their keys
}

// ledger is what the people know: what was acknowledged, and what they asked
// for without getting an answer.
type ledger struct {
	mu       sync.Mutex
	opened   map[string]opening // by mark
	asked    map[string]string  // marks of openings without an answer: who asked
	acked    map[step]bool
	doubtful map[step]bool
	remarks  map[string]string // text of an acknowledged remark: its case
}

type opening struct{ id, number string }

// step is one revision of a case.
type step struct {
	id   string
	rev  int64
	verb string
}

func newLedger() *ledger {
	return &ledger{opened: map[string]opening{}, asked: map[string]string{}, acked: map[step]bool{}, doubtful: map[step]bool{}, remarks: map[string]string{}}
}

func (l *ledger) do(fn func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	fn()
}

// signInOnce signs everybody in at the first start and stores a photo.
func (c *city) signInOnce() {
	if c.people != nil {
		for _, p := range c.people {
			p.Close()
		}
		return
	}
	c.people = map[string]*program.Client{}
	for _, account := range []string{"citizen", "neighbour", "intake", "dispatcher", "handler", "verifier", "auditor"} {
		c.people[account] = program.NewClient(func() string { return c.server.URL })
		c.people[account].SignIn(c.t, account)
	}
	png := []byte("\x89PNG\r\n\x1a\n" + "not much of a picture, but of the right kind")
	a := c.people["handler"].Send(http.MethodPost, "/api/files", bytes.NewReader(png), http.Header{"X-Filename": {"after.png"}})
	if a.Status != http.StatusCreated {
		c.t.Fatalf("store a photo: %s", a)
	}
	c.photo = a.JSON
}

// day is one worker's: cases are opened and moved on, each some way, until the
// program no longer answers.
func (c *city) day(round, worker int) {
	opener := []string{"citizen", "neighbour", "intake"}[worker%3]
	for n := 0; ; n++ {
		o, ok := c.open(opener, fmt.Sprintf("K%d-%d-%d", round, worker, n))
		if !ok {
			return
		}
		photos := []any{c.photo}
		moves := []struct {
			who, action string
			body        map[string]any
		}{
			{"dispatcher", "assign", map[string]any{}},
			{"handler", "accept", map[string]any{}},
			{"handler", "resolve", map[string]any{"fields": map[string]any{"result": "已恢复", "result_photos": photos}}},
			{"verifier", "close", map[string]any{"note": "核实无误"}},
		}
		for i, m := range moves[:rand.N(len(moves)+1)] {
			m.body["rev"] = i + 1
			s := step{o.id, int64(i + 2), "incident." + m.action}
			if !c.move(s, m.who, "/api/cases/incident/"+o.id+"/"+m.action, m.body, rand.N(5) == 0) {
				return
			}
		}
		if !c.remark(opener, o.id, fmt.Sprintf("留言 %d-%d-%d", round, worker, n)) {
			return
		}
	}
}

func (c *city) open(who, mark string) (opening, bool) {
	c.book.do(func() { c.book.asked[mark] = who })
	a := c.report(who, mark)
	o := opening{a.Text("id"), a.Text("case.number")}
	if !c.answered(a, http.StatusCreated, "open "+mark) {
		return o, false
	}
	c.book.acknowledge(mark, o)
	return o, true
}

// report opens a case under a key of its own.
func (c *city) report(who, mark string) program.Answer {
	body, err := json.Marshal(map[string]any{"action": "report", "fields": map[string]any{
		"category": "P0101", "location": map[string]any{"lon": 114.52972, "lat": 38.04533}, "description": "井盖缺失 " + mark, "address": mark}})
	if err != nil {
		c.t.Fatal(err)
	}
	return c.people[who].Send(http.MethodPost, "/api/cases/incident", bytes.NewReader(body),
		http.Header{"Content-Type": {"application/json"}, "Idempotency-Key": {`"` + mark + `"`}})
}

func (l *ledger) acknowledge(mark string, o opening) {
	l.do(func() {
		delete(l.asked, mark)
		l.opened[mark] = o
		l.acked[step{o.id, 1, "incident.report"}] = true
	})
}

// askAgain repeats every opening that had no answer, with its key. Now each has
// one; the next audit finds each case once.
func (c *city) askAgain() {
	for mark, who := range c.book.asked {
		a := c.report(who, mark)
		o := opening{a.Text("id"), a.Text("case.number")}
		if !c.answered(a, http.StatusCreated, "open again "+mark) {
			c.t.Errorf("opening %s again: %v", mark, a.Err)
			continue
		}
		if a.Header.Get("Idempotent-Replayed") != "" {
			c.replayed++
		}
		c.book.acknowledge(mark, o)
	}
}

// move takes an action, sometimes twice at once: then one of the two wins.
func (c *city) move(s step, who, path string, body map[string]any, twice bool) bool {
	c.book.do(func() { c.book.doubtful[s] = true })
	answers := make([]program.Answer, 1)
	if twice {
		answers = append(answers, program.Answer{})
	}
	var all sync.WaitGroup
	for i := range answers {
		all.Go(func() { answers[i] = c.people[who].Post(path, body) })
	}
	all.Wait()
	won, on := 0, true
	for _, a := range answers {
		switch {
		case a.Err == nil && a.Status == http.StatusOK:
			won++
		case twice && a.Err == nil && a.Status == http.StatusConflict:
		default:
			on = c.answered(a, http.StatusOK, path) && on
		}
	}
	if won > 1 || won == 0 && on {
		c.t.Errorf("%s: %d of %d won: %v", path, won, len(answers), answers)
	}
	if won > 0 {
		c.book.do(func() {
			delete(c.book.doubtful, s)
			c.book.acked[s] = true
		})
	}
	return on && won > 0
}

func (c *city) remark(who, caseID, text string) bool {
	a := c.people[who].Post("/api/cases/incident/"+caseID+"/comments", map[string]any{"text": text})
	if !c.answered(a, http.StatusCreated, "remark") {
		return false
	}
	c.book.do(func() { c.book.remarks[text] = caseID })
	return true
}

// answered reports whether the wanted answer came. None is what a kill does;
// another than the wanted is a failure.
func (c *city) answered(a program.Answer, want int, what string) bool {
	if a.Err == nil && a.Status != want {
		c.t.Errorf("%s: %s", what, a)
	}
	return a.Err == nil && a.Status == want
}
