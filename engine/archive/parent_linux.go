package archive

import (
	"os/exec"
	"syscall"
)

// dieWithParent has the kernel kill the tool when the server dies.
func dieWithParent(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}
