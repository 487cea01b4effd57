package process

import (
	"fmt"
	"strings"
	"testing"

	"chengshu/core/evidence"
	"chengshu/core/record"
	"chengshu/kernel/db"
	"chengshu/kernel/db/dbtest"
	"chengshu/kernel/id"
)

// spot puts a record in that cases may write to.
func (c *city) spot() string {
	c.t.Helper()
	t, err := c.e.Records.Type("spot")
	must(c.t, err)
	d, err := c.e.Records.PlanCreate(c.ctx, t, map[string]any{"name": "corner"}, record.Author{Now: c.clock.Now()})
	must(c.t, err)
	must(c.t, c.db.Do(c.ctx, func(tx *db.Tx) error {
		_, err := d.Write(tx, record.Stamp{Act: id.New(), Verb: "spot.create", At: c.clock.Now().UnixMilli()})
		return err
	}))
	return d.Row.ID
}

// only returns the one living record of a type.
func (c *city) only(typ string) *record.Row {
	c.t.Helper()
	t, err := c.e.Records.Type(typ)
	must(c.t, err)
	page, err := c.e.Records.Query(c.ctx, t, record.Query{Limit: 9})
	must(c.t, err)
	if len(page.Rows) != 1 {
		c.t.Fatalf("%d records of %s, want one", len(page.Rows), typ)
	}
	return page.Rows[0]
}

// TestRecordWrite: an action creates a record and another revises one, each
// with an act that names the transition as its cause.
func TestRecordWrite(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newCity(t, d)
		job, spot := c.handled(), c.spot()
		c.must(west, job, "finish", `{"result":"mended","cost":7}`)
		made := c.only("repair")
		if made.Text("what") != "a hole" || made.Int("cost") != 7 || made.CreatedBy != "" {
			t.Errorf("made %s, %d, by %q", made.Text("what"), made.Int("cost"), made.CreatedBy)
		}
		c.must(citizen, job, "rate", fmt.Sprintf(`{"rating":4,"spot":%q}`, spot))
		if row := c.row("spot", spot); row.Int("rating") != 4 || row.Rev != 2 || row.Text("name") != "corner" {
			t.Errorf("the spot has %d, revision %d", row.Int("rating"), row.Rev)
		}
		ofJob, err := evidence.ActsOn(d.Read(c.ctx), "job", job, 0, 9)
		must(t, err)
		for _, want := range []struct {
			typ, id, verb string
			cause         evidence.Listed
		}{{"repair", made.ID, "repair.create", ofJob[3]}, {"spot", spot, "spot.revise", ofJob[4]}} {
			acts, err := evidence.ActsOn(d.Read(c.ctx), want.typ, want.id, 0, 9)
			must(t, err)
			if len(acts) != 1 || acts[0].Verb != want.verb || acts[0].Cause != want.cause.ID || acts[0].Basis != "the law" || acts[0].Subject.Digest == (evidence.Digest{}) {
				t.Errorf("%s: acts %+v", want.typ, acts)
			}
		}
		// An id that gives nothing.
		c2 := &city{t: t, db: d, clock: c.clock}
		must(t, c2.start(declarations(t, "when: has(row.spot)\n        record.write: {type: spot, id: row.spot", "record.write: {type: spot, id: dyn(null)")))
		_, err = c2.act(citizen, job, "rate", `{"rating":1,"spot":null}`)
		if f := wants(t, err, "record-write"); !strings.Contains(f.Text.En, "dyn(null) has no value") {
			t.Errorf("it says %q", f.Text.En)
		}
		// Without the condition, nothing is written.
		c.must(citizen, job, "rate", `{"rating":1,"spot":null}`)
		if row := c.row("spot", spot); row.Int("rating") != 4 {
			t.Errorf("the spot was written without being named: %d", row.Int("rating"))
		}
	})
}

// TestRecordWriteOrNothing: when the record cannot be written, nothing happened,
// and the refusal says which of its fields is at fault.
func TestRecordWriteOrNothing(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newCity(t, d)
		job := c.must(citizen, "", "report", `{"what":"`+strings.Repeat("x", 31)+`"}`).ID // longer than a repair's
		c.must(clerk, job, "assign", `{"unit":"west"}`)
		c.must(west, job, "accept", "")
		_, err := c.act(west, job, "finish", `{"result":"mended","cost":7}`)
		if f := wants(t, err, "record-write"); !strings.Contains(f.Text.En, "fields.what at most 30 characters") || !strings.Contains(f.Text.Zh, "最多 30 字") {
			t.Errorf("it says %q / %q", f.Text.Zh, f.Text.En)
		}
		if got := c.job(job).Text("state"); got != "doing" || c.verbs(job) != "report assign accept" {
			t.Errorf("the case is %s: %s", got, c.verbs(job))
		}
		if list, err := c.e.Notices(c.ctx, "cai", 0, 9); err != nil || len(list) != 0 {
			t.Errorf("told of what did not happen: %v %v", list, err)
		}
		done, spot := c.handled(), c.spot()
		c.must(west, done, "finish", `{"result":"mended","cost":7}`)
		_, err = c.act(citizen, done, "rate", fmt.Sprintf(`{"rating":0,"spot":%q}`, spot))
		if f := wants(t, err, "record-write"); !strings.Contains(f.Text.En, "fields.rating") {
			t.Errorf("it says %q", f.Text.En)
		}
	})
}

// TestNotify: those concerned are told, once and in both languages; one who
// acts is not told of it.
func TestNotify(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newCity(t, d)
		first, second := c.handled(), c.handled()
		c.must(west, first, "finish", `{"result":"mended {number}","cost":7}`)
		c.must(west2, second, "finish", `{"result":"gone","cost":7}`)
		list, err := c.e.Notices(c.ctx, "cai", 0, 9)
		must(t, err)
		if len(list) != 2 || list[1].Text.Zh != "J20260302001（Hole）已办结：mended {number}" || list[0].Text.En != "J20260302002 (Hole) is done: gone" ||
			list[1].Type != "job" || list[1].Case != first || list[1].Read {
			t.Fatalf("notices %+v", list)
		}
		if more, err := c.e.Notices(c.ctx, "cai", list[0].N, 9); err != nil || len(more) != 1 || more[0].ID != list[1].ID {
			t.Errorf("the second page is %+v, %v", more, err)
		}
		// Both jobs were assigned to wei, who finished the first himself.
		if own, err := c.e.Notices(c.ctx, "wei", 0, 9); err != nil || len(own) != 1 || own[0].Case != second {
			t.Errorf("wei has %+v, %v", own, err)
		}
		if !strings.Contains(strings.Join(c.heard, " "), "notice.cai") {
			t.Errorf("listeners heard %v", c.heard)
		}
		unread := func(want int64) {
			t.Helper()
			if n, err := c.e.Unread(c.ctx, "cai"); err != nil || n != want {
				t.Errorf("%d unread, %v; want %d", n, err, want)
			}
		}
		unread(2)
		must(t, c.e.ReadNotices(c.ctx, "wei", list[0].N)) // another's are not touched
		unread(2)
		must(t, c.e.ReadNotices(c.ctx, "cai", list[1].N))
		unread(1)
		must(t, c.e.ReadNotices(c.ctx, "cai", list[0].N))
		unread(0)
		dbtest.NoScan(t, d, `select n from process_notice where person = $1 and n < $2 order by n desc limit 50`, "cai", 9)
		dbtest.NoScan(t, d, `select 1 from process_notice where person = $1 and read_at is null limit 100`, "cai")
	})
}
