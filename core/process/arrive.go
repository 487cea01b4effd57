package process

import (
	"context"
	"fmt"
	"time"

	"chengshu/core/rule"
	"chengshu/kernel/clock"
	"chengshu/kernel/db"
	"chengshu/kernel/fault"
)

// arrive sets what the new state brings: deadlines, clock, duty holders.
func (m *move) arrive(ctx context.Context) error {
	d := m.draft
	d.Set("definition", m.p.Hash)
	if m.a.Return {
		d.Set("returns", d.Row.Int("returns")+1)
	}
	m.stays = m.from == m.to && !m.a.Reopen
	if m.stays && !m.a.retasks() {
		return nil
	}
	if !m.stays {
		if err := m.clocks(); err != nil {
			return err
		}
	}
	return m.duties(ctx)
}

// retasks reports whether an action that stays in its state may change who
// holds the task: it sets the unit or the assignee.
func (a *Action) retasks() bool {
	if a.Task {
		return false
	}
	for _, name := range []string{"unit", "assignee"} {
		if _, set := a.Set[name]; set || a.formName[name] != nil {
			return true
		}
	}
	return false
}

// clocks sets the deadlines of the state and of the case.
func (m *move) clocks() error {
	d := m.draft
	d.Set("state", m.to.Name)
	d.Set("entered_at", m.now.UnixMilli())
	due, err := m.term(m.to.Within)
	if err != nil {
		return err
	}
	d.Set("due_at", millis(due))
	if m.to.Kind == End {
		d.Set("closed_at", m.now.UnixMilli())
		return nil
	}
	d.Set("closed_at", nil)
	if m.old == nil || m.a.Reopen {
		caseDue, err := m.term(m.p.Within)
		if err != nil {
			return err
		}
		d.Set("case_due_at", millis(caseDue))
		for _, name := range []string{"stopped_at", "stopped_due", "merged_into"} {
			if m.a.Reopen {
				d.Set(name, nil)
			}
		}
	}
	return m.stopOrStart()
}

// stopOrStart takes the case's deadline away while its clock stands, and gives
// back what was left of it when the clock runs again.
func (m *move) stopOrStart() error {
	d, stopped := m.draft, m.to.Clock == "stopped"
	due, at := d.Row.Int("case_due_at"), d.Row.Int("stopped_at")
	switch {
	case stopped && due != 0:
		d.Set("stopped_at", m.now.UnixMilli())
		d.Set("stopped_due", due)
		d.Set("case_due_at", nil)
	case !stopped && at != 0:
		span, err := m.span(m.p.Within)
		if err != nil {
			return err
		}
		was := time.UnixMilli(d.Row.Int("stopped_due"))
		d.Set("case_due_at", span.Resume(was, time.UnixMilli(at), m.now, m.e.Calendar).UnixMilli())
		d.Set("stopped_at", nil)
		d.Set("stopped_due", nil)
	}
	return nil
}

// term returns when a term that starts now ends; the zero time when there is
// none.
func (m *move) term(t Term) (time.Time, error) {
	span, err := m.span(t)
	if err != nil || span.IsZero() {
		return time.Time{}, err
	}
	return span.From(m.now, m.e.Calendar), nil
}

// span returns the length of a term, zero when none is stated. A declared
// expression that gives no span is the case's mistake.
func (m *move) span(t Term) (clock.Span, error) {
	if t.expr == nil {
		return t.Span.Span, nil
	}
	v, err := t.expr.Eval(m.vars)
	text, ok := v.(string)
	if err != nil || !ok || text == "" {
		return clock.Span{}, nil
	}
	span, err := clock.ParseSpan(text)
	if err != nil {
		return clock.Span{}, fault.Wrap(err, fault.Invalid, "bad-span", "时限写法有误："+text, "bad span: "+text)
	}
	return span, nil
}

