package evidence

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"chengshu/kernel/clock"
	"chengshu/kernel/db"
	"chengshu/kernel/db/dbtest"
)

// The environment of a process that is to be killed.
const (
	crashURL = "EVIDENCE_CRASH_DATABASE"
	crashDir = "EVIDENCE_CRASH_DIR"
)

// crashChild appends and seals until it is killed. It writes one line for each
// transaction whose commit was acknowledged.
func crashChild() {
	ctx := context.Background()
	d, err := db.Open(ctx, os.Getenv(crashURL), db.Options{})
	if err != nil {
		panic(err)
	}
	l, err := New(Deps{DB: d, Clock: clock.System(), Logger: slog.New(slog.NewTextHandler(os.Stderr, nil)), Dir: os.Getenv(crashDir),
		Origin: testOrigin, Batch: 64, Interval: time.Millisecond, Checkpoint: 100 * time.Millisecond, Recheck: -1})
	if err != nil {
		panic(err)
	}
	for range 4 {
		go func() {
			for {
				err := d.Do(ctx, func(tx *db.Tx) error {
					for range 8 {
						if _, err := l.Append(tx, Act{Verb: "v", Subject: Subject{Type: "t", ID: "s"}}); err != nil {
							return err
						}
					}
					return nil
				})
				if err != nil {
					panic(err)
				}
				fmt.Println("ack")
			}
		}()
	}
	panic(l.Run(ctx))
}

// TestKill kills the program while it appends and seals, again and again. In
// the end every acknowledged act is there and has exactly one leaf.
func TestKill(t *testing.T) {
	for name, url := range map[string]func(*testing.T) string{
		"sqlite":     func(t *testing.T) string { return "sqlite:" + filepath.Join(t.TempDir(), "test.db") },
		"postgresql": func(t *testing.T) string { return dbtest.URL(t) },
	} {
		t.Run(name, func(t *testing.T) {
			address, dir := url(t), t.TempDir()
			d := dbtest.Open(t, address)
			migrated(t, d)
			var acked, recovered int64
			for range 6 {
				recovered += killOnce(t, address, dir, &acked)
			}
			f := reopen(t, d, dir)
			f.seal()
			total := f.count(`select count(*) from act`)
			if total < acked*8 {
				t.Errorf("%d acts were acknowledged, %d are there", acked*8, total)
			}
			f.agree(total)
			t.Logf("%d acts; of 6 restarts, %d found leaves without a record", total, recovered)
		})
	}
}

// killOnce starts the program, kills it amid its work, and returns 1 when it
// had to recover from the kill before.
func killOnce(t *testing.T, address, dir string, acked *int64) int64 {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), crashURL+"="+address, crashDir+"="+dir)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	// Kill it after some hundred commits, from another goroutine, so that the
	// moment is no commit's end.
	var seen atomic.Int64
	target := 100 + rand.Int64N(200)
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if seen.Add(1) == target {
			go cmd.Process.Kill()
		}
	}
	cmd.Wait() // it was killed: the error says so
	*acked += seen.Load()
	if cmd.ProcessState.ExitCode() != -1 {
		t.Fatalf("the program ended by itself: %s", stderr.String())
	}
	if strings.Contains(stderr.String(), "leaves without a record") {
		return 1
	}
	return 0
}
