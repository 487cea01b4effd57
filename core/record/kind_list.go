package record

import (
	"bytes"
	"encoding/json"
	"fmt"

	"chengshu/core/rule"
	"chengshu/kernel/fault"
)

// listKind keeps a list of small objects as JSON in one column, in the form
// in which the API shows it.
type listKind struct{}

func (listKind) columns(f *Field) []column { return []column{{f.Name, sqlText}} }

func (listKind) decode(f *Field, v any, path string, bad *fault.Fault) any {
	items, ok := v.([]any)
	if !ok {
		return notA(bad, path, "列表", "a list")
	}
	if !withinMax(f, len(items), path, bad) {
		return nil
	}
	out := make([]map[string]any, 0, len(items))
	for i, item := range items {
		at := fmt.Sprintf("%s.%d", path, i)
		m, ok := item.(map[string]any)
		if !ok {
			notA(bad, at, "对象", "an object")
			continue
		}
		out = append(out, decodeObject(f.Fields, m, at, bad))
	}
	if len(out) == 0 {
		return nil
	}
	return out
}

func decodeObject(fields []*Field, m map[string]any, path string, bad *fault.Fault) map[string]any {
	row := map[string]any{}
	known := map[string]bool{}
	for _, f := range fields {
		known[f.Name] = true
		v, given := m[f.Name]
		if given && v != nil {
			if f.Required && f.Type == Text && Blank(v) {
				bad.With(path+"."+f.Name, "必填", "is required")
			}
			if native := f.kind.decode(f, v, path+"."+f.Name, bad); native != nil {
				row[f.Name] = native
			}
		} else if f.Required {
			bad.With(path+"."+f.Name, "必填", "is required")
		}
	}
	for name := range m {
		if !known[name] {
			bad.With(path+"."+name, "没有这个字段", "no such field")
		}
	}
	return row
}

func (k listKind) bind(dst []any, f *Field, v any) []any {
	if v == nil {
		return append(dst, nil)
	}
	return append(dst, string(k.appendJSON(nil, f, v)))
}

func (listKind) load(f *Field, cols []any) (any, error) {
	if cols[0] == nil {
		return nil, nil
	}
	s, err := asString(f, cols[0])
	if err != nil {
		return nil, err
	}
	dec := json.NewDecoder(bytes.NewReader([]byte(s)))
	dec.UseNumber()
	var items []map[string]any
	if err := dec.Decode(&items); err != nil {
		return nil, fmt.Errorf("field %s: %w", f.Name, err)
	}
	bad := fault.New(fault.Internal, "stored-list", "存储的列表有误", "the stored list is broken")
	out := make([]map[string]any, len(items))
	for i, m := range items {
		out[i] = decodeObject(f.Fields, m, f.Name, bad)
	}
	return out, nil
}

func (listKind) appendJSON(dst []byte, f *Field, v any) []byte {
	dst = append(dst, '[')
	for i, row := range v.([]map[string]any) {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, '{')
		first := true
		for _, sub := range f.Fields {
			if val := row[sub.Name]; val != nil {
				dst = appendMember(dst, sub, val, first)
				first = false
			}
		}
		dst = append(dst, '}')
	}
	return append(dst, ']')
}

// appendMember appends "name":value, with a comma before all but the first.
func appendMember(dst []byte, f *Field, v any, first bool) []byte {
	if !first {
		dst = append(dst, ',')
	}
	dst = append(append(append(dst, '"'), f.Name...), '"', ':')
	return f.kind.appendJSON(dst, f, v)
}

func (listKind) ruleType(f *Field) rule.Type { return rule.ListOf(rule.ObjectOf(f.shape())) }

func (listKind) ruleValue(f *Field, v any) any {
	rows := v.([]map[string]any)
	out := make([]any, len(rows))
	for i, row := range rows {
		m := rule.Map{}
		for _, sub := range f.Fields {
			if val := row[sub.Name]; val != nil {
				m[sub.Name] = sub.kind.ruleValue(sub, val)
			}
		}
		out[i] = m
	}
	return out
}

func (listKind) fromRule(f *Field, v any) (any, error) { return nil, wrongResult(f, v) }

func (listKind) parse(f *Field, _ string) (any, error) {
	return nil, fmt.Errorf("field %s: a list has no textual form", f.Name)
}
