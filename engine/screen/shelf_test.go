package screen

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"chengshu/kernel/db"
	"chengshu/kernel/db/dbtest"
)

// TestShelf asks for one figure again and again, and counts how often it is
// computed.
func TestShelf(t *testing.T) {
	s, at := newShelf(), start
	var version, computed int64
	costly := false
	ask := func() (any, error) {
		as := moment{version, at}
		return s.get(context.Background(), "k", as, func() (moment, error) { return as, nil }, func() (any, bool, error) {
			computed++
			return computed, costly, nil
		})
	}
	for _, step := range []struct {
		what string
		do   func()
		want int64
	}{
		{"first", func() {}, 1},
		{"again", func() {}, 1},
		{"within two seconds", func() { at = at.Add(1900 * time.Millisecond) }, 1},
		{"after them", func() { at = at.Add(200 * time.Millisecond) }, 2},
		{"after a change", func() { version++ }, 3},
		{"the clock was turned back", func() { at = at.Add(-time.Hour) }, 4},
		{"it becomes costly", func() { version++; costly = true }, 5},
		{"after a change within a second", func() { version++; at = at.Add(900 * time.Millisecond) }, 5},
		{"after a second", func() { at = at.Add(200 * time.Millisecond) }, 6},
	} {
		step.do()
		got, err := ask()
		if err != nil || got != step.want {
			t.Errorf("%s: got %v, %v, want %d", step.what, got, err, step.want)
		}
	}
}

// TestShelfManyAtOnce lets fifty ask while the first computation runs and the
// records change for each: one more computation serves them all.
func TestShelfManyAtOnce(t *testing.T) {
	s := newShelf()
	var version, computed atomic.Int64
	begun, finish := make(chan struct{}), make(chan struct{})
	look := func() (moment, error) { return moment{version.Load(), start}, nil }
	ask := func(mine int64) (any, error) {
		return s.get(context.Background(), "k", moment{mine, start}, look, func() (any, bool, error) {
			seen := version.Load()
			if computed.Add(1) == 1 {
				close(begun)
				<-finish
			}
			return seen, false, nil
		})
	}
	var all, asking sync.WaitGroup
	all.Go(func() { _, _ = ask(0) })
	<-begun
	for range 50 {
		asking.Add(1)
		all.Go(func() {
			mine := version.Add(1)
			asking.Done()
			if got, err := ask(mine); err != nil || got.(int64) < mine {
				t.Errorf("got %v, %v, which is older than %d", got, err, mine)
			}
		})
	}
	asking.Wait()
	close(finish)
	all.Wait()
	if n := computed.Load(); n != 2 {
		t.Errorf("computed %d times, want 2", n)
	}
}

// TestShelfErrors wants a failure told to whom it happened, and not kept.
func TestShelfErrors(t *testing.T) {
	s, broken := newShelf(), errors.New("broken")
	look := func() (moment, error) { return moment{1, start}, nil }
	if _, err := s.get(context.Background(), "k", moment{1, start}, look, func() (any, bool, error) { return nil, false, broken }); !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
	if got, err := s.get(context.Background(), "k", moment{1, start}, look, func() (any, bool, error) { return 7, false, nil }); err != nil || got != 7 {
		t.Errorf("after a failure: %v, %v", got, err)
	}
	gone, cancel := context.WithCancel(context.Background())
	cancel()
	f, _ := s.figures.Get("k")
	f.turn <- struct{}{} // somebody computes
	if _, err := s.get(gone, "k", moment{2, start}, look, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("who has gone waits: %v", err)
	}
}

// TestFresh writes and looks at once: the figure holds the write, however
// often it was looked at before.
func TestFresh(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newCity(t, d)
		c.add("category", "lid", map[string]any{"code": "lid", "name": "井盖"})
		for i := range 5 {
			if got := c.data(dispatcher, "board", "open")["value"]; got != float64(i) {
				t.Fatalf("%v open after %d", got, i)
			}
			c.open("lid", "/1/2/", "west", 0)
		}
		if got := c.data(overall, "board", "open")["value"]; got != 5.0 {
			t.Errorf("another viewer sees %v", got)
		}
	})
}
