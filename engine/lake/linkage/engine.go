package linkage

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"chengshu/core/evidence"
	"chengshu/core/record"
	"chengshu/engine/lake"
	"chengshu/engine/lake/link"
	"chengshu/kernel/clock"
	"chengshu/kernel/db"
	"chengshu/kernel/fault"
)

// Releases are where the rows of datasets are read. [lake.Engine] implements it.
type Releases interface {
	Releases(q db.Querier, t *record.Type, before int64, limit int) ([]lake.Release, error)
	Text(ctx context.Context, t *record.Type, m lake.Manifest, read func(io.Reader) error) error
}

// Registers are where the rows of registers are read. [record.Engine] implements it.
type Registers interface {
	Scan(ctx context.Context, t *record.Type, scope func(first int) (string, []any), fn func(*record.Row) error) error
}

// Deps is all that an Engine needs.
type Deps struct {
	DB        *db.DB
	Evidence  *evidence.Log
	Clock     clock.Clock
	Releases  Releases
	Registers Registers
	Linkages  []*Linkage
	Checks    map[string]link.Check
	// Dir is a folder for work under way, on a local disk: what is compared is
	// written there for the worker, and removed when it is done.
	Dir string
}

// Engine links and keeps what came of it. It is safe for concurrent use.
type Engine struct{ Deps }

// Migrations are the tables. linkage_member and linkage_pair hold what a run came
// to, with its number; those of runs that are not the present one are removed.
func Migrations() []db.Migration {
	return []db.Migration{{Owner: "linkage", Version: 1, SQL: []string{
		`create table linkage_run (linkage text collate "C" not null, run bigint not null, base bigint not null, key text collate "C" not null,
			case_type text collate "C" not null, case_id text collate "C" not null, at bigint not null, ended_at bigint, report text, primary key (linkage, run))`,
		`create unique index linkage_run_key on linkage_run (key)`,
		`create table linkage_member (linkage text collate "C" not null, run bigint not null, source text collate "C" not null, row_key text collate "C" not null,
			entity text collate "C" not null, primary key (linkage, run, source, row_key))`,
		`create index linkage_member_entity on linkage_member (linkage, run, entity)`,
		`create table linkage_pair (linkage text collate "C" not null, run bigint not null, pair bigint not null, a_source text collate "C" not null, a_key text collate "C" not null,
			b_source text collate "C" not null, b_key text collate "C" not null, body text not null, primary key (linkage, run, pair))`,
		`create table linkage_decision (n serial, id text collate "C" not null, linkage text collate "C" not null, a_source text collate "C" not null, a_key text collate "C" not null,
			b_source text collate "C" not null, b_key text collate "C" not null, same boolean not null, why text not null, at bigint not null,
			person text collate "C" not null, org text collate "C" not null)`,
		`create index linkage_decision_pair on linkage_decision (linkage, a_source, a_key, b_source, b_key, n)`,
	}}, {Owner: "linkage", Version: 2, SQL: []string{
		`create index linkage_decision_other on linkage_decision (linkage, b_source, b_key)`,
		`create index linkage_decision_n on linkage_decision (linkage, n)`,
	}}}
}

// New returns an engine. What an earlier process left under way is removed.
func New(d Deps) (*Engine, error) {
	dir, err := filepath.Abs(d.Dir) // workers have a folder of their own
	if err != nil {
		return nil, fmt.Errorf("linkage: %w", err)
	}
	d.Dir = dir
	if err := errors.Join(os.RemoveAll(dir), os.MkdirAll(dir, 0o700)); err != nil {
		return nil, fmt.Errorf("linkage: %w", err)
	}
	return &Engine{d}, nil
}

// Linkage returns a linkage by name, or a NotFound fault.
func (e *Engine) Linkage(name string) (*Linkage, error) {
	for _, l := range e.Linkages {
		if l.Name == name {
			return l, nil
		}
	}
	return nil, fault.New(fault.NotFound, "no-such-linkage", "没有这个实体归一："+name, "no such linkage: "+name)
}
