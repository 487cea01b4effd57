// Package identity knows who asks: organisations, persons, accounts, posts,
// sessions and API clients.
//
// What it promises:
//
//   - A person acts through posts: a post puts the person into an organisation
//     with roles, from a day and perhaps until a day. Nothing but a post, or
//     the entry of an API client, gives a role other than `citizen` (whoever
//     is signed in) and `anyone`.
//   - An organisation's path never changes. When a division is reorganised the
//     old organisation is closed and a new one is opened, as the law does it,
//     so the paths that records carry stay true.
//   - Passwords are kept as argon2id (RFC 9106) at a cost measured on the
//     machine, session tokens and client keys as SHA-256 digests. An account
//     that does not exist costs the same work as one that does.
//   - A client has a key to show or signs its requests (RFC 9421), never both.
//     What was signed is taken once, by whichever process of the database.
//   - Every change leaves an act in its own transaction.
//   - A change made through this Service is seen at once; one made by another
//     process of the same database within a minute (sessions, posts) or ten
//     seconds (organisations).
//
// Personal facts live in the record engine; a person here has a name, a
// telephone number and the id of the natural person's record, once they have
// shown that it is theirs.
//
// Faults: Unauthenticated wrong-credentials, account-disabled, not-signed-in,
// unknown-key, replayed; Exhausted locked-out, too-many-requests, too-many-tries (see
// RetryAfter); Invalid bad-account, bad-password, bad-person, bad-post,
// bad-org, bad-client, not-proven; Conflict account-taken, already-linked;
// NotFound no-org, no-account, no-post, no-client.
package identity
