package blob

import (
	"bytes"
	"encoding/binary"
	"encoding/csv"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"strings"
	"unicode/utf16"
)

// sniffLen is how much of a blob its kind is judged by. The WHATWG's 512 bytes
// tell media apart, but hold less than two lines of many a city's table.
const sniffLen = 4096

const (
	xlsx    = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
	parquet = "application/vnd.apache.parquet"
)

// Allowed reports whether files of a media type are taken in and given out.
// The list is closed: nothing on it runs in a browser but text/xml, which
// therefore is given out as mere bytes.
func Allowed(media string) bool {
	media, _, err := mime.ParseMediaType(media)
	if err != nil {
		return false
	}
	switch media {
	case "image/jpeg", "image/png", "image/webp", "image/gif",
		"application/pdf", "video/mp4", "text/csv", "text/plain",
		"application/json", "application/zip", "text/xml", parquet, xlsx:
		return true
	}
	return false
}

// sniff judges a blob by its first bytes, and a ZIP by its directory too. It
// never returns a text type on the list for what a browser could take for a
// page or a drawing: a text that begins with "<" is not plain.
func sniff(head []byte, body io.ReaderAt, size int64) string {
	media, _, _ := strings.Cut(http.DetectContentType(head), ";")
	switch {
	case media == "application/zip" && isWorkbook(body, size):
		return xlsx
	case bytes.HasPrefix(head, []byte("PAR1")):
		return parquet
	case strings.HasPrefix(media, "text/"):
		return sniffText(plain(head), size <= int64(len(head)))
	}
	return media
}

// plain returns text without its byte order mark and leading blanks. UTF-16
// becomes UTF-8.
func plain(head []byte) []byte {
	switch {
	case bytes.HasPrefix(head, []byte("\xef\xbb\xbf")):
		head = head[3:]
	case bytes.HasPrefix(head, []byte("\xfe\xff")):
		head = fromUTF16(head[2:], binary.BigEndian)
	case bytes.HasPrefix(head, []byte("\xff\xfe")):
		head = fromUTF16(head[2:], binary.LittleEndian)
	}
	return bytes.TrimLeft(head, " \t\r\n\f\v\x00\ufeff")
}

func fromUTF16(b []byte, order binary.ByteOrder) []byte {
	units := make([]uint16, len(b)/2)
	for i := range units {
		units[i] = order.Uint16(b[2*i:])
	}
	return []byte(string(utf16.Decode(units)))
}

func sniffText(head []byte, whole bool) string {
	switch {
	case bytes.HasPrefix(head, []byte("<")):
		return markup(head)
	case isJSON(head, whole):
		return "application/json"
	case isCSV(head, whole):
		return "text/csv"
	}
	return "text/plain"
}

// markup tells kinds of markup apart only to name them in a refusal.
func markup(head []byte) string {
	low := bytes.ToLower(head)
	switch {
	case bytes.Contains(low, []byte("<svg")):
		return "image/svg+xml"
	case strings.HasPrefix(http.DetectContentType(low), "text/html"):
		return "text/html"
	}
	return "text/xml"
}

// isJSON reports whether head is an object or an array, or the beginning of
// one when it is not the whole.
func isJSON(head []byte, whole bool) bool {
	if len(head) == 0 || head[0] != '{' && head[0] != '[' {
		return false
	}
	if whole {
		return json.Valid(head)
	}
	d := json.NewDecoder(bytes.NewReader(head))
	for {
		if _, err := d.Token(); err != nil {
			return err == io.EOF || errors.Is(err, io.ErrUnexpectedEOF)
		}
	}
}

// isCSV reports whether head has two lines or more, each of the same number of
// fields, two or more.
func isCSV(head []byte, whole bool) bool {
	if !whole {
		head = head[:bytes.LastIndexByte(head, '\n')+1]
	}
	r := csv.NewReader(bytes.NewReader(head))
	for n := 0; ; n++ {
		row, err := r.Read()
		if err == io.EOF {
			return n >= 2
		}
		if err != nil || len(row) < 2 {
			return false
		}
	}
}

// isWorkbook reports whether a ZIP is an Office Open XML workbook (ECMA-376):
// whether its central directory lists one. It reads at most a megabyte of it.
func isWorkbook(body io.ReaderAt, size int64) bool {
	const endLen = 22 // the end of central directory record without a comment
	var end [endLen]byte
	if size < endLen {
		return false
	}
	if _, err := body.ReadAt(end[:], size-endLen); err != nil || string(end[:4]) != "PK\x05\x06" {
		return false
	}
	length, from := int64(binary.LittleEndian.Uint32(end[12:])), int64(binary.LittleEndian.Uint32(end[16:]))
	if length > 1<<20 || from+length > size {
		return false
	}
	list := make([]byte, length)
	if _, err := body.ReadAt(list, from); err != nil {
		return false
	}
	return bytes.Contains(list, []byte("xl/workbook.xml")) && bytes.Contains(list, []byte("[Content_Types].xml"))
}
