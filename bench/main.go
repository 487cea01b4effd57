package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"

	"chengshu/engine/lake/duck"
)

// result is one line of output.
type result struct {
	Bench    string         `json:"bench"`
	Unit     string         `json:"unit"`
	Ours     float64        `json:"ours"`
	Peer     *float64       `json:"peer"`
	PeerName string         `json:"peer_name"`
	Ratio    *float64       `json:"ratio"` // how many times better than the peer
	P95      *float64       `json:"p95_ms"`
	RSS      *float64       `json:"rss_mb"`
	Detail   map[string]any `json:"detail"`
}

// options are what every benchmark is told.
type options struct {
	length  time.Duration // of a measurement, after warming up
	program string        // the program to measure; empty: built from the tree

}

// benches is the one list of benchmarks, in the order in which they run.
var benches = []struct {
	name string
	run  func(context.Context, options) (result, error)
}{
	{"lifecycle", lifecycleEmpty},
	{"lifecycle-1m", lifecycleMillion},
	{"evidence", sealing},
	{"start", starting},
	{"ingest", ingest},
	{"xlsx", workbook},
	{"diff", comparing},
	{"lookup", lookup},
	{"linkage", linkage},
}

func main() {
	duck.Worker()
	serveBare()
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	names := flags.String("bench", "", "benchmarks to run, with commas between; empty: all")
	length := flags.Duration("for", 15*time.Second, "length of each measurement, after warming up")
	binary := flags.String("program", "", "program to measure, for comparing two builds; empty: built from the tree")
	if err := flags.Parse(args); err != nil {
		return err
	}
	chosen, err := choose(*names)
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	out := json.NewEncoder(os.Stdout)
	for _, b := range benches {
		if !slices.Contains(chosen, b.name) {
			continue
		}
		say("%s …", b.name)
		r, err := b.run(ctx, options{length: *length, program: *binary})
		if err != nil {
			return fmt.Errorf("%s: %w", b.name, err)
		}
		r.Bench = b.name
		if err := out.Encode(r); err != nil {
			return err
		}
	}
	return nil
}

// choose reads a list of names; none means all.
func choose(list string) ([]string, error) {
	var known []string
	for _, b := range benches {
		known = append(known, b.name)
	}
	if list == "" {
		return known, nil
	}
	chosen := strings.Split(list, ",")
	for _, name := range chosen {
		if !slices.Contains(known, name) {
			return nil, fmt.Errorf("no benchmark %q; there are %s", name, strings.Join(known, ", "))
		}
	}
	return chosen, nil
}

func say(format string, args ...any) { fmt.Fprintf(os.Stderr, format+"\n", args...) }

// against sets the peer of a figure of which more is better.
func (r *result) against(name string, figure float64) {
	ratio := round(r.Ours / figure)
	r.Peer, r.PeerName, r.Ratio = &figure, name, &ratio
}

// round keeps two decimals: more would only look exact.
func round(f float64) float64 { return float64(int64(f*100+0.5)) / 100 }

func pointer(f float64) *float64 { return &f }
