package link

import (
	"context"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
)

const (
	randomPairs = 400_000   // from which chance agreement is counted
	samplePairs = 1_000_000 // of each rule, from which the weights are learned
	leastChance = 1e-8      // no agreement is taken to be rarer
	rounds      = 40        // of expectation maximisation
	outer       = 3         // of it and of what random pairs really are
)

// model is what was learned: for each field the probability of each level among pairs of one entity (m) and of two (u). Level 0,
// missing, says nothing.
type model struct {
	m, u   [][]float64
	bits   [][]float64 // log2 m/u
	groups []group
	prior  float64 // log2 of the odds that any two rows are of one entity
}

// sample is what was counted on part of a rule's pairs.
type sample struct {
	fields uint64            // of the rule's key
	all    map[pattern]int64 // every pair
	first  map[pattern]int64 // those that no earlier rule brings
	scale  float64           // how many pairs each stands for
}

// learn counts, learns and sets the model.
func (l *Linker) learn(ctx context.Context) error {
	if l.random == nil {
		l.random = l.draw()
	}
	samples := make([]sample, len(l.chosen))
	l.parallel(len(l.chosen), func(r int) {
		if ctx.Err() == nil {
			samples[r] = l.sample(r)
		}
	})
	if err := ctx.Err(); err != nil {
		return err
	}
	m := &model{m: make([][]float64, len(l.columns))}
	total := l.pairs()
	lambda := 1 / math.Max(2, total)
	for range outer {
		m.u = l.chance(l.random, m, lambda)
		m.m, m.groups = l.maximise(samples, m.u)
		m.weigh()
		lambda = prevalence(samples, m, lambda, total)
	}
	m.prior = math.Log2(lambda / (1 - lambda))
	l.model = m
	l.report.Prior = lambda
	l.report.Fields = l.weights()
	return nil
}

// pairs is how many pairs of rows may be of one entity.
func (l *Linker) pairs() float64 {
	choose := func(n int) float64 { return float64(n) * float64(n-1) / 2 }
	total := choose(l.rows)
	for _, s := range l.sources {
		if s.unique {
			total -= choose(s.to - s.from)
		}
	}
	return total
}

// draw compares random pairs of rows; the seed is fixed, so that every run ends alike.
func (l *Linker) draw() map[pattern]int64 {
	dice := rand.New(rand.NewPCG(1, 2))
	w := l.worker()
	out := map[pattern]int64{}
	if l.pairs() < 1 {
		return out
	}
	for range 2 * randomPairs { // of which up to half fall within a source without duplicates
		a, b := uint32(dice.IntN(l.rows)), uint32(dice.IntN(l.rows))
		if s := l.source(a); a != b && !(s.unique && s == l.source(b)) {
			out[w.compare(a, b)]++
		}
	}
	return out
}

// sample compares the pairs of every nth block of a rule.
func (l *Linker) sample(r int) sample {
	b := l.chosen[r]
	step := int(1 + b.Pairs/samplePairs)
	s := sample{fields: b.fields, all: map[pattern]int64{}, first: map[pattern]int64{}}
	w := l.worker()
	seen := int64(0)
	for g := 1; g <= b.Blocks; g += step {
		l.pairsIn(b.of(g), func(x, y uint32) {
			p := w.compare(x, y)
			s.all[p]++
			seen++
			if !l.earlier(r, x, y) {
				s.first[p]++
			}
		})
	}
	s.scale = float64(b.Pairs) / float64(max(1, seen))
	return s
}

// chance is u: the levels of random pairs, less those that the model, if there is one already, takes for pairs of one entity. Chance equality is counted on
// whole columns, since it may be far rarer than one in a sample.
func (l *Linker) chance(random map[pattern]int64, m *model, lambda float64) [][]float64 {
	u := l.levels()
	for _, p := range ordered(random) {
		share := 1.0
		if m.bits != nil {
			share = 1 - posterior(m.total(p), lambda)
		}
		for f := range u {
			u[f][p.level(f)] += share * float64(random[p])
		}
	}
	for f, c := range l.columns {
		normalise(u[f], 0.5)
		equal := max(leastChance, min(c.equality(l.sources), u[f][c.top]))
		rest := (1 - equal) / (1 - u[f][c.top])
		for i := range u[f][:c.top] {
			u[f][i] = max(leastChance, u[f][i]*rest)
		}
		u[f][c.top] = equal
	}
	return u
}

