package archive

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/png"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"chengshu/core/record"
	"chengshu/kernel/blob"
	"chengshu/kernel/clock"
	"chengshu/kernel/db"
	"chengshu/kernel/db/dbtest"
	"chengshu/kernel/fault"
)

const packData = "../../packs/archive-digitisation/data/"

// open returns an engine over an empty store whose tools are those that find
// finds.
func open(t *testing.T, d *db.DB, find func(string) (string, error)) *Engine {
	t.Helper()
	if err := d.Migrate(t.Context(), Migrations()...); err != nil {
		t.Fatal(err)
	}
	store := func(name string) blob.Store {
		f, err := blob.OpenFolder(filepath.Join(t.TempDir(), name))
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	e, err := New(Deps{DB: d, Uploads: store("uploads"), Images: store("images"), Clock: clock.NewFake(time.UnixMilli(0)), Dir: filepath.Join(t.TempDir(), "work"), Find: find})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func put(t *testing.T, e *Engine, name string, body io.Reader) record.FileRef {
	t.Helper()
	ref, err := e.Uploads.Put(t.Context(), body, 1<<30)
	if err != nil {
		t.Fatal(err)
	}
	return record.FileRef{ID: ref.Hash, Name: name, Size: ref.Size, Media: ref.Media}
}

func putFile(t *testing.T, e *Engine, path string) record.FileRef {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return put(t, e, filepath.Base(path), bytes.NewReader(raw))
}

type quiet struct{}

func (quiet) Progress(int64, int64, fault.Text) {}

// tools writes shell scripts that stand in for the programs of the machine, and
// returns how to find them and the file in which each call leaves a line.
func tools(t *testing.T, scripts map[string]string) (find func(string) (string, error), calls string) {
	t.Helper()
	dir := t.TempDir()
	calls = filepath.Join(dir, "calls")
	for name, body := range scripts {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(fmt.Sprintf("#!/bin/sh\necho %s \"$@\" >>%s\n%s\n", name, calls, body)), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	return func(name string) (string, error) {
		path := filepath.Join(dir, name)
		_, err := os.Stat(path)
		return path, err
	}, calls
}

func pngOf(width, height int) io.Reader {
	var b bytes.Buffer
	_ = png.Encode(&b, image.NewGray(image.Rect(0, 0, width, height))) // a buffer takes everything
	return &b
}

// bomb is a PNG of a few bytes that says it has 400 million pixels.
func bomb() io.Reader {
	raw, _ := io.ReadAll(pngOf(100, 100))
	copy(raw[16:24], []byte{0, 0, 0x4E, 0x20, 0, 0, 0x4E, 0x20})
	copy(raw[29:33], []byte{0, 0, 0, 0}) // the checksum is seen to below
	return bytes.NewReader(fixCRC(raw))
}

const (
	oneWord   = `printf '5\t1\t1\t1\t1\t1\t10\t10\t40\t20\t90\tX\n'`
	readsOnce = `case "$*" in *"--psm 0"*) exit 1;; esac; ` + oneWord
)

// TestRefused: what cannot be read is refused by name, and so is a machine without
// the programs.
func TestRefused(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		pdf := "%PDF-1.4\n"
		for _, c := range []struct {
			name    string
			body    io.Reader
			scripts map[string]string
			code    string
		}{
			{"no tools", pngOf(100, 100), nil, "no-tool"},
			{"no tools for a PDF", strings.NewReader(pdf), nil, "no-tool"},
			{"a bomb", bomb(), map[string]string{"tesseract": readsOnce}, "image-too-large"},
			{"a dot", pngOf(3, 3), map[string]string{"tesseract": readsOnce}, "image-too-small"},
			{"cut off", io.LimitReader(pngOf(100, 100), 20), map[string]string{"tesseract": readsOnce}, "bad-image"},
			{"a text", strings.NewReader("abc"), map[string]string{"tesseract": readsOnce}, "not-a-page"},
			{"encrypted", strings.NewReader(pdf), map[string]string{"pdfinfo": "echo 'Command Line Error: Incorrect password' >&2; exit 1"}, "pdf-locked"},
			{"broken", strings.NewReader(pdf), map[string]string{"pdfinfo": "echo \"Syntax Error: Couldn't find trailer dictionary\" >&2; exit 1"}, "bad-pdf"},
			{"500 pages", strings.NewReader(pdf), map[string]string{"pdfinfo": "echo 'Pages:          500'"}, "too-many-pages"},
			{"no Chinese", pngOf(100, 100), map[string]string{"tesseract": "echo \"Failed loading language 'chi_sim'\" >&2; exit 1"}, "no-language"},
			{"a crash", pngOf(100, 100), map[string]string{"tesseract": "kill -SEGV $$"}, "page-unreadable"},
			{"too much memory", pngOf(100, 100), map[string]string{"tesseract": "ulimit -v | grep -qx " + fmt.Sprint(toolMemory) + " && exit 1; " + oneWord}, "page-unreadable"},
		} {
			t.Run(c.name, func(t *testing.T) {
				find, _ := tools(t, c.scripts)
				e := open(t, d, find)
				_, err := e.read(t.Context(), []record.FileRef{put(t, e, "scan", c.body)}, quiet{})
				if fault.Code(err) != c.code || !fault.Is(err, fault.Invalid) {
					t.Errorf("got %v, want %s", err, c.code)
				}
				if left, _ := os.ReadDir(e.Dir); len(left) > 0 {
					t.Errorf("%v was left behind", left)
				}
			})
		}
	})
}

// TestResumed: pages that were read before a crash are not read again.
func TestResumed(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		page := filepath.Join(t.TempDir(), "page.jpg")
		raw, err := io.ReadAll(pngOf(200, 100)) // the tools look at the content
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(page, raw, 0o600); err != nil {
			t.Fatal(err)
		}
		broken := filepath.Join(t.TempDir(), "broken")
		find, calls := tools(t, map[string]string{
			"pdfinfo":   "echo 'Pages: 3'",
			"pdftoppm":  `[ "$2" = 3 ] && [ -e ` + broken + ` ] && exit 1; cp ` + page + ` page.jpg`,
			"tesseract": readsOnce,
		})
		e := open(t, d, find)
		ref := put(t, e, "three.pdf", strings.NewReader("%PDF-1.4\n"))
		if err := os.WriteFile(broken, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := e.read(t.Context(), []record.FileRef{ref}, quiet{}); fault.Code(err) != "bad-pdf" {
			t.Fatalf("got %v", err)
		}
		if err := errors.Join(os.Remove(broken), os.Remove(calls)); err != nil {
			t.Fatal(err)
		}
		pages, err := e.read(t.Context(), []record.FileRef{ref}, quiet{})
		if err != nil || len(pages) != 3 || pages[2].Number != 3 || len(pages[0].Words) != len(readings) || pages[0].Width != 200 {
			t.Fatalf("got %+v, %v", pages, err)
		}
		said, err := os.ReadFile(calls)
		if err != nil || strings.Count(string(said), "pdftoppm") != 1 || !strings.Contains(string(said), "pdftoppm -f 3 -l 3") {
			t.Errorf("pages were drawn again: %s, %v", said, err)
		}
		if err := os.Remove(calls); err != nil {
			t.Fatal(err)
		}
		if again, err := e.read(t.Context(), []record.FileRef{ref}, quiet{}); err != nil || len(again) != 3 {
			t.Fatalf("got %+v, %v", again, err)
		}
		if _, err := os.Stat(calls); err == nil {
			t.Error("a tool was started for pages that have been read")
		}
		image, err := e.OpenImage(t.Context(), pages[1])
		if err != nil {
			t.Fatal(err)
		}
		defer image.Close()
		if got, err := io.ReadAll(image); err != nil || !bytes.Equal(got, raw) {
			t.Errorf("the image of the page is another: %v", err)
		}
	})
}

