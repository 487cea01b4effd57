package server

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"chengshu/core/decl"
	"chengshu/core/identity"
	"chengshu/core/record"
	"chengshu/kernel/fault"
	"chengshu/standard/gbcode"
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

type identityView struct {
	Offered bool `json:"offered" doc:"there is a register of persons to be found in"`
	Linked  bool `json:"linked" doc:"my account is linked with my record there"`
}

type proof struct {
	Body struct {
		Name   string `json:"name" maxLength:"200"`
		Number string `json:"number" maxLength:"18" doc:"citizen id number (GB 11643)"`
	}
}

func (s *Server) identityOf(_ context.Context, a *identity.Actor, _ *none) (*body[identityView], error) {
	if a.Account == "" {
		return nil, s.denied(a)
	}
	return &body[identityView]{identityView{len(s.registers()) > 0, a.Subject != ""}}, nil
}

// prove links the account of a citizen with their record in a register of
// persons, whose number and name they know.
func (s *Server) prove(ctx context.Context, a *identity.Actor, in *proof) (*body[identityView], error) {
	if a.Account == "" {
		return nil, s.denied(a)
	}
	name, number := strings.TrimSpace(in.Body.Name), strings.ToUpper(strings.TrimSpace(in.Body.Number))
	f := fault.New(fault.Invalid, "invalid-fields", "填写有误", "some fields are wrong")
	if name == "" {
		f.With("name", "请填写姓名", "the name is missing")
	}
	if !gbcode.ValidCitizen(number) {
		f.With("number", "不是有效的公民身份号码（GB 11643）", "not a citizen id number (GB 11643)")
	}
	if len(f.Fields) > 0 {
		return nil, f
	}
	address, _ := ctx.Value(ctxAddress).(string)
	err := s.identity.Prove(ctx, a, address, func() (string, error) { return s.registered(ctx, name, number) })
	if err != nil {
		return nil, err
	}
	return &body[identityView]{identityView{Offered: true, Linked: true}}, nil
}

func (s *Server) registers() []*identity.Register {
	return decl.All[*identity.Register](s.declared.Set, "register")
}

// personsOf returns whom each row is about. The row of a dataset that names its
// subject by the citizen id number is about who has that number in a register of
// persons.
func (s *Server) personsOf(ctx context.Context, t *record.Type, rows []*record.Row) ([]string, error) {
	out := make([]string, len(rows))
	for i, row := range rows {
		out[i] = row.Person()
	}
	if t.Resource != record.Dataset || t.SubjectBy == "" {
		return out, nil
	}
	for _, g := range s.registers() {
		of, err := s.records.Type(g.Of)
		if err != nil {
			return nil, err
		}
		if key := of.KeyField(); key == nil || key.Name != g.Number {
			continue
		}
		for i := 0; i < len(rows); i += record.MaxKeys {
			part := rows[i:min(i+record.MaxKeys, len(rows))]
			numbers := make([]string, len(part))
			for j, row := range part {
				numbers[j] = row.Text(t.SubjectBy)
			}
			found, err := s.records.ByKey(ctx, of, numbers, nil)
			if err != nil {
				return nil, err
			}
			for j, person := range found {
				if person != nil {
					out[i+j] = person.ID
				}
			}
		}
	}
	return out, nil
}

// registered finds the record of the person of that name and number, "" when
// no register has both in one record.
func (s *Server) registered(ctx context.Context, name, number string) (id string, err error) {
	for _, g := range s.registers() {
		t, err := s.records.Type(g.Of)
		if err != nil {
			return "", err
		}
		both := func(first int) (string, []any) {
			return fmt.Sprintf("%s = $%d and %s = $%d", record.Column(g.Number), first, record.Column(g.Holder), first+1), []any{number, name}
		}
		// With a total rows are found by the number's index, not by walking from the newest.
		page, err := s.records.Query(ctx, t, record.Query{Scope: both, Limit: 1, Total: true})
		if err != nil {
			return "", err
		}
		if len(page.Rows) > 0 {
			return page.Rows[0].ID, nil
		}
	}
	return "", nil
}
