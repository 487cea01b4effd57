package clock

import (
	"fmt"
	"math"
	"time"
)

// Window is a stretch of office hours on each working day, from and to being
// measured from midnight.
type Window struct{ From, To time.Duration }

// OfficeHours returns the usual hours of a public office: 09:00–12:00 and
// 13:30–17:30, seven hours a day.
func OfficeHours() []Window {
	return []Window{
		{From: 9 * time.Hour, To: 12 * time.Hour},
		{From: 13*time.Hour + 30*time.Minute, To: 17*time.Hour + 30*time.Minute},
	}
}

// Rules is what a city may say about its calendar. The zero value is the
// national calendar with the usual office hours.
type Rules struct {
	// Hours are the office hours, in order and apart; nil means OfficeHours.
	Hours []Window
	// Days adds years to the national calendar, or replaces them, in the
	// format of days.txt: a new year's arrangement is announced each autumn.
	Days string
	// Midnight lets a deadline counted in days end with the day, for duties
	// that know no office hours. It is given as 23:59:59.999 so that it shows
	// under its own date. Otherwise it ends when the office closes (Civil
	// Code art. 203, second paragraph).
	Midnight bool
}

// Calendar counts working days and working time. It is immutable, safe for
// concurrent use, and answers without allocating or looping over days.
type Calendar struct {
	days   *table
	hours  []Window
	perDay time.Duration
	dayEnd time.Duration // when a deadline counted in days ends
}

// NewCalendar returns a calendar under r, or an error that says which line of
// r.Days or which window of r.Hours is wrong.
func NewCalendar(r Rules) (*Calendar, error) {
	if r.Hours == nil {
		r.Hours = OfficeHours()
	}
	days, err := newTable(nationalDays, r.Days)
	if err != nil {
		return nil, err
	}
	c := &Calendar{days: days, hours: append([]Window(nil), r.Hours...)}
	last := time.Duration(0)
	for i, w := range c.hours {
		if w.From < last || w.To <= w.From || w.To > 24*time.Hour {
			return nil, fmt.Errorf("calendar: office hours %d: %v to %v must lie in one day, in order and apart", i+1, w.From, w.To)
		}
		c.perDay += w.To - w.From
		last = w.To
	}
	if c.perDay == 0 {
		return nil, fmt.Errorf("calendar: there are no office hours")
	}
	c.dayEnd = last
	if r.Midnight || last == 24*time.Hour {
		c.dayEnd = 24*time.Hour - time.Millisecond
	}
	return c, nil
}

// National returns the national calendar with the usual office hours.
func National() *Calendar {
	c, err := NewCalendar(Rules{})
	if err != nil {
		panic(err) // The data is compiled in and tested.
	}
	return c
}

// Known reports whether the State Council's arrangement for that year is in
// the calendar. In other years every Monday to Friday counts as a working day,
// and a deadline may still move when the arrangement comes.
func (c *Calendar) Known(year int) bool { return c.days.known[year] }

// DayHours returns the office hours of one working day.
func (c *Calendar) DayHours() time.Duration { return c.perDay }

// IsWorkday reports whether the day of t in Shanghai is a working day.
func (c *Calendar) IsWorkday(t time.Time) bool {
	day, _ := split(t)
	return c.days.isWorkday(day)
}

// AddWorkdays returns the deadline of a period of n working days that begins
// on the day of t: the close of the nth working day after that day, which is
// itself not counted (Civil Code art. 201 and 203).
//
// With n = 0 it is the close of the day of t, or of the next working day when
// that has passed or is a day of rest. With n < 0 it is the close of the nth
// working day before the day of t, for reminders.
func (c *Calendar) AddWorkdays(t time.Time, n int) time.Time {
	day, at := split(t)
	switch {
	case n == 0:
		if at > c.dayEnd {
			day++
		}
		return c.closeOf(day)
	case n > 0:
		return join(c.days.day(c.days.count(day+1)+n-1), c.dayEnd)
	default:
		return join(c.days.day(c.days.count(day)+n), c.dayEnd)
	}
}

// closeOf returns the close of day, or of the next working day after a day of
// rest.
func (c *Calendar) closeOf(day int) time.Time {
	return join(c.days.day(c.days.count(day)), c.dayEnd)
}

