package main

import (
	"bufio"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"runtime/debug"
	"strconv"
	"strings"
	"syscall"
	"time"

	"chengshu/bench/synth"
	"chengshu/engine/lake/link"
	"chengshu/standard/gbcode"
)

const (
	linkPersons = 1_000_000 // in each file
	linkHard    = 200_000   // without number and telephone
	linkFirms   = 200_000
	linkDirty   = 0.05
	linkData    = "../shared/realdata/linkage"
)

var linkChecks = map[string]link.Check{
	"citizen": {Valid: gbcode.ValidCitizen, Write: func(s string) string {
		s = gbcode.Normal(s)
		if now, ok := gbcode.UpgradeCitizen(s); ok {
			return now
		}
		return s
	}},
	"credit": {Valid: gbcode.ValidCredit, Write: gbcode.Normal},
}

var (
	linkPersonFields = []link.Field{
		{Name: "id_number", Compare: "code", Check: "citizen", Distinct: true},
		{Name: "name", Compare: "name", Terms: true},
		{Name: "sex", Compare: "exact"},
		{Name: "birth_date", Compare: "date"},
		{Name: "phone", Compare: "edit", Shared: true},
		{Name: "address", Compare: "address", Shared: true},
	}
	linkHardFields = []link.Field{linkPersonFields[1], linkPersonFields[2], linkPersonFields[3], linkPersonFields[5]}
	linkFirmFields = []link.Field{
		{Name: "credit_code", Compare: "code", Check: "credit", Distinct: true},
		{Name: "name", Compare: "company"},
		{Name: "representative_name", Compare: "name", Terms: true},
		{Name: "established", Compare: "date"},
		{Name: "address", Compare: "address"},
	}
	linkFebrlFields = []link.Field{
		{Name: "given_name", Compare: "jaro-winkler", Terms: true},
		{Name: "surname", Compare: "jaro-winkler", Terms: true},
		{Name: "street_number", Compare: "edit", Steps: []float64{1}},
		{Name: "address_1", Compare: "jaro-winkler"},
		{Name: "address_2", Compare: "jaro-winkler"},
		{Name: "suburb", Compare: "jaro-winkler"},
		{Name: "postcode", Compare: "edit", Steps: []float64{1}},
		{Name: "state", Compare: "exact"},
		{Name: "date_of_birth", Compare: "date"},
		{Name: "soc_sec_id", Compare: "edit", Steps: []float64{1, 2}},
	}
)

// linkFile is a file to link: where it is, whether it is free of duplicates, and of whom each row is.
type linkFile struct {
	path   string
	unique bool
	truth  map[string]string // by key: rows of equal truth are one entity
	index  []int32           // the same by row number, for keys that count from 0
}

func (f *linkFile) who(key string) string {
	if f.truth != nil {
		return f.truth[key]
	}
	k, _ := strconv.Atoi(key)
	return strconv.Itoa(int(f.index[k]))
}

// linkage links two files of a million persons and measures it against the truth; then the harder and smaller ones.
func linkage(ctx context.Context, _ options) (result, error) {
	dir := filepath.Join("out", "bench", "linkage")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return result{}, err
	}
	city, err := linkCity("packs/public-data/data/divisions.csv")
	if err != nil {
		return result{}, err
	}
	write := func(n int) linkWriter {
		return func(rows, truth io.Writer, from int, o synth.Copies) error {
			return city.WritePersonCopies(rows, truth, from, n, o)
		}
	}
	firms := func(rows, truth io.Writer, from int, o synth.Copies) error {
		return city.WriteEntityCopies(rows, truth, from, linkFirms, linkPersons, o)
	}
	persons, err := linkPair(filepath.Join(dir, "persons"), linkPersons, write(linkPersons))
	if err != nil {
		return result{}, err
	}
	resetPeak()
	before := load()
	main, err := linkRun(ctx, linkPersonFields, persons)
	if err != nil {
		return result{}, err
	}
	peak := peakMB()
	detail := main.detail()
	detail["rows"], detail["dirty"], detail["load_before"] = 2*linkPersons, linkDirty, before
	if detail["exact_number_f1"], err = linkExact(persons); err != nil {
		return result{}, err
	}
	hard, err := linkPair(filepath.Join(dir, "hard"), linkHard, write(linkHard))
	if err != nil {
		return result{}, err
	}
	if detail["without_number_and_phone"], err = linkDetail(ctx, linkHardFields, hard); err != nil {
		return result{}, err
	}
	companies, err := linkPair(filepath.Join(dir, "firms"), linkFirms, firms)
	if err != nil {
		return result{}, err
	}
	if detail["firms"], err = linkDetail(ctx, linkFirmFields, companies); err != nil {
		return result{}, err
	}
	if detail["febrl4"], err = linkFebrl(ctx, true, "febrl-dataset4a", "febrl-dataset4b"); err != nil {
		return result{}, err
	}
	if detail["febrl3"], err = linkFebrl(ctx, false, "febrl-dataset3"); err != nil {
		return result{}, err
	}
	return result{Unit: "s", Ours: round(main.seconds), RSS: &peak, Detail: detail}, nil
}

