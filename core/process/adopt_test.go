package process

import (
	"strings"
	"testing"
	"time"

	"chengshu/kernel/db"
	"chengshu/kernel/db/dbtest"
	"chengshu/kernel/fault"
)

// renamed is the city's file with the state `new` called `fresh`.
func renamed(t *testing.T) string {
	return declarations(t, "  new:\n", "  fresh:\n", "to: new\n", "to: fresh\n", "from: [new]", "from: [fresh]", "from: [new, doing]", "from: [fresh, doing]")
}

// TestRemovedState: a version without a state that cases stand in does not
// load, and leaves everything as it was.
func TestRemovedState(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newCity(t, d)
		id := c.report()
		c.report()
		f := wants(t, c.start(renamed(t)), "state-with-cases")
		if len(f.Fields) != 1 || !strings.Contains(f.Fields[0].En, `2 cases in "new"`) || !strings.Contains(f.Fields[0].En, "migrate: {new: new-state}") {
			t.Errorf("it says %v", f.Fields)
		}
		must(t, c.start(declarations(t)))
		c.must(clerk, id, "assign", `{"unit":"west"}`)
	})
}

// TestMigrate: mapped cases stand in the new state, with their tasks, timers
// and history, and can be handled.
func TestMigrate(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newCity(t, d)
		id, other := c.report(), c.handled()
		c.after(10 * time.Minute)
		must(t, c.start(strings.Replace(renamed(t), "states:\n  fresh:", "migrate: {new: fresh}\nstates:\n  fresh:", 1)))
		row := c.job(id)
		if row.Text("state") != "fresh" || at(row, "due_at") != "03-02 12:00" || at(row, "case_due_at") != "03-09 17:30" || row.Rev != 2 {
			t.Errorf("the case is %s, due %s and %s, at revision %d", row.Text("state"), at(row, "due_at"), at(row, "case_due_at"), row.Rev)
		}
		if got := c.verbs(id) + " | " + c.verbs(other); got != "report migrate | report assign accept" {
			t.Errorf("acts %s", got)
		}
		c.until(day(3, 2, 12, 0))
		if got := c.verbs(id); got != "report migrate overdue" {
			t.Errorf("timers stand still: %s", got)
		}
		if got, _ := c.inbox(clerk, InboxQuery{}); got != "city/fresh/red" {
			t.Errorf("the clerk has %q", got)
		}
		c.must(clerk, id, "assign", `{"unit":"west"}`)

		// A second start does nothing more.
		must(t, c.start(strings.Replace(renamed(t), "states:\n  fresh:", "migrate: {new: fresh}\nstates:\n  fresh:", 1)))
		if got := c.verbs(id); got != "report migrate overdue assign" {
			t.Errorf("acts after a second start: %s", got)
		}
		// Going back to the first version is held to the same rule.
		next := c.report()
		wants(t, c.start(declarations(t)), "state-with-cases")
		must(t, c.start(declarations(t, "states:\n  new:", "migrate: {fresh: new}\nstates:\n  new:")))
		if got := c.job(next).Text("state"); got != "new" {
			t.Errorf("after going back the case is %s", got)
		}
	})
}

// TestMigrateToAnEnd closes the cases of a step that was done away with.
func TestMigrateToAnEnd(t *testing.T) {
	c := newCity(t, dbtest.SQLite(t))
	id := c.report()
	c.must(clerk, id, "ask", `{"note":"?"}`)
	must(t, c.start(declarations(t,
		"  waiting:\n    title: Waiting\n    kind: wait\n    clock: stopped\n    timeout: {after: 3 work-days, action: expire}\n", "",
		"states:\n  new:", "migrate: {waiting: lapsed}\nstates:\n  new:",
		"    to: waiting\n", "    to: lapsed\n",
		"  answer:\n    title: Answer\n    from: [waiting]\n    to: new\n    who: [{role: [citizen], scope: own}]\n    form: [what, caller]\n  expire:\n    title: Expired\n    from: [waiting]\n    to: lapsed\n    system: true\n", "")))
	if row := c.job(id); row.Text("state") != "lapsed" || row.Get("closed_at") == nil || c.tasks(id) != 0 {
		t.Errorf("the case is %s, closed %s, with %d tasks", row.Text("state"), at(row, "closed_at"), c.tasks(id))
	}
	if _, err := c.act(citizen, id, "reopen", ""); fault.Code(err) != "" {
		t.Error(err)
	}
}
