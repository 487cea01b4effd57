package evidence

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"chengshu/kernel/db"
	"chengshu/kernel/db/dbtest"
	"chengshu/kernel/fault"

	cosign "github.com/transparency-dev/formats/note"
	"github.com/transparency-dev/merkle/rfc6962"
	"golang.org/x/mod/sumdb/note"
)

// exported returns the bundle of a subject.
func (f *fixture) exported(subject string) []byte {
	f.t.Helper()
	var buf bytes.Buffer
	if err := f.Export(context.Background(), &buf, "incident", subject); err != nil {
		f.t.Fatal(err)
	}
	return buf.Bytes()
}

// pins are the options of someone who was given the log's keys.
func (f *fixture) pins() VerifyOptions {
	return VerifyOptions{Key: f.store.keys.vkeys[:1], SM2Key: f.store.keys.vkeys[1:2]}
}

// bundled is a log with some other acts around ten of the subject "case".
func bundled(t testing.TB, d *db.DB) *fixture {
	f := newFixture(t, d)
	f.append("before", 70)
	f.append("case", 4)
	f.append("between", 300)
	f.seal()
	return f
}

func TestExportAndVerify(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		f := bundled(t, d)
		raw := f.exported("case")
		if !json.Valid(raw) {
			t.Fatalf("not JSON: %s", raw)
		}
		for name, o := range map[string]VerifyOptions{"Ed25519": {Key: f.pins().Key}, "with SM2": f.pins()} {
			r, err := Verify(bytes.NewReader(raw), o)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if r.Acts != 4 || r.LogSize != 374 || r.LastRevision != 4 || !r.Complete() || r.SM2 != (len(o.SM2Key) > 0) ||
				r.First != fullAct().At || r.SubjectID != "case" || r.Origin != testOrigin {
				t.Errorf("%s: %+v", name, r)
			}
			for _, s := range append(r.Verified(), r.NotCovered()...) {
				if s.Zh == "" || s.En == "" || strings.Contains(s.Zh+s.En, "%!") {
					t.Errorf("%s: %q", name, s)
				}
			}
		}
	})
}

// TestEveryByteMatters changes each byte of a bundle in turn, in several ways.
func TestEveryByteMatters(t *testing.T) {
	f := newFixture(t, dbtest.SQLite(t))
	f.append("case", 1)
	f.append("other", 2)
	f.seal()
	f.append("case", 1) // stays unsealed
	raw := f.exported("case")
	o := f.pins()
	if r, err := Verify(bytes.NewReader(raw), o); err != nil || len(r.Unsealed) != 1 {
		t.Fatalf("%+v, %v", r, err)
	}
	o.SM2Key = nil // the harder case: nobody checks the second signature
	for i := range raw {
		for _, by := range []byte{1, 0x20, 0x80} {
			changed := bytes.Clone(raw)
			changed[i] ^= by
			if _, err := Verify(bytes.NewReader(changed), o); !fault.Is(err, fault.Invalid) {
				t.Fatalf("byte %d of %d: %q became %q and the answer is %v", i, len(raw), raw[i], changed[i], err)
			}
		}
	}
	for i := range raw { // a byte taken out, a byte put in, the end cut off
		for what, changed := range map[string][]byte{
			"out": slices.Delete(bytes.Clone(raw), i, i+1), "in": slices.Insert(bytes.Clone(raw), i, ' '), "cut": raw[:i],
		} {
			if _, err := Verify(bytes.NewReader(changed), o); !fault.Is(err, fault.Invalid) {
				t.Fatalf("byte %d %s: %v", i, what, err)
			}
		}
	}
}

// resealed lets the log's keeper seal a changed bundle: the proofs must still
// tell.
func (f *fixture) resealed(raw []byte, change func(*bundle)) []byte {
	f.t.Helper()
	b, _, err := parseBundle(raw)
	if err != nil {
		f.t.Fatal(err)
	}
	change(b)
	return f.sealedBundle(b)
}

