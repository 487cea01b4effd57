package server

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"log/slog"
	"math/big"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/emmansun/gmsm/sm2"
	"github.com/emmansun/gmsm/smx509"
)

// signer is the other side: it signs requests as docs/guide/api.md says, with
// nothing of package httpsig.
type signer struct {
	t    testing.TB
	w    *town
	id   string
	pem  string
	sign func([]byte) []byte
}

// signs enters a client with the public key of a new pair.
func (w *town) signs(t testing.TB, account, org string, newPair func(testing.TB) (string, func([]byte) []byte)) *signer {
	t.Helper()
	s := &signer{t: t, w: w}
	s.pem, s.sign = newPair(t)
	body, err := json.Marshal(map[string]any{"name": "签名系统", "org": org, "role": "data-user", "days": 30, "public_key": s.pem})
	must(t, err)
	code, _, answer := w.ask(account, "POST /api/clients", string(body))
	var v clientView
	must(t, json.Unmarshal([]byte(answer), &v))
	if code != http.StatusCreated || v.Key != "" || !v.Signs || len(v.Fingerprint) != 64 {
		t.Fatalf("entering a client that signs: %d %s", code, answer)
	}
	s.id = v.ID
	return s
}

func ed25519Pair(t testing.TB) (string, func([]byte) []byte) {
	public, private, err := ed25519.GenerateKey(rand.Reader)
	must(t, err)
	der, err := x509.MarshalPKIXPublicKey(public)
	must(t, err)
	return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})), func(msg []byte) []byte { return ed25519.Sign(private, msg) }
}

func sm2Pair(t testing.TB) (string, func([]byte) []byte) {
	private, err := sm2.GenerateKey(rand.Reader)
	must(t, err)
	der, err := smx509.MarshalPKIXPublicKey(&private.PublicKey)
	must(t, err)
	return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})), func(msg []byte) []byte {
		hash, err := sm2.CalculateSM2Hash(&private.PublicKey, msg, []byte("1234567812345678"))
		must(t, err)
		r, s, err := sm2.Sign(rand.Reader, &private.PrivateKey, hash)
		must(t, err)
		return append(fixed(r), fixed(s)...)
	}
}

func fixed(n *big.Int) []byte { return n.FillBytes(make([]byte, 32)) }

// request makes a signed request; change, if any, is what the caller does otherwise.
type request struct {
	method, path, body string
	cover              string // components; the usual ones when empty
	params             string // after created and keyid
	created            time.Time
	keyid              string
	uri                string // what is signed as @target-uri
	after              func(*http.Request)
}

func (s *signer) send(q request) (int, string) {
	s.t.Helper()
	req, err := http.NewRequest(q.method, s.w.url+q.path, strings.NewReader(q.body))
	must(s.t, err)
	values := map[string]string{"@method": q.method, "@target-uri": s.w.url + q.path, "@authority": req.URL.Host, "@path": req.URL.EscapedPath(), "@query": "?" + req.URL.RawQuery}
	if q.uri != "" {
		values["@target-uri"] = q.uri
	}
	cover := `"@method" "@target-uri"`
	if q.body != "" {
		sum := sha256.Sum256([]byte(q.body))
		values["content-digest"] = "sha-256=:" + base64.StdEncoding.EncodeToString(sum[:]) + ":"
		req.Header.Set("Content-Digest", values["content-digest"])
		req.Header.Set("Content-Type", "application/json")
		cover += ` "content-digest"`
	}
	if q.cover != "" {
		cover = q.cover
	}
	if q.created.IsZero() {
		q.created = s.w.s.clock.Now()
	}
	if q.keyid == "" {
		q.keyid = s.id
	}
	params := fmt.Sprintf(`(%s);created=%d;keyid="%s"%s`, cover, q.created.Unix(), q.keyid, q.params)
	var base strings.Builder
	for _, c := range strings.Fields(cover) {
		fmt.Fprintf(&base, "%s: %s\n", c, values[strings.Trim(c, `"`)])
	}
	base.WriteString(`"@signature-params": ` + params)
	req.Header.Set("Signature-Input", "sig="+params)
	req.Header.Set("Signature", "sig=:"+base64.StdEncoding.EncodeToString(s.sign([]byte(base.String())))+":")
	req.Header.Set("Accept-Language", "en")
	if q.after != nil {
		q.after(req)
	}
	res, err := s.w.client("").Do(req)
	must(s.t, err)
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	must(s.t, err)
	return res.StatusCode, string(body)
}

