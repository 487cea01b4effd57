package gbcode

import (
	"fmt"
	"strings"

	"chengshu/kernel/fault"
)

// Rule names the clause that a code breaks, for programs and statistics.
type Rule string

const (
	Length   Rule = "length"   // wrong number of characters
	Charset  Rule = "charset"  // a character the standard does not allow there
	Division Rule = "division" // not a province, city or county code by its shape
	Date     Rule = "date"     // not a day of the calendar
	Sequence Rule = "sequence" // the sequence number 000 is never issued
	Category Rule = "category" // no such registering authority or organisation class
	Check    Rule = "check"    // the check character does not fit the rest
)

// Problem is one thing wrong with a code. At is the zero-based index, counted in
// characters, of the first character at fault, or -1 when the whole code is. Want
// is the character that would be right, where only one would be.
type Problem struct {
	At   int    `json:"at"`
	Rule Rule   `json:"rule"`
	Want string `json:"want,omitempty"`
	fault.Text
}

// Invalid turns the problems of a field into one fault, or nil when there are
// none. path is the field's place in the input, as in fault.Field.
func Invalid(path string, ps []Problem) error {
	if len(ps) == 0 {
		return nil
	}
	f := fault.New(fault.Invalid, "malformed-code", "编码不符合国家标准", "the code does not conform to its national standard")
	for _, p := range ps {
		f.With(path, p.Zh, p.En)
	}
	return f
}

// Normal rewrites what people type and scanners read into the canonical writing:
// full-width letters and digits become ASCII, lower case becomes upper, and
// spaces, hyphens and invisible marks go. It never changes a digit.
func Normal(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= '！' && r <= '～' { // full-width forms U+FF01..U+FF5E
			r -= '！' - '!'
		}
		switch {
		case r >= 'a' && r <= 'z':
			return r - 'a' + 'A'
		case r == '-' || r == ' ' || r == '\t' || r == '\r' || r == '\n':
			return -1
		case r == '\u00a0' || r == '\u3000' || r == '\ufeff' || r >= '\u200b' && r <= '\u200f':
			return -1
		case r == '‐' || r == '‑' || r == '–' || r == '—' || r == '－':
			return -1
		}
		return r
	}, s)
}

func problem(at int, rule Rule, want, zh, en string) Problem {
	return Problem{At: at, Rule: rule, Want: want, Text: fault.Text{Zh: zh, En: en}}
}

// wrongLength is the problem of a code with n characters instead of want.
func wrongLength(n int, want string) Problem {
	return problem(-1, Length, "",
		fmt.Sprintf("应为%s位，实为%d位", want, n),
		fmt.Sprintf("must have %s characters, has %d", want, n))
}

// badChar is the problem of character r at index at. kinds says what is allowed.
func badChar(at int, r rune, kindsZh, kindsEn string) Problem {
	return problem(at, Charset, "",
		fmt.Sprintf("第%d位“%c”应为%s", at+1, r, kindsZh),
		fmt.Sprintf("character %d, %q, must be %s", at+1, r, kindsEn))
}

// badCheck is the problem of check character got, at index at, where want fits.
func badCheck(at int, got, want byte) Problem {
	return problem(at, Check, string(want),
		fmt.Sprintf("校验码（第%d位）为“%c”，按前%d位计算应为“%c”，请核对全码", at+1, got, at, want),
		fmt.Sprintf("check character %d is %q but the first %d give %q; compare the whole code", at+1, got, at, want))
}

// wantDigits reports the characters of s[from:to] that are not ASCII digits.
func wantDigits(s []rune, from, to int) []Problem {
	var ps []Problem
	for i := from; i < to; i++ {
		if s[i] < '0' || s[i] > '9' {
			ps = append(ps, badChar(i, s[i], "数字", "a digit"))
		}
	}
	return ps
}
