package record

import (
	"encoding/json"
	"fmt"

	"chengshu/core/rule"
	"chengshu/kernel/fault"
)

// manyKind is shared by choices and references, which may hold several values.
// They are kept as a JSON array of strings in one text column.
type manyKind struct{ stringKind }

func (manyKind) columns(f *Field) []column { return []column{{f.Name, sqlKey}} }

const defaultMaxMany = 200

func decodeMany(f *Field, v any, path string, bad *fault.Fault, one func(*Field, any, string, *fault.Fault) any) any {
	items, ok := v.([]any)
	if !ok {
		return notA(bad, path, "列表", "a list")
	}
	if !withinMax(f, len(items), path, bad) {
		return nil
	}
	out := make([]string, 0, len(items))
	for i, item := range items {
		if s, ok := one(f, item, fmt.Sprintf("%s.%d", path, i), bad).(string); ok {
			out = append(out, s)
		}
	}
	if len(out) == 0 {
		return nil
	}
	return out
}

func withinMax(f *Field, n int, path string, bad *fault.Fault) bool {
	limit := f.Max
	if limit == 0 {
		limit = defaultMaxMany
	}
	if n > limit {
		bad.With(path, fmt.Sprintf("最多 %d 项，现有 %d 项", limit, n), fmt.Sprintf("at most %d items, got %d", limit, n))
	}
	return n <= limit
}

func (manyKind) bind(dst []any, _ *Field, v any) []any {
	if many, ok := v.([]string); ok {
		return append(dst, string(appendAny(nil, many)))
	}
	return append(dst, v)
}

func (manyKind) load(f *Field, cols []any) (any, error) {
	if cols[0] == nil {
		return nil, nil
	}
	s, err := asString(f, cols[0])
	if err != nil || !f.Many {
		return s, err
	}
	var out []string
	if err := json.Unmarshal([]byte(s), &out); err != nil {
		return nil, fmt.Errorf("field %s: %w", f.Name, err)
	}
	return out, nil
}

func (manyKind) appendJSON(dst []byte, _ *Field, v any) []byte {
	if s, ok := v.(string); ok {
		return appendString(dst, s)
	}
	return appendAny(dst, v)
}

func (manyKind) ruleType(f *Field) rule.Type {
	if f.Many {
		return rule.ListOf(rule.String)
	}
	return rule.String
}

func (manyKind) fromRule(f *Field, v any) (any, error) {
	switch v := v.(type) {
	case nil:
		return nil, nil
	case string:
		if v == "" {
			return nil, nil
		}
		if f.Many {
			return []string{v}, nil
		}
		return v, nil
	case []string:
		if f.Many {
			return v, nil
		}
	case []any:
		out := make([]string, 0, len(v))
		for _, e := range v {
			s, ok := e.(string)
			if !ok {
				return nil, wrongResult(f, v)
			}
			out = append(out, s)
		}
		if f.Many {
			return out, nil
		}
	}
	return nil, wrongResult(f, v)
}
