package server

import (
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"chengshu/core/evidence"
	"chengshu/kernel/db"
	"chengshu/kernel/fault"
)

func keyed(key string) http.Header { return http.Header{keyHeader: {key}} }

// numbered is what tells one case from another.
type numbered struct {
	ID     string
	Notice struct{ Zh, En string }
	Rev    int64
	Case   struct{ Number, State string }
}

func (w *town) keyed(account, request, body, key string) (int, http.Header, numbered) {
	w.t.Helper()
	code, head, got := w.askWith(account, request, body, keyed(key))
	var n numbered
	must(w.t, json.Unmarshal([]byte(got), &n))
	return code, head, n
}

func (w *town) count(table string) (n int64) {
	w.t.Helper()
	must(w.t, w.s.db.Read(w.t.Context()).QueryRow("select count(*) from "+table).Scan(&n))
	return n
}

func TestOnce(t *testing.T) {
	eachTown(t, func(t *testing.T, w *town) {
		const open = "POST /api/cases/incident"
		before := w.count("r_incident")
		code, head, first := w.keyed("intake", open, aReport, `"one"`)
		if code != http.StatusCreated || head.Get("Idempotent-Replayed") != "" {
			t.Fatalf("the first: %d %v %v", code, head, first)
		}
		code, head, again := w.keyed("intake", open, aReport, `"one"`)
		if code != http.StatusCreated || again != first || head.Get("Idempotent-Replayed") != "true" || !strings.HasSuffix(head.Get("Location"), first.ID) {
			t.Errorf("repeated: %d %v, want %v; %v", code, again, first, head)
		}
		if _, _, other := w.keyed("intake", open, aReport, `"two"`); other.ID == first.ID {
			t.Error("another key gives the same case")
		}
		if _, _, other := w.keyed("citizen", open, aReport, `"one"`); other.ID == first.ID {
			t.Error("another's key gives the same case")
		}
		code, _, body := w.askWith("intake", open, strings.Replace(aReport, "王小明", "李四", 1), keyed(`"one"`))
		if code != http.StatusUnprocessableEntity || !strings.Contains(body, `"key-reused"`) {
			t.Errorf("the key with another body: %d %s", code, body)
		}
		if n := w.count("r_incident") - before; n != 3 {
			t.Errorf("%d cases, want 3", n)
		}

		// A refusal is not kept.
		if code, _, _ := w.keyed("intake", open, `{"fields":{}}`, `"three"`); code != http.StatusUnprocessableEntity {
			t.Errorf("no fields: %d", code)
		}
		if code, _, _ := w.keyed("intake", open, aReport, `"three"`); code != http.StatusCreated {
			t.Errorf("after a refusal: %d", code)
		}

		// Actions, comments and records, too.
		at := "POST /api/cases/incident/" + first.ID
		_, _, assigned := w.keyed("dispatcher", at+"/assign", `{"rev":1}`, `"a"`)
		if code, _, got := w.keyed("dispatcher", at+"/assign", `{"rev":1}`, `"a"`); code != http.StatusOK || got != assigned || got.Rev != 2 {
			t.Errorf("an action repeated: %d %v, want %v", code, got, assigned)
		}
		_, _, remark := w.keyed("dispatcher", at+"/comments", `{"text":"x"}`, `"c"`)
		if code, _, got := w.keyed("dispatcher", at+"/comments", `{"text":"x"}`, `"c"`); code != http.StatusCreated || got.ID == "" || got != remark {
			t.Errorf("a comment repeated: %d %v, want %v", code, got, remark)
		}
		shelter := `{"fields":{"name":"一号","beds":4}}`
		_, _, made := w.keyed("operator", "POST /api/records/shelter", shelter, `"s"`)
		if code, _, got := w.keyed("operator", "POST /api/records/shelter", shelter, `"s"`); code != http.StatusCreated || got != made {
			t.Errorf("a record repeated: %d %v, want %v", code, got, made)
		}
		if code, _, body := w.ask("operator", "DELETE /api/records/shelter/"+made.ID+"?rev=1", ""); code != http.StatusNoContent {
			t.Fatalf("delete: %d %s", code, body)
		}
		if code, _, got := w.keyed("operator", "POST /api/records/shelter", shelter, `"s"`); code != http.StatusCreated || got.ID != made.ID {
			t.Errorf("a record repeated that was deleted since: %d %v", code, got)
		}

		// After a day the key is free.
		w.later(keyKept + time.Second)
		if _, _, got := w.keyed("intake", open, aReport, `"one"`); got.ID == first.ID {
			t.Error("the key is kept for ever")
		}
		must(t, w.s.sweepOnce(t.Context()))
		if n := w.count("server_answer"); n != 1 {
			t.Errorf("%d answers are kept, want that of today", n)
		}
	})
}

// TestOnceAtOnce sends one request many times at once: one case comes of it,
// and whoever is not told of it is told to wait.
func TestOnceAtOnce(t *testing.T) {
	eachTown(t, func(t *testing.T, w *town) {
		before := w.count("r_incident")
		w.client("intake")
		var all sync.WaitGroup
		var mu sync.Mutex
		ids := map[string]bool{}
		for range 8 {
			all.Go(func() {
				code, _, body := w.askWith("intake", "POST /api/cases/incident", aReport, keyed(`"at once"`))
				var n numbered
				if code == http.StatusConflict && strings.Contains(body, `"still-running"`) {
					return
				}
				if err := json.Unmarshal([]byte(body), &n); code != http.StatusCreated || err != nil {
					t.Errorf("%d %s", code, body)
				}
				mu.Lock()
				defer mu.Unlock()
				ids[n.ID] = true
			})
		}
		all.Wait()
		if n := w.count("r_incident") - before; n != 1 || len(ids) != 1 {
			t.Errorf("%d cases, told of %v; want one", n, ids)
		}
	})
}

