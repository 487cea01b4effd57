package db

import (
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"strings"
	"time"
	"unicode/utf8"

	"chengshu/kernel/fault"
)

// Params is a list of n parameters from the first on: "$2, $3, $4".
func Params(first, n int) string {
	out := make([]string, n)
	for i := range out {
		out[i] = fmt.Sprintf("$%d", first+i)
	}
	return strings.Join(out, ", ")
}

// bind makes arguments mean the same on both databases: named kinds become
// their plain ones, and what only one of the two would take is refused.
// It changes args in place.
func bind(args []any) error {
	for i, a := range args {
		v, err := bindOne(a)
		if err != nil {
			return fmt.Errorf("db: $%d: %w", i+1, err)
		}
		args[i] = v
	}
	return nil
}

func bindOne(a any) (any, error) {
	switch v := a.(type) {
	case nil, int64, int, bool, int32:
		return v, nil
	case string:
		return v, checkText(v)
	case []byte:
		if v == nil {
			return nil, nil
		}
		return v, nil
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return nil, fault.New(fault.Invalid, "bad-number", "数值无效", "not a finite number")
		}
		return v, nil
	case json.RawMessage:
		if v == nil {
			return nil, nil
		}
		return string(v), checkText(string(v))
	case time.Time, *time.Time:
		return nil, fmt.Errorf("a time is bound as milliseconds UTC, not as %T", a)
	case driver.Valuer:
		return bindValuer(v)
	}
	return bindKind(reflect.ValueOf(a))
}

func bindValuer(v driver.Valuer) (any, error) {
	if r := reflect.ValueOf(v); r.Kind() == reflect.Pointer && r.IsNil() {
		return nil, nil
	}
	val, err := v.Value()
	if err != nil {
		return nil, err
	}
	return bindOne(val)
}

// bindKind handles named kinds and pointers.
func bindKind(r reflect.Value) (any, error) {
	switch r.Kind() {
	case reflect.Pointer:
		if r.IsNil() {
			return nil, nil
		}
		return bindOne(r.Elem().Interface())
	case reflect.Bool:
		return r.Bool(), nil
	case reflect.String:
		return r.String(), checkText(r.String())
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return r.Int(), nil
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		if r.Uint() > math.MaxInt64 {
			return nil, fault.New(fault.Invalid, "bad-number", "整数超出范围", "integer beyond 63 bits")
		}
		return int64(r.Uint()), nil
	case reflect.Float32, reflect.Float64:
		return bindOne(r.Float())
	case reflect.Slice:
		if r.Type().Elem().Kind() == reflect.Uint8 {
			return bindOne(r.Bytes())
		}
	}
	return nil, fmt.Errorf("a %s cannot be bound", r.Type())
}

// checkText refuses text that PostgreSQL cannot hold, on SQLite too, so that
// data can always move from one to the other.
func checkText(s string) error {
	if strings.IndexByte(s, 0) >= 0 {
		return fault.New(fault.Invalid, "bad-text", "文本中含有空字符", "text holds a NUL character")
	}
	if !utf8.ValidString(s) {
		return fault.New(fault.Invalid, "bad-text", "文本不是有效的 UTF-8", "text is not valid UTF-8")
	}
	return nil
}
