package datum

import (
	"math"
	"testing"
)

func near(a, b Point, degrees float64) bool {
	return math.Abs(a.Lon-b.Lon) <= degrees && math.Abs(a.Lat-b.Lat) <= degrees
}

// TestKnown holds the forward shifts to the figures that the wandergis
// coordtransform library prints for a point in Beijing.
func TestKnown(t *testing.T) {
	p := Point{116.404, 39.915}
	tests := []struct {
		from, to Datum
		want     Point
	}{
		{WGS84, GCJ02, Point{116.41024449916938, 39.91640428150164}},
		{GCJ02, BD09, Point{116.41036949371029, 39.92133699351021}},
		{WGS84, WGS84, p},
	}
	for _, tt := range tests {
		if got := Convert(p, tt.from, tt.to); !near(got, tt.want, 1e-12) {
			t.Errorf("%s to %s: got %.12f", tt.from, tt.to, got)
		}
	}
}

// TestRoundTrip converts a grid over China there and back between each pair of
// systems; every point must return within 1e-9 degree.
func TestRoundTrip(t *testing.T) {
	worst := 0.0
	for lon := 73.0; lon < 137; lon += 0.731 {
		for lat := 1.5; lat < 55; lat += 0.687 {
			p := Point{lon, lat}
			for _, from := range All() {
				for _, to := range All() {
					back := Convert(Convert(p, from, to), to, from)
					worst = max(worst, math.Abs(back.Lon-lon), math.Abs(back.Lat-lat))
				}
			}
		}
	}
	if worst > 1e-9 {
		t.Errorf("a point came back %g degrees away", worst)
	}
}

// TestTransitive wants BD-09 reached from WGS84 to be what it is by way of
// GCJ-02.
func TestTransitive(t *testing.T) {
	p := Point{114.5149, 38.0428}
	direct := Convert(p, WGS84, BD09)
	if stages := Convert(Convert(p, WGS84, GCJ02), GCJ02, BD09); stages != direct {
		t.Errorf("%v by stages, %v directly", stages, direct)
	}
	if d := Metres(p, Convert(p, WGS84, GCJ02)); d < 300 || d > 800 {
		t.Errorf("GCJ-02 is %.0f m off", d)
	}
	if d := Metres(p, direct); d < 900 || d > 2000 {
		t.Errorf("BD-09 is %.0f m off", d)
	}
}

func TestOutside(t *testing.T) {
	nan := math.NaN()
	for _, p := range []Point{{-73.98, 40.75}, {0, 0}, {139.69, 35.69}, {114, 56}, {200, 100}, {math.Inf(1), 38}, {114, math.Inf(-1)}} {
		for _, from := range All() {
			for _, to := range All() {
				if got := Convert(p, from, to); got != p {
					t.Errorf("%v from %s to %s became %v", p, from, to, got)
				}
			}
		}
	}
	if got := Convert(Point{nan, 38}, BD09, WGS84); !math.IsNaN(got.Lon) || got.Lat != 38 {
		t.Errorf("NaN became %v", got)
	}
}

func TestMetres(t *testing.T) {
	if d := Metres(Point{114.5, 38}, Point{114.5, 39}); math.Abs(d-111195) > 1 {
		t.Errorf("a degree of latitude measures %.1f m", d)
	}
	if d := Metres(Point{0, 0}, Point{180, 0}); math.IsNaN(d) {
		t.Error("antipodes have no distance")
	}
}

func FuzzConvert(f *testing.F) {
	f.Add(114.5, 38.04)
	f.Add(72.004, 0.8293)
	f.Add(137.8347, 55.8271)
	f.Fuzz(func(t *testing.T, lon, lat float64) {
		p := Point{lon, lat}
		for _, from := range All() {
			for _, to := range All() {
				q := Convert(p, from, to)
				if inside(p) && Metres(p, q) > 3000 {
					t.Errorf("%v from %s to %s moved to %v", p, from, to, q)
				}
			}
		}
	})
}
