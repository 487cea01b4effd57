package clock

import (
	"context"
	"slices"
	"sync"
	"time"
)

// Fake is a clock that stands still until it is turned. Tests and scenarios
// own it; everything else sees a [Clock].
type Fake struct {
	mu      sync.Mutex
	now     time.Time
	waiting []timer       // sorted by due, then by age
	changed chan struct{} // closed and replaced when waiting grows
}

type timer struct {
	due time.Time
	ch  chan time.Time // capacity one: firing never blocks
}

// NewFake returns a clock that stands at t.
func NewFake(t time.Time) *Fake {
	return &Fake{now: t, changed: make(chan struct{})}
}

// Now returns the instant at which the clock stands.
func (f *Fake) Now() time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.now
}

// After returns a channel that receives when the clock has been turned by d.
func (f *Fake) After(d time.Duration) <-chan time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	t := timer{due: f.now.Add(d), ch: make(chan time.Time, 1)}
	if d <= 0 {
		t.ch <- f.now
		return t.ch
	}
	i, _ := slices.BinarySearchFunc(f.waiting, t.due, func(w timer, due time.Time) int {
		if w.due.After(due) {
			return 1
		}
		return -1 // Equal goes after: first come, first served.
	})
	f.waiting = slices.Insert(f.waiting, i, t)
	close(f.changed)
	f.changed = make(chan struct{})
	return t.ch
}

// Advance turns the clock forward by d and fires the timers that fall due, in
// the order in which they do, each with its own time.
func (f *Fake) Advance(d time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.turn(f.now.Add(d))
}

// Set turns the clock to t and fires the timers due by then. Turning it back
// is allowed, as it happens to real clocks, and fires nothing.
func (f *Fake) Set(t time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.turn(t)
}

func (f *Fake) turn(t time.Time) {
	n := 0
	for n < len(f.waiting) && !f.waiting[n].due.After(t) {
		f.waiting[n].ch <- f.waiting[n].due
		n++
	}
	f.waiting = slices.Delete(f.waiting, 0, n)
	f.now = t
}

// Await returns when at least n timers wait on the clock, so that a test can
// be sure that a goroutine has come to rest before it turns the clock. It
// returns the error of ctx when that ends first.
func (f *Fake) Await(ctx context.Context, n int) error {
	for {
		f.mu.Lock()
		have, changed := len(f.waiting), f.changed
		f.mu.Unlock()
		if have >= n {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
