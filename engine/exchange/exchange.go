package exchange

import (
	"context"
	"time"

	"github.com/hashicorp/golang-lru/v2/expirable"

	"chengshu/core/evidence"
	"chengshu/core/identity"
	"chengshu/core/record"
	"chengshu/core/rule"
	"chengshu/kernel/clock"
	"chengshu/kernel/db"
	"chengshu/kernel/fault"
)

// Deps is all that an Engine needs.
type Deps struct {
	DB       *db.DB
	Evidence *evidence.Log
	Clock    clock.Clock
	Rules    *rule.Env // knows the shapes of Types
	Types    []*record.Type
	// Rows opens the rows of a resource for reading, and tells which release they
	// are of, 0 for a register. The caller calls done when it has read.
	Rows func(ctx context.Context, t *record.Type) (rows *record.Engine, version int64, done func(), err error)
	// Persons tells whom each row is about.
	Persons func(ctx context.Context, t *record.Type, rows []*record.Row) ([]string, error)
	// Holds reports whether there is such an organisation.
	Holds   func(ctx context.Context, org string) (bool, error)
	Pushing Pushing
}

// Engine issues grants and delivers by them. It is safe for concurrent use.
type Engine struct {
	Deps
	types map[string]*record.Type
	ready *expirable.LRU[string, *ready] // grants in use, by id
	rates *identity.Limiter
	news  chan struct{} // has a token when there may be news
}

const (
	readyKept = 4096            // grants in use that are remembered
	readyAge  = 5 * time.Second // until they are read again; another node may have changed one
)

// Migrations are the tables of grants and of their use, a row for each day.
func Migrations() []db.Migration {
	return []db.Migration{{Owner: "exchange", Version: 1, SQL: []string{
		`create table exchange_grant (id text collate "C" primary key, resource text collate "C" not null, holder text collate "C" not null,
			role text collate "C" not null, terms text not null, issued_at bigint not null, until bigint not null, revoked_at bigint,
			case_type text collate "C" not null, case_id text collate "C" not null, records bigint not null, used bigint not null)`,
		`create index exchange_grant_holder on exchange_grant (holder, id)`,
		`create index exchange_grant_resource on exchange_grant (resource, id)`,
		`create table exchange_use (grant_id text collate "C" not null, day bigint not null, calls bigint not null, records bigint not null,
			last_at bigint not null, primary key (grant_id, day))`,
	}}, subscriptions}
}

// New returns an engine.
func New(d Deps) *Engine {
	e := &Engine{Deps: d, types: map[string]*record.Type{}, news: make(chan struct{}, 1), rates: identity.NewLimiter(d.Clock, readyKept),
		ready: expirable.NewLRU[string, *ready](readyKept, nil, readyAge)}
	for _, t := range d.Types {
		e.types[t.Name] = t
	}
	return e
}

// resource returns a type by name, or a NotFound fault.
func (e *Engine) resource(name string) (*record.Type, error) {
	if t := e.types[name]; t != nil {
		return t, nil
	}
	return nil, fault.New(fault.NotFound, "no-such-resource", "目录中没有这项资源："+name, "the catalogue has no such resource: "+name)
}
