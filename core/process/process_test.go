package process

import (
	"encoding/json"
	"strings"
	"sync"
	"testing"
	"time"

	"chengshu/core/evidence"
	"chengshu/core/identity"
	"chengshu/core/record"
	"chengshu/kernel/db"
	"chengshu/kernel/db/dbtest"
	"chengshu/kernel/fault"
)

func TestStart(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newCity(t, d)
		row := c.must(citizen, "", "report", `{"what":"a hole","span":"3 hours"}`)
		for field, want := range map[string]string{"number": "J20260302001", "state": "new", "what": "a hole", "kind": "hole"} {
			if got := row.Text(field); got != want {
				t.Errorf("%s is %q, want %q", field, got, want)
			}
		}
		// Two work-hours from ten are twelve; five working days end on Monday at half past five.
		if got := at(row, "due_at") + " | " + at(row, "case_due_at"); got != "03-02 12:00 | 03-09 17:30" {
			t.Errorf("due %s", got)
		}
		if row.Rev != 1 || row.CreatedBy != "cai" || row.Text("definition") == "" {
			t.Errorf("a new case is %+v", row)
		}
		if again := c.must(citizen, "", "report", `{"what":"b"}`); again.Text("number") != "J20260302002" {
			t.Errorf("the second is %s", again.Text("number"))
		}
		c.clock.Advance(24 * time.Hour)
		if next := c.must(citizen, "", "report", `{"what":"c"}`); next.Text("number") != "J20260303001" {
			t.Errorf("the first of the next day is %s", next.Text("number"))
		}
		acts, err := evidence.ActsOn(d.Read(c.ctx), "job", row.ID, 0, 9)
		must(t, err)
		a := acts[0]
		if len(acts) != 1 || a.Verb != "job.report" || a.To != "new" || a.Actor.Person != "cai" || a.Grant != "job.report.1" || a.Basis != "the law" || a.Subject.Rev != 1 {
			t.Errorf("the act is %+v", acts)
		}
		if len(c.heard) == 0 || c.heard[0] != "case.job" {
			t.Errorf("listeners heard %v", c.heard)
		}
	})
}

// TestRefusals asks for what is not possible, and looks that nothing changed.
func TestRefusals(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newCity(t, d)
		fresh, doing := c.report(), c.handled()
		for name, r := range map[string]struct {
			actor      *identity.Actor
			id, action string
			in         string
			code       string
			paths      string
		}{
			"nobody may report":           {&identity.Actor{Anonymous: true}, "", "report", `{"whatever":1}`, "denied", ""},
			"a field that is missing":     {citizen, "", "report", `{}`, "invalid-fields", "fields.what"},
			"one that is empty":           {citizen, "", "report", `{"what":""}`, "invalid-fields", "fields.what"},
			"one that nobody asked for":   {citizen, "", "report", `{"what":"x","cost":3,"state":"done"}`, "invalid-fields", "fields.cost fields.state"},
			"a bad value":                 {citizen, "", "report", `{"what":"x","kind":"cat"}`, "invalid-fields", "fields.kind"},
			"a guard":                     {citizen, "", "report", `{"what":"nonsense"}`, "guard", `row.what != "nonsense"`},
			"the parts that fail":         {west, doing, "finish", `{"result":"none","cost":200}`, "guard", `row.cost < 100 row.result != "none"`},
			"a part that is undecided":    {west, doing, "finish", `{"result":"well"}`, "guard", "has(row.cost) row.cost < 100"},
			"an unknown action":           {citizen, "", "fly", ``, "no-such-action", ""},
			"a start on a case":           {citizen, fresh, "report", `{"what":"x"}`, "no-such-action", ""},
			"an action without a case":    {clerk, "", "assign", `{"unit":"west"}`, "no-such-action", ""},
			"an unknown case":             {clerk, "nowhere", "assign", `{"unit":"west"}`, "not-found", ""},
			"a case of another":           {stranger, fresh, "answer", ``, "not-found", ""},
			"a case of another unit":      {east, doing, "accept", ``, "not-found", ""},
			"one may read and not act":    {boss, fresh, "assign", `{"unit":"west"}`, "denied", ""},
			"a system action":             {clerk, doing, "joined", ``, "denied", ""},
			"a state that has passed":     {clerk, doing, "assign", `{"unit":"west"}`, "wrong-state", ""},
			"a note that is missing":      {clerk, fresh, "ask", `{"note":"  "}`, "invalid-fields", "note"},
			"a note that is too long":     {clerk, fresh, "ask", `{"note":"` + strings.Repeat("长", 4001) + `"}`, "invalid-fields", "note"},
			"a required field is cleared": {west, doing, "hand-over", `{"assignee":null}`, "invalid-fields", "fields.assignee"},
			"no unit of that name":        {clerk, fresh, "assign", `{"unit":"mars"}`, "invalid-fields", "fields.unit"},
			"no partners":                 {west, doing, "call", `{"partners":[]}`, "invalid-fields", "fields.partners"},
		} {
			_, err := c.act(r.actor, r.id, r.action, r.in)
			if fault.Code(err) != r.code {
				t.Errorf("%s: %v, want %s", name, err, r.code)
				continue
			}
			var paths []string
			for _, f := range err.(*fault.Fault).Fields {
				paths = append(paths, f.Path)
				if f.Zh == "" || f.En == "" {
					t.Errorf("%s: %s has no message in both languages", name, f.Path)
				}
			}
			if got := strings.Join(paths, " "); got != r.paths {
				t.Errorf("%s: at %q, want %q", name, got, r.paths)
			}
		}
		if _, err := c.on("nothing", clerk, "", "x", ""); fault.Code(err) != "no-such-process" {
			t.Errorf("a process that is not there: %v", err)
		}
		if got := c.verbs(fresh) + " | " + c.verbs(doing); got != "report | report assign accept" {
			t.Errorf("refusals left acts: %s", got)
		}
	})
}

