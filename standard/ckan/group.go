package ckan

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// groupMap is an organisation or group as lists and show give it.
func (c *call) groupMap(g *Group) map[string]any {
	typ := "group"
	if g.Org {
		typ = "organization"
	}
	return map[string]any{"id": g.ID, "name": g.Name, "title": g.Title, "display_name": g.Title, "description": g.Description, "type": typ, "is_organization": g.Org,
		"state": "active", "approval_status": "approved", "created": null(g.Created), "image_url": "", "image_display_url": "", "num_followers": 0, "package_count": len(c.packagesOf(g))}
}

// packagesOf are the open packages of an organisation or a group.
func (c *call) packagesOf(g *Group) []*Package {
	var out []*Package
	for _, p := range c.open() {
		if g.Org && p.Organization != nil && p.Organization.ID == g.ID || !g.Org && slices.ContainsFunc(p.Groups, func(l GroupLink) bool { return l.ID == g.ID }) {
			out = append(out, p)
		}
	}
	return out
}

func (c *call) organizationList() (any, error) { return c.groupsOf(c.catalogue.orgs, "organizations") }
func (c *call) groupList() (any, error)        { return c.groupsOf(c.catalogue.groups, "groups") }

// groupsOf lists organisations or groups: names, or with all_fields what they are.
func (c *call) groupsOf(all []*Group, only string) (any, error) {
	names, err := c.Params.list(only)
	if err != nil {
		return nil, err
	}
	list := []*Group{}
	for _, g := range all {
		if len(names) == 0 || slices.Contains(names, g.Name) {
			list = append(list, g)
		}
	}
	full := c.Params.flag("all_fields", false)
	if err := c.sortGroups(list); err != nil {
		return nil, err
	}
	if most := 1000; c.Params["limit"] == nil && !full {
		c.Params["limit"] = fmt.Sprint(most)
	} else if c.Params["limit"] == nil {
		c.Params["limit"] = "25"
	}
	if list, err = page(c, list); err != nil {
		return nil, err
	}
	if !full {
		out := make([]string, len(list))
		for i, g := range list {
			out[i] = g.Name
		}
		return out, nil
	}
	out := make([]map[string]any, len(list))
	for i, g := range list {
		out[i] = c.groupMap(g)
		if !c.Params.flag("include_dataset_count", true) {
			delete(out[i], "package_count")
		}
		for _, more := range []string{"extras", "groups", "users", "tags"} {
			if c.Params.flag("include_"+more, false) {
				out[i][more] = []any{} // users are nobody's to see
			}
		}
	}
	return out, nil
}

func (c *call) sortGroups(list []*Group) error {
	order, err := c.Params.text("sort")
	if err != nil {
		return err
	}
	if by, _ := c.Params.text("order_by"); order == "" && by != "" {
		order = by
	}
	words := strings.Fields(cmp.Or(order, "title asc"))
	if len(words) > 2 || len(words) == 2 && words[1] != "asc" && words[1] != "desc" {
		return invalid("sort", "Cannot sort by "+head(order))
	}
	var by func(a, b *Group) int
	switch words[0] {
	case "name":
		by = func(a, b *Group) int { return strings.Compare(a.Name, b.Name) }
	case "title":
		by = func(a, b *Group) int { return strings.Compare(a.Title, b.Title) }
	case "packages", "package_count":
		by = func(a, b *Group) int { return cmp.Compare(len(c.packagesOf(a)), len(c.packagesOf(b))) }
	default:
		return invalid("sort", "Cannot sort by field "+head(words[0]))
	}
	slices.SortStableFunc(list, by)
	if len(words) == 2 && words[1] == "desc" {
		slices.Reverse(list)
	}
	return nil
}

func (c *call) organizationShow() (any, error) { return c.groupDetails(c.organizationOf()) }
func (c *call) groupShow() (any, error)        { return c.groupDetails(c.groupOf()) }

func (c *call) organizationOf() (*Group, error) {
	id, err := c.Params.must("id")
	if err != nil {
		return nil, err
	}
	if g := c.catalogue.Organization(id); g != nil {
		return g, nil
	}
	return nil, notFound("Group was not found.")
}

