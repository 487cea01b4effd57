package pack

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"

	"go.yaml.in/yaml/v3"

	"chengshu/core/decl"
	"chengshu/pack/syntax"
)

// document is one YAML document on its way from a file to an item.
type document struct {
	decl.Document
	declared string // the hash before any overlay
	changed  bool   // by an overlay
	broken   bool   // has a mistake that decoding would only repeat
	key      decl.Pos
	item     decl.Item
}

var kebab = regexp.MustCompile(`^[a-z][a-z0-9]*(-[a-z0-9]+)*$`)

const maxName = 64

// checkName notes a name that is not lower-case kebab.
func checkName(name string, at decl.Pos, r *decl.Report) bool {
	if kebab.MatchString(name) && len(name) <= maxName {
		return true
	}
	r.Add(at, fmt.Sprintf("名称 %q 须以小写字母开头，只含小写字母、数字和连字符，最长 %d 个字符，如 street-lamp", name, maxName),
		fmt.Sprintf("the name %q must begin with a lower-case letter and hold only lower-case letters, digits and hyphens, at most %d, as street-lamp", name, maxName))
	return false
}

// parse reads the documents of one file. The kind and name are taken off; the
// rest of each document stays in its Node.
func parse(text []byte, file, pack string, r *decl.Report) []*document {
	if !syntax.CheckText(text, file, r) {
		return nil
	}
	var out []*document
	d := yaml.NewDecoder(bytes.NewReader(text))
	for {
		var n yaml.Node
		err := d.Decode(&n)
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			syntax.Explain(text, file, err, r)
			return out
		}
		if len(n.Content) == 0 || empty(n.Content[0]) {
			continue
		}
		if doc := newDocument(n.Content[0], file, pack, r); doc != nil {
			out = append(out, doc)
		}
	}
}

func empty(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.Tag == "!!null" && n.Value == "" }

func newDocument(n *yaml.Node, file, pack string, r *decl.Report) *document {
	at := decl.PosOf(n, file)
	if n.Kind != yaml.MappingNode || len(n.Content) == 0 {
		r.Add(at, "文档应以“类别: 名称”开头，如 record: incident", "a document begins with \"kind: name\", as record: incident")
		return nil
	}
	doc := &document{}
	s := sanitizer{file: file, report: r}
	s.node(n, 1)
	doc.broken = s.broken
	if len(n.Content) == 0 { // Its only key was no word; that is noted already.
		return nil
	}
	key, name := n.Content[0], n.Content[1]
	if name.Kind != yaml.ScalarNode {
		r.Add(at, "文档应以“类别: 名称”开头，如 record: incident", "a document begins with \"kind: name\", as record: incident")
		return nil
	}
	n.Content = n.Content[2:]
	doc.Document = decl.Document{Kind: key.Value, Name: name.Value, Pack: pack, Pos: at, Node: n}
	doc.key = decl.PosOf(name, file)
	doc.declared = doc.Hash()
	return doc
}

// sanitizer refuses the parts of YAML that declarations do without: aliases,
// anchors, tags, keys that are no plain words, keys given twice.
type sanitizer struct {
	file   string
	report *decl.Report
	broken bool
}

func (s *sanitizer) problem(n *yaml.Node, zh, en string) {
	s.broken = true
	s.report.Add(decl.PosOf(n, s.file), zh, en)
}

func (s *sanitizer) node(n *yaml.Node, depth int) {
	// An anchor's place is kept for the file of nodes that an overlay brings.
	anchor := n.Anchor
	n.Anchor = ""
	switch {
	case depth > maxDepth:
		s.problem(n, fmt.Sprintf("嵌套超过 %d 层", maxDepth), fmt.Sprintf("nested deeper than %d", maxDepth))
		return
	case n.Kind == yaml.AliasNode:
		s.problem(n, "不支持 YAML 引用（*名称），请写全", "YAML aliases are not supported; write it out")
		return
	case anchor != "":
		s.problem(n, "不支持 YAML 锚点（&名称），请写全", "YAML anchors are not supported; write it out")
	case n.Style&yaml.TaggedStyle != 0:
		s.problem(n, fmt.Sprintf("不支持 YAML 标签 %s", n.Tag), fmt.Sprintf("the YAML tag %s is not supported", n.Tag))
	}
	if n.Kind == yaml.MappingNode {
		s.mapping(n, depth)
		return
	}
	for _, c := range n.Content {
		s.node(c, depth+1)
	}
}

func (s *sanitizer) mapping(n *yaml.Node, depth int) {
	seen := map[string]int{}
	kept := n.Content[:0]
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, val := n.Content[i], n.Content[i+1]
		if key.Kind != yaml.ScalarNode {
			s.problem(key, "键应为简单的词", "a key must be a plain word")
			continue
		}
		if line, twice := seen[key.Value]; twice {
			// The second is dropped, so that decoding does not report it again.
			s.report.Add(decl.PosOf(key, s.file), fmt.Sprintf("%q 写了两次，第 %d 行已有", key.Value, line),
				fmt.Sprintf("%q is given twice, first on line %d", key.Value, line))
			continue
		}
		seen[key.Value] = key.Line
		s.node(key, depth+1)
		s.node(val, depth+1)
		kept = append(kept, key, val)
	}
	n.Content = kept
}
