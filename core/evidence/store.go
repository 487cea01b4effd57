package evidence

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	formats "github.com/transparency-dev/formats/log"
	"github.com/transparency-dev/tessera/client"
	"golang.org/x/mod/sumdb/note"
)

// leafTag separates leaves of this kind from every other use of SHA-256.
const leafTag = "chengshu act v1\x00"

// leafOf is the entry of an act in the log:
//
//	SHA-256("chengshu act v1" || 0x00 || 16 bytes of salt || body)
//
// The salt is random and never leaves the database but in a bundle, so that
// nobody can guess an act and find it in the public log.
func leafOf(salt, body []byte) Digest {
	b := make([]byte, 0, 2048) // stays on the stack for a body of common length
	b = append(b, leafTag...)
	b = append(b, salt...)
	b = append(b, body...)
	return sha256.Sum256(b)
}

// store is the folder of the log: "tree" holds what the public may read, as
// tlog-tiles, and "key" the keys.
type store struct {
	origin string
	dir    string
	tree   string
	files  client.FileFetcher
	keys   *keys
}

func openStore(dir, origin string) (*store, error) {
	if origin == "" {
		return nil, errors.New("the log has no origin")
	}
	s := &store{origin: origin, dir: dir, tree: filepath.Join(dir, "tree")}
	s.files = client.FileFetcher{Root: s.tree}
	_, err := os.Stat(filepath.Join(s.tree, "checkpoint"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	s.keys, err = loadKeys(filepath.Join(dir, "key"), origin, err == nil)
	return s, err
}

// lock keeps a second process out of the folder until the returned file is
// closed; the lock ends with the process.
func (s *store) lock() (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(s.dir, "lock"), os.O_RDWR|os.O_CREATE|syscall.O_CLOEXEC, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		f.Close()
		return nil, fmt.Errorf("another process seals in %s: %w", s.dir, err)
	}
	return f, nil
}

// checkpoint is a signed statement of the log's size and root.
type checkpoint struct {
	raw  []byte
	size uint64
	root []byte
}

// checkpoint reads the published checkpoint and checks its signatures against
// the log's own keys. It is fs.ErrNotExist before the log was begun.
func (s *store) checkpoint(ctx context.Context) (checkpoint, error) {
	raw, err := s.files.ReadCheckpoint(ctx)
	if err != nil {
		return checkpoint{}, err
	}
	return s.parse(raw)
}

func (s *store) parse(raw []byte) (checkpoint, error) {
	n, err := note.Open(raw, note.VerifierList(s.keys.open...))
	if err != nil {
		return checkpoint{}, fmt.Errorf("checkpoint: %w", err)
	}
	return parseCheckpoint(raw, n.Text, s.origin)
}

// parseCheckpoint reads the text of a checkpoint whose signatures were checked.
func parseCheckpoint(raw []byte, text, origin string) (checkpoint, error) {
	var c formats.Checkpoint
	if _, err := c.Unmarshal([]byte(text)); err != nil {
		return checkpoint{}, err
	}
	if c.Origin != origin {
		return checkpoint{}, fmt.Errorf("the checkpoint is of %q, not of %q", c.Origin, origin)
	}
	if len(c.Hash) != sha256.Size {
		return checkpoint{}, fmt.Errorf("a root of %d bytes", len(c.Hash))
	}
	return checkpoint{raw: raw, size: c.Size, root: c.Hash}, nil
}

// leaves returns the entries [first, first+count) of a log of the given size.
func (s *store) leaves(ctx context.Context, first, count, size uint64) ([]Digest, error) {
	out := make([]Digest, 0, count)
	for i := first / 256; i*256 < first+count; i++ {
		bundle, err := client.GetEntryBundle(ctx, s.files.ReadEntryBundle, i, size)
		if err != nil {
			return nil, fmt.Errorf("entries of the log: %w", err)
		}
		for j, e := range bundle.Entries {
			if at := i*256 + uint64(j); at >= first && at < first+count {
				if len(e) != sha256.Size {
					return nil, fmt.Errorf("entry %d of the log has %d bytes", at, len(e))
				}
				out = append(out, Digest(e))
			}
		}
	}
	if uint64(len(out)) != count {
		return nil, fmt.Errorf("the log holds %d of the %d entries from %d on", len(out), count, first)
	}
	return out, nil
}
