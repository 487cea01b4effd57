package record

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"chengshu/core/decl"
	"chengshu/core/rule"
)

// Kind is the declaration kind of record types.
var Kind = decl.Kind{Name: "record", Order: 10, New: func() decl.Item { return &Type{} }}

// fieldName is what a field may be called; it becomes a column and a JSON key.
var fieldName = regexp.MustCompile(`^[a-z][a-z0-9_]{0,39}$`)

// reserved are parameters of lists and members of rows, columns of full-text
// tables (rank, tokens) and those that PostgreSQL has in every table: no field
// may bear such a name.
var reserved = []string{"id", "n", "rev", "created_at", "updated_at", "created_by", "deleted_at", "type", "place_path",
	"org", "place", "q", "sort", "limit", "after", "total", "near", "box", "format", "fields", "case", "labels", "masked",
	"rank", "tokens", "tableoid", "ctid", "xmin", "xmax", "cmin", "cmax"}

// Check resolves the names within the type and fills defaults.
func (t *Type) Check(s *decl.Set, r *decl.Report) {
	t.table = tableOf(t.Name)
	t.Level = orDefault(t.Level, "general")
	t.Sharing = orDefault(t.Sharing, "conditional")
	t.Opening = orDefault(t.Opening, "none")
	oneOf(r, t.At("level"), "level", t.Level, "general", "important", "core")
	oneOf(r, t.At("sharing"), "sharing", t.Sharing, "none", "conditional", "unconditional")
	oneOf(r, t.At("opening"), "opening", t.Opening, "none", "conditional", "unconditional")
	t.checkResource(s, r)
	t.byName = map[string]*Field{}
	for _, f := range t.Fields {
		if slices.Contains(reserved, f.Name) {
			r.Add(f.Pos, fmt.Sprintf("字段名 %q 已被系统使用，请改名", f.Name), fmt.Sprintf("the field name %q is used by the system; choose another", f.Name))
		}
		f.check(t.Shape(), r)
		t.byName[f.Name] = f
	}
	t.checkColumns(r)
	t.index()
	for _, f := range t.Fields {
		t.checkLinks(f, s, r)
	}
	t.checkNames(s, r)
}

// checkColumns refuses a field whose name is that of a column which another
// takes beside its own, as a point does.
func (t *Type) checkColumns(r *decl.Report) {
	for _, f := range t.Fields {
		for _, c := range f.kind.columns(f)[1:] {
			if other := t.byName[c.name]; other != nil {
				r.Add(other.Pos, fmt.Sprintf("字段名 %q 已由位置字段 %q 使用，请改名", c.name, f.Name), fmt.Sprintf("the name %q is taken by the point %q; choose another", c.name, f.Name))
			}
		}
	}
}

// AddSystem adds the fields by which an engine moves the rows of t; they are
// never input. Engines call it from their own Check.
func (t *Type) AddSystem(r *decl.Report, fields ...*Field) {
	for _, f := range fields {
		f.System = true
		f.Pos = t.Pos
		if t.byName[f.Name] != nil {
			r.Add(t.byName[f.Name].Pos, fmt.Sprintf("字段 %q 由流程使用，请改名", f.Name), fmt.Sprintf("the field %q belongs to the process; choose another name", f.Name))
			continue
		}
		f.check(t.Shape(), r)
		t.Fields = append(t.Fields, f)
		t.byName[f.Name] = f
	}
	t.index()
}

func (t *Type) index() {
	for i, f := range t.Fields {
		f.index, f.width = i, len(f.kind.columns(f))
	}
	t.sql = t.statements()
}

func orDefault(s, def string) string {
	if s == "" {
		return def
	}
	return s
}

func oneOf(r *decl.Report, p decl.Pos, key, got string, allowed ...string) {
	if !slices.Contains(allowed, got) {
		r.Add(p, fmt.Sprintf("%s 应为 %v 之一，现为 %q", key, allowed, got), fmt.Sprintf("%s must be one of %v, not %q", key, allowed, got))
	}
}

