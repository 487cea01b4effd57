package record

import (
	"fmt"

	"chengshu/kernel/db"
)

// Changes are the rows of a type that some sealed acts have changed.
type Changes struct {
	IDs  []any // each once, in the order of their first change
	Upto int64 // the place in the log up to which acts were looked at
}

// LogHead is the place of the act that was sealed last, -1 when there is none.
func LogHead(q db.Querier) (head int64, err error) {
	err = q.QueryRow(`select coalesce(max(seq), -1) from act`).Scan(&head)
	return head, err
}

// ChangedSince returns which rows of t acts have changed that stand in the log
// after a place, looking at up to limit acts. The log is the one order in which
// nothing comes in later before what was seen: neither the clock nor the numbers
// of rows keep that on PostgreSQL.
func ChangedSince(q db.Querier, t *Type, after int64, limit int) (Changes, error) {
	head, err := LogHead(q)
	if err != nil {
		return Changes{}, fmt.Errorf("record: changes: %w", err)
	}
	c := Changes{Upto: min(head, after+int64(limit))}
	rows, err := q.Query(`select a.subject_id from act a join record_history h on h.id = a.subject_id and h.type = a.subject_type and h.act = a.id
		where a.seq > $1 and a.seq <= $2 and a.subject_type = $3 group by a.subject_id order by min(a.seq)`, after, c.Upto, t.Name)
	if err != nil {
		return c, fmt.Errorf("record: changes: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var one string
		if err := rows.Scan(&one); err != nil {
			return c, err
		}
		c.IDs = append(c.IDs, one)
	}
	return c, rows.Err()
}
