package server

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"

	"chengshu/core/identity"
	"chengshu/kernel/fault"
	"chengshu/kernel/httpsig"
	"chengshu/kernel/id"
)

// maxBody bounds a JSON body.
const maxBody = 1 << 20

const cookieName = "chengshu"

type ctxKey int

const (
	ctxActor ctxKey = iota
	ctxRequest
	ctxAddress
	ctxLanguage
)

func actorOf(ctx context.Context) *identity.Actor {
	a, _ := ctx.Value(ctxActor).(*identity.Actor)
	if a == nil {
		return identity.NewAnonymous()
	}
	return a
}

func requestID(ctx context.Context) string {
	s, _ := ctx.Value(ctxRequest).(string)
	return s
}

// handler answers a request or returns a fault.
type handler func(w http.ResponseWriter, r *http.Request) error

// handle makes a handler part of the mux: it finds out who asks, limits their
// rate, and writes what went wrong.
func (s *Server) handle(h handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx := context.WithValue(r.Context(), ctxRequest, id.New())
		r = r.WithContext(ctx)
		actor, err := s.authenticate(r)
		if err == nil {
			err = s.identity.Limit(actor, s.addressOf(r))
		}
		if err != nil {
			writeProblem(w, r, s.log, err)
			return
		}
		r = r.WithContext(context.WithValue(ctx, ctxActor, actor))
		w.Header().Set("Cache-Control", "no-store")
		if err := h(w, r); err != nil {
			writeProblem(w, r, s.log, err)
		}
	})
}

// authenticate finds the actor of a request: by its signature, by API key, by
// cookie, or nobody. A signature or key that is not good is refused, and so is
// another scheme; a cookie that is not good is nobody's.
func (s *Server) authenticate(r *http.Request) (*identity.Actor, error) {
	if httpsig.Signed(r.Header) {
		return s.authenticateSigned(r)
	}
	if given := r.Header.Get("Authorization"); given != "" {
		scheme, key, _ := strings.Cut(given, " ")
		if !strings.EqualFold(scheme, "Bearer") { // RFC 9110, 11.1
			return nil, fault.New(fault.Unauthenticated, "bad-scheme", "Authorization 应为 Bearer 加密钥", "Authorization must be Bearer and a key")
		}
		return s.identity.AuthenticateKey(r.Context(), strings.TrimSpace(key))
	}
	c, err := r.Cookie(cookieName)
	if err != nil {
		return identity.NewAnonymous(), nil
	}
	a, err := s.identity.Authenticate(r.Context(), c.Value)
	if fault.Is(err, fault.Unauthenticated) {
		return identity.NewAnonymous(), nil
	}
	return a, err
}

// addressOf returns where a request comes from. Behind a proxy it is what the
// proxy itself added last; anything before could be made up by the visitor.
func (s *Server) addressOf(r *http.Request) string {
	if chain := r.Header.Values("X-Forwarded-For"); s.cfg.Proxied && len(chain) > 0 {
		last := chain[len(chain)-1]
		return strings.TrimSpace(last[strings.LastIndexByte(last, ',')+1:])
	}
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}

// decode reads the JSON body into v, strictly: unknown members, bodies over
// maxBody and what strictJSON names are refused.
func decode(w http.ResponseWriter, r *http.Request, v any) error {
	body, err := bodyOf(w, r)
	if err != nil {
		return err
	}
	if err := strictJSON(body); err != nil {
		return err
	}
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber()
	dec.DisallowUnknownFields()
	if err := dec.Decode(v); err != nil {
		return notFitting(err)
	}
	return nil
}

// bodyOf reads a body of at most maxBody bytes.
func bodyOf(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
		return nil, errTooLarge()
	}
	if err != nil {
		return nil, fault.Wrap(err, fault.Invalid, "bad-json", "请求未能读完", "the request could not be read")
	}
	return body, nil
}

func errTooLarge() *fault.Fault {
	return fault.New(fault.Exhausted, "too-large", "请求过大，最多 1 MiB", "the request is too large, at most 1 MiB")
}

// addressed refuses an address under /api/ that cannot be read as it is meant:
// not UTF-8, with a NUL, or with a parameter given twice.
func addressed(r *http.Request) error {
	if !plainText(r.URL.Path) {
		return noSuchRoute(nil, nil)
	}
	params, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return fault.Wrap(err, fault.Invalid, "bad-query", "地址中的参数无法读取", "the parameters in the address cannot be read")
	}
	for name, values := range params {
		switch {
		case len(values) > 1:
			return fault.New(fault.Invalid, "bad-query", "参数写了两次："+name, "a parameter is given twice: "+name)
		case !plainText(name) || !plainText(values[0]):
			return fault.New(fault.Invalid, "bad-query", "参数不是有效的文字", "a parameter is not valid text")
		}
	}
	return nil
}

// plainText reports whether s is UTF-8 without NUL, as both databases can hold.
func plainText(s string) bool { return utf8.ValidString(s) && strings.IndexByte(s, 0) < 0 }

// send writes a JSON value.
func send(w http.ResponseWriter, code int, v any) error {
	body, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return sendRaw(w, code, body)
}

func sendRaw(w http.ResponseWriter, code int, body []byte) error {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_, _ = w.Write(body) // the client may have gone
	return nil
}
