package gbcode

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"chengshu/kernel/fault"
)

// The first two are the examples printed in GB 11643-1999; the check characters
// of the others were computed by the recursion of ISO 7064, 7.1, not by weights.
var trueCitizens = []string{
	"11010519491231002X",
	"440524188001010014",
	"34052419800101001X",
	"130102199003076616",
}

func TestParseCitizen(t *testing.T) {
	c, ps := ParseCitizen("11010519491231002X")
	want := Citizen{Division: "110105", Birth: time.Date(1949, 12, 31, 0, 0, 0, 0, time.UTC), Sequence: 2, Male: false}
	if diff := cmp.Diff(want, c); diff != "" || len(ps) > 0 {
		t.Errorf("problems %v, diff (-want +got):\n%s", ps, diff)
	}
	for _, s := range trueCitizens {
		if ps := ExplainCitizen(s); len(ps) > 0 {
			t.Errorf("%s: %v", s, ps)
		}
	}
}

func TestExplainCitizen(t *testing.T) {
	type at struct {
		At   int
		Rule Rule
		Want string
	}
	tests := []struct {
		name, in string
		want     []at
	}{
		{"empty", "", []at{{-1, Length, ""}}},
		{"15 digits", "110105491231002", []at{{-1, Length, ""}}},
		{"lower case x", "11010519491231002x", []at{{17, Charset, ""}}},
		{"two letters", "1101O519491231OO2X", []at{{4, Charset, ""}, {14, Charset, ""}, {15, Charset, ""}}},
		{"full width counts as one character", "１1010519491231002X", []at{{0, Charset, ""}}},
		{"check", "130102199003076614", []at{{17, Check, "6"}}},
		{"no such province", "990105194912310028", []at{{0, Division, ""}, {17, Check, "3"}}},
		{"30 February", "11010519490230002X", []at{{6, Date, ""}, {17, Check, "0"}}},
		{"29 February 1900 did not exist", "110105190002290021", []at{{6, Date, ""}, {17, Check, "5"}}},
		{"year 1799", "11010517990101002X", []at{{6, Date, ""}, {17, Check, "6"}}},
		{"sequence 000", "11010519491231000X", []at{{14, Sequence, ""}, {17, Check, "3"}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var got []at
			for _, p := range ExplainCitizen(tt.in) {
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

// TestCitizenSubstitution proves the guarantee of MOD 11-2: no substitution of
// one character and no swap of two neighbours leaves a valid number.
func TestCitizenSubstitution(t *testing.T) {
	for _, s := range trueCitizens {
		substitutions(s, "0123456789X", func(changed string) {
			if ValidCitizen(changed) {
				t.Errorf("%s passes for %s", changed, s)
			}
		})
		for i := range len(s) - 1 {
			b := []byte(s)
			b[i], b[i+1] = b[i+1], b[i]
			if b[i] != b[i+1] && ValidCitizen(string(b)) {
				t.Errorf("%s passes for %s", b, s)
			}
		}
	}
}

// substitutions calls f with s once for each other character at each place.
func substitutions(s, alphabet string, f func(string)) {
	for i := range len(s) {
		for _, c := range []byte(alphabet) {
			if c != s[i] {
				f(s[:i] + string(c) + s[i+1:])
			}
		}
	}
}

func TestMakeCitizen(t *testing.T) {
	birth := time.Date(1990, 3, 7, 0, 0, 0, 0, time.UTC)
	got, err := MakeCitizen("130102", birth, 661)
	if err != nil || got != "130102199003076616" {
		t.Errorf("got %s, %v", got, err)
	}
	bad := []struct {
		division string
		sequence int
	}{{"990102", 1}, {"1301", 1}, {"130102", 0}, {"130102", 1000}, {"130102", -1}, {"13010二", 1}, {"1301二", 1}}
	for _, b := range bad {
		if s, err := MakeCitizen(b.division, birth, b.sequence); !fault.Is(err, fault.Invalid) {
			t.Errorf("%+v: got %q, %v", b, s, err)
		}
	}
}

func TestUpgradeCitizen(t *testing.T) {
	tests := []struct {
		in, want string
		ok       bool
	}{
		{"110105491231002", "11010519491231002X", true},
		{"11010519491231002X", "", false},
		{"11010549123100X", "", false},
		{"", "", false},
	}
	for _, tt := range tests {
		if got, ok := UpgradeCitizen(tt.in); got != tt.want || ok != tt.ok {
			t.Errorf("%s: got %s, %v", tt.in, got, ok)
		}
	}
	if _, ok := UpgradeCitizen("110105490230002"); ok {
		t.Error("30 February 1949 was upgraded")
	}
}

func FuzzCitizen(f *testing.F) {
	for _, s := range trueCitizens {
		f.Add(s)
	}
	f.Add("１1010519491231002X")
	f.Add("\xff10105194912310028")
	f.Fuzz(func(t *testing.T, s string) {
		c, ps := ParseCitizen(Normal(s))
		UpgradeCitizen(s)
		if len(ps) > 0 {
			if Invalid("id", ps) == nil {
				t.Error("problems without a fault")
			}
			return
		}
		if made, err := MakeCitizen(c.Division, c.Birth, c.Sequence); err != nil || made != Normal(s) {
			t.Errorf("%q makes %q, %v", s, made, err)
		}
		substitutions(Normal(s), "0123456789X", func(changed string) {
			if ValidCitizen(changed) {
				t.Errorf("%s passes for %s", changed, s)
			}
		})
	})
}
