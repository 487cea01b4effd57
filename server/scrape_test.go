package server

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestWhoMayScrape(t *testing.T) {
	w := newTown(t)
	h := w.s.Handler()
	for _, tc := range []struct {
		name, token, from string
		head              http.Header
		status            int
	}{
		{"this machine", "", "127.0.0.1:1", nil, 200},
		{"this machine, over IPv6", "", "[::1]:1", nil, 200},
		{"another", "", "203.0.113.7:1", nil, 403},
		{"another, through a proxy here", "", "127.0.0.1:1", http.Header{"X-Forwarded-For": {"203.0.113.7"}}, 403},
		{"another that says it is this one", "", "203.0.113.7:1", http.Header{"X-Forwarded-For": {"127.0.0.1"}}, 403},
		{"no token where one is set", "s3cret", "127.0.0.1:1", nil, 403},
		{"another token", "s3cret", "127.0.0.1:1", http.Header{"Authorization": {"Bearer s3cre"}}, 403},
		{"the token", "s3cret", "203.0.113.7:1", http.Header{"Authorization": {"Bearer s3cret"}}, 200},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w.s.cfg.MetricsToken = tc.token
			r := httptest.NewRequest(http.MethodGet, "/metrics", nil)
			r.RemoteAddr = tc.from
			for name, values := range tc.head {
				r.Header[name] = values
			}
			got := httptest.NewRecorder()
			h.ServeHTTP(got, r)
			if got.Code != tc.status {
				t.Fatalf("%d, want %d: %s", got.Code, tc.status, got.Body)
			}
			if tells := strings.Contains(got.Body.String(), "go_goroutines"); tells != (tc.status == 200) {
				t.Errorf("measures told: %v", tells)
			}
		})
	}
}