func TestHandling(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newCity(t, d)
		id := c.report()

		// Return counts, and the case is the clerks' again.
		c.must(clerk, id, "assign", `{"unit":"east"}`)
		row := c.must(east, id, "decline", `{"note":"not ours"}`)
		if row.Int("returns") != 1 || row.Text("state") != "new" || row.Text("note") != "not ours" {
			t.Errorf("returned: %d, %s, %s", row.Int("returns"), row.Text("state"), row.Text("note"))
		}
		row = c.must(clerk, id, "assign", `{"unit":"west"}`)
		if row.Get("note") != nil || row.Org != "/city/west/" {
			t.Errorf("the note %v stays, the case is with %s", row.Get("note"), row.Org)
		}
		c.must(west, id, "accept", "")

		// Handing over changes who holds the task, not the state or its clock.
		before := c.job(id)
		c.after(time.Minute)
		row = c.must(west, id, "hand-over", `{"assignee":"wen"}`)
		if row.Int("entered_at") != before.Int("entered_at") || row.Text("assignee") != "wen" {
			t.Errorf("handed over to %s, entered %s", row.Text("assignee"), at(row, "entered_at"))
		}
		if got, _ := c.inbox(west2, InboxQuery{Scope: "mine"}); got != "west/doing/green" {
			t.Errorf("the second handler has %q", got)
		}
		if got, _ := c.inbox(west, InboxQuery{Scope: "mine"}); got != "" {
			t.Errorf("the first still has %q", got)
		}

		// Moving to another unit takes it from both.
		c.must(clerk, id, "move", `{"unit":"east"}`)
		if got, _ := c.inbox(west2, InboxQuery{}); got != "" {
			t.Errorf("the west still has %q", got)
		}
		c.must(east, id, "accept", "")
		row = c.must(east, id, "finish", `{"result":"filled","cost":20}`)
		if row.Text("state") != "done" || row.Get("closed_at") == nil || row.Get("due_at") != nil {
			t.Errorf("finished: %s, closed %s, due %s", row.Text("state"), at(row, "closed_at"), at(row, "due_at"))
		}
		if n := c.tasks(id); n != 0 {
			t.Errorf("a closed case has %d tasks", n)
		}
		if row = c.must(citizen, id, "rate", `{"rating":4}`); row.Int("rating") != 4 || row.Text("state") != "done" {
			t.Errorf("rated: %d in %s", row.Int("rating"), row.Text("state"))
		}
		if got, want := c.verbs(id), "report assign decline assign accept hand-over move accept finish rate"; got != want {
			t.Errorf("acts %s, want %s", got, want)
		}
	})
}

func (c *city) tasks(id string) int {
	c.t.Helper()
	tasks, err := queryTasks(c.db.Read(c.ctx), `where case_id = $1`, id)
	must(c.t, err)
	return len(tasks)
}

