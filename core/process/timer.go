package process

import (
	"context"
	"log/slog"
	"time"

	"chengshu/core/evidence"
	"chengshu/core/identity"
	"chengshu/core/record"
	"chengshu/kernel/db"
	"chengshu/kernel/fault"
	"chengshu/kernel/id"
)

const (
	sweepBatch = 200             // due tasks that one round takes
	sweepEvery = 5 * time.Second // how late a timer may fire
	postponeBy = 10 * time.Minute
)

// wake asks the sweeper to look now.
func (e *Engine) wake() {
	select {
	case e.sweep <- struct{}{}:
	default:
	}
}

// Run fires timers until ctx ends: at each wake, and every sweepEvery.
func (e *Engine) Run(ctx context.Context) error {
	for {
		if err := e.Sweep(ctx); err != nil && ctx.Err() == nil {
			e.Logger.Error("timers", "err", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-e.sweep:
		case <-e.Clock.After(sweepEvery):
		}
	}
}

// Sweep fires every timer that is due now, and what follows from them, and
// returns when none is left.
func (e *Engine) Sweep(ctx context.Context) error {
	e.sweeping.Lock()
	defer e.sweeping.Unlock()
	for {
		now := e.Clock.Now().UnixMilli()
		due, err := queryTasks(e.DB.Read(ctx), `where wake_at <= $1 order by wake_at, n limit $2`, now, sweepBatch)
		if err != nil {
			return err
		}
		if len(due) == 0 {
			return nil
		}
		for _, t := range due {
			if err := e.fire(ctx, t, now); err != nil {
				if err := e.failed(ctx, t, now, err); err != nil {
					return err
				}
			}
			if ctx.Err() != nil {
				return ctx.Err()
			}
		}
	}
}

// failed drops a timer of a state that the case has left, and puts off any
// other: work that people hold is not lost because its timer cannot fire.
func (e *Engine) failed(ctx context.Context, t task, now int64, cause error) error {
	if p := e.byName[t.kind]; p != nil && fault.Code(cause) == "wrong-state" {
		row, err := e.Records.Get(e.DB.Read(ctx), p.Record, t.caseID)
		if err == nil && row.Text("state") != t.step {
			return e.drop(ctx, t)
		}
	}
	e.Logger.Error("timer", "case", t.caseID, "step", t.step, "err", cause)
	return e.postpone(ctx, t, now)
}

// fire does what a task's next timer asks for. One that another node has
// fired in the meantime changes nothing.
func (e *Engine) fire(ctx context.Context, t task, now int64) error {
	p := e.byName[t.kind]
	if p == nil {
		return e.postpone(ctx, t, now)
	}
	state := p.state[t.step]
	switch {
	case t.step == joinStep:
		return e.join(ctx, p, t)
	case state == nil:
		return e.postpone(ctx, t, now)
	case t.timeoutAt != 0 && t.timeoutAt <= now && state.Timeout == nil:
		return e.forgo(ctx, t)
	case t.timeoutAt != 0 && t.timeoutAt <= now:
		return e.bySystem(ctx, p, t, state.Timeout.Action)
	case t.stage < overdue && t.dueAt != 0 && t.dueAt <= now:
		return e.advance(ctx, p, t, overdue, "overdue", state.Escalate)
	case t.stage < reminded && t.remindAt != 0 && t.remindAt <= now:
		return e.advance(ctx, p, t, reminded, "remind", nil)
	default:
		return e.postpone(ctx, t, now)
	}
}

// forgo takes a timeout away that the state no longer has.
func (e *Engine) forgo(ctx context.Context, t task) error {
	t.timeoutAt = 0
	return e.DB.Do(ctx, func(tx *db.Tx) error {
		_, err := tx.Exec(`update process_task set timeout_at = null, wake_at = $1 where n = $2`, t.wake(), t.n)
		return err
	})
}

// bySystem takes an action by itself. When the case cannot take it, the timer
// is put off and the log says why.
func (e *Engine) bySystem(ctx context.Context, p *Process, t task, action string) error {
	_, err := e.Do(ctx, Command{Type: p.Name, ID: t.caseID, Action: action, Actor: identity.NewSystem()})
	return err
}

// advance marks the task's stage and leaves an act; escalation opens a task
// for another duty holder beside it.
func (e *Engine) advance(ctx context.Context, p *Process, t task, stage int64, what string, escalate *Duty) error {
	row, err := e.Records.Get(e.DB.Read(ctx), p.Record, t.caseID)
	if err != nil {
		return err
	}
	vars := map[string]any{"row": row, "old": row, "now": e.Clock.Now(), "me": actorObject{identity.NewSystem()}}
	var more []unit
	if escalate != nil {
		if more, err = e.units(ctx, escalate, vars); err != nil {
			return err
		}
	}
	before := t.stage
	t.stage = stage
	return e.DB.Do(ctx, func(tx *db.Tx) error {
		n, err := tx.Exec(`update process_task set stage = $1, wake_at = $2 where n = $3 and stage = $4`, stage, t.wake(), t.n, before)
		if err != nil || n == 0 {
			return err
		}
		for _, u := range more {
			s := task{kind: t.kind, caseID: t.caseID, step: t.step, org: u.path, unit: u.id, role: escalate.Role,
				openedAt: e.Clock.Now().UnixMilli(), dueAt: t.dueAt, stage: overdue, watch: true}
			if err := e.watch(tx, s); err != nil {
				return err
			}
		}
		return e.systemAct(tx, p, row, what)
	})
}

// watch shows overdue work to those it was escalated to, once for a case,
// however many of its parallel tasks are late.
func (e *Engine) watch(tx *db.Tx, s task) error {
	none, err := e.none(tx, `select count(*) from process_task where case_id = $1 and org = $2 and role = $3 and watch`, s.caseID, s.org, s.role)
	if err != nil || !none {
		return err
	}
	return s.insert(tx)
}

func (e *Engine) systemAct(tx *db.Tx, p *Process, row *record.Row, what string) error {
	tx.AfterCommit(func() { e.hint(p.Name) })
	_, err := e.Evidence.Append(tx, evidence.Act{ID: id.New(), At: e.Clock.Now().UnixMilli(), Verb: p.Name + "." + what,
		Subject: evidence.Subject{Type: p.Name, ID: row.ID}, From: row.Text("state"), To: row.Text("state"), Basis: p.Basis})
	return err
}

// join takes the state's join action when what it waits for is complete.
func (e *Engine) join(ctx context.Context, p *Process, t task) error {
	q := e.DB.Read(ctx)
	row, err := e.Records.Get(q, p.Record, t.caseID)
	if err != nil {
		return err
	}
	state := p.state[row.Text("state")]
	complete := state != nil && state.Join != nil
	if complete && state.Join.Of == "tasks" {
		complete, err = e.none(q, `select count(*) from process_task where case_id = $1 and step = $2 and role is not null and watch is null`, row.ID, state.Name)
	} else if complete {
		complete, err = e.partsClosed(q, p, row.ID)
	}
	if err != nil {
		return err
	}
	if complete {
		return e.bySystem(ctx, p, t, state.Join.Action)
	}
	return e.drop(ctx, t)
}

func (e *Engine) drop(ctx context.Context, t task) error {
	return e.DB.Do(ctx, func(tx *db.Tx) error {
		_, err := tx.Exec(`delete from process_task where n = $1`, t.n)
		return err
	})
}

func (e *Engine) none(q db.Querier, sql string, args ...any) (bool, error) {
	var n int64
	err := q.QueryRow(sql, args...).Scan(&n)
	return n == 0, err
}

// partsClosed reports whether no sub-case of the case is open.
func (e *Engine) partsClosed(q db.Querier, p *Process, caseID string) (bool, error) {
	for _, part := range p.opens() {
		none, err := e.none(q, `select count(*) from `+part.Record.Table()+` where parent = $1 and closed_at is null and deleted_at is null`, p.Name+"/"+caseID)
		if err != nil || !none {
			return false, err
		}
	}
	return true, nil
}

// postpone puts a timer that failed off for a while, so that it does not hold
// up the others. One whose case is gone is dropped.
func (e *Engine) postpone(ctx context.Context, t task, now int64) error {
	gone := false
	if p := e.byName[t.kind]; p != nil {
		_, err := e.Records.Get(e.DB.Read(ctx), p.Record, t.caseID)
		gone = fault.Is(err, fault.NotFound)
	}
	e.Logger.Warn("timer put off", slog.String("case", t.caseID), slog.String("step", t.step), slog.Bool("gone", gone))
	return e.DB.Do(ctx, func(tx *db.Tx) error {
		if gone {
			return dropTasks(tx, t.caseID)
		}
		_, err := tx.Exec(`update process_task set wake_at = $1 where n = $2`, now+postponeBy.Milliseconds(), t.n)
		return err
	})
}
