package server

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"

	"chengshu/core/access"
	"chengshu/core/evidence"
	"chengshu/core/record"
	"chengshu/engine/lake"
	"chengshu/kernel/fault"
)

const (
	pageOfReleases = 50
	pageOfRows     = 50 // unless asked for, at most 200
)

// datasetOf returns the dataset named in the path with how the actor may see
// its rows. A release is read as a whole: only a grant over all rows counts.
func (s *Server) datasetOf(r *http.Request) (*record.Type, access.Decision, error) {
	t, err := s.lake.Dataset(r.PathValue("type"))
	if err != nil {
		return nil, access.Decision{}, err
	}
	actor := actorOf(r.Context())
	d := s.access.Decide(actor, access.Read, t.Name, access.Row{})
	if !d.Allow || !s.access.Filter(actor, access.Read, t.Name).All() {
		return nil, d, s.denied(actor)
	}
	return t, d, nil
}

type releaseView struct {
	Version  int64  `json:"version"`
	Gone     bool   `json:"gone,omitempty"`     // its rows have been removed
	Restores int64  `json:"restores,omitempty"` // the earlier version whose rows these are again
	At       string `json:"at"`
	Rows     int64  `json:"rows"`
	Bytes    int64  `json:"bytes"`
	Digest   string `json:"digest"`
	// Linked are the linkages whose present run has linked its rows.
	Linked []string `json:"linked,omitempty"`
}

// listReleases tells which releases a dataset has. That they are is public, as
// the catalogue is; what is in them is not.
func (s *Server) listReleases(w http.ResponseWriter, r *http.Request) error {
	t, err := s.lake.Dataset(r.PathValue("type"))
	if err != nil {
		return err
	}
	before, err := number(r, "after", 0)
	if err != nil {
		return err
	}
	list, err := s.lake.Releases(s.db.Read(r.Context()), t, before, pageOfReleases)
	if err != nil {
		return err
	}
	out := struct {
		Items []releaseView `json:"items"`
		Next  string        `json:"next,omitempty"`
	}{Items: []releaseView{}}
	linked, err := s.linkedReleases(r.Context(), t.Name)
	if err != nil {
		return err
	}
	for _, one := range list {
		m, err := one.Read()
		if err != nil {
			return err
		}
		v := releaseView{Version: one.Version, Gone: one.Gone, Restores: m.Restores, At: rfc(one.At), Rows: m.Rows, Digest: one.Digest, Linked: linked[one.Version]}
		for _, f := range m.Files {
			v.Bytes += f.Bytes
		}
		out.Items = append(out.Items, v)
	}
	if len(list) == pageOfReleases {
		out.Next = strconv.FormatInt(list[pageOfReleases-1].Version, 10)
	}
	return send(w, http.StatusOK, out)
}

func (s *Server) getRelease(w http.ResponseWriter, r *http.Request) error {
	_, _, one, err := s.releaseOf(r)
	if err != nil {
		return err
	}
	return sendRaw(w, http.StatusOK, one.Manifest)
}

func (s *Server) releaseOf(r *http.Request) (*record.Type, access.Decision, lake.Release, error) {
	t, d, err := s.datasetOf(r)
	if err != nil {
		return nil, d, lake.Release{}, err
	}
	version, err := strconv.ParseInt(r.PathValue("version"), 10, 64)
	if err != nil {
		version = 0 // there is none of that number
	}
	one, err := s.lake.Release(s.db.Read(r.Context()), t, version)
	return t, d, one, err
}

type rowView struct {
	Row    int64          `json:"row"`
	Values map[string]any `json:"values"`
}

// releaseRows sends a page of a release, masked as the actor's grant says. When
// personal values are shown in the clear, the act of reading names the release.
func (s *Server) releaseRows(w http.ResponseWriter, r *http.Request) error {
	t, d, one, err := s.releaseOf(r)
	if err == nil {
		err = one.There()
	}
	if err != nil {
		return err
	}
	m, err := one.Read()
	if err != nil {
		return err
	}
	after, limit, err := pageAsked(r)
	if err != nil {
		return err
	}
	var columns, masked []string
	for _, f := range m.Fields {
		switch d.View.See(f.Name) {
		case record.Hidden:
			continue
		case record.Masked:
			masked = append(masked, f.Name)
		}
		columns = append(columns, f.Name)
	}
	if err := s.noteRelease(r, t, d, one.Version); err != nil {
		return err
	}
	rows, err := s.lake.Rows(r.Context(), m, columns, after, int(limit))
	if err != nil {
		return err
	}
	out := struct {
		Columns []string  `json:"columns"`
		Items   []rowView `json:"items"`
		Masked  []string  `json:"masked,omitempty"`
		Next    string    `json:"next,omitempty"`
	}{columns, make([]rowView, len(rows)), masked, ""}
	for i, row := range rows {
		for _, name := range masked {
			if v, ok := row.Values[name]; ok {
				row.Values[name] = access.Mask(t.Field(name).Mask, fmt.Sprint(v))
			}
		}
		out.Items[i] = rowView{row.Row, row.Values}
	}
	if len(rows) == int(limit) {
		out.Next = strconv.FormatInt(rows[limit-1].Row, 10)
	}
	return send(w, http.StatusOK, out)
}

