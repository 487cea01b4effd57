package link

import (
	"bufio"
	"math"
	"os"
	"strings"
	"testing"
)

// sumOfDigits is a check for tests: the last digit is the sum of those before it modulo 10. It does not catch swaps.
func sumOfDigits(s string) bool {
	if len(s) < 2 {
		return false
	}
	sum := 0
	for _, r := range s[:len(s)-1] {
		sum += int(r - '0')
	}
	return sum%10 == int(s[len(s)-1]-'0')
}

var checks = map[string]Check{"sum": {Valid: sumOfDigits}}

func TestLevels(t *testing.T) {
	tests := []struct {
		field Field
		a, b  string
		want  string
	}{
		{Field{Compare: "exact"}, "男", "女", "different"},

		{Field{Compare: "code", Check: "sum"}, "1236", "4509", "different"},
		{Field{Compare: "code", Check: "sum"}, "1236", "1276", "one slip"},               // one digit, its check fails
		{Field{Compare: "code", Check: "sum"}, "1236", "1263", "one slip"},               // two transposed, the check fails
		{Field{Compare: "code", Check: "sum"}, "1236", "1326", "different"},              // one slip apart, but both are valid
		{Field{Compare: "code", Check: "sum"}, "1236", "123", "different"},               // likewise: 123 is valid
		{Field{Compare: "code", Check: "sum"}, "1236", "126", "one slip"},                // a digit left out
		{Field{Compare: "code", Check: "sum"}, "1236", "9876", "different, one invalid"}, // nothing alike
		{Field{Compare: "code", Check: "sum"}, "1235", "9876", "different, one invalid"}, // both invalid
		{Field{Compare: "code", Check: "sum"}, "1236", "1189", "different, one invalid"}, // three slips
		{Field{Compare: "edit"}, "13800001111", "13800001112", "close"},
		{Field{Compare: "edit"}, "13800001111", "13800001122", "similar"},
		{Field{Compare: "edit"}, "13800001111", "13911112222", "different"},
		{Field{Compare: "edit", Steps: []float64{3}}, "abcdef", "abcxyz", "close"},

		{Field{Compare: "jaro-winkler"}, "martha", "marhta", "close"},
		{Field{Compare: "jaro-winkler", Steps: []float64{0.99, 0.9}}, "martha", "marhta", "similar"},
		{Field{Compare: "jaro-winkler"}, "dixon", "smith", "different"},

		{Field{Compare: "name"}, "张伟", "章玮", "same sound"},
		{Field{Compare: "name"}, "单田芳", "善田方", "same sound"}, // 单 as a surname
		{Field{Compare: "name"}, "郭晓刚", "郭晓钢", "same sound"},
		{Field{Compare: "name"}, "郭晓刚", "李小明", "different"},
		{Field{Compare: "name"}, "郭晓刚", "郭晓明", "one character"},
		{Field{Compare: "name"}, "郭晓刚", "郭刚晓", "one character"},
		{Field{Compare: "name"}, "郭晓刚", "郭刚", "part agrees"},
		{Field{Compare: "name"}, "郭刚", "郭明", "part agrees"},
		{Field{Compare: "name"}, "郭晓刚", "国小明", "part agrees"}, // all sounds but one
		{Field{Compare: "name"}, "阿卜杜拉·买买提", "阿不都拉·买买提", "part agrees"},
		{Field{Compare: "name"}, "阿卜杜拉·买买提", "古丽娜尔·艾合买提", "different"},

		{Field{Compare: "address"}, "河北省石家庄市长安区棉一东社区3号楼2单元101室", "长安区棉一东社区3-2-101", "written otherwise"},
		{Field{Compare: "address"}, "长安区棉一东社区3号楼2单元101室", "长安区棉一东社区3号楼2单元102室", "close"},
		{Field{Compare: "address"}, "长安区棉一东社区3号楼2单元101室", "长安区锦一东社区3号楼2单元101室", "close"},
		{Field{Compare: "address"}, "长安区棉一东社区3号楼2单元101室", "长安区棉一东社区9号楼1单元801室", "same neighbourhood"},
		{Field{Compare: "address"}, "长安区棉一东社区3号楼2单元101室", "裕华区翟营社区3号楼2单元101室", "close"}, // 社区 and numbers
		{Field{Compare: "address"}, "长安区棉一东社区3号楼2单元101室", "正定县西杜村7组9号", "different"},

		{Field{Compare: "date"}, "1980-01-02", "19800102", "same"},
		{Field{Compare: "date"}, "1980-01-02", "1980年1月2日", "same"},
		{Field{Compare: "date"}, "1980-01-02", "1980-02-01", "near"},
		{Field{Compare: "date"}, "1980-01-02", "1980-10-02", "near"},
		{Field{Compare: "date"}, "1980-01-02", "1908-01-02", "near"},
		{Field{Compare: "date"}, "1980-01-02", "1980/1/31", "same year and month"},
		{Field{Compare: "date"}, "1980-01-02", "1979-12-31", "different"},
		{Field{Compare: "date"}, "1980-01-02", "不详", "different"},
		{Field{Compare: "date"}, "1980-02", "1980-02-01", "different"},
	}
	for _, test := range tests {
		c := comparisonOf(test.field, checks)
		d := newDictionary()
		a, b := d.add(test.a), d.add(test.b)
		c.prepare(d)
		got, back := c.names()[c.level(a, b)], c.names()[c.level(b, a)]
		if got != test.want || back != test.want {
			t.Errorf("%s: %s and %s are %q, and %q the other way; want %q", test.field.Compare, test.a, test.b, got, back, test.want)
		}
	}
}

