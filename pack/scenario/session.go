package scenario

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"sync"
	"time"
)

// patience is how long one request, or one hint on a stream of events, may
// take in real time before the scenario fails.
const patience = 30 * time.Second

// session is one actor's browser: its cookies, and its stream of events.
type session struct {
	actor    string
	password string
	base     string
	client   *http.Client
	signedIn bool
	seen     time.Time // the scenario's time of the actor's last step
	events   *stream
}

func newSession(actor, password, base string) *session {
	jar, err := cookiejar.New(nil)
	if err != nil {
		panic(err) // It has no way to fail.
	}
	// A redirection is an answer like any other; a step can expect it.
	stay := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &session{actor: actor, password: password, base: base, client: &http.Client{Jar: jar, CheckRedirect: stay}}
}

// outgoing is a request that is ready to be sent.
type outgoing struct {
	method, path string
	query        url.Values
	body         []byte
	header       http.Header
}

func jsonRequest(method, path string, body any) (*outgoing, error) {
	o := &outgoing{method: method, path: path, header: http.Header{}}
	if body == nil {
		return o, nil
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(body); err != nil {
		return nil, err
	}
	o.body = bytes.TrimSpace(b.Bytes())
	o.header.Set("Content-Type", "application/json")
	return o, nil
}

func (o *outgoing) String() string {
	s := o.method + " " + o.url()
	if strings.Contains(o.header.Get("Content-Type"), "json") || strings.HasPrefix(o.header.Get("Content-Type"), "text/") {
		return s + " " + string(o.body)
	}
	if len(o.body) > 0 {
		s += fmt.Sprintf(" (%d bytes)", len(o.body))
	}
	return s
}

func (o *outgoing) url() string {
	if len(o.query) == 0 {
		return o.path
	}
	return o.path + "?" + o.query.Encode()
}

func (s *session) send(ctx context.Context, o *outgoing) (*answer, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, o.method, s.base+o.url(), bytes.NewReader(o.body))
	if err != nil {
		return nil, err
	}
	for k, v := range o.header {
		req.Header[k] = v
	}
	resp, err := s.client.Do(req)
	if err != nil {
		return nil, err
	}
	return readAnswer(s.actor+": "+o.String(), resp)
}

// stream collects the topics of hints.
type stream struct {
	cancel context.CancelFunc
	mu     sync.Mutex
	topics []string
	more   chan struct{} // closed and replaced when topics grow or the stream ends
	ended  error
}

// listen opens the actor's stream of events and returns when it is open.
func (s *session) listen(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.base+"/api/events", nil)
	if err != nil {
		cancel()
		return err
	}
	req.Header.Set("Accept", "text/event-stream")
	resp, err := s.client.Do(req)
	if err != nil {
		cancel()
		return err
	}
	if resp.StatusCode != http.StatusOK {
		cancel()
		resp.Body.Close()
		return fmt.Errorf("GET /api/events: %s", resp.Status)
	}
	s.events = &stream{cancel: cancel, more: make(chan struct{})}
	go s.events.read(resp.Body)
	return nil
}

func (e *stream) read(body io.ReadCloser) {
	defer body.Close()
	lines := bufio.NewScanner(body)
	for lines.Scan() {
		data, ok := strings.CutPrefix(lines.Text(), "data:")
		if !ok {
			continue
		}
		var hint struct {
			Topic string `json:"topic"`
		}
		if json.Unmarshal([]byte(data), &hint) == nil && hint.Topic != "" {
			e.note(hint.Topic, nil)
		}
	}
	err := lines.Err()
	if err == nil {
		err = io.EOF
	}
	e.note("", err)
}

func (e *stream) note(topic string, ended error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if topic != "" {
		e.topics = append(e.topics, topic)
	}
	e.ended = ended
	close(e.more)
	e.more = make(chan struct{})
}

// hear waits for the topic and forgets all that came up to it.
func (e *stream) hear(ctx context.Context, topic string) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		e.mu.Lock()
		for i, t := range e.topics {
			if t == topic {
				e.topics = e.topics[i+1:]
				e.mu.Unlock()
				return nil
			}
		}
		heard, more, ended := strings.Join(e.topics, ", "), e.more, e.ended
		e.mu.Unlock()
		if ended != nil {
			return fmt.Errorf("the stream ended (%w); heard: %s", ended, heard)
		}
		select {
		case <-more:
		case <-ctx.Done():
			return fmt.Errorf("not heard in %s; heard: %s", patience, heard)
		}
	}
}
