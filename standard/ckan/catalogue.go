package ckan

import (
	"cmp"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// Catalogue is what a site offers at one moment. It is not changed after New.
type Catalogue struct {
	packages  []*Package // by name
	byKey     map[string]*Package
	resources map[string]*located
	orgs      []*Group          // that have packages, by name
	all       map[string]*Group // every organisation, by id, name and unit
	groups    []*Group
	docs      map[*Package]*document
}

type located struct {
	pkg      *Package
	resource *Resource
}

// New indexes packages. Those that bear a name or an id which is taken are left
// out: the first one has it. orgs are all organisations that may own packages;
// listed are those that own some which everybody may know of.
// What old has indexed is not indexed again; old may be nil.
func New(packages []*Package, orgs, groups []*Group, old *Catalogue) *Catalogue {
	c := &Catalogue{byKey: map[string]*Package{}, resources: map[string]*located{}, docs: map[*Package]*document{}, all: map[string]*Group{}}
	owners := map[string]bool{}
	for _, p := range packages {
		if c.byKey[p.Name] != nil || c.byKey[p.ID] != nil {
			continue
		}
		c.byKey[p.Name], c.byKey[p.ID] = p, p
		c.packages = append(c.packages, p)
		if old != nil && old.docs[p] != nil {
			c.docs[p] = old.docs[p]
		} else {
			p.finish()
			c.docs[p] = documentOf(p)
		}
		for i := range p.Resources {
			if id := p.Resources[i].ID; c.resources[id] == nil {
				c.resources[id] = &located{p, &p.Resources[i]}
			}
		}
		if p.OwnerOrg != nil && !p.Restricted {
			owners[*p.OwnerOrg] = true
		}
	}
	for _, g := range orgs {
		if c.all[g.ID] != nil {
			continue
		}
		c.all[g.ID], c.all[g.Name], c.all[g.Unit] = g, g, g
		if owners[g.ID] {
			c.orgs = append(c.orgs, g)
		}
	}
	delete(c.all, "")
	byName := func(a, b *Group) int { return strings.Compare(a.Name, b.Name) }
	slices.SortFunc(c.packages, func(a, b *Package) int { return strings.Compare(a.Name, b.Name) })
	slices.SortFunc(c.orgs, byName)
	c.groups = slices.SortedFunc(slices.Values(groups), byName)
	return c
}

// finish fills what follows from the rest.
func (p *Package) finish() {
	p.State, p.Type = "active", "dataset"
	p.NumResources, p.NumTags = len(p.Resources), len(p.Tags)
	p.setLicense(p.LicenseID)
	for i := range p.Resources {
		r := &p.Resources[i]
		r.PackageID, r.Position = p.ID, i
	}
	p.Extras, p.Groups, p.Resources, p.Tags = notNil(p.Extras), notNil(p.Groups), notNil(p.Resources), notNil(p.Tags)
	p.AsSubject, p.AsObject = []string{}, []string{}
}

func notNil[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// Brief is the organisation as packages show it.
func (g *Group) Brief() *Brief {
	return &Brief{ID: g.ID, Name: g.Name, Title: g.Title, Type: "organization", Description: g.Description, Created: g.Created,
		IsOrganization: true, ApprovalStatus: "approved", State: "active"}
}

// Link is the group as packages show it.
func (g *Group) Link() GroupLink {
	return GroupLink{ID: g.ID, Name: g.Name, Title: g.Title, DisplayName: g.Title, Description: g.Description}
}

// TagOf makes a free tag of words, or reports false where CKAN's form for tags
// leaves nothing of them: 2 to 100 letters, digits, blanks and -_.
func TagOf(words string) (Tag, bool) {
	name := strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune("-_.", r) {
			return r
		}
		return ' '
	}, norm.NFC.String(words))
	name = strings.Join(strings.Fields(name), " ")
	if n := len([]rune(name)); n < 2 || n > 100 {
		return Tag{}, false
	}
	return Tag{ID: ID("tag", name), Name: name, DisplayName: name, State: "active"}, true
}

// Package returns a package by id or name, or nil.
func (c *Catalogue) Package(key string) *Package { return c.byKey[key] }

// Packages returns all packages by name.
func (c *Catalogue) Packages() []*Package { return c.packages }

// Organization returns an organisation by id, name or the id of its unit, or nil.
func (c *Catalogue) Organization(key string) *Group { return c.all[key] }

// Group returns a group by id or name, or nil.
func (c *Catalogue) Group(key string) *Group { return find(c.groups, key) }

func find(list []*Group, key string) *Group {
	for _, g := range list {
		if g.ID == key || g.Name == key {
			return g
		}
	}
	return nil
}

// newestFirst orders packages by when they were changed.
func newestFirst(a, b *Package) int {
	return cmp.Or(strings.Compare(b.MetadataModified, a.MetadataModified), strings.Compare(a.Name, b.Name))
}
