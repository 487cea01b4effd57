package archive

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"chengshu/core/decl"
	"chengshu/core/process"
	"chengshu/core/record"
	"chengshu/core/rule"
	"chengshu/kernel/fault"
)

// Effects are what actions can do with this engine, which is known when it is
// made.
func Effects(engine func() *Engine) []process.EffectKind {
	return []process.EffectKind{
		{Name: "archive.read", New: func() process.Effect { return &readEffect{engine: engine} }},
		{Name: "archive.check", New: func() process.Effect { return &checkEffect{checking: checking{engine: engine}} }},
		{Name: "archive.enter", New: func() process.Effect { return &enterEffect{checking: checking{engine: engine}} }},
	}
}

// maxPages bounds the pages of a case.
const maxPages = 50

// readEffect is the effect archive.read: the pages of a case are read, and the
// fields of a template found on them. It gives the list of what was found under
// the name in `into`, and `page_count`, `missing`, the number of fields without
// a value, and `doubtful`, of those that a person must confirm.
type readEffect struct {
	decl.Pos
	process.Outcome
	Pages    string      `yaml:"pages,required"`    // the case's field with the scans
	Template rule.Source `yaml:"template,required"` // gives its name
	Into     string      `yaml:"into,required"`     // the case's list field for what is found

	engine   func() *Engine
	template *rule.Expr
}

// foundFields are what a list of found values is made of, beside their places.
var foundFields = map[string]record.FieldType{"value": record.Text, "raw": record.Text, "confidence": record.Integer, "why": record.Text, "why_en": record.Text}

func (c *readEffect) Check(p *process.Process, _ *decl.Set, r *decl.Report) {
	if f := p.Record.Field(c.Pages); f == nil || f.Type != record.File {
		r.Add(c.Pos, fmt.Sprintf("没有 file 字段 %q", c.Pages), fmt.Sprintf("there is no field %q of type file", c.Pages))
	}
	checkList(p.Record, c.Into, c.Pos, r, placeFields, foundFields)
}

func (c *readEffect) Compile(k process.Compiler) {
	c.template = k.Optional(c.Template, rule.String)
}

type readOrder struct {
	Template string           `json:"template"`
	Files    []record.FileRef `json:"files"`
}

func (c *readEffect) Payload(_ context.Context, m *process.Moment) (any, error) {
	name, err := process.Text(c.template, m.Vars)
	if err != nil {
		return nil, err
	}
	if _, err := c.engine().Template(name); err != nil {
		return nil, fault.Wrap(err, fault.Invalid, "no-such-template", "没有这个版式", "there is no such template")
	}
	files, _ := m.Case.Get(c.Pages).([]record.FileRef)
	if len(files) == 0 {
		return nil, fault.New(fault.Invalid, "no-pages", "没有扫描件", "there are no scans").With("fields."+c.Pages, "请上传扫描件", "send the scans")
	}
	return readOrder{name, files}, nil
}

func (c *readEffect) Run(ctx context.Context, r *process.Run) (map[string]any, error) {
	var o readOrder
	if err := json.Unmarshal(r.Payload, &o); err != nil {
		return nil, err
	}
	e := c.engine()
	t, err := e.Template(o.Template)
	if err != nil {
		return nil, err
	}
	pages, err := e.read(ctx, o.Files, r)
	if err != nil {
		return nil, err
	}
	found, err := e.judge(ctx, t, o.Files, pages)
	if err != nil {
		return nil, err
	}
	missing, doubtful := 0, 0
	list := make([]map[string]any, len(found))
	for i, f := range found {
		list[i] = f.item()
		if f.Value == "" {
			missing++
		}
		if !t.isSure(f) {
			doubtful++
		}
	}
	return map[string]any{c.Into: list, "page_count": len(pages), "missing": missing, "doubtful": doubtful}, nil
}

// isSure reports whether a found value needs nobody's word.
func (t *Template) isSure(f Found) bool { return f.Why.Zh == "" && f.Confidence >= t.Sure }

// item is what was found as the case's list keeps it.
func (f Found) item() map[string]any {
	item := map[string]any{"field": f.Field, "value": f.Value, "raw": f.Raw, "confidence": f.Confidence, "why": f.Why.Zh, "why_en": f.Why.En}
	if f.Page > 0 {
		item["page"] = f.Page
		for name, v := range map[string]float64{"x": f.X, "y": f.Y, "width": f.Width, "height": f.Height} {
			item[name] = decimal(v)
		}
	}
	for name, v := range item {
		if v == "" {
			delete(item, name)
		}
	}
	return item
}

// progress says how far a piece of work is.
type progress interface {
	Progress(done, total int64, note fault.Text)
}

