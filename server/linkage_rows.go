package server

import (
	"context"
	"net/http"
	"slices"

	"chengshu/core/access"
	"chengshu/core/evidence"
	"chengshu/core/record"
	"chengshu/engine/lake/link"
	"chengshu/engine/lake/linkage"
)

// linkedRows are rows of a linkage's sources, as they are now, that the caller may
// read, with the decisions that permit it. Rows that a source no longer has are
// not among them.
type linkedRows struct {
	l    *linkage.Linkage
	rows map[link.RowID]linkedRow
}

type linkedRow struct {
	*record.Row
	source *linkage.Source
	may    access.Decision
}

func (s *Server) linkedRows(r *http.Request, l *linkage.Linkage, ids []link.RowID) (linkedRows, error) {
	out := linkedRows{l, map[link.RowID]linkedRow{}}
	for _, src := range l.Sources {
		var keys []any
		for _, id := range ids {
			if id.Source == src.Name && !slices.Contains(keys, any(id.Key)) {
				keys = append(keys, id.Key)
			}
		}
		if len(keys) == 0 || !s.access.May(actorOf(r.Context()), access.Read, src.Name) {
			continue
		}
		rows, err := s.linkedOf(r.Context(), src.Type, keys)
		if err != nil {
			return out, err
		}
		subjects, err := s.processes.Subjects(r.Context(), rows)
		if err != nil {
			return out, err
		}
		for i, row := range rows {
			if d := s.access.Decide(actorOf(r.Context()), access.Read, src.Name, subjects[i]); d.Allow {
				out.rows[link.RowID{Source: src.Name, Key: row.ID}] = linkedRow{row, src, d}
			}
		}
	}
	return out, nil
}

func (s *Server) linkedOf(ctx context.Context, t *record.Type, keys []any) ([]*record.Row, error) {
	rows, _, done, err := s.rowsToRead(ctx, t)
	if err != nil {
		return nil, err
	}
	defer done()
	return rows.GetAll(ctx, t, keys)
}

func (lr linkedRows) has(id link.RowID) bool {
	_, ok := lr.rows[id]
	return ok
}

// see is how a field of the linkage is shown of some rows: as the strictest of
// them shows it, for what one source holds openly another may not.
func (lr linkedRows) see(field string, rows ...linkedRow) (see record.See, mask string) {
	for _, one := range rows {
		if own := one.source.Field(field); own != nil {
			see = max(see, one.may.View.Of(own))
			if mask == "" {
				mask = own.Mask
			}
		}
	}
	return see, mask
}

// value is a field of a row as it is shown; nil when there is none.
func (lr linkedRows) value(field string, of linkedRow, beside ...linkedRow) (v *string, masked bool) {
	own := of.source.Field(field)
	if own == nil || of.Get(own.Name) == nil {
		return nil, false
	}
	text := own.Plain(of.Get(own.Name))
	switch see, mask := lr.see(field, append(beside, of)...); see {
	case record.Hidden:
		return nil, false
	case record.Masked:
		masked, text = true, access.Mask(mask, text)
	}
	return &text, masked
}

// noteLinked leaves the acts of a reading that shows personal fields of linked
// rows in the clear: one for each source and grant.
func (s *Server) noteLinked(r *http.Request, lr linkedRows, groups [][]linkedRow) error {
	actor := actorOf(r.Context())
	type grant struct{ source, name, basis, purpose string }
	read := map[grant][]evidence.ReadSubject{}
	told := map[link.RowID]bool{}
	for _, group := range groups {
		for _, row := range group {
			id := link.RowID{Source: row.source.Name, Key: row.ID}
			fields := lr.disclosed(row, group)
			if told[id] || len(fields) == 0 || row.Person() == actor.Person {
				continue
			}
			told[id] = true
			g := grant{id.Source, row.may.Grant, row.may.Basis, row.may.Purpose}
			read[g] = append(read[g], evidence.ReadSubject{Person: row.Person(), Type: id.Source, Record: row.ID, Fields: fields})
		}
	}
	for g, subjects := range read {
		act := evidence.Act{Verb: g.source + ".read", Actor: actor.Evidence(), Grant: g.name, Basis: g.basis, Purpose: g.purpose,
			Request: requestID(r.Context()), Subject: evidence.Subject{Type: g.source, ID: aPage}}
		if _, err := s.evidence.Read(r.Context(), act, subjects); err != nil {
			return err
		}
	}
	return nil
}

// disclosed are the personal fields of a row that are shown in the clear beside
// the rows of its group.
func (lr linkedRows) disclosed(row linkedRow, group []linkedRow) []string {
	var out []string
	for _, f := range lr.l.Compare {
		own := row.source.Field(f.Name)
		if own == nil || !own.Personal || row.Get(own.Name) == nil {
			continue
		}
		if see, _ := lr.see(f.Name, group...); see == record.Clear {
			out = append(out, own.Name)
		}
	}
	return out
}
