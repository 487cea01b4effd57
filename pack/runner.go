package pack

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"chengshu/core/decl"
	"chengshu/pack/scenario"
)

// Outcome is one line of `chengshu scenario --json`.
type Outcome struct {
	Pack       string               `json:"pack"`
	Scenario   string               `json:"scenario"`
	OK         bool                 `json:"ok"`
	MS         int64                `json:"ms"`
	Difference *scenario.Difference `json:"difference,omitempty"`
}

// longest is how much real time one scenario may take.
const longest = 5 * time.Minute

// scenarios runs the scenarios of the named packs, some at a time, and prints
// their outcomes in the order of the packs.
func (c *command) scenarios(ctx context.Context, names []string) int {
	l, report := c.load()
	if c.fail(report) {
		return exitProblem
	}
	told := l.Tell(names, report)
	if c.fail(report) {
		return exitProblem
	}
	if missing := unknown(l, told, names); missing != "" {
		fmt.Fprintln(c.stderr, missing)
		return exitUsage
	}
	servers, err := c.Servers(ctx, Setup{l, c.Sources, c.db})
	if err != nil {
		fmt.Fprintln(c.stderr, err)
		return exitProblem
	}
	code := c.run(ctx, told, c.runner(l, servers))
	if err := servers.Close(); err != nil {
		fmt.Fprintln(c.stderr, err)
		return exitProblem
	}
	return code
}

// unknown says which name matches no scenario.
func unknown(l *Loaded, told []Told, names []string) string {
	for _, n := range names {
		if l.Pack(n) != nil || slices.ContainsFunc(told, func(t Told) bool { return t.Pack.Name+"/"+t.Name == n }) {
			continue
		}
		var known []string
		for _, p := range l.Packs {
			known = append(known, p.Name)
		}
		zh, en := decl.Suggest(n, known)
		return fmt.Sprintf("没有能力包或场景 %q；%s\nthere is no pack or scenario %q; %s", n, zh, n, en)
	}
	return ""
}

func (c *command) runner(l *Loaded, servers *Servers) *scenario.Runner {
	passwords := map[string]string{}
	if c.Passwords != nil {
		passwords = c.Passwords(l.Set)
	}
	processes := l.Set.Names("process")
	return &scenario.Runner{
		Target:   servers.Open,
		Password: func(account string) (string, bool) { p, ok := passwords[account]; return p, ok },
		IsCase:   func(typ string) bool { _, found := slices.BinarySearch(processes, typ); return found },
		Verify:   c.Verify,
		Calendar: c.Calendar,
	}
}

func (c *command) run(ctx context.Context, told []Told, r *scenario.Runner) int {
	outcomes := make([]chan Outcome, len(told))
	slots := make(chan struct{}, c.parallel)
	for i := range told {
		outcomes[i] = make(chan Outcome, 1)
	}
	go func() {
		for i, t := range told {
			slots <- struct{}{}
			go func() {
				outcomes[i] <- c.one(ctx, t, r)
				<-slots
			}()
		}
	}()
	failed := 0
	for i, t := range told {
		o := <-outcomes[i]
		if !o.OK {
			failed++
		}
		if err := c.print(t, o); err != nil {
			fmt.Fprintln(c.stderr, err)
			return exitProblem
		}
	}
	if !c.json {
		fmt.Fprintf(c.stdout, "%d 个场景，%d 个不符 / %d scenarios, %d differ\n", len(told), failed, len(told), failed)
	}
	if failed > 0 {
		return exitProblem
	}
	return exitOK
}

func (c *command) one(ctx context.Context, t Told, r *scenario.Runner) Outcome {
	ctx, cancel := context.WithTimeout(ctx, longest)
	defer cancel()
	begin := c.Clock.Now()
	d := r.Run(ctx, t.Scenario, t.Pack.Data)
	return Outcome{Pack: t.Pack.Name, Scenario: t.Name, OK: d == nil, MS: c.Clock.Now().Sub(begin).Milliseconds(), Difference: d}
}

func (c *command) print(t Told, o Outcome) error {
	if c.json {
		e := json.NewEncoder(c.stdout)
		e.SetEscapeHTML(false)
		return e.Encode(o)
	}
	word := "ok  "
	if !o.OK {
		word = "DIFF"
	}
	if _, err := fmt.Fprintf(c.stdout, "%s %s/%s %d ms  %s | %s\n", word, o.Pack, o.Scenario, o.MS, t.Title.Zh, t.Title.En); err != nil || o.OK {
		return err
	}
	_, err := fmt.Fprintln(c.stdout, o.Difference)
	return err
}
