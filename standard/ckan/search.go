package ckan

import (
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"strings"
)

// rowsMax bounds what one package_search sends, facetMax the values of a facet
// unless the caller asks for more.
const (
	rowsMax  = 1000
	facetMax = 50
)

// searchParams are those that package_search knows.
var searchParams = []string{"q", "fl", "fq", "rows", "sort", "start", "wt", "qf", "bf", "boost", "facet", "facet.mincount", "facet.limit", "facet.field", "extras", "fq_list", "tie", "defType", "mm", "df",
	"q.op", "include_drafts", "include_deleted", "include_private", "use_default_schema", "ext_bbox"}

type found struct {
	pkg   *Package
	score float64
}

// search answers package_search.
func (c *call) search() (any, error) {
	for name := range c.Params {
		if !slices.Contains(searchParams, name) {
			return nil, badQuery("Invalid search parameters: %q", name)
		}
	}
	q, err := c.Params.text("q")
	if err != nil {
		return nil, err
	}
	rows, err := c.Params.number("rows", 10, 0)
	if err != nil {
		return nil, err
	}
	start, err := c.Params.number("start", 0, 0)
	if err != nil {
		return nil, err
	}
	list, err := c.find(q)
	if err != nil {
		return nil, err
	}
	order, err := c.Params.text("sort")
	if err != nil {
		return nil, err
	}
	if order == "" {
		order = "score desc, metadata_modified desc"
	}
	if err := c.sort(list, order); err != nil {
		return nil, err
	}
	facets, items, err := c.facets(list)
	if err != nil {
		return nil, err
	}
	page := list[min(start, len(list)):]
	page = page[:min(len(page), rows, rowsMax)]
	results, err := c.results(page)
	if err != nil {
		return nil, err
	}
	return map[string]any{"count": len(list), "results": results, "sort": order, "facets": facets, "search_facets": items}, nil
}

// find returns the packages that match q and all filters, and that the caller
// may know of.
func (c *call) find(q string) ([]found, error) {
	wanted, err := parse(q)
	if err != nil {
		if strings.Contains(q, ":") {
			return nil, err
		}
		wanted = plainWords(q) // what somebody typed, which is no query
	}
	filters, err := c.Params.list("fq_list")
	if err != nil {
		return nil, err
	}
	fq, err := c.Params.text("fq")
	if err != nil {
		return nil, err
	}
	all := allOf{}
	for _, f := range append(filters, fq) {
		n, err := parse(f)
		if err != nil {
			return nil, err
		}
		all = append(all, n)
	}
	private := c.Params.flag("include_private", false)
	out := []found{}
	for _, p := range c.catalogue.packages {
		if p.Private && !private || !c.mayKnow(p) {
			continue
		}
		d := c.catalogue.docs[p]
		if s := wanted.score(d); s > 0 && all.score(d) > 0 {
			out = append(out, found{p, s})
		}
	}
	return out, nil
}

func plainWords(q string) node {
	var all allOf
	for _, w := range strings.Fields(fold(strings.ToValidUTF8(q[:min(len(q), maxQuery)], ""))) {
		if all = append(all, term{text: w}); len(all) == maxTerms {
			break
		}
	}
	return all
}

// sort orders by fields, each with asc or desc; the last word is the name.
func (c *call) sort(list []found, order string) error {
	var by []func(a, b found) int
	for _, part := range strings.Split(order, ",") {
		words := strings.Fields(part)
		if len(words) == 1 {
			words = append(words, "asc")
		}
		if len(words) != 2 || words[1] != "asc" && words[1] != "desc" {
			return badQuery("Can't determine a Sort Order (asc or desc) in sort spec %q", head(part))
		}
		field, sign := words[0], 1
		if words[1] == "desc" {
			sign = -1
		}
		switch {
		case field == "score":
			by = append(by, func(a, b found) int { return sign * cmp.Compare(a.score, b.score) })
		case field == "title" || field == "title_string":
			by = append(by, func(a, b found) int { return sign * strings.Compare(a.pkg.Title, b.pkg.Title) })
		case slices.Contains(exactFields, field) || strings.HasPrefix(field, "extras_"):
			docs := c.catalogue.docs
			by = append(by, func(a, b found) int {
				return sign * strings.Compare(first(docs[a.pkg].values(field)), first(docs[b.pkg].values(field)))
			})
		default:
			return badQuery("sort param field can't be found: %s", head(field))
		}
	}
	slices.SortStableFunc(list, func(a, b found) int {
		for _, f := range by {
			if n := f(a, b); n != 0 {
				return n
			}
		}
		return strings.Compare(a.pkg.Name, b.pkg.Name)
	})
	return nil
}

