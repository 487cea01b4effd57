package scenario

import (
	"context"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"path"
	"strings"
)

// sending sends a prepared request.
type sending func(ctx context.Context) (*answer, error)

// prepare does all that comes before a request: signing in, reading the
// revision that is acted on, building the request.
func (t *telling) prepare(ctx context.Context, a *Ask) (sending, error) {
	switch a.Verb {
	case Registers:
		return t.registering(a)
	case SignsIn:
		return t.signingIn(a)
	}
	s, err := t.session(ctx, a.Actor)
	if err != nil {
		return nil, err
	}
	if a.Verb == Finds || a.Verb == FindsInInbox {
		return t.finding(s, a)
	}
	o, err := t.request(ctx, s, a)
	if err != nil {
		return nil, err
	}
	for _, h := range a.Options.Headers {
		v, err := h.val.eval(t)
		if err != nil {
			return nil, err
		}
		o.header.Set(h.key, plain(v))
	}
	return func(ctx context.Context) (*answer, error) {
		if a.Verb == SignsOut {
			s.signedIn = false
		}
		return s.send(ctx, o)
	}, nil
}

// request builds the request of a verb.
func (t *telling) request(ctx context.Context, s *session, a *Ask) (*outgoing, error) {
	body, err := t.eval(a.Body)
	if err != nil {
		return nil, err
	}
	switch a.Verb {
	case Opens:
		return jsonRequest(http.MethodPost, "/api/cases/"+a.Type, withNote(map[string]any{"action": a.Name, "fields": orEmpty(body)}))
	case Creates:
		return jsonRequest(http.MethodPost, "/api/records/"+a.Type, map[string]any{"fields": orEmpty(body)})
	case Lists:
		return &outgoing{method: http.MethodGet, path: t.collection(a.Type), query: query(body), header: http.Header{}}, nil
	case Inbox:
		return &outgoing{method: http.MethodGet, path: "/api/inbox", query: query(body), header: http.Header{}}, nil
	case Uploads:
		return t.upload(a.Name)
	case Raw, Downloads:
		return t.raw(a, body)
	case SignsOut:
		return jsonRequest(http.MethodDelete, "/api/session", nil)
	}
	return t.about(ctx, s, a, body)
}

// withNote takes the note of an action out of its fields: it travels beside
// them.
func withNote(change map[string]any) map[string]any {
	fields, _ := change["fields"].(map[string]any)
	if note, ok := fields["note"]; ok {
		delete(fields, "note")
		change["note"] = note
	}
	return change
}

// about builds the requests that are about one record or case.
func (t *telling) about(ctx context.Context, s *session, a *Ask, body any) (*outgoing, error) {
	at, id, err := t.address(a)
	if err != nil {
		return nil, err
	}
	switch a.Verb {
	case Reads:
		return jsonRequest(http.MethodGet, at, nil)
	case ReadsPart, DownloadsPart:
		return jsonRequest(http.MethodGet, at+"/"+a.Name, nil)
	case Comments:
		return jsonRequest(http.MethodPost, at+"/comments", body)
	}
	rev, err := t.revision(ctx, s, a, at, id)
	if err != nil {
		return nil, err
	}
	change := map[string]any{"fields": orEmpty(body)}
	if rev != nil {
		change["rev"] = rev
	}
	switch a.Verb {
	case Acts:
		return jsonRequest(http.MethodPost, at+"/"+a.Name, withNote(change))
	case Revises:
		return jsonRequest(http.MethodPatch, at, change)
	default:
		o := &outgoing{method: http.MethodDelete, path: at, query: url.Values{}, header: http.Header{}}
		if rev != nil {
			o.query.Set("rev", plain(rev))
		}
		return o, nil
	}
}

func (t *telling) eval(v Value) (any, error) {
	if v == nil {
		return nil, nil
	}
	return v.eval(t)
}

func orEmpty(x any) any {
	if x == nil {
		return map[string]any{}
	}
	return x
}

// query makes query parameters of a body: a list gives the parameter again.
func query(body any) url.Values {
	out := url.Values{}
	m, _ := body.(map[string]any)
	for k, v := range m {
		values, isList := v.([]any)
		if !isList {
			values = []any{v}
		}
		for _, e := range values {
			out.Add(k, plain(e))
		}
	}
	return out
}

func (t *telling) collection(typ string) string {
	if t.isCase(typ) {
		return "/api/cases/" + typ
	}
	return "/api/records/" + typ
}

