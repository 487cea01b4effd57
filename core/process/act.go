package process

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"chengshu/core/access"
	"chengshu/core/decl"
	"chengshu/core/evidence"
	"chengshu/core/identity"
	"chengshu/core/record"
	"chengshu/core/rule"
	"chengshu/kernel/db"
	"chengshu/kernel/fault"
	"chengshu/kernel/id"
)

// Command asks for one action on a case, or for the opening of one.
type Command struct {
	Type    string
	ID      string // empty for a start action
	Action  string
	Rev     int64 // the revision that the actor saw; 0 when it does not matter
	Input   map[string]any
	Note    string
	Actor   *identity.Actor
	Request string // id of the HTTP request
	Cause   string // act that caused this one, for what the program does itself
	job     string // the job whose end it is
}

// move is one action being planned: everything about it that is decided
// outside the transaction.
type move struct {
	e        *Engine
	cmd      Command
	p        *Process
	a        *Action
	now      time.Time
	old      *record.Row    // nil when the case is being opened
	input    map[string]any // of the fields that the action takes
	draft    *record.Draft
	from, to *State // from is nil when the case is being opened
	decision access.Decision
	tasks    []task // that the new state opens; nil when the state stays
	stays    bool   // no new state, tasks stay as they are
	effects  []Write
	parts    int   // sub-cases that the action opens
	parent   *move // of a sub-case
	depth    int   // of the sub-case, 0 for what was asked for
	vars     map[string]any
}

// replans is how often an action is planned anew after the case has moved on
// under an actor who named no revision.
const replans = 3

// Do takes an action. It returns the case after it. Faults: NotFound when the
// case is not there for the actor, Denied, Conflict of code "wrong-state" or
// "stale-revision", Invalid with the fields at fault or, of code "guard", with
// the conditions that failed.
func (e *Engine) Do(ctx context.Context, cmd Command) (*record.Row, error) {
	p, err := e.Process(cmd.Type)
	if err != nil {
		return nil, err
	}
	for try := 1; ; try++ {
		row, err := e.attempt(ctx, p, cmd)
		moved := fault.Code(err) == "stale-revision" && cmd.Rev == 0
		if !moved && fault.Code(err) != Again || try == replans {
			return row, err
		}
	}
}

func (e *Engine) attempt(ctx context.Context, p *Process, cmd Command) (*record.Row, error) {
	m := &move{e: e, cmd: cmd, p: p, now: e.Clock.Now()}
	if err := m.plan(ctx); err != nil {
		return nil, err
	}
	if err := e.DB.Do(ctx, m.write); err != nil {
		return nil, err
	}
	if m.to != nil && m.to.Join != nil || m.a.Task || m.draft.Row.Text("parent") != "" {
		e.wake()
	}
	return m.draft.Row, nil
}

func (m *move) plan(ctx context.Context) error {
	a := m.p.action[m.cmd.Action]
	if a == nil || (m.cmd.ID == "") != a.Start {
		return fault.New(fault.NotFound, "no-such-action", "没有这个动作："+m.cmd.Action, "no such action: "+m.cmd.Action)
	}
	m.a = a
	if a.Start {
		m.to = m.p.state[a.To]
		if err := m.permitAtAll(); err != nil {
			return err
		}
	} else if err := m.load(ctx); err != nil {
		return err
	}
	bad := m.checkInput()
	if err := m.fill(ctx); err != nil {
		return withAll(bad, err)
	}
	if len(bad.Fields) > 0 {
		return bad
	}
	if a.Start {
		if err := m.permit(ctx, m.draft.Row); err != nil {
			return err
		}
	}
	if err := m.guard(); err != nil {
		return err
	}
	if err := m.checkMerge(ctx); err != nil {
		return err
	}
	if err := m.arrive(ctx); err != nil {
		return err
	}
	return m.planEffects(ctx)
}

// permitAtAll refuses one who could open no such case whatever they fill in,
// before anything is looked up for them.
func (m *move) permitAtAll() error {
	if m.cmd.Actor.System || !m.a.System && m.e.Access.May(m.cmd.Actor, m.a.Name, m.p.Name) {
		return nil
	}
	return m.denied()
}

func (m *move) denied() error {
	return fault.New(fault.Denied, "denied", "您无权"+m.a.Title.Zh, "you may not: "+m.a.Title.En)
}

