// Package syntax says in plain words, in Chinese and English, why a text is no
// YAML, at the line where a person must look. The parser's own messages name
// the line where the surrounding block began and speak of its inner states.
package syntax

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"chengshu/core/decl"
)

// hints explains the parser's messages in words that help a person who does
// not know YAML. The first entry whose text the message contains is used.
var hints = []struct{ in, zh, en string }{
	{"unexpected end of stream", "引号没有闭合", "a quote is opened and never closed"},
	{"expected ',' or ']'", "方括号 [ ] 没有闭合，或缺少逗号", "a bracket [ ] is not closed, or a comma is missing"},
	{"expected ',' or '}'", "花括号 { } 没有闭合，或缺少逗号", "a brace { } is not closed, or a comma is missing"},
	{"mapping values are not allowed", "此处不能再有冒号：检查缩进；值里含“: ”时请加引号", "a colon is not possible here: check the indentation, and quote a value that contains \": \""},
	{"could not find expected ':'", "键后缺少冒号和空格", "a colon and a space are missing after a key"},
	{"did not find expected", "缩进与上文不对齐，或引号之后还有文字", "the indentation does not match the lines above, or text follows a closing quote"},
	{"cannot start any token", "值不能以 @、`、% 等符号开头，请加引号", "a value cannot begin with @, ` or %; quote it"},
	{"unknown escape", "双引号中的反斜杠有特殊含义，请改用单引号", "a backslash is special in double quotes; use single quotes"},
	{"unknown anchor", "不支持 YAML 引用（*名称），请写全", "YAML aliases are not supported; write it out"},
	{"control characters", "含有不可见的控制字符，请删除", "an invisible control character is in the text; remove it"},
}

var lineInMessage = regexp.MustCompile(`line (\d+): `)

// Explain notes why the parser refused text with cause.
func Explain(text []byte, file string, cause error, r *decl.Report) {
	lines := bytes.SplitAfter(text, []byte("\n"))
	line := faultyLine(text, lines, cause)
	at := decl.Pos{File: file, Line: line, Col: 1}
	own := string(lines[line-1])
	if col := tabInIndent(own); col > 0 {
		at.Col = col
		r.Add(at, "缩进用了制表符（Tab），请改用空格", "a tab is used to indent; use spaces")
		return
	}
	if n := fullWidthColon(lines, line); n > 0 {
		at.Line = n
		r.Add(at, "用了全角冒号“：”，请改用半角冒号加空格“: ”", "a full-width colon \"：\" is used; write \": \"")
		return
	}
	msg := strings.TrimPrefix(cause.Error(), "yaml: ")
	msg = lineInMessage.ReplaceAllString(msg, "")
	for _, h := range hints {
		if strings.Contains(msg, h.in) {
			r.Add(at, h.zh, h.en)
			return
		}
	}
	r.Add(at, "YAML 写法有误："+msg, "not valid YAML: "+msg)
}

// faultyLine finds the line that breaks the text: the one after the longest
// run of whole lines that parses. The parser itself names the line where the
// surrounding block began, which may be far above.
func faultyLine(text []byte, lines [][]byte, cause error) int {
	if bad := firstBadByte(text); bad >= 0 {
		return 1 + bytes.Count(text[:bad], []byte("\n"))
	}
	if len(text) > 256<<10 { // Too slow to try prefixes; take the parser's word.
		if m := lineInMessage.FindStringSubmatch(cause.Error()); m != nil {
			n, _ := strconv.Atoi(m[1])
			return min(max(n, 1), len(lines))
		}
		return 1
	}
	ends := make([]int, len(lines)+1)
	for i, l := range lines {
		ends[i+1] = ends[i] + len(l)
	}
	good, bad := 0, len(lines)
	for good+1 < bad {
		mid := (good + bad) / 2
		if parses(text[:ends[mid]]) {
			good = mid
			continue
		}
		// A bracket that is closed a few lines on is no mistake.
		if k := closesLater(text, ends, mid, bad); k > 0 {
			good = k
			continue
		}
		bad = mid
	}
	return min(good+1, len(lines))
}

const lookAhead = 40 // lines that a bracket or quotation may span

func closesLater(text []byte, ends []int, from, before int) int {
	for k := from + 1; k < before && k <= from+lookAhead; k++ {
		if parses(text[:ends[k]]) {
			return k
		}
	}
	return 0
}

func parses(text []byte) bool {
	d := yaml.NewDecoder(bytes.NewReader(text))
	for {
		var n yaml.Node
		if err := d.Decode(&n); err != nil {
			return errors.Is(err, io.EOF)
		}
	}
}

// firstBadByte returns the offset of the first byte that is no UTF-8, or of the
// first control character or line break that editors do not show as one, or -1.
func firstBadByte(text []byte) int {
	for i := 0; i < len(text); {
		c, n := utf8.DecodeRune(text[i:])
		switch {
		case c == utf8.RuneError && n == 1, c == 0x7f, c == 0x85, c == 0x2028, c == 0x2029,
			c < ' ' && c != '\t' && c != '\n' && c != '\r',
			c == '\r' && (i+1 == len(text) || text[i+1] != '\n'):
			return i
		}
		i += n
	}
	return -1
}

// tabInIndent returns the column of a tab in the white space that begins a
// line, or 0.
func tabInIndent(line string) int {
	for i, c := range line {
		switch c {
		case ' ':
		case '\t':
			return i + 1
		default:
			return 0
		}
	}
	return 0
}

var wideColon = regexp.MustCompile(`^\s*[\p{L}\w-]+\s*：`)

func fullWidthColon(lines [][]byte, line int) int {
	for n := line; n >= 1 && n >= line-1; n-- {
		if wideColon.Match(lines[n-1]) && !bytes.Contains(lines[n-1], []byte(": ")) {
			return n
		}
	}
	return 0
}

// CheckText notes the first byte that no text file may hold, such as a control
// character, and reports whether there is none. The parser would refuse it
// without naming a line.
func CheckText(text []byte, file string, r *decl.Report) bool {
	bad := firstBadByte(text)
	if bad < 0 {
		return true
	}
	start := bytes.LastIndexByte(text[:bad], '\n') + 1
	at := decl.Pos{File: file, Line: 1 + bytes.Count(text[:bad], []byte("\n")), Col: 1 + utf8.RuneCount(text[start:bad])}
	if c, n := utf8.DecodeRune(text[bad:]); n > 1 || c < utf8.RuneSelf {
		r.Add(at, fmt.Sprintf("含有不可见的控制字符（%U），请删除", c),
			fmt.Sprintf("an invisible control character (%U) is in the text; remove it", c))
	} else {
		r.Add(at, "不是 UTF-8 编码；请另存为 UTF-8", "not UTF-8; save the file as UTF-8")
	}
	return false
}
