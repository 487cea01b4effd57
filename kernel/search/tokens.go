package search

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

const (
	maxWord = 40     // runes after which a word is cut, in texts and in queries alike
	maxText = 64_000 // bytes of a text that are indexed
)

// Tokens returns what text is indexed under, in order: each pair of neighbours
// in a stretch of Han characters, the last character of the stretch, and words
// of letters and digits, all folded to NFKC and lower case. What comes after
// the first 64,000 bytes of text is left out.
//
// The last character ends each stretch so that a search for one character
// finds it too, and so that pairs of two stretches never stand side by side.
func Tokens(text string) []string {
	var out []string
	for _, r := range runs(head(text, maxText)) {
		if r.han {
			out = append(out, pairs(r.text)...)
			_, n := utf8.DecodeLastRuneInString(r.text)
			out = append(out, r.text[len(r.text)-n:])
		} else {
			out = append(out, cut(r.text))
		}
	}
	return out
}

// pairs returns each two neighbouring characters of s.
func pairs(s string) []string {
	out := make([]string, 0, len(s)/3)
	_, first := utf8.DecodeRuneInString(s)
	for i, end := 0, first; end < len(s); {
		_, second := utf8.DecodeRuneInString(s[end:])
		out = append(out, s[i:end+second])
		i, end = end, end+second
	}
	return out
}

// run is a stretch of one kind of writing.
type run struct {
	text string
	han  bool // written without blanks between words
}

// runs splits text into stretches of Han (and kana and hangul) characters and
// words of letters and digits. Everything else separates.
func runs(text string) []run {
	text = strings.ToLower(norm.NFKC.String(strings.ToValidUTF8(text, " ")))
	var out []run
	start, now := 0, separator
	for i, r := range text {
		k := kindOf(r)
		if k == now || k == mark && now == word {
			continue
		}
		if now == word || now == han {
			out = append(out, run{text[start:i], now == han})
		}
		start, now = i, k
	}
	if now == word || now == han {
		out = append(out, run{text[start:], now == han})
	}
	return out
}

type kind byte

const (
	separator kind = iota
	word
	han
	mark // an accent: belongs to the word it follows, separates elsewhere
)

func kindOf(r rune) kind {
	switch {
	case r < utf8.RuneSelf:
		if 'a' <= r && r <= 'z' || '0' <= r && r <= '9' {
			return word
		}
		return separator
	case 0x4e00 <= r && r <= 0x9fff:
		return han
	case unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul):
		return han
	case unicode.IsLetter(r) || unicode.IsDigit(r):
		return word
	case unicode.IsMark(r):
		return mark
	}
	return separator
}

// cut returns at most maxWord runes of s.
func cut(s string) string {
	if len(s) <= maxWord {
		return s
	}
	n := 0
	for i := range s {
		if n++; n > maxWord {
			return s[:i]
		}
	}
	return s
}

// head returns at most n bytes of s, cut between characters.
func head(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

const hexDigits = "0123456789abcdef"

// scopeToken returns the token of a scope: "_" and the scope, of which all but
// lower-case letters and digits is written as _ and two hexadecimal digits a
// byte. No text has a token with "_", and no two scopes share one.
func scopeToken(scope string) string {
	b := make([]byte, 1, len(scope)+8)
	b[0] = '_'
	for i := range len(scope) {
		c := scope[i]
		if 'a' <= c && c <= 'z' || '0' <= c && c <= '9' {
			b = append(b, c)
		} else {
			b = append(b, '_', hexDigits[c>>4], hexDigits[c&15])
		}
	}
	return string(b)
}
