package screen

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"chengshu/core/identity"
	"chengshu/kernel/db"
	"chengshu/kernel/db/dbtest"
)

// filled is a city with tickets of nine days:
//
//	nine days ago  one in the west, closed the same day in 24 hours
//	yesterday      one in the west for a lamp, now overdue
//	today          two in the west (one lamp), one in the east without a place;
//	               one more in the west, closed at once and rated 4
func filled(t *testing.T, d *db.DB) *city {
	c := newCity(t, d)
	for code, name := range map[string]string{"lamp": "路灯", "lid": "井盖"} {
		c.add("category", code, map[string]any{"code": code, "name": name})
	}
	c.clock.Set(start.AddDate(0, 0, -9))
	old := c.open("lid", "/1/2/", "west", 114.1)
	c.clock.Set(start.AddDate(0, 0, -8))
	c.finish(old, "")
	c.clock.Set(start.AddDate(0, 0, -1).Add(-time.Hour))
	c.open("lamp", "/1/2/", "west", 114.2)
	c.clock.Set(start)
	c.open("lamp", "/1/2/3/", "west", 114.3, "level", "high")
	c.open("lid", "/1/2/", "west", 114.4)
	c.open("lid", "/1/9/", "east", 0)
	c.finish(c.open("lid", "/1/2/", "west", 114.5), "4")
	return c
}

func TestNumbers(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := filled(t, d)
		cases := map[string]any{"zh": "件", "en": "cases"}
		rows := map[string]any{"zh": "条", "en": "records"}
		for _, tc := range []struct {
			widget string
			actor  *identity.Actor
			want   map[string]any
		}{
			{"opened", dispatcher, map[string]any{"value": 3.0, "unit": cases, "trend": []any{0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 3.0}}},
			{"opened", overall, map[string]any{"value": 4.0, "unit": cases, "trend": []any{0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 4.0}}},
			{"opened", identity.NewAnonymous(), map[string]any{"value": 0.0, "unit": cases}},
			{"opened-week", dispatcher, map[string]any{"value": 4.0, "unit": cases, "trend": []any{0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 3.0}}},
			{"closed", dispatcher, map[string]any{"value": 1.0, "unit": cases, "trend": []any{0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0}}},
			{"open", dispatcher, map[string]any{"value": 3.0, "unit": cases}},
			{"open", overall, map[string]any{"value": 4.0, "unit": cases}},
			{"high", overall, map[string]any{"value": 2.0, "unit": cases}},
			{"high", clerk, map[string]any{"value": 0.0, "unit": cases}}, // the category is hidden from clerks
			{"open", clerk, map[string]any{"value": 4.0, "unit": cases}},
			{"late", dispatcher, map[string]any{"value": 1.0, "of": 3.0, "unit": cases}},
			{"categories", dispatcher, map[string]any{"value": 2.0, "unit": rows}},
		} {
			if diff := cmp.Diff(tc.want, c.data(tc.actor, "board", tc.widget)); diff != "" {
				t.Errorf("%s for %s (-want +got):\n%s", tc.widget, tc.actor.Person, diff)
			}
		}
	})
}

func TestSeriesAndGroups(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := filled(t, d)
		title := func(zh, en string) map[string]any { return map[string]any{"zh": zh, "en": en} }
		for _, tc := range []struct {
			widget string
			actor  *identity.Actor
			want   map[string]any
		}{
			{"trend", dispatcher, map[string]any{"x": []any{"02-24", "02-25", "02-26", "02-27", "02-28", "03-01", "03-02"}, "series": []any{
				map[string]any{"title": title("新增", "Opened"), "y": []any{0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 3.0}},
				map[string]any{"title": title("办结", "Closed"), "y": []any{0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0}}}}},
			{"by-category", dispatcher, map[string]any{"rows": []any{
				map[string]any{"key": "lamp", "title": title("路灯", "路灯"), "value": 2.0},
				map[string]any{"key": "lid", "title": title("井盖", "井盖"), "value": 1.0}}}},
			{"by-category", clerk, map[string]any{"rows": []any{}}},
			{"by-level", overall, map[string]any{"rows": []any{
				map[string]any{"key": "low", "title": title("低", "Low"), "value": 5.0},
				map[string]any{"key": "high", "title": title("高", "High"), "value": 1.0}}}},
			{"note", clerk, map[string]any{"text": title("说明文字", "A note")}},
		} {
			if diff := cmp.Diff(tc.want, c.data(tc.actor, "board", tc.widget)); diff != "" {
				t.Errorf("%s for %s (-want +got):\n%s", tc.widget, tc.actor.Person, diff)
			}
		}
	})
}

