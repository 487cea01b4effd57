package linkage

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"testing"
	"time"

	"chengshu/core/decl"
	"chengshu/core/decl/decltest"
	"chengshu/core/evidence"
	"chengshu/core/identity"
	"chengshu/core/process"
	"chengshu/core/record"
	"chengshu/engine/lake"
	"chengshu/engine/lake/link"
	"chengshu/kernel/clock"
	"chengshu/kernel/db"
	"chengshu/kernel/db/dbtest"
	"chengshu/kernel/fault"

	"github.com/google/go-cmp/cmp"
)

// odd takes codes whose last digit is odd for right.
var odd = map[string]link.Check{"odd": {Valid: func(s string) bool { return s != "" && (s[len(s)-1]-'0')%2 == 1 }, Write: strings.TrimSpace}}

func TestMain(m *testing.M) {
	Worker(odd)
	os.Exit(m.Run())
}

const declared = `
record: firm
title: Firm
owner: a
basis: b
fields:
  code: {title: Code, type: text}
  name: {title: Name, type: text}
  chief: {title: Chief, type: text, personal: true, mask: name}
---
record: filing
resource: dataset
title: Filing
owner: a
basis: b
fields:
  no: {title: No, type: text, required: true}
  code: {title: Code, type: text}
  called: {title: Called, type: text}
  chief: {title: Chief, type: text, personal: true, mask: name}
  filed: {title: Filed, type: date}
unique: [no]
---
record: linking
title: Linking
owner: a
basis: b
fields:
  about: {title: About, type: text}
---
role: clerk
title: Clerk
---
process: linking
title: Linking
basis: b
number: "L{seq:3}"
states:
  open: {title: Open, duty: {role: clerk, org: "'1'"}}
  closed: {title: Closed, kind: end}
actions:
  begin: {title: Begin, start: true, to: open, who: [{role: clerk, scope: all}]}
  finish: {title: Finish, from: [open], to: closed, who: [{role: clerk, scope: all}]}
---
`

const firms = declared + `
linkage: firms
title: Firms
basis: b
process: linking
sources:
  firm: {unique: true}
  filing: {fields: {name: called}, at: filed}
compare:
  code: {by: code, check: odd, distinct: true}
  name: {by: edit}
  chief: {by: name}
survive:
  code: {from: firm, rules: [valid]}
  name: {rules: [newest]}
`

func read(t *testing.T, text string) (*decl.Set, *decl.Report) {
	t.Helper()
	return decltest.Read(t, text, append(identity.Kinds(), record.Kind, process.Kind(process.Effects()), Kind(odd))...)
}

// rows are what the sources hold: lines of cells, by the name of the type.
type rows struct {
	of      map[string]string
	release int64
}

func (r *rows) each(t *record.Type, fn func(*record.Row) error) error {
	for i, line := range strings.Fields(r.of[t.Name]) {
		cells := strings.Split(line, ",")
		row, err := t.CopyOf(int64(i+1), 1000, cells)
		if err != nil {
			return err
		}
		row.ID = cells[0]
		if err := fn(row); err != nil {
			return err
		}
	}
	return nil
}

func (r *rows) Scan(_ context.Context, t *record.Type, _ func(int) (string, []any), fn func(*record.Row) error) error {
	return r.each(t, fn)
}

func (r *rows) Releases(_ db.Querier, _ *record.Type, _ int64, limit int) ([]lake.Release, error) {
	if r.release == 0 || limit != 1 {
		return nil, nil
	}
	return []lake.Release{{Version: r.release, At: 1000, Manifest: json.RawMessage("{}")}}, nil
}

func (r *rows) Text(_ context.Context, t *record.Type, _ lake.Manifest, read func(io.Reader) error) error {
	return read(strings.NewReader(strings.Join(strings.Fields(r.of[t.Name]), "\n")))
}

