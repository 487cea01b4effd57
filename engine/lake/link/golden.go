package link

import (
	"slices"
	"unicode/utf8"
)

// Why a golden value was taken, beyond the rules of Survival.
const (
	Agreed        = "agreed"        // no other value stands in the rows
	Authoritative = "authoritative" // the source declared for the field says so
	FirstRow      = "first row"     // no rule decided
)

// GoldenValue is the value an entity is known by, and where it comes from.
type GoldenValue struct {
	Field string `json:"field"`
	Value string `json:"value"`
	Row   RowID  `json:"row"` // zero when no row has a value
	Why   string `json:"why"` // "" when no row has a value
}

// Golden chooses the entity's values as Spec.Golden declares. Rules are asked in order; each leaves the rows it prefers, and the one that leaves a single
// value is named as the reason.
func (e Entity) Golden() []GoldenValue {
	var out []GoldenValue
	for _, s := range e.l.spec.Golden {
		g := GoldenValue{Field: s.Field}
		c := e.l.columns[e.l.index[s.Field]]
		if row, why := e.survivor(s, c); why != "" {
			g.Value, g.Row, g.Why = c.texts.get(c.values[row]), e.l.id(row), why
		}
		out = append(out, g)
	}
	return out
}

// Golden chooses the values out of all rows that were added, which the caller knows to be of one entity. It stands in the place of Run.
func (l *Linker) Golden() []GoldenValue {
	l.parallel(len(l.columns), func(i int) { l.columns[i].seal() })
	rows := make([]uint32, l.rows)
	for i := range rows {
		rows[i] = uint32(i)
	}
	return Entity{l: l, rows: rows}.Golden()
}

func (e Entity) survivor(s Survivor, c *column) (uint32, string) {
	rows := slices.DeleteFunc(slices.Clone(e.rows), func(r uint32) bool { return c.values[r] == 0 })
	if len(rows) == 0 {
		return 0, ""
	}
	own := slices.DeleteFunc(slices.Clone(rows), func(r uint32) bool { return e.l.source(r).name != s.Source })
	switch {
	case len(own) > 0 && c.single(own):
		return own[0], Authoritative
	case len(own) > 0:
		rows = own
	case c.single(rows):
		return rows[0], Agreed
	}
	for _, rule := range s.Rules {
		rows = e.prefer(rule, c, rows)
		if c.single(rows) {
			return rows[0], rule
		}
	}
	return rows[0], FirstRow
}

// single reports whether the rows have one value.
func (c *column) single(rows []uint32) bool {
	return !slices.ContainsFunc(rows, func(r uint32) bool { return c.values[r] != c.values[rows[0]] })
}

// prefer leaves the rows that rank highest by a rule.
func (e Entity) prefer(rule string, c *column, rows []uint32) []uint32 {
	rank := func(r uint32) int64 { return e.l.at[r] } // newest
	switch rule {
	case "valid":
		rank = func(r uint32) int64 {
			if k, ok := c.comparison.(*code); ok && k.valid[c.values[r]] {
				return 1
			}
			return 0
		}
	case "most":
		count := map[uint32]int64{}
		for _, r := range rows {
			count[c.values[r]]++
		}
		rank = func(r uint32) int64 { return count[c.values[r]] }
	case "longest":
		rank = func(r uint32) int64 { return int64(utf8.RuneCount(c.texts.bytes(c.values[r]))) }
	}
	best := rank(rows[0])
	for _, r := range rows {
		best = max(best, rank(r))
	}
	return slices.DeleteFunc(slices.Clone(rows), func(r uint32) bool { return rank(r) != best })
}
