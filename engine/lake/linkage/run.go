package linkage

import (
	"bufio"
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"chengshu/core/record"
	"chengshu/engine/lake/link"
	"chengshu/engine/lake/worker"
	"chengshu/kernel/db"
	"chengshu/kernel/fault"
)

// Order is what asks for a run.
type Order struct {
	Key              string // the same at each attempt, and of no other run
	CaseType, CaseID string
}

// Run is what one linking came to.
type Run struct {
	Linkage  string
	Number   int64
	At       int64 // ms UTC
	Ended    int64
	CaseType string
	CaseID   string
	Report   Report
}

// Report is what is kept of a run.
type Report struct {
	Sources []Read `json:"sources"`
	Found
}

// Read is what was read of a source.
type Read struct {
	Name    string `json:"name"`
	Release int64  `json:"release,omitempty"` // of a dataset
	Rows    int64  `json:"rows"`
}

// Progress hears how far a run is.
type Progress interface {
	Progress(done, total int64, note fault.Text)
}

// The parts of a run, for its progress.
const (
	partReading = iota
	partLinking
	partStoring
	parts
)

// Link links what the sources hold now and makes that the present run. One whose
// key has been linked is returned as it was; one that was broken off is done from
// its beginning. A source without a release is a fault of kind Invalid. When
// another run of the linkage has come first, the fault is Conflict: what this one
// built on is no more.
func (e *Engine) Link(ctx context.Context, l *Linkage, o Order, p Progress) (*Run, error) {
	done, err := e.byKey(e.DB.Read(ctx), o.Key)
	if err != nil || done != nil && done.Ended != 0 {
		return done, err
	}
	run, base, err := e.begin(ctx, l, o, done)
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp(e.Dir, "run-*")
	if err != nil {
		return nil, fmt.Errorf("linkage: %w", err)
	}
	defer os.RemoveAll(dir) // what stays is removed at the next start
	p.Progress(partReading, parts, fault.Text{Zh: "读取各来源", En: "Reading the sources"})
	t := task{Dir: dir, Spec: l.spec()}
	for i, s := range l.Sources {
		file := fmt.Sprintf("source-%d.csv", i)
		read, err := e.write(ctx, l, s, base, filepath.Join(dir, file))
		if err != nil {
			return nil, err
		}
		run.Report.Sources = append(run.Report.Sources, read)
		t.Sources = append(t.Sources, taskSource{Name: s.Name, Unique: s.Unique, File: file})
	}
	if t.Decisions, err = e.decided(e.DB.Read(ctx), l.Name); err != nil {
		return nil, err
	}
	if err := worker.Run(ctx, workerName, dir, t, func(out io.Reader) error { return heed(out, p) }); err != nil {
		return nil, err
	}
	p.Progress(partStoring, parts, fault.Text{Zh: "保存", En: "Storing"})
	return run, e.keep(ctx, run, base, dir)
}

// heed reads what a worker says until it is done.
func heed(out io.Reader, p Progress) error {
	lines := json.NewDecoder(out)
	for {
		var s said
		switch err := lines.Decode(&s); {
		case err != nil:
			return io.ErrUnexpectedEOF
		case s.Done:
			return nil
		case s.Linking:
			p.Progress(partLinking, parts, fault.Text{Zh: "比对", En: "Linking"})
		}
	}
}

// begin gives a run its number, after the present one and all others, and removes
// what an attempt at it has left.
func (e *Engine) begin(ctx context.Context, l *Linkage, o Order, before *Run) (run *Run, base int64, err error) {
	run = &Run{Linkage: l.Name, At: e.Clock.Now().UnixMilli(), CaseType: o.CaseType, CaseID: o.CaseID}
	if before != nil {
		if err := e.clear(ctx, l.Name, before.Number); err != nil {
			return nil, 0, err
		}
	}
	if err := e.tidy(ctx, l.Name); err != nil {
		return nil, 0, err
	}
	err = e.DB.Do(ctx, func(tx *db.Tx) error {
		if err := tx.Lock("linkage/" + l.Name); err != nil {
			return err
		}
		if _, err := tx.Exec(`delete from linkage_run where key = $1 and ended_at is null`, o.Key); err != nil {
			return err
		}
		if base, err = present(tx, l.Name); err != nil {
			return err
		}
		if err := tx.QueryRow(`select coalesce(max(run), 0) + 1 from linkage_run where linkage = $1`, l.Name).Scan(&run.Number); err != nil {
			return err
		}
		_, err := tx.Exec(`insert into linkage_run (linkage, run, base, key, case_type, case_id, at) values ($1, $2, $3, $4, $5, $6, $7)`,
			l.Name, run.Number, base, o.Key, o.CaseType, o.CaseID, run.At)
		return err
	})
	return run, base, err
}

