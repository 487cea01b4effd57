package record

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"

	"chengshu/core/rule"
	"chengshu/kernel/fault"
)

// Point is a place in degrees, WGS84 (equal to CGCS2000 within centimetres).
type Point struct{ Lon, Lat float64 }

// RuleField lets expressions read p.lon and p.lat.
func (p Point) RuleField(name string) any {
	switch name {
	case "lon":
		return p.Lon
	case "lat":
		return p.Lat
	}
	return nil
}

// PointShape is the shape of points in expressions.
var PointShape = rule.Shape{Name: "point", Fields: map[string]rule.Type{"lon": rule.Double, "lat": rule.Double}}

// datumPoint is an input point that has still to be converted to WGS84.
type datumPoint struct {
	Point
	datum string
}

type pointKind struct{}

// A point takes three columns: its degrees, and the Morton code of its cell,
// by which box and radius queries find it.
func (pointKind) columns(f *Field) []column {
	return []column{{f.Name, sqlInt}, {f.Name + "_lon", sqlDouble}, {f.Name + "_lat", sqlDouble}}
}

func (pointKind) decode(_ *Field, v any, path string, bad *fault.Fault) any {
	m, ok := v.(map[string]any)
	if !ok {
		return notA(bad, path, ` {"lon":…,"lat":…}`, `{"lon":…,"lat":…}`)
	}
	for key := range m {
		if key != "lon" && key != "lat" && key != "datum" {
			return notA(bad, path+"."+key, "不认识的键，只可有 lon、lat、datum", "absent: only lon, lat and datum are known")
		}
	}
	lon, okLon := degrees(m["lon"], 180, path+".lon", bad)
	lat, okLat := degrees(m["lat"], 90, path+".lat", bad)
	if !okLon || !okLat {
		return nil
	}
	switch d := m["datum"]; d {
	case nil, "wgs84", "cgcs2000":
		return Point{lon, lat}
	case "gcj02", "bd09":
		return datumPoint{Point{lon, lat}, d.(string)}
	}
	return notA(bad, path+".datum", "以下之一：wgs84、cgcs2000、gcj02、bd09", "one of wgs84, cgcs2000, gcj02, bd09")
}

func degrees(v any, limit float64, path string, bad *fault.Fault) (float64, bool) {
	n, _ := v.(json.Number)
	d, err := strconv.ParseFloat(string(n), 64)
	if err != nil || math.Abs(d) > limit || math.IsNaN(d) {
		notA(bad, path, fmt.Sprintf(" -%g 到 %g 之间的度数", limit, limit), fmt.Sprintf("degrees between -%g and %g", limit, limit))
		return 0, false
	}
	return d, true
}

func (pointKind) bind(dst []any, _ *Field, v any) []any {
	p, ok := v.(Point)
	if !ok {
		return append(dst, nil, nil, nil)
	}
	return append(dst, cellOf(p), p.Lon, p.Lat)
}

func (pointKind) load(f *Field, cols []any) (any, error) {
	if cols[1] == nil || cols[2] == nil {
		return nil, nil
	}
	lon, ok1 := cols[1].(float64)
	lat, ok2 := cols[2].(float64)
	if !ok1 || !ok2 {
		return nil, wrongColumn(f, cols[1])
	}
	return Point{lon, lat}, nil
}

func (pointKind) appendJSON(dst []byte, _ *Field, v any) []byte {
	p := v.(Point)
	dst = strconv.AppendFloat(append(dst, `{"lon":`...), p.Lon, 'f', -1, 64)
	dst = strconv.AppendFloat(append(dst, `,"lat":`...), p.Lat, 'f', -1, 64)
	return append(dst, '}')
}

func (pointKind) ruleType(*Field) rule.Type     { return rule.ObjectOf("point") }
func (pointKind) ruleValue(_ *Field, v any) any { return v }

func (pointKind) fromRule(f *Field, v any) (any, error) {
	switch v := v.(type) {
	case nil:
		return nil, nil
	case Point:
		return v, nil
	}
	return nil, wrongResult(f, v)
}

// parse reads "lon,lat".
func (pointKind) parse(_ *Field, s string) (any, error) {
	a, b, _ := strings.Cut(s, ",")
	lon, err1 := strconv.ParseFloat(a, 64)
	lat, err2 := strconv.ParseFloat(b, 64)
	if err1 != nil || err2 != nil || math.Abs(lon) > 180 || math.Abs(lat) > 90 {
		return nil, fmt.Errorf("not a point: %q", s)
	}
	return Point{lon, lat}, nil
}

// Area is a GeoJSON Polygon or MultiPolygon (RFC 7946), WGS84.
type Area struct {
	JSON  string        // the geometry as given, compacted
	Rings [][][]float64 // every ring of every polygon, as [lon, lat] pairs
}

