package archive

import (
	"math"
	"strings"

	"chengshu/kernel/fault"
)

// Found is what was read for one field. Its place is that of Raw on the page, as
// shares of the page's width and height; Page counts from 1 over all files of the
// case and is 0 when nothing was found.
type Found struct {
	Field               string
	Value               string
	Raw                 string
	Page                int
	X, Y, Width, Height float64
	Confidence          int // of 100
	Why                 fault.Text
}

// swapped is the confidence that a value has at most in which characters were
// taken for others: a person must look at it.
const swapped = 50

// locate finds the fields of a template on pages, in their order. Each page is
// given in each of its readings.
func (t *Template) locate(pages [][]*layout) []Found {
	out := make([]Found, len(t.Fields))
	for reading := range readings {
		one := make([]*layout, len(pages))
		for i := range pages {
			one[i] = pages[i][reading]
			one[i].markLabels(t)
		}
		for i, f := range t.Fields {
			found := f.locate(one)
			if reading > 0 {
				found = either(out[i], found)
			}
			out[i] = found
		}
	}
	return out
}

// either is what two readings come to: the better of them, which is as sure as
// the surer when both say the same, and doubtful when not.
func either(a, b Found) Found {
	if b.betters(a) {
		a, b = b, a
	}
	if b.Value != "" && a.Value != b.Value {
		a.Confidence = min(a.Confidence, swapped)
		a.Why = fault.Text{Zh: "两次识别不一致，另一次为“" + b.Value + "”", En: "the two readings differ: the other is " + b.Value}
	}
	return a
}

// betters reports whether b says more than a: it was found, it is a value of its
// kind, it is surer.
func (b Found) betters(a Found) bool {
	none := fault.Text{}
	switch {
	case (a.Page == 0) != (b.Page == 0):
		return a.Page == 0
	case a.Page == 0:
		return a.Why == noLabel
	case (a.Why == none) != (b.Why == none):
		return b.Why == none
	}
	return b.Confidence > a.Confidence
}

// locate finds one field: on the first page where there is a value of its kind,
// else on the first where there is anything.
func (f *Field) locate(pages []*layout) Found {
	best := Found{Field: f.Name, Why: noLabel}
	if len(f.Box) > 0 {
		best.Why = noText
	}
	for i, l := range pages {
		if f.Page != 0 && f.Page != i+1 {
			continue
		}
		cells, why := f.cells(l)
		if len(cells) == 0 {
			if best.Page == 0 && why != noLabel {
				best.Why = why
			}
			continue
		}
		found := f.read(l, cells)
		found.Page = i + 1
		if found.Why == (fault.Text{}) {
			return found
		}
		if best.Page == 0 {
			best = found
		}
	}
	return best
}

func (f *Field) cells(l *layout) ([]*cell, fault.Text) {
	if len(f.Box) > 0 {
		return l.inside(f.Box), noText
	}
	at, ok := l.anchor(f)
	if !ok {
		return nil, noLabel
	}
	if f.At == atBelow {
		return l.below(at, float64(f.Within)), noValue
	}
	return l.rightOf(at, float64(f.Within)), noValue
}

// read makes a value of characters.
func (f *Field) read(l *layout, cells []*cell) Found {
	out := Found{Field: f.Name, Raw: clip(textOf(cells)), Confidence: 100}
	left, top, right, bottom := l.width, l.height, 0.0, 0.0
	for _, c := range cells {
		left, top = math.Min(left, c.x), math.Min(top, c.y)
		right, bottom = math.Max(right, c.right()), math.Max(bottom, c.bottom())
		out.Confidence = min(out.Confidence, max(c.conf, 0))
	}
	out.X, out.Y = share(left, l.width), share(top, l.height)
	out.Width, out.Height = share(right, l.width)-out.X, share(bottom, l.height)-out.Y
	value, taken, ok := f.valueOf(out.Raw)
	out.Value = value
	if taken > 0 {
		out.Confidence = min(out.Confidence, swapped)
	}
	if !ok {
		out.Confidence, out.Why = 0, notAsType
	}
	return out
}

// share is a part of a length, from 0 to 1, to four digits.
func share(v, of float64) float64 {
	return math.Round(10000*math.Min(math.Max(v/of, 0), 1)) / 10000
}

// maxRaw bounds what is kept as read of one field, in characters.
const maxRaw = 500

func clip(s string) string {
	if r := []rune(s); len(r) > maxRaw {
		return string(r[:maxRaw])
	}
	return strings.ToValidUTF8(s, "")
}
