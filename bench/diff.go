package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"chengshu/engine/lake/duck"
)

// comparing measures what it costs to compare two releases of 5 million rows of
// ten columns, of which one in a hundred has another value, one in a thousand
// was added and one removed. The peer is bare DuckDB with the join typed by hand
// over the same two files. Both are processor time.
func comparing(ctx context.Context, o options) (result, error) {
	bin, err := o.binary(ctx)
	if err != nil {
		return result{}, err
	}
	dir, err := os.MkdirTemp(filepath.Join("out", "bench"), "diff-")
	if err != nil {
		return result{}, err
	}
	defer os.RemoveAll(dir)
	if dir, err = filepath.Abs(dir); err != nil {
		return result{}, err
	}
	s, err := start(ctx, bin, filepath.Join(dir, "data"), "--blob-limit", "2GiB")
	if err != nil {
		return result{}, err
	}
	defer s.stop()
	r := result{Unit: "s of processor time for two releases of 5 million rows of 10 columns (less is better)", PeerName: "bare DuckDB, the same join typed by hand",
		Detail: map[string]any{"rows": ingestRows, "load_before": load(), "cores": runtime.NumCPU()}}
	for version := range 2 {
		if err := s.releaseReadings(ctx, dir, version); err != nil {
			return r, err
		}
	}
	// The rows of the latest release are being copied for look-ups, which is not
	// what is measured.
	for idle := 0; idle < 10; {
		before := cpuOfTree(s.cmd.Process.Pid)
		time.Sleep(500 * time.Millisecond)
		if idle++; cpuOfTree(s.cmd.Process.Pid)-before > 50*time.Millisecond || workerPeak(s.cmd.Process.Pid) > 0 {
			idle = 0
		}
	}
	c, err := dial(s.addr)
	if err != nil {
		return r, err
	}
	defer c.close()
	before, began := cpuOfTree(s.cmd.Process.Pid), time.Now()
	body, peak, err := s.compared(ctx, c)
	if err != nil {
		return r, err
	}
	ours := cpuOfTree(s.cmd.Process.Pid) - before
	r.Detail["wall_s"], r.Detail["worker_peak_mb"] = round(time.Since(began).Seconds()), round(peak)
	var got struct{ Added, Removed, Changed int64 }
	if err := json.Unmarshal(body, &got); err != nil {
		return r, err
	}
	if got.Added != ingestRows/1000 || got.Removed != ingestRows/1000 || got.Changed == 0 {
		return r, fmt.Errorf("wrong counts: %+v", got)
	}
	peer, changed, err := bareDiff(ctx, c, dir)
	if err != nil {
		return r, err
	}
	if changed != got.Changed {
		return r, fmt.Errorf("the peer finds %d changed rows, we %d", changed, got.Changed)
	}
	now, _, err := s.rss()
	r.Ours, r.Peer, r.Ratio, r.RSS = round(ours.Seconds()), pointer(round(peer.Seconds())), pointer(round(peer.Seconds()/ours.Seconds())), pointer(round(now))
	return r, err
}

// readings makes the rows of one of the two releases.
func readings(version int) string {
	return fmt.Sprintf(`select 'M' || i as code, (1000 + i %% 9000) || 'A' as station, timestamp '2026-01-01' + to_seconds(i) as at, case when %[2]d = 1 and i %% 100 = 7 then (i + 1) %% 500 else i %% 500 end as aqi,
		(i %% 3000) / 10.0 as pm25, (i %% 4000) / 10.0 as pm10, ['good', 'moderate', 'light'][1 + i %% 3] as grade, i %% 3 > 0 as valid, date '2026-01-01' + (i // 86400)::int as day,
		'站点' || i %% 9000 || '的监测记录，来自自动站，未经人工复核，供交换使用，序号' || i as note from range(%[1]d, %[1]d + %[3]d) t(i)`, version*ingestRows/1000, version, ingestRows)
}

