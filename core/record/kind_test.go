package record

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"

	"chengshu/kernel/db"
	"chengshu/kernel/db/dbtest"
	"chengshu/kernel/fault"
)

const photo = `{"id":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","name":"a.png","size":3,"media":"image/png"}`

// TestKinds gives one field a value and reads it back: as the API shows it, and
// as expressions see it.
func TestKinds(t *testing.T) {
	cases := []struct {
		field, in string
		out       string // JSON read back; "" as given
		inRules   any
	}{
		{"label", `"两行\n字 <&> \"'"`, `"两行\n字 \u003c\u0026\u003e \"'"`, "两行\n字 <&> \"'"},
		{"watts", `60`, "", int64(60)},
		{"height", `"-0.05"`, "", -0.05},
		{"height", `7`, `"7.00"`, 7.0},
		{"height", `92233720368547758.07`, `"92233720368547758.07"`, 92233720368547758.07},
		{"height", `"-92233720368547758.08"`, "", -92233720368547758.08},
		{"tilt", `"-10.0"`, "", -10.0},
		{"tilt", `"45.0"`, "", 45.0},
		{"lit", `false`, "", false},
		{"built", `"2024-02-29"`, "", "2024-02-29"},
		{"seen", `"2026-03-02T09:00:00.1239+08:00"`, `"2026-03-02T01:00:00.123Z"`, now.UTC().Add(123e6)},
		{"colour", `"cold"`, "", "cold"},
		{"tags", `["c","a"]`, "", []string{"c", "a"}},
		{"at", `{"lon":114.5,"lat":38.05}`, "", Point{114.5, 38.05}},
		{"at", `{"lon":115.5,"lat":39.05,"datum":"gcj02"}`, `{"lon":114.5,"lat":38.05}`, Point{114.5, 38.05}},
		{"area", `{"type":"Polygon","coordinates":[[[0,0],[1,0],[1,1],[0,0]]]}`, "", nil},
		{"photos", "[" + photo + "]", "", []string{photo[7 : 7+64]}},
		{"photos", photo, "[" + photo + "]", []string{photo[7 : 7+64]}},
		{"parts", `[{"name":"a","count":2},{"name":"b"}]`, "", nil},
		{"parts", `[{"name":"a","where":{"lon":2,"lat":2,"datum":"gcj02"}}]`, `[{"name":"a","where":{"lon":1,"lat":1}}]`, nil},
		{"stands", `"p1"`, "", "p1"},
		{"close_to", `["p1"]`, "", []string{"p1"}},
	}
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, cityYAML)
		w.placed("p1", "/1/")
		for i, c := range cases {
			row := w.create("lamp", fmt.Sprintf(`{"code":"C%d",%q:%s}`, i, c.field, c.in))
			f := row.Type.Field(c.field)
			want := c.out
			if want == "" {
				want = c.in
			}
			if got := string(AppendField(nil, f, row.Get(c.field))); got != want {
				t.Errorf("%s %s: read back as %s, want %s", c.field, c.in, got, want)
			}
			if c.inRules != nil {
				if diff := cmp.Diff(fmt.Sprint(c.inRules), fmt.Sprint(row.RuleField(c.field))); diff != "" {
					t.Errorf("%s %s in rules: %s", c.field, c.in, diff)
				}
			}
			// What history keeps says the same.
			h, err := w.e.History(d.Read(context.Background()), row.Type, row.ID, 0, 1)
			must(t, err)
			if got := string(h[0].Fields[c.field]); got != want {
				t.Errorf("%s %s: history has %s", c.field, c.in, got)
			}
		}
	})
}

// placed writes a place under its own id.
func (w *world) placed(id, path string) {
	w.t.Helper()
	d, err := w.e.planNew(context.Background(), w.typ("place"), id, object(w.t, fmt.Sprintf(`{"name":%q,"path":%q,"wards":3}`, id, path)), Author{Now: now})
	must(w.t, err)
	_, err = w.write(d, "place.create")
	must(w.t, err)
}

