// Package scenarios tells the scenarios of all packs to the built program on
// both databases: the SQLite file that is the default, and PostgreSQL.
package scenarios

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"strings"
	"testing"

	"chengshu/kernel/db/dbtest"
	"chengshu/test/program"
)

func TestMain(m *testing.M) { os.Exit(program.Main(m)) }

func TestScenarios(t *testing.T) {
	t.Run("sqlite", func(t *testing.T) { tell(t, "") })
	t.Run("postgresql", func(t *testing.T) { tell(t, dbtest.URL(t)) })
}

// tell runs `chengshu scenario` and makes each of its lines a test.
func tell(t *testing.T, database string) {
	args := []string{"scenario", "--json"}
	if database != "" {
		args = append(args, "--db", database)
	}
	cmd := exec.CommandContext(t.Context(), program.Binary(), args...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if len(out) == 0 {
		t.Fatalf("no scenario was told: %v\n%s", err, &stderr)
	}
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	skipped := 0
	for _, line := range lines {
		var outcome struct {
			Pack, Scenario string
			OK             bool
			MS             int64
		}
		if err := json.Unmarshal([]byte(line), &outcome); err != nil {
			t.Fatalf("%v in %q", err, line)
		}
		t.Run(outcome.Pack+"/"+outcome.Scenario, func(t *testing.T) {
			if why := os.Getenv("CHENGSHU_NO_SCANS"); !outcome.OK && why != "" && outcome.Pack == "archive-digitisation" {
				skipped++
				t.Skip(why)
			}
			if !outcome.OK {
				t.Errorf("differs: %s", line)
			}
		})
	}
	if err != nil && skipped == 0 {
		t.Errorf("%v\n%s", err, &stderr)
	}
	t.Logf("%d scenarios", len(lines))
}
