package access

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"chengshu/core/identity"
	"chengshu/core/rule"
)

// Predicate narrows a query to the rows that an actor may reach. SQL stands
// over the columns of the type's table without a prefix, and Args are the
// values of its parameters, which count from the number asked for.
type Predicate struct {
	SQL  string
	Args []any
	None bool // no row can match; SQL is still right
	All  bool // every row matches; SQL is still right
}

// fragment is SQL text up to a parameter, and that parameter.
type fragment struct {
	text string
	arg  value
	last bool // no parameter follows
}

// sqlText is a predicate whose parameters have no numbers yet.
type sqlText struct {
	frags     []fragment
	none, all bool
}

// render numbers the parameters from first on and fills in the actor.
func (s *sqlText) render(a *identity.Actor, first int) Predicate {
	p := Predicate{None: s.none, All: s.all}
	var b strings.Builder
	for i := range s.frags {
		f := &s.frags[i]
		b.WriteString(f.text)
		if f.last {
			break
		}
		b.WriteByte('$')
		b.WriteString(strconv.Itoa(first + len(p.Args)))
		switch f.arg.from {
		case me:
			p.Args = append(p.Args, a.Person)
		case mySubject:
			p.Args = append(p.Args, a.Subject)
		default:
			p.Args = append(p.Args, f.arg.constant)
		}
	}
	p.SQL = b.String()
	return p
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
		w.write(v.col.name)
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
		w.write(n.col.name, " is not null")
	case rule.Lacks:
		w.write(n.col.name, " is null")
	case rule.Prefix, rule.NotPrefix:
		w.prefix(n)
	case rule.In, rule.NotIn:
		w.write(n.col.name, " ", string(n.op), " (")
		w.list(n.vals)
		w.write(")")
	case opTask:
		w.task(n)
	default:
		w.write(n.col.name, " ", string(n.op), " ")
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
		w.write(n.col.name, ops[0])
		w.arg(value{constant: from})
		return
	}
	w.write("(", n.col.name, ops[0])
	w.arg(value{constant: from})
	w.write(ops[1], n.col.name, ops[2])
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
