package ckan

import (
	"cmp"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/google/uuid"

	"chengshu/core/record"
)

// EntryType is the register whose records are packages: data that is held
// elsewhere, or that another site declares.
const EntryType = "catalogue-entry"

// plainMembers are the members of a package that are fields of an entry, by the
// field's name.
var plainMembers = []struct{ field, member string }{{"name", "name"}, {"title", "title"}, {"notes", "notes"}, {"license", "license_id"}, {"version", "version"}, {"url", "url"},
	{"author", "author"}, {"author_email", "author_email"}, {"maintainer", "maintainer"}, {"maintainer_email", "maintainer_email"}}

// asExtras are the fields that a package shows among its extras.
var asExtras = []string{"harvested_from", "level", "opening"}

// FromRow is the package that an entry describes. orgs are the departments by id,
// groups the site's groups by name; see says which fields are shown.
func FromRow(row *record.Row, orgs, groups map[string]*Group, see func(field string) bool) *Package {
	text := func(field string) string {
		if !see(field) {
			return ""
		}
		return row.Text(field)
	}
	list := func(field string) []map[string]any {
		if !see(field) {
			return nil
		}
		l, _ := row.Get(field).([]map[string]any)
		return l
	}
	p := &Package{ID: text("identifier"), Name: text("name"), Title: text("title"), Notes: text("notes"), LicenseID: text("license"), Version: text("version"), URL: text("url"),
		Author: text("author"), AuthorEmail: text("author_email"), Maintainer: text("maintainer"), MaintainerEmail: text("maintainer_email"),
		MetadataCreated: Time(row.CreatedAt), MetadataModified: Time(row.UpdatedAt)}
	p.Private, _ = row.Get("private").(bool)
	if g := orgs[text("publisher")]; g != nil {
		p.Owned(g)
	} else if name := text("publisher_name"); name != "" {
		p.Owned(Publisher(name, text("publisher_title")))
	}
	for _, t := range list("tags") {
		if tag, ok := TagOf(member(t, "name")); ok {
			p.Tags = append(p.Tags, tag)
		}
	}
	for _, g := range list("groups") {
		known := groups[member(g, "name")]
		if known == nil {
			known = &Group{ID: ID("group", member(g, "name")), Name: member(g, "name"), Title: member(g, "title")}
		}
		p.Groups = append(p.Groups, known.Link())
	}
	for _, e := range list("extras") {
		p.Extras = append(p.Extras, Extra{member(e, "key"), member(e, "value")})
	}
	for _, name := range asExtras {
		if v := text(name); v != "" {
			p.Extras = append(p.Extras, Extra{name, v})
		}
	}
	p.sortLists()
	for _, r := range list("resources") {
		p.Resources = append(p.Resources, resourceFrom(r, p.MetadataCreated))
	}
	return p
}

// Publisher is an organisation that is no department of the city, known by what
// packages say of it.
func Publisher(name, title string) *Group {
	return &Group{ID: ID("org", name), Name: name, Title: cmp.Or(title, name), Org: true}
}

// Owned makes g the organisation of the package.
func (p *Package) Owned(g *Group) {
	p.Organization, p.OwnerOrg = g.Brief(), &g.ID
}

// sortLists brings tags, extras and groups into the order in which CKAN has them.
func (p *Package) sortLists() {
	slices.SortFunc(p.Tags, func(a, b Tag) int { return strings.Compare(a.Name, b.Name) })
	slices.SortFunc(p.Extras, func(a, b Extra) int { return strings.Compare(a.Key, b.Key) })
	slices.SortFunc(p.Groups, func(a, b GroupLink) int { return strings.Compare(a.Name, b.Name) })
}

func member(m map[string]any, name string) string {
	s, _ := m[name].(string)
	return s
}

// computed are the members of a resource that nobody gives.
var computed = []string{"package_id", "position", "state", "datastore_active", "url_type", "metadata_modified", "upload", "clear_upload", "revision_id", "package_name"}

