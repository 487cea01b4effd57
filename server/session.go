package server

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"chengshu/core/decl"
	"chengshu/core/identity"
	"chengshu/engine/screen"
	"chengshu/kernel/fault"
)

type sessionView struct {
	Person  *personView   `json:"person"`
	Account string        `json:"account,omitempty"`
	Posts   []postView    `json:"posts"`
	Roles   []string      `json:"roles"`
	Faces   []string      `json:"faces"`
	Now     string        `json:"now"`
	Demo    []demoAccount `json:"demo,omitempty"`
}

type personView struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

type postView struct {
	ID      string     `json:"id"`
	Org     string     `json:"org"`
	OrgName fault.Text `json:"org_name"`
	Path    string     `json:"path"`
	Roles   []string   `json:"roles"`
}

type demoAccount struct {
	Account  string     `json:"account"`
	Password string     `json:"password"`
	Title    fault.Text `json:"title"`
}

type signIn struct {
	Device http.Cookie `cookie:"chengshu-device"`
	Body   struct {
		Account  string `json:"account" maxLength:"200"`
		Password string `json:"password" maxLength:"1000"`
	}
}

type signedIn struct {
	SetCookie []http.Cookie `header:"Set-Cookie"`
	Body      sessionView
}

type registration struct {
	Device http.Cookie `cookie:"chengshu-device"`
	Body   struct {
		Account  string `json:"account" maxLength:"200"`
		Password string `json:"password" maxLength:"1000"`
		Name     string `json:"name" maxLength:"200"`
		Phone    string `json:"phone,omitempty" maxLength:"40"`
	}
}

type newPassword struct {
	Body struct {
		Old string `json:"old" maxLength:"1000"`
		New string `json:"new" maxLength:"1000"`
	}
}

func (s *Server) sessionRoutes(api huma.API) {
	op(s, api, huma.Operation{OperationID: "get-session", Method: http.MethodGet, Path: "/api/session", Summary: "Who I am"},
		func(ctx context.Context, a *identity.Actor, _ *none) (*body[sessionView], error) {
			return &body[sessionView]{s.sessionOf(ctx, a)}, nil
		})
	op(s, api, huma.Operation{OperationID: "sign-in", Method: http.MethodPost, Path: "/api/session", Summary: "Sign in"},
		func(ctx context.Context, _ *identity.Actor, in *signIn) (*signedIn, error) {
			return s.signIn(ctx, identity.Credentials{Login: in.Body.Account, Password: in.Body.Password, Device: in.Device.Value})
		})
	op(s, api, huma.Operation{OperationID: "sign-out", Method: http.MethodDelete, Path: "/api/session", Summary: "Sign out", DefaultStatus: http.StatusNoContent},
		func(ctx context.Context, _ *identity.Actor, in *struct {
			Token http.Cookie `cookie:"chengshu"`
		}) (*struct {
			SetCookie http.Cookie `header:"Set-Cookie"`
		}, error) {
			if in.Token.Value != "" {
				if err := s.identity.SignOut(ctx, in.Token.Value); err != nil && !fault.Is(err, fault.Unauthenticated) {
					return nil, err
				}
			}
			gone := s.cookie("")
			gone.MaxAge = -1
			return &struct {
				SetCookie http.Cookie `header:"Set-Cookie"`
			}{gone}, nil
		})
	op(s, api, huma.Operation{OperationID: "register", Method: http.MethodPost, Path: "/api/people", Summary: "A citizen registers", DefaultStatus: http.StatusCreated},
		func(ctx context.Context, _ *identity.Actor, in *registration) (*signedIn, error) {
			_, err := s.identity.Register(ctx, identity.NewPerson{Login: in.Body.Account, Password: in.Body.Password, Name: in.Body.Name, Phone: in.Body.Phone})
			if err != nil {
				return nil, err
			}
			return s.signIn(ctx, identity.Credentials{Login: in.Body.Account, Password: in.Body.Password, Device: in.Device.Value})
		})
	op(s, api, huma.Operation{OperationID: "get-identity", Method: http.MethodGet, Path: "/api/me/identity", Summary: "Whether my account is linked with my record in a register of persons"}, s.identityOf)
	op(s, api, huma.Operation{OperationID: "prove-identity", Method: http.MethodPost, Path: "/api/me/identity", Summary: "Link my account with my record, by name and citizen id number"}, s.prove)
	op(s, api, huma.Operation{OperationID: "change-password", Method: http.MethodPost, Path: "/api/session/password", Summary: "Change my password; my other sessions end", DefaultStatus: http.StatusNoContent},
		func(ctx context.Context, a *identity.Actor, in *newPassword) (*none, error) {
			if a.Account == "" {
				return nil, s.denied(a)
			}
			return nil, s.identity.ChangePassword(ctx, a, in.Body.Old, in.Body.New)
		})
}

