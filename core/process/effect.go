package process

import (
	"context"
	"fmt"
	"maps"
	"time"

	"chengshu/core/decl"
	"chengshu/core/identity"
	"chengshu/core/record"
	"chengshu/core/rule"
	"chengshu/kernel/db"
	"chengshu/kernel/fault"

	"go.yaml.in/yaml/v3"
)

// EffectKind is one thing that actions can do beside moving their case. The
// program registers all kinds in one list; packs name them:
//
//	effects:
//	  - notify: {to: row.reporter, text: {zh: …, en: …}}
type EffectKind struct {
	Name string        // "notify"
	New  func() Effect // an empty declaration, which decl.Decode fills
}

// Effects are the kinds that this package brings.
func Effects() []EffectKind {
	return []EffectKind{
		{"case.open", func() Effect { return &caseOpen{} }},
		{"record.write", func() Effect { return &recordWrite{} }},
		{"notify", func() Effect { return &notify{} }},
	}
}

// Effect is one declared effect of an action: a TxEffect or a JobEffect.
type Effect interface {
	// Check resolves the names in the declaration. p is the process it stands in.
	Check(p *Process, s *decl.Set, r *decl.Report)
	// Compile checks its expressions.
	Compile(c Compiler)
}

// TxEffect is an effect that is written in the transaction of the transition:
// both happen or neither.
type TxEffect interface {
	Effect
	// Plan decides outside the transaction what is to be written in it. Its
	// faults refuse the action.
	Plan(ctx context.Context, m *Moment) (Write, error)
}

// Write carries a planned effect out, in the transaction of the transition.
// act is the id of the transition's act, which caused it. It may be called
// again when the transaction is run again.
type Write func(tx *db.Tx, act string) error

// Moment is what an effect may know of the action that it belongs to.
type Moment struct {
	Case  *record.Row // as it will be; its number is known when Write is called
	Actor *identity.Actor
	Now   time.Time
	Vars  map[string]any // what expressions see: row, old, me, now
	move  *move
}

// Set gives a field of the case a value; it is part of the transition.
func (m *Moment) Set(field string, value any) { m.move.draft.Set(field, value) }

// Again is the code of a Conflict with which a Write asks for the action to be
// planned anew: what it was planned on has changed.
const Again = "plan-again"

// Step is an effect as it stands in a pack: the kind's name with what that kind
// asks for and, beside it, under which condition it happens.
type Step struct {
	decl.Pos
	Name   string
	When   rule.Source // empty: always
	Effect Effect      // nil when the declaration has mistakes

	node *yaml.Node
	when *rule.Expr
}

// DecodeDecl keeps what the kind will read: see Process.checkEffects.
func (s *Step) DecodeDecl(n *yaml.Node, file string, r *decl.Report) {
	s.Pos = decl.PosOf(n, file)
	effects := 0
	for i := 0; i+1 < len(n.Content); i += 2 {
		if key, value := n.Content[i], n.Content[i+1]; key.Value == "when" {
			s.When.DecodeDecl(value, file, r)
		} else {
			effects++
			s.Name, s.node = key.Value, value
		}
	}
	if n.Kind != yaml.MappingNode || effects != 1 {
		s.node = nil
		r.Add(s.Pos, "此处应为一个“效果名: {…}”，可另写 when", "expected one `effect: {…}` here, and `when` beside it if need be")
	}
}

// checkEffects reads the effects of all actions by their kinds.
func (p *Process) checkEffects(s *decl.Set, r *decl.Report) {
	names := make([]string, len(p.effects))
	kinds := map[string]EffectKind{}
	for i, k := range p.effects {
		names[i], kinds[k.Name] = k.Name, k
	}
	for _, a := range p.Actions {
		revised := map[[2]string]bool{} // records, by type and the expression of their id
		for _, step := range a.Effects {
			if step.node == nil {
				continue // reported
			}
			kind, ok := kinds[step.Name]
			if !ok {
				zh, en := decl.Suggest(step.Name, names)
				r.Add(step.Pos, fmt.Sprintf("没有效果 %q；%s", step.Name, zh), fmt.Sprintf("no effect %q; %s", step.Name, en))
				continue
			}
			step.Effect = kind.New()
			decl.Decode(step.node, step.File, step.Effect, r)
			step.Effect.Check(p, s, r)
			p.checkJob(a, step, r)
			if w, ok := step.Effect.(*recordWrite); ok && w.ID.Given() {
				if key := [2]string{w.Type, w.ID.Text}; revised[key] {
					r.Add(step.Pos, "同一动作中对同一条记录只能写一次，请合并 fields", "an action can write a record once; put the fields together")
				} else {
					revised[key] = true
				}
			}
		}
	}
}

// Text evaluates an expression that gives a text. That it gives none is an error.
func Text(x *rule.Expr, vars map[string]any) (string, error) {
	v, err := x.Eval(vars)
	if err != nil {
		return "", err
	}
	s, ok := v.(string)
	if !ok || s == "" {
		return "", fault.New(fault.Invalid, "no-value", "“"+x.Text+"”没有值", x.Text+" has no value")
	}
	return s, nil
}

// planEffects plans what the action does beside moving the case.
func (m *move) planEffects(ctx context.Context) error {
	for i, step := range m.a.Effects {
		if step.when != nil && !step.when.True(m.vars) {
			continue
		}
		write, err := m.planEffect(ctx, step.Effect, i)
		if err != nil {
			return err
		}
		m.effects = append(m.effects, write)
	}
	return nil
}

func (m *move) planEffect(ctx context.Context, eff Effect, place int) (Write, error) {
	at := &Moment{Case: m.draft.Row, Actor: m.cmd.Actor, Now: m.now, Vars: m.vars, move: m}
	if eff, ok := eff.(JobEffect); ok {
		return m.enqueue(ctx, eff, place, at)
	}
	return eff.(TxEffect).Plan(ctx, at)
}

// Compiler checks the expressions of a process.
type Compiler struct {
	Env    *rule.Env
	Vars   rule.Vars
	Report *decl.Report
}

// Optional compiles an expression that gives want; nil when none is written.
func (c Compiler) Optional(src rule.Source, want rule.Type) *rule.Expr {
	if !src.Given() {
		return nil
	}
	return c.Env.Compile(src, c.Vars, want, c.Report)
}

// with returns c with one more variable.
func (c Compiler) with(name string, t rule.Type) Compiler {
	c.Vars = maps.Clone(c.Vars)
	c.Vars[name] = t
	return c
}
