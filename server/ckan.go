package server

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"mime"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"chengshu/core/access"
	"chengshu/core/identity"
	"chengshu/kernel/id"
	"chengshu/standard/ckan"
)

// ckanVersion is the version of CKAN whose API is spoken.
const ckanVersion = "2.11.0"

// ckanRoutes are the addresses of CKAN's Action API.
func (s *Server) ckanRoutes(mux *http.ServeMux, c *openData) {
	for _, base := range []string{"/api/action/", "/api/3/action/"} {
		mux.HandleFunc(base+"{action}", c.answer)
	}
	for _, root := range []string{"GET /api/3", "GET /api/3/{$}"} {
		mux.HandleFunc(root, func(w http.ResponseWriter, _ *http.Request) { send(w, http.StatusOK, map[string]int{"version": 3}) })
	}
}

// byCKAN reports whether an address is one of CKAN's, where a parameter may be
// given more than once.
func byCKAN(path string) bool {
	return strings.HasPrefix(path, "/api/3/") || strings.HasPrefix(path, "/api/action/")
}

// shared lets pages of other sites read an answer, without a visitor's cookie.
func shared(w http.ResponseWriter) {
	w.Header().Set("Access-Control-Allow-Origin", "*")
	w.Header().Set("Access-Control-Allow-Methods", "GET")
	w.Header().Set("Access-Control-Allow-Headers", "Content-Type")
}

// answer runs one action and writes what came of it as CKAN does.
func (c *openData) answer(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	if r.Method == http.MethodGet || r.Method == http.MethodOptions {
		shared(w)
	}
	if r.Method == http.MethodOptions {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	r = r.WithContext(context.WithValue(r.Context(), ctxRequest, id.New()))
	name := r.PathValue("action")
	out := map[string]any{"help": siteURL(r, c.s.cfg.Proxied) + "/api/3/action/help_show?name=" + url.QueryEscape(name)}
	result, callback, err := c.run(w, r, name)
	code := http.StatusOK
	if err != nil {
		if problem := problemOf(err, ""); problem.Status == http.StatusInternalServerError && !errors.As(err, new(*ckan.Error)) {
			c.s.log.Error("request failed", "method", r.Method, "route", r.Pattern, "request", requestID(r.Context()), "err", err)
		}
		e := ckan.ErrorOf(err, strings.HasPrefix(strings.ToLower(r.Header.Get("Accept-Language")), "zh"))
		code = e.Status
		if e.Type == "" { // no such action: CKAN answers with the words alone
			_ = send(w, code, e.Message)
			return
		}
		out["success"], out["error"] = false, e.JSON()
	} else {
		out["success"], out["result"] = true, result
	}
	body, err := json.Marshal(out)
	if err != nil {
		c.s.log.Error("request failed", "route", r.Pattern, "err", err)
		code, body = http.StatusInternalServerError, []byte(`{"success":false,"error":{"__type":"Internal Server Error","message":"Internal Server Error"}}`)
	}
	body = bytes.ReplaceAll(body, []byte(`"url":"/api/`), []byte(`"url":"`+siteURL(r, c.s.cfg.Proxied)+`/api/`)) // our own resources
	w.Header().Set("Content-Type", "application/json;charset=utf-8")
	if callback != "" && code == http.StatusOK {
		w.Header().Set("Content-Type", "application/javascript;charset=utf-8")
		body = slices.Concat([]byte("/**/"+callback+"("), body, []byte(");"))
	}
	w.WriteHeader(code)
	_, _ = w.Write(body) // the client may have gone
}

// callbackForm is what JSONP may call.
var callbackForm = regexp.MustCompile(`^[A-Za-z_$][\w$.]{0,99}$`)

// run finds out who asks, reads the parameters, and runs the action.
func (c *openData) run(w http.ResponseWriter, r *http.Request, name string) (result any, callback string, err error) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead && r.Method != http.MethodPost {
		return nil, "", &ckan.Error{Status: http.StatusMethodNotAllowed, Message: "Method Not Allowed"}
	}
	actor, err := c.caller(r)
	if err != nil {
		return nil, "", err
	}
	if err := c.s.identity.Limit(actor, c.s.addressOf(r)); err != nil {
		return nil, "", err
	}
	params, err := ckanParams(w, r)
	if err != nil {
		return nil, "", err
	}
	if given, ok := params["callback"].(string); ok && r.Method == http.MethodGet {
		if !callbackForm.MatchString(given) {
			return nil, "", &ckan.Error{Status: http.StatusBadRequest, Message: "Bad request: callback is not the name of a function"}
		}
		delete(params, "callback")
		actor, callback = identity.NewAnonymous(), given // a script of another site must not learn what a visitor may see
	}
	r = r.WithContext(context.WithValue(r.Context(), ctxActor, actor))
	if name == "datastore_search" {
		select {
		case c.asking <- struct{}{}:
			defer func() { <-c.asking }()
		case <-r.Context().Done():
			return nil, "", context.Cause(r.Context())
		}
	}
	now, err := c.current(r.Context())
	if err != nil {
		return nil, "", err
	}
	one, site := &ckanCall{c: c, r: r, actor: actor, now: now}, c.site(r)
	result, err = ckan.Answer(r.Context(), now.catalogue, ckan.Request{Action: name, Params: params, Post: r.Method == http.MethodPost, Reader: one, Writer: one, User: c.user(actor),
		Site: ckan.Site{Title: site.Title.Zh, Description: site.About.Zh, URL: site.URL, Version: ckanVersion}})
	return result, callback, err
}

