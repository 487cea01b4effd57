package export

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"io"
	"strings"

	"chengshu/kernel/fault"
)

// MaxSheetRows is how many rows a sheet holds beside its heading (ECMA-376;
// Excel's limit of 1,048,576 rows).
const MaxSheetRows = 1<<20 - 1

// The parts of a workbook of one sheet (ECMA-376 part 1, SpreadsheetML). Style
// 1 is the heading's.
const (
	xmlHead      = `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>` + "\n"
	contentTypes = xmlHead + `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/><Override PartName="/xl/styles.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.styles+xml"/></Types>`
	rootRels     = xmlHead + `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>`
	workbook     = xmlHead + `<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="data" sheetId="1" r:id="rId1"/></sheets></workbook>`
	bookRels     = xmlHead + `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="rId2" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/styles" Target="styles.xml"/></Relationships>`
	styles       = xmlHead + `<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><fonts count="2"><font><sz val="11"/><name val="Calibri"/></font><font><b/><sz val="11"/><name val="Calibri"/></font></fonts><fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills><borders count="1"><border/></borders><cellStyleXfs count="1"><xf/></cellStyleXfs><cellXfs count="2"><xf xfId="0"/><xf xfId="0" fontId="1" applyFont="1"/></cellXfs></styleSheet>`
	sheetHead    = xmlHead + `<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetViews><sheetView workbookViewId="0"><pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews><sheetData>`
	sheetEnd     = `</sheetData></worksheet>`
)

// sheet is a workbook of one sheet, written as a stream: texts stand in their
// cells, so that no table of them has to be kept.
type sheet struct {
	columns []Column
	archive *zip.Writer
	out     io.Writer
	rows    int
	buffer  bytes.Buffer
}

func newXLSX(w io.Writer, columns []Column) (writer, error) {
	s := &sheet{columns: columns, archive: zip.NewWriter(w)}
	for _, part := range []struct{ name, text string }{{"[Content_Types].xml", contentTypes}, {"_rels/.rels", rootRels}, {"xl/workbook.xml", workbook},
		{"xl/_rels/workbook.xml.rels", bookRels}, {"xl/styles.xml", styles}} {
		f, err := s.archive.Create(part.name)
		if err != nil {
			return nil, err
		}
		if _, err := io.WriteString(f, part.text); err != nil {
			return nil, err
		}
	}
	var err error
	if s.out, err = s.archive.Create("xl/worksheets/sheet1.xml"); err != nil {
		return nil, err
	}
	s.buffer.WriteString(sheetHead + "<row>")
	for _, c := range columns {
		s.text(c.Field.Name, ` s="1"`)
	}
	s.buffer.WriteString("</row>")
	return s, s.flush()
}

// text appends a cell of text. What XML cannot hold becomes U+FFFD.
func (s *sheet) text(v, style string) {
	s.buffer.WriteString(`<c t="inlineStr"` + style + `><is><t`)
	if strings.TrimSpace(v) != v {
		s.buffer.WriteString(` xml:space="preserve"`)
	}
	s.buffer.WriteByte('>')
	_ = xml.EscapeText(&s.buffer, []byte(v)) // a buffer takes everything
	s.buffer.WriteString("</t></is></c>")
}

// maxExact is the largest whole number that a spreadsheet, which counts in
// doubles, shows as it is.
const maxExact = 1 << 53

func (s *sheet) row(values []any) error {
	if s.rows == MaxSheetRows {
		return fault.New(fault.Invalid, "too-many-rows", "超过 Excel 工作表的行数上限（1048576），请改用 CSV", "there are more rows than a sheet of Excel holds (1,048,576); take CSV")
	}
	s.rows++
	s.buffer.WriteString("<row>")
	for i, c := range s.columns {
		switch n, whole := values[i].(int64); {
		case values[i] == nil:
			s.buffer.WriteString("<c/>")
		case c.number() && whole && n < maxExact && n > -maxExact:
			s.buffer.WriteString("<c><v>" + c.text(values[i]) + "</v></c>")
		default:
			s.text(c.text(values[i]), "")
		}
	}
	s.buffer.WriteString("</row>")
	return s.flush()
}

func (s *sheet) flush() error {
	_, err := s.out.Write(s.buffer.Bytes())
	s.buffer.Reset()
	return err
}

func (s *sheet) end() error {
	if _, err := io.WriteString(s.out, sheetEnd); err != nil {
		return err
	}
	return s.archive.Close()
}
