package process

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"chengshu/core/decl"
	"chengshu/core/identity"
	"chengshu/core/record"
	"chengshu/kernel/db"
	"chengshu/kernel/fault"
	"chengshu/kernel/job"
)

// JobEffect is an effect that a job has after the commit: it may take long,
// fail, and be tried again. The case waits for it in the state that the action
// leads to. What comes of it is a system action from there; when the case leaves
// that state by another way, the job is cancelled.
type JobEffect interface {
	Effect
	// Payload is planned with the action and kept with the job, as JSON.
	Payload(ctx context.Context, m *Moment) (any, error)
	// Run does the work. After a crash it is called again with the same Key, and
	// must come to the same end. What it returns are fields for the action that
	// follows, of which that takes those that its form asks for. A fault of kind
	// Invalid and what job.Permanent marks are final; other errors are tried again.
	Run(ctx context.Context, r *Run) (map[string]any, error)
	// After is had by embedding Outcome.
	After() Outcome
}

// Outcome is what the declarations of all job effects have in common: the
// system actions that take the case on.
type Outcome struct {
	Done   string `yaml:"done,required"`
	Failed string `yaml:"failed,required"` // with the reason as its note
}

// After returns o.
func (o Outcome) After() Outcome { return o }

// Run is one attempt at a job effect.
type Run struct {
	*job.Run
	Case    *record.Row
	Key     string // the same at each attempt, and of no other job: the act's id and the step's place
	Payload json.RawMessage
}

const (
	effectJob      = "effect"
	effectAttempts = 5
)

// order is the payload of a job.
type order struct {
	Process string          `json:"process"`
	Case    string          `json:"case"`
	Action  string          `json:"action"`
	Step    int             `json:"step"`
	Act     string          `json:"act"`
	Payload json.RawMessage `json:"payload"`
}

func (o order) key() string { return fmt.Sprintf("%s/%d", o.Act, o.Step) }

// checkJob checks that the case waits for the job, and goes on from there
// whatever comes of it.
func (p *Process) checkJob(a *Action, step *Step, r *decl.Report) {
	eff, ok := step.Effect.(JobEffect)
	if !ok {
		return
	}
	waits := p.state[a.To]
	if waits == nil || waits.Kind != Wait || waits.Timeout == nil {
		r.Add(step.Pos, "此效果在提交后进行：动作须到达 kind: wait 且有 timeout 的状态，等待其结果",
			"this effect goes on after the commit: the action must lead to a state of kind wait with a timeout, which waits for it")
		return
	}
	waits.jobs = true
	for _, name := range []string{eff.After().Done, eff.After().Failed} {
		if next := p.action[name]; name != "" && (next == nil || !next.System || !slices.Contains(next.From, waits.Name)) {
			r.Add(step.Pos, fmt.Sprintf("%q 不是可从 %q 采取的系统动作（system: true）", name, waits.Name), fmt.Sprintf("%q is no system action (system: true) from state %q", name, waits.Name))
		}
	}
}

// enqueue plans the job of an effect.
func (m *move) enqueue(ctx context.Context, eff JobEffect, place int, at *Moment) (Write, error) {
	payload, err := eff.Payload(ctx, at)
	if err != nil {
		return nil, err
	}
	raw, err := json.Marshal(payload)
	if err != nil {
		return nil, err
	}
	return func(tx *db.Tx, act string) error {
		o := order{m.p.Name, m.draft.Row.ID, m.a.Name, place, act, raw}
		id, err := m.e.Jobs.Enqueue(tx, job.Job{Kind: effectJob, Payload: o, UniqueKey: o.key(), MaxAttempts: 2 * effectAttempts})
		if err != nil {
			return err
		}
		_, err = tx.Exec(`insert into process_job (job, case_id) values ($1, $2)`, id, o.Case)
		return err
	}, nil
}

// dropJobs cancels the jobs that the case waited for in the state that it
// leaves, but for the one that takes it on. A job that the case no longer waits
// for takes nothing on, though the case may be in that state again.
func (m *move) dropJobs(tx *db.Tx) error {
	if m.from == nil || !m.from.jobs || m.stays {
		return nil
	}
	ids, err := jobsOf(tx, m.old.ID)
	if err != nil {
		return err
	}
	if m.cmd.job != "" && !slices.Contains(ids, m.cmd.job) {
		return m.wrongState()
	}
	for _, id := range ids {
		if id == m.cmd.job {
			continue
		}
		if err := m.e.Jobs.Cancel(tx, id); err != nil && !fault.Is(err, fault.Conflict) && !fault.Is(err, fault.NotFound) {
			return err // otherwise it has ended already
		}
	}
	_, err = tx.Exec(`delete from process_job where case_id = $1`, m.old.ID)
	return err
}

func jobsOf(q db.Querier, caseID string) ([]string, error) {
	rows, err := q.Query(`select job from process_job where case_id = $1`, caseID)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []string
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		out = append(out, id)
	}
	return out, rows.Err()
}

