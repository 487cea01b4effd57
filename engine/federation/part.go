package federation

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"

	"chengshu/kernel/fault"
)

// parts are files of which some has arrived.
type parts struct {
	dir string
	mu  sync.Mutex
}

// maxPart bounds what one request brings.
const maxPart = 16 << 20

func (p *parts) path(a Arrived) string { return filepath.Join(p.dir, filepath.Base(a.fileName())) }

// size is how much of a file there is.
func (p *parts) size(a Arrived) (int64, error) {
	info, err := os.Stat(p.path(a))
	if errors.Is(err, os.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("federation: %w", err)
	}
	return info.Size(), nil
}

// sizeOr is size, for an answer beside an error.
func (p *parts) sizeOr(a Arrived) int64 {
	n, _ := p.size(a) // the sender asks again
	return n
}

func (p *parts) open(a Arrived) (*os.File, error) { return os.Open(p.path(a)) }

func (p *parts) remove(a Arrived) { _ = os.Remove(p.path(a)) } // what stays does no harm

// add appends to a file, at its end only. It reports whether the file is whole;
// one that is whole and is not the one announced is thrown away.
func (p *parts) add(a Arrived, offset, size int64, sum string, body io.Reader) (whole bool, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := os.MkdirAll(p.dir, 0o700); err != nil {
		return false, fmt.Errorf("federation: %w", err)
	}
	f, err := os.OpenFile(p.path(a), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return false, fmt.Errorf("federation: %w", err)
	}
	defer f.Close()
	at, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return false, err
	}
	if at != offset {
		return false, fault.New(fault.Conflict, "wrong-offset", fmt.Sprintf("已收到 %d 字节，请由此继续", at), fmt.Sprintf("%d bytes are here; go on from there", at))
	}
	n, err := io.Copy(f, io.LimitReader(body, min(maxPart, size-at)+1))
	if err == nil && n > min(maxPart, size-at) {
		err = errors.Join(fault.New(fault.Invalid, "part-too-large", "超出文件大小或每次的上限 16 MiB", "more than the file has, or than the 16 MiB of one request"), f.Truncate(at))
	}
	if err != nil { // what has come before the cut is kept
		return false, err
	}
	if err := f.Sync(); err != nil || at+n < size {
		return false, err
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return false, err
	}
	hash := sha256.New()
	if _, err := io.Copy(hash, f); err != nil {
		return false, err
	}
	if hex.EncodeToString(hash.Sum(nil)) != sum {
		return false, errors.Join(fault.New(fault.Invalid, "wrong-file", "文件与清单中的摘要不符，已丢弃，请重新发送", "the file is not the one of the manifest; it was thrown away, send it again"), f.Truncate(0))
	}
	return true, nil
}
