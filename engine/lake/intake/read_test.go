package intake

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"chengshu/engine/lake/duck"
	"chengshu/kernel/fault"
)

func TestMain(m *testing.M) {
	duck.Worker()
	os.Exit(m.Run())
}

// TestTrees: rows of JSON and XML are found where most fields are.
func TestTrees(t *testing.T) {
	for name, c := range map[string]struct {
		hint       Hint
		file, want string
	}{
		"an array": {file: `[{"code":"A","count":1,"price":1.50},{"code":"B","extra":{"a":true,"b":null},"made":"2026-03-01"}]`,
			want: "code count price extra.a extra.b made | 1 A 1 1.50 | 2 B    2026-03-01 true"},
		"lines":               {file: "{\"code\":\"A\"}\n\n{\"code\":\"B\",\"count\":12345678901234567890}\n", want: "code count | 1 A | 2 B 12345678901234567890"},
		"under a path":        {file: `{"status":"ok","data":{"total":2,"items":[{"code":"A"},{"code":"B"}]}}`, want: "code | 1 A | 2 B"},
		"under a path, one":   {file: `{"data":{"items":[{"code":"A","count":1}]}}`, want: "code count | 1 A 1"},
		"a path that is told": {hint: Hint{Path: "b"}, file: `{"a":[{"code":"X","count":1}],"b":[{"code":"A"}]}`, want: "code | 1 A"},
		"titles and aliases":  {hint: Hint{Aliases: map[string][]string{"count": {"QTY"}}}, file: `[{"编号":"A","qty":"5"}]`, want: "编号 qty | 1 A 5"},
		"by its last part":    {file: `[{"thing":{"code":"A"},"n":{"count":2}}]`, want: "thing.code n.count | 1 A 2"},
		"lists":               {file: `[{"code":["A","B"]}]`, want: "code | 1 A;B"},
		"elements":            {file: `<?xml version="1.0"?><r xmlns:a="x"><n>2</n><a:row id="7"><a:code>A&amp;B</a:code><a:count/></a:row><a:row><a:code><![CDATA[<C>]]></a:code></a:row></r>`, want: "id code count | 1 7 A&B | 2  <C>"},
		"attributes":          {file: `<list><t code="A" count="1"/><t code="B"/></list>`, want: "code count | 1 A 1 | 2 B"},
	} {
		tab, got, err := taken(t, Want{Type: thing(t), Hint: c.hint}, c.file)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		var heads []string
		for _, col := range tab.Columns[1:] {
			heads = append(heads, col.Header)
		}
		// Fields that no row has get columns behind those of the file.
		lines := strings.Split(strings.TrimSpace(got), "\n")
		short := ""
		for _, line := range lines[1:] {
			short += " | " + strings.TrimRight(strings.ReplaceAll(line, ",", " "), " ")
		}
		wantHeads, rows, _ := strings.Cut(c.want, " | ")
		if all := strings.Join(heads, " "); !strings.HasPrefix(all, strings.Split(wantHeads, " ")[0]) || !sameRows(short, " | "+rows) {
			t.Errorf("%s: %s%s, want %s", name, all, short, c.want)
		}
	}
}

// sameRows compares rows whose order of columns may be that of their values.
func sameRows(got, want string) bool {
	a, b := strings.Split(got, " | "), strings.Split(want, " | ")
	for i := range a {
		if len(a) != len(b) || fmt.Sprint(sorted(a[i])) != fmt.Sprint(sorted(b[i])) {
			return false
		}
	}
	return true
}

func sorted(row string) map[string]int {
	out := map[string]int{}
	for _, w := range strings.Fields(row) {
		out[w]++
	}
	return out
}

// TestLate: a field that the first rows lack has its column, another name that
// comes late is told.
func TestLate(t *testing.T) {
	var file strings.Builder
	for n := range headRows {
		fmt.Fprintf(&file, "{\"code\":\"A%d\"}\n", n)
	}
	file.WriteString(`{"code":"Z","数量":7,"new":1}`)
	tab, got, err := taken(t, Want{Type: thing(t)}, file.String())
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasSuffix(got, "\n1001,Z,7,,,\n") || len(tab.Notes) != 1 || tab.Notes[0].Code != "late-names" {
		t.Errorf("%.60s, notes %+v", got[len(got)-40:], tab.Notes)
	}
}

