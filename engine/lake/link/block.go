package link

import (
	"hash/maphash"
	"slices"
	"strings"
)

// assumedError is the share of values taken to be wrong when rules are chosen, before anything is learned.
const assumedError = 0.05

// enough is the expected share of lost matches below which no further rule is taken.
const enough = 1e-5

// Counted is a candidate rule with the pairs it makes, and what became of it.
type Counted struct {
	Rule    string `json:"rule"`  // "name.pinyin + birth_date"
	Pairs   int64  `json:"pairs"` // without those of skipped blocks
	Blocks  int    `json:"blocks"`
	Skipped int    `json:"skipped_blocks,omitempty"` // too large
	Lost    int64  `json:"skipped_pairs,omitempty"`
	Rows    int64  `json:"skipped_rows,omitempty"`
	Chosen  bool   `json:"chosen"`
}

// blocking is a rule that was chosen: the rows of each of its blocks.
type blocking struct {
	Counted
	rule   Rule
	fields uint64   // bit of each field in its key
	block  []uint32 // of each row; 0: none, or too large, or alone
	starts []uint32 // of block n in rows
	rows   []uint32
}

// String writes a rule.
func (r Rule) String() string {
	var out []string
	for _, k := range r {
		out = append(out, strings.TrimSuffix(k.Field+"."+k.Part, "."))
	}
	return strings.Join(out, " + ")
}

// candidates are the declared rules or, if there are none, each field alone and each two together, by the part that slips least.
func (l *Linker) candidates() []Rule {
	if len(l.spec.Blocks) > 0 {
		return l.spec.Blocks
	}
	parts := map[string]string{"name": "pinyin", "company": "core", "address": "place"}
	var out []Rule
	for i, f := range l.spec.Fields {
		one := Key{f.Name, parts[f.Compare]}
		out = append(out, Rule{one})
		for _, g := range l.spec.Fields[:i] {
			out = append(out, Rule{{g.Name, parts[g.Compare]}, one})
		}
	}
	return out
}

// count numbers the keys of each candidate and counts its pairs. Only the counts are kept.
func (l *Linker) count() []*blocking {
	rules := l.candidates()
	l.cut(rules)
	counted := make([]*blocking, len(rules))
	l.parallel(len(rules), func(i int) {
		counted[i] = l.group(rules[i])
		counted[i].block = nil
	})
	return counted
}

// cut computes the parts of values that the rules use, each once.
func (l *Linker) cut(rules []Rule) {
	var keys []Key
	for _, rule := range rules {
		for _, key := range rule {
			if !slices.Contains(keys, key) {
				keys = append(keys, key)
			}
		}
	}
	parts := make([][]uint64, len(keys))
	l.parallel(len(keys), func(i int) { parts[i] = l.columns[l.index[keys[i].Field]].part(keys[i].Part, l.seed) })
	l.parts = map[Key][]uint64{}
	for i, key := range keys {
		l.parts[key] = parts[i]
	}
}

// choose takes rules, each time the one that promises most matches for a pair, while the budget lasts. What a rule promises is the probability that
// its fields are free of error where those of the rules before it were not; wrong is the chance of an error in each field. A rule that a later, wider one
// contains is dropped.
func (l *Linker) choose(counted []*blocking, wrong []float64) (chosen []*blocking) {
	missed := states(wrong)
	left, budget := 1.0, l.spec.MaxPairs
	for _, b := range counted {
		b.Chosen = false
	}
	for left > enough {
		best, most := -1, 0.0
		for i, b := range counted {
			if !b.Chosen && b.Pairs > 0 && b.Pairs <= budget {
				if gain := b.gain(missed, l.rows) / float64(b.Pairs); gain > most {
					best, most = i, gain
				}
			}
		}
		if best < 0 {
			break
		}
		b := counted[best]
		left -= b.take(missed, l.rows)
		for _, narrow := range counted {
			if narrow.Chosen && b.contains(narrow) {
				narrow.Chosen = false
				budget += narrow.Pairs
			}
		}
		b.Chosen = true
		budget -= b.Pairs
	}
	l.report.Missed = max(0, left)
	for _, b := range counted {
		if b.Chosen {
			chosen = append(chosen, b)
		}
	}
	return chosen
}