// tidy removes what runs have left that came to no end, or ended while the program
// died: all that is older than the present run.
func (e *Engine) tidy(ctx context.Context, linkage string) error {
	now, err := present(e.DB.Read(ctx), linkage)
	if err != nil {
		return err
	}
	for {
		var old int64
		err := e.DB.Read(ctx).QueryRow(`select coalesce(min(run), 0) from linkage_run r where linkage = $1 and run < $2 and (ended_at is null or
			exists (select 1 from linkage_member m where m.linkage = r.linkage and m.run = r.run) or exists (select 1 from linkage_pair p where p.linkage = r.linkage and p.run = r.run))`, linkage, now).Scan(&old)
		if err != nil || old == 0 {
			return err
		}
		if err := e.clear(ctx, linkage, old); err != nil {
			return err
		}
		err = e.DB.Do(ctx, func(tx *db.Tx) error {
			_, err := tx.Exec(`delete from linkage_run where linkage = $1 and run = $2 and ended_at is null`, linkage, old)
			return err
		})
		if err != nil {
			return err
		}
	}
}

// present is the number of the run that readers see, 0 before the first.
func present(q db.Querier, linkage string) (n int64, err error) {
	err = q.QueryRow(`select coalesce(max(run), 0) from linkage_run where linkage = $1 and ended_at is not null`, linkage).Scan(&n)
	return n, err
}

const (
	chunk     = 1000 // rows that are looked up, written or removed at a time
	statement = 25   // rows of one insert: more take SQLite several times as long, fewer PostgreSQL
)

// write writes the rows of a source for the worker.
func (e *Engine) write(ctx context.Context, l *Linkage, s *Source, base int64, file string) (Read, error) {
	read := Read{Name: s.Name}
	err := intoFile(file, func(w *bufio.Writer) error {
		out := rowWriter{e: e, l: l, s: s, base: base, ctx: ctx, out: csv.NewWriter(w)}
		release, err := e.rows(ctx, s, out.add)
		if err == nil {
			err = out.flush()
		}
		read.Release, read.Rows = release, out.rows
		return err
	})
	return read, err
}

// intoFile writes a file by its whole name.
func intoFile(file string, write func(*bufio.Writer) error) error {
	return into(filepath.Dir(file), filepath.Base(file), write)
}

// rows gives the rows of a source, and the number of its release.
func (e *Engine) rows(ctx context.Context, s *Source, fn func(*record.Row) error) (release int64, err error) {
	if s.Type.Resource == record.Register {
		return 0, e.Registers.Scan(ctx, s.Type, nil, fn)
	}
	last, err := e.Releases.Releases(e.DB.Read(ctx), s.Type, 0, 1)
	if err != nil {
		return 0, err
	}
	if len(last) == 0 {
		return 0, fault.New(fault.Invalid, "no-release", "“"+s.Type.Title.Zh+"”还没有发布的版本", s.Type.Title.En+" has no release yet")
	}
	if err := last[0].There(); err != nil {
		return 0, err
	}
	m, err := last[0].Read()
	if err != nil {
		return 0, err
	}
	return last[0].Version, e.Releases.Text(ctx, s.Type, m, func(text io.Reader) error {
		cells := csv.NewReader(text)
		cells.FieldsPerRecord, cells.ReuseRecord = len(s.Type.Fields), true
		for n := int64(1); ; n++ {
			row, err := cells.Read()
			if errors.Is(err, io.EOF) {
				return nil
			}
			if err != nil {
				return err
			}
			r, err := s.Type.CopyOf(n, last[0].At, row)
			if err != nil {
				return err
			}
			if err := fn(r); err != nil {
				return err
			}
		}
	})
}

