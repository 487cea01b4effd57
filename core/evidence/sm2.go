package evidence

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"

	"github.com/emmansun/gmsm/sm2"
	"golang.org/x/mod/sumdb/note"
)

// SM2 signatures on notes. c2sp.org/signed-note assigns no signature type to
// SM2, so the type is 0xff followed by a long identifier:
//
//	key ID    = SHA-256(key name || 0x0A || 0xff || sm2Type || public key)[:4]
//	vkey      = key name + "+" + hex(key ID) + "+" + base64(0xff || sm2Type || public key)
//	signature = the ASN.1 DER of r and s by GB/T 32918.2 with SM3 over the note's
//	            text, for the distinguishing id 1234567812345678 (GM/T 0009)
//
// The public key is the point in uncompressed form, 65 bytes (0x04 || x || y).
// Verifiers that do not know the type ignore the line, as the standard asks.
const (
	sm2Type   = "\xffchengshu/sm2-with-sm3"
	sm2ID     = "1234567812345678"
	sm2KeyLen = 65
)

// sm2Signer is a note.Signer.
type sm2Signer struct {
	sm2Verifier
	private *sm2.PrivateKey
}

func newSM2Signer(name string, private *sm2.PrivateKey) (*sm2Signer, error) {
	v, err := newSM2Verifier(name, &private.PublicKey)
	if err != nil {
		return nil, err
	}
	return &sm2Signer{sm2Verifier: *v, private: private}, nil
}

func (s *sm2Signer) Sign(msg []byte) ([]byte, error) {
	return sm2.SignASN1(rand.Reader, s.private, msg, sm2.NewSM2SignerOption(true, []byte(sm2ID)))
}

// sm2Verifier is a note.Verifier.
type sm2Verifier struct {
	name   string
	hash   uint32
	public *ecdsa.PublicKey
	coded  []byte // sm2Type and the point
}

func newSM2Verifier(name string, public *ecdsa.PublicKey) (*sm2Verifier, error) {
	point, err := sm2.PublicKeyToECDH(public)
	if err != nil {
		return nil, fmt.Errorf("evidence: SM2 public key: %w", err)
	}
	coded := append([]byte(sm2Type), point.Bytes()...)
	return &sm2Verifier{name: name, hash: keyID(name, coded), public: public, coded: coded}, nil
}

// keyID is the recommended key ID of c2sp.org/signed-note.
func keyID(name string, coded []byte) uint32 {
	sum := sha256.Sum256(append([]byte(name+"\n"), coded...))
	return binary.BigEndian.Uint32(sum[:])
}

func (v *sm2Verifier) Name() string    { return v.name }
func (v *sm2Verifier) KeyHash() uint32 { return v.hash }

func (v *sm2Verifier) Verify(msg, sig []byte) bool {
	return sm2.VerifyASN1WithSM2(v.public, []byte(sm2ID), msg, sig)
}

// vkey is the public key as text.
func (v *sm2Verifier) vkey() string {
	return fmt.Sprintf("%s+%08x+%s", v.name, v.hash, base64.StdEncoding.EncodeToString(v.coded))
}

// isSM2Key reports whether a vkey is of the SM2 type.
func isSM2Key(vkey string) bool {
	_, rest, _ := strings.Cut(vkey, "+")
	_, coded64, _ := strings.Cut(rest, "+")
	coded, err := base64.StdEncoding.DecodeString(coded64)
	return err == nil && bytes.HasPrefix(coded, []byte(sm2Type))
}

// parseSM2Key reads a vkey of the SM2 type.
func parseSM2Key(vkey string) (note.Verifier, error) {
	name, rest, _ := strings.Cut(vkey, "+")
	hash16, coded64, _ := strings.Cut(rest, "+")
	coded, err := base64.StdEncoding.DecodeString(coded64)
	if err != nil || !isSM2Key(vkey) || len(coded) != len(sm2Type)+sm2KeyLen {
		return nil, fmt.Errorf("not an SM2 verifier key: %q", vkey)
	}
	if hash, err := strconv.ParseUint(hash16, 16, 32); err != nil || uint32(hash) != keyID(name, coded) {
		return nil, fmt.Errorf("the key ID of %q does not fit its key", vkey)
	}
	public, err := sm2.NewPublicKey(coded[len(sm2Type):])
	if err != nil {
		return nil, fmt.Errorf("the point of %q: %w", vkey, err)
	}
	return newSM2Verifier(name, public)
}
