package server

import (
	"context"
	"net/http"
	"time"

	"chengshu/core/record"
	"chengshu/engine/score"
	"chengshu/kernel/fault"
)

// sources is the one list of figures that engines bring to scores.
func (w *world) sources() []score.Source {
	return []score.Source{
		{Name: "datasets.on_time", Of: w.datasetsOnTime},
		{Name: "datasets.filled", Of: w.datasetsFilled},
		{Name: "grants.records", Of: w.recordsRead},
	}
}

// cycles are the times within which datasets of a cycle have a new release,
// with some days of grace.
var cycles = map[string]time.Duration{"daily": 3 * 24 * time.Hour, "monthly": 36 * 24 * time.Hour, "yearly": 380 * 24 * time.Hour}

// eachDataset calls fn for every dataset with its owner and its latest release
// before a time; its version is 0 when there was none.
func (w *world) eachDataset(ctx context.Context, before int64, fn func(t *record.Type, owner string, filled, cells, at int64)) error {
	for _, t := range record.Datasets(w.types) {
		owner, err := w.ownerOf(t.Name)
		if err != nil {
			return err
		}
		one, err := w.lake.LastBefore(w.lake.DB.Read(ctx), t, before)
		if err != nil {
			return err
		}
		var filled, cells int64
		if one.Version > 0 {
			m, err := one.Read()
			if err != nil {
				return err
			}
			for _, f := range m.Quality.Filled {
				filled, cells = filled+f.Cells, cells+m.Rows
			}
		}
		if name, _ := owner.(string); name != "" {
			fn(t, name, filled, cells, one.At)
		}
	}
	return nil
}

// datasetsOnTime is the share of an owner's datasets whose latest release is as
// young as their update cycle asks.
func (w *world) datasetsOnTime(ctx context.Context, _, to int64) (map[string]score.Value, error) {
	out := map[string]score.Value{}
	return out, w.eachDataset(ctx, to, func(t *record.Type, owner string, _, _, at int64) {
		within, ok := cycles[t.Cycle]
		if !ok {
			return // live, or once
		}
		v := out[owner]
		v.Whole++
		if at >= to-within.Milliseconds() {
			v.Part++
		}
		out[owner] = v
	})
}

// datasetsFilled is the share of cells with a value in the latest releases of an
// owner's datasets.
func (w *world) datasetsFilled(ctx context.Context, _, to int64) (map[string]score.Value, error) {
	out := map[string]score.Value{}
	return out, w.eachDataset(ctx, to, func(_ *record.Type, owner string, filled, cells, _ int64) {
		v := out[owner]
		out[owner] = score.Value{Part: v.Part + float64(filled), Whole: v.Whole + float64(cells)}
	})
}

// recordsRead counts what others have read of an owner's resources by grants.
func (w *world) recordsRead(ctx context.Context, from, to int64) (map[string]score.Value, error) {
	read, err := w.exchange.ReadOf(w.exchange.DB.Read(ctx), from, to)
	if err != nil {
		return nil, err
	}
	out := map[string]score.Value{}
	for resource, n := range read {
		owner, err := w.ownerOf(resource)
		if err != nil {
			return nil, err
		}
		if name, _ := owner.(string); name != "" {
			v := out[name]
			out[name] = score.Value{Part: v.Part + float64(n), Whole: 1}
		}
	}
	return out, nil
}

type scoreView struct {
	Name    string        `json:"name"`
	Title   fault.Text    `json:"title"`
	About   fault.Text    `json:"about"`
	Basis   string        `json:"basis"`
	Into    string        `json:"into"`
	Figures []scoreFigure `json:"figures"`
}

type scoreFigure struct {
	Name   string     `json:"name"`
	Title  fault.Text `json:"title"`
	Weight int        `json:"weight"`
	Source string     `json:"source,omitempty"`
	Of     string     `json:"of,omitempty"`
	When   string     `json:"when,omitempty"`
	Sum    string     `json:"sum,omitempty"`
	Over   string     `json:"over,omitempty"`
	Full   int        `json:"full,omitempty"`
}

// listScores tells by what formula organisations are evaluated. It is public;
// the scores themselves are records.
func (s *Server) listScores(w http.ResponseWriter, _ *http.Request) error {
	out := struct {
		Items []scoreView `json:"items"`
	}{Items: []scoreView{}}
	for _, one := range s.declared.scores() {
		v := scoreView{Name: one.Name, Title: one.Title, About: one.About, Basis: one.Basis, Into: one.Into}
		for _, f := range one.Figures {
			fv := scoreFigure{Name: f.Name, Title: f.Title, Weight: f.Weight, Source: f.Source, Full: f.Full}
			if f.Rows != nil {
				fv.Of, fv.When, fv.Sum, fv.Over = f.Rows.Of, f.Rows.When.Text, f.Rows.Sum, f.Rows.Over
			}
			v.Figures = append(v.Figures, fv)
		}
		out.Items = append(out.Items, v)
	}
	return send(w, http.StatusOK, out)
}
