package record

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"chengshu/core/decl"
	"chengshu/kernel/fault"
)

// CheckFile reports in r what is wrong with the seed's file, which messages
// call name, as far as it can be known without a database: that what a row
// refers to exists, and the type's conditions, are checked by Load.
func (s *Seed) CheckFile(file []byte, name string, r *decl.Report) {
	if s.target != nil { // else Check has reported it
		s.read(file, name, r)
	}
}

// seedRow is the input of one record, and where it stands.
type seedRow struct {
	key    string
	at     decl.Pos
	fields map[string]any
}

// seedReader reads one file of a seed and reports its mistakes.
type seedReader struct {
	*Seed
	report *decl.Report
	keys   map[string]bool
	taken  map[string]map[any]bool // of unique fields
	rows   []seedRow
	wrongs int
}

// mostWrong is how many mistakes of one file are told.
const mostWrong = 30

// cells are what the file has for one record.
type cells struct {
	n   int // line of a table, number of a feature
	at  decl.Pos
	of  func(column string) (any, bool)
	pos func(column string) decl.Pos
}

func (s *Seed) read(file []byte, name string, r *decl.Report) []seedRow {
	sr := &seedReader{Seed: s, report: r, keys: map[string]bool{}, taken: map[string]map[any]bool{}}
	if strings.HasSuffix(s.From, ".geojson") {
		sr.geoJSON(file, name)
	} else {
		sr.table(file, name)
	}
	return sr.rows
}

func (sr *seedReader) table(file []byte, name string) {
	r := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(file, []byte("\ufeff")))) // spreadsheets begin with a mark
	head, err := r.Read()
	if err == nil {
		err = sr.head(head, decl.Pos{File: name, Line: 1, Col: 1})
	}
	for err == nil && sr.wrongs < mostWrong {
		var rec []string
		if rec, err = r.Read(); errors.Is(err, csv.ErrFieldCount) {
			line, _ := r.FieldPos(0)
			sr.add(decl.Pos{File: name, Line: line, Col: 1}, fmt.Sprintf("这一行有 %d 列，表头有 %d 列", len(rec), len(head)),
				fmt.Sprintf("this row has %d columns, the header %d", len(rec), len(head)))
			err = nil
			continue
		} else if err != nil {
			break
		}
		pos := func(column string) decl.Pos {
			at := decl.Pos{File: name}
			at.Line, at.Col = r.FieldPos(max(0, slices.Index(head, column)))
			return at
		}
		first := pos(head[0])
		sr.row(cells{first.Line, first, func(column string) (any, bool) {
			if i := slices.Index(head, column); i >= 0 {
				return rec[i], true
			}
			return nil, false
		}, pos})
	}
	switch p, ok := errors.AsType[*csv.ParseError](err); {
	case err == io.EOF && head == nil:
		sr.add(decl.Pos{File: name, Line: 1, Col: 1}, "文件是空的，第一行应为列名", "the file is empty; its first line names the columns")
	case ok:
		sr.add(decl.Pos{File: name, Line: p.StartLine, Col: max(1, p.Column)}, "读不出这一行：引号没有成对，或值中的引号没有写成两个", "cannot read this row: "+p.Err.Error())
	}
}

// errHead ends the reading of a table without the columns that it needs.
var errHead = errors.New("the header is wrong")

// head checks the names of the columns. A column that fills no field is passed
// over, as data are published with more of them, unless it looks misspelt.
func (sr *seedReader) head(head []string, at decl.Pos) error {
	var free, used []string // fields without a column, columns that fill a field
	for _, f := range sr.target.Fields {
		if !sr.filled(f) {
			continue
		}
		from := orDefault(sr.Columns[f.Name], f.Name)
		there := true
		used = append(used, strings.Split(from, "+")...)
		for column := range strings.SplitSeq(from, "+") {
			there = there && slices.Contains(head, column)
		}
		switch {
		case there:
		case sr.Columns[f.Name] != "" || f.Required && !f.Default.Given():
			sr.add(at, fmt.Sprintf("没有列 %q，字段 %q 需要它", from, f.Name), fmt.Sprintf("there is no column %q, which the field %q needs", from, f.Name))
		default:
			free = append(free, f.Name)
		}
	}
	if sr.Key != "" && !slices.Contains(head, sr.Key) {
		sr.add(at, fmt.Sprintf("没有作为 key 的列 %q", sr.Key), fmt.Sprintf("there is no column %q, which is the key", sr.Key))
	}
	for i, column := range head {
		if slices.Contains(head[:i], column) {
			sr.add(at, fmt.Sprintf("列 %q 有两个", column), fmt.Sprintf("the column %q is there twice", column))
		}
		if meant := decl.Misspelt(column, free); meant != "" && !slices.Contains(used, column) && column != sr.Key {
			sr.add(at, fmt.Sprintf("没有字段用到列 %q，是否想写 %q？", column, meant), fmt.Sprintf("no field takes the column %q; did you mean %q?", column, meant))
		}
	}
	if sr.wrongs > 0 {
		return errHead
	}
	return nil
}