// TestArchives: the file of an archive that is the dataset's is found.
func TestArchives(t *testing.T) {
	stops := typeOf(t, strings.Replace(things, "record: thing", "record: gtfs-thing", 1))
	book := sheets(t, nil, "a", "<sheetData><row>"+text("A1", "code")+"</row><row>"+text("A2", "X")+"</row></sheetData>")
	for name, c := range map[string]struct {
		hint       Hint
		file, want string
	}{
		"one file":            {file: archive(t, "__MACOSX/._a.csv", "x", "dir/a.csv", "code\nA\n"), want: "code\nA\n"},
		"the one that fits":   {file: archive(t, "agency.txt", "id\n1\n", "other.txt", "code\nA\n", "readme.md", ""), want: "code\nA\n"},
		"by name":             {hint: Hint{Member: "b.csv"}, file: archive(t, "a.csv", "code\nA\n", "b.csv", "code\nB\n"), want: "code\nB\n"},
		"by the dataset":      {file: archive(t, "thing.txt", "code\nA\n", "thing_times.txt", "code\nB\n"), want: "code\nA\n"},
		"a workbook":          {file: archive(t, "a.xlsx", book), want: "Excel 行号,code\n2,X\n"},
		"JSON":                {file: archive(t, "a.json", `[{"code":"A","count":1,"price":2,"made":3,"at":4}]`), want: "序号,code,count,price,made,at\n1,A,1,2,3,4\n"},
		"a name of old times": {file: archive(t, "\xb1\xe0.csv", "code\nA\n"), want: "code\nA\n"},
	} {
		if _, got, err := taken(t, Want{Type: stops, Hint: c.hint}, c.file); err != nil || got != c.want {
			t.Errorf("%s: %q, %v, want %q", name, got, err, c.want)
		}
	}
}

