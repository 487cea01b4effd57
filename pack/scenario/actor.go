package scenario

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
)

// session returns the actor's session, signed in.
func (t *telling) session(ctx context.Context, actor string) (*session, error) {
	s, err := t.visitor(ctx, actor)
	if err != nil || actor == Anyone {
		return s, err
	}
	if err := t.stillSignedIn(ctx, s); err != nil || s.signedIn {
		return s, err
	}
	o, err := credentials(actor, s.password)
	if err != nil {
		return nil, err
	}
	ans, err := s.send(ctx, o)
	if err != nil {
		return nil, err
	}
	if !ans.ok() {
		return nil, broken(fmt.Sprintf("%s 未能登录：%s", actor, ans.ended()), fmt.Sprintf("%s could not sign in: %s", actor, ans.ended()))
	}
	s.signedIn, s.seen = true, t.now
	return s, nil
}

// stillSignedIn asks the server, when time has passed since the actor's last
// step, whether the session has ended; a person would then sign in again.
func (t *telling) stillSignedIn(ctx context.Context, s *session) error {
	if !s.signedIn || !t.now.After(s.seen) {
		return nil
	}
	o, err := jsonRequest(http.MethodGet, "/api/session", nil)
	if err != nil {
		return err
	}
	ans, err := s.send(ctx, o)
	if err != nil {
		return err
	}
	m, isObject := ans.json.(map[string]any)
	s.signedIn, s.seen = !isObject || m["person"] != nil, t.now
	return nil
}

// visitor returns the actor's session, signed in or not.
func (t *telling) visitor(ctx context.Context, actor string) (*session, error) {
	if s := t.actors[actor]; s != nil {
		return s, nil
	}
	s := newSession(actor, "", t.target.BaseURL())
	if actor != Anyone {
		password, err := t.password(ctx, actor)
		if err != nil {
			return nil, err
		}
		s.password = password
	}
	t.actors[actor] = s
	return s, nil
}

func (t *telling) password(ctx context.Context, actor string) (string, error) {
	if t.Password != nil {
		if p, ok := t.Password(actor); ok {
			return p, nil
		}
	}
	if t.demo == nil {
		if err := t.askDemo(ctx); err != nil {
			return "", err
		}
	}
	if p, ok := t.demo[actor]; ok {
		return p, nil
	}
	return "", broken(fmt.Sprintf("没有账号 %q：请声明 account，或先写 %s registers", actor, actor),
		fmt.Sprintf("there is no account %q: declare one, or begin with %s registers", actor, actor))
}

// askDemo reads the list of demo accounts that a demo city tells everybody.
func (t *telling) askDemo(ctx context.Context) error {
	t.demo = map[string]string{}
	o, err := jsonRequest(http.MethodGet, "/api/session", nil)
	if err != nil {
		return err
	}
	ans, err := newSession(Anyone, "", t.target.BaseURL()).send(ctx, o)
	if err != nil {
		return err
	}
	m, _ := ans.json.(map[string]any)
	list, _ := m["demo"].([]any)
	for _, e := range list {
		d, _ := e.(map[string]any)
		account, _ := d["account"].(string)
		password, _ := d["password"].(string)
		t.demo[account] = password
	}
	return nil
}

func credentials(account, password string) (*outgoing, error) {
	return jsonRequest(http.MethodPost, "/api/session", map[string]any{"account": account, "password": password})
}

// signingIn signs in with the password of the body, when it names another.
func (t *telling) signingIn(a *Ask) (sending, error) {
	body, err := t.eval(a.Body)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context) (*answer, error) {
		s, err := t.visitor(ctx, a.Actor)
		if err != nil {
			return nil, err
		}
		password := s.password
		if m, ok := body.(map[string]any); ok && m["password"] != nil {
			password = plain(m["password"])
		}
		o, err := credentials(a.Actor, password)
		if err != nil {
			return nil, err
		}
		ans, err := s.send(ctx, o)
		if err == nil && ans.ok() {
			s.signedIn, s.password, s.seen = true, password, t.now
		}
		return ans, err
	}, nil
}

// registering makes the actor an account. What the body leaves out is filled:
// the account is the actor's name.
func (t *telling) registering(a *Ask) (sending, error) {
	body, err := t.eval(a.Body)
	if err != nil {
		return nil, err
	}
	person := map[string]any{"account": a.Actor, "password": "scenario-" + a.Actor, "name": a.Actor}
	if m, ok := body.(map[string]any); ok {
		for k, v := range m {
			person[k] = v
		}
	}
	o, err := jsonRequest(http.MethodPost, "/api/people", person)
	if err != nil {
		return nil, err
	}
	s := newSession(a.Actor, plain(person["password"]), t.target.BaseURL())
	return func(ctx context.Context) (*answer, error) {
		ans, err := s.send(ctx, o)
		if err == nil && ans.ok() {
			t.actors[a.Actor] = s
		}
		return ans, err
	}, nil
}

// maxPages bounds a search for one item, so that a list that never ends fails.
const maxPages = 200

// finding looks for one record or case in the inbox or in a list, page by
// page. The answer is the item.
func (t *telling) finding(s *session, a *Ask) (sending, error) {
	v, err := a.Ref.eval(t)
	if err != nil {
		return nil, err
	}
	body, err := t.eval(a.Body)
	if err != nil {
		return nil, err
	}
	at := "/api/inbox"
	if a.Verb == Finds {
		at = t.collection(a.Type)
	}
	return func(ctx context.Context) (*answer, error) {
		return t.search(ctx, s, a, &outgoing{method: http.MethodGet, path: at, query: query(body), header: http.Header{}}, idOf(v))
	}, nil
}

func (t *telling) search(ctx context.Context, s *session, a *Ask, o *outgoing, id string) (*answer, error) {
	for range maxPages {
		ans, err := s.send(ctx, o)
		if err != nil || !ans.ok() {
			return ans, err
		}
		page, _ := ans.json.(map[string]any)
		items, _ := page["items"].([]any)
		for _, it := range items {
			if id == "" || idOf(it) != id {
				continue
			}
			if a.Not {
				return nil, exchanged(differs(nothing, said(show(it))), ans)
			}
			ans.json = it
			return ans, nil
		}
		next, _ := page["next"].(string)
		if next == "" {
			if a.Not {
				return ans, nil
			}
			return nil, exchanged(differs(said(id), notFound), ans)
		}
		if o.query == nil {
			o.query = url.Values{}
		}
		o.query.Set("after", next)
	}
	return nil, broken("列表没有尽头", "the list does not end")
}

func exchanged(d *Difference, a *answer) *Difference {
	d.Exchange = a.exchange()
	return d
}
