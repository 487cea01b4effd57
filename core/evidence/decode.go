package evidence

import (
	"encoding/hex"
	"strconv"
	"strings"

	"chengshu/kernel/fault"
)

// ParseBody reads the canonical form of an act. Anything that AppendBody would
// not have written, byte for byte, is a fault of kind Invalid: code "bad-body"
// for the form, "bad-act" for the limits.
func ParseBody(body []byte) (Act, error) {
	d := decoder{in: body}
	a := d.act()
	if d.failed || d.at != len(body) {
		return Act{}, fault.New(fault.Invalid, "bad-body",
			"行为记录不是规范形式（第"+strconv.Itoa(d.at)+"字节附近）",
			"the act is not in canonical form, near byte "+strconv.Itoa(d.at))
	}
	if err := a.check(); err != nil {
		return Act{}, err
	}
	return a, nil
}

// decoder walks over the canonical form, which has one spelling only: each
// step either finds what must stand there or fails for good.
type decoder struct {
	in     []byte
	at     int
	failed bool
}

func (d *decoder) act() (a Act) {
	d.want(`{"v":1,"id":`)
	a.ID = d.text()
	d.want(`,"at":`)
	a.At = d.integer()
	d.member("verb", &a.Verb)
	d.want(`,"actor":{`)
	d.member("person", &a.Actor.Person)
	d.member("org", &a.Actor.Org)
	d.member("post", &a.Actor.Post)
	d.member("via", &a.Actor.Via)
	d.want(`},"subject":{`)
	d.member("type", &a.Subject.Type)
	d.member("id", &a.Subject.ID)
	if d.key("rev") {
		a.Subject.Rev = d.integer()
		d.failed = d.failed || a.Subject.Rev == 0
	}
	d.digest("digest", &a.Subject.Digest)
	d.want(`}`)
	d.list("changed", &a.Changed)
	d.member("from", &a.From)
	d.member("to", &a.To)
	d.member("grant", &a.Grant)
	d.member("basis", &a.Basis)
	d.member("purpose", &a.Purpose)
	d.member("request", &a.Request)
	d.list("effects", &a.Effects)
	d.member("cause", &a.Cause)
	d.digest("subjects", &a.Subjects)
	if d.key("within") {
		a.Within = d.integer()
		d.failed = d.failed || a.Within == 0
	}
	d.digest("note", &a.Note)
	d.want(`}`)
	return a
}

// has steps over s if it stands here.
func (d *decoder) has(s string) bool {
	if d.failed || len(d.in)-d.at < len(s) || string(d.in[d.at:d.at+len(s)]) != s {
		return false
	}
	d.at += len(s)
	return true
}

func (d *decoder) want(s string) {
	if !d.has(s) {
		d.failed = true
	}
}

// key steps over the name of an optional member if it stands here.
func (d *decoder) key(name string) bool {
	if d.failed || d.at == 0 {
		return false
	}
	start := d.at
	if d.in[d.at-1] != '{' && !d.has(",") {
		return false
	}
	if d.has(`"`) && d.has(name) && d.has(`":`) {
		return true
	}
	d.at = start
	return false
}

func (d *decoder) member(name string, to *string) {
	if !d.key(name) {
		return
	}
	*to = d.text()
	d.failed = d.failed || *to == ""
}

func (d *decoder) digest(name string, to *Digest) {
	if !d.key(name) {
		return
	}
	s := d.text()
	n, err := hex.Decode(to[:], []byte(s[:min(len(s), 2*len(to))]))
	if err != nil || n != len(to) || to.String() != s {
		d.failed = true
	}
}

func (d *decoder) list(name string, to *[]string) {
	if !d.key(name) {
		return
	}
	d.want("[")
	for !d.failed {
		*to = append(*to, d.text())
		if !d.has(",") {
			break
		}
	}
	d.want("]")
}

// integer reads a decimal without sign, leading zeros, fraction or exponent.
func (d *decoder) integer() int64 {
	start := d.at
	for d.at < len(d.in) && d.in[d.at] >= '0' && d.in[d.at] <= '9' {
		d.at++
	}
	s := string(d.in[start:d.at])
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || (len(s) > 1 && s[0] == '0') {
		d.failed = true
	}
	return n
}

// text reads a JSON string that holds only the escapes appendString writes.
func (d *decoder) text() string {
	d.want(`"`)
	start := d.at
	for i := d.at; i < len(d.in) && !d.failed; i++ {
		switch c := d.in[i]; {
		case c == '"':
			d.at = i + 1
			return string(d.in[start:i])
		case c == '\\':
			return d.escaped(start, i)
		case c < ' ':
			d.failed = true
		}
	}
	d.failed = true
	return ""
}

// escaped reads on from the first backslash of a string, at i.
func (d *decoder) escaped(start, i int) string {
	var b strings.Builder
	b.Write(d.in[start:i])
	d.at = i
	for d.at < len(d.in) {
		switch c := d.in[d.at]; {
		case c == '"':
			d.at++
			return b.String()
		case c == '\\':
			b.WriteByte(d.escape())
		case c < ' ':
			d.failed = true
		default:
			b.WriteByte(c)
			d.at++
		}
		if d.failed {
			return ""
		}
	}
	d.failed = true
	return ""
}

func (d *decoder) escape() byte {
	switch {
	case d.has(`\"`):
		return '"'
	case d.has(`\\`):
		return '\\'
	case d.has(`\u00`) && d.at+2 <= len(d.in):
		var c [1]byte
		digits := string(d.in[d.at : d.at+2])
		if _, err := hex.Decode(c[:], []byte(digits)); err == nil && c[0] < ' ' && digits == hex.EncodeToString(c[:]) {
			d.at += 2
			return c[0]
		}
	}
	d.failed = true
	return 0
}
