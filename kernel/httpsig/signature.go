package httpsig

import (
	"net/http"
	"strings"
	"time"

	"github.com/dunglas/httpsfv"

	"chengshu/kernel/fault"
)

// MaxAge is how far from the clock, in either direction, a signature may have
// been made.
const MaxAge = 300 * time.Second

const (
	maxHeader     = 8 << 10 // bytes of Signature-Input, and of Signature
	maxComponents = 50
	contentDigest = "content-digest"
)

// Signature is the one signature of a request, read but not verified.
type Signature struct {
	KeyID string
	Alg   string // empty: as the key says

	created, expires int64 // s; expires 0: none
	components       []string
	params           string // @signature-params
	value            []byte
}

// Signed reports whether a request says that it is signed.
func Signed(h http.Header) bool {
	return len(h.Values("Signature-Input")) > 0 || len(h.Values("Signature")) > 0
}

// Parse reads the signature of a request's headers.
func Parse(h http.Header) (*Signature, error) {
	input, err := dictionary(h, "Signature-Input")
	if err != nil {
		return nil, err
	}
	values, err := dictionary(h, "Signature")
	if err != nil {
		return nil, err
	}
	if len(input.Names()) != 1 || len(values.Names()) != 1 || input.Names()[0] != values.Names()[0] {
		return nil, bad("应有一个签名，Signature-Input 与 Signature 的标签相同", "there must be one signature, of the same label in Signature-Input and Signature")
	}
	label := input.Names()[0]
	member, _ := input.Get(label)
	list, isList := member.(httpsfv.InnerList)
	member, _ = values.Get(label)
	item, isItem := member.(httpsfv.Item)
	if !isList || !isItem {
		return nil, bad("Signature-Input 应为括号内的部件列表，Signature 为冒号之间的 base64", "Signature-Input must be a list of components in brackets, Signature base64 between colons")
	}
	s := &Signature{}
	var isBytes bool
	if s.value, isBytes = item.Value.([]byte); !isBytes {
		return nil, bad("Signature 应为冒号之间的 base64", "Signature must be base64 between colons")
	}
	if s.params, err = httpsfv.Marshal(httpsfv.List{list}); err != nil {
		return nil, bad("Signature-Input 无法读取", "Signature-Input cannot be read")
	}
	if err := s.readParams(list.Params); err != nil {
		return nil, err
	}
	return s, s.readComponents(list.Items)
}

func dictionary(h http.Header, name string) (*httpsfv.Dictionary, error) {
	lines := h.Values(name)
	length := 0
	for _, line := range lines {
		length += len(line)
	}
	if len(lines) == 0 || length > maxHeader {
		return nil, bad("缺少 "+name+"，或其过长", name+" is missing or too long")
	}
	d, err := httpsfv.UnmarshalDictionary(lines)
	if err != nil {
		return nil, bad(name+" 不是 RFC 9651 的字典", name+" is not a dictionary of RFC 9651")
	}
	return d, nil
}

// readParams reads the parameters that mean something here; others are signed
// and stand for nothing.
func (s *Signature) readParams(p *httpsfv.Params) error {
	var ok bool
	for _, name := range p.Names() {
		value, _ := p.Get(name)
		switch name {
		case "created":
			s.created, ok = value.(int64)
		case "expires":
			s.expires, ok = value.(int64)
			ok = ok && s.expires > 0
		case "keyid":
			s.KeyID, ok = value.(string)
		case "alg":
			s.Alg, ok = value.(string)
		case "nonce", "tag":
			_, ok = value.(string)
		default:
			ok = true
		}
		if !ok {
			return bad("签名参数 "+name+" 的类型不对", "the signature's parameter "+name+" is of the wrong type")
		}
	}
	for _, name := range []string{"created", "keyid"} {
		if _, there := p.Get(name); !there {
			return bad("缺少签名参数 "+name, "the signature's parameter "+name+" is missing")
		}
	}
	return nil
}

func (s *Signature) readComponents(items []httpsfv.Item) error {
	if len(items) > maxComponents {
		return bad("签名部件过多", "too many components are signed")
	}
	seen := map[string]bool{}
	for _, item := range items {
		name, ok := item.Value.(string)
		if !ok || name == "" || name != strings.ToLower(name) || seen[name] || len(item.Params.Names()) > 0 {
			return bad("签名部件应为各不相同的小写名称，不带参数", "components must be different names in lower case, without parameters")
		}
		seen[name] = true
		s.components = append(s.components, name)
	}
	return nil
}

func (s *Signature) covers(name string) bool {
	for _, c := range s.components {
		if c == name {
			return true
		}
	}
	return false
}

// Check refuses a signature that leaves out the method, a part of the target or
// a body, with not-covered, and one that was not made about now, stale-signature.
func (s *Signature) Check(hasBody bool, now time.Time) error {
	target := s.covers("@target-uri") || s.covers("@authority") && s.covers("@path") && s.covers("@query")
	switch {
	case !s.covers("@method") || !target:
		return fault.New(fault.Unauthenticated, "not-covered", `签名须覆盖 "@method"，以及 "@target-uri" 或 "@authority" "@path" "@query" 三项`,
			`the signature must cover "@method", and "@target-uri" or all of "@authority" "@path" "@query"`)
	case hasBody && !s.covers(contentDigest):
		return fault.New(fault.Unauthenticated, "not-covered", `有正文的请求，签名须覆盖 "content-digest"`, `the signature of a request with a body must cover "content-digest"`)
	}
	if age := now.Unix() - s.created; age > int64(MaxAge.Seconds()) || -age > int64(MaxAge.Seconds()) || s.expires != 0 && now.Unix() >= s.expires {
		return fault.New(fault.Unauthenticated, "stale-signature", "签名时间（created）与服务器时钟相差超过 300 秒，或已过 expires；请校时后重新签名",
			"created is more than 300 s from the server's clock, or expires has passed; set the clock and sign again")
	}
	return nil
}

// Until is when Check no longer accepts the signature. It counts in whole
// seconds, so the last one is to be waited out.
func (s *Signature) Until() time.Time {
	until := s.created + int64(MaxAge.Seconds())
	if s.expires != 0 {
		until = min(until, s.expires)
	}
	return time.Unix(until+1, 0)
}

// Verify refuses a signature that is not the key's of the request, which was
// sent to scheme ("http" or "https"). It returns the signature base: what was
// signed, the same for each showing of the signature.
func (s *Signature) Verify(r *http.Request, scheme string, key *Key) (base []byte, err error) {
	if s.Alg != "" && s.Alg != key.Algorithm() {
		return nil, fault.New(fault.Unauthenticated, "wrong-algorithm", "alg 与登记的公钥不符，应为 "+key.Algorithm(), "alg does not fit the registered key: it must be "+key.Algorithm())
	}
	if base, err = s.base(r, scheme); err != nil {
		return nil, err
	}
	if !key.verify(base, s.value) {
		return nil, bad("签名与请求不符", "the signature does not fit the request")
	}
	return base, nil
}

func bad(zh, en string) error { return fault.New(fault.Unauthenticated, "bad-signature", zh, en) }
