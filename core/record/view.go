package record

import (
	"context"
	"strconv"
	"strings"

	"chengshu/core/decl"
	"chengshu/kernel/fault"
)

// See says how a field is shown to whom asks.
type See int

const (
	Clear  See = iota
	Masked     // as Mask writes it
	Hidden     // not at all
)

// View appends rows as the API shows them.
type View struct {
	// See tells how a field is shown; nil shows all.
	See func(r *Row, f *Field) See
	// Mask writes a personal value so that it no longer identifies.
	Mask func(how, value string) string
	// Extra appends further members, each with its leading comma.
	Extra func(dst []byte, r *Row) []byte
}

// Append appends one row as a JSON object; labels hold the titles of what its
// choices and references mean.
func (v View) Append(ctx context.Context, e *Engine, dst []byte, r *Row) ([]byte, error) {
	dst = append(dst, `{"id":`...)
	dst = appendString(dst, r.ID)
	dst = append(dst, `,"type":`...)
	dst = appendString(dst, r.Type.Name)
	dst = append(dst, `,"rev":`...)
	dst = strconv.AppendInt(dst, r.Rev, 10)
	dst = append(dst, `,"created_at":`...)
	dst = AppendTime(dst, r.CreatedAt)
	dst = append(dst, `,"updated_at":`...)
	dst = AppendTime(dst, r.UpdatedAt)
	if r.Type.TitleBy != "" {
		if title, ok := v.Title(r); ok {
			dst = AppendText(append(dst, `,"title":`...), title)
		}
	}
	dst = v.AppendFields(append(dst, ','), r)
	dst, err := v.appendLabels(ctx, e, dst, r)
	if err != nil {
		return nil, err
	}
	if v.Extra != nil {
		dst = v.Extra(dst, r)
	}
	return append(dst, '}'), nil
}

// AppendFields appends the members "fields", the values that are shown, and
// "masked", the names of those that are masked, when there are any.
func (v View) AppendFields(dst []byte, r *Row) []byte {
	dst = append(dst, `"fields":{`...)
	var masked []string
	first := true
	for i, f := range r.Type.Fields {
		val := r.Values[i]
		if val == nil || f.System {
			continue
		}
		switch v.see(r, f) {
		case Hidden:
			continue
		case Masked:
			masked = append(masked, f.Name)
			text := v.Mask(f.Mask, f.Plain(val))
			if !first {
				dst = append(dst, ',')
			}
			dst = append(append(append(dst, '"'), f.Name...), '"', ':')
			dst = appendString(dst, text)
		default:
			dst = appendMember(dst, f, val, first)
		}
		first = false
	}
	dst = append(dst, '}')
	if masked != nil {
		dst = appendAny(append(dst, `,"masked":`...), masked)
	}
	return dst
}

// RefuseMasks refuses input that gives a field what v shows in place of its
// value: whoever saw the mask only would write it over the truth.
func (v View) RefuseMasks(r *Row, input map[string]any) error {
	bad := fault.New(fault.Invalid, "invalid-fields", "填写有误", "some fields are wrong")
	for _, f := range r.Type.Fields {
		val := r.Values[f.index]
		if given, ok := input[f.Name].(string); ok && val != nil && v.see(r, f) == Masked && given == v.Mask(f.Mask, f.Plain(val)) {
			bad.With("fields."+f.Name, "这是遮盖后的显示，不是原值；请填写真实的值，或不提交此字段",
				"this is how the value is shown masked, not the value; give the true value, or leave the field out")
		}
	}
	if len(bad.Fields) > 0 {
		return bad
	}
	return nil
}

// Title returns what names the row, unless v does not show it.
func (v View) Title(r *Row) (decl.Text, bool) {
	if f := r.Type.byName[r.Type.TitleBy]; f != nil && v.see(r, f) != Clear {
		return decl.Text{}, false
	}
	return r.Title(), true
}

func (v View) see(r *Row, f *Field) See {
	if v.See == nil {
		return Clear
	}
	return v.See(r, f)
}

// Plain writes a native value as a cell of a file or a query string has it; a
// list or an area as JSON.
func (f *Field) Plain(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case []string:
		return strings.Join(v, ",")
	case Point:
		return degreesText(v.Lon) + "," + degreesText(v.Lat)
	}
	return strings.Trim(string(f.kind.appendJSON(nil, f, v)), `"`) // a number or a time in quotes has none within
}

// appendLabels appends the titles of choices and references that are shown; a
// field with many values gets a list of titles.
func (v View) appendLabels(ctx context.Context, e *Engine, dst []byte, r *Row) ([]byte, error) {
	dst = append(dst, `,"labels":{`...)
	first := true
	for i, f := range r.Type.Fields {
		if r.Values[i] == nil || f.Type != ChoiceOf && f.Type != Reference || v.see(r, f) != Clear {
			continue
		}
		if !first {
			dst = append(dst, ',')
		}
		first = false
		dst = append(append(append(dst, '"'), f.Name...), '"', ':')
		var err error
		if dst, err = e.appendLabel(ctx, dst, f, r.Values[i]); err != nil {
			return nil, err
		}
	}
	return append(dst, '}'), nil
}

func (e *Engine) appendLabel(ctx context.Context, dst []byte, f *Field, value any) ([]byte, error) {
	many, ok := value.([]string)
	if !ok {
		title, err := e.Label(ctx, f, value.(string))
		return AppendText(dst, title), err
	}
	dst = append(dst, '[')
	for i, s := range many {
		if i > 0 {
			dst = append(dst, ',')
		}
		title, err := e.Label(ctx, f, s)
		if err != nil {
			return nil, err
		}
		dst = AppendText(dst, title)
	}
	return append(dst, ']'), nil
}

// Label returns the title of what a choice or reference value means, also when
// the record has been deleted since.
func (e *Engine) Label(ctx context.Context, f *Field, value string) (decl.Text, error) {
	if t, ok := f.ChoiceTitle(value); ok {
		return t, nil
	}
	if f.Type == Reference {
		ref, err := e.refer(ctx, f.To, value)
		if err != nil {
			return decl.Text{}, err
		}
		if ref != nil {
			return ref.Title, nil
		}
	}
	return decl.Text{Zh: value, En: value}, nil
}

// AppendText appends a bilingual text as a JSON object.
func AppendText(dst []byte, t decl.Text) []byte {
	dst = appendString(append(dst, `{"zh":`...), t.Zh)
	dst = appendString(append(dst, `,"en":`...), t.En)
	return append(dst, '}')
}

// AppendString appends s as a JSON string.
func AppendString(dst []byte, s string) []byte { return appendString(dst, s) }

// AppendField appends the value of a field as JSON, null when it has none.
func AppendField(dst []byte, f *Field, v any) []byte {
	if v == nil {
		return append(dst, "null"...)
	}
	return f.kind.appendJSON(dst, f, v)
}
