package db

import (
	"syscall"
	"time"
)

// tcpUserTimeout is TCP_USER_TIMEOUT of tcp(7): how long sent data may stay
// unacknowledged before the connection is given up. Keep-alive does not cover
// that case.
const tcpUserTimeout = 0x12

func giveUpSilentPeers(_, _ string, c syscall.RawConn) error {
	return c.Control(func(fd uintptr) {
		// Not on a Unix socket, where the option does not exist.
		_ = syscall.SetsockoptInt(int(fd), syscall.IPPROTO_TCP, tcpUserTimeout, int((15 * time.Second).Milliseconds()))
	})
}
