package exchange

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"chengshu/core/decl"
	"chengshu/core/process"
	"chengshu/core/record"
	"chengshu/core/rule"
	"chengshu/kernel/clock"
	"chengshu/kernel/db"
	"chengshu/kernel/fault"
	"chengshu/kernel/id"
)

// Effects are what actions can do with this engine, which is known when it is
// made.
func Effects(engine func() *Engine) []process.EffectKind {
	return []process.EffectKind{
		{Name: "grant.check", New: func() process.Effect { return &checkEffect{terms: terms{engine: engine}} }},
		{Name: "grant.issue", New: func() process.Effect { return &issueEffect{terms: terms{engine: engine}} }},
		{Name: "record.correct", New: func() process.Effect { return &correctEffect{engine: engine} }},
		{Name: "grant.revoke", New: func() process.Effect { return &revokeEffect{engine: engine} }},
	}
}

// terms are what is asked for, as a case has it.
type terms struct {
	decl.Pos
	Resource  rule.Source `yaml:"resource,required"` // gives the name of a record type
	To        rule.Source `yaml:"to,required"`       // gives the id of the organisation
	Role      string      `yaml:"role,required"`     // that the organisation's people and clients use it in
	Fields    rule.Source `yaml:"fields,required"`   // gives a list of TYPE.FIELD
	Unmask    rule.Source `yaml:"unmask"`            // gives those to be shown in clear
	When      rule.Source `yaml:"when"`              // gives a condition on the row, as text
	Purpose   rule.Source `yaml:"purpose,required"`
	Basis     rule.Source `yaml:"basis,required"`
	Until     rule.Source `yaml:"until,required"` // gives the last day, a date
	PerMinute rule.Source `yaml:"per_minute"`     // gives a number of calls
	Records   rule.Source `yaml:"records"`        // gives how many records may be read in all

	engine                                  func() *Engine
	resource, to, fields, unmask, when      *rule.Expr
	purpose, basis, until, perMinute, quota *rule.Expr
}

func (t *terms) Check(_ *process.Process, s *decl.Set, r *decl.Report) {
	if _, ok := decl.Find[decl.Item](s, "role", t.Role); !ok {
		zh, en := decl.Suggest(t.Role, s.Names("role"))
		r.Add(t.Pos, fmt.Sprintf("没有角色 %q；%s", t.Role, zh), fmt.Sprintf("there is no role %q; %s", t.Role, en))
	}
}

func (t *terms) Compile(k process.Compiler) {
	t.resource, t.to = k.Optional(t.Resource, rule.String), k.Optional(t.To, rule.String)
	t.fields, t.unmask = k.Optional(t.Fields, rule.ListOf(rule.String)), k.Optional(t.Unmask, rule.ListOf(rule.String))
	t.when = k.Optional(t.When, rule.String)
	t.purpose, t.basis, t.until = k.Optional(t.Purpose, rule.String), k.Optional(t.Basis, rule.String), k.Optional(t.Until, rule.String)
	t.perMinute, t.quota = k.Optional(t.PerMinute, rule.Int), k.Optional(t.Records, rule.Int)
}

// longest is how long a grant may stand: three years and some days.
const longest = 1100 * 24 * time.Hour

// grant makes out what is asked for and checks it.
func (t *terms) grant(ctx context.Context, m *process.Moment) (Grant, error) {
	g := Grant{ID: id.New(), Role: t.Role, IssuedAt: m.Now.UnixMilli(), CaseType: m.Case.Type.Name, CaseID: m.Case.ID}
	g.AskedBy = m.Case.CreatedBy
	if g.AskedBy == "" { // the case begins with this action
		g.AskedBy = m.Actor.Self()
	}
	var until string
	for _, one := range []struct {
		x    *rule.Expr
		into *string
	}{{t.resource, &g.Resource}, {t.to, &g.Holder}, {t.purpose, &g.Purpose}, {t.basis, &g.Basis}, {t.until, &until}} {
		var err error
		if *one.into, err = process.Text(one.x, m.Vars); err != nil {
			return g, err
		}
	}
	if t.when != nil {
		v, err := t.when.Eval(m.Vars)
		if err != nil {
			return g, err
		}
		g.When, _ = v.(string)
	}
	var err error
	if g.Fields, err = ownFields(t.fields, m.Vars, g.Resource); err != nil {
		return g, err
	}
	if g.Unmask, err = ownFields(t.unmask, m.Vars, g.Resource); err != nil {
		return g, err
	}
	perMinute, err := number(t.perMinute, m.Vars)
	if err != nil {
		return g, err
	}
	g.PerMinute = int(perMinute)
	if g.Records, err = number(t.quota, m.Vars); err != nil {
		return g, err
	}
	if g.Until, err = endOf(until, m.Now); err != nil {
		return g, err
	}
	e := t.engine()
	if there, err := e.Holds(ctx, g.Holder); err != nil || !there {
		return g, fault.Wrap(err, fault.Invalid, "no-holder", "没有这个申请单位", "there is no such organisation")
	}
	_, err = e.prepare(g)
	return g, err
}

