package scenario

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"chengshu/core/decl"
	"chengshu/kernel/clock"
)

// Value is something written in a scenario that becomes JSON when a step runs:
// a literal, a list, a mapping, or a reference to what was kept.
type Value interface {
	// eval gives the value as encoding/json decodes it with UseNumber; a
	// Moment where a time was written, so that comparing knows its precision.
	eval(v vars) (any, error)
}

// vars gives what was kept, by name and path.
type vars interface {
	lookup(p Path) (any, error)
}

type (
	// literal is nil, a bool, a json.Number or a string without references.
	literal struct{ v any }
	// list is a sequence of values.
	list []Value
	// object is a mapping in the order in which it was written.
	object []pair
	pair   struct {
		key string
		val Value
	}
	// ref stands for what was kept: {case}, {photo.id}.
	ref struct{ path Path }
	// template is text with references inside.
	template []Value
)

// Moment is a time as a person writes it, in Asia/Shanghai. It becomes RFC 3339
// in UTC when sent, and is compared only as precisely as it was written.
type Moment struct {
	time.Time
	// Unit is time.Minute or time.Second.
	Unit time.Duration
}

// MarshalJSON writes the moment as the API wants it.
func (m Moment) MarshalJSON() ([]byte, error) { return json.Marshal(m.String()) }

// local writes the moment as a person does.
func (m Moment) local() string {
	if m.Unit == time.Minute {
		return m.In(clock.Shanghai).Format("2006-01-02 15:04")
	}
	return m.In(clock.Shanghai).Format("2006-01-02 15:04:05")
}

func (m Moment) String() string { return m.UTC().Format("2006-01-02T15:04:05.000Z") }

func (l literal) eval(vars) (any, error) { return l.v, nil }

func (r ref) eval(v vars) (any, error) { return v.lookup(r.path) }

func (l list) eval(v vars) (any, error) {
	out := make([]any, 0, len(l))
	for _, e := range l {
		x, err := e.eval(v)
		if err != nil {
			return nil, err
		}
		out = append(out, x)
	}
	return out, nil
}

func (o object) eval(v vars) (any, error) {
	out := make(map[string]any, len(o))
	for _, p := range o {
		x, err := p.val.eval(v)
		if err != nil {
			return nil, err
		}
		out[p.key] = x
	}
	return out, nil
}

func (t template) eval(v vars) (any, error) {
	var b strings.Builder
	for _, part := range t {
		x, err := part.eval(v)
		if err != nil {
			return nil, err
		}
		b.WriteString(plain(x))
	}
	return b.String(), nil
}

// plain writes a value as text: strings as they are, the rest as JSON.
func plain(x any) string {
	if s, ok := x.(string); ok {
		return s
	}
	b, err := json.Marshal(x)
	if err != nil {
		return fmt.Sprint(x)
	}
	return string(b)
}

var (
	number    = regexp.MustCompile(`^-?(0|[1-9][0-9]*)(\.[0-9]+)?$`)
	reference = regexp.MustCompile(`\{\{([a-z][a-z0-9_.-]*)\}\}|\{([a-z][a-z0-9_.-]*)\}`)
)

// scalar reads text that stands without quotes: null, true, false, a number, a
// time, else text in which {name} stands for what was kept. A number with a
// leading zero is text, as codes are.
func scalar(text string) Value {
	switch {
	case text == "null", text == "~", text == "":
		return literal{nil}
	case text == "true", text == "false":
		return literal{text == "true"}
	case number.MatchString(text):
		return literal{json.Number(text)}
	}
	if m, ok := parseMoment(text); ok {
		return literal{m}
	}
	return quoted(text)
}

// quoted reads text with references; {{name}} stands for {name} itself.
func quoted(text string) Value {
	found := reference.FindAllStringSubmatchIndex(text, -1)
	if found == nil {
		return literal{text}
	}
	var parts template
	end := 0
	for _, m := range found {
		parts = append(parts, literal{text[end:m[0]]})
		if m[2] >= 0 {
			parts = append(parts, literal{"{" + text[m[2]:m[3]] + "}"})
		} else if p, err := parsePath(text[m[4]:m[5]]); err == nil {
			parts = append(parts, ref{p})
		} else {
			parts = append(parts, literal{text[m[0]:m[1]]})
		}
		end = m[1]
	}
	if len(found) == 1 && found[0][0] == 0 && end == len(text) {
		return parts[1] // Only a reference: it keeps its type.
	}
	return append(parts, literal{text[end:]})
}

// parseMoment reads 2026-03-02 09:00 or 2026-03-02 09:00:30.
func parseMoment(s string) (Moment, bool) {
	for layout, unit := range map[string]time.Duration{"2006-01-02 15:04": time.Minute, "2006-01-02 15:04:05": time.Second} {
		if t, err := time.ParseInLocation(layout, s, clock.Shanghai); err == nil && len(s) == len(layout) {
			return Moment{t, unit}, true
		}
	}
	return Moment{}, false
}

// reader makes values from YAML.
type reader struct {
	file   string
	report *decl.Report
}

func (y reader) problem(n *yaml.Node, zh, en string) { y.report.Add(decl.PosOf(n, y.file), zh, en) }

const maxDepth = 32

func (y reader) value(n *yaml.Node, depth int) Value {
	switch {
	case depth > maxDepth:
		y.problem(n, "嵌套太深", "nested too deep")
	case n.Kind == yaml.ScalarNode && n.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle|yaml.LiteralStyle|yaml.FoldedStyle) != 0:
		return quoted(n.Value)
	case n.Kind == yaml.ScalarNode:
		return scalar(n.Value)
	case n.Kind == yaml.SequenceNode:
		out := list{}
		for _, c := range n.Content {
			out = append(out, y.value(c, depth+1))
		}
		return out
	case n.Kind == yaml.MappingNode:
		return y.mapping(n, depth)
	default:
		y.problem(n, "不支持 YAML 引用（*名称），请写全", "YAML aliases are not supported; write it out")
	}
	return literal{nil}
}

// mapping reads a mapping. {name} in flow style, a key without a value, is a
// reference.
func (y reader) mapping(n *yaml.Node, depth int) Value {
	if n.Style&yaml.FlowStyle != 0 && len(n.Content) == 2 && bare(n.Content[0]) && n.Content[1].Tag == "!!null" && n.Content[1].Value == "" {
		if m := reference.FindStringSubmatch("{" + n.Content[0].Value + "}"); m != nil && len(m[0]) == len(n.Content[0].Value)+2 {
			p, err := parsePath(n.Content[0].Value)
			if err != nil {
				y.problem(n, err.Error(), err.Error())
			}
			return ref{p}
		}
	}
	out := object{}
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		if key.Kind != yaml.ScalarNode || seen[key.Value] {
			y.problem(key, fmt.Sprintf("键 %q 写了两次，或不是简单的词", key.Value), fmt.Sprintf("the key %q is given twice or is no plain word", key.Value))
			continue
		}
		seen[key.Value] = true
		out = append(out, pair{key.Value, y.value(n.Content[i+1], depth+1)})
	}
	return out
}

func bare(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.Style == 0 }
