package server

import (
	"encoding/json"
	"net/http"
	"testing"

	"chengshu/core/record"
)

// TestPreview: who has sent a file sees its beginning and what its columns seem
// to mean; nobody else does.
func TestPreview(t *testing.T) {
	w := newTown(t)
	text := "站点编号,身份证号,信用代码,联系电话,地址,姓名,经度(百度),纬度\n" +
		"1101A,11010519491231002X,91350100M000100Y43,13800138000,石家庄市长安区中山东路1号,王小明,114.50123,38.04567\n" +
		"1102A,11010519491231002X,91350100M000100Y43,0311-86000000,石家庄市桥西区自强路22号,李红,114.48123,38.03567\n"
	status, _, sent := w.askWith("steward", "POST /api/files", text, http.Header{"Content-Type": {"text/csv"}, "X-Filename": {"a.csv"}})
	if status != http.StatusCreated {
		t.Fatal(status, sent)
	}
	var ref record.FileRef
	must(t, json.Unmarshal([]byte(sent), &ref))
	ask := `{"dataset":"air-hour","file":"` + ref.ID + `"}`
	status, _, got := w.ask("steward", "POST /api/intake/preview", ask)
	var v previewView
	must(t, json.Unmarshal([]byte(got), &v))
	if status != http.StatusOK || v.Format != "csv" || len(v.Rows) != 2 || len(v.Columns) != 8 || v.Columns[0].Field != "station" || v.Columns[0].Title.Zh != "站点编号" {
		t.Fatal(status, got)
	}
	for i, want := range []string{"", "citizen-id", "credit-code", "phone", "address", "name", "longitude", "latitude"} {
		name := ""
		if m := v.Columns[i].Meaning; m != nil {
			name = m.Name
		}
		if name != want || v.Columns[i].Share != 1 {
			t.Errorf("%s is %q (%v), want %q", v.Columns[i].Header, name, v.Columns[i].Share, want)
		}
	}
	if v.Columns[6].Datum != "BD09" || v.Columns[7].Datum != "" {
		t.Errorf("datums %q, %q", v.Columns[6].Datum, v.Columns[7].Datum)
	}
	if v.Problem == nil || len(v.Fields) == 0 || v.Fields[0].Path != "at" {
		t.Errorf("the missing column is not told: %+v", v.Fields)
	}
	for account, want := range map[string]int{"admin": http.StatusNotFound, "": http.StatusNotFound} {
		if status, _, _ := w.ask(account, "POST /api/intake/preview", ask); status != want {
			t.Errorf("%q gets %d", account, status)
		}
	}
	if status, _, _ := w.ask("steward", "POST /api/intake/preview", `{"dataset":"none","file":"`+ref.ID+`"}`); status != http.StatusNotFound {
		t.Errorf("no dataset: %d", status)
	}
}
