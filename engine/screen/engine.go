package screen

import (
	"context"
	"encoding/json"
	"fmt"

	"chengshu/core/access"
	"chengshu/core/decl"
	"chengshu/core/identity"
	"chengshu/core/process"
	"chengshu/core/record"
	"chengshu/kernel/clock"
)

// Deps is all that an Engine needs.
type Deps struct {
	Records   *record.Engine
	Processes *process.Engine
	Access    *access.Engine
	Clock     clock.Clock
	Screens   []*Screen
	Packs     []Pack // the loaded ones
	// Areas names the record type of the boundaries that lie under every map;
	// empty: none.
	Areas string
	// View gives a case as the API shows it to the actor.
	View func(ctx context.Context, a *identity.Actor, row *record.Row) (json.RawMessage, error)
}

// Pack is a loaded pack, as much as the law's page says of it.
type Pack struct {
	Name     string
	Title    decl.Text
	Articles []string
}

// Engine computes what screens show. It is safe for concurrent use.
type Engine struct {
	Deps
	figures *shelf
	counts  *counts
}

// New returns an engine.
func New(d Deps) *Engine {
	return &Engine{Deps: d, figures: newShelf(), counts: newCounts()}
}

// Data computes the widgets of a screen within what the actor may read, by
// name, ready to be marshalled, in the shapes of the API guide. Faults are those of the record engine; a widget of which the actor
// may read nothing is empty, not an error.
func (e *Engine) Data(ctx context.Context, a *identity.Actor, s *Screen) (map[string]any, error) {
	out := make(map[string]any, len(s.Widgets))
	asked, err := e.look(ctx)
	if err != nil {
		return nil, err
	}
	v := viewer{e, a, asked}
	for _, w := range s.Widgets {
		data, err := v.widget(ctx, s, w)
		if err != nil {
			return nil, fmt.Errorf("screen %s/%s: widget %s: %w", s.Pack, s.Name, w.Name, err)
		}
		out[w.Name] = data
	}
	return out, nil
}

// look tells the present moment.
func (e *Engine) look(ctx context.Context) (moment, error) {
	version, err := e.Records.Version(ctx)
	return moment{version, e.Clock.Now()}, err
}

// viewer is one actor who looks at one moment.
type viewer struct {
	e     *Engine
	actor *identity.Actor
	asked moment
}

// widget returns the data of a widget: kept, or computed now.
func (v viewer) widget(ctx context.Context, s *Screen, w *Widget) (any, error) {
	if w.Kind == "text" {
		return map[string]any{"text": w.Text}, nil
	}
	key := s.Pack + "/" + s.Name + "/" + w.Name + v.signature(w)
	data, err := v.e.figures.get(ctx, key, v.asked,
		func() (moment, error) { return v.e.look(ctx) }, func() (any, bool, error) {
			value, err := v.compute(ctx, s, w)
			if err != nil {
				return nil, false, err
			}
			costly, err := v.costly(ctx, w)
			return value, costly, err
		})
	if err != nil {
		return nil, err
	}
	if rows, ok := data.([]*record.Row); ok {
		return v.queueItems(ctx, rows)
	}
	return data, nil
}

func (v viewer) compute(ctx context.Context, s *Screen, w *Widget) (any, error) {
	switch w.Kind {
	case "number":
		return v.number(ctx, w)
	case "series":
		return v.series(ctx, w)
	case "group":
		return v.group(ctx, w)
	case "ranking":
		return v.ranking(ctx, w)
	case "queue":
		return v.queue(ctx, w)
	case "map":
		return v.mapped(ctx, w)
	case "law":
		return v.law(ctx, s, w)
	}
	return nil, fmt.Errorf("there is no widget kind %q", w.Kind)
}

// costly reports whether the widget is made of a type with so many rows that
// it is not computed anew for each change.
func (v viewer) costly(ctx context.Context, w *Widget) (bool, error) {
	types := []*record.Type{w.typ}
	if w.Kind == "law" {
		types = v.e.Records.Types()
	}
	for _, t := range types {
		n, err := v.e.Records.Approximate(ctx, t)
		if err != nil || n >= costlyRows {
			return true, err
		}
	}
	return false, nil
}

// signature tells apart viewers who may read different rows. Two who have the
// same may share a figure. Nothing that is shared depends on the viewer
// otherwise: the items of a queue, which are masked for each, are not.
func (v viewer) signature(w *Widget) string {
	if w.Kind == "law" { // its figures are of everything, its text is of what may be read
		return v.reach(w.Law.Chapters) + v.reach(w.Law.Articles) + v.reach(w.Law.Systems)
	}
	out := v.reach(w.typ.Name, w.using()...)
	if w.Kind == "map" {
		out += v.titleBy(w) + v.reach(v.e.Areas)
	}
	return out
}

// reach is which rows of a type the viewer may read, as text.
func (v viewer) reach(typ string, using ...string) string {
	sql, args := v.e.Access.Filter(v.actor, access.Read, typ, using...).SQL(1)
	return fmt.Sprintf("\x00%s%q", sql, args)
}

// using names the fields by whose values the widget selects: only rows count
// of which the viewer may see these in clear.
func (w *Widget) using() []string {
	var out []string
	if w.By != "" {
		out = append(out, w.By)
	}
	for _, c := range w.conds {
		out = append(out, c.Field)
	}
	return out
}
