package process

import (
	"fmt"
	"slices"

	"chengshu/core/decl"
	"chengshu/core/record"
	"chengshu/core/rule"
)

// KindName is the name of the declaration kind of processes.
const KindName = "process"

// Kind is the declaration kind of processes whose actions may have these
// effects.
func Kind(effects []EffectKind) decl.Kind {
	return decl.Kind{Name: KindName, Order: 20, New: func() decl.Item { return &Process{effects: effects} }}
}

// Kinds of states.
const (
	Work = "work"
	Wait = "wait"
	End  = "end"
)

// Check resolves names, adds the case fields to the record type, and refuses
// states that no action reaches.
func (p *Process) Check(s *decl.Set, r *decl.Report) {
	t, ok := decl.Find[*record.Type](s, record.Kind.Name, p.Name)
	if !ok {
		r.Add(p.Pos, fmt.Sprintf("没有同名的记录类型；请声明 record: %s", p.Name), fmt.Sprintf("there is no record type of this name; declare record: %s", p.Name))
		return
	}
	p.Record = t
	var err error
	if p.numbers, err = parseNumber(p.Number); err != nil {
		r.Add(p.Pos, "number 有误："+err.Error(), "bad number: "+err.Error())
	}
	p.checkStates(r)
	t.Case = true
	if t.OrgBy == "" {
		t.OrgBy = "unit"
	}
	t.Unique = append(t.Unique, "number")
	t.AddSystem(r, p.caseFields()...)
	p.action = map[string]*Action{}
	for _, a := range p.Actions {
		p.action[a.Name] = a
		p.checkAction(a, r)
	}
	p.checkEffects(s, r)
	p.checkLinks(r)
	p.checkReach(r)
	p.checkRoles(s, r)
	if p.Similar != nil && t.Field(p.Similar.Same) == nil {
		r.Add(p.Similar.Pos, fmt.Sprintf("没有字段 %q", p.Similar.Same), fmt.Sprintf("there is no field %q", p.Similar.Same))
	}
}

func (p *Process) checkStates(r *decl.Report) {
	p.state = map[string]*State{}
	for _, s := range p.States {
		p.state[s.Name] = s
		if s.Kind == "" {
			s.Kind = Work
		}
		if !slices.Contains([]string{Work, Wait, End}, s.Kind) {
			r.Add(s.Pos, "kind 应为 work、wait 或 end", "kind must be work, wait or end")
		}
		if s.Kind == Work && s.Duty == nil {
			r.Add(s.Pos, fmt.Sprintf("状态 %q 须写明 duty：谁来办", s.Name), fmt.Sprintf("state %q must have a duty: who has to act", s.Name))
		}
		if s.Kind == End && (s.Duty != nil || s.Timeout != nil || s.Join != nil) {
			r.Add(s.Pos, "end 状态不能有 duty、timeout、join", "an end state can have no duty, timeout or join")
		}
		if s.Clock != "" && s.Clock != "stopped" {
			r.Add(s.Pos, "clock 只可写 stopped", "clock can only be stopped")
		}
		if p.Within == (Term{}) && s.Within == (Term{}) && s.Escalate != nil {
			r.Add(s.Pos, "没有时限（within），escalate 不会发生", "without a deadline (within) there is nothing to escalate")
		}
		if s.Join != nil && s.Join.Of != "tasks" && s.Join.Of != "cases" {
			r.Add(s.Join.Pos, "join.of 应为 tasks 或 cases", "join.of must be tasks or cases")
		}
	}
}

