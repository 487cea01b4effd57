package process

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"chengshu/core/decl"
	"chengshu/core/evidence"
	"chengshu/core/identity"
	"chengshu/core/record"
	"chengshu/core/rule"
	"chengshu/kernel/db"
	"chengshu/kernel/fault"
	"chengshu/kernel/id"
)

// recordWrite is the effect record.write: a record that the action creates, or
// revises when `id` says which. The program writes it on the legal basis of the
// process; its act names the transition as its cause.
type recordWrite struct {
	decl.Pos
	Type   string                 `yaml:"type,required"`
	ID     rule.Source            `yaml:"id"` // absent: a new record
	Fields map[string]rule.Source `yaml:"fields,required"`

	record *record.Type
	id     *rule.Expr
	fields []assignment
}

func (w *recordWrite) Check(_ *Process, s *decl.Set, r *decl.Report) {
	t, ok := decl.Find[*record.Type](s, record.Kind.Name, w.Type)
	if !ok {
		zh, en := decl.Suggest(w.Type, s.Names(record.Kind.Name))
		r.Add(w.Pos, fmt.Sprintf("没有记录类型 %q；%s", w.Type, zh), fmt.Sprintf("no record type %q; %s", w.Type, en))
		return
	}
	if _, moves := decl.Find[*Process](s, KindName, w.Type); moves {
		r.Add(w.Pos, fmt.Sprintf("%q 是事项，只能由其动作改变；开启子事项用 case.open", w.Type), fmt.Sprintf("%q is a case type, which only its actions change; case.open opens one", w.Type))
		return
	}
	w.record = t
}

func (w *recordWrite) Compile(c Compiler) {
	if w.record == nil {
		return // reported
	}
	w.id = c.Optional(w.ID, rule.String)
	w.fields = c.assignments(w.record, w.Fields)
}

func (w *recordWrite) Plan(ctx context.Context, m *Moment) (Write, error) {
	e := m.move.e
	author := m.Author()
	verb, plan := w.Type+".create", func(input map[string]any) (*record.Draft, error) {
		return e.Records.PlanCreate(ctx, w.record, input, author)
	}
	if w.id != nil {
		rowID, err := Text(w.id, m.Vars)
		if err != nil {
			return nil, w.refuse(err)
		}
		row, err := e.Records.Get(e.DB.Read(ctx), w.record, rowID)
		if err != nil {
			return nil, w.refuse(fmt.Errorf("%w: %q", err, rowID))
		}
		verb, plan = w.Type+".revise", func(input map[string]any) (*record.Draft, error) {
			return e.Records.PlanRevise(ctx, row, input, author)
		}
	}
	input, err := inputs(w.fields, m.Vars)
	if err != nil {
		return nil, w.refuse(err)
	}
	draft, err := plan(input)
	if err != nil {
		return nil, w.refuse(err)
	}
	return m.Write(draft, verb), nil
}

// Write is the planned write of a record: the program writes it on the legal
// basis of the process, and its act names the transition as its cause.
func (m *Moment) Write(draft *record.Draft, verb string) Write {
	e, t := m.move.e, draft.Row.Type
	decision := e.Access.DecideSystem(m.move.p.Name, m.move.p.Basis)
	return func(tx *db.Tx, cause string) error {
		act := evidence.Act{ID: id.New(), At: m.Now.UnixMilli(), Verb: verb, Grant: decision.Grant, Basis: decision.Basis,
			Purpose: decision.Purpose, Request: m.move.cmd.Request, Cause: cause}
		rev, err := draft.Write(tx, record.Stamp{Act: act.ID, Verb: verb, At: act.At})
		if fault.Code(err) == "stale-revision" { // of the record, not of the case
			return fault.Wrap(err, fault.Conflict, Again, "“"+t.Title.Zh+"”同时被别人修改，请再试一次", "the record "+t.Title.En+" was changed at the same time; try again")
		}
		if err != nil {
			return err
		}
		act.Subject = evidence.Subject{Type: t.Name, ID: draft.Row.ID, Rev: rev.Rev, Digest: rev.Digest}
		act.Changed = rev.Changed
		_, err = e.Evidence.Append(tx, act)
		tx.AfterCommit(func() { e.Events.Publish("record." + t.Name) })
		return err
	}
}

// Author is the program as the author of a record.
func (m *Moment) Author() record.Author {
	return record.Author{Actor: actorObject{identity.NewSystem()}, Now: m.Now}
}

func (w *recordWrite) refuse(cause error) error {
	return refused(cause, "record-write", "无法写入“"+w.record.Title.Zh+"”", "the record "+w.record.Title.En+" cannot be written")
}

// assignments compiles what a declaration gives to the fields of another type,
// in a stable order.
func (c Compiler) assignments(t *record.Type, fields map[string]rule.Source) []assignment {
	var out []assignment
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		src, f := fields[name], t.Field(name)
		if f == nil || f.System && !settable(name) || !f.FromRules() {
			c.Report.Add(src.Pos, fmt.Sprintf("%q 没有可由此填写的字段 %q", t.Name, name), fmt.Sprintf("%q has no field %q that can be filled here", t.Name, name))
			continue
		}
		out = append(out, assignment{f, c.Optional(src, f.ResultType())})
	}
	return out
}

// inputs evaluates assignments into what a new record or case is given.
func inputs(fields []assignment, vars map[string]any) (map[string]any, error) {
	out := make(map[string]any, len(fields))
	for _, a := range fields {
		v, err := a.expr.Eval(vars)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", a.field.Name, err)
		}
		if out[a.field.Name], err = a.field.Input(v); err != nil {
			return nil, err
		}
	}
	return out, nil
}
