package lake

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"chengshu/core/decl"
	"chengshu/core/process"
	"chengshu/core/record"
	"chengshu/core/rule"
	"chengshu/engine/lake/duck"
	"chengshu/engine/lake/intake"
	"chengshu/kernel/db"
	"chengshu/kernel/fault"
)

// checkEffect is the effect lake.check: the file of a case is judged row by row
// against a dataset. It gives `batch`, `rows`, `good`, `bad`, in `findings`
// how many demands on the file as a whole it does not keep, and in `repeats` the
// number of the case for which the same bytes were judged before by the same
// rules: their batch is this one's, too, so that it can be released once.
type checkEffect struct {
	decl.Pos
	process.Outcome
	Dataset rule.Source `yaml:"dataset,required"` // gives its name
	File    string      `yaml:"file,required"`    // the case's field with the file
	Source  rule.Source `yaml:"source"`           // gives the name of the source that it came from

	engine  func() *Engine
	dataset *rule.Expr
	source  *rule.Expr
}

func (c *checkEffect) Check(p *process.Process, _ *decl.Set, r *decl.Report) {
	if f := p.Record.Field(c.File); f == nil || f.Type != record.File {
		r.Add(c.Pos, fmt.Sprintf("没有 file 字段 %q", c.File), fmt.Sprintf("there is no field %q of type file", c.File))
	}
}

func (c *checkEffect) Compile(k process.Compiler) {
	c.dataset, c.source = k.Optional(c.Dataset, rule.String), k.Optional(c.Source, rule.String)
}

type checkOrder struct {
	Dataset string         `json:"dataset"`
	File    record.FileRef `json:"file"`
	Source  string         `json:"source,omitempty"`
}

func (c *checkEffect) Payload(_ context.Context, m *process.Moment) (any, error) {
	name, err := process.Text(c.dataset, m.Vars)
	if err != nil {
		return nil, err
	}
	if _, err := c.engine().Dataset(name); err != nil {
		return nil, fault.Wrap(err, fault.Invalid, "no-such-dataset", "没有这个数据集", "there is no such dataset")
	}
	files, _ := m.Case.Get(c.File).([]record.FileRef)
	if len(files) != 1 {
		return nil, fault.New(fault.Invalid, "one-file", "须恰有一个文件", "there must be exactly one file").With("fields."+c.File, "须恰有一个文件", "exactly one file")
	}
	var source string
	if c.source != nil {
		if source, err = process.Text(c.source, m.Vars); err != nil {
			return nil, err
		}
	}
	return checkOrder{name, files[0], source}, nil
}

func (c *checkEffect) Run(ctx context.Context, r *process.Run) (map[string]any, error) {
	var o checkOrder
	if err := json.Unmarshal(r.Payload, &o); err != nil {
		return nil, err
	}
	b, err := c.engine().check(ctx, r, o)
	if err != nil {
		return nil, err
	}
	q := b.Report.Quality
	out := map[string]any{"batch": b.ID, "rows": q.Rows, "good": q.Good, "bad": q.Bad, "findings": len(q.Findings)}
	if b.ID != r.Key {
		out["repeats"] = b.Number
	}
	return out, nil
}

// progress says how far a piece of work is.
type progress interface {
	Progress(done, total int64, note fault.Text)
}

// check judges a file and keeps the batch under the run's key. One that has
// been judged under that key is not judged again.
func (e *Engine) check(ctx context.Context, r *process.Run, o checkOrder) (*Batch, error) {
	b, err := e.Batch(e.DB.Read(ctx), r.Key)
	if err == nil || !fault.Is(err, fault.NotFound) {
		return b, err
	}
	t, err := e.Dataset(o.Dataset)
	if err != nil {
		return nil, err
	}
	before, err := e.earlier(ctx, t, o.File.ID)
	if err != nil || before != nil && !overTime(t) {
		return before, err
	}
	dir, done, err := e.place()
	if err != nil {
		return nil, err
	}
	defer done()
	b = &Batch{ID: r.Key, Dataset: t.Name, Number: r.Case.Text("number"), Report: Report{Source: Source{Name: o.File.Name, SHA256: o.File.ID, Bytes: o.File.Size}}}
	r.Progress(0, steps, fault.Text{Zh: "读取文件", En: "Reading the file"})
	tab, err := e.land(ctx, t, o.File.ID, e.hint(t.Name, o.Source), dir)
	if err != nil {
		return nil, err
	}
	b.Report.Source.describe(tab)
	b.Report.Columns = tab.Columns
	b.Report.Fields = fieldsOf(t)
	if b.Report.Quality, err = e.judge(ctx, t, tab, dir, r); err != nil {
		return nil, err
	}
	r.Progress(steps-1, steps, fault.Text{Zh: "保存", En: "Storing"})
	return e.keep(ctx, b, before, t, dir)
}

// steps is how many parts a check has, for its progress.
const steps = 10

// untilDone reads until its context ends.
type untilDone struct {
	ctx context.Context
	io.Reader
}

func (u untilDone) Read(p []byte) (int, error) {
	if u.ctx.Err() != nil {
		return 0, context.Cause(u.ctx)
	}
	return u.Reader.Read(p)
}

