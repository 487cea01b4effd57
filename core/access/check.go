package access

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"chengshu/core/decl"
	"chengshu/core/identity"
	"chengshu/core/record"
	"chengshu/core/rule"
	"chengshu/kernel/fault"
)

// maxBits bounds the grants, and the roles, of one action on one type: matches
// are kept as bits.
const maxBits = 64

// checker checks grants and puts them in their targets.
type checker struct {
	e *Engine
	d Deps
}

func (c *checker) add(p decl.Pos, zh, en string) { c.d.Report.Add(p, zh, en) }

func (c *checker) unknown(p decl.Pos, zhWhat, enWhat, name string, known []string) {
	zh, en := decl.Suggest(name, known)
	c.add(p, fmt.Sprintf("没有%s %q；%s", zhWhat, name, zh), fmt.Sprintf("there is no %s %q; %s", enWhat, name, en))
}

// grant checks g and adds it to the targets of its types and actions. A wrong
// one is left out of all.
func (c *checker) grant(g *Grant) {
	before := len(c.d.Report.Problems())
	c.roles(g)
	c.scope(g)
	if strings.TrimSpace(g.Basis) == "" {
		c.add(g.At("basis"), "授权须写明依据（basis）", "a grant needs its legal basis")
	}
	var permits []*permit
	for _, name := range g.On {
		t := c.e.types[name]
		if t == nil {
			c.unknown(g.At("on", name), "记录类型", "record type", name, keys(c.e.types))
			continue
		}
		permits = append(permits, c.permit(g, t))
	}
	for _, name := range []struct {
		key  string
		list []string
	}{{"role", g.Role}, {"on", g.On}, {"actions", g.Actions}} {
		if len(name.list) == 0 {
			c.add(g.At(name.key), name.key+" 不能为空", name.key+" must not be empty")
		}
	}
	if len(c.d.Report.Problems()) > before {
		return
	}
	for _, p := range permits {
		for _, action := range g.Actions {
			c.enter(p, action)
		}
	}
}

func (c *checker) roles(g *Grant) {
	for _, r := range g.Role {
		if r == identity.Anyone || r == identity.Citizen {
			if g.Scope == Unit || g.Scope == Place {
				c.add(g.At("scope"), fmt.Sprintf("范围 %q 须由任职确定，角色 %q 没有任职", g.Scope, r),
					fmt.Sprintf("scope %q follows from a post, and role %q has none", g.Scope, r))
			}
			continue
		}
		if c.e.roles[r] == nil {
			c.unknown(g.At("role", r), "角色", "role", r, append(keys(c.e.roles), identity.Anyone, identity.Citizen))
		}
	}
}

func (c *checker) scope(g *Grant) {
	if !slices.Contains(scopes, g.Scope) {
		known := make([]string, len(scopes))
		for i, s := range scopes {
			known[i] = string(s)
		}
		c.unknown(g.At("scope"), "范围", "scope", string(g.Scope), known)
	}
	personal := g.Scope == Own || g.Scope == Subject || g.Scope == Assigned || g.Scope == TaskOf
	if personal && slices.Contains(g.Role, identity.Anyone) {
		c.add(g.At("scope"), fmt.Sprintf("范围 %q 须知道是谁；请用角色 citizen", g.Scope), fmt.Sprintf("scope %q needs to know who asks; use the role citizen", g.Scope))
	}
}

// permit checks what g says of one type.
func (c *checker) permit(g *Grant, t *record.Type) *permit {
	known := append(slices.Clone(BasicActions), c.d.Actions[t.Name]...)
	for _, a := range g.Actions {
		if !slices.Contains(known, a) {
			c.unknown(g.At("actions", a), "动作", "action", a, known)
		}
	}
	if (g.Scope == Assigned || g.Scope == TaskOf) && !t.Case {
		c.add(g.At("scope"), fmt.Sprintf("范围 %q 只用于事项；%s 没有流程", g.Scope, t.Name), fmt.Sprintf("scope %q is for cases; %s has no process", g.Scope, t.Name))
	}
	if g.Scope == Subject && t.SubjectBy == "" {
		c.add(g.At("scope"), fmt.Sprintf("%s 未声明 subject 字段", t.Name), fmt.Sprintf("%s declares no subject field", t.Name))
	}
	c.fields(g, t)
	p := &permit{grant: g, typ: t, when: always, see: g.sees(t)}
	if g.When.Given() {
		p.when = c.when(g, t)
	}
	return p
}

