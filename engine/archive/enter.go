package archive

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"chengshu/core/decl"
	"chengshu/core/process"
	"chengshu/core/record"
	"chengshu/core/rule"
	"chengshu/kernel/db"
	"chengshu/kernel/fault"
)

// checking is what a person has checked: a list of the case beside that of what
// was found. What it says of a field stands; a field that it does not name stays
// as found.
type checking struct {
	decl.Pos
	Template rule.Source `yaml:"template,required"` // gives its name
	Pages    string      `yaml:"pages,required"`    // the case's field with the scans
	Found    string      `yaml:"found,required"`    // its list of what was found
	Checked  string      `yaml:"checked,required"`  // its list of what was checked

	engine   func() *Engine
	template *rule.Expr
}

// checkedFields are what a list of checked values is made of, beside their places.
var checkedFields = map[string]record.FieldType{"value": record.Text, "confirmed": record.Boolean}

func (c *checking) Check(p *process.Process, _ *decl.Set, r *decl.Report) {
	if f := p.Record.Field(c.Pages); f == nil || f.Type != record.File {
		r.Add(c.Pos, fmt.Sprintf("没有 file 字段 %q", c.Pages), fmt.Sprintf("there is no field %q of type file", c.Pages))
	}
	checkList(p.Record, c.Found, c.Pos, r, placeFields, foundFields)
	checkList(p.Record, c.Checked, c.Pos, r, placeFields, checkedFields)
}

func (c *checking) Compile(k process.Compiler) { c.template = k.Optional(c.Template, rule.String) }

// draft plans the record of a case, or says which fields stand in its way.
func (c *checking) draft(ctx context.Context, m *process.Moment) (*record.Draft, error) {
	name, err := process.Text(c.template, m.Vars)
	if err != nil {
		return nil, err
	}
	e := c.engine()
	t, err := e.Template(name)
	if err != nil {
		return nil, err
	}
	files, _ := m.Case.Get(c.Pages).([]record.FileRef)
	pages, err := e.pagesOf(ctx, files)
	if err != nil {
		return nil, err
	}
	values, err := t.agree(listOf(m.Case.Get(c.Found)), listOf(m.Case.Get(c.Checked)), len(pages))
	if err != nil {
		return nil, c.at(err)
	}
	draft, err := e.Records.PlanCreate(ctx, t.record, t.entry(values, files, pages), m.Author())
	return draft, c.at(err)
}

// at brings what is wrong with fields of the record to the list that the person
// has filled in.
func (c *checking) at(err error) error {
	var f *fault.Fault
	if !errors.As(err, &f) {
		return err
	}
	moved := fault.Wrap(f.Cause, f.Kind, f.Code, f.Text.Zh, f.Text.En)
	for _, bad := range f.Fields {
		moved = moved.With("fields."+c.Checked+"."+strings.TrimPrefix(bad.Path, "fields."), bad.Zh, bad.En)
	}
	return moved
}

// pagesOf returns the pages of files that have been read.
func (e *Engine) pagesOf(ctx context.Context, files []record.FileRef) ([]Page, error) {
	var out []Page
	for _, ref := range files {
		pages, err := e.Pages(e.DB.Read(ctx), ref.ID, true)
		if err != nil {
			return nil, err
		}
		out = append(out, pages...)
	}
	return out, nil
}

// agree makes one value of each field out of what was found and what was checked.
// A value that is not sure needs somebody's word; one that somebody has put in
// needs a place on a page, for each value of the record points at its own.
func (t *Template) agree(found, checked []map[string]any, pages int) ([]Found, error) {
	bad := fault.New(fault.Invalid, "not-checked", "请逐项核对", "check each field")
	out := make([]Found, len(t.Fields))
	for i, f := range t.Fields {
		was := foundOf(itemOf(found, f.Name))
		was.Field = f.Name
		out[i] = was
		item := itemOf(checked, f.Name)
		if item == nil {
			if !t.isSure(was) {
				bad.With(f.Name, "须核对并确认", "must be checked and confirmed")
			}
			continue
		}
		said := foundOf(item)
		if said.Value == was.Value && item["confirmed"] != true && !t.isSure(was) {
			bad.With(f.Name, "须核对并确认", "must be checked and confirmed")
		}
		out[i].Value = strings.TrimSpace(said.Value)
		if said.Page != 0 {
			out[i].Page, out[i].X, out[i].Y, out[i].Width, out[i].Height = said.Page, said.X, said.Y, said.Width, said.Height
		}
		if out[i].Value != "" && !out[i].onPage(pages) {
			bad.With(f.Name, "请在页面上标出所在位置", "mark where it stands on the page")
		}
	}
	for _, item := range checked {
		if name, _ := item["field"].(string); t.field(name) == nil {
			bad.With(name, "版式中没有这个字段", "the template has no such field")
		}
	}
	if len(bad.Fields) > 0 {
		return nil, bad
	}
	return out, nil
}

