package intake

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"chengshu/kernel/fault"
)

// Peeked is the beginning of a file, and what its columns seem to hold.
type Peeked struct {
	*Table
	Rows    [][]string // without the place
	Guesses []Guess    // of Columns, without the place
	Problem error      // why the file would not be read, nil when it would
}

// Guess is what a column seems to hold, by its first rows.
type Guess struct {
	Type    string   // text, integer, decimal, boolean, date, time, choice
	Meaning string   // a Meaning's name, empty for none
	Share   float64  // of the cells that are filled, those that are of the meaning, or else of the type
	Filled  int      // cells
	Values  []string // of a choice
}

// Meaning is a kind of value that is known by its look.
type Meaning struct {
	Name string
	Is   func(cell string) bool
}

const (
	peekRows  = 1_000
	peekBytes = 1 << 20
	agreeing  = 0.9 // share of the cells from which on a column is of a type
	maxValues = 12  // of what seems to be a choice
)

// Peek reads the beginning of a file, whether its heading fits or not. The first
// meaning of which nearly all cells are is the column's.
func Peek(ctx context.Context, f File, w Want, meanings []Meaning) (*Peeked, error) {
	f.ReaderAt = untilDone{ctx, f.ReaderAt}
	w.loose = true
	var text begun
	tab, err := read(ctx, f, w, &text)
	if err != nil && !errors.Is(err, errEnough) {
		return nil, err
	}
	p := &Peeked{Table: tab}
	w.loose = false
	p.Problem = w.complete(tab.Columns)
	r := csv.NewReader(&text.Buffer)
	r.Comma, r.FieldsPerRecord, r.LazyQuotes = tab.Delimiter, -1, true
	for len(p.Rows) <= peekRows { // the heading is one of them
		row, err := r.Read()
		if err != nil {
			break
		}
		if len(tab.Columns) > 0 && tab.Columns[0].Place {
			row = row[1:]
		}
		p.Rows = append(p.Rows, row)
	}
	if text.full && len(p.Rows) > 1 && len(p.Rows) <= peekRows { // the last one is cut
		p.Rows = p.Rows[:len(p.Rows)-1]
	}
	p.Rows = p.Rows[min(1, len(p.Rows)):]
	if len(tab.Columns) > 0 && tab.Columns[0].Place {
		tab.Columns = tab.Columns[1:]
	}
	for i := range tab.Columns {
		p.Guesses = append(p.Guesses, guess(p.Rows, i, meanings))
	}
	return p, nil
}

// begun takes the beginning of a text and ends the reading then.
type begun struct {
	bytes.Buffer
	full bool
}

func (b *begun) Write(p []byte) (int, error) {
	if b.Len() >= peekBytes {
		b.full = true
		return 0, errEnough
	}
	return b.Buffer.Write(p)
}

// guess tells what a column holds.
func guess(rows [][]string, column int, meanings []Meaning) Guess {
	g := Guess{Type: "text", Share: 1}
	var cells []string
	for _, row := range rows {
		if column < len(row) {
			if cell := strings.Trim(row[column], " \t\u3000\u00a0"); cell != "" {
				cells = append(cells, cell)
			}
		}
	}
	if g.Filled = len(cells); g.Filled == 0 {
		return g
	}
	share := func(is func(string) bool) float64 {
		n := 0
		for _, c := range cells {
			if is(c) {
				n++
			}
		}
		return float64(n) / float64(len(cells))
	}
	for _, t := range types {
		if s := share(t.Is); s >= agreeing {
			g.Type, g.Share = t.Name, s
			break
		}
	}
	for _, m := range meanings {
		if s := share(m.Is); s >= agreeing {
			g.Meaning, g.Share = m.Name, s
			break
		}
	}
	if g.Type == "text" && g.Meaning == "" {
		g.Values = choiceOf(cells)
		if g.Values != nil {
			g.Type = "choice"
		}
	}
	return g
}

// choiceOf lists the values of a column that has few of them, each often.
func choiceOf(cells []string) []string {
	var values []string
	for _, c := range cells {
		if !slices.Contains(values, c) {
			if values = append(values, c); len(values) > maxValues {
				return nil
			}
		}
	}
	if len(cells) < 5*len(values) {
		return nil
	}
	slices.Sort(values)
	return values
}

// types are the looks of the types, the narrow first.
var types = []Meaning{
	{"boolean", func(s string) bool {
		return slices.Contains([]string{"true", "false", "yes", "no", "是", "否"}, strings.ToLower(s))
	}},
	{"integer", func(s string) bool {
		_, err := strconv.ParseInt(s, 10, 64)
		return err == nil && !(len(s) > 1 && s[0] == '0') // with a leading nought it is a code
	}},
	{"decimal", func(s string) bool {
		_, err := strconv.ParseFloat(s, 64)
		return err == nil && !strings.ContainsAny(s, "xXpPnNiI_") && !(len(s) > 1 && s[0] == '0' && s[1] != '.')
	}},
	{"date", func(s string) bool {
		return parses(s, "2006-1-2", "2006/1/2", "2006.1.2", "20060102", "2006年1月2日")
	}},
	{"time", func(s string) bool {
		return parses(s, "2006-1-2 15:04", "2006-1-2 15:04:05", "2006-1-2T15:04:05", time.RFC3339, "2006/1/2 15:04", "2006/1/2 15:04:05")
	}},
}

func parses(s string, layouts ...string) bool {
	return slices.ContainsFunc(layouts, func(l string) bool { _, err := time.Parse(l, s); return err == nil })
}

// Problems are the faults of a heading, nil for another error.
func (p *Peeked) Problems() []fault.Field {
	var f *fault.Fault
	if errors.As(p.Problem, &f) {
		return f.Fields
	}
	return nil
}
