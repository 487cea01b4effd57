package linkage

import (
	"context"
	"encoding/json"
	"fmt"

	"chengshu/core/decl"
	"chengshu/core/process"
	"chengshu/core/rule"
	"chengshu/kernel/fault"
)

// Effects are what actions can do with this engine, which is known when it is
// made.
func Effects(engine func() *Engine) []process.EffectKind {
	return []process.EffectKind{{Name: "lake.link", New: func() process.Effect { return &linkEffect{engine: engine} }}}
}

// linkEffect is the effect lake.link: the rows of a linkage's sources are linked
// as they are then. It gives `run`, `rows`, `entities`, `links` and `review`, the
// number of pairs for people to look at.
type linkEffect struct {
	decl.Pos
	process.Outcome
	Linkage rule.Source `yaml:"linkage,required"` // gives its name

	engine  func() *Engine
	linkage *rule.Expr
}

func (c *linkEffect) Check(*process.Process, *decl.Set, *decl.Report) {}

func (c *linkEffect) Compile(k process.Compiler) { c.linkage = k.Optional(c.Linkage, rule.String) }

type linkOrder struct {
	Linkage string `json:"linkage"`
}

func (c *linkEffect) Payload(_ context.Context, m *process.Moment) (any, error) {
	name, err := process.Text(c.linkage, m.Vars)
	if err != nil {
		return nil, err
	}
	l, err := c.engine().Linkage(name)
	if err != nil {
		return nil, fault.Wrap(err, fault.Invalid, "no-such-linkage", "没有这个实体归一："+name, "there is no such linkage: "+name)
	}
	if l.Process != m.Case.Type.Name {
		return nil, fault.New(fault.Invalid, "other-process", fmt.Sprintf("“%s”只由流程 %s 办理", l.Title.Zh, l.Process), fmt.Sprintf("%s is linked by cases of %s only", l.Title.En, l.Process))
	}
	return linkOrder{name}, nil
}

func (c *linkEffect) Run(ctx context.Context, r *process.Run) (map[string]any, error) {
	var o linkOrder
	if err := json.Unmarshal(r.Payload, &o); err != nil {
		return nil, err
	}
	e := c.engine()
	l, err := e.Linkage(o.Linkage)
	if err != nil {
		return nil, fault.Wrap(err, fault.Invalid, "no-such-linkage", "没有这个实体归一："+o.Linkage, "there is no such linkage: "+o.Linkage)
	}
	run, err := e.Link(ctx, l, Order{Key: r.Key, CaseType: r.Case.Type.Name, CaseID: r.Case.ID}, r)
	if err != nil {
		return nil, err
	}
	rows := int64(0)
	for _, s := range run.Report.Sources {
		rows += s.Rows
	}
	return map[string]any{"run": run.Number, "rows": rows, "entities": run.Report.Entities, "links": run.Report.Links, "review": run.Report.Review}, nil
}
