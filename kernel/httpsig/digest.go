package httpsig

import (
	"crypto/sha256"
	"crypto/sha512"
	"crypto/subtle"
	"net/http"

	"github.com/dunglas/httpsfv"

	"chengshu/kernel/fault"
)

// CheckBody refuses, with digest-mismatch, a body that is not the one whose
// Content-Digest (RFC 9530) the signature covers. Digests by sha-256 and
// sha-512 count: there must be one, and each must be right.
func (s *Signature) CheckBody(h http.Header, body []byte) error {
	if !s.covers(contentDigest) {
		return nil // Check has seen that there is no body
	}
	d, err := dictionary(h, "Content-Digest")
	if err != nil {
		return err
	}
	known := 0
	for _, name := range d.Names() {
		var want []byte
		switch name {
		case "sha-256":
			sum := sha256.Sum256(body)
			want = sum[:]
		case "sha-512":
			sum := sha512.Sum512(body)
			want = sum[:]
		default:
			continue
		}
		known++
		member, _ := d.Get(name)
		item, _ := member.(httpsfv.Item)
		got, _ := item.Value.([]byte)
		if subtle.ConstantTimeCompare(got, want) != 1 {
			return mismatch()
		}
	}
	if known == 0 {
		return mismatch()
	}
	return nil
}

func mismatch() error {
	return fault.New(fault.Unauthenticated, "digest-mismatch", "正文与 Content-Digest（sha-256 或 sha-512）不符", "the body does not fit Content-Digest (sha-256 or sha-512)")
}
