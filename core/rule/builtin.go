package rule

import (
	"fmt"
	"time"

	"cel.dev/cel-go/common/types/ref"
)

// shanghai is the zone in which dates are read: the whole country keeps one.
var shanghai = time.FixedZone("Asia/Shanghai", 8*3600)

// builtins are the functions every environment has, beside CEL's own.
var builtins = []Function{
	{Name: "date", Params: []Type{Time}, Result: String, Call: func(a []any) (any, error) {
		t, ok := a[0].(time.Time)
		if !ok {
			return nil, fmt.Errorf("no time given")
		}
		return t.In(shanghai).Format(time.DateOnly), nil
	}, SQL: func(a []string) string {
		// Not by the name of the zone, which had summer times from 1986 to 1991.
		return "strftime(" + a[0] + " at time zone 'UTC' + interval 8 hour, '%Y-%m-%d')"
	}},
	{Name: "days_between", Params: []Type{String, String}, Result: Int, Call: func(a []any) (any, error) {
		from, err := time.Parse(time.DateOnly, str(a[0]))
		if err != nil {
			return nil, err
		}
		to, err := time.Parse(time.DateOnly, str(a[1]))
		if err != nil {
			return nil, err
		}
		return int64(to.Sub(from).Hours() / 24), nil
	}, SQL: func(a []string) string {
		day := func(s string) string {
			return fmt.Sprintf(`case when regexp_full_match(%[1]s, '\d{4}-\d{2}-\d{2}') then try_cast(%[1]s as date) end`, s)
		}
		return fmt.Sprintf("date_diff('day', %s, %s)", day(a[0]), day(a[1]))
	}},
}

func str(v any) string {
	s, _ := v.(string)
	return s
}

// Texts returns the strings among the elements of a list argument.
func Texts(v any) []string {
	var out []string
	switch v := v.(type) {
	case []string:
		return v
	case []any:
		for _, e := range v {
			if s, ok := e.(string); ok {
				out = append(out, s)
			}
		}
	case []ref.Val:
		for _, e := range v {
			if s, ok := e.Value().(string); ok {
				out = append(out, s)
			}
		}
	}
	return out
}
