package ckan

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// Bounds of one query, so that a small request has a small cost.
const (
	maxQuery = 4000 // bytes
	maxTerms = 200
	maxDepth = 20
)

// node is a parsed condition. Its score says how well it fits; 0 is not at all.
type node interface{ score(d *document) float64 }

type (
	everything struct{}
	allOf      []node
	anyOf      []node
	not        struct{ node }
	term       struct {
		field    string // empty: the common fields
		text     string
		wildcard bool
	}
	between struct {
		field, from, to  string // "*" is open
		exclFrom, exclTo bool
	}
)

func (everything) score(*document) float64 { return 1 }

func (l allOf) score(d *document) float64 {
	sum := 1e-9 // what is only excluded from still fits
	for _, n := range l {
		s := n.score(d)
		if s == 0 {
			return 0
		}
		sum += s
	}
	return sum
}

func (l anyOf) score(d *document) float64 {
	sum := 0.0
	for _, n := range l {
		sum += n.score(d)
	}
	return sum
}

func (n not) score(d *document) float64 {
	if n.node.score(d) > 0 {
		return 0
	}
	return 1e-9
}

// common are the fields in which words are looked for, with CKAN's weights.
var common = []struct {
	field  string
	weight float64
}{{"name", 4}, {"title", 4}, {"title_en", 4}, {"tags", 2}, {"groups", 2}, {"text", 1}}

func (t term) score(d *document) float64 {
	if t.field == "" {
		sum := 0.0
		for _, c := range common {
			if t.in(d, c.field) {
				sum += c.weight
			}
		}
		return sum
	}
	if t.in(d, t.field) {
		return 1
	}
	return 0
}

func (t term) in(d *document, field string) bool {
	text, isText := d.text[field]
	if t.wildcard && t.text == "*" {
		return slices.ContainsFunc(d.values(field), func(v string) bool { return v != "" }) || isText && text != " "
	}
	if isText {
		if t.wildcard {
			return slices.ContainsFunc(strings.Fields(text), func(w string) bool { return like(w, strings.ToLower(t.text)) })
		}
		return holds(text, t.text)
	}
	return slices.ContainsFunc(d.values(field), func(v string) bool {
		if t.wildcard {
			return like(v, t.text)
		}
		return v == t.text || strings.HasPrefix(field, "extras_") && holds(fold(v), t.text)
	})
}

// like matches a pattern of * and ?, in time linear in both lengths' product.
func like(s, pattern string) bool {
	text, p := []rune(s), []rune(pattern)
	i, j, star, mark := 0, 0, -1, 0
	for i < len(text) {
		switch {
		case j < len(p) && p[j] == '*':
			star, mark, j = j, i, j+1
		case j < len(p) && (p[j] == '?' || p[j] == text[i]):
			i, j = i+1, j+1
		case star >= 0:
			mark++
			i, j = mark, star+1
		default:
			return false
		}
	}
	for j < len(p) && p[j] == '*' {
		j++
	}
	return j == len(p)
}

func (b between) score(d *document) float64 {
	for _, v := range d.values(b.field) {
		low := strings.Compare(v, sameForm(b.from, v))
		high := strings.Compare(v, sameForm(b.to, v))
		if (b.from == "*" || low > 0 || low == 0 && !b.exclFrom) && (b.to == "*" || high < 0 || high == 0 && !b.exclTo) {
			return 1
		}
	}
	return 0
}

// sameForm takes the zone off a bound when times are compared that have none.
func sameForm(bound, value string) string {
	if len(value) > 10 && value[4] == '-' {
		return strings.TrimSuffix(bound, "Z")
	}
	return bound
}

// parse reads a query in Solr's form: words, "phrases", field:value, field:(a OR
// b), [ranges TO ends], + - ! NOT, AND, OR, wildcards, *:*. Words that nothing
// joins must all be there. What cannot be read is a Search Query Error.
func parse(q string) (node, error) {
	if strings.TrimSpace(q) == "" {
		return everything{}, nil
	}
	if len(q) > maxQuery {
		return nil, badQuery("longer than %d bytes", maxQuery)
	}
	p := &parser{rest: q}
	n, err := p.list("", 0)
	if err == nil && p.rest != "" {
		err = badQuery("%q is not expected", head(p.rest))
	}
	return n, err
}

func head(s string) string {
	if r := []rune(s); len(r) > 20 {
		return string(r[:20])
	}
	return s
}

type parser struct {
	rest  string
	terms int
}

func (p *parser) blank() { p.rest = strings.TrimLeft(p.rest, " \t\r\n\u3000") }

// word takes an operator that is a word by itself.
func (p *parser) word(w string) bool {
	after, ok := strings.CutPrefix(p.rest, w)
	if ok && (after == "" || strings.ContainsAny(after[:1], " \t\r\n(\"")) {
		p.rest = after
		return true
	}
	return false
}

func (p *parser) symbol(s string) bool {
	after, ok := strings.CutPrefix(p.rest, s)
	if ok {
		p.rest = after
	}
	return ok
}