func (c *checker) fields(g *Grant, t *record.Type) {
	names := make([]string, len(t.Fields))
	for i, f := range t.Fields {
		names[i] = f.Name
	}
	for _, l := range []struct {
		key  string
		list []string
		all  bool // "all" may stand for every field
	}{{"fields", g.Fields, true}, {"mask", g.Mask, false}, {"unmask", g.Unmask, true}} {
		if l.all && isAll(l.list) {
			continue
		}
		for _, name := range l.list {
			if t.Field(name) == nil {
				c.unknown(g.At(l.key, name), t.Name+" 的字段", "field of "+t.Name, name, names)
			}
		}
	}
	if len(g.Unmask) == 0 {
		return
	}
	if g.Purpose == (decl.Text{}) {
		c.add(g.At("unmask"), "提供未脱敏的个人信息须写明目的（purpose）", "showing personal information unmasked needs a purpose")
	}
	if isAll(g.Unmask) {
		return
	}
	for _, name := range g.Unmask {
		f := t.Field(name)
		switch {
		case f == nil:
		case !maskable(f):
			c.add(g.At("unmask", name), fmt.Sprintf("字段 %q 本不脱敏，请从 unmask 中去掉", name), fmt.Sprintf("the field %q is not masked; leave it out of unmask", name))
		case slices.Contains(g.Mask, name) || !isAll(g.Fields) && !slices.Contains(g.Fields, name):
			c.add(g.At("unmask", name), fmt.Sprintf("字段 %q 同时被隐去或脱敏", name), fmt.Sprintf("the field %q is unmasked, but also masked or left out", name))
		}
	}
}

func (c *checker) when(g *Grant, t *record.Type) node {
	vars := rule.Vars{"row": rule.ObjectOf(t.Shape()), "me": rule.ObjectOf("actor")}
	x := c.d.Rules.Compile(g.When, vars, rule.Bool, c.d.Report)
	if x == nil {
		return never
	}
	at := g.When.Pos
	cond, err := x.Condition()
	if u, ok := errors.AsType[*rule.Unsupported](err); ok {
		c.add(at, u.Text.Zh, u.Text.En)
		return never
	}
	r := resolver{t: t, fail: func(zh, en string) { c.add(at, zh, en) }}
	return simplify(r.node(cond))
}

// enter adds p to the target of the action.
func (c *checker) enter(p *permit, action string) {
	key := targetKey{action, p.typ.Name}
	t := c.e.targets[key]
	if t == nil {
		t = &target{action: action, typ: p.typ, bits: map[string]uint{}, entity: entityType(p.typ.Name), actionUID: actionUID(action)}
		c.e.targets[key] = t
	}
	for _, r := range p.grant.Role {
		if _, ok := t.bits[r]; !ok && r != identity.Anyone && r != identity.Citizen {
			t.bits[r] = uint(len(t.bits))
		}
	}
	if len(t.permits) == maxBits || len(t.bits) > maxBits {
		c.add(p.grant.Pos, fmt.Sprintf("%s 的 %s 最多 %d 个授权和角色；请合并", p.typ.Name, action, maxBits),
			fmt.Sprintf("%s of %s takes at most %d grants and roles; join some", action, p.typ.Name, maxBits))
		return
	}
	own := *p // the bits of its roles differ from target to target
	for _, r := range p.grant.Role {
		if bit, ok := t.bits[r]; ok {
			own.roles |= 1 << bit
		}
	}
	t.permits = append(t.permits, &own)
	if p.grant.Scope == TaskOf {
		c.e.tasks[p.typ.Name] = true
	}
}

// finish puts the permits in order and words the refusal of those who hold none.
func (c *checker) finish(t *target) {
	slices.SortStableFunc(t.permits, narrower)
	var zh, en []string
	for _, p := range t.permits {
		for _, name := range p.grant.Role {
			title := c.e.roleTitle(name)
			if !slices.Contains(zh, title.Zh) {
				zh, en = append(zh, title.Zh), append(en, title.En)
			}
		}
	}
	t.nobody = []fault.Text{{Zh: "需要以下角色之一：" + strings.Join(zh, "、"), En: "needs one of the roles: " + strings.Join(en, ", ")}}
}

func (e *Engine) roleTitle(name string) decl.Text {
	switch r := e.roles[name]; {
	case r != nil:
		return r.Title
	case name == identity.Citizen:
		return decl.Text{Zh: "已登录用户", En: "anyone signed in"}
	}
	return decl.Text{Zh: "任何人", En: "anyone"}
}

// scopeRefusals say what a scope's rows have in common.
var scopeRefusals = map[Scope]fault.Text{
	Own:      {Zh: "仅限您本人登记的", En: "only what you created"},
	Subject:  {Zh: "仅限关于您本人的", En: "only what is about you"},
	Assigned: {Zh: "仅限分派给您的", En: "only what is assigned to you"},
	TaskOf:   {Zh: "仅限您或您单位有待办任务的", En: "only where you or your organisation hold an open task"},
	Unit:     {Zh: "仅限您单位负责的", En: "only what your organisation answers for"},
	Place:    {Zh: "仅限您辖区内的", En: "only what lies in your area"},
	All:      {Zh: "不限范围", En: "any"},
}

// refusal words why a row was not matched by a permit that is held.
func (p *permit) refusal() fault.Text {
	out := scopeRefusals[p.grant.Scope]
	if p.grant.When.Given() {
		out.Zh += "，且须满足 " + p.grant.When.Text
		out.En += ", and where " + p.grant.When.Text
	}
	return out
}

func keys[V any](m map[string]V) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}