func (s *server) releaseReadings(ctx context.Context, dir string, version int) error {
	file := filepath.Join(dir, "in.csv")
	defer os.Remove(file)
	sql := fmt.Sprintf("copy (%s) to %s (format csv, header)", readings(version), duck.Quote(file))
	if _, err := duck.Run(ctx, duck.Task{Dir: dir, Steps: []duck.Step{{SQL: sql}}}, nil); err != nil {
		return err
	}
	people := map[string]string{}
	for _, name := range []string{"steward", "admin"} {
		var err error
		if people[name], err = signIn(ctx, s.addr, "/api/session", map[string]string{"account": name, "password": name + "-demo"}); err != nil {
			return err
		}
	}
	ref, err := s.upload(ctx, people["steward"], file)
	if err != nil {
		return err
	}
	c, err := dial(s.addr)
	if err != nil {
		return err
	}
	defer c.close()
	load, _, err := checked(c, people["steward"], "reading", ref, func() {})
	if err != nil {
		return err
	}
	for _, step := range []struct{ who, action string }{{"steward", "submit"}, {"admin", "release"}} {
		if _, err := c.call("POST", "/api/cases/data-load/"+load+"/"+step.action, people[step.who], `{"fields":{}}`, http.StatusOK); err != nil {
			return err
		}
	}
	return nil
}

// compared asks until the comparison is there, and returns its answer and the
// peak memory of its worker in MB.
func (s *server) compared(ctx context.Context, c *client) (body []byte, peak float64, err error) {
	for ctx.Err() == nil {
		body, err = c.call("GET", "/api/datasets/reading/diff?from=1&to=2&limit=1", "", "", http.StatusOK)
		peak = max(peak, workerPeak(s.cmd.Process.Pid))
		if err == nil || !strings.Contains(err.Error(), "being-compared") {
			return body, peak, err
		}
		time.Sleep(100 * time.Millisecond)
	}
	return nil, peak, context.Cause(ctx)
}

// bareDiff runs the join in DuckDB alone, over the files of the releases.
func bareDiff(ctx context.Context, c *client, dir string) (time.Duration, int64, error) {
	var files [2]string
	for i := range files {
		body, err := c.call("GET", fmt.Sprintf("/api/datasets/reading/releases/%d", i+1), "", "", http.StatusOK)
		if err != nil {
			return 0, 0, err
		}
		sum := member(body, "sha256")
		files[i] = filepath.Join(dir, fmt.Sprintf("%d.parquet", i))
		if err := os.Link(filepath.Join(dir, "data", "releases", sum[:2], sum[2:4], sum), files[i]); err != nil {
			return 0, 0, err
		}
	}
	before := cpuOfChildren()
	got, err := duck.Run(ctx, duck.Task{Dir: dir, Memory: 3 << 30, Steps: []duck.Step{
		{SQL: `copy (select case when a.code is null then 'added' when b.code is null then 'removed' else 'changed' end as kind, a, b
			from read_parquet(` + duck.Quote(files[0]) + `) a full outer join read_parquet(` + duck.Quote(files[1]) + `) b on a.code = b.code
			where a.code is null or b.code is null or a.station is distinct from b.station or a."at" is distinct from b."at" or a.aqi is distinct from b.aqi or a.pm25 is distinct from b.pm25
				or a.pm10 is distinct from b.pm10 or a.grade is distinct from b.grade or a.valid is distinct from b.valid or a.day is distinct from b.day or a.note is distinct from b.note)
			to ` + duck.Quote(filepath.Join(dir, "bare.parquet")) + ` (format parquet, compression zstd)`},
		{SQL: `select count(*) from read_parquet(` + duck.Quote(filepath.Join(dir, "bare.parquet")) + `) where kind = 'changed'`, Rows: true},
	}}, nil)
	took := cpuOfChildren() - before
	if err != nil {
		return 0, 0, err
	}
	n, err := got[1].Rows[0][0].(json.Number).Int64()
	return took, n, err
}
