package db_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"chengshu/kernel/db"
	"chengshu/kernel/db/dbtest"
	"chengshu/kernel/id"
)

const childEnv = "CHENGSHU_DB_CHILD" // path of the database a child process writes to

const crashTables = `create table crash (id text, part bigint, body text, primary key (id, part))`

// child returns this test binary as another process that runs one test on path.
func child(test, path string) *exec.Cmd {
	cmd := exec.Command(os.Args[0], "-test.run=^"+test+"$", "-test.count=1")
	cmd.Env = append(os.Environ(), childEnv+"="+path)
	cmd.Stderr = os.Stderr
	return cmd
}

// writeThree is one transaction of three rows that belong together.
func writeThree(name string) func(*db.Tx) error {
	return func(tx *db.Tx) error {
		for part := range 3 {
			if _, err := tx.Exec(`insert into crash (id, part, body) values ($1, $2, $3)`, name, part, strings.Repeat("城", 50)); err != nil {
				return err
			}
		}
		return nil
	}
}

// TestCrashChild writes until it is killed and prints each id after Do has
// returned. It is the other half of TestKill.
func TestCrashChild(t *testing.T) {
	path := os.Getenv(childEnv)
	if path == "" {
		t.Skip("runs as the child of TestKill")
	}
	d, err := db.Open(context.Background(), "sqlite:"+path, db.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for c := range 20 {
		wg.Go(func() {
			for i := 0; ; i++ {
				name := id.New()
				err := d.Do(context.Background(), func(tx *db.Tx) error {
					if err := writeThree(name)(tx); err != nil {
						return err
					}
					if (c+i)%7 == 0 {
						return errors.New("refused")
					}
					return nil
				})
				if err == nil {
					fmt.Println("ack " + name) // one write(2) each: a line is whole or missing
				}
			}
		})
	}
	wg.Wait()
}

// A process is killed at random moments under load. Every transaction that it
// acknowledged is there, and every one that is there is whole.
func TestKill(t *testing.T) {
	rounds := 12
	if testing.Short() {
		rounds = 3
	}
	path := filepath.Join(t.TempDir(), "crash.db")
	d, err := db.Open(t.Context(), "sqlite:"+path, db.Options{})
	if err != nil {
		t.Fatal(err)
	}
	ddl(t, d, crashTables)
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	acked := map[string]bool{}
	for round := range rounds {
		killOnce(t, path, acked)
		if missing := checkWhole(t, path, acked); missing > 0 {
			t.Fatalf("round %d: %d of %d acknowledged transactions are lost", round, missing, len(acked))
		}
	}
	t.Logf("%d acknowledged transactions survived %d kills", len(acked), rounds)
}

// killOnce lets a child write for a random while after its first answer.
func killOnce(t *testing.T, path string, acked map[string]bool) {
	t.Helper()
	cmd := child("TestCrashChild", path)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var kill *time.Timer
	lines := bufio.NewReader(out)
	for {
		line, err := lines.ReadString('\n')
		if err == io.EOF {
			break // a line cut off by the kill was not read by anyone
		}
		if err != nil {
			t.Fatal(err)
		}
		if name, ok := strings.CutPrefix(strings.TrimSpace(line), "ack "); ok {
			if kill == nil {
				kill = time.AfterFunc(rand.N(150*time.Millisecond), func() { cmd.Process.Kill() })
			}
			acked[name] = true
		}
	}
	cmd.Wait()
	if kill == nil {
		t.Fatal("the child ended before its first answer")
	}
}

// checkWhole returns how many acknowledged transactions are missing.
func checkWhole(t *testing.T, path string, acked map[string]bool) (missing int) {
	t.Helper()
	d := dbtest.Open(t, "sqlite:"+path)
	q := d.Read(t.Context())
	var verdict string
	if err := q.QueryRow(`pragma integrity_check`).Scan(&verdict); err != nil || verdict != "ok" {
		t.Fatalf("integrity: %q, %v", verdict, err)
	}
	rows, err := q.Query(`select id, count(*) from crash group by id`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	there := map[string]bool{}
	for rows.Next() {
		var name string
		var parts int
		if err := rows.Scan(&name, &parts); err != nil {
			t.Fatal(err)
		}
		if parts != 3 {
			t.Errorf("transaction %s has %d of its 3 rows", name, parts)
		}
		there[name] = true
	}
	for name := range acked {
		if !there[name] {
			missing++
		}
	}
	return missing
}

// TestSyncChild writes a few transactions one after the other. It is the other
// half of TestSyncPrecedesAnswer.
func TestSyncChild(t *testing.T) {
	path := os.Getenv(childEnv)
	if path == "" {
		t.Skip("runs as the child of TestSyncPrecedesAnswer")
	}
	d, err := db.Open(context.Background(), "sqlite:"+path, db.Options{})
	if err != nil {
		t.Fatal(err)
	}
	ddl(t, d, crashTables)
	for range 20 {
		if err := d.Do(context.Background(), writeThree(id.New())); err != nil {
			t.Fatal(err)
		}
		fmt.Println("ack")
	}
}

var (
	traceWrite = regexp.MustCompile(`pwrite64\(\d+<([^>]*)>`)
	traceSync  = regexp.MustCompile(`f(?:data)?sync\(\d+<([^>]*)>`)
	traceAck   = regexp.MustCompile(`write\(1<[^>]*>, "ack\\n"`)
	traceEnds  = regexp.MustCompile(`f(?:data)?sync resumed`)
)

// A kill proves nothing about a power cut: here the system calls are traced.
// What was written to the log is synced, and the sync has ended, before the
// answer is given.
func TestSyncPrecedesAnswer(t *testing.T) {
	strace, err := exec.LookPath("strace")
	if err != nil {
		t.Skip("strace is not installed: that a sync precedes each answer is NOT shown")
	}
	dir := t.TempDir()
	trace := filepath.Join(dir, "trace")
	cmd := child("TestSyncChild", filepath.Join(dir, "sync.db"))
	cmd.Args = append([]string{strace, "-f", "-y", "-o", trace, "-e", "trace=write,pwrite64,fsync,fdatasync"}, cmd.Args...)
	cmd.Path = strace
	if out, err := cmd.Output(); err != nil {
		t.Skipf("strace may not trace here: %v\n%s", err, out)
	}
	text, err := os.ReadFile(trace)
	if err != nil {
		t.Fatal(err)
	}
	acks, dirty, writes := 0, false, 0
	syncing := map[string]bool{} // threads in the midst of syncing the log
	for _, line := range strings.Split(string(text), "\n") {
		thread, _, _ := strings.Cut(line, " ")
		switch {
		case traceAck.MatchString(line):
			if acks++; dirty || len(syncing) > 0 || writes == 0 {
				t.Fatalf("answer %d came before the sync of its log (dirty %v, syncs under way %d, writes %d)", acks, dirty, len(syncing), writes)
			}
			writes = 0
		case isLog(traceWrite, line):
			dirty, writes = true, writes+1
		case isLog(traceSync, line):
			dirty = false
			if strings.Contains(line, "unfinished") {
				syncing[thread] = true
			}
		case traceEnds.MatchString(line):
			delete(syncing, thread)
		}
	}
	if acks != 20 {
		t.Fatalf("%d answers in the trace, want 20", acks)
	}
}

// isLog reports that line is a call of that kind on a write-ahead log.
func isLog(call *regexp.Regexp, line string) bool {
	m := call.FindStringSubmatch(line)
	return m != nil && strings.HasSuffix(m[1], "-wal")
}
