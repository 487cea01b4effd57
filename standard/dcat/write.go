package dcat

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
)

// Format is one way of writing a graph.
type Format struct {
	Extension string
	Media     string
	Write     func(*Graph) []byte
}

// Formats are those in which a graph can be had, the one preferred first.
var Formats = []Format{
	{"ttl", "text/turtle", (*Graph).Turtle},
	{"jsonld", "application/ld+json", (*Graph).JSONLD},
	{"rdf", "application/rdf+xml", (*Graph).RDFXML},
	{"xml", "application/rdf+xml", (*Graph).RDFXML},
}

// localForm is what may follow a prefix without escapes, in Turtle and XML alike.
var localForm = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_-]*$`)

// shorten writes an IRI with a prefix where it can.
func shorten(iri string) (string, bool) {
	for _, n := range namespaces {
		if local, ok := strings.CutPrefix(iri, n.iri); ok && localForm.MatchString(local) {
			return n.prefix + ":" + local, true
		}
	}
	return "", false
}

// Turtle writes the graph as RDF 1.1 Turtle.
func (g *Graph) Turtle() []byte {
	var b bytes.Buffer
	for _, n := range namespaces {
		fmt.Fprintf(&b, "@prefix %s: <%s> .\n", n.prefix, n.iri)
	}
	for _, list := range g.bySubject() {
		fmt.Fprintf(&b, "\n<%s>", list[0].Subject)
		for i, t := range list {
			switch {
			case i == 0:
				b.WriteByte(' ')
			case t.Predicate == list[i-1].Predicate:
				b.WriteString(",\n        ")
			default:
				b.WriteString(" ;\n    ")
			}
			if i == 0 || t.Predicate != list[i-1].Predicate {
				if t.Predicate == "rdf:type" {
					b.WriteString("a ")
				} else {
					b.WriteString(t.Predicate + " ")
				}
			}
			t.Object.turtle(&b)
		}
		b.WriteString(" .\n")
	}
	return b.Bytes()
}

func (t Term) turtle(b *bytes.Buffer) {
	if t.IRI != "" {
		if short, ok := shorten(t.IRI); ok {
			b.WriteString(short)
		} else {
			fmt.Fprintf(b, "<%s>", t.IRI)
		}
		return
	}
	b.WriteByte('"')
	for _, r := range t.Text {
		switch r {
		case '"', '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case '\n':
			b.WriteString(`\n`)
		case '\r':
			b.WriteString(`\r`)
		case '\t':
			b.WriteString(`\t`)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	switch {
	case t.Language != "":
		b.WriteString("@" + t.Language)
	case t.Datatype != "":
		b.WriteString("^^" + t.Datatype)
	}
}

// JSONLD writes the graph as JSON-LD 1.1, flattened.
func (g *Graph) JSONLD() []byte {
	context := map[string]string{}
	for _, n := range namespaces {
		context[n.prefix] = n.iri
	}
	nodes := []map[string]any{}
	for _, list := range g.bySubject() {
		node := map[string]any{"@id": list[0].Subject}
		for _, t := range list {
			key, value := t.Predicate, any(t.Object.json())
			if key == "rdf:type" {
				key, value = "@type", t.Object.IRI
			}
			old, _ := node[key].([]any)
			node[key] = append(old, value)
		}
		nodes = append(nodes, node)
	}
	out, err := json.MarshalIndent(map[string]any{"@context": context, "@graph": nodes}, "", " ")
	if err != nil {
		panic("dcat: " + err.Error()) // texts always marshal
	}
	return append(out, '\n')
}

func (t Term) json() map[string]string {
	switch {
	case t.IRI != "":
		return map[string]string{"@id": t.IRI}
	case t.Language != "":
		return map[string]string{"@value": t.Text, "@language": t.Language}
	case t.Datatype != "":
		return map[string]string{"@value": t.Text, "@type": t.Datatype}
	}
	return map[string]string{"@value": t.Text}
}

// xmlEscape writes a text inside an element or an attribute in double quotes. A
// line's end of its own would come back as another one.
var xmlEscape = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&#34;", "\r", "&#13;", "\n", "&#10;", "\t", "&#9;")

// RDFXML writes the graph as RDF 1.1 XML.
func (g *Graph) RDFXML() []byte {
	var b bytes.Buffer
	b.WriteString(`<?xml version="1.0" encoding="utf-8"?>` + "\n<rdf:RDF")
	for _, n := range namespaces {
		fmt.Fprintf(&b, "\n  xmlns:%s=\"%s\"", n.prefix, n.iri)
	}
	b.WriteString(">\n")
	for _, list := range g.bySubject() {
		fmt.Fprintf(&b, "  <rdf:Description rdf:about=\"%s\">\n", xmlEscape.Replace(list[0].Subject))
		for _, t := range list {
			o := t.Object
			switch {
			case o.IRI != "":
				fmt.Fprintf(&b, "    <%s rdf:resource=\"%s\"/>\n", t.Predicate, xmlEscape.Replace(o.IRI))
			case o.Language != "":
				fmt.Fprintf(&b, "    <%s xml:lang=\"%s\">%s</%s>\n", t.Predicate, o.Language, xmlEscape.Replace(o.Text), t.Predicate)
			case o.Datatype != "":
				fmt.Fprintf(&b, "    <%s rdf:datatype=\"%s\">%s</%s>\n", t.Predicate, expand(o.Datatype), xmlEscape.Replace(o.Text), t.Predicate)
			default:
				fmt.Fprintf(&b, "    <%s>%s</%s>\n", t.Predicate, xmlEscape.Replace(o.Text), t.Predicate)
			}
		}
		b.WriteString("  </rdf:Description>\n")
	}
	b.WriteString("</rdf:RDF>\n")
	return b.Bytes()
}
