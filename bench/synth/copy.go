package synth

import (
	"encoding/csv"
	"fmt"
	"io"
	"strings"
	"time"
)

// Copies says how another office's file of the same city differs from the truth.
type Copies struct {
	Number uint64  // another number, another file: its errors are unrelated
	Rate   float64 // the chance of an error in each field, independent of the others
}

// Error is one field that a copy has wrong.
type Error struct{ Field, Kind string }

// PersonFields and EntityFields are what a copy of a row holds.
var (
	PersonFields = []string{"id_number", "name", "sex", "birth_date", "phone", "address"}
	EntityFields = []string{"credit_code", "name", "representative_name", "established", "address"}
)

// kind is one way for a field to be wrong: how many of a hundred errors are of it, and what it makes of a value. What leaves the value as it is did
// not happen, and another kind is drawn.
type kind struct {
	share int
	name  string
	spoil func(*City, *dice, string) string
}

var (
	missing = func(*City, *dice, string) string { return "" }

	ofID      = []kind{{35, "digit", wrongDigit}, {30, "transposed", transposed}, {10, "check-digit", wrongCheck}, {5, "cut", cutShort}, {5, "old", oldNumber}, {15, "missing", missing}}
	ofCode    = []kind{{35, "digit", wrongDigit}, {30, "transposed", transposed}, {10, "check-digit", wrongCheck}, {5, "cut", cutShort}, {20, "missing", missing}}
	ofName    = []kind{{35, "homophone", homophone}, {20, "lookalike", lookalike}, {15, "omitted", omitted}, {10, "swapped", swapped}, {10, "nickname", nickname}, {10, "missing", missing}}
	ofSex     = []kind{{70, "wrong", otherSex}, {30, "missing", missing}}
	ofDate    = []kind{{35, "digit", wrongDigit}, {25, "day-month", dayMonth}, {10, "transposed", transposed}, {10, "first-of-january", january}, {20, "missing", missing}}
	ofPhone   = []kind{{45, "moved", otherPhone}, {25, "digit", wrongDigit}, {15, "transposed", transposed}, {15, "missing", missing}}
	ofAddress = []kind{{40, "old", oldAddress}, {30, "abbreviated", abbreviated}, {15, "number", wrongDigit}, {15, "missing", missing}}
	ofFirm    = []kind{{40, "short", shortFirm}, {20, "form", otherForm}, {20, "lookalike", lookalike}, {10, "place-omitted", noPlace}, {10, "missing", missing}}
)

// PersonCopy returns the fields of the i-th person as the file has them, and what is wrong in them.
func (c *City) PersonCopy(i int, o Copies) ([]string, []Error) {
	p := c.Person(i)
	row := []string{p.IDNumber, p.Name, p.Sex, p.BirthDate.Format(time.DateOnly), p.Phone, p.Address}
	return c.spoil(throw(c.seed^(o.Number+1)*0x9e3779b97f4a7c15, ofPersonCopy, i), o.Rate, PersonFields, row, [][]kind{ofID, ofName, ofSex, ofDate, ofPhone, ofAddress})
}

// EntityCopy is the same for the i-th organisation.
func (c *City) EntityCopy(i, persons int, o Copies) ([]string, []Error) {
	e := c.Entity(i, persons)
	row := []string{e.CreditCode, e.Name, e.RepresentativeName, e.Established.Format(time.DateOnly), e.Address}
	return c.spoil(throw(c.seed^(o.Number+1)*0x9e3779b97f4a7c15, ofEntityCopy, i), o.Rate, EntityFields, row, [][]kind{ofCode, ofFirm, ofName, ofDate, ofAddress})
}

