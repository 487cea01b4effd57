package record

import (
	"math"
	"math/rand/v2"
	"testing"
)

// TestCover holds that the ranges of a box hold every point of it, are in
// order and apart, and are few.
func TestCover(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 20_000 {
		size := math.Pow(10, -6+8*r.Float64()) // degrees: from a footstep to a continent
		west, south := -180+r.Float64()*360, -90+r.Float64()*180
		b := Box{west, south, min(180, west+size), min(90, south+size*r.Float64())}
		ranges := b.cover()
		if len(ranges) == 0 || len(ranges) > maxRanges {
			t.Fatalf("%+v: %d ranges", b, len(ranges))
		}
		for i, g := range ranges {
			if g.low > g.high || i > 0 && g.low <= ranges[i-1].high+1 {
				t.Fatalf("%+v: ranges %v", b, ranges)
			}
		}
		for range 8 {
			p := Point{b.West + r.Float64()*(b.East-b.West), b.South + r.Float64()*(b.North-b.South)}
			if !covered(ranges, p) {
				t.Fatalf("%+v: %+v is in the box and in none of %v", b, p, ranges)
			}
		}
		for _, corner := range []Point{{b.West, b.South}, {b.East, b.North}, {b.West, b.North}, {b.East, b.South}} {
			if !covered(ranges, corner) {
				t.Fatalf("%+v: corner %+v is in none of %v", b, corner, ranges)
			}
		}
	}
}

func covered(ranges []cellRange, p Point) bool {
	c := cellOf(p)
	for _, r := range ranges {
		if c >= r.low && c <= r.high {
			return true
		}
	}
	return false
}

// TestCoverIsTight holds that the ranges take in at most a few times the cells
// of the box: a query must not read the city to find a street.
func TestCoverIsTight(t *testing.T) {
	b := Box{114.50, 38.00, 114.52, 38.02}
	var cells float64
	for _, r := range b.cover() {
		cells += float64(r.high - r.low + 1)
	}
	inside := (b.East - b.West) / 360 * (1 << cellBits) * (b.North - b.South) / 180 * (1 << cellBits)
	if cells > 8*inside {
		t.Errorf("%g cells for a box of %g", cells, inside)
	}
}

func TestMetres(t *testing.T) {
	// One degree of latitude is 111.195 km on the mean sphere.
	if got := Metres(Point{114, 38}, Point{114, 39}); math.Abs(got-111_195) > 1 {
		t.Errorf("a degree is %g m", got)
	}
	r := rand.New(rand.NewPCG(3, 4))
	for range 5000 {
		p := Point{r.Float64()*300 - 150, r.Float64()*160 - 80}
		metres := 1 + r.Float64()*50_000
		b := Around(p, metres)
		q := Point{b.West + r.Float64()*(b.East-b.West), b.South + r.Float64()*(b.North-b.South)}
		if got := Metres(p, q); got != Metres(q, p) {
			t.Fatalf("%v to %v is not as far as back", p, q)
		}
		// Whatever lies within the distance lies in the box.
		a := 2 * math.Pi * r.Float64()
		d := metres * 0.999 / earthRadius * 180 / math.Pi
		near := Point{p.Lon + d*math.Cos(a)/math.Cos(p.Lat*math.Pi/180), p.Lat + d*math.Sin(a)}
		if Metres(p, near) <= metres && !b.Contains(near) {
			t.Fatalf("%v is %g m from %v and outside of %+v", near, Metres(p, near), p, b)
		}
	}
}

func TestContains(t *testing.T) {
	a, err := ParseArea([]byte(`{"type":"MultiPolygon","coordinates":[
		[[[0,0],[10,0],[10,10],[0,10],[0,0]],[[4,4],[6,4],[6,6],[4,6],[4,4]]],
		[[[20,0],[30,0],[25,10],[20,0]]]]}`))
	must(t, err)
	for _, c := range []struct {
		at Point
		in bool
	}{{Point{1, 1}, true}, {Point{5, 5}, false}, {Point{5, 3}, true}, {Point{11, 5}, false}, {Point{25, 5}, true}, {Point{21, 9}, false}, {Point{-1, 0.5}, false}} {
		if got := a.Contains(c.at); got != c.in {
			t.Errorf("%v: %v", c.at, got)
		}
	}
	if b := a.Bounds(); b != (Box{0, 0, 30, 10}) {
		t.Errorf("bounds %+v", b)
	}
}