func resourceFrom(m map[string]any, created string) Resource {
	r := Resource{ID: member(m, "id"), Name: member(m, "name"), Format: member(m, "format"), URL: member(m, "url"), Description: member(m, "description"), More: map[string]any{}}
	dec := json.NewDecoder(strings.NewReader(member(m, "more")))
	dec.UseNumber()
	_ = dec.Decode(&r.More) // written by resourceFields; empty when there is none
	r.Mimetype, r.Hash, r.Created, r.LastModified = member(r.More, "mimetype"), member(r.More, "hash"), cmp.Or(member(r.More, "created"), created), member(r.More, "last_modified")
	if n, ok := r.More["size"].(json.Number); ok {
		r.Size, _ = n.Int64()
	}
	return r
}

var (
	nameForm = regexp.MustCompile(`^[a-z0-9_-]{2,100}$`)
	keyForm  = regexp.MustCompile(`^\S.{0,99}$`)
)

// entryFields reads a package as it is given by a client into the fields of an
// entry. old is what it replaces, or nil.
func (c *call) entryFields(p Params, old *Package) (map[string]any, error) {
	fields := map[string]any{}
	for _, m := range plainMembers {
		s, err := p.text(m.member)
		if err != nil {
			return nil, err
		}
		fields[m.field] = emptyNil(s)
	}
	if err := c.checkNames(p, fields, old); err != nil {
		return nil, err
	}
	fields["private"] = p.flag("private", false)
	if typ, err := p.text("type"); err != nil || typ != "" && typ != "dataset" {
		return nil, cmp.Or(err, error(invalid("type", "only packages of type dataset are kept")))
	}
	if err := c.publisher(p, fields); err != nil {
		return nil, err
	}
	for _, read := range []func(Params, map[string]any) error{c.tagFields, c.groupFields, c.extraFields} {
		if err := read(p, fields); err != nil {
			return nil, err
		}
	}
	return fields, c.resourcesFields(p, fields, old)
}

