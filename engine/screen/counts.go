package screen

import (
	"context"
	"fmt"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"

	"chengshu/core/record"
)

// A count of all rows of a type, or of all closed cases, has to look at each.
// From largeCount rows on, which takes some 50 ms, it is kept for largeAge: by
// then it has changed in its last digits only.
const (
	largeCount = 50_000
	largeAge   = 10 * time.Minute
	keptCounts = 4096
)

// counts keeps large counts.
type counts struct{ kept *lru.Cache[string, count] }

type count struct {
	n  int64
	at time.Time
}

func newCounts() *counts {
	kept, err := lru.New[string, count](keptCounts)
	if err != nil {
		panic(err) // the size is a positive constant
	}
	return &counts{kept}
}

// of counts the rows that match: exactly while they are few, and else as of
// ten minutes ago at the longest.
func (c *counts) of(ctx context.Context, v viewer, t *record.Type, q record.Query) (int64, error) {
	sql, args, err := v.e.Records.Where(ctx, t, q)
	if err != nil {
		return 0, err
	}
	key := fmt.Sprintf("%s\x00%s\x00%q", t.Name, sql, args)
	now := v.asked.at
	if old, ok := c.kept.Get(key); ok && now.Sub(old.at) < largeAge && !now.Before(old.at) {
		return old.n, nil
	}
	n, err := v.e.Records.Count(ctx, t, q)
	if err == nil && n >= largeCount {
		c.kept.Add(key, count{n, now})
	}
	return n, err
}
