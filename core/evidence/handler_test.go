package evidence

import (
	"crypto/sha256"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"chengshu/kernel/db/dbtest"

	"github.com/transparency-dev/tessera/client"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

func TestHandler(t *testing.T) {
	f := newFixture(t, dbtest.SQLite(t))
	f.append("a", 300)
	f.seal()
	mux := http.NewServeMux()
	mux.Handle("/log/", f.Handler())
	srv := httptest.NewServer(mux)
	defer srv.Close()

	const immutable = "public, max-age=31536000, immutable"
	cases := []struct {
		method, path string
		status       int
		media, cache string
		size         int // of the answer, -1 for any
	}{
		{"GET", "/log/checkpoint", 200, "text/plain; charset=utf-8", "no-cache", -1},
		{"HEAD", "/log/checkpoint", 200, "text/plain; charset=utf-8", "no-cache", 0},
		{"GET", "/log/tile/0/000", 200, "application/octet-stream", immutable, 256 * 32},
		{"GET", "/log/tile/0/001.p/44", 200, "application/octet-stream", immutable, 44 * 32},
		{"GET", "/log/tile/1/000.p/1", 200, "application/octet-stream", immutable, 32},
		{"GET", "/log/tile/entries/000", 200, "application/octet-stream", immutable, 256 * 34},
		{"GET", "/log/tile/entries/001.p/44", 200, "application/octet-stream", immutable, 44 * 34},
		{"GET", "/log/tile/0/001", 404, "", "", -1},      // not full yet
		{"GET", "/log/tile/0/001.p/45", 404, "", "", -1}, // beyond the checkpoint
		{"GET", "/log/tile/0/001.p/0", 404, "", "", -1},
		{"GET", "/log/tile/0/001.p/044", 404, "", "", -1},
		{"GET", "/log/tile/0/001.p/256", 404, "", "", -1},
		{"GET", "/log/tile/00/000", 404, "", "", -1},
		{"GET", "/log/tile/64/000", 404, "", "", -1},
		{"GET", "/log/tile/63/000", 404, "", "", -1},
		{"GET", "/log/tile/0/0", 404, "", "", -1},
		{"GET", "/log/tile/0/x000/000", 404, "", "", -1},
		{"GET", "/log/tile/0/x999/x999/x999/x999/x999/x999/999", 404, "", "", -1},
		{"GET", "/log/tile/0/%2e%2e/%2e%2e/%2e%2e/key/ed25519.key", 404, "", "", -1},
		{"GET", "/log/tile/..%2f..%2fkey%2fed25519.key", 404, "", "", -1},
		{"GET", "/log/.state/treeState", 404, "", "", -1},
		{"GET", "/log/", 404, "", "", -1},
		{"GET", "/log/tile", 404, "", "", -1},
		{"POST", "/log/checkpoint", 405, "", "", -1},
	}
	for _, c := range cases {
		req, err := http.NewRequest(c.method, srv.URL+c.path, nil)
		if err != nil {
			t.Fatal(err)
		}
		res, err := http.DefaultTransport.RoundTrip(req) // follows no redirect
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(res.Body)
		res.Body.Close()
		if err != nil {
			t.Fatal(err)
		}
		if res.StatusCode == http.StatusMovedPermanently || res.StatusCode == http.StatusTemporaryRedirect {
			if c.status != 404 || !strings.HasPrefix(res.Header.Get("Location"), "/") {
				t.Errorf("%s redirects to %s", c.path, res.Header.Get("Location"))
			}
			continue // the mux cleaned the path before us
		}
		if res.StatusCode != c.status {
			t.Errorf("%s %s: %d, want %d", c.method, c.path, res.StatusCode, c.status)
			continue
		}
		if c.status != 200 {
			continue
		}
		if got := res.Header.Get("Content-Type"); got != c.media {
			t.Errorf("%s: %s", c.path, got)
		}
		if got := res.Header.Get("Cache-Control"); got != c.cache {
			t.Errorf("%s: %s", c.path, got)
		}
		if c.size >= 0 && len(body) != c.size {
			t.Errorf("%s: %d bytes, want %d", c.path, len(body), c.size)
		}
	}
}

// TestStockClient: Go's own checksum-database code reads our checkpoint and
// checks our tiles, as does the client of Tessera over HTTP.
func TestStockClient(t *testing.T) {
	f := newFixture(t, dbtest.SQLite(t))
	f.append("a", 300)
	f.seal()
	srv := httptest.NewServer(f.Handler())
	defer srv.Close()
	root, err := url.Parse(srv.URL + "/log/")
	if err != nil {
		t.Fatal(err)
	}
	remote, err := client.NewHTTPFetcher(root, srv.Client())
	if err != nil {
		t.Fatal(err)
	}
	v, err := note.NewVerifier(f.store.keys.vkeys[0])
	if err != nil {
		t.Fatal(err)
	}
	cp, _, _, err := client.FetchCheckpoint(t.Context(), remote.ReadCheckpoint, v, testOrigin)
	if err != nil {
		t.Fatal(err)
	}
	if cp.Size != 300 {
		t.Fatalf("size %d", cp.Size)
	}
	tree := tlog.Tree{N: int64(cp.Size), Hash: tlog.Hash(cp.Hash)}
	leaves, err := f.store.leaves(t.Context(), 0, 300, 300)
	if err != nil {
		t.Fatal(err)
	}
	proofs, err := client.NewProofBuilder(t.Context(), cp.Size, remote.ReadTile)
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range []int64{0, 255, 256, 299} {
		path, err := proofs.InclusionProof(t.Context(), uint64(i))
		if err != nil {
			t.Fatal(err)
		}
		var p tlog.RecordProof
		for _, h := range path {
			p = append(p, tlog.Hash(h))
		}
		if err := tlog.CheckRecord(p, tree.N, tree.Hash, i, tlog.RecordHash(leaves[i][:])); err != nil {
			t.Errorf("leaf %d: %v", i, err)
		}
		if len(leaves[i]) != sha256.Size {
			t.Errorf("leaf %d has %d bytes", i, len(leaves[i]))
		}
	}
}

func FuzzTilePath(f *testing.F) {
	for _, p := range []string{"tile/0/000", "tile/entries/x001/234.p/7", "tile/63/x999/999", "tile/0/..", "tile/0/x000/001"} {
		f.Add(p)
	}
	f.Fuzz(func(t *testing.T, path string) {
		got, ok := parseTilePath(path)
		if ok && (got.path() != path || strings.Contains(path, "..") || strings.HasPrefix(path, "/") || got.end() == 0) {
			t.Errorf("%q is taken for %+v", path, got)
		}
	})
}