// sealedBundle writes b with a seal by the log's key.
func (f *fixture) sealedBundle(b *bundle) []byte {
	f.t.Helper()
	var out []byte
	b.pieces(func(p []byte) { out = append(out, p...) })
	n := &note.Note{Text: sealText(b.Origin, DigestOf(out))}
	seal, err := note.Sign(n, f.store.keys.primary)
	if err != nil {
		f.t.Fatal(err)
	}
	return appendSeal(out, string(seal))
}

func TestVerifyRefuses(t *testing.T) {
	f := bundled(t, dbtest.SQLite(t))
	raw := f.exported("case")
	other := newFixture(t, dbtest.SQLite(t))
	good := f.pins()
	if _, err := Verify(bytes.NewReader(f.resealed(raw, func(*bundle) {})), good); err != nil {
		t.Fatalf("resealed unchanged: %v", err)
	}
	reject := func(name, code string, raw []byte, o VerifyOptions) {
		t.Helper()
		r, err := Verify(bytes.NewReader(raw), o)
		if fault.Code(err) != code || r.Acts != 0 {
			t.Errorf("%s: %v, want %s", name, err, code)
		}
	}
	reject("no key", "bundle-key", raw, VerifyOptions{})
	reject("bad key", "bundle-key", raw, VerifyOptions{Key: []string{"x"}})
	reject("SM2 key for Ed25519", "bundle-key", raw, VerifyOptions{Key: good.SM2Key})
	reject("other key", "bundle-seal", raw, other.pins())
	reject("other SM2 key", "bundle-checkpoint", raw, VerifyOptions{Key: good.Key, SM2Key: other.pins().SM2Key})
	reject("too large", "bundle-size", raw, VerifyOptions{Key: good.Key, MaxBytes: 100})
	reject("empty", "bundle-syntax", nil, good)
	reject("twice", "bundle-form", append(bytes.Clone(raw), raw...), good)

	changes := []struct {
		name, code string
		change     func(*bundle)
	}{
		{"other format", "bundle-format", func(b *bundle) { b.Format = "chengshu-evidence/2" }},
		{"other origin", "bundle-seal", func(b *bundle) { b.Origin = "other.example/log" }},
		{"other subject", "bundle-act", func(b *bundle) { b.Subject.ID = "between" }},
		{"swapped", "bundle-act", func(b *bundle) { b.Acts[0], b.Acts[1] = b.Acts[1], b.Acts[0] }},
		{"duplicated", "bundle-act", func(b *bundle) { b.Acts = append(b.Acts, b.Acts[3]) }},
		{"duplicated under another index", "bundle-act", func(b *bundle) {
			b.Acts = append(b.Acts, b.Acts[3])
			b.Acts[4].Index++
		}},
		{"other index", "bundle-proof", func(b *bundle) { b.Acts[0].Index-- }},
		{"other act", "bundle-proof", func(b *bundle) { b.Acts[0].Body = strings.Replace(b.Acts[0].Body, "assign", "reject", 1) }},
		{"other salt", "bundle-proof", func(b *bundle) { b.Acts[0].Salt = b.Acts[1].Salt }},
		{"short salt", "bundle-act", func(b *bundle) { b.Acts[0].Salt = "AAAA" }},
		{"body not canonical", "bundle-act", func(b *bundle) { b.Acts[0].Body += " " }},
		{"proof cut", "bundle-proof", func(b *bundle) { b.Acts[0].Proof = b.Acts[0].Proof[1:] }},
		{"proof longer", "bundle-proof", func(b *bundle) { b.Acts[0].Proof = append(b.Acts[0].Proof, b.Acts[0].Proof[0]) }},
		{"proof of another", "bundle-proof", func(b *bundle) { b.Acts[0].Proof = b.Acts[3].Proof }},
		{"proof not base64", "bundle-proof", func(b *bundle) { b.Acts[0].Proof[0] = "!" }},
		{"act called unsealed too", "bundle-act", func(b *bundle) {
			b.Unsealed = append(b.Unsealed, &unsealedAct{Salt: b.Acts[0].Salt, Body: b.Acts[0].Body})
		}},
		{"revision of two contents", "bundle-revision", func(b *bundle) {
			body := strings.Replace(b.Acts[3].Body, `"digest":"`+DigestOf([]byte{3}).String(), `"digest":"`+DigestOf([]byte{9}).String(), 1)
			body = strings.Replace(body, `{"v":1,"id":"`, `{"v":1,"id":"x`, 1)
			b.Unsealed = append(b.Unsealed, &unsealedAct{Salt: b.Acts[0].Salt, Body: body})
		}},
		{"larger log", "bundle-checkpoint", func(b *bundle) { b.Checkpoint = strings.Replace(b.Checkpoint, "\n374\n", "\n375\n", 1) }},
		{"checkpoint of another log", "bundle-checkpoint", func(b *bundle) {
			text := strings.Replace(b.Checkpoint[:strings.Index(b.Checkpoint, "\n\n")+1], testOrigin, "other.example/log", 1)
			b.Checkpoint = f.signed(text)
		}},
	}
	for _, c := range changes {
		reject(c.name, c.code, f.resealed(raw, c.change), good)
	}
}

