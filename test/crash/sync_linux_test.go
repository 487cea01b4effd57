package crash

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"chengshu/test/program"
)

// The calls that matter, in a trace with the paths of files.
var (
	logWrite  = regexp.MustCompile(`^\d+ +pwrite64\(\d+<[^>]*-wal>`)
	logSync   = regexp.MustCompile(`^(\d+) +f(?:data)?sync\(\d+<[^>]*-wal>(.*)`)
	syncEnds  = regexp.MustCompile(`^(\d+) +<\.\.\. f(?:data)?sync resumed>`)
	answerOut = regexp.MustCompile(`^\d+ +write\(\d+<[^>]*>, "HTTP/1\.1 (\d+) `)
)

// A kill does not prove that anything reached the disk: a power cut takes with
// it what was written and not synced. Here the program's system calls are
// traced. What a request wrote to the database's log is synced, and the sync
// has ended, before the first byte of its answer goes out.
func TestSyncPrecedesAnswer(t *testing.T) {
	strace, err := exec.LookPath("strace")
	if err != nil {
		t.Skip("strace is not installed (apt-get install strace): that a sync precedes each answer is NOT shown")
	}
	trace := filepath.Join(t.TempDir(), "trace")
	// A page is 4096 bytes, each of which may be written with four characters.
	under := []string{strace, "-f", "-y", "-s", "20000", "-o", trace, "-e", "trace=write,pwrite64,fsync,fdatasync"}
	if out, err := exec.Command(strace, "-o", os.DevNull, "true").CombinedOutput(); err != nil {
		t.Skipf("strace may not trace here: that a sync precedes each answer is NOT shown: %v\n%s", err, out)
	}
	s := program.Start(t, program.Options{Under: under})
	marks := send(t, s)
	s.Stop()
	text, err := os.ReadFile(trace)
	if err != nil {
		t.Fatal(err)
	}
	shown := 0
	for _, mark := range marks {
		if why := synced(text, mark); why != "" {
			t.Errorf("%s: %s", mark, why)
			continue
		}
		shown++
	}
	t.Logf("%d of %d answers came after the sync of what they acknowledge", shown, len(marks))
}

// send does every sort of write, one after the other, and returns a mark that
// each leaves in the database.
func send(t *testing.T, s *program.Server) (marks []string) {
	t.Helper()
	people := map[string]*program.Client{}
	for _, account := range []string{"citizen", "dispatcher", "supervisor"} {
		people[account] = s.SignIn(t, account)
	}
	write := func(who, path string, want int, value func(mark string) map[string]any) program.Answer {
		mark := fmt.Sprintf("TRACE-%04d-ECART", len(marks))
		a := people[who].Post(path, value(mark))
		if a.Status != want {
			t.Fatalf("%s %s: %s", who, path, a)
		}
		marks = append(marks, mark)
		return a
	}
	for range 5 {
		opened := write("citizen", "/api/cases/incident", http.StatusCreated, func(mark string) map[string]any {
			return map[string]any{"fields": map[string]any{"category": "P0101", "location": map[string]any{"lon": 114.52972, "lat": 38.04533}, "description": mark}}
		})
		path := "/api/cases/incident/" + opened.Text("id")
		write("citizen", path+"/comments", http.StatusCreated, func(mark string) map[string]any { return map[string]any{"text": mark} })
		write("dispatcher", path+"/assign", http.StatusOK, func(mark string) map[string]any { return map[string]any{"note": mark} })
		write("supervisor", "/api/records/duty", http.StatusCreated, func(mark string) map[string]any {
			return map[string]any{"fields": map[string]any{"division": "130102", "category": mark, "unit": "130102-municipal", "priority": 1}}
		})
	}
	png := []byte("\x89PNG\r\n\x1a\nsome bytes")
	mark := "TRACE-FILE-ECART"
	a := people["citizen"].Send(http.MethodPost, "/api/files", bytes.NewReader(png), http.Header{"X-Filename": {mark}})
	if a.Status != http.StatusCreated {
		t.Fatalf("store a file: %s", a)
	}
	return append(marks, mark)
}

// synced says why the trace does not show that the mark was synced before the
// next answer went out, or "" when it does. Requests come one after the other,
// so the first answer after the mark's first write is its own.
func synced(trace []byte, mark string) string {
	written, done := false, false
	syncing := map[string]bool{} // threads whose sync began after the write
	for line := range strings.SplitSeq(string(trace), "\n") {
		if !written {
			written = logWrite.MatchString(line) && strings.Contains(line, mark)
			continue
		}
		if m := logSync.FindStringSubmatch(line); m != nil {
			if strings.Contains(m[2], "unfinished") {
				syncing[m[1]] = true
			} else {
				done = true
			}
		} else if m := syncEnds.FindStringSubmatch(line); m != nil && syncing[m[1]] {
			done = true
		}
		if m := answerOut.FindStringSubmatch(line); m != nil {
			switch {
			case m[1] != "200" && m[1] != "201":
				return "the next answer in the trace is " + m[1]
			case !done:
				return "answered before the sync"
			}
			return ""
		}
	}
	if !written {
		return "its write to the log is not in the trace"
	}
	return "its answer is not in the trace"
}
