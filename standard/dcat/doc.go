// Package dcat describes a catalogue in DCAT 3 by the application profile
// DCAT-AP 3.0, as one graph that is written in Turtle, JSON-LD and RDF/XML, and
// as schema.org markup for search engines.
//
// The graph has no blank nodes: what has no address of its own gets one with a
// fragment below its dataset. So two writings of a graph can be compared triple
// by triple, and a reader can refer to everything.
//
// Serves Art. 43 (public data is catalogued and opened).
package dcat
