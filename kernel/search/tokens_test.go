package search

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

func TestTokens(t *testing.T) {
	for _, tc := range []struct{ text, want string }{
		{"", ""},
		{"  ,。!?——", ""},
		{"道路破损", "道路 路破 破损 损"},
		{"路", "路"},
		{"大数,数据", "大数 数 数据 据"},
		{"12345热线", "12345 热线 线"},
		{"１２３４５ＡＢＣ", "12345abc"},
		{"A座12号", "a 座 12 号"},
		{"0311-8888888", "0311 8888888"},
		{"91130100MA07XXXX0A", "91130100ma07xxxx0a"},
		{"Straße ÉCOLE", "straße école"},
		{"e\u0301cole", "école"}, // composed by NFKC
		{"q\u0303x y", "q\u0303x y"},
		{"\u0303路", "路"},
		{"路\u0303面", "路 面"},
		{"㎡ ① ﷺ", "m2 1 صلى الله عليه وسلم"},
		{"𠮷野家", "𠮷野 野家 家"},
		{"\xff坏\xfe", "坏"},
		{"ひらがなカナ", "ひら らが がな なカ カナ ナ"},
		{"a_b'c\"d", "a b c d"},
		{strings.Repeat("x", 50), strings.Repeat("x", 40)},
	} {
		if d := cmp.Diff(tc.want, strings.Join(Tokens(tc.text), " ")); d != "" {
			t.Errorf("%q: %s", tc.text, d)
		}
	}
	if n := len(Tokens(strings.Repeat("城", 1_000_000))); n != maxText/3 {
		t.Errorf("%d tokens of a very long text", n)
	}
}

func TestScopeToken(t *testing.T) {
	for scope, want := range map[string]string{"130102": "_130102", "/13/A": "_" + "_2f13_2f_41", "市": "__e5_b8_82", "": "_"} {
		if got := scopeToken(scope); got != want {
			t.Errorf("%q: got %q, want %q", scope, got, want)
		}
	}
}

func FuzzTokens(f *testing.F) {
	f.Add("石家庄市长安区12号 ＡＢＣ e\u0301")
	f.Add("\xff\x00'\"\\_*()")
	f.Fuzz(func(t *testing.T, text string) {
		for _, tok := range Tokens(text) {
			if tok == "" || !utf8.ValidString(tok) || strings.ContainsAny(tok, "_'\"\\ *()\x00") {
				t.Fatalf("%q has the token %q", text, tok)
			}
			for _, r := range tok {
				if unicode.IsUpper(r) && unicode.ToLower(r) != r || unicode.IsSpace(r) {
					t.Fatalf("%q has the token %q", text, tok)
				}
			}
			if strings.ContainsFunc(scopeToken(tok), func(r rune) bool { return r > 'z' }) {
				t.Fatalf("scope token %q", scopeToken(tok))
			}
		}
	})
}

func BenchmarkTokens(b *testing.B) {
	text := "道路破损影响出行 建设大街与中山路交叉口东北角人行道地砖大面积破损,雨后积水严重,老人经过时容易滑倒,请尽快安排维修。石家庄市长安区建设北大街12号 13800138000"
	for b.Loop() {
		Tokens(text)
	}
}
