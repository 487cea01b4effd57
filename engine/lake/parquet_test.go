package lake

import (
	"bytes"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"testing"

	"chengshu/kernel/blob"

	"golang.org/x/sync/semaphore"
)

// TestParquet: rows of JSON lines become typed columns, whatever stands in them.
func TestParquet(t *testing.T) {
	typ := thing(t)
	blobs, err := blob.OpenFolder(filepath.Join(t.TempDir(), "blobs"))
	must(t, err)
	e := &Engine{Deps: Deps{Blobs: blobs, Dir: t.TempDir()}, asking: make(chan struct{}, 1), room: semaphore.NewWeighted(workerRoom)}
	var columns []Column
	for _, f := range typ.Fields {
		columns = append(columns, Column{f, f.Name == "kind"})
	}
	lines := `{"code":"A\"1","count":7,"price":"9.50","new":true,"made":"2026-03-01","at":"2026-03-01T00:30:00.000Z","kind":"***"}` + "\n{}\n" + `{"code":"中文, ' \\ "}` + "\n"
	var hash string
	must(t, e.Parquet(t.Context(), columns, func(w io.Writer) error { _, err := io.WriteString(w, lines); return err }, func(r io.Reader) error {
		raw, err := io.ReadAll(r)
		must(t, err)
		ref, err := blobs.Put(t.Context(), bytes.NewReader(raw), int64(len(raw)))
		hash = ref.Hash
		return err
	}))
	got, err := e.ask(t.Context(), hash, func(file string) string {
		return fmt.Sprintf("select code, \"count\", price::varchar, \"new\", made::varchar, epoch_ms(\"at\"), kind, typeof(price), typeof(\"at\"), typeof(kind) from read_parquet(%s) limit 1", file)
	})
	must(t, err)
	if got := strings.Trim(fmt.Sprint(got.Rows[0]), "[]"); got != `A"1 7 9.50 true 2026-03-01 1772325000000 *** DECIMAL(18,2) TIMESTAMP WITH TIME ZONE VARCHAR` {
		t.Errorf("%s", got)
	}
	all, err := e.ask(t.Context(), hash, func(file string) string { return "select code from read_parquet(" + file + ")" })
	must(t, err)
	if got := fmt.Sprint(all.Rows); got != `[[A"1] [<nil>] [中文, ' \ ]]` {
		t.Errorf("%s", got)
	}
}
