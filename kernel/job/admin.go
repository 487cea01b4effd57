package job

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"chengshu/kernel/db"
	"chengshu/kernel/fault"
)

// Status is a job as people see it.
type Status struct {
	ID          string          `json:"id"`
	Kind        string          `json:"kind"`
	State       State           `json:"state"`
	Payload     json.RawMessage `json:"payload"`
	UniqueKey   string          `json:"unique_key,omitempty"`
	RunAt       time.Time       `json:"run_at"`
	Attempts    int             `json:"attempts"`
	MaxAttempts int             `json:"max_attempts"`
	Done        int64           `json:"done"`
	Total       int64           `json:"total"` // 0 when the handler does not know
	Note        fault.Text      `json:"note,omitzero"`
	LastError   string          `json:"last_error,omitempty"`
	Cancelling  bool            `json:"cancelling,omitempty"` // it runs, and was asked to stop
	CreatedAt   time.Time       `json:"created_at"`
	FinishedAt  time.Time       `json:"finished_at,omitzero"`
}

const statusColumns = `id, kind, state, payload, unique_key, run_at, attempts, max_attempts, done, total, note, last_error, cancel,
	created_at, finished_at`

func scanStatus(scan func(...any) error) (Status, error) {
	var s Status
	var payload, note string
	var runAt, createdAt int64
	var unique, lastError *string
	var finishedAt *int64
	err := scan(&s.ID, &s.Kind, &s.State, &payload, &unique, &runAt, &s.Attempts, &s.MaxAttempts, &s.Done, &s.Total, &note,
		&lastError, &s.Cancelling, &createdAt, &finishedAt)
	if err != nil {
		return s, err
	}
	s.Note = noteOf(note)
	s.Payload, s.RunAt, s.CreatedAt = json.RawMessage(payload), time.UnixMilli(runAt), time.UnixMilli(createdAt)
	if unique != nil {
		s.UniqueKey = *unique
	}
	if lastError != nil {
		s.LastError = *lastError
	}
	if finishedAt != nil {
		s.FinishedAt = time.UnixMilli(*finishedAt)
	}
	return s, nil
}

func errNotFound() error {
	return fault.New(fault.NotFound, "no-such-job", "没有这个任务", "there is no such job")
}

// Get returns one job, or NotFound.
func (e *Engine) Get(q db.Querier, id string) (Status, error) {
	s, err := scanStatus(q.QueryRow(`select `+statusColumns+` from job where id = $1`, id).Scan)
	if errors.Is(err, db.ErrNoRows) {
		return s, errNotFound()
	}
	if err != nil {
		return s, fmt.Errorf("job: get: %w", err)
	}
	return s, nil
}

// Filter says which jobs to list. State is required.
type Filter struct {
	State State
	Kind  string // all kinds when empty
	After Key    // the last one of the page before; zero for the first page
	Limit int    // 0 means 50, at most 500
}

// Key is the place of a job in a list.
type Key struct{ Kind, ID string }

// Key returns the place of s, for Filter.After.
func (s Status) Key() Key { return Key{s.Kind, s.ID} }

// List returns a page of jobs by kind, the newest first within one.
func (e *Engine) List(q db.Querier, f Filter) ([]Status, error) {
	sql, args := `select `+statusColumns+` from job where state = $1`, []any{f.State}
	if f.Kind != "" {
		args = append(args, f.Kind)
		sql += fmt.Sprintf(` and kind = $%d`, len(args))
	}
	if f.After != (Key{}) {
		args = append(args, f.After.Kind, f.After.ID)
		sql += fmt.Sprintf(` and (kind, id) < ($%d, $%d)`, len(args)-1, len(args))
	}
	args = append(args, min(or(f.Limit, 50), 500))
	rows, err := q.Query(sql+fmt.Sprintf(` order by kind desc, id desc limit $%d`, len(args)), args...)
	if err != nil {
		return nil, fmt.Errorf("job: list: %w", err)
	}
	defer rows.Close()
	var list []Status
	for rows.Next() {
		s, err := scanStatus(rows.Scan)
		if err != nil {
			return nil, fmt.Errorf("job: list: %w", err)
		}
		list = append(list, s)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("job: list: %w", err)
	}
	return list, nil
}

