package lake

import (
	"context"
	"fmt"

	"chengshu/core/decl"
	"chengshu/core/process"
	"chengshu/core/record"
	"chengshu/core/rule"
	"chengshu/kernel/db"
	"chengshu/kernel/fault"
)

// restoreEffect is the effect lake.restore: the rows of an earlier release
// become the next release, so that nothing is ever taken out of the history.
type restoreEffect struct {
	decl.Pos
	Dataset rule.Source `yaml:"dataset,required"` // gives its name
	Version rule.Source `yaml:"version,required"` // gives the number of the earlier release
	// Release names the case's integer field that is told the new version.
	Release string `yaml:"release"`

	engine           func() *Engine
	dataset, version *rule.Expr
}

func (c *restoreEffect) Check(p *process.Process, _ *decl.Set, r *decl.Report) {
	if f := p.Record.Field(c.Release); c.Release != "" && (f == nil || f.Type != record.Integer) {
		r.Add(c.Pos, fmt.Sprintf("没有 integer 字段 %q", c.Release), fmt.Sprintf("there is no field %q of type integer", c.Release))
	}
}

func (c *restoreEffect) Compile(k process.Compiler) {
	c.dataset, c.version = k.Optional(c.Dataset, rule.String), k.Optional(c.Version, rule.Int)
}

func (c *restoreEffect) Plan(ctx context.Context, m *process.Moment) (process.Write, error) {
	e := c.engine()
	name, err := process.Text(c.dataset, m.Vars)
	if err != nil {
		return nil, err
	}
	t, err := e.Dataset(name)
	if err != nil {
		return nil, fault.Wrap(err, fault.Invalid, "no-such-dataset", "没有这个数据集", "there is no such dataset")
	}
	v, err := c.version.Eval(m.Vars)
	if err != nil {
		return nil, err
	}
	version, _ := v.(int64)
	old, err := e.Release(e.DB.Read(ctx), t, version)
	if err != nil {
		return nil, err
	}
	if err := old.There(); err != nil {
		return nil, err
	}
	manifest, err := old.Read()
	if err != nil {
		return nil, err
	}
	last, err := e.Releases(e.DB.Read(ctx), t, 0, 1)
	if err != nil {
		return nil, err
	}
	if last[0].Version == version {
		return nil, fault.New(fault.Invalid, "is-latest", "这就是当前版本，无须恢复", "this is the present release; there is nothing to restore")
	}
	manifest.Restores, manifest.At, manifest.Level = version, rfc3339(m.Now.UnixMilli()), t.Level
	from := fmt.Sprintf("v%d/%s/%d", version, m.Case.ID, m.Now.UnixMilli())
	return e.planRelease(ctx, m, t, manifest, c.Release, from, func(tx *db.Tx) error { return holdRelease(tx, t, version) })
}

// There says that the rows of a release have been removed, nil while they are
// kept.
func (r *Release) There() error {
	if !r.Gone {
		return nil
	}
	return fault.New(fault.NotFound, "rows-removed", fmt.Sprintf("第 %d 版的数据已按保留期限清除，仅存清单", r.Version), fmt.Sprintf("the rows of release %d have been removed when their time was over; its manifest is kept", r.Version))
}
