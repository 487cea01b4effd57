// Package datum converts longitudes and latitudes between the coordinate systems
// in use in mainland China, and tells which one a delivery was really made in.
//
//   - WGS84, and CGCS2000 (GB 22021-2008), which differs from it by centimetres
//     and counts as the same here: what the program stores;
//   - GCJ-02, which national map services must use: shifted by 300 to 700 m in a
//     way that varies from place to place;
//   - BD-09, Baidu's: GCJ-02 shifted once more by about 900 m.
//
// Neither shift is published. The formulas are those that the open source world
// has used since 2010; against the services' own answers they are good to a metre
// or so, so a converted coordinate is fit for maps and dispatching, not for
// surveying. Their inverses are iterated to below 1e-9 degree, a tenth of a
// millimetre, instead of the usual one-step guess, which is metres off.
//
// Outside the box of China (72.004 to 137.8347 E, 0.8293 to 55.8271 N) nothing
// is shifted. The box is coarse: it covers neighbours, and Hong Kong, Macao and
// Taiwan, where some services do not shift. Do not convert there.
package datum

import "math"

// Datum names a coordinate system, in the writing that declarations use.
type Datum string

const (
	WGS84 Datum = "WGS84"
	GCJ02 Datum = "GCJ02"
	BD09  Datum = "BD09"
)

// All lists the systems, the stored one first.
func All() []Datum { return []Datum{WGS84, GCJ02, BD09} }

// Point is a position in degrees.
type Point struct{ Lon, Lat float64 }

// Convert returns p, given in from, in to. Points outside China, and what is no
// position at all (NaN, infinities), come back as they were; so do points in a
// system that is none of the three.
func Convert(p Point, from, to Datum) Point {
	if from == to {
		return p
	}
	g := p
	switch from {
	case WGS84:
		g = encrypt(p)
	case BD09:
		g = invert(p, baidu)
	}
	switch to {
	case WGS84:
		return invert(g, shifted)
	case BD09:
		return ifInside(g, baidu)
	}
	return g
}

// Metres is the distance between two positions on a sphere of 6371 km, good to
// half a percent.
func Metres(a, b Point) float64 {
	const radius, rad = 6371000, math.Pi / 180
	dLat, dLon := (b.Lat-a.Lat)*rad/2, (b.Lon-a.Lon)*rad/2
	h := math.Sin(dLat)*math.Sin(dLat) + math.Cos(a.Lat*rad)*math.Cos(b.Lat*rad)*math.Sin(dLon)*math.Sin(dLon)
	return 2 * radius * math.Asin(math.Min(1, math.Sqrt(h)))
}

// inside reports whether p lies in the box of China; false for NaN.
func inside(p Point) bool {
	return p.Lon >= 72.004 && p.Lon <= 137.8347 && p.Lat >= 0.8293 && p.Lat <= 55.8271
}

func encrypt(p Point) Point { return ifInside(p, shifted) }

func ifInside(p Point, f func(Point) Point) Point {
	if !inside(p) {
		return p
	}
	return f(p)
}

// invert finds the point that f moves to p. Both shifts change by less than a
// hundredth of the way, so that going back by the error converges quickly: five
// or six rounds. A point that comes from outside the box was never moved.
func invert(p Point, f func(Point) Point) Point {
	if !inside(p) {
		return p
	}
	q := p
	for range 20 {
		got := f(q)
		dLon, dLat := p.Lon-got.Lon, p.Lat-got.Lat
		q.Lon += dLon
		q.Lat += dLat
		if math.Abs(dLon) < 1e-11 && math.Abs(dLat) < 1e-11 {
			break
		}
	}
	if !inside(q) {
		return p
	}
	return q
}

// shifted is WGS84 to GCJ-02, on the ellipsoid of Krasovsky 1940.
func shifted(p Point) Point {
	const axis, eccentricity2 = 6378245.0, 0.00669342162296594323
	x, y := p.Lon-105, p.Lat-35
	root := math.Sqrt(math.Abs(x))
	ripple := 20*math.Sin(6*x*math.Pi) + 20*math.Sin(2*x*math.Pi)
	north := -100 + 2*x + 3*y + 0.2*y*y + 0.1*x*y + 0.2*root +
		(ripple+20*math.Sin(y*math.Pi)+40*math.Sin(y/3*math.Pi)+160*math.Sin(y/12*math.Pi)+320*math.Sin(y/30*math.Pi))*2/3
	east := 300 + x + 2*y + 0.1*x*x + 0.1*x*y + 0.1*root +
		(ripple+20*math.Sin(x*math.Pi)+40*math.Sin(x/3*math.Pi)+150*math.Sin(x/12*math.Pi)+300*math.Sin(x/30*math.Pi))*2/3
	lat := p.Lat / 180 * math.Pi
	w2 := 1 - eccentricity2*math.Sin(lat)*math.Sin(lat)
	w := math.Sqrt(w2)
	return Point{
		Lon: p.Lon + east*180/(axis/w*math.Cos(lat)*math.Pi),
		Lat: p.Lat + north*180/(axis*(1-eccentricity2)/(w2*w)*math.Pi),
	}
}

// baidu is GCJ-02 to BD-09.
func baidu(p Point) Point {
	const k = math.Pi * 3000 / 180
	z := math.Hypot(p.Lon, p.Lat) + 0.00002*math.Sin(p.Lat*k)
	theta := math.Atan2(p.Lat, p.Lon) + 0.000003*math.Cos(p.Lon*k)
	return Point{Lon: z*math.Cos(theta) + 0.0065, Lat: z*math.Sin(theta) + 0.006}
}
