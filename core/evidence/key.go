package evidence

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/emmansun/gmsm/sm2"
	"github.com/emmansun/gmsm/smx509"
	"golang.org/x/mod/sumdb/note"
)

// Keys of the log live in the folder "key" of its data, readable by the owner
// only. They are made at the first start and never again.
//
//	ed25519.key   the primary key, as golang.org/x/mod/sumdb/note writes it
//	sm2.key       the second key, PKCS #8 in PEM, as OpenSSL writes it
//	old-*.key     former keys of either kind, which sign too while they are there
//
// To change a key, rename it to old-something.key and start: a new one is made,
// and checkpoints bear both signatures until the old file is taken away.
const (
	edFile  = "ed25519.key"
	sm2File = "sm2.key"
)

// keys sign checkpoints.
type keys struct {
	primary note.Signer
	signers []note.Signer // the others: SM2 and former keys
	vkeys   []string      // public keys of all, the primary first
	open    []note.Verifier
}

// loadKeys reads the keys in dir for origin, making what is missing. It
// refuses to make keys for a log that exists already: new ones would belong to
// nobody's pinned key.
func loadKeys(dir, origin string, logExists bool) (*keys, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	former, err := filepath.Glob(filepath.Join(dir, "old-*.key"))
	if err != nil {
		return nil, err
	}
	slices.Sort(former)
	k := &keys{}
	for i, name := range append([]string{filepath.Join(dir, edFile), filepath.Join(dir, sm2File)}, former...) {
		raw, err := os.ReadFile(name)
		if errors.Is(err, fs.ErrNotExist) {
			if logExists && !hasKind(former, i == 0) {
				return nil, fmt.Errorf("the log exists but its key %s does not; restore it, or put the former key there as old-NAME.key", name)
			}
			raw, err = makeKey(name, origin, i == 0)
		}
		if err != nil {
			return nil, err
		}
		if err := k.add(origin, raw, i == 0); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	return k, nil
}

// hasKind reports whether one of the files holds a key of the kind asked for.
func hasKind(files []string, ed bool) bool {
	return slices.ContainsFunc(files, func(name string) bool {
		raw, err := os.ReadFile(name)
		return err == nil && isEd25519(raw) == ed
	})
}

func isEd25519(raw []byte) bool { return strings.HasPrefix(string(raw), "PRIVATE+KEY+") }

// has reports whether one of the keys has this public key.
func (k *keys) has(vkey string) bool { return slices.Contains(k.vkeys, vkey) }

// add takes a key from its file.
func (k *keys) add(origin string, raw []byte, primary bool) error {
	if isEd25519(raw) {
		skey := strings.TrimSpace(string(raw))
		s, err := note.NewSigner(skey)
		if err != nil {
			return err
		}
		if s.Name() != origin {
			return fmt.Errorf("the key is for %q, not for %q", s.Name(), origin)
		}
		vkey, err := edPublic(skey)
		if err != nil {
			return err
		}
		v, err := note.NewVerifier(vkey)
		if err != nil {
			return err
		}
		if primary {
			k.primary = s
		} else {
			k.signers = append(k.signers, s)
		}
		k.vkeys, k.open = append(k.vkeys, vkey), append(k.open, v)
		return nil
	}
	if primary {
		return errors.New("not an Ed25519 key of the note format")
	}
	s, err := parseSM2Private(origin, raw)
	if err != nil {
		return err
	}
	k.signers = append(k.signers, s)
	k.vkeys, k.open = append(k.vkeys, s.vkey()), append(k.open, &s.sm2Verifier)
	return nil
}

// edPublic is the vkey that belongs to a private key of the note format.
func edPublic(skey string) (string, error) {
	parts := strings.Split(skey, "+")
	if len(parts) < 5 {
		return "", errors.New("not a key of the note format")
	}
	coded, err := base64.StdEncoding.DecodeString(strings.Join(parts[4:], "+"))
	if err != nil || len(coded) != 1+ed25519.SeedSize {
		return "", errors.New("not an Ed25519 key of the note format")
	}
	private := ed25519.NewKeyFromSeed(coded[1:])
	return note.NewEd25519VerifierKey(parts[2], private.Public().(ed25519.PublicKey))
}

func parseSM2Private(origin string, raw []byte) (*sm2Signer, error) {
	block, _ := pem.Decode(raw)
	if block == nil {
		return nil, errors.New("not a PEM file")
	}
	key, err := smx509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, err
	}
	private, ok := key.(*sm2.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("a %T is not an SM2 key", key)
	}
	return newSM2Signer(origin, private)
}

// makeKey makes a key and writes it, on disk before it returns.
func makeKey(name, origin string, ed bool) ([]byte, error) {
	raw, err := newKey(origin, ed)
	if err != nil {
		return nil, err
	}
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL|os.O_SYNC, 0o600)
	if err != nil {
		return nil, err
	}
	_, err = f.Write(raw)
	if e := f.Close(); err == nil {
		err = e
	}
	if err != nil {
		return nil, errors.Join(err, os.Remove(name))
	}
	return raw, syncDir(filepath.Dir(name))
}

func newKey(origin string, ed bool) ([]byte, error) {
	if ed {
		skey, _, err := note.GenerateKey(rand.Reader, origin)
		return []byte(skey + "\n"), err
	}
	private, err := sm2.GenerateKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	der, err := smx509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), nil
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}
