//go:build ignore

// Command cards draws the synthetic scans of the demo city: registration cards
// of houses with invented owners, as a scanner would give them.
//
//	go run engine/archive/testdata/cards.go packs/archive-digitisation/data
//
// It needs Chromium and a Chinese font. What it draws is the same each time,
// with the same versions of both.
package main

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"log"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

const width, height = 1480, 1040 // A5 at about 180 dots per inch

// card is what stands on one card, row by row: label, value, label, value.
type card struct {
	title string
	rows  [][]string
}

var cards = []card{
	{"房屋所有权登记卡", [][]string{{"档号", "SJZ-1998-00427", "登记日期", "1998年6月15日"}, {"所有权人", "李淇", "身份证号", "130102195304120010"},
		{"房屋坐落", "长安区建北街道和平里小区4栋2单元302号"}, {"建筑面积", "68.42平方米", "用途", "住宅"}, {"建成年份", "1986", "登记机关", "石家庄市房产管理局"}}},
	{"房屋所有权登记卡", [][]string{{"档号", "SJZ-1999-01836", "登记日期", "一九九九年十一月三日"}, {"所有权人", "冯立洁", "身份证号", "130104196107250024"},
		{"房屋坐落", "桥西区红旗街道新石里12栋1单元101号"}, {"建筑面积", "54.10平方米", "用途", "住宅"}, {"建成年份", "1979", "登记机关", "石家庄市房产管理局"}}},
	{"房屋所有权登记卡", [][]string{{"档号", "SJZ-1997-00093", "登记日期", "1997年3月20日"}, {"所有权人", "赵永顺", "身份证号", "130105195808080015"},
		{"房屋坐落", "新华区西苑街道柏林南路27号"}, {"建筑面积", "112.60平方米", "用途", "商业"}, {"建成年份", "1991", "登记机关", "石家庄市房产管理局"}}},
	{"房屋所有权登记卡", [][]string{{"档号", "SJZ-2001-02254", "登记日期", "2001年9月8日"}, {"所有权人", "王秀兰", "身份证号", "130108196602140020"},
		{"房屋坐落", "裕华区槐底街道体育南大街88号5栋601号"}, {"建筑面积", "89.75平方米", "用途", "住宅"}, {"建成年份", "1995", "登记机关", "石家庄市房产管理局"}}},
	{"转移登记", [][]string{{"转移日期", "2003年4月18日", "原因", "继承"}, {"备注", "原证收回注销，另发新证。"}}},
}

func (c card) html() string {
	var b strings.Builder
	b.WriteString(`<!doctype html><meta charset="utf-8"><style>body{margin:0;width:1480px;height:1040px;background:#f4f0e4;color:#222;font:40px "Noto Serif CJK SC",serif}
h1{font-size:60px;letter-spacing:14px;text-align:center;padding:70px 0 40px;margin:0}table{border-collapse:collapse;margin:0 60px;width:1360px}
td{border:2px solid #555;padding:26px 18px;font-size:36px;white-space:nowrap}td.label{white-space:nowrap;font-family:"Noto Sans CJK SC",sans-serif;font-size:36px}p{margin:40px 80px;font-size:30px}</style>`)
	fmt.Fprintf(&b, "<h1>%s</h1><table>", c.title)
	for _, row := range c.rows {
		b.WriteString("<tr>")
		for i, cell := range row {
			switch {
			case i%2 == 0:
				fmt.Fprintf(&b, `<td class="label">%s</td>`, cell)
			case len(row) == 2:
				fmt.Fprintf(&b, `<td colspan="3">%s</td>`, cell)
			default:
				fmt.Fprintf(&b, "<td>%s</td>", cell)
			}
		}
		b.WriteString("</tr>")
	}
	b.WriteString("</table><p>（合成样例，所载均为虚构）</p>")
	return b.String()
}

func (c card) draw(dir string) image.Image {
	page, shot := filepath.Join(dir, "card.html"), filepath.Join(dir, "card.png")
	check(os.WriteFile(page, []byte(c.html()), 0o600))
	out, err := exec.Command("chromium", "--headless", "--no-sandbox", "--hide-scrollbars", "--window-size=1480,1040", "--screenshot="+shot, "file://"+page).CombinedOutput()
	if err != nil {
		log.Fatalf("chromium: %v: %s", err, out)
	}
	f, err := os.Open(shot)
	check(err)
	defer f.Close()
	m, err := png.Decode(f)
	check(err)
	return m
}

