package screen

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"chengshu/core/decl"
	"chengshu/core/record"
)

// lawData is the law as a working system: each article with its text, who
// answers for it, which packs carry it out and how they stand.
type lawData struct {
	Title    decl.Text `json:"title"`
	InForce  string    `json:"in_force"`
	Chapters []chapter `json:"chapters"`
	Articles []article `json:"articles"`
}

type chapter struct {
	Number   int64     `json:"number"`
	Title    decl.Text `json:"title"`
	Articles []string  `json:"articles"`

	id string
}

type article struct {
	Number      string       `json:"number"`
	Text        decl.Text    `json:"text"`  // Chinese only: the law has one wording
	About       decl.Text    `json:"about"` // its gist
	Built       string       `json:"built"` // yes, part or no of its packs are loaded; yes when it asks for none
	Packs       []packOf     `json:"packs"`
	Departments []string     `json:"departments"`
	Counts      articleCount `json:"counts"`
	Overdue     int64        `json:"overdue"`
	Screens     []string     `json:"screens"`
}

type packOf struct {
	Name  string    `json:"name"`
	Title decl.Text `json:"title"`
	Built bool      `json:"built"`
}

// articleCount counts all rows of the record types and all cases of the
// processes that serve the article, whoever asks: how the law is carried out
// is a published figure, of which the rows themselves tell nothing.
type articleCount struct {
	Records int64 `json:"records"`
	Open    int64 `json:"open"`
	Closed  int64 `json:"closed"`
}

func (v viewer) law(ctx context.Context, s *Screen, w *Widget) (any, error) {
	l := w.Law
	out := lawData{Title: w.Title, InForce: l.InForce}
	var err error
	if out.Chapters, err = v.chapters(ctx, l); err != nil {
		return nil, err
	}
	articles, err := v.rows(ctx, l.articles)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(articles, func(a, b *record.Row) int { return cmp.Compare(a.Int("number"), b.Int("number")) })
	m := lawMaker{viewer: v, law: l, screen: s, tallies: map[string]articleCount{}}
	if m.systems, err = v.systems(ctx, l); err != nil {
		return nil, err
	}
	if m.overdue, err = v.e.overdueDuties(ctx, l, v.asked.at); err != nil {
		return nil, err
	}
	for _, row := range articles {
		a, err := m.article(ctx, row)
		if err != nil {
			return nil, err
		}
		out.Articles = append(out.Articles, a)
		for i := range out.Chapters {
			if c := &out.Chapters[i]; c.id == row.Text("chapter") {
				c.Articles = append(c.Articles, a.Number)
			}
		}
	}
	return out, nil
}

// rows reads every row of a type that the viewer may read. It is for lists as
// long as a law.
func (v viewer) rows(ctx context.Context, t *record.Type) ([]*record.Row, error) {
	q, ok := v.scoped(t, nil)
	if !ok {
		return nil, nil
	}
	return v.e.rows(ctx, t, q)
}

// rows reads every row that a query finds.
func (e *Engine) rows(ctx context.Context, t *record.Type, q record.Query) ([]*record.Row, error) {
	q.Limit = record.MaxLimit
	var out []*record.Row
	for {
		page, err := e.Records.Query(ctx, t, q)
		if err != nil {
			return nil, err
		}
		out = append(out, page.Rows...)
		if q.After = page.Next; page.Next == "" {
			return out, nil
		}
	}
}

func (v viewer) chapters(ctx context.Context, l *LawOf) ([]chapter, error) {
	rows, err := v.rows(ctx, l.chapters)
	if err != nil {
		return nil, err
	}
	out := make([]chapter, 0, len(rows))
	for _, r := range rows {
		out = append(out, chapter{Number: r.Int("number"), Title: text(r.Text("title"), r.Text("title_en")), Articles: []string{}, id: r.ID})
	}
	slices.SortFunc(out, func(a, b chapter) int { return cmp.Compare(a.Number, b.Number) })
	return out, nil
}

// systems returns the systems that the law asks for, by the id of their row.
func (v viewer) systems(ctx context.Context, l *LawOf) (map[string]packOf, error) {
	rows, err := v.rows(ctx, l.systems)
	if err != nil {
		return nil, err
	}
	out := make(map[string]packOf, len(rows))
	for _, r := range rows {
		name := r.Text("pack")
		built := slices.ContainsFunc(v.e.Packs, func(p Pack) bool { return p.Name == name })
		out[r.ID] = packOf{name, text(r.Text("title"), r.Text("title_en")), built}
	}
	return out, nil
}

