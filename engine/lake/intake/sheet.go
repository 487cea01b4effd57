package intake

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"chengshu/core/record"
	"chengshu/kernel/fault"
)

const (
	maxColumns     = 16_384  // of a sheet: Excel's bound
	maxRow         = 8 << 20 // bytes of a row's texts
	headingWithin  = 20      // rows with values in which a heading is looked for: titles may stand above it
	maxNamedSheets = 20      // in a fault
)

// cell is a value as the sheet has it.
type cell struct {
	column, style int
	from, to      int // in the row's texts
	kind          byte
}

// Kinds of cells: 18.18.11.
const (
	number  = 'n'
	boolean = 'b'
	failed  = 'e'
	iso     = 'd'
	plain   = 's' // shared, inline and what a formula gave
)

// sheetReader reads the rows of a sheet one by one. What it returns holds until
// the next row.
type sheetReader struct {
	*scanner
	book  *book
	row   int64 // as Excel counts
	texts []byte
	cells []cell
	count counts
}

// counts is what a sender should know of the sheet.
type counts struct{ formulas, failed, merged, long, outside int64 }

// nextRow reads the next row that has a value; io.EOF after the last.
func (r *sheetReader) nextRow() error {
	r.texts, r.cells = r.texts[:0], r.cells[:0]
	in, filled := false, false
	for {
		kind, err := r.next()
		if err != nil {
			return r.book.zip.explain(err)
		}
		switch {
		case kind == ended:
			return io.EOF
		case !in && kind == opening && string(r.name) == "row":
			in, filled = true, false
			r.row++
			if n, err := strconv.ParseInt(string(r.attr("r")), 10, 64); err == nil && n >= r.row {
				r.row = n
			}
			r.texts, r.cells = r.texts[:0], r.cells[:0]
		case !in && kind == opening && string(r.name) == "mergeCell":
			r.count.merged++
		case in && kind == opening && string(r.name) == "c":
			got, err := r.cell()
			if err != nil {
				return r.book.zip.explain(err)
			}
			filled = filled || got
		case in && kind == closing && string(r.name) == "row":
			if in = false; filled {
				return nil
			}
		}
	}
}

// cell reads one cell; filled is false when it holds nothing.
func (r *sheetReader) cell() (filled bool, err error) {
	c := cell{from: len(r.texts)}
	if n := len(r.cells); n > 0 {
		c.column = r.cells[n-1].column + 1
	}
	if at := r.attr("r"); at != nil {
		c.column = columnOf(at)
	}
	if c.column < 0 || c.column >= maxColumns {
		return false, fault.New(fault.Invalid, "wide-sheet", fmt.Sprintf("第 %d 行超过 16384 列", r.row), fmt.Sprintf("row %d has over 16,384 columns", r.row))
	}
	c.style, _ = strconv.Atoi(string(r.attr("s")))
	form := string(r.attr("t"))
	taking, aid := false, false
	for {
		kind, err := r.next()
		if err != nil {
			return false, err
		}
		switch {
		case kind == ended:
			return false, io.ErrUnexpectedEOF
		case kind == letters:
			if taking && !aid {
				r.texts = append(r.texts, r.text...)
			}
		case kind == closing && string(r.name) == "c":
			return r.keep(c, form)
		case string(r.name) == "v", string(r.name) == "t":
			taking = kind == opening
		case string(r.name) == "rPh":
			aid = kind == opening
		case kind == opening && string(r.name) == "f":
			r.count.formulas++
		}
		switch {
		case len(r.texts)-c.from > maxCell:
			return false, errLongCell(r.row)
		case len(r.texts) > maxRow:
			return false, fault.New(fault.Invalid, "long-row", fmt.Sprintf("第 %d 行超过 8 MiB", r.row), fmt.Sprintf("row %d is over 8 MiB", r.row))
		}
	}
}

// keep settles what a cell is.
func (r *sheetReader) keep(c cell, form string) (bool, error) {
	switch form {
	case "s":
		i, err := strconv.Atoi(string(bytes.TrimSpace(r.texts[c.from:])))
		if err != nil {
			i = -1
		}
		text, found, err := r.book.strings.at(i)
		if err != nil {
			return false, err
		}
		if !found && len(r.texts) > c.from {
			return false, errXML
		}
		r.texts, c.kind = append(r.texts[:c.from], text...), plain
	case "str", "inlineStr":
		c.kind = plain
	case "b", "e", "d":
		c.kind = form[0]
	default:
		c.kind = number
	}
	if c.kind == failed {
		r.count.failed++
	}
	if c.to = len(r.texts); c.to == c.from {
		return false, nil
	}
	r.cells = append(r.cells, c)
	return true, nil
}

// columnOf is the column of a reference such as "AB12", from 0; -1 for none.
func columnOf(at []byte) int {
	n := 0
	for _, b := range at {
		if b < 'A' || b > 'Z' {
			break
		}
		if n = n*26 + int(b-'A') + 1; n > maxColumns {
			return maxColumns
		}
	}
	return n - 1
}

