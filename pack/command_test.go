package pack_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"chengshu/core/access"
	"chengshu/core/decl"
	"chengshu/core/identity"
	"chengshu/core/process"
	"chengshu/core/record"
	"chengshu/core/rule"
	"chengshu/engine/screen"
	"chengshu/kernel/clock"
	"chengshu/pack"
	"chengshu/pack/packtest"
	"chengshu/pack/scenario"
)

// realKinds are the kinds that an example pack uses.
func realKinds() []decl.Kind {
	return append(identity.Kinds(), record.Kind, process.Kind(process.Effects()), access.Kind, screen.Kind)
}

// compile checks expressions and grants as the server does.
func compile(l *pack.Loaded, r *decl.Report) {
	types := decl.All[*record.Type](l.Set, "record")
	processes := decl.All[*process.Process](l.Set, "process")
	env := rule.NewEnv(append(record.Shapes(types), process.ActorShape), nil)
	record.Compile(types, env, r)
	process.Compile(processes, env, r)
	grants, actions := decl.All[*access.Grant](l.Set, "grant"), map[string][]string{}
	for _, p := range processes {
		grants = append(grants, p.Grants()...)
		for _, a := range p.Actions {
			actions[p.Name] = append(actions[p.Name], a.Name)
		}
	}
	access.New(access.Deps{Types: types, Roles: decl.All[*identity.Role](l.Set, "role"), Grants: grants, Actions: actions, Rules: env, Report: r})
}

// run runs a command and returns its exit code, output and errors.
func run(t *testing.T, env pack.Env, args ...string) (code int, out, problems string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	code = pack.Main(t.Context(), args, &stdout, &stderr, env)
	return code, stdout.String(), stderr.String()
}

func testEnv(sources ...pack.Source) pack.Env {
	return pack.Env{Kinds: packtest.Kinds(), Sources: sources, Clock: clock.System(), Calendar: clock.National()}
}

func TestNewPackPassesCheck(t *testing.T) {
	dir := t.TempDir()
	env := pack.Env{Kinds: realKinds(), Compile: compile}
	code, out, problems := run(t, env, "pack", "new", "street-lamps", dir)
	if code != 0 {
		t.Fatalf("exit %d\n%s%s", code, out, problems)
	}
	code, out, problems = run(t, env, "packs", "--packs", dir, "--json")
	if code != 0 {
		t.Fatalf("exit %d\n%s", code, problems)
	}
	var row pack.Row
	if err := json.Unmarshal([]byte(out), &row); err != nil {
		t.Fatal(err)
	}
	want := pack.Row{
		Pack: "street-lamps", Title: decl.Text{Zh: "咨询与答复", En: "Questions and answers"}, Articles: []string{"37"}, Version: "0.1", Needs: []string{},
		Records: 1, Processes: 1, Rules: 1, Screens: 2, Scenarios: 1,
		Kinds: map[string]int{"record": 1, "process": 1, "role": 1, "grant": 2, "account": 2, "screen": 2},
	}
	if diff := cmp.Diff(want, row); diff != "" {
		t.Error(diff)
	}
	if code, _, problems = run(t, env, "pack", "new", "street-lamps", dir); code != 1 || !strings.Contains(problems, "exists already") {
		t.Errorf("a folder that is there: exit %d, %s", code, problems)
	}
	if code, _, problems = run(t, env, "pack", "new", "../Lamps", dir); code != 2 || !strings.Contains(problems, "lower-case") {
		t.Errorf("a bad name: exit %d, %s", code, problems)
	}
}

func TestCheckReplacesLoadedPacks(t *testing.T) {
	env := testEnv(open(t, map[string]string{
		"base/pack.yaml":  manifest("base", ""),
		"lamps/pack.yaml": manifest("lamps", ""), "lamps/t.yaml": "thing: lamp\ntitle: x\n",
	}, "packs"))
	dir := t.TempDir()
	files := map[string]string{
		"lamps/pack.yaml":           manifest("lamps", "needs: base\n"),
		"lamps/t.yaml":              "thing: lamp\ntitle: x\nfee: 3\n",
		"lamps/scenarios/first.txt": "scenario: 一 | One\nat 2026-03-02 09:00\n",
	}
	for name, text := range files {
		writeFile(t, filepath.Join(dir, name), text)
	}
	if code, out, problems := run(t, env, "pack", "check", dir); code != 0 || !strings.Contains(out, "2 packs, no mistakes") {
		t.Errorf("exit %d\n%s%s", code, out, problems)
	}
	if code, out, problems := run(t, env, "pack", "check", filepath.Join(dir, "lamps")); code != 0 {
		t.Errorf("one pack alone: exit %d\n%s%s", code, out, problems)
	}
	writeFile(t, filepath.Join(dir, "lamps/scenarios/first.txt"), "scenario: 一 | One\nat noon\nat 2026-03-02 09:00\n")
	code, out, _ := run(t, env, "pack", "check", "--json", dir)
	var row struct {
		File, Zh, En string
		Line         int
	}
	if err := json.Unmarshal([]byte(out), &row); err != nil || code != 1 || row.Line != 2 || !strings.HasSuffix(row.File, "lamps/scenarios/first.txt") {
		t.Errorf("exit %d, %v: %s", code, err, out)
	}
}

