package bad

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// TestForeignSites: a page elsewhere cannot write with a visitor's cookie.
func TestForeignSites(t *testing.T) {
	s := open(t, "")
	host := strings.TrimPrefix(s.URL, "http://")
	report := incident("address", `"x"`)
	for _, c := range []struct {
		name   string
		header http.Header
		status int
	}{
		{"a foreign origin", http.Header{"Origin": {"https://evil.example"}}, http.StatusForbidden},
		{"an origin that is none", http.Header{"Origin": {"null"}}, http.StatusForbidden},
		{"an origin that cannot be read", http.Header{"Origin": {"://"}}, http.StatusForbidden},
		{"our name as a part of theirs", http.Header{"Origin": {"http://" + host + ".evil.example"}}, http.StatusForbidden},
		{"our name as a user of theirs", http.Header{"Origin": {"http://" + host + "@evil.example"}}, http.StatusForbidden},
		{"another port", http.Header{"Origin": {"http://127.0.0.1:1"}}, http.StatusForbidden},
		{"what the browser says", http.Header{"Sec-Fetch-Site": {"cross-site"}}, http.StatusForbidden},
		{"what the browser says, and our origin", http.Header{"Sec-Fetch-Site": {"cross-site"}, "Origin": {"http://" + host}}, http.StatusForbidden},
		{"a form of theirs", http.Header{"Origin": {"https://evil.example"}, "Content-Type": {"text/plain"}}, http.StatusForbidden},
		{"our own origin", http.Header{"Origin": {"http://" + host}}, http.StatusCreated},
		{"our own, by the browser", http.Header{"Sec-Fetch-Site": {"same-origin"}}, http.StatusCreated},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.status == http.StatusCreated {
				if a := s.as("citizen").Send(http.MethodPost, "/api/cases/incident", strings.NewReader(report), c.header); a.Status != c.status {
					t.Errorf("%s", a)
				}
				return
			}
			s.unchanged(func() {
				for _, path := range []string{"/api/cases/incident", "/api/session", "/api/files", "/api/people"} {
					refused(t, s.as("citizen").Send(http.MethodPost, path, strings.NewReader(report), c.header), c.status, "cross-origin")
				}
				refused(t, s.as("citizen").Send(http.MethodDelete, "/api/session", nil, c.header), c.status, "cross-origin")
			})
		})
	}
	if a := s.as("citizen").Get("/api/session"); a.Text("account") != "citizen" {
		t.Errorf("the citizen was signed out: %s", a)
	}
	read := s.as("citizen").Send(http.MethodGet, "/api/session", nil, http.Header{"Origin": {"https://evil.example"}})
	if read.Status != http.StatusOK || read.Header.Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("a page elsewhere could read the answer: %s %v", read, read.Header)
	}
}

// raw sends bytes as they are and returns the status, the headers and the body
// of the first answer; status 0 means that the program closed the connection.
func raw(t *testing.T, s *site, text string) (int, http.Header, string) {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(s.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(conn, text); err != nil {
		t.Fatal(err)
	}
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		if errors, ok := err.(net.Error); ok && errors.Timeout() {
			t.Errorf("no answer to %.80q", text)
		}
		return 0, nil, ""
	}
	defer res.Body.Close()
	body, _ := io.ReadAll(res.Body)
	return res.StatusCode, res.Header, string(body)
}

