package lake

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"chengshu/core/decl"
	"chengshu/core/decl/decltest"
	"chengshu/core/evidence"
	"chengshu/core/process"
	"chengshu/core/record"
	"chengshu/engine/lake/duck"
	"chengshu/engine/lake/intake"
	"chengshu/kernel/blob"
	"chengshu/kernel/clock"
	"chengshu/kernel/db"
	"chengshu/kernel/db/dbtest"
	"chengshu/kernel/fault"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"

	"golang.org/x/sync/semaphore"
)

func TestMain(m *testing.M) {
	duck.Worker()
	os.Exit(m.Run())
}

const things = `
record: thing
resource: dataset
title: {zh: 物品, en: Thing}
owner: a
basis: b
fields:
  code: {title: {zh: 编号, en: Code}, type: text, required: true, max: 4, pattern: '^[A-Z]'}
  count: {title: {zh: 数量, en: Count}, type: integer, min: 1, max: 99}
  price: {title: {zh: 单价, en: Price}, type: decimal, scale: 2}
  new: {title: {zh: 全新, en: New}, type: boolean}
  made: {title: {zh: 生产日期, en: Made}, type: date}
  at: {title: {zh: 入库时间, en: Stored at}, type: time}
  kind: {title: {zh: 类别, en: Kind}, type: choice, choices: {big: {title: {zh: 大, en: Big}}, small: {title: {zh: 小, en: Small}}}}
unique: [code]
`

func thing(t testing.TB) *record.Type {
	t.Helper()
	set, report := decltest.Read(t, things, record.Kind)
	if err := report.Err(); err != nil {
		t.Fatal(err)
	}
	return decl.All[*record.Type](set, record.Kind.Name)[0]
}

type silent struct{}

func (silent) Progress(int64, int64, fault.Text) {}
func (silent) Publish(string)                    {}

// judged checks a CSV file and returns what came of it.
func judged(t *testing.T, file []byte) (*intake.Table, Quality, []Row, []Failure) {
	t.Helper()
	typ, dir := thing(t), t.TempDir()
	blobs, err := blob.OpenFolder(filepath.Join(t.TempDir(), "blobs"))
	must(t, err)
	e := &Engine{Deps: Deps{Uploads: blobs, Blobs: blobs, Dir: t.TempDir(), Clock: clock.System()}, byName: map[string]*record.Type{typ.Name: typ}, asking: make(chan struct{}, 1), room: semaphore.NewWeighted(workerRoom)}
	ref, err := blobs.Put(t.Context(), bytes.NewReader(file), 1<<30)
	must(t, err)
	tab, err := e.land(t.Context(), typ, ref.Hash, intake.Hint{}, dir)
	must(t, err)
	q, err := e.judge(t.Context(), typ, tab, dir, silent{})
	must(t, err)
	rows, failures, _ := outcome(t, e, typ, dir)
	return tab, q, rows, failures
}

