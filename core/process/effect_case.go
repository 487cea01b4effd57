package process

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"chengshu/core/decl"
	"chengshu/core/identity"
	"chengshu/core/rule"
	"chengshu/kernel/db"
	"chengshu/kernel/fault"
)

// caseOpen is the effect case.open: a sub-case that begins with the action,
// both or neither. Its `parent` field says of which case it is a part; a state
// with `join: {of: cases, …}` waits until all of them are closed.
type caseOpen struct {
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

func (o *caseOpen) Check(_ *Process, s *decl.Set, r *decl.Report) {
	p, ok := decl.Find[*Process](s, KindName, o.Process)
	if !ok {
		zh, en := decl.Suggest(o.Process, s.Names(KindName))
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

// Compile checks the expressions, which see what the action's own see, and
// `each`.
func (o *caseOpen) Compile(c Compiler) {
	if o.process == nil || o.process.Record == nil {
		return // reported
	}
	o.each = c.Optional(o.Each, rule.ListOf(rule.String))
	if o.Each.Given() {
		c = c.with("each", rule.String)
	}
	o.fields = c.assignments(o.process.Record, o.Fields)
}

func (o *caseOpen) Plan(ctx context.Context, m *Moment) (Write, error) {
	each := []string{""}
	if o.each != nil {
		list, err := o.each.Eval(m.Vars)
		if err != nil {
			return nil, notOpened(o, fmt.Errorf("each: %w", err))
		}
		each = rule.Texts(list)
	}
	parts := make([]*move, len(each))
	for i, one := range each {
		if m.move.parts++; m.move.parts > maxSubCases || m.move.depth >= maxDepth {
			return nil, notOpened(o, fmt.Errorf("more than %d at once, or %d deep", maxSubCases, maxDepth))
		}
		var err error
		if parts[i], err = m.move.part(ctx, o, one); err != nil {
			return nil, notOpened(o, err)
		}
	}
	return func(tx *db.Tx, act string) error {
		for _, part := range parts {
			part.cmd.Cause = act
			if err := part.write(tx); err != nil {
				return err
			}
		}
		return nil
	}, nil
}

// notOpened says which sub-case could not be opened; its own mistakes are named
// by its own fields.
func notOpened(o *caseOpen, cause error) error {
	return refused(cause, "sub-case", "无法开启子事项“"+o.process.Title.Zh+"”", "the sub-case "+o.process.Title.En+" cannot be opened")
}

// refused says which effect of an action cannot be had and why. Faults that are
// not mistakes of content pass as they are.
func refused(cause error, code, zh, en string) error {
	if fault.KindOf(cause) != fault.Internal && !fault.Is(cause, fault.Invalid) {
		return cause
	}
	why := detail(cause)
	return fault.Wrap(cause, fault.Invalid, code, zh+"："+why.Zh, en+": "+why.En)
}

func detail(err error) fault.Text {
	var f *fault.Fault
	if !errors.As(err, &f) {
		return fault.Text{Zh: err.Error(), En: err.Error()}
	}
	out := f.Text
	for _, field := range f.Fields {
		out.Zh, out.En = out.Zh+"；"+field.Path+" "+field.Zh, out.En+"; "+field.Path+" "+field.En
	}
	return out
}

// part plans one sub-case. The program opens it, because of this action.
func (m *move) part(ctx context.Context, o *caseOpen, each string) (*move, error) {
	part := &move{e: m.e, p: o.process, a: o.action, to: o.process.state[o.action.To], now: m.now, parent: m, depth: m.depth + 1,
		decision: m.e.Access.DecideSystem(o.process.Name, o.process.Basis),
		cmd:      Command{Type: o.process.Name, Action: o.action.Name, Actor: identity.NewSystem(), Request: m.cmd.Request}}
	vars := maps.Clone(m.vars)
	vars["each"] = each
	var err error
	if part.input, err = inputs(o.fields, vars); err != nil {
		return nil, err
	}
	if err := part.fill(ctx); err != nil {
		return nil, err
	}
	part.draft.Set("parent", m.p.Name+"/"+m.draft.Row.ID)
	if err := part.guard(); err != nil {
		return nil, err
	}
	if err := part.arrive(ctx); err != nil {
		return nil, err
	}
	return part, part.planEffects(ctx)
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
