package config

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"chengshu/kernel/fault"

	"github.com/google/go-cmp/cmp"
)

type testConfig struct {
	Addr string   `name:"addr" default:"127.0.0.1:8080" zh:"监听地址" en:"address to listen on"`
	DB   string   `name:"db" default:"sqlite:data/city.db" secret:"url"`
	Key  string   `name:"key" secret:"true"`
	Dev  bool     `name:"dev"`
	Tags []string `name:"tags"`
	Blob struct {
		Limit Size          `name:"limit" default:"64MiB"`
		Keep  time.Duration `name:"keep" default:"7d"`
	} `name:"blob"`
	Plain struct {
		Workers int     `name:"workers" default:"4"`
		Ratio   float64 `name:"ratio"`
	}
}

func write(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "city.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestOrder(t *testing.T) {
	file := write(t, "# a comment\naddr: file\nworkers: 7\nblob-limit: 1GB\ntags: [a, b]\nkey: from-file\ndev: true\n")
	var c testConfig
	s, err := Load(&c, []string{"serve", "--addr=flag", "--no-dev", "--", "--x"},
		[]string{"CHENGSHU_ADDR=env", "CHENGSHU_WORKERS=8", "CHENGSHU_CONFIG=" + file, "HOME=/root", "CHENGSHU_TEST_PG=x"})
	if err != nil {
		t.Fatal(err)
	}
	var want testConfig
	want.Addr, want.DB, want.Key, want.Tags = "flag", "sqlite:data/city.db", "from-file", []string{"a", "b"}
	want.Blob.Limit, want.Blob.Keep = 1e9, 7*24*time.Hour
	want.Plain.Workers = 8
	if d := cmp.Diff(want, c, cmp.AllowUnexported(testConfig{})); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]string{"serve", "--x"}, s.Args); d != "" {
		t.Error(d)
	}
	var b strings.Builder
	if err := s.Explain(&b); err != nil {
		t.Fatal(err)
	}
	wantText := strings.ReplaceAll(`addr       = "flag"  (--addr)
db         = "sqlite:data/city.db"  (default)
key        = ******  (FILE:6)
dev        = "false"  (--dev)
tags       = "a,b"  (FILE:5)
blob-limit = "1GB"  (FILE:4)
blob-keep  = "7d"  (default)
workers    = "8"  (CHENGSHU_WORKERS)
ratio      = ""  (default)
CHENGSHU_TEST_PG is set but no setting answers to it
`, "FILE", file)
	if d := cmp.Diff(wantText, b.String()); d != "" {
		t.Error(d)
	}
}

func TestMistakes(t *testing.T) {
	for name, tc := range map[string]struct {
		args []string
		env  []string
		file string
		want []string // "place: en", FILE standing for the file
	}{
		"unknown flag":    {args: []string{"--adr", "x"}, want: []string{"--adr: there is no setting adr; did you mean addr?"}},
		"unknown key":     {file: "addr: x\n\nworkrs: 3\n", want: []string{"FILE:3: there is no setting workrs; did you mean workers?"}},
		"far key":         {file: "port: 3\n", want: []string{"FILE:1: there is no setting port"}},
		"twice":           {file: "addr: x\naddr: y\n", want: []string{"FILE:2: addr is already set in line 1"}},
		"nested":          {file: "blob:\n  limit: 3\n", want: []string{"FILE:2: blob must be a plain value or a list of them"}},
		"not a mapping":   {file: "- addr\n", want: []string{"FILE:1: want a mapping of names to values"}},
		"two documents":   {file: "addr: x\n---\naddr: y\n", want: []string{"FILE: holds more than one YAML document"}},
		"not YAML":        {file: "addr: [x\n", want: []string{"FILE: line 1: did not find expected ',' or ']'"}},
		"no value":        {args: []string{"--addr"}, want: []string{"--addr: needs a value"}},
		"bad number":      {args: []string{"--workers", "many"}, want: []string{`--workers: workers: "many" is not a whole number in range`}},
		"bad boolean":     {args: []string{"--dev=perhaps"}, want: []string{`--dev: dev: "perhaps" is neither true nor false`}},
		"bad size":        {env: []string{"CHENGSHU_BLOB_LIMIT=64 cows"}, want: []string{`CHENGSHU_BLOB_LIMIT: blob-limit: "64 cows" is not a size, such as 512, 64MiB or 10GB`}},
		"bad duration":    {env: []string{"CHENGSHU_BLOB_KEEP=week"}, want: []string{`CHENGSHU_BLOB_KEEP: blob-keep: "week" is not a length of time, such as 500ms, 90s, 1h30m or 7d`}},
		"all at once":     {args: []string{"--x=1"}, file: "y: 1\n", want: []string{"FILE:1: there is no setting y", "--x: there is no setting x"}},
		"too large a int": {file: "workers: 99999999999999999999\n", want: []string{`FILE:1: workers: "99999999999999999999" is not a whole number in range`}},
	} {
		t.Run(name, func(t *testing.T) {
			path := "no file"
			if tc.file != "" {
				path = write(t, tc.file)
				tc.args = append(tc.args, "--config", path)
			}
			var c testConfig
			_, err := Load(&c, tc.args, tc.env)
			var f *fault.Fault
			if !errors.As(err, &f) || f.Kind != fault.Invalid {
				t.Fatalf("got %v", err)
			}
			var got []string
			for _, p := range f.Fields {
				got = append(got, strings.ReplaceAll(p.Path+": "+p.En, path+":", "FILE:"))
				if p.Zh == "" {
					t.Errorf("%s has no Chinese", p.Path)
				}
			}
			if d := cmp.Diff(tc.want, got); d != "" {
				t.Error(d)
			}
		})
	}
	var c testConfig
	if _, err := Load(&c, []string{"--config", "no-such-file"}, nil); err == nil {
		t.Error("a missing file was accepted")
	}
	if _, err := Load(&c, []string{"-h"}, nil); !errors.Is(err, ErrHelp) {
		t.Errorf("help gave %v", err)
	}
}

