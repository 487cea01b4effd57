package link

import (
	"context"
	"fmt"
	"hash/maphash"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"chengshu/kernel/fault"
)

// RowID names a row: a source and the key of the row in it.
type RowID struct {
	Source string `json:"source"`
	Key    string `json:"key"`
}

// Row is one row of a source. Values are in the order of Spec.Fields, "" for none.
type Row struct {
	Key    string
	At     int64  // when it was recorded, milliseconds UTC; 0: not known
	Entity string // the id it bore after the last linkage; "": it is new
	Values []string
}

// Decision is what a person decided about two rows. Of several about the same rows the last holds.
type Decision struct {
	A, B RowID
	Same bool
}

// Options are what a linkage needs beyond the rows.
type Options struct {
	Decisions []Decision
	NewID     func() string // a new entity id, never given before
}

// Linker takes rows, source after source, and links them once. It is not for use by several at a time.
type Linker struct {
	spec     Spec
	columns  []*column
	index    map[string]int // of the field's column
	sources  []source
	rows     int
	keys     texts
	at       []int64
	previous []uint32 // the entity each row bore, in entities
	entities *dictionary
	seed     maphash.Seed
	random   map[pattern]int64 // what random pairs look like
	model    *model
	parts    map[Key][]uint64 // of each value, while rules are chosen
	chosen   []*blocking
	report   Report
}

// source is a run of rows.
type source struct {
	name     string
	unique   bool // holds no duplicates
	from, to int
}

// column holds one field of all rows.
type column struct {
	Field
	comparison
	write  func(string) string // the one writing of a code; nil: as it is
	top    uint8               // level of equal values
	texts  *dictionary
	values []uint32
	counts []uint32 // rows of each value; counts[0]: missing
}

// texts are strings in one piece of memory.
type texts struct {
	text []byte
	ends []uint64
}

func (t *texts) add(s string) {
	t.text = append(t.text, s...)
	t.ends = append(t.ends, uint64(len(t.text)))
}

func (t *texts) get(i uint32) string {
	from := uint64(0)
	if i > 0 {
		from = t.ends[i-1]
	}
	return string(t.text[from:t.ends[i]])
}

// New checks the declaration. The error is a fault of kind Invalid with a field for every mistake.
func New(spec Spec, checks map[string]Check) (*Linker, error) {
	if err := spec.check(checks); err != nil {
		return nil, err
	}
	l := &Linker{spec: spec.with(), index: map[string]int{}, entities: newDictionary(), seed: maphash.MakeSeed()}
	for i, f := range spec.Fields {
		c := &column{Field: f, comparison: comparisonOf(f, checks), write: checks[f.Check].Write, texts: newDictionary()}
		c.top = uint8(len(c.names()) - 1)
		l.columns = append(l.columns, c)
		l.index[f.Name] = i
	}
	return l, nil
}

// Begin starts a source; the rows that follow are its. A unique source holds no two rows of one entity: its rows are not compared with each
// other, and an entity has at most one of them. A name that was used before is a fault of kind Invalid.
func (l *Linker) Begin(name string, unique bool) error {
	for _, s := range l.sources {
		if s.name == name {
			return fault.New(fault.Invalid, "source-twice", "数据来源“"+name+"”重复", fmt.Sprintf("the source %q is given twice", name))
		}
	}
	l.sources = append(l.sources, source{name: name, unique: unique, from: l.rows, to: l.rows})
	return nil
}

// maxRows is the most that row numbers of 32 bits allow.
const maxRows = 1<<32 - 2

// Add takes a row of the source begun last. Its key must be the only one in its source. Faults: Invalid when the values are not as many as the fields,
// or no source has begun; Exhausted above four thousand million rows.
func (l *Linker) Add(r Row) error {
	if len(r.Values) != len(l.columns) || len(l.sources) == 0 {
		return fault.New(fault.Invalid, "bad-row", fmt.Sprintf("每行须有%d个值，且须先指定来源", len(l.columns)),
			fmt.Sprintf("a row needs %d values, and a source must have begun", len(l.columns)))
	}
	if l.rows >= maxRows {
		return fault.New(fault.Exhausted, "too-many-rows", "行数过多", "there are too many rows")
	}
	for i, c := range l.columns {
		value := normal(r.Values[i], c.Compare == "code")
		if c.write != nil && value != "" {
			value = c.write(value)
		}
		c.values = append(c.values, c.texts.add(value))
	}
	l.keys.add(r.Key)
	l.at = append(l.at, r.At)
	l.previous = append(l.previous, l.entities.add(r.Entity))
	l.rows++
	l.sources[len(l.sources)-1].to = l.rows
	return nil
}

// Run links what was added. It returns the context's error if that ends first. A Linker runs once.
func (l *Linker) Run(ctx context.Context, o Options) (*Result, error) {
	l.parallel(len(l.columns), func(i int) { l.columns[i].seal() })
	l.entities.seal()
	if err := l.prepare(ctx); err != nil {
		return nil, err
	}
	found, err := l.compareAll(ctx)
	if err != nil {
		return nil, err
	}
	for _, b := range l.chosen {
		b.block, b.rows, b.starts = nil, nil, nil
	}
	res := &Result{l: l}
	l.cluster(res, found, o.Decisions)
	res.identify(l, o.NewID)
	res.Report = l.report
	return res, nil
}

// prepare chooses the rules and learns the weights; and once more where the data has more errors than was assumed.
func (l *Linker) prepare(ctx context.Context) error {
	counted := l.count()
	if err := ctx.Err(); err != nil {
		return err
	}
	for range 2 {
		chosen := l.choose(counted, l.errors())
		if slices.EqualFunc(chosen, l.chosen, func(x, y *blocking) bool { return x.Rule == y.Rule }) {
			break
		}
		l.open(chosen)
		if err := l.learn(ctx); err != nil {
			return err
		}
	}
	for _, b := range counted {
		l.report.Rules = append(l.report.Rules, b.Counted)
	}
	l.parts = nil
	return nil
}

// seal counts values and prepares their comparison.
func (c *column) seal() {
	c.texts.seal()
	c.counts = make([]uint32, c.texts.len())
	for _, v := range c.values {
		c.counts[v]++
	}
	c.prepare(c.texts)
}

// parallel does n things on all processors.
func (l *Linker) parallel(n int, do func(int)) {
	var next atomic.Int64
	var all sync.WaitGroup
	for range min(n, runtime.GOMAXPROCS(0)) {
		all.Go(func() {
			for i := next.Add(1) - 1; i < int64(n); i = next.Add(1) - 1 {
				do(int(i))
			}
		})
	}
	all.Wait()
}

// source is where a row is from.
func (l *Linker) source(row uint32) *source {
	for i := range l.sources {
		if int(row) < l.sources[i].to {
			return &l.sources[i]
		}
	}
	panic("link: a row of no source")
}

func (l *Linker) id(row uint32) RowID { return RowID{l.source(row).name, l.keys.get(row)} }

// pairsIn calls do with each pair of rows, which rise, that may be of one entity.
func (l *Linker) pairsIn(rows []uint32, do func(a, b uint32)) {
	for from := 0; from < len(rows); {
		s := l.source(rows[from])
		to := from
		for to < len(rows) && int(rows[to]) < s.to {
			to++
		}
		for i := from; i < to; i++ {
			j := i + 1
			if s.unique {
				j = to
			}
			for ; j < len(rows); j++ {
				do(rows[i], rows[j])
			}
		}
		from = to
	}
}
