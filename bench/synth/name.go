package synth

import "strings"

// Given names by generation and sex; each entry is a whole given name or a
// character to be joined with another. Drawn up for this package from what is
// common in northern China; none is taken from a list of persons.
var (
	surnames = weigh("王8 李8 张8 刘6 赵5 杨4 陈3 高3 马3 郭3 孙3 孟2 梁2 韩2 贾2 杜2 郝2 许2 吴2 周2 徐2 冯2 董2 田2 " +
		"魏2 谷1 崔1 安1 封1 康1 邢1 白1 武1 段1 齐1 范1 史1 苏1 耿1 甄1 宋2 胡1 任1 焦1 霍1 曹1 底1 敦1 聂1 尹1 欧阳1 宗1")

	oldMen      = strings.Fields("建国 国庆 援朝 跃进 振海 志刚 玉民 保国 福来 树林 金锁 连生 文彬 庆丰 占军 新年 同喜 双全 运昌 书田 增辉 银柱")
	oldWomen    = strings.Fields("秀英 桂兰 玉珍 淑芬 凤霞 素梅 春花 改莲 翠平 彦青 瑞芝 荣花 巧云 兰英 俊芳 会敏 爱华 玉环 喜梅 香菊 书琴 爱莲")
	grownMen    = split("志 建 立 晓 海 永 文 少 国 春 彦 学 亚 宏 瑞 俊 庆 增 江 卫")
	grownMen2   = split("军 强 峰 涛 波 鹏 辉 磊 斌 超 杰 勇 刚 亮 飞 宇 坤 龙 凯 明")
	grownWomen  = split("丽 晓 雪 海 秀 红 艳 静 亚 美 春 玉 彦 淑 佳 慧 立 俊 建 会")
	grownWomen2 = split("娟 敏 霞 燕 娜 芳 玲 静 丽 红 梅 华 婷 颖 莉 萍 欣 洁 倩 云")
	youngMen    = split("子 浩 宇 梓 一 奕 俊 泽 博 嘉 皓 宸 明 思 景")
	youngMen2   = split("轩 然 泽 航 涵 辰 睿 宇 霖 阳 博 豪 琪 铭 恒")
	youngWomen  = split("梓 雨 欣 诗 子 一 佳 语 思 依 若 可 芷 沐 苏")
	youngWomen2 = split("涵 萱 怡 彤 琪 桐 诺 妍 晴 瑶 宁 菲 溪 淇 瑾")
)

// weigh reads words, each followed by one digit, its weight.
func weigh(s string) []string {
	var out []string
	for _, w := range strings.Fields(s) {
		for range int(w[len(w)-1] - '0') {
			out = append(out, w[:len(w)-1])
		}
	}
	return out
}

func split(s string) []string { return strings.Fields(s) }

// fullName makes a name of the fashion of the year of birth.
func fullName(d *dice, sex string, year int) string {
	male := sex == "male"
	switch {
	case year < 1965:
		if male {
			return pick(d, surnames) + pick(d, oldMen)
		}
		return pick(d, surnames) + pick(d, oldWomen)
	case year < 2003:
		if male {
			return pick(d, surnames) + given(d, grownMen, grownMen2)
		}
		return pick(d, surnames) + given(d, grownWomen, grownWomen2)
	}
	if male {
		return pick(d, surnames) + given(d, youngMen, youngMen2)
	}
	return pick(d, surnames) + given(d, youngWomen, youngWomen2)
}

// given joins two different characters, or in one name of five takes the second
// alone.
func given(d *dice, first, second []string) string {
	a, b := pick(d, first), pick(d, second)
	if a == b || d.below(5) == 0 {
		return b
	}
	return a + b
}
