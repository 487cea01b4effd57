package evidence

import (
	"encoding/pem"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/emmansun/gmsm/smx509"
	"github.com/google/go-cmp/cmp"
	"golang.org/x/mod/sumdb/note"
)

const testOrigin = "test.example/log"

func TestKeysAreMadeOnce(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "key")
	first, err := loadKeys(dir, testOrigin, false)
	if err != nil {
		t.Fatal(err)
	}
	second, err := loadKeys(dir, testOrigin, true)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(first.vkeys, second.vkeys); d != "" || len(first.vkeys) != 2 {
		t.Errorf("keys changed: %s", d)
	}
	for _, name := range []string{edFile, sm2File} {
		fi, err := os.Stat(filepath.Join(dir, name))
		if err != nil || fi.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", name, fi.Mode(), err)
		}
	}
	if _, err := loadKeys(dir, "other.example/log", true); err == nil {
		t.Error("keys of another origin were taken")
	}
}

// TestKeysAreNotReplaced: a log whose key is lost is not signed with a new one,
// unless the former key still stands beside it.
func TestKeysAreNotReplaced(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "key")
	before, err := loadKeys(dir, testOrigin, false)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(filepath.Join(dir, edFile), filepath.Join(dir, "lost")); err != nil {
		t.Fatal(err)
	}
	if _, err := loadKeys(dir, testOrigin, true); err == nil {
		t.Fatal("a lost key was replaced")
	}
	if err := os.Rename(filepath.Join(dir, "lost"), filepath.Join(dir, "old-2025.key")); err != nil {
		t.Fatal(err)
	}
	after, err := loadKeys(dir, testOrigin, true)
	if err != nil {
		t.Fatal(err)
	}
	if after.vkeys[0] == before.vkeys[0] || after.vkeys[2] != before.vkeys[0] || len(after.signers) != 2 {
		t.Errorf("before %q after %q", before.vkeys, after.vkeys)
	}
}

func TestSM2NoteSignature(t *testing.T) {
	k, err := loadKeys(t.TempDir(), testOrigin, false)
	if err != nil {
		t.Fatal(err)
	}
	signed, err := note.Sign(&note.Note{Text: "正文\n"}, append([]note.Signer{k.primary}, k.signers...)...)
	if err != nil {
		t.Fatal(err)
	}
	v, err := parseSM2Key(k.vkeys[1])
	if err != nil {
		t.Fatal(err)
	}
	if n, err := note.Open(signed, note.VerifierList(v)); err != nil || len(n.Sigs) != 1 || len(n.UnverifiedSigs) != 1 {
		t.Fatalf("%+v, %v", n, err)
	}
	if _, err := note.Open([]byte(strings.Replace(string(signed), "正文", "假文", 1)), note.VerifierList(v)); err == nil {
		t.Error("a changed text verified")
	}
	// A stock tool knows the Ed25519 key and ignores the other line.
	stock, err := note.NewVerifier(k.vkeys[0])
	if err != nil {
		t.Fatal(err)
	}
	if n, err := note.Open(signed, note.VerifierList(stock)); err != nil || len(n.Sigs) != 1 {
		t.Errorf("%+v, %v", n, err)
	}
}

func TestParseSM2KeyRefuses(t *testing.T) {
	k, err := loadKeys(t.TempDir(), testOrigin, false)
	if err != nil {
		t.Fatal(err)
	}
	good := k.vkeys[1]
	name, rest, _ := strings.Cut(good, "+")
	for what, vkey := range map[string]string{
		"empty": "", "ed25519": k.vkeys[0], "other name": "x" + name + "+" + rest,
		"cut": good[:len(good)-4], "other id": name + "+00000000" + rest[8:], "not base64": good + "!",
	} {
		if _, err := parseSM2Key(vkey); err == nil {
			t.Errorf("%s: %q was taken", what, vkey)
		}
	}
}

// TestSM2WithOpenSSL: the command line of OpenSSL 3 accepts our signature, and
// reads our key file.
func TestSM2WithOpenSSL(t *testing.T) {
	openssl, err := exec.LookPath("openssl")
	if err != nil {
		t.Skip("LEFT OUT: no openssl command on this machine, SM2 was not checked against it")
	}
	dir := t.TempDir()
	raw, err := newKey(testOrigin, false)
	if err != nil {
		t.Fatal(err)
	}
	s, err := parseSM2Private(testOrigin, raw)
	if err != nil {
		t.Fatal(err)
	}
	text := []byte(testOrigin + "\n7\nroot\n")
	sig, err := s.Sign(text)
	if err != nil {
		t.Fatal(err)
	}
	der, err := smx509.MarshalPKIXPublicKey(s.public)
	if err != nil {
		t.Fatal(err)
	}
	write := func(name string, b []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	pub := write("pub.pem", pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
	args := []string{"dgst", "-sm3", "-sigopt", "distid:" + sm2ID, "-signature", write("sig", sig), "-verify", pub}
	if out, err := exec.Command(openssl, append(args, write("text", text))...).CombinedOutput(); err != nil {
		t.Errorf("openssl refuses the signature: %v %s", err, out)
	}
	if out, err := exec.Command(openssl, append(args, write("other", []byte("other\n")))...).CombinedOutput(); err == nil {
		t.Errorf("openssl accepts another text: %s", out)
	}
	private := write("private.pem", raw)
	signed := filepath.Join(dir, "theirs")
	out, err := exec.Command(openssl, "dgst", "-sm3", "-sigopt", "distid:"+sm2ID, "-sign", private, "-out", signed, filepath.Join(dir, "text")).CombinedOutput()
	if err != nil {
		t.Fatalf("openssl cannot sign with our key file: %v %s", err, out)
	}
	theirs, err := os.ReadFile(signed)
	if err != nil {
		t.Fatal(err)
	}
	if !s.Verify(text, theirs) {
		t.Error("a signature of openssl does not verify")
	}
}

// rotate puts the primary key of a log aside, so that the next start makes a
// new one.
func rotate(t *testing.T, dir string) {
	t.Helper()
	if err := os.Rename(filepath.Join(dir, "key", edFile), filepath.Join(dir, "key", "old-1.key")); err != nil {
		t.Fatal(err)
	}
}

func mustCheckpoint(t *testing.T, f *fixture) []byte {
	t.Helper()
	raw, err := f.store.files.ReadCheckpoint(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return raw
}
