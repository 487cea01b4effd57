package scenario

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// Path leads to a part of an answer: `state`, `items.0.number`,
// `items.*.verb`, `items[state=assigned].light`, `it` for the whole.
//
// Where an object lacks a name, its members `case` and `fields` are searched
// too, so that `state` and `category` are found in a case.
type Path struct {
	text string
	segs []segment
}

func (p Path) String() string { return p.text }

// first is the name the path begins with.
func (p Path) first() string { return p.segs[0].name }

// segment is one step: a name, an index, every element (name "*"), or the
// first element in which key has the text want.
type segment struct {
	name  string
	index int
	kind  byte // n name, i index, * every, = filter
	key   Path
	want  string
}

var segmentForm = regexp.MustCompile(`^(?:([\p{L}_$@][\p{L}\p{N}_:$@-]*)|([0-9]{1,6})|(\*))`)

const maxSegments = 32

func parsePath(s string) (Path, error) {
	p := Path{text: s}
	rest := s
	for first := true; rest != ""; first = false {
		switch {
		case rest[0] == '[' && !first:
			end := strings.IndexByte(rest, ']')
			if end < 0 {
				return Path{}, fmt.Errorf("path %q: [ is not closed", s)
			}
			seg, err := filter(rest[1:end])
			if err != nil {
				return Path{}, err
			}
			p.segs, rest = append(p.segs, seg), rest[end+1:]
		default:
			if !first {
				if rest[0] != '.' {
					return Path{}, fmt.Errorf("path %q: a dot is missing before %q", s, rest)
				}
				rest = rest[1:]
			}
			m := segmentForm.FindStringSubmatch(rest)
			if m == nil {
				return Path{}, fmt.Errorf("path %q: %q is no name", s, rest)
			}
			p.segs, rest = append(p.segs, plainSegment(m)), rest[len(m[0]):]
		}
	}
	if len(p.segs) == 0 || len(p.segs) > maxSegments {
		return Path{}, fmt.Errorf("path %q: 1 to %d parts are possible", s, maxSegments)
	}
	return p, nil
}

func plainSegment(m []string) segment {
	switch {
	case m[2] != "":
		n, _ := strconv.Atoi(m[2])
		return segment{kind: 'i', index: n, name: m[2]}
	case m[3] != "":
		return segment{kind: '*', name: "*"}
	}
	return segment{kind: 'n', name: m[1]}
}

func filter(s string) (segment, error) {
	key, want, ok := strings.Cut(s, "=")
	if !ok {
		return segment{}, fmt.Errorf("path: [%s] must be [key=value]", s)
	}
	if strings.ContainsAny(key, "[]") {
		return segment{}, fmt.Errorf("path: [%s] is nested", s)
	}
	p, err := parsePath(key)
	return segment{kind: '=', name: "[" + s + "]", key: p, want: want}, err
}

// find follows the path from x. The second result is false where it leads
// nowhere. Past a *, the value is the list of what was found.
func (p Path) find(x any) (any, bool) {
	segs := p.segs
	if p.first() == "it" && segs[0].kind == 'n' {
		segs = segs[1:]
	}
	return follow(x, segs)
}

// bind puts what was kept into the filters: items[id={case}].
func (p Path) bind(v vars) (Path, error) {
	out := Path{p.text, append([]segment(nil), p.segs...)}
	for i, s := range out.segs {
		if s.kind != '=' {
			continue
		}
		want, err := quoted(s.want).eval(v)
		if err != nil {
			return Path{}, err
		}
		out.segs[i].want = plain(want)
	}
	return out, nil
}

func follow(x any, segs []segment) (any, bool) {
	for i, s := range segs {
		if s.kind == '*' {
			return every(x, segs[i+1:])
		}
		next, ok := s.step(x)
		if !ok {
			return nil, false
		}
		x = next
	}
	return x, true
}

func every(x any, rest []segment) (any, bool) {
	elements, ok := x.([]any)
	if !ok {
		return nil, false
	}
	out := []any{}
	for _, e := range elements {
		if v, ok := follow(e, rest); ok {
			out = append(out, v)
		}
	}
	return out, true
}

func (s segment) step(x any) (any, bool) {
	switch v := x.(type) {
	case map[string]any:
		return member(v, s.name)
	case []any:
		if s.kind == 'i' && s.index < len(v) {
			return v[s.index], true
		}
		if s.kind == '=' {
			for _, e := range v {
				if got, ok := s.key.find(e); ok && (plain(got) == s.want || textOf(got, s.want)) {
					return e, true
				}
			}
		}
	}
	return nil, false
}

func member(o map[string]any, name string) (any, bool) {
	if v, ok := o[name]; ok {
		return v, true
	}
	for _, inner := range []string{"case", "fields"} {
		if m, ok := o[inner].(map[string]any); ok {
			if v, ok := m[name]; ok {
				return v, true
			}
		}
	}
	return nil, false
}

// textOf reports whether x is a text in two languages, one side being s.
func textOf(x any, s string) bool {
	m, ok := x.(map[string]any)
	return ok && len(m) <= 2 && (m["zh"] == s || m["en"] == s)
}
