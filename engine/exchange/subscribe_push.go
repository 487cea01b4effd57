package exchange

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"time"

	"chengshu/core/access"
	"chengshu/core/evidence"
	"chengshu/core/record"
	"chengshu/kernel/db"
	"chengshu/kernel/fault"
	"chengshu/kernel/job"
)

const (
	pushJob     = "exchange.push"
	lookEvery   = time.Minute // for news that no hint has told of
	changeEvery = time.Minute // between two events of changes
	actsAtOnce  = 50_000      // of the log that are looked through for changes
	keysAtOnce  = 1000        // that one event names
	pushesKept  = 200         // of a subscription, beside those that wait
)

// pauses are what is waited after each failure in a row: three days in all.
// After one more failure the subscription is paused.
var pauses = []time.Duration{5 * time.Second, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 5 * time.Hour, 10 * time.Hour, 14 * time.Hour, 20 * time.Hour, 20 * time.Hour}

// RegisterPushes names the handler of the jobs that send.
func (e *Engine) RegisterPushes() { e.Pushing.Jobs.Register(pushJob, e.push) }

func (e *Engine) enqueuePush(tx *db.Tx, grant string) error {
	_, err := e.Pushing.Jobs.Enqueue(tx, job.Job{Kind: pushJob, Payload: grant, UniqueKey: grant})
	return err
}

// Published says that there may be news. It never waits.
func (e *Engine) Published() {
	select {
	case e.news <- struct{}{}:
	default:
	}
}

// RunSubscriptions has news sent until ctx ends. What was published while the
// program was down, or by another node, is found by looking.
func (e *Engine) RunSubscriptions(ctx context.Context, after func(time.Duration) <-chan time.Time) error {
	for {
		if err := e.Look(ctx); err != nil && ctx.Err() == nil {
			e.Pushing.Log.Error("subscriptions", "err", err)
		}
		select {
		case <-e.news:
		case <-after(lookEvery):
		case <-ctx.Done():
			return nil
		}
	}
}

// Look writes the events of all news that there is now and has them sent.
func (e *Engine) Look(ctx context.Context) error {
	rows, err := e.DB.Read(ctx).Query(subscriptionColumns+`where state = $1 order by grant_id`, Active)
	if err != nil {
		return err
	}
	var all []*Subscription
	for rows.Next() {
		s, err := scanSubscription(rows.Scan)
		if err != nil {
			return errors.Join(err, rows.Close())
		}
		all = append(all, s)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return err
	}
	for _, s := range all {
		for more := true; more && err == nil; {
			more, err = e.collect(ctx, s.Grant)
		}
		if err != nil && ctx.Err() == nil { // the others have theirs
			e.Pushing.Log.Error("subscription", "grant", s.Grant, "err", err)
		}
		err = nil
	}
	return ctx.Err()
}

// collect writes the next event of a subscription, if there is one, with its
// act; more is true when there may be another. A grant that gives nothing more
// has no news.
func (e *Engine) collect(ctx context.Context, grant string) (more bool, err error) {
	q := e.DB.Read(ctx)
	s, err := e.subscription(q, grant)
	if err != nil {
		return false, err
	}
	g, err := e.Grant(q, grant)
	if err != nil || g.stands(e.Clock.Now().UnixMilli()) != nil {
		return false, err
	}
	t, err := e.resource(g.Resource)
	if err != nil {
		return false, err
	}
	if s.wants(OnRelease) {
		return e.collectRelease(ctx, s, g, t)
	}
	return e.collectChange(ctx, s, g, t)
}

func (e *Engine) collectRelease(ctx context.Context, s *Subscription, g Grant, t *record.Type) (bool, error) {
	n, err := e.Pushing.Next(e.DB.Read(ctx), t, s.release)
	if err != nil || n == nil {
		return false, err
	}
	return true, e.DB.Do(ctx, func(tx *db.Tx) error {
		moved, err := tx.Exec(`update exchange_subscription set release_told = $1 where grant_id = $2 and release_told = $3`, n.Version, s.Grant, s.release)
		if err != nil || moved == 0 { // another node has
			return err
		}
		return e.write(tx, g, OnRelease, about(n.Version, ""), n, nil)
	})
}

// changes is what is told of rows that have changed: their keys, where the grant
// shows them in clear. What they say now the holder reads through the grant.
type changes struct {
	Rows int      `json:"rows"`
	Key  string   `json:"key,omitempty"` // name of the field
	Keys []string `json:"keys,omitempty"`
}

