package server

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"chengshu/core/access"
	"chengshu/core/identity"
	"chengshu/core/record"
	"chengshu/engine/export"
	"chengshu/engine/lake"
	"chengshu/standard/ckan"
)

// openData is the catalogue as CKAN and DCAT show it. It is made anew at the
// first question after something has changed.
type openData struct {
	s      *Server
	asking chan struct{} // has room for those who may ask for rows at once

	mu      sync.Mutex
	version string
	now     *catalogueNow
}

// maxAsking bounds the searches of rows at one time: each may read many.
const maxAsking = 4

func newOpenData(s *Server) *openData { return &openData{s: s, asking: make(chan struct{}, maxAsking)} }

// catalogueNow is the catalogue at one moment, with the entries it was made of.
type catalogueNow struct {
	catalogue *ckan.Catalogue
	entries   map[*ckan.Package]*record.Row
	types     map[*ckan.Package]*record.Type
	releases  map[*ckan.Package][]lake.Manifest // newest first

	tree   *identity.Tree
	kept   map[string]*ckan.Package // of the entries, by the id of their record
	newest int64                    // when the last of them was changed
}

// current returns the catalogue as it stands.
func (c *openData) current(ctx context.Context) (*catalogueNow, error) {
	version, err := c.changes(ctx)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.now == nil || c.version != version {
		now, err := c.build(ctx, c.now)
		if err != nil {
			return nil, err
		}
		c.now, c.version = now, version
	}
	return c.now, nil
}

// changes is a text that differs after any change of records, releases or
// organisations.
func (c *openData) changes(ctx context.Context) (string, error) {
	n, err := c.s.records.Version(ctx)
	if err != nil {
		return "", err
	}
	tree, err := c.s.identity.Tree(ctx)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%d %p", n, tree)
	for _, t := range record.Datasets(c.s.declared.Types) {
		last, err := c.s.lake.Releases(c.s.db.Read(ctx), t, 0, 1)
		if err != nil {
			return "", err
		}
		for _, r := range last {
			fmt.Fprintf(&b, " %s:%d", t.Name, r.Version)
		}
	}
	return b.String(), nil
}

// maker makes the packages of one catalogue.
type maker struct {
	*openData
	ctx    context.Context
	tree   *identity.Tree
	anyone *identity.Actor
	orgs   map[string]*ckan.Group // by unit, or by name for others
	groups map[string]*ckan.Group
	now    *catalogueNow
}

// build makes the catalogue; of old, which may be nil, it takes over what has not
// changed.
func (c *openData) build(ctx context.Context, old *catalogueNow) (*catalogueNow, error) {
	tree, err := c.s.identity.Tree(ctx)
	if err != nil {
		return nil, err
	}
	m := maker{c, ctx, tree, identity.NewAnonymous(), map[string]*ckan.Group{}, map[string]*ckan.Group{},
		&catalogueNow{entries: map[*ckan.Package]*record.Row{}, types: map[*ckan.Package]*record.Type{}, releases: map[*ckan.Package][]lake.Manifest{},
			tree: tree, kept: map[string]*ckan.Package{}}}
	for _, o := range tree.Under("/") {
		if !o.Closed {
			m.orgs[o.ID] = &ckan.Group{ID: ckan.ID("org", o.ID), Name: strings.ToLower(o.ID), Title: o.NameZh, TitleEn: o.NameEn, Org: true, Unit: o.ID}
		}
	}
	for _, p := range c.s.declared.Packs {
		m.groups[p.Name] = &ckan.Group{ID: ckan.ID("group", p.Name), Name: p.Name, Title: p.Title.Zh, TitleEn: p.Title.En, Description: p.About.Zh}
	}
	var packages []*ckan.Package
	for _, t := range c.s.declared.Types {
		if t.Case || t.Name == ckan.EntryType {
			continue
		}
		p, err := m.declared(t)
		if err != nil {
			return nil, err
		}
		m.now.types[p] = t
		packages = append(packages, p)
	}
	if err := m.entries(old); err != nil {
		return nil, err
	}
	packages = slices.AppendSeq(packages, maps.Values(m.now.kept))
	var known *ckan.Catalogue
	if old != nil {
		known = old.catalogue
	}
	m.now.catalogue = ckan.New(packages, slices.Collect(maps.Values(m.orgs)), slices.Collect(maps.Values(m.groups)), known)
	return m.now, nil
}

// overlap is how long before the last known change entries are read again, in ms:
// on PostgreSQL one may commit after another that is later.
const overlap = 10_000

