package evidence

import (
	"encoding/hex"
	"strconv"
)

// AppendBody appends the canonical form of a to b: JSON of version 1 with the
// members in one fixed order, empty ones left out, no white space, and no
// escapes but \" \\ and \u00xx for control characters. ParseBody reads back
// exactly what this writes and nothing else.
func (a *Act) AppendBody(b []byte) []byte {
	b = append(b, `{"v":1,"id":`...)
	b = appendString(b, a.ID)
	b = append(b, `,"at":`...)
	b = strconv.AppendInt(b, a.At, 10)
	b = appendMember(b, "verb", a.Verb)
	b = append(b, `,"actor":{`...)
	b = appendMember(b, "person", a.Actor.Person)
	b = appendMember(b, "org", a.Actor.Org)
	b = appendMember(b, "post", a.Actor.Post)
	b = appendMember(b, "via", a.Actor.Via)
	b = append(b, `},"subject":{`...)
	b = appendMember(b, "type", a.Subject.Type)
	b = appendMember(b, "id", a.Subject.ID)
	if a.Subject.Rev != 0 {
		b = append(b, `,"rev":`...)
		b = strconv.AppendInt(b, a.Subject.Rev, 10)
	}
	b = appendDigest(b, "digest", &a.Subject.Digest)
	b = append(b, '}')
	b = appendList(b, "changed", a.Changed)
	b = appendMember(b, "from", a.From)
	b = appendMember(b, "to", a.To)
	b = appendMember(b, "grant", a.Grant)
	b = appendMember(b, "basis", a.Basis)
	b = appendMember(b, "purpose", a.Purpose)
	b = appendMember(b, "request", a.Request)
	b = appendList(b, "effects", a.Effects)
	b = appendMember(b, "cause", a.Cause)
	b = appendDigest(b, "subjects", &a.Subjects)
	if a.Within != 0 {
		b = append(b, `,"within":`...)
		b = strconv.AppendInt(b, a.Within, 10)
	}
	b = appendDigest(b, "note", &a.Note)
	return append(b, '}')
}

// appendKey writes the name of a member, after a comma unless it is the first.
func appendKey(b []byte, key string) []byte {
	if b[len(b)-1] != '{' {
		b = append(b, ',')
	}
	b = append(b, '"')
	b = append(b, key...)
	return append(b, '"', ':')
}

func appendMember(b []byte, key, value string) []byte {
	if value == "" {
		return b
	}
	return appendString(appendKey(b, key), value)
}

func appendDigest(b []byte, key string, d *Digest) []byte {
	if d.IsZero() {
		return b
	}
	b = append(appendKey(b, key), '"')
	b = hex.AppendEncode(b, d[:])
	return append(b, '"')
}

func appendList(b []byte, key string, list []string) []byte {
	if len(list) == 0 {
		return b
	}
	b = append(appendKey(b, key), '[')
	for i, s := range list {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendString(b, s)
	}
	return append(b, ']')
}

// appendString writes valid UTF-8 as a JSON string.
func appendString(b []byte, s string) []byte {
	b = append(b, '"')
	start := 0
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c >= ' ' && c != '"' && c != '\\' {
			continue
		}
		b = append(b, s[start:i]...)
		start = i + 1
		if c >= ' ' {
			b = append(b, '\\', c)
			continue
		}
		const digits = "0123456789abcdef"
		b = append(b, '\\', 'u', '0', '0', digits[c>>4], digits[c&15])
	}
	b = append(b, s[start:]...)
	return append(b, '"')
}
