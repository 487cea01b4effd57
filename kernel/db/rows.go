package db

import (
	"database/sql"
)

// Rows is the answer to a query. Read it to the end or close it.
type Rows struct {
	rows    *sql.Rows
	explain func(error) error // makes a driver's error what callers see
	tx      *Tx               // the transaction whose open query this is, or nil
	release func()            // called once when the rows are closed, or nil
	loose   bool              // the driver does not keep to declared types
	bools   []bool            // which columns are boolean, once it matters
}

// Next makes the next row ready for Scan; false at the end or on an error.
func (r *Rows) Next() bool {
	if r.rows.Next() {
		return true
	}
	r.done()
	return false
}

// Scan copies the row into dest, as database/sql does. Into an *any it gives
// nil, int64, float64, bool, string or []byte, the same on both databases. Into
// a *[]byte an empty bytea may come as nil.
func (r *Rows) Scan(dest ...any) error {
	if err := r.rows.Scan(dest...); err != nil {
		return r.explain(err)
	}
	if r.loose {
		return r.fix(dest)
	}
	return nil
}

// fix gives an *any the type its column was declared with: SQLite has integers
// for booleans, and its driver has nil for an empty bytea.
func (r *Rows) fix(dest []any) error {
	for i, d := range dest {
		p, ok := d.(*any)
		if !ok {
			continue
		}
		switch v := (*p).(type) {
		case int64:
			is, err := r.isBool(i)
			if err != nil {
				return err
			}
			if is {
				*p = v != 0
			}
		case []byte:
			if v == nil {
				*p = []byte{}
			}
		}
	}
	return nil
}

func (r *Rows) isBool(column int) (bool, error) {
	if r.bools == nil {
		types, err := r.rows.ColumnTypes()
		if err != nil {
			return false, r.explain(err)
		}
		r.bools = make([]bool, len(types))
		for i, t := range types {
			r.bools[i] = t.DatabaseTypeName() == "BOOLEAN"
		}
	}
	return r.bools[column], nil
}

// Columns returns the names of the columns.
func (r *Rows) Columns() ([]string, error) { return r.rows.Columns() }

// Err returns the error that ended the reading, if one did.
func (r *Rows) Err() error {
	err := r.rows.Err()
	if err == nil {
		return nil
	}
	err = r.explain(err)
	if r.tx != nil {
		r.tx.fail(err)
	}
	return err
}

// Close ends the reading. It may be called more than once.
func (r *Rows) Close() error {
	err := r.rows.Close()
	r.done()
	if err != nil {
		return r.explain(err)
	}
	return nil
}

// done runs when no more rows will be read.
func (r *Rows) done() {
	if r.tx != nil && r.tx.open == r {
		r.tx.open = nil
		r.Err() // an error that nobody asks for dooms the transaction all the same
	}
	if r.release != nil {
		r.release()
		r.release = nil
	}
}

// Row is the first row of an answer.
type Row struct {
	rows *Rows
	err  error
}

func newRow(rows *Rows, err error) *Row { return &Row{rows, err} }

// Scan copies the row into dest and ends the query; ErrNoRows when it is empty.
func (r *Row) Scan(dest ...any) error {
	if r.err != nil {
		return r.err
	}
	defer r.rows.Close()
	if !r.rows.Next() {
		if err := r.rows.Err(); err != nil {
			return err
		}
		return ErrNoRows
	}
	if err := r.rows.Scan(dest...); err != nil {
		return err
	}
	return r.rows.Close()
}
