package identity

import (
	"errors"
	"sync"
	"time"

	"chengshu/kernel/fault"
)

// Rate is how often somebody may come: PerMinute on the average, and Burst at
// once. The zero Rate is no limit.
type Rate struct {
	PerMinute int
	Burst     int
}

// Rates are the common limits. A client with a rate of its own is held to that.
type Rates struct {
	Person  Rate // one signed-in person, all sessions together
	Client  Rate // one API client
	Address Rate // one address that shows no credentials
	SignIn  Rate // attempts to sign in from one address
}

// DefaultRates are generous to people and to offices behind one address.
func DefaultRates() Rates {
	return Rates{
		Person:  Rate{PerMinute: 1200, Burst: 300},
		Client:  Rate{PerMinute: 6000, Burst: 1000},
		Address: Rate{PerMinute: 1200, Burst: 300},
		SignIn:  Rate{PerMinute: 60, Burst: 60},
	}
}

const maxBuckets = 1 << 16

// Limiter counts by key with token buckets, a bounded number of them. It is
// safe for use by many goroutines.
type Limiter struct {
	clock Clock
	most  int
	mu    sync.Mutex
	keys  map[string]*bucket
}

type bucket struct {
	tokens float64
	at     time.Time
}

// NewLimiter returns a limiter that remembers at most most keys. When more
// come, those that were idle longest among a sample are forgotten, which at
// worst lets them start again with a full bucket.
func NewLimiter(clock Clock, most int) *Limiter {
	return &Limiter{clock: clock, most: most, keys: make(map[string]*bucket)}
}

// Take takes one token from key's bucket; when it is empty it returns how long
// until there is one.
func (l *Limiter) Take(key string, r Rate) (wait time.Duration, ok bool) {
	if r.PerMinute <= 0 {
		return 0, true
	}
	burst := float64(max(r.Burst, 1))
	perSecond := float64(r.PerMinute) / 60
	now := l.clock.Now()
	l.mu.Lock()
	defer l.mu.Unlock()
	b := l.keys[key]
	if b == nil {
		l.makeRoom()
		b = &bucket{tokens: burst, at: now}
		l.keys[key] = b
	}
	if gone := now.Sub(b.at).Seconds(); gone > 0 {
		b.tokens = min(burst, b.tokens+gone*perSecond)
	}
	b.at = now
	if b.tokens < 1 {
		return time.Duration((1 - b.tokens) / perSecond * float64(time.Second)), false
	}
	b.tokens--
	return 0, true
}

// makeRoom forgets one of a handful of keys when there are too many. A map is
// walked from a random place, so the handful is a sample.
func (l *Limiter) makeRoom() {
	if len(l.keys) < l.most {
		return
	}
	oldest, seen := "", 0
	for k, b := range l.keys {
		if oldest == "" || b.at.Before(l.keys[oldest].at) {
			oldest = k
		}
		if seen++; seen == 8 {
			break
		}
	}
	delete(l.keys, oldest)
}

// Limit counts one request of a from addr. Too many are Exhausted, code
// too-many-requests.
func (s *Service) Limit(a *Actor, addr string) error {
	key, rate := "a "+addressKey(addr), s.rates.Address
	switch {
	case a.Client != "":
		key, rate = "c "+a.Client, s.clientRate(a)
	case a.Person != "":
		key, rate = "p "+a.Person, s.rates.Person
	}
	if wait, ok := s.limiter.Take(key, rate); !ok {
		return tooMany(wait)
	}
	return nil
}

// Wait is the cause of an Exhausted fault that ends by itself.
type Wait struct{ For time.Duration }

func (w *Wait) Error() string { return "wait " + w.For.String() }

// RetryAfter returns how long to wait before trying again, when err says so.
func RetryAfter(err error) (time.Duration, bool) {
	w, ok := errors.AsType[*Wait](err)
	if !ok {
		return 0, false
	}
	return w.For, true
}

func tooMany(wait time.Duration) error {
	return fault.Wrap(&Wait{wait}, fault.Exhausted, "too-many-requests", "请求过于频繁，请稍后再试", "too many requests; try again later")
}
