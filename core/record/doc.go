// Package record is 数: governed facts. Record types are declared in packs and
// become real tables with typed columns and indexes; a row is created,
// revised under an optimistic lock, softly deleted, and never loses a revision.
//
// A type says who owns its facts, on what legal basis they are held, how they
// may be shared and opened, how important they are (GB/T 43697), and for each
// field whether it is personal and how it is masked. Every declared type is in
// the catalogue by itself.
//
// Work is done in two steps. Outside any transaction a write is planned: input
// is decoded, defaults and computed fields are evaluated, references checked,
// everything validated at once. Inside the transaction it is only written, so
// that closures stay short; the revision number tells whether the plan still holds.
package record
