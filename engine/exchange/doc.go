// Package exchange lets one organisation use what another holds: 共享交换. It
// serves Art. 43 (sharing of public data) and Art. 36 (use within what was
// granted).
//
// A grant says who may use which fields and rows of a resource, for what
// purpose, on what legal basis, how often, how much, and until when. Grants are
// issued and revoked by cases (the effects grant.issue and grant.revoke), so
// that who asks, who reviews and within what time is declared in packs. From
// then on the holder reads through the grant: rows looked up by their key,
// pages that a filter finds, figures, or all rows as a file.
//
// Whether a row and a field may be seen is decided by core/access, as
// everywhere; a grant of this package is one of its grants that came into being
// while the program runs. Nothing is delivered before the act that says so is
// on disk, in the transaction that counts the use against the grant. A grant
// that was revoked, has ended or is used up gives nothing, from the moment of
// that transaction on.
package exchange