// cookie holds a session's token. It is Secure behind a proxy that speaks TLS;
// on the loopback, without one, it cannot be.
func (s *Server) cookie(token string) http.Cookie {
	return http.Cookie{Name: cookieName, Value: token, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: s.cfg.Proxied}
}

// deviceCookie is sent back at the next sign-in only, and long after the session
// has ended.
func (s *Server) deviceCookie(token string) http.Cookie {
	c := s.cookie(token)
	c.Name, c.Path, c.MaxAge = "chengshu-device", "/api", int(identity.DeviceLife.Seconds())
	return c
}

func (s *Server) signIn(ctx context.Context, c identity.Credentials) (*signedIn, error) {
	c.Address, _ = ctx.Value(ctxAddress).(string)
	in, err := s.identity.SignIn(ctx, c)
	if err != nil {
		return nil, err
	}
	return &signedIn{[]http.Cookie{s.cookie(in.Token), s.deviceCookie(in.Device)}, s.sessionOf(ctx, in.Actor)}, nil
}

func (s *Server) sessionOf(ctx context.Context, a *identity.Actor) sessionView {
	v := sessionView{Account: a.Account, Posts: []postView{}, Roles: a.Roles(), Faces: identity.FacesOf(a, s.declared.Set), Now: rfc(s.clock.Now().UnixMilli())}
	if a.Person != "" {
		v.Person = &personView{a.Person, a.Name}
	}
	for _, p := range a.Posts {
		v.Posts = append(v.Posts, postView{p.ID, p.Org, s.orgName(ctx, p.Org), p.Path, p.Roles})
	}
	if s.cfg.Demo {
		for _, d := range decl.All[*identity.Account](s.declared.Set, "account") {
			v.Demo = append(v.Demo, demoAccount{d.Name, d.Password, d.Title})
		}
	}
	return v
}

type screenView struct {
	Name      string            `json:"name"`
	Pack      string            `json:"pack"`
	PackTitle fault.Text        `json:"pack_title"`
	Face      string            `json:"face"`
	Title     fault.Text        `json:"title"`
	About     fault.Text        `json:"about"`
	Icon      string            `json:"icon,omitempty"`
	View      string            `json:"view"`
	Of        string            `json:"of,omitempty"`
	Order     int               `json:"order"`
	Action    string            `json:"action,omitempty"`
	List      []string          `json:"list,omitempty"`
	Filters   []string          `json:"filters,omitempty"`
	Sort      string            `json:"sort,omitempty"`
	Where     map[string]string `json:"where,omitempty"`
	Widgets   []widgetView      `json:"widgets,omitempty"`
}

type widgetView struct {
	Name  string     `json:"name"`
	Kind  string     `json:"kind"`
	Title fault.Text `json:"title"`
	Span  int        `json:"span,omitempty"`
	Rows  int        `json:"rows,omitempty"`
	Of    string     `json:"of,omitempty"`
}

func (s *Server) screenView(sc *screen.Screen) screenView {
	v := screenView{Name: sc.Pack + "/" + sc.Name, Pack: sc.Pack, Face: sc.Face, Title: sc.Title, About: sc.About, Icon: sc.Icon, View: sc.View,
		Of: sc.Of, Order: sc.Order, Action: sc.Action, List: sc.List, Filters: sc.Filters, Sort: sc.Sort, Where: sc.Where}
	if p := s.declared.Pack(sc.Pack); p != nil {
		v.PackTitle = p.Title
	}
	for _, w := range sc.Widgets {
		v.Widgets = append(v.Widgets, widgetView{w.Name, w.Kind, w.Title, w.Span, w.Rows, w.Of})
	}
	return v
}