// entries are the packages that records describe. Those of old are taken over
// and only what has changed since is read; when some have gone, all are read.
func (m *maker) entries(old *catalogueNow) error {
	t, err := m.s.records.Type(ckan.EntryType)
	if err != nil {
		return nil // a city may leave the pack out
	}
	since := int64(0)
	if old != nil && old.tree == m.tree {
		since = old.newest - overlap
		for id, p := range old.kept {
			m.keep(id, p, old.entries[p])
		}
	}
	if err := m.read(t, since); err != nil {
		return err
	}
	n, err := m.s.records.Count(m.ctx, t, record.Query{})
	if err != nil || n == int64(len(m.now.kept)) {
		return err
	}
	m.now.kept, m.now.entries = map[string]*ckan.Package{}, map[*ckan.Package]*record.Row{}
	return m.read(t, 0)
}

// read takes in the entries that were changed at since or later.
func (m *maker) read(t *record.Type, since int64) error {
	for after := ""; ; {
		page, err := m.s.records.Query(m.ctx, t, record.Query{Sort: "updated_at", Desc: true, Limit: record.MaxLimit, After: after})
		if err != nil {
			return err
		}
		for _, row := range page.Rows {
			if row.UpdatedAt < since {
				return nil
			}
			m.now.newest = max(m.now.newest, row.UpdatedAt)
			p := m.now.kept[row.ID]
			if p == nil || m.now.entries[p].Rev != row.Rev {
				delete(m.now.entries, p)
				m.keep(row.ID, m.entry(row), row)
			}
		}
		if after = page.Next; after == "" {
			return nil
		}
	}
}

// entry is a package as everybody may see it; one that not everybody may is
// whole, and shown to whom access lets read all of it.
func (m *maker) entry(row *record.Row) *ckan.Package {
	see := func(string) bool { return true }
	d := m.s.access.Decide(m.anyone, access.Read, row.Type.Name, access.RowOf(row))
	if d.Allow {
		see = func(field string) bool { return d.View.See(field) == record.Clear }
	}
	p := ckan.FromRow(row, m.orgs, m.groups, see)
	p.Restricted = !d.Allow
	return p
}

// keep takes a package in, with the publisher and the groups that it brings;
// those of one that not everybody may know of stay unknown, too.
func (m *maker) keep(id string, p *ckan.Package, row *record.Row) {
	m.now.kept[id], m.now.entries[p] = p, row
	m.now.newest = max(m.now.newest, row.UpdatedAt)
	if p.Restricted {
		return
	}
	if p.Organization != nil && m.orgs[row.Text("publisher")] == nil {
		m.orgs[p.Organization.Name] = ckan.Publisher(p.Organization.Name, p.Organization.Title)
	}
	for _, g := range p.Groups {
		if m.groups[g.Name] == nil {
			m.groups[g.Name] = &ckan.Group{ID: g.ID, Name: g.Name, Title: g.Title}
		}
	}
}

// declared is the package of a register or dataset that a pack declares.
func (m *maker) declared(t *record.Type) (*ckan.Package, error) {
	p := &ckan.Package{ID: ckan.ID(m.s.cfg.Origin, "package", t.Name), Name: t.Name, Title: t.Title.Zh, TitleEn: t.Title.En, Notes: t.About.Zh,
		LicenseID: "other-closed", Declared: true}
	if t.Opening == "unconditional" {
		p.LicenseID = "other-open"
	}
	p.Owned(m.owner(t.Owner))
	if g := m.groups[t.Pack]; g != nil {
		p.Groups = []ckan.GroupLink{g.Link()}
	}
	for _, e := range []ckan.Extra{{Key: "access_rights", Value: accessRights(t.Opening)}, {Key: "articles", Value: strings.Join(t.Articles, ",")}, {Key: "frequency", Value: t.Cycle},
		{Key: "identifier", Value: t.Name}, {Key: "legal_basis", Value: t.Basis}, {Key: "level", Value: t.Level}, {Key: "notes_en", Value: t.About.En}, {Key: "opening", Value: t.Opening},
		{Key: "publisher_name", Value: t.Owner}, {Key: "sharing", Value: t.Sharing}, {Key: "title_en", Value: t.Title.En}} {
		if e.Value != "" {
			p.Extras = append(p.Extras, e)
		}
	}
	for _, f := range t.Fields {
		if tag, ok := ckan.TagOf(f.Title.Zh); ok && !f.System && !slices.ContainsFunc(p.Tags, func(o ckan.Tag) bool { return o.Name == tag.Name }) {
			p.Tags = append(p.Tags, tag)
		}
	}
	slices.SortFunc(p.Tags, func(a, b ckan.Tag) int { return strings.Compare(a.Name, b.Name) })
	if t.Resource == record.Dataset {
		return p, m.dataset(p, t)
	}
	return p, m.register(p, t)
}

