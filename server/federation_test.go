package server

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"chengshu/kernel/db/dbtest"
)

// line is the way from a county to the city, which can be broken.
type line struct {
	*httptest.Server
	city    *town
	instead atomic.Pointer[func(w http.ResponseWriter, r *http.Request) bool] // answers in the city's place
	files   atomic.Int64                                                      // requests with parts of files that came through
}

func newLine(t *testing.T, city *town) *line {
	l := &line{city: city}
	l.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if instead := l.instead.Load(); instead != nil && (*instead)(w, r) {
			return
		}
		l.pass(w, r, r.Body)
	}))
	t.Cleanup(l.Close)
	return l
}

func (l *line) pass(w http.ResponseWriter, r *http.Request, body io.Reader) {
	req, err := http.NewRequest(r.Method, l.city.url+r.URL.RequestURI(), body)
	if err != nil {
		panic(err)
	}
	req.Header = r.Header
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	defer res.Body.Close()
	if strings.HasSuffix(r.URL.Path, "/file") {
		l.files.Add(1)
	}
	w.WriteHeader(res.StatusCode)
	_, _ = io.Copy(w, res.Body)
}

// finishes writes the rest of the one file that has begun to arrive, as if the
// program had ended before it looked at it.
func (w *town) finishes(t *testing.T, from *town, manifest string) {
	t.Helper()
	var m struct{ Files []struct{ SHA256 string } }
	must(t, json.Unmarshal([]byte(manifest), &m))
	whole, _, err := from.s.lake.Blobs.Open(t.Context(), m.Files[0].SHA256)
	must(t, err)
	defer whole.Close()
	raw, err := io.ReadAll(whole)
	must(t, err)
	begun, err := filepath.Glob(filepath.Join(w.s.cfg.Data, "inbox", "*"))
	if err != nil || len(begun) != 1 {
		t.Fatal(begun, err)
	}
	must(t, os.WriteFile(begun[0], raw, 0o600))
}

func (l *line) broken(by func(w http.ResponseWriter, r *http.Request) bool) { l.instead.Store(&by) }

// sends has the county send what waits, and returns its outbox.
func (w *town) sends() (list []outgoingView) {
	w.t.Helper()
	must(w.t, w.s.federation.Look(w.t.Context()))
	w.settle()
	var out listOf[outgoingView]
	w.get("admin", "/api/federation/outbox", &out)
	return out.Items
}

func (w *town) arrivals() []arrivedView {
	w.t.Helper()
	var out listOf[arrivedView]
	w.get("admin", "/api/federation/releases", &out)
	return out.Items
}

// TestFederation: what a county releases while the city cannot be reached, and
// with the line breaking in the middle of a file, arrives once; the county's
// program may end meanwhile.
func TestFederation(t *testing.T) {
	for name, database := range map[string]func(t *testing.T) string{"sqlite": func(*testing.T) string { return "" }, "postgresql": func(t *testing.T) string { return dbtest.URL(t) }} {
		// On one of them the city's program also ends between the last byte and its look at the whole.
		t.Run(name, func(t *testing.T) { federates(t, database, name == "postgresql") })
	}
}

func federates(t *testing.T, database func(t *testing.T) string, ends bool) {
	city := newTownOn(t, database(t))
	l := newLine(t, city)
	key, data, own := city.key("130102-data", "county-node"), filepath.Join(t.TempDir(), "county"), database(t)
	county := func(t *testing.T) *town {
		return newTownWith(t, nil, func(c *Config) {
			c.Data, c.DB, c.OutboundHosts, c.Upstream, c.UpstreamKey = data, own, []string{"127.0.0.1"}, l.URL, key
		})
	}
	t.Run("the city is away", func(t *testing.T) {
		w := county(t)
		l.broken(func(http.ResponseWriter, *http.Request) bool { panic(http.ErrAbortHandler) })
		w.released(8)
		if got := w.sends(); len(got) != 1 || got[0].State != "waiting" || got[0].Error == nil || !strings.Contains(got[0].Error.En, "cannot be reached") {
			t.Fatalf("%+v", got)
		}
		l.broken(func(w http.ResponseWriter, _ *http.Request) bool {
			fmt.Fprint(w, "<html>maintenance</html>")
			return true
		})
		w.send("admin", "POST /api/federation/outbox/air-hour/1/retry", "")
		if got := w.sends(); got[0].State != "waiting" || got[0].Attempts < 2 || !strings.Contains(got[0].Error.En, "cannot be understood") {
			t.Fatalf("after HTML: %+v %+v", got, got[0].Error)
		}
		w.released(9)
	})
	t.Run("the line breaks", func(t *testing.T) {
		w := county(t)
		var cut atomic.Bool
		l.broken(func(rw http.ResponseWriter, r *http.Request) bool {
			if !strings.HasSuffix(r.URL.Path, "/file") || cut.Swap(true) {
				return false
			}
			whole, _ := io.ReadAll(r.Body)
			l.pass(httptest.NewRecorder(), r, bytes.NewReader(whole[:len(whole)/2]))
			panic(http.ErrAbortHandler)
		})
		w.send("admin", "POST /api/federation/outbox/air-hour/1/retry", "")
		if got := w.sends(); len(got) != 2 || !cut.Load() || got[1].State != "waiting" {
			t.Fatalf("%+v", got)
		}
		if got := city.arrivals(); len(got) != 1 || got[0].State != "expected" {
			t.Fatalf("half a file: %+v", got)
		}
		if ends {
			rest, err := w.s.federation.Next(w.s.db.Read(t.Context()), w.s.typeNamed("air-hour"), 0)
			must(t, err)
			city.finishes(t, w, rest.Manifest)
		}
		w.send("admin", "POST /api/federation/outbox/air-hour/1/retry", "")
		for _, o := range w.sends() {
			if o.State != "sent" || o.Error != nil {
				t.Errorf("%+v, %+v", o, o.Error)
			}
		}
		if n := l.files.Load(); n != 3 { // two halves and a whole
			t.Errorf("%d parts came through", n)
		}
		// Nothing is sent again, whatever is asked.
		w.send("admin", "POST /api/federation/outbox/air-hour/1/retry", "")
		w.sends()
		if n := l.files.Load(); n != 3 {
			t.Errorf("%d parts after all had come", n)
		}
	})
	city.settle()
	got := city.arrivals()
	if len(got) != 2 || got[0].State != "taken" || got[1].State != "taken" || got[0].Case == got[1].Case {
		t.Fatalf("arrived: %+v", got)
	}
	for _, a := range got[1:] {
		city.ids["case"] = a.Case
		_, body := city.send("admin", "GET /api/cases/county-release/{case}", "")
		if !strings.Contains(body, `"state":"judged"`) || !strings.Contains(body, a.Digest) || !strings.Contains(body, "test.example/log") || !strings.Contains(body, `"good":1`) {
			t.Errorf("the case: %s", body)
		}
		city.do("", "admin", "POST /api/cases/county-release/{case}/take", `{"fields":{}}`)
	}
	if _, body := city.send("", "GET /api/datasets/changan-air-hour/releases/1/rows", ""); !strings.Contains(body, "1101A") {
		t.Errorf("the rows: %s", body)
	}
}

