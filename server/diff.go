package server

import (
	"net/http"
	"strconv"

	"chengshu/core/access"
	"chengshu/core/record"
	"chengshu/engine/lake"
)

type diffView struct {
	Older int64 `json:"older"`
	Newer int64 `json:"newer"`
	lake.DiffReport
	Items []changeView `json:"items"`
	Next  string       `json:"next,omitempty"`
}

type changeView struct {
	Kind  string           `json:"kind"`
	Older int64            `json:"older,omitempty"`
	Newer int64            `json:"newer,omitempty"`
	Cells []cellChangeView `json:"cells"`
}

type cellChangeView struct {
	Field  string  `json:"field"`
	Before *string `json:"before,omitempty"`
	After  *string `json:"after,omitempty"`
	Masked bool    `json:"masked,omitempty"`
}

// releaseDiff tells what has changed between two releases, masked as the
// actor's grant says; what changed in fields that are not shown is not told.
func (s *Server) releaseDiff(w http.ResponseWriter, r *http.Request) error {
	t, d, err := s.datasetOf(r)
	if err != nil {
		return err
	}
	older, err := number(r, "from", 0)
	if err != nil {
		return err
	}
	newer, err := number(r, "to", 0)
	if err != nil {
		return err
	}
	after, limit, err := pageAsked(r)
	if err != nil {
		return err
	}
	diff, err := s.lake.Diff(r.Context(), t, older, newer)
	if err != nil {
		return err
	}
	for _, version := range []int64{older, newer} {
		if err := s.noteRelease(r, t, d, version); err != nil {
			return err
		}
	}
	changes, err := s.lake.Changes(r.Context(), diff, after, int(limit))
	if err != nil {
		return err
	}
	out := diffView{Older: older, Newer: newer, DiffReport: diff.Report, Items: make([]changeView, len(changes))}
	out.Cells = []lake.FieldCells{}
	for _, c := range diff.Report.Cells {
		if d.View.See(c.Field) != record.Hidden {
			out.Cells = append(out.Cells, c)
		}
	}
	for i, c := range changes {
		out.Items[i] = changeView{Kind: c.Kind, Older: c.Older, Newer: c.Newer, Cells: cellsShown(t, d, c.Cells)}
	}
	if len(changes) == int(limit) {
		out.Next = strconv.FormatInt(after+limit, 10)
	}
	return send(w, http.StatusOK, out)
}

func cellsShown(t *record.Type, d access.Decision, cells []lake.CellChange) []cellChangeView {
	out := []cellChangeView{}
	for _, c := range cells {
		v := cellChangeView{Field: c.Field, Before: c.Before, After: c.After}
		switch d.View.See(c.Field) {
		case record.Hidden:
			continue
		case record.Masked:
			v.Masked = true
			for _, side := range []**string{&v.Before, &v.After} {
				if *side != nil {
					masked := access.Mask(t.Field(c.Field).Mask, **side)
					*side = &masked
				}
			}
		}
		out = append(out, v)
	}
	return out
}
