package crash

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"os"
	"testing"
	"time"

	"chengshu/bench/synth"
	"chengshu/test/program"
)

// filings is a file of them: made-up firms as two offices have them, with errors.
func filings(t *testing.T, firms int) *bytes.Buffer {
	t.Helper()
	divisions, err := os.Open("../../packs/public-data/data/divisions.csv")
	if err != nil {
		t.Fatal(err)
	}
	defer divisions.Close()
	city, err := synth.New(divisions, 1, time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
	if err != nil {
		t.Fatal(err)
	}
	file := bytes.NewBufferString("备案编号,统一社会信用代码,企业名称,法定代表人,成立日期,住所,备案日期\n")
	out := csv.NewWriter(file)
	for office := range 2 {
		for n := range firms {
			row, _ := city.EntityCopy(n, firms, synth.Copies{Number: uint64(office), Rate: 0.02})
			if _, err := time.Parse(time.DateOnly, row[3]); err != nil {
				row[3] = ""
			}
			if err := out.Write(append(append([]string{fmt.Sprintf("K%d-%d", office, n)}, row...), "2026-02-01")); err != nil {
				t.Fatal(err)
			}
		}
	}
	out.Flush()
	return file
}

// TestKillLink kills the program while it links: the case goes on by itself after
// the restart, and the rows are linked once.
func TestKillLink(t *testing.T) {
	const firms = 30_000
	o := program.Options{Data: t.TempDir(), Args: []string{"--blob-limit", "100MiB"}}
	s := program.Start(t, o)
	steward, admin := s.SignIn(t, "market-steward"), s.SignIn(t, "admin")
	sent := steward.Send("POST", "/api/files", filings(t, firms), map[string][]string{"Content-Type": {"application/octet-stream"}, "X-Filename": {"filings.csv"}})
	load := steward.Post("/api/cases/data-load", map[string]any{"action": "send", "fields": map[string]any{"dataset": "enterprise-filing", "file": []any{sent.JSON}}})
	if load.Status != 201 {
		t.Fatal(load)
	}
	path := "/api/cases/data-load/" + load.Text("id")
	await(t, func() bool { return steward.Get(path).Text("case.state") == "correcting" })
	for _, a := range []program.Answer{steward.Post(path+"/submit", map[string]any{}), admin.Post(path+"/release", map[string]any{})} {
		if a.Status != 200 {
			t.Fatal(a)
		}
	}
	opened := steward.Post("/api/cases/data-linkage", map[string]any{"action": "start", "fields": map[string]any{"linkage": "enterprises"}})
	if opened.Status != 201 {
		t.Fatal(opened)
	}
	path = "/api/cases/data-linkage/" + opened.Text("id")
	await(t, func() bool {
		now := steward.Get(path)
		if now.Text("case.state") != "linking" {
			t.Fatal("it was linked before it could be killed: give it more rows")
		}
		return now.Text("case.jobs.0.state") == "running"
	})
	s.Kill()
	s = program.Start(t, o)
	steward = s.SignIn(t, "market-steward")
	await(t, func() bool { return steward.Get(path).Text("case.state") != "linking" })
	got := steward.Get(path)
	if got.Text("case.state") != "reviewing" || fmt.Sprint(got.At("fields.rows")) != fmt.Sprint(2*firms+200) {
		t.Errorf("after the restart: %s, %v rows", got.Text("case.state"), got.At("fields.rows"))
	}
	run := steward.Get("/api/linkages/enterprises")
	if fmt.Sprint(run.At("run.report.entities")) != fmt.Sprint(got.At("fields.entities")) || run.Text("run.case") != opened.Text("id") {
		t.Error(run)
	}
	linked := 0
	for _, item := range steward.Get(path + "/timeline").Items() {
		if item.(map[string]any)["verb"] == "data-linkage.linked" {
			linked++
		}
	}
	if linked != 1 {
		t.Errorf("linked %d times", linked)
	}
}
