package ckan

import (
	"fmt"
	"slices"
	"strings"
)

// packageOf returns the package that a parameter names, by id or name.
func (c *call) packageOf(param string) (*Package, error) {
	key, err := c.Params.must(param)
	if err != nil {
		return nil, err
	}
	p := c.catalogue.Package(key)
	if p == nil {
		return nil, notFound("Dataset not found")
	}
	if !c.mayKnow(p) {
		if c.User.ID != "" {
			return nil, forbidden(fmt.Sprintf("User %s not authorized to read package %s", c.User.Name, p.ID))
		}
		return nil, forbidden("User not authorized to read package " + p.ID)
	}
	return p, nil
}

func (c *call) packageShow() (any, error) {
	if _, given := c.Params["id"]; !given && c.Params["name_or_id"] != nil {
		c.Params["id"] = c.Params["name_or_id"]
	}
	return as[any](c.packageOf("id"))
}

// as passes on a value of any type with its error.
func as[T any, V any](v V, err error) (T, error) {
	if err != nil {
		var none T
		return none, err
	}
	return any(v).(T), nil
}

// open are the packages that lists hold: the private ones only when asked for.
func (c *call) open() []*Package {
	private := c.Params.flag("include_private", false)
	var out []*Package
	for _, p := range c.catalogue.packages {
		if (!p.Private || private) && c.mayKnow(p) {
			out = append(out, p)
		}
	}
	return out
}

// page takes the part of a list that limit and offset ask for.
func page[T any](c *call, list []T) ([]T, error) {
	limit, err := c.Params.number("limit", -1, 0)
	if err != nil {
		return nil, err
	}
	offset, err := c.Params.number("offset", 0, 0)
	if err != nil {
		return nil, err
	}
	if limit < 0 {
		return notNil(list), nil
	}
	list = list[min(offset, len(list)):]
	return notNil(list[:min(limit, len(list))]), nil
}

func (c *call) packageList() (any, error) {
	var names []string
	for _, p := range c.open() {
		names = append(names, p.Name)
	}
	return as[any](page(c, names))
}

func (c *call) currentPackages() (any, error) {
	list := c.open()
	slices.SortFunc(list, newestFirst)
	if n, err := c.Params.number("page", 0, 1); err != nil {
		return nil, err
	} else if limit, _ := c.Params.number("limit", 0, 0); n > 0 && limit > 0 {
		c.Params["offset"] = fmt.Sprint((n - 1) * limit)
	}
	return as[any](page(c, list))
}

func (c *call) packageComplete() (any, error) {
	q, err := c.Params.must("q")
	if err != nil {
		return nil, err
	}
	limit, err := c.Params.number("limit", 10, 0)
	if err != nil {
		return nil, err
	}
	type match struct {
		Name    string `json:"name"`
		Title   string `json:"title"`
		Field   string `json:"match_field"`
		Matched string `json:"match_displayed"`
	}
	out := []match{}
	for _, p := range c.open() {
		m := match{p.Name, p.Title, "", ""}
		switch {
		case has(p.Name, q):
			m.Field, m.Matched = "name", p.Name
		case has(p.Title, q):
			m.Field, m.Matched = "title", fmt.Sprintf("%s (%s)", p.Title, p.Name)
		default:
			continue
		}
		if len(out) < limit {
			out = append(out, m)
		}
	}
	return out, nil
}

// has reports whether s holds part, whatever the case.
func has(s, part string) bool { return strings.Contains(strings.ToLower(s), strings.ToLower(part)) }

// resourceOf returns the resource that a parameter names.
func (c *call) resourceOf(param string) (*located, error) {
	id, err := c.Params.must(param)
	if err != nil {
		return nil, err
	}
	l := c.catalogue.resources[id]
	if l == nil {
		return nil, notFound("Resource was not found.")
	}
	if !c.mayKnow(l.pkg) {
		return nil, forbidden("User not authorized to read resource " + id)
	}
	return l, nil
}

func (c *call) resourceShow() (any, error) {
	l, err := c.resourceOf("id")
	if err != nil {
		return nil, err
	}
	return l.resource, nil
}

// resourceMembers are those by which resources are searched and ordered.
var resourceMembers = []string{"id", "package_id", "name", "description", "format", "url", "hash", "mimetype", "size", "created", "last_modified", "position", "state"}

// resourceSearch answers resource_search: {field}:{term}, all of them.
func (c *call) resourceSearch() (any, error) {
	terms, err := c.Params.list("query")
	if err != nil {
		return nil, err
	}
	if len(terms) == 0 {
		return nil, invalid("query", "Missing value")
	}
	type want struct{ field, term string }
	var wants []want
	for _, t := range terms {
		field, text, ok := strings.Cut(t, ":")
		if !ok {
			return nil, invalid("query", "Must be <field>:<value> pair(s)")
		}
		if !slices.Contains(resourceMembers, field) {
			return nil, invalid("query", fmt.Sprintf("Field %q not recognised in resource_search.", head(field)))
		}
		wants = append(wants, want{field, strings.ToLower(text)})
	}
	var out []*Resource
	for _, p := range c.catalogue.packages {
		if p.Private || !c.mayKnow(p) {
			continue
		}
		for i := range p.Resources {
			r := p.Resources[i].Map()
			if !slices.ContainsFunc(wants, func(w want) bool {
				v := strings.ToLower(fmt.Sprint(orEmptyText(r[w.field])))
				if w.field == "hash" {
					return !strings.HasPrefix(v, w.term)
				}
				return !strings.Contains(v, w.term)
			}) {
				out = append(out, &p.Resources[i])
			}
		}
	}
	if by, err := c.Params.text("order_by"); err != nil {
		return nil, err
	} else if by != "" {
		if !slices.Contains(resourceMembers, by) {
			return nil, invalid("order_by", fmt.Sprintf("Field %q not recognised in resource_search.", head(by)))
		}
		slices.SortStableFunc(out, func(a, b *Resource) int {
			return strings.Compare(fmt.Sprint(orEmptyText(a.Map()[by])), fmt.Sprint(orEmptyText(b.Map()[by])))
		})
	}
	count := len(out)
	results, err := page(c, out)
	return map[string]any{"count": count, "results": results}, err
}

func orEmptyText(v any) any {
	if v == nil {
		return ""
	}
	return v
}

func (c *call) formatComplete() (any, error) {
	q, err := c.Params.must("q")
	if err != nil {
		return nil, err
	}
	limit, err := c.Params.number("limit", 5, 0)
	if err != nil {
		return nil, err
	}
	out := []string{}
	for _, p := range c.open() {
		for i := range p.Resources {
			if f := strings.ToLower(p.Resources[i].Format); f != "" && has(f, q) && !slices.Contains(out, f) {
				out = append(out, f)
			}
		}
	}
	slices.Sort(out)
	return out[:min(limit, len(out))], nil
}
