package rule

import (
	"fmt"
	"maps"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	celast "cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/parser"

	"chengshu/core/decl"
)

// Column gives the SQL of a field of a variable, or of a variable as a whole
// when the field is ""; "" when there is none. A date is text in ISO order, a
// decimal a double, a time a timestamptz and a point a struct of lon and lat.
type Column func(variable, field string) string

// SQL returns the expression in the SQL of DuckDB. Its value is that of Eval,
// and null where Eval gives an error; so a condition is true, false or null as
// Eval finds it true, false or undecided. What cannot be said is an Unsupported.
func (x *Expr) SQL(column Column) (string, error) {
	w := writer{ast: x.AST(), column: column, functions: x.sql}
	s := w.write(x.AST().Expr())
	return s.text, w.err
}

// piece is the SQL of a part. Its null means a value that is missing where the
// part is a field, and an error where it is not: to CEL a missing value is equal
// to another, but an error is equal to nothing.
type piece struct {
	text  string
	field bool // null is a value
	mixed bool // null may be either
}

type writer struct {
	ast    *celast.AST
	column Column
	// functions are those of the environment, by name.
	functions map[string]func(args []string) string

	err error // the first mistake
}

func (w *writer) fail(e celast.Expr) piece {
	if w.err == nil {
		text, err := parser.Unparse(e, w.ast.SourceInfo())
		if err != nil {
			text = "?"
		}
		known := slices.Sorted(maps.Keys(w.functions))
		known = append([]string{"has", "size", "contains", "startsWith", "endsWith", "matches", "double", "timestamp", "duration"}, known...)
		w.err = &Unsupported{decl.Text{
			Zh: fmt.Sprintf("数据集的规则对所有行一次执行，不支持 %q；可用：字段、常量和 now 的比较，+ - * / %% && || ! ? : in，以及 %s", text, strings.Join(known, "、")),
			En: fmt.Sprintf("the rules of a dataset run over all rows at once, where %q cannot; use comparisons of fields, constants and now, + - * / %% && || ! ? : in, and %s", text, strings.Join(known, ", ")),
		}}
	}
	return piece{text: "null"}
}

func (w *writer) kind(e celast.Expr) types.Kind { return w.ast.GetType(e.ID()).Kind() }

func (w *writer) write(e celast.Expr) piece {
	switch e.Kind() {
	case celast.LiteralKind:
		return w.literal(e)
	case celast.IdentKind:
		if s := w.column(e.AsIdent(), ""); s != "" {
			return piece{text: s}
		}
	case celast.SelectKind:
		return w.selected(e)
	case celast.CallKind:
		return w.call(e)
	}
	return w.fail(e)
}

func (w *writer) literal(e celast.Expr) piece {
	switch v := e.AsLiteral().Value().(type) {
	case bool:
		return piece{text: strconv.FormatBool(v)}
	case int64:
		return piece{text: "(" + strconv.FormatInt(v, 10) + ")::bigint"}
	case float64:
		if !math.IsInf(v, 0) && !math.IsNaN(v) {
			return piece{text: "'" + strconv.FormatFloat(v, 'g', -1, 64) + "'::double"}
		}
	case string:
		if !strings.Contains(v, "\x00") {
			return piece{text: quote(v)}
		}
	}
	return w.fail(e)
}

func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

func (w *writer) selected(e celast.Expr) piece {
	s := e.AsSelect()
	if s.Operand().Kind() == celast.IdentKind {
		if c := w.column(s.Operand().AsIdent(), s.FieldName()); c != "" {
			if s.IsTestOnly() {
				return piece{text: "(" + c + " is not null)"}
			}
			return piece{text: c, field: true}
		}
	}
	if w.kind(s.Operand()) == types.StructKind && s.Operand().Kind() == celast.SelectKind && !s.IsTestOnly() {
		return piece{text: fmt.Sprintf("struct_extract(%s, %s)", w.write(s.Operand()).text, quote(s.FieldName()))}
	}
	return w.fail(e)
}

// simple maps functions of CEL to SQL that is null where an argument is.
var simple = map[string]string{
	"contains":   "contains(%s, %s)",
	"startsWith": "prefix(%s, %s)",
	"endsWith":   "suffix(%s, %s)",
}

func (w *writer) call(e celast.Expr) piece {
	call := e.AsCall()
	args := call.Args()
	if call.IsMemberFunction() {
		args = append([]celast.Expr{call.Target()}, args...)
	}
	fn := call.FunctionName()
	if form, ok := simple[fn]; ok {
		texts := make([]any, len(args))
		for i, a := range args {
			texts[i] = w.write(a).text
		}
		return piece{text: fmt.Sprintf(form, texts...)}
	}
	switch fn {
	case operators.LogicalAnd, operators.LogicalOr:
		return piece{text: fmt.Sprintf("(%s %s %s)", w.write(args[0]).text, map[string]string{operators.LogicalAnd: "and", operators.LogicalOr: "or"}[fn], w.write(args[1]).text)}
	case operators.LogicalNot:
		return piece{text: "(not " + w.write(args[0]).text + ")"}
	case operators.Conditional:
		c, yes, no := w.write(args[0]).text, w.write(args[1]), w.write(args[2])
		return piece{text: fmt.Sprintf("case when %s then %s when not %s then %s end", c, yes.text, c, no.text), mixed: yes.field || yes.mixed || no.field || no.mixed}
	case operators.Equals:
		return w.equal(e, args[0], args[1])
	case operators.NotEquals:
		return piece{text: "(not " + w.equal(e, args[0], args[1]).text + ")"}
	case operators.Less, operators.LessEquals, operators.Greater, operators.GreaterEquals:
		return piece{text: fmt.Sprintf("(%s %s %s)", w.write(args[0]).text, strings.Trim(fn, "_"), w.write(args[1]).text)}
	case operators.In:
		return w.in(e, args[0], args[1])
	case operators.Add, operators.Subtract, operators.Multiply, operators.Divide, operators.Modulo, operators.Negate:
		return w.arithmetic(e, fn, args)
	}
	return w.function(e, fn, args)
}

