package linkage

import (
	"bufio"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strconv"

	"chengshu/engine/lake/link"
	"chengshu/engine/lake/worker"
	"chengshu/kernel/id"
)

// workerName is what workers of this package are started as.
const workerName = "linkage"

// Worker links and ends the process when it was started as a worker of this
// package; otherwise it returns at once. The checks are those that linkages name.
func Worker(checks map[string]link.Check) {
	worker.Serve(workerName, func(in io.Reader, out io.Writer) error { return work(in, out, checks) })
}

// task is what a worker does with the files of its folder: for each source
// SOURCE-i.csv with the key, the time, the entity before, and the values of each
// row. It writes the files below.
type task struct {
	Dir       string          `json:"dir"`
	Spec      link.Spec       `json:"spec"`
	Sources   []taskSource    `json:"sources"`
	Decisions []link.Decision `json:"decisions"`
}

type taskSource struct {
	Name   string `json:"name"`
	Unique bool   `json:"unique"`
	File   string `json:"file"`
}

// What a worker writes: the entity of each row, the pairs for people to look at,
// and the report.
const (
	membersFile = "members.csv" // source, key, entity
	pairsFile   = "pairs.jsonl"
	reportFile  = "report.json"
)

// said is a line of a worker's output: how far it is, or that it is done.
type said struct {
	Linking bool `json:"linking,omitempty"` // all rows are read
	Done    bool `json:"done,omitempty"`
}

// work reads a task and does it.
func work(in io.Reader, out io.Writer, checks map[string]link.Check) error {
	var t task
	if err := json.NewDecoder(in).Decode(&t); err != nil {
		return err
	}
	l, err := link.New(t.Spec, checks)
	if err != nil {
		return err
	}
	for _, s := range t.Sources {
		if err := l.Begin(s.Name, s.Unique); err != nil {
			return err
		}
		if err := addRows(l, filepath.Join(t.Dir, s.File)); err != nil {
			return err
		}
	}
	say := json.NewEncoder(out)
	if err := say.Encode(said{Linking: true}); err != nil {
		return err
	}
	res, err := l.Run(context.Background(), link.Options{Decisions: t.Decisions, NewID: id.New})
	if err != nil {
		return err
	}
	if err := errors.Join(writeMembers(t.Dir, res), writePairs(t.Dir, res), writeReport(t.Dir, res)); err != nil {
		return err
	}
	return say.Encode(said{Done: true})
}

// beforeValues is how many cells of a row stand before its values.
const beforeValues = 3

func addRows(l *link.Linker, file string) error {
	f, err := os.Open(filepath.Clean(file))
	if err != nil {
		return err
	}
	defer f.Close()
	rows := csv.NewReader(bufio.NewReaderSize(f, 1<<20))
	rows.ReuseRecord = true
	for {
		cells, err := rows.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		at, err := strconv.ParseInt(cells[1], 10, 64)
		if err != nil {
			return err
		}
		if err := l.Add(link.Row{Key: cells[0], At: at, Entity: cells[2], Values: cells[beforeValues:]}); err != nil {
			return err
		}
	}
}

// into writes a file of the task.
func into(dir, name string, write func(*bufio.Writer) error) error {
	f, err := os.OpenFile(filepath.Join(dir, name), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	w := bufio.NewWriterSize(f, 1<<20)
	err = write(w)
	return errors.Join(err, w.Flush(), f.Close())
}

func writeMembers(dir string, res *link.Result) error {
	return into(dir, membersFile, func(w *bufio.Writer) error {
		rows := csv.NewWriter(w)
		for e := range res.Entities() {
			for _, r := range e.Rows {
				if err := rows.Write([]string{r.Source, r.Key, e.ID}); err != nil {
					return err
				}
			}
		}
		rows.Flush()
		return rows.Error()
	})
}

// Agreement is how two rows agree in a field, and what that is worth. The values
// are not kept.
type Agreement struct {
	Field string  `json:"field"`
	Level string  `json:"level"`
	Bits  float64 `json:"bits"`
}

// weighed is a pair for people to look at, as a worker writes it.
type weighed struct {
	A, B link.RowID
	Weight
}

// Weight is what speaks for and against two rows being one entity.
type Weight struct {
	Probability float64     `json:"probability"`
	Bits        float64     `json:"bits"`
	Shared      float64     `json:"shared,omitempty"` // taken off because groups, as households, agree so too; 0 or below
	Reason      string      `json:"reason"`           // why a person is asked
	Fields      []Agreement `json:"fields"`
}

func writePairs(dir string, res *link.Result) error {
	return into(dir, pairsFile, func(w *bufio.Writer) error {
		lines := json.NewEncoder(w)
		for p := range res.Review() {
			one := weighed{p.A, p.B, Weight{Probability: p.Probability, Bits: p.Bits, Shared: p.Shared, Reason: p.Reason}}
			for _, f := range p.Fields() {
				one.Fields = append(one.Fields, Agreement{f.Field, f.Level, f.Bits})
			}
			if err := lines.Encode(one); err != nil {
				return err
			}
		}
		return nil
	})
}

// Moved says that rows of one entity are another's since the run before.
type Moved struct {
	From  string `json:"from"`
	Into  string `json:"into"`
	Rows  int    `json:"rows"`
	Split bool   `json:"split"` // From lives on
}

// Found is what a worker reports.
type Found struct {
	link.Report
	Merged int     `json:"merged"`          // entities that are no more
	Split  int     `json:"split"`           // of which rows have left
	Moved  []Moved `json:"moved,omitempty"` // the first of them
}

// maxMoved is how many moves a report lists; it counts all.
const maxMoved = 100

func writeReport(dir string, res *link.Result) error {
	found := Found{Report: res.Report}
	for _, m := range res.Moves {
		if m.Split {
			found.Split++
		} else {
			found.Merged++
		}
		if len(found.Moved) < maxMoved {
			found.Moved = append(found.Moved, Moved{m.From, m.Into, m.Rows, m.Split})
		}
	}
	return into(dir, reportFile, func(w *bufio.Writer) error { return json.NewEncoder(w).Encode(found) })
}
