package server

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"chengshu/kernel/fault"
)

// maxDepth bounds how deeply a body is nested; an area of many parts needs six.
const maxDepth = 64

// strictJSON refuses what encoding/json lets pass: text that is not UTF-8, half
// of a surrogate pair, a member given twice, nesting beyond maxDepth, and
// anything after the value. Each would be taken for something that nobody sent.
func strictJSON(body []byte) error {
	if !utf8.Valid(body) {
		return badJSON("正文不是有效的 UTF-8", "the body is not valid UTF-8", nil)
	}
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber()
	s := jsonScan{dec: dec}
	if err := s.value(0); err != nil {
		return err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return badJSON("正文之后还有内容", "there is something after the value", nil)
	}
	if s.replaced && !bytes.ContainsRune(body, utf8.RuneError) && !bytes.Contains(bytes.ToLower(body), []byte(`\ufffd`)) {
		return badJSON(`正文含有半个代理对（\ud800–\udfff）`, `the body holds half of a surrogate pair (\ud800–\udfff)`, nil)
	}
	return nil
}

// jsonScan walks through a body.
type jsonScan struct {
	dec      *json.Decoder
	replaced bool // some text holds U+FFFD, which is put in place of what cannot be read
}

func (s *jsonScan) value(depth int) error {
	t, err := s.dec.Token()
	if err != nil {
		return notJSON(err)
	}
	if depth > maxDepth {
		return badJSON(fmt.Sprintf("嵌套超过 %d 层", maxDepth), fmt.Sprintf("nested more than %d deep", maxDepth), nil)
	}
	switch t {
	case json.Delim('{'):
		return s.object(depth)
	case json.Delim('['):
		for s.dec.More() {
			if err := s.value(depth + 1); err != nil {
				return err
			}
		}
		return s.end()
	}
	s.text(t)
	return nil
}

func (s *jsonScan) object(depth int) error {
	seen := map[string]bool{}
	for s.dec.More() {
		t, err := s.dec.Token()
		if err != nil {
			return notJSON(err)
		}
		name, _ := t.(string)
		if seen[name] {
			return badJSON(fmt.Sprintf("%q 写了两次", name), fmt.Sprintf("%q is given twice", name), nil)
		}
		seen[name] = true
		s.text(t)
		if err := s.value(depth + 1); err != nil {
			return err
		}
	}
	return s.end()
}

// end reads the bracket that closes.
func (s *jsonScan) end() error {
	_, err := s.dec.Token()
	return notJSON(err)
}

func (s *jsonScan) text(t json.Token) {
	if text, ok := t.(string); ok && bytes.ContainsRune([]byte(text), utf8.RuneError) {
		s.replaced = true
	}
}

// notJSON says where the body breaks off or goes wrong.
func notJSON(err error) error {
	var syntax *json.SyntaxError
	switch {
	case err == nil:
		return nil
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return badJSON("正文为空或不完整", "the body is empty or cut off", err)
	case errors.As(err, &syntax):
		return badJSON(fmt.Sprintf("第 %d 字节处语法有误", syntax.Offset), fmt.Sprintf("byte %d: %v", syntax.Offset, err), err)
	}
	return badJSON("语法有误", err.Error(), err)
}

func badJSON(zh, en string, cause error) *fault.Fault {
	return fault.Wrap(cause, fault.Invalid, "bad-json", "请求不是有效的 JSON："+zh, "the request is not valid JSON: "+en)
}

// notFitting says which member of a well-formed body does not fit.
func notFitting(err error) error {
	var typed *json.UnmarshalTypeError
	if errors.As(err, &typed) && typed.Field == "" {
		return badJSON("应为对象", "it must be an object", err)
	}
	if errors.As(err, &typed) {
		return badJSON("成员类型不对："+typed.Field, "wrong type: "+typed.Field, err).With(typed.Field, "类型不对", "wrong type")
	}
	if name, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok { // the library has no type for it
		return badJSON("没有成员 "+name, "there is no member "+name, err)
	}
	return badJSON("无法读取", "it cannot be read", err)
}
