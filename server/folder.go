package server

import (
	"context"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"chengshu/kernel/fault"
)

// holdFolder keeps every other process out of a data folder until the returned
// file is closed or the process ends. Two programs over one folder would both
// answer, and only one of them could seal. A program that is just stopping is
// waited for, at most patience; then the fault is Conflict, code "folder-in-use".
func holdFolder(ctx context.Context, dir string, patience time.Duration) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_RDWR|os.O_CREATE|syscall.O_CLOEXEC, 0o600)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	again := time.NewTicker(50 * time.Millisecond)
	defer again.Stop()
	for {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			return f, nil
		}
		select {
		case <-again.C:
		case <-ctx.Done():
			f.Close()
			return nil, fault.Wrap(err, fault.Conflict, "folder-in-use", "数据文件夹正被另一个进程使用："+dir, "another process is using the data folder "+dir)
		}
	}
}
