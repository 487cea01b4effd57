package process

import (
	"chengshu/core/decl"
	"chengshu/core/record"
	"chengshu/core/rule"
	"chengshu/kernel/clock"

	"go.yaml.in/yaml/v3"
)

// Process is a declared case type: kind `process`. It bears the name of the
// record type that it moves.
type Process struct {
	decl.Meta

	Title    decl.Text `yaml:"title,required"`
	About    decl.Text `yaml:"about"`
	Articles []string  `yaml:"articles"`
	Basis    string    `yaml:"basis,required"`

	// Number is the pattern of case numbers: {date} is the day, {seq:5} a
	// number that counts from 1 each day.
	Number string `yaml:"number,required"`
	// Within is the time a case may take from opening to closing.
	Within Term `yaml:"within"`

	States  []*State  `yaml:"states,required"`
	Actions []*Action `yaml:"actions,required"`
	// Similar finds likely duplicates among the open cases.
	Similar *Similar `yaml:"similar"`
	// Migrate maps a former state to a present one, for cases that stand in it.
	Migrate map[string]string `yaml:"migrate"`

	Record  *record.Type `yaml:"-"`
	state   map[string]*State
	action  map[string]*Action
	starts  []*Action
	numbers numbering
	effects []EffectKind // that actions may name
}

// State is one state of a case.
type State struct {
	decl.Pos
	Name  string    `yaml:",key"`
	Title decl.Text `yaml:"title,required"`
	// Kind is work (someone has to act), wait (for someone outside, or for
	// time) or end (closed).
	Kind string `yaml:"kind"`
	// Clock stopped: the case's deadline stands still while it is here (补正).
	Clock string `yaml:"clock"`
	// Duty says who has to act.
	Duty *Duty `yaml:"duty"`
	// Within is the time this state may take.
	Within Term `yaml:"within"`
	// Remind is how long after entering the state the duty holder is reminded.
	Remind Span `yaml:"remind"`
	// Escalate makes overdue work visible to another duty holder too.
	Escalate *Duty `yaml:"escalate"`
	// Timeout takes an action by itself after a time.
	Timeout *Timeout `yaml:"timeout"`
	// Join takes an action by itself when all parallel tasks are done, or all
	// sub-cases closed.
	Join *Join `yaml:"join"`

	jobs bool // cases wait here for jobs
}

// Duty says who holds a task: everyone with the role in the organisation, or
// one person.
type Duty struct {
	decl.Pos
	Role     string      `yaml:"role,required"`
	Org      rule.Source `yaml:"org"`      // gives the organisation's id; empty: the case's unit
	Orgs     rule.Source `yaml:"orgs"`     // gives a list: one parallel task each
	Assignee rule.Source `yaml:"assignee"` // gives a person's id or ""

	org, orgs, assignee *rule.Expr
}

// Timeout is an action that time takes.
type Timeout struct {
	decl.Pos
	After  Term   `yaml:"after,required"`
	Action string `yaml:"action,required"`
}

// Join is an action that completion takes.
type Join struct {
	decl.Pos
	Of     string `yaml:"of,required"` // tasks | cases
	Action string `yaml:"action,required"`
}

// Term is a span, or an expression that gives one as text.
type Term struct {
	Span Span
	By   rule.Source
	expr *rule.Expr
}

// DecodeDecl reads "3 work-days" or {by: row.span}.
func (t *Term) DecodeDecl(n *yaml.Node, file string, r *decl.Report) {
	if n.Kind == yaml.ScalarNode {
		t.Span.DecodeDecl(n, file, r)
		return
	}
	var by struct {
		By rule.Source `yaml:"by,required"`
	}
	decl.Decode(n, file, &by, r)
	t.By = by.By
}

// Span is a clock.Span read from a declaration.
type Span struct{ clock.Span }

// DecodeDecl reads "30 minutes" or "3 work-days".
func (s *Span) DecodeDecl(n *yaml.Node, file string, r *decl.Report) {
	span, err := clock.ParseSpan(n.Value)
	if err != nil {
		r.Add(decl.PosOf(n, file), `应为时长，如 "2 work-hours"、"3 work-days"、"24 hours"`, `expected a span such as "2 work-hours", "3 work-days", "24 hours"`)
	}
	s.Span = span
}

// Action moves a case.
type Action struct {
	decl.Pos
	Name  string    `yaml:",key"`
	Title decl.Text `yaml:"title,required"`
	Style string    `yaml:"style"` // primary | normal | danger
	Start bool      `yaml:"start"` // opens a case
	From  []string  `yaml:"from"`
	To    string    `yaml:"to"` // empty: the case stays where it is
	Who   []Who     `yaml:"who"`
	// System actions are taken by timers and joins only.
	System bool `yaml:"system"`

	Form     []FormField            `yaml:"form"`
	Set      map[string]rule.Source `yaml:"set"`
	Guard    []record.Check         `yaml:"guard"`
	Effects  []*Step                `yaml:"effects"`        // what it does beside moving the case
	Task     bool                   `yaml:"completes_task"` // completes my parallel task, not the state
	Merge    bool                   `yaml:"merge"`          // closes the case into another of its type
	Reopen   bool                   `yaml:"reopen"`         // a closed case begins anew, with new deadlines
	Return   bool                   `yaml:"return"`         // counts as a return
	set      []assignment
	formName map[string]*FormField
}

type assignment struct {
	field *record.Field
	expr  *rule.Expr
}

// Who is one grant to take the action.
type Who struct {
	decl.Pos
	Role  []string    `yaml:"role,required"`
	Scope string      `yaml:"scope,required"`
	When  rule.Source `yaml:"when"`
}

// FormField is a field that an action asks for. The name "note" is the note
// that goes with any action.
type FormField struct {
	decl.Pos
	Field    string `yaml:"field,required"`
	Required bool   `yaml:"required"`
}

// DecodeDecl reads "photos", "photos!" (required) or {field, required}.
func (f *FormField) DecodeDecl(n *yaml.Node, file string, r *decl.Report) {
	f.Pos = decl.PosOf(n, file)
	if n.Kind != yaml.ScalarNode {
		type plain FormField
		decl.Decode(n, file, (*plain)(f), r)
		return
	}
	f.Field = n.Value
	if l := len(f.Field); l > 0 && f.Field[l-1] == '!' {
		f.Field, f.Required = f.Field[:l-1], true
	}
}

// Similar says which open cases are likely the same event.
type Similar struct {
	decl.Pos
	Metres float64 `yaml:"metres,required"`
	Within Span    `yaml:"within,required"`
	Same   string  `yaml:"same,required"` // the field that must agree
}