// filled reports whether a file may give the field its value.
func (s *Seed) filled(f *Field) bool { return !f.System && !f.Computed.Given() && f.From == "" }

func (sr *seedReader) geoJSON(file []byte, name string) {
	var fc struct {
		Features []struct {
			Properties map[string]any `json:"properties"`
			Geometry   map[string]any `json:"geometry"`
		} `json:"features"`
	}
	at := decl.Pos{File: name, Line: 1, Col: 1}
	dec := json.NewDecoder(bytes.NewReader(file))
	dec.UseNumber()
	if err := dec.Decode(&fc); err != nil {
		at.Line += bytes.Count(file[:min(len(file), int(dec.InputOffset()))], []byte("\n"))
		sr.add(at, "不是有效的 GeoJSON："+err.Error(), "not valid GeoJSON: "+err.Error())
		return
	}
	for i, f := range fc.Features {
		if sr.wrongs >= mostWrong {
			return
		}
		sr.row(cells{i + 1, at, func(column string) (any, bool) {
			if column == "geometry" {
				return f.Geometry, true
			}
			v, ok := f.Properties[column]
			return v, ok
		}, func(string) decl.Pos { return at }})
	}
}

// row makes the input of one record and checks what can be known of it.
func (sr *seedReader) row(c cells) {
	key, _ := c.of(sr.Key)
	if sr.Key == "" {
		key = fmt.Sprintf("%s-%d", sr.Name, c.n)
	}
	row := seedRow{key: fmt.Sprint(key), at: c.at, fields: map[string]any{}}
	switch {
	case key == nil || row.key == "":
		sr.wrong(c, sr.Key, "作为 key 的值是空的", "the key is empty")
	case sr.keys[row.key]:
		sr.wrong(c, sr.Key, fmt.Sprintf("key %q 已有了", row.key), fmt.Sprintf("the key %q is there twice", row.key))
	}
	sr.keys[row.key] = true
	for _, f := range sr.target.Fields {
		if sr.filled(f) {
			sr.field(c, f, row.fields)
		}
	}
	sr.rows = append(sr.rows, row)
}

// field puts the input for one field into fields.
func (sr *seedReader) field(c cells, f *Field, fields map[string]any) {
	from := orDefault(sr.Columns[f.Name], f.Name)
	v, there := cell(from, c.of)
	if !there {
		return
	}
	column, _, _ := strings.Cut(from, "+")
	if v == nil || v == "" {
		if fields[f.Name] = nil; f.Required && !f.Default.Given() {
			sr.wrong(c, column, "必填", "is required")
		}
		return
	}
	input, err := f.inputOf(v)
	if err != nil {
		sr.wrong(c, column, "读不懂 "+fmt.Sprint(v), fmt.Sprintf("cannot read %v", v))
		return
	}
	bad := &fault.Fault{}
	native := f.kind.decode(f, input, f.Name, bad)
	for _, p := range bad.Fields {
		sr.wrong(c, column, p.Zh, p.En)
	}
	if slices.Contains(sr.target.Unique, f.Name) && from != sr.Key && native != nil {
		if sr.taken[f.Name] == nil {
			sr.taken[f.Name] = map[any]bool{}
		}
		if sr.taken[f.Name][native] {
			sr.wrong(c, column, fmt.Sprintf("%v 已有了，此字段的值不得重复", v), fmt.Sprintf("%v is there twice, and the field is unique", v))
		}
		sr.taken[f.Name][native] = true
	}
	fields[f.Name] = input
}

func (sr *seedReader) add(at decl.Pos, zh, en string) {
	sr.wrongs++
	sr.report.Add(at, zh, en)
}

func (sr *seedReader) wrong(c cells, column, zh, en string) {
	zhWhere, where := "列 "+column+"：", "column "+column+": "
	if strings.HasSuffix(sr.From, ".geojson") {
		zhWhere, where = fmt.Sprintf("第 %d 个要素的 %s：", c.n, column), fmt.Sprintf("%s of feature %d: ", column, c.n)
	}
	sr.add(c.pos(column), zhWhere+zh, where+en)
}
