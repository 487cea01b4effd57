package main

import (
	"encoding/json"
	"strings"
	"testing"
)

// stream writes events in the form "action test" or "action", all of one package, as go test prints them.
func stream(t *testing.T, lines ...string) string {
	t.Helper()
	var text strings.Builder
	for _, line := range lines {
		action, test, _ := strings.Cut(line, " ")
		e := event{Action: action, Package: "p", Test: test}
		if action == "output" {
			e.Test, e.Output, _ = strings.Cut(test, " ")
		}
		data, err := json.Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		text.Write(data)
	}
	return text.String()
}

func TestSummarise(t *testing.T) {
	for name, c := range map[string]struct {
		lines []string
		want  tally
		says  string
	}{
		"two tests":               {[]string{"pass A", "pass B", "pass"}, tally{2, 0, 0}, "2 passed"},
		"subtests, not parent":    {[]string{"pass A/x", "pass A/y", "pass A", "pass"}, tally{2, 0, 0}, ""},
		"failed subtest":          {[]string{"output A/x a.go:1: wanted 2\n", "fail A/x", "pass A/y", "fail A", "fail"}, tally{1, 1, 0}, "wanted 2"},
		"parent fails by itself":  {[]string{"pass A/x", "fail A", "fail"}, tally{1, 1, 0}, ""},
		"does not compile":        {[]string{"fail"}, tally{0, 1, 0}, "fail"},
		"main fails, tests pass":  {[]string{"pass A", "fail"}, tally{1, 1, 0}, ""},
		"crashes":                 {[]string{"pass A", "run B", "output B panic: boom\n", "fail"}, tally{1, 1, 0}, "panic: boom"},
		"never ends":              {[]string{"pass A", "run B"}, tally{0, 1, 0}, "did not finish"},
		"seeds count once":        {[]string{"pass FuzzA/seed#0", "pass FuzzA/seed#1", "pass FuzzA", "pass"}, tally{1, 0, 0}, ""},
		"failing seed":            {[]string{"fail FuzzA/seed#0", "pass FuzzA/seed#1", "fail FuzzA", "fail"}, tally{0, 1, 0}, ""},
		"skipped, with reason":    {[]string{"output A     a_test.go:9: no real data\n", "output A --- SKIP: A (0.00s)\n", "skip A", "pass"}, tally{0, 0, 1}, "skipped 1: no real data"},
		"package without tests":   {[]string{"skip"}, tally{0, 0, 0}, ""},
		"same prefix, no subtest": {[]string{"pass A", "pass AB", "pass"}, tally{2, 0, 0}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			var out strings.Builder
			got, err := summarise(strings.NewReader(stream(t, c.lines...)), &out)
			if err != nil {
				t.Fatal(err)
			}
			if got != c.want {
				t.Errorf("counted %+v, want %+v", got, c.want)
			}
			if !strings.Contains(out.String(), c.says) {
				t.Errorf("printed %q, want it to contain %q", out.String(), c.says)
			}
		})
	}
	for _, bad := range []string{"", "go: no such module"} {
		if _, err := summarise(strings.NewReader(bad), &strings.Builder{}); err == nil {
			t.Errorf("input %q gives no error", bad)
		}
	}
}
