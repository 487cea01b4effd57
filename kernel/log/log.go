// Package log makes the program's logger: log/slog that never writes the
// attributes which hold secrets or identify a person.
//
// It judges by the key of an attribute, and of the groups around it. What an
// error's text or a value of another type holds inside is not looked at: log
// identifiers of records, not their content.
package log

import (
	"io"
	"log/slog"
	"strings"

	"chengshu/kernel/fault"
)

// secret are the words that no key of a shown attribute contains, written
// without separators: access_token and IDNumber count too.
var secret = [...]string{"password", "secret", "token", "authorization", "cookie", "idnumber", "phone"}

const redacted = "[redacted]"

// New returns a logger that writes to w the messages of a level (debug, info,
// warn or error) and above, as text or json. Any other level or format is
// Invalid.
func New(w io.Writer, level, format string) (*slog.Logger, error) {
	o := &slog.HandlerOptions{ReplaceAttr: redact}
	switch level {
	case "debug":
		o.Level = slog.LevelDebug
	case "info":
		o.Level = slog.LevelInfo
	case "warn":
		o.Level = slog.LevelWarn
	case "error":
		o.Level = slog.LevelError
	default:
		return nil, fault.New(fault.Invalid, "bad-log-level", "日志级别应为 debug、info、warn 或 error，而不是“"+level+"”", "the log level must be debug, info, warn or error, not "+level)
	}
	switch format {
	case "text":
		return slog.New(slog.NewTextHandler(w, o)), nil
	case "json":
		return slog.New(slog.NewJSONHandler(w, o)), nil
	}
	return nil, fault.New(fault.Invalid, "bad-log-format", "日志格式应为 text 或 json，而不是“"+format+"”", "the log format must be text or json, not "+format)
}

func redact(groups []string, a slog.Attr) slog.Attr {
	if isSecret(a.Key) {
		a.Value = slog.StringValue(redacted)
		return a
	}
	for _, g := range groups {
		if isSecret(g) {
			a.Value = slog.StringValue(redacted)
			break
		}
	}
	return a
}

var separators = strings.NewReplacer("_", "", "-", "", ".", "", " ", "")

func isSecret(key string) bool {
	key = separators.Replace(strings.ToLower(key))
	for _, s := range secret {
		if strings.Contains(key, s) {
			return true
		}
	}
	return false
}
