package pack

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"

	"go.yaml.in/yaml/v3"

	"chengshu/core/decl"
	"chengshu/kernel/clock"
	"chengshu/pack/scenario"
)

// Env is what the commands need from the program that they are part of.
type Env struct {
	Kinds []decl.Kind
	// Sources are the packs that the program would load: the embedded ones,
	// and those its configuration names.
	Sources []Source
	// Compile checks what goes beyond decoding: expressions, grants. It is
	// called when everything was loaded without a mistake.
	Compile func(l *Loaded, r *decl.Report)
	// Passwords gives the password of each declared account.
	Passwords func(*decl.Set) map[string]string
	// Servers makes ready for scenarios.
	Servers func(ctx context.Context, s Setup) (*Servers, error)
	// Verify checks an evidence bundle against the keys of the server's log.
	Verify func(ctx context.Context, t scenario.Target, bundle []byte) error
	// Clock is real time; it only measures how long a scenario took.
	Clock clock.Clock
	// Calendar finds the end of `after 3 work-days`.
	Calendar *clock.Calendar
}

// Setup is what the servers of scenarios run with.
type Setup struct {
	Loaded  *Loaded
	Sources []Source
	DB      string // address of the database server; "" for embedded
}

// Servers gives fresh servers, each from a template that was filled once.
type Servers struct {
	Open  func(ctx context.Context) (scenario.Target, error)
	Close func() error // removes the template
}

// Exit codes of the commands.
const (
	exitOK      = 0
	exitProblem = 1 // a mistake in a pack, or a scenario that differs
	exitUsage   = 2
)

const usage = `usage:
  chengshu packs [--json]                  what is loaded
  chengshu pack new NAME [DIR]             write a working example pack into DIR/NAME
  chengshu pack check [--json] [DIR…]      check packs, those in DIR in place of loaded ones
  chengshu pack show KIND/NAME             an item with its overlays, its place and its hash
  chengshu scenario [PACK…] [--json] [-j N] [--db URL]
                                           run scenarios; PACK may be pack/scenario
  each also takes --packs DIR and --overlay DIR, as often as needed
`

// Main runs the commands packs, pack and scenario; args[0] names which. It
// returns the exit code: 0, 1 for mistakes in packs or scenarios, 2 for wrong
// usage.
func Main(ctx context.Context, args []string, stdout, stderr io.Writer, env Env) int {
	c := &command{Env: env, stdout: stdout, stderr: stderr}
	rest, err := c.parse(args)
	if err != nil {
		fmt.Fprintf(stderr, "%v\n%s", err, usage)
		return exitUsage
	}
	word := strings.Join(rest[:min(len(rest), 2)], " ")
	switch {
	case len(rest) == 1 && rest[0] == "packs":
		return c.packs()
	case len(rest) > 0 && rest[0] == "scenario":
		return c.scenarios(ctx, rest[1:])
	case word == "pack check":
		return c.check(rest[2:])
	case word == "pack new" && (len(rest) == 3 || len(rest) == 4):
		return c.create(rest[2], rest[3:])
	case word == "pack show" && len(rest) == 3:
		return c.show(rest[2])
	}
	fmt.Fprint(stderr, usage)
	return exitUsage
}

type command struct {
	Env
	stdout, stderr io.Writer
	json           bool
	db             string
	parallel       int
	folders        folderFlags
}

// folderFlags are the --packs and --overlay folders in the order given.
type folderFlags []struct {
	name    string
	overlay bool
}

// parse reads flags wherever they stand and returns the words.
func (c *command) parse(args []string) (words []string, err error) {
	f := flag.NewFlagSet("chengshu", flag.ContinueOnError)
	f.SetOutput(io.Discard)
	f.BoolVar(&c.json, "json", false, "")
	f.StringVar(&c.db, "db", "", "")
	f.IntVar(&c.parallel, "j", 2, "")
	for name, overlay := range map[string]bool{"packs": false, "overlay": true} {
		f.Func(name, "", func(dir string) error {
			c.folders = append(c.folders, struct {
				name    string
				overlay bool
			}{dir, overlay})
			return nil
		})
	}
	for len(args) > 0 {
		if err := f.Parse(args); err != nil {
			return nil, err
		}
		if args = f.Args(); len(args) > 0 {
			words, args = append(words, args[0]), args[1:]
		}
	}
	if len(words) == 0 || c.parallel < 1 {
		return nil, errors.New("")
	}
	for _, d := range c.folders {
		s, err := Dir(d.name)
		if err != nil {
			return nil, err
		}
		s.Overlay = d.overlay
		c.Sources = append(c.Sources, s)
	}
	return words, nil
}

