package server

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"chengshu/core/access"
	"chengshu/core/identity"
	"chengshu/core/record"
	"chengshu/engine/exchange"
	"chengshu/kernel/fault"
)

const pageOfGrants = 50

type issuedView struct {
	ID            string     `json:"id"`
	Resource      string     `json:"resource"`
	ResourceTitle fault.Text `json:"resource_title"`
	Kind          string     `json:"kind"` // of the resource: record, case or dataset
	Holder        string     `json:"holder"`
	HolderName    fault.Text `json:"holder_name"`
	Fields        []string   `json:"fields"`
	Unmask        []string   `json:"unmask"`
	When          string     `json:"when,omitempty"`
	Key           string     `json:"key,omitempty"` // the field that rows are looked up by
	Purpose       string     `json:"purpose"`
	Basis         string     `json:"basis"`
	PerMinute     int        `json:"per_minute,omitempty"`
	Records       int64      `json:"records,omitempty"`
	Used          int64      `json:"used"`
	IssuedAt      string     `json:"issued_at"`
	Until         string     `json:"until"`
	RevokedAt     string     `json:"revoked_at,omitempty"`
	State         string     `json:"state"` // valid, ended, revoked or used-up
	CaseType      string     `json:"case_type"`
	Case          string     `json:"case"`
	Usable        bool       `json:"usable"` // by who asks
}

func (s *Server) issuedView(ctx context.Context, a *identity.Actor, g exchange.Grant) issuedView {
	v := issuedView{ID: g.ID, Resource: g.Resource, Holder: g.Holder, HolderName: s.orgName(ctx, g.Holder), Fields: g.Fields, Unmask: orEmpty(g.Unmask), When: g.When,
		Purpose: g.Purpose, Basis: g.Basis, PerMinute: g.PerMinute, Records: g.Records, Used: g.Used, IssuedAt: rfc(g.IssuedAt), Until: rfc(g.Until),
		CaseType: g.CaseType, Case: g.CaseID, State: g.State(s.clock.Now().UnixMilli()), Usable: g.HeldBy(a)}
	if g.RevokedAt != 0 {
		v.RevokedAt = rfc(g.RevokedAt)
	}
	if t := s.typeNamed(g.Resource); t != nil {
		v.ResourceTitle, v.Kind = t.Title, s.summary(t).Kind
		if f := t.KeyField(); f != nil {
			v.Key = f.Name
		}
	}
	return v
}

// typeNamed returns a declared type, nil when there is none.
func (s *Server) typeNamed(name string) *record.Type {
	if i := slices.IndexFunc(s.declared.Types, func(t *record.Type) bool { return t.Name == name }); i >= 0 {
		return s.declared.Types[i]
	}
	return nil
}

// listGrants lists the grants of the actor's organisations or, with `of`, those
// on a resource for whoever may see the cases that issued them.
func (s *Server) listGrants(w http.ResponseWriter, r *http.Request) error {
	actor, q := actorOf(r.Context()), s.db.Read(r.Context())
	var list []exchange.Grant
	var err error
	after := r.URL.Query().Get("after")
	if of := r.URL.Query().Get("of"); of != "" {
		list, err = s.exchange.Of(q, []string{of}, after, pageOfGrants)
	} else {
		var orgs []string
		for _, p := range actor.Posts {
			orgs = append(orgs, p.Org)
		}
		list, err = s.exchange.Held(q, orgs, after, pageOfGrants)
	}
	if err != nil {
		return err
	}
	out := struct {
		Items []issuedView `json:"items"`
		Next  string       `json:"next,omitempty"`
	}{Items: []issuedView{}}
	for _, g := range list {
		ok, err := s.seesGrant(r, g)
		if err != nil {
			return err
		}
		if ok {
			out.Items = append(out.Items, s.issuedView(r.Context(), actor, g))
		}
	}
	if len(list) == pageOfGrants {
		out.Next = list[pageOfGrants-1].ID
	}
	return send(w, http.StatusOK, out)
}

// seesGrant reports whether the actor's organisation holds the grant, or the
// actor may read the case that issued it.
func (s *Server) seesGrant(r *http.Request, g exchange.Grant) (bool, error) {
	actor := actorOf(r.Context())
	if slices.ContainsFunc(actor.Posts, func(p identity.Post) bool { return p.Org == g.Holder }) {
		return true, nil
	}
	t, err := s.records.Type(g.CaseType)
	if err != nil || !s.access.May(actor, access.Read, t.Name) {
		return false, nil
	}
	_, _, err = s.loadOf(r, t, g.CaseID)
	if fault.Is(err, fault.NotFound) {
		return false, nil
	}
	return err == nil, err
}

// grantOf returns the grant of a path to those who may know of it.
func (s *Server) grantOf(r *http.Request) (exchange.Grant, error) {
	g, err := s.exchange.Grant(s.db.Read(r.Context()), r.PathValue("grant"))
	if err != nil {
		return g, err
	}
	ok, err := s.seesGrant(r, g)
	if err == nil && !ok {
		err = exchange.ErrNoGrant()
	}
	return g, err
}

func (s *Server) getGrant(w http.ResponseWriter, r *http.Request) error {
	g, err := s.grantOf(r)
	if err != nil {
		return err
	}
	return send(w, http.StatusOK, s.issuedView(r.Context(), actorOf(r.Context()), g))
}

type useView struct {
	Day     string `json:"day"`
	Calls   int64  `json:"calls"`
	Records int64  `json:"records"`
	LastAt  string `json:"last_at"`
}

