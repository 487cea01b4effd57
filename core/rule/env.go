package rule

import (
	"fmt"
	"slices"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/decls"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/ext"

	"chengshu/core/decl"
)

// Type is the static type of a value in an expression.
type Type = *cel.Type

// The types that fields and functions use. A date is a String in ISO order, a
// reference a String holding an id, a decimal a Double.
var (
	String = cel.StringType
	Int    = cel.IntType
	Double = cel.DoubleType
	Bool   = cel.BoolType
	Time   = cel.TimestampType
	Dyn    = cel.DynType
)

// ListOf returns the type of a list of t.
func ListOf(t Type) Type { return cel.ListType(t) }

// ObjectOf returns the type of objects of the named shape.
func ObjectOf(shape string) Type { return types.NewObjectType(shape) }

// Shape is a named object type: the fields that expressions may read.
type Shape struct {
	Name   string
	Fields map[string]Type
}

// Object is a value of some shape. RuleField returns nil for a field that has
// no value; times are time.Time, lists []string or []any.
type Object interface{ RuleField(name string) any }

// Map is an Object made of a Go map.
type Map map[string]any

// RuleField returns m[name].
func (m Map) RuleField(name string) any { return m[name] }

// Function is a total function that expressions may call. Call gets Go values
// (string, int64, float64, bool, time.Time, Object, []any) and returns one; an
// error makes the expression undecided. SQL, if it has one, writes the same in
// the SQL of DuckDB, null for an error: see Expr.SQL.
type Function struct {
	Name   string
	Params []Type
	Result Type
	Call   func(args []any) (any, error)
	SQL    func(args []string) string
}

// Env compiles expressions over a fixed set of shapes and functions. It is
// safe for concurrent use.
type Env struct {
	base     *cel.Env
	provider *provider
	sql      map[string]func(args []string) string
}

// NewEnv returns an environment; registering two shapes or functions of one
// name is a programming error and panics.
func NewEnv(shapes []Shape, functions []Function) *Env {
	registry, err := types.NewRegistry()
	if err != nil {
		panic("rule: " + err.Error())
	}
	p := &provider{Registry: registry, shapes: map[string]Shape{}}
	for _, s := range shapes {
		if _, twice := p.shapes[s.Name]; twice {
			panic("rule: shape registered twice: " + s.Name)
		}
		p.shapes[s.Name] = s
	}
	opts := []cel.EnvOption{
		cel.CustomTypeProvider(p), cel.CustomTypeAdapter(adapter{registry}),
		ext.Strings(), ext.Sets(), ext.Math(), cel.OptionalTypes(),
		cel.EnableMacroCallTracking(), // so that exists, all and map can be written out again
	}
	sql := map[string]func(args []string) string{}
	for _, f := range slices.Concat(builtins, functions) {
		opts = append(opts, f.option())
		if f.SQL != nil {
			sql[f.Name] = f.SQL
		}
	}
	base, err := cel.NewEnv(opts...)
	if err != nil {
		panic("rule: " + err.Error())
	}
	return &Env{base, p, sql}
}

func (f Function) option() cel.EnvOption {
	// Arguments were checked when the expression was; what may still come is
	// null, which a total function answers for itself.
	return cel.Function(f.Name, decls.DisableTypeGuards(true), cel.Overload(f.Name+"_overload", f.Params, f.Result,
		cel.FunctionBinding(func(vals ...ref.Val) ref.Val {
			args := make([]any, len(vals))
			for i, v := range vals {
				args[i] = v.Value()
				if v.Type() == types.NullType {
					args[i] = nil
				}
			}
			out, err := f.Call(args)
			if err != nil {
				return types.NewErr("%s: %v", f.Name, err)
			}
			return adapter{types.DefaultTypeAdapter}.NativeToValue(out)
		})))
}

// Vars names the variables of an expression and their types.
type Vars map[string]Type

// Compile checks src against vars and wants a result of type want (Dyn for
// any). Mistakes go into r at pos; the result is then nil.
func (e *Env) Compile(src Source, vars Vars, want Type, r *decl.Report) *Expr {
	if src.Text == "" {
		r.Add(src.Pos, "表达式为空", "the expression is empty")
		return nil
	}
	env := e.base
	opts := make([]cel.EnvOption, 0, len(vars))
	for name, t := range vars {
		opts = append(opts, cel.Variable(name, t))
	}
	env, err := env.Extend(opts...)
	if err != nil {
		r.Add(src.Pos, "表达式环境有误："+err.Error(), "bad expression environment: "+err.Error())
		return nil
	}
	ast, issues := env.Compile(src.Text)
	if issues != nil && issues.Err() != nil {
		for _, i := range issues.Errors() {
			at := src.Pos
			if i.Location.Line() == 1 {
				at.Col += i.Location.Column()
			} else {
				at.Line += i.Location.Line() - 1
			}
			r.Add(at, "表达式有误："+i.Message, "mistake in the expression: "+i.Message)
		}
		return nil
	}
	if got := ast.OutputType(); !want.IsAssignableType(got) && got != types.DynType {
		r.Add(src.Pos, fmt.Sprintf("表达式结果类型为 %s，此处应为 %s", got, want),
			fmt.Sprintf("the expression gives %s, expected %s here", got, want))
		return nil
	}
	return &Expr{Source: src, env: env, ast: ast, sql: e.sql}
}

// provider adds the shapes to CEL's own types.
type provider struct {
	*types.Registry
	shapes map[string]Shape
}

func (p *provider) FindStructType(name string) (*types.Type, bool) {
	if _, ok := p.shapes[name]; ok {
		return types.NewTypeTypeWithParam(types.NewObjectType(name)), true
	}
	return p.Registry.FindStructType(name)
}

func (p *provider) FindStructFieldNames(name string) ([]string, bool) {
	s, ok := p.shapes[name]
	if !ok {
		return p.Registry.FindStructFieldNames(name)
	}
	out := make([]string, 0, len(s.Fields))
	for f := range s.Fields {
		out = append(out, f)
	}
	slices.Sort(out)
	return out, true
}

func (p *provider) FindStructFieldType(name, field string) (*types.FieldType, bool) {
	s, ok := p.shapes[name]
	if !ok {
		return p.Registry.FindStructFieldType(name, field)
	}
	t, ok := s.Fields[field]
	if !ok {
		return nil, false
	}
	return &types.FieldType{
		Type:    t,
		IsSet:   func(target any) bool { return fieldOf(target, field) != nil },
		GetFrom: func(target any) (any, error) { return fieldOf(target, field), nil },
	}, true
}

func fieldOf(target any, field string) any {
	o, ok := target.(Object)
	if !ok || o == nil {
		return nil
	}
	return o.RuleField(field)
}

// adapter turns Go values into CEL values; an Object stays itself inside.
type adapter struct{ types.Adapter }

func (a adapter) NativeToValue(v any) ref.Val {
	switch v := v.(type) {
	case nil:
		return types.NullValue
	case Object:
		return object{v}
	case []any:
		return types.NewDynamicList(a, v) // whose elements are Objects too
	default:
		return a.Adapter.NativeToValue(v)
	}
}
