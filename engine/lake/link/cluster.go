package link

// Reasons why a pair was not joined, or is to be looked at.
const (
	Uncertain = "uncertain"        // its probability is between the thresholds
	TooLarge  = "too large"        // the cluster would have more rows than permitted
	Rival     = "rival"            // a row of a source without duplicates has nearly as good a partner already
	Taken     = "taken"            // the same, and the partner is clearly better
	Codes     = "two valid codes"  // the cluster would have two different valid codes of a distinct field
	Against   = "evidence against" // two rows of the cluster would have strong evidence against each other
	Decided   = "decided"          // a person said that two rows are different
)

// rivalBits is how much lighter than its partner's a pair may be to be shown as a rival.
const rivalBits = 3

// clusters joins rows: a forest for finding, a ring for walking.
type clusters struct {
	l         *Linker
	w         *worker
	parent    []uint32
	next      []uint32
	size      []uint32
	best      []float32 // the weight that brought a row its partner of another source; 0: none
	different map[[2]uint32]bool
}

func (l *Linker) newClusters() *clusters {
	c := &clusters{l: l, w: l.worker(), parent: make([]uint32, l.rows), next: make([]uint32, l.rows), size: make([]uint32, l.rows),
		best: make([]float32, l.rows), different: map[[2]uint32]bool{}}
	for i := range c.parent {
		c.parent[i], c.next[i], c.size[i] = uint32(i), uint32(i), 1
	}
	return c
}

func (c *clusters) root(r uint32) uint32 {
	for c.parent[r] != r {
		c.parent[r] = c.parent[c.parent[r]]
		r = c.parent[r]
	}
	return r
}

// walk calls do with each row of r's cluster until it says false.
func (c *clusters) walk(r uint32, do func(uint32) bool) {
	for at := c.next[r]; do(at) && at != r; at = c.next[at] {
	}
}

func (c *clusters) join(a, b uint32) {
	a, b = c.root(a), c.root(b)
	if a == b {
		return
	}
	if b < a { // the first row stands for the cluster
		a, b = b, a
	}
	c.parent[b] = a
	c.size[a] += c.size[b]
	c.next[a], c.next[b] = c.next[b], c.next[a]
}

// refuse is the reason why the clusters of a and b may not be one, or "".
func (c *clusters) refuse(a, b uint32) string {
	if int(c.size[c.root(a)]+c.size[c.root(b)]) > c.l.spec.MaxCluster {
		return TooLarge
	}
	reason := ""
	c.walk(a, func(x uint32) bool {
		c.walk(b, func(y uint32) bool {
			reason = c.clash(x, y)
			return reason == ""
		})
		return reason == ""
	})
	return reason
}

// clash is the reason why two rows may not be in one cluster, or "".
func (c *clusters) clash(x, y uint32) string {
	switch s := c.l.source(x); {
	case c.different[order(x, y)]:
		return Decided
	case s.unique && s == c.l.source(y):
		return Taken
	}
	for _, col := range c.l.columns {
		if a, b := col.values[x], col.values[y]; col.Distinct && a != b && a != 0 && b != 0 {
			if valid := col.comparison.(*code).valid; valid[a] && valid[b] {
				return Codes
			}
		}
	}
	if float64(c.w.score(x, y).bits) <= c.l.spec.Against {
		return Against
	}
	return ""
}

func order(x, y uint32) [2]uint32 { return [2]uint32{min(x, y), max(x, y)} }

// cluster joins what was found, decisions first, and sorts out what a person must see.
func (l *Linker) cluster(res *Result, pairs []found, decisions []Decision) {
	c := l.newClusters()
	l.report.Refused = map[string]int{}
	c.decide(decisions)
	for _, p := range pairs {
		switch {
		case float64(p.probability) < l.spec.Link:
			continue
		case c.root(p.a) == c.root(p.b):
			res.links = append(res.links, p)
			continue
		}
		reason := c.refuse(p.a, p.b)
		if reason == "" {
			c.join(p.a, p.b)
			c.best[p.a], c.best[p.b] = max(c.best[p.a], p.bits), max(c.best[p.b], p.bits)
			res.links = append(res.links, p)
			continue
		}
		if reason == Taken && p.bits+rivalBits >= max(c.best[p.a], c.best[p.b]) {
			reason = Rival
		}
		l.report.Refused[reason]++
		if reason != Taken && reason != Decided {
			res.review = append(res.review, doubtful{p, reason})
		}
	}
	for _, p := range pairs {
		if float64(p.probability) >= l.spec.Link {
			continue
		}
		if c.root(p.a) != c.root(p.b) {
			if reason := c.refuse(p.a, p.b); reason != Taken && reason != Decided {
				res.review = append(res.review, doubtful{p, Uncertain})
				continue
			}
		}
		l.report.Settled++
	}
	res.collect(c)
	l.report.Links, l.report.Review = len(res.links), len(res.review)
}

// decide applies what people decided. Rows said to be the same are joined whatever the guards say; only that another two of the
// cluster are different can refuse it, which is reported.
func (c *clusters) decide(decisions []Decision) {
	rows := c.l.find(decisions)
	latest := map[[2]uint32]bool{}
	var in [][2]uint32
	for _, d := range decisions {
		a, okA := rows[d.A]
		b, okB := rows[d.B]
		if !okA || !okB || a == b {
			c.l.report.Unknown++
			continue
		}
		if _, again := latest[order(a, b)]; !again {
			in = append(in, order(a, b))
		}
		latest[order(a, b)] = d.Same
	}
	for _, pair := range in {
		if !latest[pair] {
			c.different[pair] = true
		}
	}
	for _, pair := range in {
		if c.different[pair] {
			continue
		}
		if c.contradicted(pair) {
			c.l.report.Contradictions = append(c.l.report.Contradictions, [2]RowID{c.l.id(pair[0]), c.l.id(pair[1])})
			continue
		}
		c.join(pair[0], pair[1])
	}
}

// contradicted reports whether joining the pair would bring together two rows that were decided to be different.
func (c *clusters) contradicted(pair [2]uint32) bool {
	bad := false
	c.walk(pair[0], func(x uint32) bool {
		c.walk(pair[1], func(y uint32) bool {
			bad = bad || c.different[order(x, y)]
			return !bad
		})
		return !bad
	})
	return bad && c.root(pair[0]) != c.root(pair[1])
}

// find numbers the rows that decisions name.
func (l *Linker) find(decisions []Decision) map[RowID]uint32 {
	wanted := map[RowID]bool{}
	for _, d := range decisions {
		wanted[d.A], wanted[d.B] = true, true
	}
	out := map[RowID]uint32{}
	if len(wanted) == 0 {
		return out
	}
	for _, s := range l.sources {
		for r := s.from; r < s.to; r++ {
			if id := (RowID{s.name, l.keys.get(uint32(r))}); wanted[id] {
				out[id] = uint32(r)
			}
		}
	}
	return out
}
