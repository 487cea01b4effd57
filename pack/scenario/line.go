package scenario

import (
	"strings"

	"chengshu/core/decl"
	"chengshu/pack/syntax"
)

// line is one line of a scenario.
type line struct {
	no     int    // from 1
	indent int    // blanks before the text
	text   string // without indent, trailing comment and blanks
	raw    string // as written
}

// maxBytes limits a scenario's text; a longer one is no reading matter.
const maxBytes = 1 << 20

// split cuts text into lines. Blank lines and lines that are only a comment
// have no text.
func split(text []byte, file string, r *decl.Report) []line {
	if len(text) > maxBytes {
		r.Add(decl.Pos{File: file, Line: 1, Col: 1}, "场景超过 1 MiB", "the scenario is over 1 MiB")
		return nil
	}
	if !syntax.CheckText(text, file, r) {
		return nil
	}
	var out []line
	for i, raw := range strings.Split(strings.TrimPrefix(string(text), "\ufeff"), "\n") {
		raw = strings.TrimSuffix(raw, "\r")
		l := line{no: i + 1, raw: raw}
		trimmed := strings.TrimLeft(raw, " ")
		l.indent = len(raw) - len(trimmed)
		if strings.HasPrefix(trimmed, "\t") {
			r.Add(decl.Pos{File: file, Line: l.no, Col: l.indent + 1}, "缩进用了制表符（Tab），请改用空格", "a tab is used to indent; use spaces")
			trimmed = "" // Read on as if the line were blank.
			l.raw = ""
		}
		l.text = strings.TrimSpace(stripComment(trimmed))
		out = append(out, l)
	}
	return out
}

// stripComment cuts a comment: a # at the start or between blanks, outside
// quotes. Quotes count only where a value may begin, so that an apostrophe in
// a word is none.
func stripComment(s string) string {
	var quote byte
	for i := range len(s) {
		c := s[i]
		before := byte(' ')
		if i > 0 {
			before = s[i-1]
		}
		switch {
		case quote != 0:
			if c == quote && (before != '\\' || quote == '\'') {
				quote = 0
			}
		case (c == '"' || c == '\'') && strings.IndexByte(" [{(,:=", before) >= 0:
			quote = c
		case c == '#' && before == ' ' && (i+1 == len(s) || s[i+1] == ' ' || i == 0):
			return s[:i]
		}
	}
	return s
}

// word cuts the first word off s.
func word(s string) (first, rest string) {
	first, rest, _ = strings.Cut(strings.TrimSpace(s), " ")
	return first, strings.TrimSpace(rest)
}
