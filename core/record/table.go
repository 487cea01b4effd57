package record

import (
	"fmt"
	"slices"
	"strings"

	"chengshu/kernel/db"
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

// Column returns a column's name as SQL has it: in quotes, since a field may be
// called as a word of SQL is (order, from, user).
func Column(name string) string { return `"` + name + `"` }

func (t *Type) columnsOf() []column {
	out := slices.Clone(systemColumns)
	for _, f := range t.Fields {
		out = append(out, f.kind.columns(f)...)
	}
	return out
}

func tableOf(name string) string { return "r_" + strings.ReplaceAll(name, "-", "_") }

func (t *Type) createTable() string {
	var cols []string
	for _, c := range t.columnsOf() {
		cols = append(cols, Column(c.name)+" "+c.sql)
	}
	return fmt.Sprintf("create table %s (%s)", t.table, strings.Join(cols, ", "))
}

func (t *Type) statements() statements {
	names := []string{}
	for _, c := range t.columnsOf() {
		names = append(names, Column(c.name))
	}
	list := strings.Join(names, ", ")
	names[0] = t.table + ".n" // the full-text table may have an n of its own
	return statements{
		columns: strings.Join(names, ", "),
		insert: fmt.Sprintf("insert into %s (%s) values (%s) returning n", t.table,
			strings.Join(names[1:], ", "), db.Params(1, len(names)-1)),
		byID: fmt.Sprintf("select %s from %s where id = $1", list, t.table),
	}
}

// living is the condition of the rows that most indexes hold.
func (t *Type) living() string {
	if t.Case {
		return "closed_at is null"
	}
	return "deleted_at is null"
}

// indexes returns "unique |(columns) where …" definitions. Those of a case
// type leave closed cases out, so that the archive costs nothing to keep; but
// one who may see few rows of many is found them by org and place (narrow).
func (t *Type) indexes() []string {
	out := []string{"unique |(id)"}
	living := " where " + t.living()
	for _, names := range t.Keys() {
		columns := make([]string, len(names))
		for i, name := range names {
			columns[i] = Column(name)
		}
		out = append(out, "unique |("+strings.Join(columns, ", ")+") where deleted_at is null")
	}
	if t.Case {
		out = append(out, "|(created_by, n)", "|(created_at)", "|(closed_at) where closed_at is not null")
		if t.byName["parent"] != nil {
			out = append(out, "|(parent) where parent is not null")
		}
	}
	if t.OrgBy != "" {
		out = append(out, "|(org, n) where deleted_at is null")
	}
	if t.PlaceBy != "" {
		out = append(out, "|(place, n) where deleted_at is null")
	}
	for _, f := range t.Fields {
		if f.Type == PointAt {
			out = append(out, "|("+Column(f.Name)+")"+living)
		}
	}
	for _, name := range slices.Compact(slices.Sorted(slices.Values(slices.Concat(t.Filters, t.Sorts)))) {
		if f := t.byName[name]; f != nil && !slices.Contains(t.Unique, name) && f.Type != PointAt && !f.Many {
			out = append(out, "|("+Column(name)+", n)"+living)
		}
	}
	return out
}
