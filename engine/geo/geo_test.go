package geo

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"strconv"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"chengshu/core/decl"
	"chengshu/core/record"
	"chengshu/kernel/clock"
	"chengshu/kernel/db"
	"chengshu/kernel/db/dbtest"
	"chengshu/kernel/search"
)

const declarations = `
- record: place
  title: P
  owner: o
  basis: b
  fields: {level: {title: L, type: text}, at: {title: A, type: point}, within: {title: W, type: text}}
- record: border
  title: B
  owner: o
  basis: b
  fields: {shape: {title: S, type: area}, division: {title: P, type: text}}
- gazetteer: all
  areas: {in: border, geometry: shape, division: division}
  points: {in: place, geometry: at, level: street, within: within}
`

// declared decodes and checks a list of declarations.
func declared(t testing.TB, text string) (*decl.Set, *decl.Report) {
	t.Helper()
	var list yaml.Node
	if err := yaml.Unmarshal([]byte(text), &list); err != nil {
		t.Fatal(err)
	}
	set, report := decl.NewSet(), &decl.Report{}
	items := map[string]func() decl.Item{"record": record.Kind.New, "gazetteer": Kind.New}
	var all []decl.Item
	for _, n := range list.Content[0].Content {
		kind, name := n.Content[0].Value, n.Content[1].Value
		n.Content = n.Content[2:]
		it := items[kind]()
		decl.Decode(n, "test.yaml", it, report)
		it.Head().Name = name
		set.Add(kind, it, report)
		all = append(all, it)
	}
	for _, it := range all {
		it.Check(set, report)
	}
	return set, report
}

// square is a GeoJSON polygon with the given corners, and holes likewise.
func square(corners ...[4]float64) map[string]any {
	rings := []any{}
	for _, c := range corners {
		w, s, e, n := c[0], c[1], c[2], c[3]
		rings = append(rings, []any{[]any{w, s}, []any{e, s}, []any{e, n}, []any{w, n}, []any{w, s}})
	}
	return map[string]any{"type": "Polygon", "coordinates": rings}
}

func TestLoad(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := context.Background()
		set, report := declared(t, declarations)
		if err := report.Err(); err != nil {
			t.Fatal(err)
		}
		text := search.New(search.Deps{DB: d, Clock: clock.System(), Log: slog.New(slog.DiscardHandler)})
		if err := d.Migrate(ctx, text.Migrations()...); err != nil {
			t.Fatal(err)
		}
		records, err := record.New(ctx, record.Deps{DB: d, Search: text, Types: decl.All[*record.Type](set, "record")})
		if err != nil {
			t.Fatal(err)
		}
		add := func(typ, id string, fields map[string]any) {
			t.Helper()
			rt, _ := records.Type(typ)
			draft, err := records.PlanCreate(ctx, rt, fields, record.Author{})
			if err != nil {
				t.Fatal(err)
			}
			draft.Row.ID = id
			if err := d.Do(ctx, func(tx *db.Tx) error { _, err := draft.Write(tx, record.Stamp{Act: id}); return err }); err != nil {
				t.Fatal(err)
			}
		}
		point := func(lon, lat float64) map[string]any {
			return map[string]any{"lon": json.Number(fmt.Sprint(lon)), "lat": json.Number(fmt.Sprint(lat))}
		}
		index := New(records)
		gazetteers := decl.All[*Gazetteer](set, "gazetteer")
		if err := index.Load(ctx, gazetteers); err != nil {
			t.Fatal(err)
		}
		if got := index.DivisionAt(record.Point{Lon: 1, Lat: 1}); got != "" {
			t.Errorf("with nothing loaded a point lies in %q", got)
		}

		// A county of ten by ten degrees with a hole, and one to its east
		// whose only street lies nearer to the first county's edge.
		add("border", "west", map[string]any{"shape": square([4]float64{0, 0, 10, 10}, [4]float64{4, 4, 6, 6}), "division": "W"})
		add("border", "east", map[string]any{"shape": square([4]float64{10, 0, 20, 10}), "division": "E"})
		add("border", "bare", map[string]any{"shape": square([4]float64{30, 0, 40, 10}), "division": "B"})
		add("place", "W1", map[string]any{"level": "street", "at": point(1, 1), "within": "west"})
		add("place", "W2", map[string]any{"level": "street", "at": point(9, 9), "within": "west"})
		add("place", "E1", map[string]any{"level": "street", "at": point(10.1, 1), "within": "east"})
		add("place", "V", map[string]any{"level": "village", "at": point(2, 2), "within": "west"})
		add("place", "N", map[string]any{"level": "street", "within": "west"})
		if err := index.Load(ctx, gazetteers); err != nil {
			t.Fatal(err)
		}
		for _, tc := range []struct {
			what     string
			lon, lat float64
			want     string
		}{
			{"nearest street", 2, 2, "W1"},
			{"the other street", 8, 8, "W2"},
			{"nearest within the county, not across its border", 9.9, 1, "W2"},
			{"the eastern county", 19, 9, "E1"},
			{"a county without streets", 35, 5, "B"},
			{"in the hole", 5, 5, ""},
			{"outside all", 25, 5, ""},
		} {
			if got := index.DivisionAt(record.Point{Lon: tc.lon, Lat: tc.lat}); got != tc.want {
				t.Errorf("%s: %q, want %q", tc.what, got, tc.want)
			}
		}
	})
}