func (t *Template) field(name string) *Field {
	for _, f := range t.Fields {
		if f.Name == name {
			return f
		}
	}
	return nil
}

// onPage reports whether the place is one on a page.
func (f Found) onPage(pages int) bool {
	const rounding = 0.001
	return f.Page >= 1 && f.Page <= pages && f.X >= 0 && f.Y >= 0 && f.Width > 0 && f.Height > 0 && f.X+f.Width <= 1+rounding && f.Y+f.Height <= 1+rounding
}

// entry is what the record is made of: values, pages and places.
func (t *Template) entry(values []Found, files []record.FileRef, pages []Page) map[string]any {
	input := map[string]any{}
	var places, scans []any
	for i, v := range values {
		if v.Value == "" {
			continue
		}
		input[v.Field] = t.Fields[i].input(v.Value)
		places = append(places, map[string]any{"field": v.Field, "page": json.Number(strconv.Itoa(v.Page)), "confidence": json.Number(strconv.Itoa(v.Confidence)),
			"x": decimal(v.X), "y": decimal(v.Y), "width": decimal(v.Width), "height": decimal(v.Height)})
	}
	for _, ref := range files {
		scans = append(scans, map[string]any{"id": ref.ID, "name": ref.Name, "size": json.Number(strconv.FormatInt(ref.Size, 10)), "media": ref.Media})
	}
	input[t.Pages], input[t.Places] = scans, places
	if t.Text != "" {
		if text := textOfPages(pages, t.record.Field(t.Text).Max); text != "" {
			input[t.Text] = text
		}
	}
	return input
}

func decimal(v float64) string { return strconv.FormatFloat(v, 'f', placeScale, 64) }

// textOfPages is all that was read, at most as much as the field takes.
func textOfPages(pages []Page, limit int) string {
	var all []string
	for _, p := range pages {
		all = append(all, p.layouts()[0].text())
	}
	if limit == 0 {
		limit = 4000
	}
	runes := []rune(strings.Join(all, "\n"))
	return strings.TrimSpace(string(runes[:min(len(runes), limit)]))
}

func listOf(v any) []map[string]any {
	list, _ := v.([]map[string]any)
	return list
}

func itemOf(list []map[string]any, field string) map[string]any {
	for _, item := range list {
		if item["field"] == field {
			return item
		}
	}
	return nil
}

// placeScale is how many digits the shares of a page have after the point.
const placeScale = 4

// foundOf reads an item of either list.
func foundOf(item map[string]any) Found {
	text := func(name string) string { s, _ := item[name].(string); return s }
	whole := func(name string) int { n, _ := item[name].(int64); return int(n) }
	part := func(name string) float64 { return float64(whole(name)) / math.Pow10(placeScale) }
	return Found{Value: text("value"), Raw: text("raw"), Page: whole("page"), Confidence: whole("confidence"), Why: fault.Text{Zh: text("why"), En: text("why_en")},
		X: part("x"), Y: part("y"), Width: part("width"), Height: part("height")}
}

// checkEffect is the effect archive.check: it refuses the action when
// archive.enter would be refused, so that what goes on to a second person is
// right as a record.
type checkEffect struct{ checking }

func (c *checkEffect) Plan(ctx context.Context, m *process.Moment) (process.Write, error) {
	_, err := c.draft(ctx, m)
	return func(*db.Tx, string) error { return nil }, err
}

// enterEffect is the effect archive.enter: what was checked becomes a record,
// with the action or not at all.
type enterEffect struct {
	checking
	// Record names the case's text field that is told the record's id.
	Record string `yaml:"record,required"`
}

func (c *enterEffect) Check(p *process.Process, s *decl.Set, r *decl.Report) {
	c.checking.Check(p, s, r)
	if f := p.Record.Field(c.Record); f == nil || f.Type != record.Text {
		r.Add(c.Pos, fmt.Sprintf("没有 text 字段 %q", c.Record), fmt.Sprintf("there is no field %q of type text", c.Record))
	}
}

func (c *enterEffect) Plan(ctx context.Context, m *process.Moment) (process.Write, error) {
	draft, err := c.draft(ctx, m)
	if err != nil {
		return nil, err
	}
	m.Set(c.Record, draft.Row.ID)
	return m.Write(draft, draft.Row.Type.Name+".create"), nil
}
