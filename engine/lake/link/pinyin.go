package link

import (
	"slices"
	"strings"

	"github.com/mozillazg/go-pinyin"
)

// surnames are characters and pairs that sound otherwise as a surname than in most words.
var surnames = map[string]string{
	"单": "shan", "解": "xie", "仇": "qiu", "区": "ou", "曾": "zeng", "查": "zha", "盖": "ge", "朴": "piao", "任": "ren", "华": "hua",
	"燕": "yan", "翟": "zhai", "乐": "yue", "尉": "yu", "冼": "xian", "覃": "qin", "缪": "miao", "宓": "mi", "纪": "ji", "葛": "ge", "卜": "bu",
	"繁": "po", "召": "shao", "重": "chong", "种": "chong", "秘": "bi", "洗": "xian", "折": "she", "那": "na", "逄": "pang", "员": "yun",
	"郇": "huan", "牟": "mu", "应": "ying", "宁": "ning", "长": "chang", "車": "che", "车": "che", "黑": "he", "贾": "jia", "石": "shi", "祭": "zhai",
	"訾": "zi", "眭": "sui", "晁": "chao", "佴": "nai", "隗": "wei", "郗": "xi", "适": "kuo", "句": "gou", "阚": "kan", "令狐": "linghu",
	"尉迟": "yuchi", "万俟": "moqi", "澹台": "tantai", "长孙": "zhangsun", "单于": "chanyu", "宿": "su", "钭": "tou", "相": "xiang", "都": "du",
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
		if s := surnames[string(name[:2])]; s != "" {
			out[0], out[1] = s, ""
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