func (p *Process) caseFields() []*record.Field {
	states := make([]record.Choice, len(p.States))
	for i, s := range p.States {
		states[i] = record.Choice{Value: s.Name, Title: s.Title}
	}
	field := func(name, zh, en string, t record.FieldType, to string) *record.Field {
		return &record.Field{Name: name, Title: decl.Text{Zh: zh, En: en}, Type: t, To: to}
	}
	out := []*record.Field{
		field("number", "编号", "Number", record.Text, ""),
		{Name: "state", Title: decl.Text{Zh: "状态", En: "State"}, Type: record.ChoiceOf, Choices: states},
		field("assignee", "承办人", "Assignee", record.Reference, "person"),
		field("entered_at", "进入时间", "Entered", record.Time, ""),
		field("due_at", "环节时限", "Step due", record.Time, ""),
		field("case_due_at", "办结时限", "Case due", record.Time, ""),
		field("stopped_at", "停表时间", "Clock stopped", record.Time, ""),
		field("stopped_due", "停表前时限", "Due when stopped", record.Time, ""),
		field("closed_at", "办结时间", "Closed", record.Time, ""),
		field("returns", "退回次数", "Returns", record.Integer, ""),
		field("parent", "上级事项", "Parent case", record.Text, ""),
		field("merged_into", "并入", "Merged into", record.Reference, p.Name),
		field("note", "办理意见", "Note", record.Text, ""),
		field("definition", "流程版本", "Definition", record.Text, ""),
	}
	if p.Record.Field("unit") == nil {
		out = append(out, field("unit", "承办单位", "Unit", record.Reference, "org"))
	}
	return out
}

func (p *Process) checkAction(a *Action, r *decl.Report) {
	known := make([]string, 0, len(p.States))
	for _, s := range p.States {
		known = append(known, s.Name)
	}
	state := func(name string) {
		if p.state[name] == nil {
			zh, en := decl.Suggest(name, known)
			r.Add(a.Pos, fmt.Sprintf("没有状态 %q；%s", name, zh), fmt.Sprintf("no state %q; %s", name, en))
		}
	}
	for _, from := range a.From {
		state(from)
	}
	if a.To != "" {
		state(a.To)
	}
	switch {
	case a.Start && (a.To == "" || len(a.From) > 0):
		r.Add(a.Pos, "start 动作须写 to，不写 from", "a start action has a to and no from")
	case !a.Start && len(a.From) == 0:
		r.Add(a.Pos, "动作须写明 from", "the action must say from which states")
	case !a.System && len(a.Who) == 0:
		r.Add(a.Pos, "动作须写明 who：谁可以做", "the action must say who may take it")
	}
	if a.Style == "" {
		a.Style = "normal"
	}
	a.formName = map[string]*FormField{}
	for i := range a.Form {
		f := &a.Form[i]
		a.formName[f.Field] = f
		switch field := p.Record.Field(f.Field); {
		case field == nil:
			r.Add(f.Pos, fmt.Sprintf("没有字段 %q", f.Field), fmt.Sprintf("there is no field %q", f.Field))
		case field.System && !settable(f.Field) && f.Field != "note" && f.Field != "merged_into":
			r.Add(f.Pos, fmt.Sprintf("字段 %q 由流程填写，不能由人填", f.Field), fmt.Sprintf("the process fills %q; nobody can be asked for it", f.Field))
		}
	}
	for name, src := range a.Set {
		if field := p.Record.Field(name); field != nil && field.System && !settable(name) {
			r.Add(src.Pos, fmt.Sprintf("字段 %q 由流程填写，不能 set", name), fmt.Sprintf("the process fills %q; it cannot be set", name))
		}
	}
	p.checkMove(a, r)
	if a.Merge && a.formName["merged_into"] == nil {
		a.Form = append(a.Form, FormField{Pos: a.Pos, Field: "merged_into", Required: true})
		a.formName["merged_into"] = &a.Form[len(a.Form)-1]
	}
	if a.Start {
		p.starts = append(p.starts, a)
	}
	for _, w := range a.Who {
		if !slices.Contains([]string{"all", "unit", "place", "own", "assigned", "task", "subject"}, w.Scope) {
			r.Add(w.Pos, fmt.Sprintf("没有范围 %q；可用：all, unit, place, own, assigned, task, subject", w.Scope), fmt.Sprintf("no scope %q; known: all, unit, place, own, assigned, task, subject", w.Scope))
		}
	}
}

