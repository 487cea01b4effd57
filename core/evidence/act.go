package evidence

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"unicode/utf8"

	"chengshu/kernel/fault"
)

// Act is one thing that was done. Every string but Basis and Purpose is an
// identifier or a name from a declaration; values of fields never appear.
type Act struct {
	ID       string   // UUIDv7; Append fills it when empty
	At       int64    // milliseconds since 1970 UTC; Append fills it when zero
	Verb     string   // what was done: "incident.assign"
	Actor    Actor    // who did it; all empty when the program itself did
	Subject  Subject  // to what
	Changed  []string // names of the fields that changed
	From, To string   // states of a case before and after
	Grant    string   // the grant that permitted it
	Basis    string   // the legal basis of that grant
	Purpose  string   // the purpose the actor stated
	Request  string   // id of the HTTP request
	Effects  []string // names of the effects that were caused
	Cause    string   // id of the act that caused this one
	Subjects Digest   // for a reading: digest of the persons read (SubjectsDigest)
	Within   int64    // for a reading: for how many ms it stands for further readings that are like it in everything
	Note     Digest   // digest of the note the actor left
}

// Actor is who acts: a person in a post of an organisation through a client.
type Actor struct {
	Person, Org, Post, Via string
}

// Subject is the record or case acted on, at one revision. Digest is that of
// the revision's canonical JSON; Rev counts from 1 and is 0 when the act is
// about no single revision.
type Subject struct {
	Type, ID string
	Rev      int64
	Digest   Digest
}

// Digest is a SHA-256 digest; all zero means absent.
type Digest [sha256.Size]byte

// DigestOf returns the SHA-256 digest of b.
func DigestOf(b []byte) Digest { return sha256.Sum256(b) }

// IsZero reports whether the digest is absent.
func (d Digest) IsZero() bool { return d == Digest{} }

// String returns the digest in lower-case hexadecimal, "" when absent.
func (d Digest) String() string {
	if d.IsZero() {
		return ""
	}
	return hex.EncodeToString(d[:])
}

// Limits of an act. They keep a body far below the 64 KiB an entry of a page
// may take and make room for no document to hide in.
const (
	maxText = 1024 // bytes of Basis and of Purpose
	maxName = 128  // bytes of any other string
	maxList = 512  // names in Changed and in Effects
)

// check returns a fault of kind Invalid, code "bad-act", that names every
// member outside the limits.
func (a *Act) check() error {
	c := checker{}
	c.name("id", a.ID, true)
	c.token("verb", a.Verb, true)
	c.name("actor.person", a.Actor.Person, false)
	c.name("actor.org", a.Actor.Org, false)
	c.name("actor.post", a.Actor.Post, false)
	c.name("actor.via", a.Actor.Via, false)
	c.token("subject.type", a.Subject.Type, true)
	c.name("subject.id", a.Subject.ID, true)
	c.list("changed", a.Changed)
	c.token("from", a.From, false)
	c.token("to", a.To, false)
	c.name("grant", a.Grant, false)
	c.text("basis", a.Basis)
	c.text("purpose", a.Purpose)
	c.name("request", a.Request, false)
	c.list("effects", a.Effects)
	c.name("cause", a.Cause, false)
	if a.At < 0 {
		c.bad("at", "时间不能为负", "the time is negative")
	}
	if a.Within < 0 {
		c.bad("within", "时长不能为负", "the length of time is negative")
	}
	if a.Subject.Rev < 0 {
		c.bad("subject.rev", "版次不能为负", "the revision is negative")
	}
	if c.fault == nil {
		return nil
	}
	return c.fault
}

type checker struct{ fault *fault.Fault }

func (c *checker) bad(path, zh, en string) {
	if c.fault == nil {
		c.fault = fault.New(fault.Invalid, "bad-act", "行为记录不合规范", "the act is not well formed")
	}
	c.fault.With(path, zh, en)
}

// name accepts an identifier: valid UTF-8 without spaces or control characters.
func (c *checker) name(path, s string, required bool) {
	if c.size(path, s, maxName, required) {
		return
	}
	ascii := true
	for i := 0; i < len(s); i++ {
		if s[i] <= ' ' || s[i] == 0x7f {
			c.bad(path, "标识符含有空白或控制字符", "an identifier holds a space or a control character")
			return
		}
		ascii = ascii && s[i] < utf8.RuneSelf
	}
	if !ascii && !utf8.ValidString(s) {
		c.bad(path, "不是有效的UTF-8", "not valid UTF-8")
	}
}

// token accepts a name from a declaration: letters, digits and _ . - : / only,
// so that a value cannot pass for a name.
func (c *checker) token(path, s string, required bool) {
	if c.size(path, s, maxName, required) {
		return
	}
	for i := 0; i < len(s); i++ {
		if !isToken(s[i]) {
			c.bad(path, "名称只能含字母、数字和 _ . - : /", "a name holds letters, digits and _ . - : / only")
			return
		}
	}
}

func isToken(b byte) bool {
	switch {
	case b >= 'a' && b <= 'z', b >= 'A' && b <= 'Z', b >= '0' && b <= '9':
		return true
	}
	return b == '_' || b == '.' || b == '-' || b == ':' || b == '/'
}

func (c *checker) text(path, s string) {
	if c.size(path, s, maxText, false) {
		return
	}
	if !utf8.ValidString(s) || strings.IndexByte(s, 0) >= 0 {
		c.bad(path, "不是有效的文本", "not valid text")
	}
}

func (c *checker) list(path string, list []string) {
	if len(list) > maxList {
		c.bad(path, fmt.Sprintf("最多%d项", maxList), fmt.Sprintf("at most %d names", maxList))
		return
	}
	for _, s := range list {
		c.token(path, s, true)
	}
}

// size reports whether s needs no further look: it is empty, or at fault.
func (c *checker) size(path, s string, most int, required bool) bool {
	switch {
	case s == "" && required:
		c.bad(path, "不能为空", "it is empty")
	case len(s) > most:
		c.bad(path, fmt.Sprintf("超过%d字节", most), fmt.Sprintf("longer than %d bytes", most))
		return true
	}
	return s == ""
}
