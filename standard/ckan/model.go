package ckan

import (
	"encoding/json"
	"maps"
	"time"

	"github.com/google/uuid"
)

// Package is a dataset as package_show gives it.
type Package struct {
	ID               string      `json:"id"`
	Name             string      `json:"name"`
	Title            string      `json:"title"`
	Notes            string      `json:"notes"`
	Author           string      `json:"author"`
	AuthorEmail      string      `json:"author_email"`
	Maintainer       string      `json:"maintainer"`
	MaintainerEmail  string      `json:"maintainer_email"`
	CreatorUserID    *string     `json:"creator_user_id"`
	LicenseID        string      `json:"license_id"`
	LicenseTitle     string      `json:"license_title"`
	LicenseURL       string      `json:"license_url,omitempty"`
	IsOpen           bool        `json:"isopen"`
	MetadataCreated  string      `json:"metadata_created"`
	MetadataModified string      `json:"metadata_modified"`
	NumResources     int         `json:"num_resources"`
	NumTags          int         `json:"num_tags"`
	Organization     *Brief      `json:"organization"`
	OwnerOrg         *string     `json:"owner_org"`
	Private          bool        `json:"private"`
	State            string      `json:"state"`
	Type             string      `json:"type"`
	URL              string      `json:"url"`
	Version          string      `json:"version"`
	Extras           []Extra     `json:"extras"`
	Groups           []GroupLink `json:"groups"`
	Resources        []Resource  `json:"resources"`
	Tags             []Tag       `json:"tags"`
	AsSubject        []string    `json:"relationships_as_subject"`
	AsObject         []string    `json:"relationships_as_object"`

	// Declared is set for what packs declare. Such a package is not changed by
	// calls.
	Declared bool `json:"-"`
	// Restricted is set for what not everybody may know of; see [Reader].
	Restricted bool `json:"-"`
	// TitleEn is the title in English, to be found by and for DCAT; it may be empty.
	TitleEn string `json:"-"`
}

// Extra is a further member of a package.
type Extra struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

// Extra returns the value of an extra, empty when there is none.
func (p *Package) Extra(key string) string {
	for _, e := range p.Extras {
		if e.Key == key {
			return e.Value
		}
	}
	return ""
}

// Tag is a free tag.
type Tag struct {
	ID          string  `json:"id"`
	Name        string  `json:"name"`
	DisplayName string  `json:"display_name"`
	State       string  `json:"state"`
	Vocabulary  *string `json:"vocabulary_id"`
}

// Brief is an organisation as it stands in a package.
type Brief struct {
	ID             string `json:"id"`
	Name           string `json:"name"`
	Title          string `json:"title"`
	Type           string `json:"type"`
	Description    string `json:"description"`
	ImageURL       string `json:"image_url"`
	Created        string `json:"created"`
	IsOrganization bool   `json:"is_organization"`
	ApprovalStatus string `json:"approval_status"`
	State          string `json:"state"`
}

// GroupLink is a group as it stands in a package.
type GroupLink struct {
	ID              string `json:"id"`
	Name            string `json:"name"`
	Title           string `json:"title"`
	DisplayName     string `json:"display_name"`
	Description     string `json:"description"`
	ImageDisplayURL string `json:"image_display_url"`
}

// Group is an organisation or a group of the site.
type Group struct {
	ID          string
	Name        string
	Title       string
	TitleEn     string
	Description string
	Created     string
	Org         bool // an organisation
	// Unit is the id of the organisation in the tree, when it is one of it.
	Unit string
}

// Resource is a file or a service of a package. More holds further members, as
// they were given.
type Resource struct {
	ID              string
	PackageID       string
	Name            string
	Description     string
	Format          string
	URL             string
	Mimetype        string
	Hash            string // of the file, "sha256:…"
	Size            int64  // bytes, 0 when it is not known
	Created         string
	LastModified    string
	DatastoreActive bool
	Position        int
	More            map[string]any

	// Of is the record type whose rows the resource holds, Release the version
	// of a dataset; empty and 0 where it holds none that can be read here.
	Of      string
	Release int64
}