// granted opens a grant of legal entities to 1301-hr and returns its id.
func (w *town) granted(t *testing.T) string {
	t.Helper()
	code, _, answer := w.ask("data-user", "POST /api/cases/data-request", `{"action":"claim","fields":{"resource":"legal-entity",
		"wanted":["legal-entity.credit_code","legal-entity.name"],"purpose":"核验","legal_basis":"《社会保险法》","until":"2026-12-31"}}`)
	var v struct{ Fields struct{ Issued string } }
	must(t, json.Unmarshal([]byte(answer), &v))
	if code != http.StatusCreated || v.Fields.Issued == "" {
		t.Fatalf("claim: %d %s", code, answer)
	}
	return v.Fields.Issued
}

func TestSignedRequests(t *testing.T) {
	eachTown(t, func(t *testing.T, w *town) {
		grant := "/api/grants/" + w.granted(t)
		for name, pair := range map[string]func(testing.TB) (string, func([]byte) []byte){"ed25519": ed25519Pair, "sm2-sm3": sm2Pair} {
			s := w.signs(t, "data-user", "1301-hr", pair)
			alg := `;alg="` + name + `"`
			for what, q := range map[string]request{
				"a page":           {method: "POST", path: grant + "/query", body: `{"limit":1}`},
				"with alg":         {method: "POST", path: grant + "/query", body: `{"limit":2}`, params: alg},
				"an address":       {method: "GET", path: grant + "/file?format=json"},
				"its parts":        {method: "GET", path: grant + "/file?format=jsonl", cover: `"@query" "@path" "@authority" "@method"`},
				"an operation":     {method: "GET", path: "/api/session"},
				"a nonce":          {method: "GET", path: "/api/grants", params: `;nonce="a"`},
				"another nonce":    {method: "GET", path: "/api/grants", params: `;nonce="b"`},
				"a tag, an expiry": {method: "GET", path: "/api/grants", params: fmt.Sprintf(`;expires=%d;tag="x"`, w.s.clock.Now().Unix()+9)},
			} {
				if code, answer := s.send(q); code != http.StatusOK || !strings.Contains(answer, "{") {
					t.Errorf("%s, %s: %d %s", name, what, code, answer)
				}
			}
		}
	})
}

