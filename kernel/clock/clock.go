package clock

import (
	"time"
	_ "time/tzdata" // The zone must be there on a machine that has no zone files.
)

// Shanghai is the zone of all calendar work.
var Shanghai = mustZone("Asia/Shanghai")

func mustZone(name string) *time.Location {
	l, err := time.LoadLocation(name)
	if err != nil {
		panic(err) // The zone is compiled in.
	}
	return l
}

// Clock is the source of the present and of timers. It is safe for concurrent
// use.
type Clock interface {
	// Now returns the present instant.
	Now() time.Time
	// After returns a channel that receives the time once, when d has passed;
	// at once when d is not positive.
	After(d time.Duration) <-chan time.Time
}

type system struct{}

// System returns the clock of the machine.
func System() Clock { return system{} }

func (system) Now() time.Time                         { return time.Now() }
func (system) After(d time.Duration) <-chan time.Time { return time.After(d) }
