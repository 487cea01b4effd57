package server

import (
	"context"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"chengshu/core/identity"
	"chengshu/core/record"
	"chengshu/kernel/fault"
)

type orgView struct {
	ID       string     `json:"id"`
	Code     string     `json:"code"`
	Name     fault.Text `json:"name"`
	Kind     string     `json:"kind"`
	Path     string     `json:"path"`
	Parent   string     `json:"parent,omitempty"`
	Children int        `json:"children"`
}

type listOf[T any] struct {
	Items []T `json:"items"`
}

type placeView struct {
	Code     string      `json:"code"`
	Name     string      `json:"name"`
	Level    string      `json:"level"`
	Point    *pointOnAPI `json:"point"`
	Children int         `json:"children"`
}

type pointOnAPI struct {
	Lon float64 `json:"lon"`
	Lat float64 `json:"lat"`
}

// placeRoutes are the trees of organisations and divisions, a level at a time.
func (s *Server) placeRoutes(api huma.API) {
	op(s, api, huma.Operation{OperationID: "organisations", Method: http.MethodGet, Path: "/api/orgs", Summary: "Organisations"}, s.orgs)
	op(s, api, huma.Operation{OperationID: "people", Method: http.MethodGet, Path: "/api/people", Summary: "People in office, to choose one"}, s.people)
	op(s, api, huma.Operation{OperationID: "places", Method: http.MethodGet, Path: "/api/places", Summary: "Divisions, to choose a place without a map"}, s.placesBelow)
}

// maxFound bounds what a search among organisations returns.
const maxFound = 50

func (s *Server) orgs(ctx context.Context, _ *identity.Actor, in *struct {
	Parent string `query:"parent"`
	Q      string `query:"q" maxLength:"100"`
	ID     string `query:"id"`
}) (*body[listOf[orgView]], error) {
	tree, err := s.identity.Tree(ctx)
	if err != nil {
		return nil, err
	}
	out := listOf[orgView]{Items: []orgView{}}
	add := func(o *identity.Org) {
		if o != nil && !o.Closed && len(out.Items) < 1000 {
			out.Items = append(out.Items, orgView{o.ID, o.ID, o.Name(), string(o.Kind), o.Path, o.Parent, len(tree.Children(o.ID))})
		}
	}
	switch {
	case in.ID != "":
		add(tree.Org(in.ID))
	case in.Q != "":
		for _, o := range tree.Under("/") {
			if len(out.Items) < maxFound && (strings.Contains(o.NameZh, in.Q) || strings.Contains(strings.ToLower(o.NameEn), strings.ToLower(in.Q))) {
				add(o)
			}
		}
	default:
		for _, o := range tree.Children(in.Parent) {
			add(o)
		}
	}
	return &body[listOf[orgView]]{out}, nil
}

func (s *Server) placesBelow(ctx context.Context, _ *identity.Actor, in *struct {
	Parent string `query:"parent" maxLength:"20"`
}) (*body[listOf[placeView]], error) {
	t, err := s.records.Type("division")
	if err != nil {
		return nil, err
	}
	q := record.Query{Sort: "code", Limit: record.MaxLimit, Where: []record.Cond{{Field: "level", In: []any{"county"}}}}
	if in.Parent != "" {
		q.Where = []record.Cond{{Field: "parent", In: []any{in.Parent}}}
	}
	page, err := s.records.Query(ctx, t, q)
	if err != nil {
		return nil, err
	}
	keys := make([]any, len(page.Rows))
	for i, r := range page.Rows {
		keys[i] = r.ID
	}
	children := map[string]int64{}
	if len(keys) > 0 {
		tallies, err := s.records.TallyBy(ctx, t, record.Query{Where: []record.Cond{{Field: "parent", In: keys}}}, "parent", len(keys))
		if err != nil {
			return nil, err
		}
		for _, c := range tallies {
			children[c.Key] = c.Count
		}
	}
	out := listOf[placeView]{Items: []placeView{}}
	for _, r := range page.Rows {
		v := placeView{Code: r.ID, Name: r.Text("name"), Level: r.Text("level"), Children: int(children[r.ID])}
		if p, ok := r.Get("point").(record.Point); ok {
			v.Point = &pointOnAPI{p.Lon, p.Lat}
		}
		out.Items = append(out.Items, v)
	}
	return &body[listOf[placeView]]{out}, nil
}
