package process

import (
	"context"
	"fmt"

	"chengshu/kernel/db"
	"chengshu/kernel/fault"
)

// Notice is what the effect notify told a person.
type Notice struct {
	N    int64 // the place in the list, the newest the greatest
	ID   string
	Type string // the case that it is about
	Case string
	At   int64 // UTC milliseconds
	Text fault.Text
	Read bool
}

// maxUnread is where counting stops: a person with more has "99+".
const maxUnread = 100

// Notices returns a page of a person's notices, the newest first, from before
// the notice n on; 0 begins with the newest.
func (e *Engine) Notices(ctx context.Context, person string, before int64, limit int) ([]Notice, error) {
	sql, args := `where person = $1`, []any{person}
	if before > 0 {
		sql, args = sql+` and n < $2`, append(args, before)
	}
	args = append(args, limit)
	rows, err := e.DB.Read(ctx).Query(`select n, id, type, case_id, at, zh, en, read_at is not null from process_notice `+sql+
		fmt.Sprintf(` order by n desc limit $%d`, len(args)), args...)
	if err != nil {
		return nil, fmt.Errorf("process: notices: %w", err)
	}
	defer rows.Close()
	var out []Notice
	for rows.Next() {
		var n Notice
		if err := rows.Scan(&n.N, &n.ID, &n.Type, &n.Case, &n.At, &n.Text.Zh, &n.Text.En, &n.Read); err != nil {
			return nil, fmt.Errorf("process: notices: %w", err)
		}
		out = append(out, n)
	}
	return out, rows.Err()
}

// Unread counts a person's unread notices, at most 100.
func (e *Engine) Unread(ctx context.Context, person string) (int64, error) {
	var n int64
	err := e.DB.Read(ctx).QueryRow(`select count(*) from (select 1 from process_notice where person = $1 and read_at is null limit $2) as unread`,
		person, maxUnread).Scan(&n)
	return n, err
}

// ReadNotices marks a person's notices up to n as read.
func (e *Engine) ReadNotices(ctx context.Context, person string, upTo int64) error {
	return e.DB.Do(ctx, func(tx *db.Tx) error {
		read, err := tx.Exec(`update process_notice set read_at = $1 where person = $2 and read_at is null and n <= $3`,
			e.Clock.Now().UnixMilli(), person, upTo)
		if err == nil && read > 0 {
			tx.AfterCommit(func() { e.Events.Publish("notice." + person) })
		}
		return err
	})
}