// rowWriter writes rows with the entities that they were of.
type rowWriter struct {
	e    *Engine
	l    *Linkage
	s    *Source
	base int64
	ctx  context.Context // of the one write
	out  *csv.Writer
	wait [][]string
	rows int64
}

func (w *rowWriter) add(r *record.Row) error {
	cells := append([]string{r.ID, strconv.FormatInt(w.s.ageOf(r), 10), ""}, w.l.values(w.s, r)...)
	w.wait = append(w.wait, cells)
	if len(w.wait) < chunk {
		return nil
	}
	return w.flush()
}

func (w *rowWriter) flush() error {
	keys := make([]string, len(w.wait))
	for i, cells := range w.wait {
		keys[i] = cells[0]
	}
	known, err := entitiesOf(w.e.DB.Read(w.ctx), w.l.Name, w.base, w.s.Name, keys)
	if err != nil {
		return err
	}
	for _, cells := range w.wait {
		cells[2] = known[cells[0]]
		if err := w.out.Write(cells); err != nil {
			return err
		}
	}
	w.rows, w.wait = w.rows+int64(len(w.wait)), w.wait[:0]
	w.out.Flush()
	return w.out.Error()
}

// values are those of a row in the order of Compare.
func (l *Linkage) values(s *Source, r *record.Row) []string {
	out := make([]string, len(l.Compare))
	for i, f := range l.Compare {
		if own := s.Field(f.Name); own != nil {
			if v := r.Get(own.Name); v != nil {
				out[i] = own.Plain(v)
			}
		}
	}
	return out
}

// ageOf is when a row was recorded, in ms UTC: what its source says, or else when
// it was last changed or released. 0 is not known.
func (s *Source) ageOf(r *record.Row) int64 {
	switch v := r.Get(s.At).(type) {
	case int64:
		return v
	case string:
		day, err := time.Parse(time.DateOnly, v)
		if err != nil {
			return 0
		}
		return day.UnixMilli()
	}
	if s.At != "" {
		return 0
	}
	return r.UpdatedAt
}

// keep stores what a worker has found and makes it the present run.
func (e *Engine) keep(ctx context.Context, run *Run, base int64, dir string) error {
	report, err := os.ReadFile(filepath.Join(dir, reportFile))
	if err != nil {
		return fmt.Errorf("linkage: %w", err)
	}
	if err := json.Unmarshal(report, &run.Report.Found); err != nil {
		return fmt.Errorf("linkage: %w", err)
	}
	if err := e.storeMembers(ctx, run, filepath.Join(dir, membersFile)); err != nil {
		return err
	}
	if err := e.storePairs(ctx, run, filepath.Join(dir, pairsFile)); err != nil {
		return err
	}
	body, err := json.Marshal(run.Report)
	if err != nil {
		return err
	}
	err = e.DB.Do(ctx, func(tx *db.Tx) error {
		if err := tx.Lock("linkage/" + run.Linkage); err != nil {
			return err
		}
		now, err := present(tx, run.Linkage)
		if err == nil && now != base {
			err = fault.New(fault.Conflict, "linked-meanwhile", "另一次归一先完成了，须重新进行", "another run has come first; this one must be made anew")
		}
		if err != nil {
			return err
		}
		run.Ended = e.Clock.Now().UnixMilli()
		_, err = tx.Exec(`update linkage_run set ended_at = $1, report = $2 where linkage = $3 and run = $4`, run.Ended, string(body), run.Linkage, run.Number)
		return err
	})
	if err != nil {
		return err
	}
	return e.clear(context.WithoutCancel(ctx), run.Linkage, base)
}

