package ckan

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// small is a catalogue of three packages, one of them private.
func small() *Catalogue {
	org := &Group{ID: ID("org", "1301-ecology"), Name: "1301-ecology", Title: "生态环境局", Org: true, Unit: "1301-ecology"}
	air := &Package{ID: ID("air"), Name: "air-hour", Title: "空气质量小时值", TitleEn: "Hourly air quality", Notes: "各监测站 PM2.5 浓度", LicenseID: "other-open", MetadataModified: "2026-03-01T00:00:00.000000",
		Tags: []Tag{{Name: "空气"}, {Name: "PM2.5"}}, Extras: []Extra{{"level", "general"}}, Resources: []Resource{{ID: "r1", Format: "CSV", Of: "air-hour"}, {ID: "r2", Format: "XLSX"}}}
	air.Owned(org)
	water := &Package{ID: ID("water"), Name: "river-water", Title: "河流水质", Notes: "weekly", LicenseID: "cc-by", MetadataModified: "2026-02-01T00:00:00.000000", Extras: []Extra{{"level", "important"}}}
	secret := &Package{ID: ID("secret"), Name: "secret", Title: "空气", Private: true, Restricted: true}
	return New([]*Package{water, air, secret}, []*Group{org}, nil, nil)
}

// reader lets nobody know of restricted packages, and gives fixed rows.
type reader struct{ rows Rows }

func (reader) MayKnow(*Package) bool                           { return false }
func (r reader) Rows(context.Context, *Resource) (Rows, error) { return r.rows, nil }

func ask(t *testing.T, action string, p Params, rows Rows) (any, *Error) {
	t.Helper()
	out, err := Answer(t.Context(), small(), Request{Action: action, Params: p, Reader: reader{rows}})
	if err != nil {
		return nil, ErrorOf(err, false)
	}
	return out, nil
}

func TestSearch(t *testing.T) {
	both := []string{"air-hour", "river-water"}
	for q, want := range map[string][]string{
		"": both, "*:*": both, "空气": {"air-hour"}, "空气质量": {"air-hour"}, "气质": {"air-hour"}, "质空": {}, "AIR quality": {"air-hour"}, "qual": {}, "qual*": {"air-hour"},
		"weekly OR hourly": both, "weekly hourly": {}, "weekly || 空气": both, "weekly AND NOT 空气": {"river-water"}, "-空气": {"river-water"}, "!weekly": {"air-hour"}, "+weekly": {"river-water"},
		"name:air-hour": {"air-hour"}, "name:air": {}, "name:air*": {"air-hour"}, "name:?iver-water": {"river-water"}, "tags:PM2.5": {"air-hour"}, `tags:"PM2.5"`: {"air-hour"}, "tags:pm2.5": {},
		"pm2.5": {"air-hour"}, `"PM2.5 浓度"`: {"air-hour"}, `"浓度 PM2.5"`: {}, "title:水质": {"river-water"}, "organization:1301-ecology": {"air-hour"}, "res_format:(CSV OR PDF)": {"air-hour"},
		"license_id:cc-by": {"river-water"}, "extras_level:important": {"river-water"}, "level:important": {"river-water"}, "tags:*": {"air-hour"}, "-tags:*": {"river-water"}, "private:true": {},
		"metadata_modified:[2026-02-15T00:00:00Z TO *]": {"air-hour"}, "metadata_modified:[* TO 2026-02-01T00:00:00.000000Z]": {"river-water"}, "metadata_modified:{2026-02-01T00:00:00.000000Z TO *}": {"air-hour"},
		"(weekly OR 空气) -name:(air-hour)": {"river-water"}, "空气^4 OR weekly^0.5": both, `name\:air`: {}, "quality~": {"air-hour"}, `"air quality"~2`: {"air-hour"}, "什么 ( 也没写完": {}, `"没有结束`: {},
	} {
		out, err := ask(t, "package_search", Params{"q": q, "sort": "name asc"}, nil)
		if err != nil {
			t.Errorf("%s: %v", q, err)
			continue
		}
		got := []string{}
		for _, p := range out.(map[string]any)["results"].([]*Package) {
			got = append(got, p.Name)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", q, diff)
		}
	}
}

