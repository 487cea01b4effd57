package ckan

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"strings"

	"chengshu/kernel/fault"
)

// Error is a refusal as CKAN words it: a type, and either a message or what is
// wrong with each member.
type Error struct {
	Status  int
	Type    string
	Message string
	Fields  map[string]any // member → list of texts
}

func (e *Error) Error() string { return e.Type + ": " + e.Message }

// JSON is the member "error" of an answer.
func (e *Error) JSON() map[string]any {
	out := map[string]any{"__type": e.Type}
	if e.Message != "" {
		out["message"] = e.Message
	}
	maps.Copy(out, e.Fields)
	return out
}

func notFound(what string) *Error {
	return &Error{Status: http.StatusNotFound, Type: "Not Found Error", Message: "Not found: " + what}
}

func forbidden(why string) *Error {
	return &Error{Status: http.StatusForbidden, Type: "Authorization Error", Message: "Access denied: " + why}
}

func invalid(member, text string) *Error {
	return &Error{Status: http.StatusConflict, Type: "Validation Error", Fields: map[string]any{member: []string{text}}}
}

func badQuery(format string, args ...any) *Error {
	return &Error{Status: http.StatusBadRequest, Type: "Search Query Error", Message: "Search Query is invalid: " + fmt.Sprintf(format, args...)}
}

// ErrorOf turns what went wrong into an Error; zh asks for Chinese texts. One
// that is not the caller's keeps its cause to itself.
func ErrorOf(err error, zh bool) *Error {
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	var f *fault.Fault
	if !errors.As(err, &f) {
		f = fault.New(fault.Internal, "internal", "系统内部错误", "Internal Server Error")
	}
	text := func(t fault.Text) string {
		if zh || t.En == "" {
			return t.Zh
		}
		return t.En
	}
	if f.Code == "too-large" {
		return &Error{Status: http.StatusRequestEntityTooLarge, Type: "Request Too Large Error", Message: text(f.Text)}
	}
	switch f.Kind {
	case fault.NotFound:
		return notFound(text(f.Text))
	case fault.Denied, fault.Unauthenticated:
		return forbidden(text(f.Text))
	case fault.Invalid, fault.Conflict:
		fields := map[string]any{}
		for _, at := range f.Fields {
			name, _, _ := strings.Cut(strings.TrimPrefix(at.Path, "fields."), ".")
			list, _ := fields[name].([]string)
			fields[name] = append(list, text(at.Text))
		}
		if len(fields) == 0 {
			fields["message"] = text(f.Text)
		}
		return &Error{Status: http.StatusConflict, Type: "Validation Error", Fields: fields}
	case fault.Exhausted:
		return &Error{Status: http.StatusTooManyRequests, Type: "Rate Limit Error", Message: text(f.Text)}
	case fault.Unavailable:
		return &Error{Status: http.StatusServiceUnavailable, Type: "Service Unavailable Error", Message: text(f.Text)}
	}
	return &Error{Status: http.StatusInternalServerError, Type: "Internal Server Error", Message: "Internal Server Error"}
}
