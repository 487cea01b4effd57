package screen

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"chengshu/core/identity"
	"chengshu/kernel/db"
	"chengshu/kernel/db/dbtest"
)

// lawful is a city with a law of three articles: one that asks for nothing, one
// for a pack that is there, one for that and another that is not.
func lawful(t *testing.T, d *db.DB) *city {
	c := newCity(t, d)
	c.add("chapter", "c2", map[string]any{"number": number64(2), "title": "治理", "title_en": "Governance"})
	c.add("chapter", "c1", map[string]any{"number": number64(1), "title": "总则", "title_en": "General"})
	c.add("system", "s1", map[string]any{"pack": "city", "title": "城", "title_en": "City"})
	c.add("system", "s2", map[string]any{"pack": "model", "title": "模型", "title_en": "Model"})
	article := func(id string, number float64, chapter string, packs ...any) {
		c.add("article", id, map[string]any{"number": number64(number), "chapter": chapter, "text": "文" + id, "duty": "旨" + id,
			"summary_en": "Gist " + id, "departments": "甲局;乙局", "packs": packs})
	}
	article("a36", 36, "c2", "s1", "s2")
	article("a5", 5, "c1", "s1")
	article("a1", 1, "c1")
	article("a99", 99, "c2")
	article("a40", 40, "c2", "s2")
	c.add("category", "lid", map[string]any{"code": "lid", "name": "井盖"})
	return c
}

func TestLaw(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := lawful(t, d)
		c.open("lid", "/1/2/", "west", 0)
		c.finish(c.open("lid", "/1/2/", "west", 0), "")
		got := c.data(dispatcher, "law", "law")
		title := func(zh, en string) map[string]any { return map[string]any{"zh": zh, "en": en} }
		if diff := cmp.Diff([]any{
			map[string]any{"number": 1.0, "title": title("总则", "General"), "articles": []any{"1", "5"}},
			map[string]any{"number": 2.0, "title": title("治理", "Governance"), "articles": []any{"36", "40", "99"}},
		}, got["chapters"]); diff != "" {
			t.Errorf("chapters (-want +got):\n%s", diff)
		}
		city := map[string]any{"name": "city", "title": title("城", "City"), "built": true}
		model := map[string]any{"name": "model", "title": title("模型", "Model"), "built": false}
		// One category and two chapters name no article, so they serve all of the pack's.
		want := map[string]any{"number": "36", "text": title("文a36", ""), "about": title("旨a36", "Gist a36"), "built": "part",
			"packs": []any{city, model}, "departments": []any{"甲局", "乙局"}, "overdue": 0.0,
			"counts": map[string]any{"records": 3.0, "open": 1.0, "closed": 1.0}, "screens": []any{"city/board", "city/tickets"}}
		articles := got["articles"].([]any)
		if diff := cmp.Diff(want, articles[2]); diff != "" {
			t.Errorf("article 36 (-want +got):\n%s", diff)
		}
		for i, want := range []struct {
			number, built string
			packs         []any
		}{{"1", "yes", []any{}}, {"5", "yes", []any{city}}, {"36", "part", []any{city, model}}, {"40", "no", []any{model}}, {"99", "yes", []any{city}}} {
			a := articles[i].(map[string]any)
			if a["number"] != want.number || a["built"] != want.built || !cmp.Equal(a["packs"], any(want.packs)) {
				t.Errorf("article %v is built %v by %v, want %v", a["number"], a["built"], a["packs"], want)
			}
		}
	})
}

// TestLawCounts wants the figures of an article to be the same for everybody:
// one who may read no case is told how many there are, and never an untrue zero.
func TestLawCounts(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := lawful(t, d)
		c.open("lid", "/1/2/", "west", 0)
		c.open("lid", "/1/9/", "east", 0)
		c.finish(c.open("lid", "/1/9/", "east", 0), "")
		want := map[string]any{"records": 3.0, "open": 2.0, "closed": 1.0}
		for _, actor := range []*identity.Actor{dispatcher, overall, clerk, identity.NewAnonymous()} {
			a := c.data(actor, "law", "law")["articles"].([]any)[2].(map[string]any)
			if diff := cmp.Diff(any(want), a["counts"]); diff != "" {
				t.Errorf("%q is told other figures of article 36 (-want +got):\n%s", actor.Person, diff)
			}
		}
	})
}

// TestLawOverdue turns the clock over a duty's due date and then confirms it.
func TestLawOverdue(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := lawful(t, d)
		c.add("plan", "d1", map[string]any{"article": "a36", "due": "2026-03-03"})
		c.add("plan", "d2", map[string]any{"article": "a36", "due": "2026-03-31"})
		c.add("proof", "old", map[string]any{"duty": "d1", "due": "2025-03-03", "state": "confirmed"})
		c.add("proof", "sent", map[string]any{"duty": "d2", "due": "2026-03-31", "state": "submitted"})
		overdue := func() any {
			return c.data(identity.NewAnonymous(), "law", "law")["articles"].([]any)[2].(map[string]any)["overdue"]
		}
		step := func(what string, want float64) {
			t.Helper()
			if got := overdue(); got != want {
				t.Errorf("%s: %v duties are overdue, want %v", what, got, want)
			}
		}
		step("before any is due", 0)
		c.clock.Set(start.Add(36 * time.Hour))
		step("on the evening of the day it is due", 0)
		c.clock.Set(start.Add(38 * time.Hour))
		step("after midnight in Shanghai", 1)
		c.clock.Set(start.AddDate(0, 0, 40))
		step("after both are due", 2)
		c.add("proof", "p1", map[string]any{"duty": "d1", "due": "2026-03-03", "state": "confirmed"})
		step("after one is confirmed", 1)
	})
}
