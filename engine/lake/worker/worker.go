// Package worker does a piece of work in a process of its own: the program
// starts itself anew, hands the task over, and hears what comes of it. So heavy
// work takes its memory with it when it ends, and dies with the server.
package worker

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"

	"chengshu/kernel/fault"
)

// env marks a process as a worker, and says for what.
const env = "CHENGSHU_WORKER"

// maxComplain is how much of what a dying worker says is kept for the log, in bytes.
const maxComplain = 4 << 10

// Serve does the work and ends the process when it was started as a worker of
// that name; otherwise it returns at once. The work reads its task, as JSON, and
// writes what the starter's listen reads.
func Serve(name string, work func(task io.Reader, out io.Writer) error) {
	if os.Getenv(env) != name {
		return
	}
	if err := work(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// Run starts a worker in a folder, gives it the task, and returns what listen
// makes of its output. io.ErrUnexpectedEOF from listen says that the worker ended
// too early: one that was killed from outside, for want of memory say, is a fault
// of kind Unavailable. When ctx ends the worker is killed, and ctx's cause is
// returned.
func Run(ctx context.Context, name, dir string, task any, listen func(out io.Reader) error) error {
	program, err := os.Executable()
	if err != nil {
		return fmt.Errorf("worker: %w", err)
	}
	raw, err := json.Marshal(task)
	if err != nil {
		return fmt.Errorf("worker: %w", err)
	}
	cmd := exec.CommandContext(ctx, program)
	cmd.Env = []string{env + "=" + name}
	cmd.Dir = dir
	cmd.Stdin = bytes.NewReader(raw)
	var complaint tail
	cmd.Stderr = &complaint
	dieWithParent(cmd)
	out, err := cmd.StdoutPipe()
	if err != nil {
		return fmt.Errorf("worker: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("worker: %w", err)
	}
	err = listen(out)
	if err != nil {
		_ = cmd.Process.Kill() // it may have ended already
	}
	ended := cmd.Wait()
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case errors.Is(err, io.ErrUnexpectedEOF):
		return fault.Wrap(fmt.Errorf("worker: %s ended (%v): %s", name, ended, complaint.text), fault.Unavailable, "worker-died",
			"处理进程意外终止（可能是内存不足），请稍后重试", "the worker process died, perhaps for want of memory; try again later")
	}
	return err
}

// tail keeps the end of what is written to it.
type tail struct{ text []byte }

func (t *tail) Write(p []byte) (int, error) {
	t.text = append(t.text, p...)
	if over := len(t.text) - maxComplain; over > 0 {
		t.text = append(t.text[:0], t.text[over:]...)
	}
	return len(p), nil
}