// check looks at the field by itself; shape is the object shape it belongs to.
func (f *Field) check(shape string, r *decl.Report) {
	if !fieldName.MatchString(f.Name) {
		r.Add(f.Pos, fmt.Sprintf("字段名 %q 应为小写字母、数字和下划线，以字母开头", f.Name), fmt.Sprintf("the field name %q must be lower-case letters, digits and underscores, starting with a letter", f.Name))
	}
	f.kind = kinds[f.Type]
	if f.kind == nil {
		zh, en := decl.Suggest(string(f.Type), typeNames())
		r.Add(f.Pos, fmt.Sprintf("没有字段类型 %q；%s", f.Type, zh), fmt.Sprintf("no field type %q; %s", f.Type, en))
		f.kind = textKind{}
	}
	if f.Type == ChoiceOf && len(f.Choices) == 0 && f.From == "" {
		r.Add(f.Pos, "choice 字段须列出 choices", "a choice field must list its choices")
	}
	if f.Format != "" {
		oneOf(r, f.Pos, "format", f.Format, Span)
		if f.Type != Text {
			r.Add(f.Pos, "format 只用于 text", "format is for text only")
		}
	}
	if f.Type == Reference && f.To == "" {
		r.Add(f.Pos, "reference 字段须用 to 写明所指类型", "a reference field must name its type with to")
	}
	if f.Many && f.Type != ChoiceOf && f.Type != Reference && f.Type != File {
		r.Add(f.Pos, "many 只用于 choice、reference、file", "many is for choice, reference and file only")
	}
	if f.Scale < 0 || f.Scale > 9 {
		r.Add(f.Pos, "scale 应在 0 到 9 之间", "scale must be between 0 and 9")
	}
	if f.Mask != "" {
		oneOf(r, f.Pos, "mask", f.Mask, "name", "phone", "id", "address", "code", "hide")
	}
	if f.Sensitive {
		f.Personal = true
	}
	if f.Personal && f.Mask == "" {
		f.Mask = "hide"
	}
	if f.Pattern != "" {
		var err error
		if f.regexp, err = regexp.Compile(f.Pattern); err != nil {
			r.Add(f.Pos, "pattern 不是有效的正则式："+err.Error(), "pattern is not a valid regular expression: "+err.Error())
		}
	}
	f.nameChoices()
	f.listShape = shape + "." + f.Name
	for _, sub := range f.Fields {
		sub.check(f.listShape, r)
		if sub.Type == List || sub.Default.Given() || sub.Computed.Given() || sub.From != "" || sub.Was != "" {
			r.Add(sub.Pos, "列表中的字段不能再是 list，也不能有 default、compute、from、was", "a field within a list cannot be a list, nor have default, compute, from or was")
		}
	}
	if (f.Type == List) != (len(f.Fields) > 0) {
		r.Add(f.Pos, "list 字段（且只有它）须写明 fields", "a list field, and no other, must have fields")
	}
}

func (f *Field) nameChoices() {
	f.choice = make(map[string]decl.Text, len(f.Choices))
	for _, c := range f.Choices {
		f.choice[c.Value] = c.Title
	}
}

func typeNames() []string {
	out := make([]string, 0, len(kinds))
	for k := range kinds {
		out = append(out, string(k))
	}
	return out
}

func (f *Field) shape() string { return f.listShape }

// ChoiceTitle returns the title of a choice's value.
func (f *Field) ChoiceTitle(value string) (decl.Text, bool) {
	t, ok := f.choice[value]
	return t, ok
}

// builtinTargets are what a reference may point to beside record types.
var builtinTargets = []string{"org", "person", "dataset", "resource", "field"}

