package server

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"chengshu/kernel/db/dbtest"
)

// pushed is one delivery as a receiver sees it.
type pushed struct {
	head http.Header
	body string
	SpecVersion, ID, Source, Type, Subject,
	Time string
	Data struct {
		Token   string
		Release int64
		Digest  string
		Rows    int
		Key     string
		Keys    []string
	}
}

// receiver is the server of a holder. It answers challenges, and events with
// the status that is set.
type receiver struct {
	*httptest.Server
	mu     sync.Mutex
	status int
	mute   bool // does not answer challenges with their token
	got    chan pushed
}

func newReceiver(t *testing.T) *receiver {
	r := &receiver{status: http.StatusNoContent, got: make(chan pushed, 100)}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		raw, _ := io.ReadAll(q.Body)
		p := pushed{head: q.Header, body: string(raw)}
		if err := json.Unmarshal(raw, &p); err != nil {
			t.Errorf("%s: %v", raw, err)
		}
		r.mu.Lock()
		defer r.mu.Unlock()
		if p.Type == "chengshu.challenge" {
			if !r.mute {
				fmt.Fprintf(w, `{"token":%q}`, p.Data.Token)
			}
			return
		}
		w.WriteHeader(r.status)
		r.got <- p
	}))
	t.Cleanup(r.Close)
	return r
}

func (r *receiver) set(status int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.status = status
}

// next waits for what comes next.
func (r *receiver) next(t *testing.T) pushed {
	t.Helper()
	select {
	case p := <-r.got:
		return p
	case <-time.After(time.Minute):
		t.Fatal("nothing has come")
		return pushed{}
	}
}

// signed holds a delivery to Standard Webhooks, by the text of its specification.
func (p pushed) signed(t *testing.T, secret string) {
	t.Helper()
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
	must(t, err)
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(p.head.Get("webhook-id") + "." + p.head.Get("webhook-timestamp") + "." + p.body))
	if want := "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil)); p.head.Get("webhook-signature") != want || len(key) < 24 {
		t.Errorf("signed %q, want %q", p.head.Get("webhook-signature"), want)
	}
	if p.SpecVersion != "1.0" || p.ID == "" || p.Source == "" || p.ID != p.head.Get("webhook-id") || p.head.Get("Content-Type") != "application/cloudevents+json; charset=utf-8" {
		t.Errorf("no CloudEvent: %+v", p)
	}
}

// released has the ecology bureau publish one hour of air.
func (w *town) released(hour int) {
	w.t.Helper()
	_, _, sent := w.askWith("steward", "POST /api/files", fmt.Sprintf("站点编号,站点名称,监测时间,空气质量指数,PM2.5浓度,空气质量等级\n1101A,示例站一,2026-01-04 %02d:00,45,20.5,优\n", hour), http.Header{"Content-Type": {"text/csv"}, "X-Filename": {"a.csv"}})
	w.do("load", "steward", "POST /api/cases/data-load", `{"action":"send","fields":{"dataset":"air-hour","file":[`+sent+`]}}`)
	w.settle()
	w.do("", "steward", "POST /api/cases/data-load/{load}/submit", `{"fields":{}}`)
	w.do("", "admin", "POST /api/cases/data-load/{load}/release", `{"fields":{}}`)
}

func (w *town) settle() {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	must(w.t, w.s.jobs.Settle(ctx))
}

// subscribed takes air-hour, or the resource given, and subscribes to it.
func (w *town) subscribed(grant, event string, r *receiver) (secret string) {
	w.t.Helper()
	status, body := w.send("data-user", "PUT "+grant+"/subscription", fmt.Sprintf(`{"url":%q,"events":[%q]}`, r.URL, event))
	if status != http.StatusOK {
		w.t.Fatal(status, body)
	}
	return textOf(w.t.(*testing.T), body, `"secret":"`)
}

func (w *town) claimed(t *testing.T) (grant string) {
	status, body := w.send("data-user", "POST /api/cases/data-request", `{"action":"claim","fields":{"resource":"air-hour","wanted":["air-hour.station","air-hour.at","air-hour.aqi"],"purpose":"p","legal_basis":"b","until":"2027-01-01"}}`)
	if status != http.StatusCreated {
		t.Fatal(status, body)
	}
	w.ids["claim"] = textOf(t, body, `"id":"`)
	return "/api/grants/" + textOf(t, body, `"issued":"`)
}