func emptyNil(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// checkNames sees to the name and the id, both of which are one package's.
func (c *call) checkNames(p Params, fields map[string]any, old *Package) error {
	name, _ := fields["name"].(string)
	if name == "" && old != nil {
		name = old.Name
		fields["name"] = name
	}
	switch other := c.catalogue.Package(name); {
	case name == "":
		return invalid("name", "Missing value")
	case !nameForm.MatchString(name):
		return invalid("name", "Must be 2 to 100 lowercase alphanumeric (ascii) characters and these symbols: -_")
	case other != nil && other != old:
		return invalid("name", "That URL is already in use.")
	}
	if fields["title"] == nil {
		fields["title"] = name
	}
	if old != nil {
		return nil
	}
	id, err := p.text("id")
	if err != nil {
		return err
	}
	if id == "" {
		id = uuid.NewString()
	}
	if parsed, err := uuid.Parse(id); err != nil || parsed.String() != id {
		return invalid("id", "Must be a UUID in lower case")
	}
	if c.catalogue.Package(id) != nil {
		return invalid("id", "Dataset id already exists")
	}
	fields["identifier"] = id
	return nil
}

// publisher reads owner_org: a department by id or name; or else, from a dump of
// another site, the organisation that the package brings with it.
func (c *call) publisher(p Params, fields map[string]any) error {
	owner, err := p.text("owner_org")
	if err != nil {
		return err
	}
	brought, _ := p["organization"].(map[string]any)
	g := c.catalogue.Organization(owner)
	if g == nil && brought != nil {
		g = c.catalogue.Organization(member(brought, "name"))
	}
	if g == nil && brought != nil && nameForm.MatchString(member(brought, "name")) {
		g = Publisher(member(brought, "name"), member(brought, "title"))
	}
	fields["publisher"], fields["publisher_name"], fields["publisher_title"] = nil, nil, nil
	switch {
	case g == nil && owner != "":
		return invalid("owner_org", "Organization does not exist")
	case g == nil && len(c.User.Units) == 1:
		fields["publisher"] = c.User.Units[0]
	case g == nil:
		return invalid("owner_org", "An organization must be provided")
	case g.Unit != "":
		fields["publisher"] = g.Unit
	default:
		fields["publisher_name"], fields["publisher_title"] = g.Name, g.Title
	}
	return nil
}

// objects reads a list of objects.
func objects(p Params, name string) ([]map[string]any, error) {
	switch v := p[name].(type) {
	case nil:
		return nil, nil
	case string: // from a form
		var out []map[string]any
		if v != "" && json.Unmarshal([]byte(v), &out) != nil {
			return nil, invalid(name, "Only lists of dicts can be placed against subschema")
		}
		return out, nil
	case []any:
		out := make([]map[string]any, len(v))
		for i, item := range v {
			m, ok := item.(map[string]any)
			if !ok {
				return nil, invalid(name, "Only lists of dicts can be placed against subschema")
			}
			out[i] = m
		}
		return out, nil
	}
	return nil, invalid(name, "Only lists of dicts can be placed against subschema")
}

func (c *call) tagFields(p Params, fields map[string]any) error {
	given, err := objects(p, "tags")
	if err != nil {
		return err
	}
	words, err := p.text("tag_string")
	if err != nil {
		return err
	}
	for _, w := range strings.Split(words, ",") {
		if w = strings.TrimSpace(w); w != "" && p["tags"] == nil {
			given = append(given, map[string]any{"name": w})
		}
	}
	out := []any{}
	for _, t := range given {
		name := member(t, "name")
		tag, ok := TagOf(name)
		if !ok || tag.Name != name {
			return invalid("tags", fmt.Sprintf("Tag %q must be 2 to 100 alphanumeric characters or symbols: -_.", head(name)))
		}
		if !slices.ContainsFunc(out, func(v any) bool { return v.(map[string]any)["name"] == name }) {
			out = append(out, map[string]any{"name": name})
		}
	}
	fields["tags"] = out
	return nil
}

func (c *call) groupFields(p Params, fields map[string]any) error {
	given, err := objects(p, "groups")
	if err != nil {
		return err
	}
	out := []any{}
	for _, m := range given {
		g := c.catalogue.Group(cmp.Or(member(m, "name"), member(m, "id")))
		name, title := member(m, "name"), member(m, "title")
		if g != nil {
			name, title = g.Name, g.Title
		}
		if g == nil && !nameForm.MatchString(name) {
			return invalid("groups", "Group does not exist: "+head(cmp.Or(name, member(m, "id"))))
		}
		out = append(out, map[string]any{"name": name, "title": cmp.Or(title, name)})
	}
	fields["groups"] = out
	return nil
}

func (c *call) extraFields(p Params, fields map[string]any) error {
	given, err := objects(p, "extras")
	if err != nil {
		return err
	}
	for _, name := range asExtras {
		fields[name] = nil
	}
	out := []any{}
	seen := map[string]bool{}
	for _, m := range given {
		key := member(m, "key")
		switch {
		case !keyForm.MatchString(key):
			return invalid("extras", "Missing value: key")
		case seen[key]:
			return invalid("extras", fmt.Sprintf("Duplicate key %q", key))
		case m["value"] == nil:
			continue
		}
		seen[key] = true
		if slices.Contains(asExtras, key) {
			fields[key] = emptyNil(plain(m["value"]))
			continue
		}
		out = append(out, map[string]any{"key": key, "value": plain(m["value"])})
	}
	fields["extras"] = out
	return nil
}

func (c *call) resourcesFields(p Params, fields map[string]any, old *Package) error {
	given, err := objects(p, "resources")
	if err != nil {
		return err
	}
	out := make([]any, len(given))
	for i, m := range given {
		if l := c.catalogue.resources[member(m, "id")]; l != nil && l.pkg != old {
			return invalid("resources", "Resource id already exists.")
		}
		if out[i], err = resourceFields(m); err != nil {
			return err
		}
	}
	fields["resources"] = out
	return nil
}

// resourceFields reads a resource as a client gives it. A file cannot be sent
// with it: files come in by data loads, which judge them.
func resourceFields(m map[string]any) (map[string]any, error) {
	out := map[string]any{}
	more := map[string]any{}
	for name, v := range m {
		switch {
		case name == "upload" && v != nil && v != "":
			return nil, invalid("upload", "files are taken in by data loads, not here; give a url")
		case slices.Contains([]string{"id", "name", "format", "url", "description"}, name):
			if s := plain(v); s != "" {
				out[name] = s
			}
		case slices.Contains(computed, name) || v == nil:
		default:
			more[name] = v
		}
	}
	if id, _ := out["id"].(string); id == "" {
		out["id"] = uuid.NewString()
	} else if !keyForm.MatchString(id) {
		return nil, invalid("resources", "an id has 1 to 100 characters")
	}
	if len(more) > 0 {
		raw, err := json.Marshal(more)
		if err != nil {
			return nil, err
		}
		out["more"] = string(raw)
	}
	return out, nil
}
