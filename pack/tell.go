package pack

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"chengshu/core/decl"
	"chengshu/pack/scenario"
)

// Told is one scenario of a pack.
type Told struct {
	*scenario.Scenario
	Pack *Pack
	// Name is its file name without .txt, with folders below scenarios/.
	Name string
}

// Tell reads the scenarios of the given packs, or of all when names is empty,
// and notes their mistakes: those of the text, names of accounts and types that
// no pack declares, files that are not there. A name may be pack/scenario.
func (l *Loaded) Tell(names []string, r *decl.Report) []Told {
	var out []Told
	for _, p := range l.Packs {
		told := l.tell(p, r)
		for _, t := range told {
			if len(names) == 0 || slices.Contains(names, p.Name) || slices.Contains(names, p.Name+"/"+t.Name) {
				out = append(out, t)
			}
		}
	}
	return out
}

func (l *Loaded) tell(p *Pack, r *decl.Report) []Told {
	var out []Told
	byName := map[string]*scenario.Scenario{}
	for _, file := range p.Scenarios {
		text, ok := p.folder.read(file, r)
		if !ok {
			continue
		}
		s := scenario.Parse(text, p.File(file), r)
		name := strings.TrimSuffix(strings.TrimPrefix(file, "scenarios/"), ".txt")
		byName[name] = s
		out = append(out, Told{s, p, name})
	}
	for _, t := range out {
		t.follow(byName, r)
		l.known(t, r)
	}
	return out
}

// follow links a scenario to the one that it says is told first.
func (t Told) follow(byName map[string]*scenario.Scenario, r *decl.Report) {
	if t.Follows == "" {
		return
	}
	at := decl.Pos{File: t.File, Line: 1, Col: 1}
	before := byName[path.Join(path.Dir(t.Name), t.Follows)]
	if before == nil {
		var known []string
		for n := range byName {
			known = append(known, n)
		}
		zh, en := decl.Suggest(t.Follows, known)
		r.Add(at, fmt.Sprintf("follows 的场景 %q 不存在；%s", t.Follows, zh), fmt.Sprintf("there is no scenario %q to follow; %s", t.Follows, en))
		return
	}
	for s := before; s != nil; s = s.Before {
		if s == t.Scenario {
			r.Add(at, "场景互相跟随，成了圈", "scenarios follow each other in a circle")
			return
		}
	}
	t.Before = before
}

// known notes actors, types and files that do not exist. Whatever the loaded
// kinds cannot tell is left to the run.
func (l *Loaded) known(t Told, r *decl.Report) {
	c := nameCheck{Told: t, report: r, accounts: l.Set.Names("account"), types: append(l.Set.Names("record"), l.Set.Names("process")...), processes: l.Set.Names("process")}
	for s := t.Scenario; s != nil; s = s.Before {
		for _, step := range s.Steps {
			if ask, ok := step.Do.(*scenario.Ask); ok && ask.Verb == scenario.Registers {
				c.accounts = append(c.accounts, ask.Actor)
			}
		}
	}
	for _, step := range t.Steps {
		switch do := step.Do.(type) {
		case *scenario.Ask:
			c.ask(step, do)
		case *scenario.Once:
			for _, inner := range do.Asks {
				if ask, ok := inner.Do.(*scenario.Ask); ok {
					c.ask(inner, ask)
				}
			}
		case scenario.Listen:
			c.actor(step, do.Actor)
		}
	}
}

type nameCheck struct {
	Told
	report                     *decl.Report
	accounts, types, processes []string
}

func (c *nameCheck) one(s *scenario.Step, what, zhWhat, name string, known []string) {
	if name == "" || len(known) == 0 || slices.Contains(known, name) {
		return
	}
	zh, en := decl.Suggest(name, known)
	c.report.Add(decl.Pos{File: c.File, Line: s.Line, Col: 1}, fmt.Sprintf("没有%s %q；%s", zhWhat, name, zh), fmt.Sprintf("there is no %s %q; %s", what, name, en))
}

func (c *nameCheck) actor(s *scenario.Step, name string) {
	if name != scenario.Anyone {
		c.one(s, "account", "账号", name, c.accounts)
	}
}

func (c *nameCheck) ask(s *scenario.Step, a *scenario.Ask) {
	c.actor(s, a.Actor)
	if a.Verb == scenario.Opens {
		c.one(s, "process", "事项", a.Type, c.processes)
	} else {
		c.one(s, "type", "类型", a.Type, c.types)
	}
	files := []string{a.Options.File}
	if a.Verb == scenario.Uploads {
		files = []string{a.Name}
	}
	for _, f := range files {
		if f == "" {
			continue
		}
		if _, err := fs.Stat(c.Pack.folder.fsys, f); errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrInvalid) {
			c.report.Add(decl.Pos{File: c.File, Line: s.Line, Col: 1}, fmt.Sprintf("能力包里没有文件 %q", f), fmt.Sprintf("the pack has no file %q", f))
		}
	}
}
