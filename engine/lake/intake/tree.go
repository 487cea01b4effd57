package intake

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"golang.org/x/text/transform"

	"chengshu/kernel/fault"
)

// Limits of files that are trees: JSON and XML.
const (
	maxDepth  = 64
	maxFields = 2_000    // of a row
	maxPiece  = 16 << 20 // bytes between two tokens
	maxName   = 1 << 10  // bytes of a name
	headRows  = 1_000    // rows by which the columns are told
	headBytes = 8 << 20  // of those, at most
)

// walker tells a visitor of a tree: an object of JSON and an element of XML are
// entered by name, and each member of an array by the array's.
type walker func(in io.Reader, v visitor) error

// visitor is told of a tree in the order of the file.
type visitor interface {
	enter(name string) error
	value(text string) error // of the innermost that was entered
	leave() error
}

// errEnough ends a walk early.
var errEnough = errors.New("enough")

// readTree writes the rows of a tree: what stands at one path, as often as it
// stands there. The path is the one that the hint gives, or that under which
// most fields are found.
func readTree(from stream, head []byte, walk walker, format Format, w Want, out io.Writer) (*Table, error) {
	charset, err := charsetOf(head)
	if err != nil {
		return nil, err
	}
	visit := func(v visitor) error {
		in, err := from()
		if err != nil {
			return err
		}
		defer in.Close()
		err = walk(transform.NewReader(in, decoder(charset)), v)
		if errors.Is(err, errEnough) {
			return nil
		}
		return broken(err)
	}
	path := w.Path
	if path == "" {
		survey := &survey{found: map[string]*spot{}}
		if err := visit(survey); err != nil {
			return nil, err
		}
		path = survey.best(w)
	}
	rows := &treeRows{want: w, path: path, out: out, tab: &Table{Format: format, Part: path}}
	if err := visit(rows); err != nil {
		return nil, err
	}
	err = rows.finish()
	rows.tab.Charset = charset
	return rows.tab, err
}

// trail is where in the tree a visitor is.
type trail struct{ names []string }

func (t *trail) enter(name string) error {
	if len(name) > maxName {
		return longName("文件中", "in the file")
	}
	if t.names = append(t.names, name); len(t.names) > maxDepth {
		return fault.New(fault.Invalid, "too-deep", "文件嵌套超过 64 层", "the file is nested over 64 levels deep")
	}
	return nil
}

// longName refuses a name that would fill memory and names no column.
func longName(zh, en string) error {
	return fault.New(fault.Invalid, "long-name", zh+"有超过 1024 字节的名称", "there is a name of over 1,024 bytes "+en)
}

func (t *trail) leave() { t.names = t.names[:len(t.names)-1] }

// path is the names with dots, without that of the root.
func (t *trail) path() string { return strings.Join(t.names[1:], ".") }

// survey looks at the beginning of a tree for where rows stand.
type survey struct {
	trail
	found map[string]*spot
	order []string
	seen  int // values
}

// spot is a path, and what stands right under it.
type spot struct {
	times int
	names []string
	has   map[string]bool
}

const (
	surveyValues = 50_000
	maxSpots     = 1_000
)

func (s *survey) enter(name string) error {
	if err := s.trail.enter(name); err != nil {
		return err
	}
	if s.seen++; s.seen > surveyValues {
		return errEnough
	}
	at := s.spot()
	if at != nil {
		at.times++
	}
	return nil
}

func (s *survey) spot() *spot {
	path := s.path()
	at := s.found[path]
	if at == nil && len(s.found) < maxSpots {
		at = &spot{has: map[string]bool{}}
		s.found[path], s.order = at, append(s.order, path)
	}
	return at
}

func (s *survey) value(string) error {
	// A leaf counts for each of the paths it stands under: rows may hold objects.
	for i := 1; i < len(s.names); i++ {
		at := s.found[strings.Join(s.names[1:i], ".")]
		name := strings.Join(s.names[i:], ".")
		if at != nil && len(at.names) < maxFields && !at.has[name] {
			at.has[name], at.names = true, append(at.names, name)
		}
	}
	return nil
}

func (s *survey) leave() error { s.trail.leave(); return nil }

// best is the path under which most fields are found; of equals the one that is
// there most often, then the deeper: an only row stands in what holds it, too.
func (s *survey) best(w Want) string {
	var best string
	known, times := -1, 0
	for _, path := range s.order {
		at := s.found[path]
		_, k := w.match(at.names)
		if k > known || k == known && at.times >= times {
			best, known, times = path, k, at.times
		}
	}
	return best
}

// treeRows gathers the rows under a path and writes them.
type treeRows struct {
	trail
	want Want
	path string
	out  io.Writer
	tab  *Table

	depth   int // of the row in the trail; 0 outside of rows
	nth     int64
	row     []entry // of the row that is being read
	bytes   int     // of its texts
	first   []placed
	held    int            // bytes of those
	columns map[string]int // by name
	writer  *rowWriter
	cells   [][]byte
	ignored map[string]bool // names that came late and are no field
}

