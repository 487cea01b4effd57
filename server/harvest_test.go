package server

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"chengshu/pack"
)

const exchangesPack = `
pack: exchanges
title: {zh: 目录交换, en: Exchanges}
about: {zh: 测试用目录交换, en: Exchanges for tests}
version: 1.0.0
articles: [43]
needs: [open-data]
---
catalogue-exchange: county
title: {zh: 县目录, en: The county's}
url: "%[1]s"
every: 1 hour
---
catalogue-exchange: province
title: {zh: 省目录, en: The province's}
url: "%[2]s"
every: 1 hour
send: {key: province, site: "https://data.example.org", prefix: city-}
`

// exchanging is a town with the two exchanges.
func exchanging(t *testing.T, from, to, key string) *town {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "exchanges")
	must(t, os.MkdirAll(dir, 0o700))
	head, rest, _ := strings.Cut(fmt.Sprintf(exchangesPack, from, to), "---\n")
	must(t, os.WriteFile(filepath.Join(dir, "pack.yaml"), []byte(head), 0o600))
	must(t, os.WriteFile(filepath.Join(dir, "exchanges.yaml"), []byte(rest), 0o600))
	extra, err := pack.Dir(filepath.Dir(dir))
	must(t, err)
	return newTownWith(t, []pack.Source{extra}, func(c *Config) {
		c.OutboundHosts, c.CatalogueKeys = []string{"127.0.0.1"}, []string{"province=" + key}
	})
}

// exchanged runs a round and returns how it went.
func (w *town) exchanged(name string) (v exchangeView) {
	w.t.Helper()
	if code, body := w.send("admin", "POST /api/federation/catalogues/"+name+"/run", ""); code != http.StatusAccepted {
		w.t.Fatal(code, body)
	}
	w.settle()
	var list listOf[exchangeView]
	w.get("admin", "/api/federation/catalogues", &list)
	for _, v := range list.Items {
		if v.Name == name {
			return v
		}
	}
	w.t.Fatalf("no exchange %s", name)
	return
}

// TestHarvest: packages of another catalogue become entries once; what has not
// changed is left alone, what is there no more is marked, what fails is told.
func TestHarvest(t *testing.T) {
	county := newTown(t)
	var say atomic.Value
	say.Store("")
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if text := say.Load().(string); text != "" {
			fmt.Fprint(w, text)
			return
		}
		county.s.Handler().ServeHTTP(w, r)
	}))
	t.Cleanup(front.Close)
	enter := `{"name":"lamps","title":"路灯","notes":"n","resources":[{"name":"csv","format":"CSV","url":"https://example.org/lamps.csv"}],"tags":[{"name":"照明"}]}`
	county.do("", "open-data", "POST /api/3/action/package_create", enter)
	city := exchanging(t, front.URL, front.URL, "none")

	first := city.exchanged("county")
	all := first.Taken + first.Unchanged // the program may have begun a round by itself
	if first.Error != nil || all < 5 || first.Failed != 0 {
		t.Fatalf("the first round: %+v %+v", first, first.Error)
	}
	_, shown := city.send("", "GET /api/3/action/package_show?id=county-lamps", "")
	if !strings.Contains(shown, `"title":"路灯"`) || !strings.Contains(shown, "照明") || !strings.Contains(shown, front.URL+"/dataset/lamps") || !strings.Contains(shown, "lamps.csv") {
		t.Errorf("the entry: %s", shown)
	}
	again := city.exchanged("county")
	if again.Taken != 0 || again.Unchanged != all {
		t.Errorf("a second round: %+v", again)
	}
	// Hanging up, or HTML: the round fails by name, and nothing is lost.
	say.Store("<html>maintenance</html>")
	if v := city.exchanged("county"); v.Error == nil || !strings.Contains(v.Error.En, "not CKAN's") || v.Failures != 1 {
		t.Errorf("HTML: %+v %+v", v, v.Error)
	}
	say.Store("")
	county.do("", "open-data", "POST /api/3/action/package_patch", `{"id":"lamps","title":"路灯（新）"}`)
	if v := city.exchanged("county"); v.Taken != 1 || v.Error != nil {
		t.Errorf("after a change: %+v %+v", v, v.Error)
	}
	county.do("", "open-data", "POST /api/3/action/package_delete", `{"id":"lamps"}`)
	if v := city.exchanged("county"); v.Vanished != 1 || v.Taken != 0 || v.Error != nil {
		t.Errorf("after it was deleted: %+v %+v", v, v.Error)
	}
	_, shown = city.send("", "GET /api/3/action/package_show?id=county-lamps", "")
	if !strings.Contains(shown, vanishedOn) || !strings.Contains(shown, "路灯（新）") {
		t.Errorf("what has vanished: %s", shown)
	}
	if v := city.exchanged("county"); v.Vanished != 0 {
		t.Errorf("it vanishes again: %+v", v)
	}
}

// TestCatalogueSent: this catalogue is entered at another site once, and what is
// deleted here is deleted there.
func TestCatalogueSent(t *testing.T) {
	province := newTown(t)
	city := exchanging(t, province.url, province.url, province.key("1301-ecology", "open-data-editor"))
	city.do("", "open-data", "POST /api/3/action/package_create", `{"name":"lamps","title":"路灯"}`)
	first := city.exchanged("province")
	all := first.Taken + first.Unchanged
	if first.Error != nil || all < 5 {
		t.Fatalf("the first round: %+v %+v", first, first.Error)
	}
	_, shown := province.send("", "GET /api/3/action/package_show?id=city-air-hour", "")
	if !strings.Contains(shown, "空气质量小时值") || !strings.Contains(shown, `"name":"city-air-hour"`) {
		t.Errorf("there: %s", shown)
	}
	if v := city.exchanged("province"); v.Taken != 0 || v.Unchanged != all {
		t.Errorf("a second round: %+v", v)
	}
	city.do("", "open-data", "POST /api/3/action/package_delete", `{"id":"lamps"}`)
	if v := city.exchanged("province"); v.Vanished != 1 || v.Taken != 0 || v.Error != nil {
		t.Errorf("after it was deleted: %+v %+v", v, v.Error)
	}
	if code, _ := province.send("", "GET /api/3/action/package_show?id=city-lamps", ""); code != http.StatusNotFound {
		t.Errorf("it is still there: %d", code)
	}
}
