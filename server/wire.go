package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"chengshu/core/access"
	"chengshu/core/decl"
	"chengshu/core/evidence"
	"chengshu/core/identity"
	"chengshu/core/process"
	"chengshu/core/record"
	"chengshu/engine/archive"
	"chengshu/engine/exchange"
	"chengshu/engine/federation"
	"chengshu/engine/geo"
	"chengshu/engine/lake"
	"chengshu/engine/lake/linkage"
	"chengshu/engine/lake/lookup"
	"chengshu/engine/score"
	"chengshu/engine/screen"
	"chengshu/kernel/blob"
	"chengshu/kernel/clock"
	"chengshu/kernel/db"
	"chengshu/kernel/event"
	"chengshu/kernel/job"
	"chengshu/kernel/metric"
	"chengshu/kernel/search"
	"chengshu/pack"
	"chengshu/standard/datum"
)

// Server is the running program.
type Server struct {
	cfg      Config
	version  string
	log      *slog.Logger
	declared *Declared
	clock    clock.Clock
	fake     *clock.Fake // nil but with a test clock
	calendar *clock.Calendar

	folder     *os.File // holds the data folder
	db         *db.DB
	search     *search.Engine
	jobs       *job.Engine
	events     *event.Bus
	blobs      blob.Store
	metrics    *metric.Registry
	evidence   *evidence.Log
	identity   *identity.Service
	access     *access.Engine
	records    *record.Engine
	processes  *process.Engine
	places     *geo.Index
	lake       *lake.Engine
	lookup     *lookup.Engine
	linkage    *linkage.Engine
	exchange   *exchange.Engine
	federation *federation.Engine
	archive    *archive.Engine
	scores     *score.Engine
	screens    *screen.Engine
	attempts   attempts
	streams    streams

	started time.Time
	seeded  chan struct{} // closed when the seeds are in
}

// New wires every engine together, in the order in which they need each other.
// It fails when packs have mistakes, the database cannot be reached, or a
// declaration no longer fits the data.
func New(ctx context.Context, cfg Config, version string, log *slog.Logger) (*Server, error) {
	sources, err := Sources(cfg.Packs, cfg.Overlay)
	if err != nil {
		return nil, err
	}
	return newServer(ctx, cfg, version, log, sources)
}

func newServer(ctx context.Context, cfg Config, version string, log *slog.Logger, sources []pack.Source) (*Server, error) {
	s := &Server{seeded: make(chan struct{}), cfg: cfg, version: version, log: log, clock: clock.System(), calendar: clock.National()}
	if cfg.TestClock != "" {
		at, err := time.Parse(time.RFC3339, cfg.TestClock)
		if err != nil {
			return nil, fmt.Errorf("test-clock: %w", err)
		}
		s.fake = clock.NewFake(at)
		s.clock = s.fake
	}
	s.started = s.clock.Now()
	if err := os.MkdirAll(cfg.Data, 0o700); err != nil {
		return nil, err
	}
	var err error
	if s.folder, err = holdFolder(ctx, cfg.Data, cfg.Shutdown); err != nil {
		return nil, err
	}
	w := &world{}
	declared, report := declare(sources, kindsOf(w), w.functions())
	if err := report.Err(); err != nil {
		return nil, err
	}
	s.declared = declared
	if err := s.openDatabase(ctx); err != nil {
		return nil, err
	}
	release, err := s.db.Alone(ctx) // another node may be starting, too
	if err != nil {
		return nil, err
	}
	defer release()
	if err := s.wireKernel(ctx); err != nil {
		return nil, err
	}
	if err := s.wireNouns(ctx, report); err != nil {
		return nil, err
	}
	return s, s.wireEngines(ctx, w)
}

func (s *Server) openDatabase(ctx context.Context) (err error) {
	url := s.cfg.DB
	if url == "" {
		url = "sqlite:" + filepath.Join(s.cfg.Data, "chengshu.db")
	}
	s.db, err = db.Open(ctx, url, db.Options{Logger: s.log})
	return err
}

// wireKernel makes the plumbing, and its tables.
func (s *Server) wireKernel(ctx context.Context) (err error) {
	if s.blobs, err = blob.OpenFolder(filepath.Join(s.cfg.Data, "blobs")); err != nil {
		return err
	}
	s.metrics = metric.New()
	s.events = event.New(event.Options{Clock: clock.System()})
	s.search = search.New(search.Deps{DB: s.db, Clock: clock.System(), Log: s.log})
	if err := s.db.Migrate(ctx, s.search.Migrations()...); err != nil {
		return err
	}
	if err := s.db.Migrate(ctx, append(job.Migrations(), migrations...)...); err != nil {
		return err
	}
	s.jobs = job.New(job.Deps{DB: s.db, Clock: clock.System(), Logger: s.log, Alone: s.db.Dialect() == db.SQLite})
	return nil
}

