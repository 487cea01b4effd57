package lake

import (
	"fmt"
	"slices"
	"strings"

	"chengshu/engine/lake/duck"
)

// diffPlan is the SQL of one comparison.
type diffPlan struct {
	older, newer Manifest
	keys         [][]string // sets of fields that are unique
}

const (
	stepKinds = 1
	stepCells = 2
)

func (p diffPlan) steps(files [2]string, out string) []duck.Step {
	both, gained, lost := p.fields()
	sql := p.byValues(files, both)
	if key := p.usable(both); key != nil {
		sql = p.byKey(files, key, both, gained, lost)
	}
	return []duck.Step{
		{SQL: fmt.Sprintf("copy (from (%s) order by kind, coalesce(newer, older)) to %s (format parquet, compression zstd)", sql, duck.Quote(out))},
		{SQL: fmt.Sprintf("select kind, count(*) from read_parquet(%s) group by kind", duck.Quote(out)), Rows: true},
		{SQL: fmt.Sprintf("select cell.f, count(*) from (select unnest(cells) as cell from read_parquet(%s) where kind = 'changed') where cell.b is distinct from cell.a group by 1 order by 1", duck.Quote(out)), Rows: true},
	}
}

// fields are the names that both releases have, that only the newer one has,
// and that only the older one has.
func (p diffPlan) fields() (both, gained, lost []string) {
	old := namesOf(p.older)
	for _, name := range namesOf(p.newer) {
		if slices.Contains(old, name) {
			both = append(both, name)
		} else {
			gained = append(gained, name)
		}
	}
	for _, name := range old {
		if !slices.Contains(both, name) {
			lost = append(lost, name)
		}
	}
	return both, gained, lost
}

func namesOf(m Manifest) []string {
	out := make([]string, len(m.Fields))
	for i, f := range m.Fields {
		out[i] = f.Name
	}
	return out
}

// usable is the first key that both releases have, nil when there is none.
func (p diffPlan) usable(both []string) []string {
	for _, key := range p.keys {
		if !slices.ContainsFunc(key, func(name string) bool { return !slices.Contains(both, name) }) {
			return key
		}
	}
	return nil
}

// byKey joins the two releases. A row that is there twice in a release of a time
// before its field was unique is compared with each of the other's.
func (p diffPlan) byKey(files [2]string, key, both, gained, lost []string) string {
	var same, differs, cells []string
	cell := func(name, before, after, when string) {
		cells = append(cells, fmt.Sprintf("case when %s then {'f': %s, 'b': cast(%s as varchar), 'a': cast(%s as varchar)} end", when, duck.Quote(name), before, after))
	}
	for _, name := range both {
		a, b := "a."+duck.Name(name), "b."+duck.Name(name)
		if slices.Contains(key, name) {
			same = append(same, a+" = "+b)
			cell(name, a, b, "true")
			continue
		}
		differs = append(differs, a+" is distinct from "+b)
		cell(name, a, b, a+" is distinct from "+b)
	}
	for _, name := range gained {
		cell(name, "null", "b."+duck.Name(name), "b."+duck.Name(name)+" is not null")
	}
	for _, name := range lost {
		cell(name, "a."+duck.Name(name), "null", "a."+duck.Name(name)+" is not null")
	}
	where := "a._row is null or b._row is null"
	if len(differs) > 0 {
		where += " or " + strings.Join(differs, " or ")
	}
	return fmt.Sprintf("select case when a._row is null then 'added' when b._row is null then 'removed' else 'changed' end as kind, a._row as older, b._row as newer, list_filter([%s], c -> c is not null) as cells"+
		" from read_parquet(%s) a full outer join read_parquet(%s) b on %s where %s",
		strings.Join(cells, ", "), duck.Quote(files[0]), duck.Quote(files[1]), strings.Join(same, " and "), where)
}

// byValues tells which rows only one of the releases has, counting equal ones.
func (p diffPlan) byValues(files [2]string, both []string) string {
	columns := make([]string, len(both))
	for i, name := range both {
		columns[i] = duck.Name(name)
	}
	list := strings.Join(columns, ", ")
	side := func(kind string, mine, other int, number, value string) string {
		var cells []string
		for i, name := range both {
			before, after := "null", "null"
			if value == "a" {
				after = "cast(" + columns[i] + " as varchar)"
			} else {
				before = "cast(" + columns[i] + " as varchar)"
			}
			cells = append(cells, fmt.Sprintf("case when %s is not null then {'f': %s, 'b': %s, 'a': %s} end", columns[i], duck.Quote(name), before, after))
		}
		own := fmt.Sprintf("select _row, %[1]s, row_number() over (partition by %[1]s order by _row) as nth from read_parquet(%[2]s)", list, duck.Quote(files[mine]))
		theirs := fmt.Sprintf("select %[1]s, row_number() over (partition by %[1]s) as nth from read_parquet(%[2]s)", list, duck.Quote(files[other]))
		same := []string{"x.nth = y.nth"}
		for _, c := range columns {
			same = append(same, "x."+c+" is not distinct from y."+c)
		}
		return fmt.Sprintf("select %s as kind, %s, list_filter([%s], c -> c is not null) as cells from (%s) x anti join (%s) y on %s",
			duck.Quote(kind), number, strings.ReplaceAll(strings.Join(cells, ", "), "cast(", "cast(x."), own, theirs, strings.Join(same, " and "))
	}
	return side("added", 1, 0, "null::bigint as older, _row as newer", "a") + " union all " + side("removed", 0, 1, "_row as older, null::bigint as newer", "b")
}

func (p diffPlan) report(got map[int]duck.Rows) (DiffReport, error) {
	var r DiffReport
	for _, row := range got[stepKinds].Rows {
		to := map[any]*int64{"added": &r.Added, "removed": &r.Removed, "changed": &r.Changed}[row[0]]
		if to == nil {
			return r, fmt.Errorf("lake: a diff has rows that are %v", row[0])
		}
		if err := scan(row[1:], to); err != nil {
			return r, err
		}
	}
	for _, row := range got[stepCells].Rows {
		c := FieldCells{Field: fmt.Sprint(row[0])}
		if err := scan(row[1:], &c.Cells); err != nil {
			return r, err
		}
		r.Cells = append(r.Cells, c)
	}
	_, r.Gained, r.Lost = p.fields()
	return r, nil
}
