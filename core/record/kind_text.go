package record

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"chengshu/core/rule"
	"chengshu/kernel/clock"
	"chengshu/kernel/fault"
)

// stringKind is shared by the kinds whose native value is one string.
type stringKind struct{}

func (stringKind) bind(dst []any, _ *Field, v any) []any { return append(dst, v) }

func (stringKind) load(f *Field, cols []any) (any, error) {
	if cols[0] == nil {
		return nil, nil
	}
	return asString(f, cols[0])
}

func (stringKind) appendJSON(dst []byte, _ *Field, v any) []byte {
	return appendString(dst, v.(string))
}
func (stringKind) ruleType(*Field) rule.Type             { return rule.String }
func (stringKind) ruleValue(_ *Field, v any) any         { return v }
func (stringKind) parse(_ *Field, s string) (any, error) { return s, nil }

func (stringKind) fromRule(f *Field, v any) (any, error) {
	switch v := v.(type) {
	case nil:
		return nil, nil
	case string:
		if v == "" {
			return nil, nil
		}
		return v, nil
	}
	return nil, wrongResult(f, v)
}

// Span is the format of texts that hold a length of time, as clock.ParseSpan
// reads it; people are shown it in words.
const Span = "span"

// defaultMaxText bounds a text that declares no max, in characters.
const defaultMaxText = 4000

type textKind struct{ stringKind }

func (textKind) columns(f *Field) []column {
	if f.Multi {
		return []column{{f.Name, sqlText}}
	}
	return []column{{f.Name, sqlKey}}
}

func (textKind) decode(f *Field, v any, path string, bad *fault.Fault) any {
	s, ok := v.(string)
	if !ok {
		return notA(bad, path, "文字", "text")
	}
	if !utf8.ValidString(s) || slices.Contains([]byte(s), 0) {
		return notA(bad, path, "不含控制字符的 UTF-8 文字", "UTF-8 text without NUL")
	}
	limit := f.Max
	if limit == 0 {
		limit = defaultMaxText
	}
	if n := utf8.RuneCountInString(s); n > limit {
		bad.With(path, fmt.Sprintf("最多 %d 字，现有 %d 字", limit, n), fmt.Sprintf("at most %d characters, got %d", limit, n))
		return nil
	}
	if f.regexp != nil && s != "" && !f.regexp.MatchString(s) {
		bad.With(path, "格式不符："+f.Pattern, "does not match "+f.Pattern)
		return nil
	}
	if s == "" {
		return nil
	}
	if f.Format == Span {
		if _, err := clock.ParseSpan(s); err != nil {
			return notA(bad, path, "时长，如 3 work-days、2 hours", "a span such as 3 work-days, 2 hours")
		}
	}
	return s
}

type dateKind struct{ stringKind }

func (dateKind) columns(f *Field) []column { return []column{{f.Name, sqlKey}} }

func (k dateKind) decode(f *Field, v any, path string, bad *fault.Fault) any {
	s, _ := v.(string)
	d, err := k.parse(f, s)
	if err != nil {
		return notA(bad, path, "日期，如 2026-03-02", "a date such as 2026-03-02")
	}
	return d
}

func (k dateKind) fromRule(f *Field, v any) (any, error) {
	native, err := k.stringKind.fromRule(f, v)
	if s, ok := native.(string); ok {
		return k.parse(f, s)
	}
	return native, err
}

func (dateKind) parse(_ *Field, s string) (any, error) {
	if _, err := time.Parse(time.DateOnly, s); err != nil {
		return nil, err
	}
	return s, nil
}

type choiceKind struct{ manyKind }

func (k choiceKind) decode(f *Field, v any, path string, bad *fault.Fault) any {
	if f.Many {
		return decodeMany(f, v, path, bad, k.one)
	}
	return k.one(f, v, path, bad)
}

func (choiceKind) one(f *Field, v any, path string, bad *fault.Fault) any {
	s, ok := v.(string)
	if _, known := f.choice[s]; !ok || !known {
		names := make([]string, len(f.Choices))
		for i, c := range f.Choices {
			names[i] = c.Value
		}
		bad.With(path, fmt.Sprintf("应为以下之一：%v", names), fmt.Sprintf("must be one of %v", names))
		return nil
	}
	return s
}

// fromRule refuses what is none of the choices.
func (k choiceKind) fromRule(f *Field, v any) (any, error) {
	native, err := k.manyKind.fromRule(f, v)
	values, _ := native.([]string)
	if s, ok := native.(string); ok {
		values = []string{s}
	}
	for _, s := range values {
		if _, known := f.choice[s]; !known {
			return nil, fmt.Errorf("field %s: the expression gave %q, which is none of its choices", f.Name, s)
		}
	}
	return native, err
}

type referenceKind struct{ manyKind }

func (k referenceKind) decode(f *Field, v any, path string, bad *fault.Fault) any {
	if f.Many {
		return decodeMany(f, v, path, bad, k.one)
	}
	return k.one(f, v, path, bad)
}

// one checks the form only; that the record exists is checked when planning.
func (referenceKind) one(_ *Field, v any, path string, bad *fault.Fault) any {
	s, ok := v.(string)
	if !ok || s == "" || len(s) > 64 || !utf8.ValidString(s) || strings.IndexByte(s, 0) >= 0 {
		return notA(bad, path, "所指记录的编号", "the id of a record")
	}
	return s
}
