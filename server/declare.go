package server

import (
	"bytes"
	"fmt"
	"log/slog"
	"slices"

	"chengshu/core/access"
	"chengshu/core/decl"
	"chengshu/core/identity"
	"chengshu/core/process"
	"chengshu/core/record"
	"chengshu/core/rule"
	"chengshu/engine/archive"
	"chengshu/engine/federation"
	"chengshu/engine/geo"
	"chengshu/engine/lake"
	"chengshu/engine/lake/linkage"
	"chengshu/engine/score"
	"chengshu/engine/screen"
	"chengshu/pack"
	"chengshu/packs"
)

// Kinds is the one list of what packs can declare.
func Kinds() []decl.Kind { return kindsOf(&world{}) }

func kindsOf(w *world) []decl.Kind {
	kinds := []decl.Kind{record.Kind, record.SeedKind, process.Kind(w.effects()), access.Kind, geo.Kind, lake.SourceKind, federation.NodeKind, federation.ExchangeKind, linkage.Kind(linkageChecks()), score.Kind(w.sources()), screen.Kind}
	return append(append(kinds, archive.Kind), identity.Kinds()...)
}

// Declared is everything that the packs say, checked and compiled.
type Declared struct {
	*pack.Loaded
	Env       *rule.Env
	Types     []*record.Type
	Processes []*process.Process
	Grants    []*access.Grant
}

// Sources returns where packs are read from: those in the binary, then the
// folders that the settings name.
func Sources(packsDir, overlay string) ([]pack.Source, error) {
	out := []pack.Source{{Name: "packs", FS: packs.FS}}
	for _, dir := range []string{packsDir, overlay} {
		if dir == "" {
			continue
		}
		src, err := pack.Dir(dir)
		if err != nil {
			return nil, err
		}
		src.Overlay = dir == overlay
		out = append(out, src)
	}
	return out, nil
}

// Declare loads packs and compiles every expression in them, for checking: what
// they name does nothing.
func Declare(sources []pack.Source, fns []rule.Function) (*Declared, *decl.Report) {
	return declare(sources, Kinds(), fns)
}

// declare is Declare with the kinds and rule functions that do what they say.
func declare(sources []pack.Source, kinds []decl.Kind, fns []rule.Function) (*Declared, *decl.Report) {
	loaded, report := pack.Load(sources, kinds)
	if report.Err() != nil {
		return &Declared{Loaded: loaded}, report
	}
	return compileLoaded(loaded, fns, report), report
}

func compileLoaded(loaded *pack.Loaded, fns []rule.Function, report *decl.Report) *Declared {
	d := &Declared{Loaded: loaded}
	d.Types = decl.All[*record.Type](loaded.Set, record.Kind.Name)
	d.Processes = decl.All[*process.Process](loaded.Set, process.KindName)
	d.Env = rule.NewEnv(append(record.Shapes(d.Types), process.ActorShape), fns)
	record.Compile(d.Types, d.Env, report)
	process.Compile(d.Processes, d.Env, report)
	score.Compile(d.scores(), d.Env, report)
	d.Grants = decl.All[*access.Grant](loaded.Set, access.Kind.Name)
	for _, p := range d.Processes {
		d.Grants = append(d.Grants, p.Grants()...)
	}
	for _, s := range decl.All[*record.Seed](loaded.Set, record.SeedKind.Name) {
		d.checkData(s.Meta, s.From, report, s.CheckFile)
	}
	d.checkPosts(report)
	return d
}

// checkData checks a file of data that a declaration names; one that its pack
// does not hold is reported.
func (d *Declared) checkData(m decl.Meta, from string, report *decl.Report, check func(file []byte, name string, r *decl.Report)) {
	file, err := d.Data(m.Pack, from)
	if err != nil {
		report.Add(m.Pos, fmt.Sprintf("没有文件 %q", from), fmt.Sprintf("there is no file %q", from))
		return
	}
	check(file, d.Pack(m.Pack).File(from), report)
}

// checkPosts checks the files of organisations, and that the accounts' posts
// are in one of them.
func (d *Declared) checkPosts(report *decl.Report) {
	var ids []string
	before := len(report.Problems())
	files := decl.All[*identity.Organisations](d.Set, "organisations")
	for _, o := range files {
		d.checkData(o.Meta, o.From, report, func(file []byte, name string, r *decl.Report) {
			ids = append(ids, identity.OrgsIn(bytes.NewReader(file), name, r)...)
		})
	}
	if len(report.Problems()) > before || len(files) == 0 {
		return
	}
	for _, a := range decl.All[*identity.Account](d.Set, "account") {
		for _, p := range a.Posts {
			if !slices.Contains(ids, p.Org) {
				zh, en := decl.Suggest(p.Org, ids)
				report.Add(p.Pos, fmt.Sprintf("没有组织 %q；%s", p.Org, zh), fmt.Sprintf("there is no organisation %q; %s", p.Org, en))
			}
		}
	}
}

// scores are the declared evaluations.
func (d *Declared) scores() []*score.Score { return decl.All[*score.Score](d.Set, "score") }

// Access makes the engine of permission from the declared grants and those of
// the processes.
func (d *Declared) Access(report *decl.Report, log *slog.Logger) *access.Engine {
	actions := map[string][]string{}
	for _, p := range d.Processes {
		for _, a := range p.Actions {
			actions[p.Name] = append(actions[p.Name], a.Name)
		}
		actions[p.Name] = append(actions[p.Name], "evidence")
	}
	for _, l := range decl.All[*linkage.Linkage](d.Set, linkage.KindName) {
		if !slices.Contains(actions[l.Process], linkage.Decide) {
			actions[l.Process] = append(actions[l.Process], linkage.Decide)
		}
	}
	return access.New(access.Deps{Types: d.Types, Roles: decl.All[*identity.Role](d.Set, "role"), Grants: d.Grants,
		Actions: actions, Rules: d.Env, Report: report, Logger: log})
}
