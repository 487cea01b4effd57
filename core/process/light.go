package process

import (
	"slices"
	"time"

	"chengshu/core/identity"
	"chengshu/core/record"
	"chengshu/kernel/clock"
)

// Light tells how a case or task stands against its deadline.
type Light string

const (
	Green  Light = "green"
	Yellow Light = "yellow" // the reminder has passed
	Red    Light = "red"    // overdue
	Paused Light = "paused" // the clock is stopped
	Closed Light = "closed"
)

func (t *task) light(now int64) Light {
	switch {
	case t.dueAt != 0 && t.dueAt <= now:
		return Red
	case t.stage == reminded || t.remindAt != 0 && t.remindAt <= now:
		return Yellow
	}
	return Green
}

// LightOf returns the light of a case at a time.
func (e *Engine) LightOf(p *Process, row *record.Row, now time.Time) Light {
	state := p.state[row.Text("state")]
	due, ms := dueOf(row), now.UnixMilli()
	switch {
	case row.Get("closed_at") != nil:
		return Closed
	case due != 0 && due <= ms:
		return Red
	case state == nil:
		return Green
	case state.Clock == "stopped":
		return Paused
	case state.Remind.Span != (clock.Span{}) && !state.Remind.From(time.UnixMilli(row.Int("entered_at")), e.Calendar).After(now):
		return Yellow
	}
	return Green
}

// dueOf returns the earlier of the deadlines of a case and of its state, 0 when
// it has neither.
func dueOf(row *record.Row) int64 {
	due, caseDue := row.Int("due_at"), row.Int("case_due_at")
	if due == 0 || caseDue != 0 && caseDue < due {
		return caseDue
	}
	return due
}

// heldBy reports whether the actor is the one, or one of those, who hold the task.
func (t *task) heldBy(a *identity.Actor) bool {
	if t.assignee != "" {
		return t.assignee == a.Person
	}
	return slices.ContainsFunc(a.Posts, func(p identity.Post) bool {
		return p.Path == t.org && slices.Contains(p.Roles, t.role)
	})
}
