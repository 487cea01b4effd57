// Package conformance drives the built program with public clients and
// validators of the standards it speaks, unmodified: ckanapi for CKAN's Action
// API, and for DCAT the RDF parsers n3, rdfxml-streaming-parser and jsonld, and
// the SHACL validator rdf-validate-shacl.
//
// scripts/setup installs them; what could not be installed is said there, and
// its test skips with that reason, which CI does not allow.
package conformance
