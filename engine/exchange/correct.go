package exchange

import (
	"context"
	"strings"

	"chengshu/core/decl"
	"chengshu/core/process"
	"chengshu/core/record"
	"chengshu/core/rule"
	"chengshu/kernel/db"
	"chengshu/kernel/fault"
)

// correctEffect is the effect record.correct: one value of a register is
// corrected at its source, because an objection to it was found right. It is
// like record.write, for a register that is known only when the case is.
type correctEffect struct {
	decl.Pos
	Resource rule.Source `yaml:"resource,required"` // gives the name of a register
	Key      rule.Source `yaml:"key,required"`      // gives the value of its unique field, or the record's id where it has none
	Field    rule.Source `yaml:"field,required"`    // gives TYPE.FIELD
	Value    rule.Source `yaml:"value,required"`    // gives the right value as text; nothing clears the field

	engine                      func() *Engine
	resource, key, field, value *rule.Expr
}

func (*correctEffect) Check(*process.Process, *decl.Set, *decl.Report) {}

func (c *correctEffect) Compile(k process.Compiler) {
	c.resource, c.key = k.Optional(c.Resource, rule.String), k.Optional(c.Key, rule.String)
	c.field, c.value = k.Optional(c.Field, rule.String), k.Optional(c.Value, rule.String)
}

func (c *correctEffect) Plan(ctx context.Context, m *process.Moment) (process.Write, error) {
	e := c.engine()
	resource, err := process.Text(c.resource, m.Vars)
	if err != nil {
		return nil, err
	}
	key, err := process.Text(c.key, m.Vars)
	if err != nil {
		return nil, err
	}
	full, err := process.Text(c.field, m.Vars)
	if err != nil {
		return nil, err
	}
	t, row, err := e.find(ctx, resource, key)
	if err != nil {
		return nil, err
	}
	name, ok := strings.CutPrefix(full, resource+record.FieldMark)
	f := t.Field(name)
	if !ok || f == nil || f.System {
		return nil, fault.New(fault.Invalid, "other-field", "“"+full+"”不是此资源的字段", full+" is no field of this resource")
	}
	v, err := c.value.Eval(m.Vars)
	if err != nil {
		return nil, err
	}
	text, _ := v.(string)
	input, err := f.InputText(text)
	if err != nil {
		return nil, fault.Wrap(err, fault.Invalid, "bad-value", "“"+text+"”不是“"+f.Title.Zh+"”的值", text+" is no value of "+f.Title.En)
	}
	rows, _, done, err := e.Rows(ctx, t)
	if err != nil {
		return nil, err
	}
	defer done()
	draft, err := rows.PlanRevise(ctx, row, map[string]any{name: input}, m.Author())
	if err != nil {
		return nil, err
	}
	return m.Write(draft, t.Name+".revise"), nil
}

// find returns the row of a register that has this key.
func (e *Engine) find(ctx context.Context, resource, key string) (*record.Type, *record.Row, error) {
	t, err := e.resource(resource)
	if err != nil {
		return nil, nil, err
	}
	if t.Resource != record.Register || t.Case {
		return nil, nil, fault.New(fault.Invalid, "not-a-register", "“"+t.Title.Zh+"”不逐条更正：数据集由下一个版本更正，事项由其动作改变",
			t.Title.En+" is not corrected row by row: a dataset is by its next release, a case by its actions")
	}
	rows, _, done, err := e.Rows(ctx, t)
	if err != nil {
		return nil, nil, err
	}
	defer done()
	if t.KeyField() == nil {
		row, err := rows.Get(e.DB.Read(ctx), t, key)
		return t, row, err
	}
	found, err := rows.ByKey(ctx, t, []string{key}, nil)
	if err == nil && found[0] == nil {
		err = fault.New(fault.Invalid, "no-such-row", "没有键为“"+key+"”的记录", "there is no record with the key "+key)
	}
	if err != nil {
		return nil, nil, err
	}
	return t, found[0], nil
}

// UsersOf returns the persons who asked for grants on a field of a resource, as
// TYPE.FIELD, by which rows have been read: those to be told when it changes.
func (e *Engine) UsersOf(q db.Querier, resource, field string) ([]string, error) {
	name := strings.TrimPrefix(field, resource+record.FieldMark)
	rows, err := q.Query(grantColumns+`where resource = $1 and used > 0 order by id`, resource)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []string
	for rows.Next() {
		g, err := scanGrant(rows.Scan)
		if err != nil {
			return nil, err
		}
		if g.AskedBy != "" && g.shown(name) {
			out = append(out, g.AskedBy)
		}
	}
	return out, rows.Err()
}
