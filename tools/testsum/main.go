// Testsum reads what `go test -json` prints and makes it readable: a line per package, the whole output of what
// failed, why tests were skipped, and counts that add up.
//
//	go test -json ./... | testsum -counts FILE
//
// FILE gets one line, "PASSED FAILED SKIPPED". A test with subtests is not counted, its subtests are; the seeds of a
// fuzz test count as one; a package that fails otherwise, such as by not compiling, counts as one failure. The exit
// code is 1 when anything failed or when there was nothing to read.
package main

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
)

func main() {
	counts := flag.String("counts", "", "file that receives the counts")
	flag.Parse()
	total, err := summarise(os.Stdin, os.Stdout)
	if err == nil && *counts != "" {
		err = os.WriteFile(*counts, fmt.Appendf(nil, "%d %d %d\n", total.passed, total.failed, total.skipped), 0o644)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "testsum:", err)
		os.Exit(1)
	}
	if total.failed > 0 {
		os.Exit(1)
	}
}

// event is a line of `go test -json`, described by `go doc test2json` and `go help buildjson`.
type event struct {
	Action, Package, Test, Output, ImportPath string
	Elapsed                                   float64
}

// pkg is what is known of one package so far.
type pkg struct {
	result map[string]string   // by test: pass, fail or skip
	output map[string][]string // by test, "" for the package's own
}

type tally struct{ passed, failed, skipped int }

// summarise returns the counts; an error when the input is not what go test prints, or is empty.
func summarise(in io.Reader, out io.Writer) (tally, error) {
	var total tally
	packages := map[string]*pkg{}
	skips := map[string]int{}
	decoder := json.NewDecoder(bufio.NewReader(in))
	seen := 0
	for {
		var e event
		if err := decoder.Decode(&e); err == io.EOF {
			break
		} else if err != nil {
			return total, fmt.Errorf("after %d events: %w", seen, err)
		}
		seen++
		if e.Action == "build-output" {
			fmt.Fprint(out, e.Output)
			continue
		}
		p := packages[e.Package]
		if p == nil {
			p = &pkg{result: map[string]string{}, output: map[string][]string{}}
			packages[e.Package] = p
		}
		switch e.Action {
		case "output":
			p.output[e.Test] = append(p.output[e.Test], e.Output)
		case "pass", "fail", "skip":
			if e.Test != "" {
				p.result[e.Test] = e.Action
			} else {
				total.add(p.close(e, out, skips))
				delete(packages, e.Package)
			}
		}
	}
	for name := range packages {
		if name != "" {
			fmt.Fprintf(out, "FAIL %s did not finish\n", name)
			total.failed++
		}
	}
	if seen == 0 {
		return total, fmt.Errorf("nothing to read")
	}
	printSkips(out, skips)
	return total, nil
}

func (t *tally) add(other tally) {
	t.passed += other.passed
	t.failed += other.failed
	t.skipped += other.skipped
}

// close counts a finished package, and prints its line and what failed in it.
func (p *pkg) close(e event, out io.Writer, skips map[string]int) tally {
	var t tally
	var failed []string
	for name, result := range p.result {
		switch {
		case p.countedElsewhere(name, result):
		case result == "pass":
			t.passed++
		case result == "skip":
			t.skipped++
			skips[reason(p.output[name])]++
		default:
			t.failed++
			failed = append(failed, name)
		}
	}
	if e.Action == "fail" && t.failed == 0 {
		t.failed++
		failed = append(failed, "")
		for name := range p.output { // a test that crashed the program has no result, but it has said why
			if name != "" && p.result[name] == "" {
				failed = append(failed, name)
			}
		}
	}
	if len(p.result) == 0 && t.failed == 0 {
		return t // no tests in it
	}
	fmt.Fprintf(out, "%-4s %-40s %7.1f s  %d passed, %d failed, %d skipped\n", e.Action, e.Package, e.Elapsed, t.passed, t.failed, t.skipped)
	slices.Sort(failed)
	for _, name := range failed {
		for _, line := range p.output[name] {
			fmt.Fprint(out, "     ", line)
		}
	}
	return t
}

// countedElsewhere says whether the result of a test shows in another's: a parent's in its subtests', unless it
// failed by itself, and a fuzz seed's in its fuzz test's.
func (p *pkg) countedElsewhere(name, result string) bool {
	if strings.HasPrefix(name, "Fuzz") {
		return strings.Contains(name, "/") && result != "fail" || !strings.Contains(name, "/") && result == "fail" && p.has(name, "fail")
	}
	if result == "fail" {
		return p.has(name, "fail")
	}
	return p.has(name, "")
}

// has says whether the test has a subtest, one with the result unless that is "".
func (p *pkg) has(name, result string) bool {
	for other, got := range p.result {
		if strings.HasPrefix(other, name+"/") && (result == "" || got == result) {
			return true
		}
	}
	return false
}

// reason is the last thing that a skipped test said.
func reason(output []string) string {
	for _, line := range slices.Backward(output) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "---") || strings.HasPrefix(line, "===") {
			continue
		}
		if _, text, ok := strings.Cut(line, ".go:"); ok {
			if _, text, ok = strings.Cut(text, ": "); ok {
				return text
			}
		}
		return line
	}
	return "no reason given"
}

func printSkips(out io.Writer, skips map[string]int) {
	var lines []string
	for why, n := range skips {
		lines = append(lines, fmt.Sprintf("skipped %d: %s", n, why))
	}
	slices.Sort(lines)
	for _, line := range lines {
		fmt.Fprintln(out, line)
	}
}
