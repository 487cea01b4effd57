package gbcode

import (
	"fmt"
	"strings"
)

// Credit is what a unified social credit code says (GB 32100-2015, 4).
type Credit struct {
	Authority    byte   // registering authority: '1' staffing office, '5' civil affairs, '9' market regulation ...
	Class        byte   // class of organisation within the authority
	Division     string // 6-digit code of the registering authority's seat
	Organisation string // 9 characters, the organisation code of GB 11714
}

// creditAlphabet gives each character its value: no I, O, S, V, Z (table 2).
const creditAlphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY"

// creditClasses lists the classes each registering authority may give (table 1
// with amendment 1).
var creditClasses = map[byte]string{
	'1': "1239", // 机构编制: authorities, public institutions, mass organisations
	'2': "19",   // 外交: foreign news bureaux
	'3': "123459",
	'4': "19",   // 文化: foreign cultural centres
	'5': "1239", // 民政: associations, private non-enterprise units, foundations
	'6': "129",  // 旅游: representations of tourist boards
	'7': "129",  // 宗教: places of worship, seminaries
	'8': "19",   // 工会: basic trade unions
	'9': "123",  // 工商: enterprises, individual businesses, farmers' cooperatives
	'A': "19",   // 中央军委: military institutions
	'N': "1239", // 农业: collective economic organisations of group, village, town
	'Y': "1",    // 其他
}

// ValidCredit reports whether s is a well-formed credit code in canonical
// writing, upper case. It does not ask for the inner GB 11714 check character:
// use ValidOrganisation on Credit.Organisation for that.
func ValidCredit(s string) bool { return len(ExplainCredit(s)) == 0 }

// ExplainCredit says everything wrong with s, in the order of its characters.
func ExplainCredit(s string) []Problem {
	_, ps := ParseCredit(s)
	return ps
}

// ParseCredit reads a credit code. The Credit is meaningful only when there are
// no problems.
func ParseCredit(s string) (Credit, []Problem) {
	r := []rune(s)
	if len(r) != 18 {
		return Credit{}, []Problem{wrongLength(len(r), "18")}
	}
	ps := creditCharset(r)
	if len(ps) > 0 {
		return Credit{}, ps
	}
	c := Credit{Authority: s[0], Class: s[1], Division: s[2:8], Organisation: s[8:17]}
	if p, ok := creditCategory(c.Authority, c.Class); !ok {
		ps = append(ps, p)
	}
	if p, ok := registrarShape(c.Division, 2); !ok {
		ps = append(ps, p)
	}
	if want := creditCheck(s[:17]); s[17] != want {
		ps = append(ps, badCheck(17, s[17], want))
	}
	return c, ps
}

// MakeCredit composes a credit code from an authority and class ("91" is an
// enterprise), a 6-digit division and the eight leading characters of an
// organisation code, adding both check characters. Like MakeCitizen it is for
// test data. The error is a fault of kind Invalid.
func MakeCredit(kind, division, subject string) (string, error) {
	body := kind + division + subject
	if len(kind) != 2 || len(division) != 6 || len(subject) != 8 {
		return "", Invalid("", []Problem{wrongLength(len([]rune(body))+2, "18")})
	}
	if strings.Trim(body, creditAlphabet) != "" {
		return "", Invalid("", creditCharset([]rune(body)))
	}
	body += string(organisationCheck(subject))
	s := body + string(creditCheck(body))
	return s, Invalid("", ExplainCredit(s))
}

// ValidOrganisation reports whether s is a 9-character organisation code with
// the right check character (GB 11714-1997), written without the hyphen.
func ValidOrganisation(s string) bool {
	if len(s) != 9 {
		return false
	}
	for i := range 8 {
		if organisationValue(s[i]) < 0 {
			return false
		}
	}
	return organisationCheck(s[:8]) == s[8]
}

// creditCharset reports the characters that may not stand where they do.
func creditCharset(r []rune) []Problem {
	var ps []Problem
	for i, c := range r {
		switch {
		case i >= 2 && i < 8 && (c < '0' || c > '9'):
			ps = append(ps, badChar(i, c, "数字", "a digit"))
		case !strings.ContainsRune(creditAlphabet, c):
			ps = append(ps, badChar(i, c, "数字或大写字母（不用I、O、S、V、Z）", "a digit or a capital letter other than I, O, S, V, Z"))
		}
	}
	return ps
}

func creditCategory(authority, class byte) (Problem, bool) {
	classes, known := creditClasses[authority]
	if !known {
		return problem(0, Category, "",
			fmt.Sprintf("第1位“%c”不是登记管理部门代码", authority),
			fmt.Sprintf("character 1, %q, is no registering authority", authority)), false
	}
	if !strings.Contains(classes, string(class)) {
		return problem(1, Category, "",
			fmt.Sprintf("登记管理部门“%c”没有机构类别“%c”，可用：%s", authority, class, classes),
			fmt.Sprintf("authority %q has no organisation class %q, only %s", authority, class, classes)), false
	}
	return Problem{}, true
}

// creditCheck computes the check character of 17 characters: the weights are
// the powers of 3 modulo 31, and the whole sum must be a multiple of 31.
func creditCheck(body string) byte {
	sum, weight := 0, 1
	for i := range len(body) {
		sum += strings.IndexByte(creditAlphabet, body[i]) * weight
		weight = weight * 3 % 31
	}
	return creditAlphabet[(31-sum%31)%31]
}

var organisationWeights = [8]int{3, 7, 9, 10, 5, 8, 4, 2}

// organisationCheck computes the GB 11714 check character of 8 characters.
func organisationCheck(body string) byte {
	sum := 0
	for i, w := range organisationWeights {
		sum += organisationValue(body[i]) * w
	}
	return "0123456789X"[(11-sum%11)%11]
}

// organisationValue is 0..35 for digits and capital letters, -1 for the rest.
func organisationValue(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'A' && c <= 'Z':
		return int(c-'A') + 10
	}
	return -1
}
