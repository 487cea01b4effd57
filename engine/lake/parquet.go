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

// Column is a field of rows that are written as Parquet.
type Column struct {
	Field *record.Field
	Text  bool // masked: text, whatever its type
}

// Parquet writes rows as a Parquet file and gives it to send. write writes them
// as JSON lines, an object each, as package export does; a point becomes two
// columns, NAME_lon and NAME_lat.
func (e *Engine) Parquet(ctx context.Context, columns []Column, write func(io.Writer) error, send func(io.Reader) error) error {
	dir, done, err := e.place()
	if err != nil {
		return err
	}
	defer done()
	lines, out := filepath.Join(dir, "rows.jsonl"), filepath.Join(dir, goodFile)
	if err := create(lines, write); err != nil {
		return err
	}
	if _, err := e.work(ctx, duck.Task{Dir: dir, Memory: askMemory, Steps: []duck.Step{{SQL: fromLines(columns, lines, out)}}}, nil); err != nil {
		return err
	}
	f, err := os.Open(filepath.Clean(out))
	if err != nil {
		return explain(err)
	}
	defer f.Close()
	return send(untilDone{ctx, f})
}

// fromLines is the statement that turns JSON lines into Parquet.
func fromLines(columns []Column, lines, out string) string {
	var types, values []string
	for _, c := range columns {
		name, typ := duck.Name(c.Field.Name), "varchar"
		if !c.Text {
			switch c.Field.Type {
			case record.Integer:
				typ = "bigint"
			case record.Decimal:
				typ = fmt.Sprintf("decimal(18, %d)", c.Field.Scale)
			case record.Boolean:
				typ = "boolean"
			case record.Date:
				typ = "date"
			case record.Time:
				typ = "timestamptz"
			case record.PointAt:
				typ = "struct(lon double, lat double)"
				values = append(values, fmt.Sprintf("%[1]s.lon as %[2]s, %[1]s.lat as %[3]s", name, duck.Name(c.Field.Name+"_lon"), duck.Name(c.Field.Name+"_lat")))
			case record.List, record.File, record.AreaOf:
				typ = "json"
				values = append(values, name+"::varchar as "+name)
			}
		}
		if len(values) < len(types)+1 {
			values = append(values, name)
		}
		types = append(types, duck.Quote(c.Field.Name)+": "+duck.Quote(typ))
	}
	return fmt.Sprintf("copy (select %s from read_json(%s, format = 'newline_delimited', columns = {%s}, maximum_object_size = %d)) to %s (format parquet, compression zstd)",
		strings.Join(values, ", "), duck.Quote(lines), strings.Join(types, ", "), maxLine, duck.Quote(out))
}
