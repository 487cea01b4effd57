package server

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"chengshu/core/access"
	"chengshu/core/identity"
	"chengshu/core/process"
	"chengshu/core/record"
	"chengshu/kernel/fault"
)

type typeSummary struct {
	Name     string     `json:"name"`
	Kind     string     `json:"kind"`
	Pack     string     `json:"pack"`
	Title    fault.Text `json:"title"`
	About    fault.Text `json:"about"`
	Articles []string   `json:"articles"`
	Owner    string     `json:"owner"`
	Basis    string     `json:"basis"`
	Level    string     `json:"level"`
	Sharing  string     `json:"sharing"`
	Opening  string     `json:"opening"`
	Cycle    string     `json:"cycle,omitempty"`
	Count    *int64     `json:"count,omitempty"`
}

type typeView struct {
	typeSummary
	Fields     []fieldView     `json:"fields"`
	TitleField string          `json:"title_field,omitempty"`
	TitleEn    string          `json:"title_field_en,omitempty"`
	PointField string          `json:"point_field,omitempty"`
	List       []string        `json:"list"`
	Filters    []string        `json:"filters"`
	Sorts      []string        `json:"sorts"`
	Search     bool            `json:"search"`
	May        map[string]bool `json:"may"`
	Process    *processView    `json:"process,omitempty"`
}

type fieldView struct {
	Name      string       `json:"name"`
	Title     fault.Text   `json:"title"`
	Help      *fault.Text  `json:"help,omitempty"`
	Type      string       `json:"type"`
	Required  bool         `json:"required,omitempty"`
	Many      bool         `json:"many,omitempty"`
	Choices   []choiceView `json:"choices,omitempty"`
	Ref       string       `json:"ref,omitempty"`
	Min       *int64       `json:"min,omitempty"`
	Max       int          `json:"max,omitempty"`
	Scale     int          `json:"scale,omitempty"`
	Unit      string       `json:"unit,omitempty"`
	Pattern   string       `json:"pattern,omitempty"`
	Format    string       `json:"format,omitempty"`
	Accept    []string     `json:"accept,omitempty"`
	MaxBytes  int64        `json:"max_bytes,omitempty"`
	Multiline bool         `json:"multiline,omitempty"`
	Personal  bool         `json:"personal,omitempty"`
	Sensitive bool         `json:"sensitive,omitempty"`
	Mask      string       `json:"mask,omitempty"`
	Level     string       `json:"level,omitempty"` // when it differs from the type's
	Computed  bool         `json:"computed,omitempty"`
	Fields    []fieldView  `json:"fields,omitempty"`
}

type choiceView struct {
	Value string     `json:"value"`
	Title fault.Text `json:"title"`
}

type processView struct {
	States  []stateView  `json:"states"`
	Actions []actionView `json:"actions"`
}

type stateView struct {
	Name   string     `json:"name"`
	Title  fault.Text `json:"title"`
	Kind   string     `json:"kind"`
	Within string     `json:"within,omitempty"`
}

type actionView struct {
	Name   string           `json:"name"`
	Title  fault.Text       `json:"title"`
	From   []string         `json:"from"`
	To     string           `json:"to,omitempty"`
	Style  string           `json:"style"`
	Form   []map[string]any `json:"form"`
	Start  bool             `json:"start,omitempty"`
	System bool             `json:"system,omitempty"`
}

func (s *Server) summary(t *record.Type) typeSummary {
	v := typeSummary{Name: t.Name, Kind: "record", Pack: t.Pack, Title: t.Title, About: t.About, Articles: t.Articles, Owner: t.Owner, Basis: t.Basis,
		Level: t.Level, Sharing: t.Sharing, Opening: t.Opening, Cycle: t.Cycle}
	switch {
	case t.Case:
		v.Kind = "case"
	case t.Resource == record.Dataset:
		v.Kind = "dataset"
	}
	if v.Articles == nil {
		v.Articles = []string{}
	}
	return v
}

// listTypes is the catalogue: every declared type. That a type exists, who
// owns it and on what basis is public; its rows are not, so how many there are
// is told only to those who may read every one of them. With `q` it lists those
// that mention each of its words.
func (s *Server) listTypes(w http.ResponseWriter, r *http.Request) error {
	out := []typeSummary{}
	actor := actorOf(r.Context())
	words := strings.Fields(strings.ToLower(r.URL.Query().Get("q")))
	for _, t := range s.declared.Types {
		if !mentions(t, words) {
			continue
		}
		v := s.summary(t)
		if s.access.Filter(actor, access.Read, t.Name).All() {
			n, err := s.rowsOf(r.Context(), t)
			if err != nil {
				return err
			}
			v.Count = &n
		}
		out = append(out, v)
	}
	return send(w, http.StatusOK, out)
}