// TestVerifySaysWhy: what is refused is named so that one can go on.
func TestVerifySaysWhy(t *testing.T) {
	f := bundled(t, dbtest.SQLite(t))
	raw := f.exported("case")
	good := f.pins()
	cp, err := f.store.checkpoint(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	moved := f.resealed(raw, func(b *bundle) { b.Acts[0].Index-- })
	for _, tc := range []struct {
		name  string
		raw   []byte
		o     VerifyOptions
		wants []string
	}{
		{"the SM2 key as the first", raw, VerifyOptions{Key: good.SM2Key}, []string{"--sm2-key"}},
		{"another root", moved, good, []string{hex.EncodeToString(cp.root)}},
	} {
		_, err := Verify(bytes.NewReader(tc.raw), tc.o)
		said, ok := errors.AsType[*fault.Fault](err)
		if !ok {
			t.Fatalf("%s: %v", tc.name, err)
		}
		for _, want := range tc.wants {
			if !strings.Contains(said.Text.En, want) {
				t.Errorf("%s: %q does not say %q", tc.name, said.Text.En, want)
			}
		}
	}
}

// signed is a note over text by all keys of the log.
func (f *fixture) signed(text string) string {
	f.t.Helper()
	n, err := note.Sign(&note.Note{Text: text}, append([]note.Signer{f.store.keys.primary}, f.store.keys.signers...)...)
	if err != nil {
		f.t.Fatal(err)
	}
	return string(n)
}

// TestMissingAct: an act left out is not noticed by the proofs, but the
// revisions tell.
func TestMissingAct(t *testing.T) {
	f := bundled(t, dbtest.SQLite(t))
	raw := f.resealed(f.exported("case"), func(b *bundle) { b.Acts = slices.Delete(b.Acts, 1, 3) })
	r, err := Verify(bytes.NewReader(raw), f.pins())
	if err != nil {
		t.Fatal(err)
	}
	if r.Complete() || fmt.Sprint(r.MissingRevisions) != "[2 3]" {
		t.Errorf("%+v", r)
	}
}

func TestVerifyWitness(t *testing.T) {
	f := bundled(t, dbtest.SQLite(t))
	raw := f.exported("case")
	skey, vkey, err := note.GenerateKey(nil, "witness.example")
	if err != nil {
		t.Fatal(err)
	}
	w, err := cosign.NewSignerForCosignatureV1(skey)
	if err != nil {
		t.Fatal(err)
	}
	o := f.pins()
	o.Witness = []string{vkey}
	if _, err := Verify(bytes.NewReader(raw), o); fault.Code(err) != "bundle-checkpoint" {
		t.Errorf("without the witness: %v", err)
	}
	witnessed := f.resealed(raw, func(b *bundle) {
		n, err := note.Open([]byte(b.Checkpoint), note.VerifierList(f.store.keys.open...))
		if err != nil {
			t.Fatal(err)
		}
		signed, err := note.Sign(n, w)
		if err != nil {
			t.Fatal(err)
		}
		b.Checkpoint = string(signed)
	})
	r, err := Verify(bytes.NewReader(witnessed), o)
	if err != nil || len(r.Witnesses) != 1 {
		t.Errorf("%+v, %v", r, err)
	}
}

// TestKeyRotation: after a change of key, bundles verify with the new key, and
// the checkpoint still bears the former one.
func TestKeyRotation(t *testing.T) {
	f := bundled(t, dbtest.SQLite(t))
	rotate(t, f.Dir)
	after := reopen(t, f.DB, f.Dir)
	after.append("case", 1)
	after.seal()
	raw := after.exported("case")
	if _, err := Verify(bytes.NewReader(raw), after.pins()); err != nil {
		t.Error(err)
	}
	if _, err := Verify(bytes.NewReader(raw), f.pins()); fault.Code(err) != "bundle-seal" {
		t.Errorf("the seal is by the former key: %v", err)
	}
	if _, err := note.Open(mustCheckpoint(t, after), note.VerifierList(f.store.keys.open[0])); err != nil {
		t.Errorf("the former key no longer signs: %v", err)
	}
}

func TestExportNothing(t *testing.T) {
	f := newFixture(t, dbtest.SQLite(t))
	if err := f.Export(t.Context(), &bytes.Buffer{}, "incident", "x"); fault.Code(err) != "no-acts" {
		t.Error(err)
	}
}

// handMade is a bundle of two acts in a log of two leaves, made without a
// database or a tree.
func handMade(f *testing.F) (*fixture, []byte) {
	k, err := loadKeys(f.TempDir(), testOrigin, false)
	if err != nil {
		f.Fatal(err)
	}
	fix := &fixture{Log: &Log{store: &store{keys: k, origin: testOrigin}}, t: f}
	b := &bundle{Format: bundleFormat, Origin: testOrigin, Subject: bundleSubject{"t", "s"}, Exported: 1, Keys: k.vkeys}
	var leaves [][]byte
	for i := range 2 {
		a, salt := smallAct(), make([]byte, saltSize)
		a.ID += fmt.Sprint(i)
		body := a.AppendBody(nil)
		leaf := leafOf(salt, body)
		leaves = append(leaves, rfc6962.DefaultHasher.HashLeaf(leaf[:]))
		b.Acts = append(b.Acts, sealedAct{Index: int64(i), Salt: base64.StdEncoding.EncodeToString(salt), Body: string(body)})
	}
	for i := range b.Acts {
		b.Acts[i].Proof = []string{base64.StdEncoding.EncodeToString(leaves[1-i])}
	}
	root := rfc6962.DefaultHasher.HashChildren(leaves[0], leaves[1])
	b.Checkpoint = fix.signed(testOrigin + "\n2\n" + base64.StdEncoding.EncodeToString(root) + "\n")
	return fix, fix.sealedBundle(b)
}

// FuzzVerify holds that nothing but the bundle itself is believed.
func FuzzVerify(f *testing.F) {
	fix, raw := handMade(f)
	o := fix.pins()
	f.Add(raw)
	f.Add(fix.resealed(raw, func(b *bundle) { b.Acts = nil }))
	f.Fuzz(func(t *testing.T, in []byte) {
		r, err := Verify(bytes.NewReader(in), o)
		if err != nil && !fault.Is(err, fault.Invalid) {
			t.Errorf("another kind of error: %v", err)
		}
		if err == nil && r.Acts > 0 && !bytes.Equal(in, raw) {
			t.Errorf("believed: %q", in)
		}
	})
}

// FuzzVerifySealed lets a dishonest keeper of the log seal what he likes: an
// act that is believed must be one of those in the log.
func FuzzVerifySealed(f *testing.F) {
	fix, raw := handMade(f)
	o := fix.pins()
	b, _, err := parseBundle(raw)
	if err != nil {
		f.Fatal(err)
	}
	for _, a := range b.Acts {
		f.Add(a.Index, a.Salt, a.Body, strings.Join(a.Proof, " "))
	}
	f.Fuzz(func(t *testing.T, index int64, salt, body, path string) {
		forged := *b
		forged.Acts = []sealedAct{{Index: index, Salt: salt, Body: body, Proof: strings.Fields(path)}}
		if _, err := Verify(bytes.NewReader((&fixture{Log: fix.Log, t: t}).sealedBundle(&forged)), o); err != nil {
			return
		}
		for _, a := range b.Acts {
			if a.Index == index && a.Body == body && a.Salt == salt {
				return
			}
		}
		t.Errorf("believed: %+v", forged.Acts)
	})
}
