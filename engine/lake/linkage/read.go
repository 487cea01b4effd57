package linkage

import (
	"encoding/json"
	"errors"
	"fmt"

	"chengshu/core/record"
	"chengshu/engine/lake/link"
	"chengshu/kernel/db"
	"chengshu/kernel/fault"
)

const runColumns = `select linkage, run, at, coalesce(ended_at, 0), case_type, case_id, coalesce(report, '{}') from linkage_run `

func scanRun(row *db.Row) (*Run, error) {
	var r Run
	var report string
	err := row.Scan(&r.Linkage, &r.Number, &r.At, &r.Ended, &r.CaseType, &r.CaseID, &report)
	if errors.Is(err, db.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("linkage: run: %w", err)
	}
	return &r, json.Unmarshal([]byte(report), &r.Report)
}

// byKey returns the run of a key, nil when there is none.
func (e *Engine) byKey(q db.Querier, key string) (*Run, error) {
	return scanRun(q.QueryRow(runColumns+`where key = $1`, key))
}

// Present returns the run that readers see, nil before the first.
func (e *Engine) Present(q db.Querier, l *Linkage) (*Run, error) {
	return scanRun(q.QueryRow(runColumns+`where linkage = $1 and ended_at is not null order by run desc limit 1`, l.Name))
}

// Pair is a pair for people to look at.
type Pair struct {
	N           int64 // its place in the queue
	Left, Right link.RowID
	Weight
}

// undecided leaves out the pairs that people have decided about.
const undecided = ` and not exists (select 1 from linkage_decision d where d.linkage = p.linkage and d.a_source = p.a_source and d.a_key = p.a_key
	and d.b_source = p.b_source and d.b_key = p.b_key)`

// Open counts the pairs that wait for a decision.
func (e *Engine) Open(q db.Querier, r *Run) (n int64, err error) {
	err = q.QueryRow(`select count(*) from linkage_pair p where linkage = $1 and run = $2`+undecided, r.Linkage, r.Number).Scan(&n)
	return n, err
}

// Review returns up to limit pairs of a run that wait for a decision, from after
// a place in the queue on: those that were refused, then those uncertain, each
// heaviest first.
func (e *Engine) Review(q db.Querier, r *Run, after int64, limit int) ([]Pair, error) {
	rows, err := q.Query(`select pair, a_source, a_key, b_source, b_key, body from linkage_pair p where linkage = $1 and run = $2 and pair > $3`+undecided+` order by pair limit $4`,
		r.Linkage, r.Number, after, limit)
	if err != nil {
		return nil, fmt.Errorf("linkage: review: %w", err)
	}
	defer rows.Close()
	var out []Pair
	for rows.Next() {
		var p Pair
		var body string
		if err := rows.Scan(&p.N, &p.Left.Source, &p.Left.Key, &p.Right.Source, &p.Right.Key, &body); err != nil {
			return nil, fmt.Errorf("linkage: review: %w", err)
		}
		if err := json.Unmarshal([]byte(body), &p.Weight); err != nil {
			return nil, fmt.Errorf("linkage: review: %w", err)
		}
		out = append(out, p)
	}
	return out, rows.Err()
}

// entitiesOf returns the entities of rows of a source, by their keys.
func entitiesOf(q db.Querier, linkage string, run int64, source string, keys []string) (map[string]string, error) {
	out := map[string]string{}
	if len(keys) == 0 || run == 0 {
		return out, nil
	}
	args := []any{linkage, run, source}
	for _, k := range keys {
		args = append(args, k)
	}
	rows, err := q.Query(`select row_key, entity from linkage_member where linkage = $1 and run = $2 and source = $3 and row_key in (`+db.Params(4, len(keys))+`)`, args...)
	if err != nil {
		return nil, fmt.Errorf("linkage: entities: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var key, entity string
		if err := rows.Scan(&key, &entity); err != nil {
			return nil, fmt.Errorf("linkage: entities: %w", err)
		}
		out[key] = entity
	}
	return out, rows.Err()
}

// EntityOf returns the entity of a row, or a NotFound fault.
func (e *Engine) EntityOf(q db.Querier, r *Run, row link.RowID) (string, error) {
	found, err := entitiesOf(q, r.Linkage, r.Number, row.Source, []string{row.Key})
	if err != nil {
		return "", err
	}
	if found[row.Key] == "" {
		return "", record.ErrNotFound()
	}
	return found[row.Key], nil
}

// Members returns the rows of an entity, which are none when there is no such one.
func (e *Engine) Members(q db.Querier, r *Run, entity string) ([]link.RowID, error) {
	rows, err := q.Query(`select source, row_key from linkage_member where linkage = $1 and run = $2 and entity = $3 order by source, row_key`, r.Linkage, r.Number, entity)
	if err != nil {
		return nil, fmt.Errorf("linkage: members: %w", err)
	}
	defer rows.Close()
	var out []link.RowID
	for rows.Next() {
		var one link.RowID
		if err := rows.Scan(&one.Source, &one.Key); err != nil {
			return nil, fmt.Errorf("linkage: members: %w", err)
		}
		out = append(out, one)
	}
	return out, rows.Err()
}

// Linked is a row and its entity.
type Linked struct {
	Key    string `json:"key"`
	Entity string `json:"entity"`
}

// Entities returns up to limit rows of a source with their entities, in the order
// of their keys from after one on.
func (e *Engine) Entities(q db.Querier, r *Run, source, after string, limit int) ([]Linked, error) {
	rows, err := q.Query(`select row_key, entity from linkage_member where linkage = $1 and run = $2 and source = $3 and row_key > $4 order by row_key limit $5`,
		r.Linkage, r.Number, source, after, limit)
	if err != nil {
		return nil, fmt.Errorf("linkage: entities: %w", err)
	}
	defer rows.Close()
	out := []Linked{}
	for rows.Next() {
		var one Linked
		if err := rows.Scan(&one.Key, &one.Entity); err != nil {
			return nil, fmt.Errorf("linkage: entities: %w", err)
		}
		out = append(out, one)
	}
	return out, rows.Err()
}

// Member is a row of an entity as its source has it.
type Member struct {
	Source *Source
	Row    *record.Row
}

// Golden chooses the values that an entity is known by out of its rows, as the
// linkage declares.
func (e *Engine) Golden(l *Linkage, members []Member) ([]link.GoldenValue, error) {
	if len(l.Survive) == 0 || len(members) == 0 {
		return nil, nil
	}
	linker, err := link.New(l.spec(), e.Checks)
	if err != nil {
		return nil, err
	}
	for i, m := range members {
		if i == 0 || m.Source != members[i-1].Source {
			if err := linker.Begin(m.Source.Name, false); err != nil {
				return nil, err
			}
		}
		if err := linker.Add(link.Row{Key: m.Row.ID, At: m.Source.ageOf(m.Row), Values: l.values(m.Source, m.Row)}); err != nil {
			return nil, err
		}
	}
	return linker.Golden(), nil
}

// errNotLinked says that a row is not among those that were linked.
func errNotLinked(path string) error {
	return fault.New(fault.Invalid, "not-linked", "此行不在归一的范围内", "this row is not among those that were linked").With(path, "没有这一行", "there is no such row")
}
