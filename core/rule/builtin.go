package rule

import (
	"fmt"
	"time"
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
	}},
}

func str(v any) string {
	s, _ := v.(string)
	return s
}
