package conformance

import (
	"bytes"
	"net/http"
	"os"
	"testing"
	"time"

	"chengshu/test/program"
)

// TestDCAT reads the catalogue of a city with public parsers of Turtle, JSON-LD
// and RDF/XML, compares the three, and validates them by SHACL.
func TestDCAT(t *testing.T) {
	tool(t, "node_modules/n3/package.json", "CHENGSHU_NO_RDF")
	city := program.Start(t, program.Options{})
	file, err := os.ReadFile("../../packs/open-data/data/air-hours.csv")
	if err != nil {
		t.Fatal(err)
	}
	release(t, city, file)
	release(t, city, file[:bytes.LastIndexByte(bytes.TrimSpace(file), '\n')+1]) // its last row gone
	run(t, "node", "dcat_check.mjs", city.URL, key(t, city, "1301-data", "data-bureau"))
}

// release takes a file in as a department does, up to its release.
func release(t *testing.T, s *program.Server, file []byte) {
	t.Helper()
	steward, bureau := s.SignIn(t, "steward"), s.SignIn(t, "admin")
	sent := steward.Send(http.MethodPost, "/api/files", bytes.NewReader(file), http.Header{"X-Filename": {"air-hours.csv"}, "Content-Type": {"text/csv"}})
	load := steward.Post("/api/cases/data-load", map[string]any{"action": "send", "fields": map[string]any{"dataset": "air-hour", "file": []any{sent.JSON}}})
	address := "/api/cases/data-load/" + load.Text("id")
	limit := time.After(program.Ready)
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	now := steward.Get(address)
	for now.Text("case.state") != "correcting" {
		select {
		case <-limit:
			t.Fatalf("the file is not checked: %s", now)
		case <-tick.C:
			now = steward.Get(address)
		}
	}
	for _, step := range []struct {
		who    *program.Client
		action string
	}{{steward, "submit"}, {bureau, "release"}} {
		rev := step.who.Get(address).At("rev")
		if a := step.who.Post(address+"/"+step.action, map[string]any{"rev": rev}); a.Status != http.StatusOK {
			t.Fatalf("%s: %s", step.action, a)
		}
	}
}
