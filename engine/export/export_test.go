package export

import (
	"archive/zip"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"io"
	"strings"
	"testing"

	"chengshu/core/access"
	"chengshu/core/decl"
	"chengshu/core/decl/decltest"
	"chengshu/core/identity"
	"chengshu/core/record"
	"chengshu/core/rule"
	"chengshu/kernel/fault"
)

const things = `
record: thing
title: {zh: 物品, en: Thing}
owner: a
basis: b
fields:
  code: {title: {zh: 编号, en: Code}, type: text}
  holder: {title: {zh: 持有人, en: Holder}, type: text, personal: true, mask: name}
  secret: {title: {zh: 内部, en: Internal}, type: text}
  count: {title: {zh: 数量, en: Count}, type: integer}
  price: {title: {zh: 单价, en: Price}, type: decimal, scale: 2}
  at: {title: {zh: 时间, en: At}, type: time}
  spot: {title: {zh: 位置, en: Spot}, type: point}
unique: [code]
`

// written writes rows, given as cells of a copy, in a format.
func written(t *testing.T, format string, rows ...[]string) []byte {
	t.Helper()
	set, report := decltest.Read(t, things, record.Kind)
	typ := decl.All[*record.Type](set, record.Kind.Name)[0]
	see := access.New(access.Deps{Types: []*record.Type{typ}, Rules: rule.NewEnv(record.Shapes([]*record.Type{typ}), nil), Report: report,
		Grants: []*access.Grant{{Meta: decl.Meta{Name: "g"}, Role: []string{identity.Anyone}, On: []string{"thing"}, Actions: []string{access.Read}, Scope: access.All,
			Fields: []string{"code", "holder", "count", "price", "at", "spot"}, Basis: "b"}}}).View(identity.NewAnonymous(), "thing", access.Row{})
	if err := report.Err(); err != nil {
		t.Fatal(err)
	}
	f, err := Named(format)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	w, err := New(&out, f, typ, see)
	for i, cells := range rows {
		row, bad := typ.CopyOf(int64(i+1), 0, cells)
		if bad != nil {
			t.Fatal(bad)
		}
		if err == nil {
			err = w.Row(row)
		}
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

var (
	full = []string{"A1", "张三丰", "hidden", "7", "-9.50", "1772323200000", "114.5,38.05"}
	none = []string{"", "", "", "", "", "", ""}
	evil = []string{"=HYPERLINK(\"http://x\")", "王", "hidden", "-3", "", "", ""}
)

func TestCSV(t *testing.T) {
	got := string(written(t, "csv", full, none, evil))
	rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(got, "\ufeff"))).ReadAll()
	if err != nil || len(rows) != 4 || !strings.HasPrefix(got, "\ufeff") {
		t.Fatalf("%v %q", err, got)
	}
	for i, want := range []string{"code|holder|count|price|at|spot", "A1|张**|7|-9.50|2026-03-01T08:00:00+08:00|114.5,38.05", "|||||", "'=HYPERLINK(\"http://x\")|*|-3|||"} {
		if got := strings.Join(rows[i], "|"); got != want {
			t.Errorf("row %d: %s, want %s", i, got, want)
		}
	}
}

func TestJSON(t *testing.T) {
	want := `{"code":"A1","holder":"张**","count":7,"price":"-9.50","at":"2026-03-01T00:00:00.000Z","spot":`
	if got := string(written(t, "jsonl", full, none)); !strings.HasPrefix(got, want) || !strings.HasSuffix(got, "}\n{}\n") {
		t.Errorf("%s", got)
	}
	for _, rows := range [][][]string{nil, {full}, {full, none, evil}} {
		var list []map[string]any
		if err := json.Unmarshal(written(t, "json", rows...), &list); err != nil || len(list) != len(rows) {
			t.Errorf("%v: %v", err, list)
		}
	}
}

func TestXLSX(t *testing.T) {
	file := written(t, "xlsx", full, none, evil, []string{"<a>&\x01", " b ", "", "9007199254740993", "", "", ""})
	archive, err := zip.NewReader(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	part, err := archive.Open("xl/worksheets/sheet1.xml")
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(part)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`<row><c t="inlineStr"><is><t>A1</t></is></c><c t="inlineStr"><is><t>张**</t></is></c><c><v>7</v></c><c><v>-9.50</v></c><c t="inlineStr"><is><t>2026-03-01T08:00:00+08:00</t></is></c>`,
		`<row><c/><c/><c/><c/><c/><c/></row>`,
		`<t>=HYPERLINK(&#34;http://x&#34;)</t>`,
		"<t>&lt;a&gt;&amp;\ufffd</t>",
		`<t>9007199254740993</t>`,
	} {
		if !strings.Contains(string(text), want) {
			t.Errorf("the sheet lacks %s\n%s", want, text)
		}
	}
	if strings.Contains(string(text), "hidden") {
		t.Error("a field that is not shown is in the file")
	}
}

func TestUnknownFormat(t *testing.T) {
	if _, err := Named("exe"); !fault.Is(err, fault.Invalid) {
		t.Errorf("%v", err)
	}
}
