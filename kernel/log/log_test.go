package log

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"testing"

	"chengshu/kernel/fault"
)

// account shows itself to the log as a group.
type account struct{ name, password string }

func (a account) LogValue() slog.Value {
	return slog.GroupValue(slog.String("name", a.name), slog.String("password", a.password))
}

func TestRedact(t *testing.T) {
	const s = "s3cr3t"
	for _, tc := range []struct {
		name  string
		log   func(l *slog.Logger)
		shown bool // whether the value may appear
	}{
		{"password", func(l *slog.Logger) { l.Info("m", "password", s) }, false},
		{"secret", func(l *slog.Logger) { l.Info("m", "secret", s) }, false},
		{"token", func(l *slog.Logger) { l.Info("m", "token", s) }, false},
		{"authorization", func(l *slog.Logger) { l.Info("m", "authorization", s) }, false},
		{"cookie", func(l *slog.Logger) { l.Info("m", "cookie", s) }, false},
		{"id_number", func(l *slog.Logger) { l.Info("m", "id_number", s) }, false},
		{"phone", func(l *slog.Logger) { l.Info("m", "phone", s) }, false},
		{"capitals", func(l *slog.Logger) { l.Info("m", "Authorization", s) }, false},
		{"camel case", func(l *slog.Logger) { l.Info("m", "idNumber", s) }, false},
		{"part of a key", func(l *slog.Logger) { l.Info("m", "Set-Cookie", s, "access_token", s, "contact.phone", s) }, false},
		{"not a string", func(l *slog.Logger) { l.Info("m", "token", []string{s}) }, false},
		{"bound", func(l *slog.Logger) { l.With("token", s).Info("m") }, false},
		{"in a group", func(l *slog.Logger) { l.Info("m", slog.Group("request", "cookie", s)) }, false},
		{"in an open group", func(l *slog.Logger) { l.WithGroup("request").Info("m", "cookie", s) }, false},
		{"a group of that name", func(l *slog.Logger) { l.Info("m", slog.Group("secret", "a", s, slog.Group("b", "c", s))) }, false},
		{"an open group of that name", func(l *slog.Logger) { l.WithGroup("cookie").With("a", s).Info("m", "b", s) }, false},
		{"a value that shows itself", func(l *slog.Logger) { l.Info("m", "who", account{"x", s}) }, false},
		{"a value that shows itself, in a secret key", func(l *slog.Logger) { l.Info("m", "token", account{s, ""}) }, false},
		{"anything else", func(l *slog.Logger) { l.Info("m", "record", s) }, true},
		{"the message", func(l *slog.Logger) { l.Info(s) }, true},
	} {
		for _, format := range []string{"text", "json"} {
			t.Run(tc.name+" "+format, func(t *testing.T) {
				var b bytes.Buffer
				l, err := New(&b, "info", format)
				if err != nil {
					t.Fatal(err)
				}
				tc.log(l)
				if strings.Contains(b.String(), s) != tc.shown || strings.Contains(b.String(), redacted) == tc.shown {
					t.Errorf("wrote %s", b.String())
				}
			})
		}
	}
}

func TestNew(t *testing.T) {
	levels := []slog.Level{slog.LevelDebug, slog.LevelInfo, slog.LevelWarn, slog.LevelError}
	for _, tc := range []struct {
		level, format string
		from          int // index of the lowest level written
		code          string
		begins        string
	}{
		{"debug", "text", 0, "", "time="},
		{"info", "json", 1, "", `{"time":`},
		{"warn", "text", 2, "", "time="},
		{"error", "json", 3, "", `{"time":`},
		{"loud", "text", 0, "bad-log-level", ""},
		{"", "text", 0, "bad-log-level", ""},
		{"INFO", "text", 0, "bad-log-level", ""},
		{"info", "xml", 0, "bad-log-format", ""},
		{"info", "", 0, "bad-log-format", ""},
	} {
		var b bytes.Buffer
		l, err := New(&b, tc.level, tc.format)
		if tc.code != "" {
			if l != nil || !fault.Is(err, fault.Invalid) || fault.Code(err) != tc.code {
				t.Errorf("%q %q: %v", tc.level, tc.format, err)
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		for i, level := range levels {
			b.Reset()
			l.Log(context.Background(), level, "m")
			if wrote := b.Len() > 0; wrote != (i >= tc.from) {
				t.Errorf("%s at %s: %q", level, tc.level, b.String())
			}
		}
		if !strings.HasPrefix(b.String(), tc.begins) {
			t.Errorf("%s: %q", tc.format, b.String())
		}
	}
}