// contains reports whether every pair of the other rule is one of b.
func (b *blocking) contains(other *blocking) bool {
	return b.Skipped == 0 && !slices.ContainsFunc(b.rule, func(k Key) bool { return !slices.Contains(other.rule, k) })
}

// errors are the chances that the values of a pair of one entity differ or one is missing, in each field: assumed, or learned once there is a model.
func (l *Linker) errors() []float64 {
	wrong := make([]float64, len(l.columns))
	for f, c := range l.columns {
		wrong[f] = assumedError
		if l.model != nil {
			wrong[f] = 1 - l.model.m[f][c.top]
		}
		missing := float64(c.counts[0]) / float64(max(1, l.rows))
		wrong[f] = missing + (1-missing)*wrong[f]
	}
	return wrong
}

// open makes the blocks of the rules chosen.
func (l *Linker) open(chosen []*blocking) {
	l.chosen = make([]*blocking, len(chosen))
	l.parallel(len(chosen), func(i int) {
		l.chosen[i] = l.group(chosen[i].rule)
		l.chosen[i].gather()
	})
}

// states are the probabilities of each set of wrong fields.
func states(wrong []float64) []float64 {
	p := []float64{1}
	for _, w := range wrong {
		more := make([]float64, 2*len(p))
		for s, q := range p {
			more[s], more[s+len(p)] = q*(1-w), q*w
		}
		p = more
	}
	return p
}

// reach is the share of rows that do not stand in a skipped block.
func (b *blocking) reach(rows int) float64 { return 1 - float64(b.Rows)/float64(max(1, rows)) }

func (b *blocking) gain(missed []float64, rows int) float64 {
	sum := 0.0
	for s, p := range missed {
		if uint64(s)&b.fields == 0 {
			sum += p
		}
	}
	return sum * b.reach(rows)
}

// take removes from missed what the rule reaches and returns how much that is.
func (b *blocking) take(missed []float64, rows int) float64 {
	gain := b.gain(missed, rows)
	for s := range missed {
		if uint64(s)&b.fields == 0 {
			missed[s] *= 1 - b.reach(rows)
		}
	}
	return gain
}

// group numbers the keys of a rule and counts the pairs of each.
func (l *Linker) group(rule Rule) *blocking {
	b := &blocking{Counted: Counted{Rule: rule.String()}, rule: rule, block: make([]uint32, l.rows)}
	parts := make([][]uint64, len(rule))
	columns := make([]*column, len(rule))
	for k, key := range rule {
		f := l.index[key.Field]
		b.fields |= 1 << f
		columns[k], parts[k] = l.columns[f], l.parts[key]
	}
	t := numbering{keys: make([]uint64, 1024), numbers: make([]uint32, 1024)}
	for r := range b.block {
		if key, ok := keyOf(columns, parts, r); ok {
			b.block[r] = t.number(key)
		}
	}
	l.tally(b, int(t.used)+1)
	return b
}

// keyOf is the key of a row, or false when a part is missing.
func keyOf(columns []*column, parts [][]uint64, row int) (uint64, bool) {
	var key uint64
	for k, c := range columns {
		part := parts[k][c.values[row]]
		if part == 0 {
			return 0, false
		}
		key = (key^part)*0x9e3779b97f4a7c15 + uint64(k)
		key ^= key >> 32
	}
	return max(1, key), true
}

