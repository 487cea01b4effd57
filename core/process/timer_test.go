package process

import (
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	"chengshu/core/identity"
	"chengshu/kernel/clock"
	"chengshu/kernel/db"
	"chengshu/kernel/db/dbtest"
)

func day(month, day, hour, minute int) time.Time {
	return time.Date(2026, time.Month(month), day, hour, minute, 0, 0, clock.Shanghai)
}

// TestRemindAndEscalate follows a case that nobody touches.
func TestRemindAndEscalate(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newCity(t, d)
		id := c.report() // at ten; reminded at half past, due at twelve
		for _, s := range []struct {
			at         time.Time
			light      Light
			verbs      string
			clerk, his string
		}{
			{day(3, 2, 10, 29), Green, "report", "city/new/green", ""},
			{day(3, 2, 10, 30), Yellow, "report remind", "city/new/yellow", ""},
			{day(3, 2, 11, 59), Yellow, "report remind", "city/new/yellow", ""},
			{day(3, 2, 12, 0), Red, "report remind overdue", "city/new/red", "city/new/red"},
			{day(3, 20, 9, 0), Red, "report remind overdue", "city/new/red", "city/new/red"},
		} {
			c.until(s.at)
			if got := c.e.LightOf(c.process(), c.job(id), c.clock.Now()); got != s.light {
				t.Errorf("%s: the light is %s, want %s", s.at, got, s.light)
			}
			if got := c.verbs(id); got != s.verbs {
				t.Errorf("%s: %s, want %s", s.at, got, s.verbs)
			}
			if got, _ := c.inbox(clerk, InboxQuery{}); got != s.clerk {
				t.Errorf("%s: the clerk has %q, want %q", s.at, got, s.clerk)
			}
			if got, _ := c.inbox(boss, InboxQuery{}); got != s.his {
				t.Errorf("%s: the boss has %q, want %q", s.at, got, s.his)
			}
		}
		// When the clerk acts, the boss has nothing to watch.
		c.must(clerk, id, "assign", `{"unit":"west"}`)
		if got, _ := c.inbox(boss, InboxQuery{}); got != "" {
			t.Errorf("the boss still has %q", got)
		}
	})
}

// TestManyTimersAtOnce jumps over all of them: each fires once, in order.
func TestManyTimersAtOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newCity(t, d)
		id := c.report()
		c.clock.Advance(1000 * time.Hour)
		must(t, c.e.Sweep(c.ctx))
		must(t, c.e.Sweep(c.ctx))
		if got := c.verbs(id); got != "report overdue" && got != "report remind overdue" {
			t.Errorf("acts %s", got)
		}
		if got, _ := c.inbox(boss, InboxQuery{}); got != "city/new/red" {
			t.Errorf("the boss has %q", got)
		}
	})
}

// TestCaseDeadline: a step without a term of its own is late when the case is.
func TestCaseDeadline(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newCity(t, d)
		id := c.handled() // handling has no term: the job says none
		if row := c.job(id); row.Get("due_at") != nil || at(row, "case_due_at") != "03-09 17:30" {
			t.Fatalf("due %s, case due %s", at(row, "due_at"), at(row, "case_due_at"))
		}
		c.until(day(3, 9, 17, 29))
		if got, _ := c.inbox(west, InboxQuery{}); got != "west/doing/green" && got != "west/doing/yellow" {
			t.Errorf("a minute before: %q", got)
		}
		c.until(day(3, 9, 17, 30))
		if got, _ := c.inbox(west, InboxQuery{}); got != "west/doing/red" {
			t.Errorf("at the case's deadline: %q", got)
		}
		if got := c.verbs(id); !strings.HasSuffix(got, "overdue") {
			t.Errorf("acts %s", got)
		}
		if got, _ := c.inbox(boss, InboxQuery{}); got != "city/doing/red" {
			t.Errorf("the boss has %q", got)
		}
		// Handing it over does not make it young again, nor escalate it twice.
		c.must(west, id, "hand-over", `{"assignee":"wen"}`)
		c.after(time.Hour)
		if got := strings.Count(c.verbs(id), "overdue"); got != 1 {
			t.Errorf("overdue %d times", got)
		}
		if got, _ := c.inbox(boss, InboxQuery{}); got != "city/doing/red" {
			t.Errorf("after handing over the boss has %q", got)
		}
		if got, _ := c.inbox(west2, InboxQuery{Scope: "mine"}); got != "west/doing/red" {
			t.Errorf("after handing over the second handler has %q", got)
		}
	})
}