// load reads the case and checks that the actor may take the action from here.
func (m *move) load(ctx context.Context) error {
	row, err := m.e.Records.Get(m.e.DB.Read(ctx), m.p.Record, m.cmd.ID)
	if err != nil {
		return err
	}
	m.old = row
	m.from = m.p.state[row.Text("state")]
	if err := m.permit(ctx, row); err != nil {
		return err
	}
	if m.cmd.Rev != 0 && m.cmd.Rev != row.Rev {
		return record.ErrStale(m.cmd.Rev)
	}
	if m.from == nil || !slices.Contains(m.a.From, m.from.Name) {
		return m.wrongState()
	}
	m.to = m.from
	if m.a.To != "" {
		m.to = m.p.state[m.a.To]
	}
	return nil
}

func (m *move) wrongState() error {
	var title decl.Text
	if m.from != nil {
		title = m.from.Title
	}
	return fault.New(fault.Conflict, "wrong-state",
		fmt.Sprintf("事项现为“%s”，不能%s；请刷新", title.Zh, m.a.Title.Zh),
		fmt.Sprintf("the case is now %q, so it cannot be: %s; reload", title.En, m.a.Title.En))
}

// permit asks for the grant. One who may not even read is told that there is
// no such case.
func (m *move) permit(ctx context.Context, row *record.Row) error {
	if m.cmd.Actor.System {
		m.decision = m.e.Access.DecideSystem(m.p.Name, m.p.Basis)
		return nil
	}
	subject, err := m.e.Subject(ctx, row)
	if err != nil {
		return err
	}
	m.decision = m.e.Access.Decide(m.cmd.Actor, m.a.Name, m.p.Name, subject)
	if m.decision.Allow && !m.a.System {
		return nil
	}
	if m.old != nil && !m.e.Access.Decide(m.cmd.Actor, "read", m.p.Name, subject).Allow {
		return record.ErrNotFound()
	}
	return m.denied()
}

// checkInput notes the fields that the action does not ask for, and leaves them
// out of the input, and those that it asks for in vain.
func (m *move) checkInput() *fault.Fault {
	bad := fault.New(fault.Invalid, "invalid-fields", "填写有误", "some fields are wrong")
	m.input = maps.Clone(m.cmd.Input)
	for name := range m.cmd.Input {
		if name == "note" || m.a.formName[name] == nil {
			bad.With("fields."+name, "此动作不填这个字段", "this action does not take this field")
			delete(m.input, name)
		}
	}
	slices.SortFunc(bad.Fields, func(a, b fault.Field) int { return strings.Compare(a.Path, b.Path) })
	for _, f := range m.a.Form {
		switch {
		case !f.Required:
		case f.Field == "note" && strings.TrimSpace(m.cmd.Note) == "":
			bad.With("note", "必填", "is required")
		case f.Field != "note" && m.lacks(f.Field):
			bad.With("fields."+f.Field, "必填", "is required")
		}
	}
	if n := utf8.RuneCountInString(m.cmd.Note); n > maxComment || !utf8.ValidString(m.cmd.Note) || strings.IndexByte(m.cmd.Note, 0) >= 0 {
		bad.With("note", "意见最多 4000 字，不含空字符", "a note has at most 4000 characters and no NUL")
	}
	return bad
}

// withAll adds what else is wrong with the fields to bad, so that all is told at
// once. Another kind of refusal stands alone.
func withAll(bad *fault.Fault, err error) error {
	var more *fault.Fault
	if len(bad.Fields) == 0 || !errors.As(err, &more) || more.Code != bad.Code {
		return err
	}
	for _, f := range more.Fields {
		if !slices.ContainsFunc(bad.Fields, func(had fault.Field) bool { return had.Path == f.Path }) {
			bad.Fields = append(bad.Fields, f)
		}
	}
	return bad
}

// lacks reports whether the input leaves a field without a value: it is cleared,
// or is not given and was not there before.
func (m *move) lacks(field string) bool {
	v, given := m.cmd.Input[field]
	if given || m.old == nil {
		return v == nil
	}
	return m.old.Get(field) == nil
}

// checkFilled refuses required fields that were given as nothing, such as "".
func (m *move) checkFilled() error {
	bad := fault.New(fault.Invalid, "invalid-fields", "填写有误", "some fields are wrong")
	for _, f := range m.a.Form {
		if f.Required && f.Field != "note" && m.parent == nil && record.Blank(m.draft.Row.Get(f.Field)) {
			bad.With("fields."+f.Field, "必填", "is required")
		}
	}
	if len(bad.Fields) > 0 {
		return bad
	}
	return nil
}

