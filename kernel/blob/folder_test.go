package blob_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"chengshu/kernel/blob"
	"chengshu/kernel/blob/blobtest"

	"github.com/google/go-cmp/cmp"
)

func TestFolder(t *testing.T) {
	blobtest.Run(t, func(t *testing.T) blob.Store { return open(t) })
}

// files lists the files under dir.
func files(t *testing.T, dir string) []string {
	t.Helper()
	found := []string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			path, err = filepath.Rel(dir, path)
			found = append(found, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestFolderLayout(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "blobs")
	f, err := blob.OpenFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, err := f.Put(t.Context(), strings.NewReader("abc"), 3); err != nil {
			t.Fatal(err)
		}
	}
	for _, r := range []io.Reader{strings.NewReader("abcd"), iotest.ErrReader(errors.New("lost")), iotest.TimeoutReader(iotest.OneByteReader(strings.NewReader("abc")))} {
		if _, err := f.Put(t.Context(), r, 3); err == nil {
			t.Error("no error")
		}
	}
	// The digest is the example of FIPS 180-4.
	want := []string{"ba/78/ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"}
	if d := cmp.Diff(want, files(t, dir)); d != "" {
		t.Error(d)
	}
	info, err := os.Stat(filepath.Join(dir, want[0]))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
}

// What a crash left in tmp goes at a start a day later, and blobs stay; what
// another node is just taking in stays, too.
func TestFolderSweep(t *testing.T) {
	dir := t.TempDir()
	f, err := blob.OpenFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	ref, err := f.Put(t.Context(), strings.NewReader("kept"), 10)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"put-1", "put-2"} {
		if err := os.WriteFile(filepath.Join(dir, "tmp", name), []byte("half"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	old := time.Now().Add(-25 * time.Hour)
	if err := os.Chtimes(filepath.Join(dir, "tmp", "put-1"), old, old); err != nil {
		t.Fatal(err)
	}
	if f, err = blob.OpenFolder(dir); err != nil {
		t.Fatal(err)
	}
	if got := files(t, dir); len(got) != 2 || !slices.Contains(got, filepath.Join("tmp", "put-2")) {
		t.Errorf("files: %v", got)
	}
	if ok, err := f.Has(t.Context(), ref.Hash); !ok || err != nil {
		t.Errorf("%v, %v", ok, err)
	}
}

func TestFolderCannotOpen(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := blob.OpenFolder(path); err == nil {
		t.Error("a file was opened as a folder")
	}
}

// Storing a file again mends what the disk has spoilt.
func TestFolderMends(t *testing.T) {
	dir := t.TempDir()
	f, err := blob.OpenFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	put := func() {
		t.Helper()
		if _, err := f.Put(t.Context(), strings.NewReader("abc"), 3); err != nil {
			t.Fatal(err)
		}
	}
	put()
	path := filepath.Join(dir, files(t, dir)[0])
	if err := os.WriteFile(path, []byte("axc"), 0o600); err != nil {
		t.Fatal(err)
	}
	put()
	if got, err := os.ReadFile(path); err != nil || string(got) != "abc" {
		t.Errorf("%q, %v", got, err)
	}
}

// Memory does not grow with the size of a blob, nor with what it says of
// itself.
func TestFolderMemory(t *testing.T) {
	f := open(t)
	const size = 64 << 20
	for name, r := range map[string]io.Reader{
		"large":                         io.LimitReader(zeros{}, size),
		"a ZIP with a directory of 2 G": strings.NewReader("PK\x03\x04PK\x05\x06" + strings.Repeat("\x00", 8) + "\xff\xff\xff\x7f" + strings.Repeat("\x00", 6)),
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		if _, err := f.Put(t.Context(), r, size); err != nil {
			t.Fatal(err)
		}
		runtime.ReadMemStats(&after)
		if used := after.TotalAlloc - before.TotalAlloc; used > 1<<20 {
			t.Errorf("%s: %d bytes were allocated", name, used)
		}
	}
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) { clear(b); return len(b), nil }

func BenchmarkPut(b *testing.B) {
	for _, size := range []int{4 << 10, 1 << 20, 20 << 20} {
		b.Run(fmt.Sprintf("size=%dK", size>>10), func(b *testing.B) {
			f, err := blob.OpenFolder(b.TempDir())
			if err != nil {
				b.Fatal(err)
			}
			content := make([]byte, size)
			b.SetBytes(int64(size))
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				copy(content, fmt.Sprint(i))
				if _, err := f.Put(b.Context(), bytes.NewReader(content), int64(size)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