// TestPaths asks for what lies outside of what is served.
func TestPaths(t *testing.T) {
	s := open(t, "")
	ups := []string{"../", "..%2f", "%2e%2e/", "%2e%2e%2f", "..%5c", `..\`, "....//", "%252e%252e%252f", "..%c0%af", "./../"}
	for _, base := range []string{"/", "/api/files/", "/log/", "/log/tile/", "/log/tile/entries/", "/assets/", "/api/types/", "/api/screens/city-governance/"} {
		for _, up := range ups {
			for _, target := range []string{"etc/passwd", "chengshu.db", "log/keys", "log/key", "proc/self/environ", "go.mod"} {
				path := base + strings.Repeat(up, 8) + target
				if target != "etc/passwd" && target != "proc/self/environ" {
					path = base + up + target
				}
				status, head, body := raw(t, s, "GET "+path+" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
				app := status == http.StatusOK && strings.HasPrefix(head.Get("Content-Type"), "text/html")
				if status == http.StatusOK && !app || status >= 500 || strings.Contains(body, "root:") || strings.Contains(body, "SQLite format") || strings.Contains(body, "PRIVATE KEY") || strings.Contains(body, "module chengshu") {
					t.Errorf("%s: %d %.200q", path, status, body)
				}
			}
		}
	}
	for _, path := range []string{"/log/tile/0/000.p/0", "/log/tile/0/000.p/257", "/log/tile/64/000", "/log/tile/-1/000", "/log/tile/0/x999/999", "/log/tile/0/", "/log/tile/entries/999", "/log/", "/log/state", "/log/tile/0/00%30"} {
		if a := s.as("").Get(path); a.Status != http.StatusNotFound {
			t.Errorf("%s: %s", path, a)
		}
	}
	if a := s.as("").Get("/log/checkpoint"); a.Status != http.StatusOK {
		t.Errorf("the checkpoint: %s", a)
	}
}

// TestHeaders sends malformed requests, and credentials that are none.
func TestHeaders(t *testing.T) {
	s := open(t, "")
	post := func(headers, body string) string {
		return "POST /api/session HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nConnection: close\r\n" + headers + "\r\n" + body
	}
	const in = `{"account":"citizen","password":"wrong"}`
	for _, c := range []struct {
		name, text string
		status     int
	}{
		{"two lengths", post("Content-Length: 40\r\nContent-Length: 41\r\n", in), 400},
		{"a length below zero", post("Content-Length: -1\r\n", in), 400},
		{"a length and chunks", post("Content-Length: 4\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\nGET /api/session HTTP/1.1\r\nHost: x\r\n\r\n"), 400},
		{"chunks of no size", post("Transfer-Encoding: chunked\r\n", "zz\r\n"+in), 400},
		{"an unknown encoding", post("Transfer-Encoding: gzip\r\n", in), 501},
		{"no host", "GET /api/session HTTP/1.1\r\n\r\n", 400},
		{"two hosts", "GET /api/session HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400},
		{"a host of spaces", "GET /api/session HTTP/1.1\r\nHost: a b\r\n\r\n", 400},
		{"no such version", "GET /api/session HTTP/9.9\r\nHost: x\r\n\r\n", 505},
		{"no HTTP", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400},
		{"a line folded", "GET /api/session HTTP/1.1\r\nHost: x\r\n folded\r\n\r\n", 400},
		{"a name with a space", "GET /api/session HTTP/1.1\r\nHost: x\r\nBad Name: x\r\n\r\n", 400},
		{"100 kB of headers", "GET /api/session HTTP/1.1\r\nHost: x\r\nX: " + strings.Repeat("x", 100_000) + "\r\n\r\n", 431},
		{"the method overridden", "GET /api/session HTTP/1.1\r\nHost: x\r\nX-HTTP-Method-Override: DELETE\r\nConnection: close\r\n\r\n", 200},
		{"the address forged", "GET /api/session HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: \xff, 127.0.0.1\r\nX-Real-IP: x\r\nForwarded: for=x\r\nConnection: close\r\n\r\n", 200},
		{"languages", "GET /api/session HTTP/1.1\r\nHost: x\r\nAccept-Language: " + strings.Repeat("en;q=9,", 3000) + "\r\nConnection: close\r\n\r\n", 200},
	} {
		t.Run(c.name, func(t *testing.T) {
			if status, _, body := raw(t, s, c.text); status != c.status {
				t.Errorf("%d %.200q, want %d", status, body, c.status)
			}
		})
	}
	for _, value := range []string{"", "x", "chengshu", strings.Repeat("x", 8000), "\"", "a=b", "%00", "\x80\xff", "..", "' or 1=1 --", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"} {
		a := s.as("").Send(http.MethodGet, "/api/session", nil, http.Header{"Cookie": {"chengshu=" + value}})
		if a.Status != http.StatusOK || a.At("person") != nil {
			t.Errorf("the cookie %.40q: %s", value, a)
		}
		refused(t, s.as("").Send(http.MethodPost, "/api/cases/incident", strings.NewReader(incident("address", `"x"`)), http.Header{"Cookie": {"chengshu=" + value}}), http.StatusUnauthorized, "sign-in")
	}
	if a := s.as("citizen").Get("/api/session"); a.Header.Get("X-Content-Type-Options") != "nosniff" || a.Header.Get("Content-Security-Policy") == "" || a.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("headers of an answer: %v", a.Header)
	}
}

// TestGuessing: wrong passwords lock an account for a while, and the right one
// does not open it then.
func TestGuessing(t *testing.T) {
	s := open(t, "")
	locked := 0
	for i := range 20 {
		a := s.as("").Post("/api/session", map[string]string{"account": "neighbour", "password": fmt.Sprint("guess", i)})
		if a.Status == http.StatusTooManyRequests {
			locked++
			if a.Header.Get("Retry-After") == "" {
				t.Errorf("no Retry-After: %s", a)
			}
			continue
		}
		refused(t, a, http.StatusUnauthorized, "wrong-credentials")
	}
	if locked == 0 {
		t.Error("twenty guesses and no lock")
	}
	refused(t, s.as("").Post("/api/session", map[string]string{"account": "neighbour", "password": "neighbour-demo"}), http.StatusTooManyRequests, "locked-out")
	for range 40 { // as many as an office has at half past eight, behind one address
		s.Client().SignIn(t, "citizen")
	}
}