func writeFile(t *testing.T, name, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestShowGivesWhatAnOverlayNames(t *testing.T) {
	base := open(t, map[string]string{
		"lamps/pack.yaml": manifest("lamps", ""), "lamps/t.yaml": "thing: lamp\ntitle: x # here\nfee: 1\n",
	}, "packs")
	_, out, _ := run(t, testEnv(base), "pack", "show", "thing/lamp")
	_, of, ok := strings.Cut(out, "# of: ")
	if !ok {
		t.Fatal(out)
	}
	hash, _, _ := strings.Cut(of, "\n")
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, "pack.yaml"), manifest("city", ""))
	writeFile(t, filepath.Join(dir, "change.yaml"), "overlay: thing/lamp\nof: "+hash+"\nset: {fee: 5}\n")
	code, out, problems := run(t, testEnv(base), "pack", "show", "thing/lamp", "--overlay", dir)
	want := "# packs/lamps/t.yaml:1:1\n# of: " + hash + "\nthing: lamp\ntitle: x\nfee: 5\n"
	if diff := cmp.Diff(want, out); code != 0 || diff != "" {
		t.Errorf("exit %d, %s\n%s", code, problems, diff)
	}
	if code, _, problems = run(t, testEnv(base), "pack", "show", "thing/lmap"); code != 1 || !strings.Contains(problems, "thing/lamp") {
		t.Errorf("exit %d, %s", code, problems)
	}
}

func TestList(t *testing.T) {
	env := testEnv(open(t, map[string]string{"lamps/pack.yaml": manifest("lamps", "articles: [36, 37]\n")}, "packs"))
	code, out, _ := run(t, env, "packs")
	want := "PACK   ARTICLES  RECORDS  PROCESSES  RULES  SERVICES  SCREENS  SCENARIOS  TITLE\n" +
		"lamps  36 37     0        0          0      0         0        0          名 Name\n"
	if diff := cmp.Diff(want, out); code != 0 || diff != "" {
		t.Errorf("exit %d\n%s", code, diff)
	}
}

func TestUsage(t *testing.T) {
	for _, args := range [][]string{{}, {"pack"}, {"pack", "new"}, {"packs", "more"}, {"pack", "show"}, {"--what"}, {"packs", "-j", "0"}, {"packs", "--packs", "/does/not/exist"}} {
		code, _, problems := run(t, testEnv(), args...)
		if code != 2 || !strings.Contains(problems, "usage:") {
			t.Errorf("%v: exit %d\n%s", args, code, problems)
		}
	}
}

func TestMistakesStopEveryCommand(t *testing.T) {
	env := testEnv(open(t, map[string]string{"lamps/pack.yaml": manifest("lamps", ""), "lamps/t.yaml": "thing: lamp\n"}, "packs"))
	for _, args := range [][]string{{"packs"}, {"scenario"}} {
		if code, _, problems := run(t, env, args...); code != 1 || !strings.Contains(problems, `"title" is missing`) {
			t.Errorf("%v: exit %d\n%s", args, code, problems)
		}
	}
}

// servers gives servers that answer every request alike.
func servers(t *testing.T) func(context.Context, pack.Setup) (*pack.Servers, error) {
	return func(context.Context, pack.Setup) (*pack.Servers, error) {
		handler := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			_, _ = w.Write([]byte(`{"state":"open"}`))
		})
		return &pack.Servers{
			Open: func(context.Context) (scenario.Target, error) {
				s := httptest.NewServer(handler)
				t.Cleanup(s.Close)
				return scenario.Served(s.URL, nil), nil
			},
			Close: func() error { return nil },
		}, nil
	}
}