// wireNouns makes record, process, rule and act, and who may what; mistakes
// of grants are in report.
func (s *Server) wireNouns(ctx context.Context, report *decl.Report) (err error) {
	if err := s.db.Migrate(ctx, evidence.Migrations()...); err != nil {
		return err
	}
	if s.evidence, err = evidence.New(evidence.Deps{DB: s.db, Clock: s.timers(), Logger: s.log, Dir: filepath.Join(s.cfg.Data, "log"), Origin: s.cfg.Origin, Also: s.also,
		Altered: func(ctx context.Context, acts []evidence.Act) (map[string]string, error) {
			return s.records.Altered(ctx, acts)
		}}); err != nil {
		return err
	}
	if err := s.db.Migrate(ctx, identity.Migrations()...); err != nil {
		return err
	}
	s.identity = identity.New(identity.Deps{DB: s.db, Clock: s.clock, Evidence: s.evidence, Logger: s.log, Rates: rates(s.cfg)})
	s.records, err = record.New(ctx, record.Deps{DB: s.db, Search: s.search, Types: record.Registers(s.declared.Types),
		Referents: map[string]record.Referent{"org": orgReferent{s.identity}, "person": personReferent{s.identity},
			"dataset": resourceReferent{record.Datasets(s.declared.Types)}, "resource": resourceReferent{s.declared.Types}, "field": fieldReferent{s.declared.Types}},
		Datums: map[string]func(lon, lat float64) (float64, float64){"gcj02": fromDatum(datum.GCJ02), "bd09": fromDatum(datum.BD09)}})
	if err != nil {
		return err
	}
	s.access = s.declared.Access(report, s.log)
	if err := report.Err(); err != nil {
		return err
	}
	s.processes, err = process.New(ctx, process.Deps{DB: s.db, Records: s.records, Access: s.access, Evidence: s.evidence, Clock: s.timers(),
		Calendar: s.calendar, Events: s.events, Jobs: s.jobs, Logger: s.log, Files: s.fileOf, Processes: s.declared.Processes})
	return err
}

// wireEngines makes what stands on the nouns, and lets the functions of the
// rules, which are declared before, find it.
func (s *Server) wireEngines(ctx context.Context, w *world) (err error) {
	s.places = geo.New(s.records)
	if err := s.db.Migrate(ctx, lake.Migrations()...); err != nil {
		return err
	}
	releases, err := blob.OpenFolder(filepath.Join(s.cfg.Data, "releases"))
	if err != nil {
		return err
	}
	connections, err := connectionsOf(s.cfg.Connections)
	if err != nil {
		return err
	}
	if s.lake, err = lake.New(lake.Deps{DB: s.db, Uploads: s.blobs, Blobs: releases, Events: published{s}, Evidence: s.evidence, Clock: s.clock, Dir: filepath.Join(s.cfg.Data, "work"), Datasets: record.Datasets(s.declared.Types),
		Records: s.records, Datums: datums(), Log: s.log, KeepBatches: s.cfg.KeepBatches, Sources: decl.All[*lake.Feed](s.declared.Set, lake.SourceKind.Name), Pulling: s.pulling(connections)}); err != nil {
		return err
	}
	if s.lookup, err = lookup.New(lookup.Deps{DB: s.db, Lake: s.lake, Datasets: record.Datasets(s.declared.Types), Dir: filepath.Join(s.cfg.Data, "lookup"), Log: s.log}); err != nil {
		return err
	}
	if err := s.db.Migrate(ctx, linkage.Migrations()...); err != nil {
		return err
	}
	if s.linkage, err = linkage.New(linkage.Deps{DB: s.db, Evidence: s.evidence, Clock: s.clock, Releases: s.lake, Registers: s.records, Checks: linkageChecks(),
		Linkages: decl.All[*linkage.Linkage](s.declared.Set, linkage.KindName), Dir: filepath.Join(s.cfg.Data, "linkage")}); err != nil {
		return err
	}
	if err := s.db.Migrate(ctx, exchange.Migrations()...); err != nil {
		return err
	}
	s.exchange = exchange.New(exchange.Deps{DB: s.db, Evidence: s.evidence, Clock: s.clock, Rules: s.declared.Env, Types: s.declared.Types, Rows: s.rowsToRead, Persons: s.personsOf, Holds: s.isOrg, Pushing: s.pushing()})
	s.exchange.RegisterPushes()
	if err := s.db.Migrate(ctx, federation.Migrations()...); err != nil {
		return err
	}
	if s.federation, err = s.newFederation(); err != nil {
		return err
	}
	w.records, w.identity, w.places, w.lake, w.linkage, w.exchange, w.types = s.records, s.identity, s.places, s.lake, s.linkage, s.exchange, s.declared.Types
	if err := s.wireArchive(ctx, w); err != nil {
		return err
	}
	if err := s.db.Migrate(ctx, score.Migrations()...); err != nil {
		return err
	}
	s.scores = score.New(score.Deps{DB: s.db, Records: s.records, Evidence: s.evidence, Clock: s.timers(), Log: s.log, Scores: s.declared.scores(), Sources: w.sources(),
		Author: func() record.Author { return s.author(identity.NewSystem()) }})
	s.screens = screen.New(screen.Deps{Records: s.records, Processes: s.processes, Access: s.access, Clock: s.clock,
		Packs: s.packInfo(), Screens: decl.All[*screen.Screen](s.declared.Set, screen.Kind.Name), Areas: "county-boundary", View: s.caseJSON})
	return nil
}

