package packs

import (
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"chengshu/core/access"
	"chengshu/core/decl"
	"chengshu/core/record"
	"chengshu/engine/screen"
	"chengshu/pack"
	"chengshu/server"
)

// guide is the reference of what packs can declare, in one language.
type guide struct {
	file     string
	required string // how its tables say that a key must be there
	text     string
}

func guides(t *testing.T) []guide {
	t.Helper()
	out := []guide{{file: "declarations.md", required: "required"}, {file: "declarations.zh-CN.md", required: "必填"}}
	for i := range out {
		text, err := os.ReadFile("../../docs/guide/" + out[i].file)
		if err != nil {
			t.Fatal(err)
		}
		out[i].text = string(text)
	}
	return out
}

// TestGuideNamesEveryKey compares the tables of the guides with the program: a
// table headed `record` has a row for each key of that kind and no other, says
// which are required, and either another table or the row itself names the
// keys of what stands under it.
func TestGuideNamesEveryKey(t *testing.T) {
	for _, g := range guides(t) {
		t.Run(g.file, func(t *testing.T) {
			c := comparison{t: t, guide: g, tables: tables(g.text)}
			for _, k := range server.Kinds() {
				c.compare(k.Name, reflect.TypeOf(k.New()).Elem())
			}
			for _, k := range server.Effects() {
				c.compare(k.Name, reflect.TypeOf(k.New()).Elem())
			}
		})
	}
}

// comparison is that of one guide with the program.
type comparison struct {
	t      *testing.T
	guide  guide
	tables map[string]table
}

func (c *comparison) compare(name string, typ reflect.Type) {
	c.t.Helper()
	tab, ok := c.tables[name]
	if !ok {
		c.t.Errorf("%s has no table headed `%s`", c.guide.file, name)
		return
	}
	keys := keysOf(typ)
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		k := keys[key]
		row, named := tab[key]
		switch {
		case !named:
			c.t.Errorf("%s: the table `%s` does not name `%s`", c.guide.file, name, key)
		case k.required != row.requires(key, c.guide.required):
			c.t.Errorf("%s: `%s` of `%s` is required: %t; its row says otherwise: %s", c.guide.file, key, name, k.required, row)
		default:
			c.within(name, key, row, k.typ)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(tab)) {
		if _, there := keys[key]; !there {
			c.t.Errorf("%s: the table `%s` names `%s`, which the program does not know there", c.guide.file, name, key)
		}
	}
}

// within looks at the keys of what stands under a key. Fields within fields,
// and a second place of the same things, need no words of their own.
func (c *comparison) within(name, key string, row row, typ reflect.Type) {
	c.t.Helper()
	keys, named := keysOf(typ), row.names()
	if len(keys) == 0 || key == name || key == "escalate" && named["duty"] {
		return
	}
	if _, own := c.tables[key]; own {
		c.compare(key, typ)
		return
	}
	for sub := range keys {
		if !named[sub] {
			c.t.Errorf("%s: neither a table nor the row of `%s` in `%s` names its key `%s`: %s", c.guide.file, key, name, sub, row)
		}
	}
}

type key struct {
	required bool
	typ      reflect.Type // of what stands under it: the struct itself, for lists and pointers too
}

// keysOf returns the YAML keys of a struct; none for what is no struct or, like
// a text, is written in one piece.
func keysOf(typ reflect.Type) map[string]key {
	out := map[string]key{}
	if typ.Kind() != reflect.Struct || typ == reflect.TypeFor[decl.Text]() {
		return out
	}
	for _, f := range reflect.VisibleFields(typ) {
		name, opts, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		if name == "" || name == "-" {
			continue
		}
		below := f.Type
		for below.Kind() == reflect.Pointer || below.Kind() == reflect.Slice || below.Kind() == reflect.Map {
			below = below.Elem()
		}
		out[name] = key{opts == "required", below}
	}
	return out
}

// table is one of the guide's, by the keys in its first column.
type table map[string]row

// row is one line of a table, without its outer bars.
type row []string

func (r row) String() string { return strings.Join(r, "|") }

var code = regexp.MustCompile("`[^`\n]+`")

// codes returns what stands in backquotes.
func codes(s string) []string {
	found := code.FindAllString(s, -1)
	for i := range found {
		found[i] = strings.Trim(found[i], "`")
	}
	return found
}

var word = regexp.MustCompile(`[a-z_]+`)

// names returns all words in backquotes in the row's second column: what is
// written as of: tasks names both.
func (r row) names() map[string]bool {
	out := map[string]bool{}
	for _, c := range codes(r[1]) {
		for _, w := range word.FindAllString(c, -1) {
			out[w] = true
		}
	}
	return out
}

