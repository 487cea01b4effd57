package server

import "testing"

// TestSimilar: a likely duplicate comes with the facts of its case, as in lists.
func TestSimilar(t *testing.T) {
	w := newTown(t)
	w.do("first", "citizen", "POST /api/cases/incident", aReport)
	w.do("second", "neighbour", "POST /api/cases/incident", aReport)
	w.run(t, []call{
		{name: "to one who may read both", actor: "dispatcher", request: "GET /api/cases/incident/{second}/similar", status: 200,
			holds: []string{`"id":"{first}"`, `"metres":0`, `"case":{"number":"`, `"state":"`, `"state_title":{"zh":`, `"light":"`}, lacks: []string{"{second}"}},
		{name: "to one who may read their own", actor: "citizen", request: "GET /api/cases/incident/{first}/similar", status: 200, lacks: []string{"{second}"}},
	})
}