// TestOnceOnTwoNodes: the process of the other node knows nothing of ours, so
// the table decides.
func TestOnceOnTwoNodes(t *testing.T) {
	eachTown(t, func(t *testing.T, w *town) {
		a := attempt{owner: "p/", key: "k", print: "x"}
		other := &Server{db: w.s.db, clock: w.s.clock, records: w.s.records}
		change := func(s *Server, request string) error {
			end, ok := s.attempts.begin(request, a)
			if !ok {
				t.Fatal("nothing runs")
			}
			defer end()
			return s.db.Do(t.Context(), func(tx *db.Tx) error {
				_, err := w.s.evidence.Append(tx, evidence.Act{Verb: "x.y", Subject: evidence.Subject{Type: "x", ID: request}})
				if err != nil {
					return err
				}
				act := evidence.Act{ID: request, Subject: evidence.Subject{Type: "x", ID: request}, Request: request, At: 5}
				if err := s.keep(tx, &act); err != nil {
					return err
				}
				caused := evidence.Act{ID: "caused", Subject: evidence.Subject{Type: "x", ID: "caused"}, Request: request, At: 5, Cause: request}
				return s.keep(tx, &caused)
			})
		}
		acts := w.count("act")
		must(t, change(w.s, "first"))
		if err := change(other, "second"); fault.Code(err) != "still-running" {
			t.Errorf("the second: %v", err)
		}
		if n := w.count("act") - acts; n != 1 {
			t.Errorf("%d acts, want that of the first alone", n)
		}
		var subject string
		must(t, w.s.db.Read(t.Context()).QueryRow(`select subject from server_answer where key = 'k'`).Scan(&subject))
		if subject != "first" {
			t.Errorf("kept: %s", subject)
		}
	})
}

func TestIdempotencyKey(t *testing.T) {
	for line, want := range map[string]string{
		`"8e03978e-40d5-43dd-bc93-6894a57f9324"`: "8e03978e-40d5-43dd-bc93-6894a57f9324",
		`"a b"`:                                  "a b",
		`"a\"b\\c"`:                              `a"b\c`,
		`"` + strings.Repeat("k", maxKey) + `"`:  strings.Repeat("k", maxKey),
		"":                                       "", `""`: "", `abc`: "", `"abc`: "", `abc"`: "", `"`: "", `"a"b"`: "", `"a\b"`: "", `"a\"`: "", `"钥匙"`: "", "\"a\tb\"": "",
		`"` + strings.Repeat("k", maxKey+1) + `"`: "", `"a";p=1`: "",
	} {
		got, err := idempotencyKey([]string{line})
		if got != want || (want == "") != (fault.Code(err) == "bad-key") {
			t.Errorf("%s: %q %v, want %q", line, got, err, want)
		}
	}
	if _, err := idempotencyKey([]string{`"a"`, `"a"`}); fault.Code(err) != "bad-key" {
		t.Errorf("two lines: %v", err)
	}
	if got, err := idempotencyKey(nil); got != "" || err != nil {
		t.Errorf("none: %q %v", got, err)
	}
	w := newTown(t)
	if code, head, body := w.askWith("intake", "POST /api/cases/incident", aReport, keyed("abc")); code != http.StatusBadRequest {
		t.Errorf("malformed: %d %s", code, body)
	} else {
		isProblem(t, code, head, body)
	}
}

// TestDoneButNotShown: what fails after the change was made is no failure of
// the change, and the answer says what happened.
func TestDoneButNotShown(t *testing.T) {
	w := newTown(t)
	w.client("citizen")
	w.s.evidence.Also = func(tx *db.Tx, act *evidence.Act) error {
		if err := w.s.also(tx, act); err != nil || act.Verb != "incident.report" {
			return err
		}
		_, err := tx.Exec(`alter table process_task rename to lost`)
		return err
	}
	code, head, got := w.keyed("citizen", "POST /api/cases/incident", aReport, `"k"`)
	must(t, w.s.db.DDL(t.Context(), `alter table lost rename to process_task`))
	if code != http.StatusCreated || got.ID == "" || got.Case.Number == "" || got.Rev != 1 || got.Notice.Zh == "" || got.Notice.En == "" || !strings.HasSuffix(head.Get("Location"), got.ID) {
		t.Errorf("%d %+v", code, got)
	}
	if row := w.row("incident", got.ID); row.Text("number") != got.Case.Number {
		t.Errorf("the case is %s", row.Text("number"))
	}
	code, _, again := w.askWith("citizen", "POST /api/cases/incident", aReport, keyed(`"k"`))
	if code != http.StatusCreated || !strings.Contains(again, got.ID) || !strings.Contains(again, "13800001234") || strings.Contains(again, `"notice"`) {
		t.Errorf("asked again once it can be shown: %d %s", code, again)
	}
}