// TestParquet: DuckDB writes a file and reads it back as text.
func TestParquet(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "a.parquet")
	_, err := duck.Run(t.Context(), duck.Task{Dir: dir, Steps: []duck.Step{{SQL: `copy (select 'A,"1' as code, 3.0::double as "数量", 1.25::decimal(9,2) as price, date '2026-03-01' as made, timestamptz '2026-03-01 08:30:00+08' as at, [1,2] as more) to ` + duck.Quote(file) + ` (format parquet)`}}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	tab, got, err := taken(t, Want{Type: thing(t)}, string(raw))
	if want := "1,\"A,\"\"1\",3,1.25,2026-03-01,2026-03-01 08:30:00.000000+08:00,\"[1,2]\"\n"; err != nil || !strings.HasSuffix(got, want) || tab.Format != Parquet {
		t.Errorf("%v: %s want %s", err, got, want)
	}
	if _, _, err := taken(t, Want{Type: thing(t)}, string(raw[:len(raw)/2])); fault.Code(err) != "broken-parquet" {
		t.Errorf("cut off: %v", err)
	}
}

// TestBadFiles: what cannot be read is refused with its own name.
func TestBadFiles(t *testing.T) {
	good := sheets(t, nil, "a", "<sheetData><row>"+text("A1", "code")+"</row></sheetData>")
	sheet := func(rows string) string { return sheets(t, nil, "a", "<sheetData>"+rows+"</sheetData>") }
	head := "<row>" + text("A1", "code") + "</row>"
	for name, c := range map[string]struct{ file, code string }{
		"a workbook cut off":           {good[:len(good)-30], "broken-archive"},
		"a workbook cut in the middle": {good[:len(good)/2], "broken-archive"},
		"no sheet fits":                {sheets(t, nil, "甲", "<sheetData><row>"+text("A1", "x")+"</row></sheetData>", "乙", "<sheetData><row>"+text("A1", "y")+"</row></sheetData>"), "no-sheet-fits"},
		"two sheets fit":               {sheets(t, nil, "甲", "<sheetData>"+head+"</sheetData>", "乙", "<sheetData>"+head+"</sheetData>"), "several-sheets"},
		"an empty sheet":               {sheet(""), "empty-file"},
		"one sheet without heading":    {sheet("<row>" + text("A1", "x") + "</row>"), "bad-heading"},
		"no such shared text":          {sheet(head + `<row><c t="s"><v>7</v></c></row>`), "broken-workbook"},
		"a sheet cut off":              {archive(t, "xl/workbook.xml", `<workbook><sheets><sheet name="a" id="1"/></sheets></workbook>`, "xl/_rels/workbook.xml.rels", `<r><Relationship Id="1" Target="s.xml"/></r>`, "xl/s.xml", "<sheetData>"+head+"<row><c><v>"), "broken-workbook"},
		"a sheet that is not there":    {archive(t, "xl/workbook.xml", `<workbook><sheets><sheet name="a" id="1"/></sheets></workbook>`, "xl/_rels/workbook.xml.rels", `<r><Relationship Id="1" Target="s.xml"/></r>`), "broken-workbook"},
		"a declaration in a sheet":     {sheets(t, nil, "a", `<!DOCTYPE x [<!ENTITY a "b">]><sheetData>`+head), "xml-declarations"},
		"a column too far":             {sheet(head + `<row><c r="XFE1"><v>1</v></c></row>`), "wide-sheet"},
		"a long cell":                  {sheet(head + "<row>" + text("A2", strings.Repeat("x", maxCell+1)) + "</row>"), "long-cell"},
		"a long token":                 {sheet(head + "<row>" + text("A2", strings.Repeat("x", 3*maxToken)) + "</row>"), "long-value"},
		"a bomb by what comes out":     {sheet(head + strings.Repeat("<row></row>", 8<<20)), "unpacks-too-large"},
		"a bomb by what it declares":   {declares(t, 1<<40), "unpacks-too-large"},
		"old":                          {"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "old-workbook"},
		"a web page":                   {"<html><table><tr><td>code</td></tr></table></html>", "web-page"},
		"gzip":                         {"\x1f\x8b\x08", "other-archive"},
		"RAR":                          {"Rar!\x1a", "other-archive"},
		"PDF":                          {"%PDF-1.7", "no-table"},

		"an empty archive":           {archive(t), "empty-file"},
		"no file fits":               {archive(t, "a.csv", "x\n", "b.csv", "y\n"), "no-member-fits"},
		"two files fit":              {archive(t, "a.csv", "code\n", "b.csv", "code\n"), "several-members"},
		"a name that climbs":         {archive(t, "../../etc/a.csv", "code\n"), "unsafe-name"},
		"an absolute name":           {archive(t, "/etc/a.csv", "code\n"), "unsafe-name"},
		"a name of Windows":          {archive(t, `..\a.csv`, "code\n"), "unsafe-name"},
		"an archive in an archive":   {archive(t, "a.zip", archive(t, "a.csv", "code\n")), "nested-archive"},
		"RAR in an archive":          {archive(t, "a.rar", "Rar!\x1a"), "other-archive"},
		"a byte changed":             {strings.Replace(stored(t, "a.csv", "code\nAAAA\n"), "AAAA", "AAAB", 1), "broken-archive"},
		"an archive with a password": {locked(t), "has-password"},

		"JSON cut off":           {`[{"code":"A"},{"co`, "broken-json"},
		"JSON that is wrong":     {`[{"code":"A"},{"code":}]`, "broken-json"},
		"a name without end":     {`[{"` + strings.Repeat("x", 2000) + `":1}]`, "long-name"},
		"an element without end": {"<r><" + strings.Repeat("x", 2000) + ">1</" + strings.Repeat("x", 2000) + "></r>", "long-name"},
		"a name twice":           {`[{"code":"A","count":1,"count":2}]`, "duplicate-key"},
		"JSON too deep":          {`[{"code":` + strings.Repeat(`{"a":`, 100), "too-deep"},
		"arrays too deep":        {strings.Repeat("[", 1000), "too-deep"},
		"a long value of JSON":   {`[{"code":"` + strings.Repeat("x", 17<<20) + `"}]`, "long-value"},
		"JSON without rows":      {`[]`, "empty-file"},
		"JSON without the code":  {`[{"count":1}]`, "bad-heading"},
		"JSON of mixed charsets": {`[{"code":"` + strings.Repeat("甲", sample/3) + "\xb1\xe0\"}]", "mixed-charsets"},

		"XML cut off":             {`<r><row><code>A</code></row>`, "broken-xml"},
		"XML that crosses":        {`<r><row><code>A</row></code></r>`, "broken-xml"},
		"XML bomb":                {`<!DOCTYPE r [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]><r><code>&b;</code></r>`, "xml-declarations"},
		"XML of a file elsewhere": {`<!DOCTYPE r [<!ENTITY a SYSTEM "file:///etc/passwd">]><r><code>&a;</code></r>`, "xml-declarations"},
		"an entity of nothing":    {`<r><row><code>&a;</code></row></r>`, "broken-xml"},
		"XML too deep":            {strings.Repeat("<a>", 100), "too-deep"},
		"XML without the code":    {`<r><row><count>A</count></row></r>`, "bad-heading"},
		"a long value of XML":     {`<r><row><code>` + strings.Repeat("x", 17<<20), "long-value"},
	} {
		_, _, err := taken(t, Want{Type: thing(t)}, c.file)
		if fault.Code(err) != c.code || fault.KindOf(err) != fault.Invalid {
			t.Errorf("%s: %v, want %s", name, err, c.code)
		}
	}
}

// raw makes an archive whose header says what it likes.
func raw(t testing.TB, h *zip.FileHeader, body string) string {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	w, err := z.CreateRaw(h)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(w, body); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func stored(t testing.TB, name, body string) string {
	return raw(t, &zip.FileHeader{Name: name, CRC32: crc32.ChecksumIEEE([]byte(body)), CompressedSize64: uint64(len(body)), UncompressedSize64: uint64(len(body))}, body)
}

func locked(t testing.TB) string {
	return raw(t, &zip.FileHeader{Name: "a.csv", Flags: 1, CompressedSize64: 4, UncompressedSize64: 4}, "abcd")
}

func declares(t testing.TB, size uint64) string {
	return raw(t, &zip.FileHeader{Name: "a.csv", CompressedSize64: 4, UncompressedSize64: size}, "code")
}

// TestEnded: reading ends with its context, whatever is read.
func TestEnded(t *testing.T) {
	why := errors.New("enough")
	for _, file := range []string{"code\nA\n", `[{"code":"A"}]`, archive(t, "a.csv", "code\nA\n")} {
		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(why)
		if _, err := Read(ctx, File{strings.NewReader(file), int64(len(file)), t.TempDir()}, Want{Type: thing(t)}, io.Discard); !errors.Is(err, why) {
			t.Errorf("%.4q: %v", file, err)
		}
	}
}

// FuzzRead: whatever comes, it is refused by name or becomes CSV with as many
// cells in each row as there are columns.
func FuzzRead(f *testing.F) {
	for _, seed := range []string{"code\nA\n", `[{"code":"A","a":[1,{"b":null}]}]`, "{\"code\":1}\n{\"code\":2}", `<r><row a="1"><code>A</code></row></r>`, "PAR1",
		archive(f, "a.csv", "code\nA\n", "b.txt", "x"), sheets(f, []string{"<t>code</t>"}, "a", `<sheetData><row r="1"><c r="A1" t="s"><v>0</v></c></row><row><c s="1"><v>46082.5</v></c></row></sheetData>`)} {
		f.Add([]byte(seed))
	}
	typ := thing(f)
	f.Fuzz(func(t *testing.T, file []byte) {
		if bytes.HasPrefix(file, []byte("PAR1")) {
			return // DuckDB's to read, in a process of its own
		}
		checkRead(t, typ, file)
	})
}

// FuzzSheet: the parts of a workbook one by one, which a changed archive would
// not reach.
func FuzzSheet(f *testing.F) {
	f.Add(`<row r="1"><c r="A1" t="s"><v>0</v></c></row><row><c s="1"><v>46082.5</v></c><c t="e"><f>1/0</f><v>#DIV/0!</v></c></row>`, "<si><t>code</t></si>", styles)
	f.Add("<row><c t=\"inlineStr\"><is><t>code</t></is></c></row><row><c><v>-1E300</v></c></row>", "<si><r><t>&#x41;_x0041_</t></r></si>", "<x/>")
	typ := thing(f)
	f.Fuzz(func(t *testing.T, rows, texts, form string) {
		checkRead(t, typ, []byte(archive(t, "xl/workbook.xml", `<workbook><sheets><sheet name="a" r:id="1"/></sheets></workbook>`, "xl/_rels/workbook.xml.rels", `<r><Relationship Id="1" Target="s.xml"/></r>`,
			"xl/s.xml", "<sheetData>"+rows+"</sheetData>", "xl/sharedStrings.xml", "<sst>"+texts+"</sst>", "xl/styles.xml", form)))
	})
}
