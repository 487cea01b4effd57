package server

import (
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"slices"

	"chengshu/core/access"
	"chengshu/core/decl"
	"chengshu/core/identity"
	"chengshu/core/record"
	"chengshu/engine/screen"
	"chengshu/kernel/fault"
)

// navigation returns the screens that the actor may open, in their order.
func (s *Server) navigation(a *identity.Actor) []screenView {
	out := []screenView{}
	for _, sc := range decl.All[*screen.Screen](s.declared.Set, screen.Kind.Name) {
		if s.mayOpen(a, sc) {
			v := s.screenView(sc)
			v.Widgets = nil
			out = append(out, v)
		}
	}
	slices.SortStableFunc(out, func(x, y screenView) int { return cmp.Compare(x.Order, y.Order) })
	return out
}

// mayOpen reports whether the screen is offered to the actor: it is on one of
// their faces, for one of their roles, and of something they may read or open.
func (s *Server) mayOpen(a *identity.Actor, sc *screen.Screen) bool {
	if !slices.Contains(identity.FacesOf(a, s.declared.Set), sc.Face) {
		return false
	}
	if len(sc.Roles) > 0 && !slices.ContainsFunc(sc.Roles, a.Has) {
		return false
	}
	if sc.Of == "" || sc.View == "board" {
		return true
	}
	if sc.View == "form" && (sc.Face == identity.Public || s.access.May(a, orText(sc.Action, access.Create), sc.Of)) {
		return true // on the public face a visitor is asked to sign in
	}
	return sc.View != "form" && s.access.May(a, access.Read, sc.Of)
}

func orText(s, def string) string {
	if s == "" {
		return def
	}
	return s
}

func (s *Server) screenOf(r *http.Request) (*screen.Screen, error) {
	sc, ok := decl.Find[*screen.Screen](s.declared.Set, screen.Kind.Name, r.PathValue("screen"))
	if !ok || sc.Pack != r.PathValue("pack") || !s.mayOpen(actorOf(r.Context()), sc) {
		return nil, fault.New(fault.NotFound, "no-such-screen", "没有这个页面", "there is no such screen")
	}
	return sc, nil
}

func (s *Server) nav(w http.ResponseWriter, r *http.Request) error {
	return send(w, http.StatusOK, s.navigation(actorOf(r.Context())))
}

func (s *Server) getScreen(w http.ResponseWriter, r *http.Request) error {
	sc, err := s.screenOf(r)
	if err != nil {
		return err
	}
	return send(w, http.StatusOK, s.screenView(sc))
}

func (s *Server) screenData(w http.ResponseWriter, r *http.Request) error {
	sc, err := s.screenOf(r)
	if err != nil {
		return err
	}
	data, err := s.screens.Data(r.Context(), actorOf(r.Context()), sc)
	if err != nil {
		return err
	}
	return send(w, http.StatusOK, map[string]any{"widgets": data})
}

// caseJSON shows one case on a board as the actor may see it.
func (s *Server) caseJSON(ctx context.Context, a *identity.Actor, row *record.Row) (json.RawMessage, error) {
	p, err := s.processes.Process(row.Type.Name)
	if err != nil {
		return nil, err
	}
	subject, err := s.processes.Subject(ctx, row)
	if err != nil {
		return nil, err
	}
	// A board is looked at by many: personal values stay masked on it.
	see := s.access.Decide(a, access.Read, row.Type.Name, subject).View
	v := record.View{Mask: access.Mask, See: func(r *record.Row, f *record.Field) record.See {
		if how := see.See(f.Name); how != record.Clear || !f.Personal {
			return how
		}
		return record.Masked
	}}
	v.Extra = func(dst []byte, row *record.Row) []byte {
		return append(s.appendFacts(append(dst, `,"case":`...), p, row), '}')
	}
	return v.Append(ctx, s.records, nil, row)
}
