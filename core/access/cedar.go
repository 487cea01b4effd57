package access

import (
	"iter"
	"strings"

	"github.com/cedar-policy/cedar-go"
	"github.com/cedar-policy/cedar-go/ast"
	"github.com/cedar-policy/cedar-go/types"

	"chengshu/core/identity"
	"chengshu/core/record"
	"chengshu/core/rule"
)

// The facts of a row stand in Cedar's context: they are read there without a
// look-up of entities, which halves the time of a decision. A field bears its
// own name; names with a capital cannot be those of fields.
const (
	scopePrefix  = "Scope_"  // a column of a scope, which is always there
	personPrefix = "Person_" // a column compared with the actor, as an entity
	taskHolders  = "TaskHolders"
	taskUnits    = "TaskUnits"
	subjectOfMe  = "SubjectOfMe" // the record that is about the actor
)

const personType types.EntityType = "Person" // also of clients that are no person: they make rows as persons do

func attribute(c column) types.String {
	if c.total {
		return types.String(scopePrefix + c.name)
	}
	if c.person {
		return types.String(personPrefix + c.name)
	}
	return types.String(c.name)
}

// policy returns the Cedar policy of a linked grant. That it is asked for its
// own action and type only is the business of targets.
func policy(r *permit, n node) *ast.Policy {
	p := ast.Annotation("grant", types.String(r.grant.Name)).Annotation("basis", types.String(r.grant.Basis)).Permit()
	if n.op == rule.Always {
		return p
	}
	return p.When(cedarNode(n))
}

// entityType is the name of a record type in Cedar, whose identifiers have no
// hyphens.
func entityType(typ string) types.EntityType {
	return types.EntityType("Record::" + strings.ReplaceAll(typ, "-", "_"))
}

func actionUID(action string) types.EntityUID {
	return types.NewEntityUID("Action", types.String(action))
}

// cedarNode writes n so that it never fails: each comparison first asks
// whether the attribute is there.
func cedarNode(n node) ast.Node {
	switch n.op {
	case rule.Always:
		return ast.True()
	case rule.Never:
		return ast.False()
	case rule.And, rule.Or:
		out := cedarNode(n.args[0])
		for _, a := range n.args[1:] {
			if n.op == rule.And {
				out = out.And(cedarNode(a))
			} else {
				out = out.Or(cedarNode(a))
			}
		}
		return out
	case opTask:
		return cedarTask(n)
	}
	attr := attribute(n.col)
	if n.col.total {
		return cedarCompare(n, ast.Context().Access(attr))
	}
	has := ast.Context().Has(attr)
	switch n.op {
	case rule.Has:
		return has
	case rule.Lacks:
		return ast.Not(has)
	}
	for _, v := range n.vals {
		if v.col != nil {
			has = has.And(ast.Context().Has(attribute(*v.col)))
		}
	}
	return has.And(cedarCompare(n, ast.Context().Access(attr)))
}

func cedarCompare(n node, left ast.Node) ast.Node {
	switch n.op {
	case rule.Prefix:
		return left.Like(prefixPattern(n))
	case rule.NotPrefix:
		return ast.Not(left.Like(prefixPattern(n)))
	case rule.In, rule.NotIn:
		var list []ast.Node
		for _, v := range n.vals {
			list = append(list, cedarValue(n.col.kind, v))
		}
		in := ast.Set(list...).Contains(left)
		if n.op == rule.NotIn {
			return ast.Not(in)
		}
		return in
	}
	v := n.vals[0]
	if v.from == mySubject {
		return left.Equal(ast.Context().Access(subjectOfMe))
	}
	right := cedarValue(n.col.kind, v)
	switch n.op {
	case rule.Equal:
		return left.Equal(right)
	case rule.NotEqual:
		return left.NotEqual(right)
	case rule.Less:
		return left.LessThan(right)
	case rule.LessEqual:
		return left.LessThanOrEqual(right)
	case rule.Greater:
		return left.GreaterThan(right)
	default:
		return left.GreaterThanOrEqual(right)
	}
}