func TestSecretsStayHidden(t *testing.T) {
	type secrets struct {
		DB  string `name:"db" secret:"url"`
		Pin int    `name:"pin" secret:"true"`
	}
	for _, db := range []string{"postgres://u:hunter2@h/n?sslmode=disable", "postgres://h/n?user=u&password=hunter2", "user=u password=hunter2 host=%"} {
		var c secrets
		s, err := Load(&c, []string{"--db", db, "--pin=4711"}, nil)
		if err != nil {
			t.Fatal(err)
		}
		var b strings.Builder
		s.Explain(&b)
		if strings.Contains(b.String(), "hunter2") || strings.Contains(b.String(), "4711") {
			t.Errorf("%s shows a secret:\n%s", db, &b)
		}
	}
	var c secrets
	_, err := Load(&c, []string{"--pin=hunter2"}, nil)
	if err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("the error shows a secret: %v", err)
	}
}

func TestUsage(t *testing.T) {
	var b strings.Builder
	if err := Usage(&b, &testConfig{}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"--addr (127.0.0.1:8080)", "监听地址", "address to listen on", "--blob-limit (64MiB)", "--config"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %q in\n%s", want, &b)
		}
	}
}

func TestSize(t *testing.T) {
	for text, want := range map[string]Size{"0": 0, "512": 512, "1B": 1, "64KiB": 65536, "64 MiB": 64 << 20, "1KB": 1000, "8TiB": 8 << 40} {
		var s Size
		if err := s.UnmarshalText([]byte(text)); err != nil || s != want {
			t.Errorf("%q: got %d, %v", text, s, err)
		}
		var again Size
		if err := again.UnmarshalText([]byte(s.String())); err != nil || again != s {
			t.Errorf("%d is written %s", s, s)
		}
	}
	for _, bad := range []string{"", "MiB", "-1", "1.5MiB", "9000000TiB", "1 cow", "99999999999999999999"} {
		var s Size
		if err := s.UnmarshalText([]byte(bad)); err == nil {
			t.Errorf("%q was read as %d", bad, s)
		}
	}
}

// TestDeclarations checks that a mistake in the program is found at once.
func TestDeclarations(t *testing.T) {
	for name, cfg := range map[string]any{
		"no pointer": testConfig{},
		"no name":    &struct{ A string }{},
		"twice": &struct {
			A, B string `name:"a"`
		}{},
		"reserved": &struct {
			A string `name:"config"`
		}{},
		"bad default": &struct {
			A int `name:"a" default:"x"`
		}{},
		"bad secrecy": &struct {
			A int `name:"a" secret:"maybe"`
		}{},
		"unknown kind": &struct {
			A chan int `name:"a" default:"1"`
		}{},
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: no panic", name)
				}
			}()
			Load(cfg, nil, nil)
		}()
	}
}

func FuzzFile(f *testing.F) {
	f.Add([]byte("addr: x\nworkers: 3\ntags: [a, b]\n"))
	f.Add([]byte("a: &x 1\nb: *x\n"))
	f.Add([]byte("---\n...\n"))
	f.Add([]byte("? [a]\n: b"))
	f.Fuzz(func(t *testing.T, text []byte) {
		list, wrong := parseFile("f", text)
		for _, m := range wrong {
			if m.place == "" || m.zh == "" || m.en == "" {
				t.Fatalf("%+v says too little", m)
			}
		}
		for _, e := range list {
			if e.line < 1 {
				t.Fatalf("%+v has no line", e)
			}
		}
	})
}

func FuzzSize(f *testing.F) {
	f.Add("64MiB")
	f.Fuzz(func(t *testing.T, text string) {
		var s, again Size
		if s.UnmarshalText([]byte(text)) != nil {
			return
		}
		if err := again.UnmarshalText([]byte(s.String())); err != nil || again != s || s < 0 {
			t.Fatalf("%q: %d, then %d, %v", text, s, again, err)
		}
	})
}
