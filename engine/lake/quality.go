package lake

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"chengshu/core/decl"
	"chengshu/core/record"
	"chengshu/engine/lake/duck"
	"chengshu/kernel/clock"
	"chengshu/kernel/fault"
)

// Finding is something that a dataset asks of a file as a whole and that this
// one does not keep.
type Finding struct {
	Rule  string    `json:"rule"` // bad, rows, fresh, drift or datum, as under quality
	Field string    `json:"field,omitempty"`
	Stop  bool      `json:"stop,omitempty"` // it may not be released
	Text  decl.Text `json:"text"`
}

// published is what everybody who reads a release is told: without cells of the
// file, which not all of them may see.
func (q Quality) published() Quality {
	q.Cleaned = slices.Clone(q.Cleaned)
	for i := range q.Cleaned {
		q.Cleaned[i].Examples = nil
	}
	return q
}

// stopped refuses a release that a finding stops.
func (q Quality) stopped() error {
	var zh, en []string
	for _, f := range q.Findings {
		if f.Stop {
			zh, en = append(zh, f.Text.Zh), append(en, f.Text.En)
		}
	}
	if len(zh) == 0 {
		return nil
	}
	return fault.New(fault.Invalid, "quality", "质量不达标，不能发布："+strings.Join(zh, "；"), "the quality is below what a release needs: "+strings.Join(en, "; "))
}

// Because says in words why a row of the batch was not taken, as the rule was
// declared then.
func (b *Batch) Because(t *record.Type, why Rule) decl.Text {
	for _, r := range b.Report.Quality.Rules {
		if r.Field != why.Field || r.Rule != why.Rule || r.Text == nil {
			continue
		}
		if r.Field == "" || strings.HasPrefix(r.Rule, ruleCheck) {
			return *r.Text
		}
		title := fieldTitle(t, r.Field)
		return decl.Text{Zh: title.Zh + "：" + r.Text.Zh, En: title.En + " " + r.Text.En}
	}
	zh, en := Because(t, why)
	return decl.Text{Zh: zh, En: en}
}

// tellQuality asks what the findings rest on.
func (p *plan) tellQuality() {
	q := p.t.Quality
	if q == nil {
		return
	}
	if q.Fresh != nil {
		p.ask(theAge, "select epoch_ms(cast(max(%s) as timestamptz)) from judged where %s", duck.Name(q.Fresh.Field), okName)
	}
	if q.Anchor != nil {
		p.ask(theDatums, "select %s as d, count(*) as n, list_slice(list_sort(list(distinct %s)), 1, %d) from judged where d is not null group by d order by n desc, d", datumName, duck.Name(q.Anchor.By), maxNamed+1)
	}
	if p.out.last != "" {
		figures := p.figures()
		p.ask(thisTime, "select %s from judged where %s", figures, okName)
		p.ask(lastTime, "select %s from (%s)", figures, p.out.last)
	}
}

// compared are the fields that the last release has too. Personal ones are
// left out: the mean of a few people is what one of them has.
func (p *plan) compared() []*record.Field {
	return slices.DeleteFunc(slices.Clone(p.t.Fields), func(f *record.Field) bool {
		return f.Personal || !slices.ContainsFunc(p.out.fields, func(was Field) bool { return was.Name == f.Name && was.Type == string(f.Type) })
	})
}

// figures are what two releases are compared by: the rows, and of each field
// how many have a value, the mean and deviation of a number, and the rows of
// each choice.
func (p *plan) figures() string {
	out := []string{"count(*)"}
	for _, f := range p.compared() {
		name := duck.Name(f.Name)
		out = append(out, "count("+name+")")
		switch f.Type {
		case record.Integer, record.Decimal:
			out = append(out, "avg("+name+"::double)", "stddev_pop("+name+"::double)")
		case record.ChoiceOf:
			for _, c := range f.Choices {
				out = append(out, fmt.Sprintf("count(*) filter (%s = %s)", name, duck.Quote(c.Value)))
			}
		}
	}
	return strings.Join(out, ", ")
}

// finder collects findings.
type finder struct {
	p    *plan
	asks *record.Quality
	out  []Finding
}

func (n *finder) find(rule, field, zh, en string, args ...any) {
	n.out = append(n.out, Finding{rule, field, slices.Contains(n.asks.Stop, rule), decl.Text{Zh: fmt.Sprintf(zh, args...), En: fmt.Sprintf(en, args...)}})
}

// findings are what the file as a whole does not keep.
func (p *plan) findings(q Quality, got map[int]duck.Rows) ([]Finding, error) {
	asks := p.t.Quality
	if asks == nil {
		return nil, nil
	}
	n := &finder{p: p, asks: asks}
	if asks.Bad != nil && q.Bad*100 > q.Rows*int64(*asks.Bad) {
		n.find("bad", "", "%[1]d 行中有 %[2]d 行未采用，超过 %[3]d%%", "%[2]d of %[1]d rows were not taken, more than %[3]d%%", q.Rows, q.Bad, *asks.Bad)
	}
	if q.Good < int64(asks.Rows) {
		n.find("rows", "", "合格的只有 %d 行，少于 %d 行", "only %d rows are good, fewer than %d", q.Good, asks.Rows)
	}
	if asks.Fresh != nil {
		if err := n.age(got[p.at[theAge]].Rows[0][0]); err != nil {
			return nil, err
		}
	}
	if asks.Anchor != nil {
		if err := n.datums(got[p.at[theDatums]].Rows); err != nil {
			return nil, err
		}
	}
	if p.out.last != "" {
		n.drift(got[p.at[lastTime]].Rows[0], got[p.at[thisTime]].Rows[0])
	}
	return n.out, nil
}

