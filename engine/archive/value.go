package archive

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"chengshu/core/record"
	"chengshu/kernel/fault"
)

// valueOf writes what was read as the field's type is written, and says how many
// characters it took for others that look alike.
func (f *Field) valueOf(read string) (value string, swapped int, ok bool) {
	if f.Pattern != "" {
		found := f.pattern.FindStringSubmatch(read)
		if found == nil {
			return "", 0, false
		}
		read = found[min(1, len(found)-1)]
	}
	switch f.field.Type {
	case record.Date:
		value, ok = dateOf(read)
	case record.Integer, record.Decimal:
		value, swapped, ok = numberOf(read, f.field.Type == record.Decimal)
	case record.ChoiceOf:
		value, ok = choiceOf(f.field, read)
	default:
		value = strings.TrimSpace(read)
		if f.As == asCode {
			value, swapped = codeOf(value)
		}
		ok = value != ""
	}
	return value, swapped, ok
}

// alike are letters that stand where digits were meant.
var alike = map[rune]rune{'O': '0', 'o': '0', 'D': '0', 'Q': '0', 'l': '1', 'I': '1', 'i': '1', '|': '1', 'Z': '2', 'z': '2', 'S': '5', 's': '5', 'B': '8', '〇': '0', '○': '0'}

// codeOf takes blanks out of a code and capitalises it. Within runs of digits,
// letters that look like one become it: a run is what stands between other
// signs and has more digits than letters.
func codeOf(s string) (string, int) {
	s = strings.ReplaceAll(s, " ", "")
	var b strings.Builder
	swapped := 0
	flush := func(run []rune) {
		digits := 0
		for _, r := range run {
			if r >= '0' && r <= '9' {
				digits++
			}
		}
		for _, r := range run {
			if d, ok := alike[r]; ok && 2*digits > len(run) {
				r = d
				swapped++
			}
			b.WriteRune(r)
		}
	}
	var run []rune
	for _, r := range s {
		if alphanumeric(r) || alike[r] != 0 {
			run = append(run, r)
			continue
		}
		flush(run)
		run = nil
		b.WriteRune(r)
	}
	flush(run)
	return strings.ToUpper(b.String()), swapped
}

var number = regexp.MustCompile(`^[^0-9OoDQlI|ZzSsB]*?(-?[0-9OoDQlIZzSsB|][0-9OoDQlIZzSsB|,]*)(\.[0-9OoDQlIZzSsB|]+)?`)

// numberOf finds the first number.
func numberOf(s string, decimal bool) (string, int, bool) {
	s = strings.ReplaceAll(s, " ", "")
	found := number.FindStringSubmatch(s)
	if found == nil || !strings.ContainsAny(found[0], "0123456789") {
		return "", 0, false
	}
	text := strings.ReplaceAll(found[1], ",", "")
	if decimal {
		text += found[2]
	}
	swapped := 0
	text = strings.Map(func(r rune) rune {
		if d, ok := alike[r]; ok {
			swapped++
			return d
		}
		return r
	}, text)
	return text, swapped, true
}

var (
	dayByName  = regexp.MustCompile(`^(\d{2,4})年(\d{1,2})月(\d{1,2})日?`)
	dayByPoint = regexp.MustCompile(`^(\d{4})[-./](\d{1,2})[-./](\d{1,2})`)
	dayInOne   = regexp.MustCompile(`^(\d{4})(\d{2})(\d{2})$`)
)

var hanDigits = map[rune]rune{'〇': '0', '○': '0', '零': '0', '一': '1', '二': '2', '三': '3', '四': '4', '五': '5', '六': '6', '七': '7', '八': '8', '九': '9'}

// dateOf reads a day as it is written by hand or print: 1998年6月15日,
// 一九九八年十一月二十三日, 1998.6.15, 19980615. A year of two digits is one of
// the 1900s: what is digitised is old.
func dateOf(s string) (string, bool) {
	s = strings.ReplaceAll(hanNumbers(s), " ", "")
	for _, form := range []*regexp.Regexp{dayByName, dayByPoint, dayInOne} {
		if found := form.FindStringSubmatch(s); found != nil {
			y, _ := strconv.Atoi(found[1])
			m, _ := strconv.Atoi(found[2])
			d, _ := strconv.Atoi(found[3])
			if y < 100 {
				y += 1900
			}
			if y < 1000 || m < 1 || m > 12 || d < 1 || d > 31 {
				return "", false
			}
			return fmt.Sprintf("%04d-%02d-%02d", y, m, d), true
		}
	}
	return "", false
}

// hanNumbers writes the Chinese numerals of a date in digits: those of the year
// stand for themselves, those of month and day may hold 十.
func hanNumbers(s string) string {
	var b strings.Builder
	runes := []rune(s)
	for i, r := range runes {
		switch {
		case hanDigits[r] != 0:
			b.WriteRune(hanDigits[r])
		case r == '十':
			before, after := i > 0 && hanDigits[runes[i-1]] != 0, i+1 < len(runes) && hanDigits[runes[i+1]] != 0
			switch {
			case before && after: // 二十三: 23
			case before: // 二十: 20
				b.WriteByte('0')
			case after: // 十三: 13
				b.WriteByte('1')
			default:
				b.WriteString("10")
			}
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// choiceOf finds the choice that is written, by its title or value.
func choiceOf(f *record.Field, s string) (string, bool) {
	for _, c := range f.Choices {
		if s == c.Title.Zh || strings.EqualFold(s, c.Title.En) || s == c.Value {
			return c.Value, true
		}
	}
	return "", false
}

// Why nothing, or nothing good, was found.
var (
	noLabel   = fault.Text{Zh: "页面上没有找到标题", En: "The label was not found on the page"}
	noValue   = fault.Text{Zh: "标题旁没有文字", En: "There is no text beside the label"}
	noText    = fault.Text{Zh: "此处没有文字", En: "There is no text in this place"}
	notAsType = fault.Text{Zh: "读到的文字不符合此字段的写法", En: "What was read is not written as this field is"}
)
