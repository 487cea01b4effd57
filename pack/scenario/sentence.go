package scenario

import (
	"fmt"
	"strings"

	"chengshu/core/decl"
)

// sentences are the verbs that an actor's step may begin with. Every other
// verb is an action of a case: `dispatcher assign {case}`.
var sentences = map[string]struct {
	form string // how it is written, for messages
	read func(p *parser, a *Ask, rest string, no int) bool
}{
	"opens":     {"ACTOR opens TYPE by ACTION", (*parser).opens},
	"creates":   {"ACTOR creates TYPE", (*parser).creates},
	"revises":   {"ACTOR revises [TYPE] {NAME}", onRef(Revises)},
	"deletes":   {"ACTOR deletes [TYPE] {NAME}", onRef(Deletes)},
	"reads":     {"ACTOR reads [PART of] [TYPE] {NAME}, or ACTOR reads inbox", (*parser).reads},
	"lists":     {"ACTOR lists TYPE", (*parser).lists},
	"finds":     {"ACTOR finds {NAME} in inbox, or among TYPE", (*parser).finds},
	"does":      {"ACTOR does not find {NAME} in inbox, or among TYPE", (*parser).doesNotFind},
	"comments":  {"ACTOR comments on [TYPE] {NAME}", (*parser).comments},
	"uploads":   {"ACTOR uploads data/FILE as NAME", (*parser).uploads},
	"downloads": {"ACTOR downloads PART of {NAME} as NAME, or ACTOR downloads /PATH as NAME", (*parser).downloads},
	"registers": {"ACTOR registers", alone(Registers)},
	"signs":     {"ACTOR signs in, or ACTOR signs out", (*parser).signs},
	"GET":       {"ACTOR GET /PATH", (*parser).raw},
	"POST":      {"ACTOR POST /PATH", (*parser).raw},
	"PUT":       {"ACTOR PUT /PATH", (*parser).raw},
	"PATCH":     {"ACTOR PATCH /PATH", (*parser).raw},
	"DELETE":    {"ACTOR DELETE /PATH", (*parser).raw},
}

// sentence reads what an actor does.
func (p *parser) sentence(actor, s string, no int) Action {
	verb, rest := word(s)
	switch verb {
	case "listens":
		if rest != "" {
			p.form(no, "ACTOR listens")
			return nil
		}
		return Listen{actor}
	case "hears":
		if rest == "" {
			p.form(no, "ACTOR hears TOPIC")
			return nil
		}
		return Hear{actor, rest}
	}
	a := &Ask{Actor: actor}
	known, ok := sentences[verb]
	if !ok {
		return p.act(a, verb, rest, no)
	}
	if verb == strings.ToUpper(verb) {
		a.Name = verb
	}
	if !known.read(p, a, rest, no) {
		p.form(no, known.form)
		return nil
	}
	return a
}

func (p *parser) form(no int, form string) { p.problem(no, "应写作 "+form, "write "+form) }

// act reads `ACTION [TYPE] {NAME}`.
func (p *parser) act(a *Ask, verb, rest string, no int) Action {
	a.Verb, a.Name = Acts, verb
	if nameForm.MatchString(verb) && p.ref(a, rest, no) {
		return a
	}
	var verbs []string
	for v := range sentences {
		verbs = append(verbs, v)
	}
	zh, en := decl.Suggest(verb, append(verbs, "listens", "hears"))
	p.problem(no, fmt.Sprintf("未知的动词 %q；%s 办理案件写作 人物 动作 {名称}", verb, zh), fmt.Sprintf("unknown verb %q; %s To act on a case write ACTOR ACTION {NAME}", verb, en))
	return nil
}

// ref reads `[TYPE] {NAME}`, and an `as NAME` after it.
func (p *parser) ref(a *Ask, s string, no int) bool {
	s = p.as(a, s)
	if typ, rest := word(s); nameForm.MatchString(typ) {
		a.Type, s = typ, rest
	}
	v, ok := p.single(s, no)
	a.Ref = v
	return ok
}

// single reads exactly one reference, or a literal id without blanks.
func (p *parser) single(s string, no int) (Value, bool) {
	if s == "" || strings.ContainsRune(s, ' ') {
		return nil, false
	}
	v := quoted(s)
	if _, isText := v.(literal); isText && strings.ContainsAny(s, "{}") {
		return nil, false
	}
	p.references(v, no)
	return v, true
}

