package job

import (
	"cmp"
	"slices"
	"time"

	"chengshu/kernel/db"
)

// turn is one transaction of the engine: what it writes, and what it learns.
// It may be run more than once.
type turn struct {
	engine   *Engine
	now      time.Time
	ended    []*Run
	progress []progress
	renew    bool
	recover  bool
	room     map[lane]int // nil: claim nothing

	held    map[string]bool // after renewal: the jobs still ours, and whether they are to be cancelled
	claimed []*Run
	nextDue time.Time
}

type progress struct {
	run         *Run
	done, total int64
	note        string
}

// news takes a run's progress along if there is any.
func (t *turn) news(r *Run) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.news {
		t.progress = append(t.progress, progress{r, r.done, r.total, r.note})
		r.news = false
	}
}

func (t *turn) run(tx *db.Tx) error {
	t.held, t.claimed, t.nextDue = nil, nil, time.Time{}
	for _, step := range []func(*db.Tx) error{t.write, t.renewLeases, t.recoverLeases, t.promote, t.claim, t.lookAhead} {
		if err := step(tx); err != nil {
			return err
		}
	}
	return nil
}

// write writes progress and ends.
func (t *turn) write(tx *db.Tx) error {
	for _, p := range t.progress {
		_, err := tx.Exec(`update job set done = $1, total = $2, note = $3
			where id = $4 and lease_by = $5 and attempts = $6 and state = 'running'`,
			p.done, p.total, p.note, p.run.ID, t.engine.name, p.run.Attempt)
		if err != nil {
			return err
		}
	}
	for _, r := range t.ended {
		if err := t.end(tx, r); err != nil {
			return err
		}
	}
	return nil
}

func (t *turn) end(tx *db.Tx, r *Run) error {
	r.mu.Lock()
	finished, e := r.finished, r.end
	r.mu.Unlock()
	if finished {
		return nil
	}
	if e.state == Done {
		_, err := r.finish(tx, t.now)
		return err
	}
	runAt, attempts := e.runAt, r.Attempt
	if runAt.IsZero() {
		runAt = r.RunAt
	}
	if e.back {
		attempts--
	}
	var finishedAt *int64
	if e.state == Dead || e.state == Cancelled {
		ms := t.now.UnixMilli()
		finishedAt = &ms
	}
	_, err := tx.Exec(`update job set state = case when cancel then 'cancelled' else $1 end, run_at = $2, attempts = $3, last_error = $4,
			finished_at = case when cancel then cast($5 as bigint) else $6 end,
			lease_by = null, lease_until = null, again = false, cancel = false
		where id = $7 and lease_by = $8 and attempts = $9 and state = 'running'`,
		e.state, runAt.UnixMilli(), attempts, e.why, t.now.UnixMilli(), finishedAt, r.ID, t.engine.name, r.Attempt)
	return err
}

// finish ends the job as done, or has it run again when that was asked for.
func (r *Run) finish(tx *db.Tx, now time.Time) (int64, error) {
	r.mu.Lock()
	done, total, note := r.done, r.total, r.note
	r.mu.Unlock()
	return tx.Exec(`update job set
			state = case when again then 'scheduled' else 'done' end,
			attempts = case when again then 0 else attempts end,
			finished_at = case when again then null else cast($1 as bigint) end,
			done = $2, total = $3, note = $4,
			lease_by = null, lease_until = null, last_error = null, resume = null, again = false, cancel = false
		where id = $5 and lease_by = $6 and attempts = $7 and state = 'running'`,
		now.UnixMilli(), done, total, note, r.ID, r.engine.name, r.Attempt)
}

