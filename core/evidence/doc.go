// Package evidence keeps the fourth noun of the program, the act (据): who did
// what, to what, on what legal basis, for what purpose, when.
//
// It promises four things.
//
//   - An act is written in the transaction of the change it describes: both
//     are there, or neither is (Log.Append).
//   - Soon after, the act is sealed: a salted digest of it becomes a leaf of a
//     public append-only log in the tlog-tiles form (c2sp.org/tlog-tiles),
//     whose checkpoints are signed with Ed25519 and with SM2. The log never
//     holds personal data, nor anything from which it could be guessed.
//   - Anyone who was given the log's public key beforehand can check a bundle
//     of acts with no access to this program (Export, Verify).
//   - Whoever alters, deletes or adds a sealed act in the database is found out
//     by comparing the database with the log (Monitor).
//
// An act itself names persons only by id and never holds a value of a field:
// names of fields, states and digests only.
package evidence
