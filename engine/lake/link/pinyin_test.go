package link

import "testing"

func TestSpelled(t *testing.T) {
	tests := []struct{ name, want string }{
		{"单雄信", "shan xiong xin"},
		{"解珍", "xie zhen"},
		{"仇英", "qiu ying"},
		{"区志强", "ou zhi qiang"},
		{"曾国藩", "zeng guo fan"},
		{"查良镛", "zha liang yong"},
		{"盖叫天", "ge jiao tian"},
		{"朴树", "piao shu"},
		{"尉迟恭", "yu chi gong"},
		{"万俟咏", "mo qi yong"},
		{"单于", "shan yu"}, // too short for a surname of two
		{"欧阳修", "ou yang xiu"},
		{"简单", "jian dan"}, // not in the place of a surname
		{"李解", "li jie"},
		{"𠮷田", "𠮷 tian"}, // no reading is known
		{"o'neill", "o ' n e i l l"},
		{"", ""},
	}
	for _, test := range tests {
		if got := spelled(test.name); got != test.want {
			t.Errorf("%s is spelled %q, want %q", test.name, got, test.want)
		}
	}
}

// TestSurnames keeps the list to what it is for: each entry sounds otherwise than its commonest reading.
func TestSurnames(t *testing.T) {
	for name, sound := range surnames {
		plain := ""
		for i, r := range []rune(name) {
			if i > 0 {
				plain += " "
			}
			plain += reading(r)
		}
		if plain == sound {
			t.Errorf("%s sounds %s anyway", name, sound)
		}
	}
}
