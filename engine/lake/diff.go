package lake

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"time"

	"chengshu/core/record"
	"chengshu/engine/lake/duck"
	"chengshu/kernel/db"
	"chengshu/kernel/fault"
)

// Diff is what has changed from one release of a dataset to another. Rows are
// told apart by the dataset's unique fields; without one by all their values,
// and then none is changed.
type Diff struct {
	Older, Newer int64  // versions
	Rows         string // blob of the rows that differ
	Report       DiffReport
}

// DiffReport counts what has changed.
type DiffReport struct {
	Added   int64 `json:"added"`
	Removed int64 `json:"removed"`
	Changed int64 `json:"changed"` // rows with at least one other value
	// Cells counts the values that changed in changed rows, by field.
	Cells []FieldCells `json:"cells"`
	// Gained and Lost are fields that only one of the two has.
	Gained []string `json:"gained,omitempty"`
	Lost   []string `json:"lost,omitempty"`
}

// FieldCells counts cells of a field.
type FieldCells struct {
	Field string `json:"field"`
	Cells int64  `json:"cells"`
}

// Change is one row that differs.
type Change struct {
	Kind  string // added, removed or changed
	Older int64  // the row's number in the older release, 0 when it is not there
	Newer int64
	Cells []CellChange // of a changed row those that differ and its key, else all that have a value
}

// CellChange is one value before and after, as text; nil is none.
type CellChange struct {
	Field         string
	Before, After *string
}

// diffs are the comparisons under way, by what they compare.
type diffs struct {
	mu     sync.Mutex
	making map[string]chan struct{}
	failed map[string]error
}

const (
	diffPatience = 5 * time.Second // an asker waits for a comparison
	diffTime     = 10 * time.Minute
	diffMemory   = 2 << 30
	diffFile     = "diff.parquet"
)

