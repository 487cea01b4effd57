package ckan

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// run reads as many rows as the answer needs, and at most scanMax.
func (q *inquiry) run(ctx context.Context, rows Rows) (out []Row, total int64, err error) {
	all := len(q.sortBy) > 0 || q.distinct || q.total && len(q.tests) > 0 // every row that fits has to be seen
	var found []Row
	at, seen, enough := q.narrow, 0, false
	for !all && len(found) < q.offset+q.limit || all && !enough {
		size := scanPage
		if !all && len(q.tests) == 0 {
			size = min(size, q.offset+q.limit-len(found))
		}
		got, err := rows.Page(ctx, at, size)
		if err != nil {
			return nil, 0, err
		}
		numbers(rows.Columns(), got)
		for _, r := range got {
			if !slices.ContainsFunc(q.tests, func(fits func(Row) bool) bool { return !fits(r) }) {
				found = append(found, r)
			}
			at.After = r.ID
		}
		if enough = len(got) < size; enough {
			break
		}
		if seen += len(got); seen >= scanMax && (all || len(found) < q.offset+q.limit) {
			return nil, 0, invalid("filters", fmt.Sprintf("more than %d rows would have to be read: filter by a field that has an index, page by _id, leave include_total out, or download the resource", scanMax))
		}
	}
	if q.distinct {
		found = q.unique(found)
	}
	q.arrange(found)
	total = int64(len(found))
	if q.total && !all {
		if total, err = rows.Count(ctx); err != nil {
			return nil, 0, err
		}
	}
	found = found[min(q.offset, len(found)):]
	return found[:min(q.limit, len(found))], total, nil
}

// numbers makes numbers of decimals, which come as texts so that no digit is lost.
func numbers(columns []Column, list []Row) {
	for _, col := range columns {
		if col.Type != "numeric" {
			continue
		}
		for _, r := range list {
			if s, ok := r.Values[col.ID].(string); ok && json.Valid([]byte(s)) {
				r.Values[col.ID] = json.Number(s)
			}
		}
	}
}

func (q *inquiry) unique(list []Row) []Row {
	seen := map[string]bool{}
	return slices.DeleteFunc(list, func(r Row) bool {
		var key strings.Builder
		for _, col := range q.columns {
			v, has := r.value(col.ID)
			fmt.Fprintf(&key, "%t%q", has, plain(v))
		}
		before := seen[key.String()]
		seen[key.String()] = true
		return before
	})
}

func (q *inquiry) arrange(list []Row) {
	if len(q.sortBy) == 0 {
		return
	}
	slices.SortStableFunc(list, func(a, b Row) int {
		for _, s := range q.sortBy {
			x, hasX := a.value(s.column)
			y, hasY := b.value(s.column)
			n := 0
			switch {
			case hasX && hasY:
				if n = order(x, y); s.desc {
					n = -n
				}
			case hasX != hasY:
				if n = 1; hasX != s.nullsFirst {
					n = -1
				}
			}
			if n != 0 {
				return n
			}
		}
		return 0
	})
}

// records writes rows in the format that was asked for.
func (q *inquiry) records(list []Row) (any, error) {
	switch q.format {
	case "csv", "tsv":
		return q.table(list)
	case "lists":
		out := make([][]any, len(list))
		for i, r := range list {
			out[i] = make([]any, len(q.columns))
			for j, col := range q.columns {
				if v, has := r.value(col.ID); has {
					out[i][j] = v
				}
			}
		}
		return out, nil
	}
	out := make([]map[string]any, len(list))
	for i, r := range list {
		out[i] = make(map[string]any, len(q.columns))
		for _, col := range q.columns {
			out[i][col.ID] = nil
			if v, has := r.value(col.ID); has {
				out[i][col.ID] = v
			}
		}
	}
	return out, nil
}

func (q *inquiry) table(list []Row) (string, error) {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	if q.format == "tsv" {
		w.Comma = '\t'
	}
	cells := make([]string, len(q.columns))
	for _, r := range list {
		for j, col := range q.columns {
			v, _ := r.value(col.ID)
			switch v {
			case true:
				cells[j] = "t" // as PostgreSQL copies
			case false:
				cells[j] = "f"
			default:
				cells[j] = plain(v)
			}
		}
		if err := w.Write(cells); err != nil {
			return "", err
		}
	}
	w.Flush()
	return b.String(), w.Error()
}

// datastoreInfo answers datastore_info.
func (c *call) datastoreInfo() (any, error) {
	rows, id, err := c.rowsOf()
	if err != nil {
		return nil, err
	}
	fields := []map[string]any{}
	for _, col := range rows.Columns() {
		f := map[string]any{"id": col.ID, "type": col.Type}
		if col.Label != "" {
			f["info"] = map[string]string{"label": col.Label}
		}
		if c.Params.flag("include_fields_schema", true) {
			f["schema"] = map[string]any{"native_type": col.Type, "notnull": col.NotNull, "index_name": nil, "is_index": false, "uniquekey": col.Unique}
		}
		fields = append(fields, f)
	}
	out := map[string]any{"fields": fields}
	if c.Params.flag("include_meta", true) {
		n, err := rows.Count(c.ctx)
		if err != nil {
			return nil, err
		}
		out["meta"] = map[string]any{"id": id, "count": n, "table_type": "BASE TABLE", "aliases": []string{}, "size": nil, "idx_size": nil, "db_size": nil}
	}
	return out, nil
}

// tables are the resources whose rows can be read, as the alias _table_metadata
// lists them.
func (c *call) tables() Rows {
	t := tableList{}
	for _, p := range c.open() {
		for i := range p.Resources {
			if r := &p.Resources[i]; r.DatastoreActive {
				t = append(t, Row{int64(len(t) + 1), map[string]any{"name": r.ID}})
			}
		}
	}
	return t
}

type tableList []Row

func (tableList) Columns() []Column {
	return []Column{{ID: "name", Type: "name"}, {ID: "oid", Type: "oid"}, {ID: "alias_of", Type: "name"}}
}

func (t tableList) Count(context.Context) (int64, error) { return int64(len(t)), nil }

func (t tableList) Page(_ context.Context, n Narrow, limit int) ([]Row, error) {
	list := t[min(int(n.After), len(t)):]
	return list[:min(limit, len(list))], nil
}

// Sent implements Rows: that a resource is there is no secret.
func (tableList) Sent(context.Context, []Row, []Column) error { return nil }
