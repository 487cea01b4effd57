package record

import (
	"context"
	"fmt"
	"strings"

	"chengshu/kernel/fault"
)

// mostReferring bounds the count of the rows that refer to another.
const mostReferring = 100

// Unreferred returns a Conflict of code "referred-to" when living rows refer to
// the row: their form asks for a record that could no longer be chosen. Of cases
// only the open ones count, since a closed case is never written again, and the
// title of what it refers to stays readable (Label).
//
// It is asked before the transaction of a deletion, as `exists` is before that
// of a write: a column without an index is read whole, and meanwhile nobody
// should wait to write. Deletions of records that may be referred to are rare;
// an index on each such column would be kept for every write.
func (e *Engine) Unreferred(ctx context.Context, row *Row) error {
	bad := fault.New(fault.Conflict, "referred-to", "仍有记录引用此记录，请先改动或删除它们", "records still refer to this one; change or delete them first")
	for _, t := range e.ordered {
		var conds []string
		b := &builder{t: t}
		for _, f := range t.Fields {
			conds = append(conds, b.refers(f, row)...)
		}
		if conds == nil {
			continue
		}
		b.add("deleted_at is null")
		if t.Case {
			b.add(t.living())
		}
		b.add("(" + strings.Join(conds, " or ") + ")")
		b.args = append(b.args, mostReferring+1)
		var n int64
		err := e.db.Read(ctx).QueryRow(fmt.Sprintf("select count(*) from (select 1 from %s%s limit $%d) referring", t.table, b.where(), len(b.args)), b.args...).Scan(&n)
		if err != nil {
			return err
		}
		switch {
		case n > mostReferring:
			bad.With(t.Name, fmt.Sprintf("“%s”超过 %d 条", t.Title.Zh, mostReferring), fmt.Sprintf("%s: more than %d", t.Title.En, mostReferring))
		case n > 0:
			bad.With(t.Name, fmt.Sprintf("“%s”%d 条", t.Title.Zh, n), fmt.Sprintf("%s: %d", t.Title.En, n))
		}
	}
	if len(bad.Fields) > 0 {
		return bad
	}
	return nil
}

// refers returns the conditions under which another row refers by f to row.
// What is kept as JSON is searched for the id as JSON writes it.
func (b *builder) refers(f *Field, row *Row) (conds []string) {
	column, written := Column(f.Name), string(appendString(nil, row.ID))
	holds := func(text string) { conds = append(conds, "replace("+column+", "+b.arg(text)+", '') <> "+column) }
	switch {
	case f.Type == List:
		for _, sub := range f.Fields {
			if sub.Type == Reference && sub.To == row.Type.Name && sub.Many {
				holds(written)
			} else if sub.Type == Reference && sub.To == row.Type.Name {
				holds(`"` + sub.Name + `":` + written)
			}
		}
	case f.Type != Reference || f.To != row.Type.Name:
	case f.Many:
		holds(written)
	default:
		conds = append(conds, column+" = "+b.arg(row.ID))
	}
	if b.t == row.Type {
		for i, c := range conds {
			conds[i] = "(" + c + " and id <> " + b.arg(row.ID) + ")"
		}
	}
	return conds
}
