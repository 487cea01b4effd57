package pack

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"sort"

	"chengshu/core/decl"
)

// Loaded is all that was read from all sources.
type Loaded struct {
	// Set holds every item of every pack.
	Set *decl.Set
	// Packs are in load order: each after those it needs, overlays last.
	Packs []*Pack

	docs  []*document
	named map[string]*document // by kind/name
}

// Pack returns the pack of that name, or nil.
func (l *Loaded) Pack(name string) *Pack {
	for _, p := range l.Packs {
		if p.Name == name {
			return p
		}
	}
	return nil
}

// Data returns a file of a pack's data folder; name begins with "data/".
func (l *Loaded) Data(pack, name string) ([]byte, error) {
	p := l.Pack(pack)
	if p == nil {
		return nil, fmt.Errorf("pack %q is not loaded", pack)
	}
	return p.Data(name)
}

// Hash identifies all items as they stand after overlays, whatever the
// comments, layout and order of files: "sha256:" and 64 hex digits.
func (l *Loaded) Hash() string {
	lines := make([]string, 0, len(l.docs))
	for _, d := range l.docs {
		lines = append(lines, d.Kind+"/"+d.Name+" "+d.item.Head().Hash+"\n")
	}
	sort.Strings(lines)
	h := sha256.New()
	for _, s := range lines {
		h.Write([]byte(s))
	}
	return "sha256:" + hex.EncodeToString(h.Sum(nil))
}

// Load reads the packs of all sources, applies overlays, decodes every
// document with the kind that its first key names, and checks every item.
//
// Items are checked only when everything was read and decoded without a
// mistake, so that Check may rely on complete items. When the report holds a
// problem nothing of Loaded may be run; it is only good for showing.
//
// Load panics when kinds hold a name twice or a name that packs use
// themselves: that is a mistake in the program.
func Load(sources []Source, kinds []decl.Kind) (*Loaded, *decl.Report) {
	l := newLoader(kinds)
	l.load(l.find(sources))
	return &l.Loaded, l.report
}

type loader struct {
	Loaded
	report   *decl.Report
	kinds    map[string]decl.Kind
	order    []decl.Kind // by Order
	overlays []*document
}

func newLoader(kinds []decl.Kind) *loader {
	l := &loader{report: &decl.Report{}, kinds: map[string]decl.Kind{}}
	l.Set, l.named = decl.NewSet(), map[string]*document{}
	for _, k := range kinds {
		if _, twice := l.kinds[k.Name]; twice || k.Name == "pack" || k.Name == "overlay" {
			panic("pack: the kind " + k.Name + " is registered twice or reserved")
		}
		l.kinds[k.Name] = k
	}
	l.order = slices.Clone(kinds)
	sort.SliceStable(l.order, func(i, j int) bool { return l.order[i].Order < l.order[j].Order })
	return l
}

// find reads the manifests of all sources, without order.
func (l *loader) find(sources []Source) []*Pack {
	var out []*Pack
	for i, s := range sources {
		for _, f := range folders(s, i, l.report) {
			if p := readManifest(f, l.report); p != nil {
				out = append(out, p)
			}
		}
	}
	return out
}

func (l *loader) load(found []*Pack) {
	l.Packs = inOrder(found, l.report)
	for _, p := range l.Packs {
		l.read(p)
	}
	l.applyOverlays()
	for _, d := range l.docs {
		l.decode(d)
	}
	if len(l.report.Problems()) > 0 {
		return
	}
	for _, k := range l.order {
		for _, it := range decl.All[decl.Item](l.Set, k.Name) {
			it.Check(l.Set, l.report)
		}
	}
}

// read reads the documents of one pack.
func (l *loader) read(p *Pack) {
	files, scenarios := p.folder.list(l.report)
	p.Scenarios = scenarios
	count := 0
	for _, name := range files {
		text, ok := p.folder.read(name, l.report)
		if !ok {
			continue
		}
		for _, d := range parse(text, p.File(name), p.Name, l.report) {
			count++
			l.accept(d, p)
		}
	}
	if count > maxDocuments {
		l.report.Add(p.Pos, fmt.Sprintf("有 %d 个文档，最多 %d 个", count, maxDocuments), fmt.Sprintf("%d documents, at most %d", count, maxDocuments))
	}
}

// accept files a document under its kind and name.
func (l *loader) accept(d *document, p *Pack) {
	switch d.Kind {
	case "pack":
		l.report.Add(d.Pos, "pack 只写在 pack.yaml 中", "pack belongs in pack.yaml only")
		return
	case "overlay":
		if !p.Overlay {
			l.report.Add(d.Pos, "覆盖（overlay）只能写在用 --overlay 指定的文件夹中；本包自己的声明请直接修改",
				"an overlay belongs in a folder given with --overlay; a pack's own declarations are changed in place")
			return
		}
		l.overlays = append(l.overlays, d)
		return
	}
	if _, ok := l.kinds[d.Kind]; !ok {
		zh, en := decl.Suggest(d.Kind, l.kindNames())
		l.report.Add(d.Pos, fmt.Sprintf("未知的类别 %q；%s", d.Kind, zh), fmt.Sprintf("unknown kind %q; %s", d.Kind, en))
		return
	}
	if !checkName(d.Name, d.key, l.report) {
		return
	}
	p.Counts[d.Kind]++
	l.docs = append(l.docs, d)
	if l.named[d.Kind+"/"+d.Name] == nil {
		l.named[d.Kind+"/"+d.Name] = d
	}
}

func (l *loader) kindNames() []string {
	out := make([]string, 0, len(l.kinds))
	for k := range l.kinds {
		out = append(out, k)
	}
	sort.Strings(out)
	return out
}

// decode makes the item of a document and adds it to the set. A document that
// is broken already is added as it is, so that its name is known.
func (l *loader) decode(d *document) {
	it := l.kinds[d.Kind].New()
	if !d.broken {
		decl.Decode(d.Node, d.File, it, l.report)
	}
	hash := d.declared
	if d.changed {
		hash = d.Hash()
	}
	*it.Head() = decl.NewMeta(&d.Document, hash)
	d.item = it
	l.Set.Add(d.Kind, it, l.report)
}