func TestSignedRefusals(t *testing.T) {
	var log bytes.Buffer
	w := newTown(t)
	w.s.log = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	grant := "/api/grants/" + w.granted(t)
	s := w.signs(t, "data-user", "1301-hr", ed25519Pair)
	other := w.signs(t, "data-user", "1301-hr", sm2Pair)
	key := w.key("1301-hr", "data-user")
	host, err := url.Parse(w.url)
	must(t, err)
	now := w.s.clock.Now()
	set := func(name, value string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set(name, value) }
	}
	query := request{method: "POST", path: grant + "/query", body: `{"limit":1}`}
	with := func(q request, change func(*request)) request { change(&q); return q }
	for name, c := range map[string]struct {
		q      request
		status int
		code   string
	}{
		"another body": {with(query, func(q *request) {
			q.after = func(r *http.Request) { r.Body = io.NopCloser(strings.NewReader(`{"limit":2}`)) }
		}), 401, "digest-mismatch"},
		"a body added":         {request{method: "GET", path: "/api/grants", after: func(r *http.Request) { r.Body, r.ContentLength = io.NopCloser(strings.NewReader("x")), 1 }}, 401, "not-covered"},
		"a body left out":      {with(query, func(q *request) { q.cover = `"@method" "@target-uri"` }), 401, "not-covered"},
		"no query":             {with(query, func(q *request) { q.cover = `"@method" "@authority" "@path" "content-digest"` }), 401, "not-covered"},
		"another method":       {request{method: "POST", path: "/api/grants", after: func(r *http.Request) { r.Method = "GET" }}, 401, "bad-signature"},
		"another query":        {request{method: "GET", path: grant + "/file?format=json", after: func(r *http.Request) { r.URL.RawQuery = "format=csv" }}, 401, "bad-signature"},
		"another host":         {request{method: "GET", path: "/api/grants", after: func(r *http.Request) { r.Host = "localhost:" + host.Port() }}, 401, "bad-signature"},
		"https, not proxied":   {request{method: "GET", path: "/api/grants", uri: "https://" + host.Host + "/api/grants", after: set("X-Forwarded-Proto", "https")}, 401, "bad-signature"},
		"too old":              {request{method: "GET", path: "/api/grants", created: now.Add(-301 * time.Second)}, 401, "stale-signature"},
		"from the future":      {request{method: "GET", path: "/api/grants", created: now.Add(301 * time.Second)}, 401, "stale-signature"},
		"another client's key": {request{method: "GET", path: "/api/grants", keyid: other.id}, 401, "bad-signature"},
		"another's alg":        {request{method: "GET", path: "/api/grants", params: `;alg="sm2-sm3"`}, 401, "wrong-algorithm"},
		"an unknown client":    {request{method: "GET", path: "/api/grants", keyid: "nobody"}, 401, "unknown-key"},
		"with a key, too":      {request{method: "GET", path: "/api/grants", after: set("Authorization", "Bearer "+key)}, 401, "two-credentials"},
		"half of it":           {request{method: "GET", path: "/api/grants", after: func(r *http.Request) { r.Header.Del("Signature") }}, 401, "bad-signature"},
		"a live stream":        {request{method: "GET", path: "/api/events"}, 401, "not-signable"},
		"too large":            {request{method: "POST", path: "/api/files", body: strings.Repeat("x", maxBody+1)}, 413, "too-large"},
		"what it may not":      {request{method: "POST", path: "/api/clients", body: `{"name":"x","org":"1301-hr","role":"data-user","days":1}`}, 403, "denied"},
	} {
		code, answer := s.send(c.q)
		if code != c.status || !strings.Contains(answer, `"code":"`+c.code+`"`) || !strings.Contains(answer, `"zh":"`) {
			t.Errorf("%s: %d %s, want %d %s", name, code, answer, c.status, c.code)
		}
	}

	// A client with a key cannot sign, whatever it signs with.
	var clients clientsView
	w.get("admin", "/api/clients", &clients)
	for _, c := range clients.Items {
		if c.Signs {
			continue
		}
		if code, answer := s.send(request{method: "GET", path: "/api/grants", keyid: c.ID}); code != http.StatusUnauthorized || !strings.Contains(answer, "unknown-key") {
			t.Errorf("signing as a client with a key: %d %s", code, answer)
		}
	}

	// A signature is taken once, until it is too old to be taken at all.
	var first http.Header
	again := func() (int, string) {
		return s.send(request{method: "GET", path: "/api/grants", after: func(r *http.Request) {
			if first == nil {
				first = r.Header.Clone()
			}
			r.Header = first.Clone()
		}})
	}
	if code, answer := again(); code != http.StatusOK {
		t.Fatalf("the first time: %d %s", code, answer)
	}
	for _, step := range []struct {
		later time.Duration
		code  string
	}{{0, "replayed"}, {300 * time.Second, "replayed"}, {time.Second, "stale-signature"}} {
		w.s.fake.Advance(step.later)
		if code, answer := again(); code != http.StatusUnauthorized || !strings.Contains(answer, step.code) {
			t.Errorf("shown again: %d %s, want %s", code, answer, step.code)
		}
	}
	if strings.Contains(log.String(), first.Get("Signature")[6:30]) || strings.Contains(log.String(), key) {
		t.Errorf("the log holds a signature or a key: %s", log.String())
	}

	if code, _, answer := w.ask("data-user", "DELETE /api/clients/"+s.id, ""); code != http.StatusNoContent {
		t.Fatalf("revoking: %d %s", code, answer)
	}
	if code, answer := s.send(request{method: "GET", path: "/api/session"}); code != http.StatusUnauthorized || !strings.Contains(answer, "unknown-key") {
		t.Errorf("after it was revoked: %d %s", code, answer)
	}
}

// TestSignedBehindProxy: what is signed is the address that the caller knows.
func TestSignedBehindProxy(t *testing.T) {
	w := newTownWith(t, nil, func(c *Config) { c.Proxied = true })
	s := w.signs(t, "data-user", "1301-hr", ed25519Pair)
	q := request{method: "GET", path: "/api/grants", uri: "https://data.example.gov.cn/api/grants", after: func(r *http.Request) {
		r.Host = "data.example.gov.cn"
		r.Header.Set("X-Forwarded-Proto", "https")
	}}
	if code, answer := s.send(q); code != http.StatusOK {
		t.Errorf("%d %s", code, answer)
	}
}

// BenchmarkSigned asks for a short answer with a key and signed, 32 callers at
// a time; making the signatures is part of it.
func BenchmarkSigned(b *testing.B) {
	w := newTown(b)
	key := http.Header{"Authorization": {"Bearer " + w.key("1301-hr", "data-user")}}
	run := func(name string, ask func(n int64) int) {
		var n atomic.Int64
		b.Run(name, func(b *testing.B) {
			b.SetParallelism(16)
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					if code := ask(n.Add(1)); code != http.StatusOK {
						b.Error(code)
						return
					}
				}
			})
		})
	}
	run("key", func(int64) int {
		code, _, _ := w.askWith("", "GET /api/grants", "", key)
		return code
	})
	for name, pair := range map[string]func(testing.TB) (string, func([]byte) []byte){"ed25519": ed25519Pair, "sm2-sm3": sm2Pair} {
		s := w.signs(b, "data-user", "1301-hr", pair)
		run(name, func(n int64) int {
			code, _ := s.send(request{method: "GET", path: "/api/grants", params: fmt.Sprintf(`;nonce="%d"`, n)})
			return code
		})
	}
}