// AddWorkHours returns the instant at which d of office hours has passed since
// t: the earliest one, so a period that fills a day ends at its close and not
// at the next opening. With d = 0 it is t itself, within office hours or not.
// A negative d goes back, to the latest instant from which −d passes until t.
func (c *Calendar) AddWorkHours(t time.Time, d time.Duration) time.Time {
	if d == 0 {
		return t.In(Shanghai)
	}
	p := c.position(t).plus(d, c.perDay)
	if d > 0 && p.rest == 0 { // The end of a day, not the start of the next.
		p = position{p.day - 1, c.perDay}
	}
	return join(c.days.day(p.day), c.clockTime(p.rest, d > 0))
}

// WorkBetween returns the office hours between a and b, negative when b is
// earlier. It is what a stopped clock has left: AddWorkHours undoes it. The
// result is limited to what a Duration holds.
func (c *Calendar) WorkBetween(a, b time.Time) time.Duration {
	p, q := c.position(a), c.position(b)
	days := q.day - p.day
	if limit := int(math.MaxInt64/c.perDay) - 1; days > limit {
		return math.MaxInt64
	} else if days < -limit {
		return math.MinInt64
	}
	return time.Duration(days)*c.perDay + q.rest - p.rest
}

// WorkdaysBetween returns how many working days lie after the day of a, up to
// and including the day of b; negative when b is earlier.
func (c *Calendar) WorkdaysBetween(a, b time.Time) int {
	from, _ := split(a)
	to, _ := split(b)
	return c.days.count(to+1) - c.days.count(from+1)
}

// open reports whether t lies on a working day that has not closed yet.
func (c *Calendar) open(t time.Time) bool {
	day, at := split(t)
	return c.days.isWorkday(day) && at < c.dayEnd
}

// position is an instant in office time: whole working days since the start of
// the table, and what has passed of the current one, in [0, perDay).
type position struct {
	day  int
	rest time.Duration
}

func (p position) plus(d, perDay time.Duration) position {
	p.day += int(d / perDay)
	p.rest += d % perDay
	if p.rest < 0 {
		p.rest += perDay
		p.day--
	}
	if p.rest >= perDay {
		p.rest -= perDay
		p.day++
	}
	return p
}

func (c *Calendar) position(t time.Time) position {
	day, at := split(t)
	p := position{day: c.days.count(day)}
	if !c.days.isWorkday(day) {
		return p
	}
	for _, w := range c.hours {
		p.rest += min(max(at-w.From, 0), w.To-w.From)
	}
	return p.plus(0, c.perDay)
}

// clockTime returns when, since midnight, rest of the office hours of a day
// has passed. Where that is a whole stretch between two breaks, early chooses
// the start of the break and otherwise its end is meant.
func (c *Calendar) clockTime(rest time.Duration, early bool) time.Duration {
	last := len(c.hours) - 1
	for i, w := range c.hours {
		n := w.To - w.From
		if rest < n || rest == n && (early || i == last) {
			return w.From + rest
		}
		rest -= n
	}
	return c.hours[last].To
}

// Since 1991-09-15 Shanghai has stood at +08:00 without summer time, so that
// instants later than this need no look-up in the zone.
const (
	fixedSince  = 684867600 + 86400
	fixedOffset = 8 * 3600
	daySeconds  = 86400
)

// split returns the day of t in Shanghai and the time since its midnight.
func split(t time.Time) (day int, at time.Duration) {
	sec := t.Unix()
	offset := int64(fixedOffset)
	if sec < fixedSince {
		_, o := t.In(Shanghai).Zone()
		offset = int64(o)
	}
	sec += offset
	day = floorDiv(int(sec), daySeconds)
	return day, time.Duration(sec-int64(day)*daySeconds)*time.Second + time.Duration(t.Nanosecond())
}

// join is the inverse of split.
func join(day int, at time.Duration) time.Time {
	sec := int64(day)*daySeconds + int64(at/time.Second)
	if sec-fixedOffset < fixedSince {
		utc := time.Unix(sec, int64(at%time.Second)).UTC()
		return time.Date(utc.Year(), utc.Month(), utc.Day(), utc.Hour(), utc.Minute(), utc.Second(), utc.Nanosecond(), Shanghai)
	}
	return time.Unix(sec-fixedOffset, int64(at%time.Second)).In(Shanghai)
}
