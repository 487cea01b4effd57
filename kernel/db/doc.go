// Package db is the one door to SQL: SQLite in a file, or PostgreSQL and what
// speaks its wire, behind ONE SQL text.
//
// What it promises on both:
//
//   - [DB.Do] returns nil only after the transaction is on disk. A crash or a
//     power cut after that loses nothing; one before that leaves no trace.
//   - A closure given to Do sees one state of the data, and no change to a row
//     that it changes is lost. It behaves as if it ran alone when it decides
//     by rows it changes, or takes a [Tx.Lock].
//   - A closure may be run more than once (its transaction is rolled back in
//     between), so it does no I/O, starts no goroutine that uses its [Tx], and
//     resets what it assigned. It should end within 5 ms, within 20 ms under
//     [DB.DoLow].
//   - A statement that fails dooms its transaction, as PostgreSQL has it: Do
//     returns that error even when the closure swallowed it. What may collide
//     says `on conflict do nothing` and looks at the number of rows.
//   - Within a transaction one query is read to its end, or closed, before the
//     next statement.
//   - [DB.Read] sees every commit that Do has returned from.
//
// SQL is written as PostgreSQL has it, in the subset both understand; the test
// in test/portable refuses the rest. Values are text, bigint, double precision,
// boolean and bytea. Times are milliseconds UTC in a bigint, money is fen in a
// bigint. Parameters are $1, $2, … Two tokens are rewritten: the column type
// `serial` becomes each database's counting key, and ` collate "C"` is left out
// on SQLite, whose text compares by bytes already. `like` minds case on both.
//
// Errors are those of the driver with the statement's beginning, except for
// what a caller can act on, which is a fault: a full disk is Exhausted
// (disk-full), a database that is away is Unavailable (database-away), text
// that is not UTF-8 or holds a NUL is Invalid (bad-text). [IsUnique] knows a
// collision of keys, and [ErrNoRows] an empty answer.
package db