func eachReachingTown(t *testing.T, fn func(t *testing.T, w *town)) {
	reaching := func(t *testing.T, database string) *town {
		return newTownWith(t, nil, func(c *Config) { c.DB, c.OutboundHosts = database, []string{"127.0.0.1"} })
	}
	t.Run("sqlite", func(t *testing.T) { fn(t, reaching(t, "")) })
	t.Run("postgresql", func(t *testing.T) { fn(t, reaching(t, dbtest.URL(t))) })
}

// TestReleasesPushed: a holder is told of each release once and in order, also
// of those that came while its server was down, and of none after the grant.
func TestReleasesPushed(t *testing.T) {
	eachReachingTown(t, func(t *testing.T, w *town) {
		r := newReceiver(t)
		grant := w.claimed(t)
		w.released(8) // before the subscription: not told
		secret := w.subscribed(grant, "release", r)

		w.released(9)
		first := r.next(t)
		first.signed(t, secret)
		if first.Type != "chengshu.release" || first.Subject != "air-hour" || first.Data.Release != 2 || first.Data.Rows != 1 || len(first.Data.Digest) != 64 {
			t.Errorf("told %s", first.body)
		}

		// The server is down for two releases.
		r.set(http.StatusBadGateway)
		w.released(10)
		failed := r.next(t)
		w.settle()
		w.released(11)
		must(t, w.s.exchange.Look(t.Context()))
		w.settle()
		for len(r.got) > 0 { // what was tried again meanwhile
			if p := <-r.got; p.ID != failed.ID {
				t.Errorf("%s before %s has arrived", p.body, failed.body)
			}
		}
		_, body := w.send("data-user", "GET "+grant+"/subscription", "")
		if !strings.Contains(body, `"status":502`) || !strings.Contains(body, "502 Bad Gateway") || strings.Contains(body, `"failures":0`) || strings.Contains(body, "whsec_") {
			t.Errorf("how it fares: %s", body)
		}
		r.set(http.StatusOK)
		w.send("data-user", "POST "+grant+"/subscription/resume", "")
		again, last := r.next(t), r.next(t)
		for last.ID == again.ID { // it was tried by itself in the same moment
			last = r.next(t)
		}
		again.signed(t, secret)
		if again.ID != failed.ID || again.body != failed.body || again.Data.Release != 3 || last.Data.Release != 4 {
			t.Errorf("came %s, then %s", again.body, last.body)
		}
		w.settle()
		var acts int
		must(t, w.s.db.Read(t.Context()).QueryRow(`select count(*) from act where verb = 'air-hour.announce'`).Scan(&acts))
		if acts != 3 {
			t.Errorf("%d acts of telling, want 3", acts)
		}

		// The grant is given back: nothing more.
		w.do("", "admin", "POST /api/cases/data-request/{claim}/revoke", `{"fields":{},"note":"n"}`)
		w.released(12)
		must(t, w.s.exchange.Look(t.Context()))
		w.settle()
		if len(r.got) != 0 {
			t.Errorf("told after the grant: %s", (<-r.got).body)
		}
	})
}

