package intake

import (
	"bytes"
	"encoding/csv"
	"io"
	"strings"
	"testing"

	"chengshu/kernel/fault"
)

// TestRefused: a file that cannot be a table is refused with the way out.
func TestRefused(t *testing.T) {
	for name, c := range map[string]struct{ file, code string }{
		"lines of old":         {"code,count\rA,1\r", "bad-line-ends"},
		"nothing":              {"", "empty-file"},
		"blanks":               {" \n\n", "empty-file"},
		"a picture":            {"\x89PNG\r\n\x1a\n\x00\x00\x00", "unknown-charset"},
		"no heading":           {"\"", "bad-heading"},
		"no required column":   {"count,price\n1,2\n", "bad-heading"},
		"a column twice":       {"code,编号\nA,B\n", "bad-heading"},
		"mixed from the start": {"\xb1\xe0\xba\xc5\n站点站点\n\xd5\xbe\xb5\xe3\n", "mixed-charsets"},
		"mixed charsets":       {"编号\n" + strings.Repeat("甲\n", sample/4) + "\xb1\xe0\xff\n", "mixed-charsets"},
	} {
		_, err := transcode(strings.NewReader(c.file), Want{Type: thing(t)}, io.Discard)
		if fault.Code(err) != c.code {
			t.Errorf("%s: %v, want %s", name, err, c.code)
		}
	}
}

// FuzzTranscode: whatever comes, it is refused or becomes text that begins with
// a heading.
func FuzzTranscode(f *testing.F) {
	typ := thing(f)
	for _, seed := range []string{"code,count\nA,1\n", "\xb1\xe0\xba\xc5\nA\n", "\xff\xfec\x00o\x00", "\xef\xbb\xbfcode", "code;x\n\"", "\x81\x30\x81"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		var out bytes.Buffer
		tab, err := transcode(bytes.NewReader(file), Want{Type: typ}, &out)
		if err != nil {
			if fault.KindOf(err) != fault.Invalid {
				t.Fatalf("not told apart: %v", err)
			}
			return
		}
		r := csv.NewReader(&out)
		r.Comma, r.FieldsPerRecord = tab.Delimiter, -1
		if names, err := r.Read(); err != nil || len(names) != len(tab.Columns) {
			t.Fatalf("%d columns in the heading, %v; told %d", len(names), err, len(tab.Columns))
		}
	})
}
