package server

import (
	"fmt"
	html "html/template"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"chengshu/core/record"
	"chengshu/kernel/fault"
	"chengshu/standard/ckan"
	"chengshu/standard/dcat"
)

// dcatRoutes are the addresses of DCAT, those of ckanext-dcat: the catalogue and
// each dataset, by extension or by what the reader accepts.
func (s *Server) dcatRoutes(mux *http.ServeMux, c *openData) {
	mux.Handle("GET /catalog", s.handle(c.catalogPage))
	for _, f := range dcat.Formats {
		mux.Handle("GET /catalog."+f.Extension, s.handle(c.catalogPage))
	}
	mux.Handle("GET /dataset/{name}", s.handle(c.datasetPage))
}

// webPage stands for a page for people among the formats of a graph.
const webPage = "text/html"

// wanted finds the format of an answer: by the extension of the address, or else
// by the header Accept, of which the most wanted counts that we have.
func wanted(r *http.Request, name string, otherwise string) (base, media string) {
	for _, f := range dcat.Formats {
		if base, ok := strings.CutSuffix(name, "."+f.Extension); ok {
			return base, f.Media
		}
	}
	best := 0.0
	for _, part := range strings.Split(r.Header.Get("Accept"), ",") {
		kind, params, _ := strings.Cut(strings.TrimSpace(part), ";")
		q := 1.0
		if _, text, ok := strings.Cut(strings.ReplaceAll(params, " ", ""), "q="); ok {
			q, _ = strconv.ParseFloat(text, 64)
		}
		switch kind = strings.ToLower(strings.TrimSpace(kind)); {
		case q <= best:
		case kind == "*/*":
			best, media = q, otherwise
		case kind == webPage || slices.ContainsFunc(dcat.Formats, func(f dcat.Format) bool { return f.Media == kind }):
			best, media = q, kind
		}
	}
	if media == "" {
		media = otherwise
	}
	return name, media
}

// sendGraph writes a graph as the reader wants it.
func sendGraph(w http.ResponseWriter, g *dcat.Graph, media string) error {
	for _, f := range dcat.Formats {
		if f.Media == media {
			shared(w)
			w.Header().Set("Content-Type", media+"; charset=utf-8")
			w.Header().Set("Cache-Control", "no-cache")
			_, _ = w.Write(f.Write(g)) // the client may have gone
			return nil
		}
	}
	return fmt.Errorf("server: no writer for %s", media)
}

// catalogPage sends a page of the catalogue: what anybody may know of.
func (c *openData) catalogPage(w http.ResponseWriter, r *http.Request) error {
	w.Header().Set("Vary", "Accept")
	_, media := wanted(r, r.URL.Path, "text/turtle")
	number, err := number(r, "page", 1)
	if err != nil {
		return err
	}
	now, err := c.current(r.Context())
	if err != nil {
		return err
	}
	list := slices.DeleteFunc(slices.Clone(now.catalogue.Packages()), func(p *ckan.Package) bool { return p.Restricted || p.Private })
	total, pages := len(list), (len(list)+dcat.PageSize-1)/dcat.PageSize
	if number < 1 || number > int64(max(1, pages)) {
		return fault.New(fault.NotFound, "no-such-page", "没有这一页", "there is no such page")
	}
	list = list[(int(number)-1)*dcat.PageSize:]
	site := c.site(r)
	var page []dcat.Dataset
	for _, p := range list[:min(len(list), dcat.PageSize)] {
		d := now.described(site.URL, p)
		page = append(page, d)
		site.Modified = max(site.Modified, d.Modified)
	}
	if media == webPage {
		return sendHTML(w, catalogTemplate, map[string]any{"Site": site, "Datasets": page, "Page": number, "Pages": pages, "Next": number + 1})
	}
	return sendGraph(w, dcat.Catalog(site, page, int(number), total, site.URL+r.URL.Path), media)
}

