package blob

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"chengshu/kernel/clock"
)

// chunk is how much of a blob is in memory at a time.
const chunk = 64 << 10

// Folder is a Store in a folder of the local disk: a blob abcd… is the file
// ab/cd/abcd…, and tmp holds what is still coming in. Several nodes may share a
// folder: what one has stored, all can read.
type Folder struct {
	dir string
	tmp string

	mu      sync.Mutex
	durable map[string]bool // subfolders whose own entries are known to be on disk
}

// abandoned is the age at which what is in tmp belongs to no upload any more;
// what is younger may still be coming in, at another node.
const abandoned = 24 * time.Hour

// OpenFolder opens the folder dir, makes it when needed, and removes what
// uploads that never ended left in it a day ago or more.
func OpenFolder(dir string) (*Folder, error) {
	f := &Folder{dir: dir, tmp: filepath.Join(dir, "tmp"), durable: map[string]bool{}}
	if err := os.MkdirAll(f.tmp, 0o700); err != nil {
		return nil, fmt.Errorf("blob: %w", err)
	}
	left, err := os.ReadDir(f.tmp)
	if err != nil {
		return nil, fmt.Errorf("blob: %w", err)
	}
	for _, e := range left {
		info, err := e.Info()
		if errors.Is(err, fs.ErrNotExist) || err == nil && clock.System().Now().Sub(info.ModTime()) < abandoned {
			continue
		}
		if err := os.RemoveAll(filepath.Join(f.tmp, e.Name())); err != nil {
			return nil, fmt.Errorf("blob: %w", err)
		}
	}
	if err := syncDirs(dir, filepath.Dir(dir)); err != nil {
		return nil, fmt.Errorf("blob: %w", err)
	}
	return f, nil
}

// Put is described at Store. Equal content is written again and replaces what
// is there, which mends a file that the disk has spoilt.
func (f *Folder) Put(ctx context.Context, r io.Reader, limit int64) (Ref, error) {
	file, err := os.CreateTemp(f.tmp, "put-*")
	if err != nil {
		return Ref{}, explain(err)
	}
	ref, err := f.receive(ctx, file, r, limit)
	if closed := file.Close(); err == nil {
		err = explain(closed)
	}
	if err == nil {
		err = explain(f.settle(file.Name(), ref.Hash))
	}
	if err != nil {
		_ = os.Remove(file.Name()) // What cannot be removed is swept at a later start.
		return Ref{}, err
	}
	return ref, nil
}

// receive writes r to file and to disk, and judges it.
func (f *Folder) receive(ctx context.Context, file *os.File, r io.Reader, limit int64) (Ref, error) {
	sum := sha256.New()
	var size int64
	head := make([]byte, 0, sniffLen)
	buf := make([]byte, chunk)
	for {
		if err := ctx.Err(); err != nil {
			return Ref{}, err
		}
		n, err := r.Read(buf[:max(1, min(chunk-1, limit-size)+1)])
		size += int64(n)
		if size > limit {
			return Ref{}, errTooLarge()
		}
		head = append(head, buf[:min(n, sniffLen-len(head))]...)
		sum.Write(buf[:n])
		if _, err := file.Write(buf[:n]); err != nil {
			return Ref{}, explain(err)
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			return Ref{}, err
		}
	}
	if err := file.Sync(); err != nil {
		return Ref{}, explain(err)
	}
	return Ref{Hash: hex.EncodeToString(sum.Sum(nil)), Size: size, Media: sniff(head, file, size)}, nil
}

// settle gives a file that is on disk its name, and puts that on disk too.
func (f *Folder) settle(tmp, hash string) error {
	path := f.path(hash)
	second := filepath.Dir(path)
	first := filepath.Dir(second)
	if err := os.MkdirAll(second, 0o700); err != nil {
		return err
	}
	if err := os.Rename(tmp, path); err != nil {
		return err
	}
	f.mu.Lock()
	known := f.durable[second]
	f.mu.Unlock()
	if known {
		return syncDirs(second)
	}
	if err := syncDirs(second, first, f.dir); err != nil {
		return err
	}
	f.mu.Lock()
	f.durable[second] = true
	f.mu.Unlock()
	return nil
}

func (f *Folder) path(hash string) string {
	return filepath.Join(f.dir, hash[:2], hash[2:4], hash)
}

// Open is described at Store.
func (f *Folder) Open(_ context.Context, hash string) (io.ReadSeekCloser, int64, error) {
	if !validHash(hash) {
		return nil, 0, errMissing()
	}
	file, err := os.Open(f.path(hash))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, 0, errMissing()
	}
	if err != nil {
		return nil, 0, explain(err)
	}
	info, err := file.Stat()
	if err != nil {
		file.Close()
		return nil, 0, explain(err)
	}
	return file, info.Size(), nil
}

// Has is described at Store.
func (f *Folder) Has(_ context.Context, hash string) (bool, error) {
	if !validHash(hash) {
		return false, nil
	}
	_, err := os.Stat(f.path(hash))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, explain(err)
}

// Delete is described at Store.
func (f *Folder) Delete(_ context.Context, hash string) error {
	if !validHash(hash) {
		return nil
	}
	path := f.path(hash)
	err := os.Remove(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil {
		err = syncDirs(filepath.Dir(path))
	}
	return explain(err)
}

// syncDirs puts the entries of folders on disk.
func syncDirs(dirs ...string) error {
	for _, dir := range dirs {
		d, err := os.Open(dir)
		if err != nil {
			return err
		}
		err = d.Sync()
		d.Close()
		if err != nil {
			return err
		}
	}
	return nil
}

// explain makes a full disk a fault and marks any other error as of here.
func explain(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT):
		return errFull(err)
	}
	return fmt.Errorf("blob: %w", err)
}