// checkMove checks that what an action does to the case fits where it leads.
func (p *Process) checkMove(a *Action, r *decl.Report) {
	ends := func(name string) bool { return p.state[name] != nil && p.state[name].Kind == End }
	fromEnd := slices.ContainsFunc(a.From, ends)
	switch {
	case a.Task && a.To != "":
		r.Add(a.Pos, "completes_task 的动作不写 to：全部完成后由 join 带走", "an action that completes a task has no to: the join leads on when all are done")
	case a.Merge && !ends(a.To):
		r.Add(a.Pos, "merge 的动作须到达 end 状态", "an action that merges must lead to an end state")
	case a.Reopen && (a.To == "" || ends(a.To) || len(a.From) == 0 || !fromEnd):
		r.Add(a.Pos, "reopen 的动作须从 end 状态到非 end 状态", "an action that reopens leads from an end state to one that is not")
	case !a.Reopen && !a.Start && fromEnd && a.To != "" && !ends(a.To):
		r.Add(a.Pos, "从 end 状态到非 end 状态的动作须写 reopen: true", "an action from an end state to one that is not must say reopen: true")
	}
}

// opens returns the processes of the sub-cases that cases of p have.
func (p *Process) opens() []*Process {
	var out []*Process
	for _, a := range p.Actions {
		for _, step := range a.Effects {
			if o, ok := step.Effect.(*caseOpen); ok && o.process != nil && !slices.Contains(out, o.process) {
				out = append(out, o.process)
			}
		}
	}
	return out
}

// checkRoles checks that the roles of duties are declared: work for a role that
// nobody can have would never be seen.
func (p *Process) checkRoles(s *decl.Set, r *decl.Report) {
	for _, st := range p.States {
		for _, d := range []*Duty{st.Duty, st.Escalate} {
			if d == nil {
				continue
			}
			if _, ok := decl.Find[decl.Item](s, "role", d.Role); !ok {
				zh, en := decl.Suggest(d.Role, s.Names("role"))
				r.Add(d.Pos, fmt.Sprintf("没有角色 %q；%s", d.Role, zh), fmt.Sprintf("there is no role %q; %s", d.Role, en))
			}
		}
	}
}

// checkLinks checks that timeouts and joins name actions that lead on.
func (p *Process) checkLinks(r *decl.Report) {
	want := func(s *State, at decl.Pos, name string) {
		if a := p.action[name]; a == nil || !slices.Contains(a.From, s.Name) {
			r.Add(at, fmt.Sprintf("%q 不是可从 %q 采取的动作", name, s.Name), fmt.Sprintf("%q is no action from state %q", name, s.Name))
		}
	}
	for _, s := range p.States {
		if s.Timeout != nil {
			want(s, s.Timeout.Pos, s.Timeout.Action)
		}
		if s.Join != nil {
			want(s, s.Join.Pos, s.Join.Action)
			p.checkJoin(s, r)
		}
	}
	for old, now := range p.Migrate {
		if p.state[now] == nil {
			r.Add(p.Pos, fmt.Sprintf("migrate：没有状态 %q（由 %q 迁来）", now, old), fmt.Sprintf("migrate: no state %q (mapped from %q)", now, old))
		}
	}
}

// checkJoin checks that something can complete what the state waits for.
func (p *Process) checkJoin(s *State, r *decl.Report) {
	completes := slices.ContainsFunc(p.Actions, func(a *Action) bool { return a.Task && slices.Contains(a.From, s.Name) })
	switch {
	case s.Join.Of == "tasks" && !completes:
		r.Add(s.Join.Pos, fmt.Sprintf("没有可在 %q 完成任务的动作（completes_task）", s.Name), fmt.Sprintf("no action completes a task (completes_task) in %q", s.Name))
	case s.Join.Of == "cases" && len(p.opens()) == 0:
		r.Add(s.Join.Pos, "没有动作开启子事项（case.open），无可汇合", "no action opens sub-cases (case.open), so there is nothing to join")
	}
}

