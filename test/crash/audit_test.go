package crash

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"chengshu/core/evidence"
	"chengshu/kernel/clock"
	"chengshu/kernel/db"
	"chengshu/kernel/db/dbtest"
	"chengshu/test/program"
)

// audit is what the database holds, read in one snapshot.
type audit struct {
	t       *testing.T
	cases   map[string]caseRow
	history map[string][]revision // by case, in order
	acts    map[string]act        // by id
	tasks   map[string][]string   // steps of the open tasks, by case
	remarks []remark
	counter int64 // numbers given out, all days together
	made    int   // steps that were made although nobody was told
}

type caseRow struct {
	rev           int64
	number, state string
	mark          string
	closed        bool
}

type revision struct {
	rev             int64
	verb, act, body string
}

type act struct {
	Verb    string
	To      string
	Subject struct {
		ID, Digest string
		Rev        int64
	}
}

type remark struct{ caseID, act, text string }

// readAll reads the whole database.
func readAll(t *testing.T, url string) *audit {
	t.Helper()
	d, err := db.Open(t.Context(), url, db.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	a := &audit{t: t, cases: map[string]caseRow{}, history: map[string][]revision{}, acts: map[string]act{}, tasks: map[string][]string{}}
	err = d.Snapshot(t.Context(), a.read)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func (a *audit) read(q db.Querier) error {
	var id string
	var c caseRow
	var mark *string
	err := each(q, `select id, rev, number, state, address, closed_at is not null from r_incident where deleted_at is null`, func() {
		if c.mark = ""; mark != nil {
			c.mark = *mark
		}
		a.cases[id] = c
	}, &id, &c.rev, &c.number, &c.state, &mark, &c.closed)
	if err != nil {
		return err
	}
	var r revision
	err = each(q, `select id, rev, verb, act, body from record_history where type = 'incident' order by id, rev`,
		func() { a.history[id] = append(a.history[id], r) }, &id, &r.rev, &r.verb, &r.act, &r.body)
	if err != nil {
		return err
	}
	var body []byte
	err = each(q, `select id, body from act where subject_type = 'incident'`, func() {
		var one act
		if err := json.Unmarshal(body, &one); err != nil {
			a.t.Errorf("act %s: %v", id, err)
		}
		a.acts[id] = one
	}, &id, &body)
	if err != nil {
		return err
	}
	var text string
	err = each(q, `select case_id, step from process_task where role is not null`, func() { a.tasks[id] = append(a.tasks[id], text) }, &id, &text)
	if err != nil {
		return err
	}
	var m remark
	if err := each(q, `select case_id, act, text from process_comment`, func() { a.remarks = append(a.remarks, m) }, &m.caseID, &m.act, &m.text); err != nil {
		return err
	}
	var n int64
	return each(q, `select value from process_counter where process = 'incident'`, func() { a.counter += n }, &n)
}

// each calls fn for every row after reading it into columns.
func each(q db.Querier, sql string, fn func(), columns ...any) error {
	rows, err := q.Query(sql)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := rows.Scan(columns...); err != nil {
			return err
		}
		fn()
	}
	return rows.Err()
}

// agree holds the database against itself and against the ledger.
func (a *audit) agree(book *ledger) {
	a.t.Helper()
	a.whole()
	a.numbered()
	a.opened(book)
	a.stepped(book)
	there := map[string]int{}
	for _, r := range a.remarks {
		there[r.text+"@"+r.caseID]++
		if a.acts[r.act].Verb != "incident.comment" || a.acts[r.act].Subject.ID != r.caseID {
			a.t.Errorf("the remark %q has no act of its own: %+v", r.text, a.acts[r.act])
		}
	}
	for text, id := range book.remarks {
		if there[text+"@"+id] != 1 {
			a.t.Errorf("the remark %q is there %d times", text, there[text+"@"+id])
		}
	}
}

// whole makes sure that no case stands half: its row, its history, its acts
// and its tasks tell the same.
func (a *audit) whole() {
	used := map[string]bool{}
	for id, c := range a.cases {
		h := a.history[id]
		if int64(len(h)) != c.rev {
			a.t.Errorf("case %s is at revision %d and has %d in its history", id, c.rev, len(h))
			continue
		}
		for i, r := range h {
			got, ok := a.acts[r.act]
			digest := sha256.Sum256([]byte(r.body))
			if !ok || used[r.act] || r.rev != int64(i+1) || got.Verb != r.verb || got.Subject.ID != id || got.Subject.Rev != r.rev || got.Subject.Digest != hex.EncodeToString(digest[:]) {
				a.t.Errorf("case %s revision %d (%s): its act is %+v", id, r.rev, r.verb, got)
			}
			used[r.act] = true
		}
		if last := a.acts[h[len(h)-1].act]; last.To != c.state {
			a.t.Errorf("case %s stands in %q, its last act led to %q", id, c.state, last.To)
		}
		want := []string{c.state}
		if c.closed {
			want = nil
		}
		if !slices.Equal(a.tasks[id], want) {
			a.t.Errorf("case %s in %q has the tasks %v", id, c.state, a.tasks[id])
		}
	}
	for id, one := range a.acts {
		if one.Subject.Rev > 0 && !used[id] {
			a.t.Errorf("the act %s (%s) belongs to no revision", id, one.Verb)
		}
	}
	for id := range a.tasks {
		if _, ok := a.cases[id]; !ok {
			a.t.Errorf("a task of the case %s, which is not there", id)
		}
	}
}

// numbered makes sure that each number was given once, and none was skipped:
// the counter and the case commit together.
func (a *audit) numbered() {
	by := map[string]string{}
	for id, c := range a.cases {
		if other := by[c.number]; other != "" {
			a.t.Errorf("%s and %s bear the number %s", id, other, c.number)
		}
		by[c.number] = id
	}
	if int64(len(a.cases)) != a.counter {
		a.t.Errorf("%d cases, %d numbers given out", len(a.cases), a.counter)
	}
}

// opened makes sure that every acknowledged opening is there once, and every
// other at most once.
func (a *audit) opened(book *ledger) {
	marks := map[string][]string{}
	for id, c := range a.cases {
		marks[c.mark] = append(marks[c.mark], id)
	}
	for mark, o := range book.opened {
		if !slices.Equal(marks[mark], []string{o.id}) || a.cases[o.id].number != o.number {
			a.t.Errorf("%s was acknowledged as %s %s and is there as %v %s", mark, o.id, o.number, marks[mark], a.cases[o.id].number)
		}
	}
	for mark, ids := range marks {
		if _, ok := book.opened[mark]; ok {
			continue
		}
		if len(ids) > 1 || book.asked[mark] == "" {
			a.t.Errorf("%s is there as %v", mark, ids)
		}
	}
}

// stepped makes sure that every acknowledged step is the revision that it was
// acknowledged as, and every other one had been asked for.
func (a *audit) stepped(book *ledger) {
	a.made = 0
	there := map[step]bool{}
	for id, h := range a.history {
		for _, r := range h {
			s := step{id, r.rev, r.verb}
			there[s] = true
			switch {
			case book.acked[s]:
			case book.doubtful[s], r.rev == 1 && book.asked[a.cases[id].mark] != "":
				a.made++
			default:
				a.t.Errorf("nobody asked for %+v", s)
			}
		}
	}
	for s := range book.acked {
		if !there[s] {
			a.t.Errorf("acknowledged and lost: %+v", s)
		}
	}
}

// foundAgain searches for the case that was opened last, as its opener would.
func (c *city) foundAgain() {
	c.t.Helper()
	for mark, o := range c.book.opened {
		who := "citizen"
		var round, worker, n int
		if _, err := fmt.Sscanf(mark, "K%d-%d-%d", &round, &worker, &n); err != nil {
			c.t.Fatal(err)
		}
		if worker%3 != 0 {
			continue
		}
		a := c.people[who].Get("/api/cases/incident?q=" + o.number)
		if len(a.Items()) != 1 || a.Text("items.0.id") != o.id {
			c.t.Errorf("searching for %s: %s", o.number, a)
		}
		return
	}
}

// timelines compares what the public API tells of some cases with the history.
func (c *city) timelines(a *audit) {
	c.t.Helper()
	for id, h := range some(a.history, 30) {
		t := c.people["auditor"].Get("/api/cases/incident/" + id + "/timeline")
		var got, want []string
		for i := range t.Items() {
			if verb := t.Text(fmt.Sprintf("items.%d.verb", i)); verb != "incident.comment" {
				got = append(got, verb+" "+t.Text(fmt.Sprintf("items.%d.act", i)))
			}
		}
		for _, r := range h {
			want = append(want, r.verb+" "+r.act)
		}
		if !slices.Equal(got, want) {
			c.t.Errorf("the time line of %s is %v, its history %v", id, got, want)
		}
	}
}

func some[V any](m map[string]V, n int) map[string]V {
	out := map[string]V{}
	for k, v := range m {
		if out[k] = v; len(out) == n {
			break
		}
	}
	return out
}

// bundles takes the evidence of some cases and verifies it offline.
func (c *city) bundles(a *audit) {
	c.t.Helper()
	status := c.people["auditor"].Get("/api/evidence")
	if status.At("sealing") != true || len(status.At("alarms").([]any)) > 0 {
		c.t.Fatalf("the log: %s", status)
	}
	for id := range some(a.cases, 5) {
		b := c.people["auditor"].Get("/api/cases/incident/" + id + "/evidence")
		file := filepath.Join(c.t.TempDir(), id)
		if err := os.WriteFile(file, b.Body, 0o600); err != nil {
			c.t.Fatal(err)
		}
		out, err := exec.Command(program.Binary(), "verify", "--key", status.Text("keys.0"), file).CombinedOutput()
		if err != nil {
			c.t.Errorf("the bundle of %s: %v\n%s", id, err, out)
		}
	}
}

// checkLog compares the stopped program's log with its database, after sealing
// what the end left unsealed. It returns how many acts are sealed.
func checkLog(t *testing.T, url, dir string) (sealed int64) {
	t.Helper()
	d := dbtest.Open(t, url)
	l, err := evidence.New(evidence.Deps{DB: d, Clock: clock.System(), Logger: slog.New(slog.DiscardHandler), Dir: dir, Origin: "chengshu.local/log", Recheck: -1})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- l.Run(ctx) }()
	left := int64(1)
	for deadline := time.Now().Add(30 * time.Second); left > 0 && time.Now().Before(deadline); <-time.After(20 * time.Millisecond) {
		if err := d.Read(ctx).QueryRow(`select count(*) from act where seq is null`).Scan(&left); err != nil {
			t.Fatal(err)
		}
	}
	if left > 0 {
		t.Errorf("%d acts cannot be sealed", left)
	}
	look, err := evidence.NewMonitor(l).Check(ctx)
	if err != nil || !look.OK() {
		t.Errorf("the monitor says %+v, %v", look, err)
	}
	cancel()
	<-ended
	if err := d.Read(t.Context()).QueryRow(`select count(*) from act where seq is not null`).Scan(&sealed); err != nil {
		t.Fatal(err)
	}
	if look.Size == 0 || int64(look.Size) != sealed {
		t.Errorf("the log has %d leaves, the database %d sealed acts", look.Size, sealed)
	}
	return sealed
}

// counts returns how many rows each table has whose rows do not depend on when
// the program was started.
func counts(t *testing.T, url string) map[string]int64 {
	t.Helper()
	d := dbtest.Open(t, url)
	var tables []string
	var name string
	err := each(d.Read(t.Context()), `select name from sqlite_schema where type = 'table' and sql not like 'create virtual%'`, func() {
		kept := strings.HasPrefix(name, "r_") && !strings.Contains(name, "_text") || strings.HasPrefix(name, "identity_") || name == "act" || strings.HasPrefix(name, "record_")
		if kept && name != "identity_session" {
			tables = append(tables, name)
		}
	}, &name)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]int64{}
	for _, table := range tables {
		var n int64
		if err := d.Read(t.Context()).QueryRow(`select count(*) from ` + table).Scan(&n); err != nil {
			t.Fatal(err)
		}
		out[table] = n
	}
	return out
}
