// Package export writes rows as files that people and programs open: CSV, JSON,
// JSON lines, XLSX. Rows are written as they come, so memory is bounded
// whatever their number; fields are shown, masked or left out as a view says.
//
// A spreadsheet takes text that begins with =, +, - or @ for a formula. In CSV
// such text gets an apostrophe in front (CWE-1236), which spreadsheets do not
// show; in XLSX every text is typed as text.
package export

import (
	"bufio"
	"encoding/csv"
	"io"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"chengshu/core/access"
	"chengshu/core/record"
	"chengshu/kernel/clock"
	"chengshu/kernel/fault"
)

// Format is one kind of file.
type Format struct {
	Name  string // as it is asked for, and the end of the file's name
	Media string // media type
	write func(w io.Writer, columns []Column) (writer, error)
}

// Formats are those that there are, the most common first.
var Formats = []Format{
	{"csv", "text/csv; charset=utf-8", newCSV},
	{"json", "application/json", newJSON},
	{"jsonl", "application/jsonl", newLines},
	{"xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", newXLSX},
	{Parquet, "application/vnd.apache.parquet", newLines},
}

// Parquet is the format that is made of JSON lines in the end, by whoever can:
// see lake.Engine.Parquet.
const Parquet = "parquet"

// Named returns a format by its name, or an Invalid fault.
func Named(name string) (Format, error) {
	if i := slices.IndexFunc(Formats, func(f Format) bool { return f.Name == name }); i >= 0 {
		return Formats[i], nil
	}
	return Format{}, fault.New(fault.Invalid, "bad-format", "不支持此文件格式", "there is no such format").With("format", "可用：csv、json、jsonl、xlsx、parquet", "known: csv, json, jsonl, xlsx, parquet")
}

// writer writes rows in one format.
type writer interface {
	row(values []any) error // native values by column, nil for none, text where masked
	end() error
}

// Writer writes rows of one type.
type Writer struct {
	columns []Column
	out     writer
	buffer  *bufio.Writer
	values  []any
}

// Column is a field that a view shows.
type Column struct {
	Field  *record.Field
	Masked bool
}

// Columns are the fields of a type that a view shows, in their order.
func Columns(t *record.Type, see access.View) []Column {
	var out []Column
	for _, f := range t.Fields {
		if s := see.Of(f); !f.System && s != record.Hidden {
			out = append(out, Column{f, s == record.Masked})
		}
	}
	return out
}

// New returns a writer of a type's rows in a format, as the view shows them.
// The caller calls Close when the last row is written.
func New(w io.Writer, f Format, t *record.Type, see access.View) (*Writer, error) {
	out := &Writer{buffer: bufio.NewWriterSize(w, 64<<10)}
	out.columns = Columns(t, see)
	out.values = make([]any, len(out.columns))
	var err error
	out.out, err = f.write(out.buffer, out.columns)
	return out, err
}

// Row writes one row.
func (w *Writer) Row(r *record.Row) error {
	for i, c := range w.columns {
		v := r.Get(c.Field.Name)
		if v != nil && c.Masked {
			v = access.Mask(c.Field.Mask, c.Field.Plain(v))
		}
		w.values[i] = v
	}
	return w.out.row(w.values)
}

// Close writes what ends the file; it does not close what is written to.
func (w *Writer) Close() error {
	if err := w.out.end(); err != nil {
		return err
	}
	return w.buffer.Flush()
}

// text is a value as a cell shows it.
func (c Column) text(v any) string {
	switch {
	case v == nil:
		return ""
	case c.Masked:
		return v.(string)
	case c.Field.Type == record.Time: // people read files; the city's clocks are those of Beijing
		return time.UnixMilli(v.(int64)).In(clock.Shanghai).Format(time.RFC3339)
	}
	return c.Field.Plain(v)
}

// number reports whether the cell holds a number, and not text.
func (c Column) number() bool {
	return !c.Masked && (c.Field.Type == record.Integer || c.Field.Type == record.Decimal)
}

type csvFile struct {
	columns []Column
	out     *csv.Writer
	cells   []string
}

// newCSV begins with a byte order mark: without it spreadsheets take Chinese
// text for something else.
func newCSV(w io.Writer, columns []Column) (writer, error) {
	if _, err := io.WriteString(w, "\ufeff"); err != nil {
		return nil, err
	}
	f := &csvFile{columns, csv.NewWriter(w), make([]string, len(columns))}
	for i, c := range columns {
		f.cells[i] = c.Field.Name
	}
	return f, f.out.Write(f.cells)
}

func (f *csvFile) row(values []any) error {
	for i, c := range f.columns {
		f.cells[i] = c.text(values[i])
		if !c.number() {
			f.cells[i] = harmless(f.cells[i])
		}
	}
	return f.out.Write(f.cells)
}

func (f *csvFile) end() error {
	f.out.Flush()
	return f.out.Error()
}

// harmless keeps a spreadsheet from taking text for a formula.
func harmless(s string) string {
	if first, _ := utf8.DecodeRuneInString(s); s != "" && strings.ContainsRune("=+-@＝＋－＠\t\r\n", first) {
		return "'" + s
	}
	return s
}

// lines are objects with a line each, or the elements of an array.
type lines struct {
	columns []Column
	out     io.Writer
	buffer  []byte
	array   bool
	rows    int
}

func newLines(w io.Writer, columns []Column) (writer, error) {
	return &lines{columns: columns, out: w}, nil
}

func newJSON(w io.Writer, columns []Column) (writer, error) {
	_, err := io.WriteString(w, "[")
	return &lines{columns: columns, out: w, array: true}, err
}

func (l *lines) row(values []any) error {
	b := l.buffer[:0]
	if l.array && l.rows > 0 {
		b = append(b, ',')
	}
	if l.array {
		b = append(b, '\n')
	}
	b = append(b, '{')
	first := true
	for i, c := range l.columns {
		if values[i] == nil {
			continue
		}
		if !first {
			b = append(b, ',')
		}
		first = false
		b = append(record.AppendString(b, c.Field.Name), ':')
		if c.Masked {
			b = record.AppendString(b, values[i].(string))
		} else {
			b = record.AppendField(b, c.Field, values[i])
		}
	}
	b = append(b, '}')
	if !l.array {
		b = append(b, '\n')
	}
	l.buffer, l.rows = b, l.rows+1
	_, err := l.out.Write(b)
	return err
}

func (l *lines) end() error {
	if !l.array {
		return nil
	}
	_, err := io.WriteString(l.out, "\n]\n")
	return err
}
