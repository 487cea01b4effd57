package search

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"chengshu/kernel/db"
	"chengshu/kernel/fault"
)

// Index is the full-text table of one kind of row. Get it from
// [Engine.Index]; it is safe for concurrent use.
type Index struct {
	e     *Engine
	table string
}

var identifier = regexp.MustCompile(`^[a-z][a-z0-9_]{0,59}$`)

// DDL returns the statements that make the table, for db.DB.DDL or a
// migration. They do nothing when it is there.
func (x *Index) DDL() []string {
	if x.e.dialect == db.SQLite {
		// The ascii tokenizer takes every byte over 127 as part of a token,
		// so that rare characters of names, unknown to unicode61, are kept.
		// Merging by FTS5 itself comes in lumps of 30 ms: Engine.Run merges.
		set := `insert into ` + x.table + ` (` + x.table + `, rank) values `
		return []string{
			`create virtual table if not exists ` + x.table +
				` using fts5(tokens, content = '', contentless_delete = 1, tokenize = "ascii tokenchars '_'")`,
			set + `('automerge', 0)`,
			set + `('crisismerge', 128)`,
		}
	}
	return []string{
		`create table if not exists ` + x.table + ` (n bigint primary key, tokens tsvector)`,
		`create index if not exists ` + x.table + `_tokens on ` + x.table + ` using gin (tokens)`,
	}
}

// Put indexes text under n in place of what was there, with scopes that
// [Query.Scope] can name. It becomes findable with the commit of tx and
// [Engine.Settle]. Text that is not UTF-8 is mended, never refused.
func (x *Index) Put(tx *db.Tx, n int64, scope []string, text string) error {
	return x.change(tx, n, scope, &text)
}

// Delete takes n out of the index. It is no error when it was not there.
func (x *Index) Delete(tx *db.Tx, n int64) error {
	return x.change(tx, n, nil, nil)
}

// change indexes text under n, or deletes n when text is nil.
func (x *Index) change(tx *db.Tx, n int64, scope []string, text *string) error {
	var err error
	switch {
	case x.e.dialect == db.SQLite:
		err = x.note(tx, n, scope, text)
	case text == nil:
		_, err = tx.Exec(`delete from `+x.table+` where n = $1`, n)
	default:
		_, err = tx.Exec(`insert into `+x.table+` (n, tokens) values ($1, cast($2 as tsvector))
			on conflict (n) do update set tokens = excluded.tokens`, n, vector(scopeTokens(scope), *text))
	}
	if err != nil && fault.KindOf(err) == fault.Internal {
		return fmt.Errorf("search: %s %d: %w", x.table, n, err)
	}
	return err
}

// note writes the change down for the engine to index.
func (x *Index) note(tx *db.Tx, n int64, scope []string, text *string) error {
	var body any
	if text != nil {
		body = strings.ReplaceAll(strings.ToValidUTF8(head(*text, maxText), " "), "\x00", " ")
	}
	_, err := tx.Exec(`insert into search_pending (tbl, n, scope, body) values ($1, $2, $3, $4)`,
		x.table, n, scopeTokens(scope), body)
	if err == nil {
		tx.AfterCommit(x.e.noted)
	}
	return err
}

// scopeTokens returns the tokens of scopes with blanks between.
func scopeTokens(scope []string) string {
	var b strings.Builder
	for i, s := range scope {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(scopeToken(s))
	}
	return b.String()
}

// vector returns text and scopes as PostgreSQL writes a tsvector, the tokens
// of the text with their positions. A position has 14 bits: beyond them
// neighbours are no longer told apart.
func vector(scopes, text string) string {
	const last = 1<<14 - 1
	var b strings.Builder
	for s := range strings.FieldsSeq(scopes) {
		b.WriteString("'" + s + "' ")
	}
	for i, t := range Tokens(text) {
		b.WriteByte('\'')
		b.WriteString(t)
		b.WriteString("':")
		b.WriteString(strconv.Itoa(min(i+1, last)))
		b.WriteByte(' ')
	}
	return b.String()
}