// JobsOf returns the jobs that a case waits for.
func (e *Engine) JobsOf(ctx context.Context, row *record.Row) ([]job.Status, error) {
	p := e.byName[row.Type.Name]
	if p == nil || p.state[row.Text("state")] == nil || !p.state[row.Text("state")].jobs {
		return nil, nil
	}
	q := e.DB.Read(ctx)
	ids, err := jobsOf(q, row.ID)
	if err != nil {
		return nil, err
	}
	var out []job.Status
	for _, id := range ids {
		s, err := e.Jobs.Get(q, id)
		if fault.Is(err, fault.NotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		out = append(out, s)
	}
	return out, nil
}

// runEffect is the handler of all job effects.
func (e *Engine) runEffect(ctx context.Context, r *job.Run) error {
	var o order
	if err := r.Decode(&o); err != nil {
		return err
	}
	p, eff, err := e.effectOf(o)
	if err != nil {
		return job.Permanent(err)
	}
	row, err := e.Records.Get(e.DB.Read(ctx), p.Record, o.Case)
	if err != nil {
		return err
	}
	awaited, err := jobsOf(e.DB.Read(ctx), o.Case)
	if err != nil || !slices.Contains(awaited, r.ID) {
		return err // nil: the case has gone on, maybe by this very job before a crash
	}
	next := p.action[eff.After().Done]
	result, err := eff.Run(ctx, &Run{Run: r, Case: row, Key: o.key(), Payload: o.Payload})
	cmd := Command{Type: p.Name, ID: row.ID, Actor: identity.NewSystem(), Cause: o.Act, job: r.ID}
	switch {
	case err == nil:
		cmd.Action = next.Name
		if cmd.Input, err = taken(next, result); err != nil {
			return err
		}
	case errors.Is(context.Cause(ctx), job.ErrStopping) || errors.Is(context.Cause(ctx), job.ErrLost):
		return err // another attempt will come to its end
	case fault.Is(err, fault.Invalid) || job.IsPermanent(err) || r.Attempt >= effectAttempts || errors.Is(context.Cause(ctx), job.ErrCancelled):
		cmd.Action, cmd.Note = eff.After().Failed, e.reason(ctx, o, err)
	default:
		return err
	}
	_, err = e.Do(context.WithoutCancel(ctx), cmd)
	if fault.Is(err, fault.Invalid) && cmd.Action == next.Name { // what was found does not fit the case
		cmd.Action, cmd.Input, cmd.Note = eff.After().Failed, nil, e.reason(ctx, o, err)
		_, err = e.Do(context.WithoutCancel(ctx), cmd)
	}
	if fault.Code(err) == "wrong-state" {
		return nil
	}
	return err
}

// JobCancelled tells the case that waits for a job that somebody has cancelled
// it before it began. One that runs tells its case itself.
func (e *Engine) JobCancelled(ctx context.Context, jobID string) error {
	s, err := e.Jobs.Get(e.DB.Read(ctx), jobID)
	if err != nil || s.Kind != effectJob || s.State != job.Cancelled {
		return err
	}
	var o order
	if err := json.Unmarshal(s.Payload, &o); err != nil {
		return err
	}
	_, eff, err := e.effectOf(o)
	if err != nil {
		return nil // it is none any more; the state's timeout takes the case on
	}
	_, err = e.Do(ctx, Command{Type: o.Process, ID: o.Case, Action: eff.After().Failed, Note: cancelledNote, Actor: identity.NewSystem(), Cause: o.Act, job: jobID})
	if fault.Code(err) == "wrong-state" {
		return nil
	}
	return err
}

// effectOf finds what an order asks for.
func (e *Engine) effectOf(o order) (*Process, JobEffect, error) {
	p := e.byName[o.Process]
	if p == nil || p.action[o.Action] == nil || o.Step >= len(p.action[o.Action].Effects) {
		return nil, nil, fmt.Errorf("process: %s.%s has no effect %d any more", o.Process, o.Action, o.Step)
	}
	eff, ok := p.action[o.Action].Effects[o.Step].Effect.(JobEffect)
	if !ok {
		return nil, nil, fmt.Errorf("process: effect %d of %s.%s is no job any more", o.Step, o.Process, o.Action)
	}
	return p, eff, nil
}

const cancelledNote = "后台任务已被取消"

// reason is what the case is told of a failure. What is not a fault is for the
// log only.
func (e *Engine) reason(ctx context.Context, o order, err error) string {
	switch {
	case errors.Is(context.Cause(ctx), job.ErrCancelled):
		return cancelledNote
	case fault.KindOf(err) == fault.Internal:
		e.Logger.Error("effect", "process", o.Process, "case", o.Case, "action", o.Action, "err", err)
		return "系统内部错误，请联系管理员查看运行日志"
	}
	return detail(err).Zh
}

// taken returns what of a result the action's form asks for, as JSON gives it.
func taken(a *Action, result map[string]any) (map[string]any, error) {
	maps.DeleteFunc(result, func(name string, _ any) bool { return a.formName[name] == nil })
	raw, err := json.Marshal(result)
	if err != nil {
		return nil, err
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	out := map[string]any{}
	return out, dec.Decode(&out)
}
