// Package intake reads the files that departments send, whatever their form,
// and writes their rows as one: CSV in UTF-8, for DuckDB to judge.
//
// The form is told by the content, never by the name. Memory is bounded
// whatever comes: tables of strings that do not fit are kept on disk, archives
// may unpack to so much and no more, and a cell, a row and the depth of a tree
// have their limits. What cannot be a table of the wanted type is refused with a
// fault that says what a person can mend.
//
// A CSV file is passed on as it stands. The rows of all other forms begin with
// a column that says where each stood, as its sender counts: the row of the
// spreadsheet, the number of the element.
package intake
