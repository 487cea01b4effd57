package record

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"chengshu/kernel/db"
	"chengshu/kernel/fault"
)

// systemColumns stand in every record table, before the declared ones.
var systemColumns = []column{
	{"n", "serial"}, {"id", sqlKey}, {"rev", sqlInt}, {"created_at", sqlInt}, {"updated_at", sqlInt},
	{"created_by", sqlKey}, {"deleted_at", sqlInt}, {"org", sqlKey}, {"place", sqlKey},
}

// statements are the SQL texts of a type that never vary.
type statements struct {
	columns string // all columns, as a select list
	insert  string
	byID    string
}

func (t *Type) columnsOf() []column {
	out := slices.Clone(systemColumns)
	for _, f := range t.Fields {
		out = append(out, f.kind.columns(f)...)
	}
	return out
}

func (t *Type) statements() statements {
	names := []string{}
	for _, c := range t.columnsOf() {
		names = append(names, c.name)
	}
	params := make([]string, len(names)-1)
	for i := range params {
		params[i] = fmt.Sprintf("$%d", i+1)
	}
	list := strings.Join(names, ", ")
	names[0] = t.table + ".n" // the full-text table may have an n of its own
	return statements{
		columns: strings.Join(names, ", "),
		insert: fmt.Sprintf("insert into %s (%s) values (%s) returning n", t.table,
			strings.Join(names[1:], ", "), strings.Join(params, ", ")),
		byID: fmt.Sprintf("select %s from %s where id = $1", list, t.table),
	}
}

// migrations are the tables shared by all record types.
var migrations = []db.Migration{{Owner: "record", Version: 1, SQL: []string{
	`create table record_history (
		n serial, type text collate "C" not null, id text collate "C" not null, rev bigint not null, at bigint not null,
		act text collate "C" not null, verb text not null, actor text collate "C" not null, changed text not null, body text)`,
	`create unique index record_history_rev on record_history (id, rev, type)`,
	`create table record_seed (name text collate "C" primary key, hash text not null)`,
}}}

// migrate makes or extends the table of t. It refuses a change that would lose
// data, and says the way out.
func (e *Engine) migrate(ctx context.Context, t *Type) error {
	have, err := e.db.Columns(ctx, t.table)
	if err != nil {
		return err
	}
	if len(have) == 0 && t.Was != "" {
		old := "r_" + strings.ReplaceAll(t.Was, "-", "_")
		if have, err = e.db.Columns(ctx, old); err != nil {
			return err
		}
		if len(have) > 0 {
			if err := e.db.DDL(ctx, fmt.Sprintf("alter table %s rename to %s", old, t.table)); err != nil {
				return err
			}
		}
	}
	var ddl []string
	if len(have) == 0 {
		ddl = append(ddl, t.createTable())
	} else if ddl, err = t.alterTable(have); err != nil {
		return err
	}
	if len(t.Search) > 0 {
		t.text = e.search.Index(t.table + "_text")
		ddl = append(ddl, t.text.DDL()...)
	}
	if len(ddl) > 0 {
		if err := e.db.DDL(ctx, ddl...); err != nil {
			return err
		}
	}
	return e.migrateIndexes(ctx, t)
}

func (t *Type) createTable() string {
	var cols []string
	for _, c := range t.columnsOf() {
		cols = append(cols, c.name+" "+c.sql)
	}
	return fmt.Sprintf("create table %s (%s)", t.table, strings.Join(cols, ", "))
}

// alterTable returns the statements that add and rename columns, or an error
// when a column that holds data would have to change its type.
func (t *Type) alterTable(have map[string]string) ([]string, error) {
	bad := fault.New(fault.Invalid, "would-lose-data", "此改动会丢失数据，未载入", "this change would lose data; nothing was loaded")
	var ddl []string
	for _, f := range t.Fields {
		for _, c := range f.kind.columns(f) {
			want := plainType(c.sql)
			if got, ok := have[c.name]; ok {
				if got != want {
					bad.With(f.Pos.String(), fmt.Sprintf("字段 %q 已按 %s 存储，不能改为 %s；请以新名另立字段，用动作或导入转换后停用旧字段", f.Name, got, want),
						fmt.Sprintf("field %q is stored as %s and cannot become %s; declare a new field under another name, convert by an action or import, then stop using the old one", f.Name, got, want))
				}
				continue
			}
			if old := f.Was + strings.TrimPrefix(c.name, f.Name); f.Was != "" && have[old] == want {
				ddl = append(ddl, fmt.Sprintf("alter table %s rename column %s to %s", t.table, old, c.name))
				continue
			}
			ddl = append(ddl, fmt.Sprintf("alter table %s add column %s %s", t.table, c.name, c.sql))
		}
	}
	if len(bad.Fields) > 0 {
		return nil, bad
	}
	return ddl, nil
}

// plainType strips the collation: what db.Columns tells.
func plainType(sql string) string { return strings.TrimSuffix(sql, ` collate "C"`) }

// migrateIndexes makes the declared indexes and drops ours that are no longer
// declared. An index is named by its definition, so a changed one is made anew.
func (e *Engine) migrateIndexes(ctx context.Context, t *Type) error {
	have, err := e.db.Indexes(ctx, t.table)
	if err != nil {
		return err
	}
	var ddl []string
	want := map[string]bool{}
	for _, def := range t.indexes() {
		sum := sha256.Sum256([]byte(t.table + def))
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

// indexes returns "unique |(columns) where …" definitions. Those of a case
// type leave closed cases out, so that the archive costs nothing to keep.
func (t *Type) indexes() []string {
	out := []string{"unique |(id)"}
	living := " where deleted_at is null"
	if t.Case {
		living = " where closed_at is null"
	}
	for _, name := range t.Unique {
		out = append(out, "unique |("+name+") where deleted_at is null")
	}
	if t.Case {
		out = append(out, "|(created_by, n)", "|(created_at)", "|(closed_at) where closed_at is not null")
	}
	if t.OrgBy != "" {
		out = append(out, "|(org, n)"+living)
	}
	if t.PlaceBy != "" {
		out = append(out, "|(place, n)"+living)
	}
	for _, f := range t.Fields {
		if f.Type == PointAt {
			out = append(out, "|("+f.Name+")"+living)
		}
	}
	for _, name := range slices.Compact(slices.Sorted(slices.Values(slices.Concat(t.Filters, t.Sorts)))) {
		if f := t.byName[name]; f != nil && !slices.Contains(t.Unique, name) && f.Type != PointAt && !f.Many {
			out = append(out, "|("+name+", n)"+living)
		}
	}
	return out
}
