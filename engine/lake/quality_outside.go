package lake

import (
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"math"
	"path/filepath"
	"strconv"
	"strings"

	"chengshu/core/record"
	"chengshu/engine/lake/duck"
)

// Records reads the living rows of registers.
type Records interface {
	Each(ctx context.Context, typ string, fn func(*record.Row) error) error
}

// Datum is a coordinate system that points may be given in.
type Datum struct {
	Name string
	From func(lon, lat float64) (float64, float64) // moves a WGS84 position into it
	SQL  func(point string) string                 // writes, in SQL, the WGS84 position of a point of it
}

// outside is what a check looks at beside the file: each a query over files in
// the folder of the check, so that it takes no memory of this process.
type outside struct {
	keys    map[string]string // by field: the column key
	edges   string            // of areas, by strips of latitude; "" when nothing asks
	anchors string            // the columns key and the position in each datum
	last    string            // the rows of the last release; "" when there is none
	fields  []Field           // of the last release
	datums  []Datum
}

// gather writes what the rules of a dataset look at into the folder.
func (e *Engine) gather(ctx context.Context, t *record.Type, dir string) (*outside, error) {
	out := &outside{keys: map[string]string{}, datums: e.Datums}
	for _, f := range t.Fields {
		if f.In == "" {
			continue
		}
		var err error
		if out.keys[f.Name], err = e.gatherKeys(ctx, f, dir); err != nil {
			return nil, err
		}
	}
	q := t.Quality
	if q == nil {
		return out, nil
	}
	var err error
	if q.Inside != "" {
		if out.edges, err = e.gatherEdges(ctx, q.Inside, dir); err != nil {
			return nil, err
		}
	}
	if q.Anchor != nil {
		if out.anchors, err = e.gatherAnchors(ctx, q.Anchor, dir); err != nil {
			return nil, err
		}
	}
	if q.Drift != nil {
		out.last, out.fields, err = e.gatherLast(ctx, t, filepath.Join(dir, "last.parquet"))
	}
	return out, err
}

// gatherKeys writes the values that a field may have.
func (e *Engine) gatherKeys(ctx context.Context, f *record.Field, dir string) (string, error) {
	name, field, _ := strings.Cut(f.In, ".")
	if there, err := e.Dataset(name); err == nil {
		last, _, err := e.gatherLast(ctx, there, filepath.Join(dir, "keys-"+f.Name+".parquet"))
		if err != nil || last == "" {
			return "select null::varchar as key where false", err
		}
		return fmt.Sprintf("select distinct %s as key from (%s)", duck.Name(field), last), nil
	}
	return e.write(ctx, name, filepath.Join(dir, "keys-"+f.Name+".csv"), []string{"key VARCHAR"}, func(r *record.Row, w *csv.Writer) error {
		if key := r.Text(field); key != "" {
			return w.Write([]string{key})
		}
		return nil
	})
}

// gatherLast fetches the latest release of a dataset; there may be none.
func (e *Engine) gatherLast(ctx context.Context, t *record.Type, file string) (string, []Field, error) {
	list, err := e.Releases(e.DB.Read(ctx), t, 0, 1)
	if err != nil || len(list) == 0 {
		return "", nil, err
	}
	m, err := list[0].Read()
	if err != nil {
		return "", nil, err
	}
	if err := e.fetch(ctx, m.Files[0].SHA256, file); err != nil {
		return "", nil, err
	}
	return "select * from read_parquet(" + duck.Quote(file) + ")", m.Fields, nil
}

// strips is how many strips a degree of latitude is cut into: a point meets the
// edges of its own strip only.
const strips = 200

// gatherEdges writes the edges of areas, once for each strip that they touch.
func (e *Engine) gatherEdges(ctx context.Context, of, dir string) (string, error) {
	name, field, _ := strings.Cut(of, ".")
	nth := 0
	columns := []string{"strip BIGINT", "area BIGINT", "x1 DOUBLE", "y1 DOUBLE", "x2 DOUBLE", "y2 DOUBLE"}
	return e.write(ctx, name, filepath.Join(dir, "edges.csv"), columns, func(r *record.Row, w *csv.Writer) error {
		area, _ := r.Get(field).(record.Area)
		nth++
		for _, ring := range area.Rings {
			for i := 1; i < len(ring); i++ {
				a, b := ring[i-1], ring[i]
				first, last := math.Floor(min(a[1], b[1])*strips), math.Floor(max(a[1], b[1])*strips)
				for s := first; s <= last; s++ {
					if err := w.Write([]string{degree(s), strconv.Itoa(nth), degree(a[0]), degree(a[1]), degree(b[0]), degree(b[1])}); err != nil {
						return err
					}
				}
			}
		}
		return nil
	})
}

// gatherAnchors writes where known things stand, in each of the systems.
func (e *Engine) gatherAnchors(ctx context.Context, a *record.Anchors, dir string) (string, error) {
	columns := []string{"key VARCHAR"}
	for _, d := range e.Datums {
		columns = append(columns, d.Name+"_lon DOUBLE", d.Name+"_lat DOUBLE")
	}
	return e.write(ctx, a.In, filepath.Join(dir, "anchors.csv"), columns, func(r *record.Row, w *csv.Writer) error {
		at, ok := r.Get(a.Field).(record.Point)
		if !ok || r.Text(a.By) == "" {
			return nil
		}
		line := []string{r.Text(a.By)}
		for _, d := range e.Datums {
			lon, lat := d.From(at.Lon, at.Lat)
			line = append(line, degree(lon), degree(lat))
		}
		return w.Write(line)
	})
}

func degree(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }

// write writes lines for the living rows of a register, and returns the query
// that reads them.
func (e *Engine) write(ctx context.Context, typ, file string, columns []string, line func(*record.Row, *csv.Writer) error) (string, error) {
	err := create(file, func(out io.Writer) error {
		w := csv.NewWriter(out)
		if err := e.Records.Each(ctx, typ, func(r *record.Row) error { return line(r, w) }); err != nil {
			return err
		}
		w.Flush()
		return w.Error()
	})
	types := make([]string, len(columns))
	for i, c := range columns {
		name, sql, _ := strings.Cut(c, " ")
		types[i] = duck.Quote(name) + ": " + duck.Quote(sql)
	}
	return fmt.Sprintf("select * from read_csv(%s, columns = {%s}, header = false, auto_detect = false, delim = ',', quote = '\"', escape = '\"')", duck.Quote(file), strings.Join(types, ", ")), err
}
