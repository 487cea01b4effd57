package archive

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"unicode"
)

// Word is a piece of text on a page, with its box in pixels and how sure
// Tesseract is of it, of 100.
type Word struct {
	X, Y, W, H int
	Conf       int
	Line       int // words of one line have the same number
	Reading    int // which of the page's readings they come from, from 0
	Text       string
}

// cell is one character and where it stands.
type cell struct {
	r          rune
	x, y, w, h float64
	conf       int
	word       int // cells of one word have the same number
	line       int
	label      bool // belongs to a label of the template
}

func (c *cell) right() float64  { return c.x + c.w }
func (c *cell) bottom() float64 { return c.y + c.h }
func (c *cell) middle() float64 { return c.y + c.h/2 }

// layout is the text of a page as lines of characters.
type layout struct {
	width, height float64
	lines         [][]*cell
}

// layOut puts words into lines. The box of a word is shared among its
// characters by their width.
func layOut(width, height int, words []Word) *layout {
	l := &layout{width: float64(width), height: float64(height)}
	last := -1
	for i, w := range words {
		var units float64
		for _, r := range w.Text {
			units += span(r)
		}
		if units == 0 {
			continue
		}
		if w.Line != last || len(l.lines) == 0 {
			l.lines, last = append(l.lines, nil), w.Line
		}
		n := len(l.lines) - 1
		x, unit := float64(w.X), float64(w.W)/units
		for _, r := range w.Text {
			if width := span(r) * unit; width > 0 {
				l.lines[n] = append(l.lines[n], &cell{r: narrow(r), x: x, y: float64(w.Y), w: width, h: float64(w.H), conf: w.Conf, word: i, line: n})
				x += width
			}
		}
	}
	return l
}

// layouts are the readings of a page.
func (p Page) layouts() []*layout {
	out := make([]*layout, len(readings))
	for i := range out {
		var words []Word
		for _, w := range p.Words {
			if w.Reading == i {
				words = append(words, w)
			}
		}
		out[i] = layOut(p.Width, p.Height, words)
	}
	return out
}

// span is how wide a character is set: 0 for blanks.
func span(r rune) float64 {
	switch {
	case unicode.IsSpace(r) || unicode.IsControl(r):
		return 0
	case r < 0x2E80:
		return 1
	}
	return 2
}

// narrow turns full-width letters, digits and signs into ASCII.
func narrow(r rune) rune {
	if r >= '！' && r <= '～' {
		return r - '！' + '!'
	}
	return r
}

// labelled is a place where a label stands.
type labelled struct {
	cells  []*cell
	errors int
}

// find returns where a label stands best: with the fewest wrong characters, and
// of equals the first. One character in four may be wrong.
func (l *layout) find(label string) (labelled, bool) {
	want := []rune(label)
	for i, r := range want {
		want[i] = narrow(r)
	}
	best := labelled{errors: len(want)/4 + 1}
	for _, line := range l.lines {
		for i := 0; i+len(want) <= len(line); i++ {
			wrong := 0
			for j, r := range want {
				if line[i+j].r != r {
					wrong++
				}
			}
			if wrong < best.errors {
				best = labelled{line[i : i+len(want)], wrong}
			}
		}
	}
	return best, best.cells != nil
}

// anchor finds the best of a field's labels.
func (l *layout) anchor(f *Field) (labelled, bool) {
	var best labelled
	for _, label := range f.Label {
		if at, ok := l.find(label); ok && (best.cells == nil || at.errors < best.errors) {
			best = at
		}
	}
	return best, best.cells != nil
}

// markLabels marks every character that belongs to a label, which is where the
// value before it ends.
func (l *layout) markLabels(t *Template) {
	for _, f := range t.Fields {
		if at, ok := l.anchor(f); ok {
			for _, c := range at.cells {
				c.label = true
			}
		}
	}
}

const (
	sameRow = 0.4 // of the lower height, two characters overlap that stand in one row
	longGap = 4.0 // heights between two characters of one value at most
)

// rightOf returns the characters of the value that stands to the right of a
// label: what follows in its line, then the lines beside it from left to right.
func (l *layout) rightOf(at labelled, within float64) []*cell {
	from := at.cells[len(at.cells)-1]
	var value []*cell
	for _, c := range l.beside(from) {
		edge, height := from.right(), from.h
		if len(value) > 0 {
			edge, height = value[len(value)-1].right(), value[len(value)-1].h
		}
		gap := c.x - edge
		if c.label || len(value) > 0 && gap > longGap*math.Max(c.h, height) || len(value) == 0 && gap > within*l.width {
			break
		}
		if len(value) == 0 && strings.ContainsRune(":;|.·", c.r) {
			continue // what stands between a label and its value
		}
		value = append(value, c)
	}
	return value
}

// beside returns the characters to the right of one in its row, line by line.
// Within a line the order is Tesseract's: boxes of Chinese characters are
// inexact and may overlap.
func (l *layout) beside(from *cell) []*cell {
	var pieces [][]*cell
	for _, line := range l.lines {
		var piece []*cell
		for _, c := range line {
			overlap := math.Min(c.bottom(), from.bottom()) - math.Max(c.y, from.y)
			if c != from && c.right() > from.right() && c.x >= from.x && overlap >= sameRow*math.Min(c.h, from.h) {
				piece = append(piece, c)
			}
		}
		if len(piece) > 0 {
			pieces = append(pieces, piece)
		}
	}
	slices.SortStableFunc(pieces, func(a, b []*cell) int { return cmp.Compare(a[0].x, b[0].x) })
	return slices.Concat(pieces...)
}

// below returns the characters of the nearest line below a label.
func (l *layout) below(at labelled, within float64) []*cell {
	first, last := at.cells[0], at.cells[len(at.cells)-1]
	var best []*cell
	nearest := within * l.height
	for _, line := range l.lines {
		var under []*cell
		for _, c := range line {
			if !c.label && c.right() > first.x-first.h && c.x < last.right()+(last.right()-first.x) {
				under = append(under, c)
			}
		}
		if len(under) == 0 {
			continue
		}
		if gap := under[0].y - last.bottom(); gap > -sameRow*last.h && gap < nearest {
			best, nearest = under, gap
		}
	}
	return best
}

// inside returns the characters whose middle lies in a box, line by line.
func (l *layout) inside(box []Share) []*cell {
	left, top := float64(box[0])*l.width, float64(box[1])*l.height
	right, bottom := left+float64(box[2])*l.width, top+float64(box[3])*l.height
	var value []*cell
	for _, line := range l.lines {
		for _, c := range line {
			if x := c.x + c.w/2; x >= left && x <= right && c.middle() >= top && c.middle() <= bottom {
				value = append(value, c)
			}
		}
	}
	return value
}

// textOf joins characters. A blank stands between two words of letters or digits.
func textOf(value []*cell) string {
	var b strings.Builder
	for i, c := range value {
		if i > 0 && value[i-1].word != c.word && alphanumeric(c.r) && alphanumeric(value[i-1].r) {
			b.WriteByte(' ')
		}
		b.WriteRune(c.r)
	}
	return b.String()
}

func alphanumeric(r rune) bool { return r < 0x80 && (unicode.IsLetter(r) || unicode.IsDigit(r)) }

// text is all that stands on the page, line by line.
func (l *layout) text() string {
	lines := make([]string, len(l.lines))
	for i, line := range l.lines {
		lines[i] = textOf(line)
	}
	return strings.Join(lines, "\n")
}