func TestScenarioCommand(t *testing.T) {
	head := "scenario: 甲 | A\n%at 2026-03-02 09:00\nanyone GET /api/x\n"
	env := testEnv(open(t, map[string]string{
		"lamps/pack.yaml":               manifest("lamps", ""),
		"lamps/scenarios/a-good.txt":    strings.Replace(head, "%", "", 1) + "then state is open\n",
		"lamps/scenarios/b-bad.txt":     strings.Replace(head, "%", "", 1) + "then state is closed\n",
		"lamps/scenarios/deep/good.txt": strings.Replace(head, "%", "", 1),
		"posts/pack.yaml":               manifest("posts", ""),
		"posts/scenarios/one.txt":       strings.Replace(head, "%", "", 1),
	}, "packs"))
	env.Servers = servers(t)
	tests := []struct {
		args []string
		code int
		want []string
	}{
		{[]string{"scenario", "--json", "-j", "4"}, 1, []string{"lamps/a-good true", "lamps/b-bad false", "lamps/deep/good true", "posts/one true"}},
		{[]string{"scenario", "posts", "--json"}, 0, []string{"posts/one true"}},
		{[]string{"scenario", "lamps/a-good", "posts", "--json"}, 0, []string{"lamps/a-good true", "posts/one true"}},
		{[]string{"scenario", "lamps/b-bad", "--json"}, 1, []string{"lamps/b-bad false"}},
		{[]string{"scenario", "lampz", "--json"}, 2, nil},
	}
	for _, tt := range tests {
		code, out, problems := run(t, env, tt.args...)
		var got []string
		for d := json.NewDecoder(strings.NewReader(out)); d.More(); {
			var o pack.Outcome
			if err := d.Decode(&o); err != nil {
				t.Fatal(err)
			}
			ok := " false"
			if o.OK {
				ok = " true"
			}
			got = append(got, o.Pack+"/"+o.Scenario+ok)
			if !o.OK && (o.Difference == nil || o.Difference.Line != 4 || o.Difference.Wanted != "closed" || o.Difference.Got != "open") {
				t.Errorf("%v: difference %+v", tt.args, o.Difference)
			}
		}
		if diff := cmp.Diff(tt.want, got); code != tt.code || diff != "" {
			t.Errorf("%v: exit %d, want %d\n%s%s", tt.args, code, tt.code, diff, problems)
		}
	}
	if _, out, _ := run(t, env, "scenario"); !strings.Contains(out, "DIFF lamps/b-bad") || !strings.Contains(out, "packs/lamps/scenarios/b-bad.txt:4: then state is closed") || !strings.Contains(out, "4 scenarios, 1 differ") {
		t.Errorf("the plain output is\n%s", out)
	}
}

func TestScenarioWithoutServers(t *testing.T) {
	env := testEnv(open(t, map[string]string{"lamps/pack.yaml": manifest("lamps", "")}, "packs"))
	env.Servers = func(context.Context, pack.Setup) (*pack.Servers, error) { return nil, errors.New("no database") }
	if code, _, problems := run(t, env, "scenario"); code != 1 || !strings.Contains(problems, "no database") {
		t.Errorf("exit %d, %s", code, problems)
	}
}

// TestScenarioNames checks what is said of names that no pack declares.
func TestScenarioNames(t *testing.T) {
	text := "scenario: 甲 | A\nat 2026-03-02 09:00\n"
	tests := map[string]struct{ text, want string }{
		"account":   {text + "citizn lists lamp-case\n", `there is no account "citizn"; did you mean "citizen"?`},
		"in once":   {text + "at once\n  clrek lists lamp-case\nthen one ok\n", `there is no account "clrek"; did you mean "clerk"?`},
		"registers": {text + "newcomer registers\nnewcomer lists lamp-case\n", ""},
		"anyone":    {text + "anyone lists lamp-case\n", ""},
		"type":      {text + "citizen lists lamp-cas\n", `there is no type "lamp-cas"; did you mean "lamp-case"?`},
		"process":   {text + "citizen opens lampcase by report\n", `there is no process "lampcase"; did you mean "lamp-case"?`},
		"file":      {text + "citizen uploads data/none.jpg as x\n", `the pack has no file "data/none.jpg"`},
		"good file": {text + "citizen uploads data/a.jpg as x\n", ""},
		"follows":   {"scenario: 甲 | A\nfollows: frist\nanyone GET /\n", `there is no scenario "frist" to follow; did you mean "first"?`},
		"circle":    {"scenario: 甲 | A\nfollows: second\nanyone GET /\n", "scenarios follow each other in a circle"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			src := open(t, map[string]string{
				"pack.yaml":            manifest("lamps", ""),
				"x.yaml":               "account: citizen\ntitle: x\n---\naccount: clerk\ntitle: x\n---\nprocess: lamp-case\ntitle: x\n---\nrecord: lamp-case\ntitle: x\n",
				"data/a.jpg":           "x",
				"scenarios/first.txt":  tt.text,
				"scenarios/second.txt": "scenario: 乙 | B\nfollows: first\nanyone GET /\n",
			}, "")
			var kinds []decl.Kind
			for _, name := range []string{"account", "process", "record"} {
				kinds = append(kinds, decl.Kind{Name: name, New: func() decl.Item { return &packtest.Thing{} }})
			}
			l, report := pack.Load([]pack.Source{src}, kinds)
			if err := report.Err(); err != nil {
				t.Fatal(err)
			}
			l.Tell(nil, report)
			switch err := report.Err(); {
			case tt.want == "" && err != nil:
				t.Error(err)
			case tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)):
				t.Errorf("want %q, got %v", tt.want, err)
			}
		})
	}
}
