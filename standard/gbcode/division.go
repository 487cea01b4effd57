package gbcode

import (
	"fmt"
	"strings"
)

// Level is the rank of an administrative division.
type Level int

const (
	Province Level = iota + 1 // 2 digits: 13
	City                      // 4 digits: 1301
	County                    // 6 digits: 130102
	Street                    // 9 digits: 130102001, a street, town or township
	Village                   // 12 digits: 130102001001, a community or village
)

var levelNames = [...]string{"", "province", "city", "county", "street", "village"}

func (l Level) String() string { return levelNames[l] }

// levelEnds holds the length of a canonical code for each level.
var levelEnds = [...]int{0, 2, 4, 6, 9, 12}

// provinces are the first two digits that GB/T 2260 gives out, with 83 for the
// residence permits of people from Taiwan.
const provinces = "11 12 13 14 15 21 22 23 31 32 33 34 35 36 37 41 42 43 44 45 46 50 51 52 53 54 61 62 63 64 65 71 81 82 83 "

// Place returns the canonical form and level of a division code: trailing groups
// of zeros go, so that 130102001000 and 130102001 are one street, 130100 and
// 1301 one city. A code is accepted in any length a level ends at (2, 4, 6, 9,
// 12). Problems say why there is no such form.
func Place(s string) (code string, level Level, ps []Problem) {
	r := []rune(s)
	if !levelLength(len(r)) {
		return "", 0, []Problem{wrongLength(len(r), "2、4、6、9、12")}
	}
	if ps := wantDigits(r, 0, len(r)); ps != nil {
		return "", 0, ps
	}
	if p, ok := provinceShape(s, 0); !ok {
		return "", 0, []Problem{p}
	}
	code, level = trimmed(s)
	return code, level, nil
}

// Parent returns the division that contains s, in canonical form, or "" when s
// is a province or no division code. A street directly under a city, as in
// Dongguan (441900003), has the city as its parent.
func Parent(s string) string {
	code, level, ps := Place(s)
	if len(ps) > 0 || level <= Province {
		return ""
	}
	up, _ := trimmed(code[:levelEnds[level-1]])
	return up
}

// Chain returns s in canonical form followed by all that contain it, up to the
// province. It is empty when s is no division code.
func Chain(s string) []string {
	code, _, ps := Place(s)
	if len(ps) > 0 {
		return nil
	}
	chain := []string{code}
	for up := Parent(code); up != ""; up = Parent(up) {
		chain = append(chain, up)
	}
	return chain
}

// Path writes s and what contains it, down from root, as "/1301/130102/". It is
// "" when root does not contain s.
func Path(root, s string) string {
	chain := Chain(s)
	var b strings.Builder
	for i := len(chain) - 1; i >= 0; i-- {
		if b.Len() > 0 || chain[i] == root {
			b.WriteString("/" + chain[i])
		}
	}
	if b.Len() == 0 {
		return ""
	}
	return b.String() + "/"
}

// Within reports whether s is root or lies in it. Padded forms are accepted.
func Within(root, s string) bool {
	want, _, ps := Place(root)
	if len(ps) > 0 {
		return false
	}
	for _, c := range Chain(s) {
		if c == want {
			return true
		}
	}
	return false
}

func levelLength(n int) bool {
	for _, end := range levelEnds[1:] {
		if n == end {
			return true
		}
	}
	return false
}

// trimmed cuts trailing groups of zeros from a code of legal length.
func trimmed(s string) (string, Level) {
	level := Village
	for levelEnds[level] > len(s) {
		level--
	}
	for level > Province && strings.Trim(s[levelEnds[level-1]:levelEnds[level]], "0") == "" {
		level--
	}
	return s[:levelEnds[level]], level
}

// provinceShape checks the two digits at the head of s; at is where they stand
// in the whole code. Whether the county after them exists, or once did, is for
// the register of divisions.
func provinceShape(s string, at int) (Problem, bool) {
	if strings.Contains(provinces, s[:2]+" ") {
		return Problem{}, true
	}
	return problem(at, Division, "",
		fmt.Sprintf("第%d至%d位“%s”不是省级行政区划代码", at+1, at+2, s[:2]),
		fmt.Sprintf("characters %d to %d, %q, are no province code", at+1, at+2, s[:2])), false
}

// registrarShape is provinceShape for credit codes, where 100000 stands for the
// national registering authority.
func registrarShape(s string, at int) (Problem, bool) {
	if s == "100000" {
		return Problem{}, true
	}
	return provinceShape(s, at)
}
