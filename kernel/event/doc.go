// Package event tells browsers, as server-sent events, that something changed.
//
// What travels is a hint: the topic ("case.incident") and nothing else. Who
// receives it asks again for what it shows, and access is decided then. So a
// hint may come twice and may stand for many changes, but none is missed: a
// hint is sent after every change that it stands for, or the listener is told
// to reset, which means "ask again for everything".
//
// Because hints have no content, the bus remembers for each topic only when it
// was last published. A listener is a place in that order. It takes what lies
// after its place whenever it is ready, so a slow one costs nothing, holds
// nobody up, and falls behind only when more topics changed than the bus
// remembers. The same holds for one that comes back after a while with the
// number of the last event it saw.
//
// Numbers start at the microsecond in which the bus was made, so that a number
// from an earlier run of the program is known as one.
package event
