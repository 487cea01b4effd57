package intake

import (
	"archive/zip"
	"errors"
	"io"
	"path"
	"strconv"
	"strings"

	"chengshu/kernel/fault"
)

// book is a spreadsheet's parts beside its sheets: ECMA-376 part 1, 18.2–18.8.
type book struct {
	zip     *bounded
	sheets  []sheetRef
	strings *stringTable
	dates   []dateForm // by cell style
	from04  bool       // days are counted from 1904
}

// sheetRef is a sheet that people see.
type sheetRef struct{ name, file string }

const (
	maxSheets = 1000
	maxStyles = 1 << 16
)

// openBook reads the parts that a sheet needs.
func openBook(z *bounded, dir string) (*book, error) {
	b := &book{zip: z}
	rels := map[string]string{}
	if err := b.each("xl/_rels/workbook.xml.rels", func(s *scanner) error {
		if string(s.name) == "Relationship" && len(rels) < 10*maxSheets {
			target := string(s.attr("Target"))
			if !strings.HasPrefix(target, "/") {
				target = "/xl/" + target
			}
			rels[string(s.attr("Id"))] = strings.TrimPrefix(path.Clean(target), "/")
		}
		return nil
	}); err != nil {
		return nil, err
	}
	if err := b.each("xl/workbook.xml", func(s *scanner) error {
		switch string(s.name) {
		case "workbookPr":
			b.from04 = truth(s.attr("date1904"))
		case "sheet":
			file := rels[string(s.attr("id"))] // r:id; sheetId is another
			if state := string(s.attr("state")); strings.Contains(state, "idden") || file == "" {
				return nil
			}
			if b.sheets = append(b.sheets, sheetRef{string(s.attr("name")), file}); len(b.sheets) > maxSheets {
				return errManySheets()
			}
		}
		return nil
	}); err != nil {
		return nil, err
	}
	if err := b.readStyles(); err != nil {
		return nil, err
	}
	var err error
	b.strings, err = b.readStrings(dir)
	return b, err
}

func (b *book) close() error { return b.strings.close() }

// each calls do for every element of a part; one that is not there has none.
func (b *book) each(name string, do func(*scanner) error) error {
	body, err := b.zip.open(name)
	if errors.Is(err, errNoMember) {
		return nil
	}
	if err != nil {
		return err
	}
	defer body.Close()
	s := newScanner(body)
	for {
		kind, err := s.next()
		if err != nil {
			return b.zip.explain(err)
		}
		if kind == ended {
			return nil
		}
		if kind == opening {
			if err := do(s); err != nil {
				return err
			}
		}
	}
}

// dateForm is what a cell's number form shows of a moment.
type dateForm int

const (
	noDate dateForm = iota
	dayOnly
	clockOnly
	dayAndClock
)

// readStyles learns which cell styles show dates.
func (b *book) readStyles() error {
	forms := map[string]dateForm{}
	for id := 14; id <= 58; id++ { // 18.8.30, with those of Chinese
		switch {
		case id <= 17, id >= 27 && id <= 31, id == 36, id >= 50 && id <= 54, id >= 57:
			forms[strconv.Itoa(id)] = dayOnly
		case id >= 18 && id <= 21, id >= 32 && id <= 35, id == 45, id == 47, id == 55, id == 56:
			forms[strconv.Itoa(id)] = clockOnly
		case id == 22:
			forms[strconv.Itoa(id)] = dayAndClock
		}
	}
	inCells := false
	return b.each("xl/styles.xml", func(s *scanner) error {
		switch string(s.name) {
		case "numFmt":
			forms[string(s.attr("numFmtId"))] = formOf(string(s.attr("formatCode")))
		case "cellXfs", "cellStyleXfs", "dxfs":
			inCells = string(s.name) == "cellXfs"
		case "xf":
			if inCells && len(b.dates) < maxStyles {
				b.dates = append(b.dates, forms[string(s.attr("numFmtId"))])
			}
		}
		return nil
	})
}