// judge runs the plan in a worker.
func (e *Engine) judge(ctx context.Context, t *record.Type, tab *intake.Table, dir string, r progress) (Quality, error) {
	out, err := e.gather(ctx, t, dir)
	if err != nil {
		return Quality{}, err
	}
	p, err := newPlan(t, tab, dir, e.Clock.Now(), out)
	if err != nil {
		return Quality{}, err
	}
	got, err := e.work(ctx, duck.Task{Dir: dir, Memory: memoryFor(filepath.Join(dir, rawFile)), Steps: p.steps}, func(step int) {
		r.Progress(int64(step+1), steps, fault.Text{Zh: "逐行检查", En: "Judging every row"})
	})
	var refused *duck.StepError
	if errors.As(err, &refused) && refused.Step == p.at[theFile] && strings.Contains(refused.Text, "CSV Error") {
		return Quality{}, unreadable(refused)
	}
	if err != nil {
		return Quality{}, err
	}
	var q Quality
	var rejected, open int64
	q.Filled = make([]FieldCells, len(t.Fields))
	counts := []*int64{&q.Rows, &q.Good}
	for i, f := range t.Fields {
		q.Filled[i].Field = f.Name
		counts = append(counts, &q.Filled[i].Cells)
	}
	if err := scan(got[p.at[theCounts]].Rows[0], counts...); err != nil {
		return q, err
	}
	if err := scan(got[p.at[theRejects]].Rows[0], &rejected, &open); err != nil {
		return q, err
	}
	if open > 0 {
		return q, fault.New(fault.Invalid, "open-quote", fmt.Sprintf("文件第 %d 行的引号没有成对，其后各行无法读取", open), fmt.Sprintf("a quote is left open on line %d of the file, so that the lines after it cannot be read", open))
	}
	q.Rows += rejected
	q.Bad = q.Rows - q.Good
	for _, row := range got[p.at[theRules]].Rows {
		field, name, _ := strings.Cut(row[0].(string), ":")
		one := Rule{Field: field, Rule: name, Text: p.textOf(field, name)}
		if err := scan(row[1:], &one.Rows); err != nil {
			return q, err
		}
		q.Rules = append(q.Rules, one)
	}
	if rejected > 0 {
		q.Rules = append(q.Rules, Rule{Rule: ruleColumns, Rows: rejected})
	}
	if q.Cleaned, err = p.readCleaned(got[p.at[theCleaned]].Rows); err != nil {
		return q, err
	}
	q.Findings, err = p.findings(q, got)
	return q, err
}

const (
	leastMemory = 384 << 20 // bytes of DuckDB's buffers; the rest goes to disk
	mostMemory  = 1 << 30
)

// memoryFor is what a worker may use for a file: its typed rows take about as
// much as the text does, twice over.
func memoryFor(file string) int64 {
	info, err := os.Stat(file)
	if err != nil {
		return leastMemory // the worker will say what is wrong with the file
	}
	return min(max(2*info.Size(), leastMemory), mostMemory)
}

var onLine = regexp.MustCompile(`CSV Error on Line: (\d+)`)

// unreadable says at which line the file stops being a table. DuckDB's own
// words quote the line, which may be anything.
func unreadable(err *duck.StepError) error {
	zh, en := "文件", "the file"
	if found := onLine.FindStringSubmatch(err.Text); found != nil {
		zh, en = "文件第 "+found[1]+" 行", "line "+found[1]+" of the file"
	}
	return fault.Wrap(err, fault.Invalid, "unreadable-file", zh+"无法作为 CSV 读取：一行超过 16 MiB，或引号没有成对", en+" cannot be read as CSV: a line is over 16 MiB, or a quote is left open")
}

// scan reads numbers that a worker has returned.
func scan(row []any, into ...*int64) error {
	for i, to := range into {
		n, ok := row[i].(json.Number)
		if !ok {
			return fmt.Errorf("lake: a worker returned %v for a number", row[i])
		}
		var err error
		if *to, err = n.Int64(); err != nil {
			return fmt.Errorf("lake: %w", err)
		}
	}
	return nil
}

// keep stores the batch, and returns it; or the one before, when that has come
// to the same.
func (e *Engine) keep(ctx context.Context, b, before *Batch, t *record.Type, dir string) (*Batch, error) {
	good, err := e.store(ctx, filepath.Join(dir, goodFile))
	if err != nil {
		return nil, err
	}
	bad, err := e.store(ctx, filepath.Join(dir, badFile))
	if err != nil {
		return nil, err
	}
	if before != nil && before.Good == good.Hash && before.Bad == bad.Hash && slices.Equal(before.Report.Quality.Findings, b.Report.Quality.Findings) {
		return before, nil
	}
	b.Good, b.Bad, b.At = good.Hash, bad.Hash, e.Clock.Now().UnixMilli()
	report, err := json.Marshal(b.Report)
	if err != nil {
		return nil, err
	}
	return b, e.DB.Do(ctx, func(tx *db.Tx) error {
		_, err := tx.Exec(`insert into lake_batch (id, dataset, at, good, bad, report, file, rules, case_number) values ($1, $2, $3, $4, $5, $6, $7, $8, $9) on conflict do nothing`,
			b.ID, b.Dataset, b.At, b.Good, b.Bad, string(report), b.Report.Source.SHA256, t.Hash, b.Number)
		return err
	})
}