// age compares the newest value with the moment of the check.
func (n *finder) age(newest any) error {
	f := n.asks.Fresh
	title := fieldTitle(n.p.t, f.Field)
	if newest == nil {
		n.find("fresh", f.Field, "没有一行有“%[1]s”，无法判断新旧", "no row has a value of %[2]q, so that nobody can tell how old it is", title.Zh, title.En)
		return nil
	}
	var ms int64
	if err := scan([]any{newest}, &ms); err != nil {
		return err
	}
	unit := map[clock.Unit]time.Duration{clock.Minutes: time.Minute, clock.Hours: time.Hour, clock.Days: 24 * time.Hour}[f.Span.Unit()]
	if at := time.UnixMilli(ms); n.p.now.Sub(at) > time.Duration(f.Span.Count())*unit {
		if n.p.t.Field(f.Field).Personal {
			n.find("fresh", f.Field, "“%[1]s”最新的一行超过 %[3]s", "the newest row by %[2]q is more than %[4]s old", title.Zh, title.En, f.Span.Zh(), f.Span.String())
			return nil
		}
		day := at.In(clock.Shanghai).Format("2006-01-02 15:04")
		n.find("fresh", f.Field, "“%[1]s”最新为 %[3]s，超过 %[4]s", "the newest %[2]q is of %[3]s, more than %[5]s ago", title.Zh, title.En, day, f.Span.Zh(), f.Span.String())
	}
	return nil
}

// datums tells the coordinate systems that the anchors have told.
func (n *finder) datums(rows [][]any) error {
	a := n.asks.Anchor
	f := n.p.t.Field(a.Field)
	by := n.p.t.Field(a.By)
	var parts []string
	other := len(rows) > 1
	for _, row := range rows {
		var count int64
		if err := scan(row[1:2], &count); err != nil {
			return err
		}
		name, _ := row[0].(string)
		other = other || name != declaredDatum(f)
		keys, _ := row[2].([]any)
		var shown []string
		for _, k := range keys {
			if s, ok := k.(string); ok {
				shown = append(shown, s)
			}
		}
		part := fmt.Sprintf("%s ×%d", name, count)
		if !by.Personal && len(shown) > 0 {
			part += " (" + strings.Join(shown[:min(len(shown), maxNamed)], ", ") + map[bool]string{true: ", …"}[len(shown) > maxNamed] + ")"
		}
		parts = append(parts, part)
	}
	if other {
		found := strings.Join(parts, "; ")
		n.find("datum", a.Field, "坐标系与声明的 %[1]s 不一致：%[2]s", "points are in other coordinate systems than %[1]s as declared: %[2]s", declaredDatum(f), found)
	}
	return nil
}

// maxNamed bounds the keys that a finding names.
const maxNamed = 20

// drift compares the figures of the file with those of the last release.
func (n *finder) drift(was, is []any) {
	asks := n.asks.Drift
	next := func() (a, b float64) {
		a, b = float(was[0]), float(is[0])
		was, is = was[1:], is[1:]
		return a, b
	}
	rowsWas, rowsAre := next()
	if rowsWas == 0 || rowsAre == 0 {
		return // nothing to compare
	}
	if change := 100 * (rowsAre - rowsWas) / rowsWas; asks.Rows > 0 && math.Abs(change) > float64(asks.Rows) {
		n.find("drift", "", "行数由 %.0f 变为 %.0f（%+.0f%%），超过 ±%d%%", "the rows went from %.0f to %.0f (%+.0f%%), beyond ±%d%%", rowsWas, rowsAre, change, asks.Rows)
	}
	for _, f := range n.p.compared() {
		valuesWas, valuesAre := next()
		emptyWas, emptyIs := 100*(1-valuesWas/rowsWas), 100*(1-valuesAre/rowsAre)
		if asks.Empty > 0 && emptyIs-emptyWas > float64(asks.Empty) {
			n.find("drift", f.Name, "“%[1]s”为空的由 %.1[3]f%% 增至 %.1[4]f%%", "empty %[2]q went from %.1[3]f%% to %.1[4]f%%", f.Title.Zh, f.Title.En, emptyWas, emptyIs)
		}
		switch f.Type {
		case record.Integer, record.Decimal:
			meanWas, meanIs := next()
			sigma, _ := next()
			if far := math.Abs(meanIs - meanWas); asks.Mean > 0 && valuesWas > 0 && valuesAre > 0 && far > asks.Mean*sigma {
				n.find("drift", f.Name, "“%[1]s”的平均值由 %.4[3]g 变为 %.4[4]g，超出 %[5]g 倍标准差", "the mean of %[2]q went from %.4[3]g to %.4[4]g, beyond %[5]g standard deviations", f.Title.Zh, f.Title.En, meanWas, meanIs, asks.Mean)
			}
		case record.ChoiceOf:
			for _, c := range f.Choices {
				ofWas, ofIs := next()
				shareWas, shareIs := 100*ofWas/rowsWas, 100*ofIs/rowsAre
				if asks.Shares > 0 && math.Abs(shareIs-shareWas) > float64(asks.Shares) {
					n.find("drift", f.Name, "“%[1]s”中“%[3]s”的占比由 %.1[5]f%% 变为 %.1[6]f%%", "the share of %[4]q in %[2]q went from %.1[5]f%% to %.1[6]f%%", f.Title.Zh, f.Title.En, c.Title.Zh, c.Title.En, shareWas, shareIs)
				}
			}
		}
	}
}

// float is a number that a worker has returned; 0 for none.
func float(v any) float64 {
	n, _ := v.(json.Number)
	f, _ := n.Float64()
	return f
}
