package config

import (
	"encoding"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"
)

// field is one declared setting.
type field struct {
	name   string // kebab-case
	value  reflect.Value
	text   string // the value in force, as it was written
	zh, en string
	secret secrecy
	origin string // default, --flag, VARIABLE or FILE:LINE
}

type secrecy int

const (
	open   secrecy = iota
	hidden         // never shown
	url            // shown without its password
)

func (f *field) env() string {
	return envPrefix + strings.ToUpper(strings.ReplaceAll(f.name, "-", "_"))
}

func (f *field) isBool() bool { return f.value.Kind() == reflect.Bool }

// declared collects the fields of the struct that cfg points to. A struct
// within it groups settings: its own name, when it has one, comes before
// theirs. A declaration that makes no sense is a mistake in the program and
// panics.
func declared(cfg any) []*field {
	v := reflect.ValueOf(cfg)
	if v.Kind() != reflect.Pointer || v.Elem().Kind() != reflect.Struct {
		panic(fmt.Sprintf("config: want a pointer to a struct, got %T", cfg))
	}
	fields := walk(v.Elem(), "")
	seen := map[string]bool{"config": true, "help": true}
	for _, f := range fields {
		if seen[f.name] {
			panic("config: the name " + f.name + " is declared twice or reserved")
		}
		seen[f.name] = true
	}
	return fields
}

func walk(v reflect.Value, prefix string) []*field {
	var out []*field
	for i := range v.NumField() {
		sf := v.Type().Field(i)
		if !sf.IsExported() {
			continue
		}
		name := prefix + sf.Tag.Get("name")
		if v.Field(i).Kind() == reflect.Struct && !readsText(v.Field(i)) {
			if sf.Tag.Get("name") != "" {
				name += "-"
			}
			out = append(out, walk(v.Field(i), name)...)
			continue
		}
		if sf.Tag.Get("name") == "" {
			panic("config: " + sf.Name + " has no name")
		}
		out = append(out, newField(name, v.Field(i), sf.Tag))
	}
	return out
}

func newField(name string, v reflect.Value, tag reflect.StructTag) *field {
	f := &field{name: name, value: v, zh: tag.Get("zh"), en: tag.Get("en"), origin: "default"}
	switch tag.Get("secret") {
	case "":
	case "true":
		f.secret = hidden
	case "url":
		f.secret = url
	default:
		panic("config: " + name + ": secret is true or url")
	}
	if def, ok := tag.Lookup("default"); ok {
		if err := f.set(def); err != nil {
			panic(fmt.Sprintf("config: default of %s: %v", name, err))
		}
	}
	return f
}

func readsText(v reflect.Value) bool {
	_, ok := v.Addr().Interface().(encoding.TextUnmarshaler)
	return ok
}

// set parses text into the field. On an error the field keeps its value.
func (f *field) set(text string) error {
	if err := assign(f.value, text); err != nil {
		return err
	}
	f.text = text
	return nil
}

func assign(v reflect.Value, text string) error {
	if readsText(v) {
		return v.Addr().Interface().(encoding.TextUnmarshaler).UnmarshalText([]byte(text))
	}
	if v.Type() == reflect.TypeFor[time.Duration]() {
		d, err := parseDuration(text)
		if err == nil {
			v.SetInt(int64(d))
		}
		return err
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(text)
	case reflect.Bool:
		b, err := parseBool(text)
		if err != nil {
			return err
		}
		v.SetBool(b)
	case reflect.Int, reflect.Int64, reflect.Int32:
		n, err := strconv.ParseInt(text, 10, v.Type().Bits())
		if err != nil {
			return fmt.Errorf("%q is not a whole number in range", text)
		}
		v.SetInt(n)
	case reflect.Float64:
		n, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return fmt.Errorf("%q is not a number", text)
		}
		v.SetFloat(n)
	case reflect.Slice:
		return assignList(v, text)
	default:
		panic(fmt.Sprintf("config: a setting cannot be a %s", v.Type()))
	}
	return nil
}

// assignList reads a list with commas; blanks around an item do not count.
func assignList(v reflect.Value, text string) error {
	out := reflect.MakeSlice(v.Type(), 0, 4)
	for item := range strings.SplitSeq(text, ",") {
		if item = strings.TrimSpace(item); item == "" {
			continue
		}
		e := reflect.New(v.Type().Elem()).Elem()
		if err := assign(e, item); err != nil {
			return err
		}
		out = reflect.Append(out, e)
	}
	v.Set(out)
	return nil
}

func parseBool(text string) (bool, error) {
	switch text {
	case "true", "yes", "on", "1":
		return true, nil
	case "false", "no", "off", "0":
		return false, nil
	}
	return false, fmt.Errorf("%q is neither true nor false", text)
}

// parseDuration reads Go's durations ("90s", "1h30m") and whole days ("7d").
func parseDuration(text string) (time.Duration, error) {
	if days, ok := strings.CutSuffix(text, "d"); ok {
		if n, err := strconv.ParseInt(days, 10, 16); err == nil {
			return time.Duration(n) * 24 * time.Hour, nil
		}
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		return 0, fmt.Errorf("%q is not a length of time, such as 500ms, 90s, 1h30m or 7d", text)
	}
	return d, nil
}
