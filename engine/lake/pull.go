package lake

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/bits"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"chengshu/core/decl"
	"chengshu/core/process"
	"chengshu/core/record"
	"chengshu/core/rule"
	"chengshu/engine/lake/feed"
	"chengshu/kernel/db"
	"chengshu/kernel/fault"
	"chengshu/kernel/job"
	"chengshu/kernel/outbound"
)

// Pulling is what an Engine needs to pull from sources.
type Pulling struct {
	Jobs *job.Engine
	Log  *slog.Logger
	// Dir is a folder that lasts, for pulls that go on after a restart.
	Dir         string
	Limit       int64             // bytes of what is pulled at once
	Connections map[string]string // where the names of connections lead
	Client      outbound.Client   // fetches files at addresses
	// Open opens the case of what has come, as the system.
	Open func(ctx context.Context, s *Feed, file record.FileRef) error
}

// SourceState is how a source fares.
type SourceState struct {
	Due       int64        `json:"due"` // ms UTC, as all here
	Began     int64        `json:"began,omitempty"`
	Ended     int64        `json:"ended,omitempty"`
	Succeeded int64        `json:"succeeded,omitempty"`
	Failures  int          `json:"failures,omitempty"` // one after the other
	Error     *fault.Text  `json:"error,omitempty"`    // of the last pull
	Rows      int64        `json:"rows,omitempty"`     // that the last pull from a table brought
	Case      string       `json:"case,omitempty"`     // that was opened last
	File      string       `json:"file,omitempty"`     // SHA-256 of what came last
	Seen      feed.Seen    `json:"seen"`
	Mark      *feed.Mark   `json:"mark,omitempty"`
	Pending   *PendingPull `json:"pending,omitempty"`
}

// PendingPull is what has come and has no case yet.
type PendingPull struct {
	Mark  *feed.Mark `json:"mark,omitempty"`
	Seen  feed.Seen  `json:"seen"`
	Bytes int64      `json:"bytes,omitempty"` // of the pages that are safe
	Rows  int64      `json:"rows,omitempty"`
	// Columns are those that the pages were begun with.
	Columns []string        `json:"columns,omitempty"`
	File    *record.FileRef `json:"file,omitempty"` // all of it, stored
	More    bool            `json:"more,omitempty"` // the table has more than fits into a file
}

const (
	pullJob    = "lake.pull"
	lookEvery  = 10 * time.Second // for sources that are due
	firstPause = time.Minute      // after a failure; then twice that, and so on, at most `every`
)

// pulledEffect is the effect lake.pulled: in the transaction in which the case of
// what a source brought is opened, the source goes on to what comes next.
type pulledEffect struct {
	decl.Pos
	Source rule.Source `yaml:"source,required"` // gives its name

	engine func() *Engine
	source *rule.Expr
}

func (c *pulledEffect) Check(*process.Process, *decl.Set, *decl.Report) {}

func (c *pulledEffect) Compile(k process.Compiler) { c.source = k.Optional(c.Source, rule.String) }

func (c *pulledEffect) Plan(_ context.Context, m *process.Moment) (process.Write, error) {
	name, err := process.Text(c.source, m.Vars)
	if err != nil {
		return nil, err
	}
	return func(tx *db.Tx, _ string) error {
		return c.engine().change(tx, name, func(s *SourceState) {
			if p := s.Pending; p != nil && p.File != nil {
				s.File, s.Seen, s.Mark, s.Rows, s.Case, s.Pending = p.File.ID, p.Seen, p.Mark, p.Rows, m.Case.ID, nil
			}
		})
	}, nil
}

// RunSources starts the pulls that are due, until ctx ends.
func (e *Engine) RunSources(ctx context.Context, after func(time.Duration) <-chan time.Time) error {
	for {
		for _, s := range e.Sources {
			state, err := e.SourceState(e.DB.Read(ctx), s.Name)
			if err == nil && state.Due <= e.Clock.Now().UnixMilli() {
				err = e.DB.Do(ctx, func(tx *db.Tx) error { return e.enqueue(tx, s.Name) })
			}
			if err != nil && ctx.Err() == nil {
				e.Pulling.Log.Error("sources", "source", s.Name, "err", err)
			}
		}
		select {
		case <-after(lookEvery):
		case <-ctx.Done():
			return nil
		}
	}
}

func (e *Engine) enqueue(tx *db.Tx, name string) error {
	_, err := e.Pulling.Jobs.Enqueue(tx, job.Job{Kind: pullJob, Payload: name, UniqueKey: name})
	return err
}

// Pull makes a source due now.
func (e *Engine) Pull(ctx context.Context, name string) error {
	if e.sourceOf(name) == nil {
		return fault.New(fault.NotFound, "no-such-source", "没有这个来源："+name, "no such source: "+name)
	}
	return e.DB.Do(ctx, func(tx *db.Tx) error {
		if err := e.change(tx, name, func(s *SourceState) { s.Due = 0 }); err != nil {
			return err
		}
		return e.enqueue(tx, name)
	})
}

