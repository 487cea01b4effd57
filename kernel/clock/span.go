package clock

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Unit is what a span is counted in.
type Unit uint8

// The units. Minutes and hours run on without a break; days, months and years
// are those of the calendar, and their last day moves off days of rest; work
// units count office hours and working days only.
const (
	noUnit Unit = iota
	Minutes
	Hours
	Days
	Months
	Years
	WorkMinutes
	WorkHours
	WorkDays
)

var units = [...]struct {
	word, zh string
	most     int // a century, so that no sum overflows
}{
	Minutes:     {"minute", "分钟", 60_000_000},
	Hours:       {"hour", "小时", 1_000_000},
	Days:        {"day", "日", 36_600},
	Months:      {"month", "个月", 1_200},
	Years:       {"year", "年", 100},
	WorkMinutes: {"work-minute", "个工作分钟", 60_000_000},
	WorkHours:   {"work-hour", "个工作小时", 1_000_000},
	WorkDays:    {"work-day", "个工作日", 36_600},
}

// Span is a length of time as a declaration or a law states it: "30 minutes",
// "3 work-days". The zero Span means that none was stated. Spans compare with
// ==.
type Span struct {
	n    int
	unit Unit
}

// NewSpan returns n units, or an error when n is negative or over a century.
func NewSpan(n int, u Unit) (Span, error) {
	if u == noUnit || int(u) >= len(units) {
		return Span{}, fmt.Errorf("span: there is no unit %d", u)
	}
	if n < 0 || n > units[u].most {
		return Span{}, fmt.Errorf("span: %d is not between 0 and %d %ss", n, units[u].most, units[u].word)
	}
	return Span{n, u}, nil
}

// ParseSpan reads a number, blanks and a unit in the singular or plural:
// "1 work-day", "24 hours". It accepts nothing else.
func ParseSpan(s string) (Span, error) {
	number, word, ok := strings.Cut(s, " ")
	if !ok {
		return Span{}, badSpan(s)
	}
	for _, r := range number {
		if r < '0' || r > '9' {
			return Span{}, badSpan(s)
		}
	}
	n, err := strconv.Atoi(number)
	if err != nil {
		return Span{}, badSpan(s)
	}
	word = strings.TrimSuffix(strings.TrimLeft(word, " "), "s")
	for u := Minutes; int(u) < len(units); u++ {
		if units[u].word == word {
			return NewSpan(n, u)
		}
	}
	return Span{}, badSpan(s)
}

func badSpan(s string) error {
	if len(s) > 40 {
		s = s[:40] + "…"
	}
	return fmt.Errorf("span: %q is not a number and a unit, such as 2 work-hours, 3 work-days, 30 minutes, 24 hours, 15 days, 6 months, 1 year", s)
}

// IsZero reports whether no span was stated.
func (s Span) IsZero() bool { return s.unit == noUnit }

// Unit returns what s is counted in.
func (s Span) Unit() Unit { return s.unit }

// Count returns how many units s has.
func (s Span) Count() int { return s.n }

// String returns s as ParseSpan reads it, "" for the zero Span.
func (s Span) String() string {
	if s.IsZero() {
		return ""
	}
	word := units[s.unit].word
	if s.n != 1 {
		word += "s"
	}
	return strconv.Itoa(s.n) + " " + word
}

// Zh returns s in Chinese: 3个工作日.
func (s Span) Zh() string {
	if s.IsZero() {
		return ""
	}
	return strconv.Itoa(s.n) + units[s.unit].zh
}

// From returns the deadline of a period s that begins at t. Periods in minutes
// and hours begin at once (Civil Code art. 201, second paragraph); in longer
// units the day of t is not counted and the period ends at the close of its
// last day, which moves on from a day of rest (art. 203). A month ends on the
// day of the same number, or on its last (art. 202). The zero Span ends at t.
func (s Span) From(t time.Time, c *Calendar) time.Time { return s.add(t, c, 1) }

// Before returns the instant that lies s before t, for reminders: working
// units count back over working time, and days end at their close. A reminder
// that falls on a day of rest stays there.
func (s Span) Before(t time.Time, c *Calendar) time.Time { return s.add(t, c, -1) }

func (s Span) add(t time.Time, c *Calendar, sign int) time.Time {
	n := s.n * sign
	switch s.unit {
	case Minutes:
		return t.Add(time.Duration(n) * time.Minute).In(Shanghai)
	case Hours:
		return t.Add(time.Duration(n) * time.Hour).In(Shanghai)
	case WorkMinutes:
		return c.AddWorkHours(t, time.Duration(n)*time.Minute)
	case WorkHours:
		return c.AddWorkHours(t, time.Duration(n)*time.Hour)
	case WorkDays:
		return c.AddWorkdays(t, n)
	case Days, Months, Years:
		return s.calendarDay(t, c, n)
	default:
		return t.In(Shanghai)
	}
}

func (s Span) calendarDay(t time.Time, c *Calendar, n int) time.Time {
	day, at := split(t)
	switch s.unit {
	case Days:
		day += n
	case Months:
		day = addMonths(day, n)
	case Years:
		day = addMonths(day, 12*n)
	}
	if n < 0 {
		return join(day, c.dayEnd)
	}
	if n == 0 && at > c.dayEnd {
		day++
	}
	return c.closeOf(day)
}

// addMonths returns the day of the same number n months later, or the last day
// of that month when it is shorter.
func addMonths(day, n int) int {
	t := time.Unix(int64(day)*daySeconds, 0).UTC()
	first := time.Date(t.Year(), t.Month()+time.Month(n), 1, 0, 0, 0, 0, time.UTC)
	last := first.AddDate(0, 1, -1).Day()
	return floorDiv(int(first.Unix()), daySeconds) + min(t.Day(), last) - 1
}

// Resume returns the deadline of a period s whose clock stood still from
// stopped to resumed, deadline being the one it had before: what was left when
// it stopped is left again. Periods in working days keep their whole days, so
// that the deadline is still the close of one. A stop after the deadline does
// not move it.
func (s Span) Resume(deadline, stopped, resumed time.Time, c *Calendar) time.Time {
	if !stopped.Before(deadline) || !resumed.After(stopped) {
		return deadline.In(Shanghai)
	}
	switch s.unit {
	case WorkMinutes, WorkHours:
		return c.AddWorkHours(resumed, c.WorkBetween(stopped, deadline))
	case WorkDays:
		left := c.WorkdaysBetween(stopped, deadline)
		if c.open(stopped) && !c.open(resumed) { // The rest of that day was left too.
			resumed = c.AddWorkdays(resumed, 1)
		}
		return c.AddWorkdays(resumed, left)
	case Days, Months, Years:
		from, _ := split(stopped)
		to, _ := split(deadline)
		now, _ := split(resumed)
		return c.closeOf(now + to - from)
	default:
		return resumed.Add(deadline.Sub(stopped)).In(Shanghai)
	}
}

// MarshalText writes s as String does.
func (s Span) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads s as ParseSpan does; an empty text is the zero Span.
func (s *Span) UnmarshalText(b []byte) error {
	if len(b) == 0 {
		*s = Span{}
		return nil
	}
	v, err := ParseSpan(string(b))
	if err != nil {
		return err
	}
	*s = v
	return nil
}