// datasetPage sends what is said of one dataset.
func (c *openData) datasetPage(w http.ResponseWriter, r *http.Request) error {
	w.Header().Set("Vary", "Accept")
	name, media := wanted(r, r.PathValue("name"), webPage)
	now, err := c.current(r.Context())
	if err != nil {
		return err
	}
	p := now.catalogue.Package(name)
	if p == nil || p.Restricted || p.Private {
		return fault.New(fault.NotFound, "no-such-dataset", "没有这个数据集", "no such dataset")
	}
	site := c.site(r)
	d := now.described(site.URL, p)
	if media == webPage {
		return sendHTML(w, datasetTemplate, map[string]any{"Site": site, "Dataset": d, "SchemaOrg": dcat.SchemaOrg(site, d), "Formats": dcat.Formats[:3]})
	}
	return sendGraph(w, dcat.One(site, d), media)
}

// site is what the catalogue says of itself: the city is the root of the
// organisation tree, and the pack says what its catalogue is.
func (c *openData) site(r *http.Request) dcat.Site {
	site := dcat.Site{URL: siteURL(r, c.s.cfg.Proxied), Title: dcat.Words{Zh: "公共数据目录", En: "Catalogue of public data"}, Version: c.s.version}
	site.About = site.Title
	for _, p := range c.s.declared.Packs {
		if p.Name == "open-data" {
			site.About = dcat.Words(p.About)
		}
	}
	tree, err := c.s.identity.Tree(r.Context())
	if err != nil {
		return site // without a publisher; the catalogue itself has been read
	}
	for _, o := range tree.Children("")[:min(1, len(tree.Children("")))] {
		site.Publisher = dcat.Agent{ID: strings.ToLower(o.ID), Words: dcat.Words{Zh: o.NameZh, En: o.NameEn}}
		site.Title = dcat.Words{Zh: o.NameZh + site.Title.Zh, En: site.Title.En + ": " + o.NameEn}
	}
	return site
}

// described is a package in the words of DCAT.
func (n *catalogueNow) described(site string, p *ckan.Package) dcat.Dataset {
	d := dcat.Dataset{ID: p.ID, Name: p.Name, Title: dcat.Words{Zh: p.Title, En: p.TitleEn}, About: dcat.Words{Zh: p.Notes, En: p.Extra("notes_en")},
		Contact: p.MaintainerEmail, Rights: p.Extra("access_rights"), Cycle: p.Extra("frequency"), Basis: p.Extra("legal_basis"), Version: p.Version, LicenseURL: p.LicenseURL, LicenseTitle: p.LicenseTitle,
		Page: p.URL, Issued: moment(p.MetadataCreated), Modified: moment(p.MetadataModified), Geometry: p.Extra("spatial"), From: p.Extra("temporal_start"), To: p.Extra("temporal_end")}
	if !slices.Contains([]string{"PUBLIC", "RESTRICTED", "NON_PUBLIC"}, d.Rights) {
		d.Rights = ""
	}
	if p.Organization != nil {
		g := n.catalogue.Organization(p.Organization.ID)
		d.Publisher = dcat.Agent{ID: p.Organization.Name, Words: dcat.Words{Zh: p.Organization.Title}}
		if g != nil {
			d.Publisher.En = g.TitleEn
		}
	}
	for _, t := range p.Tags {
		d.Keywords = append(d.Keywords, t.Name)
	}
	for _, g := range p.Groups {
		d.Themes = append(d.Themes, dcat.Agent{ID: g.Name, Words: dcat.Words{Zh: g.Title}})
	}
	for _, m := range n.releases[p] {
		at, _ := time.Parse(time.RFC3339, m.At) // written by the lake
		d.Versions = append(d.Versions, dcat.Version{Number: strconv.FormatInt(m.Version, 10), Issued: at.UnixMilli(), Rows: m.Rows})
	}
	for i := range p.Resources {
		d.Distributions = append(d.Distributions, distribution(site, p, &p.Resources[i]))
	}
	if t := n.types[p]; t != nil {
		d.Page = site + "/public/catalogue/" + t.Name
		if t.Resource == record.Register {
			d.Service = &dcat.Service{Endpoint: site + "/api/records/" + t.Name, Description: site + "/api/types/" + t.Name + "/openapi.json"}
		}
	}
	return d
}

