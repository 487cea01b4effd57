package dcat

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// Namespaces of the terms that are used, by prefix.
var namespaces = []struct{ prefix, iri string }{
	{"adms", "http://www.w3.org/ns/adms#"},
	{"dcat", "http://www.w3.org/ns/dcat#"},
	{"dct", "http://purl.org/dc/terms/"},
	{"foaf", "http://xmlns.com/foaf/0.1/"},
	{"geo", "http://www.opengis.net/ont/geosparql#"},
	{"hydra", "http://www.w3.org/ns/hydra/core#"},
	{"locn", "http://www.w3.org/ns/locn#"},
	{"owl", "http://www.w3.org/2002/07/owl#"},
	{"rdf", "http://www.w3.org/1999/02/22-rdf-syntax-ns#"},
	{"rdfs", "http://www.w3.org/2000/01/rdf-schema#"},
	{"skos", "http://www.w3.org/2004/02/skos/core#"},
	{"spdx", "http://spdx.org/rdf/terms#"},
	{"vcard", "http://www.w3.org/2006/vcard/ns#"},
	{"xsd", "http://www.w3.org/2001/XMLSchema#"},
}

// Term is the object of a triple: an IRI, or a literal with a language or a
// datatype.
type Term struct {
	IRI      string
	Text     string
	Language string
	Datatype string // a name such as xsd:date; empty is plain text
}

// Triple is one statement. Predicate is a name such as dct:title.
type Triple struct {
	Subject   string // IRI
	Predicate string
	Object    Term
}

// Graph is a set of triples, in the order in which they were added.
type Graph struct {
	triples []Triple
	seen    map[Triple]bool
}

func (g *Graph) add(subject, predicate string, o Term) {
	t := Triple{subject, predicate, o}
	if g.seen == nil {
		g.seen = map[Triple]bool{}
	}
	if subject != "" && (o.IRI != "" || o.Text != "") && !g.seen[t] {
		g.seen[t] = true
		g.triples = append(g.triples, t)
	}
}

// is adds a type, written as a name.
func (g *Graph) is(subject, class string) { g.add(subject, "rdf:type", Term{IRI: expand(class)}) }

func (g *Graph) link(subject, predicate, iri string) { g.add(subject, predicate, Term{IRI: iri}) }

// typed links to a node of which nothing but its class is said here.
func (g *Graph) typed(subject, predicate, iri, class string) {
	if iri != "" {
		g.link(subject, predicate, iri)
		g.is(iri, class)
	}
}

func (g *Graph) text(subject, predicate, text, language string) {
	g.add(subject, predicate, Term{Text: clean(text), Language: language})
}

func (g *Graph) value(subject, predicate, text, datatype string) {
	g.add(subject, predicate, Term{Text: clean(text), Datatype: datatype})
}

// bySubject groups the triples by subject, in the order of their first.
func (g *Graph) bySubject() [][]Triple {
	at := map[string]int{}
	var out [][]Triple
	for _, t := range g.triples {
		i, known := at[t.Subject]
		if !known {
			i = len(out)
			at[t.Subject] = i
			out = append(out, nil)
		}
		out[i] = append(out[i], t)
	}
	for _, list := range out {
		slices.SortStableFunc(list, func(a, b Triple) int { return strings.Compare(order(a.Predicate), order(b.Predicate)) })
	}
	return out
}

// order puts the type first.
func order(predicate string) string {
	if predicate == "rdf:type" {
		return ""
	}
	return predicate
}

// expand writes a name such as dct:title in full.
func expand(name string) string {
	prefix, local, _ := strings.Cut(name, ":")
	for _, n := range namespaces {
		if n.prefix == prefix {
			return n.iri + local
		}
	}
	panic(fmt.Sprintf("dcat: no namespace for %q", name)) // a slip in this package
}

// clean leaves out what XML 1.0 cannot hold, so that every writing says the same.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == utf8.RuneError, r < 0x20 && r != '\t' && r != '\n' && r != '\r', r == 0xfffe, r == 0xffff:
			return -1
		}
		return r
	}, s)
}

// Address makes an IRI of what somebody gave as an address: absolute, and with
// what an IRI cannot hold written in hexadecimal. It is empty for anything else.
func Address(s string) string {
	if s = strings.TrimSpace(s); !addressForm.MatchString(s) {
		return ""
	}
	return escape(s)
}

// addressForm is loose on purpose: people give addresses that url.Parse refuses
// and browsers follow.
var addressForm = regexp.MustCompile(`^(?i:(https?|ftp)://[^\s/?#]|mailto:[^\s@]+@)`)

// escape writes all but the plain characters of an IRI in hexadecimal, a percent
// sign too unless it stands for a byte already.
func escape(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		c := s[i]
		percent := c == '%' && !(i+2 < len(s) && hexadecimal(s[i+1]) && hexadecimal(s[i+2]))
		if c <= ' ' || c >= 0x7f || percent || strings.IndexByte("<>\"{}|\\^`", c) >= 0 {
			fmt.Fprintf(&b, "%%%02X", c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

func hexadecimal(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}
