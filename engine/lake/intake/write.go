package intake

import (
	"bufio"
	"bytes"
	"io"
	"strconv"
)

// rowWriter writes rows as CSV, each led by its place in the file.
type rowWriter struct {
	out     *bufio.Writer
	columns int // without the place
}

// newRowWriter writes the heading, and puts the column of the place before the
// table's columns.
func newRowWriter(out io.Writer, tab *Table, place string) *rowWriter {
	w := &rowWriter{bufio.NewWriterSize(out, 1<<18), len(tab.Columns)}
	tab.Charset, tab.Delimiter = utf8Name, ','
	tab.Columns = append([]Column{{Header: place, Place: true}}, tab.Columns...)
	for i, c := range tab.Columns {
		if i > 0 {
			_ = w.out.WriteByte(',') // a bufio.Writer keeps its first error for Flush
		}
		w.cell([]byte(c.Header))
	}
	_ = w.out.WriteByte('\n')
	return w
}

// row writes one row; cell i of cells is that of column i, and what is missing
// at the end is empty.
func (w *rowWriter) row(place int64, cells [][]byte) error {
	var number [20]byte
	_, _ = w.out.Write(strconv.AppendInt(number[:0], place, 10))
	for i := range w.columns {
		_ = w.out.WriteByte(',')
		if i < len(cells) {
			w.cell(cells[i])
		}
	}
	return w.out.WriteByte('\n')
}

func (w *rowWriter) cell(text []byte) {
	if bytes.IndexByte(text, 0) >= 0 { // no text has it, and DuckDB would cut there
		text = bytes.ReplaceAll(text, []byte{0}, []byte("\ufffd"))
	}
	if !bytes.ContainsAny(text, ",\"\r\n") {
		_, _ = w.out.Write(text)
		return
	}
	_ = w.out.WriteByte('"')
	for {
		i := bytes.IndexByte(text, '"')
		if i < 0 {
			break
		}
		_, _ = w.out.Write(text[:i+1])
		_ = w.out.WriteByte('"')
		text = text[i+1:]
	}
	_, _ = w.out.Write(text)
	_ = w.out.WriteByte('"')
}