func TestSearchRefuses(t *testing.T) {
	for _, p := range []Params{{"q": "name:("}, {"q": "name:"}, {"q": "name:a OR"}, {"q": "OR name:a"}, {"q": `name:"a`}, {"q": "name:[a TO"}, {"q": "a b:c )"}, {"fq": "("}, {"sort": "nothing asc"}, {"sort": "name up"},
		{"fq_list": []any{"name:a", "name:("}}, {"q": "name:" + strings.Repeat("(", 50) + "a"}, {"fq": strings.Repeat("a ", 500)}, {"fq": strings.Repeat("a", 5000)}, {"nonsense": "x"}} {
		if out, err := ask(t, "package_search", p, nil); err == nil || err.Status != http.StatusBadRequest || err.Type != "Search Query Error" {
			t.Errorf("%v: %v %v", p, out, err)
		}
	}
	for _, p := range []Params{{"rows": "many"}, {"rows": "-1"}, {"start": "-1"}, {"facet.field": "[1"}, {"q": []any{"a"}}, {"fq_list": []any{1}}} {
		if out, err := ask(t, "package_search", p, nil); err == nil || err.Status != http.StatusConflict {
			t.Errorf("%v: %v %v", p, out, err)
		}
	}
}

// TestPrivate: what not everybody may know of is in no list, and refused by name.
func TestPrivate(t *testing.T) {
	list, _ := ask(t, "package_list", Params{"include_private": true}, nil)
	if slices.Contains(list.([]string), "secret") {
		t.Errorf("listed: %v", list)
	}
	if _, err := ask(t, "package_show", Params{"id": "secret"}, nil); err == nil || err.Status != http.StatusForbidden {
		t.Errorf("shown: %v", err)
	}
	found, _ := ask(t, "package_search", Params{"q": "空气", "include_private": true, "facet.field": `["name"]`}, nil)
	if m := found.(map[string]any); m["count"] != 1 || m["facets"].(map[string]map[string]int)["name"]["secret"] != 0 {
		t.Errorf("found: %v", m)
	}
}

func TestChangesNeedPost(t *testing.T) {
	for _, name := range []string{"package_create", "no_such_action"} {
		var e *Error
		if _, err := Answer(t.Context(), small(), Request{Action: name, Reader: reader{}}); !errors.As(err, &e) || e.Status != http.StatusBadRequest || !strings.HasPrefix(e.Message, "Bad request") {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, a := range actions {
		if a.help == "" || a.do == nil {
			t.Errorf("%s has no help or does nothing", name)
		}
		if got, err := Answer(t.Context(), small(), Request{Action: "help_show", Params: Params{"name": name}}); err != nil || got != a.help {
			t.Errorf("help of %s: %v %v", name, got, err)
		}
	}
}

func TestTags(t *testing.T) {
	for words, want := range map[string]string{"水质": "水质", "县（市、区）": "县 市 区", "PM2.5": "PM2.5", "a": "", "<b>x</b>": "b x b", strings.Repeat("长", 101): ""} {
		got, ok := TagOf(words)
		if got.Name != want || ok != (want != "") {
			t.Errorf("%s: %q %v", words, got.Name, ok)
		}
	}
}

// FuzzParse: no query makes the parser or a search fail in any other way than by
// refusing it, or takes long.
func FuzzParse(f *testing.F) {
	for _, q := range []string{"*:*", `name:"a b" AND (title:[a TO b] OR -x*?)^2 "p"~3`, "((((", `\`, "a:b:c", "+-!a", "{a TO b}", "　空气　", "a\\", "x:*", "NOT", "AND", `"`, "~^"} {
		f.Add(q)
	}
	c := small()
	f.Fuzz(func(t *testing.T, q string) {
		n, err := parse(q)
		var e *Error
		if err != nil && (!errors.As(err, &e) || e.Type != "Search Query Error") {
			t.Fatalf("%q: %v", q, err)
		}
		if err != nil {
			n = plainWords(q)
		}
		for _, d := range c.docs {
			if s := n.score(d); s < 0 {
				t.Fatalf("%q: score %v", q, s)
			}
		}
	})
}