// accessRights are those of the EU's vocabulary, which DCAT-AP asks for.
func accessRights(opening string) string {
	switch opening {
	case "unconditional":
		return "PUBLIC"
	case "conditional":
		return "RESTRICTED"
	}
	return "NON_PUBLIC"
}

// owner finds the department that a declaration names, which may leave out the
// name of the city: the highest whose name ends so. One that is not in the tree
// stands for itself.
func (m *maker) owner(name string) *ckan.Group {
	var best *identity.Org
	for _, o := range m.tree.Under("/") {
		if !o.Closed && strings.HasSuffix(o.NameZh, name) && (best == nil || strings.Count(o.Path, "/") < strings.Count(best.Path, "/")) {
			best = o
		}
	}
	if best != nil {
		return m.orgs[best.ID]
	}
	key := "owner-" + ckan.ID("owner", name)[:8]
	if m.orgs[key] == nil {
		m.orgs[key] = ckan.Publisher(key, name)
	}
	return m.orgs[key]
}

// formerReleases is how many releases before the latest are listed.
const formerReleases = 20

// dataset adds the releases of a dataset: the latest in every format, each under
// an id that stays, then the former ones in the first format.
func (m *maker) dataset(p *ckan.Package, t *record.Type) error {
	list, err := m.s.lake.Releases(m.s.db.Read(m.ctx), t, 0, formerReleases+1)
	if err != nil {
		return err
	}
	open := m.s.access.Filter(m.anyone, access.Read, t.Name).All()
	for i, r := range list {
		if r.Gone {
			continue
		}
		man, err := r.Read()
		if err != nil {
			return err
		}
		m.now.releases[p] = append(m.now.releases[p], man)
		for j, f := range export.Formats {
			if i > 0 && j > 0 {
				break
			}
			id, format := ckan.ID(p.ID, "latest", f.Name), strings.ToUpper(f.Name)
			if i > 0 {
				id = ckan.ID(p.ID, fmt.Sprint(r.Version), f.Name)
			}
			media, _, _ := strings.Cut(f.Media, ";")
			res := ckan.Resource{ID: id, Name: fmt.Sprintf("第 %d 版 %s", r.Version, format), Description: fmt.Sprintf("%d 行", man.Rows), Format: format, Mimetype: media,
				URL: fmt.Sprintf("/api/datasets/%s/releases/%d/download?format=%s", t.Name, r.Version, f.Name), Created: ckan.Time(r.At), LastModified: ckan.Time(r.At),
				More: map[string]any{"release": r.Version, "rows": man.Rows}}
			if j == 0 {
				res.Of, res.Release, res.DatastoreActive = t.Name, r.Version, open
			}
			p.Resources = append(p.Resources, res)
		}
	}
	if len(list) == 0 {
		at := ckan.Time(m.s.started.UnixMilli())
		p.MetadataCreated, p.MetadataModified = at, at
		return nil
	}
	p.Version = fmt.Sprint(list[0].Version)
	p.MetadataModified, p.MetadataCreated = ckan.Time(list[0].At), ckan.Time(list[len(list)-1].At)
	return nil
}

// register adds the live rows of a register as an API.
func (m *maker) register(p *ckan.Package, t *record.Type) error {
	at := m.s.started.UnixMilli()
	newest, err := m.s.records.Query(m.ctx, t, record.Query{Limit: 1})
	if err != nil {
		return err
	}
	oldest, err := m.s.records.Query(m.ctx, t, record.Query{Limit: 1, Sort: "created_at"})
	if err != nil {
		return err
	}
	created, modified := at, at
	if len(newest.Rows) > 0 && len(oldest.Rows) > 0 {
		created, modified = oldest.Rows[0].CreatedAt, max(newest.Rows[0].CreatedAt, newest.Rows[0].UpdatedAt)
	}
	p.MetadataCreated, p.MetadataModified = ckan.Time(created), ckan.Time(modified)
	open := m.s.access.May(m.anyone, access.Read, t.Name)
	p.Resources = append(p.Resources, ckan.Resource{ID: ckan.ID(p.ID, "rows"), Name: cmp.Or(t.Title.Zh, t.Name) + " API", Description: "逐条查询", Format: "JSON", Mimetype: "application/json",
		URL: "/api/records/" + t.Name, Created: p.MetadataCreated, LastModified: p.MetadataModified, Of: t.Name, DatastoreActive: open})
	if t.PointField() != nil {
		p.Resources = append(p.Resources, ckan.Resource{ID: ckan.ID(p.ID, "geojson"), Name: cmp.Or(t.Title.Zh, t.Name) + " GeoJSON", Format: "GeoJSON", Mimetype: "application/geo+json",
			URL: "/api/records/" + t.Name + "?format=geojson", Created: p.MetadataCreated, LastModified: p.MetadataModified})
	}
	return nil
}
