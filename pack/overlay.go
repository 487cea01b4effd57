package pack

import (
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"

	"chengshu/core/decl"
)

// overlay is a document that changes one item of another pack. The item is
// named as kind/name; of is the hash that the item had, as its own pack
// declares it, when the overlay was written.
type overlay struct {
	Of     string    `yaml:"of,required"`
	Why    decl.Text `yaml:"why"`
	Remove words     `yaml:"remove"`
	Set    changes   `yaml:"set"`
	Append changes   `yaml:"add"`
}

// change is one path and what to put there.
type change struct {
	key, value *yaml.Node
}

type changes []change

// DecodeDecl implements decl.Decoder.
func (c *changes) DecodeDecl(n *yaml.Node, file string, r *decl.Report) {
	if n.Kind != yaml.MappingNode {
		r.Add(decl.PosOf(n, file), "此处应为“路径: 值”", "expected \"path: value\" here")
		return
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		*c = append(*c, change{n.Content[i], n.Content[i+1]})
	}
}

// applyOverlays changes the nodes of documents before they are decoded. All
// overlays name the hash of the item as its own pack declares it, so their
// order does not matter for that; where several set the same path, the one of
// a later source wins, and within one source it is a mistake.
func (l *loader) applyOverlays() {
	written := map[string]*document{} // which overlay wrote kind/name path
	for _, d := range l.overlays {
		var o overlay
		decl.Decode(d.Node, d.File, &o, l.report)
		target := l.target(d)
		if target == nil || d.broken || o.Of == "" {
			continue
		}
		if o.Of != target.declared {
			l.outdated(d, &o, target)
			continue
		}
		a := applier{l, d, target, written}
		a.apply(&o)
		target.changed = true
	}
}

func (l *loader) target(d *document) *document {
	kind, name, ok := strings.Cut(d.Name, "/")
	if !ok {
		l.report.Add(d.key, fmt.Sprintf("%q 应为“类别/名称”，如 record/incident", d.Name), fmt.Sprintf("%q must be kind/name, as record/incident", d.Name))
		return nil
	}
	if t := l.named[d.Name]; t != nil {
		return t
	}
	var known []string
	for _, other := range l.docs {
		if other.Kind == kind {
			known = append(known, other.Name)
		}
	}
	if len(known) == 0 {
		known = l.kindNames()
		name = kind
	}
	zh, en := decl.Suggest(name, known)
	l.report.Add(d.key, fmt.Sprintf("要修改的 %s 没有载入；%s", d.Name, zh), fmt.Sprintf("%s, which this changes, is not loaded; %s", d.Name, en))
	return nil
}

// outdated explains that the item has changed since the overlay was written.
// It shows what stands now at each place that the overlay touches, so that a
// person can decide, and what to write then.
func (l *loader) outdated(d *document, o *overlay, target *document) {
	var now strings.Builder
	show := func(path, becomes string) {
		fmt.Fprintf(&now, "\n    %s: %s → %s", path, current(target.Node, path), becomes)
	}
	for _, w := range o.Remove {
		show(w.text, "∅")
	}
	for _, c := range o.Set {
		show(c.key.Value, short(c.value))
	}
	for _, c := range o.Append {
		show(c.key.Value, "+ "+short(c.value))
	}
	l.report.Add(d.Pos,
		fmt.Sprintf("%s 已变更：覆盖针对 %s，现为 %s（%s）。请核对下列各处（现值 → 覆盖值），确认后把 of 改为现在的值%s",
			d.Name, o.Of, target.declared, target.Pos, now.String()),
		fmt.Sprintf("%s has changed: the overlay was written for %s, and it is now %s (%s). Compare the places below (now → overlay), then set of: to the present hash%s",
			d.Name, o.Of, target.declared, target.Pos, now.String()))
}

// current returns what stands at path in one line, or ∅.
func current(root *yaml.Node, path string) string {
	p, wrong := walk(clone(root), path)
	if wrong != nil || p.value() == nil {
		return "∅"
	}
	return short(p.value())
}

// short writes a node in one line of at most 120 characters.
func short(n *yaml.Node) string {
	flow := clone(n)
	flow.Style = yaml.FlowStyle
	if n.Kind == yaml.ScalarNode {
		flow.Style = n.Style
	}
	b, err := yaml.Marshal(flow)
	if err != nil {
		return "?"
	}
	line := []rune(strings.Join(strings.Fields(string(b)), " "))
	if len(line) > 120 {
		return string(line[:120]) + "…"
	}
	return string(line)
}

// clone copies a node without comments and anchors.
func clone(n *yaml.Node) *yaml.Node {
	c := from(n, "")
	c.HeadComment, c.LineComment, c.FootComment = "", "", ""
	for i := range c.Content {
		c.Content[i] = clone(c.Content[i])
	}
	return c
}