// Map is the resource as a JSON object.
func (r *Resource) Map() map[string]any {
	out := map[string]any{}
	maps.Copy(out, r.More)
	maps.Copy(out, map[string]any{"id": r.ID, "package_id": r.PackageID, "name": r.Name, "description": r.Description, "format": r.Format, "url": r.URL,
		"hash": r.Hash, "datastore_active": r.DatastoreActive, "position": r.Position, "state": "active", "url_type": nil,
		"mimetype": null(r.Mimetype), "mimetype_inner": nil, "resource_type": nil, "cache_url": nil, "cache_last_updated": nil,
		"created": null(r.Created), "last_modified": null(r.LastModified), "metadata_modified": null(r.LastModified), "size": nil})
	if r.Size > 0 {
		out["size"] = r.Size
	}
	return out
}

func null(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// MarshalJSON implements json.Marshaler.
func (r Resource) MarshalJSON() ([]byte, error) { return json.Marshal(r.Map()) }

// License is a licence that packages can name.
type License struct {
	ID             string `json:"id"`
	Title          string `json:"title"`
	URL            string `json:"url"`
	IsOpen         bool   `json:"is_okd_compliant"`
	OSI            bool   `json:"is_osi_compliant"`
	Status         string `json:"status"`
	Maintainer     string `json:"maintainer"`
	Family         string `json:"family"`
	Domain         bool   `json:"domain_content"`
	Data           bool   `json:"domain_data"`
	Software       bool   `json:"domain_software"`
	ODConformance  string `json:"od_conformance"`
	OSDConformance string `json:"osd_conformance"`
}

// Licenses are those of CKAN's own list. What a city opens without conditions
// is "other-open", everything else that it declares "other-closed".
var Licenses = []License{
	license("notspecified", "License not specified", "", false),
	license("odc-pddl", "Open Data Commons Public Domain Dedication and License (PDDL)", "http://www.opendefinition.org/licenses/odc-pddl", true),
	license("odc-odbl", "Open Data Commons Open Database License (ODbL)", "http://www.opendefinition.org/licenses/odc-odbl", true),
	license("odc-by", "Open Data Commons Attribution License", "http://www.opendefinition.org/licenses/odc-by", true),
	license("cc-zero", "Creative Commons CCZero", "http://www.opendefinition.org/licenses/cc-zero", true),
	license("cc-by", "Creative Commons Attribution", "http://www.opendefinition.org/licenses/cc-by", true),
	license("cc-by-sa", "Creative Commons Attribution Share-Alike", "http://www.opendefinition.org/licenses/cc-by-sa", true),
	license("gfdl", "GNU Free Documentation License", "http://www.opendefinition.org/licenses/gfdl", true),
	license("other-open", "Other (Open)", "", true),
	license("other-pd", "Other (Public Domain)", "", true),
	license("other-at", "Other (Attribution)", "", true),
	license("uk-ogl", "UK Open Government Licence (OGL)", "http://reference.data.gov.uk/id/open-government-licence", true),
	license("cc-nc", "Creative Commons Non-Commercial (Any)", "http://creativecommons.org/licenses/by-nc/2.0/", false),
	license("other-nc", "Other (Non-Commercial)", "", false),
	license("other-closed", "Other (Not Open)", "", false),
}

func license(id, title, url string, open bool) License {
	l := License{ID: id, Title: title, URL: url, IsOpen: open, Status: "active", Data: open, ODConformance: "not reviewed", OSDConformance: "not reviewed"}
	if open {
		l.ODConformance = "approved"
	}
	return l
}

// setLicense fills what a package says of its licence. One that is not in the
// list stands for itself.
func (p *Package) setLicense(id string) {
	p.LicenseID, p.LicenseTitle = id, id
	for _, l := range Licenses {
		if l.ID == id {
			p.LicenseTitle, p.LicenseURL, p.IsOpen = l.Title, l.URL, l.IsOpen
		}
	}
}

// Time writes a moment (ms UTC) as CKAN does: without a zone.
func Time(ms int64) string {
	if ms == 0 {
		return ""
	}
	return time.UnixMilli(ms).UTC().Format("2006-01-02T15:04:05.000000")
}

// space is the namespace of ids that are made of names (UUID version 5).
var space = uuid.MustParse("0d6c1d0e-52b1-5c0c-9f39-3c5f3f6a7b11")

// ID is the stable id of what bears the names in a site. The site is empty for
// what is the same in each, such as a department.
func ID(names ...string) string {
	var all []byte
	for _, n := range names {
		all = append(append(all, n...), 0)
	}
	return uuid.NewSHA1(space, all).String()
}