// overdueDuties counts, by the id of the article's row, the duties whose
// period has ended and that nobody has confirmed as done for it.
func (e *Engine) overdueDuties(ctx context.Context, l *LawOf, at time.Time) (map[string]int64, error) {
	yesterday := lastDays(at, 2).from.Format("2006-01-02")
	late, err := e.rows(ctx, l.duties, record.Query{Where: []record.Cond{{Field: "due", To: yesterday}}})
	if err != nil || len(late) == 0 {
		return nil, err
	}
	first := slices.MinFunc(late, func(a, b *record.Row) int { return strings.Compare(a.Text("due"), b.Text("due")) }).Text("due")
	done, err := e.rows(ctx, l.done, record.Query{Where: []record.Cond{{Field: "due", From: first, To: yesterday}, {Field: "state", In: []any{l.Confirmed}}}})
	if err != nil {
		return nil, err
	}
	type period struct{ duty, due string }
	confirmed := map[period]bool{}
	for _, r := range done {
		confirmed[period{r.Text("duty"), r.Text("due")}] = true
	}
	out := map[string]int64{}
	for _, r := range late {
		if !confirmed[period{r.ID, r.Text("due")}] {
			out[r.Text("article")]++
		}
	}
	return out, nil
}

// lawMaker makes the articles of one law.
type lawMaker struct {
	viewer
	law     *LawOf
	screen  *Screen
	systems map[string]packOf
	overdue map[string]int64
	tallies map[string]articleCount // by record type
}

func (m *lawMaker) article(ctx context.Context, row *record.Row) (article, error) {
	number := strconv.FormatInt(row.Int("number"), 10)
	a := article{Number: number, Text: text(row.Text("text"), ""), About: text(row.Text("duty"), row.Text("summary_en")),
		Packs: m.packs(row, number), Departments: parts(row.Text("departments")), Overdue: m.overdue[row.ID], Screens: []string{}}
	a.Built = built(a.Packs)
	for _, t := range m.e.Records.Types() {
		if !serves(a.Packs, t.Pack, t.Articles, number) {
			continue
		}
		n, err := m.tally(ctx, t)
		if err != nil {
			return a, err
		}
		a.Counts.Records += n.Records
		a.Counts.Open += n.Open
		a.Counts.Closed += n.Closed
	}
	for _, s := range m.e.Screens {
		if s != m.screen && serves(a.Packs, s.Pack, m.articlesOf(s), number) {
			a.Screens = append(a.Screens, s.Pack+"/"+s.Name)
		}
	}
	return a, nil
}

// packs are the systems that the article's row names, and any other loaded
// pack that says it serves the article.
func (m *lawMaker) packs(row *record.Row, number string) []packOf {
	out := []packOf{}
	named, _ := row.Get("packs").([]string)
	for _, id := range named {
		if p, ok := m.systems[id]; ok {
			out = append(out, p)
		}
	}
	for _, p := range m.e.Packs {
		known := slices.ContainsFunc(out, func(o packOf) bool { return o.Name == p.Name })
		if !known && slices.Contains(p.Articles, number) {
			out = append(out, packOf{p.Name, p.Title, true})
		}
	}
	return out
}

// built sums up how many of the packs are there.
func built(packs []packOf) string {
	there := 0
	for _, p := range packs {
		if p.Built {
			there++
		}
	}
	switch there {
	case len(packs):
		return "yes"
	case 0:
		return "no"
	}
	return "part"
}

// serves reports whether an item of a pack serves the article: the pack does,
// and the item names the article or none at all.
func serves(packs []packOf, pack string, articles []string, number string) bool {
	return slices.ContainsFunc(packs, func(p packOf) bool { return p.Name == pack }) &&
		(len(articles) == 0 || slices.Contains(articles, number))
}

// articlesOf are the articles that the screen's type names.
func (m *lawMaker) articlesOf(s *Screen) []string {
	if t, err := m.e.Records.Type(s.Of); err == nil {
		return t.Articles
	}
	return nil
}

// tally counts the rows of a type, once for all articles.
func (m *lawMaker) tally(ctx context.Context, t *record.Type) (articleCount, error) {
	if n, ok := m.tallies[t.Name]; ok {
		return n, nil
	}
	var n articleCount
	var all record.Query
	var err error
	if t.Case {
		if n.Open, err = m.e.Records.Count(ctx, t, open(all)); err == nil {
			n.Closed, err = m.e.counts.of(ctx, m.viewer, t, closed(all))
		}
	} else {
		n.Records, err = m.e.counts.of(ctx, m.viewer, t, all)
	}
	m.tallies[t.Name] = n
	return n, err
}

// closed narrows a query to closed cases.
func closed(q record.Query) record.Query {
	q.Where = append(slices.Clip(q.Where), record.Cond{Field: "closed_at", From: int64(0)})
	return q
}

// parts splits a list that is written with semicolons.
func parts(s string) []string {
	return strings.FieldsFunc(s, func(r rune) bool { return r == ';' })
}
