package record

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"chengshu/kernel/db"
	"chengshu/kernel/fault"
)

// FieldMark stands between a type's name and that of its field, in references
// to fields.
const FieldMark = "."

// KeyField returns the field by whose value one row is looked up: the first of
// those that are unique by themselves, nil when none is.
func (t *Type) KeyField() *Field {
	for _, names := range t.Keys() {
		if len(names) == 1 {
			return t.byName[names[0]]
		}
	}
	return nil
}

// Keys are the sets of fields whose values together are unique, in the order of
// the declaration.
func (t *Type) Keys() [][]string {
	out := make([][]string, len(t.Unique))
	for i, set := range t.Unique {
		out[i] = strings.Split(set, "+")
	}
	return out
}

// Form tells tables of the type apart: 64 digits that are others when its
// columns or indexes are.
func (t *Type) Form() string {
	sum := sha256.Sum256([]byte(strings.Join(append(t.indexes(), t.createTable()), ";")))
	return hex.EncodeToString(sum[:])
}

// MaxKeys bounds the keys of one look-up.
const MaxKeys = 100

// ByKey returns the living rows whose key field has one of the values, written
// as in query strings: for each key its row, nil when there is none or none in
// scope. A wrong key is an Invalid fault that names its place.
func (e *Engine) ByKey(ctx context.Context, t *Type, keys []string, scope func(first int) (sql string, args []any)) ([]*Row, error) {
	f := t.KeyField()
	if f == nil {
		return nil, fault.New(fault.Invalid, "no-key", "“"+t.Title.Zh+"”没有唯一字段，不能按键查询", t.Title.En+" has no unique field to look rows up by")
	}
	if len(keys) == 0 || len(keys) > MaxKeys {
		return nil, fault.New(fault.Invalid, "bad-keys", "一次查询 1 至 100 个键", "a look-up has 1 to 100 keys").With("keys", "须有 1 至 100 个", "1 to 100 are needed")
	}
	args := make([]any, len(keys))
	for i, key := range keys {
		v, err := f.kind.parse(f, key)
		if err != nil {
			return nil, fault.Wrap(err, fault.Invalid, "bad-keys", "键有误", "a key is wrong").With(fmt.Sprintf("keys.%d", i), "不是“"+f.Title.Zh+"”的值", "is no value of "+f.Title.En)
		}
		args[i] = f.kind.bind(nil, f, v)[0]
	}
	sql := fmt.Sprintf("select %s from %s where %s in (%s) and deleted_at is null", t.sql.columns, t.table, Column(f.Name), db.Params(1, len(args)))
	if scope != nil {
		more, values := scope(len(args) + 1)
		sql, args = sql+" and ("+more+")", append(args, values...)
	}
	found, err := collect(e.db.Read(ctx), t, sql, args)
	if err != nil {
		return nil, err
	}
	byKey := make(map[any]*Row, len(found))
	for _, r := range found {
		byKey[f.kind.bind(nil, f, r.Values[f.index])[0]] = r
	}
	out := make([]*Row, len(keys))
	for i := range keys {
		out[i] = byKey[args[i]]
	}
	return out, nil
}

// fillChunk is how many rows one transaction of Fill brings in.
const fillChunk = 2000

// Fill puts rows into the table of a type, which has none yet: a copy for
// reading, in a database of its own, of rows that are kept elsewhere. They have
// neither history nor acts. next gives the cells of one row after another, see
// CopyOf; io.EOF ends them. at is the time of their creation, in ms UTC.
func (e *Engine) Fill(ctx context.Context, t *Type, at int64, next func() ([]string, error)) error {
	for n := int64(0); ; {
		var rows []*Row
		for len(rows) < fillChunk {
			cells, err := next()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				return err
			}
			n++
			r, err := t.CopyOf(n, at, cells)
			if err != nil {
				return err
			}
			rows = append(rows, r)
		}
		if len(rows) == 0 {
			return nil
		}
		err := e.db.DoLow(ctx, func(tx *db.Tx) error {
			for _, r := range rows {
				if err := (&Draft{Row: r, engine: e}).insert(tx, r); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
}

// CopyOf is the n-th row of what is kept elsewhere. Its cells are by Type.Fields,
// as query strings have them but times in ms, "" for no value. Its id is its key,
// or n when it has none or the key is personal.
func (t *Type) CopyOf(n, at int64, cells []string) (*Row, error) {
	r := &Row{Type: t, ID: strconv.FormatInt(n, 10), Rev: 1, CreatedAt: at, UpdatedAt: at, Values: make([]any, len(t.Fields))}
	for i, f := range t.Fields {
		var err error
		if r.Values[i], err = f.copied(cells[i]); err != nil {
			return nil, fmt.Errorf("record: row %d of %s, field %s: %w", n, t.Name, f.Name, err)
		}
	}
	if key := t.KeyField(); key != nil && !key.Personal && cells[key.index] != "" {
		r.ID = cells[key.index]
	}
	return r, nil
}

// copied reads a cell of a copy.
func (f *Field) copied(cell string) (any, error) {
	if cell == "" {
		return nil, nil
	}
	if f.Type == Time {
		return strconv.ParseInt(cell, 10, 64)
	}
	return f.kind.parse(f, cell)
}

// scanChunk is how many rows Scan reads at a time.
const scanChunk = 2000

// Scan calls fn for every living row of a type that is in scope, oldest first.
// It reads some at a time, so that memory stays bounded and no reading holds the
// database long.
func (e *Engine) Scan(ctx context.Context, t *Type, scope func(first int) (sql string, args []any), fn func(*Row) error) error {
	where, args := "", []any{int64(0)}
	if scope != nil {
		condition, values := scope(2)
		where, args = " and ("+condition+")", append(args, values...)
	}
	sql := fmt.Sprintf("select %s from %s where deleted_at is null and %s.n > $1%s order by %s.n limit %d", t.sql.columns, t.table, t.table, where, t.table, scanChunk)
	for {
		rows, err := collect(e.db.Read(ctx), t, sql, args)
		if err != nil || len(rows) == 0 {
			return err
		}
		for _, r := range rows {
			if err := fn(r); err != nil {
				return err
			}
		}
		args[0] = rows[len(rows)-1].N
	}
}