func distribution(site string, p *ckan.Package, r *ckan.Resource) dcat.Distribution {
	address := r.URL
	if strings.HasPrefix(address, "/") {
		address = site + address
	}
	x := dcat.Distribution{ID: r.ID, Title: r.Name, About: r.Description, Access: address, Format: r.Format, Media: r.Mimetype, Bytes: r.Size,
		Issued: moment(r.Created), Modified: moment(r.LastModified)}
	if sum, ok := strings.CutPrefix(r.Hash, "sha256:"); ok {
		x.SHA256 = sum
	}
	if version, ok := r.More["release"].(int64); ok && p.Declared {
		x.Version, x.Download = strconv.FormatInt(version, 10), address
	}
	return x
}

// moment reads a time as CKAN writes it, 0 for any other text.
func moment(text string) int64 {
	at, err := time.Parse("2006-01-02T15:04:05.999999", strings.TrimSuffix(text, "Z"))
	if err != nil {
		return 0
	}
	return at.UnixMilli()
}

// sendHTML writes a page for people, which search engines read too. It needs no
// script and no style of its own.
func sendHTML(w http.ResponseWriter, t *html.Template, data any) error {
	var b strings.Builder
	if err := t.Execute(&b, data); err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-cache")
	_, _ = w.Write([]byte(b.String())) // the client may have gone
	return nil
}

var datasetTemplate = html.Must(html.New("dataset").Parse(`<!doctype html>
<html lang="zh-CN">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{.Dataset.Title.Zh}} · {{.Site.Title.Zh}}</title>
<meta name="description" content="{{.Dataset.About.Zh}}">
<link rel="canonical" href="{{.Site.URL}}/dataset/{{.Dataset.Name}}">
{{range .Formats}}<link rel="alternate" type="{{.Media}}" href="/dataset/{{$.Dataset.Name}}.{{.Extension}}">
{{end}}<script type="application/ld+json">{{.SchemaOrg}}</script>
</head>
<body>
<main>
<p><a href="/catalog">{{.Site.Title.Zh}}</a></p>
<h1>{{.Dataset.Title.Zh}}</h1>
{{with .Dataset.Title.En}}<p lang="en">{{.}}</p>{{end}}
<p>{{.Dataset.About.Zh}}</p>
{{with .Dataset.About.En}}<p lang="en">{{.}}</p>{{end}}
<dl>
{{with .Dataset.Publisher.Zh}}<dt>发布部门 <span lang="en">Publisher</span></dt><dd>{{.}}</dd>{{end}}
{{with .Dataset.Basis}}<dt>依据 <span lang="en">Basis</span></dt><dd>{{.}}</dd>{{end}}
{{with .Dataset.LicenseTitle}}<dt>许可 <span lang="en">Licence</span></dt><dd>{{.}}</dd>{{end}}
{{with .Dataset.Version}}<dt>版本 <span lang="en">Version</span></dt><dd>{{.}}</dd>{{end}}
</dl>
{{with .Dataset.Distributions}}<h2>资源 <span lang="en">Resources</span></h2>
<ul>{{range .}}<li><a href="{{.Access}}">{{or .Title .Access}}</a> {{.Format}}</li>
{{end}}</ul>{{end}}
{{with .Dataset.Page}}<p><a href="{{.}}">详细页面 <span lang="en">Page</span></a></p>{{end}}
</main>
</body>
</html>
`))

var catalogTemplate = html.Must(html.New("catalog").Parse(`<!doctype html>
<html lang="zh-CN">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{.Site.Title.Zh}}</title>
<meta name="description" content="{{.Site.About.Zh}}">
<link rel="alternate" type="text/turtle" href="/catalog.ttl">
<link rel="alternate" type="application/ld+json" href="/catalog.jsonld">
<link rel="alternate" type="application/rdf+xml" href="/catalog.rdf">
</head>
<body>
<main>
<h1>{{.Site.Title.Zh}}</h1>
<p lang="en">{{.Site.Title.En}}</p>
<ul>{{range .Datasets}}<li><a href="/dataset/{{.Name}}">{{.Title.Zh}}</a>{{with .Title.En}} <span lang="en">{{.}}</span>{{end}}</li>
{{end}}</ul>
{{if lt .Page .Pages}}<p><a href="/catalog?page={{.Next}}">下一页 <span lang="en">Next page</span></a></p>{{end}}
</main>
</body>
</html>
`))
