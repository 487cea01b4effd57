package access

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"chengshu/core/identity"
	"chengshu/core/record"
	"chengshu/core/rule"
)

// Predicate narrows a query to the rows on which an actor may do something.
// It is valid for that actor only.
type Predicate struct {
	text  *sqlText
	actor *identity.Actor
}

// SQL returns the predicate over the columns of the type's table, without a
// prefix, and the values of its parameters, which count from first.
func (p Predicate) SQL(first int) (string, []any) { return p.text.render(p.actor, first) }

// Open reports whether any row can match at all.
func (p Predicate) Open() bool { return !p.text.none }

// All reports whether every row matches.
func (p Predicate) All() bool { return p.text.all }

// Places returns paths of divisions, one of which every matching row lies
// under; nil when that cannot be said.
func (p Predicate) Places() []string { return p.text.places }

// Alternatives returns predicates that together match what p does: a row
// matches p when it matches one of them, or several. Each looks at one index,
// so that a database which cannot join indexes for an `or` can be asked for
// them one by one.
func (p Predicate) Alternatives() []Predicate {
	if len(p.text.parts) == 0 {
		return []Predicate{p}
	}
	out := make([]Predicate, len(p.text.parts))
	for i, part := range p.text.parts {
		out[i] = Predicate{part, p.actor}
	}
	return out
}

// Column returns the column whose index finds the rows of an alternative: that
// of its scope. It is "" when there is none.
func (p Predicate) Column() string { return p.text.column }

// fragment is SQL text up to a parameter, and that parameter.
type fragment struct {
	text string
	arg  value
	last bool // no parameter follows
}

// sqlText is a predicate whose parameters have no numbers yet.
type sqlText struct {
	frags     []fragment
	parts     []*sqlText // the alternatives, when there are several
	places    []string
	column    string // of the scope, "" when there are several or none
	none, all bool
}

var nothing = sqlOf(never)

// render numbers the parameters from first on and fills in the actor.
func (s *sqlText) render(a *identity.Actor, first int) (string, []any) {
	var b strings.Builder
	args := make([]any, 0, len(s.frags)-1)
	for i := range s.frags {
		f := &s.frags[i]
		b.WriteString(f.text)
		if f.last {
			break
		}
		b.WriteByte('$')
		b.WriteString(strconv.Itoa(first + len(args)))
		switch f.arg.from {
		case me:
			args = append(args, a.Self())
		case mySubject:
			args = append(args, a.Subject)
		default:
			args = append(args, f.arg.constant)
		}
	}
	return b.String(), args
}

// columnOf returns the one column by which the scope in n is decided, or "".
func columnOf(n node) string {
	switch {
	case n.op == opTask:
		return "id"
	case n.op == rule.And || n.op == rule.Or:
		found := ""
		for i, a := range n.args {
			c := columnOf(a)
			switch {
			case n.op == rule.And && c != "":
				return c
			case n.op == rule.Or && (c == "" || i > 0 && c != found):
				return ""
			}
			found = c
		}
		return found
	case n.col.total:
		return n.col.name
	}
	return ""
}

// placesOf returns divisions that a row which makes n true lies in, or nil.
func placesOf(n node) []string {
	switch {
	case n.op == rule.Prefix && n.col.name == "place":
		return []string{n.vals[0].constant.(string)}
	case n.op == rule.And:
		for _, a := range n.args {
			if ps := placesOf(a); ps != nil {
				return ps
			}
		}
	case n.op == rule.Or:
		var out []string
		for _, a := range n.args {
			ps := placesOf(a)
			if ps == nil {
				return nil
			}
			out = append(out, ps...)
		}
		return out
	}
	return nil
}

// sqlOf writes a simplified tree.
func sqlOf(n node) *sqlText {
	w := sqlWriter{}
	switch n.op {
	case rule.Always:
		w.text.WriteString("1 = 1")
	case rule.Never:
		w.text.WriteString("1 = 0")
	default:
		w.node(n)
	}
	w.out.frags = append(w.out.frags, fragment{text: w.text.String(), last: true})
	w.out.all, w.out.none = n.op == rule.Always, n.op == rule.Never
	w.out.places, w.out.column = placesOf(n), columnOf(n)
	if n.op == rule.Or {
		for _, a := range n.args {
			w.out.parts = append(w.out.parts, sqlOf(a))
		}
	}
	return &w.out
}

type sqlWriter struct {
	text strings.Builder
	out  sqlText
}

func (w *sqlWriter) write(s ...string) {
	for _, t := range s {
		w.text.WriteString(t)
	}
}

func (w *sqlWriter) arg(v value) {
	if v.col != nil {
		w.write(record.Column(v.col.name))
		return
	}
	w.out.frags = append(w.out.frags, fragment{text: w.text.String(), arg: v})
	w.text.Reset()
}

func (w *sqlWriter) node(n node) {
	switch n.op {
	case rule.And, rule.Or:
		w.write("(")
		for i, a := range n.args {
			if i > 0 {
				w.write(" ", string(n.op), " ")
			}
			w.node(a)
		}
		w.write(")")
	case rule.Has:
		w.write(record.Column(n.col.name), " is not null")
	case rule.Lacks:
		w.write(record.Column(n.col.name), " is null")
	case rule.Prefix, rule.NotPrefix:
		w.prefix(n)
	case rule.In, rule.NotIn:
		w.write(record.Column(n.col.name), " ", string(n.op), " (")
		w.list(n.vals)
		w.write(")")
	case opTask:
		w.task(n)
	default:
		w.write(record.Column(n.col.name), " ", string(n.op), " ")
		w.arg(n.vals[0])
	}
}

// prefix is a range, which an index serves whatever the database: the column
// compares by bytes.
func (w *sqlWriter) prefix(n node) {
	from := n.vals[0].constant.(string)
	end := prefixEnd(from)
	ops := [3]string{" >= ", " and ", " < "}
	if n.op == rule.NotPrefix {
		ops = [3]string{" < ", " or ", " >= "}
	}
	if end == "" { // nothing sorts after it
		w.write(record.Column(n.col.name), ops[0])
		w.arg(value{constant: from})
		return
	}
	w.write("(", record.Column(n.col.name), ops[0])
	w.arg(value{constant: from})
	w.write(ops[1], record.Column(n.col.name), ops[2])
	w.arg(value{constant: end})
	w.write(")")
}

// prefixEnd returns the first text, by bytes, after all that begin with s; ""
// when there is none. It stays UTF-8: there the order of bytes is that of
// code points.
func prefixEnd(s string) string {
	for s != "" {
		r, size := utf8.DecodeLastRuneInString(s)
		s = s[:len(s)-size]
		switch {
		case r == utf8.MaxRune:
			continue
		case r == 0xD7FF: // before the surrogates, which are no characters
			r = 0xE000
		default:
			r++
		}
		return s + string(r)
	}
	return ""
}

func (w *sqlWriter) list(vals []value) {
	for i, v := range vals {
		if i > 0 {
			w.write(", ")
		}
		w.arg(v)
	}
}

// task asks the table of open tasks; those without a role are timers.
func (w *sqlWriter) task(n node) {
	w.write("id in (select case_id from process_task where role is not null and (")
	var units []value
	for _, v := range n.vals {
		if v.from == me {
			w.write("assignee = ")
			w.arg(v)
			continue
		}
		units = append(units, v)
	}
	if units != nil {
		if len(units) < len(n.vals) {
			w.write(" or ")
		}
		w.write("org in (")
		w.list(units)
		w.write(")")
	}
	w.write("))")
}
