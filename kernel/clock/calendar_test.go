package clock

import (
	"encoding/json"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// TestAgainstSource compares each day with the file the embedded data was
// taken from.
func TestAgainstSource(t *testing.T) {
	b, err := os.ReadFile(filepath.Join("..", "..", "..", "shared", "realdata", "calendar", "chinese-days.json"))
	if err != nil {
		t.Skip("REAL DATA MISSING, the calendar is not compared with its source: ", err)
	}
	var source struct{ Holidays, Workdays map[string]string }
	if err := json.Unmarshal(b, &source); err != nil {
		t.Fatal(err)
	}
	c := National()
	rest := 0
	for d := at(t, "2004-01-01 12:00"); d.Year() < 2027; d = d.AddDate(0, 0, 1) {
		key := d.Format(time.DateOnly)
		_, off := source.Holidays[key]
		_, on := source.Workdays[key]
		weekend := d.Weekday() == time.Saturday || d.Weekday() == time.Sunday
		want := on || !off && !weekend
		if got := c.IsWorkday(d); got != want {
			t.Errorf("%s: working day %v, the source says %v", key, got, want)
		}
		if !want {
			rest++
		}
	}
	if rest < 2500 {
		t.Errorf("only %d days of rest in 23 years", rest)
	}
}

func TestIsWorkday(t *testing.T) {
	c := National()
	for _, tc := range []struct {
		when string
		want bool
		why  string
	}{
		{"2026-02-13 08:00", true, "a Friday"},
		{"2026-02-14 08:00", true, "a Saturday made up for Spring Festival"},
		{"2026-02-15 00:00", false, "Spring Festival begins"},
		{"2026-02-23 23:59", false, "its last day, a Monday"},
		{"2026-02-24 00:00", true, "work resumes"},
		{"2020-01-31 10:00", false, "the holiday that was prolonged in 2020"},
		{"2027-10-01 10:00", true, "a Friday of a year not yet announced"},
		{"2027-10-02 10:00", false, "a Saturday"},
		{"1990-06-04 00:30", true, "a Monday in summer time"},
		{"1990-06-03 23:30", false, "a Sunday in summer time"},
		{"1969-12-29 10:00", true, "a Monday before 1970"},
	} {
		if got := c.IsWorkday(at(t, tc.when)); got != tc.want {
			t.Errorf("%s: got %v, want %v: %s", tc.when, got, tc.want, tc.why)
		}
	}
	if c.Known(2003) || !c.Known(2004) || !c.Known(2026) || c.Known(2027) {
		t.Error("the calendar does not know which years it knows")
	}
	// 2026-02-14 23:30 in Shanghai is written in other zones as another hour.
	if !c.IsWorkday(time.Date(2026, 2, 14, 15, 30, 0, 0, time.UTC)) {
		t.Error("the day was not taken in Shanghai")
	}
}

func TestAddWorkdays(t *testing.T) {
	c := National()
	for _, tc := range []struct {
		from string
		n    int
		want string
	}{
		{"2026-03-02 09:00", 1, "2026-03-03 17:30"},
		{"2026-03-02 23:59", 1, "2026-03-03 17:30"}, // the day of the start is not counted
		{"2026-03-06 10:00", 1, "2026-03-09 17:30"},
		{"2026-03-07 10:00", 1, "2026-03-09 17:30"}, // begins on a Saturday
		{"2026-02-12 10:00", 3, "2026-02-24 17:30"}, // over a made-up Saturday and the festival
		{"2026-02-13 10:00", 20, "2026-03-19 17:30"},
		{"2026-12-31 10:00", 5, "2027-01-07 17:30"}, // into a year not yet known
		{"2003-12-30 10:00", 2, "2004-01-02 17:30"},
		{"2026-03-02 09:00", 0, "2026-03-02 17:30"},
		{"2026-03-02 18:00", 0, "2026-03-03 17:30"},
		{"2026-03-07 09:00", 0, "2026-03-09 17:30"},
		{"2026-03-09 09:00", -1, "2026-03-06 17:30"},
		{"2026-02-24 17:30", -2, "2026-02-13 17:30"},
	} {
		if got := show(c.AddWorkdays(at(t, tc.from), tc.n)); got != tc.want {
			t.Errorf("%s + %d: got %s, want %s", tc.from, tc.n, got, tc.want)
		}
	}
}

func TestAddWorkHours(t *testing.T) {
	c := National()
	for _, tc := range []struct {
		from string
		d    time.Duration
		want string
	}{
		{"2026-03-02 09:00", 2 * time.Hour, "2026-03-02 11:00"},
		{"2026-03-02 09:00", 3 * time.Hour, "2026-03-02 12:00"}, // not 13:30
		{"2026-03-02 11:30", time.Hour, "2026-03-02 14:00"},
		{"2026-03-02 12:45", time.Minute, "2026-03-02 13:31"},
		{"2026-03-02 09:00", 7 * time.Hour, "2026-03-02 17:30"}, // not the next morning
		{"2026-03-06 17:00", time.Hour, "2026-03-09 09:30"},
		{"2026-03-07 03:00", time.Hour, "2026-03-09 10:00"},
		{"2026-03-07 03:00", 0, "2026-03-07 03:00"},
		{"2026-02-14 16:30", 2 * time.Hour, "2026-02-24 10:00"},
		{"2026-03-02 09:00", 35 * time.Hour, "2026-03-06 17:30"},
		{"2026-03-09 09:30", -time.Hour, "2026-03-06 17:00"},
		{"2026-03-09 12:00", -3 * time.Hour, "2026-03-09 09:00"}, // not Friday's close
		{"2026-03-09 14:30", -time.Hour, "2026-03-09 13:30"},     // not 12:00
	} {
		if got := show(c.AddWorkHours(at(t, tc.from), tc.d)); got != tc.want {
			t.Errorf("%s + %v: got %s, want %s", tc.from, tc.d, got, tc.want)
		}
	}
}

func TestWorkBetween(t *testing.T) {
	c := National()
	for _, tc := range []struct {
		a, b string
		want time.Duration
		days int
	}{
		{"2026-03-02 09:00", "2026-03-02 17:30", 7 * time.Hour, 0},
		{"2026-03-02 00:00", "2026-03-02 23:59", 7 * time.Hour, 0},
		{"2026-03-02 12:10", "2026-03-02 13:20", 0, 0},
		{"2026-03-06 17:00", "2026-03-09 09:30", time.Hour, 1},
		{"2026-03-09 09:30", "2026-03-06 17:00", -time.Hour, -1},
		{"2026-02-14 12:00", "2026-02-24 12:00", 7 * time.Hour, 1},
		{"2026-01-01 00:00", "2027-01-01 00:00", 248 * 7 * time.Hour, 249},
	} {
		a, b := at(t, tc.a), at(t, tc.b)
		if got := c.WorkBetween(a, b); got != tc.want {
			t.Errorf("%s to %s: got %v, want %v", tc.a, tc.b, got, tc.want)
		}
		if got := c.WorkdaysBetween(a, b); got != tc.days {
			t.Errorf("%s to %s: got %d days, want %d", tc.a, tc.b, got, tc.days)
		}
	}
	if got := c.WorkBetween(time.Time{}, time.Unix(1<<40, 0)); got != 1<<63-1 {
		t.Errorf("over a duration's range: %v", got)
	}
}

// TestAgainstWalking compares the tables with a plain walk, day by day.
func TestAgainstWalking(t *testing.T) {
	c := National()
	r := rand.New(rand.NewPCG(1, 2))
	first := at(t, "2002-06-01 00:00")
	for range 2000 {
		from := first.Add(time.Duration(r.Int64N(int64(27 * 365 * 24 * time.Hour))))
		n := 1 + r.IntN(60)
		want, left := from, n
		for left > 0 {
			if want = want.AddDate(0, 0, 1); c.IsWorkday(want) {
				left--
			}
		}
		got := c.AddWorkdays(from, n)
		if got.Format(time.DateOnly) != want.Format(time.DateOnly) {
			t.Fatalf("%s + %d days: got %s, want %s", show(from), n, show(got), show(want))
		}
		if between := c.WorkdaysBetween(from, got); between != n {
			t.Fatalf("%s to %s: %d days, want %d", show(from), show(got), between, n)
		}
		if back := c.AddWorkdays(want.AddDate(0, 0, 1), -1); !back.Equal(got) {
			t.Fatalf("the working day before the day after %s is %s", show(got), show(back))
		}
	}
}

func TestRules(t *testing.T) {
	night := []Window{{0, 24 * time.Hour}}
	c, err := NewCalendar(Rules{Hours: night, Days: "2027 - 0101 0206-0212 # announced\n2027 + 0213\n"})
	if err != nil {
		t.Fatal(err)
	}
	if !c.Known(2027) || c.IsWorkday(at(t, "2027-02-08 09:00")) || !c.IsWorkday(at(t, "2027-02-13 09:00")) {
		t.Error("the year that was added is not in force")
	}
	if got := show(c.AddWorkHours(at(t, "2027-02-05 23:00"), 2*time.Hour)); got != "2027-02-13 01:00" {
		t.Errorf("round the clock: %s", got)
	}
	if got := c.AddWorkdays(at(t, "2027-02-05 23:00"), 1).Format(time.DateTime); got != "2027-02-13 23:59:59" {
		t.Errorf("deadline at midnight: %s", got)
	}
	for name, r := range map[string]Rules{
		"overlap":    {Hours: []Window{{0, time.Hour}, {30 * time.Minute, 2 * time.Hour}}},
		"past night": {Hours: []Window{{0, 25 * time.Hour}}},
		"backwards":  {Hours: []Window{{time.Hour, 0}}},
		"none":       {Hours: []Window{}},
		"year":       {Days: "27 - 0101"},
		"sign":       {Days: "2027 = 0101"},
		"day":        {Days: "2027 - 0230"},
		"run":        {Days: "2027 - 0205-0201"},
		"word":       {Days: "2027 - Christmas"},
	} {
		if _, err := NewCalendar(r); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func FuzzWorkTime(f *testing.F) {
	f.Add(int64(1772413200), int64(3600_000))
	f.Add(int64(1771056000), int64(7*3600_000))
	f.Add(int64(-5000000), int64(99))
	c := National()
	f.Fuzz(func(t *testing.T, sec, ms int64) {
		from := time.Unix(sec%(1<<34), 0)
		d := time.Duration(ms%(1<<40)) * time.Millisecond
		to := c.AddWorkHours(from, d)
		if got := c.WorkBetween(from, to); got != d {
			t.Fatalf("%v + %v = %v, between which lies %v", from, d, to, got)
		}
		// to is the earliest (or, going back, the latest) such instant.
		if d > 0 && c.WorkBetween(from, to.Add(-1)) == d || d < 0 && c.WorkBetween(from, to.Add(1)) == d {
			t.Fatalf("%v + %v: %v is not the nearest instant", from, d, to)
		}
	})
}

func FuzzDays(f *testing.F) {
	f.Add("2027 - 0101 0206-0212\n2027 + 0213")
	f.Add("2027 -")
	f.Fuzz(func(t *testing.T, text string) {
		c, err := NewCalendar(Rules{Days: text})
		if err != nil {
			return
		}
		from := time.Date(2026, 12, 25, 1, 0, 0, 0, time.UTC)
		if got := c.AddWorkdays(from, 3); c.WorkdaysBetween(from, got) != 3 {
			t.Fatalf("three working days are %d", c.WorkdaysBetween(from, got))
		}
	})
}

func BenchmarkAddWorkHours(b *testing.B) {
	c, from := National(), at(b, "2026-02-13 10:00")
	for b.Loop() {
		c.AddWorkHours(from, 50*time.Hour)
	}
}

func BenchmarkAddWorkdays(b *testing.B) {
	c, from := National(), at(b, "2026-02-13 10:00")
	for b.Loop() {
		c.AddWorkdays(from, 20)
	}
}

func BenchmarkWorkBetween(b *testing.B) {
	c, from, to := National(), at(b, "2026-02-13 10:00"), at(b, "2026-06-13 10:00")
	for b.Loop() {
		c.WorkBetween(from, to)
	}
}

func BenchmarkNational(b *testing.B) {
	for b.Loop() {
		National()
	}
}