func (c *City) spoil(d *dice, rate float64, fields, row []string, kinds [][]kind) ([]string, []Error) {
	var errors []Error
	for f, value := range row {
		if float64(d.below(1_000_000)) >= rate*1_000_000 {
			continue
		}
		for row[f] == value {
			k := draw(d, kinds[f])
			if row[f] = k.spoil(c, d, value); row[f] != value {
				errors = append(errors, Error{fields[f], k.name})
			}
		}
	}
	return row, errors
}

func draw(d *dice, kinds []kind) kind {
	at := d.below(100)
	for _, k := range kinds {
		if at -= k.share; at < 0 {
			return k
		}
	}
	panic("synth: the shares of errors do not make a hundred")
}

// digits are the places of the digits of s.
func digits(s string) []int {
	var at []int
	for i := range len(s) {
		if s[i] >= '0' && s[i] <= '9' {
			at = append(at, i)
		}
	}
	return at
}

func put(s string, at int, char byte) string { return s[:at] + string(char) + s[at+1:] }

func wrongDigit(_ *City, d *dice, s string) string {
	at := digits(s)
	if len(at) == 0 {
		return s
	}
	return put(s, pick(d, at), byte('0'+d.below(10)))
}

// transposed swaps two neighbours among the digits and letters.
func transposed(_ *City, d *dice, s string) string {
	at := d.below(len(s) - 1)
	if s[at] == '-' || s[at+1] == '-' {
		return s
	}
	return s[:at] + string(s[at+1]) + string(s[at]) + s[at+2:]
}

func wrongCheck(_ *City, d *dice, s string) string {
	return put(s, len(s)-1, byte('0'+d.below(10)))
}

// oldNumber is the number of the first generation, of 15 digits, of those born before 2000.
func oldNumber(_ *City, _ *dice, s string) string {
	if s[6:8] != "19" {
		return s
	}
	return s[:6] + s[8:17]
}

func cutShort(_ *City, d *dice, s string) string { return s[:len(s)-1-d.below(3)] }

// substitute puts another character in the place of one that the table knows.
func substitute(d *dice, s string, table map[rune][]rune) string {
	r := []rune(s)
	var known []int
	for i := range r {
		if len(table[r[i]]) > 0 {
			known = append(known, i)
		}
	}
	if len(known) > 0 {
		at := pick(d, known)
		r[at] = pick(d, table[r[at]])
	}
	return string(r)
}

func homophone(_ *City, d *dice, s string) string { return substitute(d, s, homophones) }
func lookalike(_ *City, d *dice, s string) string { return substitute(d, s, lookalikes) }

// omitted leaves out one character, but never one of a name of two.
func omitted(_ *City, d *dice, s string) string {
	r := []rune(s)
	if len(r) < 3 {
		return s
	}
	at := d.below(len(r))
	return string(r[:at]) + string(r[at+1:])
}

func swapped(_ *City, d *dice, s string) string {
	r := []rune(s)
	at := d.below(len(r) - 1)
	r[at], r[at+1] = r[at+1], r[at]
	return string(r)
}

// nickname is 小 or 老 with the last character, behind the surname or alone: 郭小刚, 小刚.
func nickname(_ *City, d *dice, s string) string {
	r := []rune(s)
	call := pick(d, []string{"小", "老", string(r[len(r)-1])}) + string(r[len(r)-1])
	if d.below(2) == 0 {
		return call
	}
	return string(r[:1]) + call
}

func otherSex(_ *City, _ *dice, s string) string {
	if s == "male" {
		return "female"
	}
	return "male"
}

func dayMonth(_ *City, _ *dice, s string) string { return s[:5] + s[8:] + "-" + s[5:7] }

func january(_ *City, _ *dice, s string) string { return s[:4] + "-01-01" }

// otherPhone is a number of the same block that may be somebody else's.
func otherPhone(_ *City, d *dice, _ string) string {
	return fmt.Sprintf("%s%08d", mobileHead, d.below(mobileMax))
}

func oldAddress(c *City, d *dice, _ string) string { return pick(d, c.villages).address(d) }