// checkLinks resolves what the field says of other types.
func (t *Type) checkLinks(f *Field, s *decl.Set, r *decl.Report) {
	for _, sub := range f.Fields {
		t.checkLinks(sub, s, r)
	}
	if f.Type == Reference && f.To != "" && !slices.Contains(builtinTargets, f.To) {
		target, ok := decl.Find[*Type](s, Kind.Name, f.To)
		switch {
		case !ok:
			zh, en := decl.Suggest(f.To, append(s.Names(Kind.Name), builtinTargets...))
			r.Add(f.Pos, fmt.Sprintf("没有记录类型 %q；%s", f.To, zh), fmt.Sprintf("no record type %q; %s", f.To, en))
		case target.Resource == Dataset:
			r.Add(f.Pos, fmt.Sprintf("%q 是 dataset，其各行不能被引用", f.To), fmt.Sprintf("%q is a dataset, whose rows cannot be referred to", f.To))
		}
	}
	if f.From == "" {
		return
	}
	ref, name, ok := strings.Cut(f.From, ".")
	link := t.byName[ref]
	if !ok || link == nil || link.Type != Reference || link.Many {
		r.Add(f.Pos, fmt.Sprintf("from 应写作“引用字段.字段”，现为 %q", f.From), fmt.Sprintf("from must be reference_field.field, not %q", f.From))
		return
	}
	var there *Field
	if target, ok := decl.Find[*Type](s, Kind.Name, link.To); ok {
		there = target.declared(name)
	}
	switch {
	case there == nil:
		r.Add(f.Pos, fmt.Sprintf("%q 没有字段 %q", link.To, name), fmt.Sprintf("%q has no field %q", link.To, name))
	case there.form() != f.form():
		r.Add(f.Pos, fmt.Sprintf("from：%s.%s 为 %s，此字段为 %s，须相同", link.To, name, there.form(), f.form()),
			fmt.Sprintf("from: %s.%s holds %s and this field %s; they must be the same", link.To, name, there.form(), f.form()))
	case f.Type == ChoiceOf && len(f.Choices) == 0 && len(there.Choices) == 0:
		r.Add(f.Pos, fmt.Sprintf("%s.%s 没有 choices，须在此列出", link.To, name), fmt.Sprintf("%s.%s has no choices to take over; list them here", link.To, name))
	default:
		f.from = &source{link, name}
		f.takeOver(there)
	}
}

// takeOver lets a copied field mean what the field it is copied from means,
// where it says nothing else itself.
func (f *Field) takeOver(there *Field) {
	if f.Type == ChoiceOf && len(f.Choices) == 0 {
		f.Choices = there.Choices
		f.nameChoices()
	}
	if f.Type == Text && f.Format == "" {
		f.Format = there.Format
	}
}

// declared finds a field in the declared list, for a type that may not have
// been checked yet.
func (t *Type) declared(name string) *Field {
	i := slices.IndexFunc(t.Fields, func(f *Field) bool { return f.Name == name })
	if i < 0 {
		return nil
	}
	return t.Fields[i]
}

// form names how the field's values are kept, beyond their column's type:
// fields of one form can take over each other's values.
func (f *Field) form() string {
	switch {
	case f.Many || f.Type == File:
		return string(f.Type) + " many"
	case f.Type == Decimal:
		return fmt.Sprintf("decimal of scale %d", f.Scale)
	case f.Type == Date, f.Type == ChoiceOf, f.Type == Reference:
		return string(Text)
	}
	return string(f.Type)
}

// comparable reports whether rows can be found, ordered and told apart by the
// field: it has one plain value in one column.
func (f *Field) comparable() bool {
	switch f.Type {
	case PointAt, AreaOf, File, List:
		return false
	}
	return !f.Many && !f.Multi
}

// checkNames checks every list of field names that the type holds.
func (t *Type) checkNames(s *decl.Set, r *decl.Report) {
	var added []string // by the type's process, which is checked after it
	if _, moves := decl.Find[decl.Item](s, "process", t.Name); moves {
		added = caseColumns
	}
	rows := append(slices.Clip(added), "created_at", "updated_at") // what lists may show beside fields
	names := make([]string, 0, len(t.Fields))
	for _, f := range t.Fields {
		names = append(names, f.Name)
	}
	check := func(key string, list []string, more ...string) {
		for _, n := range list {
			if t.byName[n] == nil && !slices.Contains(more, n) {
				zh, en := decl.Suggest(n, slices.Concat(names, more))
				r.Add(t.At(key, n), fmt.Sprintf("%s 中的 %q 不是字段；%s", key, n, zh), fmt.Sprintf("%q in %s is not a field; %s", n, key, en))
			}
		}
	}
	check("list", t.List, rows...)
	check("search", t.Search, added...)
	check("filters", t.Filters, rows...)
	check("sorts", t.Sorts, rows...)
	unique := t.Unique
	if t.Resource == Dataset {
		unique = slices.Collect(strings.FieldsFuncSeq(strings.Join(t.Unique, "+"), func(r rune) bool { return r == '+' }))
		t.checkQuality(s, r)
	}
	check("unique", unique, added...)
	for key, list := range map[string][]string{"filters": t.Filters, "sorts": t.Sorts, "unique": unique} {
		for _, n := range list {
			if f := t.byName[n]; f != nil && !f.comparable() {
				r.Add(t.At(key, n), fmt.Sprintf("%s 中的 %q 不能比较：只可用单值、单行的字段", key, n), fmt.Sprintf("%q in %s cannot be compared: only fields with one value on one line can", n, key))
			}
		}
	}
	for key, name := range map[string]string{"title_field": t.TitleBy, "title_field_en": t.TitleEn, "place": t.PlaceBy, "org": t.OrgBy, "subject": t.SubjectBy} {
		if name != "" {
			check(key, []string{name}, added...)
		}
	}
	if f := t.byName[t.TitleEn]; f != nil && (f.Type != Text || f.Personal) {
		r.Add(t.At("title_field_en"), "title_field_en 应为不含个人信息的 text 字段", "title_field_en must be a text field without personal information")
	}
}

