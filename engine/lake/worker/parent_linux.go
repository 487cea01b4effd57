package worker

import (
	"os/exec"
	"syscall"
)

// dieWithParent has the kernel kill the worker when the server dies, so that a
// crash leaves no work behind that nobody waits for.
func dieWithParent(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}