// published hears of releases: whoever reads them must know at once.
type published struct{ *Server }

// Publish passes a topic of the lake on.
func (p published) Publish(topic string) {
	p.lookup.Published(strings.TrimPrefix(topic, "record."))
	p.events.Publish(topic)
	p.exchange.Published()
	p.federation.Published()
}

// rowsToRead opens the rows of a resource: the tables of a register, or the
// latest release of a dataset.
func (s *Server) rowsToRead(ctx context.Context, t *record.Type) (*record.Engine, int64, func(), error) {
	if t.Resource == record.Register {
		return s.records, 0, func() {}, nil
	}
	r, done, err := s.lookup.Open(ctx, t)
	if err != nil {
		return nil, 0, nil, err
	}
	return r.Records, r.Version, done, nil
}

func (s *Server) isOrg(ctx context.Context, id string) (bool, error) {
	tree, err := s.identity.Tree(ctx)
	return err == nil && tree.Org(id) != nil, err
}

// timers is the clock by which background work waits: with a test clock, time
// is read from it but waiting is real, so that sealing goes on.
func (s *Server) timers() clock.Clock {
	if s.fake == nil {
		return s.clock
	}
	return testClock{s.fake}
}

type testClock struct{ *clock.Fake }

// After waits in real time.
func (testClock) After(d time.Duration) <-chan time.Time { return time.After(d) }

// datums are the systems that points of datasets may be given in.
func datums() []lake.Datum {
	var out []lake.Datum
	for _, d := range datum.All() {
		out = append(out, lake.Datum{Name: string(d), SQL: func(point string) string { return datum.SQL(d, point) }, From: func(lon, lat float64) (float64, float64) {
			p := datum.Convert(datum.Point{Lon: lon, Lat: lat}, datum.WGS84, d)
			return p.Lon, p.Lat
		}})
	}
	return out
}

func fromDatum(from datum.Datum) func(lon, lat float64) (float64, float64) {
	return func(lon, lat float64) (float64, float64) {
		p := datum.Convert(datum.Point{Lon: lon, Lat: lat}, from, datum.WGS84)
		return p.Lon, p.Lat
	}
}

// Run brings in the seeds and does the background work until ctx ends.
func (s *Server) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	workers := map[string]func(context.Context) error{
		"evidence": s.seal, "search": s.search.Run, "jobs": func(ctx context.Context) error { s.jobs.Run(ctx); return nil },
		"timers": s.processes.Run, "identity": s.identity.Run, "sweep": s.sweep, "lookup": s.lookup.Run, "lake": s.lake.Sweep, "scores": s.scores.Run,
		"sources":       s.runSources,
		"subscriptions": func(ctx context.Context) error { return s.exchange.RunSubscriptions(ctx, clock.System().After) },
		"federation":    func(ctx context.Context) error { return s.federation.Run(ctx, clock.System().After) },
	}
	done := make(chan error, len(workers))
	for name, run := range workers {
		go func() {
			err := run(ctx)
			if err != nil && ctx.Err() == nil {
				cancel(fmt.Errorf("%s: %w", name, err))
			}
			done <- err
		}()
	}
	if err := s.seed(ctx); err == nil {
		close(s.seeded)
	} else if ctx.Err() == nil {
		cancel(err)
	}
	<-ctx.Done()
	for range workers {
		<-done
	}
	if cause := context.Cause(ctx); !errors.Is(cause, context.Canceled) {
		return cause
	}
	return nil
}

// runSources fetches what sources have, when the seeds are in: loads belong to
// organisations.
func (s *Server) runSources(ctx context.Context) error {
	select {
	case <-s.seeded:
		return s.lake.RunSources(ctx, clock.System().After)
	case <-ctx.Done():
		return nil
	}
}

// seal seals acts until ctx ends. When sealing stops for a reason that a person
// must mend, the program goes on: acts are appended and sealed later, and the
// health page says so.
func (s *Server) seal(ctx context.Context) error {
	if err := s.evidence.Run(ctx); err != nil && ctx.Err() == nil {
		s.log.Error("sealing has stopped", "err", err)
	}
	return nil
}

// Close ends the program's hold on its stores, after Run has returned.
func (s *Server) Close() error {
	return errors.Join(s.lookup.Close(), s.db.Close(), s.folder.Close())
}

// rates are the limits that the settings ask for. One address may stand for a
// whole office, so it gets ten times a person's.
func rates(cfg Config) identity.Rates {
	if cfg.Rate <= 0 {
		return identity.Rates{}
	}
	one := identity.Rate{PerMinute: cfg.Rate, Burst: max(cfg.Rate/10, 20)}
	many := identity.Rate{PerMinute: 10 * cfg.Rate, Burst: cfg.Rate}
	return identity.Rates{Person: one, Client: many, Address: many, SignIn: identity.Rate{PerMinute: 60, Burst: 30}}
}
