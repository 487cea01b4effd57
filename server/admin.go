package server

import (
	"context"
	"net/http"
	"runtime"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"chengshu/core/identity"
	"chengshu/engine/screen"
	"chengshu/kernel/fault"
)

type packView struct {
	Name     string         `json:"name"`
	Title    fault.Text     `json:"title"`
	Articles []string       `json:"articles"`
	Hash     string         `json:"hash"`
	Counts   map[string]int `json:"counts"`
}

type grantView struct {
	Name      string     `json:"name"`
	Pack      string     `json:"pack"`
	Role      string     `json:"role"`
	Scope     string     `json:"scope"`
	Actions   []string   `json:"actions"`
	Type      string     `json:"type"`
	TypeTitle fault.Text `json:"type_title"`
	Fields    []string   `json:"fields"`
	Purpose   fault.Text `json:"purpose"`
	Basis     string     `json:"basis"`
	When      string     `json:"when,omitempty"`
}

type healthView struct {
	OK        bool         `json:"ok"`
	Version   string       `json:"version"`
	StartedAt string       `json:"started_at"`
	Now       string       `json:"now"`
	Checks    []checkView  `json:"checks"`
	Figures   []figureView `json:"figures"`
}

type checkView struct {
	Name   string `json:"name"`
	OK     bool   `json:"ok"`
	Detail string `json:"detail,omitempty"`
}

type figureView struct {
	Name  string  `json:"name"`
	Value float64 `json:"value"`
	Unit  string  `json:"unit,omitempty"`
}

// adminRoutes are for those who run the program: roles with the admin face.
func (s *Server) adminRoutes(api huma.API) {
	op(s, api, huma.Operation{OperationID: "admin-packs", Method: http.MethodGet, Path: "/api/admin/packs", Summary: "Loaded packs"},
		func(_ context.Context, a *identity.Actor, _ *none) (*body[listOf[packView]], error) {
			return s.forAdmin(a, s.packViews())
		})
	op(s, api, huma.Operation{OperationID: "admin-grants", Method: http.MethodGet, Path: "/api/admin/grants", Summary: "All grants"},
		func(_ context.Context, a *identity.Actor, _ *none) (*body[listOf[grantView]], error) {
			if err := s.mustAdmin(a); err != nil {
				return nil, err
			}
			return &body[listOf[grantView]]{listOf[grantView]{s.grantViews()}}, nil
		})
	op(s, api, huma.Operation{OperationID: "admin-health", Method: http.MethodGet, Path: "/api/admin/health", Summary: "Health of the program"},
		func(ctx context.Context, a *identity.Actor, _ *none) (*body[healthView], error) {
			if err := s.mustAdmin(a); err != nil {
				return nil, err
			}
			return &body[healthView]{s.health(ctx)}, nil
		})
	s.alarmRoutes(api)
	s.jobRoutes(api)
	s.sourceRoutes(api)
	s.previewRoutes(api)
}

func (s *Server) mustAdmin(a *identity.Actor) error {
	for _, face := range identity.FacesOf(a, s.declared.Set) {
		if face == identity.Admin {
			return nil
		}
	}
	return s.denied(a)
}

func (s *Server) forAdmin(a *identity.Actor, packs []packView) (*body[listOf[packView]], error) {
	if err := s.mustAdmin(a); err != nil {
		return nil, err
	}
	return &body[listOf[packView]]{listOf[packView]{packs}}, nil
}

func (s *Server) packViews() []packView {
	out := []packView{}
	for _, p := range s.declared.Packs {
		out = append(out, packView{Name: p.Name, Title: p.Title, Articles: orEmpty(p.Articles), Hash: p.Version, Counts: map[string]int{
			"records": p.Counts["record"], "processes": p.Counts["process"], "rules": p.Counts["grant"], "services": p.Counts["service"],
			"screens": p.Counts["screen"], "scenarios": len(p.Scenarios)}})
	}
	return out
}

func (s *Server) packInfo() []screen.Pack {
	var out []screen.Pack
	for _, p := range s.declared.Packs {
		out = append(out, screen.Pack{Name: p.Name, Title: p.Title, Articles: p.Articles})
	}
	return out
}

func (s *Server) grantViews() []grantView {
	out := []grantView{}
	for _, g := range s.declared.Grants {
		for _, typ := range g.On {
			v := grantView{Name: g.Name, Pack: g.Pack, Role: strings.Join(g.Role, ", "), Scope: string(g.Scope), Actions: g.Actions, Type: typ,
				Fields: orEmpty(g.Fields), Purpose: g.Purpose, Basis: g.Basis, When: g.When.Text}
			if t, err := s.records.Type(typ); err == nil {
				v.TypeTitle = t.Title
			}
			out = append(out, v)
		}
	}
	return out
}

func (s *Server) health(ctx context.Context) healthView {
	v := healthView{OK: true, Version: s.version, StartedAt: rfc(s.started.UnixMilli()), Now: rfc(s.clock.Now().UnixMilli())}
	check := func(name string, err error) {
		c := checkView{Name: name, OK: err == nil}
		if err != nil {
			s.log.Error("health", "check", name, "err", err)
			c.Detail, v.OK = problemOf(err, "").Detail, false
		}
		v.Checks = append(v.Checks, c)
	}
	var one int64
	check("database", s.db.Read(ctx).QueryRow("select 1").Scan(&one))
	st, err := s.evidence.Status(ctx)
	if err == nil && !st.Sealing {
		err = fault.New(fault.Conflict, "not-sealed", "行为记录未在封存，请核查", "acts are not being sealed; find out why")
	}
	check("evidence", err)
	alarmed, err := s.evidence.Alarmed(ctx)
	if err == nil && alarmed {
		err = fault.New(fault.Conflict, "evidence-alarm", "证据与日志不符，请立即核查", "the evidence does not agree with the log; look at once")
	}
	check("monitor", err)
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	v.Figures = []figureView{{"acts", float64(st.Size), ""}, {"unsealed", float64(st.Unsealed), ""}, {"heap", float64(m.HeapAlloc >> 20), "MiB"}, {"goroutines", float64(runtime.NumGoroutine()), ""}}
	return v
}
