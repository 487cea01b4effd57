// Package process is 事: cases that move through declared states by declared
// actions. A process adds a life to a record type: who may do what from which
// state, who has to do it next and until when, and what follows from it.
//
// A case is one row of its record type with the fields that the process adds
// (number, state, unit, assignee, deadlines). Open work stands in one task
// table, from which the inboxes are read; closed cases have no task. Every
// transition, its effects, its task changes and its act commit together.
//
// An action is planned outside the transaction and written inside it: see
// package record. When the case has moved on in between, the action is planned
// anew, unless the caller named the revision that it had seen.
package process