// TestKilled: a tool ends with its job.
func TestKilled(t *testing.T) {
	fifo := filepath.Join(t.TempDir(), "begun")
	if err := exec.CommandContext(t.Context(), "mkfifo", fifo).Run(); err != nil {
		t.Fatal(err)
	}
	find, _ := tools(t, map[string]string{"tesseract": "echo >" + fifo + "; exec sleep 600"})
	e := &Engine{Deps: Deps{Find: find}}
	why := errors.New("enough")
	ctx, cancel := context.WithCancelCause(t.Context())
	go func() {
		if _, err := os.ReadFile(fifo); err == nil {
			cancel(why)
		}
	}()
	if _, err := e.run(ctx, t.TempDir(), "tesseract", "page"); !errors.Is(err, why) {
		t.Errorf("got %v, want the cause", err)
	}
}

// TestTurned: a corner is where it belongs after a turn.
func TestTurned(t *testing.T) {
	m := image.NewGray(image.Rect(0, 0, 3, 2))
	m.Pix[0] = 200 // top left
	for degrees, at := range map[int]image.Point{0: {0, 0}, 90: {1, 0}, 180: {2, 1}, 270: {0, 2}} {
		got := turned(m, degrees)
		if got.GrayAt(at.X, at.Y).Y != 200 {
			t.Errorf("%d degrees: the corner is not at %v of %v", degrees, at, got.Rect)
		}
	}
}
