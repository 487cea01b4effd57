package datum

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"testing"
)

func TestByAnchors(t *testing.T) {
	truth := []Point{{114.5149, 38.0428}, {114.48, 38.01}, {114.57, 38.147}, {114.2, 38.25}}
	for _, sent := range All() {
		var anchors []Anchor
		for i, p := range truth {
			a := Anchor{Given: Convert(p, WGS84, sent), True: p}
			a.True.Lon += float64(i) * 0.0001 // the truth is known to 30 m
			anchors = append(anchors, a)
		}
		anchors = append(anchors, Anchor{Given: Point{100, 30}, True: truth[0]}) // and one is nonsense
		scores, ok := ByAnchors(anchors, 100)
		if !ok || scores[0].Datum != sent || scores[0].MedianM > 30 {
			t.Errorf("sent in %s: %v %+v", sent, ok, scores)
		}
	}
	if _, ok := ByAnchors(nil, 100); ok {
		t.Error("nothing was decided from nothing")
	}
	if _, ok := ByAnchors([]Anchor{{truth[0], truth[1]}}, 100); ok {
		t.Error("positions that fit no system were ascribed to one")
	}
	if _, ok := ByAnchors([]Anchor{{truth[0], truth[0]}}, 5000); ok {
		t.Error("a tolerance wider than the shifts decides nothing")
	}
}

func TestByPlaces(t *testing.T) {
	var places []Located
	for i := range 20 { // a road running north, 200 m wide, at 114.5
		p := Convert(Point{114.5, 38 + float64(i)/100}, WGS84, GCJ02)
		places = append(places, Located{p, func(q Point) bool { return q.Lon > 114.499 && q.Lon < 114.501 }})
	}
	if scores, ok := ByPlaces(places); !ok || scores[0].Datum != GCJ02 || scores[0].Share != 1 {
		t.Errorf("%v %+v", ok, scores)
	}
	anywhere := []Located{{Point{114.5, 38}, func(Point) bool { return true }}}
	if _, ok := ByPlaces(anywhere); ok {
		t.Error("positions that fit every system were ascribed to one")
	}
	if scores, ok := ByPlaces(nil); ok || scores != nil {
		t.Error("nothing was decided from nothing")
	}
}

// TestAirStation tells the system of a real delivery. The national feed gives
// the station 西北水源, which lies in 新华区, a position that is in 正定县 if read as
// WGS84 or as GCJ-02; only as BD-09 does it fall into its own district.
//
// It is the one station of the city that district borders decide. 职工医院 and
// 人民会堂 are BD-09 and 世纪公园 is WGS84 as well, but lie so deep in the city
// that all three readings fall into plausible districts: they need anchors,
// which the feed does not bring.
func TestAirStation(t *testing.T) {
	given, ok := stations(t)["西北水源"]
	if !ok {
		t.Fatal("the feed has no such station")
	}
	home := county(t, "新华区")
	scores, ok := ByPlaces([]Located{{given, home}})
	if !ok || scores[0].Datum != BD09 || scores[1].Share != 0 {
		t.Errorf("%v %+v", ok, scores)
	}
}

// stations reads the positions of the city's stations from the feed.
func stations(t *testing.T) map[string]Point {
	t.Helper()
	f, err := os.Open("../../../shared/realdata/air/cn-cnemc-live-20190723T10.xml")
	if err != nil {
		t.Skipf("NOT CHECKED against the national air feed: %v", err)
	}
	defer f.Close()
	found := map[string]Point{}
	d := xml.NewDecoder(f)
	d.Entity = xml.HTMLEntity
	for {
		tok, err := d.Token()
		if errors.Is(err, io.EOF) {
			return found
		}
		if err != nil {
			t.Fatal(err)
		}
		start, ok := tok.(xml.StartElement)
		if !ok || start.Name.Local != "AQIDataPublishLive" {
			continue
		}
		var s struct {
			Area                string
			PositionName        string
			Longitude, Latitude float64
		}
		if err := d.DecodeElement(&s, &start); err != nil {
			t.Fatal(err)
		}
		if s.Area == "石家庄市" {
			found[s.PositionName] = Point{s.Longitude, s.Latitude}
		}
	}
}

// county returns a test for being within a county of the city, by the first ring
// of its boundary.
func county(t *testing.T, name string) func(Point) bool {
	t.Helper()
	raw, err := os.ReadFile("../../packs/public-data/data/boundaries.geojson")
	if err != nil {
		t.Fatal(err)
	}
	var c struct {
		Features []struct {
			Properties struct{ Name string }
			Geometry   struct{ Coordinates json.RawMessage }
		}
	}
	if err := json.Unmarshal(raw, &c); err != nil {
		t.Fatal(err)
	}
	for _, f := range c.Features {
		if f.Properties.Name != name {
			continue
		}
		var rings [][][2]float64
		if err := json.Unmarshal(f.Geometry.Coordinates, &rings); err != nil {
			t.Fatal(err)
		}
		return func(p Point) bool { return within(rings[0], p) }
	}
	t.Fatalf("no county %s", name)
	return nil
}

func within(ring [][2]float64, p Point) bool {
	in := false
	for i, j := 0, len(ring)-1; i < len(ring); j, i = i, i+1 {
		a, b := ring[i], ring[j]
		if (a[1] > p.Lat) != (b[1] > p.Lat) && p.Lon < (b[0]-a[0])*(p.Lat-a[1])/(b[1]-a[1])+a[0] {
			in = !in
		}
	}
	return in
}
