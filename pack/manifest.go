package pack

import (
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"

	"chengshu/core/decl"
)

const manifestName = "pack.yaml"

// Pack is one loaded pack: what its pack.yaml says and what was found.
type Pack struct {
	decl.Pos
	Name  string
	Title decl.Text
	About decl.Text
	// Articles are the articles of the law that the pack serves, as numbers.
	Articles []string
	// Needs are the packs that must be loaded before this one.
	Needs   []string
	Version string
	// Overlay tells that the pack may change items of other packs.
	Overlay bool
	// Counts holds the number of documents of each kind.
	Counts map[string]int
	// Scenarios are the paths of its scenario files, relative to the pack.
	Scenarios []string

	folder *folder
	needs  words
}

// Open opens a file of the pack's data folder: data/streets.csv. It fails with
// fs.ErrInvalid for a path outside it. The caller closes the file.
func (p *Pack) Open(name string) (fs.File, error) {
	if !fs.ValidPath(name) || !strings.HasPrefix(name, "data/") {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrInvalid}
	}
	return p.folder.fsys.Open(name)
}

// Data returns the bytes of a file of the pack's data folder, at most 64 MiB.
func (p *Pack) Data(name string) ([]byte, error) {
	if !fs.ValidPath(name) || !strings.HasPrefix(name, "data/") {
		return nil, &fs.PathError{Op: "read", Path: name, Err: fs.ErrInvalid}
	}
	b, err := readFile(p.folder.fsys, name, maxDataBytes)
	if err != nil {
		return nil, fmt.Errorf("pack %s: %s: %w", p.Name, name, err)
	}
	return b, nil
}

// File returns where a file of the pack is, as messages name it.
func (p *Pack) File(name string) string { return path.Join(p.folder.prefix, name) }

// word is a plain value that remembers its place.
type word struct {
	decl.Pos
	text string
}

// words is a list of plain values, or one value alone.
type words []word

// DecodeDecl implements decl.Decoder.
func (w *words) DecodeDecl(n *yaml.Node, file string, r *decl.Report) {
	items := []*yaml.Node{n}
	if n.Kind == yaml.SequenceNode {
		items = n.Content
	}
	for _, it := range items {
		if it.Kind != yaml.ScalarNode {
			r.Add(decl.PosOf(it, file), "此处应为简单的值或其列表", "expected a plain value or a list of them here")
			continue
		}
		if it.Tag != "!!null" {
			*w = append(*w, word{decl.PosOf(it, file), it.Value})
		}
	}
}

func (w words) texts() []string {
	out := make([]string, 0, len(w))
	for _, x := range w {
		out = append(out, x.text)
	}
	return out
}

// manifest is pack.yaml after its first line.
type manifest struct {
	Title    decl.Text `yaml:"title,required"`
	About    decl.Text `yaml:"about,required"`
	Articles words     `yaml:"articles"`
	Needs    words     `yaml:"needs"`
	Version  string    `yaml:"version"`
}

var (
	article = regexp.MustCompile(`^[1-9][0-9]{0,2}$`)
	version = regexp.MustCompile(`^[0-9]+(\.[0-9]+){0,2}$`)
)

// readManifest reads pack.yaml, or notes why there is no pack here.
func readManifest(f *folder, r *decl.Report) *Pack {
	file := f.pos(manifestName, 1).File
	if _, err := fs.Stat(f.fsys, manifestName); err != nil {
		r.Add(f.pos(manifestName, 1), "缺少 pack.yaml：每个能力包的文件夹都要有", "pack.yaml is missing: every pack folder has one")
		return nil
	}
	text, ok := f.read(manifestName, r)
	if !ok {
		return nil
	}
	before := len(r.Problems())
	docs := parse(text, file, "", r)
	if len(docs) == 0 {
		if len(r.Problems()) == before {
			r.Add(f.pos(manifestName, 1), "pack.yaml 是空的", "pack.yaml is empty")
		}
		return nil
	}
	for _, d := range docs[1:] {
		r.Add(d.Pos, "pack.yaml 只能有一个文档；其余请写入别的文件", "pack.yaml holds one document; put the others into another file")
	}
	d := docs[0]
	if d.Kind != "pack" {
		r.Add(d.Pos, fmt.Sprintf("pack.yaml 应以“pack: 名称”开头，而不是 %q", d.Kind), fmt.Sprintf("pack.yaml begins with \"pack: name\", not with %q", d.Kind))
		return nil
	}
	return decodeManifest(d, f, r)
}

func decodeManifest(d *document, f *folder, r *decl.Report) *Pack {
	var m manifest
	decl.Decode(d.Node, d.File, &m, r)
	checkName(d.Name, d.key, r)
	if f.base != "" && f.base != d.Name {
		r.Add(d.key, fmt.Sprintf("能力包名 %q 与文件夹名 %q 须一致", d.Name, f.base),
			fmt.Sprintf("the pack's name %q and its folder's name %q must be the same", d.Name, f.base))
	}
	for _, a := range m.Articles {
		if !article.MatchString(a.text) {
			r.Add(a.Pos, fmt.Sprintf("条款 %q 应为条的序号，如 36", a.text), fmt.Sprintf("the article %q must be its number, as 36", a.text))
		}
	}
	if m.Version == "" {
		m.Version = "1"
	}
	if !version.MatchString(m.Version) {
		r.Add(d.Pos, fmt.Sprintf("版本 %q 应如 1 或 1.2", m.Version), fmt.Sprintf("the version %q must be like 1 or 1.2", m.Version))
	}
	return &Pack{
		Pos: d.Pos, Name: d.Name, Title: m.Title, About: m.About, Articles: m.Articles.texts(), Needs: m.Needs.texts(),
		Version: m.Version, Overlay: f.over, Counts: map[string]int{}, folder: f, needs: m.Needs,
	}
}