// grantUse tells by day how a grant is used.
func (s *Server) grantUse(w http.ResponseWriter, r *http.Request) error {
	g, err := s.grantOf(r)
	if err != nil {
		return err
	}
	before, err := number(r, "after", 0)
	if err != nil {
		return err
	}
	list, err := s.exchange.UseOf(s.db.Read(r.Context()), g.ID, before, pageOfGrants)
	if err != nil {
		return err
	}
	out := struct {
		Items []useView `json:"items"`
		Next  string    `json:"next,omitempty"`
	}{Items: []useView{}}
	for _, u := range list {
		out.Items = append(out.Items, useView{exchange.Date(u.Day), u.Calls, u.Records, rfc(u.LastAt)})
	}
	if len(list) == pageOfGrants {
		out.Next = strconv.FormatInt(list[pageOfGrants-1].Day, 10)
	}
	return send(w, http.StatusOK, out)
}

func caller(r *http.Request) exchange.Caller {
	return exchange.Caller{Actor: actorOf(r.Context()), Request: requestID(r.Context())}
}

// lookUp answers for keys, in their order, with a row or null each.
func (s *Server) lookUp(w http.ResponseWriter, r *http.Request) error {
	var in struct {
		Keys []string `json:"keys"`
	}
	if err := decode(w, r, &in); err != nil {
		return err
	}
	d, err := s.exchange.Lookup(r.Context(), caller(r), r.PathValue("grant"), in.Keys)
	if err != nil {
		return err
	}
	return sendRaw(w, http.StatusOK, append(deliveredRows(d), '}'))
}

// deliveredHead begins an answer of about so many bytes, up to the opening
// bracket of its items.
func deliveredHead(d *exchange.Delivered, size int) []byte {
	body := record.AppendString(append(make([]byte, 0, 128+size), `{"resource":`...), d.Resource())
	if d.Version > 0 {
		body = strconv.AppendInt(append(body, `,"release":`...), d.Version, 10)
	}
	return append(body, `,"items":[`...)
}

// deliveredRows is the open object of an answer, without its closing brace.
func deliveredRows(d *exchange.Delivered) []byte {
	body := deliveredHead(d, 512*len(d.Rows))
	for i, row := range d.Rows {
		if i > 0 {
			body = append(body, ',')
		}
		if row == nil {
			body = append(body, "null"...)
			continue
		}
		body = append(recordView(d.View(row)).AppendFields(append(body, '{'), row), '}')
	}
	return append(body, ']')
}

// asked is the body of a query: which rows, and either a page of them or
// figures about them.
type asked struct {
	Where []struct {
		Field string   `json:"field"`
		In    []string `json:"in"`
		From  string   `json:"from"` // included
		To    string   `json:"to"`   // included
		Empty bool     `json:"empty"`
	} `json:"where"`
	Sort  string `json:"sort"` // -FIELD begins with the greatest
	Limit int    `json:"limit"`
	After string `json:"after"`
	Total bool   `json:"total"`

	By       []string         `json:"by"`
	Measures []record.Measure `json:"measures"`
}

func (a *asked) query(t *record.Type) (record.Query, error) {
	q := record.Query{Sort: strings.TrimPrefix(a.Sort, "-"), Desc: strings.HasPrefix(a.Sort, "-"), Limit: a.Limit, After: a.After, Total: a.Total}
	for _, c := range a.Where {
		cond, err := t.CondOf(c.Field, c.In, c.From, c.To, c.Empty)
		if err != nil {
			return q, err
		}
		q.Where = append(q.Where, cond)
	}
	return q, nil
}

// queryGrant answers a structured query.
func (s *Server) queryGrant(w http.ResponseWriter, r *http.Request) error {
	var in asked
	if err := decode(w, r, &in); err != nil {
		return err
	}
	t, err := s.exchange.ResourceOf(r.Context(), actorOf(r.Context()), r.PathValue("grant"))
	if err != nil {
		return err
	}
	q, err := in.query(t)
	if err != nil {
		return err
	}
	if in.By != nil || in.Measures != nil {
		return s.sendFigures(w, r, t, q, in)
	}
	d, err := s.exchange.Query(r.Context(), caller(r), r.PathValue("grant"), q)
	if err != nil {
		return err
	}
	body := deliveredRows(d)
	if d.Next != "" {
		body = record.AppendString(append(body, `,"next":`...), d.Next)
	}
	if d.Total >= 0 {
		body = strconv.AppendInt(append(body, `,"total":`...), d.Total, 10)
	}
	return sendRaw(w, http.StatusOK, append(body, '}'))
}

func (s *Server) sendFigures(w http.ResponseWriter, r *http.Request, t *record.Type, q record.Query, in asked) error {
	d, figures, err := s.exchange.Figures(r.Context(), caller(r), r.PathValue("grant"), q, in.By, in.Measures)
	if err != nil {
		return err
	}
	body := deliveredHead(d, 64*len(figures))
	for i, f := range figures {
		if i > 0 {
			body = append(body, ',')
		}
		body = append(body, '{')
		for j, name := range in.By {
			body = append(record.AppendField(append(record.AppendString(body, name), ':'), t.Field(name), f.By[j]), ',')
		}
		body = strconv.AppendInt(append(body, `"rows":`...), f.Rows, 10)
		body = append(body, `,"measures":[`...)
		for j, m := range in.Measures {
			if j > 0 {
				body = append(body, ',')
			}
			body = t.AppendMeasure(body, m, f.Measures[j])
		}
		body = append(body, "]}"...)
	}
	return sendRaw(w, http.StatusOK, append(body, "]}"...))
}
