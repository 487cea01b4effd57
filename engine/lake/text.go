package lake

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"chengshu/core/record"
	"chengshu/engine/lake/duck"
)

// Text gives the rows of a release to read as CSV without a heading: the fields
// of its dataset in their order, as record.Engine.Fill reads them. A field that
// the release does not have yet has no values.
func (e *Engine) Text(ctx context.Context, t *record.Type, m Manifest, read func(io.Reader) error) error {
	dir, done, err := e.place()
	if err != nil {
		return err
	}
	defer done()
	if err := e.fetch(ctx, m.Files[0].SHA256, filepath.Join(dir, goodFile)); err != nil {
		return err
	}
	text := filepath.Join(dir, "rows.csv")
	sql := fmt.Sprintf("copy (select %s from read_parquet(%s) order by %s) to %s (format csv, header false)", strings.Join(texts(t, m), ", "),
		duck.Quote(filepath.Join(dir, goodFile)), duck.Name(rowName), duck.Quote(text))
	if _, err := e.work(ctx, duck.Task{Dir: dir, Memory: askMemory, Steps: []duck.Step{{SQL: sql}}}, nil); err != nil {
		return err
	}
	f, err := os.Open(filepath.Clean(text))
	if err != nil {
		return explain(err)
	}
	defer f.Close()
	return read(untilDone{ctx, f})
}

// texts are the fields of a dataset as columns of a release in text.
func texts(t *record.Type, m Manifest) []string {
	have := map[string]bool{}
	for _, f := range m.Fields {
		have[f.Name] = true
	}
	columns := make([]string, len(t.Fields))
	for i, f := range t.Fields {
		switch name := duck.Name(f.Name); {
		case !have[f.Name]:
			columns[i] = "null"
		case f.Type == record.Time:
			columns[i] = "epoch_ms(" + name + ")"
		case f.Type == record.PointAt:
			columns[i] = fmt.Sprintf("struct_extract(%[1]s, 'lon') || ',' || struct_extract(%[1]s, 'lat')", name)
		default:
			columns[i] = name
		}
	}
	return columns
}
