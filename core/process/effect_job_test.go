package process

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"chengshu/core/decl"
	"chengshu/core/decl/decltest"
	"chengshu/core/identity"
	"chengshu/core/record"
	"chengshu/core/rule"
	"chengshu/kernel/clock"
	"chengshu/kernel/db"
	"chengshu/kernel/db/dbtest"
	"chengshu/kernel/fault"
	"chengshu/kernel/job"
)

const loads = `
record: load
title: Load
owner: a
basis: b
fields:
  file: {title: File, type: text, required: true}
  rows: {title: Rows, type: integer}
---
process: load
title: Load
basis: the law
number: "L{seq:4}"
states:
  ready: {title: Ready, duty: {role: clerk, org: "'city'"}}
  loading: {title: Loading, kind: wait, timeout: {after: 24 hours, action: broke}}
  broken: {title: Broken, duty: {role: clerk, org: "'city'"}}
  done: {title: Done, kind: end}
actions:
  begin: {title: Begin, start: true, to: ready, who: [{role: clerk, scope: all}], form: [file]}
  send:
    title: Send
    from: [ready, broken]
    to: loading
    who: [{role: clerk, scope: all}]
    effects:
      - read.file: {file: row.file, done: loaded, failed: broke}
  stop: {title: Stop, from: [loading], to: broken, who: [{role: clerk, scope: all}]}
  loaded: {title: Loaded, from: [loading], to: done, system: true, form: [rows]}
  broke: {title: Broke, from: [loading], to: broken, system: true, form: [note]}
---
role: clerk
title: Clerk
`

// readFile is a job effect of which the test decides what becomes.
type readFile struct {
	decl.Pos
	Outcome
	File rule.Source `yaml:"file,required"`

	file *rule.Expr
	run  func(ctx context.Context, r *Run) (map[string]any, error)
}

func (f *readFile) Check(*Process, *decl.Set, *decl.Report) {}
func (f *readFile) Compile(c Compiler)                      { f.file = c.Optional(f.File, rule.String) }

func (f *readFile) Payload(_ context.Context, m *Moment) (any, error) { return f.file.Eval(m.Vars) }

func (f *readFile) Run(ctx context.Context, r *Run) (map[string]any, error) { return f.run(ctx, r) }

// loader is a city with loads, whose jobs do what run says.
func loader(t *testing.T, d *db.DB, run func(ctx context.Context, r *Run) (map[string]any, error)) *city {
	t.Helper()
	c := &city{t: t, db: d, clock: clock.NewFake(monday), effects: []EffectKind{{"read.file", func() Effect { return &readFile{run: run} }}}}
	must(t, c.start(loads))
	ctx, cancel := context.WithCancel(c.ctx)
	over := make(chan struct{})
	go func() { c.jobs.Run(ctx); close(over) }()
	t.Cleanup(func() { cancel(); <-over })
	return c
}

func (c *city) sent() string {
	c.t.Helper()
	row, err := c.on("load", clerk, "", "begin", `{"file":"a.csv"}`)
	must(c.t, err)
	_, err = c.on("load", clerk, row.ID, "send", "")
	must(c.t, err)
	return row.ID
}

func (c *city) load(id string) *record.Row {
	c.t.Helper()
	must(c.t, c.jobs.Settle(c.ctx))
	return c.row("load", id)
}

// TestJobEffect: the job gets what was planned, and the case goes on with what
// it found out.
func TestJobEffect(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		var keys []string
		c := loader(t, d, func(_ context.Context, r *Run) (map[string]any, error) {
			keys = append(keys, r.Key+" "+string(r.Payload)+" "+r.Case.Text("state"))
			return map[string]any{"rows": 42, "unasked": true}, nil
		})
		id := c.sent()
		row := c.load(id)
		if row.Text("state") != "done" || row.Int("rows") != 42 {
			t.Errorf("the load is %s with %d rows", row.Text("state"), row.Int("rows"))
		}
		if len(keys) != 1 || !strings.HasSuffix(keys[0], `/0 "a.csv" loading`) {
			t.Errorf("it ran with %q", keys)
		}
		if left, err := jobsOf(d.Read(c.ctx), id); err != nil || len(left) != 0 {
			t.Errorf("jobs left with the case: %v %v", left, err)
		}
	})
}

// TestJobEffectFails: what no attempt can mend is final at once and the case is told
// why, without the program's inner words; what may pass is tried again.
func TestJobEffectFails(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		var ends error
		c := loader(t, d, func(context.Context, *Run) (map[string]any, error) { return nil, ends })
		ends = fault.New(fault.Invalid, "bad-file", "文件不完整", "the file is cut off")
		id := c.sent()
		if row := c.load(id); row.Text("state") != "broken" || row.Text("note") != "文件不完整" {
			t.Errorf("the load is %s: %s", row.Text("state"), row.Text("note"))
		}
		again := func() *record.Row {
			_, err := c.on("load", clerk, id, "send", "")
			must(t, err)
			return c.load(id)
		}
		ends = job.Permanent(errors.New("open /var/secret"))
		if row := again(); row.Text("state") != "broken" || strings.Contains(row.Text("note"), "secret") || row.Text("note") == "" {
			t.Errorf("the load is %s: %s", row.Text("state"), row.Text("note"))
		}
		ends = errors.New("the disk is away for a moment")
		if row := again(); row.Text("state") != "loading" {
			t.Errorf("after one failure that may pass, the load is %s", row.Text("state"))
		}
	})
}