// TestChangesPushed: changes of rows are told by key, at most once a minute, and
// only of rows that the grant is about.
func TestChangesPushed(t *testing.T) {
	eachReachingTown(t, func(t *testing.T, w *town) {
		r := newReceiver(t)
		grant, key := granted(t, w, `,"scope":"row.category == 'enterprise'"`)
		secret := w.subscribed(grant, "change", r)
		change := func(category string) string {
			var list struct {
				Items []struct {
					ID     string
					Rev    int
					Fields struct {
						Code string `json:"credit_code"`
					}
				}
			}
			w.get("admin", "/api/records/legal-entity?limit=1&category="+category, &list)
			status, body := w.send("admin", "PATCH /api/records/legal-entity/"+list.Items[0].ID, fmt.Sprintf(`{"rev":%d,"fields":{"name":"改名 %d"}}`, list.Items[0].Rev, list.Items[0].Rev))
			if status != http.StatusOK {
				t.Fatal(status, body)
			}
			return list.Items[0].Fields.Code
		}
		code := change("enterprise")
		change("business")
		w.sealed()
		must(t, w.s.exchange.Look(t.Context()))
		p := r.next(t)
		p.signed(t, secret)
		if p.Type != "chengshu.change" || p.Data.Rows != 1 || p.Data.Key != "credit_code" || len(p.Data.Keys) != 1 || p.Data.Keys[0] != code || code != key {
			t.Errorf("told %s, changed %s", p.body, code)
		}
		if strings.Contains(p.body, "改名") {
			t.Errorf("an event tells what rows say: %s", p.body)
		}
		// Another within the minute waits for the next.
		change("enterprise")
		w.sealed()
		must(t, w.s.exchange.Look(t.Context()))
		w.settle()
		if len(r.got) != 0 {
			t.Error("two events within a minute")
		}
		w.s.fake.Advance(time.Minute)
		must(t, w.s.exchange.Look(t.Context()))
		if p := r.next(t); p.Data.Rows != 1 {
			t.Errorf("told %s", p.body)
		}
		// The keys that were told count as records read.
		if _, body := w.send("data-user", "GET "+grant, ""); !strings.Contains(body, `"used":2,`) {
			t.Error(body)
		}
	})
}

// sealed waits until all acts are in the log.
func (w *town) sealed() {
	w.t.Helper()
	for {
		status, err := w.s.evidence.Status(w.t.Context())
		must(w.t, err)
		if status.Unsealed == 0 {
			return
		}
	}
}

// TestSubscriptionRefuses: addresses that are not the holder's are not used, and
// others than the holder see nothing.
func TestSubscriptionRefuses(t *testing.T) {
	r := newReceiver(t)
	w := newTownWith(t, nil, func(c *Config) { c.OutboundHosts = []string{"127.0.0.1"} })
	w.ids["grant"] = strings.TrimPrefix(w.claimed(t), "/api/grants/")
	w.ids["url"] = r.URL
	r.mute = true
	put := "PUT /api/grants/{grant}/subscription"
	w.run(t, []call{
		{name: "none yet", actor: "data-user", request: "GET /api/grants/{grant}/subscription", status: 404, holds: []string{"no-subscription"}},
		{name: "mute", actor: "data-user", request: put, body: `{"url":"{url}","events":["release"]}`, status: 422, holds: []string{"address-unproven"}},
		{name: "private", actor: "data-user", request: put, body: `{"url":"http://localhost:1/","events":["release"]}`, status: 422, holds: []string{"address-unproven", "outbound-hosts"}},
		{name: "no address", actor: "data-user", request: put, body: `{"url":"ftp://a/","events":["release"]}`, status: 422, holds: []string{"address-unproven"}},
		{name: "other events", actor: "data-user", request: put, body: `{"url":"{url}","events":["change"]}`, status: 422, holds: []string{"bad-events"}},
		{name: "another's grant", actor: "admin", request: put, body: `{"url":"{url}","events":["release"]}`, status: 404, holds: []string{"no-such-grant"}},
		{name: "nobody", request: "GET /api/grants/{grant}/subscription", status: 404},
		{name: "nothing to end", actor: "data-user", request: "DELETE /api/grants/{grant}/subscription", status: 404},
	})
	r.mute = false
	w.subscribed("/api/grants/"+w.ids["grant"], "release", r)
	// 410 says that nothing more is wanted there.
	r.set(http.StatusGone)
	w.released(8)
	r.next(t)
	w.settle()
	_, body := w.send("data-user", "GET /api/grants/{grant}/subscription", "")
	if !strings.Contains(body, `"state":"paused"`) || !strings.Contains(body, "410") {
		t.Errorf("after 410: %s", body)
	}
	r.set(http.StatusOK)
	w.send("data-user", "POST /api/grants/{grant}/subscription/resume", "")
	if p := r.next(t); p.Data.Release != 1 {
		t.Errorf("after it was resumed: %s", p.body)
	}
	if status, body := w.send("data-user", "DELETE /api/grants/{grant}/subscription", ""); status != http.StatusNoContent {
		t.Error(status, body)
	}
}