func (w *writer) equal(e, left, right celast.Expr) piece {
	l, r := w.write(left), w.write(right)
	switch {
	case l.mixed || r.mixed || w.kind(left) != w.kind(right):
		return w.fail(e)
	case l.field && r.field:
		return piece{text: fmt.Sprintf("(%s is not distinct from %s)", l.text, r.text)}
	case r.field:
		l, r = r, l
		fallthrough
	case l.field:
		return piece{text: fmt.Sprintf("case when %[2]s is not null then coalesce(%[1]s = %[2]s, false) end", l.text, r.text)}
	}
	return piece{text: fmt.Sprintf("(%s = %s)", l.text, r.text)}
}

// in takes a list of constants of the left side's kind.
func (w *writer) in(e, left, right celast.Expr) piece {
	if right.Kind() != celast.ListKind || right.AsList().Size() == 0 {
		return w.fail(e)
	}
	l := w.write(left)
	var values []string
	for _, el := range right.AsList().Elements() {
		if el.Kind() != celast.LiteralKind || w.kind(el) != w.kind(left) {
			return w.fail(e)
		}
		values = append(values, w.write(el).text)
	}
	text := fmt.Sprintf("(%s in (%s))", l.text, strings.Join(values, ", "))
	switch {
	case l.mixed:
		return w.fail(e)
	case l.field:
		text = "coalesce(" + text + ", false)"
	}
	return piece{text: text}
}

// arithmetic is null where a whole number overflows, which is an error to CEL.
// A duration is a number of microseconds.
func (w *writer) arithmetic(e celast.Expr, fn string, args []celast.Expr) piece {
	kind := w.kind(e)
	texts := make([]any, len(args))
	for i, a := range args {
		texts[i] = w.write(a).text
	}
	form := ""
	switch {
	case fn == operators.Negate && (kind == types.IntKind || kind == types.DoubleKind):
		form = "try(- %s)"
	case fn == operators.Negate:
	case kind == types.TimestampKind && w.kind(args[0]) == types.TimestampKind:
		form = "try(%s " + strings.Trim(fn, "_") + " to_microseconds(%s))"
	case kind == types.DurationKind && w.kind(args[0]) == types.TimestampKind:
		form = "(epoch_us(%s) - epoch_us(%s))"
	case kind == types.StringKind:
		form = "(%s || %s)"
	case kind == types.IntKind && (fn == operators.Divide || fn == operators.Modulo):
		// The one quotient that overflows is that of the least number by -1.
		form = map[string]string{operators.Divide: "try(%s // %s)", operators.Modulo: "try(%s %% %s)"}[fn]
	case fn == operators.Divide && kind == types.DoubleKind:
		if d := args[1]; d.Kind() == celast.LiteralKind && d.AsLiteral().Value() != 0.0 {
			form = "(%s / %s)"
		}
	case kind == types.IntKind:
		form = "try(%s " + strings.Trim(fn, "_") + " %s)"
	case kind == types.DoubleKind:
		form = "(%s " + strings.Trim(fn, "_") + " %s)"
	}
	if form == "" {
		return w.fail(e)
	}
	return piece{text: fmt.Sprintf(form, texts...)}
}

func (w *writer) function(e celast.Expr, fn string, args []celast.Expr) piece {
	switch {
	case fn == "size" && w.kind(args[0]) == types.StringKind:
		return piece{text: "length(" + w.write(args[0]).text + ")"}
	case fn == "matches" && args[1].Kind() == celast.LiteralKind:
		if pattern, _ := args[1].AsLiteral().Value().(string); !strings.Contains(pattern, "\x00") && compiles(pattern) {
			return piece{text: fmt.Sprintf("regexp_matches(%s, %s)", w.write(args[0]).text, quote(pattern))}
		}
	case fn == "double" && slices.Contains([]types.Kind{types.IntKind, types.DoubleKind}, w.kind(args[0])):
		return piece{text: w.write(args[0]).text + "::double"}
	case fn == "timestamp":
		if at, ok := timeLiteral(e.AsCall()); ok {
			return piece{text: "timestamptz '" + at.UTC().Format("2006-01-02 15:04:05.999999") + "+00'"}
		}
	case fn == "duration" && args[0].Kind() == celast.LiteralKind:
		s, _ := args[0].AsLiteral().Value().(string)
		if d, err := time.ParseDuration(s); err == nil {
			return piece{text: fmt.Sprintf("(%d)::bigint", d.Microseconds())}
		}
	case w.functions[fn] != nil:
		texts := make([]string, len(args))
		for i, a := range args {
			texts[i] = w.write(a).text
		}
		return piece{text: w.functions[fn](texts)}
	}
	return w.fail(e)
}

func compiles(pattern string) bool {
	_, err := regexp.Compile(pattern)
	return err == nil
}
