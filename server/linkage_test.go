package server

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"chengshu/kernel/db"
	"chengshu/kernel/db/dbtest"
	"chengshu/pack"
)

// peoplePack links the register of persons with a list of members of which less
// may be seen in one field, and more in another.
const peoplePack = `
record: member
title: {zh: 会员, en: Member}
owner: 数据资源管理局
basis: b
fields:
  id_number: {title: {zh: 号码, en: Number}, type: text, personal: true, mask: id}
  name: {title: {zh: 姓名, en: Name}, type: text, personal: true, mask: name}
  phone: {title: {zh: 电话, en: Phone}, type: text, personal: true, mask: phone}
---
linkage: people
title: {zh: 人员, en: People}
basis: b
process: data-linkage
sources:
  natural-person: {unique: true}
  member: {}
compare:
  id_number: {by: code, check: citizen, distinct: true}
  name: {by: name}
  phone: {by: edit}
survive:
  name: {from: natural-person}
  phone: {from: member}
---
grant: bureau-keeps-members
role: data-bureau
on: member
actions: [read, create, delete]
scope: all
unmask: [name, id_number]
purpose: {zh: 核对, en: Check}
basis: b
---
grant: stewards-see-members
role: data-steward
on: member
actions: [read]
scope: all
basis: b
`

// linked is a town in which a run of the linkage says that a member and a person
// of the register may be one: {member} and {person}, and that another member is
// the person's: {sure}.
func linked(t *testing.T, w *town) {
	t.Helper()
	var persons struct {
		Items []struct {
			ID     string
			Fields map[string]any
		}
	}
	w.get("admin", "/api/records/natural-person?limit=1", &persons)
	w.ids["person"] = persons.Items[0].ID
	body := fmt.Sprintf(`{"fields":{"id_number":"11010519491231002X","name":%q,"phone":"13900000009"}}`, persons.Items[0].Fields["name"])
	w.do("member", "admin", "POST /api/records/member", body)
	w.do("sure", "admin", "POST /api/records/member", body)
	w.do("case", "market-steward", "POST /api/cases/data-linkage", `{"action":"start","fields":{"linkage":"enterprises"}}`)
	must(t, w.s.jobs.Settle(t.Context()))
	must(t, w.s.db.Do(t.Context(), func(tx *db.Tx) error {
		if _, err := tx.Exec(`insert into linkage_run (linkage, run, base, key, case_type, case_id, at, ended_at, report) values ('people', 1, 0, 'k', 'data-linkage', $1, 1, 2, '{}')`, w.ids["case"]); err != nil {
			return err
		}
		for source, names := range map[string][]string{"natural-person": {"person"}, "member": {"member", "sure"}} {
			for _, name := range names {
				entity := "one"
				if name == "member" {
					entity = "two"
				}
				if _, err := tx.Exec(`insert into linkage_member (linkage, run, source, row_key, entity) values ('people', 1, $1, $2, $3)`, source, w.ids[name], entity); err != nil {
					return err
				}
			}
		}
		_, err := tx.Exec(`insert into linkage_pair (linkage, run, pair, a_source, a_key, b_source, b_key, body) values ('people', 1, 1, 'member', $1, 'natural-person', $2, $3)`, w.ids["member"], w.ids["person"],
			`{"probability":0.5,"bits":1,"reason":"uncertain","fields":[{"field":"id_number","level":"different","bits":-3},{"field":"name","level":"same","bits":4},{"field":"phone","level":"different","bits":-1}]}`)
		return err
	}))
}

// TestLinkageReaders: a pair is shown to those who may read both of its rows, each
// field as the stricter side has it, and the reading of persons leaves its acts.
func TestLinkageReaders(t *testing.T) {
	t.Run("sqlite", func(t *testing.T) { linkageReaders(t, "") })
	t.Run("postgresql", func(t *testing.T) { linkageReaders(t, dbtest.URL(t)) })
}

