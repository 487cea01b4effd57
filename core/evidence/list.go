package evidence

import (
	"fmt"

	"chengshu/kernel/db"
)

// Listed is an act with its place: N is the key of the page, Sealed says
// whether its leaf is in the log.
type Listed struct {
	Act
	N      int64
	Sealed bool
}

// ActsOn returns the acts on a record or case, oldest first: at most limit,
// after the one whose N is after; 0 begins with the first.
func ActsOn(q db.Querier, subjectType, subjectID string, after int64, limit int) ([]Listed, error) {
	rows, err := q.Query(`select n, seq is not null, body from act
		where subject_id = $1 and n > $2 and subject_type = $3 order by n limit $4`, subjectID, after, subjectType, limit)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []Listed
	for rows.Next() {
		var a Listed
		var body []byte
		if err := rows.Scan(&a.N, &a.Sealed, &body); err != nil {
			return nil, err
		}
		if a.Act, err = ParseBody(body); err != nil {
			return nil, fmt.Errorf("evidence: act %d: %w", a.N, err)
		}
		out = append(out, a)
	}
	return out, rows.Err()
}
