package evidence

import (
	"bytes"
	"errors"
	"io/fs"
	"math"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	formats "github.com/transparency-dev/formats/log"
	"github.com/transparency-dev/tessera/api/layout"
)

// Handler serves the public log below /log/ as c2sp.org/tlog-tiles has it:
// /log/checkpoint, /log/tile/LEVEL/INDEX and /log/tile/entries/INDEX, whole or
// partial. It serves nothing that the published checkpoint does not cover, so
// that a cache never keeps what the log has not signed.
func (l *Log) Handler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
			return
		}
		path, ok := strings.CutPrefix(r.URL.Path, "/log/")
		if !ok || l.own() == nil {
			http.NotFound(w, r)
			return
		}
		l.store.serve(w, r, path)
	})
}

func (s *store) serve(w http.ResponseWriter, r *http.Request, path string) {
	raw, err := s.files.ReadCheckpoint(r.Context())
	if err == nil && path != layout.CheckpointPath {
		raw, err = s.tile(path, raw)
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		http.NotFound(w, r)
		return
	case err != nil:
		http.Error(w, "the log cannot be read", http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Access-Control-Allow-Origin", "*") // it is public: a page anywhere may check it
	h.Set("X-Content-Type-Options", "nosniff")
	if path == layout.CheckpointPath {
		h.Set("Content-Type", "text/plain; charset=utf-8")
		h.Set("Cache-Control", "no-cache")
	} else {
		h.Set("Content-Type", "application/octet-stream")
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(raw))
}

// tile reads the tile or entry bundle at a path of tlog-tiles. It is
// fs.ErrNotExist for any other path and for what the checkpoint does not cover.
func (s *store) tile(path string, rawCheckpoint []byte) ([]byte, error) {
	t, ok := parseTilePath(path)
	if !ok {
		return nil, fs.ErrNotExist
	}
	var cp formats.Checkpoint
	if _, err := cp.Unmarshal(rawCheckpoint); err != nil {
		return nil, err
	}
	if t.end() > cp.Size {
		return nil, fs.ErrNotExist
	}
	return os.ReadFile(filepath.Join(s.tree, t.path()))
}

// tilePath names a tile, or a bundle of entries.
type tilePath struct {
	entries bool
	level   uint64
	index   uint64
	width   uint8 // 0 means whole
}

// path is the one spelling of the name.
func (t tilePath) path() string {
	if t.entries {
		return layout.EntriesPath(t.index, t.width)
	}
	return layout.TilePath(t.level, t.index, t.width)
}

// end is one more than the last leaf under the tile; the highest number when
// it is beyond any log.
func (t tilePath) end() uint64 {
	width := uint64(t.width)
	if width == 0 {
		width = layout.TileWidth
	}
	shift := 8 * t.level
	if t.index > math.MaxUint64/layout.TileWidth-1 || shift >= 64 {
		return math.MaxUint64
	}
	nodes := t.index*layout.TileWidth + width
	if nodes > math.MaxUint64>>shift {
		return math.MaxUint64
	}
	return nodes << shift
}

// parseTilePath reads tile/LEVEL/INDEX[.p/WIDTH]; what is not spelt as path
// spells it is no tile.
func parseTilePath(path string) (t tilePath, ok bool) {
	rest, ok := strings.CutPrefix(path, "tile/")
	if !ok || len(path) > 80 {
		return t, false
	}
	level, index, _ := strings.Cut(rest, "/")
	if t.entries = level == "entries"; !t.entries {
		n, err := strconv.ParseUint(level, 10, 6)
		if err != nil {
			return t, false
		}
		t.level = n
	}
	index, width, partial := strings.Cut(index, ".p/")
	if partial {
		n, err := strconv.ParseUint(width, 10, 8)
		if err != nil || n == 0 {
			return t, false
		}
		t.width = uint8(n)
	}
	n, err := strconv.ParseUint(strings.NewReplacer("x", "", "/", "").Replace(index), 10, 63)
	t.index = n
	return t, err == nil && t.path() == path
}