// Diff compares two releases, or finds what an earlier comparison came to. When
// it takes long the fault is Unavailable, code "being-compared", while it goes
// on: ask again.
func (e *Engine) Diff(ctx context.Context, t *record.Type, older, newer int64) (*Diff, error) {
	if older >= newer {
		return nil, fault.New(fault.Invalid, "bad-versions", "请先给较早的版本，再给较晚的版本", "give the older version first, then the newer").With("from", "须小于 to", "must be less than to")
	}
	a, err := e.Release(e.DB.Read(ctx), t, older)
	if err != nil {
		return nil, err
	}
	b, err := e.Release(e.DB.Read(ctx), t, newer)
	if err != nil {
		return nil, err
	}
	if err := errors.Join(a.There(), b.There()); err != nil {
		return nil, err
	}
	if d, err := e.storedDiff(e.DB.Read(ctx), t, older, newer); err != nil || d != nil {
		return d, err
	}
	wait := time.NewTimer(diffPatience)
	defer wait.Stop()
	key := fmt.Sprintf("%s/%d/%d", t.Name, older, newer)
	select {
	case <-e.beginDiff(context.WithoutCancel(ctx), key, t, a, b):
	case <-wait.C:
		return nil, fault.New(fault.Unavailable, "being-compared", "正在比较两个版本，请稍后刷新", "the two releases are being compared; ask again soon")
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	if d, err := e.storedDiff(e.DB.Read(ctx), t, older, newer); err != nil || d != nil {
		return d, err
	}
	e.diffs.mu.Lock()
	defer e.diffs.mu.Unlock()
	return nil, e.diffs.failed[key]
}

// beginDiff begins a comparison, unless it is under way, and returns what tells
// when it is over. It goes on when the asker has left.
func (e *Engine) beginDiff(ctx context.Context, key string, t *record.Type, a, b Release) <-chan struct{} {
	e.diffs.mu.Lock()
	defer e.diffs.mu.Unlock()
	if over := e.diffs.making[key]; over != nil {
		return over
	}
	if e.diffs.making == nil {
		e.diffs.making, e.diffs.failed = map[string]chan struct{}{}, map[string]error{}
	}
	over := make(chan struct{})
	e.diffs.making[key] = over
	go func() {
		ctx, cancel := context.WithTimeout(ctx, diffTime)
		defer cancel()
		err := e.makeDiff(ctx, t, a, b)
		e.diffs.mu.Lock()
		defer e.diffs.mu.Unlock()
		delete(e.diffs.making, key)
		if delete(e.diffs.failed, key); err != nil {
			e.diffs.failed[key] = err
		}
		close(over)
	}()
	return over
}

func (e *Engine) storedDiff(q db.Querier, t *record.Type, older, newer int64) (*Diff, error) {
	d := &Diff{Older: older, Newer: newer}
	var report string
	err := q.QueryRow(`select changes, report from lake_diff where dataset = $1 and older = $2 and newer = $3 and report <> ''`, t.Name, older, newer).Scan(&d.Rows, &report)
	if errors.Is(err, db.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("lake: diff: %w", err)
	}
	return d, json.Unmarshal([]byte(report), &d.Report)
}

// makeDiff compares two releases in a worker and keeps what came of it.
func (e *Engine) makeDiff(ctx context.Context, t *record.Type, a, b Release) error {
	before, err := a.Read()
	if err != nil {
		return err
	}
	after, err := b.Read()
	if err != nil {
		return err
	}
	dir, done, err := e.place()
	if err != nil {
		return err
	}
	defer done()
	files := [2]string{filepath.Join(dir, "older.parquet"), filepath.Join(dir, "newer.parquet")}
	for i, m := range []Manifest{before, after} {
		if err := e.fetch(ctx, m.Files[0].SHA256, files[i]); err != nil {
			return err
		}
	}
	p := diffPlan{older: before, newer: after, keys: t.Keys()}
	got, err := e.work(ctx, duck.Task{Dir: dir, Memory: diffMemory, Steps: p.steps(files, filepath.Join(dir, diffFile))}, nil)
	if err != nil {
		return err
	}
	report, err := p.report(got)
	if err != nil {
		return err
	}
	ref, err := e.store(ctx, filepath.Join(dir, diffFile))
	if err != nil {
		return err
	}
	raw, err := json.Marshal(report)
	if err != nil {
		return err
	}
	return e.DB.Do(ctx, func(tx *db.Tx) error {
		if err := errors.Join(holdRelease(tx, t, a.Version), holdRelease(tx, t, b.Version)); err != nil {
			return err
		}
		_, err := tx.Exec(`insert into lake_diff (dataset, older, newer, changes, report) values ($1, $2, $3, $4, $5) on conflict do nothing`, t.Name, a.Version, b.Version, ref.Hash, string(raw))
		return err
	})
}

// Changes returns up to limit rows of a diff, skipping the first after: those
// that were added, changed and removed, each in the order of their release.
func (e *Engine) Changes(ctx context.Context, d *Diff, after int64, limit int) ([]Change, error) {
	got, err := e.ask(ctx, d.Rows, func(file string) string {
		return fmt.Sprintf("select kind, coalesce(older, 0), coalesce(newer, 0), cells from read_parquet(%s, file_row_number = true) where file_row_number >= %d order by file_row_number limit %d", file, after, limit)
	})
	if err != nil {
		return nil, err
	}
	out := make([]Change, len(got.Rows))
	for i, row := range got.Rows {
		out[i].Kind, _ = row[0].(string)
		if err := scan(row[1:3], &out[i].Older, &out[i].Newer); err != nil {
			return nil, err
		}
		cells, _ := row[3].([]any)
		for _, one := range cells {
			c, _ := one.(map[string]any)
			name, _ := c["f"].(string)
			out[i].Cells = append(out[i].Cells, CellChange{name, textOrNil(c["b"]), textOrNil(c["a"])})
		}
	}
	return out, nil
}

func textOrNil(v any) *string {
	s, ok := v.(string)
	if !ok {
		return nil
	}
	return &s
}