// list reads clauses up to the end or a closing bracket. Alternatives bind less
// than what stands side by side.
func (p *parser) list(field string, depth int) (node, error) {
	if depth > maxDepth {
		return nil, badQuery("nested more than %d deep", maxDepth)
	}
	var any anyOf
	var all allOf
	for joined := true; ; {
		p.blank()
		switch {
		case p.rest == "" || p.rest[0] == ')':
			if joined { // nothing stands here, or an operator stood last
				return nil, badQuery("a condition is missing")
			}
			if any = append(any, all); len(any) == 1 {
				return all, nil
			}
			return any, nil
		case p.word("OR") || p.symbol("||"):
			if joined {
				return nil, badQuery("a condition is missing before OR")
			}
			any, all, joined = append(any, all), nil, true
			continue
		case p.word("AND") || p.symbol("&&"):
			if joined {
				return nil, badQuery("a condition is missing before AND")
			}
			joined = true
			continue
		}
		n, err := p.clause(field, depth)
		if err != nil {
			return nil, err
		}
		all, joined = append(all, n), false
	}
}

func (p *parser) clause(field string, depth int) (node, error) {
	if p.terms++; p.terms > maxTerms {
		return nil, badQuery("more than %d conditions", maxTerms)
	}
	switch {
	case p.word("NOT") || p.symbol("-") || p.symbol("!"):
		p.blank()
		n, err := p.clause(field, depth+1)
		return not{n}, err
	case p.symbol("+"):
		p.blank()
		return p.clause(field, depth+1)
	case p.symbol("("):
		n, err := p.list(field, depth+1)
		if err == nil && !p.symbol(")") {
			err = badQuery("a bracket is not closed")
		}
		p.boost()
		return n, err
	case p.symbol(`"`):
		return p.phrase(field)
	case strings.HasPrefix(p.rest, "[") || strings.HasPrefix(p.rest, "{"):
		return p.between(field)
	}
	if depth > maxDepth {
		return nil, badQuery("nested more than %d deep", maxDepth)
	}
	text, wildcard := p.text()
	if field == "" && p.symbol(":") {
		if text == "*" && p.symbol("*") {
			return everything{}, nil
		}
		if err := known(text); err != nil {
			return nil, err
		}
		if p.rest == "" || strings.ContainsAny(p.rest[:1], " \t\r\n)") {
			return nil, badQuery("%s has no value", text)
		}
		return p.clause(text, depth+1)
	}
	if text == "" {
		return nil, badQuery("%q is not expected", head(p.rest))
	}
	p.boost()
	return term{field: field, text: text, wildcard: wildcard}, nil
}

// known refuses the name of a field that no package can have.
func known(field string) error {
	if slices.Contains(textFields, field) || slices.Contains(exactFields, field) || strings.HasPrefix(field, "extras_") || strings.HasPrefix(field, "vocab_") || strings.HasPrefix(field, "res_extras_") || plainKey(field) {
		return nil
	}
	return badQuery("undefined field %q", field)
}

// plainKey reports whether a name can be the key of an extra.
func plainKey(s string) bool {
	return s != "" && strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") == ""
}

// text reads up to what ends a word; a backslash takes the next character as it
// is.
func (p *parser) text() (text string, wildcard bool) {
	var b strings.Builder
	for i := 0; i < len(p.rest); {
		switch c := p.rest[i]; {
		case c == '\\' && i+1 < len(p.rest):
			_, n := utf8.DecodeRuneInString(p.rest[i+1:])
			b.WriteString(p.rest[i+1 : i+1+n])
			i += 1 + n
			continue
		case strings.IndexByte(" \t\r\n()[]{}\":^", c) >= 0 || strings.HasPrefix(p.rest[i:], "\u3000"):
			p.rest = p.rest[i:]
			return b.String(), wildcard
		case c == '*' || c == '?':
			wildcard = true
		case c == '~':
			i++ // fuzzy words are looked for as they are
			continue
		}
		b.WriteByte(p.rest[i])
		i++
	}
	p.rest = ""
	return b.String(), wildcard
}

func (p *parser) phrase(field string) (node, error) {
	var b strings.Builder
	for i := 0; i < len(p.rest); i++ {
		switch c := p.rest[i]; {
		case c == '\\' && i+1 < len(p.rest):
			i++
			b.WriteByte(p.rest[i])
		case c == '"':
			p.rest = p.rest[i+1:]
			if p.symbol("~") {
				p.digits()
			}
			p.boost()
			return term{field: field, text: b.String()}, nil
		default:
			b.WriteByte(c)
		}
	}
	return nil, badQuery("a quotation is not closed")
}

func (p *parser) boost() {
	if p.symbol("^") {
		p.digits()
	}
}

func (p *parser) digits() { p.rest = strings.TrimLeft(p.rest, "0123456789.") }

// between reads [from TO end]; braces leave the ends out.
func (p *parser) between(field string) (node, error) {
	if field == "" {
		return nil, badQuery("a range needs a field")
	}
	inside, after, ok := cutAny(p.rest[1:], "]}")
	parts := strings.Fields(inside)
	if !ok || len(parts) != 3 || parts[1] != "TO" {
		return nil, badQuery("a range is written [from TO end]")
	}
	b := between{field: field, from: strings.Trim(parts[0], `"`), to: strings.Trim(parts[2], `"`), exclFrom: p.rest[0] == '{'}
	b.exclTo = p.rest[1+len(inside)] == '}'
	p.rest = after
	return b, nil
}

func cutAny(s, chars string) (before, after string, ok bool) {
	i := strings.IndexAny(s, chars)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+1:], true
}