// TestEarlierDeadline: a step with time left is late when the case is.
func TestEarlierDeadline(t *testing.T) {
	c := &city{t: t, db: dbtest.SQLite(t), clock: clock.NewFake(monday)}
	must(t, c.start(declarations(t, "within: 5 work-days\n", "within: 1 hour\n")))
	id := c.report()
	c.after(time.Hour)
	if got := c.e.LightOf(c.process(), c.job(id), c.clock.Now()); got != Red {
		t.Errorf("the light is %s", got)
	}
	if got, _ := c.inbox(clerk, InboxQuery{}); got != "city/new/red" {
		t.Errorf("the clerk has %q", got)
	}
}

func TestTermFromTheCase(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newCity(t, d)
		row := c.must(citizen, "", "report", `{"what":"x","span":"3 work-hours"}`)
		c.must(clerk, row.ID, "assign", `{"unit":"west"}`)
		if got := at(c.must(west, row.ID, "accept", ""), "due_at"); got != "03-02 14:30" { // past the noon break
			t.Errorf("due %s", got)
		}
		bad := c.must(citizen, "", "report", `{"what":"x","span":"soon"}`)
		c.must(clerk, bad.ID, "assign", `{"unit":"west"}`)
		_, err := c.act(west, bad.ID, "accept", "")
		wants(t, err, "bad-span")
	})
}

// TestStoppedClock: what working time was left when the clock stopped is left
// when it runs again, whatever holidays lie between.
func TestStoppedClock(t *testing.T) {
	for name, s := range map[string]struct {
		within           string
		stopped, resumed time.Time
		due              string
	}{
		"same day":                    {"5 work-days", day(3, 3, 10, 0), day(3, 3, 15, 0), "03-09 17:30"},
		"two days later":              {"5 work-days", day(3, 3, 10, 0), day(3, 5, 10, 0), "03-11 17:30"},
		"over the weekend":            {"5 work-days", day(3, 6, 10, 0), day(3, 9, 10, 0), "03-10 17:30"},
		"in hours that never rest":    {"30 hours", day(3, 2, 22, 0), day(3, 4, 22, 0), "03-05 16:00"},
		"in work-hours":               {"10 work-hours", day(3, 2, 16, 0), day(3, 4, 16, 0), "03-05 14:30"},
		"after the deadline has gone": {"1 hour", day(3, 2, 12, 0), day(3, 4, 12, 0), "03-02 11:00"},
	} {
		t.Run(name, func(t *testing.T) {
			c := &city{t: t, db: dbtest.SQLite(t), clock: clock.NewFake(monday)}
			must(t, c.start(declarations(t, "within: 5 work-days\n", "within: "+s.within+"\n", "timeout: {after: 3 work-days", "timeout: {after: 30 work-days")))
			id := c.report()
			c.until(s.stopped)
			row := c.must(clerk, id, "ask", `{"note":"?"}`)
			if row.Get("case_due_at") != nil || c.e.LightOf(c.process(), row, c.clock.Now()) != Paused {
				t.Errorf("stopped: due %s", at(row, "case_due_at"))
			}
			c.until(s.resumed)
			if got := at(c.must(citizen, id, "answer", ""), "case_due_at"); got != s.due {
				t.Errorf("due %s, want %s", got, s.due)
			}
		})
	}
}

// TestTimeout takes an action by itself, at its time and not before.
func TestTimeout(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newCity(t, d)
		id := c.report()
		c.must(clerk, id, "ask", `{"note":"?"}`)
		if n := c.tasks(id); n != 1 {
			t.Errorf("%d tasks wait", n)
		}
		if got, totals := c.inbox(clerk, InboxQuery{Scope: "all"}); got != "" || totals.All != 0 {
			t.Errorf("somebody holds %q", got)
		}
		c.until(day(3, 5, 17, 29))
		if got := c.job(id).Text("state"); got != "waiting" {
			t.Errorf("too early: %s", got)
		}
		c.until(day(3, 5, 17, 30))
		if got := c.job(id).Text("state"); got != "lapsed" || c.tasks(id) != 0 {
			t.Errorf("%s with %d tasks", got, c.tasks(id))
		}
		if got := c.verbs(id); got != "report ask expire" {
			t.Errorf("acts %s", got)
		}
	})
}

