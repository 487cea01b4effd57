package scenario

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"chengshu/core/decl"
	"chengshu/kernel/clock"
)

// step reads one step whose first line is l. The parser stands after it.
func (p *parser) step(l line, base int) *Step {
	s := &Step{Line: l.no, Text: l.text}
	first, rest := word(l.text)
	switch {
	case l.text == "at once" || strings.HasPrefix(l.text, "at once "):
		s.Do = p.once(l, strings.TrimPrefix(l.text, "at once"), base)
	case first == "at":
		s.Do = p.atTime(l.no, rest)
	case first == "after":
		s.Do = p.after(l.no, rest)
	case l.text == "wait for jobs":
		s.Do = Settle{}
	case first == "verify":
		s.Do = p.prove(l.no, rest)
	default:
		s.Do = p.ask(l, base)
	}
	if s.Do == nil {
		p.skip(base)
		return nil
	}
	if b := p.body(base); !b.empty() {
		p.problem(b.no, "这一步不带内容", "this step takes no indented text")
	}
	return s
}

// skip passes over what belongs to a step that could not be read.
func (p *parser) skip(base int) {
	p.body(base)
	for {
		l, ok := p.next()
		if first, _ := word(l.text); !ok || l.indent > base+1 || l.indent < base || first != "then" && first != "and" && first != "keep" && first != "with" {
			return
		}
		p.at++
		p.body(base)
	}
}

var timeOfDay = regexp.MustCompile(`^([01][0-9]|2[0-3]):([0-5][0-9])$`)

func (p *parser) atTime(no int, s string) Action {
	if m, ok := parseMoment(s); ok {
		y, mo, d := m.Date()
		day := time.Date(y, mo, d, 0, 0, 0, 0, clock.Shanghai)
		return At{Day: day, OfDay: m.Sub(day)}
	}
	of, rest, _ := strings.Cut(s, " ")
	if m := timeOfDay.FindStringSubmatch(of); m != nil && (rest == "" || rest == "on the next work-day") {
		h, _ := strconv.Atoi(m[1])
		min, _ := strconv.Atoi(m[2])
		return At{OfDay: time.Duration(h)*time.Hour + time.Duration(min)*time.Minute, NextWorkday: rest != ""}
	}
	p.problem(no, fmt.Sprintf("时间 %q 应如 2026-03-02 09:00、14:00 或 09:00 on the next work-day", s),
		fmt.Sprintf("the time %q must be like 2026-03-02 09:00, 14:00, or 09:00 on the next work-day", s))
	return nil
}

func (p *parser) after(no int, s string) Action {
	span, err := clock.ParseSpan(s)
	if err != nil {
		p.problem(no, fmt.Sprintf("时长 %q 应如 3 work-days、2 work-hours、30 minutes", s), err.Error())
		return nil
	}
	return After{span}
}

func (p *parser) prove(no int, s string) Action {
	name, rest := word(s)
	out := Prove{Name: name}
	switch rest {
	case "ok":
	case "refused":
		out.Refused = true
	case "with one byte changed refused":
		out.Changed, out.Refused = true, true
	default:
		p.problem(no, "应写 verify 名称 ok 或 verify 名称 with one byte changed refused",
			"write verify NAME ok, verify NAME refused, or verify NAME with one byte changed refused")
		return nil
	}
	p.known(name, no)
	return out
}

const maxAtOnce = 1000

func (p *parser) once(l line, rest string, base int) Action {
	out := &Once{Times: 1}
	if rest = strings.TrimSpace(rest); rest != "" {
		n, unit := word(rest)
		times, err := strconv.Atoi(n)
		if err != nil || times < 1 || times > maxAtOnce || unit != "times" {
			p.problem(l.no, fmt.Sprintf("应写 at once 或 at once 20 times（至多 %d）", maxAtOnce), fmt.Sprintf("write at once, or at once 20 times (at most %d)", maxAtOnce))
			return nil
		}
		out.Times = times
	}
	next, ok := p.next()
	if !ok || next.indent < base+2 {
		p.problem(l.no, "at once 之下应缩进列出同时进行的步骤", "the steps that start at once are indented below")
		return nil
	}
	if base > 0 {
		p.problem(l.no, "at once 不能嵌套", "at once cannot be nested")
		return nil
	}
	for _, s := range p.steps(next.indent, true) {
		if ask, ok := s.Do.(*Ask); ok && ask.As == "" && ask.Verb != Finds && ask.Verb != FindsInInbox {
			out.Asks = append(out.Asks, s)
			continue
		}
		p.problem(s.Line, "同时进行的只能是请求，且不能用 as 保存", "only requests can start at once, and they cannot be kept with as")
	}
	return out
}