// TestFederationRefuses: what does not fit is refused by name.
func TestFederationRefuses(t *testing.T) {
	city := newTown(t)
	key := city.key("130102-data", "county-node")
	ask := func(key, request, body string) (int, string) {
		code, _, answer := city.askWith("", request, body, http.Header{"Authorization": {"Bearer " + key}})
		return code, answer
	}
	content := "PAR1 is what it says"
	sum := sha256.Sum256([]byte(content))
	manifest := func(version int, level, aqi string) string {
		return fmt.Sprintf(`{"dataset":"air-hour","version":%d,"level":%q,"fields":[{"name":"station","type":"text"},{"name":"name","type":"text"},{"name":"at","type":"time"},{"name":"aqi","type":%q},
			{"name":"pm25","type":"decimal"},{"name":"grade","type":"choice"}],"files":[{"sha256":%q,"bytes":%d}]}`, version, level, aqi, hex.EncodeToString(sum[:]), len(content))
	}
	offer := func(text string) string {
		digest := sha256.Sum256([]byte(text))
		raw, err := json.Marshal(map[string]string{"manifest": text, "digest": hex.EncodeToString(digest[:]), "checkpoint": "c"})
		must(t, err)
		return string(raw)
	}
	at := "PUT /api/federation/releases/air-hour/"
	for _, c := range []struct {
		name, key, request, body string
		status                   int
		holds                    string
	}{
		{"another role", city.key("130102-command", "intake"), at + "1", offer(manifest(1, "general", "integer")), 403, "no-node"},
		{"another organisation", city.key("130102-command", "county-node"), at + "1", offer(manifest(1, "general", "integer")), 403, "no-node"},
		{"another dataset", key, "PUT /api/federation/releases/legal-entity/1", offer(manifest(1, "general", "integer")), 422, "not-federated"},
		{"another level", key, at + "1", offer(manifest(1, "core", "integer")), 422, "schema-differs"},
		{"another type", key, at + "1", offer(manifest(1, "general", "text")), 422, "schema-differs"},
		{"another version than it says", key, at + "2", offer(manifest(1, "general", "integer")), 422, "bad-manifest"},
		{"a digest that is wrong", key, at + "1", strings.Replace(offer(manifest(1, "general", "integer")), `"digest":"`, `"digest":"0`, 1), 422, "wrong-digest"},
		{"a file that was not offered", key, at + "1/file", "x", 404, "not-offered"},
		{"one that fits", key, at + "3", offer(manifest(3, "general", "integer")), 200, `"state":"expected","offset":0`},
		{"again", key, at + "3", offer(manifest(3, "general", "integer")), 200, `"state":"expected","offset":0`},
		{"the same version with other words", key, at + "3", offer(manifest(3, "general", "integer") + " "), 409, "version-differs"},
		{"from where nothing is", key, at + "3/file?offset=7", "x", 409, "wrong-offset"},
		{"more than it has", key, at + "3/file", content + "!", 422, "part-too-large"},
		{"another file", key, at + "3/file", strings.Repeat("x", len(content)), 422, "wrong-file"},
		{"a part of it", key, at + "3/file", content[:5], 200, `"offset":5`},
		{"the rest", key, at + "3/file?offset=5", content[5:], 200, `"state":"taken"`},
		{"once more", key, at + "3/file", content, 200, `"state":"taken"`},
		{"an older version", key, at + "2", offer(manifest(2, "general", "integer")), 409, "old-version"},
	} {
		if code, answer := ask(c.key, c.request, c.body); code != c.status || !strings.Contains(answer, c.holds) {
			t.Errorf("%s: %d %s, want %d %s", c.name, code, answer, c.status, c.holds)
		}
	}
	// What is no Parquet is a case that says so.
	city.settle()
	city.ids["case"] = city.arrivals()[0].Case
	if _, body := city.send("admin", "GET /api/cases/county-release/{case}", ""); !strings.Contains(body, `"state":"broken"`) {
		t.Errorf("no Parquet: %s", body)
	}
	if code, _ := city.send("citizen", "GET /api/federation/outbox", ""); code != 403 {
		t.Errorf("a citizen sees the outbox: %d", code)
	}
}
