package packs

import (
	"io/fs"
	"os"
	"path"
	"strings"
	"testing"
)

// TestEmbedsEverything fails when a file of a pack is not in the program, at
// whatever depth it lies.
func TestEmbedsEverything(t *testing.T) {
	disk := os.DirFS(".")
	files := 0
	err := fs.WalkDir(disk, ".", func(name string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if base := path.Base(name); name != "." && (strings.HasPrefix(base, ".") || strings.HasPrefix(base, "_")) {
			if e.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		if e.IsDir() {
			return nil
		}
		files++
		want, err := fs.Stat(disk, name)
		if err != nil {
			return err
		}
		got, err := fs.Stat(FS, name)
		if err != nil {
			t.Errorf("%s is not embedded: %v", name, err)
		} else if got.Size() != want.Size() {
			t.Errorf("%s is embedded with %d bytes, it has %d", name, got.Size(), want.Size())
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d files embedded", files)
}

// TestEveryFolderIsAPack fails for a folder that was copied half.
func TestEveryFolderIsAPack(t *testing.T) {
	entries, err := fs.ReadDir(FS, ".")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if !e.IsDir() {
			continue
		}
		if _, err := fs.Stat(FS, e.Name()+"/pack.yaml"); err != nil {
			t.Errorf("packs/%s has no pack.yaml", e.Name())
		}
	}
}
