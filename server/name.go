package server

import (
	"context"
	"strings"

	"chengshu/core/decl"
	"chengshu/core/evidence"
	"chengshu/core/identity"
	"chengshu/core/record"
)

// orgReferent lets records refer to organisations.
type orgReferent struct{ *identity.Service }

// Refer implements record.Referent.
func (o orgReferent) Refer(ctx context.Context, id string) (*record.Referred, error) {
	tree, err := o.Tree(ctx)
	if err != nil {
		return nil, err
	}
	org := tree.Org(id)
	if org == nil {
		return nil, nil
	}
	return &record.Referred{ID: id, Title: org.Name(), Org: org.Path, Place: org.Division}, nil
}

// personReferent lets records refer to people who have an account.
type personReferent struct{ *identity.Service }

// Refer implements record.Referent.
func (p personReferent) Refer(ctx context.Context, id string) (*record.Referred, error) {
	name, err := p.PersonName(ctx, id)
	if err != nil || name == "" {
		return nil, err
	}
	return &record.Referred{ID: id, Title: decl.Text{Zh: name, En: name}}, nil
}

// resourceReferent lets records refer to resources of the catalogue by their
// names.
type resourceReferent struct{ types []*record.Type }

// Refer implements record.Referent.
func (d resourceReferent) Refer(_ context.Context, id string) (*record.Referred, error) {
	for _, t := range d.types {
		if t.Name == id {
			return &record.Referred{ID: id, Title: t.Title}, nil
		}
	}
	return nil, nil
}

// fieldReferent lets records refer to fields of resources, as TYPE.FIELD.
type fieldReferent struct{ types []*record.Type }

// Refer implements record.Referent.
func (r fieldReferent) Refer(_ context.Context, id string) (*record.Referred, error) {
	name, field, _ := strings.Cut(id, record.FieldMark)
	for _, t := range r.types {
		if f := t.Field(field); t.Name == name && f != nil {
			return &record.Referred{ID: id, Title: f.Title}, nil
		}
	}
	return nil, nil
}

// orgName returns the name of an organisation, empty when there is none.
func (s *Server) orgName(ctx context.Context, id string) decl.Text {
	tree, err := s.identity.Tree(ctx)
	if err != nil {
		return decl.Text{}
	}
	if o := tree.Org(id); o != nil {
		return o.Name()
	}
	return decl.Text{}
}

// officerName returns the name of someone who acts in office.
func (s *Server) officerName(ctx context.Context, person string) string {
	name, err := s.identity.PersonName(ctx, person)
	if err != nil {
		return ""
	}
	return name
}

// actorName names who did something: officers by name, for they act in
// public office; citizens not at all, unless it is oneself.
func (s *Server) actorName(ctx context.Context, a evidence.Actor) string {
	switch {
	case a.Person == "":
		return ""
	case a.Org != "":
		return s.officerName(ctx, a.Person)
	case actorOf(ctx).Person == a.Person:
		return actorOf(ctx).Name
	}
	return ""
}
