package process

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"chengshu/core/decl"
	"chengshu/core/record"
	"chengshu/core/rule"
	"chengshu/kernel/clock"
	"chengshu/kernel/db"
	"chengshu/kernel/id"
)

// notify is the effect notify: a notice to one or more persons, which they find
// in the program. A person who takes the action themselves gets none.
type notify struct {
	decl.Pos
	To []rule.Source `yaml:"to,required"` // each gives a person's id, a list of them, or nothing
	// Text may name fields of the case: "您反映的 {number} 已办结".
	Text decl.Text `yaml:"text,required"`

	to     []*rule.Expr
	fields []*record.Field // that the text names, `number` not among them
}

// sayable are the types of field that a notice may tell.
var sayable = []record.FieldType{record.Text, record.Integer, record.Decimal, record.Date, record.Time, record.ChoiceOf, record.Reference}

var placeholder = regexp.MustCompile(`\{([^{}]*)\}`)

func (n *notify) Check(p *Process, _ *decl.Set, r *decl.Report) {
	for _, found := range placeholder.FindAllStringSubmatch(n.Text.Zh+n.Text.En, -1) {
		f := p.Record.Field(found[1])
		switch {
		case f == nil:
			r.Add(n.Pos, fmt.Sprintf("没有字段 %q", found[1]), fmt.Sprintf("there is no field %q", found[1]))
		case f.Personal || f.Many || !slices.Contains(sayable, f.Type):
			r.Add(n.Pos, fmt.Sprintf("通知中不能写出字段 %q：个人信息、文件、列表、位置留在事项中", f.Name), fmt.Sprintf("a notice cannot tell %q: personal data, files, lists and places stay in the case", f.Name))
		case f.Name != "number" && !slices.Contains(n.fields, f):
			n.fields = append(n.fields, f)
		}
	}
}

func (n *notify) Compile(c Compiler) {
	for _, to := range n.To {
		if x := c.Optional(to, rule.Dyn); x == nil || x.Gives(rule.String) || x.Gives(rule.ListOf(rule.String)) {
			n.to = append(n.to, x)
		} else {
			c.Report.Add(to.Pos, "to 须给出人员编号或其列表", "to gives a person's id, or a list of them")
		}
	}
}

func (n *notify) Plan(ctx context.Context, m *Moment) (Write, error) {
	e := m.move.e
	var persons []string
	for _, to := range n.to {
		if to == nil {
			continue // reported
		}
		v, _ := to.Eval(m.Vars) // undecided: there is nobody to tell
		some := rule.Texts(v)
		if person, ok := v.(string); ok {
			some = []string{person}
		}
		for _, person := range some {
			if person != "" && person != m.Actor.Self() && !slices.Contains(persons, person) {
				persons = append(persons, person)
			}
		}
	}
	zh, en, err := n.words(ctx, e, m.Case)
	if err != nil {
		return nil, err
	}
	return func(tx *db.Tx, act string) error {
		number := []string{"{number}", m.Case.Text("number")}
		text := decl.Text{Zh: strings.NewReplacer(append(zh, number...)...).Replace(n.Text.Zh), En: strings.NewReplacer(append(en, number...)...).Replace(n.Text.En)}
		for _, person := range persons {
			_, err := tx.Exec(`insert into process_notice (id, person, type, case_id, act, at, zh, en) values ($1, $2, $3, $4, $5, $6, $7, $8)`,
				id.New(), person, m.move.p.Name, m.Case.ID, act, m.Now.UnixMilli(), text.Zh, text.En)
			if err != nil {
				return err
			}
			tx.AfterCommit(func() { e.Events.Publish("notice." + person) })
		}
		return nil
	}, nil
}

// words returns the placeholders that are known before the number is, each
// with what it stands for in either language.
func (n *notify) words(ctx context.Context, e *Engine, row *record.Row) (zh, en []string, err error) {
	for _, f := range n.fields {
		said, err := e.say(ctx, f, row.Get(f.Name))
		if err != nil {
			return nil, nil, err
		}
		zh, en = append(zh, "{"+f.Name+"}", said.Zh), append(en, "{"+f.Name+"}", said.En)
	}
	return slices.Clip(zh), slices.Clip(en), nil
}

// say puts the value of a field in words.
func (e *Engine) say(ctx context.Context, f *record.Field, v any) (decl.Text, error) {
	switch v := v.(type) {
	case nil:
		return decl.Text{}, nil
	case string:
		return e.Records.Label(ctx, f, v)
	case int64:
		if f.Type == record.Time {
			at := time.UnixMilli(v).In(clock.Shanghai).Format("2006-01-02 15:04")
			return decl.Text{Zh: at, En: at}, nil
		}
	}
	said := strings.Trim(string(record.AppendField(nil, f, v)), `"`)
	return decl.Text{Zh: said, En: said}, nil
}