func (e *Engine) sourceOf(name string) *Feed {
	for _, s := range e.Sources {
		if s.Name == name {
			return s
		}
	}
	return nil
}

// SourceState returns how a source fares; one that was never pulled is due.
func (e *Engine) SourceState(q db.Querier, name string) (s SourceState, err error) {
	var text string
	err = q.QueryRow(`select state from lake_source where name = $1`, name).Scan(&text)
	if errors.Is(err, db.ErrNoRows) {
		return s, nil
	}
	if err == nil {
		err = json.Unmarshal([]byte(text), &s)
	}
	if err != nil {
		return s, fmt.Errorf("lake: source %s: %w", name, err)
	}
	return s, nil
}

func (e *Engine) change(tx *db.Tx, name string, do func(*SourceState)) error {
	s, err := e.SourceState(tx, name)
	if err != nil {
		return err
	}
	do(&s)
	text, err := json.Marshal(s)
	if err != nil {
		return err
	}
	_, err = tx.Exec(`insert into lake_source (name, due_at, state) values ($1, $2, $3) on conflict (name) do update set due_at = excluded.due_at, state = excluded.state`, name, s.Due, string(text))
	return err
}

func (e *Engine) note(ctx context.Context, name string, do func(*SourceState)) error {
	return e.DB.Do(context.WithoutCancel(ctx), func(tx *db.Tx) error { return e.change(tx, name, do) })
}

// pull is the handler of the jobs: one pull of one source. Its failure is the
// source's, which waits and tries again; the job's only when it is to be run
// again as it was.
func (e *Engine) pull(ctx context.Context, r *job.Run) error {
	var name string
	if err := r.Decode(&name); err != nil {
		return err
	}
	s := e.sourceOf(name)
	state, err := e.SourceState(e.DB.Read(ctx), name)
	if s == nil || err != nil || state.Due > e.Clock.Now().UnixMilli() {
		return err
	}
	if err := e.note(ctx, name, func(s *SourceState) { s.Began = e.Clock.Now().UnixMilli() }); err != nil {
		return err
	}
	within, cancel := context.WithTimeout(ctx, s.timeout())
	defer cancel()
	more, err := e.pullOnce(within, s, state, r)
	if cause := context.Cause(ctx); errors.Is(cause, job.ErrStopping) || errors.Is(cause, job.ErrLost) {
		return err
	}
	if err != nil {
		e.Pulling.Log.Warn("a source could not be pulled", "source", name, "err", err)
	}
	return e.note(ctx, name, func(state *SourceState) {
		if state.end(s, e.Clock.Now(), reasonOf(ctx, err)); more {
			state.Due = state.Ended
		}
	})
}

// reasonOf is what people are told of a failure.
func reasonOf(ctx context.Context, err error) *fault.Text {
	var f *fault.Fault
	switch {
	case err == nil:
		return nil
	case errors.Is(context.Cause(ctx), job.ErrCancelled):
		return &fault.Text{Zh: "拉取已被取消", En: "the pull was cancelled"}
	case errors.As(err, &f):
		text := f.Text
		for _, one := range f.Fields {
			text.Zh, text.En = text.Zh+"；"+one.Zh, text.En+"; "+one.En
		}
		return &text
	}
	return &fault.Text{Zh: "系统内部错误，请查看运行日志", En: "internal error; see the log"}
}

// end notes how a pull ended, and when the next is due.
func (s *SourceState) end(of *Feed, now time.Time, why *fault.Text) {
	pause := of.every()
	s.Ended, s.Error = now.UnixMilli(), why
	if why == nil {
		s.Failures, s.Succeeded = 0, s.Ended
	} else {
		pause = min(pause, firstPause<<min(s.Failures, bits.Len(uint(pause/firstPause))))
		s.Failures++
	}
	s.Due = now.Add(pause).UnixMilli()
}

// pullOnce fetches what is new and opens its case; more is true when there is
// more than that. What came before, and had no case yet because the program
// ended, has it first.
func (e *Engine) pullOnce(ctx context.Context, s *Feed, state SourceState, r progress) (more bool, err error) {
	p := state.Pending
	if p == nil || p.File == nil {
		if s.HTTP != nil {
			p, err = e.pullFile(ctx, s, state)
		} else {
			p, err = e.pullTable(ctx, s, state, r)
		}
		if err != nil || p == nil {
			return false, err
		}
		if err := e.note(ctx, s.Name, func(state *SourceState) { state.Pending = p }); err != nil {
			return false, err
		}
	}
	return p.More, e.Pulling.Open(ctx, s, *p.File)
}

// pullFile fetches a file; nil when it is the one that came last.
func (e *Engine) pullFile(ctx context.Context, s *Feed, state SourceState) (*PendingPull, error) {
	dir, done, err := e.place()
	if err != nil {
		return nil, err
	}
	defer done()
	file := filepath.Join(dir, "feed")
	var seen feed.Seen
	var fresh bool
	if err := create(file, func(w io.Writer) (err error) {
		seen, fresh, err = feed.HTTP{URL: s.HTTP.URL, Client: e.Pulling.Client, Limit: e.Pulling.Limit}.Fetch(ctx, state.Seen, w)
		return err
	}); err != nil || !fresh {
		return nil, err
	}
	base := path.Base(strings.SplitN(s.HTTP.URL, "?", 2)[0])
	if !strings.Contains(base, ".") {
		base = s.Name
	}
	ref, err := e.keepFile(ctx, file, base)
	if err != nil || ref.ID == state.File {
		return nil, errors.Join(err, e.note(ctx, s.Name, func(state *SourceState) { state.Seen = seen }))
	}
	return &PendingPull{Seen: seen, Mark: state.Mark, File: ref}, nil
}