func (c *call) groupOf() (*Group, error) {
	id, err := c.Params.must("id")
	if err != nil {
		return nil, err
	}
	if g := c.catalogue.Group(id); g != nil {
		return g, nil
	}
	return nil, notFound("Group was not found.")
}

// datasetsShown bounds the packages that show gives with an organisation or group.
const datasetsShown = 1000

func (c *call) groupDetails(g *Group, err error) (any, error) {
	if err != nil {
		return nil, err
	}
	out := c.groupMap(g)
	for _, more := range []string{"extras", "groups", "users", "tags"} {
		out[more] = []any{}
	}
	if c.Params.flag("include_datasets", false) {
		list := notNil(c.packagesOf(g))
		out["packages"] = list[:min(len(list), datasetsShown)]
	}
	if !c.Params.flag("include_dataset_count", true) {
		delete(out, "package_count")
	}
	return out, nil
}

func (c *call) groupPackages() (any, error) {
	g, err := c.groupOf()
	if err != nil {
		return nil, err
	}
	return as[any](page(c, c.packagesOf(g)))
}

func (c *call) organizationComplete() (any, error) { return c.groupsLike(c.catalogue.orgs) }
func (c *call) groupComplete() (any, error)        { return c.groupsLike(c.catalogue.groups) }

func (c *call) groupsLike(all []*Group) (any, error) {
	q, err := c.Params.must("q")
	if err != nil {
		return nil, err
	}
	limit, err := c.Params.number("limit", 20, 0)
	if err != nil {
		return nil, err
	}
	type brief struct {
		ID    string `json:"id"`
		Name  string `json:"name"`
		Title string `json:"title"`
	}
	out := []brief{}
	for _, g := range all {
		if len(out) < limit && (has(g.Name, q) || has(g.Title, q) || has(g.TitleEn, q)) {
			out = append(out, brief{g.ID, g.Name, g.Title})
		}
	}
	return out, nil
}

// organizationsOfUser are the departments in which the caller holds a post: all
// of them for reading, those where packages can be entered for any other.
func (c *call) organizationsOfUser() (any, error) {
	if err := c.oneself("id"); err != nil {
		return nil, err
	}
	permission, err := c.Params.text("permission")
	if err != nil {
		return nil, err
	}
	out := []map[string]any{}
	for _, g := range c.catalogue.orgs {
		if slices.Contains(c.User.Units, g.Unit) && (permission == "read" || c.User.Edits) {
			m := c.groupMap(g)
			if !c.Params.flag("include_dataset_count", false) {
				delete(m, "package_count")
			}
			m["capacity"] = "member"
			if c.User.Edits {
				m["capacity"] = "editor"
			}
			out = append(out, m)
		}
	}
	return out, nil
}

// kept answers calls that would change organisations or groups: those of the
// city follow from its own tree and packs. One that would change nothing, as
// loading a dump does, is answered with what there is.
func (c *call) kept() (any, error) {
	if c.User.ID == "" {
		return nil, forbidden("Action " + c.Action + " requires an authenticated user")
	}
	kind, verb, _ := strings.Cut(c.Action, "_")
	lookup := c.catalogue.Group
	if kind == "organization" {
		lookup = c.catalogue.Organization
	}
	key, err := c.Params.text("id")
	if err != nil {
		return nil, err
	}
	name, err := c.Params.text("name")
	if err != nil {
		return nil, err
	}
	g := lookup(cmp.Or(key, name))
	if g == nil && verb != "create" {
		return nil, notFound("Group was not found.")
	}
	if g != nil && verb == "create" {
		return nil, invalid("name", "Group name already exists in database")
	}
	if title, _ := c.Params.text("title"); g == nil || verb == "delete" || title != "" && title != g.Title || name != "" && name != g.Name {
		return nil, forbidden("organizations are kept in the city's organisation tree, and groups are its packs")
	}
	return c.groupDetails(g, nil)
}