// storeMembers writes the entity of each row.
func (e *Engine) storeMembers(ctx context.Context, run *Run, file string) error {
	f, err := os.Open(filepath.Clean(file))
	if err != nil {
		return fmt.Errorf("linkage: %w", err)
	}
	defer f.Close()
	in := csv.NewReader(bufio.NewReaderSize(f, 1<<20))
	return e.inChunks(ctx, `insert into linkage_member (linkage, run, source, row_key, entity) values `, 5, func() ([]any, error) {
		cells, err := in.Read()
		if err != nil {
			return nil, err
		}
		return []any{run.Linkage, run.Number, cells[0], cells[1], cells[2]}, nil
	})
}

// storePairs writes the pairs for people to look at, each with its lesser row first.
func (e *Engine) storePairs(ctx context.Context, run *Run, file string) error {
	f, err := os.Open(filepath.Clean(file))
	if err != nil {
		return fmt.Errorf("linkage: %w", err)
	}
	defer f.Close()
	in := json.NewDecoder(bufio.NewReaderSize(f, 1<<20))
	n := int64(0)
	return e.inChunks(ctx, `insert into linkage_pair (linkage, run, pair, a_source, a_key, b_source, b_key, body) values `, 8, func() ([]any, error) {
		var p weighed
		if err := in.Decode(&p); err != nil {
			return nil, err
		}
		n++
		a, b := ordered(p.A, p.B)
		body, err := json.Marshal(p.Weight)
		return []any{run.Linkage, run.Number, n, a.Source, a.Key, b.Source, b.Key, string(body)}, err
	})
}

// inChunks inserts the rows that next gives until io.EOF, some at a time and behind
// all that people wait for.
func (e *Engine) inChunks(ctx context.Context, insert string, width int, next func() ([]any, error)) error {
	for end := false; !end; {
		var args []any
		for len(args) < chunk*width {
			row, err := next()
			if errors.Is(err, io.EOF) {
				end = true
				break
			}
			if err != nil {
				return fmt.Errorf("linkage: %w", err)
			}
			args = append(args, row...)
		}
		err := e.DB.DoLow(ctx, func(tx *db.Tx) error {
			for some := range slices.Chunk(args, statement*width) {
				if _, err := tx.Exec(insert+rowsOf(width, len(some)/width), some...); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// rowsOf writes ($1,$2,…),(…) for rows of width parameters.
func rowsOf(width, rows int) string {
	var b bytes.Buffer
	for i := range rows {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString("(" + db.Params(1+i*width, width) + ")")
	}
	return b.String()
}

// clear removes what is kept of a run but its report, some at a time.
func (e *Engine) clear(ctx context.Context, linkage string, run int64) error {
	for left := true; left; {
		err := e.DB.DoLow(ctx, func(tx *db.Tx) (err error) {
			left, err = clearSome(tx, linkage, run)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// clearSome removes the first rows of a run, then its first pairs, and tells whether
// there may be more. They are a range of the primary key, which both databases find
// by it, as they do not when the keys are listed.
func clearSome(tx *db.Tx, linkage string, run int64) (more bool, err error) {
	var source, key string
	err = tx.QueryRow(`select source, row_key from (select source, row_key from linkage_member where linkage = $1 and run = $2 order by source, row_key limit 1000) first
		order by source desc, row_key desc limit 1`, linkage, run).Scan(&source, &key)
	if err == nil {
		_, err = tx.Exec(`delete from linkage_member where linkage = $1 and run = $2 and (source, row_key) <= ($3, $4)`, linkage, run, source, key)
		return true, err
	}
	if !errors.Is(err, db.ErrNoRows) {
		return false, err
	}
	n, err := tx.Exec(`delete from linkage_pair where linkage = $1 and run = $2 and pair < 1000 + (select min(pair) from linkage_pair where linkage = $1 and run = $2)`, linkage, run)
	return n > 0, err
}

// ordered puts the lesser of two rows first, as decisions and pairs are kept.
func ordered(a, b link.RowID) (link.RowID, link.RowID) {
	if b.Source < a.Source || b.Source == a.Source && b.Key < a.Key {
		return b, a
	}
	return a, b
}
