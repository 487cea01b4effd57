package data

import (
	"encoding/json"
	"math"
	"os"
	"slices"
	"testing"

	"chengshu/standard/datum"
)

type ring [][2]float64

// area is a county as polygons of rings; rings after the first are holes.
type area [][]ring

// contains counts crossings over all rings, so holes and parts need no care.
func (a area) contains(p [2]float64) bool {
	in := false
	for _, polygon := range a {
		for _, r := range polygon {
			for i, j := 0, len(r)-1; i < len(r); j, i = i, i+1 {
				a, b := r[i], r[j]
				if (a[1] > p[1]) != (b[1] > p[1]) && p[0] < (b[0]-a[0])*(p[1]-a[1])/(b[1]-a[1])+a[0] {
					in = !in
				}
			}
		}
	}
	return in
}

type collection struct {
	Note     string
	Features []struct {
		ID         string
		Properties struct{ Code, Name string }
		Geometry   struct {
			Type        string
			Coordinates json.RawMessage
		}
	}
}

func boundaries(t *testing.T) map[string]area {
	t.Helper()
	return readAreas(t, packs+"/public-data/data/boundaries.geojson")
}

// readAreas reads the polygons of a GeoJSON file by feature id.
func readAreas(t *testing.T, path string) map[string]area {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var c collection
	if err := json.Unmarshal(raw, &c); err != nil {
		t.Fatal(err)
	}
	areas := map[string]area{}
	for _, f := range c.Features {
		var a area
		if f.Geometry.Type == "Polygon" {
			a = make(area, 1)
			err = json.Unmarshal(f.Geometry.Coordinates, &a[0])
		} else {
			err = json.Unmarshal(f.Geometry.Coordinates, &a)
		}
		if err != nil {
			t.Fatalf("%s: %v", f.ID, err)
		}
		areas[f.ID] = a
	}
	return areas
}

// TestBoundaries proves that borders between counties are shared exactly: each
// edge belongs to one county or to two, never more, and the edges of one county
// only form a single closed line, the city's outer border, so that there is
// neither a gap nor an overlap anywhere inside.
func TestBoundaries(t *testing.T) {
	const path = packs + "/public-data/data/boundaries.geojson"
	if info, err := os.Stat(path); err != nil || info.Size() > 150_000 {
		t.Fatalf("%v, %v: must stay under 150,000 bytes", info, err)
	}
	areas := readAreas(t, path)
	if len(areas) != 22 {
		t.Errorf("%d counties, want 22", len(areas))
	}
	type edge [2][2]float64
	uses := map[edge]int{}
	for _, a := range areas {
		for _, polygon := range a {
			for _, r := range polygon {
				if r[0] != r[len(r)-1] || len(r) < 4 {
					t.Error("a ring is open")
				}
				for i := 1; i < len(r); i++ {
					e := edge{r[i-1], r[i]}
					if e[1][0] < e[0][0] || e[1][0] == e[0][0] && e[1][1] < e[0][1] {
						e[0], e[1] = e[1], e[0]
					}
					uses[e]++
				}
			}
		}
	}
	next := map[[2]float64][][2]float64{}
	for e, n := range uses {
		switch n {
		case 1:
			next[e[0]] = append(next[e[0]], e[1])
			next[e[1]] = append(next[e[1]], e[0])
		case 2:
		default:
			t.Errorf("edge %v is used %d times", e, n)
		}
	}
	if loops := countLoops(t, next); loops != 1 {
		t.Errorf("%d closed lines, want the outer border only", loops)
	}
}

// countLoops walks the graph of outer edges, in which every point must have two
// neighbours, and counts its connected parts.
func countLoops(t *testing.T, next map[[2]float64][][2]float64) int {
	t.Helper()
	seen := map[[2]float64]bool{}
	loops := 0
	for start := range next {
		if seen[start] {
			continue
		}
		loops++
		for todo := [][2]float64{start}; len(todo) > 0; {
			p := todo[len(todo)-1]
			todo = todo[:len(todo)-1]
			if seen[p] {
				continue
			}
			seen[p] = true
			if len(next[p]) != 2 {
				t.Errorf("%v has %d outer neighbours", p, len(next[p]))
			}
			todo = append(todo, next[p]...)
		}
	}
	return loops
}

// TestBoundariesAgainstSource makes the conversion again: every point of every
// county is one of the source's, moved from the upper right to the middle of its
// cell of 1/1024 degree and from GCJ-02 to WGS84, within a metre of rounding. The
// one exception is a point where two borders of the source crossed and were cut.
func TestBoundariesAgainstSource(t *testing.T) {
	const cell = 1.0 / 1024
	type key [2]int
	at := func(p [2]float64) key { return key{int(math.Round(p[0] * 1e4)), int(math.Round(p[1] * 1e4))} }
	strays := 0
	src := readAreas(t, source(t, "geo/sjz-echarts-china-cities-shape-with-internal-borders.geojson"))
	for id, a := range boundaries(t) {
		near := map[key][]datum.Point{}
		for _, polygon := range src[id] {
			for _, p := range polygon[0] {
				w := datum.Convert(datum.Point{Lon: p[0] - cell/2, Lat: p[1] - cell/2}, datum.GCJ02, datum.WGS84)
				k := at([2]float64{w.Lon, w.Lat})
				for dx := -1; dx <= 1; dx++ {
					for dy := -1; dy <= 1; dy++ {
						near[key{k[0] + dx, k[1] + dy}] = append(near[key{k[0] + dx, k[1] + dy}], w)
					}
				}
			}
		}
		for _, polygon := range a {
			for _, p := range polygon[0] {
				q := datum.Point{Lon: p[0], Lat: p[1]}
				if !slices.ContainsFunc(near[at(p)], func(w datum.Point) bool { return datum.Metres(w, q) < 1 }) {
					t.Logf("county %s: %v is not a point of the source", id, p)
					strays++
				}
			}
		}
	}
	if strays > 1 {
		t.Errorf("%d points are not the source's", strays)
	}
}