// TestReopen holds that a reopened case has new deadlines, whether its clock
// ran or stood when it was closed.
func TestReopen(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newCity(t, d)
		id := c.handled()
		c.must(west, id, "finish", `{"result":"ok","cost":1}`)
		c.until(monday.AddDate(0, 0, 14)) // 16 March
		row := c.must(citizen, id, "reopen", "")
		if got := at(row, "due_at") + " | " + at(row, "case_due_at"); got != "03-16 12:00 | 03-23 17:30" || row.Get("closed_at") != nil {
			t.Errorf("reopened: due %s, closed %s", got, at(row, "closed_at"))
		}
		if c.e.LightOf(c.process(), row, c.clock.Now()) != Green {
			t.Error("a reopened case is late at once")
		}
		c.must(clerk, id, "ask", `{"note":"where?"}`)
		c.after(10 * 24 * time.Hour)
		if got := c.job(id).Text("state"); got != "lapsed" {
			t.Fatalf("the state is %s", got)
		}
		row = c.must(citizen, id, "reopen", "")
		if got := at(row, "due_at") + " | " + at(row, "case_due_at"); got != "03-26 12:00 | 04-02 17:30" {
			t.Errorf("reopened after it had stood still: due %s", got)
		}
	})
}

func (c *city) process() *Process {
	p, err := c.e.Process("job")
	must(c.t, err)
	return p
}

// TestRevisions: who names the revision they saw is refused when it has passed;
// who names none is served on the latest.
func TestRevisions(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newCity(t, d)
		id := c.handled()
		cmd := Command{Type: "job", ID: id, Action: "hand-over", Actor: west, Input: map[string]any{"assignee": "wen"}, Rev: 2}
		_, err := c.e.Do(c.ctx, cmd)
		wants(t, err, "stale-revision")
		cmd.Rev = 3
		if row, err := c.e.Do(c.ctx, cmd); err != nil || row.Rev != 4 {
			t.Errorf("%v", err)
		}

		// Many hand it over at once without naming a revision: each is served or
		// told to try again, and every revision is there once.
		var wg sync.WaitGroup
		errs := make([]error, 6)
		for i := range errs {
			wg.Go(func() {
				_, errs[i] = c.e.Do(c.ctx, Command{Type: "job", ID: id, Action: "hand-over", Actor: west, Input: map[string]any{"assignee": "wei"}})
			})
		}
		wg.Wait()
		served := 0
		for _, err := range errs {
			if err == nil {
				served++
			} else if fault.Code(err) != "stale-revision" {
				t.Error(err)
			}
		}
		if got := c.job(id).Rev; got != int64(4+served) || served == 0 {
			t.Errorf("%d were served and the revision is %d", served, got)
		}
		if n := c.tasks(id); n != 1 {
			t.Errorf("%d tasks", n)
		}

		// Only one of many can finish it.
		for i := range errs {
			wg.Go(func() {
				_, errs[i] = c.e.Do(c.ctx, Command{Type: "job", ID: id, Action: "finish", Actor: west, Input: map[string]any{"result": "r", "cost": json.Number("1")}})
			})
		}
		wg.Wait()
		served = 0
		for _, err := range errs {
			switch fault.Code(err) {
			case "":
				served++
			case "wrong-state", "stale-revision":
			default:
				t.Error(err)
			}
		}
		if served != 1 || c.tasks(id) != 0 {
			t.Errorf("finished %d times, %d tasks left", served, c.tasks(id))
		}
	})
}

// TestMerge closes a case into another and leaves an act on both.
func TestMerge(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newCity(t, d)
		first, second, closed := c.report(), c.report(), c.handled()
		c.must(west, closed, "finish", `{"result":"ok","cost":1}`)
		for into, says := range map[string]string{second: "into itself", closed: "is closed", "nowhere": "does not exist"} {
			_, err := c.act(clerk, second, "merge", `{"merged_into":"`+into+`"}`)
			if !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), says) {
				t.Errorf("into %s: %v", into, err)
			}
		}
		// One who may merge this case cannot find out what others there are.
		c.must(clerk, second, "assign", `{"unit":"west"}`)
		c.must(west, second, "decline", `{"note":"twice"}`)
		_, err := c.act(west, second, "merge", `{"merged_into":"`+first+`"}`)
		if wants(t, err, "bad-merge"); !strings.Contains(err.Error(), "no such case") {
			t.Errorf("into a case of others: %v", err)
		}
		row := c.must(clerk, second, "merge", `{"merged_into":"`+first+`"}`)
		if row.Text("state") != "merged" || row.Text("merged_into") != first || row.Get("closed_at") == nil {
			t.Errorf("merged: %s", row.Text("state"))
		}
		if got := c.verbs(first) + " | " + c.verbs(second); got != "report absorb | report assign decline merge" {
			t.Errorf("acts %s", got)
		}
		acts, err := evidence.ActsOn(d.Read(c.ctx), "job", first, 0, 9)
		must(t, err)
		merged, err := evidence.ActsOn(d.Read(c.ctx), "job", second, 0, 9)
		must(t, err)
		if acts[1].Cause != merged[3].ID {
			t.Errorf("absorbed because of %q, want %q", acts[1].Cause, merged[3].ID)
		}
		// Whoever reopens it has it by itself again.
		if row := c.must(citizen, second, "reopen", ""); row.Get("merged_into") != nil {
			t.Error("a reopened case is still merged")
		}
	})
}

