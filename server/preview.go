package server

import (
	"context"
	"math"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"

	"chengshu/core/identity"
	"chengshu/engine/lake/intake"
	"chengshu/kernel/fault"
	"chengshu/standard/gbcode"
)

// previewRows is how many rows are shown of a file.
const previewRows = 20

type previewInput struct {
	Body struct {
		Dataset string `json:"dataset" maxLength:"80"`
		File    string `json:"file" maxLength:"64" doc:"id of a file that was sent with POST /api/files"`
	}
}

type previewView struct {
	Format  string          `json:"format"`
	Charset string          `json:"charset"`
	Part    string          `json:"part,omitempty" doc:"the sheet, the path or the file of an archive"`
	Notes   []intake.Note   `json:"notes,omitempty"`
	Columns []previewColumn `json:"columns"`
	Rows    [][]string      `json:"rows"`
	Problem *fault.Text     `json:"problem,omitempty" doc:"why the file would not be read as it is"`
	Fields  []fault.Field   `json:"fields,omitempty" doc:"which columns are the reason"`
}

type previewColumn struct {
	Header  string      `json:"header"`
	Field   string      `json:"field,omitempty"`
	Title   *fault.Text `json:"title,omitempty" doc:"of the field"`
	Type    string      `json:"type" doc:"that the column seems to be of"`
	Meaning *meaning    `json:"meaning,omitempty"`
	Datum   string      `json:"datum,omitempty" doc:"of coordinates, as the heading says: GCJ02, BD09 or WGS84"`
	Share   float64     `json:"share" doc:"of the filled cells that agree"`
	Filled  int         `json:"filled"`
	Values  []string    `json:"values,omitempty"`
}

type meaning struct {
	Name  string     `json:"name"`
	Title fault.Text `json:"title"`
}

func (s *Server) previewRoutes(api huma.API) {
	op(s, api, huma.Operation{OperationID: "preview", Method: http.MethodPost, Path: "/api/intake/preview", Summary: "The beginning of a file that I have sent, and what its columns seem to hold"}, s.preview)
}

// preview shows the beginning of a file to who has sent it, and to nobody else.
func (s *Server) preview(ctx context.Context, a *identity.Actor, in *previewInput) (*body[previewView], error) {
	ref, err := s.fileOf(ctx, a, in.Body.File)
	if err != nil {
		return nil, err
	}
	if ref == nil || a.Anonymous {
		return nil, fault.New(fault.NotFound, "no-such-file", "没有这个文件", "there is no such file")
	}
	p, err := s.lake.Peek(ctx, in.Body.Dataset, ref.ID, meanings())
	if err != nil {
		return nil, err
	}
	t, err := s.lake.Dataset(in.Body.Dataset)
	if err != nil {
		return nil, err
	}
	v := previewView{Format: string(p.Format), Charset: p.Charset, Part: p.Part, Notes: p.Notes, Columns: []previewColumn{}, Rows: p.Rows[:min(len(p.Rows), previewRows)], Fields: p.Problems()}
	if p.Problem != nil {
		v.Problem = &fault.Text{Zh: "标题行与数据集不符", En: "the heading is not that of the dataset"}
	}
	for i, c := range p.Columns {
		g := p.Guesses[i]
		one := previewColumn{Header: c.Header, Field: c.Field, Type: g.Type, Share: math.Floor(g.Share*100) / 100, Filled: g.Filled, Values: g.Values}
		if f := t.Field(c.Field); f != nil {
			one.Title = &fault.Text{Zh: f.Title.Zh, En: f.Title.En}
		}
		if title, known := meaningTitles[g.Meaning]; known {
			one.Meaning = &meaning{g.Meaning, title}
			one.Datum = datumOf(g.Meaning, c.Header)
		}
		v.Columns = append(v.Columns, one)
	}
	return &body[previewView]{v}, nil
}

var meaningTitles = map[string]fault.Text{
	"citizen-id": {Zh: "公民身份号码", En: "citizen id"}, "credit-code": {Zh: "统一社会信用代码", En: "credit code"}, "phone": {Zh: "电话", En: "phone"},
	"longitude": {Zh: "经度", En: "longitude"}, "latitude": {Zh: "纬度", En: "latitude"}, "point": {Zh: "坐标", En: "coordinates"},
	"address": {Zh: "地址", En: "address"}, "name": {Zh: "人名", En: "name of a person"},
}

var (
	phone   = regexp.MustCompile(`^(\+?86[- ]?)?1[3-9]\d{9}$|^0\d{2,3}-?\d{7,8}$`)
	address = regexp.MustCompile(`(省|市|区|县|镇|乡).*(路|街|道|巷|村|号|小区|大厦|园)`)
	point   = regexp.MustCompile(`^\(?\s*(\d{2,3}\.\d+)[,， ;]\s*(\d{1,2}\.\d+)\s*\)?$`)
)

// surnames are the most frequent of China, which nine persons in ten bear.
const surnames = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩邓冯曹彭曾肖田董袁潘蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤"

// meanings are what a column may mean, the surest first: check digits before
// looks. Coordinates are those of China.
func meanings() []intake.Meaning {
	within := func(low, high float64) func(string) bool {
		return func(s string) bool {
			f, err := strconv.ParseFloat(s, 64)
			return err == nil && f >= low && f <= high && len(s)-strings.IndexByte(s, '.') > 4 && strings.Contains(s, ".")
		}
	}
	return []intake.Meaning{
		{Name: "citizen-id", Is: gbcode.ValidCitizen}, {Name: "credit-code", Is: gbcode.ValidCredit}, {Name: "phone", Is: phone.MatchString},
		{Name: "longitude", Is: within(73, 136)}, {Name: "latitude", Is: within(3, 54)}, {Name: "point", Is: point.MatchString},
		{Name: "address", Is: address.MatchString},
		{Name: "name", Is: func(s string) bool {
			first, _ := utf8.DecodeRuneInString(s)
			n := utf8.RuneCountInString(s)
			return n >= 2 && n <= 4 && strings.ContainsRune(surnames, first) && strings.IndexFunc(s, func(r rune) bool { return !unicode.Is(unicode.Han, r) }) < 0
		}},
	}
}

// datumOf is the datum that a heading names. Where it names none, none is
// guessed: the three differ by some hundred metres, which numbers alone do not
// show.
func datumOf(meaning, heading string) string {
	if meaning != "longitude" && meaning != "latitude" && meaning != "point" {
		return ""
	}
	heading = strings.ToLower(heading)
	for _, d := range []struct{ datum, words string }{{"GCJ02", "gcj 高德 腾讯 火星"}, {"BD09", "bd09 bd-09 bd_09 百度"}, {"WGS84", "wgs gps cgcs 天地图 国家2000"}} {
		for _, w := range strings.Fields(d.words) {
			if strings.Contains(heading, w) {
				return d.datum
			}
		}
	}
	return ""
}
