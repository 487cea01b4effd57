package server

import (
	"context"
	"net/http"

	"chengshu/core/access"
	"chengshu/core/identity"
	"chengshu/core/record"
	"chengshu/kernel/db"
	"chengshu/kernel/id"
	"chengshu/standard/ckan"
)

// ckanCall is what one call of an action may see and do: it is the Reader and
// the Writer of standard/ckan for one actor.
type ckanCall struct {
	c     *openData
	r     *http.Request
	actor *identity.Actor
	now   *catalogueNow
}

// MayKnow implements ckan.Reader: the entry is shown whole or not at all.
func (k *ckanCall) MayKnow(p *ckan.Package) bool {
	row := k.now.entries[p]
	if row == nil {
		return false
	}
	d := k.c.s.access.Decide(k.actor, access.Read, row.Type.Name, access.RowOf(row))
	if !d.Allow {
		return false
	}
	for _, f := range row.Type.Fields {
		if d.View.Of(f) != record.Clear {
			return false
		}
	}
	return true
}

// Create implements ckan.Writer.
func (k *ckanCall) Create(ctx context.Context, fields map[string]any) error {
	s := k.c.s
	t, err := s.records.Type(ckan.EntryType)
	if err != nil {
		return err
	}
	if !s.access.May(k.actor, access.Create, t.Name) {
		return s.denied(k.actor)
	}
	d, err := s.records.PlanCreate(ctx, t, given(fields), s.author(k.actor))
	if err != nil {
		return err
	}
	d.Row.CreatedBy = k.actor.Self()
	decision := s.access.Decide(k.actor, access.Create, t.Name, access.RowOf(d.Row))
	if !decision.Allow {
		return s.denied(k.actor)
	}
	if err := mayWrite(decision, t, given(fields)); err != nil {
		return err
	}
	return s.write(k.r, d, t.Name+".create", decision)
}

// given leaves out the fields without a value, which a grant need not let through.
func given(fields map[string]any) map[string]any {
	out := map[string]any{}
	for name, v := range fields {
		if list, ok := v.([]any); v != nil && (!ok || len(list) > 0) {
			out[name] = v
		}
	}
	return out
}

// row is the entry of a package as it stands now.
func (k *ckanCall) row(p *ckan.Package) (*record.Row, error) {
	old := k.now.entries[p]
	if old == nil {
		return nil, record.ErrNotFound()
	}
	return k.c.s.records.Get(k.c.s.db.Read(k.r.Context()), old.Type, old.ID)
}

// Revise implements ckan.Writer.
func (k *ckanCall) Revise(ctx context.Context, p *ckan.Package, fields map[string]any) error {
	s := k.c.s
	row, err := k.row(p)
	if err != nil {
		return err
	}
	decision := s.access.Decide(k.actor, access.Revise, row.Type.Name, access.RowOf(row))
	if !decision.Allow {
		return s.denied(k.actor)
	}
	if err := mayWrite(decision, row.Type, fields); err != nil {
		return err
	}
	d, err := s.records.PlanRevise(ctx, row, fields, s.author(k.actor))
	if err != nil {
		return err
	}
	// What it becomes must lie within the grant too.
	if !s.access.Decide(k.actor, access.Revise, row.Type.Name, access.RowOf(d.Row)).Allow {
		return s.denied(k.actor)
	}
	if d.Same() {
		return nil
	}
	return s.write(k.r, d, row.Type.Name+".revise", decision)
}

// Delete implements ckan.Writer.
func (k *ckanCall) Delete(ctx context.Context, p *ckan.Package) error {
	s := k.c.s
	row, err := k.row(p)
	if err != nil {
		return err
	}
	decision := s.access.Decide(k.actor, access.Delete, row.Type.Name, access.RowOf(row))
	if !decision.Allow {
		return s.denied(k.actor)
	}
	if err := s.records.Unreferred(ctx, row); err != nil {
		return err
	}
	stamp := record.Stamp{Act: id.New(), Verb: row.Type.Name + ".delete", Person: k.actor.Self(), At: s.clock.Now().UnixMilli()}
	return s.db.Do(ctx, func(tx *db.Tx) error {
		revision, err := s.records.Delete(tx, row, stamp)
		if err != nil {
			return err
		}
		return s.act(tx, k.r, row, stamp, revision, decision)
	})
}

// Reload implements ckan.Writer.
func (k *ckanCall) Reload(ctx context.Context) (*ckan.Catalogue, error) {
	now, err := k.c.current(ctx)
	if err != nil {
		return nil, err
	}
	k.now = now
	return now.catalogue, nil
}
