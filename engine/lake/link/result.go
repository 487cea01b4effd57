package link

import (
	"cmp"
	"iter"
	"slices"
)

// Result is what a linkage found. It reads from its Linker, which must not be used further.
type Result struct {
	Report Report
	Moves  []Move

	l      *Linker
	links  []found
	review []doubtful
	starts []uint32 // of each cluster in members
	member []uint32 // rows, cluster after cluster
	ids    []string // of each cluster
}

// doubtful is a pair for a person to look at, and why.
type doubtful struct {
	found
	reason string
}

// Report says what was done and what was left out.
type Report struct {
	Rules    []Counted `json:"rules"`           // every candidate, with its pairs
	Missed   float64   `json:"expected_missed"` // share of matches that no rule reaches, by the errors learned
	Compared int64     `json:"compared"`
	Prior    float64   `json:"prior"` // share of all pairs that are of one entity, as learned
	Fields   []Weights `json:"fields"`
	Links    int       `json:"links"`
	Review   int       `json:"review"`
	Settled  int       `json:"settled"` // uncertain pairs that better ones have settled
	Entities int       `json:"entities"`
	// Refused counts the pairs above the threshold that were not joined, by reason.
	Refused map[string]int `json:"refused"`
	// Contradictions are rows that were decided to be the same while others of their clusters were decided to be different: they were not joined.
	Contradictions [][2]RowID `json:"contradictions,omitempty"`
	Unknown        int        `json:"unknown_decisions,omitempty"` // of which a row is not there
}

// Weights are what a field's levels were found to be worth.
type Weights struct {
	Field  string  `json:"field"`
	Levels []Level `json:"levels"`
}

// Level is a degree of agreement: how often pairs of one entity (m) and of two (u) show it, and its weight in bits.
type Level struct {
	Name string  `json:"name"`
	M    float64 `json:"m"`
	U    float64 `json:"u"`
	Bits float64 `json:"bits"`
}

func (l *Linker) weights() []Weights {
	var out []Weights
	for f, c := range l.columns {
		w := Weights{Field: c.Name}
		for i, name := range c.names() {
			if i > 0 {
				w.Levels = append(w.Levels, Level{name, l.model.m[f][i], l.model.u[f][i], l.model.bits[f][i]})
			}
		}
		out = append(out, w)
	}
	return out
}

// Pair is two rows and what speaks for and against their being one entity.
type Pair struct {
	A, B        RowID
	Probability float64
	Bits        float64 // weight of the fields and of Shared together, without the prior
	Shared      float64 // what is taken off because groups of different entities agree so too, as a household does; 0 or below
	Reason      string  // for review; "" for a link

	l    *Linker
	a, b uint32
	p    pattern
}

// Agreement is one field of a pair: both sides, how they agree, and what that is worth.
type Agreement struct {
	Field string  `json:"field"`
	A     string  `json:"a"`
	B     string  `json:"b"`
	Level string  `json:"level"`
	Bits  float64 `json:"bits"`
}

// Fields shows both sides of the pair.
func (p Pair) Fields() []Agreement {
	var out []Agreement
	for f, c := range p.l.columns {
		level := p.p.level(f)
		out = append(out, Agreement{c.Name, c.texts.get(c.values[p.a]), c.texts.get(c.values[p.b]), c.names()[level], p.l.bits(f, level, p.a)})
	}
	return out
}

func (r *Result) pair(f found, reason string) Pair {
	return Pair{A: r.l.id(f.a), B: r.l.id(f.b), Probability: float64(f.probability), Bits: float64(f.bits), Shared: r.l.model.shared(f.pattern), Reason: reason, l: r.l, a: f.a, b: f.b, p: f.pattern}
}

// Links are the pairs above the threshold that stand within one entity, heaviest first.
func (r *Result) Links() iter.Seq[Pair] {
	return func(yield func(Pair) bool) {
		for _, f := range r.links {
			if !yield(r.pair(f, "")) {
				return
			}
		}
	}
}

// Review are the pairs that a person should look at: those refused, then those uncertain, each heaviest first.
func (r *Result) Review() iter.Seq[Pair] {
	return func(yield func(Pair) bool) {
		for _, d := range r.review {
			if !yield(r.pair(d.found, d.reason)) {
				return
			}
		}
	}
}

// Entity is the rows that are one.
type Entity struct {
	ID   string
	Rows []RowID

	l    *Linker
	rows []uint32
}

// Entities are all of them, those of one row too, in the order of their first rows.
func (r *Result) Entities() iter.Seq[Entity] {
	return func(yield func(Entity) bool) {
		for i, id := range r.ids {
			e := Entity{ID: id, l: r.l, rows: r.members(i)}
			for _, row := range e.rows {
				e.Rows = append(e.Rows, r.l.id(row))
			}
			if !yield(e) {
				return
			}
		}
	}
}

func (r *Result) members(i int) []uint32 { return r.member[r.starts[i]:r.starts[i+1]] }

// collect lists the clusters in the order of their first rows, and their rows in order.
func (r *Result) collect(c *clusters) {
	r.member = make([]uint32, 0, c.l.rows)
	for row := range uint32(c.l.rows) {
		if c.root(row) != row {
			continue
		}
		from := len(r.member)
		r.starts = append(r.starts, uint32(from))
		c.walk(row, func(x uint32) bool { r.member = append(r.member, x); return true })
		slices.Sort(r.member[from:])
	}
	c.l.report.Entities = len(r.starts)
	r.starts = append(r.starts, uint32(len(r.member)))
}

// Move says that rows of one entity are now another's.
type Move struct {
	From, Into string
	Rows       int
	Split      bool // From lives on; else it has merged into others and is no more
}

// claim is how many rows of a cluster bore an id.
type claim struct {
	cluster int
	entity  uint32
	rows    int
}

// identify gives each cluster its id: the clusters that hold most rows of an earlier entity are asked first, of equals the one whose first row comes
// first, of a cluster's equals the id that was met first. An id goes to one cluster and a cluster takes one; the rest are new.
func (r *Result) identify(l *Linker, fresh func() string) {
	var claims []claim
	for i := range len(r.starts) - 1 {
		count := map[uint32]int{}
		for _, row := range r.members(i) {
			if e := l.previous[row]; e != 0 {
				if count[e] == 0 {
					claims = append(claims, claim{cluster: i, entity: e})
				}
				count[e]++
			}
		}
		for k := len(claims) - len(count); k < len(claims); k++ {
			claims[k].rows = count[claims[k].entity]
		}
	}
	slices.SortStableFunc(claims, func(x, y claim) int { return cmp.Compare(y.rows, x.rows) })
	r.ids = make([]string, len(r.starts)-1)
	given := make([]bool, l.entities.len())
	for _, c := range claims {
		if r.ids[c.cluster] == "" && !given[c.entity] {
			r.ids[c.cluster], given[c.entity] = l.entities.get(c.entity), true
		}
	}
	for i := range r.ids {
		if r.ids[i] == "" {
			r.ids[i] = fresh()
		}
	}
	for _, c := range claims {
		if from := l.entities.get(c.entity); from != r.ids[c.cluster] {
			r.Moves = append(r.Moves, Move{From: from, Into: r.ids[c.cluster], Rows: c.rows, Split: given[c.entity]})
		}
	}
}
