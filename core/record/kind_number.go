package record

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"chengshu/core/rule"
	"chengshu/kernel/fault"
)

// intKind is shared by the kinds whose native value is one int64.
type intKind struct{}

func (intKind) columns(f *Field) []column             { return []column{{f.Name, sqlInt}} }
func (intKind) bind(dst []any, _ *Field, v any) []any { return append(dst, v) }
func (intKind) ruleType(*Field) rule.Type             { return rule.Int }
func (intKind) ruleValue(_ *Field, v any) any         { return v }
func (intKind) appendJSON(dst []byte, _ *Field, v any) []byte {
	return strconv.AppendInt(dst, v.(int64), 10)
}

func (intKind) load(f *Field, cols []any) (any, error) {
	switch v := cols[0].(type) {
	case nil:
		return nil, nil
	case int64:
		return v, nil
	}
	return nil, wrongColumn(f, cols[0])
}

func (intKind) fromRule(f *Field, v any) (any, error) {
	switch v := v.(type) {
	case nil:
		return nil, nil
	case int64:
		return v, nil
	case float64:
		return wholeOf(f, v)
	}
	return nil, wrongResult(f, v)
}

// wholeOf rounds v; what an int64 cannot hold, as after a division by zero, is
// no result.
func wholeOf(f *Field, v float64) (any, error) {
	if r := math.Round(v); r >= math.MinInt64 && r < math.MaxInt64 { // false for NaN too
		return int64(r), nil
	}
	return nil, fmt.Errorf("field %s: the expression gave %g", f.Name, v)
}

func (intKind) parse(_ *Field, s string) (any, error) { return strconv.ParseInt(s, 10, 64) }

type integerKind struct{ intKind }

func (integerKind) decode(f *Field, v any, path string, bad *fault.Fault) any {
	n, ok := v.(json.Number)
	i, err := strconv.ParseInt(string(n), 10, 64)
	if !ok || err != nil {
		return notA(bad, path, "整数", "a whole number")
	}
	return f.between(i, 1, path, bad)
}

// between is the number, of which unit make one, if min and max allow it.
func (f *Field) between(n, unit int64, path string, bad *fault.Fault) any {
	if f.Min != nil && float64(n) < float64(*f.Min)*float64(unit) {
		bad.With(path, fmt.Sprintf("不得小于 %d", *f.Min), fmt.Sprintf("must be at least %d", *f.Min))
		return nil
	}
	if f.Max != 0 && float64(n) > float64(f.Max)*float64(unit) {
		bad.With(path, fmt.Sprintf("不得大于 %d", f.Max), fmt.Sprintf("must be at most %d", f.Max))
		return nil
	}
	return n
}

// decimalKind keeps a decimal as an integer scaled by 10^scale.
type decimalKind struct{ intKind }

func (k decimalKind) decode(f *Field, v any, path string, bad *fault.Fault) any {
	s, ok := v.(string)
	if n, isNumber := v.(json.Number); isNumber {
		s, ok = string(n), true
	}
	d, err := k.parse(f, s)
	if !ok || err != nil {
		en := fmt.Sprintf("a decimal with at most %d digits after the point", f.Scale)
		return notA(bad, path, fmt.Sprintf("小数，小数点后最多 %d 位", f.Scale), en)
	}
	return f.between(d.(int64), int64(math.Pow10(f.Scale)), path, bad)
}

func (decimalKind) parse(f *Field, s string) (any, error) {
	whole, frac, _ := strings.Cut(s, ".")
	if len(frac) > f.Scale || whole == "" || strings.ContainsAny(frac, "+-") {
		return nil, fmt.Errorf("not a decimal of scale %d: %q", f.Scale, s)
	}
	return strconv.ParseInt(whole+frac+strings.Repeat("0", f.Scale-len(frac)), 10, 64)
}

func (decimalKind) appendJSON(dst []byte, f *Field, v any) []byte {
	return append(append(append(dst, '"'), formatDecimal(v.(int64), f.Scale)...), '"')
}