// names make rows that tell entities apart: the n-th has a code, a name and a chief
// of its own.
func entity(n int) (code, name, chief string) {
	surname, given := []rune("赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨"), []rune("伟芳娜敏静丽强磊军洋勇艳杰娟涛明")
	chief = string(surname[n%16]) + string(given[n/16%16]) + string(given[(n*7+3)%16])
	return fmt.Sprintf("%07d1", n*7919), fmt.Sprintf("%c%c%c%c", 'a'+n%26, 'a'+n/26%26, 'a'+n*11%26, 'a'+n*5%26), chief
}

type bench struct {
	*Engine
	*rows
	t *testing.T
	l *Linkage
}

const many = 120

// open makes an engine whose register has firms 0 to many, and whose dataset files
// all but the first ten of them.
func open(t *testing.T, d *db.DB) *bench {
	t.Helper()
	set, report := read(t, firms)
	must(t, report.Err())
	must(t, d.Migrate(t.Context(), append(Migrations(), evidence.Migrations()...)...))
	acts, err := evidence.New(evidence.Deps{DB: d, Clock: clock.System(), Logger: slog.New(slog.DiscardHandler)})
	must(t, err)
	r := &rows{of: map[string]string{}, release: 1}
	e, err := New(Deps{DB: d, Evidence: acts, Clock: clock.NewFake(time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)), Releases: r, Registers: r, Checks: odd,
		Linkages: decl.All[*Linkage](set, KindName), Dir: t.TempDir()})
	must(t, err)
	for n := range many {
		code, name, chief := entity(n)
		r.of["firm"] += fmt.Sprintf("%s,%s,%s\n", code, name, chief)
		if n >= 10 {
			r.of["filing"] += fmt.Sprintf("F%03d,%s,%s,%s,2026-01-02\n", n, code, name, chief)
		}
	}
	l, err := e.Linkage("firms")
	must(t, err)
	return &bench{e, r, t, l}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

type heard struct{ parts []int64 }

func (h *heard) Progress(done, _ int64, _ fault.Text) { h.parts = append(h.parts, done) }

func (b *bench) link(key string) *Run {
	b.t.Helper()
	var h heard
	run, err := b.Link(b.t.Context(), b.l, Order{Key: key, CaseType: "linking", CaseID: "case"}, &h)
	must(b.t, err)
	return run
}

// entityOf is the entity of a row in the present run.
func (b *bench) entityOf(source, key string) string {
	b.t.Helper()
	run, err := b.Present(b.DB.Read(b.t.Context()), b.l)
	must(b.t, err)
	id, err := b.EntityOf(b.DB.Read(b.t.Context()), run, link.RowID{Source: source, Key: key})
	must(b.t, err)
	return id
}

func firmKey(n int) string { code, _, _ := entity(n); return code }

