package link

import "testing"

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
