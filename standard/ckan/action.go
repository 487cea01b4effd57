package ckan

import (
	"context"
	"net/http"
)

// Reader says what the caller may see.
type Reader interface {
	// MayKnow reports whether the caller may know of a package that not
	// everybody may.
	MayKnow(p *Package) bool
	// Rows opens the rows of a resource, as the caller may see them, or says why not.
	Rows(ctx context.Context, r *Resource) (Rows, error)
}

// Writer changes the entries of the catalogue, as the caller may.
type Writer interface {
	// Create enters a package of these fields of catalogue-entry.
	Create(ctx context.Context, fields map[string]any) error
	// Revise changes the fields of the entry of a package.
	Revise(ctx context.Context, p *Package, fields map[string]any) error
	Delete(ctx context.Context, p *Package) error
	// Reload is the catalogue after a change.
	Reload(ctx context.Context) (*Catalogue, error)
}

// User is the caller.
type User struct {
	ID    string // empty: nobody is signed in
	Name  string // login, or the client's id
	Full  string
	Admin bool
	Units []string // ids of the organisations in which posts are held
	Edits bool     // may enter packages
}

// Site is what the answers say of the site.
type Site struct {
	Title, Description, URL, Version string
}

// Request is one call of an action.
type Request struct {
	Action string
	Params Params
	Post   bool // by POST; what changes something needs it
	User   User
	Site   Site
	Reader Reader
	Writer Writer
}

type call struct {
	Request
	ctx       context.Context
	catalogue *Catalogue
}

func (c *call) mayKnow(p *Package) bool { return !p.Restricted || c.Reader.MayKnow(p) }

// action is what one name does, and the help text of it.
type action struct {
	do      func(c *call) (any, error)
	changes bool
	help    string
}

// Answer runs an action over a catalogue. An unknown name, or a change by GET,
// is an [Error] without a type: the answer is then its message alone, as CKAN
// has it.
func Answer(ctx context.Context, cat *Catalogue, r Request) (any, error) {
	a, ok := actions[r.Action]
	if r.Action == helpShow {
		return help(r.Params)
	}
	if !ok {
		return nil, &Error{Status: http.StatusBadRequest, Message: "Bad request: Action name not known: " + r.Action}
	}
	if a.changes && !r.Post {
		return nil, &Error{Status: http.StatusBadRequest, Message: "Bad request: JSON Error: Invalid request. Please use POST method for your request"}
	}
	return a.do(&call{r, ctx, cat})
}

// helpShow stands by itself, for it reads the list of actions.
const helpShow = "help_show"