// ownFields evaluates a list of TYPE.FIELD into the names of fields of one type.
func ownFields(x *rule.Expr, vars map[string]any, resource string) ([]string, error) {
	if x == nil {
		return nil, nil
	}
	v, err := x.Eval(vars)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, full := range rule.Texts(v) {
		name, ok := strings.CutPrefix(full, resource+record.FieldMark)
		if !ok {
			return nil, fault.New(fault.Invalid, "other-field", "“"+full+"”不是此资源的字段", full+" is no field of this resource")
		}
		out = append(out, name)
	}
	return out, nil
}

func number(x *rule.Expr, vars map[string]any) (int64, error) {
	if x == nil {
		return 0, nil
	}
	v, err := x.Eval(vars)
	if err != nil || v == nil {
		return 0, err
	}
	n, ok := v.(int64)
	if !ok || n < 0 {
		return 0, fault.New(fault.Invalid, "bad-number", "频次和条数须为非负整数", "a rate and a count of records are whole numbers, 0 or more")
	}
	return n, nil
}

// endOf is the end of a day in Shanghai, which must lie ahead.
func endOf(date string, now time.Time) (int64, error) {
	day, err := time.ParseInLocation(time.DateOnly, date, clock.Shanghai)
	end := day.AddDate(0, 0, 1)
	if err != nil || !end.After(now) || end.Sub(now) > longest {
		return 0, fault.New(fault.Invalid, "bad-until", "有效期须为今天之后、三年以内的日期", "the last day must lie ahead, within three years")
	}
	return end.UnixMilli(), nil
}

// checkEffect is the effect grant.check: it refuses the action when grant.issue
// would be refused, so that an application is right before anybody reviews it.
type checkEffect struct{ terms }

func (c *checkEffect) Plan(ctx context.Context, m *process.Moment) (process.Write, error) {
	_, err := c.grant(ctx, m)
	return func(*db.Tx, string) error { return nil }, err
}

// issueEffect is the effect grant.issue: what was asked for is granted, with the
// action or not at all.
type issueEffect struct {
	terms
	// ID names the case's text field that is told the grant's id.
	ID string `yaml:"id,required"`
}

func (i *issueEffect) Check(p *process.Process, s *decl.Set, r *decl.Report) {
	i.terms.Check(p, s, r)
	if f := p.Record.Field(i.ID); f == nil || f.Type != record.Text {
		r.Add(i.Pos, fmt.Sprintf("没有 text 字段 %q", i.ID), fmt.Sprintf("there is no field %q of type text", i.ID))
	}
}

func (i *issueEffect) Plan(ctx context.Context, m *process.Moment) (process.Write, error) {
	g, err := i.grant(ctx, m)
	if err != nil {
		return nil, err
	}
	m.Set(i.ID, g.ID)
	raw, err := json.Marshal(g.Terms)
	if err != nil {
		return nil, err
	}
	return func(tx *db.Tx, _ string) error {
		_, err := tx.Exec(`insert into exchange_grant (id, resource, holder, role, terms, issued_at, until, revoked_at, case_type, case_id, records, used)
			values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
			g.ID, g.Resource, g.Holder, g.Role, string(raw), g.IssuedAt, g.Until, nil, g.CaseType, g.CaseID, g.Records, 0)
		return err
	}, nil
}

// revokeEffect is the effect grant.revoke: a grant gives nothing from then on.
type revokeEffect struct {
	decl.Pos
	ID rule.Source `yaml:"id,required"` // gives the grant's id

	engine func() *Engine
	id     *rule.Expr
}

func (*revokeEffect) Check(*process.Process, *decl.Set, *decl.Report) {}

func (r *revokeEffect) Compile(k process.Compiler) { r.id = k.Optional(r.ID, rule.String) }

func (r *revokeEffect) Plan(ctx context.Context, m *process.Moment) (process.Write, error) {
	grant, err := process.Text(r.id, m.Vars)
	if err != nil {
		return nil, err
	}
	e := r.engine()
	if _, err := e.Grant(e.DB.Read(ctx), grant); err != nil {
		return nil, err
	}
	return func(tx *db.Tx, _ string) error {
		_, err := tx.Exec(`update exchange_grant set revoked_at = $1 where id = $2 and revoked_at is null`, m.Now.UnixMilli(), grant)
		tx.AfterCommit(func() { e.ready.Remove(grant) })
		return err
	}, nil
}
