package record

import "math"

// Points are indexed by the Morton code (Z-order) of their cell: cellBits bits
// of longitude and latitude interleaved, longitude first. A box is covered by
// a few ranges of codes; what the ranges hold too much is filtered exactly.

const cellBits = 26 // a cell is about 0.6 m wide at the equator

func cellOf(p Point) int64 {
	x := quantise(p.Lon, 360)
	y := quantise(p.Lat, 180)
	return int64(spread(x)<<1 | spread(y))
}

// quantise maps [-span/2, span/2] to 0 … 2^cellBits-1.
func quantise(deg, span float64) uint64 {
	q := math.Floor((deg/span + 0.5) * (1 << cellBits))
	return uint64(min(max(q, 0), 1<<cellBits-1))
}

// spread puts a zero bit between the low 32 bits of v.
func spread(v uint64) uint64 {
	v = (v | v<<16) & 0x0000ffff0000ffff
	v = (v | v<<8) & 0x00ff00ff00ff00ff
	v = (v | v<<4) & 0x0f0f0f0f0f0f0f0f
	v = (v | v<<2) & 0x3333333333333333
	return (v | v<<1) & 0x5555555555555555
}

// Box is a rectangle in degrees.
type Box struct{ West, South, East, North float64 }

// Contains reports whether p lies in b, its edge included.
func (b Box) Contains(p Point) bool {
	return p.Lon >= b.West && p.Lon <= b.East && p.Lat >= b.South && p.Lat <= b.North
}

type cellRange struct{ low, high int64 } // both inclusive

// maxRanges bounds the ranges of one query, and so its SQL.
const maxRanges = 16

// cover returns ranges of cells that hold every point of the box: quadtree
// cells of the finest level at which the box touches at most maxRanges of
// them, neighbours in code order merged.
func (b Box) cover() []cellRange {
	x0, x1 := quantise(b.West, 360), quantise(b.East, 360)
	y0, y1 := quantise(b.South, 180), quantise(b.North, 180)
	shift := uint(0)
	for ((x1>>shift)-(x0>>shift)+1)*((y1>>shift)-(y0>>shift)+1) > maxRanges {
		shift++
	}
	var out []cellRange
	size := int64(1) << (2 * shift)
	for x := x0 >> shift; x <= x1>>shift; x++ {
		for y := y0 >> shift; y <= y1>>shift; y++ {
			low := int64(spread(x)<<1|spread(y)) << (2 * shift)
			out = append(out, cellRange{low, low + size - 1})
		}
	}
	return mergeRanges(out)
}

func mergeRanges(rs []cellRange) []cellRange {
	sortRanges(rs)
	out := rs[:1]
	for _, r := range rs[1:] {
		if last := &out[len(out)-1]; r.low == last.high+1 {
			last.high = r.high
		} else {
			out = append(out, r)
		}
	}
	return out
}

func sortRanges(rs []cellRange) {
	for i := 1; i < len(rs); i++ {
		for j := i; j > 0 && rs[j].low < rs[j-1].low; j-- {
			rs[j], rs[j-1] = rs[j-1], rs[j]
		}
	}
}

// earthRadius is the mean radius in metres (IUGG).
const earthRadius = 6_371_008.8

// Metres returns the great-circle distance between two points.
func Metres(a, b Point) float64 {
	const rad = math.Pi / 180
	dLat, dLon := (b.Lat-a.Lat)*rad, (b.Lon-a.Lon)*rad
	h := math.Pow(math.Sin(dLat/2), 2) + math.Cos(a.Lat*rad)*math.Cos(b.Lat*rad)*math.Pow(math.Sin(dLon/2), 2)
	return 2 * earthRadius * math.Asin(math.Min(1, math.Sqrt(h)))
}

// Around returns the box that holds every point within metres of p.
func Around(p Point, metres float64) Box {
	dLat := metres / earthRadius * 180 / math.Pi
	dLon := dLat / math.Max(0.01, math.Cos(p.Lat*math.Pi/180))
	return Box{p.Lon - dLon, p.Lat - dLat, p.Lon + dLon, p.Lat + dLat}
}
