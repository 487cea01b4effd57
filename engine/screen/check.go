package screen

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"chengshu/core/decl"
	"chengshu/core/process"
	"chengshu/core/record"
)

// Check resolves what the screen is of.
func (s *Screen) Check(set *decl.Set, r *decl.Report) {
	known(r, s.At("face"), "face", s.Face, faces)
	known(r, s.At("view"), "view", s.View, views)
	if s.Of != "" {
		if t := findType(set, r, s.At("of"), s.Of); t != nil {
			parseWhere(t, s.Where, s.At("where"), r)
			s.checkColumns(t, r)
			s.checkAction(t, set, r)
		}
	}
	if s.Of == "" && slices.Contains([]string{"form", "list", "map"}, s.View) {
		r.Add(s.Pos, "须用 of 写明记录类型", "the screen must say of which type with of")
	}
	for _, role := range s.Roles {
		if _, ok := decl.Find[decl.Item](set, "role", role); !ok && role != "citizen" && role != "anyone" {
			zh, en := decl.Suggest(role, set.Names("role"))
			r.Add(s.At("roles", role), fmt.Sprintf("没有角色 %q；%s", role, zh), fmt.Sprintf("no role %q; %s", role, en))
		}
	}
	for _, w := range s.Widgets {
		if w.Of == "" {
			w.Of = s.Of
		}
		w.check(set, r)
	}
}

// checkAction makes sure that the form of a case opens one.
func (s *Screen) checkAction(t *record.Type, set *decl.Set, r *decl.Report) {
	if s.View != "form" || !t.Case {
		if s.Action != "" {
			r.Add(s.At("action"), "action 只用于事项的表单", "action is for the form of a case only")
		}
		return
	}
	p, ok := decl.Find[*process.Process](set, process.KindName, t.Name)
	if !ok {
		return // the type of a case without a process is a mistake of its own
	}
	var starts []string
	for _, a := range p.Actions {
		if a.Start && !a.System {
			starts = append(starts, a.Name)
		}
	}
	if !slices.Contains(starts, s.Action) && (s.Action != "" || len(starts) == 0) {
		zh, en := decl.Suggest(s.Action, starts)
		r.Add(s.At("action"), fmt.Sprintf("%q 没有由人发起的开始动作 %q；%s", t.Name, s.Action, zh),
			fmt.Sprintf("%q has no start action %q that people take; %s", t.Name, s.Action, en))
	}
}

// checkColumns checks that the fields a list shows and filters by are there.
func (s *Screen) checkColumns(t *record.Type, r *decl.Report) {
	names := []string{"created_at", "updated_at"}
	for _, f := range t.Fields {
		names = append(names, f.Name)
	}
	check := func(key string, list []string) {
		for _, name := range list {
			if !slices.Contains(names, name) {
				zh, en := decl.Suggest(name, names)
				r.Add(s.At(key, name), fmt.Sprintf("%q 没有字段 %q；%s", t.Name, name, zh), fmt.Sprintf("%q has no field %q; %s", t.Name, name, en))
			}
		}
	}
	check("list", s.List)
	check("filters", s.Filters)
}

func (w *Widget) check(set *decl.Set, r *decl.Report) {
	known(r, w.Pos, "kind", w.Kind, widgets)
	if w.Measure != "" {
		known(r, w.Pos, "measure", w.Measure, measures)
	}
	if w.Period != "" {
		known(r, w.Pos, "period", w.Period, periods)
	}
	switch w.Kind {
	case "text":
		return
	case "law":
		w.checkLaw(set, r)
		return
	}
	if w.typ = findType(set, r, w.Pos, w.Of); w.typ == nil {
		return
	}
	w.conds = parseWhere(w.typ, w.Where, w.Pos, r)
	if w.Kind == "group" || w.Kind == "ranking" {
		w.checkBy(r)
	}
	if w.Kind == "ranking" && len(w.conds) > 0 {
		r.Add(w.Pos, "ranking 不能用 where", "a ranking takes no where")
	}
	if w.Kind == "map" && pointField(w.typ) == nil {
		r.Add(w.Pos, fmt.Sprintf("%q 没有 point 字段", w.Of), fmt.Sprintf("%q has no field of type point", w.Of))
	}
	w.checkCase(r)
}

// checkCase refuses what only cases have, and gives a number its measure.
func (w *Widget) checkCase(r *decl.Report) {
	if w.Kind == "number" && w.Measure == "" {
		w.Measure = "records"
		if w.typ.Case {
			w.Measure = "open"
		}
	}
	if w.typ.Case {
		return
	}
	if slices.Contains([]string{"series", "ranking", "queue"}, w.Kind) {
		r.Add(w.Pos, fmt.Sprintf("%s 只用于事项", w.Kind), fmt.Sprintf("%s is for cases only", w.Kind))
	}
	if w.Measure != "" && w.Measure != "records" || w.Period != "" {
		r.Add(w.Pos, "非事项的记录只有 measure: records，没有 period", "records that are no cases have measure: records only, and no period")
	}
}

