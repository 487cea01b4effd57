package main

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// binary returns the path of the program to measure: the one given, or one
// built from the tree.
func (o options) binary(ctx context.Context) (string, error) {
	if o.program != "" {
		return filepath.Abs(o.program)
	}
	out := filepath.Join("out", "bench", "chengshu")
	build := exec.CommandContext(ctx, "go", "build", "-o", out, "./cmd/chengshu")
	build.Stderr = os.Stderr
	if err := build.Run(); err != nil {
		return "", fmt.Errorf("build the program (run this from the root of the tree): %w", err)
	}
	return filepath.Abs(out)
}

// server is a running program.
type server struct {
	cmd  *exec.Cmd
	addr string
	// first is the time from its start to its first answer, ready until the
	// seeds are in as well.
	first, ready time.Duration
}

// start starts the program on a data folder and waits until it is ready.
func start(ctx context.Context, bin, data string, flags ...string) (*server, error) {
	addr, err := freeAddress()
	if err != nil {
		return nil, err
	}
	log, err := os.Create(data + ".log")
	if err != nil {
		return nil, err
	}
	defer log.Close() // the program has its own
	s := &server{addr: addr, cmd: exec.Command(bin, "serve", "--demo", "--data", data, "--packs", filepath.Join("bench", "pack"), "--listen", addr, "--rate", "0")}
	s.cmd.Args = append(s.cmd.Args, flags...)
	s.cmd.Stdout, s.cmd.Stderr = log, log
	began := time.Now()
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	if s.first, err = s.await(ctx, began, "/api/session"); err == nil {
		s.ready, err = s.await(ctx, began, "/readyz")
	}
	if err != nil {
		s.stop()
		return nil, fmt.Errorf("%w; see %s", err, log.Name())
	}
	return s, nil
}

// await asks for path until it is answered with 200.
func (s *server) await(ctx context.Context, began time.Time, path string) (time.Duration, error) {
	for time.Since(began) < 2*time.Minute {
		if answer, err := http.Get("http://" + s.addr + path); err == nil {
			answer.Body.Close()
			if answer.StatusCode == http.StatusOK {
				return time.Since(began), nil
			}
		}
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		if s.gone() {
			return 0, fmt.Errorf("the program has ended")
		}
		time.Sleep(2 * time.Millisecond)
	}
	return 0, fmt.Errorf("no answer from %s", path)
}

// gone reports whether the process has ended and waits to be reaped.
func (s *server) gone() bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", s.cmd.Process.Pid))
	_, state, found := strings.Cut(string(stat), ") ")
	return err != nil || !found || state[0] == 'Z'
}

// stop ends the program as an operator would.
func (s *server) stop() error {
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	return s.cmd.Wait()
}

// rss returns the resident memory in MB (10^6 bytes), now and at its peak.
func (s *server) rss() (now, peak float64, err error) {
	f, err := os.Open(fmt.Sprintf("/proc/%d/status", s.cmd.Process.Pid))
	if err != nil {
		return 0, 0, err
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		name, rest, _ := strings.Cut(lines.Text(), ":")
		kb, _ := strconv.ParseFloat(strings.TrimSuffix(strings.TrimSpace(rest), " kB"), 64)
		switch name {
		case "VmRSS":
			now = kb * 1024 / 1e6
		case "VmHWM":
			peak = kb * 1024 / 1e6
		}
	}
	return now, peak, nil
}

// cpuOf returns the processor time that a process has used.
func cpuOf(pid int) time.Duration {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(stat), ") ")
	fields := strings.Fields(rest)
	user, _ := strconv.ParseInt(fields[11], 10, 64)
	system, _ := strconv.ParseInt(fields[12], 10, 64)
	return time.Duration(user+system) * 10 * time.Millisecond // ticks of 100 Hz
}

func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return l.Addr().String(), nil
}

// load returns the machine's load average of the last minute, so that a figure
// taken beside other work can be told.
func load() string {
	text, _ := os.ReadFile("/proc/loadavg")
	first, _, _ := strings.Cut(string(text), " ")
	return first
}
