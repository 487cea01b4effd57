package process

import (
	"context"
	"fmt"
	"slices"

	"chengshu/core/access"
	"chengshu/core/decl"
	"chengshu/core/identity"
	"chengshu/core/record"
	"chengshu/kernel/fault"
)

// Grants returns the permissions that the actions' `who:` amount to.
func (p *Process) Grants() []*access.Grant {
	var out []*access.Grant
	for _, a := range p.Actions {
		for i, w := range a.Who {
			name := fmt.Sprintf("%s.%s.%d", p.Name, a.Name, i+1)
			out = append(out, &access.Grant{
				Meta: decl.Meta{Pos: w.Pos, Name: name, Pack: p.Pack, Hash: p.Hash},
				Role: w.Role, On: []string{p.Name}, Actions: []string{a.Name}, Scope: access.Scope(w.Scope),
				When: w.When, Basis: p.Basis, Purpose: p.Title,
			})
		}
	}
	return out
}

// Subject returns what a decision needs to know of a case or record, the open
// tasks of a case among it.
func (e *Engine) Subject(ctx context.Context, row *record.Row) (access.Row, error) {
	out, err := e.Subjects(ctx, []*record.Row{row})
	if err != nil {
		return access.Row{}, err
	}
	return out[0], nil
}

// Subjects is Subject for the rows of a page, all of one type.
func (e *Engine) Subjects(ctx context.Context, rows []*record.Row) ([]access.Row, error) {
	out := make([]access.Row, len(rows))
	at := make(map[string]int, len(rows))
	var ids []any
	for i, row := range rows {
		out[i] = access.RowOf(row)
		if row.Rev > 0 { // else it is not stored yet
			at[row.ID], ids = i, append(ids, row.ID)
		}
	}
	if len(ids) == 0 || !e.Access.UsesTasks(rows[0].Type.Name) {
		return out, nil
	}
	tasks, err := e.tasksOf(e.DB.Read(ctx), ids...)
	for _, t := range tasks {
		row := &out[at[t.caseID]]
		row.Tasks = append(row.Tasks, access.Task{Org: t.org, Assignee: t.assignee})
	}
	return out, err
}

// Offer is an action that the actor's grants permit from the case's state.
type Offer struct {
	Action *Action
	Why    []fault.Text // conditions that fail before any input; the form may mend them
}

// Offers returns what the actor may do now.
func (e *Engine) Offers(a *identity.Actor, p *Process, row *record.Row, subject access.Row) []Offer {
	var out []Offer
	for _, act := range p.Actions {
		if act.System || act.Start || !slices.Contains(act.From, row.Text("state")) {
			continue
		}
		if !e.Access.Decide(a, act.Name, p.Name, subject).Allow {
			continue
		}
		out = append(out, Offer{Action: act, Why: e.failing(a, act, row)})
	}
	return out
}

// failing returns the messages of the guards that fail on the case as it is
// and that no field of the form could mend: all of an action without a form,
// else those that look only at the case as it was.
func (e *Engine) failing(a *identity.Actor, act *Action, row *record.Row) []fault.Text {
	vars := map[string]any{"row": row, "old": row, "me": actorObject{a}, "now": e.Clock.Now()}
	var out []fault.Text
	for _, g := range act.Guard {
		if _, others := g.Expr.Reads("old"); others && len(act.Form) > 0 {
			continue
		}
		if !g.Expr.True(vars) {
			out = append(out, g.Else)
		}
	}
	return out
}

// TaskView is an open task as others may see it.
type TaskView struct {
	ID, Step, Unit, Assignee string
	Due                      int64
	Light                    Light
}

// Tasks returns the open tasks of a case.
func (e *Engine) Tasks(ctx context.Context, caseID string) ([]TaskView, error) {
	tasks, err := e.tasksOf(e.DB.Read(ctx), caseID)
	now := e.Clock.Now().UnixMilli()
	out := make([]TaskView, len(tasks))
	for i, t := range tasks {
		out[i] = TaskView{t.id, t.step, t.unit, t.assignee, t.dueAt, t.light(now)}
	}
	return out, err
}

// Starts returns the actions that open a case and that the actor may take.
func (e *Engine) Starts(a *identity.Actor, p *Process) []*Action {
	var out []*Action
	for _, act := range p.starts {
		if e.Access.May(a, act.Name, p.Name) {
			out = append(out, act)
		}
	}
	return out
}