// value writes a cell as text that the check reads: dates as ISO 8601, numbers
// without exponent. kind is the type of the field that the cell becomes, which
// decides between a day and its midnight.
func (r *sheetReader) value(out []byte, c cell, want record.FieldType) []byte {
	text := r.texts[c.from:c.to]
	switch c.kind {
	case plain:
		return append(out, unescapeChars(text)...)
	case boolean:
		return strconv.AppendBool(out, string(text) == "1" || string(text) == "true")
	case number:
		form := noDate
		if c.style >= 0 && c.style < len(r.book.dates) {
			form = r.book.dates[c.style]
		}
		if form != noDate {
			if days, err := strconv.ParseFloat(string(text), 64); err == nil && days >= 0 && days < 2_958_466 { // year 10000
				return appendMoment(out, days, form, want, r.book.from04)
			}
		}
		return r.decimal(out, text)
	}
	return append(out, text...)
}

// decimal writes a number as Excel shows it: to 15 digits, without exponent.
func (r *sheetReader) decimal(out, text []byte) []byte {
	digits, odd := 0, false
	for _, b := range text {
		switch {
		case b >= '0' && b <= '9':
			digits++
		case b != '.' && b != '-':
			odd = true
		}
	}
	if !odd && digits <= 15 {
		return append(out, text...)
	}
	f, err := strconv.ParseFloat(string(text), 64)
	if err != nil || f > 1e30 || f < -1e30 {
		return append(out, text...)
	}
	if f >= 1e15 || f <= -1e15 {
		r.count.long++
	}
	f, _ = strconv.ParseFloat(strconv.FormatFloat(f, 'g', 15, 64), 64)
	return strconv.AppendFloat(out, f, 'f', -1, 64)
}

// appendMoment writes a count of days as a date, a time of day, or both: 18.17.4.
func appendMoment(out []byte, days float64, form dateForm, want record.FieldType, from04 bool) []byte {
	origin := time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC)
	switch {
	case from04:
		origin = time.Date(1904, 1, 1, 0, 0, 0, 0, time.UTC)
	case days < 60: // Excel counts a 29 February 1900 that was not
		origin = origin.AddDate(0, 0, 1)
	}
	whole := int(days)
	at := origin.AddDate(0, 0, whole).Add(time.Duration((days-float64(whole))*86_400_000+0.5) * time.Millisecond)
	onlyDay := form == dayOnly
	if midnight := at.Hour() == 0 && at.Minute() == 0 && at.Second() == 0; midnight && want == record.Date {
		onlyDay = true
	} else if want == record.Time {
		onlyDay = false
	}
	switch {
	case onlyDay:
		return at.AppendFormat(out, time.DateOnly)
	case form == clockOnly && days < 1 && want != record.Time:
		return at.AppendFormat(out, time.TimeOnly)
	}
	return at.AppendFormat(out, "2006-01-02 15:04:05.999")
}

// unescapeChars puts characters for _xHHHH_, as control characters are written:
// 22.9.2.19. It is rare.
func unescapeChars(text []byte) []byte {
	if !bytes.Contains(text, []byte("_x")) {
		return bytes.ToValidUTF8(text, []byte("\ufffd"))
	}
	var out []byte
	for {
		i := bytes.Index(text, []byte("_x"))
		if i < 0 || len(text) < i+7 {
			return bytes.ToValidUTF8(append(out, text...), []byte("\ufffd"))
		}
		n, err := strconv.ParseUint(string(text[i+2:i+6]), 16, 16)
		if err != nil || text[i+6] != '_' {
			out, text = append(out, text[:i+2]...), text[i+2:]
			continue
		}
		out, text = append(append(out, text[:i]...), string(rune(n))...), text[i+7:]
	}
}

// readSheets reads the sheet whose heading fits.
func readSheets(z *bounded, f File, w Want, out io.Writer) (*Table, error) {
	b, err := openBook(z, f.Dir)
	if err != nil {
		return nil, err
	}
	tab, err := b.read(w, out)
	return tab, errors.Join(err, b.close())
}

func (b *book) read(w Want, out io.Writer) (*Table, error) {
	var fits []fit
	var names []string
	var why error
	best := -1
	for _, ref := range b.sheets {
		if w.Sheet != "" && ref.name != w.Sheet {
			continue
		}
		names = append(names, ref.name)
		h, err := b.headingOf(ref, w)
		if err != nil {
			return nil, err
		}
		if h == nil { // an empty sheet
			continue
		}
		bad := w.complete(h.columns)
		switch {
		case bad == nil && (h.known > 0 || w.loose && len(fits) == 0):
			fits = append(fits, fit{ref, h})
		case h.known > best:
			best, why = h.known, bad
		}
	}
	list := strings.Join(names[:min(len(names), maxNamedSheets)], "、")
	switch {
	case len(fits) == 1 || w.loose && len(fits) > 0:
		return b.readSheet(fits[0], w, out)
	case len(fits) > 1:
		return nil, fault.New(fault.Invalid, "several-sheets", "有多个工作表的标题行都相符，请只留一个或分别上传："+list, "several sheets have a heading that fits; leave one, or upload them one by one: "+list)
	case why != nil && len(names) == 1:
		return nil, why
	case best < 0 && len(names) > 0:
		return nil, fault.New(fault.Invalid, "empty-file", "工作簿是空的", "the workbook is empty")
	}
	return nil, fault.Wrap(why, fault.Invalid, "no-sheet-fits", "没有标题行相符的工作表；有："+list, "no sheet has a heading that fits; there are: "+list)
}

