package data

import (
	"os"
	"sort"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

const coordination = packs + "/coordination/data/"

// systems is the list of the law's systems: each pack with the articles it
// serves.
const systems = `
public-data 43; data-sharing 43; open-data 43; archive-digitisation 43; data-federation 43; data-fusion 44;
data-market 45; market-oversight 46; cyber-security 47 48; data-security 47 49; personal-information 50;
city-governance 36; city-model 36; gov-services 37; gov-office 37; supervision 38 59; law-enforcement 38;
emergency 39; disaster-recovery 39; public-health-emergency 39; elderly-care 40; social-security 40; ecology 41;
grassroots 42; smart-community 42; rural-governance 42; agri-trace 24; smart-manufacturing 25;
industrial-identifiers 26; industrial-internet 26; bim-approval 27; transport 28; logistics 29; smart-port 29;
digital-finance 30; commerce 31; population-health 32; inclusive-products 33; education 34;
culture-tourism-sport 35; network-infrastructure 8 10; compute 9; converged-infrastructure 11 12;
industry-map 13 14 15 16 17 18 19 20 21; algorithm-library 17; sharing-economy 22; innovation-platforms 23;
coordination 4 5 6 59 60; cooperation 6 7 57; innovation-vouchers 51; project-finance 52 53; talent 54;
policy-match 55; supply-demand 56; ip-market 58`

func articles(t *testing.T) []row {
	t.Helper()
	return table(t, coordination+"articles.csv", "number", "chapter", "chapter_title", "text", "summary_en", "departments", "packs", "duty")
}

func TestArticles(t *testing.T) {
	rows := articles(t)
	if len(rows) != 61 {
		t.Fatalf("%d articles, want 61", len(rows))
	}
	chapters := map[string]int{}
	for i, r := range rows {
		if r["number"] != strconv.Itoa(i+1) {
			t.Errorf("row %d is article %s", i+2, r["number"])
		}
		chapters[r["chapter"]+r["chapter_title"]]++
		for _, line := range strings.Split(r["text"], "\n") {
			if !strings.HasSuffix(line, "。") && !strings.HasSuffix(line, "；") && !strings.HasSuffix(line, "：") {
				t.Errorf("article %d: a paragraph breaks off: %q", i+1, line)
			}
		}
		if strings.ContainsAny(r["text"], ",;()#-") || r["summary_en"] == "" {
			t.Errorf("article %d: %q %q", i+1, r["text"], r["summary_en"])
		}
		if n := utf8.RuneCountInString(r["duty"]); n == 0 || n > 40 {
			t.Errorf("article %d: the duty has %d characters", i+1, n)
		}
		for _, d := range list(r["departments"]) {
			if !strings.Contains(r["text"], d) {
				t.Errorf("article %d does not name %s", i+1, d)
			}
		}
	}
	want := map[string]int{"1总则": 7, "2数字基础设施建设": 5, "3数字产业化": 11, "4产业数字化": 12, "5数字化治理": 7,
		"6数据资源开发利用与数字经济安全": 8, "7保障措施": 10, "8附则": 1}
	if diff := cmp.Diff(want, chapters); diff != "" {
		t.Errorf("articles by chapter (-want +got):\n%s", diff)
	}
}

// TestArticlesAgainstSource compares the words of the table with the published
// text: joined up, without the white space, they are the same.
func TestArticlesAgainstSource(t *testing.T) {
	raw, err := os.ReadFile(source(t, "../law/regulation.zh.txt"))
	if err != nil {
		t.Fatal(err)
	}
	wide := strings.NewReplacer(",", "，", ";", "；", "(", "（", ")", "）", " ", "", "\n", "", "\u3000", "", "#", "", "-", "")
	text := string(raw)
	body := wide.Replace(text[strings.Index(text, "## 第一章"):])
	for _, r := range articles(t) {
		if !strings.Contains(body, "条"+wide.Replace(r["text"])) {
			t.Errorf("article %s is not in the source", r["number"])
		}
	}
}

// TestPacksOfArticles holds the table to the list of systems, both ways.
func TestPacksOfArticles(t *testing.T) {
	want := map[string][]string{}
	n := 0
	for _, entry := range strings.Split(systems, ";") {
		f := strings.Fields(entry)
		n++
		for _, a := range f[1:] {
			want[a] = append(want[a], f[0])
		}
	}
	if n != 55 {
		t.Fatalf("%d systems, want 55", n)
	}
	for _, r := range articles(t) {
		got := list(r["packs"])
		sort.Strings(got)
		sort.Strings(want[r["number"]])
		if diff := cmp.Diff(want[r["number"]], got); diff != "" {
			t.Errorf("article %s (-want +got):\n%s", r["number"], diff)
		}
	}
}

// TestDuties wants each duty rooted in its article: the duty holders named as
// the text names them and mapped to units, the packs among the article's, and
// every pack of every article answering for at least one duty.
func TestDuties(t *testing.T) {
	byNumber := index(t, articles(t), "number")
	byID := index(t, units(t), "id")
	rows := table(t, coordination+"duties.csv", "id", "article", "duty", "duty_en", "lead", "lead_unit", "supporting",
		"supporting_units", "evidence", "deadline", "due", "packs")
	index(t, rows, "id")
	open := map[string]bool{}
	for n, a := range byNumber {
		for _, p := range list(a["packs"]) {
			open[n+" "+p] = true
		}
	}
	for _, r := range rows {
		a := byNumber[r["article"]]
		if a == nil || !strings.HasPrefix(r["id"], r["article"]+"-") {
			t.Errorf("%s: article %s", r["id"], r["article"])
			continue
		}
		for _, name := range append(list(r["supporting"]), r["lead"]) {
			if !strings.Contains(a["text"], name) {
				t.Errorf("%s: the article does not name %q", r["id"], name)
			}
		}
		for _, u := range append(list(r["supporting_units"]), r["lead_unit"]) {
			if byID[u] == nil {
				t.Errorf("%s: no unit %q", r["id"], u)
			}
		}
		for _, p := range list(r["packs"]) {
			if !strings.Contains(";"+a["packs"]+";", ";"+p+";") {
				t.Errorf("%s: pack %s does not serve article %s", r["id"], p, r["article"])
			}
			delete(open, r["article"]+" "+p)
		}
		due, err := time.Parse(time.DateOnly, r["due"])
		if err != nil || due.Year() != 2026 || due.Weekday() == time.Saturday || due.Weekday() == time.Sunday {
			t.Errorf("%s: due %q", r["id"], r["due"])
		}
		if r["deadline"] != "continuous" && r["deadline"] != "annual" || r["duty"] == "" || r["duty_en"] == "" || r["evidence"] == "" {
			t.Errorf("incomplete: %v", r)
		}
	}
	for k := range open {
		t.Errorf("no duty for article and pack %s", k)
	}
}

// list splits a semicolon list; an empty one has no entries.
func list(s string) []string {
	if s == "" {
		return nil
	}
	return strings.Split(s, ";")
}
