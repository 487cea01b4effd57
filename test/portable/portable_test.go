package portable

import (
	"strings"
	"testing"
)

func TestRepository(t *testing.T) {
	found, err := Read("../..")
	if err != nil {
		t.Fatal(err)
	}
	if len(found) < 50 {
		t.Fatalf("only %d statements found: the rules would pass on nothing", len(found))
	}
	for _, line := range Check(found) {
		t.Error(line)
	}
	for _, e := range exceptions {
		if !used(found, e) {
			t.Errorf("the exception for %q in %s is not needed any more", e.rule, e.file)
		}
	}
}

// used reports whether something in found needs the exception.
func used(found []Statement, e exception) bool {
	for _, s := range found {
		if s.File != e.file && !(strings.HasSuffix(e.file, "/") && strings.HasPrefix(s.File, e.file)) {
			continue
		}
		for _, r := range rules {
			if text := withoutQuoted(s.Text); r.name == e.rule && r.pattern.MatchString(text) {
				return true
			}
		}
	}
	return false
}

func TestRules(t *testing.T) {
	good := []string{
		`select id, body from t where a = $1 and (b, c) > ($2, $3) order by b collate "C" desc nulls last limit $4`,
		`select count(*) filter (where ok) from t where name like $1 escape '\'`,
		`insert into t (a, b) values ($1, $2) on conflict (a) where b is not null do update set b = excluded.b returning id`,
		`insert into t (a) select a from u where true on conflict (a) do nothing`,
		`update t set n = n + 1, at = $1 where id in ($2, $3)`,
		`create table t (n serial, id text collate "C" primary key, at bigint, w double precision, ok boolean, raw bytea, date_of bigint)`,
		`create unique index t_a on t (a) where state in ('open', 'now()')`,
		`with recursive c (n) as (select 1 union all select n + 1 from c) select max(n) from c`,
		`select coalesce(max(n), 0), min(at) from t`,
		`select case when a then b else c end, cast(sum(n) as bigint) from t group by 1`,
		`select 'what? it''s now() -> there' from t`,
	}
	bad := map[string]string{ // statement → rule
		`insert or replace into t (a) values ($1)`:                     "insert or",
		`replace into t (a) values ($1)`:                               "insert or",
		`insert into t (a) values ($1) on conflict do update set a=1`:  "conflict target",
		`insert into t (a) select a from u on conflict (a) do nothing`: "conflict after select",
		`select a from t where a ilike $1`:                             "ilike",
		`select a from t where a like $1`:                              "like without escape",
		`select a from t where a glob $1`:                              "pattern operators",
		`select a from t where a ~ $1`:                                 "pattern operators",
		`select a::text from t`:                                        "cast",
		`select cast(a as integer) from t`:                             "cast type",
		`select a from t where a = ?`:                                  "parameter",
		`insert into t (a, b) values (?, ?)`:                           "parameter",
		`select datetime('now') from t`:                                "time of the database",
		`update t set at = now()`:                                      "time of the database",
		`select current_timestamp from t`:                              "time of the database",
		`select rowid from t`:                                          "rowid",
		`create table t (id integer primary key autoincrement)`:        "counting key",
		`select body->>'a' from t`:                                     "json",
		`select json_extract(body, '$.a') from t`:                      "json",
		`select ifnull(a, 0) from t`:                                   "functions of SQLite",
		`select a from t where id = any($1)`:                           "functions of PostgreSQL",
		`select greatest(a, b) from t`:                                 "functions of PostgreSQL",
		`select max(a, 0) from t`:                                      "scalar min and max",
		`select min(coalesce(a, 1), b) from t`:                         "scalar min and max",
		`select round(a) from t`:                                       "round and random",
		`select a from t where b = $1 for update skip locked`:          "for update",
		`select distinct on (a) a, b from t`:                           "distinct on, lateral",
		`delete from t using u where t.a = u.a`:                        "delete using",
		`select a from t limit 10 offset 20`:                           "offset",
		`select a from t limit 10, 20`:                                 "offset",
		`select a from t where a == 1`:                                 "operators",
		"select `a` from t":                                            "quoting",
		`select a from t order by a collate nocase`:                    "quoting",
		`select name from sqlite_master`:                               "catalogues",
		`pragma foreign_keys`:                                          "catalogues",
		`create virtual table f using fts5 (a)`:                        "full text",
		`create table t (a varchar(10))`:                               "column type",
		`create table t (a integer)`:                                   "column type",
		`create table t (a bigint, b timestamptz not null)`:            "column type",
		`alter table t add column a jsonb`:                             "column type",
		`create table t (id text primary key)`:                         "key without bytes",
		`create table t (id bigint default nextval('s'))`:              "default true",
	}
	for _, text := range good {
		if !isSQL(text, false) {
			t.Errorf("not seen as SQL: %s", text)
		}
		for _, r := range broken(Statement{Text: text}) {
			t.Errorf("%s: false alarm in %s", r.name, text)
		}
	}
	for text, want := range bad {
		names := ""
		for _, r := range broken(Statement{Text: text}) {
			names += r.name + ";"
		}
		if !isSQL(text, false) || !strings.Contains(names, want+";") {
			t.Errorf("%s: found %q, want %q", text, names, want)
		}
	}
}

func TestRead(t *testing.T) {
	const source = "package x\n" + `
import "chengshu/kernel/db"

// select a comment from nobody
type row struct { A string ` + "`json:\"select a from b\"`" + ` }

var a = "select a from t " +
	"where a = $1"
var b = q + " and b = $2"
var c = "select a file from the list" + name
var d = "update failed: try again"
var e = "where did it go? (nobody knows)"
var f = errors.New("with a name as (given)")
var g = fmt.Sprintf(" order by %s, id", column)
`
	got, err := readFile("x.go", "x.go", source)
	if err != nil {
		t.Fatal(err)
	}
	var texts []string
	for _, s := range got {
		texts = append(texts, s.Text)
	}
	want := []string{"select a from t where a = $1", " and b = $2", " order by %s, id"}
	have := strings.Join(texts, "|")
	for _, w := range want {
		if !strings.Contains(have, w) {
			t.Errorf("%q was not found in %q", w, have)
		}
	}
	for _, w := range []string{"comment", "failed", "nobody"} {
		if strings.Contains(have, w) {
			t.Errorf("%q was taken for SQL", w)
		}
	}
}
