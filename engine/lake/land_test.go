package lake

import (
	"archive/zip"
	"bytes"
	"io"
	"strings"
	"syscall"
	"testing"

	"chengshu/engine/lake/intake"
	"chengshu/kernel/clock"
	"chengshu/kernel/fault"

	"golang.org/x/sync/semaphore"
)

// TestErrorCells: an error cell of a spreadsheet is no text, and the row is found
// by the number that Excel shows.
func TestErrorCells(t *testing.T) {
	var file bytes.Buffer
	z := zip.NewWriter(&file)
	for name, text := range map[string]string{
		"xl/workbook.xml":            `<workbook><sheets><sheet name="a" id="1"/></sheets></workbook>`,
		"xl/_rels/workbook.xml.rels": `<r><Relationship Id="1" Target="s.xml"/></r>`,
		"xl/s.xml": `<sheetData><row r="3"><c t="str"><v>code</v></c></row><row r="4"><c t="str"><v>A</v></c></row>` +
			`<row r="9"><c t="e"><f>1/0</f><v>#DIV/0!</v></c></row></sheetData>`,
	} {
		w, err := z.Create(name)
		must(t, err)
		_, err = io.WriteString(w, text)
		must(t, err)
	}
	must(t, z.Close())
	tab, q, rows, failures := judged(t, file.Bytes())
	if q.Good != 1 || q.Bad != 1 || len(rows) != 1 || len(failures) != 1 || !strings.Contains(words(failures[0]), "code:"+ruleFailed) {
		t.Fatalf("%+v, %v", q, failures)
	}
	if !tab.Columns[0].Place || failures[0].Cells[0] != "9" || len(tab.Notes) != 2 {
		t.Errorf("columns %+v, cells %v, notes %v", tab.Columns, failures[0].Cells, tab.Notes)
	}
}

// TestLongLine: a line that is far too long is a row that is not taken, and the
// others are.
func TestLongLine(t *testing.T) {
	typ, dir := thing(t), t.TempDir()
	file := "code,count\n" + strings.Repeat("A", 4*maxLine) + ",1\nB,2\n"
	var tab *intake.Table
	must(t, create(dir+"/"+rawFile, func(w io.Writer) (err error) {
		tab, err = intake.Read(t.Context(), intake.File{ReaderAt: strings.NewReader(file), Size: int64(len(file)), Dir: dir}, intake.Want{Type: typ}, w)
		return err
	}))
	q, err := (&Engine{Deps: Deps{Clock: clock.System()}, room: semaphore.NewWeighted(workerRoom)}).judge(t.Context(), typ, tab, dir, silent{})
	if err != nil || q.Good != 1 || q.Bad != 1 || len(q.Rules) != 1 || q.Rules[0].Rule != ruleColumns {
		t.Errorf("got %v, %+v", err, q)
	}
}

// full is a disk without room.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, syscall.ENOSPC }

// TestFull: that there is no room is told as such, whatever form is read.
func TestFull(t *testing.T) {
	for _, file := range []string{"code\nA\n", `[{"code":"A"}]`, `<r><row><code>A</code></row></r>`} {
		_, err := intake.Read(t.Context(), intake.File{ReaderAt: strings.NewReader(file), Size: int64(len(file)), Dir: t.TempDir()}, intake.Want{Type: thing(t)}, full{})
		if fault.Code(explain(err)) != "disk-full" {
			t.Errorf("%.1s: %v", file, err)
		}
	}
}
