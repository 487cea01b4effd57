package httpsig

import (
	"bufio"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/emmansun/gmsm/sm2"
	"github.com/emmansun/gmsm/smx509"
	"github.com/google/go-cmp/cmp"

	"chengshu/kernel/fault"
)

// testRequest and what follows is the example of RFC 9421, appendix B.2.
const testRequest = `POST /foo?param=Value&Pet=dog HTTP/1.1
Host: example.com
Date: Tue, 20 Apr 2021 02:07:55 GMT
Content-Type: application/json
Content-Digest: sha-512=:WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX+TaPm+AbwAgBWnrIiYllu7BNNyealdVLvRwEmTHWXvJwew==:
Content-Length: 18

{"hello": "world"}`

const (
	testBody   = `{"hello": "world"}`
	testKeyEd  = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAJrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs=\n-----END PUBLIC KEY-----\n"
	inputB26   = `sig-b26=("date" "@method" "@path" "@authority" "content-type" "content-length");created=1618884473;keyid="test-key-ed25519"`
	signedB26  = `sig-b26=:wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw==:`
	createdB26 = 1618884473
)

func read(t testing.TB, text string) *http.Request {
	t.Helper()
	r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(strings.ReplaceAll(text, "\n", "\r\n"))))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func testKey(t testing.TB) *Key {
	t.Helper()
	key, err := ParseKey(testKeyEd)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// TestAppendixB26 verifies the RFC's own signature with its own key.
func TestAppendixB26(t *testing.T) {
	r := read(t, testRequest)
	r.Header.Set("Signature-Input", inputB26)
	r.Header.Set("Signature", signedB26)
	s, err := Parse(r.Header)
	if err != nil {
		t.Fatal(err)
	}
	base, err := s.Verify(r, "https", testKey(t))
	if err != nil {
		t.Fatal(err)
	}
	want := `"date": Tue, 20 Apr 2021 02:07:55 GMT
"@method": POST
"@path": /foo
"@authority": example.com
"content-type": application/json
"content-length": 18
"@signature-params": ("date" "@method" "@path" "@authority" "content-type" "content-length");created=1618884473;keyid="test-key-ed25519"`
	if diff := cmp.Diff(want, string(base)); diff != "" {
		t.Error(diff)
	}
	if s.KeyID != "test-key-ed25519" || s.created != createdB26 {
		t.Errorf("read as %+v", s)
	}
	for name, change := range map[string]func(){
		"another method": func() { r.Method = "PUT" },
		"another path":   func() { r.RequestURI = "/fooo?param=Value&Pet=dog" },
		"another host":   func() { r.Host = "example.org" },
		"another field":  func() { r.Header.Set("Content-Type", "text/plain") },
		"a field twice":  func() { r.Header.Add("Content-Type", "application/json") },
		"a field gone":   func() { r.Header.Del("Date") },
	} {
		r = read(t, testRequest)
		change()
		if _, err := s.Verify(r, "https", testKey(t)); fault.Code(err) != "bad-signature" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestComponents: values of derived components, as the examples of RFC 9421,
// 2.2, have them.
func TestComponents(t *testing.T) {
	for _, c := range []struct{ target, host, scheme, name, want string }{
		{"/path?param=value", "www.example.com", "https", "@method", "POST"},
		{"/path?param=value", "www.example.com", "https", "@target-uri", "https://www.example.com/path?param=value"},
		{"/path?param=value", "www.example.com", "https", "@authority", "www.example.com"},
		{"/path", "WWW.Example.com:443", "https", "@authority", "www.example.com"},
		{"/path", "www.example.com:443", "http", "@authority", "www.example.com:443"},
		{"/path", "www.example.com:80", "http", "@target-uri", "http://www.example.com/path"},
		{"/path?param=value", "www.example.com", "http", "@scheme", "http"},
		{"/path?param=value", "www.example.com", "https", "@request-target", "/path?param=value"},
		{"/path?param=value", "www.example.com", "https", "@path", "/path"},
		{"/a%2Fb%20c?x", "www.example.com", "https", "@path", "/a%2Fb%20c"},
		{"/path?param=value&foo=bar&baz=bat%2Dman", "www.example.com", "https", "@query", "?param=value&foo=bar&baz=bat%2Dman"},
		{"/path?queryString", "www.example.com", "https", "@query", "?queryString"},
		{"/path", "www.example.com", "https", "@query", "?"},
		{"/path?a=b?c", "www.example.com", "https", "@query", "?a=b?c"},
		{"/path", "www.example.com", "https", "host", "www.example.com"},
		{"/path", "www.example.com", "https", "x-list", "one, two,  three"},
	} {
		r := read(t, "POST "+c.target+" HTTP/1.1\nHost: "+c.host+"\nX-List:  one \nX-List: two,  three\n\n")
		got, err := component(r, c.scheme, c.name)
		if err != nil || got != c.want {
			t.Errorf("%s of %s%s: %q, want %q; %v", c.name, c.host, c.target, got, c.want, err)
		}
	}
	for _, name := range []string{"@query-param", "@status", "@signature-params", "@", "x-missing"} {
		if got, err := component(read(t, "GET / HTTP/1.1\nHost: a\n\n"), "http", name); fault.Code(err) != "bad-signature" {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
	if _, err := component(read(t, "GET http://a/ HTTP/1.1\nHost: a\n\n"), "http", "@path"); fault.Code(err) != "bad-signature" {
		t.Errorf("absolute form: %v", err)
	}
}

func TestParseRefuses(t *testing.T) {
	const value = `a=:AAAA:`
	for name, c := range map[string]struct{ input, value string }{
		"nothing":            {"", ""},
		"no value":           {`a=("@method");created=1;keyid="k"`, ""},
		"no input":           {"", value},
		"two":                {`a=("@method");created=1;keyid="k", b=("@method");created=1;keyid="k"`, value},
		"two values":         {`a=("@method");created=1;keyid="k"`, `a=:AAAA:, b=:AAAA:`},
		"labels differ":      {`b=("@method");created=1;keyid="k"`, value},
		"no list":            {`a="@method";created=1;keyid="k"`, value},
		"no bytes":           {`a=("@method");created=1;keyid="k"`, `a="AAAA"`},
		"a list of bytes":    {`a=("@method");created=1;keyid="k"`, `a=(:AAAA:)`},
		"no created":         {`a=("@method");keyid="k"`, value},
		"no keyid":           {`a=("@method");created=1`, value},
		"created as text":    {`a=("@method");created="1";keyid="k"`, value},
		"created in parts":   {`a=("@method");created=1.5;keyid="k"`, value},
		"keyid as token":     {`a=("@method");created=1;keyid=k`, value},
		"nonce as number":    {`a=("@method");created=1;keyid="k";nonce=1`, value},
		"expires never":      {`a=("@method");created=1;keyid="k";expires=0`, value},
		"a name twice":       {`a=("@method" "@method");created=1;keyid="k"`, value},
		"a name in capitals": {`a=("Date");created=1;keyid="k"`, value},
		"a token":            {`a=(date);created=1;keyid="k"`, value},
		"with a parameter":   {`a=("date";bs);created=1;keyid="k"`, value},
		"an empty name":      {`a=("");created=1;keyid="k"`, value},
		"not a dictionary":   {`a=(`, value},
		"too long":           {`a=("@method");created=1;keyid="` + strings.Repeat("k", maxHeader) + `"`, value},
		"too many":           {`a=("` + strings.Repeat(`x" "`, maxComponents) + `x");created=1;keyid="k"`, value},
	} {
		h := http.Header{}
		if c.input != "" {
			h.Set("Signature-Input", c.input)
		}
		if c.value != "" {
			h.Set("Signature", c.value)
		}
		if s, err := Parse(h); fault.Code(err) != "bad-signature" || !fault.Is(err, fault.Unauthenticated) {
			t.Errorf("%s: %+v, %v", name, s, err)
		}
	}
}

func TestCheck(t *testing.T) {
	now := time.Unix(1_000_000, 0)
	whole := `"@method" "@target-uri"`
	for name, c := range map[string]struct {
		components, params string
		body               bool
		want               string
	}{
		"the least":             {whole, ";created=1000000", false, ""},
		"in parts":              {`"@query" "@path" "@authority" "@method"`, ";created=1000000", false, ""},
		"with a body":           {whole + ` "content-digest"`, ";created=1000000", true, ""},
		"no method":             {`"@target-uri"`, ";created=1000000", false, "not-covered"},
		"no target":             {`"@method"`, ";created=1000000", false, "not-covered"},
		"no query":              {`"@method" "@authority" "@path"`, ";created=1000000", false, "not-covered"},
		"no host":               {`"@method" "@query" "@path"`, ";created=1000000", false, "not-covered"},
		"a body left out":       {whole, ";created=1000000", true, "not-covered"},
		"as old as may be":      {whole, ";created=999700", false, ""},
		"too old":               {whole, ";created=999699", false, "stale-signature"},
		"as new as may be":      {whole, ";created=1000300", false, ""},
		"too new":               {whole, ";created=1000301", false, "stale-signature"},
		"before all time":       {whole, ";created=-999999999999999", false, "stale-signature"},
		"after all time":        {whole, ";created=999999999999999", false, "stale-signature"},
		"expires in time":       {whole, ";created=1000000;expires=1000001", false, ""},
		"expired":               {whole, ";created=1000000;expires=1000000", false, "stale-signature"},
		"expires after all age": {whole, ";created=999699;expires=2000000", false, "stale-signature"},
	} {
		s, err := Parse(http.Header{"Signature-Input": {`a=(` + c.components + `)` + c.params + `;keyid="k"`}, "Signature": {"a=:AAAA:"}})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if err := s.Check(c.body, now); fault.Code(err) != c.want {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
		if accepted := s.Check(c.body, s.Until()) == nil; accepted {
			t.Errorf("%s: taken still at %v, when it is forgotten", name, s.Until())
		}
	}
}

// TestContentDigest has the examples of RFC 9530 (appendices A and B) and
// RFC 9421 (B.2).
func TestContentDigest(t *testing.T) {
	const (
		sha256Of = `sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:`
		lineOf   = `sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:`
		sha512Of = `sha-512=:WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX+TaPm+AbwAgBWnrIiYllu7BNNyealdVLvRwEmTHWXvJwew==:`
	)
	s := &Signature{components: []string{contentDigest}}
	for name, c := range map[string]struct{ digest, body, want string }{
		"SHA-256":               {sha256Of, testBody, ""},
		"SHA-256 of a line":     {lineOf, testBody + "\n", ""},
		"SHA-512":               {sha512Of, testBody, ""},
		"both":                  {sha512Of + ", " + sha256Of, testBody, ""},
		"with one unknown":      {sha256Of + ", md5=:AAAA:", testBody, ""},
		"another body":          {sha256Of, testBody + " ", "digest-mismatch"},
		"one of two wrong":      {sha512Of + ", " + lineOf, testBody, "digest-mismatch"},
		"unknown only":          {"md5=:AAAA:", testBody, "digest-mismatch"},
		"cut off":               {"sha-256=:X48E9g==:", testBody, "digest-mismatch"},
		"as text":               {`sha-256="X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE="`, testBody, "digest-mismatch"},
		"none":                  {"", testBody, "bad-signature"},
		"not a dictionary":      {"sha-256=:", testBody, "bad-signature"},
		"of nothing":            {"sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:", "", ""},
		"of nothing, with body": {"sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:", "x", "digest-mismatch"},
	} {
		h := http.Header{}
		if c.digest != "" {
			h.Set("Content-Digest", c.digest)
		}
		if err := s.CheckBody(h, []byte(c.body)); fault.Code(err) != c.want {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

// TestSM2Standard verifies the example of GB/T 32918.5-2017, A.2.
func TestSM2Standard(t *testing.T) {
	point := unhex(t, "04"+"09F9DF311E5421A150DD7D161E4BC5C672179FAD1833FC076BB08FF356F35020"+"CCEA490CE26775A52DC6EA718CC1AA600AED05FBF35E084A6632F6072DA9AD13")
	public, err := sm2.NewPublicKey(point)
	if err != nil {
		t.Fatal(err)
	}
	key := &Key{sm2: public}
	sig := unhex(t, "F5A03B0648D2C4630EEAC513E1BB81A15944DA3827D5B74143AC7EACEEE720B3"+"B1B6AA29DF212FD8763182BC0D421CA1BB9038FD1F7F42D4840B69C485BBC1AA")
	if !key.verify([]byte("message digest"), sig) {
		t.Error("the standard's signature is refused")
	}
	for i := range sig {
		sig[i] ^= 1
		if key.verify([]byte("message digest"), sig) {
			t.Errorf("taken with byte %d changed", i)
		}
		sig[i] ^= 1
	}
	if key.verify([]byte("message digest"), append(sig, 0)) || key.verify([]byte("message digest"), sig[:63]) || key.verify(nil, nil) {
		t.Error("taken at another length")
	}
	if key.verify([]byte("message digest"), make([]byte, signedLen)) {
		t.Error("zeros are taken")
	}
}

// TestSM2Short: r and s keep their 32 bytes when they are small numbers.
func TestSM2Short(t *testing.T) {
	private, err := sm2.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	key, msg := &Key{sm2: &private.PublicKey}, []byte("message digest")
	hash, err := sm2.CalculateSM2Hash(key.sm2, msg, []byte(sm2ID))
	if err != nil {
		t.Fatal(err)
	}
	for short := 0; short < 4; { // one in 128 is
		r, s, err := sm2.Sign(rand.Reader, &private.PrivateKey, hash)
		if err != nil {
			t.Fatal(err)
		}
		if r.BitLen() > 248 && s.BitLen() > 248 {
			continue
		}
		short++
		if sig := append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...); !key.verify(msg, sig) {
			t.Errorf("refused: %x", sig)
		}
	}
}

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestVerifyAlgorithm(t *testing.T) {
	r := read(t, testRequest)
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	key := &Key{ed: public}
	for alg, want := range map[string]string{"": "", Ed25519: "", SM2: "wrong-algorithm", "rsa-pss-sha512": "wrong-algorithm", "none": "wrong-algorithm"} {
		params := `("@method" "@target-uri");created=1;keyid="k"`
		if alg != "" {
			params += `;alg="` + alg + `"`
		}
		base := "\"@method\": POST\n\"@target-uri\": https://example.com/foo?param=Value&Pet=dog\n\"@signature-params\": " + params
		value := base64.StdEncoding.EncodeToString(ed25519.Sign(private, []byte(base)))
		s, err := Parse(http.Header{"Signature-Input": {"x=" + params}, "Signature": {"x=:" + value + ":"}})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Verify(r, "https", key); fault.Code(err) != want {
			t.Errorf("alg %q: %v, want %q", alg, err, want)
		}
		if _, err := s.Verify(r, "http", key); err == nil {
			t.Errorf("alg %q: taken over another scheme", alg)
		}
	}
}

func TestParseKey(t *testing.T) {
	private, err := sm2.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := smx509.MarshalPKIXPublicKey(&private.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	text := string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
	for want, text := range map[string]string{Ed25519: "  \n" + testKeyEd + "\n\n", SM2: text} {
		key, err := ParseKey(text)
		if err != nil {
			t.Fatal(err)
		}
		sum := sha256.Sum256(key.der)
		if key.Algorithm() != want || key.PEM() != strings.TrimLeft(strings.TrimRight(text, "\n"), " \n")+"\n" || key.Fingerprint() != fmt.Sprintf("%x", sum) {
			t.Errorf("%s: %s %s %s", want, key.Algorithm(), key.Fingerprint(), key.PEM())
		}
	}
	wrapped := func(kind, base64 string) string {
		return "-----BEGIN " + kind + "-----\n" + base64 + "\n-----END " + kind + "-----\n"
	}
	for name, c := range map[string]struct{ text, says string }{
		"nothing":         {"", "in PEM"},
		"words":           {"ssh-ed25519 AAAAC3Nz", "in PEM"},
		"two":             {testKeyEd + testKeyEd, "in PEM"},
		"too long":        {testKeyEd + strings.Repeat("\n", maxKeyText), "in PEM"},
		"a private key":   {wrapped("PRIVATE KEY", "MC4CAQAwBQYDK2VwBCIEIJ+DYvh6SEqVTm50DFtMDoQikTmiCqirVv9mWG9qfSnF"), "private key"},
		"a certificate":   {wrapped("CERTIFICATE", "MCowBQYDK2VwAyEAJrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs="), "cannot be read"},
		"rubbish":         {wrapped("PUBLIC KEY", "AAAA"), "cannot be read"},
		"P-256":           {wrapped("PUBLIC KEY", "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEqIVYZVLCrPZHGHjP17CTW0/+D9Lfw0EkjqF7xB4FivAxzic30tMM4GF+hR6Dxh71Z50VGGdldkkDXZCnTNnoXQ=="), "Ed25519 or SM2"},
		"X25519":          {wrapped("PUBLIC KEY", "MCowBQYDK2VuAyEAJrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs="), "Ed25519 or SM2"},
		"not on a curve":  {wrapped("PUBLIC KEY", "MFkwEwYHKoZIzj0CAQYIKoEcz1UBgi0DQgAEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=="), "cannot be read"},
		"with a password": {wrapped("ENCRYPTED PRIVATE KEY", "AAAA"), "private key"},
	} {
		key, err := ParseKey(c.text)
		if fault.Code(err) != "bad-public-key" || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v, %v", name, key, err)
		}
	}
}

// FuzzParse: whatever the headers hold, what Parse makes of them it makes of
// what it has understood, too.
func FuzzParse(f *testing.F) {
	f.Add(inputB26, signedB26, "sha-256=:X48E9g==:")
	f.Add(`a=("@method" "content-digest");created=1;keyid="k";nonce="\"";x`, `a=:AAAA:`, "md5=1, sha-512=()")
	key, r := testKey(f), read(f, testRequest)
	f.Fuzz(func(t *testing.T, input, value, digest string) {
		h := http.Header{"Signature-Input": {input}, "Signature": {value}, "Content-Digest": {digest}}
		s, err := Parse(h)
		if err != nil {
			if !fault.Is(err, fault.Unauthenticated) {
				t.Fatalf("%v", err)
			}
			return
		}
		again, err := Parse(http.Header{"Signature-Input": {"z=" + s.params}, "Signature": {"z=:" + base64.StdEncoding.EncodeToString(s.value) + ":"}})
		if err != nil {
			t.Fatalf("%q is read, what it says is not: %v", s.params, err)
		}
		if diff := cmp.Diff(s, again, cmp.AllowUnexported(Signature{})); diff != "" {
			t.Fatal(diff)
		}
		if _, err := s.Verify(r, "https", key); err == nil && "sig-b26="+s.params != inputB26 {
			t.Fatalf("%q verifies, though the key's owner has never signed it", input)
		}
		if s.Check(true, s.Until()) == nil {
			t.Fatalf("%q is taken when it is forgotten", input)
		}
		if s.covers(contentDigest) && s.CheckBody(h, []byte("some body")) == nil {
			t.Fatalf("%q is the digest of a body it has not seen", digest)
		}
	})
}
