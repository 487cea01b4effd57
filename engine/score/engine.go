package score

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"math"
	"slices"
	"strconv"
	"time"

	"chengshu/core/evidence"
	"chengshu/core/record"
	"chengshu/core/rule"
	"chengshu/kernel/clock"
	"chengshu/kernel/db"
	"chengshu/kernel/id"
)

// Value is a figure of one organisation: Part of Whole.
type Value struct {
	Part, Whole float64
}

// Source is a figure that an engine brings: its values by organisation id, over
// a span of time in ms UTC, the end not included.
type Source struct {
	Name string
	Of   func(ctx context.Context, from, to int64) (map[string]Value, error)
}

// Deps is all that an Engine needs.
type Deps struct {
	DB       *db.DB
	Records  *record.Engine
	Evidence *evidence.Log
	Clock    clock.Clock
	Log      *slog.Logger
	Scores   []*Score
	Sources  []Source
	Author   func() record.Author // the program
}

// Engine works scores out. It is safe for concurrent use.
type Engine struct{ Deps }

// Migrations are the months that have been worked out.
func Migrations() []db.Migration {
	return []db.Migration{{Owner: "score", Version: 1, SQL: []string{
		`create table score_month (score text collate "C" not null, month text collate "C" not null, at bigint not null, primary key (score, month))`,
	}}}
}

// New returns an engine.
func New(d Deps) *Engine { return &Engine{d} }

const lookEvery = 10 * time.Minute

