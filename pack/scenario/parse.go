package scenario

import (
	"bytes"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"chengshu/core/decl"
	"chengshu/pack/syntax"
)

// Parse reads a scenario. Mistakes are noted in r with file and line; the
// result then is only good for showing.
func Parse(text []byte, file string, r *decl.Report) *Scenario {
	p := &parser{file: file, report: r, kept: map[string]bool{"now": true, "today": true}, missed: map[string]bool{}}
	p.lines = split(text, file, r)
	s := &Scenario{File: file}
	p.header(s)
	p.follows = s.Follows != ""
	s.Steps = p.steps(0, false)
	p.finish(s)
	return s
}

// parser walks over lines. at is the next one.
type parser struct {
	file    string
	report  *decl.Report
	lines   []line
	at      int
	kept    map[string]bool
	missed  map[string]bool // names used without having been kept, each reported once
	follows bool            // names may come from the scenario told before
}

func (p *parser) problem(no int, zh, en string) {
	p.report.Add(decl.Pos{File: p.file, Line: max(no, 1), Col: 1}, zh, en)
}

// next returns the next line that has text, without moving on.
func (p *parser) next() (line, bool) {
	for p.at < len(p.lines) && p.lines[p.at].text == "" {
		p.at++
	}
	if p.at == len(p.lines) {
		return line{}, false
	}
	return p.lines[p.at], true
}

var nameForm = regexp.MustCompile(`^[a-z][a-z0-9]*([-_][a-z0-9]+)*$`)

// header reads the lines `key: value` before the first step.
func (p *parser) header(s *Scenario) {
	for {
		l, ok := p.next()
		if !ok {
			break
		}
		key, value, found := strings.Cut(l.text, ":")
		if !found || l.indent > 0 || !nameForm.MatchString(key) {
			break
		}
		p.at++
		value = strings.TrimSpace(value)
		switch key {
		case "scenario":
			zh, en, both := strings.Cut(value, "|")
			s.Title = decl.Text{Zh: strings.TrimSpace(zh), En: strings.TrimSpace(en)}
			if !both || s.Title.Zh == "" || s.Title.En == "" {
				p.problem(l.no, "标题须有中英文：scenario: 中文 | English", "the title has both languages: scenario: 中文 | English")
			}
		case "basis":
			s.Basis = p.articles(l.no, value)
		case "follows":
			s.Follows = value
			if !nameForm.MatchString(value) {
				p.problem(l.no, "follows 后写同一能力包中另一场景的文件名，不带 .txt", "follows names the file of another scenario of the pack, without .txt")
			}
		default:
			zh, en := decl.Suggest(key, []string{"scenario", "basis", "follows"})
			p.problem(l.no, fmt.Sprintf("未知的抬头 %q；%s", key, zh), fmt.Sprintf("unknown heading %q; %s", key, en))
		}
	}
	if s.Title.Zh == "" && s.Title.En == "" {
		p.problem(1, "场景以“scenario: 中文标题 | English title”开头", "a scenario begins with \"scenario: 中文标题 | English title\"")
	}
}

var articleForm = regexp.MustCompile(`^[1-9][0-9]{0,2}$`)

func (p *parser) articles(no int, value string) []string {
	var out []string
	for _, a := range strings.FieldsFunc(value, func(c rune) bool { return c == ',' || c == '，' || c == ' ' || c == '、' }) {
		if !articleForm.MatchString(a) {
			p.problem(no, fmt.Sprintf("条款 %q 应为条的序号，如 36", a), fmt.Sprintf("the article %q must be its number, as 36", a))
			continue
		}
		out = append(out, a)
	}
	return out
}

// steps reads the steps that begin at the given indent, until a line that is
// indented less.
func (p *parser) steps(base int, inner bool) []*Step {
	var out []*Step
	for {
		l, ok := p.next()
		if !ok || l.indent < base {
			return out
		}
		first, _ := word(l.text)
		switch {
		case l.indent > base+1:
			p.at++
			p.problem(l.no, "缩进的内容前没有步骤", "indented text without a step before it")
		case first == "then" || first == "and" || first == "keep":
			if len(out) == 0 || inner {
				p.at++
				p.problem(l.no, fmt.Sprintf("%q 前没有步骤", first), fmt.Sprintf("there is no step before %q", first))
				continue
			}
			p.expect(out[len(out)-1], l)
		default:
			p.at++
			if s := p.step(l, base); s != nil {
				out = append(out, s)
			}
		}
	}
}

// block is what is indented below a line: its lines as one text, padded with
// line breaks so that the parser of YAML counts lines as the file does.
type block struct {
	no    int
	lines []string
}

// body takes the indented lines below a step that begins at base. Comments
// alone are no body.
func (p *parser) body(base int) block {
	first, end, real := p.extent(base, true)
	if !real {
		return block{}
	}
	return p.take(first, end, base)
}

