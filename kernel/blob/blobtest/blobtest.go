// Package blobtest says what every blob.Store must do. A store's own tests run
// the suite and add what is particular to it.
package blobtest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
	"sync"
	"testing"
	"testing/iotest"

	"chengshu/kernel/blob"
	"chengshu/kernel/fault"

	"github.com/google/go-cmp/cmp"
)

// Run runs the suite. open returns an empty store that lasts as long as the
// test it is given.
func Run(t *testing.T, open func(t *testing.T) blob.Store) {
	for _, tc := range []struct {
		name string
		test func(t *testing.T, s blob.Store)
	}{
		{"round trip", roundTrip},
		{"limit", limit},
		{"source fails", sourceFails},
		{"cancelled", cancelled},
		{"names", names},
		{"delete", remove},
		{"open outlives delete", outlives},
		{"concurrent", concurrent},
	} {
		t.Run(tc.name, func(t *testing.T) { tc.test(t, open(t)) })
	}
}

// Hash returns the name of a blob with that content.
func Hash(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}

// pattern returns n bytes in which every part differs from the others.
func pattern(n int) []byte {
	var b bytes.Buffer
	for i := 0; b.Len() < n; i++ {
		fmt.Fprintf(&b, "\x01%d,", i)
	}
	return b.Bytes()[:n]
}

func put(t *testing.T, s blob.Store, content []byte) blob.Ref {
	t.Helper()
	ref, err := s.Put(t.Context(), bytes.NewReader(content), int64(len(content)))
	if err != nil {
		t.Fatal(err)
	}
	return ref
}

// check fails unless the store holds content, whole.
func check(t *testing.T, s blob.Store, content []byte) {
	t.Helper()
	if ok, err := s.Has(t.Context(), Hash(content)); err != nil || !ok {
		t.Errorf("has: %v, %v", ok, err)
	}
	body, size, err := s.Open(t.Context(), Hash(content))
	if err != nil {
		t.Fatal(err)
	}
	defer body.Close()
	got, err := io.ReadAll(body)
	if err != nil || size != int64(len(content)) || !bytes.Equal(got, content) {
		t.Fatalf("opened %d bytes, said to be %d, of %d, %v", len(got), size, len(content), err)
	}
}

// absent fails when the store knows hash.
func absent(t *testing.T, s blob.Store, hash string) {
	t.Helper()
	if ok, err := s.Has(t.Context(), hash); err != nil || ok {
		t.Errorf("has %q: %v, %v", hash, ok, err)
	}
	body, _, err := s.Open(t.Context(), hash)
	if err == nil {
		body.Close()
	}
	if !fault.Is(err, fault.NotFound) {
		t.Errorf("open %q: %v, want not found", hash, err)
	}
}

func roundTrip(t *testing.T, s blob.Store) {
	for _, tc := range []struct {
		name    string
		content []byte
		media   string
	}{
		{"empty", nil, "text/plain"},
		{"one byte", []byte("x"), "text/plain"},
		{"text", []byte("数据要素市场\n"), "text/plain"},
		{"picture", append([]byte("\x89PNG\r\n\x1a\n"), pattern(1000)...), "image/png"},
		{"large", pattern(3<<20 + 17), "application/octet-stream"},
	} {
		want := blob.Ref{Hash: Hash(tc.content), Size: int64(len(tc.content)), Media: tc.media}
		for _, again := range []string{"", " again"} {
			if d := cmp.Diff(want, put(t, s, tc.content)); d != "" {
				t.Errorf("%s%s: %s", tc.name, again, d)
			}
			check(t, s, tc.content)
		}
		ref, err := s.Put(t.Context(), iotest.OneByteReader(bytes.NewReader(tc.content[:min(len(tc.content), 5000)])), 5000)
		if err != nil || ref.Media != tc.media {
			t.Errorf("%s byte by byte: %v, %v", tc.name, ref, err)
		}
	}
	body, _, err := s.Open(t.Context(), Hash([]byte("数据要素市场\n")))
	if err != nil {
		t.Fatal(err)
	}
	defer body.Close()
	if _, err := body.Seek(-7, io.SeekEnd); err != nil {
		t.Fatal(err)
	}
	if rest, err := io.ReadAll(body); err != nil || string(rest) != "市场\n" {
		t.Errorf("after seeking: %q, %v", rest, err)
	}
}

// counter counts what is read of it.
type counter struct {
	r io.Reader
	n int64
}

func (c *counter) Read(b []byte) (int, error) {
	n, err := c.r.Read(b)
	c.n += int64(n)
	return n, err
}

