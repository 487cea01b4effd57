package crash

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"chengshu/test/program"
)

// TestKillCheck kills the program while it judges a file: the case goes on by
// itself after the restart, and the file is judged once.
func TestKillCheck(t *testing.T) {
	const rows, bad = 400_000, 65_934 // whose index is over 500
	for name, file := range map[string]func(*testing.T, int) *bytes.Buffer{"air.csv": airText, "air.xlsx": airSheet} {
		t.Run(name, func(t *testing.T) { killCheck(t, name, file(t, rows), rows, bad) })
	}
}

// airHour is one row of a file of measures.
func airHour(n int) (station, at string, aqi int) {
	return "1101A", fmt.Sprintf("2026-03-%02d %02d:%02d:%02d", 1+n/86400, n/3600%24, n/60%60, n%60), n % 600
}

func airText(_ *testing.T, rows int) *bytes.Buffer {
	file := bytes.NewBufferString("station,at,aqi\n")
	for n := range rows {
		station, at, aqi := airHour(n)
		fmt.Fprintf(file, "%s,%s,%d\n", station, at, aqi)
	}
	return file
}

func airSheet(t *testing.T, rows int) *bytes.Buffer {
	t.Helper()
	var file bytes.Buffer
	z := zip.NewWriter(&file)
	part := func(name, text string) {
		w, err := z.Create(name)
		if err == nil {
			_, err = io.WriteString(w, text)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	part("[Content_Types].xml", "<Types/>")
	part("xl/workbook.xml", `<workbook><sheets><sheet name="a" r:id="1"/></sheets></workbook>`)
	part("xl/_rels/workbook.xml.rels", `<r><Relationship Id="1" Target="sheet.xml"/></r>`)
	var sheet strings.Builder
	cell := func(text string) { fmt.Fprintf(&sheet, `<c t="inlineStr"><is><t>%s</t></is></c>`, text) }
	sheet.WriteString("<worksheet><sheetData><row>")
	for _, name := range []string{"station", "at", "aqi"} {
		cell(name)
	}
	for n := range rows {
		station, at, aqi := airHour(n)
		sheet.WriteString("</row><row>")
		cell(station)
		cell(at)
		fmt.Fprintf(&sheet, "<c><v>%d</v></c>", aqi)
	}
	part("xl/sheet.xml", sheet.String()+"</row></sheetData></worksheet>")
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return &file
}

func killCheck(t *testing.T, name string, file *bytes.Buffer, rows, bad int) {
	o := program.Options{Data: t.TempDir(), Args: []string{"--blob-limit", "100MiB"}}
	s := program.Start(t, o)
	steward := s.SignIn(t, "steward")
	sent := steward.Send("POST", "/api/files", file, map[string][]string{"Content-Type": {"application/octet-stream"}, "X-Filename": {name}})
	if sent.Status != 201 {
		t.Fatal(sent)
	}
	opened := steward.Post("/api/cases/data-load", map[string]any{"action": "send", "fields": map[string]any{"dataset": "air-hour", "file": []any{sent.JSON}}})
	if opened.Status != 201 {
		t.Fatal(opened)
	}
	path := "/api/cases/data-load/" + opened.Text("id")
	await(t, func() bool {
		now := steward.Get(path)
		if now.Text("case.state") != "checking" {
			t.Fatal("it was judged before it could be killed: give it more rows")
		}
		return now.Text("case.jobs.0.state") == "running"
	})
	s.Kill()
	s = program.Start(t, o)
	steward = s.SignIn(t, "steward")
	await(t, func() bool { return steward.Get(path).Text("case.state") != "checking" })
	got := steward.Get(path)
	if got.Text("case.state") != "correcting" || fmt.Sprint(got.At("fields.rows"), got.At("fields.bad")) != fmt.Sprint(rows, bad) {
		t.Errorf("after the restart: %s, %v rows, %v bad", got.Text("case.state"), got.At("fields.rows"), got.At("fields.bad"))
	}
	checked := 0
	for _, item := range steward.Get(path + "/timeline").Items() {
		if item.(map[string]any)["verb"] == "data-load.checked" {
			checked++
		}
	}
	if checked != 1 {
		t.Errorf("checked %d times", checked)
	}
}

// await asks until it is so, for two minutes at most.
func await(t *testing.T, so func() bool) {
	t.Helper()
	for deadline := time.Now().Add(2 * time.Minute); !so(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("it has not come to that in two minutes")
		}
	}
}
