package record

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// Alternative is one of the ways in which a row may lie within a scope, and the
// column whose index finds the rows that do.
type Alternative struct {
	Column string
	SQL    func(first int) (sql string, args []any)
}

// scoped narrows to the rows that the asker may see. Where they are few in a
// large table, their keys are collected from the indexes of the alternatives:
// SQLite cannot tell that they are few nor join indexes for an `or`, and left to
// itself would read all rows newest first. Where they are many, that is best.
func (b *builder) scoped(ctx context.Context, e *Engine, q Query) error {
	if q.Scope == nil {
		return nil
	}
	narrow, err := e.narrow(ctx, b.t, q)
	if err != nil {
		return err
	}
	switch {
	case !narrow && b.walk:
		// An index of the scope would be read whole and sorted.
		b.add("case when " + b.render(q.Scope) + " then 1 else 0 end = 1")
		return nil
	case !narrow:
		b.addScope(q.Scope)
		return nil
	}
	b.narrow = true
	parts := make([]string, len(q.Within))
	for i, a := range q.Within {
		parts[i] = "select n from " + b.t.table + " where deleted_at is null and (" + b.render(a.SQL) + ")"
	}
	b.add(b.n() + " in (" + strings.Join(parts, " union ") + ")")
	return nil
}

func (b *builder) addScope(scope func(int) (string, []any)) { b.add("(" + b.render(scope) + ")") }

// render returns the text of a condition whose parameters follow those of b.
func (b *builder) render(sql func(int) (string, []any)) string {
	text, args := sql(len(b.args) + 1)
	b.args = append(b.args, args...)
	return text
}

// fewTexts is fewRows for a search by text: each row is looked up in the index
// of the text, which takes some 30 µs.
const fewTexts = 100

// narrow reports whether few rows lie within each alternative, when indexes can
// tell. A text within places is found by the text's own index.
func (e *Engine) narrow(ctx context.Context, t *Type, q Query) (bool, error) {
	if len(q.Within) == 0 || q.Text != "" && q.TextScope != nil {
		return false, nil
	}
	for _, a := range q.Within {
		if !slices.Contains(t.scopeColumns(), a.Column) {
			return false, nil
		}
	}
	few := fewRows
	if q.Text != "" {
		few = fewTexts
	}
	for _, a := range q.Within {
		b := &builder{t: t}
		b.add("deleted_at is null")
		b.addScope(a.SQL)
		b.args = append(b.args, few+1)
		var n int64
		err := e.db.Read(ctx).QueryRow(fmt.Sprintf("select count(*) from (select 1 from %s%s limit $%d) within", t.table, b.where(), len(b.args)), b.args...).Scan(&n)
		if err != nil || n > int64(few) {
			return false, err
		}
	}
	return true, nil
}

// scopeColumns are the columns of scopes by which an index finds every living
// row, closed cases among them.
func (t *Type) scopeColumns() []string {
	out := []string{"id"}
	if t.Case {
		out = append(out, "created_by")
	}
	if t.OrgBy != "" {
		out = append(out, "org")
	}
	if t.PlaceBy != "" {
		out = append(out, "place")
	}
	return out
}
