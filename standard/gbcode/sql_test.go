package gbcode

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"

	"chengshu/engine/lake/duck"
)

func TestMain(m *testing.M) {
	duck.Worker()
	os.Exit(m.Run())
}

// TestSQL: what a dataset's rows are judged by is what records are.
func TestSQL(t *testing.T) {
	random := rand.New(rand.NewPCG(11643, 32100))
	for name, c := range map[string]struct {
		sql   func(string) string
		valid func(string) bool
		seed  func() string
		chars string
	}{
		"citizen": {CitizenSQL, ValidCitizen, func() string {
			s, _ := MakeCitizen(fmt.Sprintf("13%04d", random.IntN(10000)), time.Date(1800+random.IntN(400), 1, random.IntN(366), 0, 0, 0, 0, time.UTC), random.IntN(1000))
			return s
		}, "0123456789Xx１"},
		"credit": {CreditSQL, ValidCredit, func() string {
			s, _ := MakeCredit([]string{"91", "52", "11", "Y1", "21"}[random.IntN(5)], []string{"130102", "100000", "110000"}[random.IntN(3)], fmt.Sprintf("%04dMA%02d", random.IntN(10000), random.IntN(100)))
			return s
		}, creditAlphabet + "IOa中"},
	} {
		texts := []string{"", "1", strings.Repeat("1", 18), "91100001MA0000000X", "911000000000000000"}
		for range 300 {
			s := c.seed()
			r := []rune(s)
			if len(r) > 0 {
				r[random.IntN(len(r))] = []rune(c.chars)[random.IntN(len([]rune(c.chars)))]
			}
			texts = append(texts, s, string(r))
		}
		var values []string
		for i, s := range texts {
			values = append(values, fmt.Sprintf("(%d, %s)", i, duck.Quote(s)))
		}
		got, err := duck.Run(t.Context(), duck.Task{Dir: t.TempDir(), Steps: []duck.Step{{SQL: "select " + c.sql("s") + ", " + c.sql("null::varchar") + " from (values " + strings.Join(values, ", ") + ") as t(i, s) order by i", Rows: true}}}, nil)
		if err != nil {
			t.Fatal(err)
		}
		valid := 0
		for i, row := range got[0].Rows {
			if row[0] != c.valid(texts[i]) || row[1] != false {
				t.Errorf("%s %q: SQL says %v, of nothing %v", name, texts[i], row[0], row[1])
			}
			if row[0] == true {
				valid++
			}
		}
		if valid < 200 || valid == len(texts) {
			t.Errorf("%s: %d of %d are valid, which tests nothing", name, valid, len(texts))
		}
	}
}
