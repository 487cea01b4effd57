package process

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"chengshu/kernel/clock"
	"chengshu/kernel/db"
)

// numbering is a parsed number pattern: before {date}, between, {seq:N}.
type numbering struct {
	head, middle string
	date         bool
	width        int
}

var numberPattern = regexp.MustCompile(`^([A-Za-z0-9〔〕-]*)(\{date\})?([A-Za-z0-9〔〕-]*)\{seq:([1-9])\}$`)

func parseNumber(s string) (numbering, error) {
	m := numberPattern.FindStringSubmatch(s)
	if m == nil {
		return numbering{}, fmt.Errorf(`want a pattern such as "SJ{date}{seq:5}", got %q`, s)
	}
	width, _ := strconv.Atoi(m[4]) // one digit
	return numbering{m[1], m[3], m[2] != "", width}, nil
}

// next counts one up and returns the number. Counting restarts each day in
// Shanghai when the pattern holds the date.
func (n numbering) next(tx *db.Tx, process string, now time.Time) (string, error) {
	day := ""
	if n.date {
		day = now.In(clock.Shanghai).Format("20060102")
	}
	var seq int64
	err := tx.QueryRow(`insert into process_counter (process, day, value) values ($1, $2, 1)
		on conflict (process, day) do update set value = process_counter.value + 1 returning value`, process, day).Scan(&seq)
	if err != nil {
		return "", err
	}
	s := strconv.FormatInt(seq, 10)
	if pad := n.width - len(s); pad > 0 {
		s = strings.Repeat("0", pad) + s
	}
	return n.head + day + n.middle + s, nil
}
