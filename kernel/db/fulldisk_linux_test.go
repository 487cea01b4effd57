package db_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"chengshu/kernel/db"
	"chengshu/kernel/fault"
)

// TestFullDisk runs TestFullDiskChild in a mount namespace of its own, where a
// disk of 4 MiB can be made and filled without touching this machine's.
func TestFullDisk(t *testing.T) {
	dir := t.TempDir()
	cmd := child("TestFullDiskChild", dir)
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
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=4m"); err != nil {
		t.Fatalf("cannot mount: %v", err)
	}
	ballast := filepath.Join(dir, "ballast")
	if err := os.WriteFile(ballast, make([]byte, 2<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	d, err := db.Open(context.Background(), "sqlite:"+filepath.Join(dir, "full.db"), db.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	ddl(t, d, crashTables)
	n := 0
	for ; n < 10_000; n++ {
		if err = d.Do(context.Background(), writeThree(fmt.Sprint(n))); err != nil {
			break
		}
	}
	if !fault.Is(err, fault.Exhausted) || fault.Code(err) != "disk-full" {
		t.Fatalf("after %d transactions got %v, want Exhausted disk-full", n, err)
	}
	count := func() (got int) {
		if err := d.Read(context.Background()).QueryRow(`select count(*) from crash`).Scan(&got); err != nil {
			t.Fatalf("reading on a full disk: %v", err)
		}
		return got
	}
	if got := count(); got != 3*n {
		t.Errorf("%d rows after %d transactions", got, n)
	}
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	if err := d.Do(context.Background(), writeThree("again")); err != nil {
		t.Errorf("with room again: %v", err)
	}
	if got := count(); got != 3*n+3 {
		t.Errorf("%d rows, want %d", got, 3*n+3)
	}
}