// Run works out each month's scores when the month is over, until ctx ends.
func (e *Engine) Run(ctx context.Context) error {
	for {
		if err := e.Tick(ctx); err != nil && ctx.Err() == nil {
			e.Log.Error("scores cannot be worked out", "err", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-e.Clock.After(lookEvery):
		}
	}
}

// Tick works out the scores of the last month that is over, unless it has been
// done. A score that is new begins with the present month: of what was before
// nobody had been told.
func (e *Engine) Tick(ctx context.Context) error {
	now := e.Clock.Now().In(clock.Shanghai)
	to := time.Date(now.Year(), now.Month(), 1, 0, 0, 0, 0, clock.Shanghai)
	from := to.AddDate(0, -1, 0)
	var errs []error
	for _, s := range e.Scores {
		var done, ever int64
		err := e.DB.Read(ctx).QueryRow(`select coalesce(sum(case when month = $1 then 1 else 0 end), 0), count(*) from score_month where score = $2`, from.Format(monthForm), s.Name).Scan(&done, &ever)
		switch {
		case err != nil || done > 0:
		case ever == 0:
			err = e.DB.Do(ctx, func(tx *db.Tx) error {
				_, err := e.begin(tx, s, from)
				return err
			})
		default:
			err = e.month(ctx, s, from, to)
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

const monthForm = "2006-01"

// month works out one score for one month, and writes it: all organisations or
// none.
func (e *Engine) month(ctx context.Context, s *Score, from, to time.Time) error {
	values := make([]map[string]Value, len(s.Figures))
	for i, f := range s.Figures {
		var err error
		if values[i], err = e.figure(ctx, f, from.UnixMilli(), to.UnixMilli()); err != nil {
			return fmt.Errorf("score %s, figure %s: %w", s.Name, f.Name, err)
		}
	}
	orgs := map[string]bool{}
	for _, of := range values {
		for org := range of {
			orgs[org] = true
		}
	}
	var drafts []*record.Draft
	for _, org := range slices.Sorted(maps.Keys(orgs)) {
		draft, err := e.Records.PlanCreate(ctx, s.into, s.input(org, from.Format(monthForm), values), e.Author())
		if err != nil {
			return fmt.Errorf("score %s of %s: %w", s.Name, org, err)
		}
		drafts = append(drafts, draft)
	}
	return e.DB.Do(ctx, func(tx *db.Tx) error {
		if mine, err := e.begin(tx, s, from); err != nil || !mine {
			return err
		}
		for _, d := range drafts {
			if err := e.write(tx, s, d); err != nil {
				return err
			}
		}
		return nil
	})
}

// begin notes that a month is worked out; false when another node has done it.
func (e *Engine) begin(tx *db.Tx, s *Score, month time.Time) (bool, error) {
	n, err := tx.Exec(`insert into score_month (score, month, at) values ($1, $2, $3) on conflict do nothing`, s.Name, month.Format(monthForm), e.Clock.Now().UnixMilli())
	return n > 0, err
}

func (e *Engine) write(tx *db.Tx, s *Score, d *record.Draft) error {
	at := e.Clock.Now().UnixMilli()
	act := evidence.Act{ID: id.New(), At: at, Verb: s.Into + ".create", Grant: "system", Basis: s.Basis}
	rev, err := d.Write(tx, record.Stamp{Act: act.ID, Verb: act.Verb, At: at})
	if err != nil {
		return err
	}
	act.Subject, act.Changed = evidence.Subject{Type: s.Into, ID: d.Row.ID, Rev: rev.Rev, Digest: rev.Digest}, rev.Changed
	_, err = e.Evidence.Append(tx, act)
	return err
}

// input is the record of one organisation: the mean of the figures that have a
// value, by their weights, of 100.
func (s *Score) input(org, month string, values []map[string]Value) map[string]any {
	var list []any
	sum, weights := 0.0, 0.0
	for i, f := range s.Figures {
		v, ok := values[i][org]
		one, has := f.value(v)
		if !ok || !has {
			continue
		}
		sum, weights = sum+one*float64(f.Weight), weights+float64(f.Weight)
		list = append(list, map[string]any{"name": f.Title.Zh, "value": text(one*100, 1), "weight": json.Number(strconv.Itoa(f.Weight)), "of": json.Number(text(v.Whole, 0))})
	}
	total := 0.0
	if weights > 0 {
		total = 100 * sum / weights
	}
	return map[string]any{unitField: org, monthField: month, pointsField: text(total, 1), figuresField: list}
}

// value is the figure between 0 and 1; false when there was nothing to count.
func (f *Figure) value(v Value) (float64, bool) {
	switch {
	case f.Full > 0:
		return min(v.Part/float64(f.Full), 1), true
	case v.Whole <= 0:
		return 0, false
	}
	return min(max(v.Part/v.Whole, 0), 1), true
}

func text(v float64, scale int) string {
	return strconv.FormatFloat(math.Round(v*math.Pow10(scale))/math.Pow10(scale), 'f', scale, 64)
}

// figure counts over the rows of a month, or asks the engine that brings it.
func (e *Engine) figure(ctx context.Context, f *Figure, from, to int64) (map[string]Value, error) {
	if f.Rows == nil {
		i := slices.IndexFunc(e.Sources, func(s Source) bool { return s.Name == f.Source })
		return e.Sources[i].Of(ctx, from, to)
	}
	now := time.UnixMilli(to)
	return e.count(ctx, f.Rows, from, to, func(r *record.Row) (part, whole float64) {
		meets := f.Rows.when == nil || f.Rows.when.True(map[string]any{"row": r, "now": now, "me": rule.Map{}})
		switch {
		case f.Rows.Sum == "" && meets:
			return 1, 1
		case f.Rows.Sum == "":
			return 0, 1
		case meets:
			return number(r, f.Rows.Sum), number(r, f.Rows.Over)
		}
		return 0, 0
	})
}

func number(r *record.Row, field string) float64 {
	f := r.Type.Field(field)
	if f == nil {
		return 0
	}
	return float64(r.Int(field)) / math.Pow10(f.Scale)
}

// count adds up what of finds in the rows whose time lies in the span.
func (e *Engine) count(ctx context.Context, rows *Rows, from, to int64, of func(*record.Row) (part, whole float64)) (map[string]Value, error) {
	out := map[string]Value{}
	column := record.Column(rows.At)
	scope := func(first int) (string, []any) {
		return fmt.Sprintf("%s >= $%d and %s < $%d", column, first, column, first+1), []any{from, to}
	}
	err := e.Records.Scan(ctx, rows.typ, scope, func(r *record.Row) error {
		if org := r.Text(rows.By); org != "" {
			part, whole := of(r)
			v := out[org]
			out[org] = Value{v.Part + part, v.Whole + whole}
		}
		return nil
	})
	return out, err
}
