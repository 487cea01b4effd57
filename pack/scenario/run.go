package scenario

import (
	"context"
	"errors"
	"fmt"
	"time"

	"chengshu/kernel/clock"
)

// Runner runs scenarios. All its members are used by several scenarios at once.
type Runner struct {
	// Target gives a fresh server for one scenario.
	Target func(ctx context.Context) (Target, error)
	// Password tells the password of an account that packs declare. For others
	// the server's own list of demo accounts is asked.
	Password func(account string) (string, bool)
	// IsCase reports whether a type is moved by a process, so that its
	// addresses begin with /api/cases.
	IsCase func(typ string) bool
	// Verify checks an evidence bundle against the keys of the target's log.
	Verify func(ctx context.Context, t Target, bundle []byte) error
	// Calendar finds the end of `after 3 work-days`.
	Calendar *clock.Calendar
}

// Run tells s to a fresh server. data gives files of the scenario's pack by
// their path, as data/photo.jpg. It returns nil when everything happened as
// told.
func (r *Runner) Run(ctx context.Context, s *Scenario, data func(name string) ([]byte, error)) *Difference {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // Ends the streams of events.
	target, err := r.Target(ctx)
	if err != nil {
		return &Difference{File: s.File, Line: 1, Zh: "服务器未能启动：" + err.Error(), En: "the server did not start: " + err.Error()}
	}
	t := &telling{Runner: r, target: target, data: data, kept: map[string]any{}, actors: map[string]*session{}, things: map[string]thing{}}
	d := t.tell(ctx, s)
	t.hangUp()
	if err := target.Close(); err != nil && d == nil {
		d = &Difference{File: s.File, Line: 1, Zh: "服务器未能正常停止：" + err.Error(), En: "the server did not stop in order: " + err.Error()}
	}
	return d
}

// telling is one run of a scenario.
type telling struct {
	*Runner
	target Target
	data   func(name string) ([]byte, error)
	now    time.Time
	kept   map[string]any
	actors map[string]*session
	things map[string]thing
	demo   map[string]string // passwords that the server tells
}

// thing is what is known of a record or case from the answers seen.
type thing struct {
	typ    string
	isCase bool
	rev    any
}

func (t *telling) hangUp() {
	for _, s := range t.actors {
		if s.events != nil {
			s.events.cancel()
		}
		s.client.CloseIdleConnections()
	}
}

func (t *telling) tell(ctx context.Context, s *Scenario) *Difference {
	if s.Before != nil {
		if d := t.tell(ctx, s.Before); d != nil {
			return d
		}
	}
	for _, step := range s.Steps {
		if d := t.step(ctx, step); d != nil {
			d.File = s.File
			if d.Line == 0 {
				d.Line, d.Step = step.Line, step.Text
			}
			return d
		}
	}
	return nil
}

func (t *telling) step(ctx context.Context, s *Step) *Difference {
	switch do := s.Do.(type) {
	case At:
		return t.turn(ctx, t.timeOf(do))
	case After:
		return t.turn(ctx, do.Span.From(t.now, t.Calendar))
	case Settle:
		return t.turn(ctx, t.now)
	case *Ask:
		return t.ask(ctx, s, do)
	case *Once:
		return t.once(ctx, s, do)
	case Listen:
		return t.listen(ctx, do)
	case Hear:
		return t.hear(ctx, do)
	case Prove:
		return t.prove(ctx, do)
	}
	panic(fmt.Sprintf("scenario: no way to run %T", s.Do))
}

func (t *telling) timeOf(a At) time.Time {
	day := a.Day
	if day.IsZero() {
		day = midnight(t.now)
		if a.NextWorkday {
			day = midnight(t.Calendar.AddWorkdays(t.now, 1))
		}
	}
	return day.Add(a.OfDay)
}

func midnight(t time.Time) time.Time {
	y, m, d := t.In(clock.Shanghai).Date()
	return time.Date(y, m, d, 0, 0, 0, 0, clock.Shanghai)
}

func (t *telling) turn(ctx context.Context, to time.Time) *Difference {
	if to.Before(t.now) {
		return broken(fmt.Sprintf("时间不能倒退：现在是 %s", local(t.now)), fmt.Sprintf("the clock cannot go back: it is %s", local(t.now)))
	}
	if err := t.target.SetClock(ctx, to); err != nil {
		return broken("未能拨动时钟："+err.Error(), "the clock could not be turned: "+err.Error())
	}
	t.now = to
	return nil
}

