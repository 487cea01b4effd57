package server

import (
	"context"
	"slices"
	"strings"
	"time"

	"chengshu/core/identity"
	"chengshu/core/process"
	"chengshu/core/record"
	"chengshu/core/rule"
	"chengshu/engine/archive"
	"chengshu/engine/exchange"
	"chengshu/engine/federation"
	"chengshu/engine/geo"
	"chengshu/engine/lake"
	"chengshu/engine/lake/linkage"
	"chengshu/standard/gbcode"
)

// world is what rule functions and effects look into. It is filled when the engines are
// up; before that the functions exist for checking only.
type world struct {
	records  *record.Engine
	identity *identity.Service
	places   *geo.Index
	lake     *lake.Engine
	linkage  *linkage.Engine
	exchange *exchange.Engine
	archive  *archive.Engine
	types    []*record.Type
}

// effects is the one list of what actions can do beside moving their case.
func (w *world) effects() []process.EffectKind {
	return slices.Concat(process.Effects(), lake.Effects(func() *lake.Engine { return w.lake }), linkage.Effects(func() *linkage.Engine { return w.linkage }),
		exchange.Effects(func() *exchange.Engine { return w.exchange }), federation.Effects(),
		archive.Effects(func() *archive.Engine { return w.archive }))
}

// Effects are the effects of the program, for checking: they do nothing.
func Effects() []process.EffectKind { return (&world{}).effects() }

// Functions are the functions of the program, for checking: they see nothing.
func Functions() []rule.Function { return (&world{}).functions() }

// lookTime bounds one look of a rule function into the database.
const lookTime = 2 * time.Second

// functions is the one list of what rules can call beside CEL's own.
func (w *world) functions() []rule.Function {
	point := rule.ObjectOf(record.PointShape.Name)
	texts := rule.ListOf(rule.String)
	return []rule.Function{
		{Name: "citizen_id_ok", Params: []rule.Type{rule.String}, Result: rule.Bool, Call: func(a []any) (any, error) {
			return gbcode.ValidCitizen(text(a[0])), nil
		}, SQL: func(a []string) string { return gbcode.CitizenSQL(a[0]) }},
		{Name: "credit_code_ok", Params: []rule.Type{rule.String}, Result: rule.Bool, Call: func(a []any) (any, error) {
			return gbcode.ValidCredit(text(a[0])), nil
		}, SQL: func(a []string) string { return gbcode.CreditSQL(a[0]) }},
		{Name: "division_at", Params: []rule.Type{point}, Result: rule.String, Call: func(a []any) (any, error) {
			p, ok := a[0].(record.Point)
			if !ok {
				return "", nil
			}
			return w.places.DivisionAt(p), nil
		}},
		{Name: "path_parts", Params: []rule.Type{rule.String}, Result: texts, Call: func(a []any) (any, error) {
			return strings.FieldsFunc(text(a[0]), func(r rune) bool { return r == '/' }), nil
		}},
		// org_near(kind, place): the organisation of that kind whose division
		// is the smallest that holds the place.
		{Name: "org_near", Params: []rule.Type{rule.String, rule.String}, Result: rule.String, Call: func(a []any) (any, error) {
			return w.orgNear(text(a[0]), text(a[1]))
		}},
		// owner_of(resource): the organisation that answers for a resource of the
		// catalogue.
		{Name: "owner_of", Params: []rule.Type{rule.String}, Result: rule.String, Call: func(a []any) (any, error) {
			return w.ownerOf(text(a[0]))
		}},
		// sharing_of(resource): its sharing class, none for what is not there.
		{Name: "sharing_of", Params: []rule.Type{rule.String}, Result: rule.String, Call: func(a []any) (any, error) {
			if t := w.typeNamed(text(a[0])); t != nil {
				return t.Sharing, nil
			}
			return "none", nil
		}},
		// users_of(resource, field): the persons who asked for grants on a field that
		// have been used.
		{Name: "users_of", Params: []rule.Type{rule.String, rule.String}, Result: texts, Call: func(a []any) (any, error) {
			ctx, cancel := context.WithTimeout(context.Background(), lookTime)
			defer cancel()
			users, err := w.exchange.UsersOf(w.exchange.DB.Read(ctx), text(a[0]), text(a[1]))
			return users, err
		}},
		// lookup(type, field a, values, field b, values, order, give): see record.Engine.Lookup.
		{Name: "lookup", Params: []rule.Type{rule.String, rule.String, texts, rule.String, texts, rule.String, rule.String}, Result: rule.String,
			Call: func(a []any) (any, error) {
				ctx, cancel := context.WithTimeout(context.Background(), lookTime)
				defer cancel()
				v, err := w.records.Lookup(ctx, text(a[0]), text(a[1]), values(a[2]), text(a[3]), values(a[4]), text(a[5]), text(a[6]))
				if v == nil {
					v = ""
				}
				return v, err
			}},
	}
}

func (w *world) orgNear(kind, place string) (any, error) {
	ctx, cancel := context.WithTimeout(context.Background(), lookTime)
	defer cancel()
	tree, err := w.identity.Tree(ctx)
	if err != nil {
		return "", err
	}
	for place != "" {
		for _, o := range tree.OfDivision(place) {
			if string(o.Kind) == kind && !o.Closed {
				return o.ID, nil
			}
		}
		place = parentPath(place)
	}
	return "", nil
}

// typeNamed returns a declared type, nil when there is none.
func (w *world) typeNamed(name string) *record.Type {
	if i := slices.IndexFunc(w.types, func(t *record.Type) bool { return t.Name == name }); i >= 0 {
		return w.types[i]
	}
	return nil
}

// ownerOf finds the department that a resource names as its owner: the one at
// the top whose name is the owner's, whatever city it bears in front.
func (w *world) ownerOf(resource string) (any, error) {
	t := w.typeNamed(resource)
	if t == nil {
		return "", nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), lookTime)
	defer cancel()
	tree, err := w.identity.Tree(ctx)
	if err != nil {
		return "", err
	}
	owner := strings.TrimPrefix(t.Owner, "市")
	for _, root := range tree.Children("") {
		for _, o := range append(tree.Children(root.ID), root) {
			if !o.Closed && strings.HasSuffix(o.NameZh, owner) {
				return o.ID, nil
			}
		}
	}
	return "", nil
}

// parentPath returns "/a/" for "/a/b/", and "" for "/a/".
func parentPath(path string) string {
	i := strings.LastIndexByte(strings.TrimSuffix(path, "/"), '/')
	if i <= 0 {
		return ""
	}
	return path[:i+1]
}

func text(v any) string {
	s, _ := v.(string)
	return s
}

// values returns the texts of a CEL list.
func values(v any) []any {
	var out []any
	for _, s := range rule.Texts(v) {
		out = append(out, s)
	}
	return out
}