// mentions reports whether each word stands in what the declaration tells people
// of the type: its title, what it is about, its owner, the titles of its fields.
func mentions(t *record.Type, words []string) bool {
	if len(words) == 0 {
		return true
	}
	told := []string{t.Name, t.Title.Zh, t.Title.En, t.About.Zh, t.About.En, t.Owner}
	for _, f := range t.Fields {
		if !f.System {
			told = append(told, f.Title.Zh, f.Title.En)
		}
	}
	all := strings.ToLower(strings.Join(told, "\n"))
	return !slices.ContainsFunc(words, func(word string) bool { return !strings.Contains(all, word) })
}

// rowsOf is about how many rows a register has, or the latest release of a
// dataset.
func (s *Server) rowsOf(ctx context.Context, t *record.Type) (int64, error) {
	if t.Resource == record.Register {
		return s.records.Approximate(ctx, t)
	}
	last, err := s.lake.Releases(s.db.Read(ctx), t, 0, 1)
	if err != nil || len(last) == 0 {
		return 0, err
	}
	m, err := last[0].Read()
	return m.Rows, err
}

// declaredType returns the type named in the path, a dataset too.
func (s *Server) declaredType(r *http.Request) (*record.Type, error) {
	if t, err := s.lake.Dataset(r.PathValue("type")); err == nil {
		return t, nil
	}
	return s.records.Type(r.PathValue("type"))
}

func (s *Server) getType(w http.ResponseWriter, r *http.Request) error {
	t, err := s.declaredType(r)
	if err != nil {
		return err
	}
	return send(w, http.StatusOK, s.typeView(actorOf(r.Context()), t))
}

func (s *Server) typeView(a *identity.Actor, t *record.Type) typeView {
	v := typeView{typeSummary: s.summary(t), TitleField: t.TitleBy, TitleEn: t.TitleEn, List: orEmpty(t.List), Filters: orEmpty(t.Filters), Sorts: orEmpty(t.Sorts),
		Search: len(t.Search) > 0, Fields: s.fieldViews(t.Fields)}
	for _, f := range t.Fields {
		if f.Type == record.PointAt && v.PointField == "" {
			v.PointField = f.Name
		}
	}
	v.May = map[string]bool{"evidence": s.access.May(a, "evidence", t.Name)}
	p, err := s.processes.Process(t.Name)
	if err != nil {
		v.May["create"], v.May["update"], v.May["delete"] = s.access.May(a, access.Create, t.Name), s.access.May(a, access.Revise, t.Name), s.access.May(a, access.Delete, t.Name)
		return v
	}
	v.May["create"], v.May["update"], v.May["delete"] = len(s.processes.Starts(a, p)) > 0, false, false
	v.Process = processViewOf(p)
	return v
}

func orEmpty(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}

// inner are the facts by which a process keeps its clocks and versions. They
// mean nothing to readers, who see their outcome: deadlines and lights.
var inner = []string{"entered_at", "stopped_at", "stopped_due", "definition"}

func (s *Server) fieldViews(fields []*record.Field) []fieldView {
	var out []fieldView
	for _, f := range fields {
		if f.System && slices.Contains(inner, f.Name) {
			continue
		}
		v := fieldView{Name: f.Name, Title: f.Title, Type: string(f.Type), Required: f.Required, Many: f.Many, Ref: f.To, Min: f.Min, Max: f.Max,
			Scale: f.Scale, Unit: f.Unit, Pattern: f.Pattern, Format: f.Format, Accept: f.Accept, Multiline: f.Multi, Personal: f.Personal, Sensitive: f.Sensitive,
			Mask: f.Mask, Level: f.Level, Computed: f.System || f.Computed.Given() || f.From != ""}
		if f.Help != (fault.Text{}) {
			v.Help = &f.Help
		}
		if f.Type == record.File {
			v.MaxBytes = int64(s.cfg.BlobLimit)
		}
		for _, c := range f.Choices {
			v.Choices = append(v.Choices, choiceView{c.Value, c.Title})
		}
		v.Fields = s.fieldViews(f.Fields)
		out = append(out, v)
	}
	return out
}

func processViewOf(p *process.Process) *processView {
	v := &processView{}
	starts := map[string]bool{}
	for _, a := range p.Actions {
		if a.Start {
			starts[a.To] = true
		}
		from := a.From
		if from == nil {
			from = []string{}
		}
		v.Actions = append(v.Actions, actionView{a.Name, a.Title, from, a.To, a.Style, formOf(a), a.Start, a.System})
	}
	for _, st := range p.States {
		kind := st.Kind
		if starts[st.Name] {
			kind = "start"
		}
		v.States = append(v.States, stateView{st.Name, st.Title, kind, st.Within.Span.String()})
	}
	return v
}
