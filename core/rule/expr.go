package rule

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"cel.dev/cel-go/cel"
	celast "cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/parser"
	"go.yaml.in/yaml/v3"

	"chengshu/core/decl"
)

// Source is the text of an expression and where it stands.
type Source struct {
	Text string
	Pos  decl.Pos
}

// DecodeDecl reads an expression from a declaration.
func (s *Source) DecodeDecl(n *yaml.Node, file string, r *decl.Report) {
	s.Pos = decl.PosOf(n, file)
	if n.Kind != yaml.ScalarNode {
		r.Add(s.Pos, "此处应为一个表达式", "expected an expression here")
		return
	}
	s.Text = n.Value
}

// Given reports whether the source was written at all.
func (s Source) Given() bool { return s.Text != "" }

// costLimit bounds one evaluation; a guard over a hundred list items costs
// about a thousand.
const costLimit = 1_000_000

// Expr is a checked expression. The program is built at first use.
type Expr struct {
	Source
	env *cel.Env
	ast *cel.Ast
	sql map[string]func(args []string) string // of the functions that have one

	once sync.Once
	prg  cel.Program
	err  error

	partsOnce sync.Once
	parts     []part
}

// AST returns the checked tree, for engines that compile it to SQL or columns.
func (x *Expr) AST() *celast.AST { return x.ast.NativeRep() }

// Type returns the static type of the result.
func (x *Expr) Type() Type { return x.ast.OutputType() }

// Gives reports whether the expression gives a value of type t, or one whose
// type is known only when it is evaluated.
func (x *Expr) Gives(t Type) bool { return t.IsAssignableType(x.ast.OutputType()) }

func (x *Expr) program() (cel.Program, error) {
	x.once.Do(func() { x.prg, x.err = plan(x.env, x.ast) })
	return x.prg, x.err
}

func plan(env *cel.Env, ast *cel.Ast) (cel.Program, error) {
	return env.Program(ast, cel.EvalOptions(cel.OptOptimize), cel.CostLimit(costLimit))
}

// Eval runs the expression. The result is a Go value: string, int64, float64,
// bool, time.Time, Object, []any, or nil for null. An error means that the
// expression is undecided: a value it needs is missing.
func (x *Expr) Eval(vars map[string]any) (any, error) {
	prg, err := x.program()
	if err != nil {
		return nil, err
	}
	out, _, err := prg.Eval(vars)
	if err != nil {
		return nil, err
	}
	return native(out), nil
}

// True runs a condition; undecided counts as false.
func (x *Expr) True(vars map[string]any) bool {
	v, err := x.Eval(vars)
	b, ok := v.(bool)
	return err == nil && ok && b
}

func native(v ref.Val) any {
	switch v := v.(type) {
	case types.Null:
		return nil
	case types.Timestamp:
		return v.Time
	case types.Duration:
		return time.Duration(v.Duration)
	case object:
		return v.Object
	}
	if l, ok := v.Value().([]ref.Val); ok {
		out := make([]any, len(l))
		for i, e := range l {
			out[i] = native(e)
		}
		return out
	}
	return v.Value()
}

// Verdict says how one part of a condition came out.
type Verdict int

const (
	False Verdict = iota
	True
	Unknown // a value it needs is missing
)

// Finding is one conjunct of a condition and its verdict.
type Finding struct {
	Text    string // the conjunct as CEL text
	Verdict Verdict
	Cause   string // why it is unknown
}

type part struct {
	text string
	prg  cel.Program
	err  error
}

// Explain evaluates each conjunct of a condition by itself and returns those
// that are not true, so that a refusal can say which condition failed.
func (x *Expr) Explain(vars map[string]any) []Finding {
	x.partsOnce.Do(x.split)
	var out []Finding
	for _, p := range x.parts {
		f := Finding{Text: p.text}
		if p.err != nil {
			f.Verdict, f.Cause = Unknown, p.err.Error()
		} else if v, _, err := p.prg.Eval(vars); err != nil {
			f.Verdict, f.Cause = Unknown, err.Error()
		} else if b, _ := v.Value().(bool); b {
			continue
		}
		out = append(out, f)
	}
	return out
}

// split takes the condition apart at its top-level &&.
func (x *Expr) split() {
	tree := x.ast.NativeRep()
	var walk func(e celast.Expr)
	walk = func(e celast.Expr) {
		if e.Kind() == celast.CallKind && e.AsCall().FunctionName() == operators.LogicalAnd {
			for _, a := range e.AsCall().Args() {
				walk(a)
			}
			return
		}
		text, err := parser.Unparse(e, tree.SourceInfo())
		p := part{text: text, err: err}
		if err == nil {
			p.prg, p.err = x.planText(text)
		}
		x.parts = append(x.parts, p)
	}
	walk(tree.Expr())
}

func (x *Expr) planText(text string) (cel.Program, error) {
	ast, issues := x.env.Compile(text)
	if issues.Err() != nil {
		return nil, fmt.Errorf("part %q: %w", strings.TrimSpace(text), issues.Err())
	}
	return plan(x.env, ast)
}

// Reads returns the fields of the variable that the expression looks at, and
// whether it looks at anything else that may change: another variable, the
// variable as a whole, or the world through a function.
func (x *Expr) Reads(variable string) (fields []string, others bool) {
	seen := map[string]bool{}
	var walk func(e celast.Expr)
	walk = func(e celast.Expr) {
		switch e.Kind() {
		case celast.SelectKind:
			of := e.AsSelect().Operand()
			if of.Kind() == celast.IdentKind && of.AsIdent() == variable {
				seen[e.AsSelect().FieldName()] = true
				return
			}
			walk(of)
		case celast.IdentKind:
			others = true
		case celast.CallKind:
			if e.AsCall().IsMemberFunction() {
				walk(e.AsCall().Target())
			}
			for _, a := range e.AsCall().Args() {
				walk(a)
			}
		case celast.ListKind:
			for _, a := range e.AsList().Elements() {
				walk(a)
			}
		case celast.LiteralKind:
		default:
			others = true
		}
	}
	walk(x.AST().Expr())
	return slices.Sorted(maps.Keys(seen)), others
}
