// Package duck runs SQL in DuckDB, each task in a process of its own: the same
// program started again as a worker. Killing the process is cancelling the
// task, and its memory is not the server's.
//
// A worker keeps nothing: its database is in memory, what it reads and writes
// are files in the folder of the task. It can reach no other file, no
// network and no extension, and what it is told cannot change that.
//
// The program's main function, and the TestMain of packages that run tasks,
// begin with [Worker]: in a worker it does the work and does not return.
package duck
