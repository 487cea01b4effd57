// Package httpsig verifies signed HTTP requests: RFC 9421 (HTTP Message
// Signatures) over RFC 9530 (Content-Digest), with Ed25519 or with SM2.
//
// What it promises:
//
//   - A request has one signature: one member of Signature-Input and the member
//     of Signature of the same label. Each component it covers is one that this
//     package derives (@method @target-uri @authority @scheme @request-target
//     @path @query) or a header field, without parameters; what it does not know
//     it refuses, it never leaves it out.
//   - A signature that Verify accepts covers the method, the whole target and,
//     when there is a body, Content-Digest, was made within MaxAge of the clock
//     given, and names its key. CheckBody says whether the body is the one.
//   - Nothing is remembered: whether a signature was shown before is for the
//     caller to know (Signature.Base, Signature.Until).
//
// Structured fields are read and written by github.com/dunglas/httpsfv
// (RFC 9651). The signature base is ours: it is short, and no library signs
// with SM2.
//
// Faults are Unauthenticated: bad-signature (cannot be read, or does not fit),
// not-covered, stale-signature, digest-mismatch, wrong-algorithm; a key is
// Invalid bad-public-key.
package httpsig
