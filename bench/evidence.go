package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// sealing runs the benchmark of core/evidence: acts that wait in the database,
// sealed into the log until their leaf indexes stand in the database again,
// beside the same entries put into Tessera alone with the same options.
func sealing(ctx context.Context, _ options) (result, error) {
	bin := filepath.Join("out", "bench", "evidence.test")
	build := exec.CommandContext(ctx, "go", "test", "-c", "-o", bin, "./core/evidence")
	build.Stderr = os.Stderr
	if err := build.Run(); err != nil {
		return result{}, err
	}
	before := load()
	var out bytes.Buffer
	test := exec.CommandContext(ctx, bin, "-test.run", "^$", "-test.bench", "^BenchmarkSeal$/^(bare-tree|sqlite)$", "-test.benchtime", "3x")
	test.Stdout, test.Stderr = &out, os.Stderr
	if err := test.Run(); err != nil {
		return result{}, fmt.Errorf("%w\n%s", err, out.String())
	}
	bare, err := metric(out.String(), "BenchmarkSeal/bare-tree", "acts/s")
	if err != nil {
		return result{}, err
	}
	ours, err := metric(out.String(), "BenchmarkSeal/sqlite", "acts/s")
	if err != nil {
		return result{}, err
	}
	r := result{Unit: "acts sealed/s, end to end", Ours: ours, Detail: map[string]any{"acts": 100_000, "rounds": 3, "load_before": before}}
	r.against("bare Tessera, same options and entries", bare)
	if usage, ok := test.ProcessState.SysUsage().(*syscall.Rusage); ok {
		r.RSS = pointer(round(float64(usage.Maxrss) * 1024 / 1e6)) // with the benchmark in it
	}
	return r, nil
}

// metric finds a figure in the output of go test -bench.
func metric(out, name, unit string) (float64, error) {
	for line := range strings.Lines(out) {
		fields := strings.Fields(line)
		if len(fields) == 0 || !strings.HasPrefix(fields[0], name) {
			continue
		}
		for i, f := range fields {
			if f == unit && i > 0 {
				return strconv.ParseFloat(fields[i-1], 64)
			}
		}
	}
	return 0, fmt.Errorf("no %s of %s in the output:\n%s", unit, name, out)
}