// checkBy refuses fields whose values cannot, or must not, be counted by.
func (w *Widget) checkBy(r *decl.Report) {
	f := w.typ.Field(w.By)
	switch {
	case f == nil:
		r.Add(w.Pos, fmt.Sprintf("by：没有字段 %q", w.By), fmt.Sprintf("by: there is no field %q", w.By))
	case f.Personal || f.Mask != "":
		r.Add(w.Pos, fmt.Sprintf("by：%q 是个人信息，不能按其统计", w.By), fmt.Sprintf("by: %q is personal information and cannot be counted by", w.By))
	case f.Many || f.Multi || f.Type != record.Text && f.Type != record.ChoiceOf && f.Type != record.Reference:
		r.Add(w.Pos, fmt.Sprintf("by：%q 应为单行文字、选项或引用，且不可多值", w.By), fmt.Sprintf("by: %q must be one line of text, a choice or a reference, with a single value", w.By))
	}
}

func (w *Widget) checkLaw(set *decl.Set, r *decl.Report) {
	l := w.Law
	if l == nil {
		r.Add(w.Pos, "law 须写明由哪些记录组成：law: {…}", "a law must say of which records it is made: law: {…}")
		return
	}
	need := func(name string, fields ...string) *record.Type {
		t := findType(set, r, l.Pos, name)
		for _, f := range fields {
			if t != nil && t.Field(f) == nil {
				r.Add(l.Pos, fmt.Sprintf("%q 须有字段 %q", name, f), fmt.Sprintf("%q needs a field %q", name, f))
			}
		}
		return t
	}
	l.chapters = need(l.Chapters, "number", "title", "title_en")
	l.articles = need(l.Articles, "number", "chapter", "text", "duty", "summary_en", "departments", "packs")
	l.systems = need(l.Systems, "pack", "title", "title_en")
	l.duties = need(l.Duties, "article", "due")
	l.done = need(l.Done, "duty", "due", "state")
	for _, f := range []struct {
		t    *record.Type
		name string
	}{{l.duties, "due"}, {l.done, "due"}} {
		if f.t != nil && !filterable(f.t, f.name) {
			r.Add(l.Pos, fmt.Sprintf("%q 的 filters 须含 %q", f.t.Name, f.name), fmt.Sprintf("the filters of %q must hold %q", f.t.Name, f.name))
		}
	}
	if _, err := time.Parse(time.DateOnly, l.InForce); err != nil {
		r.Add(l.Pos, "in_force 应为日期，如 2023-12-31", "in_force must be a date such as 2023-12-31")
	}
}

func findType(set *decl.Set, r *decl.Report, at decl.Pos, name string) *record.Type {
	t, ok := decl.Find[*record.Type](set, record.Kind.Name, name)
	if !ok {
		zh, en := decl.Suggest(name, set.Names(record.Kind.Name))
		r.Add(at, fmt.Sprintf("没有记录类型 %q；%s", name, zh), fmt.Sprintf("no record type %q; %s", name, en))
		return nil
	}
	return t
}

// parseWhere reads list parameters as the API does, in a fixed order so that
// the same widget always asks with the same SQL.
func parseWhere(t *record.Type, where map[string]string, at decl.Pos, r *decl.Report) []record.Cond {
	var out []record.Cond
	for _, name := range slices.Sorted(maps.Keys(where)) {
		c, err := t.ParseCond(name, where[name])
		if err != nil || !filterable(t, name) {
			zh, en := decl.Suggest(name, t.Filters)
			r.Add(at, fmt.Sprintf("where：不能按 %s=%q 筛选；%s", name, where[name], zh), fmt.Sprintf("where: cannot filter by %s=%q; %s", name, where[name], en))
			continue
		}
		out = append(out, c)
	}
	return out
}

// filterable reports whether a query may filter by the name.
func filterable(t *record.Type, name string) bool {
	f := t.Field(name)
	return slices.Contains(t.Filters, name) || f != nil && f.System ||
		slices.Contains([]string{"created_at", "updated_at", "created_by", "id"}, name)
}

func pointField(t *record.Type) *record.Field {
	for _, f := range t.Fields {
		if f.Type == record.PointAt {
			return f
		}
	}
	return nil
}

func known(r *decl.Report, at decl.Pos, key, got string, all []string) {
	if slices.Contains(all, got) {
		return
	}
	zh, en := decl.Suggest(got, all)
	r.Add(at, fmt.Sprintf("%s 没有 %q；%s", key, got, zh), fmt.Sprintf("%s has no %q; %s", key, got, en))
}