func TestKindsRefuse(t *testing.T) {
	w := newWorld(t, dbtest.SQLite(t), cityYAML)
	for _, c := range []struct{ fields, path string }{
		{`"code":"TOOLONGXX"`, "fields.code"},
		{`"code":"lower"`, "fields.code"},
		{`"code":5`, "fields.code"},
		{`"code":"A","label":"a\u0000b"`, "fields.label"},
		{`"code":"A","watts":"60"`, "fields.watts"},
		{`"code":"A","watts":6.5`, "fields.watts"},
		{`"code":"A","watts":1e2`, "fields.watts"},
		{`"code":"A","watts":0`, "fields.watts"},
		{`"code":"A","watts":501`, "fields.watts"},
		{`"code":"A","watts":99999999999999999999`, "fields.watts"},
		{`"code":"A","height":"1.234"`, "fields.height"},
		{`"code":"A","height":"1.-2"`, "fields.height"},
		{`"code":"A","height":".5"`, "fields.height"},
		{`"code":"A","height":""`, "fields.height"},
		{`"code":"A","height":"92233720368547758.08"`, "fields.height"},
		{`"code":"A","height":true`, "fields.height"},
		{`"code":"A","tilt":"-10.1"`, "fields.tilt"},
		{`"code":"A","tilt":45.1`, "fields.tilt"},
		{`"code":"A","lit":"true"`, "fields.lit"},
		{`"code":"A","lit":1`, "fields.lit"},
		{`"code":"A","built":"2023-02-29"`, "fields.built"},
		{`"code":"A","built":20230201`, "fields.built"},
		{`"code":"A","seen":"2026-03-02"`, "fields.seen"},
		{`"code":"A","colour":"green"`, "fields.colour"},
		{`"code":"A","colour":["warm"]`, "fields.colour"},
		{`"code":"A","tags":"a"`, "fields.tags"},
		{`"code":"A","tags":["a","x"]`, "fields.tags.1"},
		{`"code":"A","tags":["a","b","c"]`, "fields.tags"},
		{`"code":"A","at":{"lon":181,"lat":0}`, "fields.at.lon"},
		{`"code":"A","at":{"lon":1}`, "fields.at.lat"},
		{`"code":"A","at":{"lon":"1","lat":1}`, "fields.at.lon"},
		{`"code":"A","at":{"lon":1,"lat":1e400}`, "fields.at.lat"},
		{`"code":"A","at":{"lon":1,"lat":1,"alt":1}`, "fields.at.alt"},
		{`"code":"A","at":{"lon":1,"lat":1,"datum":"mars"}`, "fields.at.datum"},
		{`"code":"A","at":{"lon":1,"lat":1,"datum":"bd09"}`, "fields.at.datum"}, // no converter is wired
		{`"code":"A","at":[1,1]`, "fields.at"},
		{`"code":"A","area":{"type":"Point","coordinates":[1,1]}`, "fields.area"},
		{`"code":"A","area":{"type":"Polygon","coordinates":[[[0,0],[1,0],[1,1],[2,2]]]}`, "fields.area"},
		{`"code":"A","area":{"type":"Polygon","coordinates":[[[0,0],[1,0],[0,0]]]}`, "fields.area"},
		{`"code":"A","area":{"type":"Polygon","coordinates":[[[0,0],[0],[1,1],[0,0]]]}`, "fields.area"},
		{`"code":"A","area":{"type":"Polygon","coordinates":[]}`, "fields.area"},
		{`"code":"A","area":"x"`, "fields.area"},
		{`"code":"A","photos":[{"id":"short"}]`, "fields.photos.0"},
		{`"code":"A","photos":[{"id":"` + photo[7:7+64] + `","media":"text/html"}]`, "fields.photos.0"},
		{`"code":"A","parts":{}`, "fields.parts"},
		{`"code":"A","parts":[1]`, "fields.parts.0"},
		{`"code":"A","parts":[{"count":1}]`, "fields.parts.0.name"},
		{`"code":"A","parts":[{"name":"a","size":1}]`, "fields.parts.0.size"},
		{`"code":"A","parts":[{"name":"a","from":"nowhere"}]`, "fields.parts.0.from"},
		{`"code":"A","parts":[{"name":"a","where":{"lon":1,"lat":1,"datum":"bd09"}}]`, "fields.parts.0.where.datum"},
		{`"code":"A","parts":[{"name":"a"},{"name":"a"},{"name":"a"},{"name":"a"}]`, "fields.parts"},
		{`"code":"A","stands":"nowhere"`, "fields.stands"},
		{`"code":"A","stands":""`, "fields.stands"},
		{`"code":"A","close_to":["nowhere"]`, "fields.close_to.0"},
		{`"code":"A","wards":1`, "fields.wards"},
		{`"code":"A","doubled":1`, "fields.doubled"},
		{`"code":"A","unheard":1`, "fields.unheard"},
		{`"label":"no code"`, "fields.code"},
		{`"code":""`, "fields.code"},
		{`"code":null`, "fields.code"},
		{`"code":"A","watts":4,"lit":true`, "fields.watts"}, // the type's own condition
	} {
		_, err := w.plan("lamp", "{"+c.fields+"}")
		if fault.Code(err) != "invalid-fields" {
			t.Errorf("%s: %v", c.fields, err)
			continue
		}
		wants(t, err, "invalid-fields", c.path)
	}
}

