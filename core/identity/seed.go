package identity

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"

	"chengshu/core/decl"
	"chengshu/kernel/db"
	"chengshu/kernel/fault"
)

// seedChunk keeps one transaction of SeedOrgs under 20 ms.
const seedChunk = 200

// maxSeed bounds the rows of one file: the whole country has about 700,000
// divisions down to the village.
const maxSeed = 1_000_000

// SeedOrgs adds the organisations of a CSV file, or renames those that are
// there already, and returns how many were changed. The first row names the
// columns: id, parent, kind and name, and optionally name_en, path, division
// (the id of one) and law_name. A parent or division stands before what names
// it. All bad rows are in r, with their lines, and then nothing is added.
func (s *Service) SeedOrgs(ctx context.Context, in io.Reader, file string, r *decl.Report) (changed int, err error) {
	orgs, ok := readOrgs(in, file, r)
	if !ok {
		return 0, nil
	}
	for len(orgs) > 0 {
		n := min(len(orgs), seedChunk)
		count := 0
		err := s.db.DoLow(ctx, func(tx *db.Tx) error {
			count = 0
			for _, o := range orgs[:n] {
				_, changed, err := s.putOrg(tx, o.Org)
				if err != nil {
					return o.explain(err)
				}
				if changed {
					count++
				}
			}
			if count == 0 {
				return nil
			}
			return s.record(tx, NewSystem(), "org-seed", "org", orgs[0].ID)
		})
		if err != nil {
			return changed, wrap("seed organisations", err)
		}
		changed += count
		orgs = orgs[n:]
	}
	return changed, nil
}

// OrgsIn returns the ids of the organisations in a file, and notes the mistakes
// in it that show without a database.
func OrgsIn(in io.Reader, file string, r *decl.Report) []string {
	orgs, _ := readOrgs(in, file, r)
	ids := make([]string, len(orgs))
	for i, o := range orgs {
		ids[i] = o.ID
	}
	return ids
}

type seedOrg struct {
	Org
	at decl.Pos
}

// explain puts the row's place before what is wrong with it.
func (o seedOrg) explain(err error) error {
	f, ok := errors.AsType[*fault.Fault](err)
	if !ok || f.Kind == fault.Internal || f.Kind == fault.Unavailable {
		return err
	}
	return fault.Wrap(f, f.Kind, f.Code, f.Text.Zh, f.Text.En).With(o.at.String(), f.Text.Zh, f.Text.En)
}

var seedColumns = []string{"id", "parent", "kind", "name", "name_en", "path", "division", "law_name"}

// readOrgs reads the rows, noting every mistake that shows without a database.
func readOrgs(in io.Reader, file string, r *decl.Report) (orgs []seedOrg, ok bool) {
	c := csv.NewReader(in)
	c.ReuseRecord = true
	head, err := c.Read()
	if err != nil {
		r.Add(decl.Pos{File: file, Line: 1}, "读不出表头："+err.Error(), "cannot read the header: "+err.Error())
		return nil, false
	}
	col, ok := seedHead(head, file, r)
	seen := map[string]bool{}
	for ok || col != nil {
		row, err := c.Read()
		if err == io.EOF {
			break
		}
		if err != nil {
			r.Add(decl.Pos{File: file, Line: lineOf(err)}, "读不出这一行："+err.Error(), "cannot read this row: "+err.Error())
			return nil, false
		}
		line, _ := c.FieldPos(0)
		at := decl.Pos{File: file, Line: line}
		o := seedOrg{orgOf(row, col), at}
		switch err := o.check(); {
		case err != nil:
			r.Add(at, zhOf(err), err.Error())
			ok = false
		case seen[o.ID]:
			r.Add(at, fmt.Sprintf("编号 %q 重复", o.ID), fmt.Sprintf("id %q is there twice", o.ID))
			ok = false
		case len(orgs) == maxSeed:
			r.Add(at, "行数过多", "too many rows")
			return nil, false
		}
		seen[o.ID] = true
		orgs = append(orgs, o)
	}
	return orgs, ok
}

// lineOf returns the line at which reading failed, 0 when the error names none.
func lineOf(err error) int {
	if p, ok := errors.AsType[*csv.ParseError](err); ok {
		return p.StartLine
	}
	return 0
}

// seedHead returns the place of each column, nil when rows cannot be read.
func seedHead(head []string, file string, r *decl.Report) (col map[string]int, ok bool) {
	at := decl.Pos{File: file, Line: 1}
	col, ok = map[string]int{}, true
	for i, name := range head {
		if name = trimBOM(name); !known(name) {
			zh, en := decl.Suggest(name, seedColumns)
			r.Add(at, fmt.Sprintf("未知的列 %q；%s", name, zh), fmt.Sprintf("unknown column %q; %s", name, en))
			ok = false
		}
		col[trimBOM(name)] = i
	}
	for _, name := range []string{"id", "parent", "kind", "name"} {
		if _, there := col[name]; !there {
			r.Add(at, fmt.Sprintf("缺少列 %q", name), fmt.Sprintf("column %q is missing", name))
			return nil, false
		}
	}
	return col, ok
}

func known(column string) bool {
	for _, c := range seedColumns {
		if c == column {
			return true
		}
	}
	return false
}

func trimBOM(s string) string {
	const bom = "\ufeff"
	if len(s) >= len(bom) && s[:len(bom)] == bom {
		return s[len(bom):]
	}
	return s
}

func orgOf(row []string, col map[string]int) Org {
	get := func(name string) string {
		i, ok := col[name]
		if !ok {
			return ""
		}
		return row[i]
	}
	return Org{ID: get("id"), Parent: get("parent"), Path: get("path"), Kind: OrgKind(get("kind")),
		Division: get("division"), NameZh: get("name"), NameEn: get("name_en"), LawNames: get("law_name")}
}

func zhOf(err error) string {
	f, ok := errors.AsType[*fault.Fault](err)
	if !ok {
		return err.Error()
	}
	zh := f.Text.Zh
	for _, p := range f.Fields {
		zh += "；" + p.Path + "：" + p.Zh
	}
	return zh
}