// renewLeases learns which jobs are still ours and which are to be cancelled.
func (t *turn) renewLeases(tx *db.Tx) error {
	if !t.renew {
		return nil
	}
	rows, err := tx.Query(`update job set lease_until = $1 where state = 'running' and lease_by = $2 returning id, cancel`,
		t.now.Add(leaseFor).UnixMilli(), t.engine.name)
	if err != nil {
		return err
	}
	defer rows.Close()
	t.held = map[string]bool{}
	for rows.Next() {
		var id string
		var cancel bool
		if err := rows.Scan(&id, &cancel); err != nil {
			return err
		}
		t.held[id] = cancel
	}
	return rows.Err()
}

// recoverLeases puts back the jobs whose worker died. One that kills its
// workers is dead after its attempts, like any other failure.
func (t *turn) recoverLeases(tx *db.Tx) error {
	if !t.recover {
		return nil
	}
	n, err := tx.Exec(`update job set
			state = case when cancel then 'cancelled' when attempts >= max_attempts then 'dead' else 'waiting' end,
			finished_at = case when cancel or attempts >= max_attempts then cast($1 as bigint) else null end,
			last_error = 'the worker died or was cut off', lease_by = null, lease_until = null, again = false, cancel = false
		where state = 'running' and (lease_until < $2 or $3 and lease_by <> $4)`, t.now.UnixMilli(), t.now.UnixMilli(), t.engine.alone, t.engine.name)
	if n > 0 {
		t.engine.log.Warn("jobs of a dead worker begin again", "jobs", n)
	}
	return err
}

// promote lets those whose time has come wait for a worker.
func (t *turn) promote(tx *db.Tx) error {
	_, err := tx.Exec(`update job set state = 'waiting' where state = 'scheduled' and run_at <= $1`, t.now.UnixMilli())
	return err
}

// claim takes as many jobs as there is room for. Only here do the two databases
// get different texts: several programs may claim from one PostgreSQL.
func (t *turn) claim(tx *db.Tx) error {
	skip := ""
	if t.engine.db.Dialect() == db.PostgreSQL {
		skip = ` for update skip locked`
	}
	for _, l := range []lane{quick, long} {
		if t.room[l] <= 0 {
			continue
		}
		rows, err := tx.Query(`update job set state = 'running', attempts = attempts + 1, lease_by = $1, lease_until = $2
			where id in (select id from job where state = 'waiting' and lane = $3 order by priority, run_at limit $4`+skip+`)
			returning id, kind, priority, payload, resume, run_at, attempts, max_attempts, done, total, note`,
			t.engine.name, t.now.Add(leaseFor).UnixMilli(), l, t.room[l])
		if err != nil {
			return err
		}
		if err := t.collect(rows, l); err != nil {
			return err
		}
	}
	return nil
}

func (t *turn) collect(rows *db.Rows, l lane) error {
	defer rows.Close()
	type ranked struct {
		*Run
		rank, runAt int64
	}
	var got []ranked
	for rows.Next() {
		r := ranked{Run: &Run{engine: t.engine, lane: l}}
		if err := rows.Scan(&r.ID, &r.Kind, &r.rank, &r.payload, &r.resume, &r.runAt, &r.Attempt, &r.maxAttempts, &r.done, &r.total, &r.note); err != nil {
			return err
		}
		r.RunAt = time.UnixMilli(r.runAt)
		got = append(got, r)
	}
	// `returning` keeps no order.
	slices.SortFunc(got, func(a, b ranked) int {
		return cmp.Or(cmp.Compare(a.rank, b.rank), cmp.Compare(a.runAt, b.runAt), cmp.Compare(a.ID, b.ID))
	})
	for _, r := range got {
		t.claimed = append(t.claimed, r.Run)
	}
	return rows.Err()
}

// lookAhead learns when the next scheduled job falls due.
func (t *turn) lookAhead(tx *db.Tx) error {
	var ms *int64
	if err := tx.QueryRow(`select min(run_at) from job where state = 'scheduled'`).Scan(&ms); err != nil {
		return err
	}
	if ms != nil {
		t.nextDue = time.UnixMilli(*ms)
	}
	return nil
}
