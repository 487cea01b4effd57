package intake

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"

	"golang.org/x/text/transform"

	"chengshu/core/record"
	"chengshu/kernel/fault"
)

// Format is a form that files come in.
type Format string

// The forms that are read.
const (
	CSV     Format = "csv"
	XLSX    Format = "xlsx"
	JSON    Format = "json" // an array of objects, or one object after the other
	XML     Format = "xml"
	Parquet Format = "parquet"
	Zip     Format = "zip"
)

// File is what came.
type File struct {
	io.ReaderAt
	Size int64
	// Dir is a folder for what does not fit into memory; who made it removes it.
	Dir string
}

// Want says what the rows are to become.
type Want struct {
	Type *record.Type
	Hint
	loose bool // whatever heading there is will do
}

// Hint is what is known beforehand of a file. All of it may be empty.
type Hint struct {
	Path    string              `json:"path,omitempty" yaml:"path"`       // of the rows in JSON and XML, with dots: "data.items"
	Sheet   string              `json:"sheet,omitempty" yaml:"sheet"`     // of a spreadsheet
	Member  string              `json:"member,omitempty" yaml:"member"`   // file within an archive
	Aliases map[string][]string `json:"aliases,omitempty" yaml:"aliases"` // further headings of a field
}

// Table is what is known of a file when its rows have been written.
type Table struct {
	Format    Format
	Charset   string
	Delimiter rune   // of what was written
	Part      string // the sheet, the path or the file within an archive that the rows stood in
	Columns   []Column
	Notes     []Note
}

// Column is one column of the file. Field is empty when the dataset has none of
// that name; the column is then left out.
type Column struct {
	Header string `json:"header"`
	Field  string `json:"field,omitempty"`
	Place  bool   `json:"place,omitempty"` // where the row stood in the file
}

// Note is what a sender should know of a file that was read all the same.
type Note struct {
	Code  string     `json:"code"`
	Count int64      `json:"count"`
	Text  fault.Text `json:"text"`
}

// sample is how much of a file is looked at to tell what it is.
const sample = 1 << 20

// Read writes the rows of a file as CSV with a heading. Its faults say what a
// person can mend. When ctx ends its cause is returned.
func Read(ctx context.Context, f File, w Want, out io.Writer) (*Table, error) {
	f.ReaderAt = untilDone{ctx, f.ReaderAt}
	return read(ctx, f, w, out)
}

func read(ctx context.Context, f File, w Want, out io.Writer) (*Table, error) {
	head := make([]byte, min(f.Size, sample))
	if _, err := f.ReadAt(head, 0); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	switch {
	case bytes.HasPrefix(head, []byte("PK\x03\x04")), bytes.HasPrefix(head, []byte("PK\x05\x06")):
		return readZip(ctx, f, w, out)
	case bytes.HasPrefix(head, []byte("PAR1")):
		return readParquet(ctx, f, w, out)
	}
	if err := refuseKnown(head); err != nil {
		return nil, err
	}
	return readText(stream(func() (io.ReadCloser, error) {
		return io.NopCloser(io.NewSectionReader(f, 0, f.Size)), nil
	}), head, w, out)
}

// stream opens a text from its beginning, as often as need be.
type stream func() (io.ReadCloser, error)

// readText reads a text that begins with head.
func readText(from stream, head []byte, w Want, out io.Writer) (*Table, error) {
	format, err := formatOf(head)
	if err != nil {
		return nil, err
	}
	switch format {
	case JSON:
		return readTree(from, head, walkJSON, JSON, w, out)
	case XML:
		return readTree(from, head, walkXML, XML, w, out)
	}
	in, err := from()
	if err != nil {
		return nil, err
	}
	defer in.Close()
	return transcode(in, w, out)
}

// refuseKnown names forms that are often sent and are not read.
func refuseKnown(head []byte) error {
	for _, k := range []struct{ magic, code, zh, en string }{
		{"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "old-workbook", "文件是旧版 Excel（.xls）或加了密码的工作簿；请去掉密码，另存为 .xlsx 再上传", "the file is an old Excel workbook (.xls) or has a password; save it as .xlsx without one and upload it again"},
		{"\x1f\x8b", "other-archive", "不支持 gzip 压缩；请用 zip 或直接上传", "gzip is not read; use zip, or upload the file itself"},
		{"Rar!", "other-archive", "不支持 RAR 压缩；请用 zip 或直接上传", "RAR is not read; use zip, or upload the file itself"},
		{"7z\xbc\xaf\x27\x1c", "other-archive", "不支持 7z 压缩；请用 zip 或直接上传", "7z is not read; use zip, or upload the file itself"},
		{"%PDF-", "no-table", "文件是 PDF，不是数据表", "the file is a PDF, not a table"},
	} {
		if bytes.HasPrefix(head, []byte(k.magic)) {
			return fault.New(fault.Invalid, k.code, k.zh, k.en)
		}
	}
	return nil
}

// formatOf tells the form of a text by its first characters.
func formatOf(head []byte) (Format, error) {
	charset, err := charsetOf(head)
	if err != nil {
		return "", err
	}
	text, _, _ := transform.Bytes(decoder(charset), head[:min(len(head), 4096)&^1]) // what precedes a broken end is enough
	text = bytes.TrimLeft(text, "\ufeff \t\r\n")
	low := strings.ToLower(string(text[:min(len(text), 64)]))
	next := bytes.TrimLeft(text[min(len(text), 1):], " \t\r\n")
	switch {
	case strings.HasPrefix(low, "<!doctype html"), strings.HasPrefix(low, "<html"), strings.HasPrefix(low, "<table"):
		return "", fault.New(fault.Invalid, "web-page", "文件是网页（HTML），可能由系统以 .xls 之名导出；请用 Excel 打开，另存为 .xlsx 再上传",
			"the file is a web page (HTML), perhaps exported under the name .xls; open it in Excel, save it as .xlsx and upload it again")
	case strings.HasPrefix(low, "<"):
		return XML, nil
	case strings.HasPrefix(low, "{") && (len(next) == 0 || next[0] == '"' || next[0] == '}'),
		strings.HasPrefix(low, "[") && (len(next) == 0 || bytes.IndexByte([]byte("{[]"), next[0]) >= 0):
		return JSON, nil
	}
	return CSV, nil
}

// untilDone reads until its context ends.
type untilDone struct {
	ctx context.Context
	io.ReaderAt
}

func (u untilDone) ReadAt(p []byte, off int64) (int, error) {
	if u.ctx.Err() != nil {
		return 0, context.Cause(u.ctx)
	}
	return u.ReaderAt.ReadAt(p, off)
}
