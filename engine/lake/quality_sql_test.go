package lake

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"chengshu/core/decl"
	"chengshu/core/rule"
	"chengshu/engine/lake/duck"
)

// sqlTypes are the fields of the rows that rules are compared over, each with
// its type in expressions and in SQL.
var sqlTypes = []struct {
	name, sql string
	rule      rule.Type
}{
	{"i", "bigint", rule.Int}, {"j", "bigint", rule.Int}, {"x", "double", rule.Double}, {"y", "double", rule.Double},
	{"s", "varchar", rule.String}, {"z", "varchar", rule.String}, {"d", "varchar", rule.String}, {"b", "boolean", rule.Bool}, {"c", "boolean", rule.Bool},
	{"at", "timestamptz", rule.Time}, {"to", "timestamptz", rule.Time},
}

var sqlNow = time.Date(2026, 3, 2, 1, 0, 0, 0, time.UTC)

func sqlColumn(variable, field string) string {
	if variable == "now" {
		return "timestamptz '2026-03-02 01:00:00+00'"
	}
	return duck.Name(field)
}

// maker writes expressions at random.
type maker struct{ *rand.Rand }

func (m maker) one(of ...string) string { return of[m.IntN(len(of))] }

func (m maker) whole(deep int) string {
	if deep == 0 || m.IntN(3) == 0 {
		return m.one("row.i", "row.j", "0", "1", "-1", "7", "9223372036854775807", "-9223372036854775808")
	}
	switch m.IntN(4) {
	case 0:
		return "size(" + m.text(deep-1) + ")"
	case 1:
		return fmt.Sprintf("days_between(%s, %s)", m.one("row.d", "date(row.at)", "row.s"), m.one("row.d", "'2026-02-28'"))
	}
	return fmt.Sprintf("(%s %s %s)", m.whole(deep-1), m.one("+", "-", "*", "/", "%"), m.whole(deep-1))
}

func (m maker) broken(deep int) string {
	if deep == 0 || m.IntN(3) == 0 {
		return m.one("row.x", "row.y", "0.0", "1.5", "-0.1")
	}
	return m.one(fmt.Sprintf("(%s %s %s)", m.broken(deep-1), m.one("+", "-", "*"), m.broken(deep-1)), "double("+m.whole(deep-1)+")", "("+m.broken(deep-1)+" / 4.0)")
}

func (m maker) text(deep int) string {
	if deep == 0 || m.IntN(2) == 0 {
		return m.one("row.s", "row.z", "row.d", "''", "'a'", "'石家庄'", "'it\\'s'")
	}
	return m.one("("+m.text(deep-1)+" + "+m.text(deep-1)+")", "date("+m.moment(deep-1)+")", "("+m.condition(deep-1)+" ? 'a' : 'ab')")
}

func (m maker) moment(deep int) string {
	return m.one("row.at", "row.to", "now", "timestamp('2026-03-01T00:00:00+08:00')", "(row.at + duration('36h'))", "(row.at - duration('1h30m'))")
}

func (m maker) condition(deep int) string {
	if deep == 0 {
		return m.one("row.b", "row.c", "has(row.i)", "has(row.s)", "true")
	}
	compare := m.one("==", "!=", "<", "<=", ">", ">=")
	switch m.IntN(13) {
	case 0:
		return "(" + m.condition(deep-1) + " && " + m.condition(deep-1) + ")"
	case 1:
		return "(" + m.condition(deep-1) + " || " + m.condition(deep-1) + ")"
	case 2:
		return "!" + m.condition(deep-1)
	case 3:
		return fmt.Sprintf("(%s ? %s : %s)", m.condition(deep-1), m.condition(deep-1), m.condition(deep-1))
	case 4, 5:
		return fmt.Sprintf("(%s %s %s)", m.whole(deep-1), compare, m.whole(deep-1))
	case 6:
		return fmt.Sprintf("(%s %s %s)", m.broken(deep-1), compare, m.broken(deep-1))
	case 7:
		return fmt.Sprintf("(%s %s %s)", m.text(deep-1), compare, m.text(deep-1))
	case 8:
		return fmt.Sprintf("(%s %s %s)", m.moment(deep-1), compare, m.moment(deep-1))
	case 9:
		return fmt.Sprintf("(%s - %s > duration('%dh'))", m.moment(deep-1), m.moment(deep-1), m.IntN(48))
	case 10:
		return fmt.Sprintf("(%s in ['a', '石家庄', ''])", m.text(deep-1))
	case 11:
		return fmt.Sprintf("(%s in [0, 1, 7])", m.whole(deep-1))
	}
	return fmt.Sprintf("%s.%s(%s)", m.one("row.s", "row.z"), m.one("contains", "startsWith", "endsWith", "matches"), m.one("'a'", "''", "'家'", "'^a.?$'"))
}