type entry struct {
	name string
	text []byte
}

type placed struct {
	place   int64
	entries []entry
}

func (t *treeRows) enter(name string) error {
	if err := t.trail.enter(name); err != nil {
		return err
	}
	if t.depth == 0 && t.trail.path() == t.path {
		t.depth, t.row, t.bytes = len(t.names), t.row[:0], 0
		t.nth++
	}
	return nil
}

func (t *treeRows) value(text string) error {
	if t.depth == 0 {
		return nil
	}
	if t.bytes += len(text); t.bytes > maxPiece {
		return fault.New(fault.Invalid, "long-row", fmt.Sprintf("第 %d 个元素超过 16 MiB", t.nth), fmt.Sprintf("element %d is over 16 MiB", t.nth))
	}
	name := strings.Join(t.names[t.depth:], ".")
	if name == "" {
		name = "value"
	}
	for i := range t.row { // it is there more than once: a list
		if e := &t.row[i]; e.name == name {
			if len(e.text) > 0 && text != "" {
				e.text = append(e.text, ';')
			}
			e.text = append(e.text, text...)
			return nil
		}
	}
	if len(t.row) == maxFields {
		return fault.New(fault.Invalid, "wide-row", fmt.Sprintf("第 %d 个元素超过 2000 项", t.nth), fmt.Sprintf("element %d has over 2,000 values", t.nth))
	}
	t.row = append(t.row, entry{name, []byte(text)})
	return nil
}

func (t *treeRows) leave() error {
	ends := t.depth == len(t.names)
	t.trail.leave()
	if !ends {
		return nil
	}
	t.depth = 0
	if t.writer != nil {
		return t.write(placed{t.nth, t.row})
	}
	t.first = append(t.first, placed{t.nth, slices.Clone(t.row)})
	if t.held += t.bytes; len(t.first) == headRows || t.held > headBytes {
		return t.begin()
	}
	return nil
}

// begin settles the columns by the first rows, and writes those. Fields that
// none of them has get a column of their own, for rows to come.
func (t *treeRows) begin() error {
	t.columns, t.ignored = map[string]int{}, map[string]bool{}
	var names []string
	for _, row := range t.first {
		for _, e := range row.entries {
			if _, known := t.columns[e.name]; !known && len(names) < maxFields {
				t.columns[e.name] = len(names)
				names = append(names, e.name)
			}
		}
	}
	t.tab.Columns, _ = t.want.match(names)
	if err := t.want.complete(t.tab.Columns); err != nil {
		return err
	}
	for _, f := range t.want.Type.Fields {
		if !slices.ContainsFunc(t.tab.Columns, func(c Column) bool { return c.Field == f.Name }) {
			t.tab.Columns = append(t.tab.Columns, Column{Header: f.Name, Field: f.Name})
		}
	}
	t.cells = make([][]byte, len(t.tab.Columns))
	t.writer = newRowWriter(t.out, t.tab, "序号")
	for _, row := range t.first {
		if err := t.write(row); err != nil {
			return err
		}
	}
	t.first = nil
	return nil
}

func (t *treeRows) write(row placed) error {
	clear(t.cells)
	for _, e := range row.entries {
		i, known := t.columns[e.name]
		if !known {
			i = t.late(e.name)
		}
		if i >= 0 {
			t.cells[i] = e.text
		}
	}
	return t.writer.row(row.place, t.cells)
}

// late finds the column of a name that the first rows did not have, -1 for none.
func (t *treeRows) late(name string) int {
	i := -1
	if got, known := t.want.match([]string{name}); known > 0 {
		// The first column is that of the place.
		i = slices.IndexFunc(t.tab.Columns[1:], func(c Column) bool { return c.Field == got[0].Field })
	} else if len(t.ignored) < maxFields {
		t.ignored[name] = true
	}
	if len(t.columns) < 2*maxFields {
		t.columns[name] = i
	}
	return i
}

func (t *treeRows) finish() error {
	if t.nth == 0 {
		return fault.New(fault.Invalid, "empty-file", "文件中没有数据行（路径“"+t.path+"”）", fmt.Sprintf("the file has no rows at the path %q", t.path))
	}
	if t.writer == nil {
		if err := t.begin(); err != nil {
			return err
		}
	}
	if n := int64(len(t.ignored)); n > 0 {
		t.tab.Notes = append(t.tab.Notes, Note{"late-names", n, fault.Text{Zh: fmt.Sprintf("%d 个后来才出现的名称不属于数据集，未读取", n), En: fmt.Sprintf("%d names that come late are no fields and were not read", n)}})
	}
	return t.writer.out.Flush()
}