// outcome is what a check has left in its folder: the first good rows, the first
// of those that were not taken, and the file of the good ones.
func outcome(t testing.TB, e *Engine, typ *record.Type, dir string) ([]Row, []Failure, File) {
	t.Helper()
	good, err := e.store(t.Context(), filepath.Join(dir, goodFile))
	must(t, err)
	bad, err := e.store(t.Context(), filepath.Join(dir, badFile))
	must(t, err)
	var fields []string
	for _, f := range typ.Fields {
		fields = append(fields, f.Name)
	}
	file := File{SHA256: good.Hash}
	rows, err := e.Rows(t.Context(), Manifest{Fields: fieldsOf(typ), Files: []File{file}}, fields, 0, 1000)
	must(t, err)
	failures, err := e.Failures(t.Context(), &Batch{Bad: bad.Hash}, 0, 1000)
	must(t, err)
	return rows, failures, file
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// TestJudge: each value is read as its type or its row is not taken, and every
// rule that a row breaks is named.
func TestJudge(t *testing.T) {
	for _, c := range []struct{ row, want string }{
		{`A1,5,9.50,是,2026-03-01,2026-03-01 08:30:00,大`, "map[at:2026-03-01T00:30:00Z code:A1 count:5 kind:big made:2026-03-01 new:true price:9.50]"},
		{`A2,,,,,,`, "map[code:A2]"},
		{` A3　, 7 ,"1,5",no,2026年3月1日,2026/3/1 8:05,small`, "price:type"},
		{`A4,+7,-0.5,0,20260301,2026-03-01T08:30:00+08:00,Small`, "map[at:2026-03-01T00:30:00Z code:A4 count:7 kind:small made:2026-03-01 new:false price:-0.50]"},
		{`,1,,,,,`, "code:required"},
		{`a5,1,,,,,`, "code:pattern"},
		{`ABCDE,1,,,,,`, "code:length"},
		{`A6,0,,,,,`, "count:min"},
		{`A7,100,,,,,`, "count:length"},
		{`A8,1.5,,,,,`, "count:type"},
		{`A9,99999999999999999999,,,,,`, "count:type"},
		{`B1,1e2,,,,,`, "count:type"},
		{`C1,,1.239,,,,`, "price:type"},
		{`C2,,1.230,,,,`, "map[code:C2 price:1.23]"},
		{`C3,,,,infinity,,`, "made:type"},
		{`C4,,,,epoch,epoch,`, "made:type at:type"},
		{`C5,,,,2026-03-01 10:00:00,,`, "made:type"},
		{`C6,,,,2026-03-01 (BC),infinity,`, "made:type at:type"},
		{`C7,,,,2026-3-1,2026-03-01T00:30:00Z,`, "map[at:2026-03-01T00:30:00Z code:C7 made:2026-03-01]"},
		{`B2,,1.2.3,,,,`, "price:type"},
		{`B3,,,perhaps,,,`, "new:type"},
		{`B4,,,,2026-02-30,,`, "made:type"},
		{`B5,,,,,25:00,`, "at:type"},
		{`B6,,,,,,medium`, "kind:choice"},
		{`B7,x,y,z,w,v,u`, "count:type price:type new:type made:type at:type kind:choice"},
	} {
		_, q, rows, failures := judged(t, []byte("编号,数量,单价,全新,生产日期,入库时间,类别\n"+c.row+"\n"))
		got := ""
		for _, r := range rows {
			got = fmt.Sprint(r.Values)
		}
		for _, f := range failures {
			got = words(f)
		}
		if got != c.want || q.Rows != 1 || q.Good+q.Bad != 1 {
			t.Errorf("%s: %s, want %s (%+v)", c.row, got, c.want, q)
		}
	}
}

func words(f Failure) string {
	var out []string
	for _, w := range f.Why {
		out = append(out, w.Field+":"+w.Rule)
	}
	return strings.Join(out, " ")
}

// TestRagged: rows that are no rows are counted and kept as they stand, and the
// others are taken.
func TestRagged(t *testing.T) {
	_, q, rows, failures := judged(t, []byte("\n\r\ncode,count\nA,1\nB\nC,3,extra\nD,4\nA,5\n"))
	if q.Rows != 5 || q.Good != 1 || q.Bad != 4 || len(rows) != 1 || rows[0].Values["code"] != "D" {
		t.Errorf("%+v, rows %v", q, rows)
	}
	want := []Rule{{Field: "code", Rule: ruleUnique, Rows: 2}, {Rule: ruleColumns, Rows: 2}}
	if diff := cmp.Diff(want, q.Rules); diff != "" {
		t.Error(diff)
	}
	if failures[0].Row != 1 || failures[1].Row != 5 {
		t.Errorf("rows are counted without those that are none: %+v", failures)
	}
	if len(failures) != 4 || failures[2].Line != 3 || len(failures[2].Cells) != 0 || failures[3].Line != 4 {
		t.Errorf("failures %+v", failures)
	}
}

// TestOpenQuote: a file whose end a quote has swallowed is not taken for a short
// one.
func TestOpenQuote(t *testing.T) {
	typ, dir := thing(t), t.TempDir()
	var tab *intake.Table
	must(t, create(filepath.Join(dir, rawFile), func(w io.Writer) (err error) {
		const file = "code,count\nA,1\nB,\"2\nC,3\nD,4\n"
		tab, err = intake.Read(t.Context(), intake.File{ReaderAt: strings.NewReader(file), Size: int64(len(file))}, intake.Want{Type: typ}, w)
		return err
	}))
	_, err := (&Engine{Deps: Deps{Clock: clock.System()}, room: semaphore.NewWeighted(workerRoom)}).judge(t.Context(), typ, tab, dir, silent{})
	for _, fine := range []string{"code,count\nA,1\n\nB\nC,3\n", "code,kind,count\nA,big,1\nB,\"big\n\",1,extra\nC,small,3\n"} {
		if _, q, _, _ := judged(t, []byte(fine)); q.Good != 2 || q.Bad != 1 {
			t.Errorf("%q: %+v", fine, q)
		}
	}
	if fault.Code(err) != "open-quote" && fault.Code(err) != "unreadable-file" || !strings.Contains(err.Error(), "line 3") {
		t.Errorf("got %v", err)
	}
}

// TestCharsets: a file is read in whichever charset it came, and a character
// that is none marks its row.
func TestCharsets(t *testing.T) {
	const text = "编号\t类别\nA\t大\nB\t小\n"
	gb, err := simplifiedchinese.GB18030.NewEncoder().String(text)
	must(t, err)
	wide, err := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewEncoder().String(text)
	must(t, err)
	for name, file := range map[string]string{"utf-8": text, "utf-8 with a mark": "\ufeff" + text, "gb18030": gb, "utf-16": wide} {
		tab, q, rows, _ := judged(t, []byte(file))
		if !strings.HasPrefix(name, tab.Charset) || tab.Delimiter != '\t' || q.Good != 2 || rows[1].Values["kind"] != "small" {
			t.Errorf("%s: read as %s by %q, %+v", name, tab.Charset, tab.Delimiter, q)
		}
	}
	_, q, _, failures := judged(t, []byte(gb+"D\xff\t\xb4\xf3\n"))
	if q.Bad != 1 || !strings.Contains(words(failures[0]), "code:charset") {
		t.Errorf("%+v, %v", q, failures)
	}
}

// TestUntilDone: reading a file ends with its context.
func TestUntilDone(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := io.ReadAll(untilDone{ctx, strings.NewReader("x")}); err == nil {
		t.Error("it reads on")
	}
}

// TestReal: the air series of a station, as it is published, with its NAs.
func TestReal(t *testing.T) {
	files, _ := filepath.Glob("../../../shared/realdata/air/*.csv")
	if len(files) == 0 {
		t.Skip("../shared/realdata/air is not there: NOT tested with real data")
	}
	set, report := decltest.Read(t, `
record: prsa
resource: dataset
title: PRSA
owner: a
basis: b
fields:
  no: {title: No, type: integer, required: true}
  year: {title: Year, type: integer, required: true}
  pm: {title: PM2.5, type: decimal, scale: 1}
  co: {title: CO, type: decimal, scale: 1}
  wd: {title: wd, type: text}
  station: {title: Station, type: text, required: true}
unique: [no]
`, record.Kind)
	must(t, report.Err())
	typ := decl.All[*record.Type](set, record.Kind.Name)[0]
	dir := t.TempDir()
	in, err := os.Open(files[0])
	must(t, err)
	defer in.Close()
	info, err := in.Stat()
	must(t, err)
	var tab *intake.Table
	must(t, create(filepath.Join(dir, rawFile), func(w io.Writer) (err error) {
		tab, err = intake.Read(t.Context(), intake.File{ReaderAt: in, Size: info.Size()}, intake.Want{Type: typ}, w)
		return err
	}))
	q, err := (&Engine{Deps: Deps{Clock: clock.System()}, room: semaphore.NewWeighted(workerRoom)}).judge(t.Context(), typ, tab, dir, silent{})
	must(t, err)
	if q.Rows != 35_064 || q.Good+q.Bad != q.Rows || q.Bad == 0 {
		t.Errorf("%+v", q)
	}
	for _, r := range q.Rules {
		if r.Rule != ruleType || r.Field != "pm" && r.Field != "co" {
			t.Errorf("an unexpected rule: %+v", r)
		}
	}
}

// TestReleases: versions count up, each knows the one before, and two at once
// are not one.
func TestReleases(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		must(t, d.Migrate(t.Context(), Migrations()...))
		typ := thing(t)
		e := &Engine{Deps: Deps{DB: d, Clock: clock.System()}, byName: map[string]*record.Type{typ.Name: typ}}
		if _, err := e.Release(d.Read(t.Context()), typ, 1); fault.Code(err) != "no-such-release" {
			t.Errorf("got %v", err)
		}
		if _, err := e.Batch(d.Read(t.Context()), "none"); fault.Code(err) != "no-such-batch" {
			t.Errorf("got %v", err)
		}
		if _, err := e.Dataset("none"); fault.Code(err) != "no-such-dataset" {
			t.Errorf("got %v", err)
		}
		must(t, d.Migrate(t.Context(), evidence.Migrations()...))
		acts, err := evidence.New(evidence.Deps{DB: d, Clock: clock.System(), Logger: slog.New(slog.DiscardHandler)})
		must(t, err)
		e.Evidence, e.Events = acts, silent{}
		publish := func(version int64, batch string) error {
			return d.Do(t.Context(), func(tx *db.Tx) error {
				return e.publish(tx, typ, batch, Manifest{Version: version, Rows: version}, version, "cause")
			})
		}
		for v := range int64(3) {
			must(t, publish(v+1, fmt.Sprint(v)))
		}
		for name, again := range map[string]error{"a version that is taken": publish(3, "other"), "a batch that is released": publish(4, "2")} {
			if fault.Code(again) != process.Again {
				t.Errorf("%s: %v", name, again)
			}
		}
		released, err := evidence.ActsOn(d.Read(t.Context()), "thing", "v2", 0, 9)
		must(t, err)
		one, err := e.Release(d.Read(t.Context()), typ, 2)
		must(t, err)
		if len(released) != 1 || released[0].Verb != "thing.release" || released[0].Cause != "cause" || released[0].Subject.Digest.String() != one.Digest || evidence.DigestOf(one.Manifest) != released[0].Subject.Digest {
			t.Errorf("acts %+v of release %+v", released, one)
		}
		list, err := e.Releases(d.Read(t.Context()), typ, 0, 2)
		must(t, err)
		rest, err := e.Releases(d.Read(t.Context()), typ, list[1].Version, 2)
		must(t, err)
		if len(list) != 2 || list[0].Version != 3 || len(rest) != 1 || rest[0].Version != 1 {
			t.Errorf("pages %v, %v", list, rest)
		}
	})
}

// TestFolder: the folder of work may be named from where the program runs, and
// what an earlier process left in it goes.
func TestFolder(t *testing.T) {
	t.Chdir(t.TempDir())
	must(t, os.MkdirAll("data/lake/work-1", 0o700))
	blobs, err := blob.OpenFolder("blobs")
	must(t, err)
	typ := thing(t)
	e, err := New(Deps{Uploads: blobs, Blobs: blobs, Dir: "data/lake", Clock: clock.System(), Datasets: []*record.Type{typ}})
	must(t, err)
	if _, err := os.Stat("data/lake/work-1"); err == nil {
		t.Error("work of an earlier process is still there")
	}
	dir, done, err := e.place()
	must(t, err)
	defer done()
	ref, err := blobs.Put(t.Context(), strings.NewReader("code\nA\n"), 100)
	must(t, err)
	tab, err := e.land(t.Context(), typ, ref.Hash, intake.Hint{}, dir)
	must(t, err)
	if q, err := e.judge(t.Context(), typ, tab, dir, silent{}); err != nil || q.Good != 1 {
		t.Errorf("%+v, %v", q, err)
	}
}
