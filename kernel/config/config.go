package config

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"chengshu/kernel/fault"
)

const envPrefix = "CHENGSHU_"

// ErrHelp is what Load returns when the command line asks for --help.
var ErrHelp = errors.New("config: help was asked for")

// Settings says what is in force, and where each setting came from.
type Settings struct {
	// Args are the words of the command line that are no flags.
	Args   []string
	fields []*field
	strays []string // variables of ours that no setting answers to
}

// Load fills the struct that cfg points to from its defaults, the file that
// --config or CHENGSHU_CONFIG names, env ("KEY=value", as os.Environ gives)
// and args (without the program's name).
//
// Each field has the tags `name`, and where wanted `default`, `zh` and `en`
// (what it is for) and `secret`: "true" hides the value in Explain, "url" only
// the password in it. Fields are strings, booleans, whole numbers, float64,
// time.Duration, Size, whatever implements encoding.TextUnmarshaler, and lists
// of those. An empty value in the file or the environment is a value.
//
// Flags are --name value or --name=value; a boolean alone means true and
// --no-name means false. What follows "--" is left in Args. Load returns
// ErrHelp, or a fault of kind Invalid with all mistakes, their places being
// the flag, the variable, or FILE:LINE.
func Load(cfg any, args, env []string) (*Settings, error) {
	s := &Settings{fields: declared(cfg)}
	flags, wrong := s.parseArgs(args)
	for _, f := range flags {
		if f.name == "help" {
			return s, ErrHelp
		}
	}
	vars := ours(env)
	path := vars[envPrefix+"CONFIG"]
	for _, f := range flags {
		if f.name == "config" {
			path = f.text
		}
	}
	if path != "" {
		wrong = append(wrong, s.applyFile(path)...)
	}
	wrong = append(wrong, s.applyEnv(vars)...)
	wrong = append(wrong, s.applyFlags(flags)...)
	if len(wrong) == 0 {
		return s, nil
	}
	f := fault.New(fault.Invalid, "bad-config", "配置有误", "the configuration is wrong")
	for _, m := range wrong {
		f.With(m.place, m.zh, m.en)
	}
	return s, f
}

func (s *Settings) find(name string) *field {
	for _, f := range s.fields {
		if f.name == name {
			return f
		}
	}
	return nil
}

// put sets one field and remembers where the value came from.
func (s *Settings) put(name, text, place string) []mistake {
	f := s.find(name)
	if f == nil {
		return []mistake{s.unknown(place, name)}
	}
	if err := f.set(text); err != nil {
		en := err.Error()
		if f.secret != open { // The reason may quote the value.
			en = "the value does not parse"
		}
		return []mistake{{place, name + " 的值无效", name + ": " + en}}
	}
	f.origin = place
	return nil
}

func (s *Settings) unknown(place, name string) mistake {
	zh, en := "没有名为 "+name+" 的配置项", "there is no setting "+name
	if near := s.nearest(name); near != "" {
		zh, en = zh+"，是否为 "+near+"？", en+"; did you mean "+near+"?"
	}
	return mistake{place, zh, en}
}

func (s *Settings) applyFile(path string) []mistake {
	entries, wrong := readFile(path)
	for _, e := range entries {
		wrong = append(wrong, s.put(e.name, e.text, fmt.Sprintf("%s:%d", path, e.line))...)
	}
	return wrong
}

// ours keeps the variables that bear our prefix.
func ours(env []string) map[string]string {
	out := map[string]string{}
	for _, e := range env {
		if k, v, ok := strings.Cut(e, "="); ok && strings.HasPrefix(k, envPrefix) {
			out[k] = v
		}
	}
	return out
}

// applyEnv does not refuse a variable it does not know, because other programs
// may have put it there; Explain shows it.
func (s *Settings) applyEnv(vars map[string]string) (wrong []mistake) {
	known := map[string]bool{envPrefix + "CONFIG": true}
	for _, f := range s.fields {
		known[f.env()] = true
		if v, ok := vars[f.env()]; ok {
			wrong = append(wrong, s.put(f.name, v, f.env())...)
		}
	}
	for k := range vars {
		if !known[k] {
			s.strays = append(s.strays, k)
		}
	}
	slices.Sort(s.strays)
	return wrong
}

func (s *Settings) applyFlags(flags []entry) (wrong []mistake) {
	for _, f := range flags {
		if f.name != "config" {
			wrong = append(wrong, s.put(f.name, f.text, "--"+f.name)...)
		}
	}
	return wrong
}

// parseArgs splits the command line into flags, in their order, and s.Args.
func (s *Settings) parseArgs(args []string) (flags []entry, wrong []mistake) {
	for i := 0; i < len(args); i++ {
		a := args[i]
		if a == "--" {
			s.Args = append(s.Args, args[i+1:]...)
			break
		}
		if !strings.HasPrefix(a, "-") || a == "-" {
			s.Args = append(s.Args, a)
			continue
		}
		name, text, hasText := strings.Cut(strings.TrimPrefix(a[1:], "-"), "=")
		if name == "h" || name == "help" {
			return []entry{{name: "help"}}, nil
		}
		if on, ok := strings.CutPrefix(name, "no-"); ok && !hasText && s.isBool(on) {
			name, text, hasText = on, "false", true
		}
		if !hasText && s.isBool(name) {
			text, hasText = "true", true
		}
		if !hasText && name != "config" && s.find(name) == nil {
			wrong = append(wrong, s.unknown("--"+name, name))
			continue
		}
		if !hasText {
			if i++; i == len(args) {
				wrong = append(wrong, mistake{"--" + name, "缺少值", "needs a value"})
				break
			}
			text = args[i]
		}
		flags = append(flags, entry{name: name, text: text})
	}
	return flags, wrong
}

func (s *Settings) isBool(name string) bool {
	f := s.find(name)
	return f != nil && f.isBool()
}

// nearest returns the declared name that is at most two slips away, and fewer
// for a short name, or "".
func (s *Settings) nearest(name string) string {
	best, least := "", 1+min(2, len(name)/3)
	if len(name) > 64 {
		return ""
	}
	for _, f := range s.fields {
		if d := slips(name, f.name); d < least {
			best, least = f.name, d
		}
	}
	return best
}

// slips is the Levenshtein distance of a and b in bytes.
func slips(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