func TestRanking(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := filled(t, d)
		got := c.data(overall, "board", "units")
		want := []any{map[string]any{"key": "west", "title": map[string]any{"zh": "单位west", "en": "Unit west"},
			"closed": 2.0, "on_time": 1.0, "hours": 12.0, "returns": 0.0, "rating": 4.0}}
		if diff := cmp.Diff(want, got["rows"]); diff != "" {
			t.Errorf("rows (-want +got):\n%s", diff)
		}
		var names []string
		for _, col := range got["columns"].([]any) {
			names = append(names, col.(map[string]any)["name"].(string))
		}
		if diff := cmp.Diff([]string{"title", "closed", "on_time", "hours", "returns", "rating"}, names); diff != "" {
			t.Errorf("columns (-want +got):\n%s", diff)
		}
	})
}

// TestQueue wants the most urgent first, and each item rendered for whom it is
// shown to even where the rows are shared.
func TestQueue(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := filled(t, d)
		twin := &identity.Actor{Person: "twin", Posts: []identity.Post{west}}
		for _, a := range []*identity.Actor{dispatcher, twin} {
			items := c.data(a, "board", "queue")["items"].([]any)
			if len(items) != 3 {
				t.Fatalf("%d items for %s, want 3", len(items), a.Person)
			}
			for _, it := range items {
				if it.(map[string]any)["for"] != a.Person {
					t.Errorf("%s is shown what was rendered for %v", a.Person, it)
				}
			}
		}
		first := c.data(dispatcher, "board", "queue")["items"].([]any)[0].(map[string]any)["id"]
		if row, err := c.records.Get(d.Read(context.Background()), c.ticket(), first.(string)); err != nil || row.CreatedAt >= start.UnixMilli() {
			t.Errorf("the overdue ticket is not first: %v %v", row, err)
		}
	})
}

// TestMap wants points of open cases only, with a light, and the title only for
// those who see it in clear on every row.
func TestMap(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := filled(t, d)
		for _, tc := range []struct {
			actor  *identity.Actor
			points int
			titled bool
			areas  any
		}{
			{dispatcher, 3, false, "/api/records/category?format=geojson"},
			{handler, 3, true, "/api/records/category?format=geojson"},
			{clerk, 3, false, "/api/records/category?format=geojson"},
			{identity.NewAnonymous(), 0, false, "/api/records/category?format=geojson"},
		} {
			got := c.data(tc.actor, "board", "map")
			points := got["points"].([]any)
			if len(points) != tc.points || got["areas"] != tc.areas {
				t.Errorf("%s: %d points over %v, want %d over %v", tc.actor.Person, len(points), got["areas"], tc.points, tc.areas)
			}
			var lights []string
			for _, p := range points {
				p := p.(map[string]any)
				lights = append(lights, p["light"].(string))
				if _, titled := p["title"]; titled != tc.titled || p["type"] != "ticket" || p["lat"] != 38.0 {
					t.Errorf("%s: point %v", tc.actor.Person, p)
				}
			}
			if tc.points > 0 && !slices.Equal(lights, []string{"red", "green", "green"}) {
				t.Errorf("%s: lights %v", tc.actor.Person, lights)
			}
		}
	})
}