type areaKind struct{}

// maxAreaPoints bounds one area; a county boundary has about two thousand.
const maxAreaPoints = 100_000

func (areaKind) columns(f *Field) []column { return []column{{f.Name, sqlText}} }

func (areaKind) decode(_ *Field, v any, path string, bad *fault.Fault) any {
	b, err := json.Marshal(v)
	if err == nil {
		var a Area
		if a, err = ParseArea(b); err == nil {
			return a
		}
	}
	bad.With(path, "不是有效的面："+err.Error(), "not a valid area: "+err.Error())
	return nil
}

// ParseArea reads a GeoJSON Polygon or MultiPolygon and checks its rings.
func ParseArea(b []byte) (Area, error) {
	var g struct {
		Type        string          `json:"type"`
		Coordinates json.RawMessage `json:"coordinates"`
	}
	if err := json.Unmarshal(b, &g); err != nil {
		return Area{}, err
	}
	var polygons [][][][]float64
	switch g.Type {
	case "Polygon":
		polygons = make([][][][]float64, 1)
		if err := json.Unmarshal(g.Coordinates, &polygons[0]); err != nil {
			return Area{}, err
		}
	case "MultiPolygon":
		if err := json.Unmarshal(g.Coordinates, &polygons); err != nil {
			return Area{}, err
		}
	default:
		return Area{}, fmt.Errorf("type must be Polygon or MultiPolygon, not %q", g.Type)
	}
	a := Area{JSON: fmt.Sprintf(`{"type":%q,"coordinates":%s}`, g.Type, compact(g.Coordinates))}
	points := 0
	for _, polygon := range polygons {
		for _, ring := range polygon {
			points += len(ring)
			if err := checkRing(ring); err != nil {
				return Area{}, err
			}
			a.Rings = append(a.Rings, ring)
		}
	}
	if points == 0 || points > maxAreaPoints {
		return Area{}, fmt.Errorf("an area has 4 to %d points, not %d", maxAreaPoints, points)
	}
	return a, nil
}

func compact(b json.RawMessage) []byte {
	var v any
	_ = json.Unmarshal(b, &v) // parsed once already
	out, _ := json.Marshal(v)
	return out
}

func checkRing(ring [][]float64) error {
	if len(ring) < 4 {
		return fmt.Errorf("a ring has at least 4 points, not %d", len(ring))
	}
	for _, p := range ring {
		if len(p) < 2 || math.Abs(p[0]) > 180 || math.Abs(p[1]) > 90 {
			return fmt.Errorf("a position is [lon, lat] in degrees, not %v", p)
		}
	}
	if first, last := ring[0], ring[len(ring)-1]; first[0] != last[0] || first[1] != last[1] {
		return fmt.Errorf("a ring ends where it began")
	}
	return nil
}

// Contains reports whether p lies in the area, by the even-odd rule, so that
// holes are outside.
func (a Area) Contains(p Point) bool {
	in := false
	for _, ring := range a.Rings {
		for i, j := 0, len(ring)-1; i < len(ring); j, i = i, i+1 {
			xi, yi, xj, yj := ring[i][0], ring[i][1], ring[j][0], ring[j][1]
			if (yi > p.Lat) != (yj > p.Lat) && p.Lon < (xj-xi)*(p.Lat-yi)/(yj-yi)+xi {
				in = !in
			}
		}
	}
	return in
}

func (areaKind) bind(dst []any, _ *Field, v any) []any {
	if a, ok := v.(Area); ok {
		return append(dst, a.JSON)
	}
	return append(dst, nil)
}

func (areaKind) load(f *Field, cols []any) (any, error) {
	if cols[0] == nil {
		return nil, nil
	}
	s, err := asString(f, cols[0])
	if err != nil {
		return nil, err
	}
	return ParseArea([]byte(s))
}

func (areaKind) appendJSON(dst []byte, _ *Field, v any) []byte { return append(dst, v.(Area).JSON...) }
func (areaKind) ruleType(*Field) rule.Type                     { return rule.Dyn }
func (areaKind) ruleValue(*Field, any) any                     { return nil }

func (areaKind) fromRule(f *Field, v any) (any, error) { return nil, wrongResult(f, v) }

func (areaKind) parse(_ *Field, s string) (any, error) { return ParseArea([]byte(s)) }

// Bounds returns the smallest box around the area.
func (a Area) Bounds() Box {
	b := Box{West: 180, South: 90, East: -180, North: -90}
	for _, ring := range a.Rings {
		for _, p := range ring {
			b.West, b.East = min(b.West, p[0]), max(b.East, p[0])
			b.South, b.North = min(b.South, p[1]), max(b.North, p[1])
		}
	}
	return b
}
