package record

import (
	"context"
	"fmt"
)

// Count returns how many living rows match.
func (e *Engine) Count(ctx context.Context, t *Type, q Query) (int64, error) {
	b := &builder{t: t}
	if err := b.build(ctx, e, q); err != nil {
		return 0, err
	}
	var n int64
	err := e.db.Read(ctx).QueryRow("select count(*) from "+b.from()+b.where(), b.args...).Scan(&n)
	return n, err
}

// Tally is how many rows have one value of a field.
type Tally struct {
	Key   string
	Count int64
}

// TallyBy counts the rows that match by the value of a text, choice or
// reference field, the most frequent first, at most limit values.
func (e *Engine) TallyBy(ctx context.Context, t *Type, q Query, field string, limit int) ([]Tally, error) {
	if t.byName[field] == nil {
		return nil, fmt.Errorf("record: %s has no field %q", t.Name, field)
	}
	return e.tally(ctx, t, q, Column(field), "2 desc, 1", limit)
}

// day in milliseconds, and what Shanghai's days begin before UTC's.
const dayMS, shanghaiMS = 86_400_000, 8 * 3_600_000

// TallyByDay counts the rows that match by the day in Shanghai of a time
// column, in order; Key is days since 1970.
func (e *Engine) TallyByDay(ctx context.Context, t *Type, q Query, column string) ([]Tally, error) {
	if columnField(column) == nil && t.byName[column] == nil {
		return nil, fmt.Errorf("record: %s has no field %q", t.Name, column)
	}
	return e.tally(ctx, t, q, fmt.Sprintf("(%s + %d) / %d", Column(column), shanghaiMS, dayMS), "1", 400)
}

func (e *Engine) tally(ctx context.Context, t *Type, q Query, by, order string, limit int) ([]Tally, error) {
	b := &builder{t: t}
	if err := b.build(ctx, e, q); err != nil {
		return nil, err
	}
	sql := fmt.Sprintf("select %s, count(*) from %s%s and %s is not null group by 1 order by %s limit %d", by, b.from(), b.where(), by, order, limit)
	rows, err := e.db.Read(ctx).Query(sql, b.args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []Tally
	for rows.Next() {
		var key any
		var r Tally
		if err := rows.Scan(&key, &r.Count); err != nil {
			return nil, err
		}
		r.Key = fmt.Sprint(key)
		out = append(out, r)
	}
	return out, rows.Err()
}

// Where returns the SQL condition of a query and its values, for engines that
// compute figures over a type's table.
func (e *Engine) Where(ctx context.Context, t *Type, q Query) (sql string, args []any, err error) {
	b := &builder{t: t}
	if err := b.build(ctx, e, q); err != nil {
		return "", nil, err
	}
	return b.where(), b.args, nil
}

// Version returns a number that grows with every change of any record: what
// was computed from the records still holds while it is the same. On
// PostgreSQL changes that commit at the same time may show one late.
func (e *Engine) Version(ctx context.Context) (int64, error) {
	var n int64
	err := e.db.Read(ctx).QueryRow("select coalesce(max(n), 0) from record_history").Scan(&n)
	return n, err
}

// Approximate returns about how many rows a type has had: the key of the
// newest. It costs nothing at any size.
func (e *Engine) Approximate(ctx context.Context, t *Type) (int64, error) {
	var n int64
	err := e.db.Read(ctx).QueryRow("select coalesce(max(n), 0) from " + t.table).Scan(&n)
	return n, err
}
