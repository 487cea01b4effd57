package identity

import (
	"crypto/sha256"
	"sync"
	"sync/atomic"
)

const (
	maxCached    = 1 << 17
	recheckAfter = 60_000 // ms: how long a cached actor is trusted without a look at the database
	writeSeen    = 60_000 // ms between writes of one session's last use
)

type digest = [sha256.Size]byte

// digestOf hashes a token without allocating.
func digestOf(token string) digest {
	var buf [128]byte
	return sha256.Sum256(append(buf[:0], token...))
}

// cached is an actor and until when it may be used. All times are ms.
type cached struct {
	actor   *Actor
	recheck int64 // then the database is asked again
	dies    int64 // then the credentials are void
	idle    int64 // longest pause between uses; 0 is any
	seen    atomic.Int64
	written atomic.Int64 // the value of seen that the database has, or will soon
}

// fresh reports whether the actor may be used at now without asking again.
func (c *cached) fresh(now int64) bool {
	return now < c.recheck && now < c.dies && (c.idle == 0 || now-c.seen.Load() < c.idle)
}

// actorCache maps digests of credentials to actors, a bounded number of them.
type actorCache struct {
	most int
	mu   sync.RWMutex
	gen  uint64 // counts invalidations
	m    map[digest]*cached
	seen map[digest]int64 // last uses not yet written
}

func newActorCache(most int) *actorCache {
	return &actorCache{most: most, m: map[digest]*cached{}, seen: map[digest]int64{}}
}

func (c *actorCache) get(k digest) *cached {
	c.mu.RLock()
	e := c.m[k]
	c.mu.RUnlock()
	return e
}

// begin returns the generation to give to put, and the last use of k that has
// not been written yet.
func (c *actorCache) begin(k digest) (gen uint64, seen int64) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	seen = c.seen[k]
	if e := c.m[k]; e != nil {
		seen = max(seen, e.seen.Load())
	}
	return c.gen, seen
}

// put keeps e, unless something was invalidated since begin: e may have been
// read before that change.
func (c *actorCache) put(k digest, e *cached, gen uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.gen != gen {
		return
	}
	if _, there := c.m[k]; !there && len(c.m) >= c.most {
		for old := range c.m { // a random one: it costs its owner one query
			delete(c.m, old)
			break
		}
	}
	c.m[k] = e
}

// drop forgets what match finds.
func (c *actorCache) drop(match func(*Actor) bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.gen++
	for k, e := range c.m {
		if match(e.actor) {
			delete(c.m, k)
		}
	}
}

func (c *actorCache) dropKey(k digest) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.gen++
	delete(c.m, k)
	delete(c.seen, k)
}

// touch notes a use of k, and that it must be written when the last writing is
// long enough ago.
func (c *actorCache) touch(k digest, e *cached, now int64) {
	if old := e.seen.Load(); now > old {
		e.seen.CompareAndSwap(old, now) // who loses was beaten by a use as late
	}
	old := e.written.Load()
	if now-old < writeSeen || !e.written.CompareAndSwap(old, now) {
		return
	}
	c.mu.Lock()
	c.seen[k] = now
	c.mu.Unlock()
}

// takeSeen hands over the last uses that wait to be written.
func (c *actorCache) takeSeen() map[digest]int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := c.seen
	c.seen = map[digest]int64{}
	return out
}

// forget drops every cached actor of a person or client; to be called after
// the commit of whatever changes what they are.
func (s *Service) forget(match func(*Actor) bool) {
	s.sessions.drop(match)
	s.clients.drop(match)
}

func (s *Service) forgetPerson(person string) func() {
	return func() { s.forget(func(a *Actor) bool { return a.Person == person }) }
}
