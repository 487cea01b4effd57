package server

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"

	"chengshu/core/access"
	"chengshu/core/record"
	"chengshu/engine/export"
	"chengshu/engine/lake"
)

// downloadRelease sends all rows of a release as a file, masked as the actor's
// grant says.
func (s *Server) downloadRelease(w http.ResponseWriter, r *http.Request) error {
	format, err := formatAsked(r)
	if err != nil {
		return err
	}
	t, d, one, err := s.releaseOf(r)
	if err == nil {
		err = one.There()
	}
	if err != nil {
		return err
	}
	m, err := one.Read()
	if err != nil {
		return err
	}
	if err := s.noteRelease(r, t, d, one.Version); err != nil {
		return err
	}
	return s.sendFile(w, r, fmt.Sprintf("%s-v%d", t.Name, one.Version), format, t, d.View, func(ctx context.Context, row func(*record.Row) error) error {
		return s.lake.Text(ctx, t, m, func(text io.Reader) error {
			cells := csv.NewReader(text)
			cells.FieldsPerRecord, cells.ReuseRecord = len(t.Fields), true
			for n := int64(1); ; n++ {
				one, err := cells.Read()
				if errors.Is(err, io.EOF) {
					return nil
				}
				if err != nil {
					return err
				}
				copied, err := t.CopyOf(n, 0, one)
				if err != nil {
					return err
				}
				if err := row(copied); err != nil {
					return err
				}
			}
		})
	})
}

// grantFile sends all rows of a grant as a file.
func (s *Server) grantFile(w http.ResponseWriter, r *http.Request) error {
	format, err := formatAsked(r)
	if err != nil {
		return err
	}
	f, err := s.exchange.File(r.Context(), caller(r), r.PathValue("grant"))
	if err != nil {
		return err
	}
	defer f.Done()
	return s.sendFile(w, r, f.Name(), format, f.Type, f.View, f.Each)
}

func formatAsked(r *http.Request) (export.Format, error) {
	name := r.URL.Query().Get("format")
	if name == "" {
		name = export.Formats[0].Name
	}
	return export.Named(name)
}

// sendFile sends rows as a file. An answer that has begun and cannot go on is
// broken off, so that nobody takes a part for the whole.
func (s *Server) sendFile(w http.ResponseWriter, r *http.Request, name string, format export.Format, t *record.Type, see access.View, each func(context.Context, func(*record.Row) error) error) error {
	w.Header().Set("Content-Type", format.Media)
	w.Header().Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": name + "." + format.Name}))
	out := &begun{Writer: w}
	write := func(w io.Writer) error {
		file, err := export.New(w, format, t, see)
		if err != nil {
			return err
		}
		if err := each(r.Context(), file.Row); err != nil {
			return err
		}
		return file.Close()
	}
	var err error
	if format.Name == export.Parquet {
		var columns []lake.Column
		for _, c := range export.Columns(t, see) {
			columns = append(columns, lake.Column{Field: c.Field, Text: c.Masked})
		}
		err = s.lake.Parquet(r.Context(), columns, write, func(file io.Reader) error { _, err := io.Copy(out, file); return err })
	} else {
		err = write(out)
	}
	if err == nil || !out.yes {
		w.Header().Del("Content-Disposition")
		return err
	}
	if r.Context().Err() == nil {
		s.log.Error("a download was broken off", "file", name, "request", requestID(r.Context()), "err", err)
	}
	panic(http.ErrAbortHandler)
}

// begun knows whether anything was written.
type begun struct {
	io.Writer
	yes bool
}

func (b *begun) Write(p []byte) (int, error) {
	b.yes = true
	return b.Writer.Write(p)
}
