package blob_test

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"chengshu/kernel/blob"
	"chengshu/kernel/blob/blobtest"
	"chengshu/kernel/fault"
)

const childEnv = "CHENGSHU_BLOB_CHILD" // folder that a child process writes to

// child returns this test binary as another process that runs one test on dir.
func child(test, dir string) *exec.Cmd {
	cmd := exec.Command(os.Args[0], "-test.run=^"+test+"$", "-test.count=1")
	cmd.Env = append(os.Environ(), childEnv+"="+dir)
	cmd.Stderr = os.Stderr
	return cmd
}

// TestFullDisk runs TestFullDiskChild in a mount namespace of its own, where a
// disk of 1 MiB can be made and filled without touching this machine's.
func TestFullDisk(t *testing.T) {
	cmd := child("TestFullDiskChild", t.TempDir())
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS | syscall.CLONE_NEWUSER,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}}}
	out, err := cmd.Output()
	switch {
	case strings.Contains(string(out), "cannot mount"), err != nil && len(out) == 0:
		t.Skipf("no small disk can be made here: the full disk is NOT tested: %v %s", err, out)
	case err != nil:
		t.Fatalf("%v\n%s", err, out)
	}
}

func TestFullDiskChild(t *testing.T) {
	dir := os.Getenv(childEnv)
	if dir == "" {
		t.Skip("runs as the child of TestFullDisk")
	}
	if err := syscall.Mount("", "/", "", syscall.MS_PRIVATE|syscall.MS_REC, ""); err != nil {
		t.Fatalf("cannot mount: %v", err)
	}
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=1m"); err != nil {
		t.Fatalf("cannot mount: %v", err)
	}
	f, err := blob.OpenFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	half := bytes.Repeat([]byte("x"), 600<<10)
	ref, err := f.Put(t.Context(), bytes.NewReader(half), 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	for range 3 { // Nothing is left behind, or there would be less room each time.
		from := io.MultiReader(strings.NewReader("y"), bytes.NewReader(half))
		if _, err := f.Put(t.Context(), from, 1<<20); !fault.Is(err, fault.Exhausted) || fault.Code(err) != "disk-full" {
			t.Fatalf("got %v, want Exhausted disk-full", err)
		}
	}
	if got := files(t, dir); len(got) != 1 {
		t.Errorf("files: %v", got)
	}
	if _, err := f.Put(t.Context(), strings.NewReader("small"), 10); err != nil {
		t.Errorf("there is room for a small one: %v", err)
	}
	if err := f.Delete(t.Context(), ref.Hash); err != nil {
		t.Errorf("deleting on a full disk: %v", err)
	}
	if _, err := f.Put(t.Context(), bytes.NewReader(half), 1<<20); err != nil {
		t.Errorf("with room again: %v", err)
	}
}

// TestSyncChild stores a few blobs one after the other, two of them in the
// same subfolder. It is the other half of TestSyncPrecedesAnswer.
func TestSyncChild(t *testing.T) {
	dir := os.Getenv(childEnv)
	if dir == "" {
		t.Skip("runs as the child of TestSyncPrecedesAnswer")
	}
	f, err := blob.OpenFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, content := range []string{"one", "two", "three", "one"} {
		ref, err := f.Put(t.Context(), strings.NewReader(content), 10)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Println("ack " + ref.Hash)
	}
}

var traced = regexp.MustCompile(`(fsync|rename|write)(?:at2?)?\((.*)`)

// A kill proves nothing about a power cut: here the system calls are traced.
// The bytes are on disk before they get their name, and the name and every
// folder above it before the answer.
func TestSyncPrecedesAnswer(t *testing.T) {
	strace, err := exec.LookPath("strace")
	if err != nil {
		t.Skip("strace is not installed: that a sync precedes each answer is NOT shown")
	}
	dir, trace := t.TempDir(), filepath.Join(t.TempDir(), "trace")
	cmd := child("TestSyncChild", dir)
	cmd.Args = append([]string{strace, "-f", "-y", "-s", "200", "-o", trace, "-e", "trace=write,fsync,rename,renameat,renameat2"}, cmd.Args...)
	cmd.Path = strace
	if out, err := cmd.Output(); err != nil {
		t.Skipf("strace may not trace here: %v\n%s", err, out)
	}
	text, err := os.ReadFile(trace)
	if err != nil {
		t.Fatal(err)
	}
	var calls []string // since the last answer
	synced := map[string]bool{}
	answers := 0
	for _, line := range strings.Split(string(text), "\n") {
		m := traced.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		name, hash, isAnswer := strings.Cut(m[2], `"ack `)
		switch {
		case m[1] == "fsync":
			path := name[strings.IndexByte(name, '<')+1 : strings.IndexByte(name, '>')]
			synced[path] = true
			calls = append(calls, "fsync "+path)
		case m[1] == "rename":
			calls = append(calls, "rename "+m[2])
		case strings.HasPrefix(name, "1<") && isAnswer:
			checkSynced(t, dir, hash[:64], calls, synced)
			calls = nil
			answers++
		}
	}
	if answers != 4 {
		t.Fatalf("%d answers in the trace, want 4", answers)
	}
}

// checkSynced fails unless calls, which came before an answer, are: sync the
// content, rename, sync the folder; and all folders above were synced once.
func checkSynced(t *testing.T, dir, hash string, calls []string, synced map[string]bool) {
	t.Helper()
	first := filepath.Join(dir, hash[:2])
	second := filepath.Join(first, hash[2:4])
	want := []string{"fsync " + filepath.Join(dir, "tmp", "put-"), "rename ", "fsync " + second}
	for _, call := range calls {
		if len(want) > 0 && strings.HasPrefix(call, want[0]) {
			want = want[1:]
		}
	}
	if len(want) > 0 || !synced[first] || !synced[dir] || !synced[filepath.Dir(dir)] {
		t.Errorf("before the answer %s came only %q", hash, calls)
	}
	if blobtest.Hash([]byte("one")) != hash && blobtest.Hash([]byte("two")) != hash && blobtest.Hash([]byte("three")) != hash {
		t.Errorf("odd answer %s", hash)
	}
}
