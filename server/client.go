package server

import (
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"chengshu/core/decl"
	"chengshu/core/identity"
	"chengshu/kernel/db"
	"chengshu/kernel/fault"
)

// maxClientDays is how long an API client may be valid, as people say it.
const maxClientDays = 730

type clientView struct {
	ID          string      `json:"id" doc:"keyid of one that signs"`
	Name        string      `json:"name"`
	Org         string      `json:"org,omitempty"`
	OrgName     *fault.Text `json:"org_name,omitempty"`
	Roles       []string    `json:"roles"`
	CreatedAt   string      `json:"created_at"`
	ExpiresAt   string      `json:"expires_at"`
	PerMinute   int         `json:"per_minute" doc:"requests a minute; 0 is the common rate"`
	UsedOn      string      `json:"used_on,omitempty" doc:"day of the last use; absent when it was never used"`
	Disabled    bool        `json:"disabled" doc:"it was revoked"`
	Signs       bool        `json:"signs" doc:"it signs its requests and has no key"`
	Algorithm   string      `json:"algorithm,omitempty" doc:"of its public key: ed25519 or sm2-sm3"`
	Fingerprint string      `json:"fingerprint,omitempty" doc:"SHA-256 of its public key (SubjectPublicKeyInfo), in hex"`
	Key         string      `json:"key,omitempty" doc:"shown this once"`
}

// mayEnter is what clients the caller may enter: of Org, any when it is empty,
// with Role.
type mayEnter struct {
	Org     string      `json:"org,omitempty" doc:"absent: any organisation"`
	OrgName *fault.Text `json:"org_name,omitempty"`
	Role    string      `json:"role"`
	Title   fault.Text  `json:"title"`
}

type clientsView struct {
	Items []clientView `json:"items"`
	May   []mayEnter   `json:"may"`
	Next  string       `json:"next,omitempty"`
}

type newClientInput struct {
	Body struct {
		Name      string `json:"name"`
		Org       string `json:"org"`
		Role      string `json:"role"`
		Days      int    `json:"days" doc:"1 to 730"`
		PerMinute int    `json:"per_minute,omitempty" doc:"requests a minute; 0 is the common rate"`
		PublicKey string `json:"public_key,omitempty" doc:"PEM of an Ed25519 or SM2 key; the client then signs, and gets no key"`
	}
}

// clientRoutes are for officers whose role says clients, within the
// organisations of their posts, and for those who run the program.
func (s *Server) clientRoutes(api huma.API) {
	op(s, api, huma.Operation{OperationID: "list-clients", Method: http.MethodGet, Path: "/api/clients", Summary: "API clients of my organisations"}, s.listClients)
	op(s, api, huma.Operation{OperationID: "add-client", Method: http.MethodPost, Path: "/api/clients", Summary: "Enter an API client of my organisation", DefaultStatus: http.StatusCreated}, s.enterClient)
	op(s, api, huma.Operation{OperationID: "revoke-client", Method: http.MethodDelete, Path: "/api/clients/{id}", Summary: "Make an API client void at once", DefaultStatus: http.StatusNoContent}, s.revokeClient)
}

// keepsClients returns whose clients the actor looks after: all, or those of
// some organisations that bear exactly one role. A client looks after none.
func (s *Server) keepsClients(a *identity.Actor) (all bool, of []identity.Keeps, err error) {
	if a.Client != "" || len(a.Posts) == 0 {
		return false, nil, s.denied(a)
	}
	if s.mustAdmin(a) == nil {
		return true, nil, nil
	}
	for _, p := range a.Posts {
		for _, role := range p.Roles {
			k := identity.Keeps{Org: p.Org, Role: role}
			if r, ok := decl.Find[*identity.Role](s.declared.Set, "role", role); ok && r.Clients && !slices.Contains(of, k) {
				of = append(of, k)
			}
		}
	}
	return false, of, nil
}

func (s *Server) listClients(ctx context.Context, a *identity.Actor, in *struct {
	Limit int    `query:"limit" minimum:"1" maximum:"200" default:"50"`
	After string `query:"after" maxLength:"40"`
}) (*body[clientsView], error) {
	all, of, err := s.keepsClients(a)
	if err != nil {
		return nil, err
	}
	found, err := s.identity.Clients(ctx, identity.ClientFilter{All: all, Of: of, After: in.After, Limit: in.Limit + 1})
	if err != nil {
		return nil, err
	}
	v := clientsView{Items: []clientView{}, May: s.mayEnter(ctx, all, of)}
	for _, c := range found[:min(len(found), in.Limit)] {
		v.Items = append(v.Items, s.clientView(ctx, c))
	}
	if len(found) > in.Limit {
		v.Next = v.Items[in.Limit-1].ID
	}
	return &body[clientsView]{v}, nil
}

