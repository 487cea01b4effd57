package duck

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"chengshu/engine/lake/worker"
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
	maxRows = 100_000 // a step may return
	maxLine = 64 << 20

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
	var rows map[int]Rows
	err := worker.Run(ctx, workerName, t.Dir, t, func(out io.Reader) (err error) {
		rows, err = listen(out, begun)
		return err
	})
	return rows, err
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
			return nil, explain(&StepError{l.Step, l.Error})
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

// explain names the want of room on the disk, which DuckDB tells in the words of
// the system.
func explain(err *StepError) error {
	if strings.Contains(err.Text, "No space left on device") || strings.Contains(err.Text, "Disk quota exceeded") {
		return fault.Wrap(err, fault.Exhausted, "disk-full", "磁盘空间不足，请清理后重试", "the disk is full; make room and try again")
	}
	return err
}

// Quote writes s as an SQL string.
func Quote(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

// Name writes s as an SQL name.
func Name(s string) string { return `"` + strings.ReplaceAll(s, `"`, `""`) + `"` }
