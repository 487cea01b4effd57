package intake

import (
	"fmt"
	"math"
	"net/http"
	"testing"
	"time"

	"chengshu/test/program"
)

// near is how close two requests of one category lie that may be one event,
// and most how many of them are suggested.
const (
	near = 100.0
	most = 10
)

// metres is the great-circle distance.
func metres(a, b *report) float64 {
	const radius, degree = 6371008.8, math.Pi / 180
	x := math.Pow(math.Sin((b.lat-a.lat)*degree/2), 2) + math.Cos(a.lat*degree)*math.Cos(b.lat*degree)*math.Pow(math.Sin((b.lon-a.lon)*degree/2), 2)
	return 2 * radius * math.Asin(math.Sqrt(x))
}

// similar compares what is suggested for each request with what lies near it
// by our own reckoning. Then one of a pair is merged into the other.
func similar(t *testing.T, s *program.Server, desk *program.Client, all []*report) {
	t.Helper()
	began, asked, pairs := time.Now(), 0, 0
	var pair [2]*report
	for _, r := range all {
		sure, maybe := map[string]bool{}, map[string]bool{}
		for _, o := range all {
			if o == r || o.category != r.category {
				continue
			}
			switch d := metres(r, o); {
			case d < near-1:
				sure[o.id] = true
				if r.division == o.division && r.division[:6] == "130102" {
					pair = [2]*report{r, o}
				}
			case d < near+1:
				maybe[o.id] = true
			}
		}
		pairs += len(sure)
		if len(sure) == 0 && asked > 200 {
			continue // enough of those that are alone
		}
		asked++
		a := desk.Get("/api/cases/incident/" + r.id + "/similar")
		got := a.Items()
		for i := range got {
			id := a.Text(fmt.Sprintf("items.%d.id", i))
			if !sure[id] && !maybe[id] {
				t.Errorf("%s is suggested for %s, which is not near", id, r.key)
			}
			delete(sure, id)
		}
		if len(sure) > 0 && len(got) < most || a.Status != http.StatusOK {
			t.Errorf("%d near %s are not suggested: %s", len(sure), r.key, a)
		}
	}
	t.Logf("%d near pairs; %d requests asked for what is similar in %s", pairs/2, asked, time.Since(began).Round(time.Millisecond))
	if pairs < 20 || pair[0] == nil {
		t.Fatalf("%d pairs are too few to show anything", pairs/2)
	}
	a := s.SignIn(t, "dispatcher").Post("/api/cases/incident/"+pair[0].id+"/merge", map[string]any{"fields": map[string]any{"merged_into": pair[1].id}})
	if a.Status != http.StatusOK || a.Text("case.state") != "merged" {
		t.Errorf("merge a pair: %s", a)
	}
	pair[0].id = "" // no longer to be dispatched
}

// lights checks, with the clock at the last request, that each case has the
// light that its age gives: yellow half an hour after the report, red after two.
func lights(t *testing.T, s *program.Server, all []*report) {
	t.Helper()
	now := begin.Add(2*time.Hour + 45*time.Minute)
	if last := all[len(all)-1].at; last.After(now) {
		now = last
	}
	turn(t, s.Client(), now)
	got := everyLight(t, s)
	counts := map[string]int{}
	for _, r := range all {
		if r.id == "" {
			continue
		}
		want := "green"
		if age := now.Sub(r.at); age >= 2*time.Hour {
			want = "red"
		} else if age >= 30*time.Minute {
			want = "yellow"
		}
		counts[want]++
		if got[r.id] != want {
			t.Errorf("request %s, %s old: %q, want %s", r.key, now.Sub(r.at), got[r.id], want)
		}
	}
	t.Logf("lights at %s: %v", now.Format("15:04:05"), counts)
}

// everyLight reads the lights of all cases, as the auditor may.
func everyLight(t *testing.T, s *program.Server) map[string]string {
	t.Helper()
	auditor := s.SignIn(t, "auditor")
	out := map[string]string{}
	for next := ""; ; {
		a := auditor.Get("/api/cases/incident?limit=200" + next)
		if a.Status != http.StatusOK {
			t.Fatalf("list: %s", a)
		}
		for i := range a.Items() {
			item := fmt.Sprintf("items.%d.", i)
			out[a.Text(item+"id")] = a.Text(item + "case.light")
		}
		if a.Text("next") == "" {
			return out
		}
		next = "&after=" + a.Text("next")
	}
}

// overdue lets everything that was not dispatched run out of time: all of it is
// red, the supervisor has it, and each was escalated once.
func overdue(t *testing.T, s *program.Server, all []*report) {
	t.Helper()
	began := time.Now()
	turn(t, s.Client(), begin.Add(24*time.Hour))
	swept := time.Since(began)
	got := everyLight(t, s)
	waiting := 0
	supervisor := s.SignIn(t, "supervisor")
	for i, r := range all {
		if r.id == "" {
			continue
		}
		waiting++
		if got[r.id] != "red" {
			t.Errorf("request %s is overdue and its light %q", r.key, got[r.id])
		}
		if i%10 > 0 {
			continue
		}
		a := supervisor.Get("/api/cases/incident/" + r.id + "/timeline")
		verbs := map[string]int{}
		for n := range a.Items() {
			verbs[a.Text(fmt.Sprintf("items.%d.verb", n))]++
		}
		if verbs["incident.register"] != 1 || verbs["incident.remind"] != 1 || verbs["incident.overdue"] != 1 || len(verbs) != 3 {
			t.Errorf("the time line of %s: %v", r.key, verbs)
		}
	}
	inbox := supervisor.Get("/api/inbox?scope=all&limit=1")
	if red, _ := inbox.At("totals.red").(float64); int(red) < waiting {
		t.Errorf("%d cases are overdue, the supervisor's inbox has %v", waiting, inbox.At("totals"))
	}
	t.Logf("%d cases overdue and escalated; turning the clock by a day took %s; the supervisor's inbox: %v", waiting, swept.Round(time.Millisecond), inbox.At("totals"))
}