func TestSimilar(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newCity(t, d)
		report := func(lon, kind string) *record.Row {
			return c.must(citizen, "", "report", `{"what":"x","kind":"`+kind+`","at":{"lon":`+lon+`,"lat":38}}`)
		}
		far, lamp := report("114.51", "hole"), report("114.5", "lamp")
		old := report("114.5", "hole")
		c.clock.Advance(5 * 24 * time.Hour)
		near, nearer := report("114.5005", "hole"), report("114.5001", "hole")
		done := report("114.5", "hole")
		c.must(clerk, done.ID, "merge", `{"merged_into":"`+near.ID+`"}`)
		alike, err := c.e.Similar(c.ctx, c.process(), report("114.5", "hole"), nil)
		must(t, err)
		if len(alike) != 2 || alike[0].Row.ID != nearer.ID || alike[1].Row.ID != near.ID || alike[0].Score <= alike[1].Score {
			t.Errorf("alike: %+v (far %s, lamp %s, old %s)", alike, far.ID, lamp.ID, old.ID)
		}
	})
}

func TestComments(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newCity(t, d)
		id := c.report()
		say := func(a *identity.Actor, text string) error {
			_, err := c.e.AddComment(c.ctx, c.process(), c.job(id), a, Comment{Text: text, Files: []record.FileRef{{ID: "f", Name: "n", Media: "image/png"}}}, "req")
			return err
		}
		must(t, say(citizen, " please hurry "))
		must(t, say(clerk, "we will"))
		wants(t, say(stranger, "me too"), "denied")
		wants(t, say(clerk, "   "), "invalid-fields")
		wants(t, say(clerk, strings.Repeat("x", 4001)), "invalid-fields")
		got, err := c.e.Comments(c.ctx, id)
		must(t, err)
		if len(got) != 2 || got[0].Text != "please hurry" || got[1].Person != "ann" || got[1].Org != "city" || len(got[1].Files) != 1 {
			t.Errorf("comments %+v", got)
		}
		if c.verbs(id) != "report comment comment" || c.job(id).Rev != 1 {
			t.Errorf("%s; a remark made revision %d", c.verbs(id), c.job(id).Rev)
		}
	})
}

// TestOffers shows each only what they may do now.
func TestOffers(t *testing.T) {
	c := newCity(t, dbtest.SQLite(t))
	fresh, doing := c.report(), c.handled()
	offers := func(a *identity.Actor, id string) string {
		row := c.job(id)
		subject, err := c.e.Subject(c.ctx, row)
		must(t, err)
		var out []string
		for _, o := range c.e.Offers(a, c.process(), row, subject) {
			out = append(out, o.Action.Name)
		}
		return strings.Join(out, " ")
	}
	for _, o := range []struct {
		actor    *identity.Actor
		id, want string
	}{
		{clerk, fresh, "assign ask merge"}, {citizen, fresh, ""}, {boss, fresh, ""}, {west, fresh, ""},
		{west, doing, "hand-over call inspect ask finish"}, {east, doing, ""}, {clerk, doing, "move ask"},
	} {
		if got := offers(o.actor, o.id); got != o.want {
			t.Errorf("%s is offered %q, want %q", o.actor.Person, got, o.want)
		}
	}
	if got := c.e.Starts(citizen, c.process()); len(got) != 1 || got[0].Name != "report" {
		t.Errorf("a citizen may start %v", got)
	}
	inspection, err := c.e.Process("inspection")
	must(t, err)
	if got := c.e.Starts(clerk, inspection); len(got) != 0 {
		t.Errorf("a person may start what only the program opens: %v", got)
	}
}

// TestAllFieldsAtOnce: a field that the action does not take hides no other
// mistake.
func TestAllFieldsAtOnce(t *testing.T) {
	c := newCity(t, dbtest.SQLite(t))
	_, err := c.act(citizen, "", "report", `{"colour":1,"kind":"well","at":"here"}`)
	var paths []string
	for _, f := range wants(t, err, "invalid-fields").Fields {
		paths = append(paths, f.Path)
	}
	if got := strings.Join(paths, " "); got != "fields.colour fields.what fields.at fields.kind" {
		t.Errorf("mistakes at %s", got)
	}
}
