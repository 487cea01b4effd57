package server

import (
	"net/http"

	"chengshu/core/access"
	"chengshu/core/decl"
	"chengshu/engine/lake/link"
	"chengshu/engine/lake/linkage"
	"chengshu/kernel/fault"
	"chengshu/standard/gbcode"
)

// linkageChecks are the check digits that linkages may name.
func linkageChecks() map[string]link.Check {
	return map[string]link.Check{
		"citizen": {Valid: gbcode.ValidCitizen, Write: func(s string) string {
			s = gbcode.Normal(s)
			if now, ok := gbcode.UpgradeCitizen(s); ok {
				return now
			}
			return s
		}},
		"credit": {Valid: gbcode.ValidCredit, Write: gbcode.Normal},
	}
}

type linkageView struct {
	Name     string           `json:"name"`
	Title    fault.Text       `json:"title"`
	About    *fault.Text      `json:"about,omitempty"`
	Articles []string         `json:"articles"`
	Basis    string           `json:"basis"`
	Process  string           `json:"process"`
	Sources  []linkSourceView `json:"sources"`
	Fields   []linkFieldView  `json:"fields"`
	Run      *linkRunView     `json:"run,omitempty"` // the present one; none before the first
	Open     int64            `json:"open"`          // pairs that wait for a decision
	Decides  bool             `json:"decides"`       // whether the caller may decide about them
}

type linkSourceView struct {
	Name   string            `json:"name"`
	Title  fault.Text        `json:"title"`
	Kind   string            `json:"kind"` // register or dataset
	Unique bool              `json:"unique"`
	Fields map[string]string `json:"fields"` // of the linkage: its own
}

type linkFieldView struct {
	Name     string         `json:"name"`
	Title    fault.Text     `json:"title"`
	By       string         `json:"by"`
	Check    string         `json:"check,omitempty"`
	Terms    bool           `json:"terms,omitempty"`
	Shared   bool           `json:"shared,omitempty"`
	Distinct bool           `json:"distinct,omitempty"`
	Personal bool           `json:"personal,omitempty"` // in one of the sources
	Survive  *linkGoldenFor `json:"survive,omitempty"`
}

type linkGoldenFor struct {
	From  string   `json:"from,omitempty"`
	Rules []string `json:"rules"`
}

type linkRunView struct {
	Number   int64          `json:"number"`
	At       string         `json:"at"`
	EndedAt  string         `json:"ended_at"`
	CaseType string         `json:"case_type"`
	Case     string         `json:"case"`
	Report   linkage.Report `json:"report"`
}

// linkageOf is a linkage of the path, its present run, nil before the first, and
// what decides that the caller may do the action: grants on the process, about
// the case that the run was made for.
func (s *Server) linkageOf(r *http.Request, name, action string) (*linkage.Linkage, *linkage.Run, access.Decision, error) {
	var d access.Decision
	l, err := s.linkage.Linkage(name)
	if err != nil {
		return nil, nil, d, err
	}
	run, err := s.linkage.Present(s.db.Read(r.Context()), l)
	if err != nil {
		return nil, nil, d, err
	}
	actor := actorOf(r.Context())
	if run == nil {
		if d.Allow = s.access.May(actor, action, l.Process); !d.Allow {
			err = s.denied(actor)
		}
		return l, nil, d, err
	}
	t, err := s.records.Type(run.CaseType)
	if err != nil {
		return nil, nil, d, err
	}
	row, err := s.records.Get(s.db.Read(r.Context()), t, run.CaseID)
	if err != nil {
		return nil, nil, d, err
	}
	subject, err := s.processes.Subject(r.Context(), row)
	if err != nil {
		return nil, nil, d, err
	}
	if d = s.access.Decide(actor, action, t.Name, subject); !d.Allow {
		err = s.denied(actor)
	}
	return l, run, d, err
}

// presentRun is linkageOf for what only a run has.
func (s *Server) presentRun(r *http.Request, action string) (*linkage.Linkage, *linkage.Run, access.Decision, error) {
	l, run, d, err := s.linkageOf(r, r.PathValue("linkage"), action)
	if err == nil && run == nil {
		err = fault.New(fault.NotFound, "not-linked-yet", "尚未进行过归一", "nothing has been linked yet")
	}
	return l, run, d, err
}

// listLinkages lists those that the caller may read.
func (s *Server) listLinkages(w http.ResponseWriter, r *http.Request) error {
	items := []linkageView{}
	for _, l := range s.linkage.Linkages {
		_, run, _, err := s.linkageOf(r, l.Name, access.Read)
		if fault.Is(err, fault.Denied) || fault.Is(err, fault.Unauthenticated) {
			continue
		}
		if err != nil {
			return err
		}
		v, err := s.linkageView(r, l, run)
		if err != nil {
			return err
		}
		items = append(items, v)
	}
	return send(w, http.StatusOK, map[string]any{"items": items})
}

func (s *Server) getLinkage(w http.ResponseWriter, r *http.Request) error {
	l, run, _, err := s.linkageOf(r, r.PathValue("linkage"), access.Read)
	if err != nil {
		return err
	}
	v, err := s.linkageView(r, l, run)
	if err != nil {
		return err
	}
	return send(w, http.StatusOK, v)
}

func (s *Server) linkageView(r *http.Request, l *linkage.Linkage, run *linkage.Run) (linkageView, error) {
	v := linkageView{Name: l.Name, Title: l.Title, Articles: orEmpty(l.Articles), Basis: l.Basis, Process: l.Process}
	if l.About != (decl.Text{}) {
		v.About = &l.About
	}
	for _, src := range l.Sources {
		one := linkSourceView{Name: src.Name, Title: src.Type.Title, Kind: s.summary(src.Type).Kind, Unique: src.Unique, Fields: map[string]string{}}
		for _, f := range l.Compare {
			if own := src.Field(f.Name); own != nil {
				one.Fields[f.Name] = own.Name
			}
		}
		v.Sources = append(v.Sources, one)
	}
	for _, f := range l.Compare {
		v.Fields = append(v.Fields, linkField(l, f))
	}
	_, _, _, err := s.linkageOf(r, l.Name, linkage.Decide)
	if err != nil && !fault.Is(err, fault.Denied) && !fault.Is(err, fault.Unauthenticated) {
		return v, err
	}
	v.Decides = err == nil
	if run == nil {
		return v, nil
	}
	v.Run = &linkRunView{Number: run.Number, At: rfc(run.At), EndedAt: rfc(run.Ended), CaseType: run.CaseType, Case: run.CaseID, Report: run.Report}
	v.Open, err = s.linkage.Open(s.db.Read(r.Context()), run)
	return v, err
}

// linkField is a compared field, with the title that the first source gives it.
func linkField(l *linkage.Linkage, f *linkage.Field) linkFieldView {
	v := linkFieldView{Name: f.Name, By: f.By, Check: f.Check, Terms: f.Terms, Shared: f.Shared, Distinct: f.Distinct}
	for _, src := range l.Sources {
		if own := src.Field(f.Name); own != nil {
			if v.Title == (fault.Text{}) {
				v.Title = own.Title
			}
			v.Personal = v.Personal || own.Personal
		}
	}
	for _, g := range l.Survive {
		if g.Field == f.Name {
			v.Survive = &linkGoldenFor{From: g.From, Rules: orEmpty(g.Rules)}
		}
	}
	return v
}
