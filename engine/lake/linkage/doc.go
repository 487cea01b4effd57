// Package linkage keeps which rows of datasets and registers speak of the same
// person or organisation: 实体归一. It serves Art. 43 (one authoritative source
// per fact, and data of good quality).
//
// A pack declares a linkage: the sources, the fields that are compared and how,
// and for each field whose value is believed (survivorship). The effect lake.link
// links what the sources hold at that time, by engine/lake/link, in a process of
// its own. What comes of it is a run: which row is of which entity, the pairs that
// a person must look at, and a report. Runs replace each other at once; readers
// see one or the other.
//
// What people decide about two rows is kept for good, stands above all that is
// computed, and is changed only by a further decision. Each leaves an act.
//
// Only keys are kept here, no values: both sides of a pair, and the golden values
// of an entity, are read from their sources when they are shown, so that grants
// and masks hold, and what a source forgets is forgotten.
package linkage
