package lake

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"

	"chengshu/core/record"
	"chengshu/engine/lake/intake"
)

// land writes the rows of a file into the folder, as CSV.
func (e *Engine) land(ctx context.Context, t *record.Type, hash, dir string) (*intake.Table, error) {
	body, size, err := e.Uploads.Open(ctx, hash)
	if err != nil {
		return nil, err
	}
	defer body.Close()
	var tab *intake.Table
	err = create(filepath.Join(dir, rawFile), func(w io.Writer) (err error) {
		tab, err = intake.Read(ctx, intake.File{ReaderAt: at{body}, Size: size, Dir: dir}, intake.Want{Type: t}, w)
		return err
	})
	return tab, err
}

// at reads a blob at any place, one caller at a time.
type at struct{ io.ReadSeeker }

func (a at) ReadAt(p []byte, off int64) (int, error) {
	if at, ok := a.ReadSeeker.(io.ReaderAt); ok {
		return at.ReadAt(p, off)
	}
	if _, err := a.Seek(off, io.SeekStart); err != nil {
		return 0, fmt.Errorf("lake: %w", err)
	}
	n, err := io.ReadFull(a, p)
	if errors.Is(err, io.ErrUnexpectedEOF) {
		err = io.EOF
	}
	return n, err
}

// describe notes what was found of the file.
func (s *Source) describe(tab *intake.Table) {
	s.Format, s.Charset, s.Delimiter, s.Part, s.Notes = string(tab.Format), tab.Charset, string(tab.Delimiter), tab.Part, tab.Notes
}
