package ckan

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// table is a resource that counts how many rows were read of it, and sent.
type table struct {
	rows       []Row
	read, sent int
}

func (t *table) Sent(_ context.Context, rows []Row, _ []Column) error {
	t.sent += len(rows)
	return nil
}

func (*table) Columns() []Column {
	return []Column{{ID: "name", Type: "text", Label: "名称"}, {ID: "n", Type: "int8"}, {ID: "ok", Type: "bool"}, {ID: "d", Type: "numeric"}}
}

func (t *table) Count(context.Context) (int64, error) { return int64(len(t.rows)), nil }

func (t *table) Page(_ context.Context, n Narrow, limit int) ([]Row, error) {
	i, _ := slices.BinarySearchFunc(t.rows, n.After+1, func(r Row, id int64) int { return int(r.ID - id) })
	out := t.rows[i:min(i+limit, len(t.rows))]
	t.read += len(out)
	return out, nil
}

func rowsFor(n int) *table {
	t := &table{}
	for i := range n {
		v := map[string]any{"d": fmt.Sprintf("%d.50", i), "name": fmt.Sprintf("row %d", i%7), "n": json.Number(fmt.Sprint(i)), "ok": i%2 == 0}
		if i%5 == 4 {
			delete(v, "ok")
		}
		t.rows = append(t.rows, Row{int64(i*2 + 1), v})
	}
	return t
}

func TestDatastoreSearch(t *testing.T) {
	for name, c := range map[string]struct {
		ask   Params
		total any
		want  string // the records
	}{
		"as it comes":       {Params{"fields": "_id,n", "limit": 2}, int64(10), `[{"_id":1,"n":0},{"_id":3,"n":1}]`},
		"from an offset":    {Params{"fields": "n", "limit": 2, "offset": "8"}, int64(10), `[{"n":8},{"n":9}]`},
		"beyond the end":    {Params{"limit": 2, "offset": 20}, int64(10), `[]`},
		"nothing asked":     {Params{"limit": 0}, int64(10), `[]`},
		"filtered":          {Params{"fields": "n", "filters": map[string]any{"name": "row 1"}}, int64(2), `[{"n":1},{"n":8}]`},
		"by several values": {Params{"fields": "n", "filters": `{"n": ["3", 4.0]}`}, int64(2), `[{"n":3},{"n":4}]`},
		"by nothing":        {Params{"fields": "n", "filters": map[string]any{"ok": []any{nil}}}, int64(2), `[{"n":4},{"n":9}]`},
		"by bounds":         {Params{"fields": "n", "filters": `{"n": {"gt": 7, "lte": "9"}}`}, int64(2), `[{"n":8},{"n":9}]`},
		"numbers as such":   {Params{"fields": "n", "sort": "n desc", "limit": 2}, int64(10), `[{"n":9},{"n":8}]`},
		"none at the end":   {Params{"fields": []any{"ok", "n"}, "sort": "ok, n desc", "limit": 1, "offset": 7}, int64(10), `[{"n":0,"ok":true}]`},
		"none at the front": {Params{"fields": "n", "sort": "ok desc, n", "limit": 1}, int64(10), `[{"n":4}]`},
		"nulls last":        {Params{"fields": "n", "sort": `"ok" DESC NULLS LAST, n`, "limit": 1}, int64(10), `[{"n":0}]`},
		"distinct":          {Params{"fields": "ok", "distinct": "true", "sort": "ok"}, int64(3), `[{"ok":false},{"ok":true},{"ok":null}]`},
		"by words":          {Params{"fields": "n", "q": "ROW 2"}, int64(2), `[{"n":2},{"n":9}]`},
		"by words of one":   {Params{"fields": "n", "q": map[string]any{"name": "6"}}, int64(1), `[{"n":6}]`},
		"by a beginning":    {Params{"fields": "n", "q": "ro:* & 6", "plain": false}, int64(1), `[{"n":6}]`},
		"decimals":          {Params{"fields": "d", "filters": `{"d": {"gte": 8.5}}`}, int64(2), `[{"d":8.50},{"d":9.50}]`},
		"as lists":          {Params{"fields": "n,ok", "limit": 1, "records_format": "lists"}, int64(10), `[[0,true]]`},
		"as csv":            {Params{"fields": "name,ok", "limit": 2, "records_format": "csv"}, int64(10), `"row 0,t\nrow 1,f\n"`},
		"as tsv":            {Params{"fields": "name,n", "limit": 1, "records_format": "tsv"}, int64(10), `"row 0\t0\n"`},
		"uncounted":         {Params{"fields": "n", "limit": 1, "include_total": "false"}, nil, `[{"n":0}]`},
	} {
		c.ask["resource_id"] = "r1"
		raw, err := json.Marshal(c.ask)
		if err != nil {
			t.Fatal(err)
		}
		out, refused := ask(t, "datastore_search", decoded(t, raw), rowsFor(10))
		if refused != nil {
			t.Errorf("%s: %v %v", name, refused, refused.Fields)
			continue
		}
		m := out.(map[string]any)
		records, _ := json.Marshal(m["records"])
		if diff := cmp.Diff(c.want, string(records)); diff != "" || m["total"] != c.total {
			t.Errorf("%s: total %v, want %v: %s", name, m["total"], c.total, diff)
		}
	}
}

