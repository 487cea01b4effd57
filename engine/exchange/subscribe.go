package exchange

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"

	"chengshu/core/identity"
	"chengshu/core/record"
	"chengshu/kernel/db"
	"chengshu/kernel/fault"
	"chengshu/kernel/job"
	"chengshu/kernel/outbound"
)

// Pushing is what an Engine needs to tell holders of grants what is new.
type Pushing struct {
	Jobs   *job.Engine
	Client outbound.Client
	Log    *slog.Logger
	// Source is the authority part of the URI that events come from.
	Source string
	// Next returns the release of a dataset that follows a version, nil when there
	// is none; Latest the last version, 0 before the first.
	Next   func(q db.Querier, t *record.Type, version int64) (*News, error)
	Latest func(q db.Querier, t *record.Type) (int64, error)
}

// News is what is told of a release.
type News struct {
	Version int64  `json:"release"`
	Digest  string `json:"digest"` // SHA-256 of its manifest
	Rows    int64  `json:"rows"`
	At      string `json:"published_at"`
}

// What a subscription can be to.
const (
	OnRelease = "release" // a new release of a dataset
	OnChange  = "change"  // rows of a register have changed
)

// Subscription says where the news of a grant goes.
type Subscription struct {
	Grant    string
	URL      string
	Events   []string
	State    string      // see below
	Why      *fault.Text // of a subscription that is paused
	MadeAt   int64       // ms UTC
	Failures int64       // one after the other

	secret    string
	release   int64 // version of the release that was told last
	seq       int64 // place in the log of the act that was looked at last
	changedAt int64 // when changes were told last
}

// States of a subscription.
const (
	Active = "active"
	Paused = "paused" // by the program; the holder resumes it
)

// Push is one event that was or is to be sent.
type Push struct {
	Seq      int64
	Event    string // id
	Kind     string // release or change
	About    string // v3, or * for rows of a register
	MadeAt   int64  // ms UTC
	SentAt   int64  // 0 while it waits
	Attempts int64
	Status   int64       // of the last answer; 0 when there was none
	Why      *fault.Text // why the last attempt failed

	body string
}

// subscriptions are the tables of subscriptions and of what is sent by them. An
// event is written there, with its act, before it is sent, and is sent from
// there until it has arrived.
var subscriptions = db.Migration{Owner: "exchange", Version: 2, SQL: []string{
	`create table exchange_subscription (grant_id text collate "C" primary key, resource text collate "C" not null, url text not null, events text not null,
		secret text not null, state text collate "C" not null, why text, made_at bigint not null, failures bigint not null,
		release_told bigint not null, seq_seen bigint not null, changed_at bigint not null)`,
	`create table exchange_push (grant_id text collate "C" not null, seq bigint not null, event text collate "C" not null, kind text collate "C" not null,
		about text collate "C" not null, body text not null, made_at bigint not null, sent_at bigint, attempts bigint not null, status bigint not null, why text,
		primary key (grant_id, seq))`,
	`create index exchange_push_waiting on exchange_push (grant_id, seq) where sent_at is null`,
}}

// errNoSubscription says that a grant has none.
func errNoSubscription() error {
	return fault.New(fault.NotFound, "no-subscription", "此授权没有订阅", "the grant has no subscription")
}

// mine returns the grant to one who acts for its holder.
func (e *Engine) mine(q db.Querier, a *identity.Actor, grant string) (Grant, error) {
	g, err := e.Grant(q, grant)
	if err == nil && !g.HeldBy(a) {
		err = ErrNoGrant()
	}
	return g, err
}

// Subscribe sends the news of a grant to an address from now on, in place of the
// one before, and returns the secret that events are signed with, which is shown
// this once. The address is proven first: an event with a token is sent there,
// which must be answered with the token.
func (e *Engine) Subscribe(ctx context.Context, c Caller, grant, address string, events []string) (secret string, err error) {
	g, err := e.mine(e.DB.Read(ctx), c.Actor, grant)
	if err != nil {
		return "", err
	}
	if err := g.stands(e.Clock.Now().UnixMilli()); err != nil {
		return "", err
	}
	t, err := e.resource(g.Resource)
	if err != nil {
		return "", err
	}
	if err := checkEvents(t, events); err != nil {
		return "", err
	}
	if secret, err = newSecret(); err != nil {
		return "", err
	}
	if err := e.prove(ctx, g, address, secret); err != nil {
		return "", err
	}
	list := strings.Join(events, " ")
	return secret, e.DB.Do(ctx, func(tx *db.Tx) error {
		now := e.Clock.Now().UnixMilli()
		told, seen := int64(0), int64(-1)
		var err error
		if t.Resource == record.Dataset {
			told, err = e.Pushing.Latest(tx, t)
		} else {
			seen, err = record.LogHead(tx)
		}
		if err != nil {
			return err
		}
		// What the address before has not been sent goes to the new one.
		if _, err := tx.Exec(`insert into exchange_subscription (grant_id, resource, url, events, secret, state, made_at, failures, release_told, seq_seen, changed_at)
			values ($1, $2, $3, $4, $5, $6, $7, 0, $8, $9, 0) on conflict (grant_id) do update set url = excluded.url, events = excluded.events,
			secret = excluded.secret, state = excluded.state, why = null, made_at = excluded.made_at, failures = 0`,
			grant, g.Resource, address, list, secret, Active, now, told, seen); err != nil {
			return err
		}
		if err := e.leave(tx, c, g, g.Resource+".subscribe"); err != nil {
			return err
		}
		return e.enqueuePush(tx, grant)
	})
}