// TestParallel: the case goes on when the last of those who were called is
// done, also when their work was late and escalated.
func TestParallel(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newCity(t, d)
		for _, late := range []bool{false, true} {
			id := c.handled()
			c.must(west, id, "call", `{"partners":["east","north"]}`)
			if late {
				c.after(48 * time.Hour)
				if got, _ := c.inbox(boss, InboxQuery{}); got != "city/joint/red" {
					t.Errorf("both are late and the boss has %q", got)
				}
			}
			north := officer("bei", "north", "handler")
			_, err := c.act(west, id, "opine", "")
			if err == nil {
				t.Error("one who was not called completed a task")
			}
			c.must(east, id, "opine", "")
			must(t, c.e.Sweep(c.ctx))
			if got := c.job(id).Text("state"); got != "joint" {
				t.Errorf("one is done and the case is %s", got)
			}
			// Having done their part they no longer see the case.
			if _, err := c.act(east, id, "opine", ""); err == nil {
				t.Error("a task was completed twice")
			}
			c.must(north, id, "opine", "")
			must(t, c.e.Sweep(c.ctx))
			if got := c.job(id).Text("state"); got != "doing" {
				t.Errorf("all are done (late: %v) and the case is %s", late, got)
			}
			if got, _ := c.inbox(boss, InboxQuery{}); got != "" {
				t.Errorf("the boss still has %q", got)
			}
			c.must(west, id, "finish", `{"result":"r","cost":1}`)
		}
	})
}

func TestPartners(t *testing.T) {
	c := newCity(t, dbtest.SQLite(t))
	id := c.handled()
	_, err := c.act(west, id, "call", `{"partners":["mars"]}`)
	wants(t, err, "invalid-fields")
	if got := c.job(id).Text("state"); got != "doing" {
		t.Errorf("the state is %s", got)
	}
}

// TestSubCases: an action opens a sub-case for each partner, in its own
// transaction, and the case goes on when all are closed.
func TestSubCases(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newCity(t, d)
		id := c.handled()
		c.must(west, id, "inspect", `{"partners":["east","north"]}`)
		parts := c.parts(id)
		if len(parts) != 2 {
			t.Fatalf("%d sub-cases", len(parts))
		}
		for i, unit := range []string{"east", "north"} {
			row := c.row("inspection", parts[i])
			if row.Text("parent") != "job/"+id || row.Text("subject") != "a hole" || row.Text("unit") != unit || row.Text("number") != "I000"+string(rune('1'+i)) || row.CreatedBy != "" {
				t.Errorf("sub-case %d: parent %s, %s, %s, %s", i, row.Text("parent"), row.Text("subject"), row.Text("unit"), row.Text("number"))
			}
		}
		must(t, c.e.Sweep(c.ctx))
		if got, _ := c.inbox(east, InboxQuery{}); got != "east/open/green" {
			t.Errorf("the east has %q", got)
		}
		if _, err := c.on("inspection", east, parts[0], "conclude", `{"finding":"fine"}`); err != nil {
			t.Fatal(err)
		}
		must(t, c.e.Sweep(c.ctx))
		if got := c.job(id).Text("state"); got != "inspecting" {
			t.Errorf("one is open and the case is %s", got)
		}
		if _, err := c.on("inspection", officer("bei", "north", "handler"), parts[1], "conclude", `{"finding":"fine"}`); err != nil {
			t.Fatal(err)
		}
		must(t, c.e.Sweep(c.ctx))
		if got := c.job(id).Text("state"); got != "doing" {
			t.Errorf("all are closed and the case is %s", got)
		}
		if got := c.verbs(id); got != "report assign accept inspect inspected" {
			t.Errorf("acts %s", got)
		}
		dbtest.NoScan(t, d, `select count(*) from r_inspection where parent = $1 and closed_at is null and deleted_at is null`, "job/x")
	})
}

func (c *city) parts(id string) []string {
	c.t.Helper()
	rows, err := c.db.Read(c.ctx).Query(`select id from r_inspection where parent = $1 order by n`, "job/"+id)
	must(c.t, err)
	defer rows.Close()
	var out []string
	for rows.Next() {
		var id string
		must(c.t, rows.Scan(&id))
		out = append(out, id)
	}
	return out
}

