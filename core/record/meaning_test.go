package record

import (
	"context"
	"strings"
	"testing"

	"chengshu/kernel/db"
	"chengshu/kernel/db/dbtest"
)

// kinds of things have English names, choices and spans; things copy them.
const meaningYAML = `
record: sort
title: Sort
owner: a
basis: b
fields:
  name: {title: N, type: text, required: true}
  name_en: {title: N, type: text}
  size: {title: S, type: choice, choices: {big: {title: {zh: 大, en: Big}}}}
  span: {title: T, type: text, format: span}
title_field: name
title_field_en: name_en
---
record: thing
title: Thing
owner: a
basis: b
fields:
  kind: {title: S, type: reference, to: sort}
  size: {title: S, type: choice, from: kind.size}
  span: {title: T, type: text, from: kind.span}
`

// TestMeaning holds that a copied field means what its origin means, and that
// a row's title is in both languages.
func TestMeaning(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, meaningYAML)
		if f := w.typ("thing").Field("span"); f.Format != Span {
			t.Errorf("the copied span has format %q", f.Format)
		}
		lamp := w.create("sort", `{"name":"路灯","name_en":"Street lamp","size":"big","span":"3 work-days"}`)
		bare := w.create("sort", `{"name":"井盖"}`)
		thing := w.create("thing", `{"kind":"`+lamp.ID+`"}`)
		got, err := View{}.Append(context.Background(), w.e, nil, thing)
		must(t, err)
		for _, want := range []string{`"kind":{"zh":"路灯","en":"Street lamp"}`, `"size":{"zh":"大","en":"Big"}`, `"span":"3 work-days"`} {
			if !strings.Contains(string(got), want) {
				t.Errorf("%s lacks %s", got, want)
			}
		}
		if title := bare.Title(); title.En != "井盖" {
			t.Errorf("without an English name the title is %+v", title)
		}
		_, err = w.plan("sort", `{"name":"井盖","span":"soon"}`)
		wants(t, err, "invalid-fields", "fields.span")
	})
}

func TestMeaningIsDeclaredRight(t *testing.T) {
	for name, c := range map[string]struct{ old, new, says string }{
		"choices from none":    {"size: {title: S, type: choice, choices: {big: {title: {zh: 大, en: Big}}}}", "size: {title: S, type: text}", "sort.size has no choices to take over"},
		"unknown format":       {"format: span", "format: spam", "format must be one of [span]"},
		"format of a number":   {"type: text, format: span", "type: integer, format: span", "format is for text only"},
		"English name unknown": {"title_field_en: name_en", "title_field_en: english", `"english" in title_field_en is not a field`},
		"English name masked":  {"name_en: {title: N, type: text}", "name_en: {title: N, type: text, personal: true}", "title_field_en must be a text field without personal information"},
	} {
		t.Run(name, func(t *testing.T) {
			text := strings.Replace(meaningYAML, c.old, c.new, 1)
			if text == meaningYAML {
				t.Fatalf("%q is not in the declaration", c.old)
			}
			if _, _, err := declare(t, text); err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("got %v, want %q", err, c.says)
			}
		})
	}
}
