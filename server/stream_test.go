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