// TestNoSubCases: with nobody to inspect, the case does not wait for ever.
func TestNoSubCases(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newCity(t, d)
		id := c.handled()
		c.must(west, id, "inspect", "")
		must(t, c.e.Sweep(c.ctx))
		if got := c.job(id).Text("state"); got != "doing" || len(c.parts(id)) != 0 {
			t.Errorf("the case is %s with %d sub-cases", got, len(c.parts(id)))
		}
	})
}

// TestSubCasesOrNothing: when one sub-case cannot be opened, nothing happened.
func TestSubCasesOrNothing(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newCity(t, d)
		row := c.must(citizen, "", "report", `{"what":"`+strings.Repeat("x", 21)+`"}`) // longer than an inspection's subject
		c.must(clerk, row.ID, "assign", `{"unit":"west"}`)
		c.must(west, row.ID, "accept", "")
		_, err := c.act(west, row.ID, "inspect", `{"partners":["east"]}`)
		f := wants(t, err, "sub-case")
		if !strings.Contains(f.Text.En, "fields.subject at most 20 characters") || !strings.Contains(f.Text.Zh, "最多 20 字") {
			t.Errorf("it says %q / %q", f.Text.Zh, f.Text.En)
		}
		if got := c.job(row.ID).Text("state"); got != "doing" || len(c.parts(row.ID)) != 0 {
			t.Errorf("the case is %s with %d sub-cases", got, len(c.parts(row.ID)))
		}
		// The sub-case's own conditions hold for the program too.
		row = c.must(citizen, "", "report", `{"what":"secret"}`)
		c.must(clerk, row.ID, "assign", `{"unit":"west"}`)
		c.must(west, row.ID, "accept", "")
		_, err = c.act(west, row.ID, "inspect", `{"partners":["east"]}`)
		wants(t, err, "sub-case")
	})
}

// TestTimersOfThePast: a timer that cannot act is put off, never lost with the
// work; one whose process is gone harms nobody.
func TestTimersOfThePast(t *testing.T) {
	c := newCity(t, dbtest.SQLite(t))
	id, other := c.report(), c.report()
	c.must(clerk, id, "ask", `{"note":"?"}`)
	// The next version no longer ends the waiting by itself.
	must(t, c.start(declarations(t, "    timeout: {after: 3 work-days, action: expire}\n", "    duty: {role: clerk, org: \"'city'\"}\n")))
	if err := c.db.Do(context.Background(), func(tx *db.Tx) error {
		return task{kind: "gone", caseID: "x", step: "y", dueAt: 1, openedAt: 1}.insert(tx)
	}); err != nil {
		t.Fatal(err)
	}
	c.after(30 * 24 * time.Hour)
	if got := c.job(id).Text("state"); got != "waiting" || c.tasks(id) != 1 {
		t.Errorf("the case is %s with %d tasks", got, c.tasks(id))
	}
	if got := c.verbs(other); !strings.HasSuffix(got, "overdue") {
		t.Errorf("another case's timers stand still: %s", got)
	}
}

// TestTimerThatIsRefused: a timeout whose action is refused leaves the work
// where people find it.
func TestTimerThatIsRefused(t *testing.T) {
	c := &city{t: t, db: dbtest.SQLite(t), clock: clock.NewFake(monday)}
	must(t, c.start(declarations(t,
		"escalate: {role: boss, org: \"'city'\"}\n  assigned:", "timeout: {after: 1 hour, action: lapse}\n  assigned:",
		"  expire:\n", "  lapse:\n    title: Lapse\n    from: [new]\n    to: lapsed\n    system: true\n    guard: [{if: \"has(row.result)\", else: no result}]\n  expire:\n")))
	id := c.report()
	c.after(2 * time.Hour)
	if got, _ := c.inbox(clerk, InboxQuery{}); got == "" || c.job(id).Text("state") != "new" {
		t.Errorf("the clerk has %q and the case is %s", got, c.job(id).Text("state"))
	}
	tasks, err := queryTasks(c.db.Read(c.ctx), `where case_id = $1 and wake_at > $2`, id, c.clock.Now().UnixMilli())
	must(t, err)
	if len(tasks) != 1 {
		t.Errorf("%d timers are put off", len(tasks))
	}
}