// noteRelease leaves the act of a reading that shows personal values of a
// release in the clear.
func (s *Server) noteRelease(r *http.Request, t *record.Type, d access.Decision, version int64) error {
	if len(d.View.PersonalFields()) == 0 {
		return nil
	}
	act := evidence.Act{Verb: t.Name + ".read", Actor: actorOf(r.Context()).Evidence(), Grant: d.Grant, Basis: d.Basis, Purpose: d.Purpose,
		Request: requestID(r.Context()), Subject: evidence.Subject{Type: t.Name, ID: "v" + strconv.FormatInt(version, 10)}}
	_, err := s.evidence.Read(r.Context(), act, nil)
	return err
}

type failureView struct {
	Row    int64             `json:"row,omitempty"`
	Line   int64             `json:"line,omitempty"`
	Why    []whyView         `json:"why"`
	Values map[string]string `json:"values"`
}

type whyView struct {
	Field string     `json:"field,omitempty"`
	Rule  string     `json:"rule"`
	Text  fault.Text `json:"text"`
}

// failures sends the rows of a case's file that were not taken, with the
// reasons. Personal values are masked whoever reads: what is wrong with them is
// said, and who sent them has them.
func (s *Server) failures(w http.ResponseWriter, r *http.Request) error {
	row, _, err := s.load(r)
	if err != nil {
		return err
	}
	b, err := s.lake.Batch(s.db.Read(r.Context()), row.Text("batch"))
	if err != nil {
		return err
	}
	t, err := s.lake.Dataset(b.Dataset)
	if err != nil {
		return err
	}
	after, limit, err := pageAsked(r)
	if err != nil {
		return err
	}
	list, err := s.lake.Failures(r.Context(), b, after, int(limit))
	if err != nil {
		return err
	}
	out := struct {
		Items   []failureView `json:"items"`
		Quality lake.Quality  `json:"quality"` // of the file, of which personal values are masked
		Next    string        `json:"next,omitempty"`
	}{Items: make([]failureView, len(list)), Quality: b.Report.Quality}
	for i, f := range list {
		out.Items[i] = failureOf(t, b, f)
	}
	if len(list) == int(limit) {
		out.Next = strconv.FormatInt(after+limit, 10)
	}
	return send(w, http.StatusOK, out)
}

func failureOf(t *record.Type, b *lake.Batch, f lake.Failure) failureView {
	v := failureView{Row: f.Row, Line: f.Line, Values: map[string]string{}}
	for _, why := range f.Why {
		v.Why = append(v.Why, whyView{why.Field, why.Rule, b.Because(t, why)})
	}
	if f.Line > 0 {
		return v // the line as it stands may hold anything
	}
	personal := slices.ContainsFunc(t.Fields, func(f *record.Field) bool { return f.Personal })
	for i, c := range b.Report.Columns {
		value := f.Cells[i]
		switch field := t.Field(c.Field); {
		case c.Place: // where its sender finds the row
			v.Row, _ = strconv.ParseInt(value, 10, 64)
			continue
		case field != nil && field.Personal:
			value = access.Mask(field.Mask, value)
		case field == nil && personal:
			continue // beside personal data, what nobody has declared may be personal too
		}
		if value != "" {
			v.Values[c.Header] = value
		}
	}
	return v
}

// pageAsked reads after which row a page begins and how many rows it has.
func pageAsked(r *http.Request) (after, limit int64, err error) {
	if after, err = number(r, "after", 0); err != nil {
		return 0, 0, err
	}
	limit, err = number(r, "limit", pageOfRows)
	return after, min(max(limit, 1), 200), err
}

// number reads a parameter that is a whole number, 0 or more.
func number(r *http.Request, name string, otherwise int64) (int64, error) {
	text := r.URL.Query().Get(name)
	if text == "" {
		return otherwise, nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 0 {
		return 0, fault.New(fault.Invalid, "bad-"+name, name+" 应为非负整数", name+" is a whole number, 0 or more").With(name, "应为非负整数", "a whole number, 0 or more")
	}
	return n, nil
}
