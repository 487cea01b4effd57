package arch

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// layer says what one top folder is for and which top folders it may import, besides itself.
type layer struct {
	may []string
	why string
}

// layers is the layout: kernel ← core ← engine ← {standard, pack} ← server ← cmd, where an arrow means "may be
// imported by". A top folder that is not in it may hold no Go.
var layers = map[string]layer{
	"kernel":   {nil, "kernel is plumbing that knows no word of the law, so that it can be understood and tested alone"},
	"core":     {[]string{"kernel"}, "the four nouns must not depend on what is built from them"},
	"engine":   {[]string{"kernel", "core"}, "an engine reaches packs through what server/wire.go registers, and standards call engines, not the reverse"},
	"standard": {[]string{"kernel", "core", "engine"}, "a standard only translates between the outside and core or engine; it knows no packs"},
	"pack":     {[]string{"kernel", "core", "engine"}, "packs are declarations and must run without any outside standard"},
	"packs":    {nil, "packs/ is declarations that a civil servant can read; its only Go embeds them"},
	"web":      {nil, "web's only Go embeds the built application"},
	"server":   {[]string{"kernel", "core", "engine", "standard", "pack", "packs", "web"}, "server wires what stands below it"},
	"cmd":      {[]string{"kernel", "core", "engine", "standard", "pack", "packs", "web", "server"}, "cmd only starts the server"},
	"test":     {[]string{"kernel", "core", "engine", "standard", "pack", "packs", "web", "server", "bench"}, "black-box suites stand above everything"},
	"bench":    {[]string{"kernel", "core", "engine", "standard", "pack", "packs", "web", "server"}, "benchmarks stand above everything"},
}

// coreOrder is the order within core: each may import those before it.
var coreOrder = []string{"decl", "rule", "evidence", "record", "identity", "access", "process"}

// edges lists the imports that are permitted beyond the layers, each with its reason: from one engine to another, from
// one standard to another. Engines otherwise meet through an effect, or a one-method interface that the consumer
// declares.
var edges = map[[2]string]string{
	{"cmd/citygen", "bench/synth"}: "the command writes the synthetic city of the benchmarks to files; the program itself does not hold it",
}

// sole lists libraries that one package hides from the rest, so that replacing them touches one folder. Benchmarks
// may import them to measure them.
var sole = map[string]string{
	"github.com/duckdb/":                  "DuckDB runs in worker processes with a locked configuration; a second way in would be unguarded",
	"github.com/cedar-policy/":            "grants are the only permission language; Cedar is generated from them in one place",
	"github.com/transparency-dev/tessera": "one sealer assigns the sequence of the log",
	"cel.dev/cel-go":                      "rules are parsed, checked and cached in one place",
	"github.com/tetratelabs/wazero":       "a guest always runs in a child process with a deadline and a memory limit",
	"github.com/nats-io/nats-server/v2":   "embedded or outside, events come through one door",
}

// Imports returns a line for each import that the layout forbids.
func Imports(tree Tree) []string {
	var found []string
	for _, file := range tree.Files {
		if file.Go == nil {
			continue
		}
		if _, known := layers[top(file.Dir())]; !known {
			found = append(found, fmt.Sprintf("%s: Go outside the layout: put it into one of %s, or extend the layout", file.Path, strings.Join(sorted(layers), ", ")))
			continue
		}
		for _, target := range file.Go.Imports {
			inside, ours := strings.CutPrefix(target, Module+"/")
			if !ours {
				continue
			}
			if why := forbidden(file, inside); why != "" {
				found = append(found, fmt.Sprintf("%s imports %s: %s", file.Path, inside, why))
			}
		}
	}
	return found
}

// forbidden is the reason why the file may not import the folder, or "".
func forbidden(file File, target string) string {
	from, to := top(file.Dir()), top(target)
	if edges[[2]string{pair(file.Dir()), pair(target)}] != "" {
		return ""
	}
	switch {
	case to == "test" && file.Go.Test:
		return "" // tests share helpers
	case from == to:
		return sideways(file.Dir(), target)
	case slices.Contains(layers[from].may, to):
		return ""
	default:
		return layers[from].why
	}
}

// sideways judges an import within one layer.
func sideways(from, to string) string {
	here, there := second(from), second(to)
	if here == there {
		return ""
	}
	switch top(from) {
	case "core":
		i, j := slices.Index(coreOrder, here), slices.Index(coreOrder, there)
		if i < 0 || j < 0 {
			return "each package of core has its place in the order " + strings.Join(coreOrder, " ← ") + ": give it one"
		}
		if j > i {
			return "within core imports follow " + strings.Join(coreOrder, " ← ") + ", so that a noun never depends on a later one"
		}
	case "engine", "standard":
		return "engines and standards meet through effects or an interface of the consumer; an edge between two needs a line with its reason in the table of this test"
	}
	return ""
}

// Sole returns a line for each library of the table that more than one package imports.
func Sole(tree Tree) []string {
	var found []string
	for _, library := range sorted(sole) {
		var users []string
		for _, file := range tree.Files {
			if file.Go == nil || file.Go.Test || top(file.Dir()) == "bench" || slices.Contains(users, file.Dir()) {
				continue
			}
			if slices.ContainsFunc(file.Go.Imports, func(target string) bool { return strings.HasPrefix(target, library) }) {
				users = append(users, file.Dir())
			}
		}
		if len(users) > 1 {
			found = append(found, fmt.Sprintf("%s is imported by %s: one package hides it, because %s", library, strings.Join(users, " and "), sole[library]))
		}
	}
	return found
}

// top is the first part of a path, second the second; "" when there is none.
func top(dir string) string {
	first, _, _ := strings.Cut(dir, "/")
	return first
}

func second(dir string) string {
	_, rest, _ := strings.Cut(dir, "/")
	return top(rest)
}

// pair is the first two parts of a path, which name an engine, a standard or a command.
func pair(dir string) string { return top(dir) + "/" + second(dir) }

// sorted are the keys of a table in order, so that failures read the same each time.
func sorted[V any](table map[string]V) []string { return slices.Sorted(maps.Keys(table)) }
