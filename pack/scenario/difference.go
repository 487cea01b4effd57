package scenario

import (
	"fmt"
	"strings"

	"chengshu/core/decl"
)

// Difference is the first place where what happened is not what was told.
type Difference struct {
	File   string `json:"file"`
	Line   int    `json:"line"`
	Step   string `json:"step"` // the line as written
	Wanted string `json:"wanted,omitempty"`
	Got    string `json:"got,omitempty"`
	Zh     string `json:"zh"`
	En     string `json:"en"`
	// Exchange is the request and its answer, shortened.
	Exchange string `json:"exchange,omitempty"`
}

// Error gives the whole difference over several lines.
func (d *Difference) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s:%d: %s\n  %s\n  %s", d.File, d.Line, d.Step, d.Zh, d.En)
	if d.Exchange != "" {
		fmt.Fprintf(&b, "\n  %s", strings.ReplaceAll(d.Exchange, "\n", "\n  "))
	}
	return b.String()
}

// differ makes a difference out of what was wanted and what was got.
func differ(wanted, got string) *Difference {
	return differs(decl.Text{Zh: wanted, En: wanted}, decl.Text{Zh: got, En: got})
}

func differs(wanted, got decl.Text) *Difference {
	return &Difference{
		Wanted: wanted.En, Got: got.En,
		Zh: fmt.Sprintf("应为 %s，实为 %s", wanted.Zh, got.Zh), En: fmt.Sprintf("wanted %s, got %s", wanted.En, got.En),
	}
}

// said is a value or a word that needs no translation.
func said(s string) decl.Text { return decl.Text{Zh: s, En: s} }

var (
	nothing  = decl.Text{Zh: "没有", En: "nothing"}
	notFound = decl.Text{Zh: "没有找到", En: "not found"}
	aValue   = decl.Text{Zh: "有值", En: "a value"}
	aList    = decl.Text{Zh: "列表", En: "a list"}
)

// broken makes a difference out of a failure that no expectation speaks of.
func broken(zh, en string) *Difference { return &Difference{Zh: zh, En: en} }

const (
	shownValue    = 300 // runes of a value in a message
	shownExchange = 1200
)

func shorten(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n]) + "…"
	}
	return s
}

// show writes a value for a message.
func show(x any) string {
	if x == nil {
		return "null"
	}
	if m, ok := x.(Moment); ok {
		return m.local()
	}
	return shorten(plain(x), shownValue)
}
