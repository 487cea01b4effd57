package record

import (
	"fmt"
	"strings"
	"time"

	"chengshu/kernel/fault"
)

// ParseCond reads one filter of a query string: "a", "a,b" or "from..to". Both
// ends of a range are included; a date stands for its whole day in Shanghai
// where times are compared.
func (t *Type) ParseCond(name, text string) (Cond, error) {
	c := Cond{Field: name}
	f := t.byName[name]
	if f == nil {
		f = columnField(name)
	}
	if f == nil {
		return c, fault.New(fault.Invalid, "unknown-filter", "没有这个筛选条件："+name, "no such filter: "+name).
			With(name, "可用："+strings.Join(t.Filters, "、"), "known: "+strings.Join(t.Filters, ", "))
	}
	if text == "null" {
		c.Null = true
		return c, nil
	}
	if from, to, ranged := strings.Cut(text, ".."); ranged {
		var err error
		if c.From, err = f.bound(from, false); err == nil {
			c.To, err = f.bound(to, true)
		}
		return c, badFilter(name, err)
	}
	if day := len(text) == len(time.DateOnly); f.Type == Time && day {
		from, err := f.bound(text, false)
		if err != nil {
			return c, badFilter(name, err)
		}
		to, _ := f.bound(text, true)
		c.From, c.To = from, to
		return c, nil
	}
	for _, part := range strings.Split(text, ",") {
		v, err := f.kind.parse(f, part)
		if err != nil {
			return c, badFilter(name, err)
		}
		c.In = append(c.In, v)
	}
	if len(c.In) > 100 {
		return c, badFilter(name, fmt.Errorf("at most 100 values"))
	}
	return c, nil
}

// CondOf is one filter whose parts are given apart: values, a range with both
// ends included, or that there is no value.
func (t *Type) CondOf(name string, in []string, from, to string, null bool) (Cond, error) {
	c := Cond{Field: name, Null: null}
	f := t.byName[name]
	if f == nil {
		f = columnField(name)
	}
	given := 0
	for _, is := range []bool{len(in) > 0, from != "" || to != "", null} {
		if is {
			given++
		}
	}
	if f == nil || given != 1 || len(in) > 100 {
		return c, fault.New(fault.Invalid, "bad-filter", "筛选条件有误："+name, "bad filter: "+name).
			With(name, "须为已有字段，并给出至多 100 个值、一个范围或 empty 之一", "must be a field with at most 100 values, a range, or empty")
	}
	for _, text := range in {
		v, err := f.kind.parse(f, text)
		if err != nil {
			return c, badFilter(name, err)
		}
		c.In = append(c.In, v)
	}
	var err error
	if c.From, err = f.bound(from, false); err == nil {
		c.To, err = f.bound(to, true)
	}
	return c, badFilter(name, err)
}

// columnField stands for the columns that every type has.
func columnField(name string) *Field {
	switch name {
	case "created_at", "updated_at":
		return &Field{Name: name, Type: Time, kind: timeKind{}}
	case "created_by", "id":
		return &Field{Name: name, Type: Text, kind: textKind{}}
	}
	return nil
}

// bound reads one end of a range; an empty one is open.
func (f *Field) bound(s string, end bool) (any, error) {
	if s == "" {
		return nil, nil
	}
	if f.Type == Time && len(s) == len(time.DateOnly) {
		day, err := time.ParseInLocation(time.DateOnly, s, shanghai)
		if err != nil {
			return nil, err
		}
		if end {
			day = day.AddDate(0, 0, 1).Add(-time.Millisecond)
		}
		return day.UnixMilli(), nil
	}
	return f.kind.parse(f, s)
}

var shanghai = time.FixedZone("Asia/Shanghai", 8*3600)

func badFilter(name string, err error) error {
	if err == nil {
		return nil
	}
	return fault.Wrap(err, fault.Invalid, "bad-filter", "筛选条件有误："+name, "bad filter: "+name).
		With(name, "无法理解此值", err.Error())
}