func first(list []string) string {
	if len(list) == 0 {
		return ""
	}
	return list[0]
}

type facetItem struct {
	Name        string `json:"name"`
	DisplayName string `json:"display_name"`
	Count       int    `json:"count"`
}

type facet struct {
	Title string      `json:"title"`
	Items []facetItem `json:"items"`
}

// facets counts the values of fields over everything that was found.
func (c *call) facets(list []found) (map[string]map[string]int, map[string]facet, error) {
	counts, items := map[string]map[string]int{}, map[string]facet{}
	fields, err := c.Params.list("facet.field")
	if err != nil {
		return nil, nil, err
	}
	limit, err := c.Params.number("facet.limit", facetMax, -1<<31)
	if err != nil {
		return nil, nil, err
	}
	least, err := c.Params.number("facet.mincount", 1, 0)
	if err != nil {
		return nil, nil, err
	}
	if !c.Params.flag("facet", true) {
		return counts, items, nil
	}
	for _, field := range fields[:min(len(fields), maxTerms)] {
		if err := known(field); err != nil {
			return nil, nil, err
		}
		all := map[string]int{}
		for _, f := range list {
			for _, v := range c.catalogue.docs[f.pkg].values(field) {
				if v != "" {
					all[v]++
				}
			}
		}
		shown := facet{Title: field, Items: []facetItem{}}
		for _, name := range slices.SortedFunc(maps.Keys(all), func(a, b string) int { return cmp.Or(all[b]-all[a], strings.Compare(a, b)) }) {
			if all[name] >= least && (limit < 0 || len(shown.Items) < limit) {
				shown.Items = append(shown.Items, facetItem{name, c.displayName(field, name), all[name]})
			}
		}
		counts[field] = map[string]int{}
		for _, i := range shown.Items {
			counts[field][i.Name] = i.Count
		}
		items[field] = shown
	}
	return counts, items, nil
}

func (c *call) displayName(field, name string) string {
	var g *Group
	switch field {
	case "organization":
		g = c.catalogue.Organization(name)
	case "groups":
		g = c.catalogue.Group(name)
	case "license_id":
		for _, l := range Licenses {
			if l.ID == name {
				return l.Title
			}
		}
	}
	if g != nil {
		return g.Title
	}
	return name
}

// results are the packages of a page, or the members of them that fl names.
func (c *call) results(page []found) (any, error) {
	fl, err := c.Params.list("fl")
	if err != nil {
		return nil, err
	}
	if len(fl) == 1 {
		fl = strings.FieldsFunc(fl[0], func(r rune) bool { return r == ',' || r == ' ' })
	}
	if len(fl) == 0 || slices.Contains(fl, "*") {
		out := make([]*Package, len(page))
		for i, f := range page {
			out[i] = f.pkg
		}
		return out, nil
	}
	out := make([]map[string]any, len(page))
	for i, f := range page {
		raw, err := json.Marshal(f.pkg)
		if err != nil {
			return nil, err
		}
		var all map[string]any
		if err := json.Unmarshal(raw, &all); err != nil {
			return nil, err
		}
		out[i] = map[string]any{}
		for _, name := range fl {
			if v, ok := all[name]; ok {
				out[i][name] = v
			} else if v := c.catalogue.docs[f.pkg].values(name); v != nil {
				out[i][name] = v
			}
		}
	}
	return out, nil
}
