package lake

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"chengshu/core/record"
	"chengshu/engine/lake/intake"
	"chengshu/kernel/db"
)

// land writes the rows of a file into the folder, as CSV.
func (e *Engine) land(ctx context.Context, t *record.Type, hash string, hint intake.Hint, dir string) (*intake.Table, error) {
	body, size, err := e.Uploads.Open(ctx, hash)
	if err != nil {
		return nil, err
	}
	defer body.Close()
	var tab *intake.Table
	err = create(filepath.Join(dir, rawFile), func(w io.Writer) (err error) {
		tab, err = intake.Read(ctx, intake.File{ReaderAt: at{body}, Size: size, Dir: dir}, intake.Want{Type: t, Hint: hint}, w)
		return err
	})
	return tab, err
}

// overTime reports whether rules of a dataset look at the clock or at other
// rows than the file's, so that the same file may fare otherwise later.
func overTime(t *record.Type) bool {
	return t.Quality != nil || slices.ContainsFunc(t.Fields, func(f *record.Field) bool { return f.In != "" }) || slices.ContainsFunc(t.Validate, func(c record.Check) bool { return strings.Contains(c.If.Text, "now") })
}

// earlier is the batch of the same bytes by the same rules, nil when there is
// none.
func (e *Engine) earlier(ctx context.Context, t *record.Type, hash string) (*Batch, error) {
	q := e.DB.Read(ctx)
	var id string
	err := q.QueryRow(`select id from lake_batch where dataset = $1 and file = $2 and rules = $3 and gone_at is null order by at, id limit 1`, t.Name, hash, t.Hash).Scan(&id)
	if errors.Is(err, db.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("lake: earlier: %w", err)
	}
	return e.Batch(q, id)
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
