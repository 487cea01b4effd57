package pack

import (
	"fmt"
	"io"
	"strings"

	"chengshu/core/decl"
)

// PrintProblems writes every problem as its place, the Chinese and the English
// text, and returns how many there are.
func PrintProblems(w io.Writer, r *decl.Report) int {
	problems := r.Problems()
	for _, p := range problems {
		fmt.Fprintf(w, "%s\n  %s\n  %s\n", p.Pos, indentRest(p.Zh), indentRest(p.En))
	}
	return len(problems)
}

func indentRest(s string) string { return strings.ReplaceAll(s, "\n", "\n  ") }