// fail prints the problems, if any.
func (c *command) fail(r *decl.Report) bool {
	n := PrintProblems(c.stderr, r)
	if n > 0 {
		fmt.Fprintf(c.stderr, "%d 处错误，未载入 / %d mistakes, nothing loaded\n", n, n)
	}
	return n > 0
}

// load loads all packs and compiles what they say.
func (c *command) load() (*Loaded, *decl.Report) {
	l, report := Load(c.Sources, c.Kinds)
	c.compile(l, report)
	return l, report
}

func (c *command) compile(l *Loaded, r *decl.Report) {
	if c.Compile != nil && len(r.Problems()) == 0 {
		c.Compile(l, r)
	}
}

func (c *command) packs() int {
	l, report := c.load()
	if c.fail(report) {
		return exitProblem
	}
	if err := List(c.stdout, l, c.json); err != nil {
		fmt.Fprintln(c.stderr, err)
		return exitProblem
	}
	return exitOK
}

// check loads everything with the packs in dirs in place of loaded packs of
// the same name, and their scenarios too.
func (c *command) check(dirs []string) int {
	l := newLoader(c.Kinds)
	base := l.find(c.Sources)
	var checked []*Pack
	for i, dir := range dirs {
		s, err := Dir(dir)
		if err != nil {
			fmt.Fprintln(c.stderr, err)
			return exitUsage
		}
		for _, f := range folders(s, len(c.Sources)+i, l.report) {
			if p := readManifest(f, l.report); p != nil {
				checked = append(checked, p)
			}
		}
	}
	l.load(append(without(base, checked), checked...))
	c.compile(&l.Loaded, l.report)
	l.Tell(nil, l.report)
	if c.json {
		return c.problemsAsJSON(l.report)
	}
	if PrintProblems(c.stdout, l.report) > 0 {
		return exitProblem
	}
	fmt.Fprintf(c.stdout, "%d 个能力包，没有错误 / %d packs, no mistakes\n", len(l.Packs), len(l.Packs))
	return exitOK
}

func without(packs, other []*Pack) []*Pack {
	var out []*Pack
	for _, p := range packs {
		replaced := false
		for _, o := range other {
			replaced = replaced || o.Name == p.Name
		}
		if !replaced {
			out = append(out, p)
		}
	}
	return out
}

func (c *command) problemsAsJSON(r *decl.Report) int {
	e := json.NewEncoder(c.stdout)
	e.SetEscapeHTML(false)
	code := exitOK
	for _, p := range r.Problems() {
		code = exitProblem
		row := map[string]any{"file": p.File, "line": p.Line, "col": p.Col, "zh": p.Zh, "en": p.En}
		if err := e.Encode(row); err != nil {
			fmt.Fprintln(c.stderr, err)
			return exitProblem
		}
	}
	return code
}

// show prints an item as it stands after all overlays, and the hash that an
// overlay of it must name.
func (c *command) show(name string) int {
	l, report := c.load()
	d := l.named[name]
	if d == nil {
		if !c.fail(report) {
			var known []string
			for n := range l.named {
				known = append(known, n)
			}
			zh, en := decl.Suggest(name, known)
			fmt.Fprintf(c.stderr, "没有 %s；%s\nthere is no %s; %s\n", name, zh, name, en)
		}
		return exitProblem
	}
	text, err := yaml.Marshal(clone(d.Node))
	if err != nil {
		fmt.Fprintln(c.stderr, err)
		return exitProblem
	}
	fmt.Fprintf(c.stdout, "# %s\n# of: %s\n%s: %s\n%s", d.Pos, d.declared, d.Kind, d.Name, text)
	return exitOK
}
