package exchange

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"chengshu/core/access"
	"chengshu/core/decl"
	"chengshu/core/identity"
	"chengshu/core/record"
	"chengshu/core/rule"
	"chengshu/kernel/db"
	"chengshu/kernel/fault"
)

// Grant is what one organisation may use of a resource.
type Grant struct {
	ID       string
	Resource string // record type
	Holder   string // id of the organisation that may use it
	Role     string // that its officers and clients must bear there
	Terms
	Records   int64 // that may be read in all; 0 is no limit
	Used      int64 // records read so far
	IssuedAt  int64 // ms UTC
	Until     int64 // ms UTC, not included
	RevokedAt int64 // 0 while it stands
	CaseType  string
	CaseID    string // the case that issued it
}

// Terms are what a grant says beside who and how long.
type Terms struct {
	Fields    []string `json:"fields"`           // that are shown
	Unmask    []string `json:"unmask,omitempty"` // personal ones among them that are shown in clear
	When      string   `json:"when,omitempty"`   // a condition on the row, as grants of packs have it
	Purpose   string   `json:"purpose"`
	Basis     string   `json:"basis"` // legal basis
	PerMinute int      `json:"per_minute,omitempty"`
	AskedBy   string   `json:"asked_by,omitempty"` // person, who is told what concerns the grant
}

// shown reports whether the grant shows the field in clear or masked.
func (t *Terms) shown(field string) bool { return slices.Contains(t.Fields, field) }

// ready is a grant that has been checked and can decide.
type ready struct {
	Grant
	typ    *record.Type
	decide *access.Engine
	see    access.View // of every row that the grant is about
}

// nobody asks in decisions: who the holder's people are was told before.
var nobody = identity.NewAnonymous()

// prepare checks what a grant says of its resource. Mistakes are one Invalid
// fault that names all of them.
func (e *Engine) prepare(g Grant) (*ready, error) {
	t, err := e.resource(g.Resource)
	if err != nil {
		return nil, err
	}
	if len(g.Fields) == 0 {
		return nil, fault.New(fault.Invalid, "bad-grant", "授权须列明字段", "a grant lists its fields")
	}
	report := &decl.Report{}
	one := &access.Grant{Meta: decl.Meta{Name: g.ID}, Role: []string{identity.Anyone}, On: []string{t.Name}, Actions: []string{access.Read}, Scope: access.All,
		Fields: g.Fields, Unmask: g.Unmask, Purpose: decl.Text{Zh: g.Purpose, En: g.Purpose}, Basis: g.Basis, When: rule.Source{Text: g.When}}
	engine := func(g *access.Grant) *access.Engine {
		return access.New(access.Deps{Types: []*record.Type{t}, Grants: []*access.Grant{g}, Rules: e.Rules, Report: report})
	}
	r := &ready{Grant: g, typ: t, decide: engine(one)}
	if len(report.Problems()) == 0 {
		one.When = rule.Source{}
		r.see = engine(one).View(nobody, t.Name, access.Row{})
		return r, e.checkRows(r, report)
	}
	bad := fault.New(fault.Invalid, "bad-grant", "授权内容有误", "the grant is wrong")
	for i, p := range report.Problems() {
		bad.With(fmt.Sprintf("grant.%d", i), p.Zh, p.En)
	}
	return nil, bad
}

// checkRows refuses a condition on the row that looks at a personal field which
// the grant does not show in clear: whether a row comes would tell what it hides.
func (e *Engine) checkRows(r *ready, report *decl.Report) error {
	if r.When == "" {
		return nil
	}
	x := e.Rules.Compile(rule.Source{Text: r.When}, rule.Vars{"row": rule.ObjectOf(r.typ.Shape()), "me": rule.ObjectOf("actor")}, rule.Bool, report)
	fields, _ := x.Reads("row")
	bad := fault.New(fault.Invalid, "bad-grant", "授权内容有误", "the grant is wrong")
	for _, name := range fields {
		if f := r.typ.Field(name); f != nil && (f.Personal || f.Mask != "") && r.see.Of(f) != record.Clear {
			bad.With("when."+name, "数据范围不能以未明文提供的个人信息“"+f.Title.Zh+"”为条件", "the rows cannot be chosen by "+f.Title.En+", which is personal and not shown in clear")
		}
	}
	if len(bad.Fields) > 0 {
		return bad
	}
	return nil
}

// filter is the predicate of the rows that the grant is about, where the named
// fields are shown in clear.
func (r *ready) filter(using ...string) access.Predicate {
	return r.decide.Filter(nobody, access.Read, r.typ.Name, using...)
}

// view is how the grant shows a row's fields.
func (r *ready) view(row *record.Row) access.View {
	return r.decide.View(nobody, r.typ.Name, access.RowOf(row))
}

const grantColumns = `select id, resource, holder, role, terms, records, used, issued_at, until, revoked_at, case_type, case_id from exchange_grant `

