package clock

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// at reads a wall-clock time in Shanghai.
func at(t testing.TB, s string) time.Time {
	t.Helper()
	v, err := time.ParseInLocation("2006-01-02 15:04", s, Shanghai)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func show(t time.Time) string { return t.Format("2006-01-02 15:04") }

func TestFakeFiresInOrder(t *testing.T) {
	start := at(t, "2026-03-02 09:00")
	f := NewFake(start)
	late, early, same := f.After(2*time.Minute), f.After(time.Minute), f.After(time.Minute)
	never := f.After(time.Hour)
	f.Advance(59 * time.Second)
	if len(early) != 0 {
		t.Error("a timer of one minute fired after 59 seconds")
	}
	f.Advance(2 * time.Minute)
	var got []string
	for _, c := range []<-chan time.Time{early, same, late} {
		got = append(got, show(<-c))
	}
	want := []string{"2026-03-02 09:01", "2026-03-02 09:01", "2026-03-02 09:02"}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if len(never) != 0 {
		t.Error("a timer fired too early")
	}
	if got := f.Now().Sub(start); got != 2*time.Minute+59*time.Second {
		t.Errorf("the clock moved by %v", got)
	}
	f.Set(start)
	if !f.Now().Equal(start) {
		t.Error("the clock was not turned back")
	}
	if <-f.After(0); len(f.waiting) != 1 {
		t.Errorf("%d timers wait, want 1", len(f.waiting))
	}
}

func TestFakeAwait(t *testing.T) {
	f := NewFake(at(t, "2026-03-02 09:00"))
	done := make(chan bool)
	go func() {
		for range 3 {
			<-f.After(time.Second)
		}
		close(done)
	}()
	for range 3 {
		if err := f.Await(t.Context(), 1); err != nil {
			t.Fatal(err)
		}
		f.Advance(time.Second)
	}
	<-done
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := f.Await(ctx, 1); err == nil {
		t.Error("Await ignored the end of its context")
	}
}

func TestSystem(t *testing.T) {
	c := System()
	before := time.Now()
	if c.Now().Before(before) {
		t.Error("the clock of the machine went back")
	}
	<-c.After(0)
}