func local(t time.Time) string { return t.In(clock.Shanghai).Format("2006-01-02 15:04:05") }

// lookup implements vars.
func (t *telling) lookup(p Path) (any, error) {
	switch p.text {
	case "now":
		return Moment{t.now, time.Second}.String(), nil
	case "today":
		return t.now.In(clock.Shanghai).Format(time.DateOnly), nil
	}
	kept, ok := t.kept[p.first()]
	if !ok {
		return nil, fmt.Errorf("{%s}: nothing was kept under this name", p.first())
	}
	rest := Path{p.text, p.segs[1:]}
	v, ok := follow(kept, rest.segs)
	if !ok {
		return nil, fmt.Errorf("{%s}: not in %s", p.text, show(kept))
	}
	return v, nil
}

// ask sends one request and checks what is expected of it.
func (t *telling) ask(ctx context.Context, s *Step, a *Ask) *Difference {
	send, err := t.prepare(ctx, a)
	if err != nil {
		return asDifference(err)
	}
	ans, err := send(ctx)
	if err != nil {
		return asDifference(err)
	}
	t.learn(ans.json)
	if d := t.expect(s, a, ans); d != nil {
		d.Exchange = ans.exchange()
		return d
	}
	return nil
}

func asDifference(err error) *Difference {
	var d *Difference
	if errors.As(err, &d) {
		return d
	}
	return broken("请求未能完成："+err.Error(), "the request could not be made: "+err.Error())
}

// expect checks the expectations of a step in order. A request must succeed
// unless one of them speaks of its status.
func (t *telling) expect(s *Step, a *Ask, ans *answer) *Difference {
	if !speaksOfStatus(s.Then) && !ans.ok() {
		return differ("2xx", ans.ended())
	}
	if a.As != "" {
		if !ans.ok() {
			return differ("2xx", ans.ended())
		}
		t.kept[a.As] = keepsake(a, ans)
	}
	for _, e := range s.Then {
		if d := t.holds(e, ans); d != nil {
			d.Line, d.Step = e.Line, e.Text
			return d
		}
	}
	return nil
}

func speaksOfStatus(es []*Expect) bool {
	for _, e := range es {
		switch c := e.Check.(type) {
		case Status:
			return true
		case Compare:
			if c.Path.text == "status" {
				return true
			}
		}
	}
	return false
}

// keepsake is what `as NAME` keeps: the id of a record or case, the whole of a
// file or another answer, the bytes of a download.
func keepsake(a *Ask, ans *answer) any {
	switch a.Verb {
	case Downloads, DownloadsPart:
		return ans.body
	case Opens, Creates, Revises, Acts, Reads, Finds, FindsInInbox:
		if id, ok := (Path{segs: []segment{{kind: 'n', name: "id"}}}).find(ans.json); ok {
			return id
		}
	}
	return ans.json
}

func (t *telling) holds(e *Expect, ans *answer) *Difference {
	switch c := e.Check.(type) {
	case Status:
		if !c.matches(ans) {
			return differ(c.String(), ans.ended())
		}
	case Compare:
		return c.compare(t, ans)
	case Keep:
		path, err := c.Path.bind(t)
		if err != nil {
			return asDifference(err)
		}
		v, ok := ans.at(path)
		if !ok {
			return differs(aValue, nothing)
		}
		t.kept[c.Name] = v
	}
	return nil
}

// learn notes type and revision of every record and case in an answer, so that
// a step need not name the type of what it is about.
func (t *telling) learn(x any) {
	switch v := x.(type) {
	case []any:
		for _, e := range v {
			t.learn(e)
		}
	case map[string]any:
		id, _ := v["id"].(string)
		typ, _ := v["type"].(string)
		if id != "" && typ != "" {
			_, isCase := v["case"]
			old := t.things[id]
			rev := v["rev"]
			if rev == nil {
				rev = old.rev
			}
			t.things[id] = thing{typ, isCase || old.isCase || t.isCase(typ), rev}
		}
		if items, ok := v["items"]; ok {
			t.learn(items)
		}
	}
}

func (t *telling) isCase(typ string) bool { return t.IsCase != nil && t.IsCase(typ) }
