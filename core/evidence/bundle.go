package evidence

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"slices"
	"strconv"
)

// A bundle is one JSON object with exactly one spelling: the members in the
// order below, one act to a line, no other white space, a line feed at the end.
// Verify writes what it has read once more and wants the same bytes, so that
// no byte of a bundle is without meaning.
//
// The seal is a signed note by the log's primary key over the SHA-256 of all
// that stands before it. The Merkle proofs show that the acts are in the log;
// the seal shows what only the log's keeper can state: that these are all the
// acts on the subject, when each was sealed, and which were not yet.
type bundle struct {
	Format     string         `json:"format"`
	Origin     string         `json:"origin"`
	Subject    bundleSubject  `json:"subject"`
	Exported   int64          `json:"exported"`   // ms UTC
	Checkpoint string         `json:"checkpoint"` // a signed note
	Keys       []string       `json:"keys"`       // for information: who verifies brings the keys
	Acts       []sealedAct    `json:"acts"`       // by rising index
	Unsealed   []*unsealedAct `json:"unsealed"`   // not in the log yet: nothing proves them
	Seal       string         `json:"seal"`       // a signed note
}

type bundleSubject struct {
	Type string `json:"type"`
	ID   string `json:"id"`
}

// sealedAct is an act with what proves it to be in the log.
type sealedAct struct {
	Index  int64    `json:"index"`  // of its leaf
	Sealed int64    `json:"sealed"` // when, ms UTC, as the log's keeper states
	Salt   string   `json:"salt"`   // base64
	Body   string   `json:"body"`   // canonical JSON, see Act.AppendBody
	Proof  []string `json:"proof"`  // RFC 6962 inclusion proof, base64, from the leaf up
}

type unsealedAct struct {
	Salt string `json:"salt"`
	Body string `json:"body"`
}

const (
	bundleFormat = "chengshu-evidence/1"
	sealMember   = "\n],\"seal\":"
	sealTitle    = "chengshu evidence bundle v1"
)

// sealText is the text of the seal's note. Its first line is not the origin,
// so that it can never pass for a checkpoint.
func sealText(origin string, digest Digest) string {
	return sealTitle + "\n" + origin + "\n" + base64.StdEncoding.EncodeToString(digest[:]) + "\n"
}

// appendHead writes all that stands before the acts.
func (b *bundle) appendHead(to []byte) []byte {
	to = append(to, `{"format":`...)
	to = appendString(to, b.Format)
	to = append(to, ",\"origin\":"...)
	to = appendString(to, b.Origin)
	to = append(to, ",\"subject\":{\"type\":"...)
	to = appendString(to, b.Subject.Type)
	to = append(to, ",\"id\":"...)
	to = appendString(to, b.Subject.ID)
	to = append(to, "},\"exported\":"...)
	to = strconv.AppendInt(to, b.Exported, 10)
	to = append(to, ",\"checkpoint\":"...)
	to = appendString(to, b.Checkpoint)
	to = append(to, ",\"keys\":"...)
	to = appendStrings(to, b.Keys)
	return append(to, ",\"acts\":["...)
}

// appendTo writes an act; first says that none stands before it.
func (a *sealedAct) appendTo(to []byte, first bool) []byte {
	to = appendComma(to, first)
	to = append(to, "\n{\"index\":"...)
	to = strconv.AppendInt(to, a.Index, 10)
	to = append(to, ",\"sealed\":"...)
	to = strconv.AppendInt(to, a.Sealed, 10)
	to = append(to, ",\"salt\":"...)
	to = appendString(to, a.Salt)
	to = append(to, ",\"body\":"...)
	to = appendString(to, a.Body)
	to = append(to, ",\"proof\":"...)
	to = appendStrings(to, a.Proof)
	return append(to, '}')
}

const actsEnd = "\n],\"unsealed\":["

func (a *unsealedAct) appendTo(to []byte, first bool) []byte {
	to = appendComma(to, first)
	to = append(to, "\n{\"salt\":"...)
	to = appendString(to, a.Salt)
	to = append(to, ",\"body\":"...)
	to = appendString(to, a.Body)
	return append(to, '}')
}

func appendComma(to []byte, first bool) []byte {
	if first {
		return to
	}
	return append(to, ',')
}

func appendStrings(to []byte, list []string) []byte {
	to = append(to, '[')
	for i, s := range list {
		to = appendString(appendComma(to, i == 0), s)
	}
	return append(to, ']')
}

// appendSeal writes the seal and the end.
func appendSeal(to []byte, seal string) []byte {
	to = append(to, sealMember...)
	to = appendString(to, seal)
	return append(to, "}\n"...)
}

// pieces writes the part of the bundle that its seal is over, bit by bit.
func (b *bundle) pieces(write func([]byte)) {
	var buf []byte
	put := func(piece []byte) {
		write(piece)
		buf = piece[:0]
	}
	put(b.appendHead(buf))
	for i := range b.Acts {
		put(b.Acts[i].appendTo(buf, i == 0))
	}
	put(append(buf, actsEnd...))
	for i := range b.Unsealed {
		put(b.Unsealed[i].appendTo(buf, i == 0))
	}
}

// parseBundle reads a bundle and returns it with the digest its seal must be
// over. Whatever Export would not have written is refused.
func parseBundle(raw []byte) (*bundle, Digest, error) {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	b := &bundle{}
	if err := d.Decode(b); err != nil {
		return nil, Digest{}, refuse("bundle-syntax", "不是存证文件", "not an evidence bundle: "+err.Error())
	}
	if b.Format != bundleFormat {
		return nil, Digest{}, refuse("bundle-format", "存证文件版本不支持", "the format is not "+bundleFormat)
	}
	if slices.Contains(b.Unsealed, nil) {
		return nil, Digest{}, refuse("bundle-syntax", "不是存证文件", "an unsealed act is null")
	}
	rest, same, digest := raw, true, sha256.New()
	b.pieces(func(piece []byte) {
		digest.Write(piece)
		after, ok := bytes.CutPrefix(rest, piece)
		rest, same = after, same && ok
	})
	if !same || !bytes.Equal(appendSeal(nil, b.Seal), rest) {
		return nil, Digest{}, refuse("bundle-form", "存证文件不是规范形式，可能被改动", "the bundle is not in its canonical form; it may have been altered")
	}
	return b, Digest(digest.Sum(nil)), nil
}
