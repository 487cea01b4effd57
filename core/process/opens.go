package process

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"chengshu/core/decl"
	"chengshu/core/identity"
	"chengshu/core/rule"
	"chengshu/kernel/fault"
)

// Opening is a sub-case that an action opens, in the same transaction: both
// are there or neither. Its `parent` field says of which case it is a part; a
// state with `join: {of: cases, …}` waits until all of them are closed.
type Opening struct {
	decl.Pos
	Process string `yaml:"process,required"`
	Action  string `yaml:"action,required"` // a start action of that process
	// Each gives a list of texts: one sub-case is opened for each, and the
	// fields may use it as `each`. Without it one is opened.
	Each rule.Source `yaml:"each"`
	// Fields are what the sub-case begins with, beside its own defaults.
	Fields map[string]rule.Source `yaml:"fields"`

	process *Process
	action  *Action
	each    *rule.Expr
	fields  []assignment
}

const (
	maxSubCases = 200 // that one action opens
	maxDepth    = 8   // of sub-cases that open sub-cases at once
)

// check resolves what the opening names.
func (o *Opening) check(s *decl.Set, r *decl.Report) {
	p, ok := decl.Find[*Process](s, Kind.Name, o.Process)
	if !ok {
		zh, en := decl.Suggest(o.Process, s.Names(Kind.Name))
		r.Add(o.Pos, fmt.Sprintf("没有流程 %q；%s", o.Process, zh), fmt.Sprintf("no process %q; %s", o.Process, en))
		return
	}
	i := slices.IndexFunc(p.Actions, func(a *Action) bool { return a.Start && a.Name == o.Action })
	if i < 0 {
		r.Add(o.Pos, fmt.Sprintf("流程 %q 没有 start 动作 %q", p.Name, o.Action), fmt.Sprintf("process %q has no start action %q", p.Name, o.Action))
		return
	}
	o.process, o.action = p, p.Actions[i]
}

// compile checks the expressions, which see what the action's own see, and
// `each`.
func (o *Opening) compile(c compiler) {
	if o.process == nil || o.process.Record == nil {
		return // reported
	}
	o.each = c.optional(o.Each, rule.ListOf(rule.String))
	if o.Each.Given() {
		c.vars = maps.Clone(c.vars)
		c.vars["each"] = rule.String
	}
	for _, name := range slices.Sorted(maps.Keys(o.Fields)) {
		src, f := o.Fields[name], o.process.Record.Field(name)
		if f == nil || f.System && !settable(name) || !f.FromRules() {
			c.r.Add(src.Pos, fmt.Sprintf("%q 没有可由此填写的字段 %q", o.Process, name), fmt.Sprintf("%q has no field %q that can be filled here", o.Process, name))
			continue
		}
		o.fields = append(o.fields, assignment{f, c.optional(src, f.ResultType())})
	}
}

// openings plans the sub-cases of the action.
func (m *move) openings(ctx context.Context) error {
	for _, o := range m.a.Opens {
		each := []string{""}
		if o.each != nil {
			list, err := o.each.Eval(m.vars)
			if err != nil {
				return notOpened(o, fmt.Errorf("each: %w", err))
			}
			each = rule.Texts(list)
		}
		for _, one := range each {
			if len(m.parts) >= maxSubCases || m.depth >= maxDepth {
				return notOpened(o, fmt.Errorf("more than %d at once, or %d deep", maxSubCases, maxDepth))
			}
			part, err := m.part(ctx, o, one)
			if err != nil {
				return notOpened(o, err)
			}
			m.parts = append(m.parts, part)
		}
	}
	return nil
}

// notOpened says which sub-case could not be opened; its own mistakes are named
// by its own fields.
func notOpened(o *Opening, cause error) error {
	if fault.KindOf(cause) != fault.Internal && !fault.Is(cause, fault.Invalid) {
		return cause
	}
	return fault.Wrap(cause, fault.Invalid, "sub-case", "无法开启子事项“"+o.process.Title.Zh+"”："+detail(cause).Zh,
		"the sub-case "+o.process.Title.En+" cannot be opened: "+detail(cause).En)
}

func detail(err error) fault.Text {
	f, ok := err.(*fault.Fault)
	if !ok {
		return fault.Text{Zh: err.Error(), En: err.Error()}
	}
	out := f.Text
	for _, field := range f.Fields {
		out.Zh, out.En = out.Zh+"；"+field.Path+" "+field.Zh, out.En+"; "+field.Path+" "+field.En
	}
	return out
}

// part plans one sub-case. The program opens it, because of this action.
func (m *move) part(ctx context.Context, o *Opening, each string) (*move, error) {
	part := &move{e: m.e, p: o.process, a: o.action, to: o.process.state[o.action.To], now: m.now, parent: m, depth: m.depth + 1,
		decision: m.e.Access.DecideSystem(o.process.Name, o.process.Basis),
		cmd:      Command{Type: o.process.Name, Action: o.action.Name, Actor: identity.NewSystem(), Request: m.cmd.Request, Input: map[string]any{}}}
	vars := maps.Clone(m.vars)
	vars["each"] = each
	for _, a := range o.fields {
		v, err := a.expr.Eval(vars)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", a.field.Name, err)
		}
		if part.cmd.Input[a.field.Name], err = a.field.Input(v); err != nil {
			return nil, err
		}
	}
	if err := part.fill(ctx); err != nil {
		return nil, err
	}
	part.draft.Set("parent", m.p.Name+"/"+m.draft.Row.ID)
	if err := part.guard(); err != nil {
		return nil, err
	}
	return part, part.arrive(ctx)
}

// takes reports whether the input may set a system field.
func (m *move) takes(name string) bool {
	if m.parent != nil {
		return settable(name)
	}
	return m.a.formName[name] != nil
}

// settable names the case fields that declarations may give values to; the
// others follow from the life of the case.
func settable(name string) bool { return name == "unit" || name == "assignee" }
