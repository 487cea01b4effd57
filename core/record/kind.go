package record

import (
	"encoding/json"
	"fmt"

	"chengshu/core/rule"
	"chengshu/kernel/fault"
)

// kind is how one sort of field is read, kept, shown and reasoned about. A
// value is nil when the field has none; otherwise its Go type is the kind's:
//
//	text, date, choice, reference  string ([]string when many)
//	integer, decimal, time         int64 (scaled by 10^scale; ms since 1970 UTC)
//	boolean                        bool
//	point                          Point
//	area                           Area
//	file                           []FileRef
//	list                           []map[string]any, of native values
type kind interface {
	// columns returns the SQL columns, the first bearing the field's name.
	columns(f *Field) []column
	// decode turns a JSON value (as encoding/json gives it, numbers as
	// json.Number) into a native one, or notes what is wrong at path.
	decode(f *Field, v any, path string, bad *fault.Fault) any
	// bind appends the column values of v, which may be nil.
	bind(dst []any, f *Field, v any) []any
	// load turns scanned column values into a native value.
	load(f *Field, cols []any) (any, error)
	// appendJSON appends v, which is not nil, as the API shows it.
	appendJSON(dst []byte, f *Field, v any) []byte
	// ruleType is the static type in expressions, ruleValue the value.
	ruleType(f *Field) rule.Type
	ruleValue(f *Field, v any) any
	// fromRule turns the result of an expression into a native value.
	fromRule(f *Field, v any) (any, error)
	// parse reads the textual form used in query strings and seed files.
	parse(f *Field, s string) (any, error)
}

type column struct {
	name string
	sql  string // SQL type in the portable subset
}

const (
	sqlKey    = `text collate "C"` // compared by bytes
	sqlText   = `text`
	sqlInt    = `bigint`
	sqlBool   = `boolean`
	sqlDouble = `double precision`
)

// kinds is the one list of field types.
var kinds = map[FieldType]kind{
	Text:      textKind{},
	Integer:   integerKind{},
	Decimal:   decimalKind{},
	Boolean:   booleanKind{},
	Date:      dateKind{},
	Time:      timeKind{},
	ChoiceOf:  choiceKind{},
	Reference: referenceKind{},
	PointAt:   pointKind{},
	AreaOf:    areaKind{},
	File:      fileKind{},
	List:      listKind{},
}

func notA(bad *fault.Fault, path, zh, en string) any {
	bad.With(path, "应为"+zh, "must be "+en)
	return nil
}

func wrongResult(f *Field, v any) error {
	return fmt.Errorf("field %s: the expression gave %T", f.Name, v)
}

func wrongColumn(f *Field, v any) error {
	return fmt.Errorf("field %s: the database gave %T", f.Name, v)
}

// asString reads a text column.
func asString(f *Field, v any) (string, error) {
	switch v := v.(type) {
	case string:
		return v, nil
	case []byte:
		return string(v), nil
	}
	return "", wrongColumn(f, v)
}

// appendString appends s as a JSON string.
func appendString(dst []byte, s string) []byte {
	plain := true
	for i := 0; i < len(s); i++ {
		if c := s[i]; c < 0x20 || c == '"' || c == '\\' || c >= 0x80 || c == '<' || c == '>' || c == '&' {
			plain = false
			break
		}
	}
	if plain {
		dst = append(dst, '"')
		dst = append(dst, s...)
		return append(dst, '"')
	}
	b, _ := json.Marshal(s) // a string always marshals
	return append(dst, b...)
}

// appendAny appends v by encoding/json, for values that are small and rare.
func appendAny(dst []byte, v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic("record: " + err.Error()) // native values always marshal
	}
	return append(dst, b...)
}