func formatDecimal(v int64, scale int) string {
	sign := ""
	u := uint64(v)
	if v < 0 {
		sign, u = "-", uint64(-v)
	}
	s := strconv.FormatUint(u, 10)
	if scale == 0 {
		return sign + s
	}
	if len(s) <= scale {
		s = strings.Repeat("0", scale-len(s)+1) + s
	}
	return sign + s[:len(s)-scale] + "." + s[len(s)-scale:]
}

func (decimalKind) ruleType(*Field) rule.Type { return rule.Double }

func (decimalKind) ruleValue(f *Field, v any) any {
	return float64(v.(int64)) / math.Pow10(f.Scale)
}

func (decimalKind) fromRule(f *Field, v any) (any, error) {
	switch v := v.(type) {
	case nil:
		return nil, nil
	case int64:
		unit := int64(math.Pow10(f.Scale))
		if v > math.MaxInt64/unit || v < math.MinInt64/unit {
			return nil, fmt.Errorf("field %s: the expression gave %d", f.Name, v)
		}
		return v * unit, nil
	case float64:
		return wholeOf(f, v*math.Pow10(f.Scale))
	}
	return nil, wrongResult(f, v)
}

// timeKind keeps milliseconds since 1970 in UTC.
type timeKind struct{ intKind }

const timeLayout = "2006-01-02T15:04:05.000Z"

func (k timeKind) decode(f *Field, v any, path string, bad *fault.Fault) any {
	s, _ := v.(string)
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return notA(bad, path, "时刻，如 2026-03-02T09:00:00+08:00", "a time such as 2026-03-02T09:00:00+08:00")
	}
	return t.UnixMilli()
}

func (timeKind) parse(_ *Field, s string) (any, error) {
	t, err := time.Parse(time.RFC3339, s)
	return t.UnixMilli(), err
}

func (timeKind) appendJSON(dst []byte, _ *Field, v any) []byte {
	return AppendTime(dst, v.(int64))
}

// AppendTime appends ms since 1970 as a JSON string, RFC 3339 in UTC.
func AppendTime(dst []byte, ms int64) []byte {
	dst = append(dst, '"')
	dst = time.UnixMilli(ms).UTC().AppendFormat(dst, timeLayout)
	return append(dst, '"')
}

func (timeKind) ruleType(*Field) rule.Type     { return rule.Time }
func (timeKind) ruleValue(_ *Field, v any) any { return time.UnixMilli(v.(int64)) }

func (timeKind) fromRule(f *Field, v any) (any, error) {
	switch v := v.(type) {
	case nil:
		return nil, nil
	case time.Time:
		return v.UnixMilli(), nil
	}
	return nil, wrongResult(f, v)
}

type booleanKind struct{ intKind }

func (booleanKind) columns(f *Field) []column { return []column{{f.Name, sqlBool}} }

func (booleanKind) decode(_ *Field, v any, path string, bad *fault.Fault) any {
	b, ok := v.(bool)
	if !ok {
		return notA(bad, path, " true 或 false", "true or false")
	}
	return b
}

func (booleanKind) load(f *Field, cols []any) (any, error) {
	switch v := cols[0].(type) {
	case nil:
		return nil, nil
	case bool:
		return v, nil
	case int64:
		return v != 0, nil
	}
	return nil, wrongColumn(f, cols[0])
}

func (booleanKind) appendJSON(dst []byte, _ *Field, v any) []byte {
	return strconv.AppendBool(dst, v.(bool))
}
func (booleanKind) ruleType(*Field) rule.Type             { return rule.Bool }
func (booleanKind) parse(_ *Field, s string) (any, error) { return strconv.ParseBool(s) }

func (booleanKind) fromRule(f *Field, v any) (any, error) {
	if b, ok := v.(bool); ok || v == nil {
		if v == nil {
			return nil, nil
		}
		return b, nil
	}
	return nil, wrongResult(f, v)
}
