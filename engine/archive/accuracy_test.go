package archive

import (
	"encoding/binary"
	"hash/crc32"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"chengshu/core/decl"
	"chengshu/core/record"
	"chengshu/kernel/db/dbtest"
)

// fixCRC gives the first chunk of a PNG the checksum of what it holds.
func fixCRC(png []byte) []byte {
	binary.BigEndian.PutUint32(png[29:33], crc32.ChecksumIEEE(png[12:29]))
	return png
}

// cardTemplate is the pack's template, as far as it is about reading.
func cardTemplate() *Template {
	tpl := &Template{Sure: 85}
	add := func(name string, typ record.FieldType, as, pattern string, label ...string) {
		tpl.Fields = append(tpl.Fields, &Field{Name: name, Label: label, At: atRight, Within: 0.5, As: as, Pattern: pattern, pattern: regexp.MustCompile(pattern),
			field: &record.Field{Name: name, Type: typ, Choices: []record.Choice{{Value: "dwelling", Title: decl.Text{Zh: "住宅"}}}}})
	}
	add("archive_no", record.Text, asCode, `[A-Z]{3}-[0-9A-Za-z]{4}-[0-9A-Za-z]{5}`, "档号")
	add("registered_on", record.Date, "", "", "登记日期")
	add("owner_name", record.Text, "", "", "所有权人")
	add("owner_id", record.Text, asCode, "", "身份证号")
	add("address", record.Text, "", "", "房屋坐落")
	add("area", record.Decimal, "", "", "建筑面积")
	add("use", record.ChoiceOf, "", "", "用途")
	add("built", record.Integer, "", "", "建成年份")
	add("authority", record.Text, "", "", "登记机关")
	add("transferred_on", record.Date, "", "", "转移日期")
	return tpl
}

// TestAccuracy reads the demo scans with the machine's own Tesseract. What is sure
// must be right; of all values most must be. The figures are in ADR 0015.
func TestAccuracy(t *testing.T) {
	for _, tool := range []string{"tesseract", "pdftoppm", "pdfinfo"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("%s is not installed: that scanned pages are read is NOT tested (%s)", tool, os.Getenv("CHENGSHU_NO_SCANS"))
		}
	}
	e := open(t, dbtest.SQLite(t), nil) // the tests beside this one are about storage
	right, all, sure := 0, 0, 0
	for file, want := range map[string]map[string]string{
		"card-askew.jpg": {"archive_no": "SJZ-1998-00427", "registered_on": "1998-06-15", "owner_name": "李淇", "owner_id": "130102195304120010", "address": "长安区建北街道和平里小区4栋2单元302号",
			"area": "68.42", "use": "dwelling", "built": "1986", "authority": "石家庄市房产管理局", "transferred_on": ""},
		"card-turned.jpg": {"archive_no": "SJZ-1999-01836", "registered_on": "1999-11-03", "owner_name": "冯立洁", "owner_id": "130104196107250024", "address": "桥西区红旗街道新石里12栋1单元101号",
			"area": "54.10", "use": "dwelling", "built": "1979", "authority": "石家庄市房产管理局", "transferred_on": ""},
		"card-two-pages.pdf": {"archive_no": "SJZ-2001-02254", "registered_on": "2001-09-08", "owner_name": "王秀兰", "owner_id": "130108196602140020", "address": "裕华区槐底街道体育南大街88号5栋601号",
			"area": "89.75", "use": "dwelling", "built": "1995", "authority": "石家庄市房产管理局", "transferred_on": "2003-04-18"},
		"card-unreadable.jpg": {},
	} {
		pages, err := e.read(t.Context(), []record.FileRef{putFile(t, e, packData+file)}, quiet{})
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		if strings.Contains(file, "turned") && pages[0].Turned != 90 {
			t.Errorf("%s was turned by %d degrees", file, pages[0].Turned)
		}
		tpl := cardTemplate()
		var layouts [][]*layout
		for _, p := range pages {
			layouts = append(layouts, p.layouts())
		}
		for _, f := range tpl.locate(layouts) {
			if want[f.Field] != "" {
				all++
				if f.Value == want[f.Field] {
					right++
				} else {
					t.Logf("%s: %s: %q for %q, confidence %d, %s", file, f.Field, f.Value, want[f.Field], f.Confidence, f.Why.En)
				}
			}
			if tpl.isSure(f) {
				sure++
				if f.Value != want[f.Field] {
					t.Errorf("%s: %s is said to be sure and is %q, not %q", file, f.Field, f.Value, want[f.Field])
				}
			}
		}
	}
	t.Logf("%d of %d values right, %d sure", right, all, sure)
	if right*100 < all*80 {
		t.Errorf("only %d of %d values are right", right, all)
	}
}
