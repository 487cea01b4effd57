package link

import (
	"bytes"
	"math"
	"slices"
	"strings"
	"unicode"
)

// name compares personal names by character and by sound.
type name struct {
	starts []uint32
	runes  []rune
	sounds []uint16 // of each rune
}

func (*name) names() []string {
	return []string{"missing", "different", "part agrees", "one character", "same sound", "same"}
}

func (n *name) prepare(values *dictionary) {
	known := map[string]uint16{}
	n.starts = make([]uint32, values.len()+1)
	for v := 1; v < values.len(); v++ {
		runes := slices.DeleteFunc([]rune(values.get(uint32(v))), func(r rune) bool { return r == ' ' || r == '·' })
		for i, s := range syllables(runes) {
			if _, ok := known[s]; !ok {
				known[s] = uint16(len(known))
			}
			n.runes, n.sounds = append(n.runes, runes[i]), append(n.sounds, known[s])
		}
		n.starts[v+1] = uint32(len(n.runes))
	}
}

func (n *name) level(a, b uint32) uint8 {
	x, y := n.runes[n.starts[a]:n.starts[a+1]], n.runes[n.starts[b]:n.starts[b+1]]
	sx, sy := n.sounds[n.starts[a]:n.starts[a+1]], n.sounds[n.starts[b]:n.starts[b+1]]
	if len(x) > 4 || len(y) > 4 { // a transcription: 阿卜杜拉·买买提, or letters
		switch s := jaroWinkler(x, y); {
		case s >= 0.92:
			return 3
		case s >= 0.8:
			return 2
		}
		return 1
	}
	if slices.Equal(sx, sy) {
		return 4
	}
	if len(x) == len(y) && len(x) > 2 {
		wrong := 0
		for i := range x {
			if x[i] != y[i] {
				wrong++
			}
		}
		swapped := wrong == 2 && x[len(x)-1] == y[len(y)-2] && x[len(x)-2] == y[len(y)-1]
		if wrong == 1 || swapped {
			return 3
		}
	}
	if distance(x, y, 1) == 1 || len(x) == len(y) && len(x) > 2 && near(sx, sy) {
		return 2
	}
	return 1
}

// near reports whether all sounds but one agree.
func near(a, b []uint16) bool {
	wrong := 0
	for i := range a {
		if a[i] != b[i] {
			wrong++
		}
	}
	return wrong <= 1
}

// company compares names of organisations by their pairs of characters, each weighed by how rare it is among the values: places, trades and legal
// forms are common and count little, the core of the name is rare and counts much. No list of places or forms is needed.
type company struct {
	starts  []uint32
	grams   []gram
	lengths []float32 // root of the sum of squares
	sums    []float32
}

type gram struct {
	pair   uint64
	weight float32
}

func (*company) names() []string {
	return []string{"missing", "different", "alike", "short for it", "close", "same"}
}

func (c *company) prepare(values *dictionary) {
	often := map[uint64]int{}
	for v := 1; v < values.len(); v++ {
		for _, p := range pairsOf(values.get(uint32(v))) {
			often[p]++
		}
	}
	c.starts = make([]uint32, values.len()+1)
	c.lengths, c.sums = make([]float32, values.len()), make([]float32, values.len())
	for v := 1; v < values.len(); v++ {
		var squares, sum float64
		for _, p := range pairsOf(values.get(uint32(v))) {
			w := math.Log(1 + float64(values.len())/float64(often[p]))
			c.grams = append(c.grams, gram{p, float32(w)})
			squares, sum = squares+w*w, sum+w
		}
		c.starts[v+1], c.lengths[v], c.sums[v] = uint32(len(c.grams)), float32(math.Sqrt(squares)), float32(sum)
	}
}