func linkCity(divisions string) (*synth.City, error) {
	f, err := os.Open(divisions)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return synth.New(f, 1, time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
}

// linkWriter writes a file of rows from an index on, and its truth.
type linkWriter func(rows, truth io.Writer, from int, o synth.Copies) error

// linkPair makes two files of n rows with errors of their own, of which four in five are in both.
func linkPair(base string, n int, write linkWriter) ([]*linkFile, error) {
	var out []*linkFile
	for k, from := range []int{0, n / 5} {
		f, err := linkWrite(fmt.Sprint(base, k+1), func(rows, truth io.Writer) error {
			return write(rows, truth, from, synth.Copies{Number: uint64(k + 1), Rate: linkDirty})
		})
		if err != nil {
			return nil, err
		}
		out = append(out, f)
	}
	return out, nil
}

// linkWrite makes a file and its truth, and keeps the truth.
func linkWrite(base string, write func(rows, truth io.Writer) error) (*linkFile, error) {
	f := &linkFile{path: base + ".csv", unique: true}
	rows, err := os.Create(f.path)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	truth, err := os.Create(base + "-truth.csv")
	if err != nil {
		return nil, err
	}
	defer truth.Close()
	if err := write(rows, truth); err != nil {
		return nil, err
	}
	if _, err := truth.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	err = linkRead(truth, []string{"key", "index"}, func(r []string) error {
		index, err := strconv.Atoi(r[1])
		f.index = append(f.index, int32(index))
		return err
	})
	return f, err
}

// linkRead reads the wanted columns of a CSV table.
func linkRead(in io.Reader, columns []string, row func([]string) error) error {
	table := csv.NewReader(bufio.NewReaderSize(in, 1<<20))
	table.ReuseRecord = true
	head, err := table.Read()
	if err != nil {
		return err
	}
	at := map[string]int{}
	for i, h := range head {
		at[strings.TrimSpace(h)] = i
	}
	wanted := make([]string, len(columns))
	for {
		r, err := table.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		for i, c := range columns {
			wanted[i] = r[at[c]]
		}
		if err := row(wanted); err != nil {
			return err
		}
	}
}

// linked is what a linkage came to.
type linked struct {
	seconds, processor float64
	right, found, want int
	report             link.Report
}

func linkDetail(ctx context.Context, fields []link.Field, files []*linkFile) (map[string]any, error) {
	r, err := linkRun(ctx, fields, files)
	return r.detail(), err
}

// linkRun links the files, from reading them to the last entity, and then holds the pairs within entities against the truth.
func linkRun(ctx context.Context, fields []link.Field, files []*linkFile) (linked, error) {
	var out linked
	began, used := time.Now(), processorTime()
	l, err := link.New(link.Spec{Fields: fields}, linkChecks)
	if err != nil {
		return out, err
	}
	key := "rec_id"
	if files[0].truth == nil {
		key = "key"
	}
	columns := []string{key}
	for _, f := range fields {
		columns = append(columns, f.Name)
	}
	byName := map[string]*linkFile{}
	for _, f := range files {
		if err := linkAdd(l, f, columns); err != nil {
			return out, err
		}
		byName[f.path] = f
	}
	next := 0
	res, err := l.Run(ctx, link.Options{NewID: func() string { next++; return strconv.Itoa(next) }})
	if err != nil {
		return out, err
	}
	out.seconds, out.processor, out.report = time.Since(began).Seconds(), processorTime()-used, res.Report
	for e := range res.Entities() {
		for i, a := range e.Rows {
			for _, b := range e.Rows[:i] {
				out.found++
				if byName[a.Source].who(a.Key) == byName[b.Source].who(b.Key) {
					out.right++
				}
			}
		}
	}
	out.want = linkWanted(files)
	return out, nil
}

func linkAdd(l *link.Linker, f *linkFile, columns []string) error {
	in, err := os.Open(f.path)
	if err != nil {
		return err
	}
	defer in.Close()
	if err := l.Begin(f.path, f.unique); err != nil {
		return err
	}
	return linkRead(in, columns, func(r []string) error { return l.Add(link.Row{Key: r[0], Values: r[1:]}) })
}

// linkExact is what joining on equal identity numbers would come to: the F1 of its pairs.
func linkExact(files []*linkFile) (float64, error) {
	who := map[string]string{}
	right, found := 0, 0
	for i, f := range files {
		in, err := os.Open(f.path)
		if err != nil {
			return 0, err
		}
		err = linkRead(in, []string{"key", "id_number"}, func(r []string) error {
			switch other, ok := who[r[1]]; {
			case r[1] == "":
			case i == 0:
				who[strings.Clone(r[1])] = f.who(r[0])
			case ok:
				found++
				if other == f.who(r[0]) {
					right++
				}
			}
			return nil
		})
		in.Close()
		if err != nil {
			return 0, err
		}
	}
	return four(f1(right, found, linkWanted(files))), nil
}

// f1 is the harmonic mean of precision and recall.
func f1(right, found, want int) float64 { return 2 * float64(right) / float64(max(1, found+want)) }

func four(x float64) float64 { return math.Round(x*10_000) / 10_000 }

// linkWanted is how many pairs are of one entity.
func linkWanted(files []*linkFile) int {
	rows, pairs := map[string]int{}, 0
	for _, f := range files {
		for _, who := range f.truth {
			pairs += rows[who]
			rows[who]++
		}
		for _, i := range f.index {
			who := strconv.Itoa(int(i))
			pairs += rows[who]
			rows[who]++
		}
	}
	return pairs
}

func (r linked) detail() map[string]any {
	precision, recall := float64(r.right)/float64(max(1, r.found)), float64(r.right)/float64(max(1, r.want))
	var rules []string
	for _, c := range r.report.Rules {
		if c.Chosen {
			rules = append(rules, fmt.Sprintf("%s: %d", c.Rule, c.Pairs))
		}
	}
	return map[string]any{"f1": four(f1(r.right, r.found, r.want)), "precision": four(precision), "recall": four(recall),
		"seconds": round(r.seconds), "processor_s": round(r.processor), "candidates": len(r.report.Rules), "rules": rules, "compared": r.report.Compared,
		"pairs": r.want, "threshold": 0.9, "review": r.report.Review, "refused": r.report.Refused}
}

var linkFebrlKey = regexp.MustCompile(`^rec-(\d+)-`)

// linkFebrl links the data sets of Febrl, if they are there.
func linkFebrl(ctx context.Context, unique bool, names ...string) (any, error) {
	var files []*linkFile
	for _, name := range names {
		f := &linkFile{path: filepath.Join(linkData, name+".csv"), unique: unique, truth: map[string]string{}}
		in, err := os.Open(f.path)
		if errors.Is(err, os.ErrNotExist) {
			say("%s is not there: Febrl is NOT measured", f.path)
			return "not there", nil
		}
		if err != nil {
			return nil, err
		}
		err = linkRead(in, []string{"rec_id"}, func(r []string) error {
			f.truth[r[0]] = linkFebrlKey.FindStringSubmatch(r[0])[1]
			return nil
		})
		in.Close()
		if err != nil {
			return nil, err
		}
		files = append(files, f)
	}
	return linkDetail(ctx, linkFebrlFields, files)
}

// processorTime is what this process has used, in seconds.
func processorTime() float64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return float64(u.Utime.Nano()+u.Stime.Nano()) / 1e9
}

// resetPeak forgets the peak of memory that benchmarks before this one left.
func resetPeak() {
	debug.FreeOSMemory()
	os.WriteFile("/proc/self/clear_refs", []byte("5"), 0) // where that is not permitted the peak is that of the process
}

// peakMB is the most memory this process has held since resetPeak.
func peakMB() float64 {
	status, _ := os.ReadFile("/proc/self/status")
	_, rest, _ := strings.Cut(string(status), "VmHWM:")
	var kb float64
	fmt.Sscan(rest, &kb)
	return round(kb / 1024)
}
