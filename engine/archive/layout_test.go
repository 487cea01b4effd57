package archive

import (
	"strings"
	"testing"

	"chengshu/core/record"

	"github.com/google/go-cmp/cmp"
)

// word is a word of characters twenty pixels high and wide, or ten for ASCII.
func word(line, x, y, conf int, text string) Word {
	width := 0
	for _, r := range text {
		width += int(10 * span(r))
	}
	return Word{X: x, Y: y, W: width, H: 20, Conf: conf, Line: line, Text: text}
}

// TestFind: values are found beside and below labels and in boxes, end at the next
// label or a wide gap, and say where they stand.
func TestFind(t *testing.T) {
	page := []Word{
		word(1, 100, 100, 95, "档号："), word(1, 200, 102, 90, "SJZ-1998"),
		word(2, 500, 104, 95, "登记日其"), word(3, 600, 106, 96, "1998年6月"), word(3, 700, 106, 70, "15日"),
		word(4, 100, 200, 95, "姓名"), word(4, 160, 200, 93, "李淇"), word(4, 260, 200, 95, "年份"), word(4, 320, 200, 99, "1986"),
		word(5, 100, 300, 95, "备注"), word(6, 105, 340, 88, "无"),
		word(7, 100, 400, 95, "地址"), word(7, 160, 400, 91, "长安区"), word(7, 800, 400, 60, "污渍"),
	}
	tpl := &Template{Fields: []*Field{
		{Name: "no", Label: []string{"档号"}, At: atRight, Within: 0.5, As: asCode},
		{Name: "on", Label: []string{"登记日期"}, At: atRight, Within: 0.5},
		{Name: "name", Label: []string{"产权人", "姓名"}, At: atRight, Within: 0.5},
		{Name: "year", Label: []string{"年份"}, At: atRight, Within: 0.5},
		{Name: "note", Label: []string{"备注"}, At: atBelow, Within: 0.2},
		{Name: "address", Label: []string{"地址"}, At: atRight, Within: 0.5},
		{Name: "boxed", Box: []Share{0.15, 0.38, 0.1, 0.06}},
		{Name: "far", Label: []string{"年份"}, At: atRight, Within: 0.001},
		{Name: "gone", Label: []string{"用途"}, At: atRight, Within: 0.5},
	}}
	for _, f := range tpl.Fields {
		typ := map[string]record.FieldType{"on": record.Date, "year": record.Integer}[f.Name]
		if typ == "" {
			typ = record.Text
		}
		f.field = &record.Field{Name: f.Name, Type: typ}
	}
	got := map[string]Found{}
	for _, f := range tpl.locate([][]*layout{{layOut(1000, 1000, page), layOut(1000, 1000, nil)}}) {
		got[f.Field] = f
	}
	for name, want := range map[string]Found{
		"no":      {Value: "SJZ-1998", Raw: "SJZ-1998", Page: 1, X: 0.2, Y: 0.102, Width: 0.08, Height: 0.02, Confidence: 90},
		"on":      {Value: "1998-06-15", Raw: "1998年6月15日", Page: 1, X: 0.6, Y: 0.106, Width: 0.14, Height: 0.02, Confidence: 70},
		"name":    {Value: "李淇", Raw: "李淇", Page: 1, X: 0.16, Y: 0.2, Width: 0.04, Height: 0.02, Confidence: 93},
		"year":    {Value: "1986", Raw: "1986", Page: 1, X: 0.32, Y: 0.2, Width: 0.04, Height: 0.02, Confidence: 99},
		"note":    {Value: "无", Raw: "无", Page: 1, X: 0.105, Y: 0.34, Width: 0.02, Height: 0.02, Confidence: 88},
		"address": {Value: "长安区", Raw: "长安区", Page: 1, X: 0.16, Y: 0.4, Width: 0.06, Height: 0.02, Confidence: 91},
		"boxed":   {Value: "长安区", Raw: "长安区", Page: 1, X: 0.16, Y: 0.4, Width: 0.06, Height: 0.02, Confidence: 91},
		"far":     {Why: noValue},
		"gone":    {Why: noLabel},
	} {
		want.Field = name
		one := got[name]
		one.Width, one.Height = share(one.Width, 1), share(one.Height, 1)
		if d := cmp.Diff(want, one); d != "" {
			t.Errorf("%s: %s", name, d)
		}
	}
}