// TestLink: rows of two sources become entities, whose ids the next run keeps
// though rows come and go; the same key is the same run.
func TestLink(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := open(t, d)
		run := b.link("one")
		if run.Number != 1 || run.Report.Entities != many || run.Report.Sources[1] != (Read{Name: "filing", Release: 1, Rows: many - 10}) {
			t.Fatalf("%+v", run)
		}
		known := map[int]string{}
		for n := 10; n < many; n++ {
			known[n] = b.entityOf("firm", firmKey(n))
			if b.entityOf("filing", fmt.Sprintf("F%03d", n)) != known[n] {
				t.Errorf("firm %d and its filing are of two entities", n)
			}
		}
		again := b.link("one")
		if again.Number != 1 || again.Ended == 0 {
			t.Errorf("the same key was linked again: %+v", again)
		}
		code, name, chief := entity(3)
		b.of["filing"] += fmt.Sprintf("G003,%s,%s,%s,2026-02-02\n", code, name, chief)
		b.release = 2
		if run := b.link("two"); run.Number != 2 || run.Report.Sources[1].Release != 2 {
			t.Errorf("%+v", run)
		}
		for n, id := range known {
			if got := b.entityOf("filing", fmt.Sprintf("F%03d", n)); got != id {
				t.Errorf("firm %d was of %s, now of %s", n, id, got)
			}
		}
		if b.entityOf("filing", "G003") != b.entityOf("firm", firmKey(3)) {
			t.Error("the new filing is not of its firm")
		}
		var kept int
		must(t, d.Read(t.Context()).QueryRow(`select count(*) from linkage_member`).Scan(&kept))
		if kept != 2*many-10+1 {
			t.Errorf("%d rows are kept, those of the run before too?", kept)
		}
		run, err := b.Present(d.Read(t.Context()), b.l)
		must(t, err)
		page, err := b.Entities(d.Read(t.Context()), run, "filing", "F117", 9)
		must(t, err)
		if len(page) != 3 || page[0].Key != "F118" || page[2].Key != "G003" {
			t.Errorf("%+v", page)
		}
		members, err := b.Members(d.Read(t.Context()), run, known[10])
		must(t, err)
		if diff := cmp.Diff([]link.RowID{{Source: "filing", Key: "F010"}, {Source: "firm", Key: firmKey(10)}}, members); diff != "" {
			t.Error(diff)
		}
		if _, err := b.EntityOf(d.Read(t.Context()), run, link.RowID{Source: "filing", Key: "none"}); !fault.Is(err, fault.NotFound) {
			t.Error(err)
		}
	})
}

// TestBroken: an attempt that died leaves nothing behind that its next one, or the
// next run, sees; readers see the run before all the while.
func TestBroken(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := open(t, d)
		b.link("one")
		was := b.entityOf("firm", firmKey(50))
		leave := func(key string) *Run { // as a kill in the middle of storing does
			run, _, err := b.begin(t.Context(), b.l, Order{Key: key, CaseType: "linking", CaseID: "case"}, nil)
			must(t, err)
			must(t, d.Do(t.Context(), func(tx *db.Tx) error {
				_, err := tx.Exec(`insert into linkage_member (linkage, run, source, row_key, entity) values ('firms', $1, 'firm', $2, 'half')`, run.Number, firmKey(50))
				return err
			}))
			return run
		}
		leave("two")
		if got := b.entityOf("firm", firmKey(50)); got != was {
			t.Errorf("readers see %s of a run that has not ended", got)
		}
		dead := leave("dead").Number
		if run := b.link("two"); run.Number <= dead || b.entityOf("firm", firmKey(50)) != was {
			t.Errorf("run %d after %d", run.Number, dead)
		}
		b.link("three")
		var runs, rows int
		must(t, d.Read(t.Context()).QueryRow(`select count(*) from linkage_run`).Scan(&runs))
		must(t, d.Read(t.Context()).QueryRow(`select count(*) from linkage_member`).Scan(&rows))
		if runs != 3 || rows != 2*many-10 {
			t.Errorf("%d runs, %d rows are kept", runs, rows)
		}
	})
}

// TestMeanwhile: of two runs at once the later to end is not taken: what it built
// on is no more.
func TestMeanwhile(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := open(t, d)
		first := true
		slow := progressFunc(func(done int64) {
			if done == partLinking && first {
				first = false
				b.link("fast")
			}
		})
		_, err := b.Link(t.Context(), b.l, Order{Key: "slow", CaseType: "linking", CaseID: "case"}, slow)
		if fault.Code(err) != "linked-meanwhile" {
			t.Fatalf("got %v", err)
		}
		id := b.entityOf("firm", firmKey(1))
		if run, err := b.Link(t.Context(), b.l, Order{Key: "slow", CaseType: "linking", CaseID: "case"}, slow); err != nil || run.Number < 2 || b.entityOf("firm", firmKey(1)) != id {
			t.Errorf("%+v, %v", run, err)
		}
	})
}

type progressFunc func(int64)

func (f progressFunc) Progress(done, _ int64, _ fault.Text) { f(done) }

