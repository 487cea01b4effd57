package server

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"chengshu/core/evidence"
	"chengshu/core/identity"
	"chengshu/core/record"
	"chengshu/engine/federation"
	"chengshu/kernel/db"
	"chengshu/kernel/fault"
	"chengshu/kernel/id"
	"chengshu/standard/ckan"
)

// harvested is this catalogue as other sites' are brought into it, by the system.
type harvested struct {
	s    *Server
	open *openData
}

// vanishedOn is the extra that says since when the other site has a package no
// more.
const vanishedOn = "harvest_vanished"

// Take implements federation.Catalogue. The entry's name follows from the
// package's, so a package has one entry however often it is taken.
func (h harvested) Take(ctx context.Context, x *federation.Exchange, pkg map[string]any) error {
	t, err := h.s.records.Type(ckan.EntryType)
	if err != nil {
		return err
	}
	name, _ := pkg["name"].(string)
	fields, err := ckan.Harvested(pkg, x.Name, strings.TrimSuffix(x.URL, "/")+"/dataset/"+name)
	if err != nil {
		return fault.Wrap(err, fault.Invalid, "bad-package", err.Error(), err.Error())
	}
	old, err := h.entry(ctx, t, ckan.HarvestedName(x.Name, name))
	if err != nil {
		return err
	}
	author := h.s.author(identity.NewSystem())
	if old == nil {
		d, err := h.s.records.PlanCreate(ctx, t, given(fields), author)
		if err != nil {
			return err
		}
		return h.write(ctx, d, t.Name+".create")
	}
	return h.revise(ctx, old, fields)
}

// Vanished implements federation.Catalogue.
func (h harvested) Vanished(ctx context.Context, x *federation.Exchange, name string) error {
	t, err := h.s.records.Type(ckan.EntryType)
	if err != nil {
		return err
	}
	old, err := h.entry(ctx, t, ckan.HarvestedName(x.Name, name))
	if err != nil || old == nil {
		return err
	}
	list, _ := old.Get("extras").([]map[string]any)
	extras := []any{map[string]any{"key": vanishedOn, "value": h.s.clock.Now().Format(time.DateOnly)}}
	for _, one := range list {
		if one["key"] != vanishedOn {
			extras = append(extras, one)
		}
	}
	return h.revise(ctx, old, map[string]any{"extras": extras})
}

func (h harvested) entry(ctx context.Context, t *record.Type, name string) (*record.Row, error) {
	rows, err := h.s.records.ByKey(ctx, t, []string{name}, nil)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	return rows[0], nil
}

func (h harvested) revise(ctx context.Context, old *record.Row, fields map[string]any) error {
	d, err := h.s.records.PlanRevise(ctx, old, fields, h.s.author(identity.NewSystem()))
	if err != nil || d.Same() {
		return err
	}
	return h.write(ctx, d, old.Type.Name+".revise")
}

func (h harvested) write(ctx context.Context, d *record.Draft, verb string) error {
	t := d.Row.Type
	decision := h.s.access.DecideSystem(t.Name, t.Basis)
	stamp := record.Stamp{Act: id.New(), Verb: verb, At: h.s.clock.Now().UnixMilli()}
	return h.s.db.Do(ctx, func(tx *db.Tx) error {
		rev, err := d.Write(tx, stamp)
		if err != nil {
			return err
		}
		_, err = h.s.evidence.Append(tx, evidence.Act{ID: stamp.Act, At: stamp.At, Verb: verb, Changed: rev.Changed, Basis: decision.Basis, Grant: decision.Grant, Purpose: decision.Purpose,
			Subject: evidence.Subject{Type: t.Name, ID: d.Row.ID, Rev: rev.Rev, Digest: rev.Digest}})
		tx.AfterCommit(func() { h.s.events.Publish("record." + t.Name) })
		return err
	})
}

// Packages implements federation.Catalogue. What was harvested is not sent on:
// it is another site's.
func (h harvested) Packages(ctx context.Context) ([]map[string]any, error) {
	now, err := h.open.current(ctx)
	if err != nil {
		return nil, err
	}
	var out []map[string]any
	for _, p := range now.catalogue.Packages() {
		if p.Restricted || p.Private || p.Extra("harvested_from") != "" {
			continue
		}
		raw, err := json.Marshal(p)
		if err != nil {
			return nil, err
		}
		var one map[string]any
		if err := json.Unmarshal(raw, &one); err != nil {
			return nil, err
		}
		out = append(out, one)
	}
	return out, nil
}

type exchangeView struct {
	Name       string      `json:"name"`
	Title      fault.Text  `json:"title"`
	URL        string      `json:"url"`
	Sends      bool        `json:"sends"` // this catalogue there; else theirs is harvested
	Every      string      `json:"every"`
	DueAt      string      `json:"due_at,omitempty"`
	LastAt     string      `json:"last_at,omitempty"`
	LastGoodAt string      `json:"last_good_at,omitempty"`
	Running    bool        `json:"running"`
	Failures   int64       `json:"failures"`
	Error      *fault.Text `json:"error,omitempty"`
	Taken      int64       `json:"taken"`
	Unchanged  int64       `json:"unchanged"`
	Vanished   int64       `json:"vanished"`
	Failed     int64       `json:"failed"`
}

// listExchanges tells how the exchanges of catalogues fare.
func (s *Server) listExchanges(w http.ResponseWriter, r *http.Request) error {
	if err := s.mustAdmin(actorOf(r.Context())); err != nil {
		return err
	}
	out := listOf[exchangeView]{Items: []exchangeView{}}
	for _, x := range s.federation.Exchanges {
		n, err := s.federation.RoundOf(s.db.Read(r.Context()), x.Name)
		if err != nil {
			return err
		}
		out.Items = append(out.Items, exchangeView{Name: x.Name, Title: fault.Text(x.Title), URL: x.URL, Sends: x.Send != nil, Every: x.Every.String(), Running: n.Began > n.Ended,
			DueAt: whenOf(n.Due), LastAt: whenOf(n.Ended), LastGoodAt: whenOf(n.Succeeded), Failures: n.Failures, Error: n.Error,
			Taken: n.Taken, Unchanged: n.Unchanged, Vanished: n.Vanished, Failed: n.Failed})
	}
	return send(w, http.StatusOK, out)
}

// beginExchange has a round of an exchange begin now.
func (s *Server) beginExchange(w http.ResponseWriter, r *http.Request) error {
	if err := s.mustAdmin(actorOf(r.Context())); err != nil {
		return err
	}
	if err := s.federation.Begin(r.Context(), r.PathValue("name")); err != nil {
		return err
	}
	w.WriteHeader(http.StatusAccepted)
	return nil
}
