// Package signed tries signed requests as integrators make them: with the
// example of docs/guide/api.md as it stands there, in bash with curl and
// OpenSSL, and with a public library of RFC 9421.
package signed

import (
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"chengshu/kernel/clock"
	"chengshu/test/program"
)

func TestMain(m *testing.M) { os.Exit(program.Main(m)) }

// example is the client in bash that the guide shows.
func example(t *testing.T) string {
	t.Helper()
	guide, err := os.ReadFile("../../docs/guide/api.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, begins := strings.Cut(string(guide), "```bash\n#!/bin/bash\n# signed ")
	text, _, ends := strings.Cut(rest, "```")
	if !begins || !ends {
		t.Fatal("the guide shows no client in bash")
	}
	path := filepath.Join(t.TempDir(), "signed")
	if err := os.WriteFile(path, []byte("#!/bin/bash\n# signed "+text), 0o700); err != nil {
		t.Fatal(err)
	}
	return path
}

func output(t *testing.T, cmd *exec.Cmd) string {
	t.Helper()
	var errors strings.Builder
	cmd.Stderr = &errors
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %v\n%s%s", cmd.Args, err, out, errors.String())
	}
	return string(out)
}

// pair makes a pair of keys with OpenSSL and returns the file of the private one
// and the public one in PEM.
func pair(t *testing.T, algorithm string) (file, public string) {
	t.Helper()
	file = filepath.Join(t.TempDir(), "key.pem")
	output(t, exec.Command("openssl", "genpkey", "-algorithm", algorithm, "-out", file))
	return file, output(t, exec.Command("openssl", "pkey", "-in", file, "-pubout"))
}

// city is a running program with a grant to 1301-hr.
type city struct {
	*program.Server
	officer *program.Client
	grant   string
}

func start(t *testing.T) *city {
	t.Helper()
	c := &city{Server: program.Start(t, program.Options{})}
	c.officer = c.SignIn(t, "data-user")
	var v struct{ Fields struct{ Issued string } }
	c.post(t, "/api/cases/data-request", map[string]any{"action": "claim", "fields": map[string]any{"resource": "legal-entity",
		"wanted": []string{"legal-entity.credit_code", "legal-entity.name"}, "purpose": "社会保险参保核验", "legal_basis": "《社会保险法》第五十七条",
		"until": time.Now().In(clock.Shanghai).AddDate(0, 0, 30).Format(time.DateOnly)}}, &v)
	c.grant = c.URL + "/api/grants/" + v.Fields.Issued
	return c
}

func (c *city) post(t *testing.T, path string, body, into any) {
	t.Helper()
	a := c.officer.Post(path, body)
	if a.Status != http.StatusCreated {
		t.Fatalf("%s: %s", path, a)
	}
	if err := json.Unmarshal(a.Body, into); err != nil {
		t.Fatal(err)
	}
}

// signs enters a client with the public key and returns its id.
func (c *city) signs(t *testing.T, public string) string {
	t.Helper()
	var v struct{ ID, Key string }
	c.post(t, "/api/clients", map[string]any{"name": "社保系统", "org": "1301-hr", "role": "data-user", "days": 30, "public_key": public}, &v)
	if v.ID == "" || v.Key != "" {
		t.Fatalf("entered as %+v", v)
	}
	return v.ID
}

func TestExample(t *testing.T) {
	for _, tool := range []string{"bash", "curl", "openssl", "basenc"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skip(err)
		}
	}
	script, c := example(t), start(t)
	for _, algorithm := range []string{"ed25519", "SM2"} {
		t.Run(algorithm, func(t *testing.T) {
			file, public := pair(t, algorithm)
			id := c.signs(t, public)
			send := func(args ...string) *exec.Cmd {
				cmd := exec.Command(script, args...)
				cmd.Env = append(os.Environ(), "CLIENT_ID="+id, "KEY_FILE="+file)
				return cmd
			}
			for range 3 { // with nonces, for they are alike
				var page struct {
					Items []struct{ Fields map[string]any }
				}
				out := output(t, send("POST", c.grant+"/query", `{"limit":2}`))
				if err := json.Unmarshal([]byte(out), &page); err != nil || len(page.Items) != 2 || page.Items[0].Fields["name"] == nil {
					t.Fatalf("%v: %s", err, out)
				}
			}
			if out := output(t, send("GET", c.grant+"/file?format=csv")); !strings.Contains(out, "credit_code,name") {
				t.Errorf("the file: %s", out)
			}
			other, _ := pair(t, algorithm)
			cmd := exec.Command(script, "GET", c.grant)
			cmd.Env = append(os.Environ(), "CLIENT_ID="+id, "KEY_FILE="+other)
			if out, err := cmd.Output(); err == nil || !strings.Contains(string(out), `"bad-signature"`) {
				t.Errorf("with another key: %v, %s", err, out)
			}
		})
	}
}

// TestLibrary: what http-message-signatures for Node signs is taken.
func TestLibrary(t *testing.T) {
	if why := os.Getenv("CHENGSHU_NO_SIGNED"); why != "" {
		t.Skip(why)
	}
	if _, err := os.Stat("node_modules"); err != nil {
		t.Skipf("%v; scripts/setup installs it", err)
	}
	c := start(t)
	file, public := pair(t, "ed25519")
	id := c.signs(t, public)
	for _, x := range []struct{ args, want string }{
		{"POST " + c.grant + `/query {"limit":1}`, `200 {"resource":"legal-entity","items":[{`},
		{"GET " + c.grant + "/file?format=jsonl", "200 {"},
		{"GET " + c.URL + "/api/grants", "200 {"},
		{"GET " + c.URL + "/api/grants?of=%E6%B3%95", "200 {"},
	} {
		out := output(t, exec.Command("node", append([]string{"client.mjs", file, id}, strings.Fields(x.args)...)...))
		if !strings.HasPrefix(out, x.want) {
			t.Errorf("%s: %.300s", x.args, out)
		}
	}
}
