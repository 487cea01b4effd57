package feed

import (
	"context"
	"database/sql"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/go-sql-driver/mysql"   // and the driver "mysql"
	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"

	"chengshu/kernel/fault"
)

// Kinds of databases that are pulled from.
const (
	PostgreSQL = "postgres"
	MySQL      = "mysql"
)

// Table is a table of another system, pulled in the order of a column that
// grows: its key, or the time of its rows' last change with the key beside it.
type Table struct {
	Kind string
	URL  string // of PostgreSQL postgres://…; of MySQL user:password@tcp(host:port)/database
	Name string // table, or schema.table
	By   string // the column that grows
	Key  string // tells rows apart that are equal by By; empty: By is the key
}

// Mark is how far a table has been pulled: the values of the last row, as text.
type Mark struct {
	By  string `json:"by"`
	Key string `json:"key,omitempty"`
}

// pageRows is how many rows are asked for at a time.
const pageRows = 10_000

// Pull writes the rows behind a mark as CSV, page by page. heading is true for
// the first page ever written, which then begins with the names of the columns.
// After each page, page is told where the pull stands; what it returns ends it.
// Times with an offset come as ISO 8601, in Beijing time.
func (t Table) Pull(ctx context.Context, from *Mark, heading bool, out io.Writer, page func(rows int64, at Mark) error) error {
	db, err := t.open()
	if err != nil {
		return err
	}
	defer db.Close()
	columns, err := t.columns(ctx, db)
	if err != nil {
		return err
	}
	w := csv.NewWriter(out)
	if heading {
		names := make([]string, len(columns))
		for i, c := range columns {
			names[i] = c.name
		}
		if err := w.Write(names); err != nil {
			return err
		}
	}
	for {
		rows, at, err := t.page(ctx, db, columns, from, w)
		if err != nil {
			return err
		}
		w.Flush()
		if err := w.Error(); err != nil {
			return err
		}
		if rows == 0 {
			return nil
		}
		if err := page(rows, at); err != nil {
			return err
		}
		from = &at
		if rows < pageRows {
			return nil
		}
	}
}

// Columns returns the names of the columns that Pull writes, in their order.
func (t Table) Columns(ctx context.Context) ([]string, error) {
	db, err := t.open()
	if err != nil {
		return nil, err
	}
	defer db.Close()
	columns, err := t.columns(ctx, db)
	names := make([]string, len(columns))
	for i, c := range columns {
		names[i] = c.name
	}
	return names, err
}

func (t Table) open() (*sql.DB, error) {
	driver, url := "pgx", t.URL
	if t.Kind == MySQL {
		cfg, err := mysql.ParseDSN(t.URL)
		if err != nil {
			return nil, fault.Wrap(err, fault.Invalid, "bad-connection", "数据库连接的写法有误（MySQL：user:password@tcp(host:port)/database）", "the connection is written wrongly; for MySQL it is user:password@tcp(host:port)/database")
		}
		cfg.Params = map[string]string{"time_zone": "'+08:00'"}
		cfg.ParseTime, cfg.MultiStatements, cfg.AllowAllFiles, cfg.InterpolateParams = false, false, false, false
		driver, url = "mysql", cfg.FormatDSN()
	}
	db, err := sql.Open(driver, url)
	if err != nil {
		return nil, fault.Wrap(err, fault.Invalid, "bad-connection", "数据库连接的写法有误", "the connection is written wrongly")
	}
	db.SetMaxOpenConns(1)
	return db, nil
}

// column is one of the table's, with its type as the database calls it.
type column struct{ name, kind string }

func (t Table) columns(ctx context.Context, db *sql.DB) ([]column, error) {
	rows, err := db.QueryContext(ctx, fmt.Sprintf("select * from %s where 1 = 0", t.quoted()))
	if err != nil {
		return nil, explain(ctx, err)
	}
	defer rows.Close()
	types, err := rows.ColumnTypes()
	if err != nil {
		return nil, explain(ctx, err)
	}
	var out []column
	for _, c := range types {
		out = append(out, column{c.Name(), strings.ToUpper(c.DatabaseTypeName())})
	}
	for _, name := range []string{t.By, t.Key} {
		if name != "" && !slices.ContainsFunc(out, func(c column) bool { return c.name == name }) {
			return nil, fault.New(fault.Invalid, "no-such-column", "来源表没有列“"+name+"”，可能已改名", fmt.Sprintf("the table has no column %q; it may have been renamed", name))
		}
	}
	return out, rows.Err()
}