func (e *Engine) collectChange(ctx context.Context, s *Subscription, g Grant, t *record.Type) (bool, error) {
	now := e.Clock.Now().UnixMilli()
	if now-s.changedAt < changeEvery.Milliseconds() {
		return false, nil
	}
	found, err := record.ChangedSince(e.DB.Read(ctx), t, s.seq, actsAtOnce)
	if err != nil || found.Upto == s.seq {
		return false, err
	}
	r, err := e.prepare(g)
	if err != nil {
		return false, err
	}
	rows, err := e.inGrant(ctx, r, found.IDs)
	if err != nil {
		return false, err
	}
	told := s.changedAt
	if len(rows) > 0 {
		told = now
	}
	events, err := e.eventsOf(ctx, r, rows)
	if err != nil {
		return false, err
	}
	return len(rows) == 0, e.DB.Do(ctx, func(tx *db.Tx) error {
		moved, err := tx.Exec(`update exchange_subscription set seq_seen = $1, changed_at = $2 where grant_id = $3 and seq_seen = $4`, found.Upto, told, s.Grant, s.seq)
		if err != nil || moved == 0 {
			return err
		}
		for _, one := range events {
			if err := one.charge(tx, g.ID, now); err != nil {
				return err
			}
			if err := e.write(tx, g, OnChange, aPage, one.tell, one.shown); err != nil {
				return err
			}
		}
		return nil
	})
}

// inGrant returns those of the rows that the grant is about now.
func (e *Engine) inGrant(ctx context.Context, r *ready, ids []any) ([]*record.Row, error) {
	from, _, done, err := e.Rows(ctx, r.typ)
	if err != nil {
		return nil, err
	}
	defer done()
	var out []*record.Row
	for len(ids) > 0 {
		n := min(len(ids), keysAtOnce)
		rows, err := from.GetAll(ctx, r.typ, ids[:n])
		if err != nil {
			return nil, err
		}
		for _, row := range rows {
			if row != nil && row.DeletedAt == 0 && r.decide.Decide(nobody, access.Read, r.typ.Name, access.RowOf(row)).Allow {
				out = append(out, row)
			}
		}
		ids = ids[n:]
	}
	return out, nil
}

// changeEvent is what one event tells, and whose data it shows.
type changeEvent struct {
	tell  changes
	shown []evidence.ReadSubject
}

// charge counts the keys that the event names against the grant. When it has too
// few left, the event tells how many rows have changed, and not which.
func (c *changeEvent) charge(tx *db.Tx, grant string, now int64) error {
	if len(c.tell.Keys) == 0 {
		return nil
	}
	counted, err := count(tx, grant, int64(len(c.tell.Keys)), now)
	if err == nil && !counted {
		c.tell.Key, c.tell.Keys, c.shown = "", nil, nil
	}
	return err
}

func (e *Engine) eventsOf(ctx context.Context, r *ready, rows []*record.Row) ([]changeEvent, error) {
	var out []changeEvent
	f := r.typ.KeyField()
	for some := range slices.Chunk(rows, keysAtOnce) {
		one := changeEvent{tell: changes{Rows: len(some)}}
		if f != nil && r.filter(f.Name).Open() {
			one.tell.Key = f.Name
			for _, row := range some {
				if key, ok := row.Get(f.Name).(string); ok {
					one.tell.Keys = append(one.tell.Keys, key)
				}
			}
			var err error
			if one.shown, err = e.subjects(ctx, r, some); err != nil {
				return nil, err
			}
		}
		out = append(out, one)
	}
	return out, nil
}

// write puts an event and its act on record, and has it sent.
func (e *Engine) write(tx *db.Tx, g Grant, kind, what string, data any, shown []evidence.ReadSubject) error {
	id, body, err := e.newEvent(g, kind, data)
	if err != nil {
		return err
	}
	now := e.Clock.Now().UnixMilli()
	var last int64
	if err := tx.QueryRow(`select coalesce(max(seq), 0) from exchange_push where grant_id = $1`, g.ID).Scan(&last); err != nil {
		return err
	}
	if _, err := tx.Exec(`insert into exchange_push (grant_id, seq, event, kind, about, body, made_at, attempts, status)
		values ($1, $2, $3, $4, $5, $6, $7, 0, 0)`, g.ID, last+1, id, kind, what, string(body), now); err != nil {
		return err
	}
	if _, err := tx.Exec(`delete from exchange_push where grant_id = $1 and seq <= $2 and sent_at is not null`, g.ID, last-pushesKept); err != nil {
		return err
	}
	if _, err := e.Evidence.AppendReading(tx, evidence.Act{At: now, Verb: g.Resource + ".announce", Grant: g.ID, Basis: g.Basis, Purpose: g.Purpose,
		Subject: evidence.Subject{Type: g.Resource, ID: what}}, shown); err != nil {
		return err
	}
	return e.enqueuePush(tx, g.ID)
}