func checkEvents(t *record.Type, events []string) error {
	fits := OnChange
	if t.Resource == record.Dataset {
		fits = OnRelease
	}
	if len(events) == 1 && events[0] == fits {
		return nil
	}
	return fault.New(fault.Invalid, "bad-events", "此资源可订阅的事件为 "+fits, "the one event of this resource is "+fits)
}

// newSecret makes a secret as Standard Webhooks writes it: 32 random bytes.
func newSecret() (string, error) {
	key := make([]byte, 32)
	if _, err := rand.Read(key); err != nil {
		return "", err
	}
	return secretMark + base64.StdEncoding.EncodeToString(key), nil
}

const subscriptionColumns = `select grant_id, url, events, secret, state, why, made_at, failures, release_told, seq_seen, changed_at from exchange_subscription `

func scanSubscription(scan func(...any) error) (*Subscription, error) {
	s := &Subscription{}
	var events string
	var why *string
	if err := scan(&s.Grant, &s.URL, &events, &s.secret, &s.State, &why, &s.MadeAt, &s.Failures, &s.release, &s.seq, &s.changedAt); err != nil {
		return nil, err
	}
	s.Events = strings.Fields(events)
	var err error
	s.Why, err = textFrom(why)
	return s, err
}

func textFrom(raw *string) (*fault.Text, error) {
	if raw == nil {
		return nil, nil
	}
	var t fault.Text
	return &t, json.Unmarshal([]byte(*raw), &t)
}

func (e *Engine) subscription(q db.Querier, grant string) (*Subscription, error) {
	s, err := scanSubscription(q.QueryRow(subscriptionColumns+`where grant_id = $1`, grant).Scan)
	if errors.Is(err, db.ErrNoRows) {
		return nil, errNoSubscription()
	}
	return s, err
}

// pushesShown is how many pushes a holder sees.
const pushesShown = 50

// Subscription returns where the news of a grant goes, and the last pushes,
// newest first, to those who act for its holder.
func (e *Engine) Subscription(ctx context.Context, a *identity.Actor, grant string) (*Subscription, []Push, error) {
	q := e.DB.Read(ctx)
	if _, err := e.mine(q, a, grant); err != nil {
		return nil, nil, err
	}
	s, err := e.subscription(q, grant)
	if err != nil {
		return nil, nil, err
	}
	list, err := e.pushes(q, `where grant_id = $1 order by seq desc limit $2`, grant, pushesShown)
	return s, list, err
}

func (e *Engine) pushes(q db.Querier, where string, args ...any) ([]Push, error) {
	rows, err := q.Query(`select seq, event, kind, about, made_at, coalesce(sent_at, 0), attempts, status, why, body from exchange_push `+where, args...)
	if err != nil {
		return nil, fmt.Errorf("exchange: pushes: %w", err)
	}
	defer rows.Close()
	var out []Push
	for rows.Next() {
		var p Push
		var why *string
		if err := rows.Scan(&p.Seq, &p.Event, &p.Kind, &p.About, &p.MadeAt, &p.SentAt, &p.Attempts, &p.Status, &why, &p.body); err != nil {
			return nil, err
		}
		if p.Why, err = textFrom(why); err != nil {
			return nil, err
		}
		out = append(out, p)
	}
	return out, rows.Err()
}

// Unsubscribe ends a subscription, and forgets what was and was to be sent by it.
func (e *Engine) Unsubscribe(ctx context.Context, c Caller, grant string) error {
	g, err := e.mine(e.DB.Read(ctx), c.Actor, grant)
	if err != nil {
		return err
	}
	return e.DB.Do(ctx, func(tx *db.Tx) error {
		n, err := tx.Exec(`delete from exchange_subscription where grant_id = $1`, grant)
		if err != nil {
			return err
		}
		if n == 0 {
			return errNoSubscription()
		}
		if _, err := tx.Exec(`delete from exchange_push where grant_id = $1`, grant); err != nil {
			return err
		}
		return e.leave(tx, c, g, g.Resource+".unsubscribe")
	})
}

// Resume has a subscription go on at once: one that the program has paused, or
// one that waits to try again.
func (e *Engine) Resume(ctx context.Context, a *identity.Actor, grant string) error {
	if _, err := e.mine(e.DB.Read(ctx), a, grant); err != nil {
		return err
	}
	return e.DB.Do(ctx, func(tx *db.Tx) error {
		n, err := tx.Exec(`update exchange_subscription set state = $1, why = null, failures = 0 where grant_id = $2`, Active, grant)
		if err != nil {
			return err
		}
		if n == 0 {
			return errNoSubscription()
		}
		return e.enqueuePush(tx, grant)
	})
}

// wants reports whether the subscription is to an event.
func (s *Subscription) wants(event string) bool { return slices.Contains(s.Events, event) }
