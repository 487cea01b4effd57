package main

import (
	"archive/zip"
	"bufio"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"time"
)

// workbookRows is as many rows as a sheet of Excel holds, nearly.
const workbookRows = 1_000_000

// workbook measures what it costs to take in a workbook of a million rows of ten
// columns: texts that are shared and texts that stand in the cell, numbers,
// dates by their form and booleans. The goal is 60 s of processor time and 1 GB of
// memory. There is no peer that does all of it; what bare reading costs is in
// docs/benchmarks.md.
func workbook(ctx context.Context, o options) (result, error) {
	bin, err := o.binary(ctx)
	if err != nil {
		return result{}, err
	}
	dir, err := os.MkdirTemp(filepath.Join("out", "bench"), "xlsx-")
	if err != nil {
		return result{}, err
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "in.xlsx")
	size, err := writeWorkbook(file, workbookRows)
	if err != nil {
		return result{}, err
	}
	r := result{Unit: "s of processor time for a workbook of a million rows of 10 columns (less is better)", PeerName: "none",
		Detail: map[string]any{"rows": workbookRows, "mb": round(float64(size) / 1e6), "load_before": load(), "cores": runtime.NumCPU()}}
	s, err := start(ctx, bin, filepath.Join(dir, "data"), "--blob-limit", "2GiB")
	if err != nil {
		return r, err
	}
	defer s.stop()
	ours, err := s.ingest(ctx, file, workbookRows, r.Detail)
	if err != nil {
		return r, err
	}
	r.Ours = round(ours.Seconds())
	server, _ := r.Detail["server_peak_mb"].(float64)
	worker, _ := r.Detail["worker_peak_mb"].(float64)
	r.RSS = pointer(round(server + worker))
	if server == 0 {
		return r, fmt.Errorf("no memory was read")
	}
	return r, nil
}

// writeWorkbook writes a workbook as Excel does, one in a hundred rows with a
// mistake.
func writeWorkbook(file string, rows int) (int64, error) {
	f, err := os.Create(file)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	z := zip.NewWriter(f)
	part := func(name string, write func(w *bufio.Writer)) {
		if err != nil {
			return
		}
		var to io.Writer
		if to, err = z.Create(name); err == nil {
			w := bufio.NewWriterSize(to, 1<<20)
			write(w)
			err = w.Flush()
		}
	}
	text := func(s string) func(*bufio.Writer) {
		return func(w *bufio.Writer) { _, _ = w.WriteString(s) } // Flush tells
	}
	part("[Content_Types].xml", text(`<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>`))
	part("xl/workbook.xml", text(`<workbook><sheets><sheet name="监测" sheetId="1" r:id="rId1"/></sheets></workbook>`))
	part("xl/_rels/workbook.xml.rels", text(`<Relationships><Relationship Id="rId1" Target="worksheets/sheet1.xml"/></Relationships>`))
	part("xl/styles.xml", text(`<styleSheet><cellXfs><xf numFmtId="0"/><xf numFmtId="22"/><xf numFmtId="14"/></cellXfs></styleSheet>`))
	part("xl/sharedStrings.xml", func(w *bufio.Writer) { writeShared(w, rows) })
	part("xl/worksheets/sheet1.xml", func(w *bufio.Writer) { writeSheet(w, rows) })
	if err == nil {
		err = z.Close()
	}
	if err != nil {
		return 0, err
	}
	info, err := f.Stat()
	return info.Size(), err
}

var measureColumns = []string{"code", "station", "at", "aqi", "pm25", "pm10", "grade", "valid", "day", "note"}

var measureGrades = []string{"good", "moderate", "light", "medium", "heavy", "severe"}

const measureStations = 9000

// writeShared writes the heading, the grades, the stations, and a note for each
// row, which no other has.
func writeShared(w *bufio.Writer, rows int) {
	fmt.Fprint(w, `<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">`)
	for _, s := range append(measureColumns, measureGrades...) {
		fmt.Fprintf(w, "<si><t>%s</t></si>", s)
	}
	for n := range measureStations {
		fmt.Fprintf(w, "<si><t>%dA</t></si>", 1000+n)
	}
	for n := range rows {
		fmt.Fprintf(w, "<si><t>站点%d的监测记录，来自自动站，未经人工复核，供交换使用，序号%d</t></si>", n%measureStations, n)
	}
	fmt.Fprint(w, "</sst>")
}

func writeSheet(w *bufio.Writer, rows int) {
	fmt.Fprint(w, `<worksheet><sheetData><row r="1">`)
	for i := range measureColumns {
		fmt.Fprintf(w, `<c r="%c1" t="s"><v>%d</v></c>`, 'A'+i, i)
	}
	fmt.Fprint(w, "</row>")
	random := rand.New(rand.NewPCG(1, 2))
	at := float64(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).Sub(time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC)) / (24 * time.Hour))
	head := len(measureColumns)
	var line []byte
	for n := range rows {
		r := n + 2
		moment := at + float64(n)/86_400
		line = fmt.Appendf(line[:0], `<row r="%d"><c r="A%d" t="inlineStr"><is><t>M%08d</t></is></c><c r="B%d" t="s"><v>%d</v></c><c r="C%d" s="1"><v>%.10f</v></c>`,
			r, r, n, r, head+len(measureGrades)+n%measureStations, r, moment)
		if n%100 == 7 {
			line = fmt.Appendf(line, `<c r="D%d" t="e"><v>#N/A</v></c>`, r)
		} else {
			line = fmt.Appendf(line, `<c r="D%d"><v>%d</v></c>`, r, random.IntN(500))
		}
		line = fmt.Appendf(line, `<c r="E%d"><v>%d.%d</v></c><c r="F%d"><v>%d.%d</v></c><c r="G%d" t="s"><v>%d</v></c><c r="H%d" t="b"><v>%d</v></c><c r="I%d" s="2"><v>%d</v></c><c r="J%d" t="s"><v>%d</v></c></row>`,
			r, random.IntN(300), random.IntN(10), r, random.IntN(400), random.IntN(10), r, head+n%6, r, min(n%3, 1), r, int(moment), r, head+len(measureGrades)+measureStations+n)
		_, _ = w.Write(line) // Flush tells
	}
	fmt.Fprint(w, "</sheetData></worksheet>")
}