// pairsOf are the pairs of neighbouring letters, sorted and each once; a name of one letter is a pair of its own.
func pairsOf(s string) []uint64 {
	runes := slices.DeleteFunc([]rune(s), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	var out []uint64
	for i := range runes {
		if i > 0 {
			out = append(out, uint64(runes[i-1])<<32|uint64(runes[i]))
		}
	}
	if len(runes) == 1 {
		out = append(out, uint64(runes[0]))
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func (c *company) of(v uint32) []gram { return c.grams[c.starts[v]:c.starts[v+1]] }

func (c *company) level(a, b uint32) uint8 {
	x, y := c.of(a), c.of(b)
	var product, shared float32
	for i, j := 0, 0; i < len(x) && j < len(y); {
		switch {
		case x[i].pair < y[j].pair:
			i++
		case x[i].pair > y[j].pair:
			j++
		default:
			product, shared = product+x[i].weight*x[i].weight, shared+x[i].weight
			i, j = i+1, j+1
		}
	}
	if product == 0 {
		return 1
	}
	switch cosine := product / (c.lengths[a] * c.lengths[b]); {
	case cosine >= 0.8:
		return 4
	case shared >= 0.8*min(c.sums[a], c.sums[b]):
		return 3
	case cosine >= 0.5:
		return 2
	}
	return 1
}

// core is the rarest pair of a name.
func (c *company) core(v uint32) uint64 {
	var best gram
	for _, g := range c.of(v) {
		if g.weight > best.weight {
			best = g
		}
	}
	return best.pair
}

// address compares Chinese addresses in two parts: what stands before the first number, from its end, and the numbers. What stands between
// them (号楼, 单元, 室, a hyphen) is writing, and so is a province or city left out at the beginning.
type address struct {
	parts   []part // of each value
	texts   *dictionary
	tails   [][]rune // the last three characters of each text
	numbers *dictionary
}

// part numbers the two parts of an address; few addresses have parts of their own.
type part struct{ text, numbers uint32 }

func (*address) names() []string {
	return []string{"missing", "different", "same neighbourhood", "close", "written otherwise", "same"}
}

func (a *address) prepare(values *dictionary) {
	a.parts, a.texts, a.numbers = make([]part, values.len()), newDictionary(), newDictionary()
	for v := 1; v < values.len(); v++ {
		text, numbers := placeOf(values.get(uint32(v)))
		a.parts[v] = part{a.texts.add(text), a.numbers.add(numbers)}
	}
	a.tails = make([][]rune, a.texts.len())
	for n := range a.tails {
		a.tails[n] = tail(a.texts.get(uint32(n)))
	}
	a.texts.seal()
	a.numbers.seal()
}

// placeOf cuts an address into what stands before the first number, and the numbers, joined by blanks.
func placeOf(s string) (text, numbers string) {
	head := strings.IndexFunc(s, isDigit)
	if head < 0 {
		head = len(s)
	}
	return strings.ReplaceAll(s[:head], " ", ""), strings.Join(strings.FieldsFunc(s[head:], func(r rune) bool { return !isDigit(r) }), " ")
}

func tail(text string) []rune {
	runes := []rune(text)
	return runes[max(0, len(runes)-3):]
}

func isDigit(r rune) bool { return r >= '0' && r <= '9' }

func (a *address) level(i, j uint32) uint8 {
	x, y := a.parts[i], a.parts[j]
	sameNumbers := x.numbers != 0 && x.numbers == y.numbers
	known := x.text != 0 && y.text != 0
	tailX, tailY := a.tails[x.text], a.tails[y.text]
	sameTail := known && slices.Equal(tailX, tailY)
	sameText := sameTail && (x.text == y.text || bytes.HasSuffix(a.texts.bytes(x.text), a.texts.bytes(y.text)) || bytes.HasSuffix(a.texts.bytes(y.text), a.texts.bytes(x.text)))
	switch {
	case sameText && sameNumbers:
		return 4
	case sameNumbers && (sameTail || distance(tailX, tailY, 1) <= 1), sameText && oneNumber(a.numbers.get(x.numbers), a.numbers.get(y.numbers)):
		return 3
	case sameTail:
		return 2
	}
	return 1
}

// oneNumber reports whether the numbers differ in one of at least two.
func oneNumber(a, b string) bool {
	x, y := strings.Fields(a), strings.Fields(b)
	if len(x) != len(y) || len(x) < 2 {
		return false
	}
	wrong := 0
	for i := range x {
		if x[i] != y[i] {
			wrong++
		}
	}
	return wrong == 1
}
