package federation

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"time"

	"chengshu/core/evidence"
	"chengshu/core/record"
	"chengshu/kernel/clock"
	"chengshu/kernel/db"
	"chengshu/kernel/fault"
	"chengshu/kernel/job"
	"chengshu/kernel/outbound"
)

// Deps is all that an Engine needs.
type Deps struct {
	DB       *db.DB
	Clock    clock.Clock
	Evidence *evidence.Log
	Jobs     *job.Engine
	Log      *slog.Logger
	Client   outbound.Client
	Datasets []*record.Type
	Nodes    []*Node
	// Dir is a folder that lasts, for files of which parts have arrived; Limit
	// bounds a file, in bytes.
	Dir   string
	Limit int64
	// Keep puts a file that has arrived whole among those of cases.
	Keep func(ctx context.Context, from io.Reader, name string) (record.FileRef, error)
	// Open opens the case of a release that has arrived, as the system.
	Open func(ctx context.Context, n *Node, input map[string]any) error
	// Next returns the release that follows a version, nil when there is none.
	Next func(q db.Querier, t *record.Type, version int64) (*Release, error)
	// File opens the one file of a release by its SHA-256.
	File func(ctx context.Context, sha256 string) (io.ReadSeekCloser, int64, error)
	// Checkpoint is the signed checkpoint of the evidence log.
	Checkpoint func(ctx context.Context) (string, error)
	// Upstream is the address of the node above, "" for none, and Key that of the
	// API client by which this node speaks there.
	Upstream, Key string

	Exchanges []*Exchange
	Catalogue Catalogue
	Keys      map[string]string // by the name that exchanges call them by
}

// Release is a release as it is sent: Manifest is the text whose SHA-256 is
// Digest.
type Release struct {
	Version  int64
	Digest   string
	Manifest string
	Gone     bool // its rows have been removed
}

// Engine sends and takes in releases. It is safe for concurrent use.
type Engine struct {
	Deps
	news  chan struct{} // has a token when there may be something to send
	parts *parts
}

// Migrations are the tables of what has arrived, of what is to be sent, and of
// catalogues.
func Migrations() []db.Migration {
	return []db.Migration{{Owner: "federation", Version: 1, SQL: []string{
		`create table federation_inbox (node text collate "C" not null, dataset text collate "C" not null, version bigint not null, digest text collate "C" not null,
			manifest text not null, checkpoint text not null, at bigint not null, state text collate "C" not null, file text, case_id text collate "C", why text,
			primary key (node, dataset, version))`,
		`create index federation_inbox_received on federation_inbox (at) where state = 'received'`,
		`create table federation_outbox (dataset text collate "C" not null, version bigint not null, state text collate "C" not null, at bigint not null,
			attempts bigint not null, ended_at bigint, why text, primary key (dataset, version))`,
	}}, {Owner: "federation", Version: 2, SQL: []string{
		`create table federation_round (name text collate "C" primary key, state text not null)`,
		`create table federation_package (exchange text collate "C" not null, package text collate "C" not null, digest text collate "C" not null, gone_at bigint,
			primary key (exchange, package))`,
	}}}
}

// New returns an engine.
func New(d Deps) *Engine {
	e := &Engine{Deps: d, news: make(chan struct{}, 1), parts: &parts{dir: d.Dir}}
	d.Jobs.RegisterLong(sendJob, e.send)
	d.Jobs.RegisterLong(roundJob, e.round)
	return e
}

const lookEvery = time.Minute

// Run has releases sent and catalogues exchanged, and opens the cases of those that have arrived and have
// none, because the program ended, until ctx ends.
func (e *Engine) Run(ctx context.Context, after func(time.Duration) <-chan time.Time) error {
	for {
		if err := errors.Join(e.Look(ctx), e.openArrived(ctx), e.startDue(ctx)); err != nil && ctx.Err() == nil {
			e.Log.Error("federation", "err", err)
		}
		select {
		case <-e.news:
		case <-after(lookEvery):
		case <-ctx.Done():
			return nil
		}
	}
}

// Published says that there may be a new release. It never waits.
func (e *Engine) Published() {
	select {
	case e.news <- struct{}{}:
	default:
	}
}

// manifest is what federation reads of a release's manifest.
type manifest struct {
	Dataset string `json:"dataset"`
	Version int64  `json:"version"`
	Level   string `json:"level"`
	Fields  []struct {
		Name string `json:"name"`
		Type string `json:"type"`
	} `json:"fields"`
	Files []struct {
		SHA256 string `json:"sha256"`
		Bytes  int64  `json:"bytes"`
	} `json:"files"`
}

// reasonOf is what people are told of a failure.
func reasonOf(err error) fault.Text {
	var f *fault.Fault
	if !errors.As(err, &f) {
		return fault.Text{Zh: "系统内部错误，请查看运行日志", En: "internal error; see the log"}
	}
	text := f.Text
	for _, one := range f.Fields {
		text.Zh, text.En = text.Zh+"；"+one.Zh, text.En+"; "+one.En
	}
	return text
}

func textFrom(raw string) *fault.Text {
	if raw == "" {
		return nil
	}
	var t fault.Text
	if json.Unmarshal([]byte(raw), &t) != nil {
		return nil
	}
	return &t
}
