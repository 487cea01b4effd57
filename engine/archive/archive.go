package archive

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"

	"chengshu/core/record"
	"chengshu/kernel/blob"
	"chengshu/kernel/clock"
	"chengshu/kernel/db"
	"chengshu/kernel/fault"
)

// Deps is all that an Engine needs.
type Deps struct {
	DB        *db.DB
	Uploads   blob.Store // where the files of cases are
	Images    blob.Store // pages as they were read, where that is not the file itself
	Records   *record.Engine
	Templates []*Template
	Clock     clock.Clock
	Author    func() record.Author // of a record in the making, to try its values
	Dir       string               // for work under way; it is emptied at the start
	// Find finds a program of the machine; nil is exec.LookPath.
	Find func(tool string) (string, error)
}

// Engine reads pages and keeps what was read. It is safe for concurrent use.
type Engine struct {
	Deps
	byName map[string]*Template
	turns  chan struct{} // has room for one: images take memory while they are turned
}

// Migrations are the tables: what was read of each page of a file.
func Migrations() []db.Migration {
	return []db.Migration{{Owner: "archive", Version: 1, SQL: []string{
		`create table archive_page (file text collate "C" not null, page bigint not null, pages bigint not null, image text collate "C" not null,
			width bigint not null, height bigint not null, turned bigint not null, words text not null, at bigint not null, primary key (file, page))`,
	}}}
}

// New returns an engine. What an earlier process left under way is removed.
func New(d Deps) (*Engine, error) {
	e := &Engine{Deps: d, byName: map[string]*Template{}, turns: make(chan struct{}, 1)}
	for _, t := range d.Templates {
		e.byName[t.Name] = t
	}
	if e.Find == nil {
		e.Find = exec.LookPath
	}
	var err error
	if e.Dir, err = filepath.Abs(d.Dir); err != nil {
		return nil, fmt.Errorf("archive: %w", err)
	}
	if err := errors.Join(os.RemoveAll(e.Dir), os.MkdirAll(e.Dir, 0o700)); err != nil {
		return nil, fmt.Errorf("archive: %w", err)
	}
	return e, nil
}

// Template returns a declared template, or a NotFound fault.
func (e *Engine) Template(name string) (*Template, error) {
	if t := e.byName[name]; t != nil {
		return t, nil
	}
	return nil, fault.New(fault.NotFound, "no-such-template", "没有这个版式："+name, "no such template: "+name)
}

// Page is one page of a file as it was read, upright.
type Page struct {
	File          string
	Number        int    // within the file, from 1
	Pages         int    // of the file
	Image         string // blob of the page as it was read; "" is the file itself
	Width, Height int    // pixels
	Turned        int    // degrees clockwise
	Words         []Word
}

// Pages returns the pages that have been read of a file, without their words
// unless those are wanted.
func (e *Engine) Pages(q db.Querier, file string, words bool) ([]Page, error) {
	text := "''"
	if words {
		text = "words"
	}
	rows, err := q.Query(`select page, pages, image, width, height, turned, `+text+` from archive_page where file = $1 order by page`, file)
	if err != nil {
		return nil, fmt.Errorf("archive: pages: %w", err)
	}
	defer rows.Close()
	var out []Page
	for rows.Next() {
		p, raw := Page{File: file}, ""
		if err := rows.Scan(&p.Number, &p.Pages, &p.Image, &p.Width, &p.Height, &p.Turned, &raw); err != nil {
			return nil, fmt.Errorf("archive: pages: %w", err)
		}
		if words {
			if err := json.Unmarshal([]byte(raw), &p.Words); err != nil {
				return nil, fmt.Errorf("archive: words of %s, page %d: %w", file, p.Number, err)
			}
		}
		out = append(out, p)
	}
	return out, rows.Err()
}

// OpenImage opens the image of a page, which the caller closes.
func (e *Engine) OpenImage(ctx context.Context, p Page) (io.ReadSeekCloser, error) {
	store, hash := e.Images, p.Image
	if hash == "" {
		store, hash = e.Uploads, p.File
	}
	body, _, err := store.Open(ctx, hash)
	return body, err
}

// keep stores what was read of a page. image is the page as it was read, "" when
// that is the file as it came.
func (e *Engine) keep(ctx context.Context, p Page, image string) error {
	if image != "" {
		f, err := os.Open(filepath.Clean(image))
		if err != nil {
			return err
		}
		defer f.Close()
		ref, err := e.Images.Put(ctx, f, 1<<30)
		if err != nil {
			return err
		}
		p.Image = ref.Hash
	}
	words, err := json.Marshal(p.Words)
	if err != nil {
		return err
	}
	return e.DB.Do(ctx, func(tx *db.Tx) error {
		_, err := tx.Exec(`insert into archive_page (file, page, pages, image, width, height, turned, words, at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9) on conflict do nothing`,
			p.File, p.Number, p.Pages, p.Image, p.Width, p.Height, p.Turned, string(words), e.Clock.Now().UnixMilli())
		return err
	})
}