// caseColumns are the names a process adds to its record type, which lists and
// filters may name before the process has been checked.
var caseColumns = []string{"number", "state", "unit", "assignee", "opened_at", "closed_at", "due_at", "case_due_at"}

// Vars are the variables of a record type's expressions.
func (t *Type) Vars() rule.Vars {
	if t.Resource == Dataset { // nobody sends its rows one by one
		return rule.Vars{"row": rule.ObjectOf(t.Shape()), "now": rule.Time}
	}
	return rule.Vars{"row": rule.ObjectOf(t.Shape()), "me": rule.ObjectOf("actor"), "now": rule.Time}
}

// Shapes returns the object shapes of types, for rule.NewEnv.
func Shapes(types []*Type) []rule.Shape {
	out := []rule.Shape{PointShape}
	for _, t := range types {
		fields := map[string]rule.Type{"id": rule.String, "rev": rule.Int, "org_path": rule.String, "place_path": rule.String,
			"created_at": rule.Time, "updated_at": rule.Time, "created_by": rule.String}
		for _, f := range t.Fields {
			fields[f.Name] = f.kind.ruleType(f)
			if f.Type == List {
				out = append(out, listShape(f))
			}
		}
		out = append(out, rule.Shape{Name: t.Shape(), Fields: fields})
	}
	return out
}

func listShape(f *Field) rule.Shape {
	fields := map[string]rule.Type{}
	for _, sub := range f.Fields {
		fields[sub.Name] = sub.kind.ruleType(sub)
	}
	return rule.Shape{Name: f.listShape, Fields: fields}
}

// Compile checks every expression of the types against env.
func Compile(types []*Type, env *rule.Env, r *decl.Report) {
	for _, t := range types {
		vars := t.Vars()
		for _, f := range t.Fields {
			if f.Default.Given() {
				f.def = env.Compile(f.Default, vars, f.ResultType(), r)
			}
			if f.Computed.Given() {
				if f.compute = env.Compile(f.Computed, vars, f.ResultType(), r); f.compute != nil {
					f.reads.fields, f.reads.others = f.compute.Reads("row")
				}
			}
		}
		for i := range t.Validate {
			c := &t.Validate[i]
			if c.Expr = env.Compile(c.If, vars, rule.Bool, r); c.Expr != nil && t.Resource == Dataset {
				t.checkSQL(c, r)
			}
		}
	}
}

// FromRules reports whether an expression can give the field its value.
func (f *Field) FromRules() bool {
	return f.Type != File && f.Type != List && f.Type != AreaOf && !f.Computed.Given() && f.From == ""
}

// Input turns the result of an expression into input for the field, as the JSON
// of a request gives it; nil for no value.
func (f *Field) Input(v any) (any, error) {
	native, err := f.kind.fromRule(f, v)
	return f.input(native, err)
}

// InputText turns a value as query strings have it into input for the field;
// nil for no value.
func (f *Field) InputText(s string) (any, error) {
	if s == "" {
		return nil, nil
	}
	return f.input(f.kind.parse(f, s))
}

func (f *Field) input(native any, err error) (any, error) {
	if err != nil || native == nil {
		return nil, err
	}
	dec := json.NewDecoder(bytes.NewReader(f.kind.appendJSON(nil, f, native)))
	dec.UseNumber()
	var out any
	err = dec.Decode(&out)
	return out, err
}

// ResultType is what an expression for the field must give; numbers may be
// whole or broken.
func (f *Field) ResultType() rule.Type {
	switch f.Type {
	case Integer, Decimal:
		return rule.Dyn
	}
	return f.kind.ruleType(f)
}
