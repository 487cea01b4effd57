package evidence

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"chengshu/kernel/fault"

	cosign "github.com/transparency-dev/formats/note"
	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"
	"golang.org/x/mod/sumdb/note"
)

// VerifyOptions say whom to believe. Keys are public keys (vkeys) that the
// verifier got some other way than from the bundle.
type VerifyOptions struct {
	Key      []string // Ed25519 keys of the log; at least one, one of which must have signed
	SM2Key   []string // when given, one of these must have signed the checkpoint too
	Witness  []string // when given, each of these must have cosigned the checkpoint
	MaxBytes int64    // largest bundle to read; 0 means 256 MiB
}

const maxBundle = 256 << 20

// refuse is the fault of a bundle that cannot be believed.
func refuse(code, zh, en string) error { return fault.New(fault.Invalid, code, zh, en) }

// Verify checks a bundle offline. It returns a report only when everything in
// the bundle holds: its form, the seal over all of it, the checkpoint's
// signatures by the given keys, the proof of each act, and the order and
// subject of the acts. Otherwise the error is a fault of kind Invalid whose
// code says what does not hold: bundle-size, bundle-syntax, bundle-format,
// bundle-form, bundle-key (the keys given are no keys), bundle-seal,
// bundle-checkpoint, bundle-act, bundle-proof or bundle-revision.
func Verify(r io.Reader, o VerifyOptions) (Report, error) {
	if o.MaxBytes <= 0 {
		o.MaxBytes = maxBundle
	}
	raw, err := io.ReadAll(io.LimitReader(r, o.MaxBytes+1))
	if err != nil {
		return Report{}, fault.Wrap(err, fault.Unavailable, "bundle-unreadable", "存证文件无法读取", "the bundle cannot be read")
	}
	if int64(len(raw)) > o.MaxBytes {
		return Report{}, refuse("bundle-size", "存证文件过大", fmt.Sprintf("the bundle is larger than %d bytes", o.MaxBytes))
	}
	keys, err := pinned(o)
	if err != nil {
		return Report{}, err
	}
	b, digest, err := parseBundle(raw)
	if err != nil {
		return Report{}, err
	}
	if err := checkSeal(b, digest, keys.log); err != nil {
		return Report{}, err
	}
	v := verifier{b: b, ids: map[string]bool{}, revs: map[int64]Digest{}}
	v.report = Report{Origin: b.Origin, SubjectType: b.Subject.Type, SubjectID: b.Subject.ID, Exported: b.Exported}
	if err := v.checkpoint(keys); err != nil {
		return Report{}, err
	}
	if err := v.acts(); err != nil {
		return Report{}, err
	}
	v.revisions()
	return v.report, nil
}

// pins are the verifiers of the given keys.
type pins struct {
	log, sm2, witness []note.Verifier
}

func pinned(o VerifyOptions) (p pins, err error) {
	bad := func(err error) error {
		return fault.Wrap(err, fault.Invalid, "bundle-key", "给定的公钥无效", "a given key is not valid: "+err.Error())
	}
	if len(o.Key) == 0 {
		return p, bad(errors.New("at least one Ed25519 key of the log is needed"))
	}
	for _, list := range []struct {
		vkeys []string
		parse func(string) (note.Verifier, error)
		to    *[]note.Verifier
	}{{o.Key, note.NewVerifier, &p.log}, {o.SM2Key, parseSM2Key, &p.sm2}, {o.Witness, cosign.NewVerifierForCosignatureV1, &p.witness}} {
		vkeys := slices.Clone(list.vkeys)
		slices.Sort(vkeys)
		for _, vkey := range slices.Compact(vkeys) {
			v, err := list.parse(strings.TrimSpace(vkey))
			if err != nil && list.to == &p.log && isSM2Key(strings.TrimSpace(vkey)) {
				return p, fault.Wrap(err, fault.Invalid, "bundle-key", "所给的是国密 SM2 公钥，应放在 --sm2-key；--key 须为 Ed25519 公钥",
					"this is an SM2 key: give it as --sm2-key; --key takes the Ed25519 key")
			}
			if err != nil {
				return p, bad(fmt.Errorf("%q: %w", vkey, err))
			}
			*list.to = append(*list.to, v)
		}
	}
	return p, nil
}

