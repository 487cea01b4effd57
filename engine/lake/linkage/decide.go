package linkage

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"chengshu/core/evidence"
	"chengshu/engine/lake/link"
	"chengshu/kernel/db"
	"chengshu/kernel/fault"
	"chengshu/kernel/id"
)

// Decision is what a person decided about two rows.
type Decision struct {
	ID          string
	Left, Right link.RowID
	Same        bool
	Why         string
	At          int64 // ms UTC
	Person, Org string
	Holds       bool  // nobody has decided about the rows since
	N           int64 // its place among all
}

// maxWhy is how long a reason may be, in characters.
const maxWhy = 500

// Decide keeps a decision about two rows of a run, with its act; an earlier one
// about the same rows stays on record and holds no longer. The very decision that
// holds, by the same person, is not made twice. The act is about the
// case of the run, and its note is the digest of the decision as JSON:
// {"linkage","left","right","same","why"}.
func (e *Engine) Decide(ctx context.Context, r *Run, d Decision, act evidence.Act) (Decision, error) {
	d.Why = strings.TrimSpace(d.Why)
	if n := utf8.RuneCountInString(d.Why); n == 0 || n > maxWhy || !utf8.ValidString(d.Why) || strings.IndexByte(d.Why, 0) >= 0 {
		return d, fault.New(fault.Invalid, "invalid-fields", "填写有误", "some fields are wrong").With("why", fmt.Sprintf("理由应为 1 到 %d 字", maxWhy), fmt.Sprintf("a reason has 1 to %d characters", maxWhy))
	}
	if d.Left == d.Right {
		return d, errNotLinked("right")
	}
	q := e.DB.Read(ctx)
	for path, row := range map[string]link.RowID{"left": d.Left, "right": d.Right} {
		if found, err := entitiesOf(q, r.Linkage, r.Number, row.Source, []string{row.Key}); err != nil {
			return d, err
		} else if found[row.Key] == "" {
			return d, errNotLinked(path)
		}
	}
	d.Left, d.Right = ordered(d.Left, d.Right)
	d.ID, d.At, d.Holds = id.New(), e.Clock.Now().UnixMilli(), true
	if held, err := e.held(q, r.Linkage, d); err != nil || held.ID != "" {
		return held, err
	}
	note, err := json.Marshal(map[string]any{"linkage": r.Linkage, "left": d.Left, "right": d.Right, "same": d.Same, "why": d.Why})
	if err != nil {
		return d, err
	}
	act.ID, act.At, act.Note = d.ID, d.At, evidence.DigestOf(note)
	act.Verb, act.Subject = r.CaseType+"."+Decide, evidence.Subject{Type: r.CaseType, ID: r.CaseID}
	return d, e.DB.Do(ctx, func(tx *db.Tx) error {
		_, err := tx.Exec(`insert into linkage_decision (id, linkage, a_source, a_key, b_source, b_key, same, why, at, person, org) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
			d.ID, r.Linkage, d.Left.Source, d.Left.Key, d.Right.Source, d.Right.Key, d.Same, d.Why, d.At, d.Person, d.Org)
		if err != nil {
			return err
		}
		_, err = e.Evidence.Append(tx, act)
		return err
	})
}

// held is the last decision about the rows of d if it says the same as d, by the
// same person; its id is "" otherwise.
func (e *Engine) held(q db.Querier, linkage string, d Decision) (Decision, error) {
	var last Decision
	err := q.QueryRow(`select id, same, why, at, person, org from linkage_decision where linkage = $1 and a_source = $2 and a_key = $3 and b_source = $4 and b_key = $5 order by n desc limit 1`,
		linkage, d.Left.Source, d.Left.Key, d.Right.Source, d.Right.Key).Scan(&last.ID, &last.Same, &last.Why, &last.At, &last.Person, &last.Org)
	switch {
	case errors.Is(err, db.ErrNoRows):
		return Decision{}, nil
	case err != nil:
		return Decision{}, fmt.Errorf("linkage: decision: %w", err)
	case last.Same != d.Same || last.Why != d.Why || last.Person != d.Person:
		return Decision{}, nil
	}
	last.Left, last.Right, last.Holds = d.Left, d.Right, true
	return last, nil
}

// decided returns the decisions of a linkage, the earliest first: of several about
// the same rows the last holds.
func (e *Engine) decided(q db.Querier, linkage string) ([]link.Decision, error) {
	rows, err := q.Query(`select a_source, a_key, b_source, b_key, same from linkage_decision where linkage = $1 order by n`, linkage)
	if err != nil {
		return nil, fmt.Errorf("linkage: decisions: %w", err)
	}
	defer rows.Close()
	var out []link.Decision
	for rows.Next() {
		var d link.Decision
		if err := rows.Scan(&d.A.Source, &d.A.Key, &d.B.Source, &d.B.Key, &d.Same); err != nil {
			return nil, fmt.Errorf("linkage: decisions: %w", err)
		}
		out = append(out, d)
	}
	return out, rows.Err()
}

const decisionColumns = `select n, id, a_source, a_key, b_source, b_key, same, why, at, person, org, not exists (select 1 from linkage_decision l where l.linkage = d.linkage
	and l.a_source = d.a_source and l.a_key = d.a_key and l.b_source = d.b_source and l.b_key = d.b_key and l.n > d.n) from linkage_decision d `

// Decisions returns what was decided about a row and others, the latest first, at
// most limit.
func (e *Engine) Decisions(q db.Querier, l *Linkage, row link.RowID, limit int) ([]Decision, error) {
	return decisions(q.Query(decisionColumns+`where linkage = $1 and (a_source = $2 and a_key = $3 or b_source = $2 and b_key = $3) order by n desc limit $4`, l.Name, row.Source, row.Key, limit))
}

// AllDecisions returns what was decided, the latest first, from before a place on
// (0: from the latest), at most limit.
func (e *Engine) AllDecisions(q db.Querier, l *Linkage, before int64, limit int) ([]Decision, error) {
	if before == 0 {
		before = 1 << 62
	}
	return decisions(q.Query(decisionColumns+`where linkage = $1 and n < $2 order by n desc limit $3`, l.Name, before, limit))
}

func decisions(rows *db.Rows, err error) ([]Decision, error) {
	if err != nil {
		return nil, fmt.Errorf("linkage: decisions: %w", err)
	}
	defer rows.Close()
	var out []Decision
	for rows.Next() {
		var d Decision
		if err := rows.Scan(&d.N, &d.ID, &d.Left.Source, &d.Left.Key, &d.Right.Source, &d.Right.Key, &d.Same, &d.Why, &d.At, &d.Person, &d.Org, &d.Holds); err != nil {
			return nil, fmt.Errorf("linkage: decisions: %w", err)
		}
		out = append(out, d)
	}
	return out, rows.Err()
}
