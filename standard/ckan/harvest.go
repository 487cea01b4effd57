package ckan

import "strings"

// HarvestedName is the name of the entry of another site's package: names of two
// sites may be the same.
func HarvestedName(site, name string) string {
	full := site + "-" + strings.ToLower(name)
	return full[:min(len(full), 100)]
}

// Harvested reads a package of another site, as its package_show gives it, into
// the fields of an entry. site names the site, and from is where its package is
// found. Mistakes are of type [Error].
func Harvested(p Params, site, from string) (map[string]any, error) {
	c := &call{catalogue: New(nil, nil, nil, nil)}
	fields, err := c.entryFields(without(p, "owner_org"), nil)
	if err != nil {
		return nil, err
	}
	name, _ := fields["name"].(string)
	fields["name"], fields["identifier"], fields["harvested_from"], fields["private"] = HarvestedName(site, name), ID("harvest", site, name), from, false
	return fields, nil
}

// without is the package without a member that means something on its own site
// only. Its id is that, too; an entry has one that follows from its name.
func without(p Params, member string) Params {
	out := Params{}
	for name, v := range p {
		if name != member && name != "id" {
			out[name] = v
		}
	}
	return out
}
