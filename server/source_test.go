package server

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"chengshu/kernel/db"
	"chengshu/kernel/db/dbtest"
	"chengshu/pack"
)

const feedsPack = `
pack: feeds
title: {zh: 来源, en: Feeds}
about: {zh: 测试用来源, en: Sources for tests}
version: 1.0.0
articles: [43]
needs: [public-data]
---
source: air-feed
title: {zh: 实时空气, en: Air now}
dataset: air-hour
process: data-load
action: pull
unit: 1301-ecology
every: 1 hour
aliases: {station: [StationCode], at: [TimePoint]}
http: {url: "%s/live.xml"}
---
source: air-table
title: {zh: 空气库, en: Air table}
dataset: air-hour
process: data-load
action: pull
unit: 1301-ecology
every: 1 hour
postgres: {connection: air, table: measured, by: n}
---
source: air-nowhere
title: {zh: 无连接, en: No connection}
dataset: air-hour
process: data-load
action: pull
unit: 1301-ecology
every: 1 hour
mysql: {connection: nowhere, table: measured, by: n}
`

// fed is a town with sources: a feed that says what say holds, and a table.
func fed(t *testing.T, say *atomic.Value) (*town, *db.DB) {
	t.Helper()
	feed := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		text := say.Load().(string)
		if text == "" {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		w.Write([]byte(text))
	}))
	t.Cleanup(feed.Close)
	address := dbtest.URL(t)
	table := dbtest.Open(t, address)
	must(t, table.Do(t.Context(), func(tx *db.Tx) error {
		if _, err := tx.Exec(`create table measured (n bigint primary key, station text, at text, aqi bigint)`); err != nil {
			return err
		}
		_, err := tx.Exec(`insert into measured (n, station, at, aqi) values (9, '1101A', '2026-03-01 08:00', 40), (10, '1101A', '2026-03-01 09:00', 41)`)
		return err
	}))
	dir := filepath.Join(t.TempDir(), "feeds")
	must(t, os.MkdirAll(dir, 0o700))
	head, rest, _ := strings.Cut(fmt.Sprintf(feedsPack, feed.URL), "---\n")
	must(t, os.WriteFile(filepath.Join(dir, "pack.yaml"), []byte(head), 0o600))
	must(t, os.WriteFile(filepath.Join(dir, "sources.yaml"), []byte(rest), 0o600))
	extra, err := pack.Dir(filepath.Dir(dir))
	must(t, err)
	return newTownWith(t, []pack.Source{extra}, func(c *Config) {
		c.Connections, c.OutboundHosts = []string{"air=" + address}, []string{"127.0.0.1"}
	}), table
}

// source is how a source fares, by the public API.
func (w *town) source(name string) (v sourceView) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	must(w.t, w.s.jobs.Settle(ctx))
	_, _, body := w.ask("admin", "GET /api/sources", "")
	var list listOf[sourceView]
	must(w.t, json.Unmarshal([]byte(body), &list))
	for _, v := range list.Items {
		if v.Name == name {
			return v
		}
	}
	w.t.Fatalf("no source %s in %s", name, body)
	return
}

func (w *town) pull(name string) sourceView {
	w.t.Helper()
	if status, _, body := w.ask("admin", "POST /api/sources/"+name+"/pull", ""); status != http.StatusAccepted {
		w.t.Fatal(status, body)
	}
	return w.source(name)
}

// loads is how many cases of data there are, and the last one's state and rows.
func (w *town) loads() (int, string, float64) {
	w.t.Helper()
	_, _, body := w.ask("admin", "GET /api/cases/data-load?limit=50", "")
	var v struct {
		Items []struct {
			Fields map[string]any
			Case   struct{ State, Unit string }
		}
	}
	must(w.t, json.Unmarshal([]byte(body), &v))
	if len(v.Items) == 0 {
		return 0, "", 0
	}
	rows, _ := v.Items[0].Fields["rows"].(float64)
	return len(v.Items), v.Items[0].Case.State, rows
}