// applier applies one overlay to one document.
type applier struct {
	*loader
	doc     *document // the overlay
	target  *document
	written map[string]*document
}

func (a *applier) apply(o *overlay) {
	if len(o.Remove)+len(o.Set)+len(o.Append) == 0 {
		a.report.Add(a.doc.Pos, "覆盖没有任何修改：请写 set、add 或 remove", "the overlay changes nothing: write set, add or remove")
	}
	for _, w := range o.Remove {
		if p, ok := a.walk(w.text, w.Pos); ok {
			a.remove(p, w)
			p.touch(w.Pos)
		}
	}
	for _, c := range o.Set {
		at := decl.PosOf(c.key, a.doc.File)
		if p, ok := a.walk(c.key.Value, at); ok && a.claim(c.key.Value, at) {
			a.set(p, c)
			p.touch(at)
		}
	}
	for _, c := range o.Append {
		at := decl.PosOf(c.key, a.doc.File)
		if p, ok := a.walk(c.key.Value, at); ok {
			a.add(p, c)
			p.touch(at)
		}
	}
}

func (a *applier) walk(path string, at decl.Pos) (place, bool) {
	p, wrong := walk(a.target.Node, path)
	if wrong != nil {
		a.report.Add(at, wrong.Zh, wrong.En)
		return place{}, false
	}
	return p, true
}

// claim notes when another overlay of the same source has set the same path.
func (a *applier) claim(path string, at decl.Pos) bool {
	key := a.doc.Name + " " + path
	old := a.written[key]
	a.written[key] = a.doc
	if old == nil || old == a.doc || a.Pack(old.Pack).folder.source != a.Pack(a.doc.Pack).folder.source {
		return true
	}
	a.report.Add(at, fmt.Sprintf("%s 的 %q 已由 %s 修改；请合并", a.doc.Name, path, old.Pos),
		fmt.Sprintf("%q of %s is already set by %s; merge the two", path, a.doc.Name, old.Pos))
	return false
}

func (a *applier) remove(p place, w word) {
	if p.index < 0 {
		zh, en := decl.Suggest(p.last, keys(p.parent))
		a.report.Add(w.Pos, fmt.Sprintf("要删除的 %q 不存在；%s", w.text, zh), fmt.Sprintf("%q, which is to be removed, is not there; %s", w.text, en))
		return
	}
	first := p.index
	if p.parent.Kind == yaml.MappingNode {
		first--
	}
	p.parent.Content = append(p.parent.Content[:first:first], p.parent.Content[p.index+1:]...)
}

func (a *applier) set(p place, c change) {
	value := from(c.value, a.doc.File)
	if p.index >= 0 {
		p.parent.Content[p.index] = value
		return
	}
	key := from(c.key, a.doc.File)
	key.Value = p.last
	p.parent.Content = append(p.parent.Content, key, value)
}

// add appends to a list. A list written as a mapping takes a mapping of new
// keys, a single value becomes a list, and what is not there is made.
func (a *applier) add(p place, c change) {
	old, value := p.value(), from(c.value, a.doc.File)
	switch {
	case old == nil || empty(old):
		a.set(p, c)
	case old.Kind == yaml.MappingNode && value.Kind == yaml.MappingNode:
		a.merge(old, value, c)
	case old.Kind == yaml.MappingNode:
		a.report.Add(decl.PosOf(c.value, a.doc.File), fmt.Sprintf("%q 是键值对，请添加“键: 值”", c.key.Value),
			fmt.Sprintf("%q is a mapping; add \"key: value\" to it", c.key.Value))
	default:
		if old.Kind == yaml.ScalarNode {
			single := *old
			*old = yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq", Line: old.Line, Column: old.Column, Anchor: old.Anchor, Content: []*yaml.Node{&single}}
		}
		if value.Kind == yaml.SequenceNode {
			old.Content = append(old.Content, value.Content...)
		} else {
			old.Content = append(old.Content, value)
		}
	}
}

func (a *applier) merge(old, value *yaml.Node, c change) {
	for i := 0; i+1 < len(value.Content); i += 2 {
		key := value.Content[i]
		if index, _ := step(old, key.Value, ""); index >= 0 {
			a.report.Add(decl.PosOf(key, a.doc.File), fmt.Sprintf("%q 中已有 %q；要修改请用 set", c.key.Value, key.Value),
				fmt.Sprintf("%q already has %q; use set to change it", c.key.Value, key.Value))
			continue
		}
		old.Content = append(old.Content, key, value.Content[i+1])
	}
}