// checkReach refuses states that no chain of actions reaches, and open states
// that no action leaves.
func (p *Process) checkReach(r *decl.Report) {
	reached := map[string]bool{}
	for _, a := range p.starts {
		reached[a.To] = true
	}
	if len(p.starts) == 0 {
		r.Add(p.Pos, "没有 start 动作，无法立案", "there is no start action, so no case can be opened")
	}
	for grown := true; grown; {
		grown = false
		for _, a := range p.Actions {
			if a.To != "" && !reached[a.To] && slices.ContainsFunc(a.From, func(s string) bool { return reached[s] }) {
				reached[a.To], grown = true, true
			}
		}
	}
	for _, s := range p.States {
		if !reached[s.Name] {
			r.Add(s.Pos, fmt.Sprintf("没有动作能到达状态 %q；请加动作或删去此状态", s.Name), fmt.Sprintf("no action reaches state %q; add one or remove the state", s.Name))
		}
		leaves := slices.ContainsFunc(p.Actions, func(a *Action) bool { return a.To != "" && a.To != s.Name && slices.Contains(a.From, s.Name) })
		if s.Kind != End && !leaves {
			r.Add(s.Pos, fmt.Sprintf("状态 %q 没有出路；请加动作或改为 kind: end", s.Name), fmt.Sprintf("no action leaves state %q; add one or make it kind: end", s.Name))
		}
	}
}

// Compile checks every expression of the processes against env.
func Compile(processes []*Process, env *rule.Env, r *decl.Report) {
	for _, p := range processes {
		if p.Record == nil {
			continue
		}
		vars := p.Record.Vars()
		vars["old"] = rule.ObjectOf(p.Record.Shape())
		c := Compiler{env, vars, r}
		c.term(&p.Within)
		for _, s := range p.States {
			c.term(&s.Within)
			if s.Timeout != nil {
				c.term(&s.Timeout.After)
			}
			c.duty(s.Duty)
			c.duty(s.Escalate)
		}
		for _, a := range p.Actions {
			for i := range a.Guard {
				a.Guard[i].Expr = env.Compile(a.Guard[i].If, vars, rule.Bool, r)
			}
			a.compileSet(p.Record, c)
			for _, step := range a.Effects {
				if step.Effect != nil {
					step.when = c.Optional(step.When, rule.Bool)
					step.Effect.Compile(c)
				}
			}
		}
	}
}

func (c Compiler) term(t *Term) { t.expr = c.Optional(t.By, rule.String) }

func (c Compiler) duty(d *Duty) {
	if d == nil {
		return
	}
	d.org = c.Optional(d.Org, rule.String)
	d.orgs = c.Optional(d.Orgs, rule.ListOf(rule.String))
	d.assignee = c.Optional(d.Assignee, rule.String)
}

// compileSet keeps the written order of the record's fields, so that one set
// field may use another declared before it.
func (a *Action) compileSet(t *record.Type, c Compiler) {
	a.set = nil
	for _, f := range t.Fields {
		if src, ok := a.Set[f.Name]; ok {
			a.set = append(a.set, assignment{f, c.Optional(src, f.ResultType())})
		}
	}
	for name, src := range a.Set {
		if t.Field(name) == nil {
			c.Report.Add(src.Pos, fmt.Sprintf("没有字段 %q", name), fmt.Sprintf("there is no field %q", name))
		}
	}
}

// State returns a state by name, or nil.
func (p *Process) State(name string) *State { return p.state[name] }

// Action returns an action by name, or nil.
func (p *Process) Action(name string) *Action { return p.action[name] }
