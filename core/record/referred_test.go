package record

import (
	"context"
	"strings"
	"testing"

	"chengshu/kernel/db"
	"chengshu/kernel/db/dbtest"
	"chengshu/kernel/fault"
)

// TestUnreferred holds that a row to which living ones refer, in whatever kind
// of field, is not deleted, and that of one deleted all the same the title stays.
func TestUnreferred(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := context.Background()
		w := newWorld(t, d, cityYAML)
		for _, id := range []string{"p1", "p2", "p3", "p4", "p5"} {
			w.placed(id, "/1/")
		}
		lamps := map[string]*Row{
			"p1": w.create("lamp", `{"code":"A","stands":"p1"}`),
			"p2": w.create("lamp", `{"code":"B","close_to":["p5","p2"]}`),
			"p3": w.create("lamp", `{"code":"C","parts":[{"name":"from p4 \"from\":\"p4\"","from":"p3"}]}`),
		}
		w.create("lamp", `{"code":"D","stands":"p1"}`)
		for id, lamp := range lamps {
			err := w.e.Unreferred(ctx, w.get("place", id))
			wants(t, err, "referred-to", "lamp")
			count := map[string]string{"p1": "Lamp: 2"}[id]
			if count == "" {
				count = "Lamp: 1"
			}
			if !fault.Is(err, fault.Conflict) || !strings.Contains(err.(*fault.Fault).Fields[0].En, count) {
				t.Errorf("%s: %v, want %s", id, err, count)
			}
			must(t, w.delete(lamp))
			if err := w.e.Unreferred(ctx, w.get("place", id)); (err == nil) != (id != "p1") {
				t.Errorf("%s after the lamp is gone: %v", id, err)
			}
		}
		must(t, w.e.Unreferred(ctx, w.get("place", "p4")))

		named, err := w.revise(w.get("place", "p1"), `{"name":"East gate"}`)
		must(t, err)
		must(t, w.delete(named))
		f := w.typ("lamp").Field("stands")
		title, err := w.e.Label(ctx, f, "p1")
		must(t, err)
		if title.Zh != "East gate" {
			t.Errorf("the title of a deleted place is %q", title.Zh)
		}
		if ref, err := w.e.Refer(ctx, "place", "p1"); err != nil || ref != nil {
			t.Errorf("a deleted place is found: %v, %v", ref, err)
		}
		_, err = w.plan("lamp", `{"code":"E","stands":"p1"}`)
		wants(t, err, "invalid-fields", "fields.stands")
	})
}

// TestBlank holds that blanks do not fill a required field.
func TestBlank(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, strings.ReplaceAll(cityYAML, ", pattern: '^[A-Z0-9]*$'", ""))
		_, err := w.plan("lamp", `{"code":" \t　","parts":[{"name":"  "}]}`)
		wants(t, err, "invalid-fields", "fields.parts.0.name", "fields.code")
	})
}
