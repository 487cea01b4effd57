package outbound

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"chengshu/kernel/fault"
)

// TestPublic: which addresses a name may lead to.
func TestPublic(t *testing.T) {
	for address, ok := range map[string]bool{"8.8.8.8:80": true, "[2400:3200::1]:443": true, "127.0.0.1:80": false, "10.1.2.3:80": false, "192.168.0.1:80": false, "172.16.0.1:80": false,
		"169.254.169.254:80": false, "100.64.0.1:80": false, "0.0.0.0:80": false, "[::1]:80": false, "[fc00::1]:80": false, "[fe80::1]:80": false, "[::ffff:127.0.0.1]:80": false,
		"[64:ff9b::7f00:1]:80": false, "224.0.0.1:80": false, "255.255.255.255:80": false, "x": false} {
		if err := mustBePublic(address); (err == nil) != ok {
			t.Errorf("%s: %v", address, err)
		}
	}
}

// TestDo: a host of this machine is reached only when it is allowed by name, by
// whatever way it is asked for.
func TestDo(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.Copy(w, r.Body) }))
	defer s.Close()
	for _, one := range []struct {
		hosts []string
		code  string
	}{{nil, "private-address"}, {[]string{"localhost"}, "private-address"}, {[]string{"127.0.0.1"}, ""}} {
		req, err := Request(t.Context(), http.MethodPost, s.URL, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		answer, err := Client{Hosts: one.hosts}.Do(req)
		if fault.Code(err) != one.code {
			t.Errorf("%v: %v, want %q", one.hosts, err, one.code)
		}
		if err == nil {
			answer.Body.Close()
		}
	}
	if _, err := Request(t.Context(), http.MethodGet, "http://user:password@example.org/", nil); fault.Code(err) != "bad-address" {
		t.Error(err)
	}
}
