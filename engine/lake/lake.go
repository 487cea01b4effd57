package lake

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"chengshu/core/decl"
	"chengshu/core/evidence"
	"chengshu/core/record"
	"chengshu/engine/lake/duck"
	"chengshu/engine/lake/intake"
	"chengshu/kernel/blob"
	"chengshu/kernel/clock"
	"chengshu/kernel/db"
	"chengshu/kernel/fault"

	"golang.org/x/sync/semaphore"
)

// Deps is all that an Engine needs.
type Deps struct {
	DB       *db.DB
	Uploads  blob.Store // where the files of cases are
	Blobs    blob.Store // the lake's own: nobody who uploads can have equal bytes taken away
	Evidence *evidence.Log
	Clock    clock.Clock
	// Events hears of new releases, as of changes of records.
	Events interface{ Publish(topic string) }
	// Dir is a folder for work under way, on a local disk with room for a few
	// times the largest file.
	Dir      string
	Datasets []*record.Type
	Sources  []*Feed
	Pulling  Pulling
	Records  Records
	Datums   []Datum // that points may be given in, the stored one first
	// KeepBatches is how long what came of a check is kept beside what was
	// released of it: the rows that were not taken may hold anything.
	KeepBatches time.Duration
	Log         *slog.Logger
}

// Engine checks files and keeps releases. It is safe for concurrent use.
type Engine struct {
	Deps
	byName map[string]*record.Type
	asking chan struct{} // has room for those who may ask at once
	diffs  diffs
	room   *semaphore.Weighted // bytes of memory that workers may take together
}

// workerRoom is how much memory the workers of an engine may ask for together;
// more wait for their turn.
const workerRoom = 4 << 30

// work runs a task in a worker when there is room for it.
func (e *Engine) work(ctx context.Context, t duck.Task, begun func(step int)) (map[int]duck.Rows, error) {
	if err := e.room.Acquire(ctx, t.Memory); err != nil {
		return nil, context.Cause(ctx)
	}
	defer e.room.Release(t.Memory)
	return duck.Run(ctx, t, begun)
}

// Migrations are the tables of batches and releases. A batch has a row for each
// attempt's key, so that a check that is run again finds what it has done.
func Migrations() []db.Migration {
	return []db.Migration{{Owner: "lake", Version: 1, SQL: []string{
		`create table lake_batch (id text collate "C" primary key, dataset text collate "C" not null, at bigint not null,
			good text collate "C" not null, bad text collate "C" not null, report text not null)`,
		`create table lake_release (n serial, dataset text collate "C" not null, version bigint not null, at bigint not null,
			batch text collate "C" not null, manifest text not null, digest text collate "C" not null)`,
		`create unique index lake_release_version on lake_release (dataset, version)`,
		`create unique index lake_release_batch on lake_release (batch)`,
	}}, {Owner: "lake", Version: 2, SQL: []string{
		`alter table lake_batch add column file text collate "C"`,
		`alter table lake_batch add column rules text collate "C"`,
		`alter table lake_batch add column case_number text`,
		`create index lake_batch_file on lake_batch (dataset, file)`,
	}}, {Owner: "lake", Version: 3, SQL: []string{
		`create table lake_source (name text collate "C" primary key, due_at bigint not null, state text not null)`,
	}}, {Owner: "lake", Version: 4, SQL: []string{
		`create table lake_diff (dataset text collate "C" not null, older bigint not null, newer bigint not null,
			changes text collate "C" not null, report text not null, primary key (dataset, older, newer))`,
		`alter table lake_release add column gone_at bigint`,
		`alter table lake_batch add column gone_at bigint`,
		`create index lake_batch_at on lake_batch (at) where gone_at is null`,
	}}, {Owner: "lake", Version: 5, SQL: []string{
		`alter table lake_release add column swept_at bigint`,
		`alter table lake_batch add column swept_at bigint`,
		`drop index lake_batch_at`,
		`create index lake_batch_at on lake_batch (at) where swept_at is null`,
		`create index lake_batch_good on lake_batch (good)`,
		`create index lake_batch_bad on lake_batch (bad)`,
	}}}
}

// New returns an engine for the datasets. What an earlier process left under
// way is removed.
func New(d Deps) (*Engine, error) {
	e := &Engine{Deps: d, byName: map[string]*record.Type{}, asking: make(chan struct{}, maxAsking), room: semaphore.NewWeighted(workerRoom)}
	for _, t := range d.Datasets {
		e.byName[t.Name] = t
	}
	var err error
	if e.Dir, err = filepath.Abs(d.Dir); err != nil { // workers have a folder of their own
		return nil, fmt.Errorf("lake: %w", err)
	}
	if d.Pulling.Jobs != nil {
		d.Pulling.Jobs.RegisterLong(pullJob, e.pull)
	}
	if err := os.RemoveAll(e.Dir); err != nil {
		return nil, fmt.Errorf("lake: %w", err)
	}
	if err := os.MkdirAll(e.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("lake: %w", err)
	}
	return e, nil
}

