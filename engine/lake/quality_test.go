package lake

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"chengshu/core/decl"
	"chengshu/core/decl/decltest"
	"chengshu/core/record"
	"chengshu/core/rule"
	"chengshu/engine/lake/intake"
	"chengshu/kernel/blob"
	"chengshu/kernel/clock"
	"chengshu/kernel/db"
	"chengshu/kernel/db/dbtest"
	"chengshu/kernel/fault"

	"github.com/google/go-cmp/cmp"

	"golang.org/x/sync/semaphore"
)

// declared reads record types, with the last of them the dataset of the test.
func declared(t testing.TB, text string) []*record.Type {
	t.Helper()
	set, report := decltest.Read(t, text, record.Kind)
	types := decl.All[*record.Type](set, record.Kind.Name)
	record.Compile(types, rule.NewEnv(record.Shapes(types), nil), report)
	must(t, report.Err())
	return types
}

// rowsOf are living rows, for datasets that look at registers.
type rowsOf map[string][]*record.Row

func (r rowsOf) Each(_ context.Context, typ string, fn func(*record.Row) error) error {
	for _, row := range r[typ] {
		if err := fn(row); err != nil {
			return err
		}
	}
	return nil
}

// living is a row with the values of its fields in their order.
func living(t *record.Type, values ...any) *record.Row { return &record.Row{Type: t, Values: values} }

// sent is a CSV file as it was taken in, judged as a dataset.
func (e *Engine) sent(t testing.TB, typ *record.Type, file string) (q Quality, rows []Row, failures []Failure) {
	q, rows, failures, _ = e.taken(t, typ, file)
	return q, rows, failures
}

// taken is sent, with the file of the good rows.
func (e *Engine) taken(t testing.TB, typ *record.Type, file string) (Quality, []Row, []Failure, File) {
	t.Helper()
	dir := t.TempDir()
	heading, _, _ := strings.Cut(file, "\n")
	tab := &intake.Table{Delimiter: ','}
	for name := range strings.SplitSeq(heading, ",") {
		c := intake.Column{Header: name}
		if typ.Field(name) != nil {
			c.Field = name
		}
		tab.Columns = append(tab.Columns, c)
	}
	must(t, os.WriteFile(filepath.Join(dir, rawFile), []byte(file), 0o600))
	q, err := e.judge(t.Context(), typ, tab, dir, silent{})
	must(t, err)
	rows, failures, good := outcome(t, e, typ, dir)
	return q, rows, failures, good
}

var checkedAt = time.Date(2026, 3, 2, 1, 0, 0, 0, time.UTC)

func qualityEngine(t testing.TB) *Engine {
	t.Helper()
	blobs, err := blob.OpenFolder(filepath.Join(t.TempDir(), "blobs"))
	must(t, err)
	return &Engine{Deps: Deps{Blobs: blobs, Dir: t.TempDir(), Clock: clock.NewFake(checkedAt)}, byName: map[string]*record.Type{}, asking: make(chan struct{}, 1), room: semaphore.NewWeighted(workerRoom)}
}

// TestFieldRules: rules about a field beside those that every field has, and
// rules across fields and rows.
func TestFieldRules(t *testing.T) {
	types := declared(t, `
record: site
title: Site
owner: a
basis: b
fields:
  code: {title: Code, type: text}
---
record: reading
resource: dataset
title: Reading
owner: a
basis: b
fields:
  site: {title: {zh: 站点, en: Site}, type: text, in: site.code}
  at: {title: {zh: 时间, en: Time}, type: time}
  low: {title: Low, type: decimal, scale: 1, min: -10, max: 50}
  high: {title: High, type: decimal, scale: 1}
unique: [site+at]
validate:
  - if: row.low <= row.high
    else: {zh: 最低值高于最高值, en: The low is above the high}
    field: low
`)
	e := qualityEngine(t)
	site, reading := types[0], types[1]
	e.Records = rowsOf{"site": {living(site, "A1"), living(site, nil)}}
	q, rows, failures := e.sent(t, reading, `site,at,low,high
A1,2026-03-01 00:00:00,1.5,2
A1,2026-03-01 01:00:00,3,2
A2,2026-03-01 02:00:00,1,
A1,2026-03-01 03:00:00,-10.1,
A1,2026-03-01 04:00:00,50.1,60
,2026-03-01 05:00:00,1,2
A1,2026-03-01 06:00:00,1,2
A1,2026-03-01 06:00:00,1,2
A1,,1,2
A1,,1,2
`)
	var got []string
	for _, f := range failures {
		got = append(got, fmt.Sprintf("%d %s", f.Row, words(f)))
	}
	want := []string{"2 low:check1", "3 site:in", "4 low:min", "5 low:length", "7 :unique(site+at)", "8 :unique(site+at)"}
	if diff := cmp.Diff(want, got); diff != "" || len(rows) != 4 {
		t.Errorf("%d rows, %s", len(rows), diff)
	}
	b := &Batch{Report: Report{Quality: q}}
	for _, c := range []struct{ field, rule, zh string }{{"low", "check1", "最低值高于最高值"}, {"site", "in", "站点：登记中没有这个值"}, {"", "unique(site+at)", "站点、时间：组合重复"}, {"low", "min", "Low：过小"}} {
		if got := b.Because(reading, Rule{Field: c.field, Rule: c.rule}); got.Zh != c.zh {
			t.Errorf("%s %s: %s", c.field, c.rule, got.Zh)
		}
	}
}

