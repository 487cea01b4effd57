package dbtest

import (
	"strings"
	"testing"

	"chengshu/kernel/db"
)

// NoScan fails the test when the database would answer the statement by reading
// a whole table, or by sorting what it read: at a million rows neither is quick
// enough. The statement is planned, not run. args must be of the right types;
// their values do not matter.
func NoScan(t testing.TB, d *db.DB, sql string, args ...any) {
	t.Helper()
	err := d.Do(t.Context(), func(tx *db.Tx) error {
		explain, bad := `explain query plan `, []string{"SCAN ", "USE TEMP B-TREE FOR ORDER BY"}
		if d.Dialect() == db.PostgreSQL {
			// Without this a small table is always read whole.
			if _, err := tx.Exec(`set local enable_seqscan = off`); err != nil {
				return err
			}
			explain, bad = `explain `, []string{"Seq Scan on"}
		}
		rows, err := tx.Query(explain+sql, args...)
		if err != nil {
			return err
		}
		defer rows.Close()
		plan, err := lines(rows)
		for _, line := range plan {
			for _, b := range bad {
				if strings.Contains(line, b) && !strings.Contains(line, "USING") {
					t.Errorf("%s\nis answered on %s by\n  %s", sql, d.Dialect(), strings.Join(plan, "\n  "))
				}
			}
		}
		return err
	})
	if err != nil {
		t.Errorf("%s: %v", sql, err)
	}
}

// lines returns the last column of each row: both databases put the words there.
func lines(rows *db.Rows) (list []string, err error) {
	columns, err := rows.Columns()
	if err != nil {
		return nil, err
	}
	for rows.Next() {
		row := make([]any, len(columns))
		into := make([]any, len(columns))
		for i := range row {
			into[i] = &row[i]
		}
		if err := rows.Scan(into...); err != nil {
			return nil, err
		}
		if s, ok := row[len(row)-1].(string); ok {
			list = append(list, s)
		}
	}
	return list, rows.Err()
}