// caller finds the actor by CKAN's headers, a key by itself or after Bearer, or
// else as everywhere.
func (c *openData) caller(r *http.Request) (*identity.Actor, error) {
	for _, header := range []string{"X-CKAN-API-Key", "Authorization"} {
		key := strings.TrimSpace(r.Header.Get(header))
		if scheme, rest, ok := strings.Cut(key, " "); ok && strings.EqualFold(scheme, "Bearer") {
			key = strings.TrimSpace(rest)
		}
		if key != "" {
			return c.s.identity.AuthenticateKey(r.Context(), key)
		}
	}
	return c.s.authenticate(r)
}

func (c *openData) user(a *identity.Actor) ckan.User {
	u := ckan.User{ID: a.Self(), Name: a.Account, Full: a.Name, Edits: c.s.access.May(a, access.Create, ckan.EntryType)}
	if u.Name == "" {
		u.Name = u.ID
	}
	for _, p := range a.Posts {
		if !slices.Contains(u.Units, p.Org) {
			u.Units = append(u.Units, p.Org)
		}
	}
	u.Admin = slices.Contains(identity.FacesOf(a, c.s.declared.Set), "admin")
	return u
}

// siteURL is the address under which the caller reached the program.
func siteURL(r *http.Request, proxied bool) string {
	scheme := "http"
	if r.TLS != nil || proxied && r.Header.Get("X-Forwarded-Proto") == "https" {
		scheme = "https"
	}
	return scheme + "://" + r.Host
}

// ckanParams reads the parameters of a call: of the address for GET; else of the
// body, which is JSON, or a form, or JSON sent as if it were a form.
func ckanParams(w http.ResponseWriter, r *http.Request) (ckan.Params, error) {
	if r.Method != http.MethodPost {
		values, err := url.ParseQuery(r.URL.RawQuery)
		if err != nil {
			return nil, badParams("the parameters in the address cannot be read")
		}
		return formParams(values)
	}
	kind, attributes, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if kind == "multipart/form-data" {
		return multipartParams(w, r, attributes["boundary"])
	}
	body, err := bodyOf(w, r)
	if err != nil {
		return nil, err
	}
	body = bytes.TrimSpace(body)
	switch {
	case len(body) == 0:
		return ckan.Params{}, nil
	case kind == "application/x-www-form-urlencoded" && body[0] != '{':
		values, err := url.ParseQuery(string(body))
		if err != nil {
			return nil, badParams("the form cannot be read")
		}
		if len(values) == 1 { // JSON as the name of the only member, as curl -d sends what it has escaped
			for name, v := range values {
				if strings.HasPrefix(name, "{") && (v[0] == "" || v[0] == "1") {
					return jsonParams([]byte(name))
				}
			}
		}
		return formParams(values)
	}
	return jsonParams(body)
}

func jsonParams(body []byte) (ckan.Params, error) {
	if err := strictJSON(body); err != nil {
		return nil, badParams("Error decoding JSON data. " + problemOf(err, "en").Detail)
	}
	var out ckan.Params
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber()
	if err := dec.Decode(&out); err != nil || out == nil {
		return nil, badParams("Request data JSON decoded, but it needs to be a dictionary.")
	}
	if bytes.Contains(body, []byte(`\u0000`)) {
		return nil, badParams("a text holds NUL")
	}
	return out, nil
}

func badParams(why string) error {
	return &ckan.Error{Status: http.StatusBadRequest, Message: "Bad request: JSON Error: " + why}
}

func formParams(values map[string][]string) (ckan.Params, error) {
	out := ckan.Params{}
	for name, list := range values {
		for _, v := range append([]string{name}, list...) {
			if !plainText(v) {
				return nil, badParams("a parameter is not valid text")
			}
		}
		out[name] = list[0]
		if len(list) > 1 {
			out[name] = list
		}
	}
	return out, nil
}

// multipartParams reads a form with files. No action takes a file, so each is
// named only, for the action to refuse.
func multipartParams(w http.ResponseWriter, r *http.Request, boundary string) (ckan.Params, error) {
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	if err := r.ParseMultipartForm(maxBody); err != nil || boundary == "" {
		return nil, errTooLarge()
	}
	defer r.MultipartForm.RemoveAll()
	out, err := formParams(r.MultipartForm.Value)
	for name := range r.MultipartForm.File {
		if err == nil {
			out[name] = "file"
		}
	}
	return out, err
}