func TestCheck(t *testing.T) {
	for name, tc := range map[string]struct{ change, to, want string }{
		"unknown type":        {"in: border", "in: bordr", `did you mean "border"?`},
		"unknown field":       {"geometry: shape", "geometry: shap", `"border" has no field "shap"`},
		"no level to go by":   {"{level: {title: L, type: text}, at", "{at", `"place" has no field "level"`},
		"unknown boundary by": {"within: within}\n", "within: inside}\n", `"place" has no field "inside"`},
	} {
		t.Run(name, func(t *testing.T) {
			_, report := declared(t, strings.Replace(declarations, tc.change, tc.to, 1))
			if err := report.Err(); err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v, want %s", err, tc.want)
			}
		})
	}
}

// TestSqueeze wants distances measured on the ground: at 38° north a degree of
// longitude is a fifth shorter than one of latitude.
func TestSqueeze(t *testing.T) {
	a := area{id: "a", division: "a"}
	all := &places{points: []point{
		{record.Point{Lon: 114.10, Lat: 38.00}, "east", "a"},
		{record.Point{Lon: 114.00, Lat: 38.09}, "north", "a"},
	}}
	if got := all.nearest(record.Point{Lon: 114, Lat: 38}, &a); got != "east" {
		t.Errorf("nearest is %s, want east: 8.8 km against 10", got)
	}
}

// county is the index over the real boundaries and points of the city.
func county(t testing.TB) (*Index, map[string][]string) {
	t.Helper()
	const data = "../../packs/public-data/data/"
	p := &places{}
	raw, err := os.ReadFile(data + "boundaries.geojson")
	if err != nil {
		t.Fatal(err)
	}
	var c struct {
		Features []struct {
			Properties struct{ Code string }
			Geometry   json.RawMessage
		}
	}
	if err := json.Unmarshal(raw, &c); err != nil {
		t.Fatal(err)
	}
	for _, f := range c.Features {
		a, err := record.ParseArea(f.Geometry)
		if err != nil {
			t.Fatal(err)
		}
		p.areas = append(p.areas, area{a, a.Bounds(), f.Properties.Code, f.Properties.Code})
	}
	file, err := os.Open(data + "divisions.csv")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	rows, err := csv.NewReader(file).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	streets := map[string][]string{}
	for _, r := range rows[1:] { // code, name, level, parent, path, lon, lat, approx, polygon
		if r[2] != "street" || r[5] == "" {
			continue
		}
		lon, _ := strconv.ParseFloat(r[5], 64)
		lat, _ := strconv.ParseFloat(r[6], 64)
		p.points = append(p.points, point{record.Point{Lon: lon, Lat: lat}, r[0], r[8]})
		streets[r[0]] = r
	}
	x := &Index{}
	x.places.Store(p)
	return x, streets
}

// TestCity finds each street of the city at its own point.
func TestCity(t *testing.T) {
	x, streets := county(t)
	found := 0
	for _, p := range x.places.Load().points {
		switch got := x.DivisionAt(p.Point); {
		case got == p.division:
			found++
		default:
			t.Logf("the point of %s %s (within %s) lies in %s", p.division, streets[p.division][1], p.within, got)
		}
	}
	if total := len(streets); total < 250 || found < total*99/100 {
		t.Errorf("%d of %d streets are found at their own points", found, total)
	}
	for name, tc := range map[string]struct {
		lon, lat float64
		want     string
	}{
		"Jianbei, by its office":     {114.52972, 38.04533, "130102001"},
		"Beijing":                    {116.39, 39.90, ""},
		"Hengshui, just to the east": {115.67, 37.74, ""},
	} {
		if got := x.DivisionAt(record.Point{Lon: tc.lon, Lat: tc.lat}); got != tc.want {
			t.Errorf("%s: %q, want %q", name, got, tc.want)
		}
	}
}

func BenchmarkDivisionAt(b *testing.B) {
	x, _ := county(b)
	i := 0
	for b.Loop() {
		x.DivisionAt(record.Point{Lon: 113.5 + float64(i%2000)/1000, Lat: 37.5 + float64(i%1100)/1000})
		i++
	}
}