// TestCompany compares among names enough that places and forms are common.
func TestCompany(t *testing.T) {
	d := newDictionary()
	for _, core := range strings.Fields("冀石 恒川 正泽 瑞源 宏迅 华联 盛创 博和 中佳 金达 天昌 东隆 鑫旺 云顺 泰宇 新辰 汇通 德锐 嘉景 润澜") {
		for _, trade := range []string{"商贸", "科技", "软件技术"} {
			d.add("石家庄" + core + trade + "有限公司")
			d.add("邯郸" + core + trade + "有限责任公司")
		}
	}
	tests := []struct{ a, b, want string }{
		{"石家庄冀石科技有限公司", "石家庄冀石科技有限责任公司", "close"},
		{"石家庄冀石科技有限公司", "冀石科技", "short for it"},
		{"石家庄冀石科技有限公司", "冀石", "short for it"},
		{"石家庄冀石科技有限公司", "石家庄(冀石)科技有限公司", "close"}, // brackets are not letters
		{"石家庄冀石科技有限公司", "石家庄恒川科技有限公司", "different"},
		{"石家庄冀石科技有限公司", "邯郸沐野餐饮店", "different"},
	}
	for _, test := range tests {
		d.add(test.a)
		d.add(test.b)
	}
	c := &company{}
	c.prepare(d)
	for _, test := range tests {
		if got := c.names()[c.level(d.add(test.a), d.add(test.b))]; got != test.want {
			t.Errorf("%s and %s are %q, want %q", test.a, test.b, got, test.want)
		}
	}
}

// TestCompanyReal holds 500 real names against the core that people marked in each: a short name must be found to be one of its own
// company, and of few others.
func TestCompanyReal(t *testing.T) {
	f, err := os.Open("../../../../shared/realdata/org/companynameparser-groundtruth.txt")
	if err != nil {
		t.Skip("../shared/realdata/org is not there: NOT tested with real names of companies")
	}
	defer f.Close()
	d := newDictionary()
	var full, core []uint32
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if a, b, ok := strings.Cut(lines.Text(), " "); ok && len([]rune(b)) > 1 {
			full, core = append(full, d.add(normal(a, false))), append(core, d.add(normal(b, false)))
		}
	}
	c := &company{}
	c.prepare(d)
	found, others := 0, 0
	for i := range full {
		for j := range core {
			if full[i] != core[j] && c.level(full[i], core[j]) >= 3 {
				if i == j {
					found++
				} else if core[i] != core[j] {
					others++
				}
			}
		}
	}
	t.Logf("%d of %d short names found, %d times with another company", found, len(full), others)
	if found < len(full)*95/100 || others > len(full)/20 {
		t.Errorf("%d of %d short names found, %d times with another company", found, len(full), others)
	}
}

func TestDistance(t *testing.T) {
	tests := []struct {
		a, b  string
		limit int
		want  int
	}{
		{"", "", 3, 0}, {"", "abc", 3, 3}, {"abc", "abc", 3, 0}, {"abc", "acb", 3, 1}, {"kitten", "sitting", 9, 3}, {"ca", "abc", 9, 3},
		{"kitten", "sitting", 2, 3}, {"abcdefgh", "a", 2, 3}, {"张伟", "张玮", 2, 1},
		{strings.Repeat("a", 300), strings.Repeat("a", 299) + "b", 2, 1},
	}
	for _, test := range tests {
		for _, pair := range [][2]string{{test.a, test.b}, {test.b, test.a}} {
			if got := distance([]rune(pair[0]), []rune(pair[1]), test.limit); got != test.want {
				t.Errorf("%.20s to %.20s within %d: %d, want %d", pair[0], pair[1], test.limit, got, test.want)
			}
		}
	}
}

// TestJaroWinkler has the examples of Winkler's papers.
func TestJaroWinkler(t *testing.T) {
	tests := []struct {
		a, b string
		want float64
	}{
		{"martha", "marhta", 0.9611}, {"dwayne", "duane", 0.84}, {"dixon", "dicksonx", 0.8133}, {"abroms", "abrams", 0.9222}, {"jones", "johnson", 0.8324},
		{"abc", "xyz", 0}, {"", "abc", 0}, {"abc", "abc", 1},
		{strings.Repeat("ab", 100), strings.Repeat("ab", 100), 1},
	}
	for _, test := range tests {
		if got := jaroWinkler([]rune(test.a), []rune(test.b)); math.Abs(got-test.want) > 0.0001 {
			t.Errorf("%.20s and %.20s: %.4f, want %.4f", test.a, test.b, got, test.want)
		}
	}
}

// FuzzSlip: a slip is a distance of one, either way round, and a similarity lies in 0 to 1.
func FuzzSlip(f *testing.F) {
	for _, s := range [][2]string{{"1236", "1326"}, {"123", "1123"}, {"12", "21"}, {"", "1"}, {"abc", "cab"}, {"", "12"}, {"1", "123"}} {
		f.Add(s[0], s[1])
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		for _, s := range []string{a, b} {
			if strings.ContainsFunc(s, func(r rune) bool { return r > 127 }) {
				t.Skip()
			}
		}
		x, y := []rune(a), []rune(b)
		if got, want := slip([]byte(a), []byte(b)), distance(x, y, 1) == 1; got != want || got != slip([]byte(b), []byte(a)) {
			t.Errorf("%q and %q: slip %v, distance one %v", a, b, got, want)
		}
		if s := jaroWinkler(x, y); s < 0 || s > 1 || a == b && a != "" && s < 0.9999 {
			t.Errorf("%q and %q: %v", a, b, s)
		}
	})
}
