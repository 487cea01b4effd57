// Package fault is the one vocabulary of failure: eight kinds, a message in
// Chinese and English, and the fields at fault.
//
// An engine wraps an error once, at its own border. Whatever is not a *Fault
// counts as Internal: it is logged whole and never shown to a caller. The one
// map from Kind to HTTP status stands in server/problem.go.
package fault

import (
	"errors"
	"fmt"
	"strings"
)

// Kind says what a caller can do about a failure.
type Kind int

const (
	// Internal is our mistake or a broken machine; the caller can only report it.
	Internal Kind = iota
	// Invalid means the input is wrong; Fields says where.
	Invalid
	// Unauthenticated means we do not know who is asking.
	Unauthenticated
	// Denied means we know who asks and no grant permits it.
	Denied
	// NotFound means the thing does not exist, or may not be known to exist.
	NotFound
	// Conflict means the thing has changed, or is in a state that forbids this.
	Conflict
	// Exhausted means a limit was reached: size, rate, quota. Retry later or send less.
	Exhausted
	// Unavailable means a dependency is away; the same request may succeed later.
	Unavailable
)

var kindNames = [...]string{"internal", "invalid", "unauthenticated", "denied", "not-found", "conflict", "exhausted", "unavailable"}

func (k Kind) String() string { return kindNames[k] }

// Text is one message in the two languages of the program.
type Text struct {
	Zh string `json:"zh"`
	En string `json:"en"`
}

// Field names one place in the input and what is wrong there. Path is dotted,
// with indexes: "items.3.weight".
type Field struct {
	Path string `json:"path"`
	Text
}

// Fault is an error with a kind and a message fit for the caller.
type Fault struct {
	Kind   Kind
	Code   string // stable, kebab-case, for programs: "stale-revision"
	Text   Text
	Fields []Field
	Cause  error // never shown to callers
}

func (f *Fault) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s", f.Kind, f.Text.En)
	for _, p := range f.Fields {
		fmt.Fprintf(&b, "; %s: %s", p.Path, p.En)
	}
	if f.Cause != nil {
		fmt.Fprintf(&b, ": %v", f.Cause)
	}
	return b.String()
}

func (f *Fault) Unwrap() error { return f.Cause }

// New makes a fault. zh and en say the same thing.
func New(k Kind, code, zh, en string) *Fault {
	return &Fault{Kind: k, Code: code, Text: Text{Zh: zh, En: en}}
}

// Wrap makes a fault that keeps its cause for the log. A nil cause is allowed.
func Wrap(cause error, k Kind, code, zh, en string) *Fault {
	f := New(k, code, zh, en)
	f.Cause = cause
	return f
}

// With returns f with one more field at fault.
func (f *Fault) With(path, zh, en string) *Fault {
	f.Fields = append(f.Fields, Field{Path: path, Text: Text{Zh: zh, En: en}})
	return f
}

// KindOf returns the kind of err: Internal for anything that is not a *Fault.
func KindOf(err error) Kind {
	var f *Fault
	if errors.As(err, &f) {
		return f.Kind
	}
	return Internal
}

// Is reports whether err is a fault of kind k.
func Is(err error, k Kind) bool { return err != nil && KindOf(err) == k }

// Code returns the code of err, or "" when it is not a *Fault.
func Code(err error) string {
	var f *Fault
	if errors.As(err, &f) {
		return f.Code
	}
	return ""
}
