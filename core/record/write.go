package record

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"reflect"
	"strings"

	"chengshu/core/rule"
	"chengshu/kernel/db"
	"chengshu/kernel/fault"
)

// Draft is a planned write: the row as it will be, checked and complete. It
// holds for one revision; Write tells when that has gone.
type Draft struct {
	Row    *Row
	old    *Row // nil when the row is new
	engine *Engine
}

// Old returns the row before the change, nil when it is new.
func (d *Draft) Old() *Row { return d.old }

// Amend returns a draft of the row's next revision that is as the row is. It is
// for engines, which set their system fields in it; nothing is computed anew.
func (e *Engine) Amend(row *Row) *Draft {
	return &Draft{Row: row.clone(), old: row, engine: e}
}

// Set gives a field a native value, as engines do with their system fields.
func (d *Draft) Set(name string, v any) {
	f := d.Row.Type.byName[name]
	d.Row.Values[f.index] = v
}

// Revision is what Write made, for the act of the change.
type Revision struct {
	Rev     int64
	Digest  [sha256.Size]byte // of the canonical body
	Changed []string
}

// ErrStale is returned when the row has been revised since it was read.
func ErrStale(rev int64) error {
	return fault.New(fault.Conflict, "stale-revision",
		fmt.Sprintf("记录已被他人改动（第 %d 版已不是最新），请刷新后再试", rev),
		fmt.Sprintf("the record has been changed by someone else (revision %d is no longer the latest); reload and try again", rev))
}

// Stamp says by which act a write is made.
type Stamp struct {
	Act    string // id of the act, chosen before
	Verb   string
	Person string // who; empty for the program itself
	At     int64  // ms since 1970 UTC
}

// Write carries the draft out. It returns ErrStale when the row has moved on,
// and a Conflict of code "not-unique" when a unique value is taken. It may be
// run again with the same draft; the draft itself changes only after commit.
func (d *Draft) Write(tx *db.Tx, s Stamp) (Revision, error) {
	r := *d.Row
	r.UpdatedAt = s.At
	var err error
	if d.old == nil {
		r.Rev, r.CreatedAt, r.CreatedBy = 1, s.At, s.Person
		err = d.insert(tx, &r)
	} else {
		r.Rev = d.old.Rev + 1
		err = d.update(tx, &r)
	}
	if err != nil {
		return Revision{}, err
	}
	if err := d.index(tx, &r); err != nil {
		return Revision{}, err
	}
	rev := Revision{Rev: r.Rev, Changed: d.changedNames()}
	body := r.appendBody(make([]byte, 0, 1024), salt())
	rev.Digest = sha256.Sum256(body)
	if err := writeHistory(tx, &r, s, rev.Changed, string(body)); err != nil {
		return Revision{}, err
	}
	tx.AfterCommit(func() {
		*d.Row = r
		d.engine.forget(r.Type, r.ID)
	})
	return rev, nil
}

