package process

import (
	"context"
	"fmt"
	"strings"

	"chengshu/core/identity"
	"chengshu/core/record"
	"chengshu/kernel/fault"
)

// InboxQuery asks for a page of an actor's open tasks.
type InboxQuery struct {
	Scope string // mine: assigned to me · unit (default): my posts' roles in my units · all: in everything below them
	Light string // green | yellow | red; empty for all
	Type  string // one process; empty for all
	Limit int
	After int64 // the n of the last task of the page before
}

// InboxItem is one open task with its case.
type InboxItem struct {
	Task  string
	N     int64
	Row   *record.Row
	State *State
	Step  string
	Unit  string // organisation id
	Role  string
	Due   int64
	Light Light

	Assignee string
}

// Totals are true counts of open tasks.
type Totals struct{ Mine, Unit, All, Red, Yellow, Green int64 }

// Inbox returns a page of open tasks, the most urgent first by their order of
// opening, and the totals over the asked scope.
func (e *Engine) Inbox(ctx context.Context, a *identity.Actor, q InboxQuery) ([]InboxItem, Totals, error) {
	if q.Limit <= 0 || q.Limit > record.MaxLimit {
		q.Limit = 50
	}
	now := e.Clock.Now().UnixMilli()
	where, args, err := inboxScope(a, q.Scope)
	if err != nil {
		return nil, Totals{}, err
	}
	if q.Type != "" {
		args = append(args, q.Type)
		where += fmt.Sprintf(" and type = $%d", len(args))
	}
	totals, err := e.totals(ctx, a, where, args, now)
	if err != nil {
		return nil, Totals{}, err
	}
	if cond := lightCond(q.Light, len(args)+1); cond != "" {
		where += cond
		args = append(args, now)
	}
	args = append(args, q.After, q.Limit)
	tasks, err := queryTasks(e.DB.Read(ctx), fmt.Sprintf(`where %s and n > $%d order by n limit $%d`, where, len(args)-1, len(args)), args...)
	if err != nil {
		return nil, Totals{}, err
	}
	items, err := e.inboxItems(ctx, tasks, now)
	return items, totals, err
}

func lightCond(light string, param int) string {
	switch Light(light) {
	case Red:
		return fmt.Sprintf(" and due_at <= $%d", param)
	case Yellow:
		return fmt.Sprintf(" and stage = 1 and (due_at is null or due_at > $%d)", param)
	case Green:
		return fmt.Sprintf(" and stage = 0 and (due_at is null or due_at > $%d)", param)
	}
	return ""
}

// inboxScope returns the condition on process_task for the actor's tasks.
func inboxScope(a *identity.Actor, scope string) (string, []any, error) {
	var conds []string
	var args []any
	arg := func(v any) string {
		args = append(args, v)
		return fmt.Sprintf("$%d", len(args))
	}
	if a.Person != "" {
		conds = append(conds, "assignee = "+arg(a.Person))
	}
	switch scope {
	case "mine":
	case "unit", "":
		for _, p := range a.Posts {
			for _, role := range p.Roles {
				conds = append(conds, "(org = "+arg(p.Path)+" and role = "+arg(role)+")")
			}
		}
	case "all":
		for _, p := range a.Posts {
			conds = append(conds, "(org >= "+arg(p.Path)+" and org < "+arg(pathEnd(p.Path))+")")
		}
	default:
		return "", nil, fault.New(fault.Invalid, "bad-scope", "scope 应为 mine、unit 或 all", "scope must be mine, unit or all")
	}
	if len(conds) == 0 {
		return "1 = 0", nil, nil
	}
	return "role is not null and (" + strings.Join(conds, " or ") + ")", args, nil
}

// pathEnd returns the least text after every path that begins with p.
func pathEnd(p string) string { return strings.TrimSuffix(p, "/") + "0" } // '0' follows '/'

func (e *Engine) totals(ctx context.Context, a *identity.Actor, where string, args []any, now int64) (Totals, error) {
	var t Totals
	r := e.DB.Read(ctx)
	k := len(args)
	sql := fmt.Sprintf(`select count(*), coalesce(sum(case when due_at <= $%d then 1 else 0 end), 0),
		coalesce(sum(case when stage = 1 and (due_at is null or due_at > $%d) then 1 else 0 end), 0) from process_task where %s`, k+1, k+2, where)
	if err := r.QueryRow(sql, append(append([]any{}, args...), now, now)...).Scan(&t.All, &t.Red, &t.Yellow); err != nil {
		return t, err
	}
	t.Green = t.All - t.Red - t.Yellow
	for scope, to := range map[string]*int64{"mine": &t.Mine, "unit": &t.Unit} {
		where, args, err := inboxScope(a, scope)
		if err != nil {
			return t, err
		}
		if err := r.QueryRow("select count(*) from process_task where "+where, args...).Scan(to); err != nil {
			return t, err
		}
	}
	return t, nil
}

// inboxItems loads the cases of tasks, one query for each type.
func (e *Engine) inboxItems(ctx context.Context, tasks []task, now int64) ([]InboxItem, error) {
	byType := map[string][]any{}
	for _, t := range tasks {
		byType[t.kind] = append(byType[t.kind], t.caseID)
	}
	rows := map[string]*record.Row{}
	for kind, ids := range byType {
		p := e.byName[kind]
		if p == nil {
			continue
		}
		got, err := e.Records.GetAll(ctx, p.Record, ids)
		if err != nil {
			return nil, err
		}
		for _, r := range got {
			rows[r.ID] = r
		}
	}
	out := make([]InboxItem, 0, len(tasks))
	for _, t := range tasks {
		row := rows[t.caseID]
		if row == nil {
			continue
		}
		p := e.byName[t.kind]
		out = append(out, InboxItem{Task: t.id, N: t.n, Row: row, State: p.state[row.Text("state")], Step: t.step, Unit: t.unit,
			Role: t.role, Due: t.dueAt, Light: t.light(now), Assignee: t.assignee})
	}
	return out, nil
}
