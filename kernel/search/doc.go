// Package search finds rows by Chinese and other text, newest first.
//
// Each searchable kind of row has one [Index]: a full-text table keyed by the
// row's integer key. Han, kana and hangul text is cut into overlapping pairs
// of characters, so that any stretch of two or more is found wherever it
// stands, and exactly; words of letters and digits are found by their
// beginning from the third character on, so that a telephone number or a credit
// code need not be typed to its end. Width and case do not matter (NFKC).
//
// With each text go scope tokens, such as the prefixes of the organisation's
// path. They make a search within one office fast among a million rows. They
// are a speed-up and never the permission, which belongs in the enclosing
// query.
//
// On SQLite the table is FTS5 and on PostgreSQL a tsvector under GIN; both are
// given tokens made here and parse nothing themselves. FTS5 writes a segment
// at each savepoint, which costs 100 µs or more, so there [Index.Put] only
// notes the text (within the caller's transaction, so nothing is lost) and the
// [Engine] indexes many at a time. [Engine.Settle] before a search makes all
// that was committed findable; it costs nothing when there is nothing to do.
package search
