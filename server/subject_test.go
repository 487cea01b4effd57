package server

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"chengshu/pack"
)

// pensions is a dataset whose rows are about persons of the register.
const pensions = `
record: pension
resource: dataset
title: {zh: 养老金发放, en: Pensions}
owner: 生态环境局
basis: b
sharing: unconditional
fields:
  number: {title: {zh: 公民身份号码, en: Number}, type: text, required: true, personal: true, mask: id}
  month: {title: {zh: 月份, en: Month}, type: text}
subject: number
unique: [number]
---
grant: hr-reads
role: data-bureau
on: pension
actions: [read]
scope: all
unmask: [number]
purpose: {zh: 核对, en: Checking}
basis: b
`

// TestPersonsOfDatasets: who is in a row of a dataset sees that it was read, as
// whoever the number belongs to in the register of persons.
func TestPersonsOfDatasets(t *testing.T) {
	dir := t.TempDir()
	must(t, os.MkdirAll(filepath.Join(dir, "pension"), 0o700))
	must(t, os.WriteFile(filepath.Join(dir, "pension", "pack.yaml"), []byte("pack: pension\ntitle: {zh: 养老金, en: Pensions}\nabout: a\narticles: [43]\nversion: \"1\"\nneeds: [public-data, data-sharing]\n"), 0o600))
	must(t, os.WriteFile(filepath.Join(dir, "pension", "pension.yaml"), []byte(strings.TrimSpace(pensions)), 0o600))
	extra, err := pack.Dir(dir)
	must(t, err)
	w := newTownWith(t, []pack.Source{extra}, func(*Config) {})
	w.do("mine", "admin", "POST /api/records/natural-person", `{"fields":{"id_number":"11010519491231002X","name":"合成乙","division":"130102001001"}}`)
	w.do("", "citizen", "POST /api/me/identity", `{"name":"合成乙","number":"11010519491231002X"}`)

	req, err := http.NewRequest(http.MethodPost, w.url+"/api/files", strings.NewReader("number,month\n11010519491231002X,2026-02\n110105194912310021,2026-02\n"))
	must(t, err)
	req.Header.Set("Content-Type", "text/csv")
	req.Header.Set("X-Filename", "a.csv")
	res, err := w.client("steward").Do(req)
	must(t, err)
	defer res.Body.Close()
	file := make([]byte, 4096)
	n, _ := res.Body.Read(file)
	w.do("load", "steward", "POST /api/cases/data-load", `{"action":"send","fields":{"dataset":"pension","file":[`+string(file[:n])+`]}}`)
	must(t, w.s.jobs.Settle(t.Context()))
	w.do("", "steward", "POST /api/cases/data-load/{load}/submit", `{"fields":{}}`)
	w.do("", "admin", "POST /api/cases/data-load/{load}/release", `{"fields":{}}`)

	w.do("request", "data-user", "POST /api/cases/data-request", `{"action":"apply","fields":{"resource":"pension","wanted":["pension.number","pension.month"],"unmasked":["pension.number"],"purpose":"核验","legal_basis":"b","until":"2027-01-01"}}`)
	w.do("", "steward", "POST /api/cases/data-request/{request}/agree", `{"fields":{}}`)
	w.do("", "admin", "POST /api/cases/data-request/{request}/issue", `{"fields":{}}`)
	_, body := w.send("data-user", "GET /api/cases/data-request/{request}", "")
	ask := "POST /api/grants/" + textOf(t, body, `"issued":"`) + "/lookup"
	if status, body := w.send("data-user", ask, `{"keys":["11010519491231002X","110105194912310021"]}`); status != 200 || strings.Count(body, "2026-02") != 2 {
		t.Fatal(status, body)
	}
	status, body := w.send("citizen", "GET /api/me/reads", "")
	if status != 200 || strings.Count(body, `"type":"pension"`) != 1 || !strings.Contains(body, `"purpose":"核验"`) || !strings.Contains(body, "养老金发放") {
		t.Error(status, body)
	}
	if strings.Contains(body, "11010519491231002") {
		t.Errorf("the journal holds the number: %s", body)
	}
	// A page read by a declared grant is told as well.
	if status, body := w.send("admin", "GET /api/records/pension", ""); status != 200 || strings.Count(body, "2026-02") != 2 {
		t.Fatal(status, body)
	}
	if _, body := w.send("citizen", "GET /api/me/reads", ""); strings.Count(body, `"type":"pension"`) != 2 {
		t.Error(body)
	}
}
