package intake

import (
	"archive/zip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/text/encoding/simplifiedchinese"

	"chengshu/kernel/fault"
)

const workbook = "xl/workbook.xml"

// readZip reads a workbook, or the table of an archive that is wanted.
func readZip(ctx context.Context, f File, w Want, out io.Writer) (*Table, error) {
	z, err := openArchive(f)
	if err != nil {
		return nil, err
	}
	if z.has(workbook) {
		return readSheets(z, f, w, out)
	}
	members, err := z.members()
	if err != nil {
		return nil, err
	}
	m, err := z.choose(members, w)
	if err != nil {
		return nil, err
	}
	tab, err := z.read(ctx, m, f.Dir, w, out)
	if tab != nil {
		tab.Part = strings.TrimSuffix(m.name+" "+tab.Part, " ")
	}
	return tab, err
}

func (b *bounded) has(name string) bool {
	return slices.ContainsFunc(b.File, func(m *zip.File) bool { return strings.TrimPrefix(m.Name, "/") == name })
}

// member is a file in an archive that may be a table.
type member struct {
	*zip.File
	name string
}

// members are the files of an archive but those that systems leave in it. A
// name that leads out of a folder is refused, though none is ever written under
// its name: such an archive is not what it seems.
func (b *bounded) members() ([]member, error) {
	var out []member
	for _, m := range b.File {
		name := m.Name
		if m.NonUTF8 {
			if text, err := simplifiedchinese.GB18030.NewDecoder().String(name); err == nil {
				name = text
			}
		}
		if !filepath.IsLocal(name) || strings.ContainsAny(name, "\\\x00") || strings.Contains(name, ":") {
			return nil, fault.New(fault.Invalid, "unsafe-name", fmt.Sprintf("压缩包内有不安全的文件名 %q", name), fmt.Sprintf("the archive holds a file with an unsafe name, %q", name))
		}
		base := path.Base(name)
		if m.FileInfo().IsDir() || strings.HasPrefix(name, "__MACOSX/") || strings.HasPrefix(base, ".") || base == "Thumbs.db" {
			continue
		}
		out = append(out, member{m, name})
	}
	if len(out) == 0 {
		return nil, fault.New(fault.Invalid, "empty-file", "压缩包是空的", "the archive is empty")
	}
	return out, nil
}

// choose finds the member that is wanted: the one that is named, the only one,
// or the only one whose heading fits; of several that of the dataset's name, as
// stops.txt is of gtfs-stops.
func (b *bounded) choose(members []member, w Want) (member, error) {
	var names []string
	for _, m := range members {
		if w.Member != "" && (m.name == w.Member || path.Base(m.name) == w.Member) || len(members) == 1 && w.Member == "" {
			return m, nil
		}
		names = append(names, m.name)
	}
	list := strings.Join(names[:min(len(names), maxNamedSheets)], "、")
	if w.Member != "" {
		return member{}, fault.New(fault.Invalid, "no-such-member", "压缩包内没有文件“"+w.Member+"”；有："+list, fmt.Sprintf("the archive holds no file %q; there are: %s", w.Member, list))
	}
	var fits []member
	for _, m := range members[:min(len(members), maxSheets)] {
		ok, err := b.fits(m, w)
		if err != nil {
			return member{}, err
		}
		if ok {
			fits = append(fits, m)
		}
	}
	if len(fits) > 1 {
		if i := slices.IndexFunc(fits, func(m member) bool {
			stem := strings.ReplaceAll(strings.TrimSuffix(path.Base(m.name), path.Ext(m.name)), "_", "-")
			return w.Type.Name == stem || strings.HasSuffix(w.Type.Name, "-"+stem)
		}); i >= 0 {
			return fits[i], nil
		}
		return member{}, fault.New(fault.Invalid, "several-members", "压缩包内有多个文件的标题行都相符，请只留一个或分别上传："+list, "several files of the archive have a heading that fits; leave one, or upload them one by one: "+list)
	}
	if len(fits) == 0 {
		return member{}, fault.New(fault.Invalid, "no-member-fits", "压缩包内没有标题行相符的文件；有："+list, "no file of the archive has a heading that fits; there are: "+list)
	}
	return fits[0], nil
}

// fits reports whether a member is a CSV file with a heading that fits.
func (b *bounded) fits(m member, w Want) (bool, error) {
	body, err := b.unpack(m.File)
	if err != nil {
		return false, err
	}
	defer body.Close()
	_, tab, err := openCSV(body, w)
	if err != nil {
		if fault.Is(err, fault.Invalid) && fault.Code(err) != "unpacks-too-large" {
			err = nil // another kind of file, or another table
		}
		return false, err
	}
	return slices.ContainsFunc(tab.Columns, func(c Column) bool { return c.Field != "" }), nil
}

// read reads a member: a text as it unpacks, what must be read from several
// places from a file. An archive within an archive is read when it is a workbook.
func (b *bounded) read(ctx context.Context, m member, dir string, w Want, out io.Writer) (*Table, error) {
	open := func() (io.ReadCloser, error) { return b.unpack(m.File) }
	body, err := open()
	if err != nil {
		return nil, err
	}
	head := make([]byte, sample)
	n, err := io.ReadFull(body, head)
	head = head[:n]
	if err = errors.Join(notEnd(err), body.Close()); err != nil {
		return nil, err
	}
	nested := strings.HasPrefix(string(head[:min(n, 4)]), "PK\x03\x04")
	if !nested && !strings.HasPrefix(string(head[:min(n, 4)]), "PAR1") {
		if err := refuseKnown(head); err != nil {
			return nil, err
		}
		return readText(open, head, w, out)
	}
	f, err := os.CreateTemp(filepath.Clean(dir), "member-*")
	if err != nil {
		return nil, err
	}
	defer os.Remove(f.Name())
	defer f.Close()
	if body, err = open(); err != nil {
		return nil, err
	}
	defer body.Close()
	size, err := io.Copy(f, body)
	if err != nil {
		return nil, err
	}
	inner := File{untilDone{ctx, f}, size, dir}
	if !nested {
		return readParquet(ctx, inner, w, out)
	}
	z, err := openArchive(inner)
	if err != nil {
		return nil, err
	}
	if !z.has(workbook) {
		return nil, fault.New(fault.Invalid, "nested-archive", "压缩包内还是压缩包（"+m.name+"）；请展开一层再上传", fmt.Sprintf("the archive holds an archive, %s; unpack one level and upload it again", m.name))
	}
	return readSheets(z, inner, w, out)
}

// notEnd lets the end of a text pass, which is none of reading.
func notEnd(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) && fault.Code(err) == "" {
		return nil
	}
	return err
}