// as cuts a trailing `as NAME` off.
func (p *parser) as(a *Ask, s string) string {
	if i := strings.LastIndex(s, " as "); i >= 0 {
		a.As = strings.TrimSpace(s[i+4:])
		return strings.TrimSpace(s[:i])
	}
	return s
}

func onRef(v Verb) func(*parser, *Ask, string, int) bool {
	return func(p *parser, a *Ask, rest string, no int) bool {
		a.Verb = v
		return p.ref(a, rest, no)
	}
}

func alone(v Verb) func(*parser, *Ask, string, int) bool {
	return func(_ *parser, a *Ask, rest string, _ int) bool {
		a.Verb = v
		return rest == ""
	}
}

func (p *parser) opens(a *Ask, rest string, _ int) bool {
	a.Verb = Opens
	f := strings.Fields(p.as(a, rest))
	if len(f) != 3 || f[1] != "by" || !nameForm.MatchString(f[0]) || !nameForm.MatchString(f[2]) {
		return false
	}
	a.Type, a.Name = f[0], f[2]
	return true
}

func (p *parser) creates(a *Ask, rest string, _ int) bool {
	a.Verb = Creates
	a.Type = p.as(a, rest)
	return nameForm.MatchString(a.Type)
}

func (p *parser) lists(a *Ask, rest string, _ int) bool {
	a.Verb = Lists
	a.Type = p.as(a, rest)
	return nameForm.MatchString(a.Type)
}

func (p *parser) reads(a *Ask, rest string, no int) bool {
	rest = p.as(a, rest)
	if rest == "inbox" {
		a.Verb = Inbox
		return true
	}
	a.Verb = Reads
	if strings.HasSuffix(rest, " of") {
		return false
	}
	if part, of, ok := strings.Cut(rest, " of "); ok {
		a.Verb, a.Name, rest = ReadsPart, part, of
		if !nameForm.MatchString(part) {
			return false
		}
	}
	return p.ref(a, rest, no)
}

func (p *parser) finds(a *Ask, rest string, no int) bool {
	rest = p.as(a, rest)
	what, where, ok := strings.Cut(rest, " ")
	if !ok {
		return false
	}
	v, ok := p.single(what, no)
	if !ok {
		return false
	}
	a.Ref = v
	if where == "in inbox" {
		a.Verb = FindsInInbox
		return true
	}
	a.Verb = Finds
	a.Type, ok = strings.CutPrefix(where, "among ")
	return ok && nameForm.MatchString(a.Type)
}

func (p *parser) doesNotFind(a *Ask, rest string, no int) bool {
	rest, ok := strings.CutPrefix(rest, "not find ")
	a.Not = true
	return ok && p.finds(a, rest, no) && a.As == ""
}

func (p *parser) comments(a *Ask, rest string, no int) bool {
	a.Verb = Comments
	rest, ok := strings.CutPrefix(rest, "on ")
	return ok && p.ref(a, rest, no)
}

func (p *parser) uploads(a *Ask, rest string, no int) bool {
	a.Verb = Uploads
	a.Options.File = p.as(a, rest)
	if a.Options.File == "" || strings.ContainsRune(a.Options.File, ' ') {
		return false
	}
	a.Name = p.dataFile(a.Options.File, no)
	a.Options.File = ""
	return true
}

func (p *parser) downloads(a *Ask, rest string, no int) bool {
	rest = p.as(a, rest)
	if a.As == "" {
		return false
	}
	if strings.HasPrefix(rest, "/") {
		a.Verb = Downloads
		return p.url(a, rest, no)
	}
	part, of, ok := strings.Cut(rest, " of ")
	a.Verb, a.Name = DownloadsPart, part
	return ok && nameForm.MatchString(part) && p.ref(a, of, no)
}

func (p *parser) signs(a *Ask, rest string, _ int) bool {
	a.Verb = SignsIn
	if rest == "out" {
		a.Verb = SignsOut
	}
	return rest == "in" || rest == "out"
}

func (p *parser) raw(a *Ask, rest string, no int) bool {
	a.Verb = Raw
	return p.url(a, p.as(a, rest), no)
}

func (p *parser) url(a *Ask, s string, no int) bool {
	if !strings.HasPrefix(s, "/") || strings.HasPrefix(s, "//") {
		return false
	}
	a.URL = quoted(s)
	p.references(a.URL, no)
	return true
}