// address finds the path of what a step is about: by the type that it names,
// else by the type that an answer has shown for the id.
func (t *telling) address(a *Ask) (at, id string, err error) {
	v, err := a.Ref.eval(t)
	if err != nil {
		return "", "", err
	}
	id = idOf(v)
	if id == "" {
		return "", "", broken(fmt.Sprintf("%s 不是编号", show(v)), fmt.Sprintf("%s is no id", show(v)))
	}
	known, seen := t.things[id]
	switch {
	case a.Type != "" && known.isCase && known.typ == a.Type:
		return "/api/cases/" + a.Type + "/" + url.PathEscape(id), id, nil
	case a.Type != "":
		return t.collection(a.Type) + "/" + url.PathEscape(id), id, nil
	case !seen:
		return "", "", broken(fmt.Sprintf("不知 %s 的类型，请写明：reads 类型 {名称}", id), fmt.Sprintf("the type of %s is not known; name it: reads TYPE {NAME}", id))
	case known.isCase:
		return "/api/cases/" + known.typ + "/" + url.PathEscape(id), id, nil
	}
	return "/api/records/" + known.typ + "/" + url.PathEscape(id), id, nil
}

// idOf returns a text as it is, or the id of an object.
func idOf(v any) string {
	if m, ok := v.(map[string]any); ok {
		v = m["id"]
	}
	s, _ := v.(string)
	return s
}

// revision is the one that the step states, else the present one as the actor
// sees it, as a person at a screen does, else the last one seen by anybody.
func (t *telling) revision(ctx context.Context, s *session, a *Ask, at, id string) (any, error) {
	if a.Options.Rev != nil {
		return a.Options.Rev.eval(t)
	}
	o, err := jsonRequest(http.MethodGet, at, nil)
	if err != nil {
		return nil, err
	}
	ans, err := s.send(ctx, o)
	if err != nil {
		return nil, err
	}
	if ans.ok() {
		t.learn(ans.json)
	}
	return t.things[id].rev, nil
}

func (t *telling) upload(name string) (*outgoing, error) {
	b, err := t.data(name)
	if err != nil {
		return nil, err
	}
	o := &outgoing{method: http.MethodPost, path: "/api/files", body: b, header: http.Header{}}
	o.header.Set("Content-Type", mediaType(name))
	o.header.Set("X-Filename", url.PathEscape(path.Base(name)))
	return o, nil
}

func mediaType(name string) string {
	if m := mime.TypeByExtension(path.Ext(name)); m != "" {
		return m
	}
	return "application/octet-stream"
}

func (t *telling) raw(a *Ask, body any) (*outgoing, error) {
	at, err := t.urlText(a.URL)
	if err != nil {
		return nil, err
	}
	method := a.Name
	if a.Verb == Downloads {
		method = http.MethodGet
	}
	o, err := jsonRequest(method, at, body)
	if err != nil {
		return nil, err
	}
	switch {
	case a.Options.File != "":
		o.body, err = t.data(a.Options.File)
		o.header.Set("Content-Type", mediaType(a.Options.File))
	case a.Options.Text != nil:
		var text any
		text, err = a.Options.Text.eval(t)
		o.body = []byte(plain(text))
		o.header.Set("Content-Type", "text/plain; charset=utf-8")
	}
	return o, err
}

// urlText writes an address: what was kept is escaped, and so is what a person
// writes in Chinese.
func (t *telling) urlText(v Value) (string, error) {
	parts, ok := v.(template)
	if !ok {
		parts = template{v}
	}
	var b strings.Builder
	for _, part := range parts {
		x, err := part.eval(t)
		if err != nil {
			return "", err
		}
		text := plain(x)
		if id := idOf(x); id != "" {
			text = id
		}
		switch _, kept := part.(ref); {
		case kept && strings.Contains(b.String(), "?"):
			b.WriteString(url.QueryEscape(text))
		case kept:
			b.WriteString(url.PathEscape(text))
		default:
			b.WriteString(escapeWritten(text))
		}
	}
	return b.String(), nil
}

func escapeWritten(s string) string {
	var b strings.Builder
	for i := range len(s) {
		if c := s[i]; c <= ' ' || c >= 0x7f || strings.IndexByte("\"<>\\^`{|}", c) >= 0 {
			fmt.Fprintf(&b, "%%%02X", c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}
