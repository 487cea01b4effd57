// Package clock tells the time and counts it as Chinese law counts it.
//
// Three things stand here. [Clock] is the one source of "now" and of timers, so
// that tests and scenarios can turn it ([Fake]). [Calendar] knows the national
// working days, make-up days included, and the office hours. [Span] is a
// length of time as a declaration writes it ("3 work-days") and finds the
// deadline.
//
// All calendar work is done in Asia/Shanghai, whatever the zone of the machine
// or of the argument; every instant returned is in that zone too.
//
// Deadlines follow the Civil Code, book I, chapter 10: the day on which a
// period begins is not counted (art. 201), a last day that is a day of rest
// moves to the next working day, and the last day ends when business stops
// (art. 203).
package clock
