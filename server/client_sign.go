package server

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"strings"

	"chengshu/core/identity"
	"chengshu/kernel/fault"
	"chengshu/kernel/httpsig"
)

// authenticateSigned finds the actor of a request that is signed (RFC 9421), and
// reads its body, of at most maxBody bytes, which it leaves to be read again.
func (s *Server) authenticateSigned(r *http.Request) (*identity.Actor, error) {
	switch {
	case r.Header.Get("Authorization") != "":
		return nil, fault.New(fault.Unauthenticated, "two-credentials", "请求或带密钥，或签名，不能两者都有", "a request bears a key or is signed, not both")
	case r.URL.Path == "/api/events": // who listens is asked anew for each hint, which a signature cannot answer
		return nil, fault.New(fault.Unauthenticated, "not-signable", "实时更新不接受签名的请求", "live updates take no signed requests")
	}
	sig, err := httpsig.Parse(r.Header)
	if err != nil {
		return nil, err
	}
	if err := sig.Check(r.ContentLength != 0, s.clock.Now()); err != nil {
		return nil, err
	}
	actor, key, err := s.identity.Signer(r.Context(), sig.KeyID)
	if err != nil {
		return nil, err
	}
	scheme, _, _ := strings.Cut(siteURL(r, s.cfg.Proxied), ":")
	base, err := sig.Verify(r, scheme, key)
	if err != nil {
		return nil, err
	}
	body, err := signedBody(r)
	if err != nil {
		return nil, err
	}
	if err := sig.CheckBody(r.Header, body); err != nil {
		return nil, err
	}
	return actor, s.identity.TakeSigned(r.Context(), actor, base, sig.Until())
}

func signedBody(r *http.Request) ([]byte, error) {
	body, err := io.ReadAll(http.MaxBytesReader(nil, r.Body, maxBody))
	if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
		return nil, fault.New(fault.Exhausted, "too-large", "签名的请求正文最多 1 MiB；更大的文件请用密钥上传", "the body of a signed request has at most 1 MiB; larger files are sent with a key")
	}
	if err != nil {
		return nil, fault.Wrap(err, fault.Invalid, "bad-json", "请求未能读完", "the request could not be read")
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	return body, nil
}
