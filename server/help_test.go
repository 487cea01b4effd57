package server

import (
	"bytes"
	"io"
	"os"
	"reflect"
	"strings"
	"testing"
)

// TestHelp: each command that the usage lists explains itself, and succeeds.
func TestHelp(t *testing.T) {
	for command, cfg := range map[string]any{"serve": Config{}, "config": Config{}, "account": accountConfig{}, "client": accountConfig{},
		"verify": nil, "packs": nil, "pack": nil, "scenario": nil} {
		var b bytes.Buffer
		if !help(&b, command) || !strings.Contains(b.String(), "chengshu "+command) {
			t.Errorf("%s: %s", command, &b)
		}
		if cfg == nil {
			continue
		}
		for _, f := range reflect.VisibleFields(reflect.TypeOf(cfg)) {
			if name := f.Tag.Get("name"); !strings.Contains(b.String(), "  --"+name) || !strings.Contains(b.String(), f.Tag.Get("zh")) || !strings.Contains(b.String(), f.Tag.Get("en")) {
				t.Errorf("%s does not explain --%s", command, name)
			}
		}
	}
	if help(io.Discard, "fly") {
		t.Error("there is help for no command")
	}
}

// TestMainHelp: -h and --help end a command with 0 wherever they stand.
func TestMainHelp(t *testing.T) {
	quiet(t)
	for _, line := range []string{"serve -h", "serve --demo --help", "config -h", "account --help", "client -h", "verify -h", "packs -h", "pack check -h", "scenario --help", "-h", "help"} {
		if code := Main(strings.Fields(line), "test"); code != 0 {
			t.Errorf("%s ended with %d", line, code)
		}
	}
	if code := Main([]string{"fly", "-h"}, "test"); code != 2 {
		t.Errorf("an unknown command ended with %d", code)
	}
}

// quiet keeps what Main prints out of the test's own output.
func quiet(t *testing.T) {
	t.Helper()
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	must(t, err)
	stdout, stderr := os.Stdout, os.Stderr
	os.Stdout, os.Stderr = null, null
	t.Cleanup(func() { os.Stdout, os.Stderr = stdout, stderr; null.Close() })
}
