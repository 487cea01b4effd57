package decl

import (
	"cmp"
	"fmt"
	"slices"
	"sort"
	"strings"

	"chengshu/kernel/fault"
)

// Text is a label or message in the two languages of the program. In YAML it
// is `{zh: 事件, en: Incident}`, or one plain string that serves for both.
type Text = fault.Text

// Pos is a place in a declaration file. Lines and columns count from 1.
type Pos struct {
	File string
	Line int
	Col  int
}

func (p Pos) String() string { return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Col) }

// Problem is one mistake in a declaration.
type Problem struct {
	Pos
	Text
}

// Report collects problems. The zero value is ready to use.
type Report struct{ problems []Problem }

// Add notes a mistake at p; zh and en say what is wrong and what to do.
func (r *Report) Add(p Pos, zh, en string) {
	r.problems = append(r.problems, Problem{p, Text{Zh: zh, En: en}})
}

// Problems returns what was noted, in the order of files and places, and of
// the English text at one place, so that it is the same in every run.
func (r *Report) Problems() []Problem {
	sort.SliceStable(r.problems, func(i, j int) bool {
		a, b := r.problems[i], r.problems[j]
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Col, b.Col), cmp.Compare(a.En, b.En)) < 0
	})
	return r.problems
}

// Err returns nil when nothing was noted, else an Invalid fault that lists
// every problem, its path being file:line:col.
func (r *Report) Err() error {
	if len(r.problems) == 0 {
		return nil
	}
	f := fault.New(fault.Invalid, "declaration", "声明有误，未载入", "the declarations have mistakes; nothing was loaded")
	for _, p := range r.Problems() {
		f.With(p.Pos.String(), p.Zh, p.En)
	}
	return f
}

// Nearest returns the candidate closest to name, or "" when none is near
// enough to be what the writer meant.
func Nearest(name string, candidates []string) string {
	best, bestDist := "", len(name)/2+1
	for _, c := range candidates {
		if d := distance(name, c); d < bestDist {
			best, bestDist = c, d
		}
	}
	return best
}

// Misspelt returns the candidate that differs from name by a slip or two, "" when
// there is none.
func Misspelt(name string, candidates []string) string {
	for _, c := range candidates {
		if d := distance(name, c); d > 0 && d <= max(1, len(c)/4) {
			return c
		}
	}
	return ""
}

// distance is the Levenshtein distance over bytes, enough for identifiers.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		prev := row[0]
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			prev, row[j] = row[j], min(row[j]+1, row[j-1]+1, prev+cost)
		}
	}
	return row[len(b)]
}

// Suggest says which of the known names was probably meant, or lists them all.
func Suggest(name string, known []string) (zh, en string) {
	if n := Nearest(name, known); n != "" {
		return fmt.Sprintf("是否想写 %q？", n), fmt.Sprintf("did you mean %q?", n)
	}
	all := append([]string(nil), known...)
	sort.Strings(all)
	all = slices.Compact(all)
	if len(all) > 12 {
		all = append(all[:12], "…")
	}
	list := strings.Join(all, ", ")
	return "可用：" + list, "known: " + list
}