// TestEveryMistakeAtOnce holds the promise that one answer names them all.
func TestEveryMistakeAtOnce(t *testing.T) {
	w := newWorld(t, dbtest.SQLite(t), cityYAML)
	_, err := w.plan("lamp", `{"watts":"x","tags":["x","y"],"codex":1,"stands":"nowhere"}`)
	wants(t, err, "invalid-fields", "fields.codex", "fields.tags.0", "fields.tags.1", "fields.watts", "fields.code", "fields.stands")
}

// TestFromRule turns results of expressions into values, and refuses those that
// the field cannot hold.
func TestFromRule(t *testing.T) {
	w := newWorld(t, dbtest.SQLite(t), cityYAML)
	inf := math.Inf(1)
	for _, c := range []struct {
		field string
		in    any
		want  any
		ok    bool
	}{
		{"watts", 2.6, int64(3), true},
		{"watts", inf, nil, false},
		{"watts", 9.3e18, nil, false},
		{"height", int64(3), int64(300), true},
		{"height", 1.005, int64(100), true}, // the nearest float is a little less
		{"height", int64(1) << 60, nil, false},
		{"height", -inf, nil, false},
		{"colour", "cold", "cold", true},
		{"colour", "green", nil, false},
		{"colour", "", nil, true},
		{"tags", []any{"a", "b"}, []string{"a", "b"}, true},
		{"tags", []any{"a", "x"}, nil, false},
		{"tags", []any{int64(1)}, nil, false},
		{"built", "2026-02-28", "2026-02-28", true},
		{"built", "yesterday", nil, false},
		{"built", "", nil, true},
		{"seen", now, now.UnixMilli(), true},
		{"seen", "2026", nil, false},
		{"lit", true, true, true},
		{"lit", "true", nil, false},
		{"at", Point{1, 2}, Point{1, 2}, true},
		{"at", "1,2", nil, false},
		{"code", "x", "x", true},
		{"code", int64(1), nil, false},
		{"close_to", "p1", []string{"p1"}, true},
		{"stands", []string{"p1"}, nil, false},
		{"area", "x", nil, false},
		{"photos", "x", nil, false},
		{"parts", []any{}, nil, false},
	} {
		f := w.typ("lamp").Field(c.field)
		got, err := f.kind.fromRule(f, c.in)
		if (err == nil) != c.ok || c.ok && !sameValue(got, c.want) {
			t.Errorf("%s from %v: %v, %v; want %v, %v", c.field, c.in, got, err, c.want, c.ok)
		}
	}
}

// FuzzDecode gives every kind of field any JSON there is. Whatever is taken
// must be kept and shown without loss; what is refused must say where.
func FuzzDecode(f *testing.F) {
	w := newWorld(f, dbtest.SQLite(f), cityYAML)
	lamp := w.typ("lamp")
	for _, seed := range []string{`1`, `"x"`, `null`, `true`, `[]`, `{}`, `[{"name":"a","where":{"lon":1,"lat":1,"datum":"gcj02"}}]`, `{"lon":1e308,"lat":-0}`,
		`{"type":"Polygon","coordinates":[[[0,0],[1,0],[1,1],[0,0]]]}`, `{"type":"MultiPolygon","coordinates":[[[[0,0],[1,0],[1,1],[0,0]]]]}`,
		photo, "[" + photo + "]", `"2026-03-02"`, `"2026-03-02T09:00:00+08:00"`, `"-0.5"`, `["a","b"]`, `-9223372036854775808`, `"\ud800"`, `[[[]]]`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		dec := json.NewDecoder(bytes.NewReader([]byte(text)))
		dec.UseNumber()
		var v any
		if dec.Decode(&v) != nil || v == nil {
			return
		}
		for _, field := range lamp.Fields {
			bad := fault.New(fault.Invalid, "x", "x", "x")
			p := planner{e: w.e, bad: bad}
			native := p.convert(field.kind.decode(field, v, "f", bad), "f")
			if native == nil || len(bad.Fields) > 0 {
				continue
			}
			shown := AppendField(nil, field, native)
			if !json.Valid(shown) {
				t.Fatalf("%s: %s is shown as %s", field.Name, text, shown)
			}
			loaded, err := field.kind.load(field, field.kind.bind(nil, field, native))
			if err != nil {
				t.Fatalf("%s: %s is kept and cannot be read: %v", field.Name, text, err)
			}
			if again := AppendField(nil, field, loaded); !bytes.Equal(shown, again) {
				t.Fatalf("%s: %s is shown as %s, and after keeping as %s", field.Name, text, shown, again)
			}
			field.kind.ruleValue(field, native)
		}
	})
}
