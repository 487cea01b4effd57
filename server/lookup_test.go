package server

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"chengshu/pack"
)

// releaseCards sends cards whose names end in a mark, and has them released.
func releaseCards(t *testing.T, w *town, mark string, n int) {
	t.Helper()
	var b strings.Builder
	b.WriteString("code,name,holder,issued,fee,status\n")
	for i := range n {
		fmt.Fprintf(&b, "C%04d,许可证%s,张三丰,2026-01-02,%d.50,valid\n", i, mark, i)
	}
	req, err := http.NewRequest(http.MethodPost, w.url+"/api/files", strings.NewReader(b.String()))
	must(t, err)
	req.Header.Set("Content-Type", "text/csv")
	req.Header.Set("X-Filename", mark+".csv")
	res, err := w.client("steward").Do(req)
	must(t, err)
	defer res.Body.Close()
	file := make([]byte, 4096)
	size, _ := res.Body.Read(file)
	w.do("load", "steward", "POST /api/cases/data-load", `{"action":"send","fields":{"dataset":"card","file":[`+string(file[:size])+`]}}`)
	must(t, w.s.jobs.Settle(t.Context()))
	w.do("", "steward", "POST /api/cases/data-load/{load}/submit", `{"fields":{}}`)
	w.do("", "admin", "POST /api/cases/data-load/{load}/release", `{"fields":{}}`)
}

// TestReleasesAreSwapped: rows are those of the latest release, all of one
// release at any moment, also while the next one comes; the copies of releases
// that nobody reads any more go.
func TestReleasesAreSwapped(t *testing.T) {
	cards, err := pack.Dir("../bench/pack")
	must(t, err)
	w := newTownWith(t, []pack.Source{cards}, func(*Config) {})
	releaseCards(t, w, "one", 300)
	w.do("request", "data-user", "POST /api/cases/data-request", `{"action":"claim","fields":{"resource":"card","wanted":["card.code","card.name","card.holder"],"purpose":"p","legal_basis":"b","until":"2027-01-01"}}`)
	_, body := w.send("data-user", "GET /api/cases/data-request/{request}", "")
	ask := "POST /api/grants/" + textOf(t, body, `"issued":"`) + "/lookup"
	status, body := w.send("data-user", ask, `{"keys":["C0007","C0299","C9999"]}`)
	if status != 200 || strings.Count(body, "许可证one") != 2 || !strings.Contains(body, `"holder":"张**"`) || !strings.Contains(body, ",null]") || !strings.Contains(body, `"release":1`) {
		t.Fatal(status, body)
	}

	stop, failed := make(chan struct{}), make(chan string, 8)
	var readers sync.WaitGroup
	for range 4 {
		readers.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				status, body := w.send("data-user", ask, `{"keys":["C0001","C0002"]}`)
				one, two := strings.Count(body, "许可证one"), strings.Count(body, "许可证two")
				if status != 200 || one+two != 2 || one*two != 0 {
					failed <- fmt.Sprint(status, body)
					return
				}
			}
		})
	}
	releaseCards(t, w, "two", 200)
	status, body = w.send("data-user", ask, `{"keys":["C0007","C0299"]}`)
	if status != 200 || strings.Count(body, "许可证two") != 1 || !strings.Contains(body, `"release":2`) || !strings.Contains(body, ",null]") {
		t.Error(status, body)
	}
	close(stop)
	readers.Wait()
	select {
	case why := <-failed:
		t.Error("while the second release came:", why)
	default:
	}
	must(t, w.s.lookup.Close())
	left, err := filepath.Glob(filepath.Join(w.s.cfg.Data, "lookup", "*"))
	must(t, err)
	for _, name := range left {
		if !strings.HasPrefix(filepath.Base(name), "card-2-") {
			t.Errorf("%s is left", filepath.Base(name))
		}
	}
	if _, err := os.Stat(filepath.Join(w.s.cfg.Data, "lookup")); err != nil {
		t.Error(err)
	}
}
