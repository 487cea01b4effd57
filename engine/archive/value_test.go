package archive

import (
	"regexp"
	"testing"

	"chengshu/core/decl"
	"chengshu/core/record"
)

func fieldOf(typ record.FieldType, as, pattern string) *Field {
	choices := []record.Choice{{Value: "dwelling", Title: decl.Text{Zh: "住宅", En: "Dwelling"}}}
	return &Field{Name: "f", As: as, Pattern: pattern, pattern: regexp.MustCompile(pattern), field: &record.Field{Name: "f", Type: typ, Choices: choices}}
}

// TestValue: what is read is written as the field's type is, and characters taken
// for others are counted.
func TestValue(t *testing.T) {
	date, number, decimal, text, code := fieldOf(record.Date, "", ""), fieldOf(record.Integer, "", ""), fieldOf(record.Decimal, "", ""), fieldOf(record.Text, "", ""), fieldOf(record.Text, asCode, "")
	for _, c := range []struct {
		name    string
		field   *Field
		read    string
		want    string
		swapped int
		ok      bool
	}{
		{"date", date, "1998年6月15日", "1998-06-15", 0, true},
		{"date with blanks", date, "1998 年 6 月 15 日", "1998-06-15", 0, true},
		{"date in numerals", date, "一九九九年十一月三日", "1999-11-03", 0, true},
		{"tens", date, "一九八〇年十月二十日", "1980-10-20", 0, true},
		{"tens and ones", date, "一九八〇年一月二十三日", "1980-01-23", 0, true},
		{"thirty-one", date, "二○○一年十二月三十一日", "2001-12-31", 0, true},
		{"year of two digits", date, "83年5月2日", "1983-05-02", 0, true},
		{"points", date, "1983.5.2", "1983-05-02", 0, true},
		{"in one", date, "19830502", "1983-05-02", 0, true},
		{"no month 13", date, "1983年13月2日", "", 0, false},
		{"no date", date, "不详", "", 0, false},
		{"number with unit", decimal, "68.42平方米", "68.42", 0, true},
		{"number in text", decimal, "约 1,268.5 m", "1268.5", 0, true},
		{"letters among digits", number, "l9B6年", "1986", 2, true},
		{"letters alone are no number", number, "SOB", "", 0, false},
		{"no number", number, "无", "", 0, false},
		{"text", text, " 长安区 ", "长安区", 0, true},
		{"empty", text, "", "", 0, false},
		{"code", code, "SJZ-l998-OO427", "SJZ-1998-00427", 3, true},
		{"code keeps letters", code, "sjz-1998", "SJZ-1998", 0, true},
		{"identity number", code, "13010219530412001x", "13010219530412001X", 0, true},
		{"choice", fieldOf(record.ChoiceOf, "", ""), "住宅", "dwelling", 0, true},
		{"no choice", fieldOf(record.ChoiceOf, "", ""), "住 宇", "", 0, false},
		{"pattern", fieldOf(record.Text, "", `第(\d+)号`), "冀房第123号", "123", 0, true},
		{"pattern missed", fieldOf(record.Text, "", `第(\d+)号`), "冀房", "", 0, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, swapped, ok := c.field.valueOf(c.read)
			if ok != c.ok || ok && (got != c.want || swapped != c.swapped) {
				t.Errorf("%q gave %q, %d, %t; want %q, %d, %t", c.read, got, swapped, ok, c.want, c.swapped, c.ok)
			}
		})
	}
}

func FuzzValue(f *testing.F) {
	f.Add("1998年6月15日", "二〇〇一")
	f.Add("l9B6", "")
	f.Fuzz(func(t *testing.T, a, b string) {
		for _, field := range []*Field{fieldOf(record.Date, "", ""), fieldOf(record.Decimal, "", ""), fieldOf(record.Text, asCode, "")} {
			if v, _, ok := field.valueOf(a + b); ok && v == "" {
				t.Errorf("%q gave an empty value", a+b)
			}
		}
	})
}
