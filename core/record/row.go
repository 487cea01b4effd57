package record

import (
	"fmt"
	"strconv"
	"time"

	"chengshu/kernel/fault"
)

// Row is one record at one revision. Values are native (see kind) in the order
// of Type.Fields; nil is no value.
type Row struct {
	Type      *Type
	N         int64 // position in the table; newer rows have larger ones
	ID        string
	Rev       int64
	CreatedAt int64 // ms since 1970 UTC
	UpdatedAt int64
	CreatedBy string // person id
	DeletedAt int64  // 0 while it lives
	Org       string // path of the organisation that answers for it
	Place     string // path of the division where it lies
	Values    []any
}

// Get returns the native value of a field, nil when it has none or there is
// no such field.
func (r *Row) Get(name string) any {
	if f := r.Type.byName[name]; f != nil {
		return r.Values[f.index]
	}
	return nil
}

// Text returns the value of a text, choice or reference field, or "".
func (r *Row) Text(name string) string {
	s, _ := r.Get(name).(string)
	return s
}

// Int returns the value of an integer, decimal or time field, or 0.
func (r *Row) Int(name string) int64 {
	i, _ := r.Get(name).(int64)
	return i
}

// RuleField gives expressions the value of a field (rule.Object).
func (r *Row) RuleField(name string) any {
	if f := r.Type.byName[name]; f != nil {
		v := r.Values[f.index]
		if v == nil {
			return nil
		}
		return f.kind.ruleValue(f, v)
	}
	switch name {
	case "id":
		return r.ID
	case "rev":
		return r.Rev
	case "org_path":
		return r.Org
	case "place_path":
		return r.Place
	case "created_by":
		return r.CreatedBy
	case "created_at":
		return time.UnixMilli(r.CreatedAt)
	case "updated_at":
		return time.UnixMilli(r.UpdatedAt)
	}
	return nil
}

// Person returns whom the row is about: the person its type names, or else
// nobody but the record itself, which stands for whoever is in it.
func (r *Row) Person() string {
	if f := r.Type.Field(r.Type.SubjectBy); f != nil && f.To == "person" {
		if person := r.Text(f.Name); person != "" {
			return person
		}
	}
	return r.ID
}

// Title returns what names the row to people: its title field, or its id.
func (r *Row) Title() fault.Text {
	if f := r.Type.byName[r.Type.TitleBy]; f != nil {
		if s, ok := r.Values[f.index].(string); ok {
			if t, known := f.ChoiceTitle(s); known {
				return t
			}
			if en := r.Text(r.Type.TitleEn); en != "" {
				return fault.Text{Zh: s, En: en}
			}
			return fault.Text{Zh: s, En: s}
		}
	}
	return fault.Text{Zh: r.ID, En: r.ID}
}

// publicTitle is the title for those who may see only that the row is referred
// to: where it is personal, the id stands for it.
func (r *Row) publicTitle() fault.Text {
	if f := r.Type.byName[r.Type.TitleBy]; f != nil && f.Personal {
		return fault.Text{Zh: r.ID, En: r.ID}
	}
	return r.Title()
}

// clone copies the row so that a draft may change it.
func (r *Row) clone() *Row {
	c := *r
	c.Values = append([]any(nil), r.Values...)
	return &c
}

// appendBody appends the canonical JSON of the revision: what the history
// keeps and whose digest the act bears. The salt keeps a digest from being
// guessed once the body has been erased.
func (r *Row) appendBody(dst []byte, salt string) []byte {
	dst = append(dst, `{"salt":"`...)
	dst = append(dst, salt...)
	dst = append(dst, `","type":`...)
	dst = appendString(dst, r.Type.Name)
	dst = append(dst, `,"id":`...)
	dst = appendString(dst, r.ID)
	dst = append(dst, `,"org":`...)
	dst = appendString(dst, r.Org)
	dst = append(dst, `,"place":`...)
	dst = appendString(dst, r.Place)
	dst = append(dst, `,"fields":{`...)
	first := true
	for i, f := range r.Type.Fields {
		if v := r.Values[i]; v != nil {
			dst = appendMember(dst, f, v, first)
			first = false
		}
	}
	return append(dst, '}', '}')
}

// FirstPoint returns the row's place on the map: the first point field that
// has a value.
func (r *Row) FirstPoint() (field string, at Point, ok bool) {
	for i, f := range r.Type.Fields {
		if p, is := r.Values[i].(Point); is {
			return f.Name, p, true
		}
	}
	return "", Point{}, false
}

// Geometry returns the first area that v shows, or else the first point, as a
// GeoJSON geometry.
func (v View) Geometry(r *Row) ([]byte, bool) {
	var point []byte
	for i, f := range r.Type.Fields {
		if v.see(r, f) != Clear {
			continue
		}
		switch g := r.Values[i].(type) {
		case Area:
			return []byte(g.JSON), true
		case Point:
			if point == nil {
				point = fmt.Appendf(nil, `{"type":"Point","coordinates":[%s,%s]}`, degreesText(g.Lon), degreesText(g.Lat))
			}
		}
	}
	return point, point != nil
}

// degreesText writes degrees without an exponent, as few readers expect one.
func degreesText(d float64) string { return strconv.FormatFloat(d, 'f', -1, 64) }
