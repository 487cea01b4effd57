// Package pack reads, checks, changes by overlay, and runs packs.
//
// A pack is a folder that declares one system of the law: pack.yaml says what
// it is, which articles it serves and which packs it needs; every other *.yaml
// file holds declarations (records, processes, rules, screens, grants …);
// data/ holds files that declarations name; scenarios/ holds its acceptance
// tests in plain text. Adding a system is copying a folder.
//
// Load knows no kind of declaration by itself. Engines and standards bring
// theirs as decl.Kind; Load reads the files strictly, applies overlays, decodes
// each document into the item of its kind and then has every item checked. It
// collects all mistakes with file and line, in Chinese and English, and loads
// nothing when there is one.
//
// Serves Art. 43 to 50 only through the packs themselves; the package holds no
// word of the law.
package pack
