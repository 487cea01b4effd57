package process

import (
	"chengshu/core/record"
	"chengshu/kernel/db"
	"chengshu/kernel/fault"
	"chengshu/kernel/id"
)

// task is one open piece of work, or a time to wait for. Times are ms since
// 1970 UTC, 0 when there is none.
type task struct {
	n         int64
	id        string
	kind      string // process
	caseID    string
	step      string // state; joinStep for a join to be looked at
	org       string // path of the unit
	unit      string // its id
	role      string
	assignee  string
	openedAt  int64
	remindAt  int64
	dueAt     int64
	timeoutAt int64
	stage     int64
	watch     bool // overdue work was escalated to them: they see it, and need not do it
}

// Stages of a task, as timers pass.
const (
	fresh = iota
	reminded
	overdue
)

// joinStep marks a task that asks whether the case's join is complete.
const joinStep = "@join"

// wake returns when the task's next timer fires, nil when none does.
func (t *task) wake() any {
	next := int64(0)
	at := func(ms int64, pending bool) {
		if ms != 0 && pending && (next == 0 || ms < next) {
			next = ms
		}
	}
	at(t.remindAt, t.stage < reminded)
	at(t.dueAt, t.stage < overdue)
	at(t.timeoutAt, true)
	if t.step == joinStep {
		next = t.openedAt
	}
	return orNull(next)
}

func orNull(ms int64) any {
	if ms == 0 {
		return nil
	}
	return ms
}

func textOrNull(s string) any {
	if s == "" {
		return nil
	}
	return s
}

func (t task) insert(tx *db.Tx) error {
	_, err := tx.Exec(`insert into process_task
		(id, type, case_id, step, org, unit, role, assignee, opened_at, remind_at, due_at, timeout_at, wake_at, stage, watch)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)`,
		id.New(), t.kind, t.caseID, t.step, textOrNull(t.org), textOrNull(t.unit), textOrNull(t.role), textOrNull(t.assignee),
		t.openedAt, orNull(t.remindAt), orNull(t.dueAt), orNull(t.timeoutAt), t.wake(), t.stage, trueOrNull(t.watch))
	return err
}

func trueOrNull(b bool) any {
	if b {
		return true
	}
	return nil
}

func dropTasks(tx *db.Tx, caseID string) error {
	_, err := tx.Exec(`delete from process_task where case_id = $1`, caseID)
	return err
}

const taskColumns = `n, id, type, case_id, step, org, unit, role, assignee, opened_at, remind_at, due_at, timeout_at, stage, watch`

func scanTask(rows *db.Rows) (task, error) {
	var t task
	var org, unit, role, assignee *string
	var remind, due, timeout *int64
	var watch *bool
	err := rows.Scan(&t.n, &t.id, &t.kind, &t.caseID, &t.step, &org, &unit, &role, &assignee, &t.openedAt, &remind, &due, &timeout, &t.stage, &watch)
	t.org, t.unit, t.role, t.assignee = str(org), str(unit), str(role), str(assignee)
	t.watch = watch != nil
	t.remindAt, t.dueAt, t.timeoutAt = num(remind), num(due), num(timeout)
	return t, err
}

func str(p *string) string {
	if p == nil {
		return ""
	}
	return *p
}

func num(p *int64) int64 {
	if p == nil {
		return 0
	}
	return *p
}

func queryTasks(q db.Querier, sql string, args ...any) ([]task, error) {
	rows, err := q.Query(`select `+taskColumns+` from process_task `+sql, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []task
	for rows.Next() {
		t, err := scanTask(rows)
		if err != nil {
			return nil, err
		}
		out = append(out, t)
	}
	return out, rows.Err()
}

// tasksOf returns the open tasks of a case that people hold.
func (e *Engine) tasksOf(q db.Querier, cases ...any) ([]task, error) {
	return queryTasks(q, `where case_id in (`+db.Params(1, len(cases))+`) and role is not null order by n`, cases...)
}

// completeTask takes the actor's own task off the case. When it was the last
// of its step, the join is looked at.
func (m *move) completeTask(tx *db.Tx) error {
	tasks, err := m.e.tasksOf(tx, m.old.ID)
	if err != nil {
		return err
	}
	left, mine := 0, int64(0)
	for _, t := range tasks {
		if t.watch {
			continue
		}
		if mine == 0 && t.step == m.from.Name && t.heldBy(m.cmd.Actor) {
			mine = t.n
		} else if t.step == m.from.Name {
			left++
		}
	}
	if mine == 0 {
		return fault.New(fault.Conflict, "no-task", "您在此事项上没有待办的会签任务", "you hold no open task on this case")
	}
	if _, err := tx.Exec(`delete from process_task where n = $1`, mine); err != nil {
		return err
	}
	if left > 0 || m.from.Join == nil {
		return nil
	}
	return askJoin(tx, m.p.Name, m.old.ID, m.now.UnixMilli())
}

func askJoin(tx *db.Tx, process, caseID string, at int64) error {
	return task{kind: process, caseID: caseID, step: joinStep, openedAt: at}.insert(tx)
}

// tellParent asks for the parent's join when a sub-case has closed.
func (m *move) tellParent(tx *db.Tx) error {
	kind, parent := splitParent(m.draft.Row)
	if parent == "" || m.to.Kind != End {
		return nil
	}
	return askJoin(tx, kind, parent, m.now.UnixMilli())
}

// splitParent reads "type/id".
func splitParent(row *record.Row) (kind, caseID string) {
	s := row.Text("parent")
	for i := range len(s) {
		if s[i] == '/' {
			return s[:i], s[i+1:]
		}
	}
	return "", ""
}
