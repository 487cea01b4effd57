// Package lookup makes the rows of the latest release of each dataset ready to
// be looked up and queried one by one, as those of a register are.
//
// DuckDB scans a release fast and looks one row up slowly. So the rows are
// copied into a SQLite file of their own, with the table and the indexes that
// their type would have as a register; a new release is put in the place of the
// one before at once. The files can be made again at any time: each node has its
// own.
package lookup

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"chengshu/core/record"
	"chengshu/engine/lake"
	"chengshu/kernel/db"
	"chengshu/kernel/fault"
)

// Deps is all that an Engine needs.
type Deps struct {
	DB       *db.DB
	Lake     *lake.Engine
	Datasets []*record.Type
	Dir      string // of the files; on a local disk
	Log      *slog.Logger
}

// Engine serves the latest releases. It is safe for concurrent use.
type Engine struct {
	Deps
	life   context.Context
	end    context.CancelFunc
	making sync.WaitGroup

	mu   sync.Mutex
	sets map[string]*set // by dataset
}

// set is one dataset.
type set struct {
	latest  lake.Release  // as it was at looked; Version is 0 when there is none
	looked  time.Time     // zero: has to be looked up anew
	changes int           // that this node has made
	served  *Release      // nil when there is none
	over    chan struct{} // closed when the copy under way is made or has failed; nil when there is none
	tried   time.Time     // when the last copy was made or failed
	failed  error         // why the last copy could not be made
}

// Release is a release that can be read.
type Release struct {
	Version int64
	Records *record.Engine // has the one type

	db    *db.DB
	file  string
	users sync.WaitGroup
}

const (
	patience   = 5 * time.Second  // a reader waits for a release that is being made ready
	lookEvery  = 10 * time.Second // for releases that nobody has asked for
	againAfter = 10 * time.Second // a copy that failed is not tried again before
	known      = time.Second      // the latest release is taken to be the one that it was
)

// New returns an engine. Files of other times than the present are removed.
func New(d Deps) (*Engine, error) {
	if err := os.MkdirAll(d.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("lookup: %w", err)
	}
	e := &Engine{Deps: d, sets: map[string]*set{}}
	e.life, e.end = context.WithCancel(context.Background())
	for _, t := range d.Datasets {
		e.sets[t.Name] = &set{}
	}
	return e, e.clear()
}

// clear removes copies that were not finished and those of older releases.
func (e *Engine) clear() error {
	keep := map[string]bool{}
	for _, t := range e.Datasets {
		last, err := e.Lake.Releases(e.DB.Read(context.Background()), t, 0, 1)
		if err != nil {
			return err
		}
		if len(last) > 0 {
			keep[fileName(t, last[0])] = true
		}
	}
	entries, err := os.ReadDir(e.Dir)
	if err != nil {
		return fmt.Errorf("lookup: %w", err)
	}
	for _, entry := range entries {
		if !keep[entry.Name()] {
			if err := os.RemoveAll(filepath.Join(e.Dir, entry.Name())); err != nil {
				return fmt.Errorf("lookup: %w", err)
			}
		}
	}
	return nil
}

// fileName tells the release and the form that its type had: a type that was
// changed since is copied anew.
func fileName(t *record.Type, r lake.Release) string {
	return fmt.Sprintf("%s-%d-%s.db", t.Name, r.Version, t.Form()[:12])
}

