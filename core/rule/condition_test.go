package rule

import (
	"fmt"
	"strings"
	"testing"

	"chengshu/core/decl"
)

func conditionEnv() (*Env, Vars) {
	env := NewEnv([]Shape{
		{Name: "thing", Fields: map[string]Type{"level": String, "owner": String, "count": Int, "open": Bool, "at": Time, "tags": ListOf(String)}},
		{Name: "actor", Fields: map[string]Type{"person": String}},
	}, nil)
	return env, Vars{"row": ObjectOf("thing"), "me": ObjectOf("actor")}
}

// write shows a condition in prefix form.
func write(c Condition) string {
	if c.Op == And || c.Op == Or {
		return fmt.Sprintf("(%s %s %s)", write(c.Args[0]), c.Op, write(c.Args[1]))
	}
	if c.Op == Always || c.Op == Never {
		return string(c.Op)
	}
	parts := []string{operandText(c.Field), string(c.Op)}
	for _, v := range c.Value {
		parts = append(parts, operandText(v))
	}
	return strings.Join(parts, " ")
}

func operandText(o Operand) string {
	if o.IsField() {
		return o.Var + "." + o.Field
	}
	return fmt.Sprintf("%#v", o.Const)
}

func TestCondition(t *testing.T) {
	env, vars := conditionEnv()
	for src, want := range map[string]string{
		`row.level == 'core'`:                         `row.level = "core"`,
		`'core' != row.level`:                         `row.level <> "core"`,
		`3 < row.count`:                               `row.count > 3`,
		`!(3 < row.count)`:                            `row.count <= 3`,
		`!(row.count >= -2)`:                          `row.count < -2`,
		`row.open`:                                    `row.open = true`,
		`!row.open && true`:                           `(row.open = false and always)`,
		`!(row.open || row.level == 'a')`:             `(row.open = false and row.level <> "a")`,
		`!(row.open && !has(row.at))`:                 `(row.open = false or row.at has)`,
		`row.level in ['a', 'b']`:                     `row.level in "a" "b"`,
		`!(row.level in ['a'])`:                       `row.level not in "a"`,
		`row.level.startsWith('x')`:                   `row.level prefix "x"`,
		`!row.level.startsWith('x')`:                  `row.level not prefix "x"`,
		`row.owner == me.person`:                      `row.owner = me.person`,
		`row.owner != row.level`:                      `row.owner <> row.level`,
		`row.at >= timestamp('2026-01-01T00:00:00Z')`: `row.at >= time.Date(2026, time.January, 1, 0, 0, 0, 0, time.UTC)`,
	} {
		r := &decl.Report{}
		x := env.Compile(Source{Text: src}, vars, Bool, r)
		if r.Err() != nil {
			t.Fatal(r.Err())
		}
		c, err := x.Condition()
		if err != nil || write(c) != want {
			t.Errorf("%s: got %s, %v; want %s", src, write(c), err, want)
		}
	}
}

func TestConditionRefuses(t *testing.T) {
	env, vars := conditionEnv()
	for _, src := range []string{
		`row.level.size() > 3`, `row.level.endsWith('x')`, `'a' in row.tags`, `row.count + 1 > 2`, `1 == 1`,
		`row.open ? true : false`, `row.level.startsWith(row.owner)`, `row.level.startsWith('')`, `row.level in []`,
		`row.level in [row.owner]`, `row.tags.exists(t, t == 'a')`, `row.at > timestamp(row.level)`,
	} {
		r := &decl.Report{}
		x := env.Compile(Source{Text: src}, vars, Bool, r)
		if r.Err() != nil {
			t.Fatal(r.Err())
		}
		if c, err := x.Condition(); err == nil {
			t.Errorf("%s was accepted as %s", src, write(c))
		}
	}
}

// TestSQLRefuses: what cannot be written for all rows at once is named.
func TestSQLRefuses(t *testing.T) {
	env, vars := conditionEnv()
	column := func(variable, field string) string {
		if variable == "row" {
			return field
		}
		return ""
	}
	for _, src := range []string{
		`'a' in row.tags`, `row.tags.exists(t, t == 'a')`, `row.level in [row.owner]`, `row.level in []`, `me.person == 'a'`, `row.level.matches(row.owner)`,
		`row.level.matches('(')`, `(row.open ? row.level : 'a') == 'a'`, `1.0 / 0.0 > 1.0`, `row.at > timestamp(row.level)`, `row.level.split(',').size() > 1`, `row.level == 'a\x00'`,
	} {
		r := &decl.Report{}
		x := env.Compile(Source{Text: src}, vars, Bool, r)
		if r.Err() != nil {
			t.Fatalf("%s: %v", src, r.Err())
		}
		if sql, err := x.SQL(column); err == nil {
			t.Errorf("%s was written as %s", src, sql)
		}
	}
}
