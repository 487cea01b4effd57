// Package decl holds what packs declare: parsed YAML with file and line, a
// strict decoder into Go structs, and the set of all declared items.
//
// A declaration file holds one or more YAML documents. The first key of a
// document names its kind and its value the item: `record: incident`. Engines
// and standards bring their own kinds; this package knows none of them, so no
// ring of imports can form. Package pack reads files and dispatches.
//
// Mistakes are collected, not returned one by one: a Report holds every
// problem with file, line, what is wrong and what to do, in Chinese and English.
package decl