func prefixPattern(n node) types.Pattern {
	return types.NewPattern(n.vals[0].constant.(string), types.Wildcard{})
}

func cedarValue(k kind, v value) ast.Node {
	switch {
	case v.from == me:
		return ast.Principal()
	case v.col != nil:
		return ast.Context().Access(attribute(*v.col))
	}
	c, _ := cedarValueOf(k, v.constant) // constants were checked when the grant was
	return ast.Value(c)
}

// cedarTask is true of a case with an open task of the actor, or of one of the
// organisations.
func cedarTask(n node) ast.Node {
	var mine *ast.Node
	var units []ast.Node
	for _, v := range n.vals {
		if v.from == me {
			holder := ast.Context().Has(taskHolders).And(ast.Context().Access(taskHolders).Contains(ast.Principal()))
			mine = &holder
			continue
		}
		units = append(units, ast.Value(types.String(v.constant.(string))))
	}
	if units == nil {
		return *mine
	}
	unit := ast.Context().Has(taskUnits).And(ast.Context().Access(taskUnits).ContainsAny(ast.Set(units...)))
	if mine == nil {
		return unit
	}
	return mine.Or(unit)
}

// cedarValueOf returns a native value as Cedar has it; ok is false when it is
// not one of its kind.
func cedarValueOf(k kind, v any) (_ types.Value, ok bool) {
	switch v := v.(type) {
	case string:
		if k == dateKind {
			return dateNumber(v)
		}
		return types.String(v), k == textKind || k == longText
	case int64:
		return types.Long(v), k == intKind
	case bool:
		return types.Boolean(v), k == boolKind
	}
	return nil, false
}

// dateNumber is 20260302 for "2026-03-02": dates sort alike as either.
func dateNumber(s string) (n types.Long, ok bool) {
	if len(s) != len("2026-03-02") {
		return 0, false
	}
	for i := range len(s) {
		switch c := s[i]; {
		case c >= '0' && c <= '9':
			n = n*10 + types.Long(c-'0')
		case c != '-':
			return 0, false
		}
	}
	return n, true
}

// loader puts one fact of a row into its attributes.
type loader struct {
	col   column
	other types.String // taskHolders, taskUnits or subjectOfMe instead of col
}

// facts lists what a tree needs to know of the row, each once.
func facts(n node, seen map[types.String]loader) {
	for _, a := range n.args {
		facts(a, seen)
	}
	switch n.op {
	case rule.And, rule.Or, rule.Always, rule.Never:
		return
	case opTask:
		for _, v := range n.vals {
			attr := types.String(taskUnits)
			if v.from == me {
				attr = taskHolders
			}
			seen[attr] = loader{other: attr}
		}
		return
	}
	seen[attribute(n.col)] = loader{col: n.col}
	for _, v := range n.vals {
		if v.col != nil {
			seen[attribute(*v.col)] = loader{col: *v.col}
		}
		if v.from == mySubject {
			seen[subjectOfMe] = loader{other: subjectOfMe}
		}
	}
}

// load returns the attribute's value, nil when the row has none; ok is false
// when the row holds something that the column cannot.
func (l loader) load(a *identity.Actor, row *Row, t *record.Type) (_ types.Value, ok bool) {
	switch l.other {
	case subjectOfMe:
		return types.NewEntityUID(personType, types.String(a.Subject)), true
	case taskHolders:
		return taskSet(row.Tasks, func(t Task) types.Value {
			if t.Assignee == "" {
				return nil
			}
			return types.NewEntityUID(personType, types.String(t.Assignee))
		}), true
	case taskUnits:
		return taskSet(row.Tasks, func(t Task) types.Value {
			if t.Org == "" {
				return nil
			}
			return types.String(t.Org)
		}), true
	}
	if l.col.total {
		s, ok := row.scopeColumn(l.col.name, t) // "" equals no person and begins with no path
		if l.col.person {
			return types.NewEntityUID(personType, types.String(s)), ok
		}
		return types.String(s), ok
	}
	v := row.column(l.col.name, t)
	if v == nil {
		return nil, true
	}
	if !l.col.person {
		return cedarValueOf(l.col.kind, v)
	}
	s, ok := v.(string)
	return types.NewEntityUID(personType, types.String(s)), ok
}

