package program

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/cookiejar"
	"strconv"
	"strings"
	"testing"
	"time"
)

// Patience is how long one request may take before it counts as unanswered.
const Patience = 30 * time.Second

// Client is one person's browser.
type Client struct {
	Account string
	base    func() string
	http    *http.Client
}

// Client returns a visitor who has not signed in.
func (s *Server) Client() *Client { return NewClient(func() string { return s.URL }) }

// NewClient returns a visitor of the server that base names at each request:
// one who stays through restarts.
func NewClient(base func() string) *Client {
	jar, err := cookiejar.New(nil)
	if err != nil {
		panic(err) // it has no way to fail
	}
	stay := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	transport := &http.Transport{MaxIdleConnsPerHost: 100, DisableCompression: true}
	return &Client{base: base, http: &http.Client{Jar: jar, Timeout: Patience, CheckRedirect: stay, Transport: transport}}
}

// SignIn returns the browser of a demo account, whose password is its name and
// "-demo".
func (s *Server) SignIn(t testing.TB, account string) *Client {
	t.Helper()
	c := s.Client()
	c.SignIn(t, account)
	return c
}

// SignIn signs a demo account in.
func (c *Client) SignIn(t testing.TB, account string) {
	t.Helper()
	c.Account = account
	a := c.Post("/api/session", map[string]any{"account": account, "password": account + "-demo"})
	if a.Status != http.StatusOK {
		t.Fatalf("sign in as %s: %s", account, a)
	}
}

// Answer is what came back. Err is set when nothing came.
type Answer struct {
	Err    error
	Status int
	Header http.Header
	Body   []byte
	JSON   map[string]any // when the body is an object
}

func (a Answer) String() string {
	if a.Err != nil {
		return a.Err.Error()
	}
	return strconv.Itoa(a.Status) + " " + a.Header.Get("Content-Type") + " " + string(a.Body[:min(len(a.Body), 600)])
}

// Code returns the code of a problem, "" when the answer is none.
func (a Answer) Code() string { return a.Text("code") }

// Text returns a text member of the answer by its path, such as "case.state".
func (a Answer) Text(path string) string { s, _ := a.At(path).(string); return s }

// At returns a member by its path; numbers in it are indexes. It is nil when
// there is no such member.
func (a Answer) At(path string) any { return At(a.JSON, path) }

// At returns a member of a JSON value by its path.
func At(v any, path string) any {
	for part := range strings.SplitSeq(path, ".") {
		switch in := v.(type) {
		case map[string]any:
			v = in[part]
		case []any:
			i, err := strconv.Atoi(part)
			if err != nil || i < 0 || i >= len(in) {
				return nil
			}
			v = in[i]
		default:
			return nil
		}
	}
	return v
}

// Items returns the members of a list.
func (a Answer) Items() []any { items, _ := a.At("items").([]any); return items }

// Get asks for a path.
func (c *Client) Get(path string) Answer { return c.Send(http.MethodGet, path, nil, nil) }

// Post sends a value as JSON.
func (c *Client) Post(path string, v any) Answer {
	body, err := json.Marshal(v)
	if err != nil {
		return Answer{Err: err}
	}
	return c.Send(http.MethodPost, path, bytes.NewReader(body), nil)
}

// Send sends a request with a JSON content type, unless header says otherwise.
func (c *Client) Send(method, path string, body io.Reader, header http.Header) Answer {
	req, err := http.NewRequest(method, c.base()+path, body)
	if err != nil {
		return Answer{Err: err}
	}
	req.Header.Set("Content-Type", "application/json")
	for name, values := range header {
		req.Header[name] = values
	}
	return c.Do(req)
}

// Do sends a request that the caller made.
func (c *Client) Do(req *http.Request) Answer {
	res, err := c.http.Do(req)
	if err != nil {
		return Answer{Err: err}
	}
	defer res.Body.Close()
	a := Answer{Status: res.StatusCode, Header: res.Header}
	if a.Body, a.Err = io.ReadAll(res.Body); a.Err == nil && strings.Contains(res.Header.Get("Content-Type"), "json") {
		_ = json.Unmarshal(a.Body, &a.JSON) // a list or a cut body leaves it nil
	}
	return a
}

// Close drops the connections, as when the server has gone.
func (c *Client) Close() { c.http.CloseIdleConnections() }
