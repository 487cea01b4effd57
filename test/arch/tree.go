package arch

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// Module is the module's path; what is imported below it is ours.
const Module = "chengshu"

// Tree is the source tree as the rules see it.
type Tree struct {
	Files []File
}

// File is one text file.
type File struct {
	Path string // slash-separated, relative to the root
	Text string
	Go   *GoFile // nil unless it is Go
}

// GoFile is what the rules need to know of a Go file.
type GoFile struct {
	Package string   // name in the package clause
	Imports []string // import paths
	Doc     string   // comment above the package clause
	Test    bool     // file name ends in _test.go
	Funcs   int      // functions and methods declared
}

// Dir is the folder of the file, relative to the root; "." for the root itself.
func (f File) Dir() string { return path.Dir(f.Path) }

// skipped are folders of things that are built, fetched or kept beside the source. tools is a module of its own.
var skipped = []string{".git", "web/dist", "bin", "out", "data", "tools"}

// maxText is the size above which a file is taken for data, in bytes.
const maxText = 1 << 20

// Read loads the tree under root. It fails when a file cannot be read or a Go file cannot be parsed up to its
// imports.
func Read(root string) (Tree, error) {
	var tree Tree
	err := filepath.WalkDir(root, func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, name)
		if err != nil {
			return err
		}
		rel = filepath.ToSlash(rel)
		if entry.IsDir() {
			if slices.Contains(skipped, rel) || entry.Name() == "node_modules" {
				return fs.SkipDir
			}
			return nil
		}
		if info, err := entry.Info(); err != nil || !info.Mode().IsRegular() || info.Size() > maxText {
			return err
		}
		text, err := os.ReadFile(name)
		if err != nil || bytes.IndexByte(text, 0) >= 0 {
			return err // a zero byte: not text
		}
		file, err := NewFile(rel, string(text))
		if err != nil {
			return err
		}
		tree.Files = append(tree.Files, file)
		return nil
	})
	return tree, err
}

// NewFile is a file with the given text, parsed when its name says it is Go.
func NewFile(name, text string) (File, error) {
	file := File{Path: name, Text: text}
	if path.Ext(name) != ".go" || strings.Contains(name, "testdata/") {
		return file, nil
	}
	parsed, err := parser.ParseFile(token.NewFileSet(), name, text, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return file, err
	}
	file.Go = &GoFile{Package: parsed.Name.Name, Doc: parsed.Doc.Text(), Test: strings.HasSuffix(name, "_test.go")}
	for _, spec := range parsed.Imports {
		target, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			return file, err
		}
		file.Go.Imports = append(file.Go.Imports, target)
	}
	for _, decl := range parsed.Decls {
		if _, ok := decl.(*ast.FuncDecl); ok {
			file.Go.Funcs++
		}
	}
	return file, nil
}
