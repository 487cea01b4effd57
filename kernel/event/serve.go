package event

import (
	"net/http"
	"strconv"
	"time"

	"chengshu/kernel/clock"
)

const (
	// heartbeat keeps proxies from taking a quiet stream for a dead one.
	heartbeat = 15 * time.Second
	// patience is how long one write may wait for a browser that reads nothing.
	patience = 30 * time.Second
)

// Serve streams to one listener the topics for which filter returns true; a
// nil filter lets all pass. It returns when the client has gone or reads
// nothing for half a minute, or the bus is closed. A bus that is full or
// closed answers 503.
//
// The stream follows the section "Server-sent events" of the HTML standard. A
// change is
//
//	id: 1767225600000001
//	event: hint
//	data: {"topic":"case.incident"}
//
// A client that comes back names the last id it saw, in the header
// Last-Event-ID, as browsers do, or as ?last=. It receives what it missed, or
// `event: reset` when that is no longer known. A heartbeat every 15 s, which
// browsers do not show to the page, carries the id of what has been passed
// over, so that a listener that may hear little need not reset for it.
func (b *Bus) Serve(w http.ResponseWriter, r *http.Request, filter func(topic string) bool) {
	now, ok := b.join()
	if !ok {
		refuse(w)
		return
	}
	defer b.leave()
	head := w.Header()
	head.Set("Content-Type", "text/event-stream")
	head.Set("Cache-Control", "no-store")
	head.Set("X-Accel-Buffering", "no") // nginx would hold hints back
	s := stream{out: http.NewResponseController(w), w: w, at: now}
	if last := lastSeen(r); last != "" {
		s.at = number(last)
	} else {
		s.pass()
	}
	s.run(b, r.Context().Done(), filter)
}

// full is the answer of a bus that serves nobody else, in the form that
// server/problem.go gives to every refusal.
const full = `{"type":"about:blank","title":"Service Unavailable","status":503,"detail":"实时更新的连接已满，请稍后再试","code":"streams-full",` +
	`"text":{"zh":"实时更新的连接已满，请稍后再试","en":"all live streams are taken; try again shortly"}}`

func refuse(w http.ResponseWriter) {
	head := w.Header()
	head.Set("Content-Type", "application/problem+json")
	head.Set("Cache-Control", "no-store")
	head.Set("Retry-After", "30")
	w.WriteHeader(http.StatusServiceUnavailable)
	_, _ = w.Write([]byte(full)) // the client may have gone
}

// lastSeen prefers the header: a browser that comes back uses the address it
// was given first.
func lastSeen(r *http.Request) string {
	if last := r.Header.Get("Last-Event-ID"); last != "" {
		return last
	}
	return r.URL.Query().Get("last")
}

// number reads an id; what is none becomes one that the bus never gave out.
func number(s string) int64 {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return -1
	}
	return n
}

// stream is one listener on the wire.
type stream struct {
	w     http.ResponseWriter
	out   *http.ResponseController
	at    int64  // everything up to here is sent, or not for this listener
	text  []byte // to be sent
	hints []hint
}

func (s *stream) run(b *Bus, gone <-chan struct{}, filter func(string) bool) {
	beat := b.clock.After(heartbeat)
	for due := false; ; {
		more := s.take(b, filter)
		if due {
			s.pass()
		}
		if err := s.send(); err != nil {
			return
		}
		due = false
		select {
		case <-more:
		case <-beat:
			due = true
			beat = b.clock.After(heartbeat)
		case <-gone:
			return
		case <-b.done:
			return
		}
	}
}

// take writes down what there is for this listener, and returns the channel
// that is closed when there is more.
func (s *stream) take(b *Bus, filter func(string) bool) (more <-chan struct{}) {
	var ok bool
	s.hints, s.at, more, ok = b.since(s.at, s.hints[:0])
	if !ok {
		s.id(s.at)
		s.text = append(s.text, "event: reset\ndata: {}\n\n"...)
	}
	for _, h := range s.hints {
		if filter == nil || filter(h.topic) {
			s.id(h.seq)
			s.text = append(s.text, h.frame...)
		}
	}
	return more
}

func (s *stream) id(seq int64) {
	s.text = append(s.text, "id: "...)
	s.text = strconv.AppendInt(s.text, seq, 10)
	s.text = append(s.text, '\n')
}

// pass writes a comment and the place reached: an event without data, of which
// a browser keeps the id and tells nobody.
func (s *stream) pass() {
	s.text = append(s.text, ":\n"...)
	s.id(s.at)
	s.text = append(s.text, '\n')
}

// send writes what is written down. The deadline is of the connection and so
// by the machine's clock; where connections have none, none is set.
func (s *stream) send() error {
	if len(s.text) == 0 {
		return nil
	}
	_ = s.out.SetWriteDeadline(clock.System().Now().Add(patience))
	_, err := s.w.Write(s.text)
	s.text = s.text[:0]
	if err != nil {
		return err
	}
	return s.out.Flush()
}
