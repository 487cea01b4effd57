package server

import (
	"bufio"
	"net/http"
	"strings"
	"testing"

	"chengshu/core/identity"
	"chengshu/kernel/db"
)

// listen opens an account's event stream and returns its topics; the channel
// is closed when the stream has ended.
func (w *town) listen(account string) <-chan string {
	w.t.Helper()
	req, err := http.NewRequestWithContext(w.t.Context(), http.MethodGet, w.url+"/api/events", nil)
	must(w.t, err)
	res, err := w.client(account).Do(req)
	must(w.t, err)
	lines := bufio.NewScanner(res.Body)
	lines.Scan() // the place reached: from here on hints are sent
	topics := make(chan string, 100)
	go func() {
		defer close(topics)
		defer res.Body.Close()
		for lines.Scan() {
			if data, ok := strings.CutPrefix(lines.Text(), `data: {"topic":"`); ok {
				topics <- strings.TrimSuffix(data, `"}`)
			}
		}
	}()
	return topics
}

// TestStreamEndsWithTheSession: after signing out, the open stream tells
// nothing more and ends at the next hint that it would have told.
func TestStreamEndsWithTheSession(t *testing.T) {
	w := newTown(t)
	topics := w.listen("citizen")
	w.s.events.Publish("case.incident")
	if topic := <-topics; topic != "case.incident" {
		t.Fatalf("heard %s", topic)
	}
	if code, _, body := w.ask("citizen", "DELETE /api/session", ""); code != http.StatusNoContent {
		t.Fatalf("sign out: %d %s", code, body)
	}
	w.s.events.Publish("record.shelter")
	if topic, open := <-topics; open {
		t.Errorf("told after signing out: %s", topic)
	}
}

// TestStreamNarrowsWithThePost: one whose post was taken away hears no more of
// what only the post let them read; the stream goes on.
func TestStreamNarrowsWithThePost(t *testing.T) {
	w := newTown(t)
	topics := w.listen("dispatcher")
	w.s.events.Publish("inbox")
	if topic := <-topics; topic != "inbox" {
		t.Fatalf("heard %s", topic)
	}
	var me sessionView
	w.get("dispatcher", "/api/session", &me)
	must(t, w.s.db.Do(t.Context(), func(tx *db.Tx) error { return w.s.identity.EndPost(tx, identity.NewSystem(), me.Posts[0].ID) }))
	w.s.events.Publish("inbox")
	w.s.events.Publish("notice." + me.Person.ID)
	if topic := <-topics; topic != "notice."+me.Person.ID {
		t.Errorf("heard %s after the post was taken away", topic)
	}
}

// TestStreamsAreLimited: one person, and one address, may have so many streams
// open and no more, each counts as a request, and one that ends makes room.
func TestStreamsAreLimited(t *testing.T) {
	w := newTown(t)
	w.s.cfg.StreamsPerson, w.s.cfg.StreamsAddress = 2, 4
	refused := func(account, why string) {
		t.Helper()
		code, head, body := w.ask(account, "GET /api/events", "")
		if code != http.StatusTooManyRequests || !strings.Contains(body, `"too-many-streams"`) || head.Get("Retry-After") == "" {
			t.Fatalf("%s: %d %s", why, code, body)
		}
		isProblem(t, code, head, body)
	}
	first := w.listen("citizen")
	w.listen("citizen")
	refused("citizen", "a third of one person")
	w.listen("dispatcher")
	w.listen("")
	refused("", "a fifth of one address")
	refused("neighbour", "a fifth of one address")

	// The one whose session ends leaves room at the next hint.
	if code, _, body := w.ask("citizen", "DELETE /api/session", ""); code != http.StatusNoContent {
		t.Fatalf("sign out: %d %s", code, body)
	}
	w.s.events.Publish("case.incident")
	if _, open := <-first; open {
		t.Fatal("told after signing out")
	}
	w.listen("neighbour")
}

func TestStreamNetwork(t *testing.T) {
	for given, want := range map[string]string{
		"203.0.113.7": "203.0.113.7", "::ffff:203.0.113.7": "::ffff:203.0.113.7",
		"2001:db8:1:2:3:4:5:6": "2001:db8:1:2::/64", "2001:db8:1:2:ffff::": "2001:db8:1:2::/64", "a name": "a name",
	} {
		if got := network(given); got != want {
			t.Errorf("%s stands for %s, want %s", given, got, want)
		}
	}
}
