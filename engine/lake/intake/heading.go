package intake

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"slices"
	"strings"

	"chengshu/kernel/fault"
)

// readHeading tells the delimiter by which most columns are known, and which
// column is which field: by its name, or its title in either language.
func (tab *Table) readHeading(w Want, first []byte) error {
	best := -1
	for _, delimiter := range []rune{',', '\t', ';', '|'} {
		r := csv.NewReader(bytes.NewReader(first))
		r.Comma, r.FieldsPerRecord = delimiter, -1
		names, err := r.Read()
		if err != nil {
			continue
		}
		columns, known := w.match(names)
		if known > best {
			best, tab.Delimiter, tab.Columns = known, delimiter, columns
		}
	}
	if best < 0 {
		return fault.New(fault.Invalid, "bad-heading", "第一行（标题行）无法识别：引号没有成对，或超过 1 MiB", "the first line, the heading, cannot be read: a quote is left open, or it is over 1 MiB")
	}
	return w.complete(tab.Columns)
}

// match finds the field of each column: by the field's name, its title in
// either language, or an alias; for a name with dots, by its last part too when
// nothing else is that field.
func (w Want) match(names []string) (columns []Column, known int) {
	fields := map[string]string{}
	for _, f := range w.Type.Fields {
		for _, name := range slices.Concat([]string{f.Name, f.Title.Zh, f.Title.En}, w.Aliases[f.Name], f.Columns) {
			fields[normal(name)] = f.Name
		}
	}
	columns = make([]Column, len(names))
	taken := map[string]bool{}
	for i, name := range names {
		columns[i] = Column{Header: strings.TrimSpace(name), Field: fields[normal(name)]}
		taken[columns[i].Field] = true
	}
	for i, name := range names {
		if dot := strings.LastIndexByte(name, '.'); dot >= 0 && columns[i].Field == "" {
			if field := fields[normal(name[dot+1:])]; !taken[field] || field != "" && len(w.Type.Field(field).Columns) == 2 {
				columns[i].Field, taken[field] = field, true
			}
		}
		if columns[i].Field != "" {
			known++
		}
	}
	return columns, known
}

// normal lets headings agree that differ in case, spaces and width only.
func normal(name string) string {
	name = strings.Map(func(r rune) rune {
		switch {
		case r >= '！' && r <= '～':
			return r - '！' + '!'
		case r == ' ' || r == '\u3000' || r == '\u00a0' || r == '_':
			return -1
		}
		return r
	}, strings.TrimSpace(name))
	return strings.ToLower(name)
}

// complete refuses a heading that names a field twice or lacks one that every
// row must have.
func (w Want) complete(columns []Column) error {
	if w.loose {
		return nil
	}
	bad := fault.New(fault.Invalid, "bad-heading", "标题行有误", "the heading is wrong")
	seen := map[string]bool{}
	for _, c := range columns {
		if c.Field != "" && seen[c.Field] && len(w.Type.Field(c.Field).Columns) < 2 { // a point has two
			title := w.Type.Field(c.Field).Title
			bad.With(c.Field, fmt.Sprintf("“%s”有两列", title.Zh), fmt.Sprintf("two columns are %q", title.En))
		}
		seen[c.Field] = true
	}
	for _, f := range w.Type.Fields {
		if f.Required && !seen[f.Name] {
			bad.With(f.Name, fmt.Sprintf("缺少必填列“%s”（或 %s）", f.Title.Zh, f.Name), fmt.Sprintf("the required column %q (or %s) is missing", f.Title.En, f.Name))
		}
	}
	if others := unknown(columns); len(bad.Fields) > 0 && others != "" { // one of them may be it, renamed
		bad.With("", "文件中不属于数据集的列："+others, "columns of the file that are no fields: "+others)
	}
	if len(bad.Fields) > 0 {
		return bad
	}
	return nil
}

// unknown lists the first columns that are no fields.
func unknown(columns []Column) string {
	var out []string
	for _, c := range columns {
		if c.Field == "" && c.Header != "" && len(out) < maxNamedSheets {
			out = append(out, string([]rune(c.Header)[:min(40, len([]rune(c.Header)))]))
		}
	}
	return strings.Join(out, "、")
}
