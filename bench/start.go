package main

import (
	"context"
	"os"
	"path/filepath"
	"runtime"
	"time"
)

// settle is how long a started program is left alone before its memory is read.
const settle = 10 * time.Second

// starting measures the time to the first answer with all packs and the demo
// city, on an empty folder and on the store that this made, and the memory of
// the idle program.
func starting(ctx context.Context, o options) (result, error) {
	bin, err := o.binary(ctx)
	if err != nil {
		return result{}, err
	}
	dir, err := os.MkdirTemp(filepath.Join("out", "bench"), "start-")
	if err != nil {
		return result{}, err
	}
	defer os.RemoveAll(dir)
	r := result{Unit: "s to the first answer, empty folder (less is better)", Detail: map[string]any{"load_before": load(), "cores": runtime.NumCPU()}}
	for _, store := range []string{"empty", "existing"} {
		s, err := start(ctx, bin, filepath.Join(dir, "data"))
		if err != nil {
			return r, err
		}
		time.Sleep(settle)
		now, peak, err := s.rss()
		if stopped := s.stop(); err == nil {
			err = stopped
		}
		if err != nil {
			return r, err
		}
		if store == "empty" {
			r.Ours, r.RSS = round(s.first.Seconds()), pointer(round(now))
		}
		r.Detail[store] = map[string]any{"first_answer_s": round(s.first.Seconds()), "seeded_s": round(s.ready.Seconds()), "idle_rss_mb": round(now), "peak_rss_mb": round(peak)}
	}
	return r, nil
}
