package dcat

import "time"

// SchemaOrg is a dataset as search engines read it (schema.org/Dataset). Write it
// by encoding/json, which leaves no "<" as it is: it stands within a page.
func SchemaOrg(s Site, d Dataset) map[string]any {
	id := s.address(d)
	out := map[string]any{"@context": "https://schema.org/", "@type": "Dataset", "@id": id, "url": id, "identifier": d.ID, "name": d.Title.Zh, "description": d.About.Zh,
		"inLanguage": "zh", "isAccessibleForFree": d.Rights == "PUBLIC",
		"includedInDataCatalog": map[string]any{"@type": "DataCatalog", "@id": s.URL + "/catalog", "name": s.Title.Zh, "url": s.URL + "/"}}
	put := func(name, value string) {
		if value != "" {
			out[name] = value
		}
	}
	if d.About.Zh == "" {
		out["description"] = d.Title.Zh
	}
	put("alternateName", d.Title.En)
	put("version", d.Version)
	put("license", Address(d.LicenseURL))
	put("sameAs", Address(d.Page))
	if d.Publisher.ID != "" {
		organization := map[string]any{"@type": "Organization", "@id": s.URL + "/organization/" + escape(d.Publisher.ID), "name": d.Publisher.Zh}
		out["publisher"], out["creator"] = organization, organization
	}
	if len(d.Keywords) > 0 {
		out["keywords"] = d.Keywords
	}
	if d.From != "" || d.To != "" {
		out["temporalCoverage"] = orOpen(d.From) + "/" + orOpen(d.To)
	}
	day := func(name string, ms int64) {
		if ms != 0 {
			out[name] = time.UnixMilli(ms).UTC().Format(time.RFC3339)
		}
	}
	day("datePublished", d.Issued)
	day("dateModified", d.Modified)
	var files []map[string]any
	for _, x := range d.Distributions {
		at := Address(x.Download)
		if at == "" {
			at = Address(x.Access)
		}
		if at == "" {
			continue
		}
		f := map[string]any{"@type": "DataDownload", "contentUrl": at, "name": x.Title, "encodingFormat": x.Media}
		if x.Media == "" {
			f["encodingFormat"] = x.Format
		}
		if x.SHA256 != "" {
			f["sha256"] = x.SHA256
		}
		files = append(files, f)
	}
	if files != nil {
		out["distribution"] = files
	}
	return out
}

func orOpen(s string) string {
	if s == "" {
		return ".."
	}
	return s
}
