package screen

import (
	"context"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
)

// Figures are kept until a record changes, and for keptFor at the longest. One
// that is costly, being made of more than costlyRows rows, is kept for
// costlyFor even while records change. keptFigures bounds how many are kept.
const (
	keptFor     = 2 * time.Second
	costlyFor   = time.Second
	costlyRows  = 100_000
	keptFigures = 4096
)

// moment is a state of all records, and when it was seen.
type moment struct {
	version int64 // see record.Engine.Version
	at      time.Time
}

// shelf keeps computed figures. Of many who ask for the same figure at once
// one computes it, and the others get it if it was begun after they asked; so
// however many ask, two computations serve them, and nobody gets a figure
// without what was committed before they asked, but for the costly ones.
type shelf struct{ figures *lru.Cache[string, *figure] }

// figure is one kept value. The channel holds one token, for who may look at
// or replace the value.
type figure struct {
	turn   chan struct{}
	value  any
	costly bool
	as     moment
	known  bool
}

// holds reports whether the value may be given to who asked then.
func (f *figure) holds(asked moment) bool {
	age := asked.at.Sub(f.as.at)
	if !f.known || age >= keptFor || age <= -keptFor {
		return false
	}
	return f.as.version >= asked.version || f.costly && age < costlyFor
}

func newShelf() *shelf {
	figures, err := lru.New[string, *figure](keptFigures)
	if err != nil {
		panic(err) // the size is a positive constant
	}
	return &shelf{figures}
}

// get returns the value under key, computing it when none is kept that is as
// new as asked. look tells the present moment; compute must see every commit
// that happened before it is called, and says whether it was costly.
func (s *shelf) get(ctx context.Context, key string, asked moment, look func() (moment, error),
	compute func() (value any, costly bool, err error)) (any, error) {
	f, ok := s.figures.Get(key)
	if !ok {
		f = &figure{turn: make(chan struct{}, 1)}
		if old, had, _ := s.figures.PeekOrAdd(key, f); had {
			f = old
		}
	}
	select {
	case f.turn <- struct{}{}:
		defer func() { <-f.turn }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if f.holds(asked) {
		return f.value, nil
	}
	as, err := look() // anew: others have come while this one waited
	if err != nil {
		return nil, err
	}
	value, costly, err := compute()
	if err != nil {
		return nil, err
	}
	f.value, f.costly, f.as, f.known = value, costly, as, true
	return value, nil
}