// sheetHeading is the row that names the columns.
type sheetHeading struct {
	row     int64
	at      []int // column in the sheet of each column of the table
	columns []Column
	known   int
}

// headingOf finds the heading of a sheet among its first rows: the one in which
// most is known. It is nil when the sheet has no values.
func (b *book) headingOf(ref sheetRef, w Want) (*sheetHeading, error) {
	var best *sheetHeading
	err := b.rows(ref, func(r *sheetReader, nth int) error {
		var names []string
		var at []int
		for _, c := range r.cells {
			names, at = append(names, string(r.value(nil, c, record.Text))), append(at, c.column)
		}
		columns, known := w.match(names)
		if best == nil || known > best.known {
			best = &sheetHeading{r.row, at, columns, known}
		}
		if nth == headingWithin {
			return io.EOF
		}
		return nil
	}, nil)
	return best, err
}

// rows calls do for each row with values, until it returns io.EOF.
func (b *book) rows(ref sheetRef, do func(r *sheetReader, nth int) error, done func(counts)) error {
	body, err := b.zip.open(ref.file)
	if errors.Is(err, errNoMember) {
		return fault.Wrap(err, fault.Invalid, "broken-workbook", "工作簿缺少工作表“"+ref.name+"”的内容", fmt.Sprintf("the workbook lacks the content of sheet %q", ref.name))
	}
	if err != nil {
		return err
	}
	defer body.Close()
	r := &sheetReader{scanner: newScanner(body), book: b}
	for nth := 1; ; nth++ {
		err := r.nextRow()
		if err == nil {
			err = do(r, nth)
		}
		if errors.Is(err, io.EOF) {
			if done != nil {
				done(r.count)
			}
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// fit is a sheet with the heading that fits.
type fit struct {
	sheetRef
	*sheetHeading
}

func (b *book) readSheet(h fit, w Want, out io.Writer) (*Table, error) {
	tab := &Table{Format: XLSX, Part: h.name, Columns: h.columns}
	wants, place := make([]record.FieldType, len(h.columns)), make([]int, maxColumns)
	for i, c := range h.columns {
		if f := w.Type.Field(c.Field); f != nil {
			wants[i] = f.Type
		}
		place[h.at[i]] = i + 1
	}
	rows := newRowWriter(out, tab, "Excel 行号")
	cells, text := make([][]byte, len(wants)), []byte(nil)
	err := b.rows(h.sheetRef, func(r *sheetReader, _ int) error {
		if r.row <= h.row {
			return nil
		}
		clear(cells)
		text = text[:0]
		inside := false
		for _, c := range r.cells {
			i := place[c.column] - 1
			if i < 0 {
				r.count.outside++
				continue
			}
			from := len(text)
			text = r.value(text, c, wants[i])
			cells[i] = text[from:len(text):len(text)]
			inside = true
		}
		if !inside {
			return nil
		}
		return rows.row(r.row, cells)
	}, func(n counts) { tab.Notes = n.notes() })
	return tab, errors.Join(err, rows.out.Flush())
}

// notes says what was counted.
func (n counts) notes() (out []Note) {
	for _, one := range []struct {
		count        int64
		code, zh, en string
	}{
		{n.formulas, "formulas", "个公式单元格，按保存时的计算结果读取", "cells with formulas were read as what they gave when the file was saved"},
		{n.failed, "error-cells", "个单元格是错误值（如 #N/A）", "cells hold an error such as #N/A"},
		{n.merged, "merged-cells", "处合并单元格，其值只属于左上角的单元格", "merged ranges: their value belongs to the first cell alone"},
		{n.long, "long-numbers", "个数字超过 15 位，Excel 只保留前 15 位；证件号等应存为文本", "numbers are over 15 digits, of which Excel keeps 15; store numbers of documents as text"},
		{n.outside, "outside-heading", "个单元格在标题行之外，未读取", "cells stand outside the heading and were not read"},
	} {
		if one.count > 0 {
			out = append(out, Note{one.code, one.count, fault.Text{Zh: fmt.Sprintf("%d %s", one.count, one.zh), En: fmt.Sprintf("%d %s", one.count, one.en)}})
		}
	}
	return out
}
