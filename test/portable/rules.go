package portable

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// rule is a pattern that must not occur in SQL, and what to write instead.
type rule struct {
	name    string
	pattern *regexp.Regexp
	why     string
	unless  *regexp.Regexp // what makes it good, or nil
}

func no(name, pattern, why string) rule {
	return rule{name: name, pattern: regexp.MustCompile(`(?is)` + pattern), why: why}
}

func (r rule) except(pattern string) rule {
	r.unless = regexp.MustCompile(`(?is)` + pattern)
	return r
}

// rules: each was seen, or is documented, to fail on one of the two or to give another answer.
var rules = []rule{
	no("insert or", `\b(insert\s+or\s+\w+|replace)\s+into\b`, "SQLite only; say `on conflict (…) do …`"),
	no("conflict target", `\bon conflict\s+do update\b`, "PostgreSQL wants the columns: `on conflict (…) do update`"),
	no("conflict after select", `\bselect\b[^()]*\bfrom\s+\w+\s+on conflict\b`, "SQLite takes `on` for a join; add `where true`"),
	no("ilike", `\bilike\b`, "PostgreSQL only; keep a folded column"),
	no("like without escape", `\blike\b`, "the default escape differs; say `like … escape '\\'`").except(`\blike\b.*\bescape\b`),
	no("pattern operators", `\b(glob|regexp|similar to)\b|\s!?~\*?\s`, "not on both; match in Go or by kernel/search"),
	no("cast", `::\s*[a-z]`, "PostgreSQL only; say cast(… as …)"),
	no("cast type", `\bas\s+(integer|int|smallint|real|float|numeric|decimal|varchar|char|blob)\s*\)`, "another width or affinity; cast as bigint, text or double precision"),
	no("parameter", `[=<>(,]\s*\?`, "parameters are $1, $2, …"),
	no("time of the database", `\b(datetime|date|time|julianday|strftime|unixepoch|now|to_char|to_timestamp|date_trunc|extract|age)\s*\(|\bcurrent_(timestamp|date|time)\b|\binterval\s+'`, "times come from Go, in ms"),
	no("rowid", `\b_?rowid_?\b`, "SQLite only; have a key"),
	no("counting key", `\b(autoincrement|bigserial|smallserial|generated (always|by default))\b`, "the column type is `serial`"),
	no("json", `->>?|\bjsonb?\w*\s*\(|\bjsonb\b`, "operators and key order differ; JSON is text for Go"),
	no("functions of SQLite", `\b(ifnull|iif|instr|group_concat|printf|total|char|hex|quote|typeof|last_insert_rowid|changes)\s*\(`, "SQLite only; coalesce, case, string_agg, or do it in Go"),
	no("functions of PostgreSQL", `\b(greatest|least|strpos|position|split_part|generate_series|unnest|array_agg|bool_and|bool_or|left|right|md5|gen_random_uuid|nextval|to_tsvector|to_tsquery)\s*\(|\barray\s*\[|\bany\s*\(`, "PostgreSQL only; case, substr, a list of parameters, or do it in Go"),
	no("scalar min and max", `\b(min|max)\s*\((?:[^()]|\([^()]*\))*,`, "SQLite only; say case"),
	no("round and random", `\b(round|random|trunc|log)\s*\(`, "another answer on the other; do it in Go"),
	no("for update", `\bfor\s+(no key\s+)?(update|share)\b|\bskip locked\b`, "PostgreSQL only; what is updated is locked, and Tx.Lock does the rest"),
	no("distinct on, lateral", `\bdistinct on\b|\blateral\b|\btablesample\b`, "PostgreSQL only; say row_number() over (…)"),
	no("delete using", `\bdelete\s+from\s+\S+\s+(as\s+\w+\s+)?using\b|^\s*truncate\b`, "PostgreSQL only; delete … where … in (select …)"),
	no("offset", `\boffset\b|\blimit\s+[$\w]+\s*,`, "every list pages by key"),
	no("operators", `==|\bis not true\b|\bnotnull\b`, "not on both; say =, and `is not null`"),
	no("quoting", "`|\\[[a-z_]+\\]|collate\\s+(nocase|binary|rtrim)", "SQLite only"),
	no("catalogues", `\b(sqlite_\w+|pg_\w+|information_schema)\b|^\s*pragma\b`, "db.Columns and db.Indexes know the tables"),
	no("full text", `\bfts5\b|\bmatch\s+[$']|\btsvector\b|\busing\s+(gin|gist|hash|brin)\b|\bcreate\s+virtual\b`, "kernel/search does full text"),
	no("column type", `^\s*(create\s+table|alter\s+table\s+\S+\s+add).*\s(integer|int|smallint|tinyint|real|float\d?|numeric|decimal|varchar|char|blob|uuid|jsonb?|date|datetime|timestamp\w*|bool)\b\s*(\(|,|\)|$|not|null|primary|default|unique)`, "columns are text, bigint, double precision, boolean, bytea or serial"),
	no("key without bytes", `^\s*create\s+table.*\stext\s+(not null\s+)?(primary key|unique)`, "text keys sort by bytes: text collate \"C\""),
	no("default true", `\bdefault\s+('|now|current|nextval)`, "defaults come from Go"),
}

// exception permits one rule in one file, for a reason.
type exception struct{ file, rule, why string }

var exceptions = []exception{
	{"kernel/db/ddl.go", "catalogues", "the place where the two are told apart"},
	{"kernel/db/migrate.go", "catalogues", "an advisory lock of PostgreSQL while migrating"},
	{"kernel/job/turn.go", "for update", "several programs claim from one PostgreSQL"},
	{"kernel/search/", "full text", "FTS5 or tsvector, behind one engine"},
	{"kernel/search/", "insert or", "an FTS5 row is replaced whole"},
	{"kernel/search/", "rowid", "FTS5 knows its rows by rowid"},
}

// Check returns a line for each breach of a rule in found.
func Check(found []Statement) []string {
	var lines []string
	for _, s := range found {
		for _, r := range broken(s) {
			lines = append(lines, fmt.Sprintf("%s:%d: %s: %s\n\t%s", s.File, s.Line, r.name, r.why, head(s.Text)))
		}
	}
	return lines
}

func broken(s Statement) (list []rule) {
	text := withoutQuoted(s.Text)
	for _, r := range rules {
		if r.pattern.MatchString(text) && (r.unless == nil || !r.unless.MatchString(text)) && !permitted(s.File, r.name) {
			list = append(list, r)
		}
	}
	return list
}

func permitted(file, rule string) bool {
	return slices.ContainsFunc(exceptions, func(e exception) bool {
		return e.rule == rule && (e.file == file || strings.HasSuffix(e.file, "/") && strings.HasPrefix(file, e.file))
	})
}

// head is the beginning of a statement on one line.
func head(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	if r := []rune(text); len(r) > 160 {
		return string(r[:160]) + "…"
	}
	return text
}
