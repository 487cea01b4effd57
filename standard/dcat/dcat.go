package dcat

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Site is where a catalogue stands and who answers for it.
type Site struct {
	URL       string // without a slash at the end
	Title     Words
	About     Words
	Publisher Agent
	Modified  int64 // ms UTC
	Version   string
}

// Words are a text in both languages; En may be empty.
type Words struct{ Zh, En string }

// Agent is an organisation.
type Agent struct {
	ID string // its name below /organization/
	Words
}

// Dataset is what is said of one.
type Dataset struct {
	ID            string
	Name          string // its name below /dataset/
	Title, About  Words
	Publisher     Agent
	Contact       string // address for mail, or empty
	Keywords      []string
	Themes        []Agent // names below /group/
	Rights        string  // PUBLIC | RESTRICTED | NON_PUBLIC
	Cycle         string  // live | daily | monthly | yearly | once
	Basis         string  // legal basis for holding the data
	Version       string
	LicenseURL    string
	LicenseTitle  string
	Page          string // address of a page about it
	Issued        int64  // ms UTC; 0 is not known
	Modified      int64
	Geometry      string // GeoJSON
	From, To      string // xsd:date or xsd:dateTime
	Distributions []Distribution
	Versions      []Version // newest first
	Service       *Service
}

// Distribution is one way of having the data.
type Distribution struct {
	ID            string
	Title, About  string
	Access        string // address
	Download      string // address of the file itself, or empty
	Format, Media string
	Bytes         int64
	SHA256        string
	Issued        int64
	Modified      int64
	Version       string // of the dataset that it holds; empty: none in particular
}

// Version is one release of a dataset.
type Version struct {
	Number string
	Issued int64
	Rows   int64
}

// Service is an interface by which the data can be asked for.
type Service struct{ Endpoint, Description string }

// PageSize is how many datasets one page of a catalogue has.
const PageSize = 100

const (
	authority = "http://publications.europa.eu/resource/authority/"
	mediaType = "https://www.iana.org/assignments/media-types/"
)

// Catalog is the graph of one page (from 1) of a catalogue of total datasets,
// as the address self has it.
func Catalog(s Site, page []Dataset, number, total int, self string) *Graph {
	g := &Graph{}
	id := s.URL + "/catalog"
	g.is(id, "dcat:Catalog")
	g.words(id, "dct:title", s.Title)
	g.words(id, "dct:description", s.About)
	g.agent(s.URL, id, s.Publisher)
	g.typed(id, "dct:language", authority+"language/ZHO", "dct:LinguisticSystem")
	g.typed(id, "foaf:homepage", s.URL+"/", "foaf:Document")
	g.moment(id, "dct:modified", s.Modified)
	g.value(id, "owl:versionInfo", s.Version, "")
	g.typed(id, "dcat:themeTaxonomy", s.URL+"/group", "skos:ConceptScheme")
	g.text(s.URL+"/group", "dct:title", "主题", "zh")
	for _, d := range page {
		g.link(id, "dcat:dataset", s.address(d))
		if d.Service != nil {
			g.link(id, "dcat:service", s.address(d)+"#service")
		}
		g.dataset(s, d)
	}
	if last := max(1, (total+PageSize-1)/PageSize); last > 1 || number > 1 {
		at := func(n int) string { return fmt.Sprintf("%s?page=%d", self, n) }
		g.is(at(number), "hydra:PagedCollection")
		g.value(at(number), "hydra:totalItems", strconv.Itoa(total), "xsd:integer")
		g.value(at(number), "hydra:itemsPerPage", strconv.Itoa(PageSize), "xsd:integer")
		g.value(at(number), "hydra:firstPage", at(1), "")
		g.value(at(number), "hydra:lastPage", at(last), "")
		if number > 1 {
			g.value(at(number), "hydra:previousPage", at(number-1), "")
		}
		if number < last {
			g.value(at(number), "hydra:nextPage", at(number+1), "")
		}
	}
	return g
}

// One is the graph of one dataset.
func One(s Site, d Dataset) *Graph {
	g := &Graph{}
	g.dataset(s, d)
	return g
}

func (s Site) address(d Dataset) string { return s.URL + "/dataset/" + escape(d.Name) }

func (g *Graph) words(subject, predicate string, w Words) {
	g.text(subject, predicate, w.Zh, "zh")
	g.text(subject, predicate, w.En, "en")
}