// page writes the rows of one page, and tells the place of the last.
func (t Table) page(ctx context.Context, db *sql.DB, columns []column, from *Mark, w *csv.Writer) (n int64, at Mark, err error) {
	query, args := t.query(columns, from)
	rows, err := db.QueryContext(ctx, query, args...)
	if err != nil {
		return 0, at, explain(ctx, err)
	}
	defer rows.Close()
	values, into := make([]sql.NullString, len(columns)), make([]any, len(columns))
	for i := range values {
		into[i] = &values[i]
	}
	line := make([]string, len(columns))
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return 0, at, explain(ctx, err)
		}
		for i, v := range values {
			line[i] = v.String
			switch columns[i].name {
			case t.By:
				at.By = v.String
			case t.Key:
				at.Key = v.String
			}
		}
		if err := w.Write(line); err != nil {
			return 0, at, err
		}
		n++
	}
	if err := rows.Err(); err != nil {
		return 0, at, explain(ctx, err)
	}
	return n, at, nil
}

// query asks for a page: rows without a place in the order are not there yet.
func (t Table) query(columns []column, from *Mark) (string, []any) {
	cells := make([]string, len(columns))
	for i, c := range columns {
		cells[i] = t.text(c)
	}
	// A name alone after "order by" would be that of the text.
	by := "t." + t.name(t.By)
	order := by
	where := by + " is not null"
	var args []any
	arg := func(name, value string) string {
		args = append(args, typed(columns, name, value))
		if t.Kind == MySQL {
			return "?"
		}
		return "$" + strconv.Itoa(len(args))
	}
	if t.Key != "" {
		order += ", t." + t.name(t.Key)
	}
	switch {
	case from != nil && t.Key == "":
		where += fmt.Sprintf(" and %s > %s", by, arg(t.By, from.By))
	case from != nil:
		where += fmt.Sprintf(" and (%s > %s or %s = %s and %s > %s)", by, arg(t.By, from.By), by, arg(t.By, from.By), "t."+t.name(t.Key), arg(t.Key, from.Key))
	}
	return fmt.Sprintf("select %s from %s as t where %s order by %s limit %d", strings.Join(cells, ", "), t.quoted(), where, order, pageRows), args
}

// text is a column as text that a check reads.
func (t Table) text(c column) string {
	name := "t." + t.name(c.name)
	switch {
	case t.Kind == MySQL:
		return "cast(" + name + " as char)"
	case c.kind == "TIMESTAMPTZ":
		return "to_char(" + name + ` at time zone 'Asia/Shanghai', 'YYYY-MM-DD HH24:MI:SS.US') || '+08:00'`
	case c.kind == "BOOL":
		return "case " + name + " when true then 'true' when false then 'false' end"
	}
	return "cast(" + name + " as text)"
}

// typed is a mark's value as its column compares: numbers as numbers.
func typed(columns []column, name, value string) any {
	for _, c := range columns {
		if c.name == name && strings.Contains(c.kind, "INT") {
			if n, err := strconv.ParseInt(value, 10, 64); err == nil {
				return n
			}
		}
	}
	return value
}

// quoted is the table's name, each part quoted.
func (t Table) quoted() string {
	parts := strings.Split(t.Name, ".")
	for i, p := range parts {
		parts[i] = t.name(p)
	}
	return strings.Join(parts, ".")
}

func (t Table) name(s string) string {
	quote := `"`
	if t.Kind == MySQL {
		quote = "`"
	}
	return quote + strings.ReplaceAll(s, quote, quote+quote) + quote
}

// explain says why a table could not be read. What the database says may quote
// what nobody should see, and is for the log.
func explain(ctx context.Context, err error) error {
	switch {
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return fault.Wrap(err, fault.Unavailable, "feed-timeout", "来源数据库没有在时限内答复", "the source database has not answered in time")
	case ctx.Err() != nil:
		return context.Cause(ctx)
	}
	return fault.Wrap(err, fault.Unavailable, "source-database", "来源数据库无法连接、中断或拒绝了查询", "the source database cannot be reached, broke off, or refused the query")
}
