// Package blob keeps files by the digest of their content.
//
// A blob is named by the SHA-256 of its bytes in lower-case hexadecimal, so it
// never changes, equal files are kept once, and a name says whether the bytes
// are the right ones. Who may read a blob is not known here: whoever holds the
// name in a record decides that.
//
// When Put has returned, the blob is on disk and survives a power cut; when it
// fails, nothing is left behind. Memory does not grow with the size of a blob.
//
// Errors that a caller can act on are faults: Exhausted (too-large, disk-full)
// and NotFound (no-such-blob). A text that is not a digest names no blob.
package blob