func writeHistory(tx *db.Tx, r *Row, s Stamp, changed []string, body string) error {
	_, err := tx.Exec(`insert into record_history (type, id, rev, at, act, verb, actor, changed, body)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
		r.Type.Name, r.ID, r.Rev, s.At, s.Act, s.Verb, s.Person, strings.Join(changed, ","), body)
	return err
}

func (d *Draft) insert(tx *db.Tx, r *Row) error {
	args := make([]any, 0, len(r.Values)+12)
	args = append(args, r.ID, r.Rev, r.CreatedAt, r.UpdatedAt, r.CreatedBy, nil, r.Org, r.Place)
	for i, f := range r.Type.Fields {
		args = f.kind.bind(args, f, r.Values[i])
	}
	return d.refused(tx.QueryRow(r.Type.sql.insert, args...).Scan(&r.N))
}

func (d *Draft) update(tx *db.Tx, r *Row) error {
	var sql strings.Builder
	fmt.Fprintf(&sql, "update %s set rev = $1, updated_at = $2", r.Type.table)
	args := []any{r.Rev, r.UpdatedAt}
	set := func(column string) { fmt.Fprintf(&sql, ", %s = $%d", column, len(args)) }
	if d.old.Org != r.Org {
		args = append(args, r.Org)
		set("org")
	}
	if d.old.Place != r.Place {
		args = append(args, r.Place)
		set("place")
	}
	for _, f := range d.Changed() {
		before := len(args)
		args = f.kind.bind(args, f, r.Values[f.index])
		for i, c := range f.kind.columns(f) {
			fmt.Fprintf(&sql, ", %s = $%d", Column(c.name), before+i+1)
		}
	}
	args = append(args, r.ID, d.old.Rev)
	fmt.Fprintf(&sql, " where id = $%d and rev = $%d and deleted_at is null", len(args)-1, len(args))
	n, err := tx.Exec(sql.String(), args...)
	if err != nil {
		return d.refused(err)
	}
	if n == 0 {
		return ErrStale(d.old.Rev)
	}
	return nil
}

// refused turns a violated unique index into a Conflict.
func (d *Draft) refused(err error) error {
	if !db.IsUnique(err) {
		return err
	}
	f := fault.Wrap(err, fault.Conflict, "not-unique", "已有相同的记录", "such a record exists already")
	for _, name := range d.Row.Type.Unique {
		f.With("fields."+name, "此值已被使用", "this value is taken")
	}
	return f
}

// Changed returns the fields whose values differ from the old row's; for a new
// row, those that have a value.
func (d *Draft) Changed() []*Field {
	var out []*Field
	for i, f := range d.Row.Type.Fields {
		if d.old == nil && d.Row.Values[i] != nil || d.old != nil && !sameValue(d.old.Values[i], d.Row.Values[i]) {
			out = append(out, f)
		}
	}
	return out
}

// Same reports whether the row would be as it is: nothing is left to write.
func (d *Draft) Same() bool {
	return d.old != nil && d.old.Org == d.Row.Org && d.old.Place == d.Row.Place && len(d.Changed()) == 0
}

func (d *Draft) changedNames() []string {
	fields := d.Changed()
	out := make([]string, len(fields))
	for i, f := range fields {
		out[i] = f.Name
	}
	return out
}

func sameValue(a, b any) bool {
	switch a.(type) {
	case nil, string, int64, bool, Point:
		return a == b
	}
	return reflect.DeepEqual(a, b)
}

// index keeps the full-text index in step.
func (d *Draft) index(tx *db.Tx, r *Row) error {
	t := r.Type
	if t.text == nil || d.old != nil && !d.searchChanged() {
		return nil
	}
	return t.text.Put(tx, r.N, r.scope(), r.searchText())
}

func (d *Draft) searchChanged() bool {
	if d.old.Org != d.Row.Org || d.old.Place != d.Row.Place {
		return true
	}
	for _, name := range d.Row.Type.Search {
		if i := d.Row.Type.byName[name].index; !sameValue(d.old.Values[i], d.Row.Values[i]) {
			return true
		}
	}
	return false
}

func (r *Row) searchText() string {
	var b strings.Builder
	for _, name := range r.Type.Search {
		if s, ok := r.Get(name).(string); ok {
			b.WriteString(s)
			b.WriteByte('\n')
		}
	}
	return b.String()
}

// scope returns the tokens by which a search is narrowed: the row's place and
// every place around it.
func (r *Row) scope() []string { return pathPrefixes(r.Place) }

// pathPrefixes returns "/a/", "/a/b/" for "/a/b/".
func pathPrefixes(path string) []string {
	var out []string
	for i := 1; i < len(path); i++ {
		if path[i] == '/' {
			out = append(out, path[:i+1])
		}
	}
	return out
}

func salt() string {
	var b [16]byte
	rand.Read(b[:])
	return hex.EncodeToString(b[:])
}

// Delete marks the row as deleted; its history stays. It returns ErrStale when
// rev is not the latest.
func (e *Engine) Delete(tx *db.Tx, row *Row, s Stamp) (Revision, error) {
	n, err := tx.Exec(fmt.Sprintf(`update %s set rev = rev + 1, updated_at = $1, deleted_at = $2
		where id = $3 and rev = $4 and deleted_at is null`, row.Type.table), s.At, s.At, row.ID, row.Rev)
	if err != nil {
		return Revision{}, err
	}
	if n == 0 {
		return Revision{}, ErrStale(row.Rev)
	}
	if row.Type.text != nil {
		if err := row.Type.text.Delete(tx, row.N); err != nil {
			return Revision{}, err
		}
	}
	r := *row
	r.Rev++
	body := r.appendBody(nil, salt())
	if err := writeHistory(tx, &r, s, nil, string(body)); err != nil {
		return Revision{}, err
	}
	tx.AfterCommit(func() { e.forget(row.Type, row.ID) })
	return Revision{Rev: r.Rev, Digest: sha256.Sum256(body)}, nil
}

// Assign sets a field to the result of an expression. An undecided expression
// is the caller's mistake: an Invalid fault of code "undecided".
func (d *Draft) Assign(f *Field, x *rule.Expr, vars map[string]any) error {
	v, err := x.Eval(vars)
	if err == nil {
		var native any
		if native, err = f.kind.fromRule(f, v); err == nil {
			d.Row.Values[f.index] = native
			return nil
		}
	}
	return fault.Wrap(err, fault.Invalid, "undecided", "无法确定“"+f.Title.Zh+"”", "cannot determine "+f.Title.En).
		With("fields."+f.Name, "缺少所需信息", "information it needs is missing")
}