// TestCancelled: a run ends with its context, and a dataset without a release
// cannot be linked.
func TestCancelled(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := open(t, d)
		ctx, cancel := context.WithCancelCause(t.Context())
		stop := fmt.Errorf("stop")
		_, err := b.Link(ctx, b.l, Order{Key: "one", CaseType: "linking", CaseID: "case"}, progressFunc(func(done int64) {
			if done == partLinking {
				cancel(stop)
			}
		}))
		if err == nil || !strings.Contains(err.Error(), "stop") && ctx.Err() == nil {
			t.Errorf("got %v", err)
		}
		if run, err := b.Present(d.Read(t.Context()), b.l); run != nil || err != nil {
			t.Errorf("%+v, %v", run, err)
		}
		b.release = 0
		if _, err := b.Link(t.Context(), b.l, Order{Key: "two", CaseType: "linking", CaseID: "case"}, &heard{}); fault.Code(err) != "no-release" {
			t.Errorf("got %v", err)
		}
	})
}

// TestDecide: what a person decides holds in later runs, against weights too, until
// somebody decides otherwise; each decision has its act and stays on record.
func TestDecide(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := open(t, d)
		b.l.Link, b.l.Review = 0.999999, 0.00001
		_, name, _ := entity(20)
		b.of["filing"] += fmt.Sprintf("G020,,%s,,2026-02-02\n", name) // like firm 20 and its filing in the name alone
		run := b.link("one")
		firm, filing, sure := link.RowID{Source: "firm", Key: firmKey(20)}, link.RowID{Source: "filing", Key: "G020"}, link.RowID{Source: "filing", Key: "F020"}
		queue, err := b.Review(d.Read(t.Context()), run, 0, 100)
		must(t, err)
		if len(queue) != 2 || queue[0].Left != filing || queue[0].Right != firm || queue[0].Reason != link.Uncertain || len(queue[0].Fields) != 3 || queue[0].Fields[1].Level != "same" {
			t.Fatalf("%+v", queue)
		}
		decide := func(a, c link.RowID, same bool, why string) error {
			_, err := b.Decide(t.Context(), run, Decision{Left: a, Right: c, Same: same, Why: why, Person: "p", Org: "1"}, evidence.Act{Actor: evidence.Actor{Person: "p"}})
			return err
		}
		must(t, decide(firm, filing, true, "asked by telephone"))
		must(t, decide(firm, filing, true, " asked by telephone ")) // it holds already
		must(t, decide(sure, firm, false, "another firm"))
		if err := decide(firm, filing, true, " "); fault.Code(err) != "invalid-fields" {
			t.Errorf("no reason: %v", err)
		}
		for _, other := range []link.RowID{firm, {Source: "firm", Key: "none"}, {Source: "none", Key: "G020"}} {
			if err := decide(firm, other, true, "x"); fault.Code(err) != "not-linked" {
				t.Errorf("%v: %v", other, err)
			}
		}
		left, err := b.Open(d.Read(t.Context()), run)
		must(t, err)
		rest, err := b.Review(d.Read(t.Context()), run, 0, 100)
		must(t, err)
		if left != 1 || len(rest) != 1 || rest[0].N != queue[1].N {
			t.Errorf("%d wait for a decision: %+v", left, rest)
		}
		id := b.entityOf("firm", firm.Key)
		run = b.link("two")
		if b.entityOf("filing", "G020") != b.entityOf("firm", firm.Key) || b.entityOf("filing", "F020") == b.entityOf("firm", firm.Key) {
			t.Error("decisions do not hold")
		}
		must(t, decide(firm, sure, true, "it was a slip"))
		must(t, decide(filing, firm, false, "it was another"))
		run = b.link("three")
		if b.entityOf("filing", "F020") != b.entityOf("firm", firm.Key) || b.entityOf("filing", "G020") == b.entityOf("firm", firm.Key) || b.entityOf("firm", firm.Key) != id {
			t.Error("the later decisions do not hold, or the entity has another id")
		}
		list, err := b.Decisions(d.Read(t.Context()), b.l, firm, 10)
		must(t, err)
		if len(list) != 4 || list[0].Why != "it was another" || list[0].Left != filing || list[3].Why != "asked by telephone" {
			t.Errorf("%+v", list)
		}
		all, err := b.AllDecisions(d.Read(t.Context()), b.l, 0, 3)
		must(t, err)
		last, err := b.AllDecisions(d.Read(t.Context()), b.l, all[2].N, 3)
		must(t, err)
		if len(all) != 3 || !all[0].Holds || !all[1].Holds || all[2].Holds || len(last) != 1 || last[0].ID != list[3].ID || last[0].Holds {
			t.Errorf("%+v, %+v", all, last)
		}
		acts, err := evidence.ActsOn(d.Read(t.Context()), "linking", "case", 0, 10)
		must(t, err)
		if len(acts) != 4 || acts[0].Verb != "linking.decide-pair" || acts[0].ID != list[3].ID || acts[0].Note.IsZero() {
			t.Errorf("%+v", acts)
		}
	})
}

