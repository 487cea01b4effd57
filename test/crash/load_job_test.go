package crash

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"chengshu/test/program"
)

// TestKillCheck kills the program while it judges a file: the case goes on by
// itself after the restart, and the file is judged once.
func TestKillCheck(t *testing.T) {
	o := program.Options{Data: t.TempDir(), Args: []string{"--blob-limit", "100MiB"}}
	s := program.Start(t, o)
	steward := s.SignIn(t, "steward")
	const rows, bad = 400_000, 65_934 // whose index is over 500
	file := bytes.NewBufferString("station,at,aqi\n")
	for n := range rows {
		fmt.Fprintf(file, "1101A,2026-03-01 %02d:%02d:%02d,%d\n", n/3600%24, n/60%60, n%60, n%600)
	}
	sent := steward.Send("POST", "/api/files", file, map[string][]string{"Content-Type": {"text/csv"}, "X-Filename": {"air.csv"}})
	if sent.Status != 201 {
		t.Fatal(sent)
	}
	opened := steward.Post("/api/cases/data-load", map[string]any{"action": "send", "fields": map[string]any{"dataset": "air-hour", "file": []any{sent.JSON}}})
	if opened.Status != 201 {
		t.Fatal(opened)
	}
	path := "/api/cases/data-load/" + opened.Text("id")
	await(t, func() bool {
		now := steward.Get(path)
		if now.Text("case.state") != "checking" {
			t.Fatal("it was judged before it could be killed: give it more rows")
		}
		return now.Text("case.jobs.0.state") == "running"
	})
	s.Kill()
	s = program.Start(t, o)
	steward = s.SignIn(t, "steward")
	await(t, func() bool { return steward.Get(path).Text("case.state") != "checking" })
	got := steward.Get(path)
	if got.Text("case.state") != "correcting" || fmt.Sprint(got.At("fields.rows"), got.At("fields.bad")) != fmt.Sprint(rows, bad) {
		t.Errorf("after the restart: %s, %v rows, %v bad", got.Text("case.state"), got.At("fields.rows"), got.At("fields.bad"))
	}
	checked := 0
	for _, item := range steward.Get(path + "/timeline").Items() {
		if item.(map[string]any)["verb"] == "data-load.checked" {
			checked++
		}
	}
	if checked != 1 {
		t.Errorf("checked %d times", checked)
	}
}

// await asks until it is so, for two minutes at most.
func await(t *testing.T, so func() bool) {
	t.Helper()
	for deadline := time.Now().Add(2 * time.Minute); !so(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("it has not come to that in two minutes")
		}
	}
}
