package record

import (
	"fmt"

	"chengshu/core/decl"
)

// What the rows of a type are kept as.
const (
	Register = "register" // live rows in a table, with the history of every revision
	Dataset  = "dataset"  // immutable releases, each a file of all rows
)

// Registers returns the types whose rows are kept in tables.
func Registers(types []*Type) []*Type { return ofResource(types, Register) }

// Datasets returns the types whose rows come in releases.
func Datasets(types []*Type) []*Type { return ofResource(types, Dataset) }

func ofResource(types []*Type, resource string) []*Type {
	var out []*Type
	for _, t := range types {
		if t.Resource == resource {
			out = append(out, t)
		}
	}
	return out
}

// checkResource refuses what a dataset cannot have: it is read from files, and
// has no rows that live.
func (t *Type) checkResource(s *decl.Set, r *decl.Report) {
	t.Resource = orDefault(t.Resource, Register)
	oneOf(r, t.At("resource"), "resource", t.Resource, Register, Dataset)
	if t.Resource != Dataset {
		return
	}
	for key, given := range map[string]bool{"filters": t.Filters != nil, "sorts": t.Sorts != nil, "search": t.Search != nil, "validate": t.Validate != nil,
		"place": t.PlaceBy != "", "org": t.OrgBy != "", "subject": t.SubjectBy != ""} {
		if given {
			r.Add(t.At(key), fmt.Sprintf("dataset 没有 %s：其各行随版本发布，不逐条保存", key), fmt.Sprintf("a dataset has no %s: its rows come in releases and are not kept one by one", key))
		}
	}
	for _, f := range t.Fields {
		switch {
		case f.Type == File || f.Type == List || f.Type == AreaOf || f.Type == PointAt || f.Type == Reference || f.Many:
			r.Add(f.Pos, fmt.Sprintf("dataset 的字段 %q 只可为 text、integer、decimal、boolean、date、time 或单个 choice", f.Name),
				fmt.Sprintf("the field %q of a dataset can be text, integer, decimal, boolean, date, time or one choice", f.Name))
		case f.Default.Given() || f.Computed.Given() || f.From != "":
			r.Add(f.Pos, fmt.Sprintf("dataset 的字段 %q 不能有 default、compute、from", f.Name), fmt.Sprintf("the field %q of a dataset can have no default, compute or from", f.Name))
		}
	}
	if _, moves := decl.Find[decl.Item](s, "process", t.Name); moves {
		r.Add(t.Pos, "dataset 不能有流程", "a dataset cannot have a process")
	}
}
