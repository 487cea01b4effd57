package pack_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"chengshu/core/decl"
	"chengshu/pack"
	"chengshu/pack/packtest"
)

// TestBadPacks checks what is said about every kind of mistake.
func TestBadPacks(t *testing.T) { packtest.Golden(t, "testdata/bad", packtest.Load(packtest.Kinds())) }

func open(t *testing.T, files map[string]string, name string) pack.Source {
	t.Helper()
	fsys := fstest.MapFS{}
	for file, text := range files {
		fsys[file] = &fstest.MapFile{Data: []byte(text), Mode: 0o644}
	}
	return pack.Source{Name: name, FS: fsys}
}

func manifest(name, more string) string {
	return "pack: " + name + "\ntitle: {zh: 名, en: Name}\nabout: {zh: 测试用, en: For tests}\n" + more
}

func mustLoad(t *testing.T, sources ...pack.Source) *pack.Loaded {
	t.Helper()
	l, report := pack.Load(sources, packtest.Kinds())
	if err := report.Err(); err != nil {
		t.Fatal(err)
	}
	return l
}

func TestLoadFillsItems(t *testing.T) {
	l := mustLoad(t, open(t, map[string]string{
		"lamps/pack.yaml":           manifest("lamps", "articles: [36, 37]\nversion: 1.2\n"),
		"lamps/deep/er/things.yaml": "# a comment\nthing: lamp\ntitle: Lamp\nfields:\n  b: {type: text}\n  a: {type: integer}\n---\n---\nlink: to-lamp\nto: lamp\n",
		"lamps/scenarios/mend.txt":  "scenario: 修 | Mend\n",
		"lamps/data/codes.csv":      "1,2\n",
		"lamps/_draft/x.yaml":       "not read: [",
		"lamps/README.md":           "not read",
	}, "packs"))
	p := l.Pack("lamps")
	if p == nil {
		t.Fatal("the pack is not there")
	}
	if diff := cmp.Diff([]string{"36", "37"}, p.Articles); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(map[string]int{"thing": 1, "link": 1}, p.Counts); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"scenarios/mend.txt"}, p.Scenarios); diff != "" {
		t.Error(diff)
	}
	link, ok := decl.Find[*packtest.Link](l.Set, "link", "to-lamp")
	if !ok || link.Target == nil {
		t.Fatalf("the link was not resolved: %+v", link)
	}
	thing := link.Target
	if thing.Name != "lamp" || thing.Pack != "lamps" || !strings.HasPrefix(thing.Hash, "sha256:") {
		t.Errorf("meta is %+v", thing.Meta)
	}
	if got := thing.Pos.String(); got != "packs/lamps/deep/er/things.yaml:2:1" {
		t.Errorf("pos is %s", got)
	}
	if thing.Fields[0].Name != "b" || thing.Fields[1].Name != "a" {
		t.Errorf("the order of fields was lost: %+v", thing.Fields)
	}
	if got := thing.Fields[1].Pos.String(); got != "packs/lamps/deep/er/things.yaml:6:3" {
		t.Errorf("the field's pos is %s", got)
	}
}

func TestData(t *testing.T) {
	l := mustLoad(t, open(t, map[string]string{
		"lamps/pack.yaml":      manifest("lamps", ""),
		"lamps/data/codes.csv": "1,2\n",
		"secret.txt":           "x",
	}, "packs"))
	got, err := l.Data("lamps", "data/codes.csv")
	if err != nil || string(got) != "1,2\n" {
		t.Errorf("got %q, %v", got, err)
	}
	for _, name := range []string{"data/../pack.yaml", "pack.yaml", "/data/codes.csv", "data/../../secret.txt", "data/none.csv", "data/"} {
		if b, err := l.Data("lamps", name); err == nil {
			t.Errorf("%s was read: %q", name, b)
		}
	}
	if _, err := l.Data("none", "data/codes.csv"); err == nil {
		t.Error("a pack that is not loaded gave data")
	}
}

func TestNeedsOrder(t *testing.T) {
	over := open(t, map[string]string{"pack.yaml": manifest("city", "")}, "overlay")
	over.Overlay = true
	l := mustLoad(t, over, open(t, map[string]string{
		"a/pack.yaml": manifest("a", "needs: [c, b]\n"),
		"b/pack.yaml": manifest("b", "needs: [c]\n"),
		"c/pack.yaml": manifest("c", ""),
		"d/pack.yaml": manifest("d", "needs: e\n"),
	}, "packs"), open(t, map[string]string{"e/pack.yaml": manifest("e", "")}, "more"))
	var names []string
	for _, p := range l.Packs {
		names = append(names, p.Name)
	}
	if diff := cmp.Diff([]string{"c", "b", "a", "e", "d", "city"}, names); diff != "" {
		t.Error(diff)
	}
}

func TestHashIgnoresLayout(t *testing.T) {
	load := func(text string) (string, string) {
		l := mustLoad(t, open(t, map[string]string{"lamps/pack.yaml": manifest("lamps", ""), "lamps/t.yaml": text}, "packs"))
		it, _ := decl.Find[*packtest.Thing](l.Set, "thing", "lamp")
		return it.Hash, l.Hash()
	}
	a, wholeA := load("thing: lamp\ntitle: {zh: 灯, en: Lamp}\nfee: 1\n")
	b, wholeB := load("# comment\nthing:   lamp\ntitle:\n  zh: 灯 # here\n  en: Lamp\n\nfee: 1\n")
	c, wholeC := load("thing: lamp\ntitle: {zh: 灯, en: Lamp}\nfee: 2\n")
	if a != b || wholeA != wholeB {
		t.Error("comments and layout changed the hash")
	}
	if a == c || wholeA == wholeC {
		t.Error("a changed value did not change the hash")
	}
}

