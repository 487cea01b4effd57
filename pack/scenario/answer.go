package scenario

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// answer is what came back for one request.
type answer struct {
	sent   string // the request in short
	status int
	header http.Header
	body   []byte
	json   any // nil when the body is no JSON
}

const maxAnswer = 64 << 20

func readAnswer(sent string, resp *http.Response) (*answer, error) {
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", sent, err)
	}
	a := &answer{sent: sent, status: resp.StatusCode, header: resp.Header, body: body}
	if strings.Contains(resp.Header.Get("Content-Type"), "json") {
		d := json.NewDecoder(bytes.NewReader(body))
		d.UseNumber()
		if err := d.Decode(&a.json); err != nil {
			a.json = nil
		}
	}
	return a, nil
}

func (a *answer) ok() bool { return a.status/100 == 2 }

// exchange is the request and the answer, shortened.
func (a *answer) exchange() string {
	body := string(a.body)
	if bytes.IndexByte(a.body, 0) >= 0 {
		body = fmt.Sprintf("(%d bytes)", len(a.body))
	}
	return fmt.Sprintf("%s\n→ %d %s", shorten(a.sent, shownExchange), a.status, shorten(strings.TrimSpace(body), shownExchange))
}

// problem returns the code of an RFC 9457 problem, or "".
func (a *answer) problem() string {
	if m, ok := a.json.(map[string]any); ok && !a.ok() {
		if code, ok := m["code"].(string); ok {
			return code
		}
	}
	return ""
}

// ended says how the request ended: status, code, and what the problem says.
func (a *answer) ended() string {
	out := a.outcome()
	m, ok := a.json.(map[string]any)
	if !ok || a.ok() {
		return out
	}
	for _, key := range []string{"detail", "errors", "why"} {
		if s := inWords(m[key]); s != "" {
			out += " " + shorten(s, shownValue)
		}
	}
	return out
}

// outcome is the status and the code of the problem.
func (a *answer) outcome() string {
	return strings.TrimSpace(fmt.Sprintf("%d %s", a.status, a.problem()))
}

// inWords writes the texts of a problem: "path: 中文 / English; …".
func inWords(x any) string {
	switch v := x.(type) {
	case []any:
		var parts []string
		for _, e := range v {
			parts = append(parts, inWords(e))
		}
		return strings.Join(parts, "; ")
	case map[string]any:
		out := ""
		if path, ok := v["path"].(string); ok && path != "" {
			out = path + ": "
		}
		return out + fmt.Sprint(v["zh"]) + " / " + fmt.Sprint(v["en"])
	case string:
		return v
	}
	return ""
}

// at returns what the path leads to; status, body and headers are parts too.
func (a *answer) at(p Path) (any, bool) {
	if name, ok := strings.CutPrefix(p.text, "header "); ok {
		values := a.header.Values(name)
		return strings.Join(values, ", "), len(values) > 0
	}
	if v, ok := p.find(a.json); ok {
		return v, true
	}
	switch p.text {
	case "status":
		return json.Number(fmt.Sprint(a.status)), true
	case "body":
		return string(a.body), true
	}
	return nil, false
}

func (s Status) matches(a *answer) bool {
	switch {
	case s.OK && !a.ok(), s.Refused && a.status/100 != 4, s.Code != 0 && s.Code != a.status:
		return false
	}
	return s.Problem == "" || s.Problem == a.problem()
}

func (s Status) String() string {
	var parts []string
	switch {
	case s.OK:
		parts = append(parts, "ok")
	case s.Refused:
		parts = append(parts, "refused")
	}
	if s.Code != 0 {
		parts = append(parts, fmt.Sprint(s.Code))
	}
	if s.Problem != "" {
		parts = append(parts, s.Problem)
	}
	return strings.Join(parts, " ")
}
