package lake

import (
	"errors"
	"syscall"

	"chengshu/kernel/fault"
)

// explain names the want of room, which a person can mend.
func explain(err error) error {
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return fault.Wrap(err, fault.Exhausted, "disk-full", "磁盘空间不足，请清理后重试", "the disk is full; make room and try again")
	}
	return err
}
