package federation

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"sync"
	"testing"

	"chengshu/kernel/fault"
)

// TestParts: many who send the same parts at once, some of them cut off, make
// one file, each byte in its place.
func TestParts(t *testing.T) {
	content := make([]byte, 100_000)
	for i := range content {
		content[i] = byte(i / 251)
	}
	sum := sha256.Sum256(content)
	p, a := &parts{dir: t.TempDir()}, Arrived{Node: "n", Dataset: "d", Version: 1, Digest: "x"}
	var all sync.WaitGroup
	for sender := range 8 {
		all.Go(func() {
			for {
				at, err := p.size(a)
				if err != nil || at == int64(len(content)) {
					return
				}
				part := content[at:min(int(at)+1000+sender, len(content))]
				var body io.Reader = bytes.NewReader(part)
				if sender%2 == 1 { // cut off in the middle
					body = io.MultiReader(bytes.NewReader(part[:len(part)/2]), broken{})
				}
				_, err = p.add(a, at, int64(len(content)), hex.EncodeToString(sum[:]), body)
				if err != nil && fault.Code(err) != "wrong-offset" && fault.Code(err) != "part-too-large" && !errors.Is(err, errCut) {
					t.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
	got, err := os.ReadFile(p.path(a))
	if err != nil || !bytes.Equal(got, content) {
		t.Errorf("%d bytes, %v: not what was sent", len(got), err)
	}
}

var errCut = errors.New("cut off")

// broken is a line that breaks.
type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, errCut }

// TestPartsWrong: a file that is whole and another than announced is thrown away.
func TestPartsWrong(t *testing.T) {
	p, a := &parts{dir: t.TempDir()}, Arrived{Node: "n", Dataset: "d", Version: 1, Digest: "x"}
	if whole, err := p.add(a, 0, 3, "00", bytes.NewReader([]byte("abc"))); whole || fault.Code(err) != "wrong-file" {
		t.Errorf("%v %v", whole, err)
	}
	if at, err := p.size(a); at != 0 || err != nil {
		t.Errorf("%d bytes stay, %v", at, err)
	}
}

// TestPartsEnded: a file that was whole when the program ended needs no byte
// more to be seen as such.
func TestPartsEnded(t *testing.T) {
	content := []byte("abc")
	sum := sha256.Sum256(content)
	p, a := &parts{dir: t.TempDir()}, Arrived{Node: "n", Dataset: "d", Version: 1, Digest: "x"}
	if err := os.WriteFile(p.path(a), content, 0o600); err != nil {
		t.Fatal(err)
	}
	if whole, err := p.add(a, 3, 3, hex.EncodeToString(sum[:]), bytes.NewReader(nil)); !whole || err != nil {
		t.Errorf("%v %v", whole, err)
	}
}
