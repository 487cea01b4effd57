package access

import (
	"math/bits"
	"slices"

	"chengshu/core/record"
)

// View says how each field of a row is shown to somebody, or which fields they
// may write, by which grant. The zero View shows nothing.
type View struct{ *view }

type view struct {
	Grant   string // of those that matched, the grant that discloses the most, else the narrowest
	Basis   string // its legal basis
	Purpose string // its purpose, in Chinese

	see      map[string]record.See
	personal []string // fields shown in clear
}

var blind = View{&view{}}

// See returns how the field of that name is shown: Hidden when there is none.
func (v View) See(field string) record.See {
	if v.view != nil {
		if s, ok := v.see[field]; ok {
			return s
		}
	}
	return record.Hidden
}

// Of returns how f is shown.
func (v View) Of(f *record.Field) record.See { return v.See(f.Name) }

// MayWrite reports whether the field may be given in an action that was
// decided with this view. A field that is shown masked may be written.
func (v View) MayWrite(field string) bool { return v.See(field) != record.Hidden }

// PersonalFields returns the personal fields that are shown in clear: showing a
// row with values in them is a reading that leaves an act.
func (v View) PersonalFields() []string {
	if v.view == nil {
		return nil
	}
	return v.personal
}

// Shows reports whether r has a value in a personal field shown in clear.
func (v View) Shows(r *record.Row) bool {
	for _, name := range v.PersonalFields() {
		if r.Get(name) != nil {
			return true
		}
	}
	return false
}

func newView(t *record.Type, see func(i int) record.See) View {
	v := View{&view{see: make(map[string]record.See, len(t.Fields))}}
	for i, f := range t.Fields {
		s := see(i)
		v.see[f.Name] = s
		if s == record.Clear && f.HoldsPersonal() {
			v.personal = append(v.personal, f.Name)
		}
	}
	return v
}

// viewOf is the most generous of the permits whose bits are set.
func viewOf(t *record.Type, permits []*permit, matched uint64) View {
	v := newView(t, func(i int) record.See {
		best := record.Hidden
		for b, pm := range permits {
			if matched&(1<<b) != 0 {
				best = min(best, pm.see[i])
			}
		}
		return best
	})
	by := permits[bits.TrailingZeros64(matched)]
	for b, pm := range permits {
		if matched&(1<<b) != 0 && pm.discloses() > by.discloses() {
			by = pm
		}
	}
	v.Grant, v.Basis, v.Purpose = by.grant.Name, by.grant.Basis, by.grant.Purpose.Zh
	return v
}

// discloses weighs what the permit shows in clear: any sensitive field weighs
// more than all that are only personal.
func (p *permit) discloses() int {
	weight := 0
	for i, f := range p.typ.Fields {
		switch {
		case p.see[i] != record.Clear || !f.HoldsPersonal():
		case sensitive(f):
			weight += 1 + len(p.typ.Fields)
		default:
			weight++
		}
	}
	return weight
}

// sensitive reports whether the field is sensitive personal information, or
// holds some.
func sensitive(f *record.Field) bool {
	return f.Sensitive || slices.ContainsFunc(f.Fields, sensitive)
}

// maskable reports whether the field is masked unless a grant unmasks it.
func maskable(f *record.Field) bool { return f.Mask != "" || f.HoldsPersonal() }

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