// text takes the indented lines as they stand: in them, # is no comment.
func (p *parser) text(base int) block {
	first, end, _ := p.extent(base, false)
	return p.take(first, end, base)
}

// extent finds the lines below a step that are indented, up to a line that
// begins with `with`, when that counts, and reports whether one of them is more
// than a comment.
func (p *parser) extent(base int, with bool) (first, end int, real bool) {
	first = -1
	for i := p.at; i < len(p.lines); i++ {
		l := p.lines[i]
		switch {
		case strings.TrimSpace(l.raw) == "", l.indent < base+2 && l.text == "":
			continue
		case l.indent < base+2, with && strings.HasPrefix(l.text, "with ") && (first < 0 || l.indent <= p.lines[first].indent):
			return first, end, real
		}
		if first < 0 {
			first = i
		}
		end = i + 1
		real = real || l.text != ""
	}
	return first, end, real
}

func (p *parser) take(first, end, base int) block {
	if first < 0 {
		return block{}
	}
	b := block{no: p.lines[first].no}
	for _, l := range p.lines[first:end] {
		raw := l.raw
		if l.indent < base+2 { // A comment at the margin, or a blank line.
			raw = ""
		}
		b.lines = append(b.lines, raw)
	}
	p.at = end
	return b
}

func (b block) empty() bool { return len(b.lines) == 0 }

// text is the block without its common indent.
func (b block) text() string {
	indent := -1
	for _, l := range b.lines {
		if n := len(l) - len(strings.TrimLeft(l, " ")); strings.TrimSpace(l) != "" && (indent < 0 || n < indent) {
			indent = n
		}
	}
	out := make([]string, len(b.lines))
	for i, l := range b.lines {
		if len(l) >= indent {
			out[i] = l[indent:]
		}
	}
	return strings.Join(out, "\n") + "\n"
}

// yaml reads the block as a value, or returns nil when it is empty.
func (p *parser) yaml(b block) Value {
	if b.empty() {
		return nil
	}
	text := []byte(strings.Repeat("\n", b.no-1) + strings.Join(b.lines, "\n") + "\n")
	return p.parseYAML(text)
}

func (p *parser) parseYAML(text []byte) Value {
	d := yaml.NewDecoder(bytes.NewReader(text))
	var n yaml.Node
	if err := d.Decode(&n); err != nil {
		syntax.Explain(text, p.file, err, p.report)
		return nil
	}
	if len(n.Content) == 0 {
		return nil
	}
	v := reader{p.file, p.report}.value(n.Content[0], 1)
	p.references(v, n.Content[0].Line)
	return v
}

// inline reads a value that stands at the end of a line: quoted or bracketed
// text as YAML, anything else as plain text to the end of the line.
func (p *parser) inline(s string, no int) Value {
	if s == "" || !strings.ContainsRune(`"'[{`, rune(s[0])) {
		v := scalar(s)
		p.references(v, no)
		return v
	}
	text := []byte(strings.Repeat("\n", no-1) + s + "\n")
	return p.parseYAML(text)
}

// references notes names that nothing was kept under.
func (p *parser) references(v Value, no int) {
	switch v := v.(type) {
	case ref:
		p.known(v.path.first(), no)
	case list:
		for _, e := range v {
			p.references(e, no)
		}
	case template:
		for _, e := range v {
			p.references(e, no)
		}
	case object:
		for _, e := range v {
			p.references(e.val, no)
		}
	}
}

func (p *parser) known(name string, no int) {
	if p.follows || p.kept[name] || p.missed[name] {
		return
	}
	names := slices.Collect(maps.Keys(p.kept))
	zh, en := decl.Suggest(name, names)
	p.problem(no, fmt.Sprintf("{%s} 还没有保存过（as 或 keep … as）；%s", name, zh), fmt.Sprintf("nothing was kept as {%s} (as, or keep … as); %s", name, en))
	p.missed[name] = true
}

// keep notes that a name is known from here on.
func (p *parser) keep(name string, no int) {
	if !nameForm.MatchString(name) || name == "now" || name == "today" {
		p.problem(no, fmt.Sprintf("名称 %q 应为小写字母、数字、- 或 _", name), fmt.Sprintf("the name %q must be lower-case letters, digits, - or _", name))
		return
	}
	p.kept[name] = true
}

// finish checks what concerns the scenario as a whole.
func (p *parser) finish(s *Scenario) {
	if len(s.Steps) == 0 {
		p.problem(len(p.lines), "场景没有步骤", "the scenario has no step")
		return
	}
	if at, ok := s.Steps[0].Do.(At); s.Follows == "" && (!ok || at.Day.IsZero()) {
		p.problem(s.Steps[0].Line, "第一步应设定时间，如 at 2026-03-02 09:00", "the first step sets the time, as at 2026-03-02 09:00")
	}
}