// decoded is what the server makes of a body.
func decoded(t *testing.T, body []byte) Params {
	t.Helper()
	var p Params
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber()
	if err := dec.Decode(&p); err != nil {
		t.Fatal(err)
	}
	return p
}

func TestDatastoreRefuses(t *testing.T) {
	for _, p := range []Params{{"fields": "none"}, {"sort": "none"}, {"sort": "n; drop"}, {"sort": "n sideways"}, {"filters": "[1"}, {"filters": `{"none": 1}`}, {"filters": `{"n": {"like": 1}}`}, {"filters": `{"n": {"gt": [1]}}`},
		{"filters": map[string]any{"n": []any{[]any{}}}}, {"limit": "-1"}, {"limit": "x"}, {"offset": "-1"}, {"records_format": "xml"}, {"q": `{"none": "x"}`}, {"q": map[string]any{"n": 1}}, {"nonsense": "1"}} {
		p["resource_id"] = "r1"
		if out, err := ask(t, "datastore_search", p, rowsFor(3)); err == nil || err.Status != http.StatusConflict {
			t.Errorf("%v: %v %v", p, out, err)
		}
	}
	for _, id := range []any{"r2", "unknown"} { // one is there, and has no rows
		if _, err := ask(t, "datastore_search", Params{"resource_id": id}, rowsFor(3)); err == nil || err.Status != http.StatusNotFound {
			t.Errorf("%v: %v", id, err)
		}
	}
}

// TestDatastoreTellsWhatIsSent: of the rows that are read to find some, only
// those that are sent count as shown.
func TestDatastoreTellsWhatIsSent(t *testing.T) {
	rows := rowsFor(100)
	if _, err := ask(t, "datastore_search", Params{"resource_id": "r1", "sort": "n desc", "limit": "3"}, rows); err != nil || rows.read != 100 || rows.sent != 3 {
		t.Errorf("%v: %d read, %d sent", err, rows.read, rows.sent)
	}
}

// TestDatastoreIsBounded: an answer reads no more rows than it needs, and never
// more than scanMax.
func TestDatastoreIsBounded(t *testing.T) {
	large := rowsFor(scanMax + 10)
	if _, err := ask(t, "datastore_search", Params{"resource_id": "r1", "limit": "5", "offset": "10"}, large); err != nil || large.read != 15 {
		t.Errorf("%v, %d rows read", err, large.read)
	}
	out, err := ask(t, "datastore_search", Params{"resource_id": "r1", "limit": "99999", "include_total": "false"}, large)
	if err != nil || out.(map[string]any)["limit"] != recordsMax {
		t.Errorf("%v", err)
	}
	for _, p := range []Params{{"sort": "n desc"}, {"q": "row"}, {"distinct": true, "fields": "name"}, {"offset": fmt.Sprint(scanMax + 1)}, {"filters": `{"name": "nothing"}`, "include_total": "false"}} {
		p["resource_id"] = "r1"
		large.read = 0
		if _, err := ask(t, "datastore_search", p, large); err == nil || err.Status != http.StatusConflict || large.read > scanMax {
			t.Errorf("%v: %v, %d rows read", p, err, large.read)
		}
	}
	out, err = ask(t, "datastore_search", Params{"resource_id": "r1", "limit": "2", "include_next_page": "true", "filters": fmt.Sprintf(`{"_id": {"gt": %d}}`, 2*scanMax), "include_total": "false"}, large)
	if err != nil || fmt.Sprint(out.(map[string]any)["next_page"]) != fmt.Sprintf("map[_id:map[gt:%d]]", 2*scanMax+3) {
		t.Errorf("by _id: %v %v", out, err)
	}
}

func TestDatastoreInfo(t *testing.T) {
	out, err := ask(t, "datastore_info", Params{"id": "r1"}, rowsFor(3))
	if err != nil {
		t.Fatal(err)
	}
	m := out.(map[string]any)
	if m["meta"].(map[string]any)["count"] != int64(3) || len(m["fields"].([]map[string]any)) != 4 {
		t.Errorf("%v", m)
	}
}
