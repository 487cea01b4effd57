package scenario

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"chengshu/core/decl"
)

// expect reads a line of expectations and adds it to the step.
func (p *parser) expect(s *Step, l line) {
	p.at++
	if b := p.body(l.indent); !b.empty() {
		p.problem(b.no, "期望写在一行之内", "an expectation is written on one line")
	}
	first, rest := word(l.text)
	if first != "keep" {
		if keep, of := word(rest); keep == "keep" {
			first, rest = keep, of
		}
	}
	var c Check
	_, several := s.Do.(*Once)
	switch {
	case first == "keep":
		c = p.keeping(rest, l.no)
	case several:
		c = p.outcomes(rest, l.no)
	default:
		c = p.condition(rest, l.no)
	}
	switch s.Do.(type) {
	case *Ask, *Once:
	default:
		p.problem(l.no, "期望只能跟在请求之后", "expectations follow a request")
		return
	}
	if c != nil {
		s.Then = append(s.Then, &Expect{Line: l.no, Text: l.text, Check: c})
	}
}

func (p *parser) keeping(s string, no int) Check {
	path, name, ok := strings.Cut(s, " as ")
	if !ok {
		p.form(no, "keep PATH as NAME")
		return nil
	}
	name = strings.TrimSpace(name)
	p.keep(name, no)
	return Keep{p.path(strings.TrimSpace(path), no), name}
}

func (p *parser) path(s string, no int) Path {
	out, err := parsePath(s)
	if err != nil {
		p.problem(no, fmt.Sprintf("路径 %q 写法有误", s), err.Error())
		return Path{text: s, segs: []segment{{kind: 'n', name: "it"}}}
	}
	for _, seg := range out.segs {
		if seg.kind == '=' {
			p.references(quoted(seg.want), no)
		}
	}
	return out
}

var (
	statusForm  = regexp.MustCompile(`^(?:(ok)|(refused)(?: ([45][0-9]{2}))?|([1-5][0-9]{2}))(?: ([a-z][a-z0-9-]*))?$`)
	outcomeForm = regexp.MustCompile(`^(the others|\w+) (.+)$`)
)

// status reads `ok`, `refused 404`, `409 stale-revision`.
func status(s string) (Status, bool) {
	m := statusForm.FindStringSubmatch(s)
	if m == nil || m[1] != "" && m[5] != "" {
		return Status{}, false
	}
	code, _ := strconv.Atoi(m[3] + m[4])
	return Status{OK: m[1] != "", Refused: m[2] != "", Code: code, Problem: m[5]}, true
}

func (p *parser) outcomes(s string, no int) Check {
	var out Outcomes
	for _, part := range strings.Split(strings.ReplaceAll(s, ", ", " and "), " and ") {
		m := outcomeForm.FindStringSubmatch(part)
		if m == nil {
			p.outcomeForm(no)
			return nil
		}
		st, ok := status(m[2])
		n, counted := count(m[1])
		if !ok || !counted && m[1] != "the others" && m[1] != "all" {
			p.outcomeForm(no)
			return nil
		}
		out = append(out, Outcome{Count: n, Others: !counted, Status: st})
	}
	return out
}

func (p *parser) outcomeForm(no int) {
	p.problem(no, "at once 之后应写如 then one ok and one refused 409，或 then one ok and the others refused",
		"after at once write as then one ok and one refused 409, or then one ok and the others refused")
}

var numbers = []string{"no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"}

func count(s string) (int, bool) {
	for n, name := range numbers {
		if s == name {
			return n, true
		}
	}
	n, err := strconv.Atoi(s)
	return n, err == nil && n >= 0 && n <= 1_000_000
}

// operators are tried in this order, so that longer ones come before those
// that they begin with. value says whether something follows.
var operators = []struct {
	word  string
	op    Op
	value bool
}{
	{"is not", IsNot, true},
	{"is missing", IsMissing, false},
	{"is", Is, true},
	{"contains", Contains, true},
	{"does not contain", DoesNotContain, true},
	{"matches", Matches, true},
	{"does not match", DoesNotMatch, true},
	{"exists", Exists, false},
	{">=", AtLeast, true},
	{"<=", AtMost, true},
	{">", Greater, true},
	{"<", Less, true},
}

// condition reads a status or `PATH OPERATOR VALUE`.
func (p *parser) condition(s string, no int) Check {
	if st, ok := status(s); ok {
		return st
	}
	name, rest := word(s)
	if name == "header" {
		header, after := word(rest)
		name, rest = "header "+header, after
	}
	c := Compare{Path: Path{text: name}}
	if !strings.HasPrefix(name, "header ") {
		c.Path = p.path(name, no)
	}
	if strings.HasPrefix(rest, "has ") {
		return p.items(c, rest[4:], no)
	}
	for _, o := range operators {
		if rest != o.word && !strings.HasPrefix(rest, o.word+" ") {
			continue
		}
		c.Op = o.op
		value := strings.TrimSpace(rest[len(o.word):])
		switch {
		case !o.value && value != "" || o.value && value == "":
			p.problem(no, fmt.Sprintf("%q 之后的值多了或少了；空文字写作 \"\"", o.word), fmt.Sprintf("%q has a value too many or too few; an empty text is written \"\"", o.word))
			return nil
		case o.op == Matches || o.op == DoesNotMatch:
			return p.regex(c, value, no)
		case o.value:
			c.Want = p.inline(value, no)
		}
		return c
	}
	op, _ := word(rest)
	words := make([]string, 0, len(operators))
	for _, o := range operators {
		words = append(words, o.word)
	}
	zh, en := decl.Suggest(op, append(words, "has"))
	p.problem(no, fmt.Sprintf("期望 %q 应写作 路径 比较 值；%s", s, zh), fmt.Sprintf("the expectation %q must be PATH COMPARISON VALUE; %s", s, en))
	return nil
}

func (p *parser) items(c Compare, s string, no int) Check {
	c.Op = HasItems
	for word, op := range map[string]Op{"at least ": HasAtLeast, "at most ": HasAtMost} {
		if rest, ok := strings.CutPrefix(s, word); ok {
			c.Op, s = op, rest
		}
	}
	n, unit := word(s)
	var ok bool
	if c.Count, ok = count(n); !ok || unit != "items" && unit != "item" {
		p.form(no, "PATH has [at least|at most] N items")
		return nil
	}
	return c
}

func (p *parser) regex(c Compare, s string, no int) Check {
	inner, ok := strings.CutPrefix(s, "/")
	inner, closed := strings.CutSuffix(inner, "/")
	if !ok || !closed {
		p.problem(no, "正则表达式写在两个 / 之间", "a regular expression stands between two /")
		return nil
	}
	if _, err := regexp.Compile(inner); err != nil {
		p.problem(no, "正则表达式有误："+err.Error(), err.Error())
		return nil
	}
	c.Regex = inner
	return c
}