// requires reports whether the row says that the key must be there. Where it
// says so of some of its keys, it names them before the word.
func (r row) requires(key, word string) bool {
	says := strings.TrimSpace(r[2])
	named, is := strings.CutSuffix(says, word)
	return is && (named == "" || slices.Contains(codes(named), key))
}

// tables returns the tables of a text by the one name in backquotes that heads
// each; others are left out.
func tables(text string) map[string]table {
	out := map[string]table{}
	var now table
	for line := range strings.Lines(text) {
		cells, ok := cellsOf(line)
		switch {
		case !ok:
			now = nil
		case now != nil:
			for _, k := range codes(cells[0]) {
				now[k] = cells
			}
		case len(cells) == 3 && len(codes(cells[0])) == 1:
			now = table{}
			out[codes(cells[0])[0]] = now
		default:
			now = table{} // of no interest
		}
	}
	return out
}

func cellsOf(line string) (row, bool) {
	line = strings.TrimSpace(strings.ReplaceAll(line, `\|`, ""))
	if !strings.HasPrefix(line, "|") || !strings.HasSuffix(line, "|") {
		return nil, false
	}
	return strings.Split(strings.Trim(line, "|"), "|"), true
}

// TestGuideNamesEveryFunction fails for a function that rules can call, or a
// word that a declaration may hold, of which a guide says nothing.
func TestGuideNamesEveryFunction(t *testing.T) {
	var words []string
	for _, f := range server.Functions() {
		words = append(words, f.Name)
	}
	words = append(words, "date", "days_between", "row", "old", "me", "now", "each")
	words = append(words, access.BasicActions...)
	for _, s := range []access.Scope{access.Own, access.Subject, access.Assigned, access.TaskOf, access.Unit, access.Place, access.All} {
		words = append(words, string(s))
	}
	for _, f := range []record.FieldType{record.Text, record.Integer, record.Decimal, record.Boolean, record.Date, record.Time,
		record.ChoiceOf, record.Reference, record.PointAt, record.AreaOf, record.File, record.List} {
		words = append(words, string(f))
	}
	for _, g := range guides(t) {
		named := map[string]bool{}
		for _, c := range codes(block.ReplaceAllString(g.text, "")) {
			name, _, _ := strings.Cut(c, "(")
			named[name] = true
		}
		for _, w := range words {
			if !named[w] {
				t.Errorf("%s does not name `%s`", g.file, w)
			}
		}
	}
}

// TestGuideExamplesLoad loads the examples of each guide as one pack beside
// those of the program. They are the same in both languages.
func TestGuideExamplesLoad(t *testing.T) {
	var hashes []string
	for _, g := range guides(t) {
		files := examples(t, g)
		sources, err := server.Sources("", "")
		if err != nil {
			t.Fatal(err)
		}
		declared, report := server.Declare(append(sources, pack.Source{Name: g.file, FS: files}), server.Functions())
		if report.Err() == nil {
			declared.Access(report, slog.New(slog.DiscardHandler))
		}
		if report.Err() != nil {
			var b strings.Builder
			pack.PrintProblems(&b, report)
			t.Fatalf("the examples of %s have mistakes:\n%s", g.file, &b)
		}
		counts := declared.Pack("street-lighting").Counts
		for _, k := range server.Kinds() {
			if counts[k.Name] == 0 {
				t.Errorf("%s has no example of %s", g.file, k.Name)
			}
		}
		if used := viewsOf(declared); len(used) < 3 {
			t.Errorf("%s shows only the views %v", g.file, used)
		}
		hashes = append(hashes, declared.Hash())
	}
	if hashes[0] != hashes[1] {
		t.Error("the examples differ between the languages")
	}
}

// viewsOf returns the views of the guide's own screens.
func viewsOf(declared *server.Declared) []string {
	var out []string
	for _, s := range decl.All[*screen.Screen](declared.Set, screen.Kind.Name) {
		if s.Pack == "street-lighting" && !slices.Contains(out, s.View) {
			out = append(out, s.View)
		}
	}
	return out
}

var block = regexp.MustCompile("(?ms)^```(yaml|csv)([^\n]*)\n(.*?)^```$")

// examples are the blocks of a guide as the files of one pack: the first YAML
// is its pack.yaml, and CSV stands under the name that its block gives.
func examples(t *testing.T, g guide) fstest.MapFS {
	t.Helper()
	files := fstest.MapFS{}
	yaml := 0
	for _, b := range block.FindAllStringSubmatch(g.text, -1) {
		name := strings.TrimSpace(b[2])
		if b[1] == "yaml" {
			name = fmt.Sprintf("example-%02d.yaml", yaml)
			if yaml == 0 {
				name = "pack.yaml"
			}
			yaml++
		}
		files[path.Join("street-lighting", name)] = &fstest.MapFile{Data: []byte(b[3])}
	}
	return files
}
