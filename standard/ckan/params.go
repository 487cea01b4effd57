package ckan

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Params are the parameters of a call: a decoded JSON object (numbers are
// json.Number), or texts and lists of texts from a form or an address.
type Params map[string]any

// text is a parameter as text, empty when it is not given.
func (p Params) text(name string) (string, error) {
	switch v := p[name].(type) {
	case nil:
		return "", nil
	case string:
		return v, nil
	case json.Number:
		return v.String(), nil
	case bool:
		return strconv.FormatBool(v), nil
	}
	return "", invalid(name, "Must be a Unicode string value")
}

// must is text that has to be given.
func (p Params) must(name string) (string, error) {
	s, err := p.text(name)
	if err == nil && s == "" {
		err = invalid(name, "Missing value")
	}
	return s, err
}

// number is a whole number from least on.
func (p Params) number(name string, otherwise, least int) (int, error) {
	s, err := p.text(name)
	if err != nil || s == "" {
		return otherwise, err
	}
	n, err := strconv.Atoi(strings.TrimSpace(s))
	switch {
	case err != nil:
		return 0, invalid(name, "Invalid integer")
	case n < least:
		return 0, invalid(name, fmt.Sprintf("Must be at least %d", least))
	}
	return min(n, math.MaxInt32), nil
}

func (p Params) flag(name string, otherwise bool) bool {
	switch v := p[name].(type) {
	case bool:
		return v
	case json.Number:
		return v.String() == "1"
	case string:
		switch strings.ToLower(v) {
		case "true", "yes", "t", "y", "1":
			return true
		case "":
			return otherwise
		}
		return false
	}
	return otherwise
}

// list is a list of texts: one given as such, as JSON in a text, or as one text.
func (p Params) list(name string) ([]string, error) {
	v := p[name]
	if s, ok := v.(string); ok {
		if !strings.HasPrefix(strings.TrimSpace(s), "[") {
			return []string{s}, nil
		}
		if err := json.Unmarshal([]byte(s), &v); err != nil {
			return nil, invalid(name, "Could not parse as valid JSON")
		}
	}
	switch v := v.(type) {
	case nil:
		return nil, nil
	case []string:
		return v, nil
	case []any:
		out := make([]string, len(v))
		for i, item := range v {
			s, ok := item.(string)
			if !ok {
				return nil, invalid(name, "Not a list of strings")
			}
			out[i] = s
		}
		return out, nil
	}
	return nil, invalid(name, "Not a list")
}

// object is a JSON object, given as such or in a text.
func (p Params) object(name string) (map[string]any, error) {
	switch v := p[name].(type) {
	case nil:
		return nil, nil
	case map[string]any:
		return v, nil
	case string:
		if v == "" {
			return nil, nil
		}
		var out map[string]any
		dec := json.NewDecoder(strings.NewReader(v))
		dec.UseNumber()
		if dec.Decode(&out) == nil {
			return out, nil
		}
	}
	return nil, invalid(name, "Could not parse as valid JSON")
}
