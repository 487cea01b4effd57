package config

import (
	"fmt"
	"io"
	neturl "net/url"
	"strings"
)

// Explain prints each setting in force and where it came from, secrets masked.
func (s *Settings) Explain(w io.Writer) error {
	wide := 0
	for _, f := range s.fields {
		wide = max(wide, len(f.name))
	}
	for _, f := range s.fields {
		if _, err := fmt.Fprintf(w, "%-*s = %s  (%s)\n", wide, f.name, f.shown(), f.origin); err != nil {
			return err
		}
	}
	for _, k := range s.strays {
		if _, err := fmt.Fprintf(w, "%s is set but no setting answers to it\n", k); err != nil {
			return err
		}
	}
	return nil
}

const mask = "******"

func (f *field) shown() string {
	switch {
	case f.text == "" || f.secret == open:
		return fmt.Sprintf("%q", f.text)
	case f.secret == hidden:
		return mask
	}
	u, err := neturl.Parse(f.text)
	if err != nil || u.Opaque != "" && strings.Contains(u.Opaque, "@") {
		return mask
	}
	if _, has := u.User.Password(); has {
		u.User = neturl.UserPassword(u.User.Username(), "xxxxx")
	}
	q := u.Query()
	for k := range q {
		if strings.Contains(k, "password") || strings.Contains(k, "secret") || strings.Contains(k, "token") {
			q.Set(k, "xxxxx")
			u.RawQuery = q.Encode()
		}
	}
	return fmt.Sprintf("%q", u.String())
}

// Usage prints each setting of the struct that cfg points to, what it is for
// in both languages, and its default.
func Usage(w io.Writer, cfg any) error {
	for _, f := range declared(cfg) {
		def := ""
		if f.text != "" && f.secret != hidden {
			def = fmt.Sprintf(" (%s)", f.text)
		}
		if _, err := fmt.Fprintf(w, "  --%s%s\n        %s\n        %s\n", f.name, def, f.zh, f.en); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintf(w, "  --config\n        YAML 配置文件\n        a YAML file of settings\n")
	return err
}
