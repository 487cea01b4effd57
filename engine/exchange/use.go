package exchange

import (
	"context"
	"fmt"
	"time"

	"chengshu/core/evidence"
	"chengshu/core/identity"
	"chengshu/core/record"
	"chengshu/kernel/db"
)

// Caller is who uses a grant, in which request.
type Caller struct {
	Actor   *identity.Actor
	Request string
}

// note counts a use against the grant and leaves its act, in one transaction:
// what is delivered leaves after it. about is the id that the act gives of what
// was read, and shown are the rows of persons that it names.
func (e *Engine) note(ctx context.Context, c Caller, r *ready, about string, records int64, shown []*record.Row) error {
	subjects, err := e.subjects(ctx, r, shown)
	if err != nil {
		return err
	}
	return e.DB.Do(ctx, func(tx *db.Tx) error {
		now := e.Clock.Now().UnixMilli()
		counted, err := count(tx, r.ID, records, now)
		if err != nil {
			return err
		}
		if !counted {
			return e.refuse(tx, r.ID, now)
		}
		act := evidence.Act{At: now, Verb: r.Resource + ".read", Actor: c.Actor.Evidence(), Grant: r.ID, Basis: r.Basis, Purpose: r.Purpose, Request: c.Request,
			Subject: evidence.Subject{Type: r.Resource, ID: about}}
		act.Actor.Org = r.Holder
		_, err = e.Evidence.AppendReading(tx, act, subjects)
		return err
	})
}

// count counts records against a grant and its day; false when it does not
// stand, or has too few left.
func count(tx *db.Tx, id string, records, now int64) (bool, error) {
	n, err := tx.Exec(`update exchange_grant set used = used + $1 where id = $2 and revoked_at is null and until > $3 and (records = 0 or used + $4 <= records)`,
		records, id, now, records)
	if err != nil || n == 0 {
		return false, err
	}
	_, err = tx.Exec(`insert into exchange_use (grant_id, day, calls, records, last_at) values ($1, $2, 1, $3, $4)
		on conflict (grant_id, day) do update set calls = exchange_use.calls + 1, records = exchange_use.records + excluded.records, last_at = excluded.last_at`,
		id, dayOf(now), records, now)
	return true, err
}

// refuse says why the grant gives nothing.
func (e *Engine) refuse(tx *db.Tx, id string, now int64) error {
	e.ready.Remove(id)
	g, err := e.Grant(tx, id)
	if err != nil {
		return err
	}
	if err := g.stands(now); err != nil {
		return err
	}
	return usedUp(g.Records - g.Used)
}

// subjects are the persons whose data the rows show in clear.
func (e *Engine) subjects(ctx context.Context, r *ready, rows []*record.Row) ([]evidence.ReadSubject, error) {
	var out []evidence.ReadSubject
	var shown []*record.Row
	for _, row := range rows {
		if v := r.view(row); v.Shows(row) {
			out = append(out, evidence.ReadSubject{Type: r.Resource, Record: row.ID, Fields: v.PersonalFields()})
			shown = append(shown, row)
		}
	}
	if out == nil {
		return nil, nil
	}
	persons, err := e.Persons(ctx, r.typ, shown)
	for i, person := range persons {
		out[i].Person = person
	}
	return out, err
}

// millis are the ms of a day, and shanghai those by which its days begin before
// the days of UTC.
const millis, shanghai = 86_400_000, 8 * 3_600_000

// dayOf is the day in Shanghai, counted from 1970.
func dayOf(ms int64) int64 { return (ms + shanghai) / millis }

// Date writes a day of use as a date.
func Date(day int64) string { return time.UnixMilli(day * millis).UTC().Format(time.DateOnly) }

// Use is what was read through a grant on one day.
type Use struct {
	Day     int64 // since 1970, in Shanghai
	Calls   int64
	Records int64
	LastAt  int64 // ms UTC
}

// ReadOf returns how many records of each resource were read through grants on
// the days of a span in ms UTC, its end not included.
func (e *Engine) ReadOf(q db.Querier, from, to int64) (map[string]int64, error) {
	rows, err := q.Query(`select g.resource, cast(sum(u.records) as bigint) from exchange_use u join exchange_grant g on g.id = u.grant_id where u.day >= $1 and u.day < $2 group by g.resource`, dayOf(from), dayOf(to))
	if err != nil {
		return nil, fmt.Errorf("exchange: use: %w", err)
	}
	defer rows.Close()
	out := map[string]int64{}
	for rows.Next() {
		var resource string
		var n int64
		if err := rows.Scan(&resource, &n); err != nil {
			return nil, err
		}
		out[resource] = n
	}
	return out, rows.Err()
}

// UseOf returns the use of a grant by day, newest first, at most limit days
// before the day given (0: from today).
func (e *Engine) UseOf(q db.Querier, id string, before int64, limit int) ([]Use, error) {
	if before == 0 {
		before = 1 << 40
	}
	rows, err := q.Query(`select day, calls, records, last_at from exchange_use where grant_id = $1 and day < $2 order by day desc limit $3`, id, before, limit)
	if err != nil {
		return nil, fmt.Errorf("exchange: use: %w", err)
	}
	defer rows.Close()
	var out []Use
	for rows.Next() {
		var u Use
		if err := rows.Scan(&u.Day, &u.Calls, &u.Records, &u.LastAt); err != nil {
			return nil, err
		}
		out = append(out, u)
	}
	return out, rows.Err()
}