func scanGrant(scan func(...any) error) (Grant, error) {
	var g Grant
	var terms string
	var revoked *int64
	err := scan(&g.ID, &g.Resource, &g.Holder, &g.Role, &terms, &g.Records, &g.Used, &g.IssuedAt, &g.Until, &revoked, &g.CaseType, &g.CaseID)
	if err != nil {
		return g, err
	}
	if revoked != nil {
		g.RevokedAt = *revoked
	}
	return g, json.Unmarshal([]byte(terms), &g.Terms)
}

// ErrNoGrant says that there is no such grant, or none that may be known of.
func ErrNoGrant() error {
	return fault.New(fault.NotFound, "no-such-grant", "没有这项授权", "there is no such grant")
}

// Grant returns a grant, or NotFound.
func (e *Engine) Grant(q db.Querier, id string) (Grant, error) {
	g, err := scanGrant(q.QueryRow(grantColumns+`where id = $1`, id).Scan)
	if errors.Is(err, db.ErrNoRows) {
		return g, ErrNoGrant()
	}
	return g, err
}

// Held returns up to limit grants of these organisations, newest first, issued
// before the one named after ("" begins with the newest).
func (e *Engine) Held(q db.Querier, orgs []string, after string, limit int) ([]Grant, error) {
	return e.list(q, "holder", orgs, after, limit)
}

// Of returns grants on these resources, as Held does.
func (e *Engine) Of(q db.Querier, resources []string, after string, limit int) ([]Grant, error) {
	return e.list(q, "resource", resources, after, limit)
}

func (e *Engine) list(q db.Querier, column string, values []string, after string, limit int) ([]Grant, error) {
	if len(values) == 0 {
		return nil, nil
	}
	if after == "" {
		after = "~" // after every id
	}
	args := make([]any, 0, len(values)+2)
	for _, v := range values {
		args = append(args, v)
	}
	n := len(values)
	rows, err := q.Query(fmt.Sprintf(`%swhere %s in (%s) and id < $%d order by id desc limit $%d`, grantColumns, column, db.Params(1, n), n+1, n+2), append(args, after, limit)...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []Grant
	for rows.Next() {
		g, err := scanGrant(rows.Scan)
		if err != nil {
			return nil, err
		}
		out = append(out, g)
	}
	return out, rows.Err()
}

// open returns a grant that the actor may use now. To others it is as if there
// were none.
func (e *Engine) open(ctx context.Context, a *identity.Actor, id string) (*ready, error) {
	r, ok := e.ready.Get(id)
	if !ok {
		g, err := e.Grant(e.DB.Read(ctx), id)
		if err != nil {
			return nil, err
		}
		if r, err = e.prepare(g); err != nil {
			return nil, fault.Wrap(err, fault.Conflict, "grant-outdated", "资源已变更，此授权不再适用，请重新申请", "the resource has changed and the grant no longer fits; apply anew")
		}
		e.ready.Add(id, r)
	}
	if !r.HeldBy(a) {
		return nil, ErrNoGrant()
	}
	if err := r.stands(e.Clock.Now().UnixMilli()); err != nil {
		return nil, err
	}
	if r.PerMinute > 0 {
		if wait, ok := e.rates.Take(id, identity.Rate{PerMinute: r.PerMinute, Burst: max(1, r.PerMinute/4)}); !ok {
			return nil, fault.Wrap(&identity.Wait{For: wait}, fault.Exhausted, "too-many-requests", "超过此授权的调用频次，请稍后再试", "this grant is used too often; try again later")
		}
	}
	return r, nil
}

// ResourceOf returns the type of a grant's rows to one who may use it.
func (e *Engine) ResourceOf(ctx context.Context, a *identity.Actor, id string) (*record.Type, error) {
	g, err := e.Grant(e.DB.Read(ctx), id)
	if err != nil {
		return nil, err
	}
	if !g.HeldBy(a) {
		return nil, ErrNoGrant()
	}
	return e.resource(g.Resource)
}

// HeldBy reports whether the actor acts for the holder in the grant's role.
func (g *Grant) HeldBy(a *identity.Actor) bool {
	return slices.ContainsFunc(a.Posts, func(p identity.Post) bool { return p.Org == g.Holder && slices.Contains(p.Roles, g.Role) })
}

// State is valid, revoked, ended or used-up.
func (g *Grant) State(now int64) string {
	if err := g.stands(now); err != nil {
		return strings.TrimPrefix(fault.Code(err), "grant-")
	}
	return "valid"
}

// stands says why a grant can be used no more, nil while it can.
func (g *Grant) stands(now int64) error {
	switch {
	case g.RevokedAt != 0:
		return fault.New(fault.Denied, "grant-revoked", "此授权已收回", "the grant has been revoked")
	case now >= g.Until:
		return fault.New(fault.Denied, "grant-ended", "此授权已到期", "the grant has ended")
	case g.Records > 0 && g.Used >= g.Records:
		return usedUp(0)
	}
	return nil
}

func usedUp(left int64) error {
	return fault.New(fault.Denied, "grant-used-up", fmt.Sprintf("此授权剩余 %d 条，不足本次所需", left), fmt.Sprintf("%d records are left of the grant, which is too few", left))
}