// checkSeal makes sure that a pinned key sealed exactly these bytes.
func checkSeal(b *bundle, digest Digest, keys []note.Verifier) error {
	n, err := note.Open([]byte(b.Seal), note.VerifierList(keys...))
	if err != nil {
		return refuse("bundle-seal", "封印签名验证失败：不是指定密钥所签，或内容被改动",
			"no given key has sealed this bundle, or it was altered: "+err.Error())
	}
	if len(n.Sigs) != 1 || len(n.UnverifiedSigs) != 0 || n.Text != sealText(b.Origin, digest) || n.Sigs[0].Name != b.Origin {
		return refuse("bundle-seal", "封印与内容不符，内容被改动", "the seal is over other content: the bundle was altered")
	}
	if canonicalNote(n) != b.Seal {
		return refuse("bundle-seal", "封印不是规范形式", "the seal is not in its canonical form")
	}
	return nil
}

// canonicalNote writes a note with one signature the one way it can be written.
func canonicalNote(n *note.Note) string {
	s := n.Sigs[0]
	raw, err := base64.StdEncoding.DecodeString(s.Base64)
	if err != nil {
		return ""
	}
	return n.Text + "\n— " + s.Name + " " + base64.StdEncoding.EncodeToString(raw) + "\n"
}

// verifier goes through one bundle whose seal holds.
type verifier struct {
	b      *bundle
	cp     checkpoint
	ids    map[string]bool
	revs   map[int64]Digest // the digest of each revision that an act states
	report Report
}

// checkpoint makes sure that the right keys signed the checkpoint.
func (v *verifier) checkpoint(p pins) error {
	bad := func(zh, en string) error { return refuse("bundle-checkpoint", zh, en) }
	n, err := note.Open([]byte(v.b.Checkpoint), note.VerifierList(slices.Concat(p.log, p.sm2, p.witness)...))
	if err != nil {
		return bad("检查点签名验证失败", "the checkpoint's signatures do not verify: "+err.Error())
	}
	signed := func(by note.Verifier) bool {
		return slices.ContainsFunc(n.Sigs, func(s note.Signature) bool { return s.Name == by.Name() && s.Hash == by.KeyHash() })
	}
	if !slices.ContainsFunc(p.log, signed) {
		return bad("检查点没有指定密钥的签名", "no given Ed25519 key has signed the checkpoint")
	}
	if len(p.sm2) > 0 && !slices.ContainsFunc(p.sm2, signed) {
		return bad("检查点没有指定国密密钥的签名", "no given SM2 key has signed the checkpoint")
	}
	for _, w := range p.witness {
		if !signed(w) {
			return bad("检查点缺少见证人"+w.Name()+"的签名", "the witness "+w.Name()+" has not cosigned the checkpoint")
		}
		v.report.Witnesses = append(v.report.Witnesses, w.Name())
	}
	if v.cp, err = parseCheckpoint([]byte(v.b.Checkpoint), n.Text, v.b.Origin); err != nil {
		return bad("检查点内容无效", "the checkpoint: "+err.Error())
	}
	for _, s := range n.Sigs {
		v.report.SignedBy = append(v.report.SignedBy, fmt.Sprintf("%s+%08x", s.Name, s.Hash))
	}
	v.report.SM2 = len(p.sm2) > 0
	v.report.LogSize, v.report.Root = v.cp.size, base64.StdEncoding.EncodeToString(v.cp.root)
	return nil
}

