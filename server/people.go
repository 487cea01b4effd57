package server

import (
	"context"
	"slices"

	"chengshu/core/identity"
	"chengshu/kernel/fault"
)

type officerView struct {
	ID      string     `json:"id"`
	Name    string     `json:"name"`
	Org     string     `json:"org"`
	OrgName fault.Text `json:"org_name"`
}

// people finds those who hold a post, to choose whom a case goes to. It is for
// those who hold one themselves, and shows the people of their own
// organisations and of those that serve their own divisions.
func (s *Server) people(ctx context.Context, a *identity.Actor, in *struct {
	Q    string `query:"q" maxLength:"100"`
	Unit string `query:"unit" maxLength:"64" doc:"only of this organisation and those under it"`
}) (*body[listOf[officerView]], error) {
	if len(a.Posts) == 0 {
		return nil, s.denied(a)
	}
	out := listOf[officerView]{Items: []officerView{}}
	tree, err := s.identity.Tree(ctx)
	if err != nil {
		return nil, err
	}
	path := "/"
	if in.Unit != "" {
		org := tree.Org(in.Unit)
		if org == nil {
			return &body[listOf[officerView]]{out}, nil
		}
		path = org.Path
	}
	err = s.identity.Officers(ctx, path, in.Q, func(o identity.Officer) bool {
		known := slices.ContainsFunc(out.Items, func(v officerView) bool { return v.ID == o.Person })
		if !known && works(a, o) {
			out.Items = append(out.Items, officerView{o.Person, o.Name, o.Org, s.orgName(ctx, o.Org)})
		}
		return len(out.Items) < maxFound
	})
	return &body[listOf[officerView]]{out}, err
}

// works reports whether o works where a does: under one of a's organisations,
// or in a division that one of a's posts serves.
func works(a *identity.Actor, o identity.Officer) bool {
	return slices.ContainsFunc(a.Posts, func(p identity.Post) bool {
		return identity.Within(o.Path, p.Path) || identity.Within(o.Division, p.Division)
	})
}
