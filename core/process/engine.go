package process

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"chengshu/core/access"
	"chengshu/core/evidence"
	"chengshu/core/identity"
	"chengshu/core/record"
	"chengshu/kernel/clock"
	"chengshu/kernel/db"
	"chengshu/kernel/fault"
	"chengshu/kernel/job"
)

// Publisher hears of changes after they are committed.
type Publisher interface {
	Publish(topic string)
}

// Deps is all that an Engine needs.
type Deps struct {
	DB       *db.DB
	Records  *record.Engine
	Access   *access.Engine
	Evidence *evidence.Log
	Clock    clock.Clock
	Calendar *clock.Calendar
	Events   Publisher
	Jobs     *job.Engine
	Logger   *slog.Logger
	// Files finds a file that the actor has stored, nil when there is none.
	// Without it files are not checked.
	Files     func(ctx context.Context, a *identity.Actor, id string) (*record.FileRef, error)
	Processes []*Process
}

// Engine moves the cases of all processes. It is safe for concurrent use.
type Engine struct {
	Deps
	byName   map[string]*Process
	sweep    chan struct{}
	sweeping sync.Mutex // one sweep at a time
}

// migrations are the tables of all processes.
var migrations = []db.Migration{{Owner: "process", Version: 1, SQL: []string{
	`create table process_task (
		n serial, id text collate "C" not null, type text collate "C" not null, case_id text collate "C" not null,
		step text not null, org text collate "C", unit text collate "C", role text collate "C", assignee text collate "C",
		opened_at bigint not null, remind_at bigint, due_at bigint, timeout_at bigint, wake_at bigint, stage bigint not null)`,
	`create index process_task_case on process_task (case_id)`,
	`create index process_task_org on process_task (org, role)`,
	`create index process_task_assignee on process_task (assignee) where assignee is not null`,
	`create index process_task_wake on process_task (wake_at) where wake_at is not null`,
	`create table process_counter (process text collate "C" not null, day text collate "C" not null, value bigint not null, primary key (process, day))`,
	`create table process_comment (n serial, id text collate "C" not null, case_id text collate "C" not null, at bigint not null,
		act text collate "C" not null, person text collate "C" not null, org text collate "C", text text not null, files text)`,
	`create index process_comment_case on process_comment (case_id, n)`,
	`create table process_definition (hash text collate "C" primary key, process text collate "C" not null, states text not null, at bigint not null)`,
}}, {Owner: "process", Version: 2, SQL: []string{
	`alter table process_task add column watch boolean`,
}}, {Owner: "process", Version: 3, SQL: []string{
	`create table process_notice (n serial, id text collate "C" not null, person text collate "C" not null, type text collate "C" not null,
		case_id text collate "C" not null, act text collate "C" not null, at bigint not null, zh text not null, en text not null, read_at bigint)`,
	`create index process_notice_person on process_notice (person, n)`,
	`create index process_notice_unread on process_notice (person, n) where read_at is null`,
	`create table process_job (job text collate "C" primary key, case_id text collate "C" not null)`,
	`create index process_job_case on process_job (case_id)`,
}}}

// New makes the tables and checks that every living case stands in a state
// that its process still has. It fails with code "state-with-cases" otherwise.
func New(ctx context.Context, d Deps) (*Engine, error) {
	e := &Engine{Deps: d, byName: map[string]*Process{}, sweep: make(chan struct{}, 1)}
	if err := d.DB.Migrate(ctx, migrations...); err != nil {
		return nil, fmt.Errorf("process: %w", err)
	}
	d.Jobs.RegisterLong(effectJob, e.runEffect)
	for _, p := range d.Processes {
		e.byName[p.Name] = p
		if err := e.adopt(ctx, p); err != nil {
			return nil, err
		}
	}
	return e, nil
}

// Process returns a process by name, or a NotFound fault.
func (e *Engine) Process(name string) (*Process, error) {
	if p := e.byName[name]; p != nil {
		return p, nil
	}
	return nil, fault.New(fault.NotFound, "no-such-process", "没有这种事项："+name, "no such process: "+name)
}

// filesOf finds the files that the actor has stored. The program itself only
// passes on what is stored already.
func (e *Engine) filesOf(a *identity.Actor) func(ctx context.Context, id string) (*record.FileRef, error) {
	if e.Files == nil || a.System {
		return nil
	}
	return func(ctx context.Context, id string) (*record.FileRef, error) { return e.Files(ctx, a, id) }
}

// hint tells listeners that a case and the inboxes changed.
func (e *Engine) hint(process string) {
	e.Events.Publish("case." + process)
	e.Events.Publish("inbox")
}

func millis(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UnixMilli()
}