func (g *Graph) moment(subject, predicate string, ms int64) {
	if ms != 0 {
		g.value(subject, predicate, time.UnixMilli(ms).UTC().Format("2006-01-02T15:04:05.000Z"), "xsd:dateTime")
	}
}

func (g *Graph) agent(site, subject string, a Agent) {
	if a.ID == "" {
		return
	}
	id := site + "/organization/" + escape(a.ID)
	g.link(subject, "dct:publisher", id)
	g.is(id, "foaf:Agent")
	g.words(id, "foaf:name", a.Words)
}

// frequencies are those of the EU's vocabulary, by update cycle.
var frequencies = map[string]string{"live": "UPDATE_CONT", "daily": "DAILY", "weekly": "WEEKLY", "monthly": "MONTHLY", "quarterly": "QUARTERLY", "yearly": "ANNUAL", "once": "NEVER"}

func (g *Graph) dataset(s Site, d Dataset) {
	id := s.address(d)
	g.is(id, "dcat:Dataset")
	g.value(id, "dct:identifier", d.ID, "")
	g.described(id, d)
	g.agent(s.URL, id, d.Publisher)
	for _, k := range d.Keywords {
		g.text(id, "dcat:keyword", k, "zh")
	}
	for _, t := range d.Themes {
		theme := s.URL + "/group/" + escape(t.ID)
		g.typed(id, "dcat:theme", theme, "skos:Concept")
		g.words(theme, "skos:prefLabel", t.Words)
		g.typed(theme, "skos:inScheme", s.URL+"/group", "skos:ConceptScheme")
	}
	if d.Rights != "" {
		g.typed(id, "dct:accessRights", authority+"access-right/"+d.Rights, "dct:RightsStatement")
	}
	if f := frequencies[d.Cycle]; f != "" {
		g.typed(id, "dct:accrualPeriodicity", authority+"frequency/"+f, "dct:Frequency")
	}
	g.typed(id, "dct:language", authority+"language/ZHO", "dct:LinguisticSystem")
	g.moment(id, "dct:issued", d.Issued)
	g.moment(id, "dct:modified", d.Modified)
	g.typed(id, "dcat:landingPage", Address(d.Page), "foaf:Document")
	if d.Basis != "" {
		g.typed(id, "dct:provenance", id+"#basis", "dct:ProvenanceStatement")
		g.text(id+"#basis", "rdfs:label", d.Basis, "zh")
	}
	g.contact(id, d)
	g.extent(id, d)
	g.versions(id, d)
	for _, x := range d.Distributions {
		g.distribution(id, d, x)
	}
	if d.Service != nil {
		service := id + "#service"
		g.is(service, "dcat:DataService")
		g.words(service, "dct:title", d.Title)
		g.link(service, "dcat:endpointURL", d.Service.Endpoint)
		g.link(service, "dcat:endpointDescription", d.Service.Description)
		g.link(service, "dcat:servesDataset", id)
	}
}

// described says what each dataset must say: a title and a description.
func (g *Graph) described(id string, d Dataset) {
	about := d.About
	if about == (Words{}) {
		about = d.Title
	}
	g.words(id, "dct:title", d.Title)
	g.words(id, "dct:description", about)
}

func (g *Graph) contact(id string, d Dataset) {
	if d.Publisher.ID == "" && d.Contact == "" {
		return
	}
	contact := id + "#contact"
	g.typed(id, "dcat:contactPoint", contact, "vcard:Kind")
	g.is(contact, "vcard:Organization")
	g.text(contact, "vcard:fn", d.Publisher.Zh, "zh")
	if strings.Contains(d.Contact, "@") {
		g.link(contact, "vcard:hasEmail", Address("mailto:"+d.Contact))
	}
}