func (s *Server) mayEnter(ctx context.Context, all bool, of []identity.Keeps) []mayEnter {
	out := []mayEnter{}
	for _, r := range decl.All[*identity.Role](s.declared.Set, "role") {
		if all && r.Clients {
			out = append(out, mayEnter{Role: r.Name, Title: r.Title})
		}
		for _, k := range of {
			if k.Role == r.Name {
				name := s.orgName(ctx, k.Org)
				out = append(out, mayEnter{Org: k.Org, OrgName: &name, Role: r.Name, Title: r.Title})
			}
		}
	}
	return out
}

func (s *Server) clientView(ctx context.Context, c identity.Client) clientView {
	v := clientView{ID: c.ID, Name: c.Name, Org: c.Org, Roles: orEmpty(c.Roles), CreatedAt: rfc(c.CreatedAt), ExpiresAt: rfc(c.ExpiresAt),
		PerMinute: c.PerMinute, UsedOn: c.UsedOn, Disabled: c.Disabled}
	if c.Org != "" {
		name := s.orgName(ctx, c.Org)
		v.OrgName = &name
	}
	if c.Key != nil {
		v.Signs, v.Algorithm, v.Fingerprint = true, c.Key.Algorithm(), c.Key.Fingerprint()
	}
	return v
}

func (s *Server) enterClient(ctx context.Context, a *identity.Actor, in *newClientInput) (*body[clientView], error) {
	all, of, err := s.keepsClients(a)
	if err != nil {
		return nil, err
	}
	if !all && len(of) == 0 {
		return nil, s.denied(a)
	}
	now := s.clock.Now()
	c := identity.NewClient{Name: in.Body.Name, Org: in.Body.Org, Roles: []string{in.Body.Role}, PerMinute: in.Body.PerMinute, PublicKey: in.Body.PublicKey,
		ExpiresAt: now.Add(time.Duration(in.Body.Days) * 24 * time.Hour).UnixMilli()}
	tree, err := s.identity.Tree(ctx)
	if err != nil {
		return nil, err
	}
	wrong := &fault.Fault{}
	r, known := decl.Find[*identity.Role](s.declared.Set, "role", in.Body.Role)
	if !known || !r.Clients {
		wrong.With("role", "没有可供接口调用方使用的这个角色", "there is no such role that API clients may bear")
	}
	if org := tree.Org(in.Body.Org); org == nil || org.Closed {
		wrong.With("org", "没有这个组织，或其已撤销", "there is no such organisation, or it is closed")
	}
	if in.Body.Days < 1 || in.Body.Days > maxClientDays {
		wrong.With("days", "有效天数为 1 至 730", "from 1 to 730 days")
		c.ExpiresAt = now.UnixMilli() + 1 // said already
	}
	for _, f := range c.Check(now.UnixMilli()) {
		if f.Path != "roles" && f.Path != "org" { // said above
			wrong.Fields = append(wrong.Fields, f)
		}
	}
	if len(wrong.Fields) > 0 {
		return nil, identity.BadClient(wrong.Fields)
	}
	if !all && !slices.Contains(of, identity.Keeps{Org: in.Body.Org, Role: in.Body.Role}) {
		return nil, s.denied(a)
	}
	return s.addClient(ctx, a, c)
}

func (s *Server) addClient(ctx context.Context, a *identity.Actor, c identity.NewClient) (*body[clientView], error) {
	var v clientView
	err := s.db.Do(ctx, func(tx *db.Tx) error {
		id, key, err := s.identity.AddClient(tx, a, c)
		if err != nil {
			return err
		}
		made, err := s.identity.ClientByID(tx, id)
		v = s.clientView(ctx, made)
		v.Key = key
		return err
	})
	return &body[clientView]{v}, err
}

// revokeClient answers for a client that the caller does not look after as for
// one that is not there.
func (s *Server) revokeClient(ctx context.Context, a *identity.Actor, in *struct {
	ID string `path:"id" maxLength:"40"`
}) (*none, error) {
	all, of, err := s.keepsClients(a)
	if err != nil {
		return nil, err
	}
	return nil, s.db.Do(ctx, func(tx *db.Tx) error {
		c, err := s.identity.ClientByID(tx, in.ID)
		if err != nil {
			return err
		}
		mine := len(c.Roles) == 1 && slices.Contains(of, identity.Keeps{Org: c.Org, Role: c.Roles[0]})
		if !all && !mine {
			return identity.NoClient()
		}
		return s.identity.RevokeClient(tx, a, in.ID)
	})
}
