// Package access decides who may do what to which record, which fields they
// are shown, and on what legal basis. It serves Art. 36 (data are used within
// granted powers) and Art. 50 (personal information) of the regulation.
//
// Packs declare grants, and processes make further ones from their `who:`;
// that is the only permission language. Whatever no grant permits is denied.
// A grant gives a role some actions on a type within a scope:
//
//	all       every row
//	unit      rows whose organisation lies in that of one of my posts
//	place     rows that lie in the division of one of my posts
//	own       rows that I created
//	assigned  cases assigned to me
//	task      cases with an open task of mine, or of exactly my organisation
//	subject   rows that are about me
//
// For unit, place and task only posts count that carry a role of the grant.
//
// From one tree the package makes two things: Cedar policies for a decision
// about one row, and a SQL predicate for lists and searches. Both are linked
// with the actor's posts once and kept. A tested property is that they agree
// on every row. A grant that cannot be said in both does not load.
//
// Personal fields are masked unless a grant unmasks them; a field that no
// matching grant lists is withheld. A View says so, field by field.
//
// The program itself acts through DecideSystem only; an actor cannot become
// the system by anything it sends.
package access
