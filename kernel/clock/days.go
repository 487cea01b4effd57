package clock

import (
	_ "embed"
	"fmt"
	"strconv"
	"strings"
	"time"
)

//go:embed days.txt
var nationalDays string

// A day is counted from 1970-01-01 in Shanghai, which was a Thursday.
const (
	thursday = 4
	weekLen  = 7
)

// week counts days from Monday (0) to Sunday (6).
func weekday(day int) int { return mod(day+thursday-1, weekLen) }

func mod(a, b int) int { return ((a % b) + b) % b }

func floorDiv(a, b int) int { return (a - mod(a, b)) / b }

// plainCount returns how many Mondays to Fridays lie in [0, day), negative for
// days before 1970.
func plainCount(day int) int {
	const offset = thursday - 1 // Day -3 was a Monday.
	d := day + offset
	return 5*floorDiv(d, weekLen) + min(5, mod(d, weekLen)) - offset
}

// plainNth returns the Monday-to-Friday with k of its kind before it since
// 1970: the inverse of plainCount.
func plainNth(k int) int {
	const offset = thursday - 1
	k += offset
	return weekLen*floorDiv(k, 5) + mod(k, 5) - offset
}

// table answers "how many working days lie before this one" and its inverse,
// both without a loop. Outside [first, first+len(before)-1) it counts Mondays
// to Fridays.
type table struct {
	first  int     // first day with data
	before []int32 // before[i]: working days in [first, first+i); one more than days
	nth    []int32 // nth[k]: offset from first of the working day number k
	known  map[int]bool
}

func (t *table) days() int { return len(t.before) - 1 }

func (t *table) isWorkday(day int) bool {
	i := day - t.first
	if i < 0 || i >= t.days() {
		return weekday(day) < 5
	}
	return t.before[i+1] > t.before[i]
}

// count returns the working days in [first, day), negative when day is earlier.
func (t *table) count(day int) int {
	i := day - t.first
	switch n := t.days(); {
	case i < 0:
		return plainCount(day) - plainCount(t.first)
	case i <= n:
		return int(t.before[i])
	default:
		return int(t.before[n]) + plainCount(day) - plainCount(t.first+n)
	}
}

// day returns the working day that has k working days between it and first.
func (t *table) day(k int) int {
	switch {
	case k < 0:
		return plainNth(plainCount(t.first) + k)
	case k < len(t.nth):
		return t.first + int(t.nth[k])
	default:
		end := t.first + t.days()
		return plainNth(plainCount(end) + k - len(t.nth))
	}
}

// year is what the text says of one year.
type year struct {
	rest, work [][2]time.Time // runs, both ends included
}

// newTable builds the table from texts in the format that days.txt explains.
// What a later text says of a year replaces what an earlier one said.
func newTable(texts ...string) (*table, error) {
	years := map[int]year{}
	for _, text := range texts {
		read, err := parseDays(text)
		if err != nil {
			return nil, err
		}
		for y, v := range read {
			years[y] = v
		}
	}
	lo, hi := 0, -1
	for y := range years {
		if hi < lo {
			lo, hi = y, y
		}
		lo, hi = min(lo, y), max(hi, y)
	}
	t := &table{known: map[int]bool{}}
	if hi < lo {
		t.before = []int32{0}
		return t, nil
	}
	t.first = civilDay(time.Date(lo, 1, 1, 0, 0, 0, 0, time.UTC))
	t.fill(years, civilDay(time.Date(hi+1, 1, 1, 0, 0, 0, 0, time.UTC)))
	return t, nil
}

func (t *table) fill(years map[int]year, end int) {
	works := make([]bool, end-t.first)
	for i := range works {
		works[i] = weekday(t.first+i) < 5
	}
	mark := func(runs [][2]time.Time, to bool) {
		for _, r := range runs {
			for d := civilDay(r[0]); d <= civilDay(r[1]); d++ {
				works[d-t.first] = to
			}
		}
	}
	for y, v := range years {
		t.known[y] = true
		mark(v.rest, false)
		mark(v.work, true)
	}
	t.before = make([]int32, 1, len(works)+1)
	for i, w := range works {
		if w {
			t.nth = append(t.nth, int32(i))
		}
		t.before = append(t.before, int32(len(t.nth)))
	}
}

// civilDay returns the number of the day that t, taken at UTC, names.
func civilDay(t time.Time) int { return int(t.Unix() / 86400) }

func parseDays(text string) (map[int]year, error) {
	years := map[int]year{}
	for i, line := range strings.Split(text, "\n") {
		line, _, _ = strings.Cut(line, "#")
		f := strings.Fields(line)
		if len(f) == 0 {
			continue
		}
		y, err := strconv.Atoi(f[0])
		if err != nil || y < 1992 || y > 2200 || len(f) < 2 || (f[1] != "-" && f[1] != "+") {
			return nil, fmt.Errorf("calendar: line %d: want a year from 1992 to 2200, then - or +, then days", i+1)
		}
		v := years[y]
		for _, word := range f[2:] {
			run, err := parseRun(y, word)
			if err != nil {
				return nil, fmt.Errorf("calendar: line %d: %w", i+1, err)
			}
			if f[1] == "-" {
				v.rest = append(v.rest, run)
			} else {
				v.work = append(v.work, run)
			}
		}
		years[y] = v
	}
	return years, nil
}

// parseRun reads "0501" or "0501-0505" in year y.
func parseRun(y int, word string) (run [2]time.Time, err error) {
	from, to, isRun := strings.Cut(word, "-")
	if !isRun {
		to = from
	}
	for i, s := range []string{from, to} {
		if run[i], err = time.Parse("20060102", fmt.Sprintf("%04d%s", y, s)); err != nil {
			return run, fmt.Errorf("%q is not a day MMDD or a run MMDD-MMDD of %d", word, y)
		}
	}
	if run[1].Before(run[0]) {
		return run, fmt.Errorf("the run %q ends before it begins", word)
	}
	return run, nil
}