// fill plans the record's own part: input, defaults, what the action sets.
func (m *move) fill(ctx context.Context) error {
	author := record.Author{Actor: actorObject{m.cmd.Actor}, Now: m.now, Sets: m.takes, Files: m.e.filesOf(m.cmd.Actor)}
	var err error
	if m.old == nil {
		m.draft, err = m.e.Records.PlanCreate(ctx, m.p.Record, m.input, author)
	} else {
		m.draft, err = m.e.Records.PlanRevise(ctx, m.old, m.input, author)
	}
	if m.old != nil && err == nil {
		view := record.View{See: func(_ *record.Row, f *record.Field) record.See { return m.decision.View.Of(f) }, Mask: access.Mask}
		err = view.RefuseMasks(m.old, m.input)
	}
	if err != nil {
		return err
	}
	if m.old == nil {
		m.draft.Row.CreatedBy = m.cmd.Actor.Self()
	}
	m.vars = map[string]any{"row": m.draft.Row, "me": author.Actor, "now": m.now, "old": rule.Map{}}
	if m.old != nil {
		m.vars["old"] = m.old
	}
	if err := m.checkFilled(); err != nil {
		return err
	}
	m.draft.Set("note", nil)
	if m.cmd.Note != "" {
		m.draft.Set("note", m.cmd.Note)
	}
	for _, s := range m.a.set {
		if err := m.draft.Assign(s.field, s.expr, m.vars); err != nil {
			return err
		}
	}
	return m.draft.Relocate(ctx)
}

// guard evaluates the action's conditions; the refusal says which failed.
func (m *move) guard() error {
	var why []fault.Field
	for _, g := range m.a.Guard {
		if g.Expr.True(m.vars) {
			continue
		}
		parts := g.Expr.Explain(m.vars)
		if len(parts) == 0 { // no part fails by itself, yet the whole is not true
			parts = []rule.Finding{{Text: g.If.Text}}
		}
		for _, f := range parts {
			why = append(why, fault.Field{Path: f.Text, Text: g.Else})
		}
	}
	if why == nil {
		return nil
	}
	f := fault.New(fault.Invalid, "guard", why[0].Zh, why[0].En)
	f.Fields = why
	return f
}

// write carries the move out: record, tasks, act, all in tx.
func (m *move) write(tx *db.Tx) error {
	actID := id.New()
	if m.old == nil {
		number, err := m.p.numbers.next(tx, m.p.Name, m.now)
		if err != nil {
			return err
		}
		m.draft.Set("number", number)
	}
	if err := m.writeTasks(tx); err != nil {
		return err
	}
	if err := m.dropJobs(tx); err != nil {
		return err
	}
	verb := m.p.Name + "." + m.a.Name
	rev, err := m.draft.Write(tx, record.Stamp{Act: actID, Verb: verb, Person: m.cmd.Actor.Self(), At: m.now.UnixMilli()})
	if err != nil {
		return err
	}
	if err := m.absorb(tx, actID); err != nil {
		return err
	}
	act := evidence.Act{ID: actID, At: m.now.UnixMilli(), Verb: verb, Actor: m.cmd.Actor.Evidence(),
		Subject: evidence.Subject{Type: m.p.Name, ID: m.draft.Row.ID, Rev: rev.Rev, Digest: rev.Digest},
		Changed: rev.Changed, To: m.to.Name, Grant: m.decision.Grant, Basis: m.decision.Basis, Purpose: m.decision.Purpose,
		Request: m.cmd.Request, Cause: m.cmd.Cause}
	if m.from != nil {
		act.From = m.from.Name
	}
	if note := m.draft.Row.Text("note"); note != "" {
		act.Note = evidence.DigestOf([]byte(note))
	}
	if _, err := m.e.Evidence.Append(tx, act); err != nil {
		return err
	}
	for _, write := range m.effects {
		if err := write(tx, actID); err != nil {
			return err
		}
	}
	tx.AfterCommit(func() { m.e.hint(m.p.Name) })
	return nil
}

// Me returns the actor as expressions see it.
func Me(a *identity.Actor) rule.Object { return actorObject{a} }

// actorObject lets expressions read me.person, me.org, me.roles.
type actorObject struct{ *identity.Actor }

// ActorShape is the shape of `me` in expressions.
var ActorShape = rule.Shape{Name: "actor", Fields: map[string]rule.Type{
	"person": rule.String, "name": rule.String, "org": rule.String, "path": rule.String, "roles": rule.ListOf(rule.String)}}

// RuleField implements rule.Object.
func (a actorObject) RuleField(name string) any {
	switch name {
	case "person":
		return a.Person
	case "name":
		return a.Name
	case "roles":
		return a.Roles()
	}
	if len(a.Posts) == 0 {
		return nil
	}
	switch name {
	case "org":
		return a.Posts[0].Org
	case "path":
		return a.Posts[0].Path
	}
	return nil
}
