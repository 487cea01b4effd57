// Package ckan speaks the catalogue as CKAN's Action API does (guide of CKAN
// 2.11), so that clients written for CKAN search, read, dump and load it.
//
// It translates and keeps nothing. A [Catalogue] is the set of packages as they
// stand at one moment, made by the caller out of what is declared and of the
// records of the register catalogue-entry; [Actions] answers calls on it. What
// only the caller can do, reading rows, writing entries, deciding who may, it
// asks of the interfaces in action.go. Text is found by substring, in an index
// of some thousands of packages that lies in memory.
//
// Serves Art. 43 (public data is catalogued, shared and opened).
package ckan
