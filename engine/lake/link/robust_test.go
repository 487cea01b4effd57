package link

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
)

// TestLearning is where expectation maximisation is known to go astray: files without a common person, few rows, a small file against a large register,
// and files in which everybody is common.
func TestLearning(t *testing.T) {
	tests := []struct {
		name   string
		a, b   []string
		common int
	}{
		{"nobody common", people(0, 4000, 0.1, 1), people(10_000, 4000, 0.1, 2), 0},
		{"one in a hundred common", people(0, 4000, 0.1, 1), people(3960, 4000, 0.1, 2), 40},
		{"everybody common", people(0, 3000, 0.1, 1), people(0, 3000, 0.1, 2), 3000},
		{"few rows", people(0, 60, 0.1, 1), people(30, 60, 0.1, 2), 30},
		{"few against many", people(0, 8000, 0.1, 1), people(7970, 60, 0.1, 2), 30},
		{"no errors", people(0, 2000, 0, 1), people(1000, 2000, 0, 2), 1000},
		{"many errors", people(0, 3000, 0.25, 1), people(1000, 3000, 0.25, 2), 2000},
	}
	for _, test := range tests {
		res := linkAll(t, "E", table{"a", true, test.a}, table{"b", true, test.b})
		right, wrong := 0, 0
		for e := range res.Entities() {
			switch {
			case len(e.Rows) < 2:
			case e.Rows[0].Key == e.Rows[1].Key:
				right++
			default:
				wrong++
			}
		}
		if right < test.common*96/100 || wrong > test.common/200 {
			t.Errorf("%s: %d of %d right, %d wrong, %d for review", test.name, right, test.common, wrong, res.Report.Review)
		}
	}
}

// TestChance: pairs of one person among the random ones, many when files are small, do not pass for chance; and equality that is too rare for
// any sample is learned from whole columns.
func TestChance(t *testing.T) {
	for _, n := range []int{300, 4000} {
		l := fill(t, personSpec, []table{{"a", true, people(0, n, 0.2, 1)}, {"b", true, people(0, n, 0.2, 2)}})
		if _, err := l.Run(context.Background(), Options{NewID: ids()}); err != nil {
			t.Fatal(err)
		}
		phone := l.model.u[l.index["phone"]]
		if same, slip := phone[4], phone[3]; slip > 1e-5 || same > 20/float64(n)/float64(n)+1e-8 {
			t.Errorf("%d persons: by chance numbers agree in %g and are close in %g", n, same, slip)
		}
	}
}

// TestContains: a rule whose large blocks are skipped does not bring all pairs of a narrower one.
func TestContains(t *testing.T) {
	name, both := Rule{{"name", "pinyin"}}, Rule{{"name", "pinyin"}, {"birth", ""}}
	whole, cut := &blocking{rule: name}, &blocking{rule: name, Counted: Counted{Skipped: 1}}
	narrow := &blocking{rule: both}
	if !whole.contains(narrow) || cut.contains(narrow) || narrow.contains(whole) || whole.contains(&blocking{rule: Rule{{"name", ""}, {"birth", ""}}}) {
		t.Error("a rule contains those that ask for the same and more, if it skips nothing")
	}
}

// TestMissed: what the rules miss is told by the errors that the data has, not by those that were assumed.
func TestMissed(t *testing.T) {
	for _, test := range []struct{ wrong, least, most float64 }{{0, 0, enough}, {0.3, 0.03, 0.12}} { // four fields, of which both values must be right: (1-0.7²)⁴ = 0.07
		res := linkAll(t, "E", table{"a", true, people(0, 3000, test.wrong, 1)}, table{"b", true, people(0, 3000, test.wrong, 2)})
		if got := res.Report.Missed; got < test.least || got > test.most {
			t.Errorf("with %.1f wrong %.4f are expected to be missed", test.wrong, got)
		}
	}
}

// households makes persons three to a family, who share surname, telephone and address, and two of three the middle character of the name.
func households(from, n int, wrong float64, seed uint64) []string {
	rows := people(from, n, 0, seed)
	errs := rand.New(rand.NewPCG(seed, 19))
	address := func(d *rand.Rand) string {
		return fmt.Sprintf("长安区棉一东社区%d号楼%d单元%d室", 1+d.IntN(30), 1+d.IntN(6), 101+d.IntN(1800))
	}
	for i := range rows {
		v := strings.Split(rows[i], " ")
		family := rand.New(rand.NewPCG(uint64((from+i)/3), 77))
		name := []rune(v[2])
		name[0] = []rune("王李张刘赵杨陈高马郭")[family.IntN(10)]
		if (from+i)%3 > 0 {
			name[1] = []rune("建志晓海永文国春学宏")[family.IntN(10)]
		}
		v[2], v[4] = string(name), fmt.Sprintf("15%09d", family.IntN(1_000_000_000))
		v = append(v, address(family))
		for k := range 5 {
			if errs.Float64() < wrong && k == 4 {
				v[5] = address(errs)
			} else if k < 4 && errs.Float64() < wrong {
				v[k+1] = spoilt(errs, k, v[k+1])
			}
		}
		rows[i] = strings.Join(v, " ")
	}
	return rows
}

// TestHouseholds: relatives, who share telephone and address, are not taken for one person where these fields are declared to be shared, with and
// without identity numbers; and that declaration is what does it.
func TestHouseholds(t *testing.T) {
	const n = 6000
	tests := []struct {
		name              string
		numbers, declared bool
		precision, recall [2]float64 // least and most
	}{
		{"with numbers", true, true, [2]float64{0.999, 1}, [2]float64{0.99, 1}},
		{"without numbers", false, true, [2]float64{0.99, 1}, [2]float64{0.9, 1}},
		{"not declared", false, false, [2]float64{0, 0.6}, [2]float64{0.9, 1}},
	}
	for _, test := range tests {
		spec := personSpec
		spec.Fields = append(append([]Field{}, personSpec.Fields...), Field{Name: "address", Compare: "address", Shared: test.declared})
		spec.Fields[3].Shared = test.declared
		rows := append(households(0, n, 0.05, 1), households(n/3, n, 0.05, 2)...)
		if !test.numbers {
			for i, r := range rows {
				v := strings.Split(r, " ")
				v[1] = "-"
				rows[i] = strings.Join(v, " ")
			}
		}
		res, err := fill(t, spec, []table{{"a", false, rows}}).Run(context.Background(), Options{NewID: ids()})
		if err != nil {
			t.Fatal(err)
		}
		right, all := 0, 0
		for e := range res.Entities() {
			for i, a := range e.Rows {
				for _, b := range e.Rows[:i] {
					all++
					if a.Key == b.Key {
						right++
					}
				}
			}
		}
		p, r, _ := measures(right, all, n*2/3)
		if p < test.precision[0] || p > test.precision[1] || r < test.recall[0] || r > test.recall[1] {
			t.Errorf("%s: precision %.4f, recall %.4f", test.name, p, r)
		}
		for pair := range res.Review() {
			sum := pair.Shared
			for _, f := range pair.Fields() {
				sum += f.Bits
			}
			if math.Abs(sum-pair.Bits) > 0.001 || pair.Shared > 0 {
				t.Fatalf("%s: the parts of %.3f bits make %.3f, %.3f of them shared", test.name, pair.Bits, sum, pair.Shared)
			}
		}
	}
}
