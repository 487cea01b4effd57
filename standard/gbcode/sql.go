package gbcode

import (
	"fmt"
	"slices"
	"strings"
)

// CitizenSQL is ValidCitizen in the SQL of DuckDB: a condition on a text, which
// is false where there is none.
func CitizenSQL(text string) string {
	form := "(" + strings.Join(strings.Fields(provinces), "|") + `)\d{4}(1[89]|2[01])\d{9}[\dX]`
	sum := make([]string, len(citizenWeights))
	for i, w := range citizenWeights {
		sum[i] = fmt.Sprintf("%d * (ascii(substr(%s, %d, 1)) - 48)", w, text, i+1)
	}
	return fmt.Sprintf("coalesce(regexp_full_match(%[1]s, '%[2]s') and substr(%[1]s, 15, 3) <> '000' and try_strptime(substr(%[1]s, 7, 8), '%%Y%%m%%d') is not null"+
		" and substr('%[3]s', 1 + (%[4]s) %% 11, 1) = substr(%[1]s, 18, 1), false)", text, form, citizenChecks, strings.Join(sum, " + "))
}

// CreditSQL is ValidCredit in the SQL of DuckDB, likewise.
func CreditSQL(text string) string {
	var kinds []string
	for authority, classes := range creditClasses {
		kinds = append(kinds, string(authority)+"["+classes+"]")
	}
	slices.Sort(kinds)
	seats := append(strings.Fields(provinces), "10") // 100000 is that of the State
	form := fmt.Sprintf(`(%s)(%s\d{4})[%s]{10}`, strings.Join(kinds, "|"), "("+strings.Join(seats, "|")+")", creditAlphabet)
	sum, weight := make([]string, 17), 1
	for i := range sum {
		sum[i] = fmt.Sprintf("%d * (strpos('%s', substr(%s, %d, 1)) - 1)", weight, creditAlphabet, text, i+1)
		weight = weight * 3 % 31
	}
	return fmt.Sprintf("coalesce(regexp_full_match(%[1]s, '%[2]s') and (substr(%[1]s, 3, 2) <> '10' or substr(%[1]s, 3, 6) = '100000')"+
		" and substr('%[3]s', 1 + (31 - (%[4]s) %% 31) %% 31, 1) = substr(%[1]s, 18, 1), false)", text, form, creditAlphabet, strings.Join(sum, " + "))
}