// taskSet is the set of something of each task, nil when it is empty.
func taskSet(tasks []Task, of func(Task) types.Value) types.Value {
	vals := make([]types.Value, 0, len(tasks))
	for _, t := range tasks {
		if v := of(t); v != nil {
			vals = append(vals, v)
		}
	}
	if len(vals) == 0 {
		return nil
	}
	return types.NewSet(vals...)
}

// scopeColumn returns the value of a column that a scope looks at.
func (row *Row) scopeColumn(name string, t *record.Type) (_ string, ok bool) {
	switch name {
	case "org":
		return row.Org, true
	case "place":
		return row.Place, true
	case "created_by":
		return row.CreatedBy, true
	}
	v := row.column(name, t)
	s, ok := v.(string)
	return s, ok || v == nil
}

// column returns the native value of a column of the row's table.
func (row *Row) column(name string, t *record.Type) any {
	switch name {
	case "id":
		return textOrNil(row.ID)
	case "org":
		return textOrNil(row.Org)
	case "place":
		return textOrNil(row.Place)
	case "created_by":
		return textOrNil(row.CreatedBy)
	case "assignee":
		if row.Assignee != "" || row.Fields == nil {
			return textOrNil(row.Assignee)
		}
	case t.SubjectBy:
		if row.Subject != "" || row.Fields == nil {
			return textOrNil(row.Subject)
		}
	}
	if row.Fields == nil {
		return nil
	}
	return row.Fields.Get(name)
}

func textOrNil(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// policies is a cedar.PolicyIterator over the linked grants of one plan.
type policies []numbered

type numbered struct {
	id types.PolicyID
	p  *cedar.Policy
}

// All implements cedar.PolicyIterator.
func (ps policies) All() iter.Seq2[types.PolicyID, *cedar.Policy] {
	return func(yield func(types.PolicyID, *cedar.Policy) bool) {
		for i := range ps {
			if !yield(ps[i].id, ps[i].p) {
				return
			}
		}
	}
}

// principal is the actor as Cedar knows it.
func principal(a *identity.Actor) types.EntityUID {
	if self := a.Self(); self != "" {
		return types.NewEntityUID(personType, types.String(self))
	}
	return types.NewEntityUID("Anonymous", "")
}

// match returns which of the plan's grants match the row, as bits.
func (p *plan) match(a *identity.Actor, row *Row) (matched uint64, failed string) {
	if len(p.loaders) == 0 {
		return p.fixed, ""
	}
	return p.authorize(a, row)
}

// authorize asks Cedar which of the plan's grants match, as bits. An error of
// any of them is a refusal of all.
func (p *plan) authorize(a *identity.Actor, row *Row) (matched uint64, failed string) {
	req := cedar.Request{Principal: principal(a), Action: p.target.actionUID, Resource: types.NewEntityUID(p.target.entity, types.String(row.ID))}
	if len(p.loaders) > 0 {
		attrs, _ := p.pool.Get().(types.RecordMap) // NewRecord copies it
		if attrs == nil {
			attrs = make(types.RecordMap, len(p.loaders))
		}
		defer p.pool.Put(attrs)
		clear(attrs)
		for i := range p.loaders {
			v, ok := p.loaders[i].load(a, row, p.target.typ)
			if !ok {
				return 0, "the row's " + string(p.attrs[i]) + " is not of its kind"
			}
			if v != nil {
				attrs[p.attrs[i]] = v
			}
		}
		req.Context = types.NewRecord(attrs)
	}
	decision, diag := cedar.Authorize(p.policies, nil, req)
	if len(diag.Errors) > 0 {
		return 0, diag.Errors[0].Message
	}
	if decision != cedar.Allow {
		return 0, ""
	}
	for _, reason := range diag.Reasons {
		for i := range p.policies {
			if p.policies[i].id == reason.PolicyID {
				matched |= 1 << i
				break
			}
		}
	}
	return matched, ""
}
