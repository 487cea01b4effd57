// Package packs holds every pack in the program to what the engines know: all
// of them load together, every expression compiles, and every grant can be
// said both as a policy and as SQL.
package packs

import (
	"log/slog"
	"os"
	"slices"
	"strings"
	"testing"

	"chengshu/core/access"
	"chengshu/core/decl"
	"chengshu/core/identity"
	"chengshu/core/record"
	"chengshu/engine/screen"
	"chengshu/pack"
	"chengshu/server"
)

// load returns all packs of the program, and fails the test with every mistake
// in them.
func load(t *testing.T) *server.Declared {
	t.Helper()
	sources, err := server.Sources("", "")
	if err != nil {
		t.Fatal(err)
	}
	declared, report := server.Declare(sources, server.Functions())
	if report.Err() == nil {
		declared.Access(report, slog.New(slog.DiscardHandler))
	}
	if report.Err() != nil {
		var b strings.Builder
		pack.PrintProblems(&b, report)
		t.Fatalf("the packs have mistakes:\n%s", &b)
	}
	return declared
}

func TestLoad(t *testing.T) {
	loaded := load(t)
	for _, p := range loaded.Packs {
		t.Logf("%-20s %v", p.Name, p.Counts)
	}
}

// TestFilesExist fails for a seed or an organisation file that is not there.
func TestFilesExist(t *testing.T) {
	loaded := load(t)
	for _, s := range decl.All[*record.Seed](loaded.Set, record.SeedKind.Name) {
		if _, err := loaded.Data(s.Pack, s.From); err != nil {
			t.Errorf("%s: seed %s: %v", s.Pos, s.Name, err)
		}
	}
	for _, o := range decl.All[*identity.Organisations](loaded.Set, "organisations") {
		if _, err := loaded.Data(o.Pack, o.From); err != nil {
			t.Errorf("%s: organisations %s: %v", o.Pos, o.Name, err)
		}
	}
}

// TestAccountsWork fails for a demo account whose organisation no file has, or
// whose roles open no screen.
func TestAccountsWork(t *testing.T) {
	loaded := load(t)
	orgs := organisations(t, loaded)
	screens := decl.All[*screen.Screen](loaded.Set, screen.Kind.Name)
	for _, a := range decl.All[*identity.Account](loaded.Set, "account") {
		actor := &identity.Actor{Person: "p"}
		for _, p := range a.Posts {
			if !orgs[p.Org] {
				t.Errorf("%s: no organisation %s", p.Pos, p.Org)
			}
			actor.Posts = append(actor.Posts, identity.Post{Roles: p.Roles})
		}
		open := 0
		for _, s := range screens {
			if slices.Contains(identity.FacesOf(actor, loaded.Set), s.Face) && (len(s.Roles) == 0 || slices.ContainsFunc(s.Roles, actor.Has)) {
				open++
			}
		}
		if open == 0 {
			t.Errorf("%s: account %s opens no screen", a.Pos, a.Name)
		}
	}
}

// organisations are the ids in the first column of the organisation files.
func organisations(t *testing.T, loaded *server.Declared) map[string]bool {
	t.Helper()
	out := map[string]bool{}
	for _, o := range decl.All[*identity.Organisations](loaded.Set, "organisations") {
		file, err := loaded.Data(o.Pack, o.From)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(file)) {
			id, _, _ := strings.Cut(line, ",")
			out[id] = true
		}
	}
	return out
}

// TestEveryTypeCanBeRead fails for a record type that no grant lets anybody
// read: its screens would be empty for all.
func TestEveryTypeCanBeRead(t *testing.T) {
	loaded := load(t)
	readable := map[string]bool{}
	for _, g := range decl.All[*access.Grant](loaded.Set, access.Kind.Name) {
		for _, name := range g.On {
			for _, a := range g.Actions {
				readable[name] = readable[name] || a == access.Read
			}
		}
	}
	for _, typ := range decl.All[*record.Type](loaded.Set, record.Kind.Name) {
		if !readable[typ.Name] {
			t.Errorf("%s: nobody may read %s", typ.Pos, typ.Name)
		}
	}
}

// TestSystemsNameRealPacks compares the list of the law's systems with the
// packs there are: each folder is a system of the law under the same name, and
// serves the same articles.
func TestSystemsNameRealPacks(t *testing.T) {
	text, err := os.ReadFile("../../packs/coordination/data/systems.csv")
	if err != nil {
		t.Fatal(err)
	}
	articles := map[string]string{}
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		name, _, _ := strings.Cut(line, ",")
		articles[name] = line[strings.LastIndexByte(line, ',')+1:]
	}
	if len(articles) != 55+1 {
		t.Errorf("%d systems, want 55", len(articles)-1)
	}
	for _, p := range load(t).Packs {
		if want, ok := articles[p.Name]; !ok {
			t.Errorf("%s: pack %s is no system of the law", p.Pos, p.Name)
		} else if got := strings.Join(p.Articles, ";"); got != want {
			t.Errorf("%s: pack %s serves articles %s, the list has %s", p.Pos, p.Name, got, want)
		}
	}
}
