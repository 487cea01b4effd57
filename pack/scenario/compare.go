package scenario

import (
	"encoding/json"
	"fmt"
	"math/big"
	"regexp"
	"strings"
	"time"

	"chengshu/core/decl"
	"chengshu/kernel/clock"
)

// compare checks one expectation about a part of the answer. It returns nil
// when it holds.
func (c Compare) compare(v vars, a *answer) *Difference {
	path, err := c.Path.bind(v)
	if err != nil {
		return broken(err.Error(), err.Error())
	}
	got, there := a.at(path)
	switch c.Op {
	case Exists, IsMissing:
		if (there && got != nil) != (c.Op == Exists) {
			if c.Op == Exists {
				return differs(aValue, nothing)
			}
			return differs(nothing, said(show(got)))
		}
		return nil
	case HasItems, HasAtLeast, HasAtMost:
		return c.counted(got)
	case Matches, DoesNotMatch:
		if regexp.MustCompile(c.Regex).MatchString(plain(got)) != (c.Op == Matches) {
			return differs(c.wanted("/"+c.Regex+"/"), said(show(got)))
		}
		return nil
	}
	want, err := c.Want.eval(v)
	if err != nil {
		return broken(err.Error(), err.Error())
	}
	holds, comparable := c.holds(got, want)
	switch {
	case !comparable:
		return broken(fmt.Sprintf("无法比较 %s 与 %s", show(got), show(want)), fmt.Sprintf("%s and %s cannot be compared", show(got), show(want)))
	case holds:
		return nil
	case !there:
		return differs(c.wanted(show(want)), nothing)
	}
	return differs(c.wanted(show(want)), said(show(inWordsOf(got, want))))
}

// inWordsOf writes a time as a person does, when that is how it was wanted.
func inWordsOf(got, want any) any {
	t, ok := instant(got)
	if _, isMoment := want.(Moment); ok && isMoment {
		return Moment{t, time.Second}
	}
	return got
}

func (c Compare) counted(got any) *Difference {
	var n int
	switch g := got.(type) {
	case []any:
		n = len(g)
	case map[string]any:
		n = len(g)
	case nil:
	default:
		return differs(aList, said(show(got)))
	}
	if c.Op == HasItems && n == c.Count || c.Op == HasAtLeast && n >= c.Count || c.Op == HasAtMost && n <= c.Count {
		return nil
	}
	wanted := c.wanted(fmt.Sprint(c.Count))
	return differs(decl.Text{Zh: wanted.Zh + " 项", En: wanted.En + " items"},
		decl.Text{Zh: fmt.Sprintf("%d 项：%s", n, show(got)), En: fmt.Sprintf("%d items: %s", n, show(got))})
}

// signs are how a comparison is said before the value wanted.
var signs = map[Op]decl.Text{
	IsNot: {Zh: "不是 ", En: "not "}, Contains: {Zh: "包含 ", En: "containing "}, DoesNotContain: {Zh: "不含 ", En: "not containing "},
	Matches: {Zh: "匹配 ", En: "matching "}, DoesNotMatch: {Zh: "不匹配 ", En: "not matching "},
	HasAtLeast: {Zh: "至少 ", En: "at least "}, HasAtMost: {Zh: "至多 ", En: "at most "},
	Greater: said("> "), AtLeast: said(">= "), Less: said("< "), AtMost: said("<= "),
}

// wanted says the comparison with its value.
func (c Compare) wanted(value string) decl.Text {
	sign := signs[c.Op]
	return decl.Text{Zh: sign.Zh + value, En: sign.En + value}
}

func (c Compare) holds(got, want any) (holds, comparable bool) {
	switch c.Op {
	case Is:
		return equal(got, want), true
	case IsNot:
		return !equal(got, want), true
	case Contains:
		return contains(got, want), true
	case DoesNotContain:
		return !contains(got, want), true
	}
	sign, ok := order(got, want)
	switch c.Op {
	case Greater:
		return sign > 0, ok
	case AtLeast:
		return sign >= 0, ok
	case Less:
		return sign < 0, ok
	default:
		return sign <= 0, ok
	}
}