func TestDirDoesNotFollowLinksOut(t *testing.T) {
	dir, outside := t.TempDir(), t.TempDir()
	write := func(name, text string) {
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write(filepath.Join(outside, "things.yaml"), "thing: lamp\ntitle: x\n")
	write(filepath.Join(dir, "lamps/pack.yaml"), manifest("lamps", ""))
	write(filepath.Join(dir, "lamps/data/real.yaml"), "thing: post\ntitle: x\n")
	link := func(to, name string) {
		if err := os.Symlink(to, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	link(filepath.Join(outside, "things.yaml"), "lamps/out.yaml")
	link("data/real.yaml", "lamps/in.yaml") // As Kubernetes mounts files.
	if err := syscall.Mkfifo(filepath.Join(dir, "lamps/pipe.yaml"), 0o644); err != nil {
		t.Fatal(err)
	}
	s, err := pack.Dir(dir)
	if err != nil {
		t.Fatal(err)
	}
	l, report := pack.Load([]pack.Source{s}, packtest.Kinds())
	var places []string
	for _, p := range report.Problems() {
		places = append(places, filepath.Base(p.File)+": "+p.En)
	}
	want := []string{
		"out.yaml: the link cannot be opened; links out of the folder are not followed",
		"pipe.yaml: is not a regular file; copy the content here",
	}
	if diff := cmp.Diff(want, places); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"post"}, l.Set.Names("thing")); diff != "" {
		t.Error(diff)
	}
}

func TestLimits(t *testing.T) {
	many := map[string]string{"lamps/pack.yaml": manifest("lamps", "")}
	for i := range 501 {
		many[fmt.Sprintf("lamps/t%d.yaml", i)] = ""
	}
	tests := map[string]struct {
		files map[string]string
		want  string
	}{
		"large file":   {map[string]string{"lamps/pack.yaml": manifest("lamps", ""), "lamps/t.yaml": strings.Repeat("#", 1<<20+1)}, "over 1 MiB"},
		"many files":   {many, "501 declaration files, at most 500"},
		"many in file": {map[string]string{"lamps/pack.yaml": manifest("lamps", ""), "lamps/t.yaml": strings.Repeat("thing: a\ntitle: x\n---\n", 5001)}, "5001 documents, at most 5000"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, report := pack.Load([]pack.Source{open(t, tt.files, "packs")}, packtest.Kinds())
			if err := report.Err(); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("want %q, got %.300v", tt.want, err)
			}
		})
	}
}

func TestLoadPanicsOnReservedKind(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("a kind named overlay was taken")
		}
	}()
	pack.Load(nil, []decl.Kind{{Name: "overlay"}})
}

// FuzzParse checks that no text makes the loader panic, and that whatever is
// refused is refused with a place inside the text.
func FuzzParse(f *testing.F) {
	f.Add("thing: lamp\ntitle: {zh: a, en: b}\n---\noverlay: thing/lamp\nof: x\nset: {fields.a: 1}\n")
	f.Add("a: &x [*x]\n? [b]\n: c\n")
	f.Add("thing: \"lamp\n\ttitle： [x\n")
	f.Add("%YAML 1.2\n---\n!!map {a: |\n x}\n...\n")
	f.Fuzz(func(t *testing.T, text string) {
		s := open(t, map[string]string{"pack.yaml": manifest("lamps", ""), "t.yaml": text}, "")
		s.Overlay = true
		_, report := pack.Load([]pack.Source{s}, packtest.Kinds())
		lines := strings.Count(text, "\n") + 1
		for _, p := range report.Problems() {
			if p.Zh == "" || p.En == "" {
				t.Errorf("a problem without text at %s", p.Pos)
			}
			if p.File == "t.yaml" && (p.Line < 1 || p.Line > lines+1) {
				t.Errorf("line %d of %d", p.Line, lines)
			}
		}
	})
}

// BenchmarkLoad loads 60 packs with 80 documents each.
func BenchmarkLoad(b *testing.B) {
	files := fstest.MapFS{}
	for p := range 60 {
		dir := fmt.Sprintf("p%d/", p)
		files[dir+"pack.yaml"] = &fstest.MapFile{Data: []byte(manifest(fmt.Sprintf("p%d", p), ""))}
		for f := range 8 {
			var text strings.Builder
			for d := range 10 {
				fmt.Fprintf(&text, "---\nthing: t%d-%d-%d\ntitle: {zh: 物, en: Thing}\nfields:\n", p, f, d)
				for i := range 20 {
					fmt.Fprintf(&text, "  field_%d: {type: text, max: 100}\n", i)
				}
			}
			files[fmt.Sprintf("%st%d.yaml", dir, f)] = &fstest.MapFile{Data: []byte(text.String())}
		}
	}
	b.ResetTimer()
	for b.Loop() {
		l, report := pack.Load([]pack.Source{{Name: "packs", FS: files}}, packtest.Kinds())
		if err := report.Err(); err != nil || len(l.Packs) != 60 {
			b.Fatal(err)
		}
	}
}
