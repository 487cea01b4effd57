package metric

import (
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"sort"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// site is a mux with a route of each sort.
func site(t testing.TB) http.Handler {
	path := filepath.Join(t.TempDir(), "file.txt")
	if err := os.WriteFile(path, []byte("from a file"), 0o600); err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /api/records/{type}/{id}", func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, r.PathValue("id")) })
	mux.HandleFunc("POST /api/records/{type}", func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(201) })
	mux.HandleFunc("GET /silent", func(w http.ResponseWriter, r *http.Request) {})
	mux.HandleFunc("GET /denied", func(w http.ResponseWriter, r *http.Request) {
		http.Error(w, "no", http.StatusForbidden)
		w.WriteHeader(200)
	})
	mux.HandleFunc("GET /early", func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(103); w.WriteHeader(404) })
	mux.HandleFunc("GET /moved", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/silent", http.StatusFound) })
	mux.HandleFunc("GET /broken", func(w http.ResponseWriter, r *http.Request) { panic(http.ErrAbortHandler) })
	mux.HandleFunc("GET /file", func(w http.ResponseWriter, r *http.Request) { http.ServeFile(w, r, path) })
	mux.HandleFunc("GET /stream", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		out := http.NewResponseController(w)
		if err := out.SetWriteDeadline(time.Now().Add(time.Minute)); err != nil {
			t.Error(err)
		}
		io.WriteString(w, "data: x\n\n")
		if err := out.Flush(); err != nil {
			t.Error(err)
		}
	})
	mux.HandleFunc("/any", func(w http.ResponseWriter, r *http.Request) {})
	mux.HandleFunc("example.org/hosted", func(w http.ResponseWriter, r *http.Request) {})
	return mux
}

var counted = regexp.MustCompile(`(?m)^chengshu_http_request_duration_seconds_count\{(.*)\} (\d+)$`)

// counts returns what the registry has counted: "GET /route 2xx 1" a line.
func counts(t *testing.T, r *Registry) []string {
	t.Helper()
	w := httptest.NewRecorder()
	r.Handler().ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	if w.Code != 200 {
		t.Fatalf("status %d: %s", w.Code, w.Body)
	}
	found := []string{}
	for _, m := range counted.FindAllStringSubmatch(w.Body.String(), -1) {
		labels := strings.NewReplacer(`method="`, "", `",route="`, " ", `",status="`, " ", `"`, "").Replace(m[1])
		found = append(found, labels+" "+m[2])
	}
	sort.Strings(found)
	return found
}

func TestMiddleware(t *testing.T) {
	for _, tc := range []struct {
		request string // method and address, several with commas between
		body    string // of the last
		want    []string
	}{
		{"GET /api/records/street/1,GET /api/records/street/2,GET /api/records/firm/3?q=1", "3", []string{"GET /api/records/{type}/{id} 2xx 3"}},
		{"POST /api/records/street", "", []string{"POST /api/records/{type} 2xx 1"}},
		{"HEAD /api/records/street/1", "", []string{"HEAD /api/records/{type}/{id} 2xx 1"}},
		{"GET /silent", "", []string{"GET /silent 2xx 1"}},
		{"GET /denied", "no\n", []string{"GET /denied 4xx 1"}},
		{"GET /early", "", []string{"GET /early 4xx 1"}},
		{"GET /moved", "<a href=\"/silent\">Found</a>.\n\n", []string{"GET /moved 3xx 1"}},
		{"GET /file", "from a file", []string{"GET /file 2xx 1"}},
		{"GET /stream", "data: x\n\n", []string{}},
		{"GET /broken", "", []string{"GET /broken 5xx 1"}},
		{"GET /no/such/1,GET /no/such/2", "404 page not found\n", []string{"GET none 4xx 2"}},
		{"PUT /silent", "Method Not Allowed\n", []string{"PUT none 4xx 1"}},
		{"BREW /any,WHEN /any,get /any", "", []string{"other /any 2xx 3"}},
		{"GET //silent", "<a href=\"/silent\">Temporary Redirect</a>.\n\n", []string{"GET /silent 3xx 1"}},
	} {
		t.Run(tc.request, func(t *testing.T) {
			r := New()
			server := httptest.NewUnstartedServer(r.Middleware(site(t)))
			server.Config.ErrorLog = log.New(io.Discard, "", 0) // /denied says its status twice
			server.Start()
			client := *server.Client()
			client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
			body := ""
			for one := range strings.SplitSeq(tc.request, ",") {
				body = fetch(t, &client, server.URL, one)
			}
			server.Close() // waits for the handlers
			if body != tc.body {
				t.Errorf("body %q, want %q", body, tc.body)
			}
			if d := cmp.Diff(tc.want, counts(t, r)); d != "" {
				t.Error(d)
			}
		})
	}
}

// fetch returns the body of an answer, or "" when the connection ends.
func fetch(t *testing.T, c *http.Client, base, request string) string {
	t.Helper()
	method, path, _ := strings.Cut(request, " ")
	req, err := http.NewRequest(method, base+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := c.Do(req)
	if err != nil {
		return ""
	}
	defer resp.Body.Close()
	body, _ := io.ReadAll(resp.Body)
	return string(body)
}

func TestHandler(t *testing.T) {
	w := httptest.NewRecorder()
	New().Handler().ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	if got := w.Header().Get("Content-Type"); !strings.HasPrefix(got, "text/plain; version=0.0.4") {
		t.Errorf("content type %q", got)
	}
	for _, want := range []string{"\ngo_goroutines ", "\nprocess_resident_memory_bytes ", "\nprocess_open_fds "} {
		if !strings.Contains("\n"+w.Body.String(), want) {
			t.Errorf("there is no %q", want)
		}
	}
}

// Two registries know nothing of each other, and one is used from everywhere.
func TestRegistryConcurrent(t *testing.T) {
	r, other := New(), New()
	h := r.Middleware(site(t))
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 100 {
				h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/silent", nil))
			}
			counts(t, r)
		})
	}
	wg.Wait()
	if d := cmp.Diff([]string{"GET /silent 2xx 800"}, counts(t, r)); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]string{}, counts(t, other)); d != "" {
		t.Error(d)
	}
}

// BenchmarkMiddleware tells what measuring costs: the difference of the two.
func BenchmarkMiddleware(b *testing.B) {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /api/records/{type}/{id}", func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(204) })
	for name, h := range map[string]http.Handler{"without": mux, "with": New().Middleware(mux)} {
		b.Run(name, func(b *testing.B) {
			w, req := httptest.NewRecorder(), httptest.NewRequest("GET", "/api/records/street/1", nil)
			b.ReportAllocs()
			for b.Loop() {
				h.ServeHTTP(w, req)
			}
		})
	}
}