// TestRun holds that the engine fires timers by itself.
func TestRun(t *testing.T) {
	c := newCity(t, dbtest.SQLite(t))
	c.e.Logger = slog.New(slog.DiscardHandler)
	id := c.report()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- c.e.Run(ctx) }()
	must(t, c.clock.Await(ctx, 1))
	c.clock.Advance(31 * time.Minute)
	must(t, c.clock.Await(ctx, 1)) // it has looked and sleeps again
	if got := c.verbs(id); got != "report remind" {
		t.Errorf("acts %s", got)
	}
	cancel()
	must(t, <-done)
}

// TestInbox checks pages and totals against the tasks there are.
func TestInbox(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newCity(t, d)
		for range 3 {
			c.report() // red by the end
		}
		c.after(3 * time.Hour)
		c.report() // yellow
		c.after(40 * time.Minute)
		c.report() // green
		mine := c.handled()
		both := officer("zhou", "city", "clerk", "boss")
		for _, q := range []struct {
			actor *identity.Actor
			q     InboxQuery
			n     int
			want  Totals
		}{
			{clerk, InboxQuery{}, 5, Totals{Mine: 0, Unit: 5, All: 5, Red: 3, Yellow: 1, Green: 1}},
			{clerk, InboxQuery{Light: "red"}, 3, Totals{Unit: 5, All: 5, Red: 3, Yellow: 1, Green: 1}},
			{clerk, InboxQuery{Light: "yellow"}, 1, Totals{Unit: 5, All: 5, Red: 3, Yellow: 1, Green: 1}},
			{clerk, InboxQuery{Light: "green"}, 1, Totals{Unit: 5, All: 5, Red: 3, Yellow: 1, Green: 1}},
			{clerk, InboxQuery{Scope: "mine"}, 0, Totals{Unit: 5}},
			{clerk, InboxQuery{Type: "inspection"}, 0, Totals{Unit: 5}},
			{boss, InboxQuery{}, 3, Totals{Unit: 3, All: 3, Red: 3}},
			{both, InboxQuery{}, 8, Totals{Unit: 8, All: 8, Red: 6, Yellow: 1, Green: 1}},
			{clerk, InboxQuery{Scope: "all"}, 9, Totals{Unit: 5, All: 9, Red: 6, Yellow: 1, Green: 2}},
			{west, InboxQuery{}, 1, Totals{Mine: 1, Unit: 1, All: 1, Green: 1}},
			{east, InboxQuery{}, 0, Totals{}},
			{citizen, InboxQuery{}, 0, Totals{}},
		} {
			items, totals, err := c.e.Inbox(c.ctx, q.actor, q.q)
			must(t, err)
			if len(items) != q.n || totals != q.want {
				t.Errorf("%s %+v: %d items, %+v; want %d, %+v", q.actor.Person, q.q, len(items), totals, q.n, q.want)
			}
			// The same, two at a time.
			seen, after := map[string]bool{}, int64(0)
			for {
				page, same, err := c.e.Inbox(c.ctx, q.actor, InboxQuery{Scope: q.q.Scope, Light: q.q.Light, Type: q.q.Type, Limit: 2, After: after})
				must(t, err)
				if same != totals {
					t.Errorf("%s %+v: totals change from page to page", q.actor.Person, q.q)
				}
				for _, it := range page {
					if seen[it.Task] {
						t.Errorf("task %s comes twice", it.Task)
					}
					seen[it.Task], after = true, it.N
				}
				if len(page) < 2 {
					break
				}
			}
			if len(seen) != q.n {
				t.Errorf("%s %+v: %d items by pages of two, want %d", q.actor.Person, q.q, len(seen), q.n)
			}
		}
		if _, _, err := c.e.Inbox(c.ctx, clerk, InboxQuery{Scope: "everything"}); err == nil {
			t.Error("an unknown scope is taken")
		}
		c.must(west, mine, "finish", `{"result":"r","cost":1}`)
		if got, _ := c.inbox(west, InboxQuery{}); got != "" {
			t.Errorf("a closed case is still in the inbox: %s", got)
		}
		dbtest.NoScan(t, d, `select n from process_task where wake_at <= $1 order by wake_at, n limit $2`, 1, 1)
		where, args, err := inboxScope(clerk, "unit")
		must(t, err)
		dbtest.NoScan(t, d, "select count(*) from process_task where "+where, args...)
	})
}