// read reads all pages of files, in their order. Those that have been read are
// not read again.
func (e *Engine) read(ctx context.Context, files []record.FileRef, r progress) ([]Page, error) {
	dir, err := os.MkdirTemp(e.Dir, "read-*")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir) // what stays is removed at the next start
	var out []Page
	for i, ref := range files {
		pages, err := e.readFile(ctx, dir, ref, len(out), r)
		var f *fault.Fault
		if errors.As(err, &f) && len(files) > 1 {
			return nil, fault.Wrap(err, f.Kind, f.Code, fmt.Sprintf("第 %d 个文件（%s）：%s", i+1, ref.Name, f.Text.Zh), fmt.Sprintf("file %d (%s): %s", i+1, ref.Name, f.Text.En))
		}
		if err != nil {
			return nil, err
		}
		out = append(out, pages...)
	}
	return out, nil
}

// readFile reads one file; before is the number of pages in those before it.
func (e *Engine) readFile(ctx context.Context, dir string, ref record.FileRef, before int, r progress) ([]Page, error) {
	done, err := e.Pages(e.DB.Read(ctx), ref.ID, true)
	if err != nil || len(done) > 0 && len(done) == done[0].Pages && before+len(done) <= maxPages {
		return done, err
	}
	total, file := 1, scanFile
	switch ref.Media {
	case "application/pdf":
		file = pdfFile
	case "image/jpeg", "image/png":
	default:
		return nil, fault.New(fault.Invalid, "not-a-page", "扫描件须为 PDF、JPEG 或 PNG", "a scan is a PDF, a JPEG or a PNG")
	}
	if err := e.fetch(ctx, ref.ID, filepath.Join(dir, file)); err != nil {
		return nil, err
	}
	if file == pdfFile {
		if total, err = e.countPages(ctx, dir); err != nil {
			return nil, err
		}
	}
	if before+total > maxPages {
		return nil, fault.New(fault.Invalid, "too-many-pages", fmt.Sprintf("页数超过上限 %d 页，请分件上传", maxPages), fmt.Sprintf("there are more than %d pages; send them in parts", maxPages))
	}
	have := map[int]Page{}
	for _, p := range done {
		have[p.Number] = p
	}
	out := make([]Page, total)
	for n := 1; n <= total; n++ {
		p, there := have[n]
		r.Progress(int64(before+n-1), int64(before+total), fault.Text{Zh: fmt.Sprintf("识别第 %d 页", before+n), En: fmt.Sprintf("Reading page %d", before+n)})
		if !there {
			if p, err = e.readPage(ctx, dir, Page{File: ref.ID, Number: n, Pages: total}, file); err != nil {
				return nil, err
			}
		}
		out[n-1] = p
	}
	return out, nil
}

// readPage reads one page of the file that lies in dir, and keeps what it read.
func (e *Engine) readPage(ctx context.Context, dir string, p Page, file string) (Page, error) {
	image := "" // the file itself
	if file == pdfFile {
		if err := e.drawPage(ctx, dir, p.Number); err != nil {
			return p, err
		}
		file, image = pageFile, pageFile
	}
	size, err := measure(filepath.Join(dir, file))
	if err != nil {
		return p, err
	}
	p.Width, p.Height = size.Width, size.Height
	if p.Turned, err = e.turnOf(ctx, dir, file); err != nil {
		return p, err
	}
	if p.Turned != 0 {
		if err := e.turnFile(ctx, dir, file, p.Turned); err != nil {
			return p, err
		}
		file, image = turnedFile, turnedFile
		if p.Turned%180 != 0 {
			p.Width, p.Height = p.Height, p.Width
		}
	}
	if p.Words, err = e.words(ctx, dir, file); err != nil {
		return p, err
	}
	if image != "" {
		image = filepath.Join(dir, image)
	}
	return p, e.keep(ctx, p, image)
}

func (e *Engine) turnFile(ctx context.Context, dir, file string, degrees int) error {
	select {
	case e.turns <- struct{}{}:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	defer func() { <-e.turns }()
	return turn(filepath.Join(dir, file), filepath.Join(dir, turnedFile), degrees)
}

// judge finds the fields of a template on pages, and tries them as a record: what
// its own rules, such as check digits, refuse is marked with the reason.
func (e *Engine) judge(ctx context.Context, t *Template, files []record.FileRef, pages []Page) ([]Found, error) {
	layouts := make([][]*layout, len(pages))
	for i, p := range pages {
		layouts[i] = p.layouts()
	}
	found := t.locate(layouts)
	_, err := e.Records.PlanCreate(ctx, t.record, t.entry(found, files, pages), e.Author())
	var refused *fault.Fault
	if !errors.As(err, &refused) || refused.Kind != fault.Invalid {
		return found, err
	}
	for _, bad := range refused.Fields {
		name, _, _ := strings.Cut(strings.TrimPrefix(bad.Path, "fields."), ".")
		for i := range found {
			if found[i].Field == name && found[i].Value != "" {
				found[i].Why, found[i].Confidence = bad.Text, min(found[i].Confidence, swapped)
			}
		}
	}
	return found, nil
}

// input is a value as a record takes it.
func (f *Field) input(value string) any {
	if f.field.Type == record.Integer {
		return json.Number(value)
	}
	return value
}
