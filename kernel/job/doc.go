// Package job runs work after the transaction that asked for it, once it is
// certain: effects with a deadline nobody waits for, imports, deliveries,
// reports.
//
// A job is a row of the table `job`. It is enqueued in the caller's own
// transaction, so it exists exactly when the change does. A worker claims it
// under a lease of 30 s, renewed while the handler runs. When the process dies,
// the lease runs out and another worker begins again; so a handler may run more
// than once, and must come to the same end. Three things help it:
//
//   - [Run.Finish] ends the job in the handler's own transaction: the effect and
//     the end commit together, exactly once.
//   - [Run.Checkpoint] keeps where long work stands, in the transaction that
//     wrote the part; [Run.Resume] gives it back to the next attempt.
//   - Both refuse with [ErrLost] when another worker has taken over, so a worker
//     that was thought dead cannot write late.
//
// A handler that fails is tried again after 1 s, 2 s, 4 s … at most 1 h, until
// its attempts are used up; then the job is dead, is kept, and can be requeued
// by a person. [Permanent] gives up at once, [Postpone] waits without counting.
//
// Long work has its own workers ([Engine.RegisterLong]), so that an import of
// an hour never keeps a notification waiting. Within a kind of workers, higher
// priority goes first, always; then who was due first.
package job
