package event

import (
	"encoding/json"
	"slices"
	"sync"
	"time"

	"chengshu/kernel/clock"
)

// window is how long equal topics are gathered into one hint.
const window = 50 * time.Millisecond

// Options are the bounds of a Bus. The zero value of each is its default.
type Options struct {
	Clock          clock.Clock // the machine's
	MaxSubscribers int         // streams served at a time, 10,000
	Topics         int         // topics remembered for those who come back, 4,096
}

// Bus takes topics and serves them to listeners. It is safe for concurrent
// use.
type Bus struct {
	clock clock.Clock
	most  int
	keep  int
	done  chan struct{} // closed by Close

	mu        sync.RWMutex
	seq       int64             // of the latest publication
	floor     int64             // of the latest that is forgotten
	topics    map[string]*topic // at most keep
	oldest    *topic
	newest    *topic
	listeners int
	waking    bool          // a wake is on its way
	wake      chan struct{} // closed and replaced to wake every listener
	closed    bool
}

// topic is one topic in the order in which topics were last published.
type topic struct {
	name         string
	frame        []byte // the event on the wire, but for its id
	seq          int64
	older, newer *topic
}

// New returns a bus without listeners.
func New(o Options) *Bus {
	if o.Clock == nil {
		o.Clock = clock.System()
	}
	if o.MaxSubscribers <= 0 {
		o.MaxSubscribers = 10_000
	}
	if o.Topics <= 0 {
		o.Topics = 4096
	}
	start := o.Clock.Now().UnixMicro()
	return &Bus{clock: o.Clock, most: o.MaxSubscribers, keep: o.Topics, done: make(chan struct{}),
		seq: start, floor: start, topics: map[string]*topic{}, wake: make(chan struct{})}
}

// Publish says that what topic names has changed. Call it after the change is
// committed. It never waits for a listener and never fails. Listeners hear of
// it within 50 ms, once for all publications of the topic in that time. No
// content travels.
func (b *Bus) Publish(name string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.seq++
	t := b.topics[name]
	if t == nil {
		t = b.add(name)
	} else if t != b.newest {
		b.unlink(t)
		b.append(t)
	}
	t.seq = b.seq
	if b.listeners > 0 && !b.waking && !b.closed {
		b.waking = true
		go b.wakeAfter(b.clock.After(window))
	}
}

func (b *Bus) add(name string) *topic {
	if len(b.topics) == b.keep {
		lost := b.oldest
		b.floor = lost.seq
		b.unlink(lost)
		delete(b.topics, lost.name)
	}
	body, _ := json.Marshal(struct { // a string always marshals
		Topic string `json:"topic"`
	}{name})
	t := &topic{name: name, frame: []byte("event: hint\ndata: " + string(body) + "\n\n")}
	b.topics[name] = t
	b.append(t)
	return t
}

func (b *Bus) append(t *topic) {
	t.older, t.newer = b.newest, nil
	if b.newest == nil {
		b.oldest = t
	} else {
		b.newest.newer = t
	}
	b.newest = t
}

func (b *Bus) unlink(t *topic) {
	if t.older == nil {
		b.oldest = t.newer
	} else {
		t.older.newer = t.newer
	}
	if t.newer == nil {
		b.newest = t.older
	} else {
		t.newer.older = t.older
	}
}

func (b *Bus) wakeAfter(due <-chan time.Time) {
	select {
	case <-due:
	case <-b.done:
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.waking = false
	close(b.wake)
	b.wake = make(chan struct{})
}

// hint is a topic as one listener takes it.
type hint struct {
	seq   int64
	topic string
	frame []byte
}

// since appends to into what was published after seq, oldest first. It returns
// the new place of the listener, and the channel that is closed when there is
// more. ok is false when something after seq is forgotten, or when the bus
// never gave out that number.
func (b *Bus) since(seq int64, into []hint) (hints []hint, at int64, more <-chan struct{}, ok bool) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	if seq < b.floor || seq > b.seq {
		return into, b.seq, b.wake, false
	}
	for t := b.newest; t != nil && t.seq > seq; t = t.older {
		into = append(into, hint{t.seq, t.name, t.frame})
	}
	slices.Reverse(into)
	return into, b.seq, b.wake, true
}

// join counts a listener in and returns the number of the latest publication.
// It returns false when the bus is full or closed.
func (b *Bus) join() (seq int64, ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed || b.listeners >= b.most {
		return 0, false
	}
	b.listeners++
	return b.seq, true
}

func (b *Bus) leave() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.listeners--
}

// Listeners returns how many streams are being served.
func (b *Bus) Listeners() int {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return b.listeners
}

// Close ends every stream; Serve refuses new ones from then on. It may be
// called more than once.
func (b *Bus) Close() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.closed {
		b.closed = true
		close(b.done)
	}
}
