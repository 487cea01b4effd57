package gbcode

// ValidMobile reports whether s has the shape of a mainland mobile number: 11
// digits, the first 1, the second 3 to 9. It does not know which blocks are in
// use, which change every few years.
func ValidMobile(s string) bool { return len(ExplainMobile(s)) == 0 }

// ExplainMobile says everything wrong with the shape of s.
func ExplainMobile(s string) []Problem {
	r := []rune(s)
	if len(r) != 11 {
		return []Problem{wrongLength(len(r), "11")}
	}
	if ps := wantDigits(r, 0, 11); ps != nil {
		return ps
	}
	var ps []Problem
	if r[0] != '1' {
		p := badChar(0, r[0], "1", "1")
		p.Want = "1"
		ps = append(ps, p)
	}
	if r[1] < '3' {
		ps = append(ps, badChar(1, r[1], "3至9", "3 to 9"))
	}
	return ps
}