// abbreviated leaves out the province, and perhaps the city and how the numbers are called.
func abbreviated(_ *City, d *dice, s string) string {
	s = strings.TrimPrefix(s, "河北省")
	if d.below(2) == 0 {
		s = strings.TrimPrefix(s, "石家庄市")
	}
	if d.below(2) == 0 {
		s = strings.NewReplacer("号楼", "-", "单元", "-", "室", "", "组", "-").Replace(s)
	}
	return s
}

var firmForms = split("股份有限公司 有限责任公司 有限公司 农民专业合作社联合社 农民专业合作社")

func formOf(s string) string {
	for _, f := range firmForms {
		if strings.HasSuffix(s, f) {
			return f
		}
	}
	return ""
}

// shortFirm is what people call it: without place and form.
func shortFirm(c *City, d *dice, s string) string {
	return noPlace(c, d, strings.TrimSuffix(s, formOf(s)))
}

func otherForm(_ *City, d *dice, s string) string {
	if form := formOf(s); form != "" {
		return strings.TrimSuffix(s, form) + pick(d, firmForms)
	}
	return s
}

// noPlace cuts the place off the beginning of a name.
func noPlace(c *City, _ *dice, s string) string {
	for _, place := range []string{"石家庄市", "石家庄"} {
		if rest, ok := strings.CutPrefix(s, place); ok {
			return rest
		}
	}
	for _, v := range c.counties {
		if rest, ok := strings.CutPrefix(s, v); ok {
			return rest
		}
	}
	return s
}

// TruthColumns are the headings of the truth: the key of a row in the file, the index of the person or organisation it is of, and the errors in it as
// field:kind, with blanks between.
var TruthColumns = []string{"key", "index", "errors"}

// WritePersonCopies writes n persons from the given one on, in an order of their own, and the truth about them: what they are is told by index alone, so
// two files overlap as their ranges do.
func (c *City) WritePersonCopies(rows, truth io.Writer, from, n int, o Copies) error {
	if from < 0 || n < 0 || from+n > MaxPersons {
		return fmt.Errorf("%d persons from %d: must lie in 0 to %d", n, from, MaxPersons)
	}
	return writeCopies(rows, truth, PersonFields, n, func(k int) (int, []string, []Error) {
		i := from + shuffle(k, n, c.seed^o.Number)
		row, errors := c.PersonCopy(i, o)
		return i, row, errors
	})
}

// WriteEntityCopies is the same for organisations, whose representatives are among the first persons people.
func (c *City) WriteEntityCopies(rows, truth io.Writer, from, n, persons int, o Copies) error {
	if from < 0 || n < 0 || from+n > MaxEntities || persons < 100 || persons > MaxPersons {
		return fmt.Errorf("%d entities from %d among %d persons: must lie in 0 to %d among 100 to %d", n, from, persons, MaxEntities, MaxPersons)
	}
	return writeCopies(rows, truth, EntityFields, n, func(k int) (int, []string, []Error) {
		i := from + shuffle(k, n, c.seed^o.Number)
		row, errors := c.EntityCopy(i, persons, o)
		return i, row, errors
	})
}

func writeCopies(rows, truth io.Writer, fields []string, n int, make_ func(int) (int, []string, []Error)) error {
	out, answers := csv.NewWriter(rows), csv.NewWriter(truth)
	out.Write(append([]string{"key"}, fields...)) // what fails is kept until Flush
	answers.Write(TruthColumns)
	for k := range n {
		index, row, errors := make_(k)
		var said []string
		for _, e := range errors {
			said = append(said, e.Field+":"+e.Kind)
		}
		out.Write(append([]string{fmt.Sprint(k)}, row...))
		answers.Write([]string{fmt.Sprint(k), fmt.Sprint(index), strings.Join(said, " ")})
	}
	out.Flush()
	answers.Flush()
	if err := out.Error(); err != nil {
		return err
	}
	return answers.Error()
}
