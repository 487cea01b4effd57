package access

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"time"

	"chengshu/core/record"
	"chengshu/core/rule"
)

// node is a condition on a row, the one tree from which Cedar and SQL are
// made: a rule.Condition whose fields have become columns, or a scope. It is
// in positive form, and a comparison with a missing value is never true.
type node struct {
	op   rule.Op
	args []node  // of And and Or
	col  column  // the left side
	vals []value // the right side
}

// opTask is the scope `task`: col is unused, vals are organisations' paths,
// and a value of source me stands for the actor's own tasks.
const opTask rule.Op = "task"

// column is what is compared: a column of the row's table.
type column struct {
	name   string // SQL column; also the attribute in Cedar, unless person
	kind   kind
	person bool // compared with the actor: an entity in Cedar
	total  bool // of a scope: to Cedar a missing value is an empty one, which no scope matches
}

// kind is how a column is kept and compared.
type kind int

const (
	textKind kind = iota // compared for equality and, when bytewise, by prefix
	longText             // text that the database may sort otherwise: equality only
	intKind              // whole numbers, scaled decimals, times in ms
	boolKind
	dateKind // text in SQL, a number in Cedar, which cannot order texts
)

// value is a constant, another column, or the actor.
type value struct {
	constant any // string, int64 or bool
	col      *column
	from     source
}

type source int

const (
	given     source = iota
	me               // the actor: the person, or a client that is no person
	mySubject        // the natural person's record about the actor
)

var (
	always = node{op: rule.Always}
	never  = node{op: rule.Never}
)

// scopeNode is a scope for somebody with these posts. Paths are those of the
// posts that carry the grant's role.
func scopeNode(s Scope, t *record.Type, posts []sigPost, w who) node {
	person := func(name string) node {
		return node{op: rule.Equal, col: column{name: name, person: true, total: true}, vals: []value{{from: me}}}
	}
	switch s {
	case All:
		return always
	case Own:
		if w.client {
			return person("created_by")
		}
		return w.only(person("created_by"))
	case Assigned:
		return w.only(person("assignee"))
	case Subject:
		about := person(t.SubjectBy)
		if w.subject {
			record := about
			record.vals = []value{{from: mySubject}}
			about = node{op: rule.Or, args: []node{about, record}}
		}
		return w.only(about)
	case TaskOf:
		n := node{op: opTask}
		if w.person {
			n.vals = append(n.vals, value{from: me})
		}
		for _, p := range posts {
			n.vals = append(n.vals, value{constant: p.path})
		}
		if len(n.vals) == 0 {
			return never
		}
		return n
	case Unit:
		return within("org", posts, func(p sigPost) string { return p.path })
	case Place:
		return within("place", posts, func(p sigPost) string { return p.division })
	}
	return never
}

// who says what is known of the actor as a person. A client that is none is
// compared with who made a row, and with nothing else.
type who struct{ person, subject, client bool }

// only returns n for somebody who is a person.
func (w who) only(n node) node {
	if !w.person {
		return never
	}
	return n
}

// within is true of rows whose path lies in one of the posts'.
func within(col string, posts []sigPost, path func(sigPost) string) node {
	n := node{op: rule.Or}
	for _, p := range posts {
		if root := path(p); root != "" {
			n.args = append(n.args, node{op: rule.Prefix, col: column{name: col, total: true}, vals: []value{{constant: root}}})
		}
	}
	return n
}

// linked returns n for somebody who may be no person: comparisons with the
// person are then never true.
func linked(n node, w who) node {
	if len(n.args) > 0 {
		args := make([]node, len(n.args))
		for i, a := range n.args {
			args[i] = linked(a, w)
		}
		n.args = args
		return n
	}
	if n.col.person && !w.person {
		return never
	}
	return n
}

// simplify flattens nested ands and ors, and drops what changes nothing.
func simplify(n node) node {
	if n.op != rule.And && n.op != rule.Or {
		return n
	}
	unit, zero := rule.Always, rule.Never // of and; of or the other way round
	if n.op == rule.Or {
		unit, zero = zero, unit
	}
	var args []node
	for _, a := range n.args {
		a = simplify(a)
		switch {
		case a.op == zero:
			return a
		case a.op == unit:
		case a.op == n.op:
			args = append(args, a.args...)
		default:
			args = append(args, a)
		}
	}
	if n.op == rule.Or {
		args = dropCovered(args)
	}
	switch len(args) {
	case 0:
		return node{op: unit}
	case 1:
		return args[0]
	}
	return node{op: n.op, args: args}
}

// dropCovered drops the alternatives that another one includes: a path below
// another path, or the same once more.
func dropCovered(args []node) []node {
	var out []node
	for i, a := range args {
		covered := false
		for j, b := range args {
			if i != j && covers(b, a) && (!covers(a, b) || j < i) {
				covered = true
				break
			}
		}
		if !covered {
			out = append(out, a)
		}
	}
	return out
}