// row makes values at random, some of them missing.
func (m maker) row() map[string]any {
	out := map[string]any{}
	for _, f := range sqlTypes {
		if m.IntN(5) == 0 {
			continue
		}
		switch f.sql {
		case "bigint":
			out[f.name] = []int64{0, 1, -1, 7, 8, math.MaxInt64, math.MinInt64}[m.IntN(7)]
		case "double":
			out[f.name] = float64(m.IntN(200)-100) / 8
		case "boolean":
			out[f.name] = m.IntN(2) == 0
		case "timestamptz":
			out[f.name] = sqlNow.Add(time.Duration(m.IntN(200)-100) * time.Hour)
		default:
			out[f.name] = m.one("a", "ab", "石家庄", "家", "2026-02-28", "2026-03-01", "it's", "2026-2-3", "１")
		}
	}
	return out
}

func sqlLiteral(v any, typ string) string {
	switch v := v.(type) {
	case nil:
		return "null::" + typ
	case string:
		return duck.Quote(v)
	case time.Time:
		return "timestamptz " + duck.Quote(v.Format("2006-01-02 15:04:05+00"))
	default:
		return fmt.Sprintf("'%v'::%s", v, typ)
	}
}

// TestRulesInSQL: a rule says of each row in SQL what it says evaluated: true,
// false or undecided.
func TestRulesInSQL(t *testing.T) {
	m := maker{rand.New(rand.NewPCG(43, 2026))}
	fields := map[string]rule.Type{}
	var names []string
	for _, f := range sqlTypes {
		fields[f.name] = f.rule
		names = append(names, duck.Name(f.name))
	}
	env := rule.NewEnv([]rule.Shape{{Name: "row", Fields: fields}}, nil)
	var rows []map[string]any
	var values []string
	for i := range 60 {
		row := m.row()
		literals := []string{fmt.Sprint(i)}
		for _, f := range sqlTypes {
			literals = append(literals, sqlLiteral(row[f.name], f.sql))
		}
		rows, values = append(rows, row), append(values, "("+strings.Join(literals, ", ")+")")
	}
	table := fmt.Sprintf("create table t as from (values %s) as t(n, %s)", strings.Join(values, ", "), strings.Join(names, ", "))
	steps := []duck.Step{{SQL: table}}
	var exprs []*rule.Expr
	for len(exprs) < 1500 {
		r := &decl.Report{}
		x := env.Compile(rule.Source{Text: m.condition(3)}, rule.Vars{"row": rule.ObjectOf("row"), "now": rule.Time}, rule.Bool, r)
		if r.Err() != nil {
			t.Fatal(r.Err())
		}
		sql, err := x.SQL(sqlColumn)
		if err != nil {
			t.Fatalf("%s: %v", x.Text, err)
		}
		exprs = append(exprs, x)
		steps = append(steps, duck.Step{SQL: "select " + sql + " from t order by n", Rows: true})
	}
	got, err := duck.Run(t.Context(), duck.Task{Dir: t.TempDir(), Steps: steps}, nil)
	must(t, err)
	seen := map[any]int{}
	for i, x := range exprs {
		for n, row := range rows {
			want, err := x.Eval(map[string]any{"row": rule.Map(row), "now": sqlNow})
			if err != nil {
				want = nil
			}
			seen[want]++
			if found := got[i+1].Rows[n][0]; found != want {
				t.Fatalf("%s of %v: %v (%v), in SQL %v\n%s", x.Text, row, want, err, found, steps[i+1].SQL)
			}
		}
	}
	if seen[true] < 5000 || seen[false] < 5000 || seen[nil] < 5000 {
		t.Errorf("the rules came out %v, which tests too little", seen)
	}
}
