package pack_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"chengshu/core/decl"
	"chengshu/pack"
	"chengshu/pack/packtest"
)

const lampText = `thing: lamp
title: {zh: 灯, en: Lamp}
fields:
  height: {type: integer, max: 20}
  note: {type: text}
roles: keeper
steps:
  - name: check
    within: 2 days
  - name: mend
fee: 1
`

func lampPack(t *testing.T) pack.Source {
	t.Helper()
	return open(t, map[string]string{"lamps/pack.yaml": manifest("lamps", ""), "lamps/t.yaml": lampText}, "packs")
}

// overlayOf returns a source whose pack holds text, HASH standing for the hash
// of the lamp as its pack declares it.
func overlayOf(t *testing.T, name, text string) pack.Source {
	t.Helper()
	text = strings.ReplaceAll(text, "HASH", lamp(t, lampPack(t)).Hash)
	s := open(t, map[string]string{"pack.yaml": manifest(name, ""), "change.yaml": text}, name)
	s.Overlay = true
	return s
}

func lamp(t *testing.T, sources ...pack.Source) *packtest.Thing {
	t.Helper()
	l := mustLoad(t, sources...)
	it, ok := decl.Find[*packtest.Thing](l.Set, "thing", "lamp")
	if !ok {
		t.Fatal("no lamp")
	}
	return it
}

func TestOverlayChanges(t *testing.T) {
	plain := lamp(t, lampPack(t))
	got := lamp(t, lampPack(t), overlayOf(t, "city", `overlay: thing/lamp
of: HASH
remove: [fields.note, steps.1]
set:
  title.en: Street lamp
  fields.height.max: 30
  fields.colour: {type: text}
  steps.check.within: 1 day
add:
  roles: [police]
  steps: {name: report}
  fields: {age: {type: integer}}
`))
	if got.Title != (decl.Text{Zh: "灯", En: "Street lamp"}) {
		t.Errorf("title is %+v", got.Title)
	}
	var fields, steps []string
	for _, f := range got.Fields {
		fields = append(fields, f.Name+" "+f.Type)
	}
	for _, s := range got.Steps {
		steps = append(steps, s.Name+" "+s.Within)
	}
	if diff := cmp.Diff([]string{"height integer", "colour text", "age integer"}, fields); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"check 1 day", "report "}, steps); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"keeper", "police"}, got.Roles); diff != "" {
		t.Error(diff)
	}
	if got.Fields[0].Max != 30 || got.Fields[1].File != "city/change.yaml" || got.Fields[1].Line != 7 {
		t.Errorf("fields are %+v", got.Fields)
	}
	if got.Hash == plain.Hash || got.Pack != "lamps" || got.File != "packs/lamps/t.yaml" {
		t.Errorf("meta is %+v", got.Meta)
	}
	if !strings.Contains(lampText, "note") || len(plain.Fields) != 2 {
		t.Error("the pack itself was changed")
	}
}

// TestLaterOverlayWins also shows that an overlay names the hash of the item
// as declared, not as another overlay leaves it.
func TestLaterOverlayWins(t *testing.T) {
	province := overlayOf(t, "province", "overlay: thing/lamp\nof: HASH\nset: {fee: 2, title.en: Provincial lamp}\n")
	city := overlayOf(t, "city", "overlay: thing/lamp\nof: HASH\nset: {fee: 3}\n")
	if got := lamp(t, lampPack(t), province, city); got.Fee != 3 || got.Title.En != "Provincial lamp" {
		t.Errorf("fee %d, title %s", got.Fee, got.Title.En)
	}
	if got := lamp(t, lampPack(t), city, province); got.Fee != 2 {
		t.Errorf("fee %d", got.Fee)
	}
}

// TestOverlayStopsAfterUpgrade changes the pack under an overlay.
func TestOverlayStopsAfterUpgrade(t *testing.T) {
	upgraded := open(t, map[string]string{"lamps/pack.yaml": manifest("lamps", ""), "lamps/t.yaml": strings.Replace(lampText, "fee: 1", "fee: 7", 1)}, "packs")
	_, report := pack.Load([]pack.Source{upgraded, overlayOf(t, "city", "overlay: thing/lamp\nof: HASH\nset: {fee: 3}\n")}, packtest.Kinds())
	problems := report.Problems()
	if len(problems) != 1 || !strings.Contains(problems[0].En, "fee: 7 → 3") || problems[0].File != "city/change.yaml" {
		t.Errorf("problems are %+v", problems)
	}
	layout := open(t, map[string]string{"lamps/pack.yaml": manifest("lamps", ""), "lamps/t.yaml": "# newer\n" + strings.Replace(lampText, "fee: 1", "fee:   1 # yuan", 1)}, "packs")
	if got := lamp(t, layout, overlayOf(t, "city", "overlay: thing/lamp\nof: HASH\nset: {fee: 3}\n")); got.Fee != 3 {
		t.Errorf("a change of layout broke the overlay: %+v", got)
	}
}

func TestOverlayBringsNewItems(t *testing.T) {
	l := mustLoad(t, lampPack(t), overlayOf(t, "city", "link: to-lamp\nto: lamp\n"))
	it, ok := decl.Find[*packtest.Link](l.Set, "link", "to-lamp")
	if !ok || it.Pack != "city" || it.Target == nil {
		t.Errorf("got %+v", it)
	}
	if p := l.Pack("city"); !p.Overlay || p.Counts["link"] != 1 {
		t.Errorf("pack is %+v", p)
	}
}