// equality is the share of pairs with equal values, the least that any source shows within: each bounds what chance makes, and
// a source with few duplicates closely.
func (c *column) equality(sources []source) float64 {
	least := 1.0
	counts := make([]uint32, len(c.counts))
	for _, s := range sources {
		var pairs, n float64
		for _, v := range c.values[s.from:s.to] {
			if v != 0 {
				pairs += float64(counts[v])
				counts[v]++
				n++
			}
		}
		for _, v := range c.values[s.from:s.to] {
			counts[v] = 0
		}
		if n > 1 {
			least = min(least, (pairs+0.5)/(n*(n-1)/2+1))
		}
	}
	return least
}

// maximise learns m: for each rule by expectation maximisation on the fields outside its key, u being known; the rules' answers are
// averaged by how many pairs of one entity each has found. The groups that rules have found are kept apart.
func (l *Linker) maximise(samples []sample, u [][]float64) (m [][]float64, groups []group) {
	sum := l.levels()
	fits := make([]fit, len(samples))
	l.parallel(len(samples), func(i int) { fits[i] = l.expect(samples[i], u) })
	for i, s := range samples {
		for f := range sum {
			for k := range sum[f] {
				if s.fields&(1<<f) == 0 {
					sum[f][k] += fits[i].matches * fits[i].m[f][k]
				}
			}
		}
		if g := fits[i]; g.others > 0 {
			groups = append(groups, group{share: g.others / l.pairs(), ratio: ratios(g.h, u)})
		}
	}
	for f := range sum {
		sum[f][0] = 0
		if total(sum[f]) == 0 { // no rule without it: a guess that errs on the side of doubt
			sum[f] = l.guess(f)
		}
		normalise(sum[f], 0)
	}
	return sum, groups
}

// group is pairs of two entities that agree in more than chance would have it: a household shares telephone and address, branches of a firm the core of the
// name. Without it such pairs pass for one entity, since agreements in several fields would be taken for independent.
type group struct {
	share float64     // of all pairs
	ratio [][]float64 // how much more often than chance each level is in them
}

// fit is what expectation maximisation makes of a rule's pairs.
type fit struct {
	m, h            [][]float64 // levels among pairs of one entity, and among those of a group
	matches, others float64     // how many pairs of each kind the rule brings
}

// expect fits a rule's pairs with two kinds, of one entity and of chance, and where the key is of shared fields alone with a third, of a group. A group must be
// told from one entity by a field that is not shared, in which its pairs nearly always differ: else it is of one entity with errors.
func (l *Linker) expect(s sample, u [][]float64) fit {
	own := false
	for i, c := range l.columns {
		own = own || s.fields&(1<<i) != 0 && !c.Shared
	}
	if !own {
		if f := l.fit(s, u, true); l.distinct(f) {
			return f
		}
	}
	return l.fit(s, u, false)
}

// distinct reports whether a field that is not shared differs in nearly all pairs of the group, and in few of one entity.
func (l *Linker) distinct(f fit) bool {
	for i, c := range l.columns {
		if !c.Shared && f.others > 0 && f.h[i][1] > 0.8 && f.m[i][1] < 0.2 {
			return true
		}
	}
	return false
}

func (l *Linker) fit(s sample, u [][]float64, grouped bool) fit {
	m, h := l.levels(), l.levels()
	for f := range m {
		m[f] = l.guess(f)
		for i := range h[f] {
			h[f][i] = (m[f][i] + u[f][i]) / 2
		}
	}
	patterns := ordered(s.all)
	one, other := 0.4, 0.0
	if grouped {
		other = 0.3
	}
	var matches, others float64
	for range rounds {
		nextM, nextH := l.levels(), l.levels()
		matches, others = 0, 0
		pairs := 0.0
		bitsM, bitsH := logs(m, u), logs(h, u)
		for _, p := range patterns {
			n := float64(s.all[p])
			likeM, likeH := one*math.Exp2(sumBits(bitsM, p, s.fields)), other*math.Exp2(sumBits(bitsH, p, s.fields))
			all := likeM + likeH + (1 - one - other)
			isM, isH := n*likeM/all, n*likeH/all
			matches, others, pairs = matches+isM, others+isH, pairs+n
			for f := range nextM {
				nextM[f][p.level(f)] += isM
				nextH[f][p.level(f)] += isH
			}
		}
		settle(m, nextM)
		settle(h, nextH)
		if pairs == 0 {
			break
		}
		one, other = min(0.9999, max(1e-9, matches/pairs)), others/pairs
		if one+other > 0.9999 {
			one, other = one*0.9999/(one+other), other*0.9999/(one+other)
		}
	}
	return fit{m: m, h: h, matches: matches * s.scale, others: others * s.scale}
}

