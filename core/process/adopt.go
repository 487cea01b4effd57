package process

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"chengshu/core/identity"
	"chengshu/core/record"
	"chengshu/kernel/db"
	"chengshu/kernel/fault"
)

// adopt makes p the definition in force. When another was, it refuses to leave
// open cases in a state that is gone, and moves those whose state `migrate`
// maps. Stopped half-way, it goes on at the next start.
func (e *Engine) adopt(ctx context.Context, p *Process) error {
	var last string
	err := e.DB.Read(ctx).QueryRow(`select hash from process_definition where process = $1 order by at desc limit 1`, p.Name).Scan(&last)
	if err != nil && !errors.Is(err, db.ErrNoRows) || last == p.Hash {
		return err
	}
	stuck, err := e.stuck(ctx, p)
	if err != nil {
		return err
	}
	if len(stuck.Fields) > 0 {
		return stuck
	}
	for _, old := range slices.Sorted(maps.Keys(p.Migrate)) {
		if p.state[old] != nil {
			continue // it is there again
		}
		if err := e.moveAll(ctx, p, old, p.state[p.Migrate[old]]); err != nil {
			return err
		}
	}
	names := make([]string, len(p.States))
	for i, s := range p.States {
		names[i] = s.Name
	}
	states, err := json.Marshal(names)
	if err != nil {
		return err
	}
	return e.DB.Do(ctx, func(tx *db.Tx) error {
		_, err := tx.Exec(`insert into process_definition (hash, process, states, at) values ($1, $2, $3, $4)
			on conflict (hash) do update set at = excluded.at`, p.Hash, p.Name, string(states), e.Clock.Now().UnixMilli())
		return err
	})
}

// stuck names the states that open cases stand in and that p no longer has.
func (e *Engine) stuck(ctx context.Context, p *Process) (*fault.Fault, error) {
	bad := fault.New(fault.Invalid, "state-with-cases", "有在办事项停在已删去的状态，未载入", "open cases stand in a state that was removed; nothing was loaded")
	rows, err := e.DB.Read(ctx).Query(fmt.Sprintf(`select state, count(*) from %s where closed_at is null and deleted_at is null group by state order by state`, p.Record.Table()))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var state *string
		var n int64
		if err := rows.Scan(&state, &n); err != nil {
			return nil, err
		}
		if state == nil || p.state[*state] != nil || p.Migrate[*state] != "" {
			continue
		}
		bad.With(p.Pos.String(), fmt.Sprintf("%d 件停在 %q；请保留此状态，或写 migrate: {%s: 新状态}", n, *state, *state),
			fmt.Sprintf("%d cases in %q; keep the state, or write migrate: {%s: new-state}", n, *state, *state))
	}
	return bad, rows.Err()
}

// moveAll moves every open case from a state that is gone, oldest first.
func (e *Engine) moveAll(ctx context.Context, p *Process, old string, to *State) error {
	q := record.Query{Where: []record.Cond{{Field: "state", In: []any{old}}, {Field: "closed_at", Null: true}}, Sort: "created_at", Limit: record.MaxLimit}
	for {
		page, err := e.Records.Query(ctx, p.Record, q)
		if err != nil {
			return err
		}
		for _, row := range page.Rows {
			if err := e.moveOne(ctx, p, row, to); err != nil {
				return fmt.Errorf("process %s: migrate %s: %w", p.Name, row.ID, err)
			}
		}
		if page.Next == "" {
			return nil
		}
		q.After = page.Next
	}
}

// moveOne brings a case to a state by an act of the program, with its tasks and
// timers. It entered the new state when it entered the old one, and what it was
// given time for stands.
func (e *Engine) moveOne(ctx context.Context, p *Process, row *record.Row, to *State) error {
	m := &move{e: e, p: p, a: &Action{Name: "migrate"}, now: e.Clock.Now(), old: row, to: to, from: &State{Name: row.Text("state")},
		draft: e.Records.Amend(row), cmd: Command{Actor: identity.NewSystem()}, decision: e.Access.DecideSystem(p.Name, p.Basis)}
	m.vars = map[string]any{"row": m.draft.Row, "old": row, "me": Me(m.cmd.Actor), "now": m.now}
	m.draft.Set("state", to.Name)
	m.draft.Set("note", nil)
	m.draft.Set("definition", p.Hash)
	entered := time.UnixMilli(row.Int("entered_at"))
	if to.Kind == End {
		m.draft.Set("closed_at", m.now.UnixMilli())
	} else if to.Within != (Term{}) {
		span, err := m.span(to.Within)
		if err != nil {
			return err
		}
		m.draft.Set("due_at", millis(span.From(entered, e.Calendar)))
	}
	if err := m.duties(ctx); err != nil {
		return err
	}
	return e.DB.Do(ctx, m.write)
}
