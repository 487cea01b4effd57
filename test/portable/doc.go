// Package portable finds SQL in the Go source that only one of SQLite and PostgreSQL understands, or that means
// another thing on the other. It reads string literals, joined where they are added up, and takes for SQL what begins
// like a statement, or like a clause in a file that uses kernel/db.
//
// What it cannot see: whether a column that is ordered by may be null (say `nulls last` then), text built in other
// ways, and types of parameters. Those show when the same test runs on both databases, which is what dbtest is for.
package portable
