package gbcode

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"chengshu/kernel/fault"
)

// The first is the example of GB 32100-2015; the others are published codes of
// large companies. Their check characters
// were confirmed by a computation apart from this package.
var trueCredits = []string{
	"91350100M000100Y43",
	"914403001922038216",
	"91330100799655058B",
	"9144030071526726XG",
	"91110000802100433B",
	"91110108551385082Q",
}

func TestParseCredit(t *testing.T) {
	for _, s := range trueCredits {
		c, ps := ParseCredit(s)
		if len(ps) > 0 || !ValidOrganisation(c.Organisation) {
			t.Errorf("%s: %v, organisation %s", s, ps, c.Organisation)
		}
	}
	c, _ := ParseCredit("91350100M000100Y43")
	want := Credit{Authority: '9', Class: '1', Division: "350100", Organisation: "M000100Y4"}
	if diff := cmp.Diff(want, c); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestExplainCredit(t *testing.T) {
	type at struct {
		At   int
		Rule Rule
		Want string
	}
	tests := []struct {
		name, in string
		want     []at
	}{
		{"length", "91350100M000100Y4", []at{{-1, Length, ""}}},
		{"excluded letters", "9I350100M0O0100Y43", []at{{1, Charset, ""}, {10, Charset, ""}}},
		{"letter in the division", "91A50100M000100Y43", []at{{2, Charset, ""}}},
		{"lower case", "91350100m000100Y43", []at{{8, Charset, ""}}},
		{"check", "91350100M000100Y44", []at{{17, Check, "3"}}},
		{"authority", "C1350100M000100Y43", []at{{0, Category, ""}, {17, Check, "0"}}},
		{"class", "94350100M000100Y43", []at{{1, Category, ""}, {17, Check, "R"}}},
		{"division", "91990100M000100Y43", []at{{2, Division, ""}, {17, Check, "U"}}},
		{"national registrar has no province", "91100000M000100Y43", []at{{17, Check, "U"}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var got []at
			for _, p := range ExplainCredit(tt.in) {
				got = append(got, at{p.At, p.Rule, p.Want})
				if p.Zh == "" || p.En == "" {
					t.Errorf("%+v lacks a language", p)
				}
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestCreditSubstitution proves the guarantee of the modulus 31: no substitution
// of one character leaves a valid code.
func TestCreditSubstitution(t *testing.T) {
	for _, s := range trueCredits {
		substitutions(s, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", func(changed string) {
			if ValidCredit(changed) {
				t.Errorf("%s passes for %s", changed, s)
			}
		})
	}
}

func TestMakeCredit(t *testing.T) {
	if got, err := MakeCredit("91", "350100", "M000100Y"); err != nil || got != "91350100M000100Y43" {
		t.Errorf("got %s, %v", got, err)
	}
	bad := [][3]string{{"91", "350100", "M000100"}, {"94", "350100", "M000100Y"}, {"91", "000000", "M000100Y"},
		{"91", "350100", "M00O100Y"}, {"913", "350100", "M000100"}, {"91", "350100", "M0中00"}}
	for _, b := range bad {
		if s, err := MakeCredit(b[0], b[1], b[2]); !fault.Is(err, fault.Invalid) {
			t.Errorf("%v: got %q, %v", b, s, err)
		}
	}
}

func TestValidOrganisation(t *testing.T) {
	tests := map[string]bool{"M000100Y4": true, "715267 6X": false, "71526726X": true, "192203821": true,
		"192203822": false, "": false, "M000100y4": false}
	for in, want := range tests {
		if got := ValidOrganisation(in); got != want {
			t.Errorf("%q: got %v", in, got)
		}
	}
}

func FuzzCredit(f *testing.F) {
	for _, s := range trueCredits {
		f.Add(s)
	}
	f.Add("91350100Ｍ000100Y43")
	f.Add("\x8013501000000000000")
	f.Fuzz(func(t *testing.T, s string) {
		n := Normal(s)
		c, ps := ParseCredit(n)
		ValidOrganisation(s)
		if len(ps) > 0 {
			return
		}
		if c.Organisation != n[8:17] {
			t.Errorf("organisation of %q is %q", n, c.Organisation)
		}
		substitutions(n, creditAlphabet, func(changed string) {
			if ValidCredit(changed) {
				t.Errorf("%s passes for %s", changed, n)
			}
		})
	})
}
