package intake

import (
	"fmt"
	"strings"
	"testing"

	"chengshu/kernel/fault"
)

// TestPeek: the beginning of a file is shown whatever its form, also when its
// heading does not fit, with what its columns seem to hold.
func TestPeek(t *testing.T) {
	meanings := []Meaning{{"shout", func(s string) bool { return strings.HasSuffix(s, "!") }}}
	var long strings.Builder
	long.WriteString("code,n,price,made,at,ok,kind,noise,zip\n")
	for n := range 50_000 {
		fmt.Fprintf(&long, "A%d,%d,%d.5,2026-03-01,2026-03-01 08:30,是,%s,ho!,0%d\n", n, n, n, []string{"大", "小"}[n%2], n+50000)
	}
	var lines strings.Builder
	for n := range 50_000 {
		fmt.Fprintf(&lines, `{"code":"A%d","n":%d}`+"\n", n, n)
	}
	for name, c := range map[string]struct{ file, want, problem string }{
		"CSV":          {long.String(), "text integer decimal date time boolean choice[大 小] text:shout text", ""},
		"JSON":         {lines.String(), "text integer text text text text", ""},
		"no such code": {"x,y\n1,b\n2,c\n", "integer text", "bad-heading"},
		"a workbook":   {sheets(t, nil, "a", "<sheetData><row>"+text("A1", "x")+"</row><row><c><v>5</v></c></row></sheetData>"), "integer", "bad-heading"},
		"an archive":   {archive(t, "a.csv", long.String()), "text integer decimal date time boolean choice[大 小] text:shout text", ""},
		"a heading":    {"code\n", "text", ""},
	} {
		p, err := Peek(t.Context(), File{strings.NewReader(c.file), int64(len(c.file)), t.TempDir()}, Want{Type: thing(t)}, meanings)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		var got []string
		for _, g := range p.Guesses {
			s := g.Type
			if g.Meaning != "" {
				s += ":" + g.Meaning
			}
			if len(g.Values) > 0 {
				s += fmt.Sprint(g.Values)
			}
			got = append(got, s)
		}
		if strings.Join(got, " ") != c.want || fault.Code(p.Problem) != c.problem || len(p.Rows) > peekRows {
			t.Errorf("%s: %v, %v, %d rows; want %s", name, got, p.Problem, len(p.Rows), c.want)
		}
		if strings.Contains(c.file, "A49999") && len(p.Rows) != peekRows {
			t.Errorf("%s: %d rows", name, len(p.Rows))
		}
	}
	if _, err := Peek(t.Context(), File{strings.NewReader(""), 0, t.TempDir()}, Want{Type: thing(t)}, nil); fault.Code(err) != "empty-file" {
		t.Errorf("an empty file: %v", err)
	}
}
