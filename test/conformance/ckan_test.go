package conformance

import (
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"chengshu/test/program"
)

func TestMain(m *testing.M) { os.Exit(program.Main(m)) }

// tool returns the path of a client that scripts/setup installs, or skips with
// the reason why it could not.
func tool(t *testing.T, path, without string) string {
	t.Helper()
	if why := os.Getenv(without); why != "" {
		t.Skip(why)
	}
	if _, err := os.Stat(path); err != nil {
		t.Skipf("%v; scripts/setup installs it", err)
	}
	return path
}

// run runs a client; what it says is shown when it fails.
func run(t *testing.T, name string, args ...string) {
	t.Helper()
	began := time.Now()
	out, err := exec.Command(name, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", name, err, out)
	}
	t.Logf("%s\n%s", time.Since(began).Round(time.Millisecond), out)
}

// key makes an API client of a running program and returns its key.
func key(t *testing.T, s *program.Server, org, roles string) string {
	t.Helper()
	out, err := exec.Command(program.Binary(), "client", "--data", s.Data, "--name", "测试", "--org", org, "--roles", roles).Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}

// TestCKAN drives two cities with ckanapi: search, show, rows, writing, dumping
// the one and loading the other.
func TestCKAN(t *testing.T) {
	python := tool(t, "../../out/conformance/bin/python", "CHENGSHU_NO_CKANAPI")
	city, other := program.Start(t, program.Options{}), program.Start(t, program.Options{})
	run(t, python, "ckan_client.py", city.URL, key(t, city, "1301-data", "data-bureau"), other.URL, key(t, other, "1301-data", "data-bureau"))
}
