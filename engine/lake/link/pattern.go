package link

import (
	"context"
	"math"
	"slices"
	"sync"
)

// pattern holds the levels of a pair, four bits a field.
type pattern uint64

func (p pattern) level(field int) uint8 { return uint8(p>>(4*field)) & 15 }

// worker compares pairs and remembers the levels of values that come again.
type worker struct {
	l     *Linker
	cache [][]remembered
}

type remembered struct {
	pair  uint64
	level uint8
}

const cacheSize = 1 << 14 // of each field, a power of two

func (l *Linker) worker() *worker {
	w := &worker{l: l, cache: make([][]remembered, len(l.columns))}
	for i, c := range l.columns {
		switch c.Compare {
		case "edit", "jaro-winkler", "name", "company", "address":
			w.cache[i] = make([]remembered, cacheSize)
		}
	}
	return w
}

func (w *worker) compare(a, b uint32) pattern {
	var p pattern
	for f, c := range w.l.columns {
		x, y := c.values[a], c.values[b]
		switch {
		case x == 0 || y == 0:
		case x == y:
			p |= pattern(c.top) << (4 * f)
		default:
			p |= pattern(w.level(f, c, x, y)) << (4 * f)
		}
	}
	return p
}

func (w *worker) level(f int, c *column, x, y uint32) uint8 {
	if w.cache[f] == nil {
		return c.level(x, y)
	}
	pair := uint64(min(x, y))<<32 | uint64(max(x, y))
	r := &w.cache[f][pair*0x9e3779b97f4a7c15>>(64-14)]
	if r.pair != pair {
		*r = remembered{pair, c.level(x, y)}
	}
	return r.level
}

// earlier reports whether one of the first n rules brings the pair too.
func (l *Linker) earlier(n int, a, b uint32) bool {
	for _, e := range l.chosen[:n] {
		if g := e.block[a]; g != 0 && g == e.block[b] {
			return true
		}
	}
	return false
}

// found is a pair worth keeping.
type found struct {
	a, b        uint32
	bits        float32 // its weight without the prior
	probability float32
	pattern     pattern
}

// chunk is how many blocks a worker takes at a time.
const chunk = 512

// compareAll scores every candidate pair once and keeps those from the threshold of review up, heaviest first.
func (l *Linker) compareAll(ctx context.Context) ([]found, error) {
	var mu sync.Mutex
	var out []found
	for r, rule := range l.chosen {
		chunks := (rule.Blocks + chunk - 1) / chunk
		pool := sync.Pool{New: func() any { return l.worker() }}
		l.parallel(chunks, func(n int) {
			if ctx.Err() != nil {
				return
			}
			w := pool.Get().(*worker)
			defer pool.Put(w)
			var mine []found
			compared := int64(0)
			for g := 1 + n*chunk; g <= min(rule.Blocks, (n+1)*chunk); g++ {
				l.pairsIn(rule.of(g), func(a, b uint32) {
					if l.earlier(r, a, b) {
						return
					}
					compared++
					if f := w.score(a, b); float64(f.probability) >= l.spec.Review {
						mine = append(mine, f)
					}
				})
			}
			mu.Lock()
			out = append(out, mine...)
			l.report.Compared += compared
			mu.Unlock()
		})
		if err := ctx.Err(); err != nil {
			return nil, err
		}
	}
	slices.SortFunc(out, heavier)
	return out, nil
}

// heavier orders pairs by weight, then by rows, so that every run ends alike.
func heavier(x, y found) int {
	switch {
	case x.bits != y.bits:
		if x.bits > y.bits {
			return -1
		}
		return 1
	case x.a != y.a:
		return int(int64(x.a) - int64(y.a))
	}
	return int(int64(x.b) - int64(y.b))
}

// score weighs a pair.
func (w *worker) score(a, b uint32) found {
	p := w.compare(a, b)
	bits := w.l.model.shared(p)
	for f := range w.l.columns {
		bits += w.l.bits(f, p.level(f), a)
	}
	odds := bits + w.l.model.prior
	return found{a, b, float32(bits), float32(1 / (1 + math.Exp2(-odds))), p}
}

// bits is the weight of a level of a field, for a pair with row a in it.
func (l *Linker) bits(f int, level uint8, a uint32) float64 {
	c := l.columns[f]
	if !c.Terms || level != c.top {
		return l.model.bits[f][level]
	}
	// An equal value stands as often in unrelated rows as in the file; ten rows are the least that is believed.
	share := max(10, float64(c.counts[c.values[a]])) / float64(max(10, l.rows))
	return math.Log2(l.model.m[f][level] / share)
}