// TestEither: two readings that agree are as sure as the surer; those that differ
// need a person.
func TestEither(t *testing.T) {
	a, b := Found{Value: "冯立洁", Page: 1, Confidence: 91}, Found{Value: "汉立洁", Page: 1, Confidence: 95}
	if got := either(a, b); got.Value != "汉立洁" || got.Confidence != swapped || !strings.Contains(got.Why.Zh, "冯立洁") {
		t.Errorf("two that differ: %+v", got)
	}
	b.Value = a.Value
	if got := either(a, b); got.Confidence != 95 || got.Why.Zh != "" {
		t.Errorf("two that agree: %+v", got)
	}
	if got := either(Found{Page: 1, Raw: "x", Why: notAsType}, a); got.Value != a.Value || got.Why.Zh != "" {
		t.Errorf("one that is no value: %+v", got)
	}
}

// TestAgree: what is not sure needs somebody's word, and each value a place.
func TestAgree(t *testing.T) {
	tpl := &Template{Sure: 85, Fields: []*Field{{Name: "a"}}}
	sure := map[string]any{"field": "a", "value": "1", "page": int64(1), "x": int64(1000), "y": int64(1000), "width": int64(500), "height": int64(500), "confidence": int64(90)}
	with := func(m map[string]any, more map[string]any) map[string]any {
		out := map[string]any{}
		for _, from := range []map[string]any{m, more} {
			for k, v := range from {
				out[k] = v
			}
		}
		return out
	}
	doubtful, missing := with(sure, map[string]any{"confidence": int64(40)}), map[string]any{"field": "a", "why": "没有"}
	for _, c := range []struct {
		name           string
		found, checked map[string]any
		value          string
		ok             bool
	}{
		{"sure", sure, nil, "1", true},
		{"doubtful", doubtful, nil, "", false},
		{"doubtful, said again without a word", doubtful, map[string]any{"field": "a", "value": "1"}, "", false},
		{"doubtful, confirmed", doubtful, map[string]any{"field": "a", "value": "1", "confirmed": true}, "1", true},
		{"corrected", doubtful, map[string]any{"field": "a", "value": " 2 "}, "2", true},
		{"missing", missing, nil, "", false},
		{"missing, and so confirmed", missing, map[string]any{"field": "a", "confirmed": true}, "", true},
		{"put in without a place", missing, map[string]any{"field": "a", "value": "3", "confirmed": true}, "", false},
		{"put in on a page that is not there", missing, with(sure, map[string]any{"page": int64(2), "confirmed": true}), "", false},
		{"put in beyond the page", missing, with(sure, map[string]any{"x": int64(9900), "confirmed": true}), "", false},
		{"put in", missing, with(sure, map[string]any{"value": "3", "confirmed": true}), "3", true},
		{"another field", sure, map[string]any{"field": "b", "value": "3"}, "", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			var checked []map[string]any
			if c.checked != nil {
				checked = append(checked, c.checked)
			}
			got, err := tpl.agree([]map[string]any{c.found}, checked, 1)
			if (err == nil) != c.ok || c.ok && got[0].Value != c.value {
				t.Errorf("got %+v, %v; want %q, %t", got, err, c.value, c.ok)
			}
		})
	}
}

func FuzzParseTSV(f *testing.F) {
	f.Add("5\t1\t1\t1\t1\t1\t449\t83\t576\t65\t87.604149\t房屋\n")
	f.Add("4\t1\t1\t1\t1\t0\t0\t0\t1\t1\t-1\t\n5\t1\t1\t1\t1\t2\t-4\t9\t9\t9\tNaN\tx")
	f.Fuzz(func(t *testing.T, tsv string) {
		words := parseTSV([]byte(tsv), 0)
		for _, w := range words {
			if w.X < 0 || w.Y < 0 || w.W < 0 || w.H < 0 || w.Conf < 0 || w.Conf > 100 || strings.TrimSpace(w.Text) == "" {
				t.Errorf("%+v", w)
			}
		}
		layOut(100, 100, words).text()
	})
}
