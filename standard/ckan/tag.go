package ckan

import (
	"slices"
	"strings"
)

// tags are the tags of open packages, by name.
func (c *call) tags() []Tag {
	seen := map[string]bool{}
	out := []Tag{}
	for _, p := range c.open() {
		for _, t := range p.Tags {
			if !seen[t.Name] {
				seen[t.Name] = true
				out = append(out, t)
			}
		}
	}
	slices.SortFunc(out, func(a, b Tag) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// tagsLike are the tags whose names hold one of the texts of a parameter; all
// when it is not given. There are no vocabularies.
func (c *call) tagsLike(params ...string) ([]Tag, error) {
	if v, err := c.Params.text("vocabulary_id"); err != nil {
		return nil, err
	} else if v != "" {
		return nil, notFound("could not find vocabulary \"" + head(v) + "\"")
	}
	var wanted []string
	for _, name := range params {
		more, err := c.Params.list(name)
		if err != nil {
			return nil, err
		}
		wanted = append(wanted, more...)
	}
	return slices.DeleteFunc(c.tags(), func(t Tag) bool {
		return len(wanted) > 0 && !slices.ContainsFunc(wanted, func(w string) bool { return has(t.Name, strings.TrimSpace(w)) })
	}), nil
}

func names(list []Tag) []string {
	out := make([]string, len(list))
	for i, t := range list {
		out[i] = t.Name
	}
	return out
}

func (c *call) tagList() (any, error) {
	list, err := c.tagsLike("query")
	if err != nil {
		return nil, err
	}
	if c.Params.flag("all_fields", false) {
		return list, nil
	}
	return names(list), nil
}

func (c *call) tagSearch() (any, error) {
	list, err := c.tagsLike("query", "q")
	if err != nil {
		return nil, err
	}
	count := len(list)
	results, err := page(c, list)
	return map[string]any{"count": count, "results": results}, err
}

func (c *call) tagComplete() (any, error) {
	list, err := c.tagsLike("query", "q")
	if err != nil {
		return nil, err
	}
	if c.Params["limit"] == nil {
		c.Params["limit"] = "10"
	}
	return as[any](page(c, names(list)))
}

func (c *call) tagShow() (any, error) {
	id, err := c.Params.must("id")
	if err != nil {
		return nil, err
	}
	for _, t := range c.tags() {
		if t.ID != id && t.Name != id {
			continue
		}
		out := map[string]any{"id": t.ID, "name": t.Name, "display_name": t.DisplayName, "vocabulary_id": nil}
		if c.Params.flag("include_datasets", false) {
			out["packages"] = slices.DeleteFunc(c.open(), func(p *Package) bool { return !slices.Contains(names(p.Tags), t.Name) })
		}
		return out, nil
	}
	return nil, notFound("Tag not found")
}
