package server

import (
	"net/netip"
	"sync"
	"time"

	"chengshu/core/identity"
	"chengshu/kernel/fault"
)

// streams counts the event streams that are open, by person (or API client)
// and by address, so that nobody can take them all. The zero value is ready.
type streams struct {
	mu   sync.Mutex
	open map[string]int
}

// join counts one stream in for each key, unless one of them has all it may
// have; leave counts it out. A limit of 0 is none.
func (s *streams) join(limits map[string]int) (leave func(), ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for key, most := range limits {
		if most > 0 && s.open[key] >= most {
			return nil, false
		}
	}
	if s.open == nil {
		s.open = map[string]int{}
	}
	for key := range limits {
		s.open[key]++
	}
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		for key := range limits {
			if s.open[key]--; s.open[key] == 0 {
				delete(s.open, key)
			}
		}
	}, true
}

// streamRetry is when to ask again for a stream.
const streamRetry = 30 * time.Second

// joinStreams lets the actor open one more stream from the address.
func (s *Server) joinStreams(a *identity.Actor, address string) (leave func(), err error) {
	limits := map[string]int{"address " + network(address): s.cfg.StreamsAddress}
	if self := a.Self(); self != "" {
		limits["person "+self] = s.cfg.StreamsPerson
	}
	leave, ok := s.streams.join(limits)
	if !ok {
		return nil, fault.Wrap(&identity.Wait{For: streamRetry}, fault.Exhausted, "too-many-streams",
			"打开的实时更新连接过多，请关闭一些页面后再试", "too many live streams are open; close some pages and try again")
	}
	return leave, nil
}

// network is what of an address stands for one visitor: all of it, or the first
// 64 bits where a visitor has the rest to choose from.
func network(address string) string {
	a, err := netip.ParseAddr(address)
	if err != nil || a.Unmap().Is4() {
		return address
	}
	prefix, err := a.Prefix(64)
	if err != nil {
		return address
	}
	return prefix.String()
}