const liveXML = `<?xml version="1.0"?><r><data><one><StationCode>1101A</StationCode><TimePoint>2026-03-01T08:00:00</TimePoint><AQI>45</AQI><Quality>&mdash;</Quality></one>%s</data></r>`

// TestSources: what is due is fetched by itself and becomes a load; what has not
// changed does not; what fails is told, and tried again.
func TestSources(t *testing.T) {
	var say atomic.Value
	say.Store(fmt.Sprintf(liveXML, ""))
	w, table := fed(t, &say)
	for deadline := time.Now().Add(time.Minute); w.source("air-table").LastAt == "" || w.source("air-feed").LastAt == "" || w.source("air-nowhere").LastAt == ""; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not pulled by itself: %+v", w.source("air-table"))
		}
	}
	if v := w.source("air-feed"); v.Error != nil || v.Case == "" || v.Failures != 0 {
		t.Fatalf("the feed: %+v, %+v", v, v.Error)
	}
	if v := w.source("air-table"); v.Error != nil || v.Rows != 2 || v.Mark == nil || v.Mark.By != "10" {
		t.Errorf("the table: %+v, %+v", v, v.Error)
	}
	if v := w.source("air-nowhere"); v.Error == nil || !strings.Contains(v.Error.En, "nowhere") || v.Failures != 1 || v.DueAt == "" {
		t.Errorf("without a connection: %+v, %+v", v, v.Error)
	}
	n, state, rows := w.loads()
	if n != 2 || state != "correcting" || rows < 1 {
		t.Errorf("%d loads, the last %s with %v rows", n, state, rows)
	}

	// Nothing is new: no load.
	w.pull("air-feed")
	w.pull("air-table")
	if n, _, _ := w.loads(); n != 2 {
		t.Errorf("%d loads when nothing is new", n)
	}
	// What is new is.
	must(t, table.Do(t.Context(), func(tx *db.Tx) error {
		_, err := tx.Exec(`insert into measured (n, station, at, aqi) values (11, '1101A', '2026-03-01 10:00', 42)`)
		return err
	}))
	if v := w.pull("air-table"); v.Rows != 1 || v.Mark.By != "11" {
		t.Errorf("what is new: %+v %+v", v, v.Error)
	}
	if n, _, rows := w.loads(); n != 3 || rows != 1 {
		t.Errorf("%d loads, the last of %v rows", n, rows)
	}

	// The feed fails, then comes in another form.
	say.Store("")
	if v := w.pull("air-feed"); v.Failures != 1 || v.Error == nil || !strings.Contains(v.Error.En, "502") || v.LastGoodAt == v.LastAt && v.LastGoodAt == "" {
		t.Errorf("a feed that fails: %+v, %+v", v, v.Error)
	}
	say.Store(`<r><data><one><Code>1101A</Code><TimePoint>2026-03-01T08:00:00</TimePoint></one></data></r>`)
	if v := w.pull("air-feed"); v.Failures != 0 || v.Error != nil {
		t.Errorf("a feed that is back: %+v, %+v", v, v.Error)
	}
	n, state, _ = w.loads()
	_, _, body := w.ask("admin", "GET /api/cases/data-load/"+w.source("air-feed").Case+"/timeline", "")
	if n != 4 || state != "unreadable" || !strings.Contains(body, "站点编号") || !strings.Contains(body, "Code") {
		t.Errorf("a feed of another form: %d loads, %s, %s", n, state, body)
	}
	// Who does not run the program sees nothing of it.
	if status, _, _ := w.ask("citizen", "GET /api/sources", ""); status != http.StatusForbidden {
		t.Errorf("a citizen gets %d", status)
	}
	if status, _, _ := w.ask("admin", "POST /api/sources/none/pull", ""); status != http.StatusNotFound {
		t.Errorf("a source that is not there: %d", status)
	}
}