// settle puts the levels counted in the place of those before, where any were.
func settle(p, counted [][]float64) {
	for f := range p {
		if counted[f][0] = 0; total(counted[f]) > 0 {
			normalise(counted[f], 0.01)
			p[f] = counted[f]
		}
	}
}

// ratios divides levels by chance; a missing value says nothing.
func ratios(h, u [][]float64) [][]float64 {
	out := logs(h, u)
	for f := range out {
		for i := range out[f] {
			out[f][i] = math.Exp2(out[f][i])
		}
	}
	return out
}

// shared is what a pair's agreements are worth less, in bits, because groups of different entities have them too.
func (m *model) shared(p pattern) float64 {
	sum := 1.0
	for _, g := range m.groups {
		product := g.share
		for f := range g.ratio {
			product *= g.ratio[f][p.level(f)]
		}
		sum += product
	}
	return -math.Log2(sum)
}

// guess is where learning begins: nine of ten equal, the rest falling off.
func (l *Linker) guess(f int) []float64 {
	top := l.columns[f].top
	m := make([]float64, top+1)
	left := 0.1
	for i := top - 1; i > 1; i-- {
		left /= 2
		m[i] = left
	}
	m[1] += left
	m[top] += 0.9
	return m
}

// prevalence is the share of all pairs that are of one entity: those expected among the candidates, the others being hopeless.
func prevalence(samples []sample, m *model, lambda, pairs float64) float64 {
	for range rounds {
		matches := 0.0
		for _, s := range samples {
			for _, p := range ordered(s.first) {
				matches += s.scale * float64(s.first[p]) * posterior(m.total(p), lambda)
			}
		}
		lambda = min(0.5, max(1/(2*pairs+2), matches/max(1, pairs)))
	}
	return lambda
}

func (m *model) weigh() { m.bits = logs(m.m, m.u) }

// total is the weight of a pattern, before what single values add.
func (m *model) total(p pattern) float64 { return sumBits(m.bits, p, 0) + m.shared(p) }

func sumBits(bits [][]float64, p pattern, without uint64) float64 {
	sum := 0.0
	for f := range bits {
		if without&(1<<f) == 0 {
			sum += bits[f][p.level(f)]
		}
	}
	return sum
}

func logs(m, u [][]float64) [][]float64 {
	out := make([][]float64, len(m))
	for f := range m {
		out[f] = make([]float64, len(m[f]))
		for i := 1; i < len(m[f]); i++ {
			out[f][i] = math.Log2(max(leastChance, m[f][i]) / u[f][i])
		}
	}
	return out
}

// posterior is the probability of one entity, given a weight in bits and the share of such pairs.
func posterior(bits, share float64) float64 {
	return 1 / (1 + (1-share)/share*math.Exp2(-bits))
}

// levels is a zero for each level of each field.
func (l *Linker) levels() [][]float64 {
	out := make([][]float64, len(l.columns))
	for f, c := range l.columns {
		out[f] = make([]float64, c.top+1)
	}
	return out
}

// normalise makes the levels above missing sum to one, after adding a little to each.
func normalise(p []float64, little float64) {
	p[0] = 0
	sum := total(p) + little*float64(len(p)-1)
	for i := 1; i < len(p); i++ {
		p[i] = (p[i] + little) / sum
	}
}

func total(p []float64) float64 {
	sum := 0.0
	for _, x := range p {
		sum += x
	}
	return sum
}

// ordered are the patterns in order: sums of floating numbers depend on it.
func ordered(counts map[pattern]int64) []pattern { return slices.Sorted(maps.Keys(counts)) }
