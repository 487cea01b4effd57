package gbcode

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestPlace(t *testing.T) {
	tests := []struct {
		in, code string
		level    Level
		rule     Rule
	}{
		{"13", "13", Province, ""},
		{"130000", "13", Province, ""},
		{"1301", "1301", City, ""},
		{"130100000000", "1301", City, ""},
		{"130102", "130102", County, ""},
		{"130102000", "130102", County, ""},
		{"130102001", "130102001", Street, ""},
		{"130102001000", "130102001", Street, ""},
		{"130102001001", "130102001001", Village, ""},
		{"441900003001", "441900003001", Village, ""},
		{"", "", 0, Length},
		{"13010", "", 0, Length},
		{"1301020", "", 0, Length},
		{"1301O2", "", 0, Charset},
		{"1301０2", "", 0, Charset},
		{"000000", "", 0, Division},
		{"990102", "", 0, Division},
	}
	for _, tt := range tests {
		code, level, ps := Place(tt.in)
		var rule Rule
		if len(ps) > 0 {
			rule = ps[0].Rule
		}
		if code != tt.code || level != tt.level || rule != tt.rule {
			t.Errorf("%q: got %q, %v, %q", tt.in, code, level, rule)
		}
	}
}

func TestChain(t *testing.T) {
	tests := []struct {
		in   string
		want []string
	}{
		{"130102001001", []string{"130102001001", "130102001", "130102", "1301", "13"}},
		{"130102000000", []string{"130102", "1301", "13"}},
		{"441900003001", []string{"441900003001", "441900003", "4419", "44"}},
		{"13", []string{"13"}},
		{"x", nil},
	}
	for _, tt := range tests {
		if diff := cmp.Diff(tt.want, Chain(tt.in)); diff != "" {
			t.Errorf("%q (-want +got):\n%s", tt.in, diff)
		}
	}
	if got := Parent("13"); got != "" {
		t.Errorf("a province has parent %q", got)
	}
}

func TestPath(t *testing.T) {
	tests := []struct{ root, in, want string }{
		{"1301", "130102001001", "/1301/130102/130102001/130102001001/"},
		{"1301", "130100", "/1301/"},
		{"13", "130102", "/13/1301/130102/"},
		{"1302", "130102", ""},
		{"1301", "?", ""},
	}
	for _, tt := range tests {
		if got := Path(tt.root, tt.in); got != tt.want {
			t.Errorf("%s below %s: got %q", tt.in, tt.root, got)
		}
	}
}

func TestWithin(t *testing.T) {
	tests := []struct {
		root, in string
		want     bool
	}{
		{"130102", "130102001001", true},
		{"130100", "130102001001", true},
		{"130102", "130102", true},
		{"130102001", "130102", false},
		{"130104", "130102001", false},
		{"", "130102", false},
	}
	for _, tt := range tests {
		if got := Within(tt.root, tt.in); got != tt.want {
			t.Errorf("%s in %s: got %v", tt.in, tt.root, got)
		}
	}
}

func TestMobile(t *testing.T) {
	tests := []struct {
		in   string
		at   int
		rule Rule
	}{
		{"13800138000", 0, ""},
		{"1380013800", -1, Length},
		{"12800138000", 1, Charset},
		{"23800138000", 0, Charset},
		{"138001380o0", 9, Charset},
	}
	for _, tt := range tests {
		var at int
		var rule Rule
		if ps := ExplainMobile(tt.in); len(ps) > 0 {
			at, rule = ps[0].At, ps[0].Rule
		}
		if at != tt.at || rule != tt.rule {
			t.Errorf("%q: got %d %q", tt.in, at, rule)
		}
	}
	if ValidMobile("+8613800138000") {
		t.Error("the country code is no part of the canonical writing")
	}
}

func TestNormal(t *testing.T) {
	tests := map[string]string{
		"１３０１０２":                 "130102",
		" 1101 0519-491231002x ": "11010519491231002X",
		"\ufeff9135\u200b0100":   "91350100",
		"715267—26Ｘ":             "71526726X",
		"中文":                     "中文",
	}
	for in, want := range tests {
		if got := Normal(in); got != want {
			t.Errorf("%q: got %q", in, got)
		}
	}
}

func FuzzDivision(f *testing.F) {
	for _, s := range []string{"130102001001", "441900003001", "130000", "13", "\xff\xfe", "１３"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		code, _, ps := Place(s)
		if len(ps) > 0 {
			return
		}
		if again, _, ps := Place(code); len(ps) > 0 || again != code || !Within(code, s) || Path(code, s) != "/"+code+"/" {
			t.Errorf("%q: canonical form %q does not hold", s, code)
		}
		for c := Chain(s); len(c) > 1; c = c[1:] {
			if Parent(c[0]) != c[1] || len(c[1]) >= len(c[0]) {
				t.Errorf("%q: chain %v", s, c)
			}
		}
	})
}
