package access

import (
	"strings"
	"unicode"
)

// Mask writes a personal value so that it no longer identifies: how is name,
// phone, id, address, code, card or hide, and whatever else is taken as hide.
// The result shows nothing that the rule does not name, whatever the value.
func Mask(how, value string) string {
	if value == "" {
		return ""
	}
	switch how {
	case "name":
		return maskName(value)
	case "phone":
		return maskPhone(value)
	case "id", "code", "card":
		return maskNumber(value)
	case "address":
		return maskAddress(value)
	}
	return hidden
}

const hidden = "****"

// maskName keeps the first character of each word: 张**, J*** S****. A single
// character is hidden.
func maskName(s string) string {
	rs := []rune(strings.TrimSpace(s))
	if len(rs) == 1 {
		return "*"
	}
	start := true
	for i, r := range rs {
		switch {
		case unicode.IsSpace(r), r == '·':
			start = true
		case start:
			start = false
		default:
			rs[i] = '*'
		}
	}
	return noLeak(string(rs), s)
}

// maskPhone keeps the first three digits and the last four: 138****5678. Of a
// shorter number it keeps the last two.
func maskPhone(s string) string {
	digits := keep(s, unicode.IsDigit)
	if rest, ok := strings.CutPrefix(digits, "86"); ok && len(rest) == 11 {
		digits = rest
	}
	switch n := len([]rune(digits)); {
	case n >= 11:
		return middle(digits, 3, 4)
	case n >= 7:
		return middle(digits, 0, 2)
	}
	return hidden
}

// maskNumber keeps four characters at both ends of a citizen's number, a
// credit code or a bank card: 1301**********1234. Of a shorter one it keeps
// the last two.
func maskNumber(s string) string {
	kept := keep(s, func(r rune) bool { return !unicode.IsSpace(r) && r != '-' })
	switch n := len([]rune(kept)); {
	case n >= 15:
		return middle(kept, 4, 4)
	case n >= 8:
		return middle(kept, 0, 2)
	}
	return hidden
}

// maskAddress keeps the address down to the county: 河北省石家庄市长安区****.
func maskAddress(s string) string {
	rs := []rune(s)
	end := 0
	for i := 1; i < min(len(rs), 24); i++ {
		switch {
		case rs[i] == '县', rs[i] == '旗', rs[i] == '区' && !strings.ContainsRune("小社校院厂园矿", rs[i-1]):
			return string(rs[:i+1]) + hidden
		case rs[i] == '省', rs[i] == '市':
			end = i + 1
		}
	}
	return string(rs[:end]) + hidden
}

func keep(s string, want func(rune) bool) string {
	return strings.Map(func(r rune) rune {
		if want(r) {
			return r
		}
		return -1
	}, s)
}

// middle replaces all but the first and last characters by stars.
func middle(s string, first, last int) string {
	rs := []rune(s)
	for i := first; i < len(rs)-last; i++ {
		rs[i] = '*'
	}
	return string(rs)
}

// noLeak hides a value that a rule left as it was.
func noLeak(masked, value string) string {
	if !strings.Contains(masked, "*") || masked == value {
		return hidden
	}
	return masked
}