// ask reads a step of an actor: its line, its `with` lines and its body.
func (p *parser) ask(l line, base int) Action {
	actor, rest := word(l.text)
	if !nameForm.MatchString(actor) {
		p.problem(l.no, fmt.Sprintf("步骤应以人物名（账号）、at、after、wait、verify 或 then 开头，而不是 %q", actor),
			fmt.Sprintf("a step begins with an actor (an account), at, after, wait, verify or then, not with %q", actor))
		return nil
	}
	do := p.sentence(actor, rest, l.no)
	ask, ok := do.(*Ask)
	if !ok {
		return do
	}
	b := p.body(base)
	p.options(&ask.Options, base)
	if b.empty() { // It may stand below the `with` lines too.
		b = p.body(base)
	}
	ask.Body = p.yaml(b)
	p.fits(ask, b, l.no)
	if ask.As != "" {
		p.keep(ask.As, l.no)
	}
	return ask
}

// options reads the `with` lines of a request. They may be indented as little
// as an expectation or as much as the content.
func (p *parser) options(o *Options, base int) {
	for {
		l, ok := p.next()
		first, rest := word(l.text)
		if !ok || first != "with" || l.indent < base {
			return
		}
		p.at++
		name, value := word(rest)
		switch {
		case name == "rev":
			o.Rev = p.inline(value, l.no)
		case name == "file":
			o.File = p.dataFile(value, l.no)
		case name == "text":
			at := base
			if l.indent > base+1 {
				at = l.indent
			}
			b := p.text(at)
			if b.empty() {
				p.problem(l.no, "with text 之下应缩进写出文字", "the text is indented below with text")
				continue
			}
			o.Text = quoted(b.text())
			p.references(o.Text, b.no)
		case strings.HasSuffix(name, ":") && len(name) > 1:
			v := p.inline(value, l.no)
			o.Headers = append(o.Headers, pair{strings.TrimSuffix(name, ":"), v})
		default:
			zh, en := decl.Suggest(name, []string{"rev", "file", "text"})
			p.problem(l.no, "with 之后应为 rev、file、text 或“头名: 值”；"+zh, "with takes rev, file, text, or \"Header: value\"; "+en)
		}
	}
}

// dataFile checks the path of a file of the pack.
func (p *parser) dataFile(name string, no int) string {
	if !strings.HasPrefix(name, "data/") || strings.Contains(name, "..") {
		p.problem(no, fmt.Sprintf("文件 %q 应在能力包的 data/ 之下", name), fmt.Sprintf("the file %q must lie in the pack's data/", name))
	}
	return name
}

// fits notes a body or option that the verb has no use for, and one that it lacks.
func (p *parser) fits(a *Ask, b block, no int) {
	none := a.Verb == Reads || a.Verb == ReadsPart || a.Verb == Deletes || a.Verb == Uploads || a.Verb == SignsOut || a.Verb == DownloadsPart || a.Verb == Downloads
	_, isObject := a.Body.(object)
	switch {
	case none && a.Body != nil:
		p.problem(b.no, "这一步不带内容", "this step takes no indented text")
	case a.Body != nil && !isObject && a.Verb != Raw:
		p.problem(b.no, "内容应为“字段: 值”", "the indented text must be \"field: value\"")
	case a.Verb == Comments && a.Body == nil:
		p.problem(no, "评论需要内容：text: …", "a comment needs its text: text: …")
	}
	if o := a.Options; a.Verb != Raw && (o.File != "" || o.Text != nil) {
		p.problem(no, "with file 和 with text 只用于直接请求（如 POST /api/…）", "with file and with text are for raw requests (POST /api/…)")
	}
	if a.Options.Rev != nil && a.Verb != Acts && a.Verb != Revises && a.Verb != Deletes {
		p.problem(no, "with rev 只用于办理、修订和删除", "with rev is for acting, revising and deleting")
	}
}