// covers reports whether b being true is plainly enough for a to be.
func covers(a, b node) bool {
	if a.op != b.op || a.col != b.col || len(a.args) > 0 || len(b.args) > 0 {
		return false
	}
	if a.op == rule.Prefix {
		return strings.HasPrefix(b.vals[0].constant.(string), a.vals[0].constant.(string))
	}
	return slices.EqualFunc(a.vals, b.vals, func(x, y value) bool { return x == y })
}

// resolver turns checked conditions into trees over columns. It refuses, by
// fail, what Cedar and SQL would decide differently.
type resolver struct {
	t    *record.Type
	fail func(zh, en string)
}

func (r resolver) node(c rule.Condition) node {
	if c.Op == rule.And || c.Op == rule.Or {
		return node{op: c.Op, args: []node{r.node(c.Args[0]), r.node(c.Args[1])}}
	}
	if c.Op == rule.Always || c.Op == rule.Never {
		return node{op: c.Op}
	}
	if c.Field.Var == "me" && len(c.Value) == 1 && c.Value[0].Var == "row" {
		c.Field, c.Value = c.Value[0], []rule.Operand{c.Field} // only == and != come to the actor
	}
	col, scale, ok := r.column(c.Field)
	if !ok {
		return never
	}
	n := node{op: c.Op, col: col}
	for _, v := range c.Value {
		n.vals = append(n.vals, r.value(&n.col, scale, v))
	}
	r.comparable(n)
	return n
}

// column finds the column of `row.field`.
func (r resolver) column(o rule.Operand) (col column, scale int, ok bool) {
	if o.Var != "row" {
		r.fail("条件应写作 row.字段 与其他值比较", "a condition compares row.field with something")
		return col, 0, false
	}
	switch o.Field {
	case "id", "created_by":
		return column{name: o.Field}, 0, true
	case "org_path":
		return column{name: "org"}, 0, true
	case "place_path":
		return column{name: "place"}, 0, true
	}
	f := r.t.Field(o.Field)
	if f == nil || f.Many {
		r.fail("授权条件不能使用字段 "+o.Field, "a grant's condition cannot use the field "+o.Field)
		return col, 0, false
	}
	col.name = f.Name
	switch f.Type {
	case record.Text:
		if f.Multi {
			col.kind = longText
		}
	case record.ChoiceOf, record.Reference:
	case record.Date:
		col.kind = dateKind
	case record.Integer, record.Time:
		col.kind = intKind
	case record.Decimal:
		col.kind, scale = intKind, f.Scale
	case record.Boolean:
		col.kind = boolKind
	default:
		r.fail("授权条件不能使用字段 "+o.Field, "a grant's condition cannot use the field "+o.Field)
		return col, 0, false
	}
	return col, scale, true
}

func (r resolver) value(col *column, scale int, o rule.Operand) value {
	switch {
	case o.Var == "me" && o.Field == "person":
		col.person = true
		return value{from: me}
	case o.Var == "me":
		r.fail("授权条件只能使用 me.person", "a grant's condition can use me.person only")
		return value{}
	case o.IsField():
		other, otherScale, ok := r.column(o)
		if ok && (other.kind != col.kind || otherScale != scale) {
			r.fail("两个字段类型不同，不能比较", "the two fields are of different kinds and cannot be compared")
		}
		return value{col: &other}
	}
	return value{constant: r.constant(col.kind, scale, o.Const)}
}

// constant returns v as the column keeps it.
func (r resolver) constant(k kind, scale int, v any) any {
	switch v := v.(type) {
	case time.Time:
		return v.UnixMilli()
	case float64:
		scaled := v * math.Pow10(scale)
		whole := math.Round(scaled)
		if math.Abs(scaled-whole) > 1e-6 || math.Abs(whole) > 1<<53 {
			r.fail("常数的小数位数多于字段", "the constant has more decimal places than the field")
		}
		return int64(whole)
	case string:
		if _, err := time.Parse(time.DateOnly, v); k == dateKind && err != nil {
			r.fail("应为日期，如 '2026-03-02'", "expected a date such as '2026-03-02'")
		}
	}
	return v
}

// comparable refuses comparisons that Cedar or SQL would make differently.
func (r resolver) comparable(n node) {
	switch n.op {
	case rule.Prefix, rule.NotPrefix:
		if n.col.kind != textKind {
			r.fail("startsWith 只用于单行文字", "startsWith is for texts of one line")
		}
	case rule.Less, rule.LessEqual, rule.Greater, rule.GreaterEqual:
		if n.col.kind != intKind && n.col.kind != dateKind {
			r.fail("文字与是否不能比较大小", "texts and booleans have no order here")
		}
	}
	if n.col.person && (n.op != rule.Equal && n.op != rule.NotEqual || n.col.kind != textKind) {
		r.fail("me.person 只能用 == 或 != 比较", "me.person can be compared by == and != only")
	}
}

// narrower orders grants by scope, the narrowest first.
func narrower(a, b *permit) int {
	return cmp.Compare(slices.Index(scopes, a.grant.Scope), slices.Index(scopes, b.grant.Scope))
}
