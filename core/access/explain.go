package access

import (
	"slices"

	"github.com/cedar-policy/cedar-go"

	"chengshu/core/identity"
	"chengshu/kernel/fault"
)

// Explained is one grant that an actor holds for one action on a type.
type Explained struct {
	Action  string     `json:"action"`
	Grant   string     `json:"grant"`
	Pack    string     `json:"pack"`
	Scope   Scope      `json:"scope"`
	When    string     `json:"when,omitempty"`
	Basis   string     `json:"basis"`
	Purpose fault.Text `json:"purpose"`
	Cedar   string     `json:"cedar"` // the policy as it is decided
	SQL     string     `json:"sql"`   // the predicate as it is searched
}

// Explain returns what a may do to rows of the type and why, by action and
// from the narrowest grant to the widest.
func (e *Engine) Explain(a *identity.Actor, typ string) []Explained {
	var out []Explained
	if a.System {
		return nil
	}
	for _, t := range e.targetsOf(typ) {
		p := t.plan(e, a)
		for i, pm := range p.permits {
			g := pm.grant
			sql, _ := sqlOf(p.trees[i]).render(a, 1)
			out = append(out, Explained{Action: t.action, Grant: g.Name, Pack: g.Pack, Scope: g.Scope, When: g.When.Text,
				Basis: g.Basis, Purpose: g.Purpose,
				Cedar: string(cedar.NewPolicyFromAST(policy(pm, t, p.trees[i], true)).MarshalCedar()),
				SQL:   sql})
		}
	}
	return out
}

// targetsOf returns the targets of a type by action.
func (e *Engine) targetsOf(typ string) []*target {
	var actions []string
	for k := range e.targets {
		if k.typ == typ {
			actions = append(actions, k.action)
		}
	}
	slices.Sort(actions)
	out := make([]*target, len(actions))
	for i, action := range actions {
		out[i] = e.targets[targetKey{action, typ}]
	}
	return out
}

// Grants returns all grants, in the order they were given to New.
func (e *Engine) Grants() []*Grant { return e.grants }
