package datum

import (
	"math"
	"sort"
)

// Anchor is a position as somebody delivered it, beside where the thing really
// stands in WGS84.
type Anchor struct{ Given, True Point }

// Located is a position as somebody delivered it, and whether a WGS84 position
// is where it may be: in its district, on its road.
type Located struct {
	Given Point
	May   func(Point) bool
}

// Score says how well one system explains a delivery.
type Score struct {
	Datum   Datum
	MedianM float64 // median distance to the true positions, metres
	Share   float64 // of the located positions, those where they may be, 0 to 1
}

// ByAnchors reads the given positions as each of the systems in turn and
// measures how far they fall from the truth. The best comes first. ok says that
// the answer can be relied on: the best lies within tolerance metres and the next
// does not. Systems are 300 to 1,300 m apart, so a tolerance of 100 m decides
// with a single well-known anchor.
func ByAnchors(anchors []Anchor, tolerance float64) (scores []Score, ok bool) {
	for _, d := range All() {
		off := make([]float64, len(anchors))
		for i, a := range anchors {
			off[i] = Metres(Convert(a.Given, d, WGS84), a.True)
		}
		scores = append(scores, Score{Datum: d, MedianM: median(off)})
	}
	sort.SliceStable(scores, func(i, j int) bool { return scores[i].MedianM < scores[j].MedianM })
	return scores, scores[0].MedianM <= tolerance && scores[1].MedianM > tolerance
}

// ByPlaces reads the given positions as each of the systems in turn and counts
// those that fall where they may be. The best comes first; among equals the order
// of All holds. ok says that one system explains more positions than any other,
// and all but a tenth of them. Positions far from every border say nothing, so it
// takes many, or some near borders.
func ByPlaces(places []Located) (scores []Score, ok bool) {
	if len(places) == 0 {
		return nil, false
	}
	for _, d := range All() {
		hits := 0
		for _, p := range places {
			if p.May(Convert(p.Given, d, WGS84)) {
				hits++
			}
		}
		scores = append(scores, Score{Datum: d, Share: float64(hits) / float64(len(places))})
	}
	sort.SliceStable(scores, func(i, j int) bool { return scores[i].Share > scores[j].Share })
	return scores, scores[0].Share >= 0.9 && scores[0].Share > scores[1].Share
}

// median of no values is NaN, which is within no tolerance.
func median(v []float64) float64 {
	if len(v) == 0 {
		return math.NaN()
	}
	sort.Float64s(v)
	if n := len(v) / 2; len(v)%2 == 1 {
		return v[n]
	} else {
		return (v[n-1] + v[n]) / 2
	}
}
