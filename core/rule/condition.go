package rule

import (
	"fmt"
	"time"

	celast "cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/parser"

	"chengshu/core/decl"
)

// Condition is a boolean expression in the small language that policies and
// databases understand too. It says when the expression is true, in positive
// form: negation has been pushed into the comparisons, and a comparison is
// true only when every field in it has a value. So whoever evaluates it in two
// values (true, and anything else) comes to the same answer.
type Condition struct {
	Op   Op
	Args []Condition // of And and Or

	Field Operand   // the left side of a comparison
	Value []Operand // the right side: one; any number for In and NotIn; none for Has and Lacks
}

// Op is what a Condition does.
type Op string

// The operators. Always and Never are constants; Prefix asks whether a text
// begins with another.
const (
	And          Op = "and"
	Or           Op = "or"
	Always       Op = "always"
	Never        Op = "never"
	Equal        Op = "="
	NotEqual     Op = "<>"
	Less         Op = "<"
	LessEqual    Op = "<="
	Greater      Op = ">"
	GreaterEqual Op = ">="
	In           Op = "in"
	NotIn        Op = "not in"
	Has          Op = "has"
	Lacks        Op = "lacks"
	Prefix       Op = "prefix"
	NotPrefix    Op = "not prefix"
)

// Operand is a field of a variable, or a constant when Var is empty: a string,
// int64, float64, bool or time.Time.
type Operand struct {
	Var, Field string
	Const      any
}

// IsField reports whether o is a field.
func (o Operand) IsField() bool { return o.Var != "" }

// Condition returns the expression as a Condition, or what in it cannot be
// said as one.
func (x *Expr) Condition() (Condition, error) {
	t := translator{info: x.AST().SourceInfo()}
	c := t.bool(x.AST().Expr(), true)
	return c, t.err
}

// Unsupported is the error of an expression that is no Condition.
type Unsupported struct{ Text decl.Text }

func (u *Unsupported) Error() string { return u.Text.En }

type translator struct {
	info *celast.SourceInfo
	err  error // the first mistake
}

func (t *translator) fail(e celast.Expr) {
	if t.err != nil {
		return
	}
	text, err := parser.Unparse(e, t.info)
	if err != nil {
		text = "?"
	}
	t.err = &Unsupported{decl.Text{
		Zh: fmt.Sprintf("此处的条件也要能在数据库中执行，不支持 %q；可用：字段与常量或同类字段的比较、in、has、startsWith、&&、||、!", text),
		En: fmt.Sprintf("this condition must also run in the database, where %q cannot; use comparisons of a field with a constant or a field of its kind, in, has, startsWith, &&, ||, !", text),
	}}
}

// bool translates e when want is true, and its negation otherwise.
func (t *translator) bool(e celast.Expr, want bool) Condition {
	switch e.Kind() {
	case celast.LiteralKind:
		if b, ok := e.AsLiteral().Value().(bool); ok {
			return constant(b == want)
		}
	case celast.SelectKind:
		o := t.operand(e)
		if e.AsSelect().IsTestOnly() {
			return Condition{Op: pick(want, Has, Lacks), Field: o}
		}
		return Condition{Op: Equal, Field: o, Value: []Operand{{Const: want}}}
	case celast.CallKind:
		return t.call(e, want)
	}
	t.fail(e)
	return Condition{}
}

func constant(b bool) Condition { return Condition{Op: pick(b, Always, Never)} }

func pick(b bool, yes, no Op) Op {
	if b {
		return yes
	}
	return no
}

// compare maps CEL's comparisons to the operator when true, when false, and
// with the sides exchanged.
var compare = map[string]struct{ yes, no, turned, turnedNo Op }{
	operators.Equals:        {Equal, NotEqual, Equal, NotEqual},
	operators.NotEquals:     {NotEqual, Equal, NotEqual, Equal},
	operators.Less:          {Less, GreaterEqual, Greater, LessEqual},
	operators.LessEquals:    {LessEqual, Greater, GreaterEqual, Less},
	operators.Greater:       {Greater, LessEqual, Less, GreaterEqual},
	operators.GreaterEquals: {GreaterEqual, Less, LessEqual, Greater},
}

func (t *translator) call(e celast.Expr, want bool) Condition {
	call := e.AsCall()
	args := call.Args()
	switch fn := call.FunctionName(); fn {
	case operators.LogicalAnd, operators.LogicalOr:
		op := pick((fn == operators.LogicalAnd) == want, And, Or)
		return Condition{Op: op, Args: []Condition{t.bool(args[0], want), t.bool(args[1], want)}}
	case operators.LogicalNot:
		return t.bool(args[0], !want)
	case operators.In:
		return t.in(args[0], args[1], want)
	case "startsWith":
		field, prefix := t.operand(call.Target()), t.operand(args[0])
		if s, ok := prefix.Const.(string); !ok || s == "" || !field.IsField() {
			t.fail(e)
		}
		return Condition{Op: pick(want, Prefix, NotPrefix), Field: field, Value: []Operand{prefix}}
	default:
		ops, ok := compare[fn]
		if !ok {
			t.fail(e)
			return Condition{}
		}
		left, right := t.operand(args[0]), t.operand(args[1])
		switch {
		case left.IsField():
			return Condition{Op: pick(want, ops.yes, ops.no), Field: left, Value: []Operand{right}}
		case right.IsField():
			return Condition{Op: pick(want, ops.turned, ops.turnedNo), Field: right, Value: []Operand{left}}
		}
		t.fail(e)
		return Condition{}
	}
}

func (t *translator) in(left, right celast.Expr, want bool) Condition {
	c := Condition{Op: pick(want, In, NotIn), Field: t.operand(left)}
	if right.Kind() != celast.ListKind || !c.Field.IsField() {
		t.fail(right)
		return c
	}
	for _, el := range right.AsList().Elements() {
		o := t.operand(el)
		if o.IsField() {
			t.fail(el)
		}
		c.Value = append(c.Value, o)
	}
	if len(c.Value) == 0 {
		t.fail(right)
	}
	return c
}

// operand translates a field or a constant.
func (t *translator) operand(e celast.Expr) Operand {
	switch e.Kind() {
	case celast.LiteralKind:
		switch v := e.AsLiteral().Value().(type) {
		case string, int64, float64, bool:
			return Operand{Const: v}
		}
	case celast.SelectKind:
		s := e.AsSelect()
		if s.Operand().Kind() == celast.IdentKind {
			return Operand{Var: s.Operand().AsIdent(), Field: s.FieldName()}
		}
	case celast.CallKind:
		if at, ok := timeLiteral(e.AsCall()); ok {
			return Operand{Const: at}
		}
	}
	t.fail(e)
	return Operand{}
}

// timeLiteral reads timestamp("2026-01-01T00:00:00Z").
func timeLiteral(c celast.CallExpr) (time.Time, bool) {
	if c.FunctionName() != "timestamp" || len(c.Args()) != 1 || c.Args()[0].Kind() != celast.LiteralKind {
		return time.Time{}, false
	}
	s, ok := c.Args()[0].AsLiteral().Value().(string)
	if !ok {
		return time.Time{}, false
	}
	at, err := time.Parse(time.RFC3339, s)
	return at, err == nil
}
