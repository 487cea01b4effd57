package gbcode

import (
	"fmt"
	"time"
)

// Citizen is what an identity number says of its holder (GB 11643-1999, 4).
type Citizen struct {
	Division string    // 6-digit code of the county where the number was issued
	Birth    time.Time // midnight UTC of the day of birth
	Sequence int       // 1..999 among those born that day in that county
	Male     bool      // odd sequence numbers are given to men
}

// citizenWeights are 2^(18-i) mod 11 for i = 1..17 (GB 11643-1999, 5).
var citizenWeights = [17]int{7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2}

// citizenChecks maps the weighted sum modulo 11 to the check character.
const citizenChecks = "10X98765432"

// The years a number may bear. The standard's own example was born in 1880;
// whether a birth lies in the future is for the caller's clock.
const firstYear, lastYear = 1800, 2199

// ValidCitizen reports whether s is a well-formed identity number in canonical
// writing: 18 characters, the check character upper case.
func ValidCitizen(s string) bool { return len(ExplainCitizen(s)) == 0 }

// ExplainCitizen says everything wrong with s, in the order of its characters.
// Later rules are tested only when the characters they need are there. Numbers
// of 15 digits are void since 2013: see UpgradeCitizen.
func ExplainCitizen(s string) []Problem {
	_, ps := ParseCitizen(s)
	return ps
}

// ParseCitizen reads an identity number. The Citizen is meaningful only when
// there are no problems.
func ParseCitizen(s string) (Citizen, []Problem) {
	r := []rune(s)
	if len(r) != 18 {
		return Citizen{}, []Problem{wrongLength(len(r), "18")}
	}
	ps := wantDigits(r, 0, 17)
	if c := r[17]; (c < '0' || c > '9') && c != 'X' {
		ps = append(ps, badChar(17, c, "数字或大写X", "a digit or capital X"))
	}
	if len(ps) > 0 {
		return Citizen{}, ps
	}
	c := Citizen{Division: s[:6], Sequence: number(s[14:17]), Male: s[16]%2 == 1}
	if p, ok := provinceShape(s[:6], 0); !ok {
		ps = append(ps, p)
	}
	birth, ok := day(s[6:14])
	if !ok {
		ps = append(ps, problem(6, Date, "",
			fmt.Sprintf("第7至14位“%s”不是有效的出生日期", s[6:14]),
			fmt.Sprintf("characters 7 to 14, %q, are not a date of birth", s[6:14])))
	}
	c.Birth = birth
	if c.Sequence == 0 {
		ps = append(ps, problem(14, Sequence, "", "第15至17位顺序码不能为000", "characters 15 to 17, the sequence number, cannot be 000"))
	}
	if want := citizenCheck(s[:17]); s[17] != want {
		ps = append(ps, badCheck(17, s[17], want))
	}
	return c, ps
}

// MakeCitizen composes an identity number with its check character. It is for
// generators of test data: a number made this way is well-formed, not issued.
// The error is a fault of kind Invalid when a part does not fit the standard.
func MakeCitizen(division string, birth time.Time, sequence int) (string, error) {
	body := fmt.Sprintf("%s%s%03d", division, birth.Format("20060102"), sequence)
	r := []rune(body)
	if len(r) != 17 {
		return "", Invalid("", []Problem{wrongLength(len(r)+1, "18")})
	}
	if ps := wantDigits(r, 0, 17); ps != nil {
		return "", Invalid("", ps)
	}
	s := body + string(citizenCheck(body))
	return s, Invalid("", ExplainCitizen(s))
}

// UpgradeCitizen turns a 15-digit number of the first generation, void since
// 2013 but found in old files, into the 18-character number of the same person:
// the century 19 is inserted and the check character added. It reports false
// when s is not such a number.
func UpgradeCitizen(s string) (string, bool) {
	r := []rune(s)
	if len(r) != 15 || wantDigits(r, 0, 15) != nil {
		return "", false
	}
	body := s[:6] + "19" + s[6:]
	up := body + string(citizenCheck(body))
	return up, ValidCitizen(up)
}

// citizenCheck computes the check character of 17 digits.
func citizenCheck(body string) byte {
	sum := 0
	for i, w := range citizenWeights {
		sum += int(body[i]-'0') * w
	}
	return citizenChecks[sum%11]
}

// day reads YYYYMMDD as a day of the calendar within the years allowed.
func day(s string) (time.Time, bool) {
	t, err := time.Parse("20060102", s)
	return t, err == nil && t.Year() >= firstYear && t.Year() <= lastYear
}

// number reads a short run of ASCII digits.
func number(s string) int {
	n := 0
	for i := range len(s) {
		n = n*10 + int(s[i]-'0')
	}
	return n
}
