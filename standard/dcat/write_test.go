package dcat

import (
	"encoding/json"
	"encoding/xml"
	"strconv"
	"strings"
	"testing"
)

// one is a graph of one triple with a literal and one with an address.
func one(text, address string) *Graph {
	g := &Graph{}
	g.text("https://example.org/s", "dct:title", text, "zh")
	g.link("https://example.org/s", "dcat:accessURL", Address(address))
	return g
}

// FuzzWrite: whatever is in a text or an address, each writing is well-formed and
// says the same. That public parsers agree is shown in test/conformance.
func FuzzWrite(f *testing.F) {
	f.Add("水质", "https://example.org/a?b=c#d")
	f.Add("\"\\'<>&]]>\r\n\t\x00\x1f\ufffe\u2028 @zh ^^<x> {{.}} </script>", "https://example.org/a b<c>\"{|}^`\\%zz/水")
	f.Add("\xff\xfe", "javascript:alert(1)")
	f.Add(" ", "http://[::1]:80/%")
	f.Fuzz(func(t *testing.T, text, address string) {
		g := one(text, address)
		want, at := clean(text), Address(address)
		if strings.ContainsAny(at, "<>\"{}|\\^` \n\r\t") {
			t.Fatalf("address %q", at)
		}
		var x struct {
			Node struct {
				About string `xml:"http://www.w3.org/1999/02/22-rdf-syntax-ns# about,attr"`
				Title string `xml:"http://purl.org/dc/terms/ title"`
				URL   struct {
					Resource string `xml:"http://www.w3.org/1999/02/22-rdf-syntax-ns# resource,attr"`
				} `xml:"http://www.w3.org/ns/dcat# accessURL"`
			} `xml:"http://www.w3.org/1999/02/22-rdf-syntax-ns# Description"`
		}
		if err := xml.Unmarshal(g.RDFXML(), &x); err != nil || x.Node.Title != want || x.Node.URL.Resource != at {
			t.Fatalf("RDF/XML: %v: %q, want %q; %q, want %q", err, x.Node.Title, want, x.Node.URL.Resource, at)
		}
		var j struct {
			Graph []struct {
				Title []map[string]string `json:"dct:title"`
				URL   []map[string]string `json:"dcat:accessURL"`
			} `json:"@graph"`
		}
		if err := json.Unmarshal(g.JSONLD(), &j); err != nil {
			t.Fatal(err)
		}
		title, url := "", ""
		for _, n := range j.Graph {
			if n.Title != nil {
				title = n.Title[0]["@value"]
			}
			if n.URL != nil {
				url = n.URL[0]["@id"]
			}
		}
		if title != want || url != at {
			t.Fatalf("JSON-LD: %q, want %q; %q, want %q", title, want, url, at)
		}
		turtle := string(g.Turtle())
		if _, rest, ok := strings.Cut(turtle, "dct:title "); ok {
			literal, err := strconv.QuotedPrefix(rest)
			if err != nil {
				t.Fatalf("Turtle: %v: %s", err, rest)
			}
			if got, err := strconv.Unquote(literal); err != nil || got != want || !strings.HasPrefix(rest[len(literal):], "@zh .") && !strings.HasPrefix(rest[len(literal):], "@zh ;") {
				t.Fatalf("Turtle: %v: %q, want %q: %s", err, got, want, rest)
			}
		} else if want != "" {
			t.Fatalf("Turtle: no title: %s", turtle)
		}
	})
}

func TestAddress(t *testing.T) {
	for given, want := range map[string]string{
		"https://example.org/a":        "https://example.org/a",
		" https://example.org/水 ":      "https://example.org/%E6%B0%B4",
		"https://example.org/%41%zz":   "https://example.org/%41%25zz",
		"https://example.org/<x>":      "https://example.org/%3Cx%3E",
		"mailto:a<b@example.org":       "mailto:a%3Cb@example.org",
		"javascript:alert(1)":          "",
		"data:text/html,x":             "",
		"/relative":                    "",
		"//example.org/x":              "",
		"https:///x":                   "",
		"":                             "",
		"ftp://example.org/file?x=[1]": "ftp://example.org/file?x=[1]",
	} {
		if got := Address(given); got != want {
			t.Errorf("%q: %q, want %q", given, got, want)
		}
	}
}

// TestDataset: what is not in a form that the profile allows is left out.
func TestDataset(t *testing.T) {
	s := Site{URL: "https://city.example"}
	d := Dataset{ID: "1", Name: "water", Title: Words{Zh: "水质"}, From: "2026-02-30", To: "2026-03-01T08:00:00+08:00", Geometry: "{", Cycle: "sometimes",
		Version: "2", Versions: []Version{{Number: "2"}, {Number: "1"}},
		Distributions: []Distribution{{ID: "a", Access: "nowhere"}, {ID: "b", Access: "https://x.example/b", SHA256: "12", Media: "<x>", Version: "2"}, {ID: "c", Access: "https://x.example/c", Version: "1"}}}
	got := string(One(s, d).Turtle())
	for _, want := range []string{`dct:description "水质"@zh`, `dcat:endDate "2026-03-01T08:00:00+08:00"^^xsd:dateTime`, "dcat:previousVersion <https://city.example/dataset/water#v1>",
		"dcat:distribution <https://city.example/dataset/water/resource/b> ;", "dcat:distribution <https://city.example/dataset/water/resource/c> ;"} {
		if !strings.Contains(got, want) {
			t.Errorf("lacks %s", want)
		}
	}
	for _, not := range []string{"startDate", "nowhere", "checksum ", "mediaType", "Periodicity", "dct:spatial", "resource/a>"} {
		if strings.Contains(got, not) {
			t.Errorf("has %s", not)
		}
	}
	if t.Failed() {
		t.Log(got)
	}
	raw, err := json.Marshal(SchemaOrg(s, d))
	if err != nil || !strings.Contains(string(raw), `"temporalCoverage":"2026-02-30/2026-03-01T08:00:00+08:00"`) {
		t.Errorf("%v %s", err, raw)
	}
}
