package record

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"chengshu/kernel/db"
	"chengshu/kernel/fault"
)

// migrations are the tables shared by all record types. record_form remembers
// what the database's own column types do not tell: how values are kept.
var migrations = []db.Migration{{Owner: "record", Version: 1, SQL: []string{
	`create table record_history (
		n serial, type text collate "C" not null, id text collate "C" not null, rev bigint not null, at bigint not null,
		act text collate "C" not null, verb text not null, actor text collate "C" not null, changed text not null, body text)`,
	`create unique index record_history_rev on record_history (id, rev, type)`,
	`create table record_seed (name text collate "C" primary key, hash text not null)`,
}}, {Owner: "record", Version: 2, SQL: []string{
	`create table record_form (type text collate "C" not null, field text collate "C" not null, form text not null, primary key (type, field))`,
	`create table record_search (type text collate "C" primary key, fields text not null)`,
}}}

// migrate makes or extends the table of t. It refuses a change that would lose
// data, and says the way out.
func (e *Engine) migrate(ctx context.Context, t *Type) error {
	have, err := e.db.Columns(ctx, t.table)
	if err != nil {
		return err
	}
	if len(have) == 0 && t.Was != "" {
		if have, err = e.rename(ctx, t); err != nil {
			return err
		}
	}
	forms, err := e.forms(ctx, t)
	if err != nil {
		return err
	}
	var ddl []string
	if len(have) == 0 {
		ddl = append(ddl, t.createTable())
	} else if ddl, err = t.alterTable(have, forms); err != nil {
		return err
	}
	ddl = append(ddl, t.rememberForms(forms)...)
	if len(t.Search) > 0 {
		t.text = e.search.Index(t.table + "_text")
		ddl = append(ddl, t.text.DDL()...)
	}
	if len(ddl) > 0 {
		if err := e.db.DDL(ctx, ddl...); err != nil {
			return err
		}
	}
	if err := e.migrateIndexes(ctx, t); err != nil {
		return err
	}
	return e.reindex(ctx, t)
}

// rename takes over the table of the type's former name, with its history, and
// returns its columns. The full-text index is made anew under the new name.
func (e *Engine) rename(ctx context.Context, t *Type) (map[string]string, error) {
	old := tableOf(t.Was)
	have, err := e.db.Columns(ctx, old)
	if err != nil || len(have) == 0 {
		return nil, err
	}
	ddl := []string{fmt.Sprintf("alter table %s rename to %s", old, t.table), fmt.Sprintf("drop table if exists %s_text", old)}
	for _, table := range []string{"record_history", "record_form"} {
		ddl = append(ddl, fmt.Sprintf("update %s set type = '%s' where type = '%s'", table, t.Name, t.Was))
	}
	return have, e.db.DDL(ctx, ddl...)
}

// forms returns in what form the values of each field of t are kept.
func (e *Engine) forms(ctx context.Context, t *Type) (map[string]string, error) {
	rows, err := e.db.Read(ctx).Query(`select field, form from record_form where type = $1`, t.Name)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	out := map[string]string{}
	for rows.Next() {
		var field, form string
		if err := rows.Scan(&field, &form); err != nil {
			return nil, err
		}
		out[field] = form
	}
	return out, rows.Err()
}

// rememberForms returns the statements that note the forms not noted yet.
func (t *Type) rememberForms(forms map[string]string) []string {
	var values []string
	for _, f := range t.Fields {
		if forms[f.Name] != f.form() {
			values = append(values, fmt.Sprintf("('%s', '%s', '%s')", t.Name, f.Name, f.form()))
		}
	}
	if values == nil {
		return nil
	}
	return []string{"insert into record_form (type, field, form) values " + strings.Join(values, ", ") +
		" on conflict (type, field) do update set form = excluded.form"}
}

