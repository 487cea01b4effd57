package ckan

import (
	"slices"
	"strconv"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// document is what a search sees of a package.
type document struct {
	exact map[string][]string // compared whole, by field
	text  map[string]string   // folded, by field; "text" is all of it
}

// textFields are searched by words; the other fields are compared whole.
var textFields = []string{"title", "notes", "text", "author", "maintainer", "res_name", "res_description", "title_en"}

// exactFields can be searched, sorted and counted by.
var exactFields = []string{"id", "name", "title_string", "url", "version", "license_id", "license", "isopen", "state", "private", "type", "dataset_type", "site_id", "owner_org",
	"organization", "groups", "tags", "res_format", "res_url", "res_type", "metadata_created", "metadata_modified", "entity_type", "capacity", "num_resources", "num_tags",
	"author_email", "maintainer_email", "index_id", "views_recent", "views_total", "download_url"}

func documentOf(p *Package) *document {
	d := &document{exact: map[string][]string{
		"id": {p.ID}, "index_id": {p.ID}, "name": {p.Name}, "title_string": {p.Title}, "url": {p.URL}, "version": {p.Version}, "license_id": {p.LicenseID}, "license": {p.LicenseTitle},
		"isopen": {strconv.FormatBool(p.IsOpen)}, "state": {p.State}, "private": {strconv.FormatBool(p.Private)}, "type": {p.Type}, "dataset_type": {p.Type}, "site_id": {"default"},
		"metadata_created": {p.MetadataCreated}, "metadata_modified": {p.MetadataModified}, "entity_type": {"package"}, "capacity": {"public"},
		"num_resources": {strconv.Itoa(p.NumResources)}, "num_tags": {strconv.Itoa(p.NumTags)}, "author_email": {p.AuthorEmail}, "maintainer_email": {p.MaintainerEmail},
	}, text: map[string]string{"title": fold(p.Title), "title_en": fold(p.TitleEn), "notes": fold(p.Notes), "author": fold(p.Author), "maintainer": fold(p.Maintainer)}}
	all := []string{p.Name, p.Title, p.TitleEn, p.Notes, p.Author, p.Maintainer, p.LicenseTitle, p.URL}
	if p.Private {
		d.exact["capacity"] = []string{"private"}
	}
	if p.Organization != nil {
		d.exact["organization"], d.exact["owner_org"] = []string{p.Organization.Name}, []string{p.Organization.ID}
		all = append(all, p.Organization.Name, p.Organization.Title)
	}
	for _, g := range p.Groups {
		d.exact["groups"] = append(d.exact["groups"], g.Name)
		all = append(all, g.Name, g.Title)
	}
	for _, t := range p.Tags {
		d.exact["tags"] = append(d.exact["tags"], t.Name)
		all = append(all, t.Name)
	}
	var names, descriptions []string
	for i := range p.Resources {
		r := &p.Resources[i]
		if r.Format != "" && !slices.Contains(d.exact["res_format"], r.Format) {
			d.exact["res_format"] = append(d.exact["res_format"], r.Format)
		}
		d.exact["res_url"] = append(d.exact["res_url"], r.URL)
		names, descriptions = append(names, r.Name), append(descriptions, r.Description)
		all = append(all, r.Format)
	}
	for _, e := range p.Extras {
		d.exact["extras_"+e.Key] = append(d.exact["extras_"+e.Key], e.Value)
		all = append(all, e.Value)
	}
	d.text["res_name"], d.text["res_description"] = fold(strings.Join(names, "\n")), fold(strings.Join(descriptions, "\n"))
	d.text["text"] = fold(strings.Join(append(append(all, names...), descriptions...), "\n"))
	return d
}

// values are what a field holds as it was given; an extra is found by its key
// alone, too, as CKAN's index does.
func (d *document) values(field string) []string {
	if v, ok := d.exact[field]; ok {
		return v
	}
	return d.exact["extras_"+field]
}

// fold brings a text to the form in which it is searched: compatible forms made
// one, lower case, and a blank between words.
func fold(s string) string {
	var b strings.Builder
	b.WriteByte(' ')
	han, open := false, false
	for _, r := range strings.ToLower(norm.NFKC.String(s)) {
		switch {
		case !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r):
			if open {
				b.WriteByte(' ')
			}
			open = false
			continue
		case open && joined(r) != han:
			b.WriteByte(' ')
		}
		han, open = joined(r), true
		b.WriteRune(r)
	}
	if open {
		b.WriteByte(' ')
	}
	return b.String()
}

// joined reports whether r is of a writing without blanks between words.
func joined(r rune) bool {
	return unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul)
}

// holds reports whether a folded text holds words: whole ones, but for Han
// characters, of which any stretch is found.
func holds(text, words string) bool {
	needle := fold(words)
	if needle == " " {
		return false
	}
	runes := []rune(needle)
	if joined(runes[1]) {
		runes = runes[1:]
	}
	if n := len(runes); n > 1 && joined(runes[n-2]) {
		runes = runes[:n-1]
	}
	return strings.Contains(text, string(runes))
}
