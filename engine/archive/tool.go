package archive

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"time"

	"chengshu/kernel/fault"
)

const (
	toolTime   = 2 * time.Minute // for one page
	toolMemory = 3 << 20         // KiB of address space
	toolSays   = 8 << 20         // bytes of output that are read
)

// errTooLong says that a tool has not come to an end with a page.
var errTooLong = errors.New("archive: a tool took too long")

// toolError is a tool that ended with a failure.
type toolError struct {
	tool string
	says string // its own words, for logs and for telling faults apart
	err  error
}

func (e *toolError) Error() string { return fmt.Sprintf("archive: %s: %v: %s", e.tool, e.err, e.says) }
func (e *toolError) Unwrap() error { return e.err }

// bounded starts the program whose path and arguments follow, with bounds on its
// memory and processor time. Systems without one of these bounds start it
// without.
const bounded = `ulimit -v %d 2>/dev/null; ulimit -t %d 2>/dev/null; exec "$@"`

// run starts a program in a folder of its own and returns what it writes. It is
// killed when ctx ends, or when it takes too long. Its arguments are ours: no
// name or text from outside is among them.
func (e *Engine) run(ctx context.Context, dir, tool string, args ...string) ([]byte, error) {
	path, err := e.look(tool)
	if err != nil {
		return nil, err
	}
	limited, cancel := context.WithTimeoutCause(ctx, toolTime, errTooLong)
	defer cancel()
	shell := fmt.Sprintf(bounded, toolMemory, int(toolTime.Seconds()))
	cmd := exec.CommandContext(limited, "/bin/sh", append([]string{"-c", shell, "sh", path}, args...)...)
	cmd.Dir = dir
	cmd.Env = []string{"LC_ALL=C.UTF-8", "OMP_THREAD_LIMIT=1", "HOME=" + dir, "TMPDIR=" + dir}
	if data := os.Getenv("TESSDATA_PREFIX"); data != "" {
		cmd.Env = append(cmd.Env, "TESSDATA_PREFIX="+data)
	}
	cmd.WaitDelay = time.Second
	out, says := &capped{max: toolSays}, &capped{max: 4 << 10}
	cmd.Stdout, cmd.Stderr = out, says
	dieWithParent(cmd)
	err = cmd.Run()
	switch {
	case limited.Err() != nil:
		return nil, context.Cause(limited)
	case err != nil:
		return nil, &toolError{tool, says.String(), err}
	}
	return out.Bytes(), nil
}

// look finds a program of the machine.
func (e *Engine) look(tool string) (string, error) {
	path, err := e.Find(tool)
	if err != nil {
		return "", fault.Wrap(err, fault.Invalid, "no-tool", "本机没有安装 "+tool+"，无法识别扫描件；请管理员安装 tesseract-ocr、tesseract-ocr-chi-sim 和 poppler-utils 后重试",
			tool+" is not installed on this machine, so that scans cannot be read; ask the operator to install tesseract-ocr, tesseract-ocr-chi-sim and poppler-utils, and try again")
	}
	return path, nil
}

// capped keeps the first bytes that are written to it, and takes the rest.
type capped struct {
	bytes.Buffer
	max int
}

func (c *capped) Write(p []byte) (int, error) {
	if room := c.max - c.Len(); room > 0 {
		c.Buffer.Write(p[:min(len(p), room)])
	}
	return len(p), nil
}
