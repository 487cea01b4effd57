package intake

import (
	"archive/zip"
	"bytes"
	"fmt"
	"strings"
	"testing"

	"chengshu/core/decl"
	"chengshu/core/decl/decltest"
	"chengshu/core/record"
)

const things = `
record: thing
resource: dataset
title: {zh: 物品, en: Thing}
owner: a
basis: b
fields:
  code: {title: {zh: 编号, en: Code}, type: text, required: true}
  count: {title: {zh: 数量, en: Count}, type: integer}
  price: {title: {zh: 单价, en: Price}, type: decimal, scale: 2}
  made: {title: {zh: 生产日期, en: Made}, type: date}
  at: {title: {zh: 入库时间, en: Stored at}, type: time}
`

func thing(t testing.TB) *record.Type { return typeOf(t, things) }

func typeOf(t testing.TB, yaml string) *record.Type {
	t.Helper()
	set, report := decltest.Read(t, yaml, record.Kind)
	if err := report.Err(); err != nil {
		t.Fatal(err)
	}
	return decl.All[*record.Type](set, record.Kind.Name)[0]
}

// archive makes a zip of files in order: name, content, …
func archive(t testing.TB, pairs ...string) string {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for i := 0; i < len(pairs); i += 2 {
		w, err := z.Create(pairs[i])
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(pairs[i+1])); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

const (
	relationships = `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">`
	// Styles 1 to 5: a day, a time of day, both by a form of one's own, text, and Chinese.
	styles = `<styleSheet><numFmts><numFmt numFmtId="164" formatCode="yyyy\-mm\-dd&quot;日&quot;\ hh:mm"/></numFmts>` +
		`<cellStyleXfs><xf numFmtId="14"/></cellStyleXfs><cellXfs><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="20"/><xf numFmtId="164"/><xf numFmtId="49"/><xf numFmtId="31"/></cellXfs></styleSheet>`
)

// sheets makes a workbook: name, what stands in <worksheet>, …; texts are shared.
func sheets(t testing.TB, shared []string, pairs ...string) string {
	t.Helper()
	var book, rels strings.Builder
	parts := []string{"[Content_Types].xml", "<Types/>", "xl/styles.xml", styles}
	for i := 0; i < len(pairs); i += 2 {
		n := i/2 + 1
		fmt.Fprintf(&book, `<sheet name="%s" sheetId="%d" r:id="rId%d"/>`, pairs[i], n, n)
		fmt.Fprintf(&rels, `<Relationship Id="rId%d" Target="worksheets/sheet%d.xml"/>`, n, n)
		parts = append(parts, fmt.Sprintf("xl/worksheets/sheet%d.xml", n), `<?xml version="1.0" encoding="UTF-8"?><worksheet>`+pairs[i+1]+`</worksheet>`)
	}
	return archive(t, append(parts, "xl/sharedStrings.xml", "<sst><si>"+strings.Join(shared, "</si><si>")+"</si></sst>", "xl/workbook.xml", `<workbook><workbookPr/><sheets>`+book.String()+`</sheets></workbook>`,
		"xl/_rels/workbook.xml.rels", relationships+rels.String()+`</Relationships>`)...)
}

// taken reads a file and returns what was written.
func taken(t testing.TB, w Want, file string) (*Table, string, error) {
	t.Helper()
	var out bytes.Buffer
	tab, err := Read(t.Context(), File{strings.NewReader(file), int64(len(file)), t.TempDir()}, w, &out)
	return tab, out.String(), err
}

// text is a cell that holds its text itself.
func text(at, s string) string {
	return `<c r="` + at + `" t="inlineStr"><is><t>` + s + `</t></is></c>`
}

// TestSheet: a workbook as departments send it, with a title above the heading,
// a blank row, dates by their form, formulas and merged cells.
func TestSheet(t *testing.T) {
	file := sheets(t, []string{"<t>编号</t>", "<r><t>数</t></r><r><t>量</t></r><rPh><t>shu</t></rPh>", "<t>单价</t>", "<t>a&amp;b, &#34;c&#x22;_x000A_d</t>", "<t/>"},
		"说明", `<sheetData><row r="1">`+text("A1", "填表说明")+`</row></sheetData>`,
		"数据", `<sheetData><row r="1">`+text("A1", "物品统计表")+`</row>
		<row r="3"><c r="A3" t="s"><v>0</v></c><c r="B3" t="s"><v>1</v></c><c r="C3" t="s"><v>2</v></c><c r="E3" t="inlineStr"><is><t>Made</t></is></c><c r="F3" t="str"><v>入库时间</v></c></row>
		<row r="4"><c r="A4" t="s"><v>3</v></c><c r="B4"><v>5</v></c><c r="C4"><f>B4/3</f><v>1.6666666666666667</v></c><c r="E4" s="1"><v>46082</v></c><c r="F4" s="3"><v>46082.354166666664</v></c></row>
		<row r="5"/><row r="6"><c r="A6" t="s"><v>4</v></c></row>
		<row r="7"><c r="A7"><v>110101199003078888</v></c><c r="B7" t="e"><v>#N/A</v></c><c r="C7"><v>1.2E-2</v></c><c r="D7"><v>9</v></c><c r="E7" s="3"><v>46082</v></c><c r="F7" s="5"><v>46082</v></c></row>
		<row><c t="b"><v>1</v></c><c><v>0.1</v></c></row></sheetData><mergeCells><mergeCell ref="A1:C1"/></mergeCells>`)
	tab, got, err := taken(t, Want{Type: thing(t)}, file)
	if err != nil {
		t.Fatal(err)
	}
	want := "Excel 行号,编号,数量,单价,Made,入库时间\n" +
		"4,\"a&b, \"\"c\"\"\nd\",5,1.66666666666667,2026-03-01,2026-03-01 08:30:00\n" +
		"7,110101199003079000,#N/A,0.012,2026-03-01,2026-03-01 00:00:00\n" +
		"8,true,0.1,,,\n"
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	notes := ""
	for _, n := range tab.Notes {
		notes += fmt.Sprintf("%s=%d ", n.Code, n.Count)
	}
	if tab.Part != "数据" || tab.Format != XLSX || notes != "formulas=1 error-cells=1 merged-cells=1 long-numbers=1 outside-heading=1 " || !tab.Columns[0].Place || tab.Columns[4].Field != "made" {
		t.Errorf("%+v, notes %s", tab, notes)
	}
}

// TestStringsOnDisk: texts that do not fit into memory are found on disk.
func TestStringsOnDisk(t *testing.T) {
	const n = 3_000
	shared := make([]string, n)
	var rows strings.Builder
	long := strings.Repeat("文", 8_000)
	for i := range n {
		shared[i] = fmt.Sprintf("<t>%d%s</t>", i, long)
		fmt.Fprintf(&rows, `<row><c t="s"><v>%d</v></c></row>`, i*7%n)
	}
	_, got, err := taken(t, Want{Type: thing(t)}, sheets(t, shared, "a", "<sheetData><row>"+text("A1", "code")+"</row>"+rows.String()+"</sheetData>"))
	if err != nil {
		t.Fatal(err)
	}
	for i, line := range strings.Split(strings.TrimSpace(got), "\n")[1:] {
		if line != fmt.Sprintf("%d,%d%s", i+2, i*7%n, long) {
			t.Fatalf("row %d: %.20s", i+2, line)
		}
	}
}

// TestForms: which number forms show dates.
func TestForms(t *testing.T) {
	for code, want := range map[string]dateForm{
		"General": noDate, "0.00": noDate, "#,##0": noDate, "@": noDate, `"d"0`: noDate, "[Red]0": noDate, "[h]:mm": noDate, "0.00E+00": noDate,
		"yyyy/m/d": dayOnly, `yyyy"年"m"月"d"日"`: dayOnly, "[$-804]yyyy\\-mm": dayOnly, "h:mm:ss": clockOnly, "mm:ss.0": clockOnly, "yyyy-mm-dd hh:mm": dayAndClock, "m/d": dayOnly,
	} {
		if got := formOf(code); got != want {
			t.Errorf("%s: %d, want %d", code, got, want)
		}
	}
}
