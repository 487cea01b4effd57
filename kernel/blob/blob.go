package blob

import (
	"context"
	"io"

	"chengshu/kernel/fault"
)

// Ref is what is known of a blob once it is stored.
type Ref struct {
	Hash  string // SHA-256, 64 digits of lower-case hexadecimal
	Size  int64  // bytes
	Media string // media type without parameters, judged by the content alone
}

// Store keeps blobs. It is safe for concurrent use. The suite in blobtest says
// what each store must do.
type Store interface {
	// Put stores what r yields and returns once it is durable. It reads one
	// byte more than limit at most; then it fails with Exhausted (too-large).
	// An error of r, or the end of ctx, is returned as it is.
	Put(ctx context.Context, r io.Reader, limit int64) (Ref, error)
	// Open returns the bytes of a blob and how many there are, or NotFound.
	// The caller closes it; a blob that is deleted meanwhile stays readable.
	Open(ctx context.Context, hash string) (body io.ReadSeekCloser, size int64, err error)
	// Has reports whether the blob is there.
	Has(ctx context.Context, hash string) (bool, error)
	// Delete returns once the blob is not there, whether it was or not, so
	// that a job that deletes can be run twice.
	Delete(ctx context.Context, hash string) error
}

// validHash guards every path that is made of a hash.
func validHash(s string) bool {
	if len(s) != 64 {
		return false
	}
	for i := range len(s) {
		if c := s[i]; (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

func errTooLarge() error {
	return fault.New(fault.Exhausted, "too-large", "文件超过大小上限", "the file is larger than the limit")
}

func errMissing() error {
	return fault.New(fault.NotFound, "no-such-blob", "没有这个文件", "there is no such file")
}

func errFull(cause error) error {
	return fault.Wrap(cause, fault.Exhausted, "disk-full", "存储空间已满，文件未保存", "the disk is full; the file was not stored")
}