// duties opens the tasks of the state.
func (m *move) duties(ctx context.Context) error {
	m.tasks = []task{}
	if m.to.Kind == End {
		return nil
	}
	base, err := m.blank()
	if err != nil {
		return err
	}
	if m.to.Duty == nil {
		if base.wake() != nil {
			m.tasks = append(m.tasks, base)
		}
		return nil
	}
	units, err := m.e.units(ctx, m.to.Duty, m.vars)
	if err != nil {
		return err
	}
	if len(units) == 0 {
		return fault.New(fault.Invalid, "no-duty-holder", fmt.Sprintf("找不到“%s”环节的承办单位，请补充责任清单或指定单位", m.to.Title.Zh),
			fmt.Sprintf("no unit is found for the step %q; complete the duty list or name a unit", m.to.Title.En)).
			With("fields.unit", "须指定承办单位", "name the unit")
	}
	for _, u := range units {
		t := base
		t.org, t.unit, t.role = u.path, u.id, m.to.Duty.Role
		t.assignee = m.to.Duty.person(m.vars)
		m.tasks = append(m.tasks, t)
	}
	return nil
}

// blank is a task of the new state without a holder: only its times.
func (m *move) blank() (task, error) {
	t := task{kind: m.p.Name, caseID: m.draft.Row.ID, step: m.to.Name, openedAt: m.now.UnixMilli()}
	if m.stays {
		t.openedAt = m.draft.Row.Int("entered_at")
	}
	entered := time.UnixMilli(m.draft.Row.Int("entered_at"))
	if m.to.Remind.Span != (clock.Span{}) {
		t.remindAt = m.to.Remind.From(entered, m.e.Calendar).UnixMilli()
	}
	t.dueAt = dueOf(m.draft.Row)
	if m.to.Timeout != nil {
		after, err := m.span(m.to.Timeout.After)
		if err != nil {
			return t, err
		}
		t.timeoutAt = after.From(entered, m.e.Calendar).UnixMilli()
	}
	return t, nil
}

// unit is an organisation that holds a task.
type unit struct{ id, path string }

// units evaluates whose a duty is. The default is the case's own unit.
func (e *Engine) units(ctx context.Context, d *Duty, vars map[string]any) ([]unit, error) {
	var ids []string
	switch {
	case d.orgs != nil:
		v, _ := d.orgs.Eval(vars)
		ids = rule.Texts(v)
	case d.org != nil:
		if v, _ := d.org.Eval(vars); v != nil {
			if s, ok := v.(string); ok && s != "" {
				ids = append(ids, s)
			}
		}
	default:
		if row, ok := vars["row"].(interface{ Text(string) string }); ok && row.Text("unit") != "" {
			ids = append(ids, row.Text("unit"))
		}
	}
	var out []unit
	for _, id := range ids {
		ref, err := e.Records.Refer(ctx, "org", id)
		if err != nil {
			return nil, err
		}
		if ref != nil {
			out = append(out, unit{id, ref.Org})
		}
	}
	return out, nil
}

func (d *Duty) person(vars map[string]any) string {
	if d.assignee == nil {
		return ""
	}
	v, _ := d.assignee.Eval(vars)
	s, _ := v.(string)
	return s
}

// writeTasks brings the case's open tasks in line with its new state.
func (m *move) writeTasks(tx *db.Tx) error {
	switch {
	case m.a.Task:
		return m.completeTask(tx)
	case m.tasks == nil:
		return nil
	}
	var stage int64
	if m.old != nil {
		var err error
		if stage, err = m.dropTasks(tx); err != nil {
			return err
		}
	}
	for _, t := range m.tasks {
		t.stage = stage
		if err := t.insert(tx); err != nil {
			return err
		}
	}
	if !m.stays && m.to.Join != nil && m.to.Join.Of == "cases" {
		// All may be closed already, or there may be none.
		return askJoin(tx, m.p.Name, m.draft.Row.ID, m.now.UnixMilli())
	}
	return m.tellParent(tx)
}

// dropTasks takes the case's tasks away. When the state stays, those who watch
// overdue work go on watching, and how far its timers have come is returned.
func (m *move) dropTasks(tx *db.Tx) (stage int64, err error) {
	if !m.stays {
		return 0, dropTasks(tx, m.old.ID)
	}
	err = tx.QueryRow(`select coalesce(max(stage), 0) from process_task where case_id = $1 and watch is null`, m.old.ID).Scan(&stage)
	if err == nil {
		_, err = tx.Exec(`delete from process_task where case_id = $1 and watch is null`, m.old.ID)
	}
	return stage, err
}
