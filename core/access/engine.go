package access

import (
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/cedar-policy/cedar-go/types"

	"chengshu/core/decl"
	"chengshu/core/identity"
	"chengshu/core/record"
	"chengshu/core/rule"
	"chengshu/kernel/fault"
)

// Deps is everything an Engine needs.
type Deps struct {
	Types   []*record.Type
	Roles   []*identity.Role
	Grants  []*Grant            // declared, and made by processes
	Actions map[string][]string // of the process of each case type, by type
	Rules   *rule.Env           // knows the shapes of Types, and `actor`
	Report  *decl.Report        // receives what is wrong with the grants
	Logger  *slog.Logger        // nil is silence
}

// Engine decides. It is safe for use by many goroutines.
type Engine struct {
	log     *slog.Logger
	types   map[string]*record.Type
	roles   map[string]*identity.Role
	targets map[targetKey]*target
	tasks   map[string]bool // types with a grant of scope task
	all     map[string]View // what the program itself sees

	plans atomic.Int64 // how many are kept
	epoch atomic.Int64 // plans of an older one are forgotten
}

type targetKey struct{ action, typ string }

// target is one action on one type, and who may do it.
type target struct {
	action    string
	typ       *record.Type
	permits   []*permit       // narrowest first
	bits      map[string]uint // of the roles that posts give
	entity    types.EntityType
	actionUID types.EntityUID
	nobody    []fault.Text // why somebody without any of the roles is refused

	mu    sync.RWMutex
	epoch int64
	plans map[uint64][]*plan // by hash of the signature
}

// permit is a grant, checked, for one type.
type permit struct {
	grant *Grant
	typ   *record.Type
	roles uint64 // bits in the target; set for each target
	when  node
	see   []record.See // by position in typ.Fields
}

// implicit reports whether the grant is everybody's, or every person's.
func (p *permit) implicit(w who) bool {
	return slices.Contains(p.grant.Role, identity.Anyone) || w.person && slices.Contains(p.grant.Role, identity.Citizen)
}

// New checks the grants and makes an Engine of those that are right; mistakes
// are in d.Report.
func New(d Deps) *Engine {
	if d.Logger == nil {
		d.Logger = slog.New(slog.DiscardHandler)
	}
	e := &Engine{log: d.Logger, types: map[string]*record.Type{}, roles: map[string]*identity.Role{},
		targets: map[targetKey]*target{}, tasks: map[string]bool{}, all: map[string]View{}}
	for _, t := range d.Types {
		e.types[t.Name] = t
		e.all[t.Name] = newView(t, func(int) record.See { return record.Clear })
	}
	for _, r := range d.Roles {
		e.roles[r.Name] = r
	}
	c := checker{e: e, d: d}
	for _, g := range d.Grants {
		c.grant(g)
	}
	for _, t := range e.targets {
		c.finish(t)
	}
	return e
}

// Decision is the answer to one question. The zero Decision is a refusal.
type Decision struct {
	Allow   bool
	Grant   string       // name of the grant that permits; of several the narrowest, and for reading the one that discloses the most
	Basis   string       // its legal basis
	Purpose string       // its purpose, in Chinese
	View    View         // which fields are shown or may be written
	Why     []fault.Text // why not, when refused; shared, not to be changed
}

// Decide answers whether a may do action to row of the type. What nobody
// declared, the system as an actor, and a row that cannot be judged are
// refused. It takes about a microsecond.
func (e *Engine) Decide(a *identity.Actor, action, typ string, row Row) Decision {
	t := e.targets[targetKey{action, typ}]
	if t == nil || a == nil || a.System {
		return Decision{View: blind, Why: undeclared}
	}
	p := t.plan(e, a)
	if len(p.policies) == 0 {
		return Decision{View: blind, Why: p.why}
	}
	matched, failed := p.match(a, &row)
	if failed != "" {
		e.log.Error("access: a row cannot be judged", "action", action, "type", typ, "id", row.ID, "err", failed)
	}
	if matched == 0 {
		return Decision{View: blind, Why: p.why}
	}
	view := p.view(matched)
	if action == Read {
		return Decision{Allow: true, Grant: view.Grant, Basis: view.Basis, Purpose: view.Purpose, View: view}
	}
	g := p.first(matched)
	return Decision{Allow: true, Grant: g.Name, Basis: g.Basis, Purpose: g.Purpose.Zh, View: view}
}

// SystemGrant is the grant that acts of the program itself name.
const SystemGrant = "system"

// DecideSystem is the decision for what the program does by itself on a legal
// basis: timers, joins, effects. Nothing that comes from outside leads here.
func (e *Engine) DecideSystem(typ, basis string) Decision {
	v, ok := e.all[typ]
	if !ok {
		return Decision{View: blind, Why: undeclared}
	}
	return Decision{Allow: true, Grant: SystemGrant, Basis: basis, View: v}
}

// May reports whether a could do the action to some row of the type: whether
// to offer it at all.
func (e *Engine) May(a *identity.Actor, action, typ string) bool {
	t := e.targets[targetKey{action, typ}]
	return t != nil && a != nil && !a.System && len(t.plan(e, a).policies) > 0
}

// Filter returns the predicate of the rows of the type on which a may do the
// action. When using names fields, only grants count that show all of them in
// clear: a filter, a sort or a search by a masked field would tell what it
// hides.
func (e *Engine) Filter(a *identity.Actor, action, typ string, using ...string) Predicate {
	t := e.targets[targetKey{action, typ}]
	if t == nil || a == nil || a.System {
		return Predicate{nothing, a}
	}
	p := t.plan(e, a)
	return Predicate{p.sql(p.showing(using)), a}
}

// View returns which fields of row are shown to a: those of a decision to
// read. When a may not read it, none is.
func (e *Engine) View(a *identity.Actor, typ string, row Row) View {
	return e.Decide(a, Read, typ, row).View
}

// UsesTasks reports whether decisions about rows of the type look at Row.Tasks.
func (e *Engine) UsesTasks(typ string) bool { return e.tasks[typ] }

var undeclared = []fault.Text{{Zh: "没有任何授权允许此操作", En: "no grant permits this"}}