// Open returns the latest release of a dataset for reading; the caller calls
// done when it has read. A new release is waited for a while, and then the one
// before is given; without one the fault is Unavailable.
func (e *Engine) Open(ctx context.Context, t *record.Type) (r *Release, done func(), err error) {
	last, err := e.latest(ctx, t)
	if err != nil {
		return nil, nil, err
	}
	if last.Version == 0 {
		return nil, nil, fault.New(fault.NotFound, "no-release", "“"+t.Title.Zh+"”还没有发布的版本", t.Title.En+" has no release yet")
	}
	if r := e.take(t, last.Version); r != nil {
		return r, r.users.Done, nil
	}
	wait := time.NewTimer(patience)
	defer wait.Stop()
	select {
	case <-e.make(t, last):
	case <-wait.C:
	case <-ctx.Done():
		return nil, nil, context.Cause(ctx)
	}
	if r := e.take(t, 0); r != nil {
		return r, r.users.Done, nil
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	return nil, nil, fault.Wrap(e.sets[t.Name].failed, fault.Unavailable, "not-ready", "新版本正在准备查询，请稍后再试", "the release is being made ready for reading; try again soon")
}

// latest returns the latest release of a dataset; its version is 0 when there
// is none.
func (e *Engine) latest(ctx context.Context, t *record.Type) (lake.Release, error) {
	e.mu.Lock()
	s := e.sets[t.Name]
	last, changes, fresh := s.latest, s.changes, time.Since(s.looked) < known
	e.mu.Unlock()
	if fresh {
		return last, nil
	}
	asked := time.Now()
	list, err := e.Lake.Releases(e.DB.Read(ctx), t, 0, 1)
	if err != nil {
		return lake.Release{}, err
	}
	last = lake.Release{}
	if len(list) > 0 {
		last = list[0]
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if s.changes == changes {
		s.latest, s.looked = last, asked
	}
	return last, nil
}

// Published tells that this node has a new release of a dataset.
func (e *Engine) Published(dataset string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if s := e.sets[dataset]; s != nil {
		s.changes, s.looked = s.changes+1, time.Time{}
	}
}

// take returns what is served of a dataset when it is of that version, or of
// any when version is 0.
func (e *Engine) take(t *record.Type, version int64) *Release {
	e.mu.Lock()
	defer e.mu.Unlock()
	r := e.sets[t.Name].served
	if r == nil || version != 0 && r.Version != version {
		return nil
	}
	r.users.Add(1)
	return r
}

// make has a release copied, unless one of the dataset is under way, and
// returns what tells when that is over. It goes on when the asker has left.
func (e *Engine) make(t *record.Type, r lake.Release) <-chan struct{} {
	e.mu.Lock()
	defer e.mu.Unlock()
	s := e.sets[t.Name]
	if s.over != nil || e.life.Err() != nil {
		return s.over
	}
	if s.failed != nil && time.Since(s.tried) < againAfter {
		over := make(chan struct{})
		close(over)
		return over
	}
	over := make(chan struct{})
	s.over = over
	e.making.Go(func() {
		made, err := e.open(e.life, t, r)
		if err != nil && e.life.Err() == nil {
			e.Log.Error("a release cannot be made ready for reading", "dataset", t.Name, "version", r.Version, "err", err)
		}
		e.mu.Lock()
		before := s.served
		if err == nil {
			s.served = made
		}
		s.over, s.failed, s.tried = nil, err, time.Now()
		e.mu.Unlock()
		close(over)
		if err == nil && before != nil {
			before.users.Wait()
			e.drop(before)
		}
	})
	return over
}

// drop closes a copy that nobody reads and removes its file. What cannot be
// removed goes at the next start.
func (e *Engine) drop(r *Release) {
	if err := r.db.Close(); err != nil {
		e.Log.Error("a served release cannot be closed", "file", r.file, "err", err)
	}
	for _, end := range []string{"", "-wal", "-shm"} {
		_ = os.Remove(r.file + end)
	}
}

// open opens the copy of a release, after making it when it is not there.
func (e *Engine) open(ctx context.Context, t *record.Type, r lake.Release) (*Release, error) {
	file := filepath.Join(e.Dir, fileName(t, r))
	if _, err := os.Stat(file); errors.Is(err, os.ErrNotExist) {
		if err := e.copy(ctx, t, r, file); err != nil {
			return nil, err
		}
	}
	return openFile(ctx, t, file, r.Version)
}

func openFile(ctx context.Context, t *record.Type, file string, version int64) (*Release, error) {
	d, err := db.Open(ctx, "sqlite:"+file, db.Options{MaxReaders: 4})
	if err != nil {
		return nil, err
	}
	records, err := record.New(ctx, record.Deps{DB: d, Types: []*record.Type{t}})
	if err != nil {
		return nil, errors.Join(err, d.Close())
	}
	return &Release{Version: version, Records: records, db: d, file: file}, nil
}

// copy writes the rows of a release into a new file, whose name tells that it
// is complete.
func (e *Engine) copy(ctx context.Context, t *record.Type, r lake.Release, file string) error {
	m, err := r.Read()
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp(e.Dir, "making-*")
	if err != nil {
		return fmt.Errorf("lookup: %w", err)
	}
	defer os.RemoveAll(dir)
	making := filepath.Join(dir, "rows.db")
	one, err := openFile(ctx, t, making, r.Version)
	if err != nil {
		return err
	}
	err = e.Lake.Text(ctx, t, m, func(text io.Reader) error {
		rows := csv.NewReader(text)
		rows.FieldsPerRecord, rows.ReuseRecord = len(t.Fields), true
		return one.Records.Fill(ctx, t, r.At, rows.Read)
	})
	if err := errors.Join(err, one.db.Close()); err != nil {
		return err
	}
	if err := os.Rename(making, file); err != nil {
		return fmt.Errorf("lookup: %w", err)
	}
	return nil
}

// Run makes the releases that come ready for reading before anybody asks, until
// ctx ends.
func (e *Engine) Run(ctx context.Context) error {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		for _, t := range e.Datasets {
			if t.KeyField() == nil && t.Filters == nil && t.Sorts == nil {
				continue // made when somebody asks
			}
			last, err := e.latest(ctx, t)
			if err != nil || last.Version == 0 { // when the database is away, the next round asks again
				continue
			}
			if r := e.take(t, last.Version); r != nil {
				r.users.Done()
				continue
			}
			select {
			case <-e.make(t, last):
			case <-ctx.Done():
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// Close ends what is under way and closes all copies, after their readers have
// left.
func (e *Engine) Close() error {
	e.end()
	e.making.Wait()
	e.mu.Lock()
	defer e.mu.Unlock()
	var errs []error
	for _, s := range e.sets {
		if s.served != nil {
			errs = append(errs, s.served.db.Close())
			s.served = nil
		}
	}
	return errors.Join(errs...)
}