func (e *Engine) keepFile(ctx context.Context, file, name string) (*record.FileRef, error) {
	f, err := os.Open(filepath.Clean(file))
	if err != nil {
		return nil, explain(err)
	}
	defer f.Close()
	ref, err := e.Uploads.Put(ctx, f, e.Pulling.Limit)
	if err != nil {
		return nil, err
	}
	return &record.FileRef{ID: ref.Hash, Name: name, Size: ref.Size, Media: ref.Media}, nil
}

// pullTable fetches the rows behind the mark; nil when there are none. Each page
// is safe before the next is asked for, so that a pull that broke off goes on
// where it was.
func (e *Engine) pullTable(ctx context.Context, s *Feed, state SourceState, r progress) (*PendingPull, error) {
	from, kind := s.Postgres, feed.PostgreSQL
	if s.MySQL != nil {
		from, kind = s.MySQL, feed.MySQL
	}
	url := e.Pulling.Connections[from.Connection]
	if url == "" {
		return nil, fault.New(fault.Invalid, "no-such-connection", "配置 connections 中没有连接“"+from.Connection+"”", fmt.Sprintf("the setting connections has no %q", from.Connection))
	}
	p := &PendingPull{Mark: state.Mark, Seen: state.Seen}
	f, err := e.pages(s.Name, state.Pending)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if state.Pending != nil && state.Pending.Bytes > 0 {
		if at, err := f.Seek(0, io.SeekCurrent); err == nil && at == state.Pending.Bytes {
			p = state.Pending
		}
	}
	table := feed.Table{Kind: kind, URL: url, Name: from.Table, By: from.By, Key: from.Key}
	columns, err := table.Columns(ctx)
	if err != nil {
		return nil, err
	}
	if p.Bytes > 0 && !slices.Equal(p.Columns, columns) { // values would stand under the wrong names
		p = &PendingPull{Mark: state.Mark, Seen: state.Seen}
		if _, err := f.Seek(0, io.SeekStart); err != nil {
			return nil, explain(err)
		}
		if err := f.Truncate(0); err != nil {
			return nil, explain(err)
		}
	}
	p.Columns = columns
	out := &counting{f, p.Bytes}
	err = table.Pull(ctx, p.Mark, p.Bytes == 0, out, func(rows int64, at feed.Mark) error {
		if out.n > e.Pulling.Limit {
			return fault.New(fault.Invalid, "feed-too-large", fmt.Sprintf("来源的数据超过上限 %d 字节", e.Pulling.Limit), fmt.Sprintf("what the source has is over the limit of %d bytes", e.Pulling.Limit))
		}
		if err := f.Sync(); err != nil {
			return explain(err)
		}
		p.Bytes, p.Rows, p.Mark = out.n, p.Rows+rows, &at
		r.Progress(p.Rows, 0, fault.Text{Zh: fmt.Sprintf("已拉取 %d 行", p.Rows), En: fmt.Sprintf("%d rows pulled", p.Rows)})
		if err := e.note(ctx, s.Name, func(state *SourceState) { state.Pending = p }); err != nil {
			return err
		}
		if out.n > e.Pulling.Limit/2 { // another page might be too much
			return errFull
		}
		return nil
	})
	if errors.Is(err, errFull) {
		p.More, err = true, nil
	}
	if err != nil || p.Rows == 0 {
		return nil, explain(err)
	}
	if p.File, err = e.keepFile(ctx, f.Name(), s.Name+".csv"); err != nil {
		return nil, err
	}
	return p, nil
}

// errFull ends a pull whose file is full; the next goes on behind it.
var errFull = errors.New("the file is full")

// pages opens the file of a pull, with the pages that are safe.
func (e *Engine) pages(name string, p *PendingPull) (*os.File, error) {
	if err := os.MkdirAll(e.Pulling.Dir, 0o700); err != nil {
		return nil, explain(err)
	}
	f, err := os.OpenFile(filepath.Join(e.Pulling.Dir, name+".csv"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, explain(err)
	}
	safe := int64(0)
	if info, err := f.Stat(); err == nil && p != nil && info.Size() >= p.Bytes {
		safe = p.Bytes
	}
	if err := f.Truncate(safe); err != nil {
		return nil, errors.Join(explain(err), f.Close())
	}
	_, err = f.Seek(safe, io.SeekStart)
	return f, err
}

type counting struct {
	io.Writer
	n int64
}

func (c *counting) Write(p []byte) (int, error) {
	n, err := c.Writer.Write(p)
	c.n += int64(n)
	return n, err
}
