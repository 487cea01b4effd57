package intake

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"chengshu/engine/lake/duck"
	"chengshu/kernel/fault"
)

// maxParquet bounds the rows of a Parquet file: a few bytes may stand for a
// great many that are alike.
const maxParquet = 200_000_000

// readParquet has a worker write the rows as CSV: the format is DuckDB's to
// read, in a process whose memory is bounded.
func readParquet(ctx context.Context, f File, w Want, out io.Writer) (*Table, error) {
	dir, err := os.MkdirTemp(filepath.Clean(f.Dir), "parquet-*")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	in, err := os.Create(filepath.Join(dir, "in.parquet"))
	if err != nil {
		return nil, err
	}
	_, err = io.Copy(in, io.NewSectionReader(f, 0, f.Size))
	if err = errors.Join(err, in.Close()); err != nil {
		return nil, err
	}
	file := duck.Quote(in.Name())
	got, err := duck.Run(ctx, duck.Task{Dir: dir, Steps: []duck.Step{
		{SQL: "select num_rows from parquet_file_metadata(" + file + ")", Rows: true},
		{SQL: "select column_name, column_type from (describe select * from read_parquet(" + file + "))", Rows: true},
	}}, nil)
	if err != nil {
		return nil, brokenParquet(err)
	}
	if n, _ := got[0].Rows[0][0].(json.Number).Int64(); n > maxParquet {
		return nil, fault.New(fault.Invalid, "too-many-rows", "Parquet 文件超过 2 亿行", "the Parquet file has over 200 million rows")
	}
	var names, cells []string
	for _, row := range got[1].Rows {
		name, kind := row[0].(string), row[1].(string)
		names, cells = append(names, name), append(cells, fmt.Sprintf("%s as c%d", parquetText(duck.Name(name), kind), len(cells)))
	}
	tab := &Table{Format: Parquet, Charset: utf8Name, Delimiter: ','}
	tab.Columns, _ = w.match(names)
	if err := w.complete(tab.Columns); err != nil {
		return nil, err
	}
	tab.Columns = append([]Column{{Header: "行号", Place: true}}, tab.Columns...)
	_, err = duck.Run(ctx, duck.Task{Dir: dir, Steps: []duck.Step{{SQL: fmt.Sprintf("copy (select file_row_number + 1 as place, %s from read_parquet(%s, file_row_number = true)) to %s (format csv, header true)",
		strings.Join(cells, ", "), file, duck.Quote(filepath.Join(dir, "out.csv")))}}}, nil)
	if err != nil {
		return nil, brokenParquet(err)
	}
	text, err := os.Open(filepath.Join(dir, "out.csv"))
	if err != nil {
		return nil, err
	}
	defer text.Close()
	_, err = io.Copy(out, text)
	return tab, err
}

// parquetText writes a value of a Parquet type as the text that the check reads.
func parquetText(name, kind string) string {
	switch {
	case kind == "TIMESTAMP WITH TIME ZONE":
		return "strftime(" + name + ", '%Y-%m-%d %H:%M:%S.%f+08:00')" // workers count in Beijing time
	case kind == "FLOAT", kind == "DOUBLE":
		return fmt.Sprintf("case when %[1]s = trunc(%[1]s) and abs(%[1]s) < 1e15 then cast(cast(%[1]s as bigint) as varchar) else cast(%[1]s as varchar) end", name)
	case strings.HasSuffix(kind, "[]"), strings.HasPrefix(kind, "STRUCT"), strings.HasPrefix(kind, "MAP"):
		return "cast(to_json(" + name + ") as varchar)"
	}
	return "cast(" + name + " as varchar)"
}

// brokenParquet tells a file that DuckDB cannot read from a worker that failed.
func brokenParquet(err error) error {
	var refused *duck.StepError
	if errors.As(err, &refused) {
		return fault.Wrap(err, fault.Invalid, "broken-parquet", "Parquet 文件不完整、加了密或已损坏，无法读取", "the Parquet file is cut off, encrypted or broken and cannot be read")
	}
	return err
}