func peopleSource() pack.Source {
	return pack.Source{Name: "people", FS: fstest.MapFS{
		"people/pack.yaml":   {Data: []byte("pack: people\ntitle: {zh: 人员, en: People}\nabout: {zh: 测试, en: Test}\narticles: [43]\nneeds: [public-data]\nversion: \"0.1\"\n")},
		"people/people.yaml": {Data: []byte(peoplePack)},
	}}
}

func linkageReaders(t *testing.T, database string) {
	w := newTownWith(t, []pack.Source{peopleSource()}, func(c *Config) { c.DB = database })
	linked(t, w)
	before := w.count("evidence_reading")
	const ask = "GET /api/linkages/people/"
	w.run(t, []call{
		{"nobody knows of it", "", "GET /api/linkages/people", "", 401, nil, nil},
		{"a citizen neither", "citizen", ask + "review", "", 403, nil, nil},
		{"a steward of another unit neither", "steward", ask + "entities/one", "", 403, nil, nil},
		{"both sides", "admin", ask + "review", "", 200, []string{`"left":{"source":"member","key":"{member}"`, `"reason_text":{`}, []string{"13900000009", "11010519491231002X"}},
		{"a pair with a hidden side", "market-steward", ask + "review", "", 200, []string{`"items":[]`}, []string{"{member}"}},
		{"an entity's rows", "admin", ask + "entities/one", "", 200, []string{`"key":"{person}"`, `"key":"{sure}"`, `"why":"authoritative"`}, []string{"13900000009"}},
		{"those rows of it that may be read", "market-steward", ask + "entities/one", "", 200, []string{`"key":"{sure}"`}, []string{"{person}"}},
		{"no such entity", "admin", ask + "entities/none", "", 404, nil, nil},
		{"whose row it is", "admin", ask + "of/member/{sure}", "", 200, []string{`"entity":"one"`}, nil},
		{"a row that may not be read", "market-steward", ask + "of/natural-person/{person}", "", 404, nil, nil},
		{"all rows, to who may read all", "admin", ask + "of/member", "", 200, []string{`"key":"{sure}","entity":"one"`}, nil},
		{"all rows, to who may read some", "admin", ask + "of/natural-person", "", 403, nil, nil},
		{"no such source", "admin", ask + "of/firm", "", 404, nil, nil},
		{"a decision about what one may not read", "market-steward", "POST /api/linkages/people/decisions", `{"left":{"source":"member","key":"{member}"},"right":{"source":"natural-person","key":"{person}"},"same":true,"why":"w"}`, 404, nil, nil},
		{"a decision that decides nothing", "admin", "POST /api/linkages/people/decisions", `{"left":{"source":"member","key":"{member}"},"right":{"source":"natural-person","key":"{person}"},"why":"w"}`, 422, []string{"same"}, nil},
		{"a decision", "admin", "POST /api/linkages/people/decisions", `{"left":{"source":"member","key":"{member}"},"right":{"source":"natural-person","key":"{person}"},"same":true,"why":"w"}`, 201, []string{`"same":true`, `"person_name"`}, nil},
		{"what was decided", "admin", ask + "decisions", "", 200, []string{`"key":"{member}"`, `"holds":true`, `"why":"w"`}, nil},
		{"what was decided about rows one may not read", "market-steward", ask + "decisions", "", 200, []string{`"items":[]`}, nil},
		{"nothing is left", "admin", ask + "review", "", 200, []string{`"items":[]`}, nil},
	})
	// The pair shows the names of a member and a person, the entity those of the other
	// member and the person.
	if got := w.count("evidence_reading") - before; got != 3 {
		t.Errorf("%d readings are on record, want 3", got)
	}
	var v struct{ Items []struct{ Name string } }
	w.get("citizen", "/api/linkages", &v)
	if len(v.Items) != 0 {
		t.Errorf("a citizen is told of %v", v.Items)
	}
	if code, _, body := w.ask("admin", "DELETE /api/records/member/{sure}?rev=1", ""); code != 204 {
		t.Fatal(code, body)
	}
	if _, _, body := w.ask("admin", ask+"entities/one", ""); strings.Contains(body, w.ids["sure"]) {
		t.Error("a row that its source no longer has is told")
	}
}
