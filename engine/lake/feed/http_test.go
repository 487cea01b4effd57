package feed

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"chengshu/kernel/fault"
	"chengshu/kernel/outbound"
)

// local may reach this machine.
var local = outbound.Client{Hosts: []string{"127.0.0.1"}}

// TestFetch: a file is fetched once, and asked for anew by what is known of it.
func TestFetch(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("ETag", `"1"`)
		if r.URL.Path == "/moved" {
			http.Redirect(w, r, "/file", http.StatusFound)
		} else if r.Header.Get("If-None-Match") == `"1"` {
			w.WriteHeader(http.StatusNotModified)
		} else {
			w.Write([]byte("a,b\n"))
		}
	}))
	defer s.Close()
	h := HTTP{URL: s.URL + "/moved", Client: local, Limit: 100}
	var out strings.Builder
	seen, fresh, err := h.Fetch(t.Context(), Seen{}, &out)
	if err != nil || !fresh || out.String() != "a,b\n" || seen.ETag != `"1"` {
		t.Fatal(seen, fresh, err, out.String())
	}
	again, fresh, err := h.Fetch(t.Context(), seen, &out)
	if err != nil || fresh || again != seen || out.String() != "a,b\n" {
		t.Error(again, fresh, err)
	}
}

// TestUnfetched: whatever goes wrong has its own name.
func TestUnfetched(t *testing.T) {
	hang := make(chan struct{})
	other := httptest.NewServer(http.NotFoundHandler())
	defer other.Close()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/hangs":
			<-hang
		case "/stops":
			w.Write([]byte("begun"))
			w.(http.Flusher).Flush()
			<-hang
		case "/breaks":
			w.Header().Set("Content-Length", "100")
			w.Write([]byte("short"))
		case "/elsewhere":
			http.Redirect(w, r, other.URL, http.StatusFound)
		case "/round":
			http.Redirect(w, r, "/round", http.StatusFound)
		case "/large":
			w.Write([]byte(strings.Repeat("x", 101)))
		default:
			http.NotFound(w, r)
		}
	}))
	defer s.Close()
	defer close(hang)
	for path, code := range map[string]string{"/hangs": "timed-out", "/stops": "timed-out", "/breaks": "unreachable", "/elsewhere": "redirected-elsewhere",
		"/round": "redirected-elsewhere", "/large": "feed-too-large", "/none": "bad-status"} {
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		_, fresh, err := HTTP{URL: s.URL + path, Client: local, Limit: 100}.Fetch(ctx, Seen{}, &strings.Builder{})
		cancel()
		if fault.Code(err) != code || fresh {
			t.Errorf("%s: %v, want %s", path, err, code)
		}
	}
	if _, _, err := (HTTP{URL: s.URL, Limit: 100}).Fetch(t.Context(), Seen{}, &strings.Builder{}); fault.Code(err) != "private-address" {
		t.Errorf("a private address: %v", err)
	}
	for _, bad := range []string{"ftp://a/b", "file:///etc/passwd", "a", "http://"} {
		if _, _, err := (HTTP{URL: bad}).Fetch(t.Context(), Seen{}, &strings.Builder{}); fault.Code(err) != "bad-address" {
			t.Errorf("%s: %v", bad, err)
		}
	}
	why := errors.New("enough")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(why)
	if _, _, err := (HTTP{URL: s.URL, Client: local}).Fetch(ctx, Seen{}, &strings.Builder{}); !errors.Is(err, why) {
		t.Errorf("cancelled: %v", err)
	}
}
