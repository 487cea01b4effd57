package httpsig

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"encoding/pem"
	"math/big"
	"strings"

	"github.com/emmansun/gmsm/sm2"
	"github.com/emmansun/gmsm/smx509"

	"chengshu/kernel/fault"
)

// The algorithms, as the parameter alg names them.
const (
	Ed25519 = "ed25519" // RFC 9421, 3.3.6
	// SM2 is our name: the registry has none. Signature by GB/T 32918.2 with SM3
	// for the distinguishing id 1234567812345678 (GM/T 0009), as r and s, 32
	// bytes each, as the registry's ECDSA algorithms are (RFC 9421, 3.3.4).
	SM2 = "sm2-sm3"
)

const (
	sm2ID      = "1234567812345678"
	signedLen  = 64   // bytes of a signature, of either algorithm
	maxKeyText = 4096 // bytes of PEM
)

// Key is the public key of one who signs.
type Key struct {
	ed  ed25519.PublicKey // or
	sm2 *ecdsa.PublicKey
	der []byte // SubjectPublicKeyInfo
}

// ParseKey reads a public key as OpenSSL writes it: PEM of a
// SubjectPublicKeyInfo, Ed25519 (RFC 8410) or SM2 (GM/T 0010).
func ParseKey(text string) (*Key, error) {
	block, rest := pem.Decode([]byte(text))
	if len(text) > maxKeyText || block == nil || strings.TrimSpace(string(rest)) != "" {
		return nil, badKey("应为一个 PEM 公钥，以 -----BEGIN PUBLIC KEY----- 开头", "must be one public key in PEM, beginning with -----BEGIN PUBLIC KEY-----")
	}
	if strings.Contains(block.Type, "PRIVATE") {
		return nil, badKey("这是私钥，不要交给任何人；请改用公钥", "this is a private key: show it to nobody, and give the public key")
	}
	public, err := smx509.ParsePKIXPublicKey(block.Bytes)
	if block.Type != "PUBLIC KEY" || err != nil {
		return nil, badKey("公钥无法读取", "the public key cannot be read")
	}
	k := &Key{}
	switch public := public.(type) {
	case ed25519.PublicKey:
		k.ed = public
	case *ecdsa.PublicKey:
		if sm2.IsSM2PublicKey(public) {
			k.sm2 = public
		}
	}
	if k.ed == nil && k.sm2 == nil {
		return nil, badKey("公钥应为 Ed25519 或 SM2", "the public key must be of Ed25519 or SM2")
	}
	// Written anew, so that one key has one text.
	if k.der, err = smx509.MarshalPKIXPublicKey(public); err != nil {
		return nil, badKey("公钥无法读取", "the public key cannot be read")
	}
	return k, nil
}

func badKey(zh, en string) error { return fault.New(fault.Invalid, "bad-public-key", zh, en) }

// PEM is the key as text, which ParseKey reads.
func (k *Key) PEM() string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: k.der}))
}

// Fingerprint is the SHA-256 of the key's SubjectPublicKeyInfo in hex, as
// `openssl pkey -pubin -outform der | sha256sum` prints it.
func (k *Key) Fingerprint() string {
	sum := sha256.Sum256(k.der)
	return hex.EncodeToString(sum[:])
}

// Algorithm is what the key signs with: Ed25519 or SM2.
func (k *Key) Algorithm() string {
	if k.ed != nil {
		return Ed25519
	}
	return SM2
}

// verify reports whether sig is the key's signature of msg. One message and key
// have one text of a signature: there is no second that says the same.
func (k *Key) verify(msg, sig []byte) bool {
	if len(sig) != signedLen {
		return false
	}
	if k.ed != nil {
		return ed25519.Verify(k.ed, msg, sig)
	}
	hash, err := sm2.CalculateSM2Hash(k.sm2, msg, []byte(sm2ID))
	return err == nil && sm2.Verify(k.sm2, hash, new(big.Int).SetBytes(sig[:32]), new(big.Int).SetBytes(sig[32:]))
}
