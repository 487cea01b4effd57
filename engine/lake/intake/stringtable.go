package intake

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sort"

	"chengshu/kernel/fault"
)

const (
	maxCell   = 131_068  // bytes of a cell: Excel's 32,767 characters
	inMemory  = 16 << 20 // bytes of strings that are kept in memory
	groupSize = 32       // strings that are read together, at most
	groupHeld = 16 << 10 // bytes of strings beyond which a group takes no more
	maxGroups = 256      // groups that are held as read
	maxShared = 1 << 28  // strings: more than a sheet has cells that use them
)

// stringTable is the texts that the cells of a workbook share: 18.4.8. What is
// too much for memory is on disk, with the places of groups in memory.
type stringTable struct {
	bytes  []byte // each text led by its length
	file   *os.File
	groups []mark
	count  int
	end    int64
	cached [maxGroups]struct {
		group int // its number and 1, so that nothing is cached at first
		texts [][]byte
	}
}

// mark is where a group begins, and the number of its first text.
type mark struct {
	first int
	at    int64
}

// readStrings reads the table; one that is not there is empty.
func (b *book) readStrings(dir string) (*stringTable, error) {
	t := &stringTable{}
	var out *bufio.Writer
	var text []byte
	keep := func() error {
		if last := len(t.groups) - 1; last < 0 || t.count-t.groups[last].first == groupSize || t.end-t.groups[last].at >= groupHeld {
			t.groups = append(t.groups, mark{t.count, t.end})
		}
		before := len(t.bytes)
		t.bytes = append(binary.AppendUvarint(t.bytes, uint64(len(text))), text...)
		t.end += int64(len(t.bytes) - before)
		if t.count++; t.count > maxShared {
			return errXML
		}
		if out == nil && len(t.bytes) > inMemory {
			var err error
			if t.file, err = os.CreateTemp(filepath.Clean(dir), "strings-*"); err != nil {
				return err
			}
			out = bufio.NewWriterSize(t.file, 1<<20)
		}
		if out != nil {
			if _, err := out.Write(t.bytes); err != nil {
				return err
			}
			t.bytes = t.bytes[:0]
		}
		return nil
	}
	err := b.texts("xl/sharedStrings.xml", &text, keep)
	if out != nil {
		err = errors.Join(err, out.Flush())
		t.bytes = nil
	}
	if err != nil {
		return nil, errors.Join(err, t.close())
	}
	return t, nil
}

// texts gathers each <si>: its <t>, in runs or not, without the reading aids of
// East Asian text.
func (b *book) texts(name string, text *[]byte, done func() error) error {
	body, err := b.zip.open(name)
	if errors.Is(err, errNoMember) {
		return nil
	}
	if err != nil {
		return err
	}
	defer body.Close()
	s := newScanner(body)
	in, aid := false, false
	for {
		kind, err := s.next()
		if err != nil {
			return b.zip.explain(err)
		}
		switch {
		case kind == ended:
			return nil
		case kind == letters:
			if in && !aid {
				if *text = append(*text, s.text...); len(*text) > maxCell {
					return errLongCell(0)
				}
			}
		case string(s.name) == "t":
			in = kind == opening
		case string(s.name) == "rPh":
			aid = kind == opening
		case string(s.name) == "si" && kind == opening:
			*text = (*text)[:0]
		case string(s.name) == "si":
			if err := done(); err != nil {
				return b.zip.explain(err)
			}
		}
	}
}

func (t *stringTable) close() error {
	if t == nil || t.file == nil {
		return nil
	}
	return errors.Join(t.file.Close(), os.Remove(t.file.Name()))
}

// at returns a text; false when there is none of that number.
func (t *stringTable) at(i int) ([]byte, bool, error) {
	if i < 0 || i >= t.count {
		return nil, false, nil
	}
	g := sort.Search(len(t.groups), func(n int) bool { return t.groups[n].first > i }) - 1
	slot := &t.cached[g%maxGroups]
	if slot.group != g+1 {
		from, to := t.groups[g].at, t.end
		if g+1 < len(t.groups) {
			to = t.groups[g+1].at
		}
		block := t.bytes
		if t.file == nil {
			block = block[from:to]
		} else {
			block = make([]byte, to-from)
			if _, err := t.file.ReadAt(block, from); err != nil && !errors.Is(err, io.EOF) {
				return nil, false, err
			}
		}
		slot.group, slot.texts = g+1, slot.texts[:0]
		for len(block) > 0 {
			n, head := binary.Uvarint(block)
			slot.texts = append(slot.texts, block[head:head+int(n)])
			block = block[head+int(n):]
		}
	}
	return slot.texts[i-t.groups[g].first], true, nil
}

func errLongCell(row int64) error {
	zh, en := "工作簿", "the workbook"
	if row > 0 {
		zh, en = fmt.Sprintf("第 %d 行", row), fmt.Sprintf("row %d", row)
	}
	return fault.New(fault.Invalid, "long-cell", zh+"有单元格超过 32767 个字符", en+" has a cell of over 32,767 characters")
}
