package process

import (
	"context"
	"math"
	"slices"
	"strings"
	"time"

	"chengshu/core/access"
	"chengshu/core/evidence"
	"chengshu/core/record"
	"chengshu/kernel/db"
	"chengshu/kernel/fault"
	"chengshu/kernel/id"
)

// checkMerge refuses a target that the actor may not read, as if it were not
// there, and one that cannot take the case.
func (m *move) checkMerge(ctx context.Context) error {
	if !m.a.Merge {
		return nil
	}
	target, err := m.mergeTarget(m.e.DB.Read(ctx))
	if err != nil || m.cmd.Actor.System {
		return err
	}
	subject, err := m.e.Subject(ctx, target)
	if err == nil && !m.e.Access.Decide(m.cmd.Actor, access.Read, m.p.Name, subject).Allow {
		return badMerge("没有这个事项", "there is no such case")
	}
	return err
}

func badMerge(zh, en string) error {
	return fault.New(fault.Invalid, "bad-merge", "不能并入此事项", "cannot be merged into this case").With("fields.merged_into", zh, en)
}

// mergeTarget returns the open case that this one is merged into.
func (m *move) mergeTarget(q db.Querier) (*record.Row, error) {
	into := m.draft.Row.Text("merged_into")
	target, err := m.e.Records.Get(q, m.p.Record, into)
	switch {
	case fault.Is(err, fault.NotFound):
		return nil, badMerge("没有这个事项", "there is no such case")
	case err != nil:
		return nil, err
	case into == m.draft.Row.ID:
		return nil, badMerge("不能并入自身", "a case cannot be merged into itself")
	case target.Get("closed_at") != nil:
		return nil, badMerge("该事项已办结", "that case is closed")
	}
	return target, nil
}

// absorb leaves an act on the case that another is merged into, which must
// still be open.
func (m *move) absorb(tx *db.Tx, cause string) error {
	if !m.a.Merge {
		return nil
	}
	target, err := m.mergeTarget(tx)
	if err != nil {
		return err
	}
	_, err = m.e.Evidence.Append(tx, evidence.Act{ID: id.New(), At: m.now.UnixMilli(), Verb: m.p.Name + ".absorb", Actor: m.cmd.Actor.Evidence(),
		Subject: evidence.Subject{Type: m.p.Name, ID: target.ID}, Grant: m.decision.Grant, Basis: m.decision.Basis, Cause: cause})
	return err
}

// Alike is a case that may be the same event.
type Alike struct {
	Row    *record.Row
	Metres float64
	Hours  float64 // between the two reports
	Score  float64 // 0 … 1
}

// Similar returns up to ten open cases that are likely the same event as row:
// alike in the declared field, near in place and time; the likeliest first.
func (e *Engine) Similar(ctx context.Context, p *Process, row *record.Row, scope func(int) (string, []any)) ([]Alike, error) {
	s := p.Similar
	if s == nil {
		return nil, nil
	}
	field, at, ok := row.FirstPoint()
	if !ok || row.Get(s.Same) == nil {
		return nil, nil
	}
	opened := time.UnixMilli(row.CreatedAt)
	reach := s.Within.From(opened, e.Calendar).Sub(opened)
	page, err := e.Records.Query(ctx, p.Record, record.Query{
		Where: []record.Cond{{Field: s.Same, In: []any{row.Get(s.Same)}},
			{Field: "created_at", From: opened.Add(-reach).UnixMilli(), To: opened.Add(reach).UnixMilli()},
			{Field: "closed_at", Null: true}},
		Near: &record.Near{Point: at, Metres: s.Metres}, Limit: 50, Scope: scope})
	if err != nil {
		return nil, err
	}
	var out []Alike
	for _, r := range page.Rows {
		if r.ID == row.ID {
			continue
		}
		metres := record.Metres(at, r.Get(field).(record.Point))
		gap := math.Abs(float64(r.CreatedAt-row.CreatedAt)) / float64(reach.Milliseconds())
		out = append(out, Alike{Row: r, Metres: metres, Hours: math.Abs(float64(r.CreatedAt-row.CreatedAt)) / 3.6e6,
			Score: math.Max(0, (1-metres/s.Metres)*0.7+(1-gap)*0.3)})
	}
	slices.SortFunc(out, func(a, b Alike) int {
		if a.Score != b.Score {
			if a.Score > b.Score {
				return -1
			}
			return 1
		}
		return strings.Compare(a.Row.ID, b.Row.ID)
	})
	return out[:min(len(out), 10)], nil
}
