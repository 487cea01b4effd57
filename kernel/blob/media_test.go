package blob_test

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf16"

	"chengshu/kernel/blob"
)

const xlsx = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

// archive returns a ZIP of files with those names.
func archive(t *testing.T, names ...string) string {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, name := range names {
		w, err := z.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		w.Write(bytes.Repeat([]byte("<worksheet/>"), 3000))
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// inUTF16 returns s in UTF-16 with its byte order mark.
func inUTF16(s string, order binary.AppendByteOrder) string {
	b := order.AppendUint16(nil, 0xfeff)
	for _, u := range utf16.Encode([]rune(s)) {
		b = order.AppendUint16(b, u)
	}
	return string(b)
}

func open(t *testing.T) *blob.Folder {
	t.Helper()
	f, err := blob.OpenFolder(filepath.Join(t.TempDir(), "blobs"))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestMedia(t *testing.T) {
	long := strings.Repeat("城枢，", 800)
	rows := "编号,名称\n" + strings.Repeat("130102,长安区\n", 1000)
	const svg = `<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>`
	book := archive(t, "[Content_Types].xml", "_rels/.rels", "xl/workbook.xml", "xl/worksheets/sheet1.xml")
	f := open(t)
	for _, tc := range []struct {
		name, content, media string
		allowed              bool
	}{
		{"jpeg", "\xff\xd8\xff\xe0\x00\x10JFIF", "image/jpeg", true},
		{"png", "\x89PNG\r\n\x1a\n\x00", "image/png", true},
		{"webp", "RIFF\x24\x00\x00\x00WEBPVP8 ", "image/webp", true},
		{"gif", "GIF89a\x01\x00", "image/gif", true},
		{"pdf", "%PDF-1.7\n", "application/pdf", true},
		{"mp4", "\x00\x00\x00\x20ftypisom\x00\x00\x02\x00isomiso2avc1mp41", "video/mp4", true},
		{"zip", archive(t, "a.txt", "xl/notes.txt"), "application/zip", true},
		{"workbook", book, xlsx, true},
		{"workbook cut off", book[:len(book)-5], "application/zip", true},
		{"directory beyond the end", book[:len(book)-6] + "\xff\xff\xff\x7f\x00\x00", "application/zip", true},
		{"text document as a zip", archive(t, "[Content_Types].xml", "word/document.xml"), "application/zip", true},

		{"text", "投诉：路灯不亮", "text/plain", true},
		{"long text", long, "text/plain", true},
		{"text in UTF-16", inUTF16("投诉", binary.LittleEndian), "text/plain", true},
		{"text in GB 18030", "\xcd\xb6\xcb\xdf\xa3\xba\xc2\xb7\xb5\xc6", "text/plain", true},
		{"text that only speaks of tags", "see <svg> and <script>", "text/plain", true},
		{"json object", ` {"名称": "长安区"}`, "application/json", true},
		{"json array", `[1, 2]`, "application/json", true},
		{"json that is cut by the sniffing", `{"a": "` + long + `"}`, "application/json", true},
		{"json cut within a number", `[` + strings.Repeat("12345, ", 1000) + `1]`, "application/json", true},
		{"json lines", "{\"a\":1}\n{\"a\":2}\n", "text/plain", true},
		{"not quite json", `{"a": }`, "text/plain", true},
		{"not quite json, long", `{a: "` + long + `"}`, "text/plain", true},
		{"csv", rows, "text/csv", true},
		{"csv with long lines", strings.Repeat(strings.Repeat("城", 200)+",1\n", 20), "text/csv", true},
		{"csv with a mark", "\xef\xbb\xbf" + rows, "text/csv", true},
		{"csv without a last line end", "a,b\n1,2", "text/csv", true},
		{"csv with quotes", "a,b\n\"1,\n2\",3\n", "text/csv", true},
		{"ragged lines", "a,b\n1,2,3\n", "text/plain", true},
		{"one line with commas", "first, second", "text/plain", true},

		{"html", "<!DOCTYPE html><script>alert(1)</script>", "text/html", false},
		{"html by a tag that is not listed", "<custom><script>alert(1)</script>", "text/xml", true},
		{"html after blanks", "\r\n\t <p>", "text/html", false},
		{"html after a mark", "\xef\xbb\xbf<script>", "text/html", false},
		{"html after two marks", "\xef\xbb\xbf\ufeff <script>", "text/html", false},
		{"html in UTF-16", inUTF16(" <script>", binary.LittleEndian), "text/html", false},
		{"html in UTF-16, big end first", inUTF16("<script>", binary.BigEndian), "text/html", false},
		{"html comment", "<!-- x --><script>", "text/html", false},
		{"svg", svg, "image/svg+xml", false},
		{"svg after a declaration", `<?xml version="1.0"?>` + "\n<!-- x -->\n" + svg, "image/svg+xml", false},
		{"svg in capitals after a mark", "\xef\xbb\xbf\n<SVG>", "image/svg+xml", false},
		{"svg far behind a comment", "<!--" + long + "-->" + svg, "text/xml", true},
		{"svg in UTF-16", inUTF16(svg, binary.BigEndian), "image/svg+xml", false},
		{"parquet", "PAR1\x15\x04", "application/vnd.apache.parquet", true},
		{"xml", `<?xml version="1.0"?><feed/>`, "text/xml", true},
		{"program", "\x7fELF\x02\x01\x01\x00", "application/octet-stream", false},
		{"windows program", "MZ\x90\x00\x03\x00", "application/octet-stream", false},
		{"postscript", "%!PS-Adobe-3.0", "application/postscript", false},
		{"rar", "Rar!\x1a\x07\x00", "application/x-rar-compressed", false},
		{"zeros", strings.Repeat("\x00", 5000), "application/octet-stream", false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			ref, err := f.Put(t.Context(), strings.NewReader(tc.content), 1<<20)
			if err != nil {
				t.Fatal(err)
			}
			if ref.Media != tc.media || blob.Allowed(ref.Media) != tc.allowed {
				t.Errorf("got %s, allowed: %v; want %s, %v", ref.Media, blob.Allowed(ref.Media), tc.media, tc.allowed)
			}
		})
	}
}

// TestMediaReal judges tables and zone files that cities and standards bodies
// publish.
func TestMediaReal(t *testing.T) {
	f := open(t)
	for name, media := range map[string]string{"*.csv": "text/csv", "*.geojson": "application/json", "*.json": "application/json", "*.xml": "text/xml", "*.xsd": "text/xml"} {
		files, err := filepath.Glob("../../../shared/realdata/*/" + name)
		if err != nil {
			t.Fatal(err)
		}
		if len(files) == 0 {
			t.Logf("no %s in ../shared/realdata: real files of this kind are NOT tested", name)
		}
		for _, path := range files {
			file, err := os.Open(path)
			if err != nil {
				t.Fatal(err)
			}
			ref, err := f.Put(t.Context(), file, 1<<28)
			file.Close()
			if err != nil || ref.Media != media {
				t.Errorf("%s: %s, %v, want %s", filepath.Base(path), ref.Media, err, media)
			}
		}
	}
}

func TestAllowed(t *testing.T) {
	for media, want := range map[string]bool{
		"image/png": true, "IMAGE/PNG": true, "text/plain; charset=utf-8": true, xlsx: true,
		"": false, "text/html": false, "image/svg+xml": false, "text/xml": true, "application/xhtml+xml": false, "image/*": false,
		"application/octet-stream": false, "image/png, text/html": false, "text/plain; charset": false, "text": false,
		"application/javascript": false, "image/": false, "text/html;image/png": false,
	} {
		if got := blob.Allowed(media); got != want {
			t.Errorf("%q: %v", media, got)
		}
	}
}
