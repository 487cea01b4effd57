package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"

	"chengshu/engine/lake/duck"
)

// ingestRows is how many rows the file of the benchmark has.
const ingestRows = 5_000_000

// ingest measures what it costs to take a file in: land, tell its charset, type
// ten columns, judge ten rules, keep the bad rows and write the good ones as
// Parquet. The peer is bare DuckDB with the same typing and rules in one
// statement by hand. Ours is the processor time of the server and its worker.
func ingest(ctx context.Context, o options) (result, error) {
	bin, err := o.binary(ctx)
	if err != nil {
		return result{}, err
	}
	dir, err := os.MkdirTemp(filepath.Join("out", "bench"), "ingest-")
	if err != nil {
		return result{}, err
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "in.csv")
	size, err := writeMeasures(file, ingestRows)
	if err != nil {
		return result{}, err
	}
	r := result{Unit: "s of processor time for 5 million rows of 10 columns (less is better)", PeerName: "bare DuckDB, the same statements",
		Detail: map[string]any{"rows": ingestRows, "mb": round(float64(size) / 1e6), "load_before": load(), "cores": runtime.NumCPU()}}

	peer, err := bareIngest(ctx, dir, file)
	if err != nil {
		return r, err
	}
	s, err := start(ctx, bin, filepath.Join(dir, "data"), "--blob-limit", "2GiB")
	if err != nil {
		return r, err
	}
	defer s.stop()
	ours, err := s.ingest(ctx, file, ingestRows, r.Detail)
	if err != nil {
		return r, err
	}
	r.Ours, r.Peer, r.Ratio = round(ours.Seconds()), pointer(round(peer.Seconds())), pointer(round(peer.Seconds()/ours.Seconds()))
	if r.Detail["server_peak_mb"] == nil {
		return r, fmt.Errorf("no memory was read")
	}
	return r, nil
}

// writeMeasures writes a file of measures, one in a hundred rows with a mistake.
func writeMeasures(file string, rows int) (int64, error) {
	f, err := os.Create(file)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	w := bufio.NewWriterSize(f, 1<<20)
	fmt.Fprintln(w, "code,station,at,aqi,pm25,pm10,grade,valid,day,note")
	random := rand.New(rand.NewPCG(1, 2))
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	grades := []string{"good", "moderate", "light", "medium", "heavy", "severe"}
	var line []byte
	for n := range rows {
		aqi := strconv.Itoa(random.IntN(500))
		if n%100 == 7 {
			aqi = "NA"
		}
		at = at.Add(time.Second)
		line = fmt.Appendf(line[:0], "M%08d,%04dA,%s,%s,%d.%d,%d.%d,%s,%t,%s,站点%d的监测记录，来自自动站，未经人工复核，供交换使用，序号%d\n", n, 1000+n%9000, at.Format("2006-01-02 15:04:05"), aqi,
			random.IntN(300), random.IntN(10), random.IntN(400), random.IntN(10), grades[n%6], n%3 > 0, at.Format("2006-01-02"), n%9000, n)
		if _, err := w.Write(line); err != nil {
			return 0, err
		}
	}
	if err := w.Flush(); err != nil {
		return 0, err
	}
	info, err := f.Stat()
	return info.Size(), err
}

// bareIngest runs the same typing and rules in DuckDB alone.
func bareIngest(ctx context.Context, dir, file string) (time.Duration, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return 0, err
	}
	file, err = filepath.Abs(file)
	if err != nil {
		return 0, err
	}
	before := cpuOfChildren()
	_, err = duck.Run(ctx, duck.Task{Dir: dir, Memory: 3 << 30, Steps: []duck.Step{
		{SQL: `create table raw as select row_number() over () as _row, * from read_csv(` + duck.Quote(file) + `, header = true, all_varchar = true, auto_detect = false,
			columns = {'code':'varchar','station':'varchar','at':'varchar','aqi':'varchar','pm25':'varchar','pm10':'varchar','grade':'varchar','valid':'varchar','day':'varchar','note':'varchar'})`},
		{SQL: `create table judged as select *, list_filter([
				case when code is null then 'code:required' end, case when not regexp_matches(code, '^M[0-9]+$') then 'code:pattern' end,
				case when station is null then 'station:required' end, case when not regexp_matches(station, '^[0-9]{4}A$') then 'station:pattern' end,
				case when t_at is null then 'at:type' end, case when aqi is not null and t_aqi is null then 'aqi:type' end, case when t_aqi < 0 or t_aqi > 500 then 'aqi:range' end,
				case when pm25 is not null and t_pm25 is null then 'pm25:type' end, case when grade not in ('good','moderate','light','medium','heavy','severe') then 'grade:choice' end,
				case when length(note) > 200 then 'note:length' end], why -> why is not null) as _why
			from (select *, try_strptime("at", '%Y-%m-%d %H:%M:%S')::timestamptz as t_at, try_cast(aqi as bigint) as t_aqi, try_cast(pm25 as decimal(18,1)) as t_pm25,
				try_cast(pm10 as decimal(18,1)) as t_pm10, try_cast(valid as boolean) as t_valid, try_cast(day as date) as t_day from raw)`},
		{SQL: `copy (select _row, code, station, t_at, t_aqi, t_pm25, t_pm10, grade, t_valid, t_day, note from judged where len(_why) = 0 order by _row) to ` + duck.Quote(filepath.Join(dir, "good.parquet")) + ` (format parquet, compression zstd)`},
		{SQL: `copy (select * from judged where len(_why) > 0) to ` + duck.Quote(filepath.Join(dir, "bad.parquet")) + ` (format parquet, compression zstd)`},
	}}, nil)
	return cpuOfChildren() - before, err
}

