package decl

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"sort"
	"strconv"

	"go.yaml.in/yaml/v3"
)

// Document is one YAML document of a declaration file: the kind and name from
// its first key, and its node.
type Document struct {
	Kind string
	Name string
	Pack string
	Pos
	Node *yaml.Node
}

// Hash identifies the text of the document, whatever its comments and layout:
// "sha256:" and 64 hex digits. Overlays name it, and running cases pin it.
func (d *Document) Hash() string {
	sum := sha256.Sum256(appendCanonical(nil, d.Node))
	return "sha256:" + hex.EncodeToString(sum[:])
}

// appendCanonical appends kind, tag, value and children with lengths, so that
// two nodes hash alike only when they mean the same text.
func appendCanonical(b []byte, n *yaml.Node) []byte {
	b = append(strconv.AppendInt(b, int64(n.Kind), 10), '|')
	b = append(append(b, n.ShortTag()...), '|')
	b = append(strconv.AppendInt(b, int64(len(n.Value)), 10), '|')
	b = append(append(b, n.Value...), '|')
	b = append(strconv.AppendInt(b, int64(len(n.Content)), 10), ';')
	for _, c := range n.Content {
		b = appendCanonical(b, c)
	}
	return b
}

// Meta is what every item knows of its declaration. Items embed it; package
// pack fills it.
type Meta struct {
	Pos
	Name string
	Pack string
	Hash string

	node *yaml.Node
	file string
}

// NewMeta returns the Meta of an item that d declares, with the given hash.
func NewMeta(d *Document, hash string) Meta {
	return Meta{Pos: d.Pos, Name: d.Name, Pack: d.Pack, Hash: hash, node: d.Node, file: d.File}
}

// Head returns the item's own Meta.
func (m *Meta) Head() *Meta { return m }

// At returns where the value of a key of the declaration stands, and within it
// the list's item or the mapping's key named by within. What is not there, as
// in an item that no file declares, stands where its surroundings stand.
func (m *Meta) At(key string, within ...string) Pos {
	pos, n := m.Pos, m.node
	for _, name := range append([]string{key}, within...) {
		if n = child(n, name); n == nil {
			break
		}
		pos = PosOf(n, m.file)
	}
	return pos
}

// child returns the value of a mapping's key, or the item of a list that is
// name; nil when there is none.
func child(n *yaml.Node, name string) *yaml.Node {
	if n == nil {
		return nil
	}
	for i, c := range n.Content {
		switch {
		case n.Kind == yaml.MappingNode && i%2 == 0 && c.Value == name && i+1 < len(n.Content):
			return n.Content[i+1]
		case n.Kind == yaml.SequenceNode && c.Kind == yaml.ScalarNode && c.Value == name:
			return c
		}
	}
	return nil
}

// Item is one declared thing: a record type, a process, a grant.
type Item interface {
	Head() *Meta
	// Check is called once when every item of every pack has been decoded. It
	// resolves names, fills what is derived, and notes mistakes in r.
	Check(s *Set, r *Report)
}

// Kind is one sort of declaration, brought by the package that runs it.
type Kind struct {
	Name  string      // the first key of a document: "record"
	New   func() Item // an empty item, which Decode fills
	Order int         // kinds of lower order are checked first
}

// Set is all that the loaded packs declare.
type Set struct {
	kinds map[string][]Item
	named map[string]map[string]Item
}

// NewSet returns an empty set.
func NewSet() *Set {
	return &Set{kinds: map[string][]Item{}, named: map[string]map[string]Item{}}
}

// Add puts an item in; a second one of the same kind and name is a problem.
func (s *Set) Add(kind string, it Item, r *Report) {
	m := it.Head()
	if s.named[kind] == nil {
		s.named[kind] = map[string]Item{}
	}
	if old := s.named[kind][m.Name]; old != nil {
		at := old.Head().Pos
		r.Add(m.Pos, fmt.Sprintf("%s %q 已在 %s 声明；请改名，或用覆盖（overlay）修改", kind, m.Name, at),
			fmt.Sprintf("%s %q is already declared at %s; rename it, or change that one by an overlay", kind, m.Name, at))
		return
	}
	s.named[kind][m.Name] = it
	s.kinds[kind] = append(s.kinds[kind], it)
}

// All returns the items of type T in the order they were declared.
func All[T Item](s *Set, kind string) []T {
	out := make([]T, 0, len(s.kinds[kind]))
	for _, it := range s.kinds[kind] {
		out = append(out, it.(T))
	}
	return out
}

// Find returns the item of that kind and name, or the zero T and false.
func Find[T Item](s *Set, kind, name string) (T, bool) {
	it, ok := s.named[kind][name]
	if !ok {
		var zero T
		return zero, false
	}
	return it.(T), true
}

// Names returns the names of a kind, sorted.
func (s *Set) Names(kind string) []string {
	out := make([]string, 0, len(s.named[kind]))
	for n := range s.named[kind] {
		out = append(out, n)
	}
	sort.Strings(out)
	return out
}
