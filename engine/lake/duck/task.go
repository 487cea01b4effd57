package duck

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"

	"chengshu/kernel/fault"
)

// Task is what one worker does.
type Task struct {
	// Dir is a folder for the task alone: what it reads and writes, and where
	// DuckDB puts what does not fit into memory.
	Dir string `json:"dir"`
	// Memory bounds DuckDB's buffers, in bytes; 0 means 1 GiB. The process takes
	// up to half as much again.
	Memory  int64  `json:"memory"`
	Threads int    `json:"threads"` // 0 means 2
	Steps   []Step `json:"steps"`
}

// Step is one statement.
type Step struct {
	SQL  string `json:"sql"`
	Rows bool   `json:"rows,omitempty"` // its rows are wanted, at most maxRows
}

// Rows are what a step gave: a value is a string, json.Number, bool, nil, or a
// list or object of these.
type Rows struct {
	Columns []string `json:"columns"`
	Rows    [][]any  `json:"rows"`
}

const (
	maxRows     = 100_000 // a step may return
	maxLine     = 64 << 20
	maxComplain = 4 << 10 // of what a dying worker says, for the log

	defaultMemory  = 1 << 30
	defaultThreads = 2
)

// line is one line of a worker's output: rows of a step, progress, or the end.
type line struct {
	Step  int    `json:"step"`
	Rows  *Rows  `json:"rows,omitempty"`
	Begun bool   `json:"begun,omitempty"`
	Error string `json:"error,omitempty"`
	Done  bool   `json:"done,omitempty"`
}

// StepError is a statement that DuckDB refused or that failed.
type StepError struct {
	Step int
	Text string // DuckDB's words, which may quote data: for logs and for telling faults apart
}

func (e *StepError) Error() string { return fmt.Sprintf("duck: step %d: %s", e.Step, e.Text) }

// Run runs a task and returns the rows of the steps that ask for them, by step.
// begun, which may be nil, hears of each step as it begins. When ctx ends the
// worker is killed, and ctx's cause is returned. A worker that was killed from
// outside, for want of memory say, is a fault of kind Unavailable.
func Run(ctx context.Context, t Task, begun func(step int)) (map[int]Rows, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("duck: %w", err)
	}
	raw, err := json.Marshal(t)
	if err != nil {
		return nil, fmt.Errorf("duck: %w", err)
	}
	cmd := exec.CommandContext(ctx, program)
	cmd.Env = []string{workerEnv + "=1"}
	cmd.Dir = t.Dir
	cmd.Stdin = bytes.NewReader(raw)
	var complaint tail
	cmd.Stderr = &complaint
	dieWithParent(cmd)
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("duck: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("duck: %w", err)
	}
	rows, err := listen(out, begun)
	if err != nil {
		_ = cmd.Process.Kill() // it may have ended already
	}
	ended := cmd.Wait()
	switch {
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case err == nil:
		return rows, nil
	case errors.Is(err, io.ErrUnexpectedEOF):
		return nil, fault.Wrap(fmt.Errorf("duck: the worker ended (%v): %s", ended, complaint.text), fault.Unavailable, "worker-died",
			"处理进程意外终止（可能是内存不足），请稍后重试", "the worker process died, perhaps for want of memory; try again later")
	}
	return nil, err
}

// listen reads what a worker says until it is done.
func listen(out io.Reader, begun func(int)) (map[int]Rows, error) {
	rows := map[int]Rows{}
	in := bufio.NewScanner(out)
	in.Buffer(make([]byte, 64<<10), maxLine)
	for in.Scan() {
		var l line
		dec := json.NewDecoder(bytes.NewReader(in.Bytes()))
		dec.UseNumber()
		if err := dec.Decode(&l); err != nil {
			return nil, fmt.Errorf("duck: a worker's answer: %w", err)
		}
		switch {
		case l.Done:
			return rows, nil
		case l.Error != "":
			return nil, &StepError{l.Step, l.Error}
		case l.Rows != nil:
			rows[l.Step] = *l.Rows
		case l.Begun && begun != nil:
			begun(l.Step)
		}
	}
	if err := in.Err(); err != nil {
		return nil, fmt.Errorf("duck: a worker's answer: %w", err)
	}
	return nil, io.ErrUnexpectedEOF
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

// Quote writes s as an SQL string.
func Quote(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

// Name writes s as an SQL name.
func Name(s string) string { return `"` + strings.ReplaceAll(s, `"`, `""`) + `"` }