// Cancel stops a job: at once when it is not running, otherwise by ending its
// handler's context, at the latest after ten seconds when it runs elsewhere. A
// handler that still comes to its end leaves it done. NotFound when there is no
// such job, Conflict when it has ended.
func (e *Engine) Cancel(tx *db.Tx, id string) error {
	var state State
	err := tx.QueryRow(`update job set cancel = (state = 'running'), state = case when state = 'running' then 'running' else 'cancelled' end,
			finished_at = case when state = 'running' then null else cast($1 as bigint) end
		where id = $2 and state in ('scheduled', 'waiting', 'running') returning state`, e.clock.Now().UnixMilli(), id).Scan(&state)
	if err != nil {
		return e.orWhy(tx, id, err)
	}
	if state == Running {
		tx.AfterCommit(func() {
			e.mu.Lock()
			defer e.mu.Unlock()
			if r := e.running[id]; r != nil {
				r.cancel(ErrCancelled)
			}
		})
	}
	return nil
}

// Requeue gives a dead or cancelled job all its attempts again, from where its
// last checkpoint left it. NotFound when there is no such job, Conflict when it
// is live or done, or another one with its unique key is live.
func (e *Engine) Requeue(tx *db.Tx, id string) error {
	var kind string
	var unique *string
	err := tx.QueryRow(`select kind, unique_key from job where id = $1 and state in ('dead', 'cancelled')`, id).Scan(&kind, &unique)
	if err != nil {
		return e.orWhy(tx, id, err)
	}
	var live int
	err = tx.QueryRow(`select count(*) from job where kind = $1 and unique_key = $2 and state in ('scheduled', 'waiting', 'running')`,
		kind, unique).Scan(&live)
	if err != nil {
		return fmt.Errorf("job: requeue: %w", err)
	}
	if live > 0 {
		return fault.New(fault.Conflict, "job-has-successor", "同一任务已重新排队", "the same job is already queued again")
	}
	_, err = tx.Exec(`update job set state = 'waiting', attempts = 0, run_at = $1, finished_at = null where id = $2`,
		e.clock.Now().UnixMilli(), id)
	if err != nil {
		return fmt.Errorf("job: requeue: %w", err)
	}
	tx.AfterCommit(e.rouse)
	return nil
}

// orWhy explains why no job of that id was in a fitting state.
func (e *Engine) orWhy(tx *db.Tx, id string, err error) error {
	if !errors.Is(err, db.ErrNoRows) {
		return fmt.Errorf("job: %w", err)
	}
	s, err := e.Get(tx, id)
	if err != nil {
		return err
	}
	return fault.New(fault.Conflict, "job-state", "任务当前状态不允许此操作", fmt.Sprintf("the job is %s, which does not allow this", s.State))
}

// sweep deletes old finished jobs, once an hour and beside everything else.
func (e *Engine) sweep(ctx context.Context, now time.Time) {
	if now.Before(e.plan.sweep) {
		return
	}
	e.plan.sweep = now.Add(sweepEvery)
	e.sweeping.Go(func() {
		if err := e.sweepOld(ctx, now.Add(-e.retention)); err != nil && ctx.Err() == nil {
			e.log.Error("jobs: old ones cannot be deleted", "err", err)
		}
	})
}

// sweepOld deletes the jobs done or cancelled before, in small chunks.
func (e *Engine) sweepOld(ctx context.Context, before time.Time) error {
	const chunk = 500
	for {
		var n int64
		err := e.db.DoLow(ctx, func(tx *db.Tx) (err error) {
			n, err = tx.Exec(`delete from job where id in (select id from job
				where finished_at is not null and state <> 'dead' and finished_at < $1 order by finished_at limit $2)`, before.UnixMilli(), chunk)
			return err
		})
		if err != nil || n < chunk {
			return err
		}
	}
}
