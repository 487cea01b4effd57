package server

import (
	"context"
	"net/http"
	"slices"

	"chengshu/core/access"
	"chengshu/core/record"
	"chengshu/engine/lake/link"
	"chengshu/engine/lake/linkage"
	"chengshu/kernel/fault"
)

// decisionsOfRow is how many decisions about each row an entity tells.
const decisionsOfRow = 50

type entityView struct {
	ID        string          `json:"id"`
	Members   []memberView    `json:"members"`
	Golden    []goldenView    `json:"golden"`
	Decisions []decisionView  `json:"decisions"`
	Fields    []linkFieldView `json:"fields"`
}

type memberView struct {
	linkSideView
	Fields map[string]string `json:"fields"` // of the linkage
	Masked []string          `json:"masked,omitempty"`
}

type goldenView struct {
	Field   string     `json:"field"`
	Value   *string    `json:"value"`
	Masked  bool       `json:"masked,omitempty"`
	From    link.RowID `json:"from"`
	Why     string     `json:"why"`
	WhyText fault.Text `json:"why_text"`
}

// linkReasonsGolden say why a value is taken.
var linkReasonsGolden = map[string]fault.Text{
	link.Agreed:        {Zh: "各行一致", En: "All rows agree"},
	link.Authoritative: {Zh: "权威来源", En: "The authoritative source"},
	link.FirstRow:      {Zh: "没有规则能决定，取第一行", En: "No rule decided: the first row"},
	"valid":            {Zh: "校验码正确", En: "Its check digit is right"},
	"most":             {Zh: "多数行如此", En: "Most rows have it"},
	"newest":           {Zh: "最新", En: "It is the newest"},
	"longest":          {Zh: "最完整", En: "It is the longest"},
}

// linkedEntity sends an entity: those of its rows that the caller may read, and the
// values that it is known by, each with the row that it comes from.
func (s *Server) linkedEntity(w http.ResponseWriter, r *http.Request) error {
	l, run, _, err := s.presentRun(r, access.Read)
	if err != nil {
		return err
	}
	q := s.db.Read(r.Context())
	ids, err := s.linkage.Members(q, run, r.PathValue("entity"))
	if err != nil {
		return err
	}
	lr, err := s.linkedRows(r, l, ids)
	if err != nil {
		return err
	}
	var rows []linkedRow
	for _, src := range l.Sources { // in their declared order, as they were linked
		for _, id := range ids {
			if row, ok := lr.rows[id]; ok && id.Source == src.Name {
				rows = append(rows, row)
			}
		}
	}
	if len(rows) == 0 {
		return record.ErrNotFound()
	}
	v := entityView{ID: r.PathValue("entity"), Golden: []goldenView{}, Decisions: []decisionView{}}
	for _, f := range l.Compare {
		v.Fields = append(v.Fields, linkField(l, f))
	}
	for _, row := range rows {
		v.Members = append(v.Members, lr.member(row, rows))
	}
	if v.Golden, err = s.golden(lr, rows); err != nil {
		return err
	}
	for _, row := range rows {
		list, err := s.linkage.Decisions(q, l, link.RowID{Source: row.source.Name, Key: row.ID}, decisionsOfRow)
		if err != nil {
			return err
		}
		for _, d := range list {
			if !slices.ContainsFunc(v.Decisions, func(known decisionView) bool { return known.ID == d.ID }) {
				v.Decisions = append(v.Decisions, s.decisionView(r.Context(), d))
			}
		}
	}
	if err := s.noteLinked(r, lr, [][]linkedRow{rows}); err != nil {
		return err
	}
	return send(w, http.StatusOK, v)
}

func (lr linkedRows) member(row linkedRow, group []linkedRow) memberView {
	v := memberView{linkSideView: sideOf(row), Fields: map[string]string{}}
	for _, f := range lr.l.Compare {
		text, masked := lr.value(f.Name, row, group...)
		if text == nil {
			continue
		}
		v.Fields[f.Name] = *text
		if masked {
			v.Masked = append(v.Masked, f.Name)
		}
	}
	return v
}

func (s *Server) golden(lr linkedRows, rows []linkedRow) ([]goldenView, error) {
	members := make([]linkage.Member, len(rows))
	for i, row := range rows {
		members[i] = linkage.Member{Source: row.source, Row: row.Row}
	}
	values, err := s.linkage.Golden(lr.l, members)
	if err != nil {
		return nil, err
	}
	out := []goldenView{}
	for _, g := range values {
		if g.Why == "" {
			continue
		}
		one := goldenView{Field: g.Field, From: g.Row, Why: g.Why, WhyText: linkReasonsGolden[g.Why]}
		one.Value, one.Masked = lr.value(g.Field, lr.rows[g.Row], rows...)
		out = append(out, one)
	}
	return out, nil
}

// entityOf sends which entity a row belongs to, and of a whole source, a page of
// rows with their entities.
func (s *Server) entityOf(w http.ResponseWriter, r *http.Request) error {
	l, run, _, err := s.presentRun(r, access.Read)
	if err != nil {
		return err
	}
	id := link.RowID{Source: r.PathValue("source"), Key: r.PathValue("key")}
	lr, err := s.linkedRows(r, l, []link.RowID{id})
	if err != nil {
		return err
	}
	if !lr.has(id) {
		return record.ErrNotFound()
	}
	entity, err := s.linkage.EntityOf(s.db.Read(r.Context()), run, id)
	if err != nil {
		return err
	}
	return send(w, http.StatusOK, map[string]any{"entity": entity, "run": run.Number})
}

// entitiesOfSource sends the entities of a source's rows, in the order of their
// keys, to those who may read all of its rows.
func (s *Server) entitiesOfSource(w http.ResponseWriter, r *http.Request) error {
	l, run, _, err := s.presentRun(r, access.Read)
	if err != nil {
		return err
	}
	src := l.Source(r.PathValue("source"))
	if src == nil {
		return record.ErrNotFound()
	}
	actor := actorOf(r.Context())
	if !s.access.Filter(actor, access.Read, src.Name).All() {
		return s.denied(actor)
	}
	limit, err := number(r, "limit", pageOfRows)
	if err != nil {
		return err
	}
	limit = min(max(limit, 1), 1000)
	items, err := s.linkage.Entities(s.db.Read(r.Context()), run, src.Name, r.URL.Query().Get("after"), int(limit))
	if err != nil {
		return err
	}
	out := map[string]any{"items": items, "run": run.Number}
	for _, read := range run.Report.Sources {
		if read.Name == src.Name && read.Release > 0 {
			out["release"] = read.Release
		}
	}
	if len(items) == int(limit) {
		out["next"] = items[limit-1].Key
	}
	return send(w, http.StatusOK, out)
}

// linkedReleases are the linkages whose present run has linked a release of the
// dataset, by its version.
func (s *Server) linkedReleases(ctx context.Context, dataset string) (map[int64][]string, error) {
	out := map[int64][]string{}
	for _, l := range s.linkage.Linkages {
		if l.Source(dataset) == nil {
			continue
		}
		run, err := s.linkage.Present(s.db.Read(ctx), l)
		if err != nil {
			return nil, err
		}
		if run == nil {
			continue
		}
		for _, read := range run.Report.Sources {
			if read.Name == dataset {
				out[read.Release] = append(out[read.Release], l.Name)
			}
		}
	}
	return out, nil
}
