package record

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hashicorp/golang-lru/v2/expirable"

	"chengshu/core/decl"
	"chengshu/kernel/db"
	"chengshu/kernel/fault"
	"chengshu/kernel/search"
)

// Referent finds what a reference outside the record tables points to: an
// organisation, a person. It returns nil when there is no such thing.
type Referent interface {
	Refer(ctx context.Context, id string) (*Referred, error)
}

// Referred is what a reference points to, as much as others need to know.
type Referred struct {
	ID    string
	Title decl.Text
	Org   string // path of its organisation
	Place string // path of its division
	Row   *Row   // nil outside the record tables
}

// Deps is all that an Engine needs.
type Deps struct {
	DB        *db.DB
	Search    *search.Engine
	Types     []*Type
	Referents map[string]Referent                                  // by the name used in `to`
	Datums    map[string]func(lon, lat float64) (float64, float64) // to WGS84, by datum name
}

// Engine keeps the rows of all record types.
type Engine struct {
	db        *db.DB
	search    *search.Engine
	types     map[string]*Type
	ordered   []*Type
	referents map[string]Referent
	datums    map[string]func(lon, lat float64) (float64, float64)
	refs      *expirable.LRU[string, *Referred]
}

// What references point to is read again after refsAge at the latest; a change
// made by this program is seen at once, one made by another node by then.
const (
	refsKept = 20_000
	refsAge  = 5 * time.Second
)

// New makes the tables of all types, or extends them, and returns the engine.
// It fails with code "would-lose-data" when a declaration no longer fits the
// data; nothing has then been changed for that type.
func New(ctx context.Context, d Deps) (*Engine, error) {
	e := &Engine{db: d.DB, search: d.Search, types: map[string]*Type{}, ordered: d.Types, referents: d.Referents, datums: d.Datums,
		refs: expirable.NewLRU[string, *Referred](refsKept, nil, refsAge)}
	if err := d.DB.Migrate(ctx, migrations...); err != nil {
		return nil, fmt.Errorf("record: %w", err)
	}
	for _, t := range d.Types {
		e.types[t.Name] = t
		if err := e.migrate(ctx, t); err != nil {
			return nil, fmt.Errorf("record: type %s: %w", t.Name, err)
		}
	}
	return e, nil
}

// Types returns all types in the order of their packs.
func (e *Engine) Types() []*Type { return e.ordered }

// Type returns a type by name, or a NotFound fault.
func (e *Engine) Type(name string) (*Type, error) {
	if t := e.types[name]; t != nil {
		return t, nil
	}
	return nil, fault.New(fault.NotFound, "no-such-type", "没有这种记录："+name, "no such record type: "+name)
}

// ErrNotFound says that there is no such row, or none that may be known of.
func ErrNotFound() error {
	return fault.New(fault.NotFound, "not-found", "没有这条记录", "no such record")
}

// Get reads one living row; ErrNotFound when there is none.
func (e *Engine) Get(q db.Querier, t *Type, id string) (*Row, error) {
	return one(q, t, t.sql.byID+" and deleted_at is null", id)
}

// GetEver is Get that finds a deleted row, too: as it was last, and DeletedAt
// says when it went.
func (e *Engine) GetEver(q db.Querier, t *Type, id string) (*Row, error) {
	return one(q, t, t.sql.byID, id)
}

func one(q db.Querier, t *Type, sql, id string) (*Row, error) {
	rows, err := q.Query(sql, id)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	if !rows.Next() {
		if err := rows.Err(); err != nil {
			return nil, err
		}
		return nil, ErrNotFound()
	}
	return newScanner(t).scan(rows)
}

// Refer finds what id of the target points to; nil when there is no such
// thing. Answers are kept for a few seconds.
func (e *Engine) Refer(ctx context.Context, target, id string) (*Referred, error) {
	ref, err := e.refer(ctx, target, id)
	if ref != nil && ref.Row != nil && ref.Row.DeletedAt != 0 {
		return nil, err
	}
	return ref, err
}

// refer is Refer that finds deleted records too.
func (e *Engine) refer(ctx context.Context, target, id string) (*Referred, error) {
	if r := e.referents[target]; r != nil {
		return r.Refer(ctx, id)
	}
	key := target + "/" + id
	if ref, ok := e.refs.Get(key); ok {
		return ref, nil
	}
	t, err := e.Type(target)
	if err != nil {
		return nil, err
	}
	rows, err := byIDs(e.db.Read(ctx), t, []any{id}, "")
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	row := rows[0]
	ref := &Referred{ID: id, Title: row.publicTitle(), Org: row.Org, Place: row.Place, Row: row}
	e.refs.Add(key, ref)
	return ref, nil
}

func (e *Engine) forget(t *Type, id string) { e.refs.Remove(t.Name + "/" + id) }

// scanner reads rows of one type, its targets made once.
type scanner struct {
	t       *Type
	row     Row
	cols    []any // values of the declared columns
	targets []any
	created *string
	deleted *int64
	org     *string
	place   *string
}

func newScanner(t *Type) *scanner {
	s := &scanner{t: t}
	total := 0
	for _, f := range t.Fields {
		total += len(f.kind.columns(f))
	}
	s.cols = make([]any, total)
	s.targets = []any{&s.row.N, &s.row.ID, &s.row.Rev, &s.row.CreatedAt, &s.row.UpdatedAt, &s.created, &s.deleted, &s.org, &s.place}
	for i := range s.cols {
		s.targets = append(s.targets, &s.cols[i])
	}
	return s
}

func (s *scanner) scan(rows *db.Rows) (*Row, error) {
	if err := rows.Scan(s.targets...); err != nil {
		return nil, err
	}
	r := s.row
	r.Type = s.t
	r.CreatedBy, r.Org, r.Place = deref(s.created), deref(s.org), deref(s.place)
	if s.deleted != nil {
		r.DeletedAt = *s.deleted
	}
	r.Values = make([]any, len(s.t.Fields))
	at := 0
	var errs []error
	for i, f := range s.t.Fields {
		n := f.width
		v, err := f.kind.load(f, s.cols[at:at+n])
		if err != nil {
			errs = append(errs, err)
		}
		r.Values[i] = v
		at += n
	}
	return &r, errors.Join(errs...)
}

func deref(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// GetAll reads the living rows among ids, in no order.
func (e *Engine) GetAll(ctx context.Context, t *Type, ids []any) ([]*Row, error) {
	return byIDs(e.db.Read(ctx), t, ids, " and deleted_at is null")
}

func byIDs(q db.Querier, t *Type, ids []any, and string) ([]*Row, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	sql := fmt.Sprintf("select %s from %s where id in (%s)%s", t.sql.columns, t.table, db.Params(1, len(ids)), and)
	return collect(q, t, sql, ids)
}