// equal compares a part of an answer with what a person wrote: a time as
// precisely as it was written, a decimal in a string with a number, a text in
// two languages with one of them.
func equal(got, want any) bool {
	switch w := want.(type) {
	case nil:
		return got == nil
	case bool:
		return got == w
	case Moment:
		t, ok := instant(got)
		return ok && t.Truncate(w.Unit).Equal(w.Time)
	case json.Number:
		sign, ok := order(got, want)
		return ok && sign == 0 || plain(got) == w.String()
	case string:
		return equalText(got, w)
	case []any:
		g, ok := got.([]any)
		if !ok || len(g) != len(w) {
			return false
		}
		for i := range w {
			if !equal(g[i], w[i]) {
				return false
			}
		}
		return true
	case map[string]any:
		g, ok := got.(map[string]any)
		return ok && subset(g, w) && len(present(g)) == len(present(w))
	}
	return false
}

func equalText(got any, want string) bool {
	switch g := got.(type) {
	case string:
		return g == want || onDay(g, want)
	case json.Number:
		return g.String() == want
	}
	return textOf(got, want)
}

// onDay reports whether the time in got lies on the day want in Shanghai.
func onDay(got, want string) bool {
	if len(want) != len(time.DateOnly) {
		return false
	}
	t, ok := instant(got)
	return ok && t.In(clock.Shanghai).Format(time.DateOnly) == want
}

// present counts members that are not null: a null and a missing one are alike.
func present(m map[string]any) []string {
	var out []string
	for k, v := range m {
		if v != nil {
			out = append(out, k)
		}
	}
	return out
}

func subset(got, want map[string]any) bool {
	for k, w := range want {
		if !equal(got[k], w) {
			return false
		}
	}
	return true
}

// contains: a text holds a text, a list has an element that equals or
// contains want, an object has the members of want.
func contains(got, want any) bool {
	switch g := got.(type) {
	case string:
		return strings.Contains(g, plain(want))
	case []any:
		for _, e := range g {
			if _, isText := e.(string); equal(e, want) || !isText && contains(e, want) {
				return true
			}
		}
	case map[string]any:
		if w, ok := want.(map[string]any); ok {
			return subset(g, w)
		}
		if s, ok := want.(string); ok && len(g) <= 2 {
			zh, _ := g["zh"].(string)
			en, _ := g["en"].(string)
			return strings.Contains(zh, s) || strings.Contains(en, s)
		}
	}
	return false
}

// order compares numbers, decimals in strings, times and dates.
func order(got, want any) (sign int, ok bool) {
	if w, isTime := want.(Moment); isTime {
		t, ok := instant(got)
		return t.Truncate(w.Unit).Compare(w.Time), ok
	}
	a, okA := rational(got)
	b, okB := rational(want)
	if okA && okB {
		return a.Cmp(b), true
	}
	g, okG := instant(got)
	w, okW := instant(want)
	if okG && okW {
		return g.Compare(w), true
	}
	return 0, false
}

func rational(x any) (*big.Rat, bool) {
	switch s := x.(type) {
	case json.Number:
		return new(big.Rat).SetString(shorten(s.String(), 100))
	case string:
		if number.MatchString(s) && len(s) <= 100 {
			return new(big.Rat).SetString(s)
		}
	}
	return nil, false
}

func instant(x any) (time.Time, bool) {
	s, ok := x.(string)
	if !ok {
		return time.Time{}, false
	}
	if t, err := time.Parse(time.RFC3339Nano, s); err == nil {
		return t, true
	}
	t, err := time.ParseInLocation(time.DateOnly, s, clock.Shanghai)
	return t, err == nil
}
