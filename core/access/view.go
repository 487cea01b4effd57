package access

import (
	"slices"

	"chengshu/core/record"
)

// View says how each field of a row is shown to somebody, or which fields they
// may write. It is shared; nobody changes one.
type View struct {
	see      map[string]record.See
	personal []string
}

// See returns how the field is shown; Hidden when the type has no such field.
func (v *View) See(field string) record.See {
	if v == nil {
		return record.Hidden
	}
	s, ok := v.see[field]
	if !ok {
		return record.Hidden
	}
	return s
}

// SeeField is See in the form that record.View wants.
func (v *View) SeeField(_ *record.Row, f *record.Field) record.See { return v.See(f.Name) }

// MayWrite reports whether the field may be given in an action that was
// decided with this view. A field that is shown masked may be written.
func (v *View) MayWrite(field string) bool { return v.See(field) != record.Hidden }

// Personal returns the personal fields that are shown in clear, in order: when
// there is one, delivering the row is a reading that leaves an act.
func (v *View) Personal() []string {
	if v == nil {
		return nil
	}
	return v.personal
}

func newView(t *record.Type, see func(i int, f *record.Field) record.See) *View {
	v := &View{see: make(map[string]record.See, len(t.Fields))}
	for i, f := range t.Fields {
		s := see(i, f)
		v.see[f.Name] = s
		if s == record.Clear && personal(f) {
			v.personal = append(v.personal, f.Name)
		}
	}
	return v
}

func uniformView(t *record.Type, s record.See) *View {
	return newView(t, func(int, *record.Field) record.See { return s })
}

// viewOf is the most generous of the permits whose bits are set.
func viewOf(t *record.Type, permits []*permit, matched uint64) *View {
	return newView(t, func(i int, _ *record.Field) record.See {
		best := record.Hidden
		for b, pm := range permits {
			if matched&(1<<b) != 0 {
				best = min(best, pm.see[i])
			}
		}
		return best
	})
}

// personal reports whether the field is personal information, or holds some.
func personal(f *record.Field) bool {
	return f.Personal || slices.ContainsFunc(f.Fields, personal)
}

// maskable reports whether the field is masked unless a grant unmasks it.
func maskable(f *record.Field) bool { return f.Mask != "" || personal(f) }

// sees works out how the grant shows each field. System fields, such as the
// state of a case, come with any grant.
func (g *Grant) sees(t *record.Type) []record.See {
	out := make([]record.See, len(t.Fields))
	for i, f := range t.Fields {
		switch {
		case f.System:
			out[i] = record.Clear
		case !isAll(g.Fields) && !slices.Contains(g.Fields, f.Name):
			out[i] = record.Hidden
		case slices.Contains(g.Mask, f.Name):
			out[i] = record.Masked
		case maskable(f) && !slices.Contains(g.Unmask, f.Name) && (len(g.Unmask) == 0 || !isAll(g.Unmask)):
			out[i] = record.Masked
		}
	}
	return out
}

// shows reports whether the permit shows all these fields in clear. What is
// not a field of the type, such as the time of creation, hides nothing.
func (p *permit) shows(fields []string) bool {
	if len(fields) == 0 {
		return true
	}
	for i, f := range p.typ.Fields {
		if p.see[i] != record.Clear && slices.Contains(fields, f.Name) {
			return false
		}
	}
	return true
}