// scan turns a page by some degrees and adds what scanners and years add.
func scan(m image.Image, degrees float64, noise int, r *rand.Rand) *image.Gray {
	out := image.NewGray(image.Rect(0, 0, width, height))
	sin, cos := math.Sincos(degrees * math.Pi / 180)
	for y := range height {
		for x := range width {
			dx, dy := float64(x-width/2), float64(y-height/2)
			sx, sy := int(cos*dx+sin*dy)+width/2, int(cos*dy-sin*dx)+height/2
			v := 235
			if (image.Point{sx, sy}).In(m.Bounds()) {
				v = int(color.GrayModel.Convert(m.At(sx, sy)).(color.Gray).Y)
			}
			out.Pix[y*out.Stride+x] = uint8(min(255, max(0, v+r.IntN(2*noise+1)-noise)))
		}
	}
	for range 300 { // specks
		out.SetGray(r.IntN(width), r.IntN(height), color.Gray{Y: 90})
	}
	return out
}

// quarter turns a page by a quarter to the left.
func quarter(m *image.Gray) *image.Gray {
	out := image.NewGray(image.Rect(0, 0, height, width))
	for y := range height {
		for x := range width {
			out.SetGray(y, width-1-x, m.GrayAt(x, y))
		}
	}
	return out
}

// blur is what is left of a page that water has run over.
func blur(m *image.Gray) *image.Gray {
	const reach = 14
	out := image.NewGray(m.Rect)
	for y := range height {
		for x := range width {
			sum, n := 0, 0
			for dy := -reach; dy <= reach; dy += 2 {
				for dx := -reach; dx <= reach; dx += 2 {
					if p := image.Pt(x+dx, y+dy); p.In(m.Rect) {
						sum, n = sum+int(m.GrayAt(p.X, p.Y).Y), n+1
					}
				}
			}
			out.Pix[y*out.Stride+x] = uint8(sum / n)
		}
	}
	return out
}

func encode(m image.Image) []byte {
	var b bytes.Buffer
	check(jpeg.Encode(&b, m, &jpeg.Options{Quality: 40}))
	return b.Bytes()
}

// pdf binds scans into one file, a page each, as scanners do.
func pdf(scans ...[]byte) []byte {
	var b bytes.Buffer
	var at []int
	object := func(format string, args ...any) {
		at = append(at, b.Len())
		fmt.Fprintf(&b, "%d 0 obj\n", len(at))
		fmt.Fprintf(&b, format, args...)
		b.WriteString("\nendobj\n")
	}
	b.WriteString("%PDF-1.4\n")
	var kids []string
	for i := range scans {
		kids = append(kids, fmt.Sprintf("%d 0 R", 3+3*i))
	}
	object("<< /Type /Catalog /Pages 2 0 R >>")
	object("<< /Type /Pages /Count %d /Kids [%s] >>", len(scans), strings.Join(kids, " "))
	for i, s := range scans {
		const draw = "q 592 0 0 416 0 0 cm /Scan Do Q"
		object("<< /Type /Page /Parent 2 0 R /MediaBox [0 0 592 416] /Contents %d 0 R /Resources << /XObject << /Scan %d 0 R >> >> >>", 4+3*i, 5+3*i)
		object("<< /Length %d >>\nstream\n%s\nendstream", len(draw), draw)
		object("<< /Type /XObject /Subtype /Image /Width %d /Height %d /ColorSpace /DeviceGray /BitsPerComponent 8 /Filter /DCTDecode /Length %d >>\nstream\n%s\nendstream", width, height, len(s), s)
	}
	table := b.Len()
	fmt.Fprintf(&b, "xref\n0 %d\n0000000000 65535 f \n", len(at)+1)
	for _, offset := range at {
		fmt.Fprintf(&b, "%010d 00000 n \n", offset)
	}
	fmt.Fprintf(&b, "trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n", len(at)+1, table)
	return b.Bytes()
}

func main() {
	into := os.Args[1]
	dir, err := os.MkdirTemp("", "cards-")
	check(err)
	defer os.RemoveAll(dir)
	r := rand.New(rand.NewPCG(1, 2))
	put := func(name string, data []byte) { check(os.WriteFile(filepath.Join(into, name), data, 0o600)) }
	put("card-askew.jpg", encode(scan(cards[0].draw(dir), 0.7, 14, r)))
	put("card-turned.jpg", encode(quarter(scan(cards[1].draw(dir), -0.4, 14, r))))
	put("card-unreadable.jpg", encode(blur(scan(cards[2].draw(dir), 0.3, 60, r))))
	put("card-two-pages.pdf", pdf(encode(scan(cards[3].draw(dir), -0.6, 10, r)), encode(scan(cards[4].draw(dir), 0.5, 10, r))))
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