// Dataset returns a dataset by name, or a NotFound fault.
func (e *Engine) Dataset(name string) (*record.Type, error) {
	if t := e.byName[name]; t != nil {
		return t, nil
	}
	return nil, fault.New(fault.NotFound, "no-such-dataset", "没有这个数据集："+name, "no such dataset: "+name)
}

// Rule says how many rows broke one rule of a field.
type Rule struct {
	Field string `json:"field"`
	Rule  string `json:"rule"`
	Rows  int64  `json:"rows"`
	// Text is what the dataset's declaration said of it at the time, for a rule
	// that has words of its own.
	Text *decl.Text `json:"text,omitempty"`
}

// Quality is what a check found.
type Quality struct {
	Rows  int64  `json:"rows"` // of the file, the heading not among them
	Good  int64  `json:"good"`
	Bad   int64  `json:"bad"`
	Rules []Rule `json:"rules"` // a row may break several

	// Filled counts the values of each field in the good rows.
	Filled []FieldCells `json:"filled,omitempty"`

	Findings []Finding `json:"findings,omitempty"` // about the file as a whole
	Cleaned  []Cleaned `json:"cleaned,omitempty"`
}

// Source is where a batch came from.
type Source struct {
	Name      string `json:"name"`
	SHA256    string `json:"sha256"`
	Bytes     int64  `json:"bytes"`
	Format    string `json:"format,omitempty"`
	Charset   string `json:"charset"`
	Delimiter string `json:"delimiter"`
	// Part is the sheet, the path or the file of an archive that was read.
	Part  string        `json:"part,omitempty"`
	Notes []intake.Note `json:"notes,omitempty"`
}

// Report is what is kept of a check.
type Report struct {
	Source  Source          `json:"source"`
	Fields  []Field         `json:"fields"` // of the dataset, as it was then
	Columns []intake.Column `json:"columns"`
	Quality Quality         `json:"quality"`
}

// Batch is a checked file: blobs of its good and its bad rows.
type Batch struct {
	ID, Dataset string
	At          int64 // ms UTC
	Good, Bad   string
	Number      string // of the case that it was checked for
	Report      Report
}

// Batch returns a checked file by its id, or NotFound.
func (e *Engine) Batch(q db.Querier, id string) (*Batch, error) {
	b := &Batch{ID: id}
	var report string
	err := q.QueryRow(`select dataset, at, good, bad, coalesce(case_number, ''), report from lake_batch where id = $1`, id).Scan(&b.Dataset, &b.At, &b.Good, &b.Bad, &b.Number, &report)
	if errors.Is(err, db.ErrNoRows) {
		return nil, fault.New(fault.NotFound, "no-such-batch", "没有这个批次", "there is no such batch")
	}
	if err != nil {
		return nil, fmt.Errorf("lake: batch: %w", err)
	}
	if err := json.Unmarshal([]byte(report), &b.Report); err != nil {
		return nil, fmt.Errorf("lake: report of %s: %w", id, err)
	}
	return b, nil
}

// place makes a folder for one piece of work.
func (e *Engine) place() (dir string, done func(), err error) {
	dir, err = os.MkdirTemp(e.Dir, "work-*")
	if err != nil {
		return "", nil, explain(err)
	}
	return dir, func() { _ = os.RemoveAll(dir) }, nil // what stays is removed at the next start
}

// fetch puts a blob where a worker can read it: the same file by another name
// where that can be, else a copy.
func (e *Engine) fetch(ctx context.Context, hash, file string) error {
	body, _, err := e.Blobs.Open(ctx, hash)
	if err != nil {
		return err
	}
	defer body.Close()
	if stored, ok := body.(*os.File); ok && os.Link(stored.Name(), file) == nil {
		return nil
	}
	return create(file, func(w io.Writer) error { _, err := io.Copy(w, body); return err })
}

// store puts a file that a worker has written among the blobs.
func (e *Engine) store(ctx context.Context, file string) (blob.Ref, error) {
	f, err := os.Open(filepath.Clean(file))
	if err != nil {
		return blob.Ref{}, explain(err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return blob.Ref{}, explain(err)
	}
	return e.Blobs.Put(ctx, f, info.Size())
}

func create(file string, write func(io.Writer) error) error {
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return explain(err)
	}
	err = write(f)
	return explain(errors.Join(err, f.Close()))
}

// fieldTitle is what people call a field.
func fieldTitle(t *record.Type, name string) decl.Text {
	if f := t.Field(name); f != nil {
		return f.Title
	}
	return decl.Text{Zh: name, En: name}
}

func rfc3339(ms int64) string { return time.UnixMilli(ms).UTC().Format(time.RFC3339) }