// ingest sends the file as a data steward does, and waits until it is checked
// and one in a hundred of its rows is not taken.
func (s *server) ingest(ctx context.Context, file string, rows int, detail map[string]any) (time.Duration, error) {
	cookie, err := signIn(ctx, s.addr, "/api/session", map[string]string{"account": "steward", "password": "steward-demo"})
	if err != nil {
		return 0, err
	}
	before, began := cpuOfTree(s.cmd.Process.Pid), time.Now()
	ref, err := s.upload(ctx, cookie, file)
	if err != nil {
		return 0, err
	}
	detail["upload_s"] = round(time.Since(began).Seconds())
	c, err := dial(s.addr)
	if err != nil {
		return 0, err
	}
	defer c.close()
	_, body, err := checked(c, cookie, "measure", ref, func() {
		if _, peak, err := s.rss(); err == nil {
			detail["server_peak_mb"] = round(peak)
		}
		if worker := workerPeak(s.cmd.Process.Pid); worker > 0 {
			detail["worker_peak_mb"] = round(worker)
		}
	})
	if err != nil {
		return 0, err
	}
	detail["wall_s"] = round(time.Since(began).Seconds())
	var v struct{ Fields map[string]any }
	if err := json.Unmarshal(body, &v); err != nil {
		return 0, err
	}
	if bad := v.Fields["bad"]; bad != float64(rows/100) {
		return 0, fmt.Errorf("%v bad rows, want %d", bad, rows/100)
	}
	return cpuOfTree(s.cmd.Process.Pid) - before, nil
}

// checked opens the load of an uploaded file and waits until it is checked.
func checked(c *client, cookie, dataset, ref string, meanwhile func()) (id string, body []byte, err error) {
	body, err = c.call("POST", "/api/cases/data-load", cookie, `{"action":"send","fields":{"dataset":"`+dataset+`","file":[`+ref+`]}}`, http.StatusCreated)
	if err != nil {
		return "", nil, err
	}
	for id = member(body, "id"); ; {
		if body, err = c.call("GET", "/api/cases/data-load/"+id, cookie, "", http.StatusOK); err != nil {
			return id, nil, err
		}
		switch state := member(body, "state"); state {
		case "correcting":
			return id, body, nil
		case "checking":
			meanwhile()
			time.Sleep(100 * time.Millisecond)
		default:
			history, _ := c.call("GET", "/api/cases/data-load/"+id+"/timeline", cookie, "", http.StatusOK)
			return id, nil, fmt.Errorf("the load is %s: %.1500s", state, history)
		}
	}
}

func (s *server) upload(ctx context.Context, cookie, file string) (string, error) {
	f, err := os.Open(file)
	if err != nil {
		return "", err
	}
	defer f.Close()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+s.addr+"/api/files", f)
	if err != nil {
		return "", err
	}
	req.Header.Set("Content-Type", "text/csv")
	req.Header.Set("X-Filename", "in.csv")
	req.Header.Set("Cookie", "chengshu="+cookie)
	answer, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err == nil && answer.StatusCode != http.StatusCreated {
		err = fmt.Errorf("upload: %s: %.300s", answer.Status, body)
	}
	return string(body), err
}

// cpuOfTree is the processor time of a process and of its children that have
// ended.
func cpuOfTree(pid int) time.Duration { return cpuFields(strconv.Itoa(pid), 11, 12, 13, 14) }

// cpuOfChildren is that of this process's children that have ended.
func cpuOfChildren() time.Duration { return cpuFields("self", 13, 14) }

func cpuFields(pid string, which ...int) (sum time.Duration) {
	stat, err := os.ReadFile("/proc/" + pid + "/stat")
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(stat), ") ")
	fields := strings.Fields(rest)
	for _, i := range which {
		n, _ := strconv.ParseInt(fields[i], 10, 64)
		sum += time.Duration(n) * 10 * time.Millisecond // ticks of 100 Hz
	}
	return sum
}

// workerPeak is the peak memory in MB of a child of the process, 0 when there
// is none.
func workerPeak(pid int) float64 {
	children, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	for _, file := range children {
		text, _ := os.ReadFile(file)
		for _, child := range strings.Fields(string(text)) {
			status, _ := os.ReadFile("/proc/" + child + "/status")
			_, rest, _ := strings.Cut(string(status), "VmHWM:")
			kb, _, _ := strings.Cut(strings.TrimSpace(rest), " ")
			if n, err := strconv.ParseFloat(kb, 64); err == nil {
				return n * 1024 / 1e6
			}
		}
	}
	return 0
}
