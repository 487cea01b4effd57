package clock

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func span(t testing.TB, s string) Span {
	t.Helper()
	v, err := ParseSpan(s)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestSpanFrom(t *testing.T) {
	c := National()
	for _, tc := range []struct{ span, from, want, zh string }{
		{"2 work-hours", "2026-03-06 17:00", "2026-03-09 10:30", "2个工作小时"},
		{"30 work-minutes", "2026-03-06 17:15", "2026-03-09 09:15", "30个工作分钟"},
		{"3 work-days", "2026-03-05 17:00", "2026-03-10 17:30", "3个工作日"},
		{"0 work-days", "2026-03-05 10:00", "2026-03-05 17:30", "0个工作日"},
		{"30 minutes", "2026-03-07 23:45", "2026-03-08 00:15", "30分钟"},
		{"24 hours", "2026-03-06 17:00", "2026-03-07 17:00", "24小时"},
		{"15 days", "2026-03-02 10:00", "2026-03-17 17:30", "15日"},
		{"15 days", "2026-03-06 10:00", "2026-03-23 17:30", "15日"}, // the 21st is a Saturday
		{"1 month", "2026-01-31 10:00", "2026-02-28 17:30", "1个月"}, // a Saturday made up
		{"6 months", "2026-01-15 10:00", "2026-07-15 17:30", "6个月"},
		{"1 year", "2024-02-29 10:00", "2025-02-28 17:30", "1年"},
		{"0 days", "2026-03-05 18:00", "2026-03-06 17:30", "0日"},
	} {
		s := span(t, tc.span)
		if got := show(s.From(at(t, tc.from), c)); got != tc.want {
			t.Errorf("%s from %s: got %s, want %s", tc.span, tc.from, got, tc.want)
		}
		if s.Zh() != tc.zh || s.String() != tc.span {
			t.Errorf("%s is written %q, %q", tc.span, s.String(), s.Zh())
		}
	}
}

func TestSpanBefore(t *testing.T) {
	c := National()
	for _, tc := range []struct{ span, deadline, want string }{
		{"1 work-day", "2026-03-09 17:30", "2026-03-06 17:30"},
		{"2 work-hours", "2026-03-09 10:30", "2026-03-06 17:00"},
		{"24 hours", "2026-03-09 10:30", "2026-03-08 10:30"},
		{"2 days", "2026-03-09 17:30", "2026-03-07 17:30"},
		{"1 month", "2026-03-31 17:30", "2026-02-28 17:30"},
	} {
		if got := show(span(t, tc.span).Before(at(t, tc.deadline), c)); got != tc.want {
			t.Errorf("%s before %s: got %s, want %s", tc.span, tc.deadline, got, tc.want)
		}
	}
}

func TestSpanResume(t *testing.T) {
	c := National()
	for _, tc := range []struct{ span, start, stopped, resumed, want string }{
		// Monday 10:00 + 5 days = next Monday; stopped Wednesday, three days left.
		{"5 work-days", "2026-03-02 10:00", "2026-03-04 11:00", "2026-03-16 15:00", "2026-03-19 17:30"},
		{"5 work-days", "2026-03-02 10:00", "2026-03-04 11:00", "2026-03-04 16:00", "2026-03-09 17:30"},
		// Resumed on a Sunday: what was left of Wednesday is given on Monday.
		{"5 work-days", "2026-03-02 10:00", "2026-03-04 11:00", "2026-03-15 15:00", "2026-03-19 17:30"},
		// Stopped and resumed within one weekend: nothing is lost or won.
		{"5 work-days", "2026-03-02 10:00", "2026-03-07 11:00", "2026-03-08 11:00", "2026-03-09 17:30"},
		// Stopped on the last day.
		{"1 work-day", "2026-03-02 10:00", "2026-03-03 11:00", "2026-03-10 09:00", "2026-03-10 17:30"},
		// Stopped after the deadline: too late.
		{"1 work-day", "2026-03-02 10:00", "2026-03-03 18:00", "2026-03-10 09:00", "2026-03-03 17:30"},
		{"2 work-hours", "2026-03-02 09:00", "2026-03-02 10:00", "2026-03-06 17:00", "2026-03-09 09:30"},
		{"24 hours", "2026-03-02 09:00", "2026-03-02 10:00", "2026-03-02 12:00", "2026-03-03 11:00"},
		{"15 days", "2026-03-02 10:00", "2026-03-12 10:00", "2026-03-15 10:00", "2026-03-20 17:30"},
	} {
		s := span(t, tc.span)
		deadline := s.From(at(t, tc.start), c)
		got := s.Resume(deadline, at(t, tc.stopped), at(t, tc.resumed), c)
		if show(got) != tc.want {
			t.Errorf("%s from %s (%s), stopped %s to %s: got %s, want %s",
				tc.span, tc.start, show(deadline), tc.stopped, tc.resumed, show(got), tc.want)
		}
	}
}

func TestSpanText(t *testing.T) {
	for _, bad := range []string{"", "3", "work-days", "3work-days", "-3 work-days", "+3 days", "3.5 days", "3 work-day s",
		"3 workdays", "3 dayss", " 3 days", "3 days ", "99999999999999999999 days", "36601 days", "３ days", "3\tdays"} {
		if s, err := ParseSpan(bad); err == nil {
			t.Errorf("%q was read as %v", bad, s)
		}
	}
	type doc struct{ A, B, C Span }
	in := doc{A: span(t, "1 work-days"), B: span(t, "2   hour")}
	b, err := json.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := string(b), `{"A":"1 work-day","B":"2 hours","C":""}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	var out doc
	if err := json.Unmarshal(b, &out); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(in, out, cmp.AllowUnexported(Span{})); d != "" {
		t.Error(d)
	}
	if err := json.Unmarshal([]byte(`{"A":"soon"}`), &out); err == nil {
		t.Error("soon was accepted")
	}
	if _, err := NewSpan(1, Unit(99)); err == nil {
		t.Error("an unknown unit was accepted")
	}
}

func FuzzSpan(f *testing.F) {
	for _, s := range []string{"2 work-hours", "3 work-days", "30 minutes", "24 hours", "15 days", "1 year", "6 months"} {
		f.Add(s)
	}
	c := National()
	from := time.Date(2026, 2, 13, 2, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, text string) {
		s, err := ParseSpan(text)
		if err != nil {
			return
		}
		again, err := ParseSpan(s.String())
		if err != nil || again != s {
			t.Fatalf("%q became %q, then %v, %v", text, s, again, err)
		}
		if s.From(from, c).Before(from) || s.Before(from, c).After(from) && s.Count() > 0 {
			t.Fatalf("%v from %v is %v, before it is %v", s, from, s.From(from, c), s.Before(from, c))
		}
	})
}