// TestJobEffectLeft: whoever takes the case out of the state cancels its job,
// and what that still finds out is dropped.
func TestJobEffectLeft(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		began, ended := make(chan struct{}), make(chan error, 1)
		c := loader(t, d, func(ctx context.Context, _ *Run) (map[string]any, error) {
			close(began)
			<-ctx.Done()
			ended <- context.Cause(ctx)
			return map[string]any{"rows": 1}, nil
		})
		id := c.sent()
		<-began
		if jobs, err := c.e.JobsOf(c.ctx, c.row("load", id)); err != nil || len(jobs) != 1 || jobs[0].State != job.Running {
			t.Errorf("the case waits for %+v, %v", jobs, err)
		}
		_, err := c.on("load", clerk, id, "stop", "")
		must(t, err)
		if cause := <-ended; !errors.Is(cause, job.ErrCancelled) {
			t.Errorf("the job ended by %v", cause)
		}
		if row := c.load(id); row.Text("state") != "broken" || row.Get("rows") != nil {
			t.Errorf("the load is %s with %v rows", row.Text("state"), row.Get("rows"))
		}
	})
}

// TestJobEffectLost: a job of which nothing is heard does not hold the case for
// ever.
func TestJobEffectLost(t *testing.T) {
	c := &city{t: t, db: dbtest.SQLite(t), clock: clock.NewFake(monday), effects: []EffectKind{{"read.file", func() Effect { return &readFile{} }}}}
	must(t, c.start(loads)) // and nobody runs jobs
	id := c.sent()
	c.after(25 * time.Hour)
	if row := c.row("load", id); row.Text("state") != "broken" {
		t.Fatalf("the load is %s", row.Text("state"))
	}
	must(t, c.jobs.Settle(c.ctx)) // the timeout has cancelled it
}

// TestJobEffectDeclared: the case must wait for the job and go on from there.
func TestJobEffectDeclared(t *testing.T) {
	for change, want := range map[string]string{
		", timeout: {after: 24 hours, action: broke}": "kind wait with a timeout",
		"to: done, system: true":                      `"loaded" is no system action`,
		"failed: broke":                               `"begin" is no system action`,
	} {
		with := map[string]string{"to: done, system: true": "to: done, who: [{role: clerk, scope: all}]", "failed: broke": "failed: begin"}[change]
		kinds := append(identity.Kinds(), record.Kind, Kind([]EffectKind{{"read.file", func() Effect { return &readFile{} }}}))
		_, report := decltest.Read(t, strings.Replace(loads, change, with, 1), kinds...)
		if err := report.Err(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("without %q: %v", change, err)
		}
	}
}

// TestJobEffectStale: a job that the case no longer waits for takes nothing on,
// though the case waits in the same state again, for another.
func TestJobEffectStale(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		began, goOn := make(chan string, 2), make(chan struct{})
		first := ""
		c := loader(t, d, func(_ context.Context, r *Run) (map[string]any, error) {
			began <- r.ID
			if r.ID == first {
				<-goOn // though it was cancelled
				return map[string]any{"rows": 111}, nil
			}
			<-goOn
			return map[string]any{"rows": 222}, nil
		})
		id := c.sent()
		first = <-began
		for _, action := range []string{"stop", "send"} {
			_, err := c.on("load", clerk, id, action, "")
			must(t, err)
		}
		<-began
		close(goOn)
		if row := c.load(id); row.Text("state") != "done" || row.Int("rows") != 222 {
			t.Errorf("the load is %s with %d rows", row.Text("state"), row.Int("rows"))
		}
	})
}

// TestJobEffectCancelled: a job that somebody cancels before it began tells its
// case, as one that runs does.
func TestJobEffectCancelled(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := &city{t: t, db: d, clock: clock.NewFake(monday), effects: []EffectKind{{"read.file", func() Effect { return &readFile{} }}}}
		must(t, c.start(loads)) // and nobody runs jobs
		id := c.sent()
		jobs, err := jobsOf(d.Read(c.ctx), id)
		must(t, err)
		must(t, c.e.JobCancelled(c.ctx, jobs[0])) // it is not: nothing happens
		if row := c.row("load", id); row.Text("state") != "loading" {
			t.Fatalf("the load is %s", row.Text("state"))
		}
		must(t, d.Do(c.ctx, func(tx *db.Tx) error { return c.jobs.Cancel(tx, jobs[0]) }))
		must(t, c.e.JobCancelled(c.ctx, jobs[0]))
		if row := c.row("load", id); row.Text("state") != "broken" || row.Text("note") != cancelledNote {
			t.Errorf("the load is %s: %s", row.Text("state"), row.Text("note"))
		}
		must(t, c.e.JobCancelled(c.ctx, jobs[0])) // the case has gone on
	})
}

// TestJobEffectUnfit: what a job found out and the case cannot take ends as a
// failure that says why.
func TestJobEffectUnfit(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := loader(t, d, func(context.Context, *Run) (map[string]any, error) { return map[string]any{"rows": "many"}, nil })
		if row := c.load(c.sent()); row.Text("state") != "broken" || !strings.Contains(row.Text("note"), "fields.rows") {
			t.Errorf("the load is %s: %s", row.Text("state"), row.Text("note"))
		}
	})
}