// TestClean: each step does what it says, and how many cells it changed is told,
// with examples that show nothing personal.
func TestClean(t *testing.T) {
	types := declared(t, `
record: firm
resource: dataset
title: Firm
owner: a
basis: b
fields:
  name: {title: Name, type: text, clean: [trim, width]}
  core: {title: Core, type: text, columns: [name], clean: [company]}
  founded: {title: Founded, type: date, clean: [date]}
  address: {title: Address, type: text, clean: [address]}
  dust: {title: Dust, type: decimal, scale: 2, unit: ug/m3, clean: [width, unit: {mg/m3: 1000}]}
  boss: {title: Boss, type: text, personal: true, mask: name, clean: [trim]}
`)
	e := qualityEngine(t)
	q, rows, failures := e.sent(t, types[0], `name,founded,address,dust,boss
石家庄市长安区远方科技有限公司,2026年3月2日,中国河北省石家庄市 裕华路１号—２,0.5mg/m3,张 三
Ａ１　Ｂ,二〇一五年十二月三十一日,x,１２.5 ug/m3,张三
河北市政建设集团有限责任公司,2026.3.2 08:00,x,12.5,李`+"\u200b"+`四
河北（石家庄）大河机械股份有限公司,44927,x,abc,王五
北京大河,某日,x,,王五
`)
	type seen struct{ Name, Core, Founded, Dust, Boss string }
	var got []seen
	for _, r := range rows {
		v := func(name string) string {
			s, _ := r.Values[name].(string)
			return s
		}
		got = append(got, seen{v("name"), v("core"), v("founded"), v("dust"), v("boss")})
	}
	want := []seen{
		{"石家庄市长安区远方科技有限公司", "远方科技", "2026-03-02", "500.00", "张 三"},
		{"A1 B", "A1B", "2015-12-31", "12.50", "张三"},
		{"河北市政建设集团有限责任公司", "河北市政建设", "2026-03-02", "12.50", "李四"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if a := rows[0].Values["address"]; a != "河北省石家庄市裕华路1号-2" {
		t.Errorf("the address is %v", a)
	}
	if len(failures) != 2 || words(failures[0]) != "dust:type" || words(failures[1]) != "founded:type" {
		t.Errorf("%+v", failures)
	}
	told := map[string]int64{}
	for _, c := range q.Cleaned {
		told[c.Field+" "+c.Step] = c.Cells
		if c.Field == "boss" && (len(c.Examples) != 1 || strings.Contains(fmt.Sprint(c.Examples), "四")) {
			t.Errorf("the examples of a personal field are %q", c.Examples)
		}
	}
	for _, c := range q.published().Cleaned {
		if c.Examples != nil {
			t.Errorf("a release shows cells of its file: %+v", c)
		}
	}
	if q.Cleaned[0].Examples == nil {
		t.Error("the report has lost its examples")
	}
	if diff := cmp.Diff(map[string]int64{"name trim": 1, "name width": 2, "core company": 4, "founded date": 4, "address address": 1, "dust width": 1, "dust unit": 2, "boss trim": 1}, told); diff != "" {
		t.Error(diff)
	}
}

// TestKeysOfDataset: values may be looked for in another dataset, whose latest
// release counts; before the first there are none.
func TestKeysOfDataset(t *testing.T) {
	types := declared(t, `
record: list
resource: dataset
title: List
owner: a
basis: b
fields:
  code: {title: Code, type: text}
---
record: use
resource: dataset
title: Use
owner: a
basis: b
fields:
  code: {title: Code, type: text, in: list.code}
`)
	e := qualityEngine(t)
	e.DB = dbtest.SQLite(t)
	must(t, e.DB.Migrate(t.Context(), Migrations()...))
	list, use := types[0], types[1]
	e.byName[list.Name] = list
	const file = "code\nA\nB\n\n"
	if q, _, _ := e.sent(t, use, file); q.Bad != 2 {
		t.Errorf("before there is a list: %+v", q)
	}
	for version, codes := range []string{"code\nA\nB\n", "code\nB\nC\n"} {
		_, _, _, rows := e.taken(t, list, codes)
		e.released(t, list, version+1, rows)
	}
	if q, rows, _ := e.sent(t, use, file); q.Bad != 1 || rows[0].Values["code"] != "B" {
		t.Errorf("by the second list: %+v %v", q, rows)
	}
}

// released makes a file of good rows a release.
func (e *Engine) released(t testing.TB, typ *record.Type, version int, rows File) {
	t.Helper()
	manifest, err := json.Marshal(Manifest{Fields: fieldsOf(typ), Files: []File{rows}})
	must(t, err)
	must(t, e.DB.Do(t.Context(), func(tx *db.Tx) error {
		_, err := tx.Exec(`insert into lake_release (dataset, version, at, batch, manifest, digest) values ($1, $2, 0, $3, $4, '')`, typ.Name, version, fmt.Sprint(typ.Name, version), string(manifest))
		return err
	}))
}

// shifted is a made-up coordinate system, a little to the east of the true one.
func shifted(name string, by float64) Datum {
	return Datum{Name: name, From: func(lon, lat float64) (float64, float64) { return lon + by, lat },
		SQL: func(point string) string {
			return fmt.Sprintf("list_transform([%s], lambda pt: {'lon': pt.lon - %g::double, 'lat': pt.lat})[1]", point, by)
		}}
}

const places = `
record: pole
title: Pole
owner: a
basis: b
fields:
  name: {title: Name, type: text}
  at: {title: At, type: point}
---
record: county
title: County
owner: a
basis: b
fields:
  area: {title: Area, type: area}
---
record: camera
resource: dataset
title: Camera
owner: a
basis: b
fields:
  name: {title: Name, type: text}
  at: {title: {zh: 位置, en: At}, type: point, columns: [lon, lat], CLEAN}
quality:
  inside: county.area
  datum: {field: at, in: pole, by: name}
  stop: [datum]
`

// TestPoints: points come in two columns or one, lie in an area or not, and
// anchors tell the system that they are in; the cleaning step moves them.
func TestPoints(t *testing.T) {
	area, err := record.ParseArea([]byte(`{"type":"MultiPolygon","coordinates":[[[[114,38],[115,38],[115,39],[114,39],[114,38]],[[114.4,38.4],[114.6,38.4],[114.6,38.6],[114.4,38.6],[114.4,38.4]]],[[[116,38],[117,38],[116.5,39],[116,38]]]]}`))
	must(t, err)
	file := `name,lon,lat
a,114.1,38.1
b,114.206,38.2
c,114.3125,38.3
far,114.5,38.5
hole,114.45,38.55
peak,116.5,38.9
out,116.1,38.9
half,114.5,
wrong,114.5,99
none,,
`
	for _, c := range []struct {
		how, b string
		cells  int64
	}{{"datum: WGS84", "map[lat:38.2 lon:114.206]", 0}, {"clean: [datum]", "map[lat:38.2 lon:114.2]", 2}, {"datum: GCJ02", "map[lat:38.2 lon:114.2]", 0}} {
		types := declared(t, strings.Replace(places, "CLEAN", c.how, 1))
		e := qualityEngine(t)
		e.Datums = []Datum{shifted("WGS84", 0), shifted("GCJ02", 0.006), shifted("BD09", 0.0125)}
		at := func(lon, lat float64) any { return record.Point{Lon: lon, Lat: lat} }
		e.Records = rowsOf{"county": {living(types[1], area)},
			"pole": {living(types[0], "a", at(114.1, 38.1)), living(types[0], "b", at(114.2, 38.2003)), living(types[0], "c", at(114.3, 38.3)), living(types[0], "far", at(114.1, 38.1)), living(types[0], "d", nil)}}
		q, rows, failures, good := e.taken(t, types[2], file)
		got := map[any]string{}
		for _, r := range rows {
			got[r.Values["name"]] = fmt.Sprint(r.Values["at"])
		}
		if got["b"] != c.b || got["none"] != "<nil>" || got["peak"] == "" || len(rows) != 5 {
			t.Errorf("%s: rows %v", c.how, got)
		}
		var why []string
		for _, f := range failures {
			why = append(why, f.Cells[0]+" "+words(f))
		}
		if diff := cmp.Diff([]string{"far at:inside", "hole at:inside", "out at:inside", "half at:type", "wrong at:type"}, why); diff != "" {
			t.Errorf("%s: %s", c.how, diff)
		}
		var text string
		must(t, e.Text(t.Context(), types[2], Manifest{Fields: fieldsOf(types[2]), Files: []File{good}}, func(r io.Reader) error {
			b, err := io.ReadAll(r)
			text = string(b)
			return err
		}))
		if !strings.HasPrefix(text, "a,\"") || !strings.HasSuffix(text, "none,\n") {
			t.Errorf("%s: as text %q", c.how, text)
		}
		if len(q.Findings) != 1 || !q.Findings[0].Stop || !strings.HasSuffix(q.Findings[0].Text.Zh, "BD09 ×1 (c); GCJ02 ×1 (b); WGS84 ×1 (a)") || fault.Code(q.stopped()) != "quality" {
			t.Errorf("%s: %+v", c.how, q.Findings)
		}
		if c.cells > 0 && (len(q.Cleaned) != 1 || q.Cleaned[0].Cells != c.cells || q.Cleaned[0].Examples[0] != [2]string{"114.206,38.2", "114.2,38.2"}) {
			t.Errorf("%s: %+v", c.how, q.Cleaned)
		}
	}
}

// TestWhole: what a file as a whole does not keep is found, and nothing else.
func TestWhole(t *testing.T) {
	types := declared(t, `
record: hour
resource: dataset
title: Hour
owner: a
basis: b
fields:
  at: {title: {zh: 时间, en: Time}, type: time}
  value: {title: {zh: 值, en: Value}, type: decimal, scale: 1}
  kind: {title: {zh: 类, en: Kind}, type: choice, choices: {a: {title: A}, b: {title: B}}}
quality:
  bad: 20
  rows: 3
  fresh: {field: at, within: 2 hours}
  drift: {rows: 50, empty: 10, shares: 30, mean: 2}
  stop: [fresh]
`)
	hour := types[0]
	e := qualityEngine(t)
	e.DB = dbtest.SQLite(t)
	must(t, e.DB.Migrate(t.Context(), Migrations()...))
	const good = "at,value,kind\n2026-03-02 08:00:00,1,a\n2026-03-02 08:00:00,2,a\n2026-03-02 08:00:00,3,b\n2026-03-02 07:00:00,2,b\n"
	q, _, _, file := e.taken(t, hour, good)
	if len(q.Findings) != 0 {
		t.Errorf("the first is compared with nothing, but: %+v", q.Findings)
	}
	e.released(t, hour, 1, file)
	for name, c := range map[string]struct {
		file string
		want []string
		stop bool
	}{
		"the same":     {good, nil, false},
		"old":          {strings.ReplaceAll(good, "03-02", "03-01"), []string{"fresh at"}, true},
		"no time":      {strings.ReplaceAll(strings.ReplaceAll(good, "2026-03-02 08:00:00", ""), "2026-03-02 07:00:00", ""), []string{"fresh at", "drift at"}, true},
		"bad":          {good + "x,1,a\nx,1,a\n", []string{"bad "}, false},
		"few":          {"at,value,kind\n2026-03-02 08:00:00,2,a\n2026-03-02 08:00:00,2,b\n", []string{"rows "}, false},
		"fewer":        {"at,value,kind\n2026-03-02 08:00:00,2,a\n", []string{"rows ", "drift ", "drift kind", "drift kind"}, false},
		"many":         {good + strings.Repeat("2026-03-02 08:00:00,2,a\n2026-03-02 08:00:00,2,b\n", 2), []string{"drift "}, false},
		"empty":        {strings.Replace(good, ",3,", ",,", 1), []string{"drift value"}, false},
		"other shares": {strings.ReplaceAll(good, ",b", ",a"), []string{"drift kind", "drift kind"}, false},
		"other mean":   {strings.ReplaceAll(good, ",3,", ",9,"), []string{"drift value"}, false},
	} {
		q, _, _ := e.sent(t, hour, c.file)
		var got []string
		for _, f := range q.Findings {
			got = append(got, f.Rule+" "+f.Field)
			if f.Text.Zh == "" || f.Text.En == "" || strings.Contains(f.Text.Zh+f.Text.En, "%!") {
				t.Errorf("%s: %+v", name, f.Text)
			}
		}
		if diff := cmp.Diff(c.want, got); diff != "" || (q.stopped() != nil) != c.stop {
			t.Errorf("%s: %s %+v", name, diff, q.Findings)
		}
	}
}
