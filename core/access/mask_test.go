package access

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestMask(t *testing.T) {
	for _, tt := range []struct{ how, value, want string }{
		{"name", "张三", "张*"},
		{"name", "欧阳娜娜", "欧***"},
		{"name", "张", "*"},
		{"name", "John Smith", "J*** S****"},
		{"name", "阿布都·热合曼", "阿**·热**"},
		{"name", "A B", "****"},
		{"phone", "13812345678", "138****5678"},
		{"phone", "+86 138-1234-5678", "138****5678"},
		{"phone", "0311-86688888", "031*****8888"},
		{"phone", "86688888", "******88"},
		{"phone", "12345", "****"},
		{"id", "130102199003070019", "1301**********0019"},
		{"id", "13010219900307001X", "1301**********001X"},
		{"id", "130102900307001", "1301*******7001"},
		{"id", "E12345678", "*******78"},
		{"id", "1234", "****"},
		{"code", "91130100MA0CGXXX0X", "9113**********XX0X"},
		{"card", "6222 0212 3456 7890 123", "6222***********0123"},
		{"address", "河北省石家庄市长安区建北街道光华路123号", "河北省石家庄市长安区****"},
		{"address", "石家庄市正定县某村5号", "石家庄市正定县****"},
		{"address", "石家庄市光华小区3号楼", "石家庄市****"},
		{"address", "光华路123号2单元", "****"},
		{"hide", "x", "****"},
		{"", "x", "****"},
		{"unheard-of", "x", "****"},
		{"phone", "", ""},
	} {
		if got := Mask(tt.how, tt.value); got != tt.want {
			t.Errorf("%s %q: got %q, want %q", tt.how, tt.value, got, tt.want)
		}
	}
}

// FuzzMask: no mask gives a value back, and every mask gives text.
func FuzzMask(f *testing.F) {
	hows := []string{"name", "phone", "id", "address", "code", "card", "hide", "?"}
	for i := range hows {
		f.Add(i, "张三")
		f.Add(i, "+86 13812345678")
		f.Add(i, "\xff ** *")
	}
	f.Fuzz(func(t *testing.T, i int, value string) {
		how := hows[uint(i)%uint(len(hows))]
		got := Mask(how, value)
		switch {
		case !utf8.ValidString(got):
			t.Errorf("%s %q: %q is not UTF-8", how, value, got)
		case value != "" && (got == value && strings.Trim(value, "*") != "" || !strings.Contains(got, "*")):
			t.Errorf("%s %q: given back as %q", how, value, got)
		}
	})
}