// tally sums the pairs of n blocks, and strikes out those that are too large or make no pair.
func (l *Linker) tally(b *blocking, n int) {
	pairs, rows := make([]int64, n), make([]uint32, n)
	add := func(g uint32, sign int64, size uint32) { pairs[g] += sign * int64(size) * (int64(size) - 1) / 2 }
	inside := make([]uint32, n)
	for _, s := range l.sources {
		for _, g := range b.block[s.from:s.to] {
			rows[g]++
			inside[g]++
		}
		for _, g := range b.block[s.from:s.to] {
			if s.unique && inside[g] > 0 {
				add(g, -1, inside[g])
			}
			inside[g] = 0
		}
	}
	numbers := make([]uint32, n)
	for g := 1; g < n; g++ {
		add(uint32(g), 1, rows[g])
		switch {
		case pairs[g] > l.spec.MaxBlock:
			b.Skipped, b.Lost, b.Rows = b.Skipped+1, b.Lost+pairs[g], b.Rows+int64(rows[g])
		case pairs[g] > 0:
			b.Blocks++
			b.Pairs += pairs[g]
			numbers[g] = uint32(b.Blocks)
		}
	}
	for r, g := range b.block {
		b.block[r] = numbers[g]
	}
}

// gather lists the rows of each block.
func (b *blocking) gather() {
	b.starts = make([]uint32, b.Blocks+2)
	for _, g := range b.block {
		b.starts[g+1]++
	}
	b.starts[1] = 0 // rows in no block are not listed
	for g := 1; g < len(b.starts); g++ {
		b.starts[g] += b.starts[g-1]
	}
	b.rows = make([]uint32, b.starts[len(b.starts)-1])
	next := slices.Clone(b.starts)
	for r, g := range b.block {
		if g != 0 {
			b.rows[next[g]] = uint32(r)
			next[g]++
		}
	}
}

// of are the rows of block g, from 1.
func (b *blocking) of(g int) []uint32 { return b.rows[b.starts[g]:b.starts[g+1]] }

// numbering numbers 64-bit keys from 1.
type numbering struct {
	keys    []uint64
	numbers []uint32
	used    uint32
}

func (t *numbering) number(key uint64) uint32 {
	if int(t.used)*4 > len(t.keys)*3 {
		t.grow()
	}
	at := t.slot(key)
	if t.numbers[at] == 0 {
		t.used++
		t.keys[at], t.numbers[at] = key, t.used
	}
	return t.numbers[at]
}

func (t *numbering) slot(key uint64) int {
	mask := len(t.keys) - 1
	at := int(key>>20) & mask
	for t.numbers[at] != 0 && t.keys[at] != key {
		at = (at + 1) & mask
	}
	return at
}

func (t *numbering) grow() {
	old := *t
	t.keys, t.numbers = make([]uint64, 2*len(old.keys)), make([]uint32, 2*len(old.keys))
	for i, n := range old.numbers {
		if n != 0 {
			at := t.slot(old.keys[i])
			t.keys[at], t.numbers[at] = old.keys[i], n
		}
	}
}

// part is the key of each value of the column, 0 for none.
func (c *column) part(part string, seed maphash.Seed) []uint64 {
	out := make([]uint64, c.texts.len())
	last, n, cut := cutPart(part)
	for v := uint32(1); v < uint32(len(out)); v++ {
		switch {
		case part == "":
			out[v] = uint64(v) * 0xff51afd7ed558ccd
			continue
		case part == "core":
			if names, ok := c.comparison.(*company); ok {
				out[v] = names.core(v)
				continue
			}
		}
		if s := cutValue(part, c.texts.get(v), last, n, cut); s != "" {
			out[v] = max(1, maphash.String(seed, s))
		}
	}
	return out
}

// cutValue is the part of a text that must agree.
func cutValue(part, s string, last bool, n int, cut bool) string {
	switch {
	case cut:
		runes := []rune(s)
		if len(runes) < n {
			return ""
		}
		if last {
			return string(runes[len(runes)-n:])
		}
		return string(runes[:n])
	case part == "pinyin":
		return spelled(s)
	case part == "year", part == "month":
		d, ok := day(s)
		if !ok {
			return ""
		}
		return map[string]string{"year": string(d[:4]), "month": string(d[4:6])}[part]
	case part == "place":
		text, numbers := placeOf(s)
		return string(tail(text)) + " " + numbers
	}
	return s
}