var (
	dateForm = regexp.MustCompile(`^\d{4}-\d\d-\d\d$`)
	timeForm = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)?$`)
)

// when adds a day or a moment, if it is one.
func (g *Graph) when(subject, predicate, text string) {
	if _, err := time.Parse(time.DateOnly, text); dateForm.MatchString(text) && err == nil {
		g.value(subject, predicate, text, "xsd:date")
		return
	}
	head, _, _ := strings.Cut(text, "T")
	if _, err := time.Parse(time.DateOnly, head); timeForm.MatchString(text) && err == nil {
		g.value(subject, predicate, text, "xsd:dateTime")
	}
}

// extent adds where and when the data is about.
func (g *Graph) extent(id string, d Dataset) {
	if json.Valid([]byte(d.Geometry)) && d.Geometry != "" {
		g.typed(id, "dct:spatial", id+"#place", "dct:Location")
		g.add(id+"#place", "locn:geometry", Term{Text: clean(d.Geometry), Datatype: geoJSON})
	}
	period := &Graph{}
	period.when(id+"#period", "dcat:startDate", d.From)
	period.when(id+"#period", "dcat:endDate", d.To)
	if len(period.triples) > 0 {
		g.typed(id, "dct:temporal", id+"#period", "dct:PeriodOfTime")
		for _, t := range period.triples {
			g.add(t.Subject, t.Predicate, t.Object)
		}
	}
}

// geoJSON is the datatype of a geometry (GeoSPARQL 1.1).
const geoJSON = "geo:geoJSONLiteral"

// versions adds each release as a dataset of its own, which comes after another.
func (g *Graph) versions(id string, d Dataset) {
	g.value(id, "dcat:version", d.Version, "")
	for i, v := range d.Versions {
		one := id + "#v" + escape(v.Number)
		g.typed(id, "dcat:hasVersion", one, "dcat:Dataset")
		g.described(one, d)
		g.value(one, "dct:identifier", d.ID+"/"+v.Number, "")
		g.value(one, "dcat:version", v.Number, "")
		g.moment(one, "dct:issued", v.Issued)
		g.link(one, "dcat:isVersionOf", id)
		if i+1 < len(d.Versions) {
			g.link(one, "dcat:previousVersion", id+"#v"+escape(d.Versions[i+1].Number))
		}
	}
}

// fileTypes are those of the EU's vocabulary, by format as we write it.
var fileTypes = map[string]string{"csv": "CSV", "json": "JSON", "jsonl": "NDJSON", "xlsx": "XLSX", "xls": "XLS", "parquet": "PARQUET", "geojson": "GEOJSON", "xml": "XML", "pdf": "PDF", "zip": "ZIP",
	"html": "HTML", "txt": "TXT", "tsv": "TSV", "ods": "ODS", "shp": "SHP", "kml": "KML", "rdf": "RDF", "ttl": "RDF_TURTLE", "jsonld": "JSON_LD"}

var mediaForm = regexp.MustCompile(`^[a-z]+/[A-Za-z0-9.+_-]+$`)

func (g *Graph) distribution(id string, d Dataset, x Distribution) {
	access := Address(x.Access)
	if access == "" {
		return // a distribution is nothing without its address
	}
	at := id + "/resource/" + escape(x.ID)
	if x.Version != "" && len(d.Versions) > 0 {
		g.link(id+"#v"+escape(x.Version), "dcat:distribution", at)
	}
	if x.Version == "" || x.Version == d.Version {
		g.link(id, "dcat:distribution", at)
	}
	g.is(at, "dcat:Distribution")
	g.text(at, "dct:title", x.Title, "zh")
	g.text(at, "dct:description", x.About, "zh")
	g.link(at, "dcat:accessURL", access)
	g.link(at, "dcat:downloadURL", Address(x.Download))
	if f := fileTypes[strings.ToLower(x.Format)]; f != "" {
		g.typed(at, "dct:format", authority+"file-type/"+f, "dct:MediaTypeOrExtent")
	}
	if mediaForm.MatchString(x.Media) {
		g.typed(at, "dcat:mediaType", mediaType+x.Media, "dct:MediaType")
	}
	if x.Bytes > 0 {
		g.value(at, "dcat:byteSize", strconv.FormatInt(x.Bytes, 10), "xsd:nonNegativeInteger")
	}
	if len(x.SHA256) == 64 {
		g.typed(at, "spdx:checksum", at+"#checksum", "spdx:Checksum")
		g.typed(at+"#checksum", "spdx:algorithm", expand("spdx:checksumAlgorithm_sha256"), "spdx:ChecksumAlgorithm")
		g.value(at+"#checksum", "spdx:checksumValue", x.SHA256, "xsd:hexBinary")
	}
	if l := Address(d.LicenseURL); l != "" {
		g.typed(at, "dct:license", l, "dct:LicenseDocument")
	}
	g.moment(at, "dct:issued", x.Issued)
	g.moment(at, "dct:modified", x.Modified)
	if d.Service != nil && x.Access == d.Service.Endpoint {
		g.link(at, "dcat:accessService", id+"#service")
	}
}
