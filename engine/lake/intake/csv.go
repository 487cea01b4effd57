package intake

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"

	"chengshu/kernel/fault"
)

// Charsets that files come in.
const (
	utf8Name    = "utf-8"
	utf16Name   = "utf-16"
	gb18030Name = "gb18030"
)

// maxHeading bounds the first line.
const maxHeading = 1 << 20

// charsetOf tells the charset of a file by its beginning: its byte order mark,
// else UTF-8 when that is what it is, else GB18030 when that is. The file may
// be cut in the middle of a character.
func charsetOf(head []byte) (string, error) {
	switch {
	case bytes.HasPrefix(head, []byte("\xef\xbb\xbf")):
		return utf8Name, nil
	case bytes.HasPrefix(head, []byte("\xff\xfe")), bytes.HasPrefix(head, []byte("\xfe\xff")):
		return utf16Name, nil
	case validUTF8(head):
		return utf8Name, nil
	case bytes.IndexByte(head, 0) < 0 && validGB18030(head):
		if line := lineInUTF8(head); line > 0 {
			return "", fault.New(fault.Invalid, "mixed-charsets", fmt.Sprintf("文件中混有不同的字符集：第 %d 行是 UTF-8，其他行不是；请统一后再上传", line),
				fmt.Sprintf("the file mixes charsets: line %d is UTF-8 and others are not; save it in one of them", line))
		}
		return gb18030Name, nil
	}
	return "", fault.New(fault.Invalid, "unknown-charset", "文件的字符集无法识别（支持 UTF-8、UTF-16、GB18030）；请另存为 UTF-8 再上传",
		"the charset of the file is not known (UTF-8, UTF-16 and GB18030 are); save it as UTF-8 and upload it again")
}

// lineInUTF8 returns the number of the first line that holds at least two Chinese
// characters in UTF-8, 0 when none does. Text in GB18030 hardly ever reads so.
func lineInUTF8(head []byte) int {
	n := 0
	for line := range bytes.Lines(head) {
		n++
		if !utf8.Valid(line) {
			continue
		}
		han := 0
		for _, r := range string(line) {
			if r >= 0x4e00 && r <= 0x9fff {
				han++
			}
		}
		if han >= 2 {
			return n
		}
	}
	return 0
}

func validUTF8(head []byte) bool {
	for cut := range min(utf8.UTFMax, len(head)+1) {
		if utf8.Valid(head[:len(head)-cut]) {
			return true
		}
	}
	return false
}

func validGB18030(head []byte) bool {
	text, _, err := transform.Bytes(simplifiedchinese.GB18030.NewDecoder(), head)
	return err == nil && bytes.Count(text, []byte("\ufffd")) <= 1 // one at the cut
}

// decoder turns a charset into UTF-8. A character that is none becomes U+FFFD,
// which the check reports by row.
func decoder(charset string) transform.Transformer {
	switch charset {
	case gb18030Name:
		return simplifiedchinese.GB18030.NewDecoder()
	case utf16Name:
		return unicode.UTF16(unicode.LittleEndian, unicode.ExpectBOM).NewDecoder()
	}
	return transform.Chain(unicode.BOMOverride(encoding.Nop.NewDecoder()), encoding.UTF8Validator)
}

// transcode copies a CSV file as UTF-8 and tells its heading. Faults name what
// a person can mend: the charset, the heading, columns that the dataset needs.
func transcode(in io.Reader, w Want, out io.Writer) (*Table, error) {
	text, tab, err := openCSV(in, w)
	if err != nil {
		return nil, err
	}
	_, err = io.Copy(out, text)
	return tab, broken(err)
}

// openCSV reads the heading of a CSV file; the text that it returns begins with
// it.
func openCSV(in io.Reader, w Want) (io.Reader, *Table, error) {
	from := bufio.NewReaderSize(in, sample)
	head, err := from.Peek(sample)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, nil, err
	}
	tab := &Table{Format: CSV}
	if tab.Charset, err = charsetOf(head); err != nil {
		return nil, nil, err
	}
	text := bufio.NewReaderSize(transform.NewReader(from, decoder(tab.Charset)), maxHeading)
	first, err := text.Peek(maxHeading)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, nil, broken(err)
	}
	blank := len(first) - len(bytes.TrimLeft(first, " \t\r\n"))
	if blank == len(first) {
		return nil, nil, fault.New(fault.Invalid, "empty-file", "文件是空的", "the file is empty")
	}
	if blank = bytes.LastIndexByte(first[:blank], '\n') + 1; blank > 0 { // lines before the heading
		first = first[blank:]
		if _, err := text.Discard(blank); err != nil {
			return nil, nil, err
		}
	}
	if bytes.IndexByte(first, '\r') >= 0 && bytes.IndexByte(first, '\n') < 0 {
		return nil, nil, fault.New(fault.Invalid, "bad-line-ends", "行尾是旧式的回车符（CR）；请另存为普通 CSV 再上传", "lines end in a lone CR; save the file as ordinary CSV and upload it again")
	}
	if err := tab.readHeading(w, first); err != nil {
		return nil, nil, err
	}
	return text, tab, nil
}

// broken says that the text goes wrong within the file; other errors pass.
func broken(err error) error {
	if errors.Is(err, encoding.ErrInvalidUTF8) {
		return fault.Wrap(err, fault.Invalid, "mixed-charsets", "文件中混有不同的字符集：开头是 UTF-8，后面不是；请统一后再上传",
			"the file mixes charsets: it begins as UTF-8 and goes on otherwise; save it in one of them")
	}
	return err
}