// leave puts on record what a holder did with a subscription.
func (e *Engine) leave(tx *db.Tx, c Caller, g Grant, verb string) error {
	act := evidence.Act{At: e.Clock.Now().UnixMilli(), Verb: verb, Actor: c.Actor.Evidence(), Grant: g.ID, Basis: g.Basis, Purpose: g.Purpose, Request: c.Request,
		Subject: evidence.Subject{Type: g.Resource, ID: g.ID}}
	act.Actor.Org = g.Holder
	_, err := e.Evidence.Append(tx, act)
	return err
}

// push is the handler of the jobs: it sends what a subscription has waiting, in
// order, and waits by itself after a failure.
func (e *Engine) push(ctx context.Context, r *job.Run) error {
	var grant string
	if err := r.Decode(&grant); err != nil {
		return err
	}
	for {
		pause, more, err := e.pushNext(ctx, grant)
		switch {
		case err != nil:
			return err
		case pause > 0:
			return job.Postpone(pause)
		case !more:
			return nil
		}
	}
}

// pushNext sends the event that waits longest. It returns how long to wait
// before the next attempt, or whether another event may wait.
func (e *Engine) pushNext(ctx context.Context, grant string) (pause time.Duration, more bool, err error) {
	q := e.DB.Read(ctx)
	s, err := e.subscription(q, grant)
	if fault.Is(err, fault.NotFound) {
		return 0, false, nil
	}
	if err != nil || s.State != Active {
		return 0, false, err
	}
	g, err := e.Grant(q, grant)
	if err != nil || g.stands(e.Clock.Now().UnixMilli()) != nil {
		return 0, false, err
	}
	waiting, err := e.pushes(q, `where grant_id = $1 and sent_at is null order by seq limit 1`, grant)
	if err != nil || len(waiting) == 0 {
		return 0, false, err
	}
	p := waiting[0]
	status, _, failed := e.send(ctx, s.URL, s.secret, p.Event, []byte(p.body))
	if failed != nil && ctx.Err() != nil {
		return 0, false, failed // the program stops; the attempt does not count
	}
	return e.noteAttempt(ctx, s, p, status, failed)
}

func (e *Engine) noteAttempt(ctx context.Context, s *Subscription, p Push, status int, failed error) (pause time.Duration, more bool, err error) {
	now := e.Clock.Now().UnixMilli()
	return pauseAfter(s.Failures, failed), failed == nil, e.DB.Do(context.WithoutCancel(ctx), func(tx *db.Tx) error {
		if failed == nil {
			if _, err := tx.Exec(`update exchange_push set sent_at = $1, attempts = attempts + 1, status = $2, why = null where grant_id = $3 and seq = $4 and sent_at is null`, now, status, s.Grant, p.Seq); err != nil {
				return err
			}
			_, err := tx.Exec(`update exchange_subscription set failures = 0 where grant_id = $1`, s.Grant)
			return err
		}
		why, err := json.Marshal(reasonOf(failed))
		if err != nil {
			return err
		}
		if _, err := tx.Exec(`update exchange_push set attempts = attempts + 1, status = $1, why = $2 where grant_id = $3 and seq = $4`, status, string(why), s.Grant, p.Seq); err != nil {
			return err
		}
		if _, err := tx.Exec(`update exchange_subscription set failures = failures + 1 where grant_id = $1`, s.Grant); err != nil {
			return err
		}
		// 410 says, by Standard Webhooks, that no more is wanted there.
		if status == http.StatusGone || pauseAfter(s.Failures, failed) == 0 {
			_, err = tx.Exec(`update exchange_subscription set state = $1, why = $2 where grant_id = $3 and url = $4`, Paused, string(why), s.Grant, s.URL)
		}
		return err
	})
}

// pauseAfter is what is waited after one more failure, 0 after the last.
func pauseAfter(failures int64, failed error) time.Duration {
	if failed == nil || failures >= int64(len(pauses)) {
		return 0
	}
	return pauses[failures]
}

// reasonOf is what the holder is told of a failure.
func reasonOf(err error) fault.Text {
	var f *fault.Fault
	if errors.As(err, &f) {
		return f.Text
	}
	return fault.Text{Zh: "系统内部错误", En: "internal error"}
}
