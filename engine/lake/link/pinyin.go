package link

import (
	"slices"
	"strings"

	"github.com/mozillazg/go-pinyin"
)

// surnames are characters and pairs that sound otherwise as a surname than in most words.
var surnames = map[string]string{
	"单": "shan", "解": "xie", "仇": "qiu", "区": "ou", "曾": "zeng", "查": "zha", "盖": "ge", "朴": "piao", "翟": "zhai", "乐": "yue", "覃": "qin",
	"缪": "miao", "卜": "bu", "繁": "po", "召": "shao", "种": "chong", "秘": "bi", "洗": "xian", "折": "she", "员": "yun", "祭": "zhai", "佴": "nai",
	"隗": "wei", "适": "kuo", "句": "gou", "阚": "kan", "都": "du", "尉迟": "yu chi", "万俟": "mo qi", "澹台": "tan tai", "单于": "chan yu",
}

// compound are surnames of two characters.
var compound = strings.Fields("欧阳 司马 上官 诸葛 夏侯 东方 皇甫 尉迟 公孙 长孙 宇文 慕容 司徒 令狐 轩辕 端木 公羊 澹台 万俟 单于 南宫 西门 独孤 呼延 闻人 申屠 拓跋")

// surnameLength is how many characters of a Chinese name are the surname.
func surnameLength(name []rune) int {
	if len(name) > 2 && slices.Contains(compound, string(name[:2])) {
		return 2
	}
	return min(1, len(name))
}

// syllables spells a Chinese personal name without tones, one syllable a character, surnames as surnames sound. Characters that have
// no reading stand for themselves.
func syllables(name []rune) []string {
	out := make([]string, len(name))
	for i, r := range name {
		out[i] = reading(r)
	}
	switch n := surnameLength(name); n {
	case 1:
		if s := surnames[string(name[:1])]; s != "" {
			out[0] = s
		}
	case 2:
		if first, second, ok := strings.Cut(surnames[string(name[:2])], " "); ok {
			out[0], out[1] = first, second
		}
	}
	return out
}

// reading is the commonest reading of a character.
func reading(r rune) string {
	if readings := pinyin.SinglePinyin(r, plain); len(readings) > 0 {
		return readings[0]
	}
	return string(r)
}

var plain = pinyin.NewArgs()

// spelled joins the syllables of a name.
func spelled(name string) string { return strings.Join(syllables([]rune(name)), " ") }