// alterTable returns the statements that add and rename columns, or an error
// when values that are there would have to change their form.
func (t *Type) alterTable(have, forms map[string]string) ([]string, error) {
	bad := fault.New(fault.Invalid, "would-lose-data", "此改动会丢失数据，未载入", "this change would lose data; nothing was loaded")
	var ddl []string
	for _, f := range t.Fields {
		kept := f.Name // the field whose values this one takes over
		if _, there := have[f.Name]; !there {
			kept = f.Was
		}
		if _, there := have[kept]; !there {
			ddl = append(ddl, t.addColumns(f, have)...)
			continue
		}
		if got, want := keptAs(f, kept, have, forms); got != want {
			bad.With(f.Pos.String(), fmt.Sprintf("字段 %q 已按 %s 存储，不能改为 %s；请以新名另立字段，用动作或导入转换后停用旧字段", kept, got, want),
				fmt.Sprintf("field %q is stored as %s and cannot become %s; declare a new field under another name, convert by an action or import, then stop using the old one", kept, got, want))
			continue
		}
		if kept != f.Name {
			for _, c := range f.kind.columns(f) {
				ddl = append(ddl, fmt.Sprintf("alter table %s rename column %s to %s", t.table, Column(kept+strings.TrimPrefix(c.name, f.Name)), Column(c.name)))
			}
		}
	}
	if len(bad.Fields) > 0 {
		return nil, bad
	}
	return ddl, nil
}

func (t *Type) addColumns(f *Field, have map[string]string) []string {
	var ddl []string
	for _, c := range f.kind.columns(f) {
		if _, there := have[c.name]; !there {
			ddl = append(ddl, fmt.Sprintf("alter table %s add column %s %s", t.table, Column(c.name), c.sql))
		}
	}
	return ddl
}

// keptAs returns in what form the values of the field kept are, and in what
// form f would keep them.
func keptAs(f *Field, kept string, have, forms map[string]string) (got, want string) {
	if form := forms[kept]; form != "" && form != f.form() {
		return form, f.declaredAs()
	}
	for _, c := range f.kind.columns(f) {
		if got, want := have[kept+strings.TrimPrefix(c.name, f.Name)], plainType(c.sql); got != want {
			return got, f.declaredAs()
		}
	}
	return "", ""
}

// declaredAs names the field's type as its pack has it, with what its form says
// beyond the type.
func (f *Field) declaredAs() string {
	if form := f.form(); form != string(Text) {
		return form
	}
	return string(f.Type)
}

// reindex fills the full-text index from the rows that are there, when it is
// new or other fields are to be found by it.
func (e *Engine) reindex(ctx context.Context, t *Type) error {
	want, have := strings.Join(t.Search, ","), ""
	err := e.db.Read(ctx).QueryRow(`select fields from record_search where type = $1`, t.Name).Scan(&have)
	if err != nil && !errors.Is(err, db.ErrNoRows) {
		return err
	}
	if have == want {
		return nil
	}
	if want != "" {
		err := e.pages(ctx, t, func(rows []*Row) error {
			err := e.db.DoLow(ctx, func(tx *db.Tx) error {
				for _, r := range rows {
					if err := t.text.Put(tx, r.N, r.scope(), r.searchText()); err != nil {
						return err
					}
				}
				return nil
			})
			return errors.Join(err, e.search.Settle(ctx))
		})
		if err != nil {
			return err
		}
	}
	return e.db.Do(ctx, func(tx *db.Tx) error {
		_, err := tx.Exec(`insert into record_search (type, fields) values ($1, $2) on conflict (type) do update set fields = excluded.fields`, t.Name, want)
		return err
	})
}

// plainType strips the collation: what db.Columns tells.
func plainType(sql string) string { return strings.TrimSuffix(sql, ` collate "C"`) }

// migrateIndexes makes the declared indexes and drops ours that are no longer
// declared. An index is named by its definition, so a changed one is made anew;
// quotes do not change it.
func (e *Engine) migrateIndexes(ctx context.Context, t *Type) error {
	have, err := e.db.Indexes(ctx, t.table)
	if err != nil {
		return err
	}
	var ddl []string
	want := map[string]bool{}
	for _, def := range t.indexes() {
		sum := sha256.Sum256([]byte(t.table + strings.ReplaceAll(def, `"`, "")))
		name := "rx_" + hex.EncodeToString(sum[:10])
		want[name] = true
		if _, ok := have[name]; !ok {
			unique, on, _ := strings.Cut(def, "|")
			ddl = append(ddl, fmt.Sprintf("create %sindex %s on %s %s", unique, name, t.table, on))
		}
	}
	for name := range have {
		if strings.HasPrefix(name, "rx_") && !want[name] {
			ddl = append(ddl, "drop index "+name)
		}
	}
	if len(ddl) == 0 {
		return nil
	}
	return e.db.DDL(ctx, ddl...)
}