func limit(t *testing.T, s blob.Store) {
	for _, tc := range []struct {
		size  int
		limit int64
		ok    bool
	}{
		{0, 0, true}, {1, 0, false}, {0, -1, false}, {1, math.MinInt64, false},
		{100, 100, true}, {101, 100, false},
		{1 << 16, 1 << 16, true}, {1<<16 + 1, 1 << 16, false}, {1<<16 + 1, 1<<16 + 1, true},
		{1 << 20, 1<<16 - 1, false}, {1 << 20, math.MaxInt64, true},
	} {
		content := append([]byte(fmt.Sprint(tc)), pattern(tc.size)...)[:tc.size]
		if err := s.Delete(t.Context(), Hash(content)); err != nil {
			t.Fatal(err)
		}
		from := &counter{r: bytes.NewReader(content)}
		_, err := s.Put(t.Context(), from, tc.limit)
		if tc.ok {
			if err != nil {
				t.Errorf("%d bytes under a limit of %d: %v", tc.size, tc.limit, err)
			}
			check(t, s, content)
			continue
		}
		if !fault.Is(err, fault.Exhausted) || fault.Code(err) != "too-large" {
			t.Errorf("%d bytes under a limit of %d: %v, want too-large", tc.size, tc.limit, err)
		}
		if from.n > max(0, tc.limit)+1 {
			t.Errorf("%d bytes were read under a limit of %d", from.n, tc.limit)
		}
		absent(t, s, Hash(content))
	}
}

func sourceFails(t *testing.T, s blob.Store) {
	lost := errors.New("the line is lost")
	for _, n := range []int{0, 1, 4095, 1 << 16, 1 << 18} {
		content := pattern(n)
		for name, r := range map[string]io.Reader{
			"after":  io.MultiReader(bytes.NewReader(content), iotest.ErrReader(lost)),
			"with":   iotest.DataErrReader(io.MultiReader(bytes.NewReader(content), iotest.ErrReader(lost))),
			"broken": io.MultiReader(bytes.NewReader(content), iotest.ErrReader(io.ErrUnexpectedEOF)),
		} {
			if _, err := s.Put(t.Context(), r, 1<<20); !errors.Is(err, lost) && !errors.Is(err, io.ErrUnexpectedEOF) {
				t.Errorf("%d bytes, error %s the last: %v", n, name, err)
			}
			absent(t, s, Hash(content))
		}
	}
}

func cancelled(t *testing.T, s blob.Store) {
	ctx, cancel := context.WithCancel(t.Context())
	content := pattern(1 << 20)
	r := io.MultiReader(bytes.NewReader(content[:1<<19]), readerFunc(func([]byte) (int, error) { cancel(); return 0, nil }),
		bytes.NewReader(content[1<<19:]))
	if _, err := s.Put(ctx, r, 1<<20); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	absent(t, s, Hash(content))
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(b []byte) (int, error) { return f(b) }

func names(t *testing.T, s blob.Store) {
	hash := put(t, s, []byte("kept")).Hash
	for _, name := range []string{
		"", ".", "..", "/", hash[:63], hash + "0", hash + "/", "/" + hash, strings.ToUpper(hash), " " + hash[1:], hash[:63] + "\n",
		"../" + hash[:61], hash[:2] + "/" + hash[3:], strings.Repeat("../", 21) + "e", hash[:63] + "\x00", hash[:63] + "g",
		strings.Repeat("f", 64), strings.Repeat("０", 22)[:64], "tmp", "../../../../../../../../../../../../../../../../etc/passwd",
	} {
		absent(t, s, name)
		if err := s.Delete(t.Context(), name); err != nil {
			t.Errorf("delete %q: %v", name, err)
		}
	}
	check(t, s, []byte("kept"))
}

func remove(t *testing.T, s blob.Store) {
	a, b := []byte("one"), []byte("two")
	put(t, s, a)
	put(t, s, b)
	for range 2 {
		if err := s.Delete(t.Context(), Hash(a)); err != nil {
			t.Fatal(err)
		}
		absent(t, s, Hash(a))
	}
	check(t, s, b)
	put(t, s, a)
	check(t, s, a)
}

func outlives(t *testing.T, s blob.Store) {
	content := pattern(1 << 18)
	put(t, s, content)
	body, _, err := s.Open(t.Context(), Hash(content))
	if err != nil {
		t.Fatal(err)
	}
	defer body.Close()
	if err := s.Delete(t.Context(), Hash(content)); err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(body); err != nil || !bytes.Equal(got, content) {
		t.Errorf("%d bytes, %v", len(got), err)
	}
}

// concurrent has writers of equal and of different content at once, and
// readers that never see half a blob.
func concurrent(t *testing.T, s blob.Store) {
	shared := pattern(1 << 17)
	put(t, s, shared)
	var wg sync.WaitGroup
	for w := range 8 {
		wg.Go(func() {
			for i := range 5 {
				own := append([]byte(fmt.Sprint(w, i)), shared...)
				for _, content := range [][]byte{shared, own} {
					ref, err := s.Put(t.Context(), bytes.NewReader(content), 1<<20)
					if err != nil || ref.Hash != Hash(content) {
						t.Errorf("%v, %v", ref, err)
						return
					}
					if err := whole(t.Context(), s, ref.Hash); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	wg.Wait()
}

func whole(ctx context.Context, s blob.Store, hash string) error {
	body, _, err := s.Open(ctx, hash)
	if err != nil {
		return err
	}
	defer body.Close()
	got, err := io.ReadAll(body)
	if err == nil && Hash(got) != hash {
		return fmt.Errorf("%s has the bytes of %s", hash, Hash(got))
	}
	return err
}
