package event

import (
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"chengshu/kernel/clock"

	"github.com/google/go-cmp/cmp"
)

var start = time.Date(2026, 3, 2, 9, 0, 0, 0, clock.Shanghai)

// after returns the topics that b tells a listener at seq, or "reset".
func after(b *Bus, seq int64) []string {
	hints, _, _, ok := b.since(seq, nil)
	if !ok {
		return []string{"reset"}
	}
	names := []string{}
	last := seq
	for _, h := range hints {
		if h.seq <= last {
			return []string{fmt.Sprintf("%d after %d", h.seq, last)}
		}
		last = h.seq
		names = append(names, h.topic)
	}
	return names
}

func TestSince(t *testing.T) {
	for _, tc := range []struct {
		name    string
		publish []string
		at      int64 // relative to the first number
		want    []string
	}{
		{"nothing happened", nil, 0, []string{}},
		{"in order", []string{"a", "b", "c"}, 0, []string{"a", "b", "c"}},
		{"only what is new", []string{"a", "b", "c"}, 2, []string{"c"}},
		{"up to date", []string{"a", "b"}, 2, []string{}},
		{"equal topics once, at their last place", []string{"a", "b", "a", "a", "c", "a"}, 0, []string{"b", "c", "a"}},
		{"again after it was seen", []string{"a", "b", "a"}, 2, []string{"a"}},
		{"the middle moves", []string{"a", "b", "c", "b"}, 1, []string{"c", "b"}},
		{"the oldest moves", []string{"a", "b", "c", "a"}, 3, []string{"a"}},
		{"as many as are kept", []string{"a", "b", "c", "d"}, 0, []string{"a", "b", "c", "d"}},
		{"one too many", []string{"a", "b", "c", "d", "e"}, 0, []string{"reset"}},
		{"the forgotten one was seen", []string{"a", "b", "c", "d", "e"}, 1, []string{"b", "c", "d", "e"}},
		{"the forgotten one is the oldest by its last place", []string{"a", "b", "a", "c", "d", "e"}, 1, []string{"reset"}},
		{"and comes back", []string{"a", "b", "c", "d", "e", "a"}, 2, []string{"c", "d", "e", "a"}},
		{"many times round", []string{"a", "b", "c", "d", "e", "f", "a", "b", "c", "d"}, 6, []string{"a", "b", "c", "d"}},
		{"from an earlier run", []string{"a"}, -1, []string{"reset"}},
		{"from the future", []string{"a"}, 2, []string{"reset"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			b := New(Options{Clock: clock.NewFake(start), Topics: 4})
			first := b.seq
			for _, name := range tc.publish {
				b.Publish(name)
			}
			if d := cmp.Diff(tc.want, after(b, first+tc.at)); d != "" {
				t.Error(d)
			}
			if len(b.topics) > 4 {
				t.Errorf("%d topics are kept", len(b.topics))
			}
		})
	}
}

// Numbers of a run that ended are below those of the next, as long as there
// were fewer than a million publications a second.
func TestSinceRestart(t *testing.T) {
	c := clock.NewFake(start)
	old := New(Options{Clock: c})
	for range 1000 {
		old.Publish("a")
	}
	seen := old.seq
	c.Advance(time.Second)
	fresh := New(Options{Clock: c})
	for range 2000 {
		fresh.Publish("b")
	}
	if d := cmp.Diff([]string{"reset"}, after(fresh, seen)); d != "" {
		t.Error(d)
	}
}

// A listener that takes what there is while others publish misses no topic.
func TestPublishRace(t *testing.T) {
	b := New(Options{Clock: clock.NewFake(start), Topics: 64})
	at, _ := b.join()
	var wg sync.WaitGroup
	for p := range 8 {
		wg.Go(func() {
			for i := range 1000 {
				b.Publish(fmt.Sprint(p, ".", i%8))
			}
		})
	}
	seen := map[string]int64{}
	finished := make(chan struct{})
	go func() { wg.Wait(); close(finished) }()
	for over := false; !over; {
		select {
		case <-finished:
			over = true
		default:
		}
		hints, now, _, ok := b.since(at, nil)
		if !ok {
			t.Fatal("reset, though fewer topics than are kept")
		}
		for _, h := range hints {
			seen[h.topic] = h.seq
		}
		at = now
	}
	for name, topic := range b.topics {
		if seen[name] != topic.seq {
			t.Errorf("%s was last seen at %d, published at %d", name, seen[name], topic.seq)
		}
	}
	if len(seen) != 64 {
		t.Errorf("%d topics seen", len(seen))
	}
}

// A wake that is on its way ends with the bus; the bubble knows of goroutines
// that stay behind.
func TestCloseEndsWake(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := New(Options{Clock: clock.NewFake(start)})
		b.join()
		b.Publish("a")
		synctest.Wait()
		b.Close()
		b.Publish("b")
	})
}

func BenchmarkPublish(b *testing.B) {
	for _, listeners := range []int{0, 1} {
		b.Run(fmt.Sprintf("listeners=%d", listeners), func(b *testing.B) {
			bus := New(Options{})
			defer bus.Close()
			for range listeners {
				bus.join()
			}
			bus.Publish("inbox")
			b.ReportAllocs()
			for b.Loop() {
				bus.Publish("case.incident")
				bus.Publish("inbox")
			}
		})
	}
}
