// Package program runs the built program for black-box suites, as its users
// do: from the command line, over HTTP, with signals.
//
// A suite's TestMain calls Main, which builds the program once. Start returns
// when the program is ready; the test's end stops it. What the program wrote to
// its log is shown when the test has failed.
package program

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// binary is the built program; Main sets it before any test runs.
var binary string

// Main builds the program into a folder of its own, runs the tests and returns
// their exit code.
func Main(m *testing.M) int {
	dir, err := os.MkdirTemp("", "chengshu-program-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	binary = filepath.Join(dir, "chengshu")
	build := exec.Command("go", "build", "-o", binary, "chengshu/cmd/chengshu")
	if out, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "build: %v\n%s", err, out)
		return 1
	}
	return m.Run()
}

// Binary returns the path of the built program.
func Binary() string { return binary }

// Ready is how long the program may take until it answers.
const Ready = time.Minute

// Options say how to run the program.
type Options struct {
	Data string   // folder of its data; a new one when empty
	Args []string // further arguments of `chengshu serve`
	// Under is a command that runs the program, such as a tracer; the program
	// and its arguments are added to it.
	Under []string
	// Began, if given, is called when the process runs, before it is ready.
	Began func(*Server)
}

// Server is a running program.
type Server struct {
	URL  string
	Data string
	cmd  *exec.Cmd
	log  *logBuffer
	done chan struct{} // closed when the process has ended
}

// Start runs a demo city on a port of its own, without limits of rate, and
// returns when it is ready.
func Start(t testing.TB, o Options) *Server {
	t.Helper()
	s, err := Try(t, o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// Try is Start for a program that may refuse to start.
func Try(t testing.TB, o Options) (*Server, error) {
	t.Helper()
	if o.Data == "" {
		o.Data = t.TempDir()
	}
	args := append(append([]string{}, o.Under...), binary, "serve", "--demo", "--rate", "0", "--listen", "127.0.0.1:0", "--data", o.Data)
	args = append(args, o.Args...)
	s := &Server{Data: o.Data, cmd: exec.Command(args[0], args[1:]...), log: &logBuffer{}, done: make(chan struct{})}
	s.cmd.Stderr = s.log
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	if o.Began != nil {
		o.Began(s)
	}
	address := make(chan string, 1)
	go func() {
		s.read(out, address)
		s.cmd.Wait() // a program that was killed ends with an error
		close(s.done)
	}()
	t.Cleanup(func() {
		s.Stop()
		if t.Failed() {
			t.Logf("the program's log ends:\n%s", s.log.tail())
		}
	})
	return s, s.await(address)
}

// read finds the address in what the program prints, and reads on so that the
// program never waits for us.
func (s *Server) read(out io.Reader, address chan<- string) {
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if url := strings.TrimSpace(lines.Text()); strings.HasPrefix(url, "http://") {
			address <- url
		}
	}
}

// await polls until the program says that it is ready.
func (s *Server) await(address <-chan string) error {
	limit := time.NewTimer(Ready)
	defer limit.Stop()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case s.URL = <-address:
		case <-s.done:
			return fmt.Errorf("the program ended: %s\n%s", s.cmd.ProcessState, s.log.tail())
		case <-limit.C:
			return fmt.Errorf("the program is not ready after %s\n%s", Ready, s.log.tail())
		case <-tick.C:
		}
		if s.URL == "" {
			continue
		}
		if res, err := http.Get(s.URL + "/readyz"); err == nil {
			res.Body.Close()
			if res.StatusCode == http.StatusOK {
				return nil
			}
		}
	}
}

// Kill ends the program at once, as a crash does, and returns when it is gone.
func (s *Server) Kill() { s.end(syscall.SIGKILL) }

// Stop asks the program to end and returns when it has.
func (s *Server) Stop() { s.end(syscall.SIGTERM) }

// end signals the program's whole process group: a tracer, too.
func (s *Server) end(signal syscall.Signal) {
	_ = syscall.Kill(-s.cmd.Process.Pid, signal) // it may have ended already
	select {
	case <-s.done:
	case <-time.After(30 * time.Second):
		_ = syscall.Kill(-s.cmd.Process.Pid, syscall.SIGKILL)
		<-s.done
	}
}

// Log returns what the program has written to its log.
func (s *Server) Log() string { return s.log.String() }

// PID returns the process that Start began: the program, or what it runs under.
func (s *Server) PID() int { return s.cmd.Process.Pid }

// logBuffer is written by the program and read by the test.
type logBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *logBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *logBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

func (b *logBuffer) tail() string {
	s := b.String()
	return s[max(0, len(s)-4000):]
}