// actions is the one list of what can be called, but for helpShow.
var actions = map[string]action{
	"site_read":   {do: func(*call) (any, error) { return true, nil }, help: "Return True: anybody may read the site."},
	"status_show": {do: (*call).status, help: "Return a dictionary with information about the site's configuration."},

	"package_search":                      {do: (*call).search, help: "Search for packages.\n\n:param q, fq, fq_list, sort, rows (0..1000, default 10), start, facet, facet.field, facet.limit, facet.mincount, include_private, fl"},
	"package_list":                        {do: (*call).packageList, help: "Return a list of the names of the site's packages.\n\n:param limit, offset"},
	"package_show":                        {do: (*call).packageShow, help: "Return the metadata of a package and its resources.\n\n:param id: id or name"},
	"current_package_list_with_resources": {do: (*call).currentPackages, help: "Return the packages and their resources, most recently modified first.\n\n:param limit, offset, page"},
	"package_autocomplete":                {do: (*call).packageComplete, help: "Return packages whose name or title contains a text.\n\n:param q, limit"},
	"resource_show":                       {do: (*call).resourceShow, help: "Return the metadata of a resource.\n\n:param id"},
	"resource_search":                     {do: (*call).resourceSearch, help: "Search for resources.\n\n:param query: {field}:{term}, or a list of them\n:param order_by, offset, limit"},
	"resource_view_list":                  {do: (*call).noViews, help: "Return the list of resource views for a resource: there are none.\n\n:param id"},
	"format_autocomplete":                 {do: (*call).formatComplete, help: "Return formats of resources that contain a text.\n\n:param q, limit"},

	"organization_list":          {do: (*call).organizationList, help: "Return the names of the organizations.\n\n:param all_fields, organizations, sort, limit, offset, include_dataset_count"},
	"organization_show":          {do: (*call).organizationShow, help: "Return the details of an organization.\n\n:param id, include_datasets, include_dataset_count"},
	"organization_autocomplete":  {do: (*call).organizationComplete, help: "Return organizations that match a text.\n\n:param q, limit"},
	"organization_list_for_user": {do: (*call).organizationsOfUser, help: "Return the organizations in which the caller holds a post.\n\n:param id, permission"},
	"group_list":                 {do: (*call).groupList, help: "Return the names of the groups.\n\n:param all_fields, groups, sort, limit, offset, include_dataset_count"},
	"group_show":                 {do: (*call).groupShow, help: "Return the details of a group.\n\n:param id, include_datasets, include_dataset_count"},
	"group_package_show":         {do: (*call).groupPackages, help: "Return the packages of a group.\n\n:param id, limit"},
	"group_autocomplete":         {do: (*call).groupComplete, help: "Return groups that match a text.\n\n:param q, limit"},
	"group_list_authz":           {do: func(*call) (any, error) { return []any{}, nil }, help: "Return the groups that the caller may edit: none, for groups are the packs."},

	"tag_list":         {do: (*call).tagList, help: "Return the names of the tags.\n\n:param query, all_fields, vocabulary_id"},
	"tag_show":         {do: (*call).tagShow, help: "Return the details of a tag.\n\n:param id, include_datasets"},
	"tag_search":       {do: (*call).tagSearch, help: "Return tags whose names contain a text.\n\n:param query, limit, offset"},
	"tag_autocomplete": {do: (*call).tagComplete, help: "Return names of tags that contain a text.\n\n:param query, limit, offset"},
	"vocabulary_list":  {do: func(*call) (any, error) { return []any{}, nil }, help: "Return the tag vocabularies: there are none."},
	"vocabulary_show":  {do: (*call).noVocabulary, help: "Return a tag vocabulary.\n\n:param id"},
	"license_list":     {do: func(*call) (any, error) { return Licenses, nil }, help: "Return the list of licenses available for packages."},

	"user_show":              {do: (*call).userShow, help: "Return the caller's own account.\n\n:param id, include_datasets"},
	"user_list":              {do: (*call).userList, help: "Return the accounts that the caller may know: the own one.\n\n:param q, all_fields"},
	"dataset_follower_count": {do: (*call).noFollowers, help: "Return the number of followers of a package: nobody can follow."},

	"datastore_search": {do: (*call).datastoreSearch, help: "Search the rows of a resource.\n\n:param resource_id, filters, q, full_text, distinct, plain, limit (default 100, at most 32000), offset, fields, sort, include_total, records_format"},
	"datastore_info":   {do: (*call).datastoreInfo, help: "Return detailed metadata about the rows of a resource.\n\n:param resource_id or id"},

	"package_create":  {do: (*call).packageCreate, changes: true, help: "Enter a package.\n\n:param name, title, notes, owner_org, tags, extras, groups, resources, license_id, url, version, author, maintainer, private"},
	"package_update":  {do: (*call).packageUpdate, changes: true, help: "Replace what a package says.\n\n:param id, and as package_create"},
	"package_patch":   {do: (*call).packagePatch, changes: true, help: "Change some of what a package says.\n\n:param id, and as package_create"},
	"package_delete":  {do: (*call).packageDelete, changes: true, help: "Delete a package.\n\n:param id"},
	"resource_create": {do: (*call).resourceCreate, changes: true, help: "Add a resource to a package.\n\n:param package_id, url, name, description, format, …"},
	"resource_update": {do: (*call).resourceUpdate, changes: true, help: "Replace what a resource says.\n\n:param id, url, …"},
	"resource_patch":  {do: (*call).resourcePatch, changes: true, help: "Change some of what a resource says.\n\n:param id, …"},
	"resource_delete": {do: (*call).resourceDelete, changes: true, help: "Delete a resource.\n\n:param id"},

	"organization_create": {do: (*call).kept, changes: true, help: keptHelp},
	"organization_update": {do: (*call).kept, changes: true, help: keptHelp},
	"organization_patch":  {do: (*call).kept, changes: true, help: keptHelp},
	"organization_delete": {do: (*call).kept, changes: true, help: keptHelp},
	"group_create":        {do: (*call).kept, changes: true, help: keptHelp},
	"group_update":        {do: (*call).kept, changes: true, help: keptHelp},
	"group_patch":         {do: (*call).kept, changes: true, help: keptHelp},
	"group_delete":        {do: (*call).kept, changes: true, help: keptHelp},
}

const keptHelp = "Refused unless nothing changes: organizations are the departments of the city, groups its packs.\n\n:param id or name"

func (c *call) status() (any, error) {
	return map[string]any{"site_title": c.Site.Title, "site_description": c.Site.Description, "site_url": c.Site.URL, "ckan_version": c.Site.Version,
		"error_emails_to": nil, "locale_default": "zh_Hans_CN", "extensions": []string{"datastore", "dcat"}}, nil
}

func help(p Params) (any, error) {
	name, err := p.must("name")
	if err != nil {
		return nil, err
	}
	if name == helpShow {
		return "Return the help string for a particular API action.\n\n:param name: name of the action\n:type name: string", nil
	}
	a, ok := actions[name]
	if !ok {
		return nil, notFound("Action function not found")
	}
	return a.help, nil
}

func (c *call) noFollowers() (any, error) {
	if _, err := c.packageOf("id"); err != nil {
		return nil, err
	}
	return 0, nil
}

func (c *call) noVocabulary() (any, error) { return nil, notFound("Vocabulary not found") }

func (c *call) noViews() (any, error) {
	if _, err := c.resourceShow(); err != nil {
		return nil, err
	}
	return []any{}, nil
}