// TestGolden: the values of an entity come from the source that is believed, else by
// the rules, each with its row.
func TestGolden(t *testing.T) {
	set, report := read(t, firms)
	must(t, report.Err())
	l := decl.All[*Linkage](set, KindName)[0]
	e := &Engine{Deps{Checks: odd}}
	member := func(source, cells string) Member {
		s := l.Source(source)
		row, err := s.Type.CopyOf(1, 1000, strings.Split(cells, ","))
		must(t, err)
		row.ID = strings.Split(cells, ",")[0]
		return Member{s, row}
	}
	got, err := e.Golden(l, []Member{member("firm", "11,abc,赵伟"), member("filing", "F1,13,abd,,2026-01-02"), member("filing", "F2,,abe,,2026-03-01")})
	must(t, err)
	want := []link.GoldenValue{{Field: "code", Value: "11", Row: link.RowID{Source: "firm", Key: "11"}, Why: link.Authoritative},
		{Field: "name", Value: "abe", Row: link.RowID{Source: "filing", Key: "F2"}, Why: "newest"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestMistakes: a mistake of a linkage is told where it stands.
func TestMistakes(t *testing.T) {
	for _, c := range []struct{ from, to, want string }{
		{"process: linking\nsources", "process: linkin\nsources", `there is no process "linkin"`},
		{"  firm: {unique: true}", "  firms: {unique: true}", `there is no dataset or register "firms"`},
		{"  firm: {unique: true}", "  linking: {unique: true}", `there is no dataset or register "linking"`},
		{"name: called}", "nam: called}", `fields: "nam" is not under compare`},
		{"name: called}", "name: cald}", `"filing" has no field "cald" that can be compared`},
		{"at: filed", "at: called", `"filing" has no field "called" of type time or date`},
		{"unique: [no]", "unique: [no+code]", "has no unique field of its own"},
		{"chief: {by: name}", "chef: {by: name}", `none of the sources has a field "chef"`},
		{"by: edit", "by: sound", "must be one of exact"},
		{"check: odd", "check: even", `"even" must be a known one`},
		{"rules: [newest]", "rules: [oldest]", "must be of valid"},
		{"from: firm", "from: frim", `"frim" is none of the sources`},
		{"survive:\n", "link: 0.2\nreview: 0.5\nsurvive:\n", "need 0 ≤ review ≤ link ≤ 1"},
	} {
		if !strings.Contains(firms, c.from) {
			t.Fatalf("no %q", c.from)
		}
		_, report := read(t, strings.Replace(firms, c.from, c.to, 1))
		found := false
		for _, p := range report.Problems() {
			found = found || strings.Contains(p.Text.En, c.want) && p.Line > 0
		}
		if !found {
			t.Errorf("%s: %v", c.to, report.Problems())
		}
	}
}
