package server

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"math"
	"net/http"
	"strconv"
	"strings"

	"chengshu/core/identity"
	"chengshu/kernel/fault"
)

// status is the one map from kinds of faults to HTTP.
var status = map[fault.Kind]int{
	fault.Internal:        http.StatusInternalServerError,
	fault.Invalid:         http.StatusUnprocessableEntity,
	fault.Unauthenticated: http.StatusUnauthorized,
	fault.Denied:          http.StatusForbidden,
	fault.NotFound:        http.StatusNotFound,
	fault.Conflict:        http.StatusConflict,
	fault.Exhausted:       http.StatusTooManyRequests,
	fault.Unavailable:     http.StatusServiceUnavailable,
}

// statusOf holds the codes whose status differs from their kind's.
var statusOf = map[string]int{
	"bad-json":       http.StatusBadRequest,
	"bad-query":      http.StatusBadRequest,
	"bad-cursor":     http.StatusBadRequest,
	"bad-limit":      http.StatusBadRequest,
	"bad-filter":     http.StatusBadRequest,
	"bad-key":        http.StatusBadRequest,
	"unknown-filter": http.StatusBadRequest,
	"unknown-sort":   http.StatusBadRequest,
	"too-large":      http.StatusRequestEntityTooLarge,
	"disk-full":      http.StatusInsufficientStorage,
}

// problem is an error as callers see it (RFC 9457), with the message in both
// languages and the fields at fault as extensions.
type problem struct {
	Type   string        `json:"type"`
	Title  string        `json:"title"`
	Status int           `json:"status"`
	Detail string        `json:"detail"`
	Code   string        `json:"code"`
	Text   fault.Text    `json:"text"`
	Errors []fault.Field `json:"errors,omitempty"`
	Why    []fault.Field `json:"why,omitempty"`
	retry  int           // seconds, for Retry-After
}

func (p *problem) Error() string             { return p.Detail }
func (p *problem) GetStatus() int            { return p.Status }
func (p *problem) ContentType(string) string { return "application/problem+json" }

// GetHeaders gives huma what writeProblem sets itself.
func (p *problem) GetHeaders() http.Header {
	h := http.Header{}
	if p.retry > 0 {
		h.Set("Retry-After", strconv.Itoa(p.retry))
	}
	if p.Status == http.StatusUnauthorized {
		h.Set("WWW-Authenticate", `Bearer realm="chengshu"`) // RFC 9110, 15.5.2
	}
	return h
}

// problemOf turns an error into what may be shown. Internal faults lose their
// text: it is for the log.
func problemOf(err error, language string) *problem {
	var shown *problem
	if errors.As(err, &shown) {
		return shown
	}
	var f *fault.Fault
	if !errors.As(err, &f) || f.Kind == fault.Internal {
		f = fault.New(fault.Internal, "internal", "系统内部错误，已记录，请稍后再试", "an internal error; it has been logged, please try later")
	}
	p := &problem{Type: "about:blank", Status: status[f.Kind], Code: f.Code, Text: clip(f.Text), Errors: few(f.Fields)}
	if s, ok := statusOf[f.Code]; ok {
		p.Status = s
	}
	if f.Code == "guard" {
		p.Errors, p.Why = nil, p.Errors
	}
	if wait, ok := identity.RetryAfter(err); ok {
		p.retry = int(math.Ceil(wait.Seconds()))
	}
	p.Title = http.StatusText(p.Status)
	p.Detail = p.Text.Zh
	if prefersEnglish(language) {
		p.Detail = p.Text.En
	}
	return p
}

// Limits of what a refusal repeats of the input: a small request never has a
// large answer.
const (
	maxErrors = 100  // fields at fault
	maxText   = 1000 // bytes of one text
	maxPath   = 200  // bytes of a field's path
)

func few(fields []fault.Field) []fault.Field {
	out := make([]fault.Field, 0, min(len(fields), maxErrors+1))
	for _, f := range fields[:min(len(fields), maxErrors)] {
		out = append(out, fault.Field{Path: cut(f.Path, maxPath), Text: clip(f.Text)})
	}
	if more := len(fields) - len(out); more > 0 {
		out = append(out, fault.Field{Text: fault.Text{Zh: fmt.Sprintf("另有 %d 处", more), En: fmt.Sprintf("and %d more", more)}})
	}
	return out
}

func clip(t fault.Text) fault.Text { return fault.Text{Zh: cut(t.Zh, maxText), En: cut(t.En, maxText)} }

func cut(s string, most int) string {
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "…"
}

func prefersEnglish(acceptLanguage string) bool {
	return strings.HasPrefix(strings.TrimSpace(strings.ToLower(acceptLanguage)), "en")
}

func writeProblem(w http.ResponseWriter, r *http.Request, log *slog.Logger, err error) {
	p := problemOf(err, r.Header.Get("Accept-Language"))
	if p.Status == http.StatusInternalServerError && r.Context().Err() == nil { // else the client has gone, and what it asked for with it
		log.Error("request failed", "method", r.Method, "route", r.Pattern, "request", requestID(r.Context()), "err", err)
	}
	body, _ := json.Marshal(p) // strings and numbers always marshal
	w.Header().Set("Content-Type", "application/problem+json")
	w.Header().Set("Cache-Control", "no-store")
	maps.Copy(w.Header(), p.GetHeaders())
	w.WriteHeader(p.Status)
	w.Write(body)
}
