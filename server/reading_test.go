package server

import (
	"fmt"
	"strings"
	"testing"
)

// TestReadingOfAPage: a list in which many persons are shown in the clear leaves
// one act, with all of them, and the same list again none.
func TestReadingOfAPage(t *testing.T) {
	eachTown(t, func(t *testing.T, w *town) {
		const shown = 120
		w.client("admin") // to sign in leaves an act, too
		before := w.count("act")
		list := fmt.Sprintf("/api/records/natural-person?limit=%d", shown)
		for range 2 {
			if code, _, body := w.ask("admin", "GET "+list, ""); code != 200 || strings.Count(body, `"id_number":"`) != shown {
				t.Fatalf("%d with %d numbers", code, strings.Count(body, `"id_number":"`))
			}
		}
		if acts, read := w.count("act")-before, w.count("evidence_reading"); acts != 1 || read != shown {
			t.Errorf("%d acts about %d persons, want one about %d", acts, read, shown)
		}
	})
}

// TestReadingOfACaller: what the hotline writes down of a caller is not the
// operator's own, and no list of theirs shows who read it.
func TestReadingOfACaller(t *testing.T) {
	w := newTown(t)
	w.do("call", "operator", "POST /api/cases/incident", `{"action":"register","fields":{"category":"P0101","location":{"lon":114.52972,"lat":38.04533},"description":"x","source":"hotline","reporter_phone":"13900000001"}}`)
	w.do("", "dispatcher", "POST /api/cases/incident/{call}/assign", `{"fields":{}}`)
	before := w.count("evidence_reading")
	if code, _, body := w.ask("handler", "GET /api/cases/incident/{call}", ""); code != 200 || !strings.Contains(body, "13900000001") {
		t.Fatalf("the handler gets %d %s", code, body)
	}
	if w.count("evidence_reading") != before+1 {
		t.Error("the reading left no trace")
	}
	var mine struct{ Items []any }
	if w.get("operator", "/api/me/reads", &mine); len(mine.Items) != 0 {
		t.Errorf("the operator is told of readings of a caller: %v", mine.Items)
	}
}
