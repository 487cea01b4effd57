package server

import (
	"context"
	"fmt"
	"net/http"
	"path/filepath"
	"strconv"

	"chengshu/core/access"
	"chengshu/core/decl"
	"chengshu/core/identity"
	"chengshu/core/record"
	"chengshu/engine/archive"
	"chengshu/kernel/blob"
	"chengshu/kernel/fault"
)

// wireArchive makes the engine that reads scanned pages.
func (s *Server) wireArchive(ctx context.Context, w *world) error {
	if err := s.db.Migrate(ctx, archive.Migrations()...); err != nil {
		return err
	}
	images, err := blob.OpenFolder(filepath.Join(s.cfg.Data, "pages"))
	if err != nil {
		return err
	}
	s.archive, err = archive.New(archive.Deps{DB: s.db, Uploads: s.blobs, Images: images, Records: s.records, Clock: s.clock, Dir: filepath.Join(s.cfg.Data, "scans"),
		Templates: decl.All[*archive.Template](s.declared.Set, archive.Kind.Name), Author: func() record.Author { return s.author(identity.NewSystem()) }})
	w.archive = s.archive
	return err
}

type pageView struct {
	Page   int    `json:"page"` // from 1, over all files
	File   string `json:"file"`
	Name   string `json:"name"` // of the file
	Width  int    `json:"width"`
	Height int    `json:"height"`
	Turned int    `json:"turned,omitempty"` // degrees clockwise, to stand upright
	Image  string `json:"image"`            // its address
}

// scannedPages tells which pages have been read of the files of a case or record
// that its reader may see.
func (s *Server) scannedPages(w http.ResponseWriter, r *http.Request) error {
	row, pages, names, err := s.pagesRead(r, func(row *record.Row, subject access.Row) (access.View, error) {
		return s.access.View(actorOf(r.Context()), row.Type.Name, subject), nil
	})
	if err != nil {
		return err
	}
	kind := "records"
	if row.Type.Case {
		kind = "cases"
	}
	out := struct {
		Record string     `json:"record,omitempty"` // the type of the record that a case is to become
		Sure   int        `json:"sure,omitempty"`   // the confidence from which on nobody need confirm a value
		Items  []pageView `json:"items"`
	}{Items: make([]pageView, len(pages))}
	if t := s.templateOf(row); t != nil {
		out.Record, out.Sure = t.Record, t.Sure
	}
	for i, p := range pages {
		out.Items[i] = pageView{Page: i + 1, File: p.File, Name: names[p.File], Width: p.Width, Height: p.Height, Turned: p.Turned,
			Image: fmt.Sprintf("/api/%s/%s/%s/pages/%d/image", kind, row.Type.Name, row.ID, i+1)}
	}
	return send(w, http.StatusOK, out)
}

// templateOf returns the template that a case names in a field, nil when it names
// none.
func (s *Server) templateOf(row *record.Row) *archive.Template {
	if !row.Type.Case {
		return nil
	}
	for _, f := range row.Type.Fields {
		if t, err := s.archive.Template(row.Text(f.Name)); err == nil {
			return t
		}
	}
	return nil
}

// scannedImage sends a page as it was read: upright, and drawn where the file is
// a PDF. Places of fields are shares of this image. What it shows of persons leaves
// an act, as reading the row does.
func (s *Server) scannedImage(w http.ResponseWriter, r *http.Request) error {
	_, pages, _, err := s.pagesRead(r, func(row *record.Row, subject access.Row) (access.View, error) { return s.viewOf(r, row, subject) })
	if err != nil {
		return err
	}
	n, err := strconv.Atoi(r.PathValue("page"))
	if err != nil || n < 1 || n > len(pages) {
		return fault.New(fault.NotFound, "no-such-page", "没有这一页", "there is no such page")
	}
	body, err := s.archive.OpenImage(r.Context(), pages[n-1])
	if err != nil {
		return err
	}
	defer body.Close()
	w.Header().Set("Content-Security-Policy", "default-src 'none'; sandbox")
	w.Header().Set("Cache-Control", "private, max-age=3600")
	http.ServeContent(w, r, "", s.started, body)
	return nil
}

// pagesRead returns the pages of the files that the reader may see in a row, in
// their order, and the files' names.
func (s *Server) pagesRead(r *http.Request, view func(*record.Row, access.Row) (access.View, error)) (*record.Row, []archive.Page, map[string]string, error) {
	row, subject, err := s.load(r)
	if err != nil {
		return nil, nil, nil, err
	}
	see, err := view(row, subject)
	if err != nil {
		return nil, nil, nil, err
	}
	var out []archive.Page
	names := map[string]string{}
	for _, f := range row.Type.Fields {
		refs, _ := row.Get(f.Name).([]record.FileRef)
		if see.See(f.Name) != record.Clear {
			continue
		}
		for _, ref := range refs {
			pages, err := s.archive.Pages(s.db.Read(r.Context()), ref.ID, false)
			if err != nil {
				return nil, nil, nil, err
			}
			out, names[ref.ID] = append(out, pages...), ref.Name
		}
	}
	return row, out, names, nil
}
