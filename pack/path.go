package pack

import (
	"fmt"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"chengshu/core/decl"
)

// place is where a dotted path leads in a document: the container and, when
// the last segment names something that is there, its index in Content (of the
// value, for a mapping).
type place struct {
	parent *yaml.Node
	key    *yaml.Node // the key under which parent stands, if any
	index  int        // -1 when a mapping has no such key yet
	last   string
}

// touch makes the container of the place point to where it was changed. The
// item was right before, so a mistake that its check finds there, such as a
// field of an unknown type, comes from the change.
func (p place) touch(at decl.Pos) {
	for _, n := range []*yaml.Node{p.parent, p.key} {
		if n != nil && p.key != nil {
			n.Anchor, n.Line, n.Column = at.File, at.Line, at.Col
		}
	}
}

func (p place) value() *yaml.Node {
	if p.index < 0 {
		return nil
	}
	return p.parent.Content[p.index]
}

// walk follows a dotted path from the document's node: keys of mappings,
// names or indexes (from 0) of list elements. All but the last segment must be
// there. An empty value on the way becomes a mapping, as in `note:`.
func walk(root *yaml.Node, path string) (place, *decl.Text) {
	segments := strings.Split(path, ".")
	at := root
	var key *yaml.Node
	for i, seg := range segments {
		if empty(at) {
			*at = yaml.Node{Kind: yaml.MappingNode, Tag: "!!map", Line: at.Line, Column: at.Column, Anchor: at.Anchor}
		}
		index, wrong := step(at, seg, strings.Join(segments[:i], "."))
		if wrong != nil {
			return place{}, wrong
		}
		p := place{at, key, index, seg}
		if i == len(segments)-1 {
			return p, nil
		}
		if index < 0 {
			zh, en := decl.Suggest(seg, keys(at))
			return place{}, &decl.Text{Zh: fmt.Sprintf("路径 %q 中没有 %q；%s", path, seg, zh), En: fmt.Sprintf("there is no %q in the path %q; %s", seg, path, en)}
		}
		key = nil
		if at.Kind == yaml.MappingNode {
			key = at.Content[index-1]
		}
		at = p.value()
	}
	panic("unreachable: a path has at least one segment")
}

// step finds seg in n. It returns -1 when n is a mapping without that key.
func step(n *yaml.Node, seg, before string) (int, *decl.Text) {
	switch n.Kind {
	case yaml.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			if n.Content[i].Value == seg {
				return i + 1, nil
			}
		}
		return -1, nil
	case yaml.SequenceNode:
		return element(n, seg, before)
	}
	return 0, &decl.Text{Zh: fmt.Sprintf("%q 是单个值，里面没有 %q；请整个改写", before, seg),
		En: fmt.Sprintf("%q is a single value and holds no %q; set it as a whole", before, seg)}
}

// element finds a list element: by its own text, by its name or value, else by
// its index.
func element(n *yaml.Node, seg, before string) (int, *decl.Text) {
	found := -1
	for i, e := range n.Content {
		if label(e) != seg {
			continue
		}
		if found >= 0 {
			return 0, &decl.Text{Zh: fmt.Sprintf("%q 中有几个 %q；请用序号（从 0 起）", before, seg),
				En: fmt.Sprintf("several elements of %q are named %q; use the index, from 0", before, seg)}
		}
		found = i
	}
	if found >= 0 {
		return found, nil
	}
	if i, err := strconv.Atoi(seg); err == nil && i >= 0 && i < len(n.Content) {
		return i, nil
	}
	var known []string
	for _, e := range n.Content {
		if l := label(e); l != "" {
			known = append(known, l)
		}
	}
	zh, en := decl.Suggest(seg, known)
	return 0, &decl.Text{Zh: fmt.Sprintf("列表 %q 有 %d 项，没有 %q；%s", before, len(n.Content), seg, zh),
		En: fmt.Sprintf("the list %q has %d elements and no %q; %s", before, len(n.Content), seg, en)}
}

func label(e *yaml.Node) string {
	if e.Kind == yaml.ScalarNode {
		return e.Value
	}
	if e.Kind == yaml.MappingNode {
		for _, key := range []string{"name", "value"} {
			for i := 0; i+1 < len(e.Content); i += 2 {
				if e.Content[i].Value == key && e.Content[i+1].Kind == yaml.ScalarNode {
					return e.Content[i+1].Value
				}
			}
		}
	}
	return ""
}

func keys(n *yaml.Node) []string {
	var out []string
	if n.Kind == yaml.MappingNode {
		for i := 0; i+1 < len(n.Content); i += 2 {
			out = append(out, n.Content[i].Value)
		}
	}
	return out
}

// from returns a deep copy of n whose nodes say that they come from file.
func from(n *yaml.Node, file string) *yaml.Node {
	c := *n
	c.Anchor = file
	c.Content = make([]*yaml.Node, len(n.Content))
	for i, e := range n.Content {
		c.Content[i] = from(e, file)
	}
	return &c
}