// acts checks every act, sealed or not.
func (v *verifier) acts() error {
	before := int64(-1)
	for i := range v.b.Acts {
		s := &v.b.Acts[i]
		if s.Index <= before {
			return refuse("bundle-act", "存证记录的顺序有误或重复", fmt.Sprintf("act %d is out of order or stands twice", i))
		}
		before = s.Index
		a, leaf, err := v.act(i, s.Salt, s.Body)
		if err != nil {
			return err
		}
		if err := v.inclusion(s, leaf); err != nil {
			return refuse("bundle-proof", fmt.Sprintf("第%d条记录不在日志中", i+1), fmt.Sprintf("act %d (leaf %d, id %s) is not in the log: %v", i, s.Index, a.ID, err))
		}
		v.report.count(&a, s.Sealed)
	}
	for i, u := range v.b.Unsealed {
		a, _, err := v.act(len(v.b.Acts)+i, u.Salt, u.Body)
		if err != nil {
			return err
		}
		v.report.Unsealed = append(v.report.Unsealed, a.ID)
	}
	return nil
}

// act reads one act and checks what it says of itself.
func (v *verifier) act(i int, salt64, body string) (Act, Digest, error) {
	bad := func(zh, en string) (Act, Digest, error) {
		return Act{}, Digest{}, refuse("bundle-act", fmt.Sprintf("第%d条记录%s", i+1, zh), fmt.Sprintf("act %d %s", i, en))
	}
	salt, err := base64.StdEncoding.Strict().DecodeString(salt64)
	if err != nil || len(salt) != saltSize {
		return bad("的盐值无效", "has no valid salt")
	}
	a, err := ParseBody([]byte(body))
	if err != nil {
		return bad("内容无效", "cannot be read: "+err.Error())
	}
	if a.Subject.Type != v.b.Subject.Type || a.Subject.ID != v.b.Subject.ID {
		return bad("属于另一事项", "is on another subject")
	}
	if v.ids[a.ID] {
		return bad("重复", "stands twice: "+a.ID)
	}
	v.ids[a.ID] = true
	if rev := a.Subject.Rev; rev > 0 {
		known, ok := v.revs[rev]
		if ok && !known.IsZero() && !a.Subject.Digest.IsZero() && known != a.Subject.Digest {
			return Act{}, Digest{}, refuse("bundle-revision", fmt.Sprintf("第%d版有两种内容", rev), fmt.Sprintf("revision %d has two contents", rev))
		}
		if known.IsZero() {
			v.revs[rev] = a.Subject.Digest
		}
	}
	return a, leafOf(salt, []byte(body)), nil
}

// inclusion checks the Merkle proof of a leaf against the checkpoint.
func (v *verifier) inclusion(s *sealedAct, leaf Digest) error {
	path := make([][]byte, len(s.Proof))
	for i, p := range s.Proof {
		h, err := base64.StdEncoding.Strict().DecodeString(p)
		if err != nil || len(h) != sha256.Size {
			return errors.New("the proof holds something that is no hash")
		}
		path[i] = bytes.Clone(h)
	}
	hasher := rfc6962.DefaultHasher
	err := proof.VerifyInclusion(hasher, uint64(s.Index), v.cp.size, hasher.HashLeaf(leaf[:]), path, v.cp.root)
	if other, ok := errors.AsType[proof.RootMismatchError](err); ok {
		return fmt.Errorf("it leads to the root %x, the checkpoint has %x", other.CalculatedRoot, other.ExpectedRoot)
	}
	return err
}

// revisions notes whether the acts account for every revision from the first
// to the last.
func (v *verifier) revisions() {
	if len(v.revs) == 0 {
		return
	}
	r := &v.report
	for rev := range v.revs {
		r.LastRevision = max(r.LastRevision, rev)
	}
	// A revision is at most as high as there are acts, unless some are missing.
	for rev := int64(1); rev <= r.LastRevision && len(r.MissingRevisions) < 100; rev++ {
		if _, ok := v.revs[rev]; !ok {
			r.MissingRevisions = append(r.MissingRevisions, rev)
		}
	}
}
