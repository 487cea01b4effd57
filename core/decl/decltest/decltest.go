// Package decltest reads declarations for tests, as package pack reads those of
// packs.
package decltest

import (
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"chengshu/core/decl"
)

// Read reads YAML documents, each with its kind and name as first key, and
// checks every item in the order of the kinds. Items belong to the pack "test"
// and bear the hash of their text.
func Read(t testing.TB, text string, kinds ...decl.Kind) (*decl.Set, *decl.Report) {
	t.Helper()
	set, report := decl.NewSet(), &decl.Report{}
	dec := yaml.NewDecoder(strings.NewReader(text))
	for {
		var doc yaml.Node
		err := dec.Decode(&doc)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		read(t, doc.Content[0], kinds, set, report)
	}
	kinds = slices.Clone(kinds)
	slices.SortStableFunc(kinds, func(a, b decl.Kind) int { return a.Order - b.Order })
	for _, k := range kinds {
		for _, it := range decl.All[decl.Item](set, k.Name) {
			it.Check(set, report)
		}
	}
	return set, report
}

func read(t testing.TB, body *yaml.Node, kinds []decl.Kind, set *decl.Set, report *decl.Report) {
	t.Helper()
	kind, name := body.Content[0].Value, body.Content[1].Value
	pos := decl.PosOf(body.Content[0], "test.yaml")
	i := slices.IndexFunc(kinds, func(k decl.Kind) bool { return k.Name == kind })
	if i < 0 {
		t.Fatalf("%s: no kind %q", pos, kind)
	}
	doc := decl.Document{Kind: kind, Name: name, Pack: "test", Pos: pos, Node: body}
	meta := decl.NewMeta(&doc, doc.Hash())
	body.Content = body.Content[2:]
	it := kinds[i].New()
	decl.Decode(body, "test.yaml", it, report)
	*it.Head() = meta
	set.Add(kind, it, report)
}
