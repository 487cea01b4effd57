package record

import (
	"errors"
	"fmt"

	"chengshu/core/decl"
	"chengshu/core/rule"
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
	if t.Keep < 0 || t.Keep > 0 && t.Resource != Dataset {
		r.Add(t.At("keep"), "keep 为 dataset 保留数据的版本数，须为正整数", "keep is how many releases of a dataset keep their rows, a positive number")
	}
	t.Resource = orDefault(t.Resource, Register)
	oneOf(r, t.At("resource"), "resource", t.Resource, Register, Dataset)
	if t.Resource != Dataset {
		t.checkOnlyDatasets(r)
		return
	}
	for key, given := range map[string]bool{"search": t.Search != nil, "place": t.PlaceBy != "", "org": t.OrgBy != ""} {
		if given {
			r.Add(t.At(key), fmt.Sprintf("dataset 没有 %s：其各行随版本发布，不逐条保存", key), fmt.Sprintf("a dataset has no %s: its rows come in releases and are not kept one by one", key))
		}
	}
	for _, f := range t.Fields {
		switch {
		case f.Type == File || f.Type == List || f.Type == AreaOf || f.Type == Reference || f.Many:
			r.Add(f.Pos, fmt.Sprintf("dataset 的字段 %q 只可为 text、integer、decimal、boolean、date、time、point 或单个 choice", f.Name),
				fmt.Sprintf("the field %q of a dataset can be text, integer, decimal, boolean, date, time, point or one choice", f.Name))
		case f.Default.Given() || f.Computed.Given() || f.From != "":
			r.Add(f.Pos, fmt.Sprintf("dataset 的字段 %q 不能有 default、compute、from", f.Name), fmt.Sprintf("the field %q of a dataset can have no default, compute or from", f.Name))
		}
	}
	if _, moves := decl.Find[decl.Item](s, "process", t.Name); moves {
		r.Add(t.Pos, "dataset 不能有流程", "a dataset cannot have a process")
	}
}

// checkSQL refuses a rule that cannot run over all rows of a dataset at once.
func (t *Type) checkSQL(c *Check, r *decl.Report) {
	if c.Field != "" && t.byName[c.Field] == nil {
		r.Add(c.If.Pos, fmt.Sprintf("validate 的 field %q 不是字段", c.Field), fmt.Sprintf("the field %q of validate is not a field", c.Field))
	}
	_, err := c.Expr.SQL(t.Column("now()"))
	if u, ok := errors.AsType[*rule.Unsupported](err); ok {
		r.Add(c.If.Pos, u.Text.Zh, u.Text.En)
	}
}

// Column names the columns of a dataset's typed rows in the SQL of its rules;
// now is the moment of the check.
func (t *Type) Column(now string) rule.Column {
	return func(variable, field string) string {
		if variable == "now" && field == "" {
			return now
		}
		f := t.byName[field]
		if variable != "row" || f == nil {
			return ""
		}
		switch name := `"` + f.Name + `"`; f.Type {
		case Date:
			return name + "::varchar"
		case Decimal:
			return name + "::double"
		default:
			return name
		}
	}
}