// formOf tells what a number form of one's own shows: 18.8.31.
func formOf(code string) dateForm {
	code, _, _ = strings.Cut(strings.ToLower(code), ";") // of numbers above zero
	if strings.Contains(code, "general") {
		return noDate
	}
	var day, clock, month bool
	for i := 0; i < len(code); i++ {
		switch code[i] {
		case '"':
			i += strings.IndexByte(code[i+1:]+`"`, '"') + 1
		case '\\', '_', '*':
			i++
		case '[': // a colour, a locale, or time that has passed, which is a number
			if next := code[i+1:]; strings.HasPrefix(next, "h") || strings.HasPrefix(next, "m") && !strings.HasPrefix(next, "magenta") || strings.HasPrefix(next, "s") {
				return noDate
			}
			i += strings.IndexByte(code[i:]+"]", ']')
		case 'y', 'd', 'e':
			day = true
		case 'h', 's':
			clock = true
		case 'm':
			month = true
		case '0', '#', '?':
			if !clock {
				return noDate
			}
		}
	}
	switch {
	case day && clock:
		return dayAndClock
	case day, month && !clock:
		return dayOnly
	case clock:
		return clockOnly
	}
	return noDate
}

func truth(v []byte) bool { return string(v) == "1" || string(v) == "true" }

func errManySheets() error {
	return fault.New(fault.Invalid, "too-many-sheets", "工作簿的工作表超过 1000 个", "the workbook has over 1000 sheets")
}

var errNoMember = errors.New("no such member")

// bounded is an archive that unpacks to so much and no more, by what it
// declares and by what comes out.
type bounded struct {
	*zip.Reader
	left int64
}

const (
	maxMembers  = 10_000
	maxUnpacked = 16 << 30 // bytes, of all that is read of an archive
	freely      = 64 << 20 // bytes that any archive may unpack to
	maxRatio    = 200      // bytes out of one byte in, beyond that
)

// openArchive reads the directory of an archive.
func openArchive(f File) (*bounded, error) {
	z, err := zip.NewReader(f, f.Size)
	if err != nil {
		return nil, brokenArchive(err)
	}
	if len(z.File) > maxMembers {
		return nil, fault.New(fault.Invalid, "too-many-members", "压缩包内的文件超过 10000 个", "the archive holds over 10000 files")
	}
	b := &bounded{z, min(maxUnpacked, freely+maxRatio*f.Size)}
	var declared uint64
	for _, m := range z.File {
		declared += min(m.UncompressedSize64, 1<<50)
	}
	if declared > uint64(b.left) {
		return nil, errBomb()
	}
	return b, nil
}

// open opens a member by name, or returns errNoMember.
func (b *bounded) open(name string) (io.ReadCloser, error) {
	for _, m := range b.File {
		if strings.TrimPrefix(m.Name, "/") == name {
			return b.unpack(m)
		}
	}
	return nil, errNoMember
}

// unpack opens a member.
func (b *bounded) unpack(m *zip.File) (io.ReadCloser, error) {
	if m.Flags&1 != 0 {
		return nil, fault.New(fault.Invalid, "has-password", "压缩包加了密码；请去掉密码再上传", "the archive has a password; remove it and upload it again")
	}
	body, err := m.Open()
	if err != nil {
		return nil, brokenArchive(err)
	}
	return &counted{body, b}, nil
}

// counted takes what is read from what may be unpacked.
type counted struct {
	io.ReadCloser
	of *bounded
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.ReadCloser.Read(p)
	if c.of.left -= int64(n); c.of.left < 0 {
		return n, errBomb()
	}
	if err != nil && !errors.Is(err, io.EOF) {
		err = brokenArchive(err)
	}
	return n, err
}

// explain says that a part is no XML; faults and what cannot be told pass.
func (b *bounded) explain(err error) error {
	if errors.Is(err, errXML) || errors.Is(err, io.ErrUnexpectedEOF) && fault.Code(err) == "" {
		return fault.Wrap(err, fault.Invalid, "broken-workbook", "工作簿已损坏，无法读取；请用 Excel 打开并重新保存", "the workbook is broken and cannot be read; open it in Excel and save it again")
	}
	return err
}

// brokenArchive tells a broken archive from reading that was ended.
func brokenArchive(err error) error {
	if errors.Is(err, zip.ErrFormat) || errors.Is(err, zip.ErrChecksum) || errors.Is(err, zip.ErrAlgorithm) || errors.Is(err, io.ErrUnexpectedEOF) || strings.HasPrefix(err.Error(), "flate:") || strings.HasPrefix(err.Error(), "zip:") {
		return fault.Wrap(err, fault.Invalid, "broken-archive", "文件不完整或已损坏（压缩包或工作簿未收全），请重新上传", "the file is cut off or broken: an archive or a workbook that is not whole; upload it again")
	}
	return err
}

func errBomb() error {
	return fault.New(fault.Invalid, "unpacks-too-large", "压缩包展开后过大，出于安全不予读取", "the archive unpacks to more than is safe to read")
}
